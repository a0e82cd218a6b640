//! Unlock: remove locks, and deploy from the queue what nothing holds back any longer.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::cleanup::clean_up;
use super::lock::{scopes, standing};
use super::outcome::{Deployed, Done, DropCause, LockTarget, Outcome, QueueEnd, Unlocked};
use super::place::Place;
use super::render::bring_in_step;
use super::{Ground, Refusal, known};
use crate::state::deployment::{self, Linked};
use crate::state::lock::lift;
use crate::state::{AppName, EnvName, LockId, LockScope, Locks, queue, release};
use crate::tree::{Draft, ReadTree};

/// Which locks go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum Which {
    /// The one with this id.
    Id(LockId),
    /// All in that place.
    All,
}

/// Locks to remove.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RemoveLocks {
    pub(crate) target: LockTarget,
    pub(crate) which: Which,
    /// Leaves the queue as it is.
    pub(crate) keep_queue: bool,
}

/// Removes locks, then settles the queue of every app that they covered.
pub(crate) fn unlock(draft: &mut Draft, ground: &Ground, request: &RemoveLocks) -> Result<Outcome> {
    let mut unlocked = Unlocked {
        target: request.target.clone(),
        removed: Vec::new(),
        absent: Vec::new(),
        queue: BTreeMap::new(),
        manifests: BTreeMap::new(),
        cleaned: BTreeMap::new(),
    };
    remove(draft, ground, request, &mut unlocked)?;
    let mut warnings = Vec::new();
    let opened: BTreeSet<_> = unlocked
        .removed
        .iter()
        .map(|placed| placed.scope.clone())
        .collect();
    for scope in opened {
        if let LockScope::Manifest(environment, app) = &scope {
            if let Some(step) = bring_in_step(draft, environment, app)? {
                let place = (environment.clone(), app.clone());
                unlocked.manifests.insert(place, step);
            }
        } else {
            settle(draft, ground, request, &scope, &mut unlocked)?;
        }
    }
    for ((environment, app), end) in &unlocked.queue {
        if let QueueEnd::Dropped(cause @ (DropCause::Broken(_) | DropCause::NoManifest(_))) = end {
            warnings.push(format!(
                "what waited for `{app}` on `{environment}` is dropped: {cause}"
            ));
        }
    }
    Ok(Outcome {
        done: Done::Unlocked(unlocked),
        warnings,
    })
}

fn remove(
    draft: &mut Draft,
    ground: &Ground,
    request: &RemoveLocks,
    unlocked: &mut Unlocked,
) -> Result<()> {
    let scopes = scopes(ground, &request.target)?;
    let mut existing = BTreeSet::new();
    for scope in &scopes {
        for placed in standing(draft, scope)? {
            existing.insert(placed.id.clone());
            if request.which == Which::All || request.which == Which::Id(placed.id.clone()) {
                lift(draft, scope, &placed.id)?;
                unlocked.removed.push(placed);
            }
        }
        if let Which::Id(id) = &request.which
            && !unlocked.removed.iter().any(|placed| placed.scope == *scope)
        {
            unlocked.absent.push((scope.clone(), id.clone()));
        }
    }
    match &request.which {
        Which::Id(id) if unlocked.removed.is_empty() => Err(Refusal::NoSuchLock {
            scopes,
            id: id.clone(),
            existing: existing.into_iter().collect(),
            elsewhere: places_of(draft, ground, id)?,
        }
        .into()),
        Which::Id(_) | Which::All => Ok(()),
    }
}

/// Every place where a lock has this id.
fn places_of(tree: &dyn ReadTree, ground: &Ground, id: &LockId) -> Result<Vec<LockScope>> {
    let mut places = Vec::new();
    for environment in ground.environments.iter() {
        let locks = Locks::read(tree, &environment.name)?.all(tree)?.into_iter();
        let here = locks.filter(|placed| placed.id == *id);
        places.extend(here.map(|placed| placed.scope));
    }
    Ok(places)
}

/// Goes through the queues that a scope covered.
fn settle(
    draft: &mut Draft,
    ground: &Ground,
    request: &RemoveLocks,
    scope: &LockScope,
    unlocked: &mut Unlocked,
) -> Result<()> {
    let environment = scope.environment();
    let locks = Locks::read(draft, environment)?;
    for app in covered(draft, scope)? {
        let place = Place {
            environment,
            app: &app,
        };
        let Some(end) = settle_one(draft, ground, request.keep_queue, &place, &locks)? else {
            continue;
        };
        if matches!(end, QueueEnd::Deployed { .. }) {
            let removed = clean_up(draft, ground, &app)?;
            if !removed.is_empty() {
                unlocked
                    .cleaned
                    .entry(app.clone())
                    .or_default()
                    .extend(removed);
            }
        }
        unlocked.queue.insert((environment.clone(), app), end);
    }
    Ok(())
}

/// The apps with a folder on the environment that a scope covers.
fn covered(tree: &dyn ReadTree, scope: &LockScope) -> Result<Vec<AppName>> {
    match scope {
        LockScope::App(_, app) => Ok(vec![app.clone()]),
        LockScope::Environment(environment) => deployment::apps(tree, environment),
        LockScope::Team(environment, team) => of_team(tree, environment, team),
        LockScope::Manifest(..) => Ok(Vec::new()),
    }
}

fn of_team(
    tree: &dyn ReadTree,
    environment: &EnvName,
    team: &crate::state::TeamName,
) -> Result<Vec<AppName>> {
    let mut apps = deployment::apps(tree, environment)?;
    let mut failure = Ok(());
    apps.retain(|app| match release::team(tree, app) {
        Ok(owner) => owner.as_ref() == Some(team),
        Err(error) => {
            failure = Err(error);
            false
        }
    });
    failure.map(|()| apps)
}

/// What becomes of the version that waits in one place; `None` if none does.
pub(super) fn settle_one(
    draft: &mut Draft,
    ground: &Ground,
    keep_queue: bool,
    place: &Place,
    locks: &Locks,
) -> Result<Option<QueueEnd>> {
    let version = match queue::waiting(draft, place.environment, place.app)? {
        Linked::Nothing => return Ok(None),
        Linked::To(version) => version,
        Linked::Broken(_) if keep_queue => return Ok(None),
        Linked::Broken(broken) => {
            queue::clear(draft, place.environment, place.app)?;
            return Ok(Some(QueueEnd::Dropped(DropCause::Broken(
                broken.to_string(),
            ))));
        }
    };
    if keep_queue {
        return Ok(Some(QueueEnd::Kept(version)));
    }
    let current = deployment::current(draft, place.environment, place.app)?;
    let behind = locks.in_force(draft, place.app)?;
    let manifest = release::manifest(draft, place.app, version, place.environment)?;
    let drop = match manifest {
        _ if current == Linked::To(version) => DropCause::AlreadyDeployed(version),
        None => DropCause::NoManifest(version),
        Some(_) if !behind.is_empty() => {
            return Ok(Some(QueueEnd::StillLocked { version, behind }));
        }
        Some(_) if version.has_revision() => {
            let app = place.app.clone();
            DropCause::Broken(Refusal::Revision { app, version }.to_string())
        }
        Some(manifest) => {
            known::environment(ground, place.environment)?.readable()?;
            let deployed = place.deploy(draft, ground, (version, manifest), Vec::new())?;
            return Ok(match deployed {
                Deployed::Changed { from, to } => Some(QueueEnd::Deployed {
                    from,
                    to,
                    kind: release::kind(draft, place.app, to)?,
                }),
                Deployed::AlreadyThere(_) | Deployed::Queued { .. } => None,
            });
        }
    };
    queue::clear(draft, place.environment, place.app)?;
    Ok(Some(QueueEnd::Dropped(drop)))
}

#[cfg(test)]
mod tests;
