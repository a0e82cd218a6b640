//! The branch of the remote goes back, goes away or begins anew between our look and our push.

use super::{VERBS, times, yard};
use crate::world::{HttpServer, World};

/// A script that does this to the remote when we are about to push, once.
fn when_we_push(world: &World, commands: &str) {
    let done = world.room().join("done");
    let hook = format!(
        "mkdir {} 2>/dev/null || exit 0\ncd {}\n{commands}",
        done.display(),
        world.remote().display()
    );
    world.hook("pre-push", &hook);
}

const UNRELATED: &str = "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a\n\
     git update-ref refs/heads/main $(echo anew | git commit-tree main^{tree})";

/// What happens to the branch, how the command ends, and what it says.
const TROUBLES: [(&str, &str, i32, &str); 5] = [
    (
        "rewound",
        "git update-ref refs/heads/main main~1",
        3,
        "has 1 commit that `origin` does not have",
    ),
    (
        "deleted",
        "git update-ref refs/heads/keep main\ngit update-ref -d refs/heads/main",
        5,
        "has no branch `main` any more",
    ),
    (
        "the only branch, deleted",
        "git update-ref -d refs/heads/main",
        5,
        "has no branch `main` any more",
    ),
    ("made anew", UNRELATED, 3, "that `origin` does not have"),
    (
        "renamed",
        "git branch -q -m main trunk\ngit symbolic-ref HEAD refs/heads/trunk",
        5,
        "has no branch `main` any more",
    ),
];

fn cast() -> Option<(World, HttpServer, String)> {
    let (world, server) = yard()?;
    let head = world.head();
    Some((world, server, head))
}

#[test]
#[ignore = "takes a while for all verbs"]
fn what_happens_to_the_branch_before_our_push_is_seen_and_nothing_lands() {
    for (name, commands, code, words) in TROUBLES {
        for verb in VERBS {
            let Some((world, _server, head)) = cast() else {
                return;
            };
            when_we_push(&world, commands);
            let answer = world.run(verb.line);
            let told = format!("{name} / {}\n{answer}", verb.line);
            assert_eq!(answer.code, code, "{told}");
            assert!(answer.stderr.contains(words), "{told}");
            assert_eq!(world.git(&["rev-parse", "HEAD"]), head, "{told}");
            let log = world.remote_git(&["log", "--all", "--format=%s"]);
            assert!(!log.contains(verb.subject), "{told}\n{log}");
            // Back where it was, nothing needs to be cleaned.
            world.remote_git(&["update-ref", "refs/heads/main", &head]);
            world.ok(verb.line);
            assert_eq!(times(&world, verb), 1, "{told}");
            world.git(&["fetch", "-q"]);
            world.assert_in_step();
        }
    }
}

#[test]
fn a_branch_that_was_renamed_is_named_with_those_that_exist() {
    let Some((world, _server, _)) = cast() else {
        return;
    };
    world.remote_git(&["branch", "-q", "-m", "main", "trunk"]);
    world.remote_git(&["symbolic-ref", "HEAD", "refs/heads/trunk"]);
    let assert_named = |line| {
        let answer = world.fails(line, 3);
        assert!(answer.stderr.contains("these exist: `trunk`"), "{answer}");
    };
    assert_named("lock -e dev -m x");
    assert_named("status");
    world.git(&["fetch", "-q", "--prune"]);
    assert_named("lock -e dev -m x");
}
