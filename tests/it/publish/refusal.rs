//! The remote says no, or a hook on our side does: git's own words, exit 5, and nothing has changed.

use crate::world::{Answer, LOCK, RELEASE, World};

/// The command is refused with 5 and these words, and nothing changes on either side.
#[track_caller]
fn assert_refused(world: &World, words: &[&str]) -> Answer {
    let before = world.snapshot();
    let answer = world.fails(RELEASE, 5);
    assert_eq!(answer.stdout, "");
    for words in words {
        assert!(answer.stderr.contains(words), "{words}\n{answer}");
    }
    let control = |letter: char| letter.is_control() && letter != '\n';
    assert!(!answer.stderr.contains(control), "{:?}", answer.stderr);
    world.assert_untouched(&before);
    assert_eq!(world.left_lying(), [""; 0]);
    answer
}

/// What a hook says that would like to write into somebody's terminal.
const LOUD: &str =
    "printf 'no \\033[31mreleases\\033[0m on\\r\\nFriday\\033]0;title\\007\\n' >&2\nexit 1";

#[test]
fn hooks_of_the_server_are_quoted_without_control_characters() {
    for hook in ["pre-receive", "update"] {
        let world = World::yard();
        world.remote_hook(hook, LOUD);
        assert_refused(
            &world,
            &["hook declined", "no [31mreleases[0m on", "Friday]0;title"],
        );
    }
}

#[test]
fn a_pre_push_hook_of_the_user_counts_as_well() {
    let world = World::yard();
    let hook = world.hook("pre-push", LOUD);
    assert_refused(&world, &["no [31mreleases[0m on"]);
    std::fs::remove_file(hook).unwrap();
    world.ok(RELEASE);
    world.assert_in_step();
    // It sees what is pushed, as with any push.
    let seen = world.room().join("seen");
    world.hook("pre-push", &format!("cat > {}", seen.display()));
    world.ok(LOCK);
    let seen = std::fs::read_to_string(seen).unwrap();
    let [new, old] = ["main", "main^"].map(|name| world.remote_git(&["rev-parse", name]));
    assert_eq!(seen, format!("{new} {new} refs/heads/main {old}\n"));
}

#[test]
fn a_protected_branch_is_named_and_what_to_do_about_it() {
    let world = World::yard();
    let words =
        "echo 'error: GH006: Protected branch update failed for refs/heads/main.' >&2\nexit 1";
    world.remote_hook("pre-receive", words);
    let answer = assert_refused(&world, &["GH006: Protected branch update failed"]);
    assert!(
        answer.stderr.contains("the branch is protected"),
        "{answer}"
    );
    assert!(answer.stderr.contains("--branch"), "{answer}");
}

#[test]
fn a_refusal_is_not_tried_again() {
    let world = World::yard();
    let count = world.room().join("count");
    world.remote_hook(
        "pre-receive",
        &format!("echo >> {}\nexit 1", count.display()),
    );
    assert_refused(&world, &["hook declined"]);
    assert_eq!(std::fs::read_to_string(count).unwrap(), "\n");
}

#[test]
fn a_remote_that_somebody_works_in_refuses_to_have_its_branch_moved() {
    let world = World::yard();
    world.remote_git(&["config", "core.bare", "false"]);
    assert_refused(&world, &["branch is currently checked out"]);
}

#[test]
fn a_remote_that_denies_rewinding_takes_a_change_all_the_same() {
    let world = World::yard();
    world.remote_git(&["config", "receive.denyNonFastForwards", "true"]);
    world.remote_git(&["config", "receive.denyDeletes", "true"]);
    world.remote_git(&["config", "receive.fsckObjects", "true"]);
    world.ok(RELEASE);
    world.assert_in_step();
}

#[test]
fn a_server_that_knows_no_atomic_pushes_takes_a_change_all_the_same() {
    let world = World::yard();
    world.remote_git(&["config", "receive.advertiseAtomic", "false"]);
    world.ok(RELEASE);
    world.assert_in_step();
}

#[test]
fn a_hook_that_leaves_something_running_holds_nobody_up() {
    let world = World::yard();
    let pids = world.room().join("pids");
    // The first keeps our pipes and our lock open, the second only the lock.
    for redirection in ["", "> /dev/null 2>&1"] {
        let hook = format!("sleep 600 {redirection} &\necho $! >> {}", pids.display());
        let hook = world.hook("pre-push", &hook);
        let start = std::time::Instant::now();
        world.ok(RELEASE);
        world.ok(LOCK);
        assert!(start.elapsed().as_secs() < 100);
        std::fs::remove_file(hook).unwrap();
        world.assert_in_step();
    }
    let pids = std::fs::read_to_string(pids).unwrap();
    let pids: Vec<_> = pids.split_whitespace().collect();
    assert!(world.run_beside("kill", &pids).code == 0);
}
