//! For whom a command acts: asked for, known to git, or known to GitHub Actions.

use crate::shop::shop;
use crate::world::{World, text};

/// No identity from the environment.
const NOBODY: [(&str, Option<&str>); 4] = [
    ("GIT_AUTHOR_NAME", None),
    ("GIT_AUTHOR_EMAIL", None),
    ("GIT_COMMITTER_NAME", None),
    ("GIT_COMMITTER_EMAIL", None),
];

const LINE: &str = "lock -e staging --lock-id freeze -m x";

/// Locks staging in this environment; author and committer of the commit, and who is named in the lock.
#[track_caller]
fn check(
    world: &World,
    flags: &str,
    variables: &[(&str, Option<&str>)],
    author: &str,
    committer: &str,
) {
    let answer = world.run_with(&format!("{flags} {LINE}"), variables);
    assert_eq!(answer.code, 0, "{answer}");
    let people = world.git(&["log", "-1", "--format=%an <%ae>, %cn <%ce>"]);
    assert_eq!(people, format!("{author}, {committer}"));
    let tree = world.tree();
    let field = |name: &str| tree[&format!("environments/staging/locks/freeze/{name}")].clone();
    let (name, email) = author.strip_suffix('>').unwrap().split_once(" <").unwrap();
    assert_eq!(field("created_by_name"), text(name));
    assert_eq!(field("created_by_email"), text(email));
}

#[test]
fn the_author_is_the_one_who_is_asked_for_before_anybody_whom_git_knows() {
    let world = shop();
    let ada = "Ada Signal <ada@signals.example>";
    let grace = "Grace Points <grace@points.example>";
    check(&world, "", &[], ada, ada);
    let flags = "--author-name 'Grace Points' --author-email grace@points.example";
    check(&world, flags, &[], grace, ada);
    check(
        &world,
        "--author-name Grace",
        &[],
        "Grace <ada@signals.example>",
        ada,
    );
    check(
        &world,
        "--author-email grace@points.example",
        &[],
        "Ada Signal <grace@points.example>",
        ada,
    );
    let variables = [
        ("TRAINYARD_AUTHOR_NAME", Some("Grace Points")),
        ("TRAINYARD_AUTHOR_EMAIL", Some("grace@points.example")),
    ];
    check(&world, "", &variables, grace, ada);
    check(
        &world,
        "--author-name Ada",
        &variables,
        "Ada <grace@points.example>",
        ada,
    );
    let variables = [
        ("GIT_AUTHOR_NAME", Some("Grace Points")),
        ("GIT_AUTHOR_EMAIL", Some("grace@points.example")),
        ("GITHUB_ACTOR", Some("octocat")),
    ];
    check(&world, "", &variables, grace, ada);
}

#[test]
fn where_the_environment_is_silent_the_config_of_git_is_asked() {
    let world = shop();
    world.git(&["config", "user.name", "Conrad Fig"]);
    world.git(&["config", "user.email", "conrad@fig.example"]);
    let conrad = "Conrad Fig <conrad@fig.example>";
    check(&world, "", &NOBODY, conrad, conrad);
    let with_actor = [&NOBODY[..], &[("GITHUB_ACTOR", Some("octocat"))]].concat();
    check(&world, "", &with_actor, conrad, conrad);
}

#[test]
fn in_github_actions_it_is_the_actor() {
    let world = shop();
    let variables = [&NOBODY[..], &[("GITHUB_ACTOR", Some("octocat"))]].concat();
    let actor = "octocat <octocat@users.noreply.github.com>";
    check(&world, "", &variables, actor, actor);
    let named = "Octo Cat <octocat@users.noreply.github.com>";
    check(&world, "--author-name 'Octo Cat'", &variables, named, named);
}

#[test]
fn nobody_at_all_is_refused_with_every_way_to_say_who() {
    let world = shop();
    let before = world.snapshot();
    for (flags, more) in [
        ("", None),
        ("--author-name Ada", None),
        ("--author-email a@b", None),
        ("", Some(("GITHUB_ACTOR", Some("")))),
    ] {
        let variables: Vec<_> = NOBODY.into_iter().chain(more).collect();
        let answer = world.run_with(&format!("{flags} {LINE}"), &variables);
        assert_eq!(answer.code, 2, "{answer}");
        let told = "error: no author: set `git config user.name` and `user.email`, or pass `--author-name` and `--author-email`\n";
        assert_eq!(answer.stderr, told);
        world.assert_untouched(&before);
    }
    let answer = world.run_with("prognosis staging", &NOBODY);
    assert_eq!(answer.code, 0, "a look needs nobody\n{answer}");
}
