//! What lies in the inbox of the remote for others, for nobody, or for too long; and remotes that have none.

use super::race::{assert_all_landed, locks};
use super::together::{
    NO_DELETION, assert_done, assert_settled, killed_in_line, waiting, yard, yard_that_combines,
};
use crate::world::{LOCK, RELEASE, World};

#[test]
fn what_waits_for_nobody_goes_whatever_it_says() {
    let world = yard();
    killed_in_line(&world, "clone", RELEASE);
    let known = world.remote_git(&["rev-parse", "main"]);
    let tree = world.remote_git(&["rev-parse", "main^{tree}"]);
    let forged = |number: usize, change: String| {
        forge(
            &world,
            &format!("00000000-0000-5000-8000-00000000000{number}"),
            &change,
        );
        world.ok(&format!("lock -e dev --lock-id after-{number} -m x"));
        // It could be done by those who know more; it is no reason to fail.
        assert_eq!(waiting(&world).len(), 1, "{change}");
    };
    forged(
        1,
        format!("s/{known}/{tree}/; s/\"since\":\"[0-9a-f]*/\"since\":\"{tree}/"),
    );
    forged(
        2,
        format!("s/\"since\":\"[0-9a-f]*/\"since\":\"{}/", "1".repeat(40)),
    );
    forged(3, "s/\"branch\":\"main/\"branch\":\"gone/".to_owned());
    for _ in 0..15 {
        world.next_minute();
    }
    world.ok(LOCK);
    assert_eq!(waiting(&world), [""; 0]);
    assert_eq!(world.times("release web 1"), 0);
}

#[test]
fn refs_of_others_are_nobody_who_waits() {
    let world = yard();
    world.remote_git(&["update-ref", "refs/a/refs/trainyard/inbox/x", "main"]);
    world.remote_git(&["update-ref", "refs/a/refs/heads/main", "main"]);
    let answer = world.run(&format!("{LOCK} -v"));
    assert_done(&answer);
    assert!(!answer.stderr.contains("to wait there"), "{answer}");
    let answer = world.run("verify");
    assert!(!answer.stdout.contains("refs/a/"), "{answer}");
}

#[test]
fn a_command_of_another_time_neither_waits_nor_takes_others_along() {
    let world = yard();
    killed_in_line(&world, "clone", RELEASE);
    let old = [
        ("TRAINYARD_NOW", None),
        ("SOURCE_DATE_EPOCH", Some("1000000000")),
    ];
    assert_done(&world.run_with(LOCK, &old));
    assert_eq!(waiting(&world).len(), 1);
    assert_eq!(world.times("release web 1"), 0);
}

#[test]
fn behind_three_hundred_who_do_nothing_an_operation_is_published() {
    let world = yard();
    let clone = killed_in_line(&world, "clone", RELEASE);
    let known = world.remote_git(&["rev-parse", "main"]);
    let slip = waiting(&world).remove(0);
    // They are young, are for another branch, and stand before everybody else.
    let message = world.remote_git(&["log", "-1", "--format=%B", &slip]);
    let message = message.replace("\"branch\":\"main", "\"branch\":\"other");
    let path = world.scratch("message", message);
    let date = world.remote_git(&["log", "-1", "--format=%cI", &slip]);
    let lines =
        (0..300).map(|number| format!("create refs/trainyard/inbox/000-{number:03} $other\n"));
    let lines = world.scratch("refs", lines.collect::<String>());
    let remote = world.remote().display().to_string();
    world.shell(&format!(
        "export GIT_COMMITTER_DATE={date}; other=$(git -C {remote} commit-tree {known}^{{tree}} -F {path})
        sed \"s/.other/$other/\" {lines} | git -C {remote} update-ref --stdin"
    ));
    assert_done(&world.run(LOCK));
    assert_eq!(world.times("release web 1"), 1);
    assert_eq!(waiting(&world).len(), 300);
    assert_done(&clone.run(RELEASE));
    assert_eq!(world.times("release web 1"), 1);
}

#[test]
fn where_the_inbox_can_be_none_everybody_pushes_alone() {
    let world = yard();
    let clone = world.clone_to("clone");
    world.remote_git(&["update-ref", "refs/trainyard/inbox", "main"]);
    world.ok("lock -e dev --lock-id before -m x");
    assert_done(&clone.run(RELEASE));
    assert_eq!(world.times("release web 1"), 1);
    clone.assert_tidy();
}

#[test]
fn what_waits_too_long_is_removed_and_never_published() {
    let world = yard();
    let clone = killed_in_line(&world, "clone", RELEASE);
    for number in 0..15 {
        // Time goes by, a minute with each.
        world.run(&format!("status -e dev --quiet --branch none-{number}"));
    }
    world.ok(LOCK);
    assert_eq!(waiting(&world), [""; 0]);
    assert_eq!(world.times("release web 1"), 0);
    assert_done(&clone.run(RELEASE));
    assert_eq!(world.times("release web 1"), 1);
}

#[test]
fn where_manifests_must_be_signed_those_of_others_are_left_to_them() {
    let world = yard();
    let clone = killed_in_line(&world, "clone", RELEASE);
    let answer = world.run_with(LOCK, &[("TRAINYARD_KEYRING", Some("keys.asc"))]);
    assert_done(&answer);
    assert_eq!(world.times("release web 1"), 0);
    assert_done(&clone.run(RELEASE));
    assert_eq!(world.times("release web 1"), 1);
    assert_settled(&world, &[&world, &clone]);
}

/// Puts the message of a waiting commit into the inbox under another id, changed by a script of sed.
fn forge(world: &World, id: &str, change: &str) {
    let true_one = waiting(world).remove(0);
    let branch = true_one.clone();
    let message = world.remote_git(&["log", "-1", "--format=%B", &branch]);
    let path = world.scratch("forged", message);
    world.shell(&format!("sed -i '{change}' {path}"));
    let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    let commit = world.remote_git(&["commit-tree", tree, "-F", &path]);
    world.remote_git(&["update-ref", &format!("refs/trainyard/inbox/{id}"), &commit]);
    world.remote_git(&["update-ref", "-d", &true_one]);
}

#[test]
fn what_is_not_what_its_id_says_is_not_published() {
    let forged = "00000000-0000-5000-8000-000000000000";
    for change in [
        "s/web/evil/",
        "s/\"form\":1/\"form\":9/",
        "s/Ada/Eve/",
        "s/trainyard:/x/",
        "s/.*/{/",
    ] {
        let world = yard();
        killed_in_line(&world, "clone", RELEASE);
        forge(&world, forged, change);
        world.ok(LOCK);
        assert_eq!(waiting(&world), [""; 0], "{change}");
        let subjects = world.subjects();
        assert!(
            !subjects
                .iter()
                .any(|subject| subject.starts_with("release")),
            "{change}: {subjects:?}"
        );
    }
}

#[test]
fn what_waits_for_another_branch_stays() {
    let world = yard();
    killed_in_line(&world, "clone", RELEASE);
    world.remote_git(&["branch", "side", "main"]);
    world.ok(&format!("{LOCK} --branch side"));
    assert_eq!(waiting(&world).len(), 1);
    world.ok(LOCK);
    assert_eq!(world.times("release web 1"), 1);
    assert_settled(&world, &[&world]);
}

#[test]
fn a_remote_without_such_refs_gets_the_plain_loop() {
    let refuse = "while read old new ref; do case $ref in refs/trainyard/*) echo no >&2; exit 1;; esac; done";
    let without = ["refs", "atomic", "deletion"];
    let cases = ["true", "always"].map(|combine| without.map(|without| (combine, without)));
    for (combine, without) in cases.into_iter().flatten() {
        let world = yard_that_combines(combine);
        match without {
            "refs" => drop(world.remote_hook("pre-receive", refuse)),
            "atomic" => drop(world.remote_git(&["config", "receive.advertiseAtomic", "false"])),
            _ => drop(world.remote_hook("update", NO_DELETION)),
        }
        let clones: Vec<_> = (0..4)
            .map(|number| world.clone_to(&format!("clone-{number}")))
            .collect();
        let (lines, subjects) = locks(4);
        let started = clones
            .iter()
            .zip(&lines)
            .map(|(clone, line)| clone.start(line));
        assert_all_landed(&world, started.collect(), &subjects);
        for clone in &clones {
            clone.assert_tidy();
        }
    }
}
