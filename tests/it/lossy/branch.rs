//! The branch of the remote goes back, goes away or begins anew between our look and our push.

use super::{VERBS, times, yard};
use crate::world::{HttpServer, World};

/// A script that does this to the remote when we are about to push, once; `sent`: and pushes what we push before that.
fn when_we_push(world: &World, sent: bool, commands: &str) {
    let done = world.room().join("done");
    let first = if sent {
        "read -r _ commit _\ngit push -q --no-verify origin \"$commit:refs/heads/main\""
    } else {
        ""
    };
    let hook = format!(
        "mkdir {} 2>/dev/null || exit 0\n{first}\ncd {}\n{commands}",
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
        4,
        "is still unknown: the remote `origin` has no branch `main`",
    ),
    (
        "the only branch, deleted",
        "git update-ref -d refs/heads/main",
        4,
        "is still unknown: the remote `origin` shows no branch at all",
    ),
    ("made anew", UNRELATED, 3, "that `origin` does not have"),
    (
        "renamed",
        "git branch -q -m main trunk\ngit symbolic-ref HEAD refs/heads/trunk",
        4,
        "is still unknown: the remote `origin` has no branch `main`",
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
            when_we_push(&world, false, commands);
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

/// git sends a push once more where its connection dies, and says nothing of that.
#[test]
fn a_push_that_landed_before_its_branch_went_away_is_no_failure() {
    const GOES: &str = "git branch -q -m main keep";
    for (verb, is_refused) in VERBS
        .into_iter()
        .flat_map(|verb| [(verb, false), (verb, true)])
    {
        let Some((world, _server, head)) = cast() else {
            return;
        };
        if is_refused {
            let second = format!(
                "mkdir first 2>/dev/null || ! mkdir second 2>/dev/null || {{ {GOES}; exit 1; }}"
            );
            world.remote_hook("update", &second);
        }
        when_we_push(&world, true, if is_refused { "" } else { GOES });
        // While it is away, nobody knows more.
        for _ in 0..2 {
            world.fails(verb.line, 4);
            assert_eq!(world.git(&["rev-parse", "HEAD"]), head);
        }
        world.remote_git(&["branch", "-q", "-m", "keep", "main"]);
        world.ok(verb.line);
        assert_eq!(times(&world, verb), 1, "{}", verb.line);
        world.git(&["fetch", "-q"]);
        world.assert_in_step();
    }
}

#[test]
fn what_a_hook_of_ours_keeps_back_was_not_sent_wherever_the_branch_is() {
    for commands in ["git branch -q -m main trunk", "git branch -q -D main"] {
        let Some((world, _server, head)) = cast() else {
            return;
        };
        when_we_push(
            &world,
            false,
            &format!("{commands}\necho not today >&2\nexit 1"),
        );
        world.remote_git(&["symbolic-ref", "HEAD", "refs/heads/trunk"]);
        let answer = world.fails(VERBS[0].line, 5);
        assert!(answer.stderr.contains("not today"), "{answer}");
        assert_eq!(world.git(&["rev-parse", "HEAD"]), head);
        assert_eq!(world.left_lying(), [""; 0]);
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
