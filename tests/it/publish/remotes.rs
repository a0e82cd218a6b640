//! Which remote and which branch are meant: asked for, configured, or the only one; never guessed.

use crate::world::{LOCK, RELEASE, TRAIN, World};

#[test]
fn a_remote_may_have_any_name() {
    let world = World::yard();
    world.git(&["remote", "rename", "origin", "manifests"]);
    let answer = world.run(RELEASE);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(answer.stderr.contains("to manifests/main"), "{answer}");
    assert_eq!(
        world.git(&["rev-parse", "refs/remotes/manifests/main"]),
        world.head()
    );
    assert_eq!(world.git(&["rev-parse", "HEAD"]), world.head());
    world.assert_tidy();
}

/// A checkout with two remotes, none of which its branch belongs to.
fn forked() -> World {
    let world = World::yard();
    world.shell("git clone -q --bare . ../fork.git");
    world.git(&["remote", "add", "fork", "../fork.git"]);
    world.git(&["fetch", "-q", "fork"]);
    world.git(&["config", "--unset", "branch.main.remote"]);
    world
}

fn fork(world: &World) -> String {
    world.git(&["ls-remote", "fork", "refs/heads/main"])[..40].to_owned()
}

#[test]
fn of_several_remotes_none_is_guessed() {
    let world = forked();
    let before = world.snapshot();
    for line in [RELEASE, "prognosis staging", "-n lock -e dev -m x"] {
        let answer = world.fails(line, 2);
        assert!(
            answer
                .stderr
                .contains("`--remote fork` or `--remote origin`"),
            "{answer}"
        );
        world.assert_untouched(&before);
    }
}

#[test]
fn of_several_remotes_the_one_that_is_asked_for_or_configured_is_taken() {
    for (settings, flag, goes_to_fork) in [
        (&[][..], "--remote fork", true),
        (&[], "--remote origin", false),
        (&[("trainyard.remote", "fork")], "", true),
        (&[("branch.main.remote", "origin")], "", false),
        (
            &[
                ("branch.main.remote", "origin"),
                ("trainyard.remote", "fork"),
            ],
            "",
            true,
        ),
        (&[("trainyard.remote", "fork")], "--remote origin", false),
        (
            &[("trainyard.remote", "gone"), ("branch.main.remote", "fork")],
            "",
            true,
        ),
    ] {
        let world = forked();
        for (key, value) in settings {
            world.git(&["config", key, value]);
        }
        let (origin, forks) = (world.head(), fork(&world));
        world.ok(&format!("{flag} {RELEASE}"));
        assert_eq!(fork(&world) != forks, goes_to_fork, "{settings:?} {flag}");
        assert_eq!(world.head() != origin, !goes_to_fork, "{settings:?} {flag}");
        world.assert_tidy();
    }
}

#[test]
fn a_remote_that_is_not_there_by_that_name_is_a_mistake_of_usage() {
    let world = forked();
    let answer = world.fails(&format!("--remote upstream {LOCK}"), 2);
    assert!(
        answer.stderr.contains("there is no remote `upstream`"),
        "{answer}"
    );
    assert!(answer.stderr.contains("`--remote fork`"), "{answer}");
    // Nor is a URL or a path taken for a remote.
    world.fails(&format!("--remote ../fork.git {LOCK}"), 2);
}

#[test]
fn several_remotes_do_not_matter_where_nothing_is_pushed() {
    let world = forked();
    let answer = world.ok(&format!("--no-push {RELEASE}"));
    assert!(answer.contains("released web 1"), "{answer}");
}

#[test]
fn a_remote_may_be_pushed_to_by_another_url() {
    let world = World::yard();
    let remote = world.remote().display().to_string();
    world.git(&["config", "remote.origin.pushurl", &remote]);
    let other = world.remote().with_file_name("reading.git");
    std::os::unix::fs::symlink(world.remote(), &other).unwrap();
    world.git(&["config", "remote.origin.url", &other.display().to_string()]);
    world.ok(RELEASE);
    world.assert_in_step();
    // And by one that only git knows how to spell out.
    world.git(&[
        "config",
        &format!("url.{remote}.insteadOf"),
        "yard:manifests",
    ]);
    world.git(&["config", "--unset", "remote.origin.pushurl"]);
    world.git(&["config", "remote.origin.url", "yard:manifests"]);
    world.ok(TRAIN);
    world.assert_in_step();
}

#[test]
fn a_detached_head_needs_a_branch_and_is_left_alone() {
    let world = World::yard();
    world.git(&["checkout", "-q", "--detach"]);
    let before = world.snapshot();
    let answer = world.fails(RELEASE, 2);
    assert!(answer.stderr.contains("HEAD is detached"), "{answer}");
    assert!(answer.stderr.contains("--branch main"), "{answer}");
    world.assert_untouched(&before);
    let (head, main) = (
        world.git(&["rev-parse", "HEAD"]),
        world.git(&["rev-parse", "main"]),
    );
    for line in [RELEASE, TRAIN] {
        let answer = world.run(&format!("--branch main {line}"));
        assert_eq!(answer.code, 0, "{answer}");
        assert!(!answer.stderr.contains("warning"), "{answer}");
    }
    assert_eq!(world.git(&["rev-parse", "HEAD"]), head);
    assert_eq!(world.git(&["rev-parse", "main"]), main);
    assert_eq!(world.known(), world.head());
    world.assert_tidy();
}

#[test]
fn another_branch_is_worked_on_without_touching_the_checkout() {
    let world = World::yard();
    world.remote_git(&["branch", "night"]);
    let (main, local) = (world.head(), world.git(&["rev-parse", "HEAD"]));
    world.ok(&format!("--branch night {RELEASE}"));
    assert_eq!(
        (world.head(), world.git(&["rev-parse", "HEAD"])),
        (main.clone(), local)
    );
    assert_eq!(world.remote_git(&["rev-parse", "night^"]), main);
    world.assert_tidy();
    // A local branch of that name with commits of its own neither hinders nor goes along.
    world.shell("git branch -q night main && git checkout -q night && git commit -q --allow-empty -m mine && git checkout -q main");
    world.ok(&format!("--branch night {TRAIN}"));
    assert!(
        !world
            .remote_git(&["log", "--format=%s", "night"])
            .contains("mine")
    );
}

#[test]
fn a_branch_that_the_remote_does_not_have_is_not_made() {
    let world = World::yard();
    let before = world.snapshot();
    for line in [RELEASE, "prognosis staging"] {
        let answer = world.fails(&format!("--branch nowhere {line}"), 3);
        assert!(
            answer
                .stderr
                .contains("the remote `origin` has no branch `nowhere`"),
            "{answer}"
        );
        world.assert_untouched(&before);
    }
    world.git(&["checkout", "-q", "-b", "new"]);
    world.fails(RELEASE, 3);
    for branch in ["-x", "a..b", "a b", ""] {
        let answer = world.run_words(&["--branch", branch, "prognosis", "staging"]);
        assert_eq!(answer.code, 2, "{branch}\n{answer}");
    }
}

#[test]
fn a_branch_that_was_deleted_on_the_remote_is_not_made_again() {
    let world = World::yard();
    world.remote_git(&["update-ref", "-d", "refs/heads/main"]);
    let before = world.snapshot();
    let answer = world.run(RELEASE);
    assert_eq!(answer.code, 1, "{answer}");
    assert!(answer.stderr.contains("shows no branch at all"), "{answer}");
    world.assert_untouched(&before);
    // In the middle of our push.
    let world = World::yard();
    let hook = format!(
        "git -C {} update-ref -d refs/heads/main",
        world.remote().display()
    );
    world.hook("pre-push", &hook);
    let local = world.git(&["rev-parse", "HEAD"]);
    let answer = world.run(RELEASE);
    assert_eq!(answer.code, 4, "{answer}");
    assert_eq!(world.remote_git(&["for-each-ref"]), "");
    assert_eq!(world.git(&["rev-parse", "HEAD"]), local);
    assert_eq!(world.status(), "");
}

#[test]
fn a_tag_or_a_file_of_the_branch_s_name_does_not_confuse() {
    let world = World::yard();
    world.git(&["tag", "main", "HEAD~1"]);
    world.git(&["push", "-q", "origin", "refs/tags/main"]);
    world.git(&["tag", "origin/main", "HEAD~1"]);
    world.edit("origin", "a file");
    world.edit("main", "a file");
    let answer = world.run(RELEASE);
    assert_eq!(answer.code, 0, "{answer}");
    let head = world.remote_git(&["rev-parse", "refs/heads/main"]);
    assert_eq!(world.git(&["rev-parse", "HEAD"]), head);
    assert_eq!(world.known(), head);
}

/// Two ways to say that what is fetched and what is pushed are in two places.
const TWO_PLACES: [(&str, &str); 2] = [
    ("remote.origin.pushurl", "../fork.git"),
    ("url.../fork.git.pushInsteadOf", "../remote.git"),
];

#[test]
fn what_is_fetched_in_one_place_and_pushed_to_another_is_refused_unless_they_are_the_same() {
    for (key, value) in TWO_PLACES {
        let world = forked();
        world.git(&["config", "remote.origin.url", "../remote.git"]);
        world.git(&["config", key, value]);
        let (head, line) = (world.head(), format!("--remote origin {RELEASE}"));
        world.ok(&line);
        assert_eq!(world.head(), head, "only where it is pushed to");
        // Now the place that is fetched from lags behind.
        let before = world.snapshot();
        for line in ["prognosis staging", "-n lock -e dev -m x", TRAIN] {
            let answer = world.fails(&format!("--remote origin {line}"), 3);
            let told = format!(
                "`main` is at {} in the first and at {} in the second",
                &head[..10],
                &fork(&world)[..10]
            );
            assert!(answer.stderr.contains(&told), "{answer}");
            assert!(answer.stderr.contains("hint: `git remote -v`"), "{answer}");
        }
        world.assert_untouched(&before);
        assert_eq!(world.left_lying(), [""; 0]);
        world.shell("git -C ../remote.git fetch -q ../fork.git main:main");
        world.ok(&format!("--remote origin {TRAIN}"));
        // And a branch that only one of them has.
        world.shell("git -C ../fork.git branch side main");
        let answer = world.fails(&format!("--remote origin --branch side {LOCK}"), 3);
        assert!(answer.stderr.contains("missing in the first"), "{answer}");
    }
}

#[test]
fn somebody_who_pushes_while_both_places_are_asked_does_not_make_them_differ() {
    let world = World::yard();
    world.git(&["config", "remote.origin.pushurl", "../remote.git"]);
    let other = world.clone_to("other");
    // Between the first question, to where it is pushed, and the second one.
    let moved = world.room().join("moved");
    let path = world.git_in_front(&format!(
        "case \"$*\" in\n*ls-remote*' origin '*) if mkdir {} 2>/dev/null; then git -C {} push -q; fi;;\nesac\nexec git \"$@\"",
        moved.display(),
        other.checkout().display()
    ));
    other.git(&["commit", "-q", "--allow-empty", "-m", "meanwhile"]);
    let answer = world.run_with(RELEASE, &[("PATH", Some(&path))]);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(moved.exists());
    assert_eq!(world.subjects()[..2], ["release web 1", "meanwhile"]);
    world.assert_in_step();
}

#[test]
fn a_remote_in_several_places_is_refused() {
    for key in ["remote.origin.url", "remote.origin.pushurl"] {
        let world = forked();
        world.git(&["config", "--add", key, "../fork.git"]);
        world.git(&["config", "--add", key, "../remote.git"]);
        let before = world.snapshot();
        for line in [RELEASE, "prognosis staging"] {
            let answer = world.fails(&format!("--remote origin {line}"), 2);
            assert!(answer.stderr.contains("places"), "{answer}");
        }
        world.assert_untouched(&before);
    }
}

#[test]
fn a_branch_that_the_remote_lacks_is_refused_with_those_that_it_has() {
    let world = World::yard();
    world.shell("git push -q origin HEAD:releases");
    let before = world.snapshot();
    for (branch, hint) in [
        (
            "mian",
            "these exist: `main`, `releases`; or make it: `git push origin HEAD:refs/heads/mian`",
        ),
        ("origin/main", "did you mean `--branch main`?"),
    ] {
        for line in [LOCK, "prognosis staging", "-n lock -e dev -m x"] {
            let answer = world.fails(&format!("--branch {branch} {line}"), 3);
            let told = format!("the remote `origin` has no branch `{branch}`");
            assert!(answer.stderr.contains(&told), "{answer}");
            assert!(answer.stderr.contains(hint), "{answer}");
        }
    }
    world.assert_untouched(&before);
    world.ok(&format!("--branch refs/heads/main {RELEASE}"));
    world.assert_in_step();
}
