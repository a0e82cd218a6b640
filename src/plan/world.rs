//! Small worlds for the tests of verbs: a tree in memory that operations are applied to.

use super::train::{Train, TrainRun, depart, prognose};
use super::{Context, Done, Ground, Outcome, argocd};
use crate::state::{Actor, FreeText, Moment};
use crate::tree::{Draft, MemoryTree};

/// Jane, on a summer morning.
pub(super) fn context() -> Context {
    Context {
        actor: Actor {
            name: FreeText("Jane".to_owned()),
            email: FreeText("jane@example.com".to_owned()),
        },
        now: Moment::parse("2024-07-22T10:00:00Z").expect("a valid instant"),
        repo_url: "git@example.com:acme/manifest-repo.git".to_owned(),
        branch: "main".to_owned(),
    }
}

/// Runs a verb and brings derived files in step; the tree changes only if the verb succeeds.
pub(super) fn run(
    tree: &mut MemoryTree,
    verb: impl FnOnce(&mut Draft, &Ground) -> anyhow::Result<Outcome>,
) -> anyhow::Result<Outcome> {
    let base = tree.clone();
    let context = context();
    let ground = Ground::survey(&base, &context)?;
    let mut draft = Draft::on(&base);
    let outcome = verb(&mut draft, &ground)?;
    argocd::refresh(&mut draft, &ground)?;
    tree.apply(&draft.into_changes());
    Ok(outcome)
}

/// Runs a train.
pub(super) fn run_train(tree: &mut MemoryTree, request: &Train) -> anyhow::Result<TrainRun> {
    let outcome = run(tree, |draft, ground| {
        let prognosis = prognose(draft, ground, request)?;
        let done = Done::Train(depart(draft, ground, prognosis)?);
        Ok(Outcome {
            done,
            warnings: Vec::new(),
        })
    })?;
    match outcome.done {
        Done::Train(run) => Ok(run),
        other => unreachable!("a train comes to a train run, not to {other:?}"),
    }
}
