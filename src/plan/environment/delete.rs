//! Delete: an environment goes with all that is in its folder, and with its Argo CD files.

use std::collections::BTreeMap;

use anyhow::Result;

use super::super::argocd::retire;
use super::super::outcome::{Done, Outcome};
use super::super::{Ground, known};
use super::{EnvironmentDone, EnvironmentRefusal, doubtful};
use crate::state::{
    AppName, EnvName, Environment, EnvironmentGraph, Locks, PlacedLock, Version, deployment, queue,
};
use crate::tree::{Draft, ReadTree, RepoPath};

/// What went with an environment.
#[derive(Debug)]
pub(crate) struct Deleted {
    pub(crate) environment: EnvName,
    pub(crate) inhabitants: Inhabitants,
    pub(crate) removed_files: Vec<RepoPath>,
}

/// What is on an environment. A version is `None` where the link is broken.
#[derive(Debug)]
pub(crate) struct Inhabitants {
    pub(crate) runs: BTreeMap<AppName, Option<Version>>,
    pub(crate) queued: BTreeMap<AppName, Option<Version>>,
    pub(crate) locks: Vec<PlacedLock>,
}

impl Inhabitants {
    /// Reads them.
    pub(super) fn of(tree: &dyn ReadTree, environment: &EnvName) -> Result<Self> {
        let (mut runs, mut queued) = (BTreeMap::new(), BTreeMap::new());
        for app in deployment::apps(tree, environment)? {
            let current = deployment::current(tree, environment, &app)?;
            let waiting = queue::waiting(tree, environment, &app)?;
            if let Some(version) = current.version().transpose() {
                runs.insert(app.clone(), version.ok());
            }
            if let Some(version) = waiting.version().transpose() {
                queued.insert(app, version.ok());
            }
        }
        let locks = Locks::read(tree, environment)?.all(tree)?;
        Ok(Self {
            runs,
            queued,
            locks,
        })
    }
}

/// Deletes an environment, unless others take their versions from it. The manifests that releases have for it stay.
pub(crate) fn delete(draft: &mut Draft, ground: &Ground, name: &EnvName) -> Result<Outcome> {
    let environment = known::environment(ground, name)?;
    for other in ground.environments.iter() {
        if other.name != *name {
            // While a config cannot be read, nobody knows what its upstream is.
            other.readable()?;
        }
    }
    check_upstream_of_nobody(ground, environment)?;
    let inhabitants = Inhabitants::of(draft, name)?;
    draft.delete_folder(&Environment::directory(name))?;
    let retired = retire(draft, environment, &EnvironmentGraph::read(draft)?)?;
    let warnings = doubtful(&retired).collect();
    let deleted = Deleted {
        environment: name.clone(),
        inhabitants,
        removed_files: retired.removed,
    };
    Ok(Outcome {
        done: Done::Environment(EnvironmentDone::Deleted(deleted)),
        warnings,
    })
}

/// Fails if the environment, or the group that goes with it, is the upstream of another one.
fn check_upstream_of_nobody(ground: &Ground, environment: &Environment) -> Result<()> {
    let name = &environment.name;
    let downstream = |upstream: &str| {
        let mut names = ground.environments.downstream(upstream);
        names.retain(|each| each != name);
        names
    };
    let refusal = |last_of, of| EnvironmentRefusal::IsUpstream {
        environment: name.clone(),
        last_of,
        of,
    };
    let of = downstream(name.as_ref());
    if !of.is_empty() {
        return Err(refusal(None, of).into());
    }
    let Some(group) = &environment.group else {
        return Ok(());
    };
    let of = downstream(group.as_ref());
    let last = ground.environments.group(group).len() == 1;
    let is_an_environment = ground
        .environments
        .iter()
        .any(|each| each.name.as_ref() == group.as_ref());
    if last && !is_an_environment && !of.is_empty() {
        return Err(refusal(Some(group.clone()), of).into());
    }
    Ok(())
}
