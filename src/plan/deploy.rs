//! Deploy: point environments at a release, unless locks hold it back.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::cleanup::clean_up;
use super::outcome::{DeployRun, Deployed, Done, Outcome};
use super::place::Place;
use super::{Ground, Refusal, known};
use crate::state::{AppName, EnvName, GroupName, Locks, Version, release};
use crate::tree::Draft;

/// What a deployment does about a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum WhenLocked {
    /// Waits for it in the queue.
    Queue,
    /// Is refused.
    Refuse,
    /// Passes it: somebody knows better.
    Ignore,
}

/// Where to deploy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum DeployTarget {
    Environment(EnvName),
    Group(GroupName),
}

/// One release, to one environment or all of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
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
        DeployTarget::Group(name) => known::whole_group(ground, name)?,
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
            queue: true,
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
            kind: release::kind(draft, &request.app, request.version)?,
            deployments,
            removed,
        }),
        warnings: Vec::new(),
    })
}

#[cfg(test)]
mod tests;
