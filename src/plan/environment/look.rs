//! Looking at environments: all of them in the order of their distance to the releases, or one with all that is known of it.

use anyhow::Result;
use serde_json::Value;

use super::delete::Inhabitants;
use crate::plan::{Ground, known};
use crate::state::argocd::ArgoCdTarget;
use crate::state::config::Document;
use crate::state::environment::NoUpstream;
use crate::state::{EnvName, Environment, GroupName, PlacedLock, Upstream};
use crate::tree::ReadTree;

/// An environment as it is.
#[derive(Debug)]
pub(crate) struct EnvironmentView {
    pub(crate) name: EnvName,
    pub(crate) upstream: Result<Upstream, NoUpstream>,
    pub(crate) group: Option<GroupName>,
    /// How many environments lie between it and the releases; `None` if no way leads there.
    pub(crate) distance: Option<usize>,
    /// The environments that take their versions from it.
    pub(crate) downstream: Vec<EnvName>,
    /// How many apps run there.
    pub(crate) apps: usize,
    /// How many versions wait there.
    pub(crate) queued: usize,
    /// Every lock there: on the environment, on teams, on apps.
    pub(crate) locks: Vec<PlacedLock>,
    pub(crate) argocd: Vec<ArgoCdTarget>,
}

/// An environment with its config.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) view: EnvironmentView,
    /// `None` if it cannot be read.
    pub(crate) config: Option<Value>,
}

/// All environments, the nearest to the releases first.
pub(crate) fn list(tree: &dyn ReadTree, ground: &Ground) -> Result<Vec<EnvironmentView>> {
    let environments = ground.environments.by_distance().into_iter();
    environments
        .map(|environment| view(tree, ground, environment))
        .collect()
}

/// One environment.
pub(crate) fn show(tree: &dyn ReadTree, ground: &Ground, name: &EnvName) -> Result<Shown> {
    let environment = known::environment(ground, name)?;
    let config = match environment.readable() {
        Ok(()) => Some(Document::read(tree, name)?.to_value()),
        Err(_) => None,
    };
    Ok(Shown {
        view: view(tree, ground, environment)?,
        config,
    })
}

fn view(
    tree: &dyn ReadTree,
    ground: &Ground,
    environment: &Environment,
) -> Result<EnvironmentView> {
    let inhabitants = Inhabitants::of(tree, &environment.name)?;
    let mut downstream = ground.environments.downstream(environment.name.as_ref());
    downstream.retain(|each| *each != environment.name);
    Ok(EnvironmentView {
        name: environment.name.clone(),
        upstream: environment.upstream.clone(),
        group: environment.group.clone(),
        distance: ground.environments.distance(environment),
        downstream,
        apps: inhabitants.runs.len(),
        queued: inhabitants.queued.len(),
        locks: inhabitants.locks,
        argocd: environment.argocd.clone(),
    })
}
