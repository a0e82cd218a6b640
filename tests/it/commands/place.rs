//! Where a command works: `--branch`, `--remote`, `--no-push`.

use crate::shop::{shop, transcript};
use crate::world::World;

const LOCK: &str = "lock -e staging --lock-id freeze -m x";

/// Whether the lock stands on a branch of the remote.
fn is_locked(world: &World, branch: &str) -> bool {
    let path = "environments/staging/locks/freeze/message";
    world.tree_at(branch).contains_key(path)
}

#[test]
fn another_branch_is_changed_when_asked_and_the_checked_out_one_left_alone() {
    let world = shop();
    world.remote_git(&["branch", "next", "main"]);
    let before = world.git(&["rev-parse", "HEAD"]);
    let answer = world.run(&format!("--branch next {LOCK}"));
    assert_eq!(answer.code, 0, "{answer}");
    let told = transcript(&world, &answer);
    assert!(
        told.contains("! pushed <commit> to origin/next\n"),
        "{told}"
    );
    assert!(is_locked(&world, "next") && !is_locked(&world, "main"));
    assert_eq!(world.git(&["rev-parse", "HEAD"]), before);
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    let prognosis = world.ok("--branch next prognosis staging");
    assert!(
        prognosis.contains("staging: skipped as a whole"),
        "{prognosis}"
    );
}

#[test]
fn a_branch_that_the_remote_lacks_is_named_with_the_way_to_make_it() {
    let world = shop();
    let before = world.snapshot();
    let answer = world.run(&format!("--branch next {LOCK}"));
    assert_ne!(answer.code, 0, "{answer}");
    let told = "error: the remote `origin` has no branch `next`\nhint: these exist: `main`; or make it: `git push origin HEAD:refs/heads/next`\n";
    assert_eq!(answer.stderr, told);
    world.assert_untouched(&before);
}

#[test]
fn of_several_remotes_one_is_chosen() {
    let world = shop();
    let remote = world.remote().display().to_string();
    world.git(&["remote", "add", "mirror", &remote]);
    world.git(&["config", "--unset", "branch.main.remote"]);
    let answer = world.fails(LOCK, 2);
    let told = "error: several remotes, and none is the one of branch `main`\nhint: choose one: `--remote mirror` or `--remote origin`\n";
    assert_eq!(answer.stderr, told);
    let answer = world.run(&format!("--remote mirror {LOCK}"));
    assert_eq!(answer.code, 0, "{answer}");
    let told = transcript(&world, &answer);
    assert!(
        told.contains("! pushed <commit> to mirror/main\n"),
        "{told}"
    );
    assert!(is_locked(&world, "main"));
}

#[test]
fn a_change_can_be_committed_without_a_push() {
    let world = shop();
    let head = world.head();
    let answer = world.run(&format!("--no-push {LOCK}"));
    assert_eq!(answer.code, 0, "{answer}");
    let told = transcript(&world, &answer);
    assert!(told.ends_with("! committed <commit> to main\n"), "{told}");
    assert_eq!(world.head(), head);
    assert_eq!(world.git(&["rev-parse", "HEAD^"]), head);
    let message = world
        .checkout()
        .join("environments/staging/locks/freeze/message");
    assert_eq!(std::fs::read_to_string(message).unwrap(), "x");
}
