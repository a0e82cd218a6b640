//! Every version that waits in a queue, and what it waits for.

use anyhow::Result;

use super::Focus;
use crate::plan::Ground;
use crate::state::deployment::Linked;
use crate::state::release::{self, Field, ReleaseKind};
use crate::state::{AppName, EnvName, FreeText, Locks, PlacedLock, Version, deployment, queue};
use crate::tree::ReadTree;

/// What waits, by environment, the nearest to the releases first, and app.
#[derive(Debug)]
pub(crate) struct QueueList {
    pub(crate) waiting: Vec<Waiting>,
}

/// A version in the queue of an app on an environment.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) app: AppName,
    pub(crate) environment: EnvName,
    /// The version, or the broken link in its place.
    pub(crate) waits: Linked,
    pub(crate) kind: ReleaseKind,
    pub(crate) display_version: Option<FreeText>,
    /// What runs meanwhile, if anything does.
    pub(crate) runs: Option<Version>,
    /// What it waits for. Without any, the next unlock or deployment ends its wait.
    pub(crate) locks: Vec<PlacedLock>,
}

/// Lists what waits.
pub(crate) fn list(tree: &dyn ReadTree, ground: &Ground, focus: &Focus) -> Result<QueueList> {
    focus.check(tree, ground)?;
    let mut waiting = Vec::new();
    for environment in focus.environments(ground)? {
        let name = &environment.name;
        let locks = Locks::read(tree, name)?;
        for app in deployment::apps(tree, name)? {
            let waits = queue::waiting(tree, name, &app)?;
            if waits == Linked::Nothing || !focus.shows(tree, &app)? {
                continue;
            }
            let (kind, display_version) = match &waits {
                Linked::To(version) => (
                    release::kind(tree, &app, *version)?,
                    release::field(tree, &app, *version, Field::DisplayVersion)?.map(FreeText),
                ),
                Linked::Nothing | Linked::Broken(_) => (ReleaseKind::Ordinary, None),
            };
            let runs = deployment::current(tree, name, &app)?;
            waiting.push(Waiting {
                runs: runs.version().ok().flatten(),
                locks: locks.in_force(tree, &app)?,
                environment: name.clone(),
                app,
                waits,
                kind,
                display_version,
            });
        }
    }
    Ok(QueueList { waiting })
}

#[cfg(test)]
mod tests;
