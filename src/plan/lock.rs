//! Lock: hold deployments back on an environment, for one app or team there, or on all environments of a group.

use anyhow::Result;

use super::outcome::{Done, LockTarget, Outcome};
use super::{Ground, known};
use crate::state::lock::place;
use crate::state::{FreeText, Lock, LockId, LockScope, PlacedLock};
use crate::tree::{Draft, ReadTree};

/// A lock to place.
#[derive(Clone, Debug)]
pub(crate) struct PlaceLock {
    pub(crate) target: LockTarget,
    pub(crate) id: LockId,
    pub(crate) message: FreeText,
}

/// Places a lock. One that stands there with this id gets a new message, author and time.
pub(crate) fn lock(draft: &mut Draft, ground: &Ground, request: &PlaceLock) -> Result<Outcome> {
    match &request.target {
        LockTarget::App(_, app) => known::app(draft, ground, app)?,
        LockTarget::Team(_, team) => known::team(draft, team)?,
        LockTarget::Environment(_) | LockTarget::Group(_) => {}
    }
    let mut locks = Vec::new();
    for scope in scopes(ground, &request.target)? {
        let lock = PlacedLock {
            scope,
            id: request.id.clone(),
            lock: Lock {
                message: request.message.clone(),
                created_by: ground.context.actor.clone(),
                created_at: Some(ground.context.now),
            },
        };
        place(draft, &lock)?;
        locks.push(lock);
    }
    Ok(Outcome {
        done: Done::Locked(locks),
        warnings: Vec::new(),
    })
}

/// What is locked or unlocked: one scope, or an environment scope for each member of a group.
pub(super) fn scopes(ground: &Ground, target: &LockTarget) -> Result<Vec<LockScope>> {
    let scope = match target.clone() {
        LockTarget::Group(group) => {
            let members = known::group(ground, &group)?.into_iter();
            return Ok(members
                .map(|each| LockScope::Environment(each.name.clone()))
                .collect());
        }
        LockTarget::Environment(environment) => LockScope::Environment(environment),
        LockTarget::App(environment, app) => LockScope::App(environment, app),
        LockTarget::Team(environment, team) => LockScope::Team(environment, team),
    };
    known::environment(ground, scope.environment())?;
    Ok(vec![scope])
}

/// The locks that stand in a scope.
pub(super) fn standing(tree: &dyn ReadTree, scope: &LockScope) -> Result<Vec<PlacedLock>> {
    crate::state::lock::placed(tree, scope)
}
