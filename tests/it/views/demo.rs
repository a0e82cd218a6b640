//! The shop of the demo in the middle of its story: something is locked, something waits, and something is behind.

use std::sync::OnceLock;

use crate::world::{BRANCH, Mould, Tree, World};

/// The step after which it is looked at: the train that found locks of every kind in its way.
const STEP: &str = "release train to group prod: 2 deployed, 1 queued";

/// The repository of the demo as that step left it.
pub(crate) fn demo() -> World {
    static DEMO: OnceLock<Mould> = OnceLock::new();
    DEMO.get_or_init(|| make().mould()).cast()
}

fn make() -> World {
    let world = World::with_files(&Tree::new());
    // The first commit is git's own.
    let at = Some("2026-03-02T08:00:00Z");
    let dates = [("GIT_AUTHOR_DATE", at), ("GIT_COMMITTER_DATE", at)];
    let answer = world.run_with("demo ../demo", &dates);
    assert_eq!(answer.code, 0, "{answer}");
    let remote = world.room().join("demo/remote.git");
    let refspec = format!("+{BRANCH}:{BRANCH}");
    world.remote_git(&["fetch", "-q", &remote.display().to_string(), &refspec]);
    let log = world.remote_git(&["log", "--format=%H %s", BRANCH]);
    let step = log.lines().find_map(|line| line.strip_suffix(STEP));
    let step = step.expect("the demo tells that story").trim();
    world.remote_git(&["update-ref", &format!("refs/heads/{BRANCH}"), step]);
    world.git(&["fetch", "-q", "origin"]);
    world.git(&["reset", "-q", "--hard", &format!("origin/{BRANCH}")]);
    world
}
