//! Deploy: point environments at a release, unless locks hold it back.

use std::collections::BTreeMap;

use anyhow::Result;

use super::cleanup::clean_up;
use super::outcome::{DeployRun, Deployed, Done, Outcome};
use super::{Ground, Refusal, known};
use crate::state::deployment::{self, Linked};
use crate::state::{AppName, EnvName, GroupName, Locks, Version, queue, release};
use crate::tree::{Content, Draft, ReadTree};

/// What a deployment does about a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenLocked {
    /// Waits for it in the queue.
    Queue,
    /// Is refused.
    Refuse,
    /// Passes it: somebody knows better.
    Ignore,
}

/// Where to deploy.
#[derive(Clone, Debug)]
pub(crate) enum DeployTarget {
    Environment(EnvName),
    Group(GroupName),
}

/// One release, to one environment or all of a group.
#[derive(Clone, Debug)]
pub(crate) struct Deploy {
    pub(crate) app: AppName,
    pub(crate) target: DeployTarget,
    pub(crate) version: Version,
    pub(crate) when_locked: WhenLocked,
}

/// Deploys a release; to a group, everywhere or nowhere.
pub(crate) fn deploy(draft: &mut Draft, ground: &Ground, request: &Deploy) -> Result<Outcome> {
    let environments: Vec<_> = match &request.target {
        DeployTarget::Environment(name) => vec![known::environment(ground, name)?],
        DeployTarget::Group(name) => known::group(ground, name)?,
    };
    known::app(draft, ground, &request.app)?;
    known::version(draft, &request.app, request.version)?;
    let mut deployments = BTreeMap::new();
    let mut locks_in_the_way = Vec::new();
    for environment in environments {
        environment.readable()?;
        let place = Place {
            environment: &environment.name,
            app: &request.app,
        };
        let manifest = place.manifest(draft, request.version)?;
        let locks = match request.when_locked {
            WhenLocked::Ignore => Vec::new(),
            WhenLocked::Queue | WhenLocked::Refuse => {
                Locks::read(draft, place.environment)?.in_force(draft, place.app)?
            }
        };
        let deployed = place.deploy(draft, ground, (request.version, manifest), locks)?;
        if let (WhenLocked::Refuse, Deployed::Queued { behind, .. }) =
            (request.when_locked, &deployed)
        {
            locks_in_the_way.extend_from_slice(behind);
        }
        deployments.insert(environment.name.clone(), deployed);
    }
    if !locks_in_the_way.is_empty() {
        return Err(Refusal::Locked {
            what: format!("`{}`", request.app),
            locks: locks_in_the_way,
            now: ground.context.now,
        }
        .into());
    }
    let changed = deployments
        .values()
        .any(|each| matches!(each, Deployed::Changed { .. }));
    let removed = if changed {
        clean_up(draft, ground, &request.app)?
    } else {
        Vec::new()
    };
    Ok(Outcome {
        done: Done::Deployed(DeployRun {
            app: request.app.clone(),
            version: request.version,
            deployments,
            removed,
        }),
        warnings: Vec::new(),
    })
}

/// An app on an environment.
pub(super) struct Place<'a> {
    pub(super) environment: &'a EnvName,
    pub(super) app: &'a AppName,
}

impl Place<'_> {
    /// The manifest of a release for this environment, or the refusal that it has none.
    pub(super) fn manifest(&self, tree: &dyn ReadTree, version: Version) -> Result<Content> {
        if version.has_revision() {
            let app = self.app.clone();
            return Err(Refusal::Revision { app, version }.into());
        }
        if let Some(manifest) = release::manifest(tree, self.app, version, self.environment)? {
            return Ok(manifest);
        }
        Err(Refusal::NoManifest {
            app: self.app.clone(),
            version,
            environment: self.environment.clone(),
            has: release::environments(tree, self.app, version)?,
        }
        .into())
    }

    /// Deploys a release here, or queues it behind `locks`. A broken link is replaced: this is how it is mended.
    pub(super) fn deploy(
        &self,
        draft: &mut Draft,
        ground: &Ground,
        (version, manifest): (Version, Content),
        locks: Vec<crate::state::PlacedLock>,
    ) -> Result<Deployed> {
        let from = match deployment::current(draft, self.environment, self.app)? {
            Linked::To(current) if current == version => {
                return Ok(Deployed::AlreadyThere(version));
            }
            Linked::To(current) => Some(current),
            Linked::Nothing | Linked::Broken(_) => None,
        };
        if locks.is_empty() {
            self.point(draft, ground, version, manifest)?;
            return Ok(Deployed::Changed { from, to: version });
        }
        let replaced = self.enqueue(draft, version)?;
        Ok(Deployed::Queued {
            version,
            replaced,
            behind: locks,
        })
    }

    /// Points this environment at a release and empties its queue. Decides nothing.
    pub(super) fn point(
        &self,
        draft: &mut Draft,
        ground: &Ground,
        version: Version,
        manifest: Content,
    ) -> Result<()> {
        let by = (&ground.context.actor, ground.context.now);
        deployment::write(draft, (self.environment, self.app), (version, manifest), by)?;
        queue::clear(draft, self.environment, self.app)
    }

    /// Queues a version, and returns the one that waited before.
    pub(super) fn enqueue(&self, draft: &mut Draft, version: Version) -> Result<Option<Version>> {
        let waited = queue::waiting(draft, self.environment, self.app)?;
        queue::put(draft, self.environment, self.app, version)?;
        Ok(waited
            .version()
            .ok()
            .flatten()
            .filter(|waited| *waited != version))
    }
}

#[cfg(test)]
mod tests;
