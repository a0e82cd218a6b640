//! Environments: created, configured anew, deleted, looked at, checked.

mod check;
mod delete;
mod look;
mod refusal;
#[cfg(test)]
mod tests;

use anyhow::Result;

use super::argocd::{Retired, retire};
use super::outcome::{Done, Outcome};
use super::{Ground, known};
use crate::state::config::{ConfigChange, ConfigEdit, ConfigError, Document};
use crate::state::environment::NoUpstream;
use crate::state::{EnvName, Environment, EnvironmentGraph, GroupName, Upstream, plain};
use crate::tree::{Draft, Kind, ReadTree as _, RepoPath};

pub(crate) use check::{Checked, Fault, check};
pub(crate) use delete::{Deleted, delete};
pub(crate) use look::{EnvironmentView, Shown, list, show};
pub(crate) use refusal::EnvironmentRefusal;

/// What became of a command about environments.
#[derive(Debug)]
pub(crate) enum EnvironmentDone {
    Configured(Configured),
    Deleted(Deleted),
    Listed(Vec<EnvironmentView>),
    Shown(Shown),
    Checked(Checked),
}

impl EnvironmentDone {
    /// Whether it says how things are, and can change nothing.
    pub(crate) fn is_look(&self) -> bool {
        match self {
            Self::Configured(_) | Self::Deleted(_) => false,
            Self::Listed(_) | Self::Shown(_) | Self::Checked(_) => true,
        }
    }
}

/// An environment and what its config shall say.
#[derive(Clone, Debug)]
pub(crate) struct Configure {
    pub(crate) environment: EnvName,
    pub(crate) when: When,
    /// A whole config in place of the one that is there.
    pub(crate) config: Option<Document>,
    /// What is changed in it.
    pub(crate) edit: ConfigEdit,
}

/// Which environments a config is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// One that does not exist.
    New,
    /// One that exists.
    Existing,
    Either,
}

/// What became of an environment that was created or configured.
#[derive(Debug)]
pub(crate) struct Configured {
    pub(crate) environment: EnvName,
    /// What was asked for.
    pub(crate) when: When,
    /// Whether it is new.
    pub(crate) created: bool,
    /// What the config says now and did not say before.
    pub(crate) changes: Vec<ConfigChange>,
    pub(crate) config: Document,
    /// Argo CD files of projects that are no more.
    pub(crate) removed_files: Vec<RepoPath>,
}

/// Creates an environment, or changes its config: what is not given stays as it is.
pub(crate) fn configure(
    draft: &mut Draft,
    ground: &Ground,
    request: &Configure,
) -> Result<Outcome> {
    let name = &request.environment;
    let existing = existing(draft, ground, request)?;
    let mended = existing.is_some_and(|each| each.readable().is_err()) && request.config.is_some();
    let before = if mended {
        Document::default()
    } else {
        Document::read(draft, name)?
    };
    let mut after = request.config.clone().unwrap_or_else(|| before.clone());
    after
        .edit(name, &request.edit)
        .map_err(|unfit| EnvironmentRefusal::Unfit(name.clone(), unfit))?;
    let changes = before.changes(&after);
    if existing.is_none() || mended || !changes.is_empty() {
        after.write(draft, name)?;
    }
    let graph = EnvironmentGraph::read(draft)?;
    let now = known_there(&graph, name)?;
    if !after.has_upstream_of(&before) {
        check_upstream(ground, now)?;
    }
    if after.group() != before.group()
        && let Some(group) = after.group()
    {
        group.parse::<GroupName>()?;
    }
    check_projects(ground, &graph, now)?;
    let retired = match existing {
        Some(environment) => retire(draft, environment, &graph)?,
        None => Retired::default(),
    };
    let mut warnings = warnings(&graph, now);
    warnings.extend(unknown_keys(&before, &after));
    warnings.extend(doubtful(&retired));
    let configured = Configured {
        environment: name.clone(),
        when: request.when,
        created: existing.is_none(),
        changes,
        config: after,
        removed_files: retired.removed,
    };
    Ok(Outcome {
        done: Done::Environment(EnvironmentDone::Configured(configured)),
        warnings,
    })
}

/// The environment that exists, if the request allows it to exist or not.
fn existing<'a>(
    draft: &Draft,
    ground: &'a Ground,
    request: &Configure,
) -> Result<Option<&'a Environment>> {
    let name = &request.environment;
    let existing = ground.environments.get(name);
    match (request.when, existing) {
        (When::New, Some(_)) => return Err(EnvironmentRefusal::Exists(name.clone()).into()),
        (When::Existing, None) => return known::environment(ground, name).map(Some),
        (When::New | When::Either, None) | (When::Existing | When::Either, Some(_)) => {}
    }
    let path = Environment::directory(name);
    match draft.kind(&path)? {
        None | Some(Kind::Directory) => Ok(existing),
        Some(Kind::File | Kind::Symlink | Kind::Submodule) => Err(ConfigError {
            path,
            why: "it is no folder, as an environment is one".to_owned(),
        }
        .into()),
    }
}

/// The environment after it was written.
fn known_there<'a>(graph: &'a EnvironmentGraph, name: &EnvName) -> Result<&'a Environment> {
    let environment = graph.get(name);
    let environment = environment
        .ok_or_else(|| anyhow::anyhow!("environment `{name}` is not where it was written"))?;
    environment.readable()?;
    Ok(environment)
}

fn check_upstream(ground: &Ground, environment: &Environment) -> Result<()> {
    let fault = match &environment.upstream {
        Ok(_) | Err(NoUpstream::Missing) => return Ok(()),
        Err(NoUpstream::Unknown(upstream)) => {
            let names = ground.environments.iter().map(|each| each.name.to_string());
            return Err(known::unknown("environment", upstream, names).into());
        }
        Err(
            fault @ (NoUpstream::Empty
            | NoUpstream::Both
            | NoUpstream::Cycle(_)
            | NoUpstream::Unreadable(_)),
        ) => fault.clone(),
    };
    Err(EnvironmentRefusal::Upstream(environment.name.clone(), fault).into())
}

/// Fails if an Argo CD project of the environment is described twice, and was not before.
fn check_projects(ground: &Ground, graph: &EnvironmentGraph, now: &Environment) -> Result<()> {
    let before = ground.environments.projects_twice();
    let mut twice = graph.projects_twice().into_iter();
    let new = twice.find(|(project, owners)| {
        owners.contains(&now.name) && before.get(project) != Some(owners)
    });
    match new {
        None => Ok(()),
        Some((project, environments)) => Err(EnvironmentRefusal::ProjectTaken {
            project,
            environments,
        }
        .into()),
    }
}

/// What may not be meant, and is no fault.
fn warnings(graph: &EnvironmentGraph, environment: &Environment) -> Vec<String> {
    let name = &environment.name;
    let mut warnings = Vec::new();
    if environment.upstream == Err(NoUpstream::Missing) {
        warnings.push(format!(
            "`{name}` has no upstream: no release train goes there"
        ));
    }
    for (group, distances) in graph.unequal_groups() {
        if distances.contains_key(name) {
            warnings.push(Fault::UnequalGroup(group, distances).to_string());
        }
    }
    for target in &environment.argocd {
        let destination = &target.config.destination;
        if destination.server.is_empty() && destination.name.is_empty() {
            warnings.push(format!(
                "the Argo CD project `{}` has no destination: it needs a server or the name of a cluster",
                plain(&target.name)
            ));
        }
    }
    warnings
}

fn unknown_keys(before: &Document, after: &Document) -> Vec<String> {
    let old = before.unknown_keys();
    let mut new = after.unknown_keys();
    new.retain(|key| !old.contains(key));
    let warning =
        |key: &String| format!("the config has a key that nobody knows: `{}`", plain(key));
    new.iter().map(warning).collect()
}

/// Files that may have been those of an environment whose config could not be read.
fn doubtful(retired: &Retired) -> impl Iterator<Item = String> {
    retired.doubtful.iter().map(|path| {
        let path = plain(path.as_str());
        format!("`{path}` belongs to no environment; remove it if it was of this one")
    })
}

/// Where an environment takes its versions from, in one phrase.
pub(crate) fn source(upstream: &Result<Upstream, NoUpstream>) -> String {
    match upstream {
        Ok(upstream) => upstream.to_string(),
        Err(NoUpstream::Missing) => "none".to_owned(),
        Err(fault) => fault.to_string(),
    }
}
