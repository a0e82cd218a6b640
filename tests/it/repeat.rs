//! A command that was killed after its change had landed, and what the same command does later.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::world::{World, program_path};

/// Runs a command that is killed by the remote, in the moment after the change has landed.
fn killed_after_landing(world: &World, line: &str) {
    let hook = world.remote().join("hooks/post-receive");
    let pid = world.remote().join("pid");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(
        &hook,
        format!("#!/bin/sh\nkill -9 $(cat {})\n", pid.display()),
    )
    .unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let (now, program) = (world.next_minute(), program_path());
    let command = format!(
        "echo $$ > {}; TRAINYARD_NOW={now} exec {program} {line}",
        pid.display()
    );
    let before = world.head();
    world.shell(&format!("sh -c '{command}' || true"));
    fs::remove_file(hook).unwrap();
    assert_ne!(world.head(), before, "the change has landed");
    let journals = fs::read_dir(world.checkout().join(".git/trainyard")).unwrap();
    let left = journals.filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with("push-")
    });
    assert_eq!(
        left.count(),
        1,
        "the command was killed before it could see that"
    );
}

fn shop() -> World {
    let world = World::from_fixture("shop");
    world.scratch("m.yaml", "kind: ConfigMap\n");
    for _ in 0..2 {
        world.ok(
            "release -a cart -f development=../scratch/m.yaml -f staging=../scratch/m.yaml --source-message same",
        );
    }
    world
}

fn runs(world: &World, environment: &str) -> String {
    let path = format!("environments/{environment}/applications/cart/version");
    format!("{:?}", world.tree()[&path])
}

#[test]
fn a_release_without_a_number_is_stored_once_though_its_command_is_repeated() {
    let world = shop();
    killed_after_landing(&world, "release -a cart -f development=../scratch/m.yaml");
    let landed = world.head();
    let answer = world.ok("release -a cart -f development=../scratch/m.yaml");
    assert!(answer.contains("released cart 3"), "{answer}");
    assert_eq!(world.head(), landed);
    // From then on the same words are a new release.
    world.ok("release -a cart -f development=../scratch/m.yaml");
    assert!(runs(&world, "development").ends_with("/4"));
}

#[test]
fn what_would_be_refused_now_is_done_once_though_the_command_is_repeated() {
    let world = shop();
    world.ok("lock -e development --lock-id freeze -m x");
    world.ok("app remove-environment -a cart -e development");
    for (number, (line, told)) in [
        (
            "environment create x --upstream staging",
            "created environment x",
        ),
        ("environment delete x", "deleted environment x"),
        ("unlock -e development --lock-id freeze", "unlocked"),
        ("app delete -a cart", "deleted cart"),
    ]
    .into_iter()
    .enumerate()
    {
        killed_after_landing(&world, line);
        // Others have moved on meanwhile; planned afresh, it would be refused.
        world
            .clone_to(&line.replace(' ', "-"))
            .ok(&format!("lock -e staging --lock-id kept-{number} -m x"));
        let landed = world.head();
        let answer = world.run(line);
        assert_eq!(answer.code, 0, "{answer}");
        assert!(answer.stdout.contains(told), "{answer}");
        assert_eq!(
            answer.stderr.contains("now it would be refused: "),
            number > 1,
            "{answer}"
        );
        assert_eq!(world.head(), landed);
        // From then on the same words are refused.
        world.fails(line, 3);
    }
}

#[test]
fn a_commit_of_ones_own_is_no_refusal_of_what_has_landed() {
    let world = shop();
    let line = "lock -e development --lock-id freeze -m x";
    killed_after_landing(&world, line);
    world.git(&["commit", "-q", "--allow-empty", "-m", "mine"]);
    world.clone_to("other").ok("lock -e staging -m x");
    let answer = world.run(line);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(
        answer
            .stderr
            .contains("the local branch has commits of its own"),
        "{answer}"
    );
    assert_eq!(world.git(&["log", "-1", "--format=%s"]), "mine");
}

#[test]
fn a_lock_that_was_placed_anew_since_its_removal_was_killed_is_removed() {
    let world = shop();
    let (place, remove) = (
        "lock -e staging --lock-id freeze -m x",
        "unlock -e staging --lock-id freeze",
    );
    world.ok(place);
    killed_after_landing(&world, remove);
    world.clone_to("other").ok(place);
    world.ok(remove);
    let tree = world.tree();
    assert!(!tree.keys().any(|path| path.contains("freeze")), "{tree:?}");
}

#[test]
fn a_deployment_is_planned_afresh_if_others_have_moved_on_since_it_was_killed() {
    let world = shop();
    killed_after_landing(&world, "deploy -a cart -e staging --version 1");
    let other = world.clone_to("other");
    other.ok("deploy -a cart -e staging --version 2");
    world.ok("deploy -a cart -e staging --version 1");
    assert!(
        runs(&world, "staging").ends_with("/1"),
        "{}",
        runs(&world, "staging")
    );
}

#[test]
fn what_has_landed_is_not_told_as_a_failure_because_it_cannot_be_done_again() {
    let world = shop();
    let line = "deploy -a cart -e staging --version 1";
    killed_after_landing(&world, line);
    let other = world.clone_to("other");
    other.ok("deploy -a cart -e staging --version 2");
    let hook = world.remote_hook("pre-receive", "echo not now; exit 1");
    let answer = world.fails(line, 4);
    assert!(
        answer.stderr.contains("its change has landed as"),
        "{answer}"
    );
    assert!(
        answer.stderr.contains("could not be done again"),
        "{answer}"
    );
    assert!(answer.stderr.contains("not now"), "{answer}");
    std::fs::remove_file(hook).unwrap();
    world.ok(line);
    assert!(runs(&world, "staging").ends_with("/1"));
}

#[test]
fn a_train_that_was_killed_takes_the_next_time_what_has_come_since() {
    let world = shop();
    killed_after_landing(&world, "release-train staging");
    let other = world.clone_to("other");
    other.ok("release -a cart -f development=../scratch/m.yaml -f staging=../scratch/m.yaml");
    world.ok("release-train staging");
    assert!(
        runs(&world, "staging").ends_with("/3"),
        "{}",
        runs(&world, "staging")
    );
    assert_eq!(world.git(&["status", "--porcelain"]), "");
}
