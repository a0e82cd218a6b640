//! Every lock there is, and what waits for it.

use anyhow::Result;

use super::Focus;
use crate::plan::Ground;
use crate::state::{AppName, LockScope, Locks, PlacedLock, deployment, queue, release};
use crate::tree::ReadTree;

/// Locks, the oldest first; last those of which nobody knows the age.
#[derive(Debug)]
pub(crate) struct LockList {
    pub(crate) locks: Vec<ListedLock>,
}

/// A lock, and what it holds back.
#[derive(Debug)]
pub(crate) struct ListedLock {
    pub(crate) lock: PlacedLock,
    /// The apps of which a version waits in the queue for this lock, perhaps among others.
    pub(crate) waiting: Vec<AppName>,
}

/// Lists the locks.
pub(crate) fn list(tree: &dyn ReadTree, ground: &Ground, focus: &Focus) -> Result<LockList> {
    focus.check(tree, ground)?;
    let mut listed = Vec::new();
    for environment in focus.environments(ground)? {
        let name = &environment.name;
        let locks = Locks::read(tree, name)?.all(tree)?;
        if locks.is_empty() {
            continue;
        }
        let mut waiting = Vec::new();
        for app in deployment::apps(tree, name)? {
            if queue::waiting(tree, name, &app)?.version() != Ok(None) {
                waiting.push(app);
            }
        }
        for lock in locks {
            if focus.concerns(tree, &lock)? {
                let waiting = held(tree, &lock.scope, &waiting)?;
                listed.push(ListedLock { lock, waiting });
            }
        }
    }
    // Equally old ones stay as they are: by environment, then by scope and id.
    listed.sort_by_key(|each| {
        let at = each.lock.lock.created_at;
        (at.is_none(), at)
    });
    Ok(LockList { locks: listed })
}

/// Those of the waiting apps that a lock of this scope holds back.
fn held(tree: &dyn ReadTree, scope: &LockScope, waiting: &[AppName]) -> Result<Vec<AppName>> {
    let mut held = Vec::new();
    for app in waiting {
        let holds = match scope {
            LockScope::Environment(_) => true,
            LockScope::App(_, locked) => locked == app,
            LockScope::Team(_, team) => release::team(tree, app)?.as_ref() == Some(team),
            LockScope::Manifest(..) => false,
        };
        if holds {
            held.push(app.clone());
        }
    }
    Ok(held)
}

#[cfg(test)]
mod tests;
