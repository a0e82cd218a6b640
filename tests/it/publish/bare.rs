//! Bare repositories, and repositories without a remote.

use crate::world::{LOCK, RELEASE, TRAIN, World};

/// The words in a bare repository, which has to be named.
fn bare(world: &World, folder: &str, line: &str) -> crate::world::Answer {
    let line = line.replace(
        "../scratch",
        &world.room().join("scratch").display().to_string(),
    );
    world.run(&format!("-C ../{folder} {line}"))
}

#[test]
fn a_bare_repository_without_a_remote_is_changed_itself() {
    let world = World::yard();
    for line in [RELEASE, LOCK, TRAIN] {
        let before = world.head();
        let answer = bare(&world, "remote.git", line);
        assert_eq!(answer.code, 0, "{answer}");
        assert!(answer.stderr.starts_with("committed "), "{answer}");
        assert_eq!(world.remote_git(&["rev-parse", "main^"]), before);
    }
    world.remote_git(&["fsck", "--strict", "--no-dangling"]);
    world.ok("unlock -e dev --lock-id freeze");
    world.assert_in_step();
}

#[test]
fn a_bare_repository_with_a_remote_pushes_and_follows() {
    let world = World::yard();
    let mirror = world.clone_with("mirror.git", &["--bare"]);
    for line in [RELEASE, LOCK, TRAIN] {
        let answer = bare(&world, "mirror.git", line);
        assert_eq!(answer.code, 0, "{answer}");
        assert!(answer.stderr.starts_with("pushed "), "{answer}");
        assert_eq!(mirror.git(&["rev-parse", "main"]), world.head());
    }
    // It follows what others push as well.
    world.ok("unlock -e dev --lock-id freeze");
    assert_eq!(bare(&world, "mirror.git", LOCK).code, 0);
    assert_eq!(mirror.git(&["rev-parse", "main"]), world.head());
    assert_eq!(mirror.left_lying(), [""; 0]);
}

#[test]
fn a_mirror_pushes_its_change_and_mirrors_nothing() {
    let world = World::yard();
    let mirror = world.clone_with("mirror.git", &["--mirror"]);
    // Both would go away, or along, if all were mirrored.
    world.remote_git(&["branch", "theirs", "main"]);
    mirror.git(&["branch", "mine", "main"]);
    for line in [RELEASE, LOCK, TRAIN] {
        let before = world.head();
        let answer = bare(&world, "mirror.git", line);
        assert_eq!(answer.code, 0, "{answer}");
        assert_eq!(world.remote_git(&["rev-parse", "main^"]), before);
        assert_eq!(mirror.git(&["rev-parse", "main"]), world.head());
    }
    let branches = world.remote_git(&["for-each-ref", "--format=%(refname)"]);
    assert_eq!(branches, "refs/heads/main\nrefs/heads/theirs");
    assert_eq!(mirror.left_lying(), [""; 0]);
}

#[test]
fn commits_that_only_a_bare_repository_has_are_not_pushed_along() {
    let world = World::yard();
    let mirror = world.clone_with("mirror.git", &["--bare"]);
    let before = world.head();
    let mine = mirror.git(&["commit-tree", "-p", "main", "-m", "mine", "main^{tree}"]);
    mirror.git(&["update-ref", "refs/heads/main", &mine]);
    let answer = bare(&world, "mirror.git", RELEASE);
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(world.remote_git(&["rev-parse", "main^"]), before);
    assert_eq!(mirror.git(&["rev-parse", "main"]), mine);
    assert_eq!(mirror.left_lying(), [""; 0]);
}

#[test]
fn a_bare_repository_that_nobody_named_is_not_touched() {
    let world = World::yard();
    let before = world.head();
    let place = world.remote();
    for folder in [place.clone(), place.join("objects")] {
        let mut program = world.program(world.next_minute());
        let line = ["lock", "-e", "dev", "-m", "x"];
        let output = program.current_dir(&folder).args(line).output().unwrap();
        assert_eq!(output.status.code(), Some(6), "{output:?}");
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(
            words.contains("is a bare repository that nobody named"),
            "{words}"
        );
        assert!(words.contains("-C "), "{words}");
    }
    let answer = world.fails("-C ../remote.git/objects lock -e dev -m x", 6);
    assert!(answer.stderr.contains("bare repository"), "{answer}");
    assert_eq!(world.head(), before);
}

#[test]
fn without_a_remote_the_local_branch_is_all_there_is() {
    let world = World::yard();
    world.git(&["remote", "remove", "origin"]);
    for line in [RELEASE, LOCK, TRAIN] {
        let before = world.git(&["rev-parse", "HEAD"]);
        let answer = world.run(line);
        assert_eq!(answer.code, 0, "{answer}");
        assert!(answer.stderr.starts_with("committed "), "{answer}");
        assert_eq!(world.git(&["rev-parse", "HEAD^"]), before);
        world.assert_tidy();
    }
    assert_eq!(world.commits(), 2);
    world.fails(&format!("--remote origin {LOCK}"), 2);
}

#[test]
fn no_push_commits_to_the_local_branch_and_to_nothing_else() {
    let world = World::yard();
    let (head, known) = (world.head(), world.known());
    for line in [RELEASE, TRAIN] {
        let answer = world.run(&format!("--no-push {line}"));
        assert_eq!(answer.code, 0, "{answer}");
        assert!(answer.stderr.starts_with("committed "), "{answer}");
        world.assert_tidy();
    }
    assert_eq!((world.head(), world.known()), (head, known));
    assert_eq!(
        world.git(&["rev-list", "--count", "origin/main..main"]),
        "2"
    );
    // What is there now is the user's own until they push it.
    world.fails(LOCK, 3);
    world.git(&["push", "-q"]);
    world.ok(LOCK);
    world.assert_in_step();
}

#[test]
fn a_branch_that_is_not_checked_out_is_moved_alone() {
    let world = World::yard();
    world.git(&["checkout", "-q", "-b", "side"]);
    let files = crate::world::files_below(world.checkout());
    let main = world.git(&["rev-parse", "main"]);
    world.ok(&format!("--no-push --branch main {RELEASE}"));
    assert_eq!(world.git(&["rev-parse", "main^"]), main);
    assert_eq!(crate::world::files_below(world.checkout()), files);
    world.assert_tidy();
}

#[test]
fn a_branch_that_another_work_tree_has_checked_out_is_not_moved_under_it() {
    let world = World::yard();
    let linked = world.linked("linked", &["-b", "side"]);
    let before = world.snapshot();
    let answer = linked.fails(&format!("--no-push --branch main {RELEASE}"), 3);
    assert!(
        answer.stderr.contains("checked out in another work tree"),
        "{answer}"
    );
    world.assert_untouched(&before);
    // The other way round, and from a bare repository.
    let before = linked.snapshot();
    let line = format!("--no-push --branch side {RELEASE}");
    world.fails(&line, 3);
    linked.assert_untouched(&before);
    // With a push it is the remote that counts.
    linked.ok(&format!("--branch main {RELEASE}"));
    assert_eq!(world.status(), "");
    world.ok(LOCK);
    world.assert_in_step();
}

#[test]
fn a_work_tree_of_a_bare_repository_is_not_left_behind() {
    let world = World::yard();
    let mirror = world.clone_with("mirror.git", &["--bare"]);
    let linked = mirror.linked("linked", &["main"]);
    let before = linked.snapshot();
    let answer = bare(&world, "mirror.git", &format!("--no-push {RELEASE}"));
    assert_eq!(answer.code, 3, "{answer}");
    linked.assert_untouched(&before);
    let answer = bare(&world, "mirror.git", RELEASE);
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(world.subjects()[0], "release web 1");
    assert_eq!(linked.status(), "", "the work tree of the mirror");
}

#[test]
fn an_empty_repository_is_told_how_to_begin() {
    let world = World::yard();
    world.shell("git init -q -b main ../empty && git init -q --bare -b main ../empty.git");
    for folder in ["empty", "empty.git"] {
        let answer = bare(&world, folder, LOCK);
        assert_eq!(answer.code, 6, "{answer}");
        assert!(answer.stderr.contains("has no commits"), "{answer}");
        assert!(answer.stderr.contains("environment create"), "{answer}");
    }
}
