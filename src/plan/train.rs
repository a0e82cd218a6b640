//! The release train: deploys to its target what runs on the upstream, for all apps at once.
//! `prognose` decides and cannot write; `depart` writes what was decided and decides nothing.

mod details;
mod prognosis;
mod skip;
mod stop;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::cleanup::clean_up;
use super::place::Place;
use super::record::Route;
use super::{Ground, Past, Refusal, known};
use crate::state::{
    AppName, EnvName, Environment, EnvironmentGraph, GroupName, Locks, SourceRef, TeamName,
    Upstream, Version, deployment, release,
};
use crate::tree::{Draft, ReadTree};
use stop::Stop;
pub(super) use stop::version_upstream;

pub(crate) use details::{Details, Form, Wish, detail};
pub(crate) use prognosis::{AppFate, AppPrognosis, EnvironmentPrognosis, Prognosis, Target};
pub(crate) use skip::{AppSkip, Cause, EnvironmentSkip, Held, QueueMove};

/// What the target's name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum TargetKind {
    Environment,
    Group,
    /// A group, or else an environment.
    Unknown,
}

/// What a train does about app and team locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum OnLock {
    /// Queues the version and goes on.
    Queue,
    /// Leaves the queue alone and goes on.
    Skip,
    /// Does not depart.
    Fail,
}

/// A train to run or to foresee.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Train {
    /// A group or an environment; the name fits both.
    pub(crate) target: GroupName,
    pub(crate) target_kind: TargetKind,
    /// Takes the apps of this team only.
    pub(crate) team: Option<TeamName>,
    pub(crate) on_lock: OnLock,
    /// Takes the versions that ran upstream at this point.
    pub(crate) source: Option<SourceRef>,
}

/// What a train did: its prognosis, and the old releases that were cleaned up.
#[derive(Debug)]
pub(crate) struct TrainRun {
    pub(crate) prognosis: Prognosis,
    pub(crate) removed: BTreeMap<AppName, Vec<Version>>,
}

/// Decides what the train does, on the state as it is: no environment takes what the same train puts upstream of it.
pub(crate) fn prognose(tree: &dyn ReadTree, ground: &Ground, request: &Train) -> Result<Prognosis> {
    let (target, environments) = resolve(ground, request)?;
    if let Some(team) = &request.team {
        known::team(tree, team)?;
    }
    let past = match &request.source {
        Some(name) => Some(ground.past(name).context("it was looked up beforehand")?),
        None => None,
    };
    if let Some(Past { source, tree }) = past
        && EnvironmentGraph::read(tree)?.iter().next().is_none()
    {
        let point = source.clone();
        return Err(Refusal::NoStateThere { point }.into());
    }
    let then = past.map(|past| past.tree);
    let mut prognoses = BTreeMap::new();
    let doing = doing!("looking at", "environments");
    doing.record("total", environments.len());
    for (count, environment) in environments.into_iter().enumerate() {
        doing.record("count", count);
        let prognosis = prognose_environment((tree, then), request, environment)?;
        prognoses.insert(environment.name.clone(), prognosis);
    }
    drop(doing);
    let prognosis = Prognosis {
        target,
        source: past.map(|past| past.source.clone()),
        team: request.team.clone(),
        environments: prognoses,
    };
    match request.on_lock {
        OnLock::Fail => prognosis.unhindered(ground),
        OnLock::Queue | OnLock::Skip => Ok(prognosis),
    }
}

/// Writes what the prognosis says.
pub(crate) fn depart(draft: &mut Draft, ground: &Ground, prognosis: Prognosis) -> Result<TrainRun> {
    let group = match &prognosis.target {
        Target::Group(group) => Some(group),
        Target::Environment(_) => None,
    };
    let mut deployed = BTreeSet::new();
    for (environment, each) in &prognosis.environments {
        let (upstream, apps) = match each {
            EnvironmentPrognosis::Skipped(_) => continue,
            EnvironmentPrognosis::Runs { upstream, apps } => (upstream, apps),
        };
        for (app, AppPrognosis { fate, .. }) in apps {
            let place = Place { environment, app };
            match fate {
                AppFate::Deploys { to, manifest, .. } => {
                    let route = Route::Train { upstream, group };
                    place.point(draft, ground, (*to, manifest.clone()), route)?;
                    deployed.insert(app.clone());
                }
                AppFate::Skipped(skip) => {
                    if let Some(Held {
                        version,
                        queue: QueueMove::Put { .. },
                        locks,
                    }) = skip.held()
                    {
                        place.enqueue(draft, ground, *version, locks)?;
                    }
                }
            }
        }
    }
    let mut removed = BTreeMap::new();
    for app in deployed {
        let old = clean_up(draft, ground, &app)?;
        if !old.is_empty() {
            removed.insert(app, old);
        }
    }
    Ok(TrainRun { prognosis, removed })
}

/// The environments of the target: those of the group, or else the one of that name.
fn resolve<'a>(ground: &'a Ground, request: &Train) -> Result<(Target, Vec<&'a Environment>)> {
    let group = || known::group(ground, &request.target);
    let environment = || {
        let name: EnvName = request.target.as_ref().parse()?;
        let environment = known::environment(ground, &name)?;
        Ok((Target::Environment(name), vec![environment]))
    };
    match request.target_kind {
        TargetKind::Environment => environment(),
        TargetKind::Group => Ok((Target::Group(request.target.clone()), group()?)),
        TargetKind::Unknown => match group() {
            Ok(members) => Ok((Target::Group(request.target.clone()), members)),
            Err(_) => environment().map_err(|_: anyhow::Error| {
                known::no_target(&ground.environments, request.target.as_ref()).into()
            }),
        },
    }
}

/// The first that holds, in this order: no usable upstream, the environment is locked; else its apps.
fn prognose_environment(
    (tree, past): (&dyn ReadTree, Option<&dyn ReadTree>),
    request: &Train,
    environment: &Environment,
) -> Result<EnvironmentPrognosis> {
    let upstream = match &environment.upstream {
        Ok(upstream) => upstream.clone(),
        Err(why) => {
            let skip = EnvironmentSkip::NoUpstream(why.clone());
            return Ok(EnvironmentPrognosis::Skipped(skip));
        }
    };
    let locks = Locks::read(tree, &environment.name)?;
    if !locks.on_environment().is_empty() {
        let skip = EnvironmentSkip::Locked(locks.on_environment().to_vec());
        return Ok(EnvironmentPrognosis::Skipped(skip));
    }
    let candidates = match &upstream {
        Upstream::Latest => release::apps(past.unwrap_or(tree))?,
        Upstream::Environment(name) => deployment::apps(past.unwrap_or(tree), name)?,
    };
    let stop = Stop {
        tree,
        past,
        environment: &environment.name,
        upstream: &upstream,
        locks: &locks,
        on_lock: request.on_lock,
    };
    let mut apps = BTreeMap::new();
    for app in candidates {
        let of_team = match &request.team {
            Some(team) => release::team(tree, &app)?.as_ref() == Some(team),
            None => true,
        };
        if of_team {
            let prognosis = stop.prognose(&app)?;
            apps.insert(app, prognosis);
        }
    }
    Ok(EnvironmentPrognosis::Runs { upstream, apps })
}
