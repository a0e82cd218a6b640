//! What a killed command sent into the line and the remote does late: it is kept out.

use std::fs;

use super::together::{
    NO_DELETION, assert_done, assert_settled, journal, killed_in_line, waiting, yard,
};
use crate::world::{LOCK, RELEASE, World};

/// A clone whose release was killed while it was being put into the line: what was sent, and where it was to wait.
fn killed_on_the_way(world: &World) -> (World, String, String) {
    let clone = world.clone_to("clone");
    world.ok("lock -e dev --lock-id before -m x");
    let hook = clone.hook("pre-push", "kill -9 $(ps -o ppid= -p $PPID); exit 1");
    assert_ne!(clone.start(RELEASE).wait().code, 0);
    fs::remove_file(hook).unwrap();
    assert_eq!(waiting(world), [""; 0]);
    let journal = journal(&clone);
    let field = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let place = format!("refs/trainyard/inbox/{}", field(&journal["operation"]));
    (clone, field(&journal["waiting"]["commit"]), place)
}

/// The remote does now what was sent to it before; whether it can.
fn comes_late(clone: &World, commit: &str, place: &str) -> bool {
    let line = format!("git push -q --force-with-lease={place}: origin {commit}:{place}");
    let line = format!("{line} && touch ../came || rm -f ../came");
    clone.shell(&line);
    clone.checkout().join("../came").exists()
}

#[test]
fn what_comes_late_is_kept_out_once_another_command_has_run() {
    let world = yard();
    let (clone, commit, place) = killed_on_the_way(&world);
    assert_done(&clone.run("lock -e dev --lock-id later -m x"));
    assert_eq!(waiting(&world), [place.as_str()]);
    assert!(!comes_late(&clone, &commit, &place));
    world.ok(LOCK);
    assert_eq!(world.times("release web 1"), 0);
    assert_eq!(waiting(&world), [place.as_str()]);
    // When nobody would do it any more, its place is free.
    for number in 0..15 {
        world.run(&format!("status -e dev --quiet --branch none-{number}"));
    }
    world.ok("lock -e dev --lock-id last -m x");
    assert_eq!(waiting(&world), [""; 0]);
    assert!(comes_late(&clone, &commit, &place));
    world.ok("lock -e dev --lock-id very-last -m x");
    assert_eq!(world.times("release web 1"), 0);
    assert_settled(&world, &[&world, &clone]);
}

#[test]
fn what_comes_late_is_taken_out_by_another_command() {
    let world = yard();
    let (clone, commit, place) = killed_on_the_way(&world);
    assert!(comes_late(&clone, &commit, &place));
    assert_done(&clone.run("lock -e dev --lock-id later -m x"));
    assert_eq!(waiting(&world), [""; 0]);
    assert_eq!(world.times("release web 1"), 0);
}

#[test]
fn a_command_that_was_kept_out_is_done_when_it_is_run_again() {
    let world = yard();
    let (clone, _, place) = killed_on_the_way(&world);
    // Its settling is killed, too, when the place is closed and nothing else is done.
    let lines = "read ours commit place rest; git push -q --no-verify origin $commit:$place; kill -9 $(ps -o ppid= -p $PPID); exit 1";
    let hook = clone.hook("pre-push", lines);
    let other = "lock -e dev --lock-id other -m x";
    assert_ne!(clone.start(other).wait().code, 0);
    fs::remove_file(hook).unwrap();
    assert_eq!(waiting(&world), [place]);
    assert_done(&clone.run(RELEASE));
    assert_done(&clone.run(other));
    assert_eq!(world.times("release web 1"), 1);
    assert_eq!(world.times("release web 2"), 0);
    assert_settled(&world, &[&clone]);
}

#[test]
fn a_fence_of_another_time_keeps_nothing_out() {
    let world = yard();
    world.ok("lock -e dev --lock-id before -m x");
    for (number, day) in ["2001-01-01", "2099-01-01"].iter().enumerate() {
        world.shell(&format!(
            "export GIT_COMMITTER_DATE={day}T00:00:00Z
            fence=$(git commit-tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904 -m 'trainyard: an operation that was withdrawn')
            git push -q origin $fence:refs/trainyard/inbox/{number}"
        ));
        world.ok(&format!("lock -e dev --lock-id lock-{number} -m x"));
        assert_eq!(waiting(&world), [""; 0], "{day}");
    }
}

#[test]
fn a_command_that_is_repeated_late_goes_by_the_clock_of_now() {
    let world = yard();
    let clone = killed_in_line(&world, "clone", LOCK);
    for number in 0..10 {
        world.run(&format!("status -e dev --quiet --branch none-{number}"));
    }
    // Younger than a quarter of an hour, and older than that for the command that was interrupted.
    let ahead = world.now().as_second() + 360;
    world.shell(&format!(
        "fence=$(GIT_COMMITTER_DATE=@{ahead} git commit-tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904 -m 'trainyard: an operation that was withdrawn')
        git push -q origin $fence:refs/trainyard/inbox/fence
        git commit -q --allow-empty -m other && git push -q"
    ));
    assert_done(&clone.run(LOCK));
    assert_eq!(waiting(&world), ["refs/trainyard/inbox/fence"]);
}

#[test]
fn a_remote_without_an_inbox_needs_no_fence() {
    let world = yard();
    let (clone, ..) = killed_on_the_way(&world);
    world.remote_hook("update", "case $1 in refs/trainyard/*) exit 1;; esac");
    assert_done(&clone.run("lock -e dev --lock-id later -m x"));
    assert_eq!(world.times("release web 1"), 0);
    assert_settled(&world, &[&clone]);
}

#[test]
fn a_hook_of_ours_that_refuses_the_fence_leaves_the_end_open() {
    let world = yard();
    let (clone, commit, place) = killed_on_the_way(&world);
    let hook = clone.hook("pre-push", "exit 1");
    let later = "lock -e dev --lock-id later -m x";
    clone.fails(later, 4);
    fs::remove_file(hook).unwrap();
    assert!(comes_late(&clone, &commit, &place));
    assert_done(&clone.run(later));
    assert_eq!(world.times("release web 1"), 0);
    assert_settled(&world, &[&clone]);
}

#[test]
fn where_nothing_can_be_taken_out_a_command_is_settled_when_it_is_old() {
    let world = yard();
    let clone = killed_in_line(&world, "clone", RELEASE);
    world.remote_hook("update", NO_DELETION);
    let later = "lock -e dev --lock-id later -m x";
    clone.fails(later, 4);
    clone.fails(RELEASE, 4);
    for _ in 0..30 {
        world.next_minute();
    }
    assert_done(&clone.run(later));
    assert_eq!(world.times("release web 1"), 0);
    clone.assert_tidy();
}
