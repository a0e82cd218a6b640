//! The names that somebody who types a command could mean: those that a repository holds and that are valid for what they name.
//! What cannot be read is left out, so that a part of a repository has a part of the names.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use anyhow::Result;

use crate::state::release::{self, Field};
use crate::state::{
    AppName, EnvName, FreeText, GroupName, LockId, LockScope, TeamName, Version, environment, lock,
};
use crate::tree::ReadTree;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noun {
    App,
    Environment,
    Group,
    /// A group or an environment.
    Target,
    Team,
    LockId,
    Version,
}

/// What the rest of the command line says about it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Narrowing {
    pub(crate) app: Option<AppName>,
    pub(crate) environment: Option<EnvName>,
    pub(crate) group: Option<GroupName>,
    pub(crate) team: Option<TeamName>,
    /// Whether locks on manifests are meant, and not those that hold deployments back.
    pub(crate) manifest_locks: bool,
}

/// A name that could be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: String,
    /// What people know it by: the message of a lock, the display version of a release, what a name stands for.
    pub(crate) about: Option<FreeText>,
}

impl Named {
    fn plainly(name: impl AsRef<str>) -> Self {
        Self {
            name: name.as_ref().to_owned(),
            about: None,
        }
    }

    fn about(name: impl AsRef<str>, text: &str) -> Self {
        let about = Some(FreeText(text.to_owned())).filter(|text| !text.is_empty());
        Self {
            about,
            ..Self::plainly(name)
        }
    }
}

/// The names that could be meant: the newest release first, all else by name.
pub(crate) fn names(tree: &dyn ReadTree, noun: Noun, narrowing: &Narrowing) -> Result<Vec<Named>> {
    match noun {
        Noun::App => {
            let apps = release::apps(tree)?;
            Ok(apps.iter().map(Named::plainly).collect())
        }
        Noun::Environment => {
            let names = environment::names(tree)?;
            Ok(names.iter().map(Named::plainly).collect())
        }
        Noun::Group => groups(tree),
        Noun::Target => {
            // A group goes before an environment of its name.
            let mut targets = names(tree, Noun::Environment, narrowing)?;
            targets.extend(groups(tree)?);
            targets.sort_by(|left, right| left.name.cmp(&right.name));
            targets.dedup_by(|left, right| left.name == right.name);
            Ok(targets)
        }
        Noun::Team => teams(tree),
        Noun::LockId => lock_ids(tree, narrowing),
        Noun::Version => versions(tree, narrowing),
    }
}

/// The groups, each with its environments.
fn groups(tree: &dyn ReadTree) -> Result<Vec<Named>> {
    let mut groups: BTreeMap<GroupName, Vec<String>> = BTreeMap::new();
    for name in environment::names(tree)? {
        if let Some(group) = valid(group_of(tree, &name).as_ref()) {
            groups.entry(group).or_default().push(name.to_string());
        }
    }
    let named =
        |(group, members): (&GroupName, &Vec<String>)| Named::about(group, &members.join(", "));
    Ok(groups.iter().map(named).collect())
}

fn group_of(tree: &dyn ReadTree, name: &EnvName) -> Option<GroupName> {
    environment::group_of(tree, name).ok().flatten()
}

/// A name that a file holds, if it is one that somebody may type.
fn valid<T: AsRef<str> + FromStr>(found: Option<&T>) -> Option<T> {
    found?.as_ref().parse().ok()
}

fn teams(tree: &dyn ReadTree) -> Result<Vec<Named>> {
    let mut teams: BTreeSet<TeamName> = BTreeSet::new();
    for app in release::apps(tree)? {
        let team = release::team(tree, &app).ok().flatten();
        teams.extend(valid(team.as_ref()));
    }
    Ok(teams.iter().map(Named::plainly).collect())
}

/// The ids of the locks in the place that the command line names, or of those on all environments.
fn lock_ids(tree: &dyn ReadTree, narrowing: &Narrowing) -> Result<Vec<Named>> {
    let mut locks: BTreeMap<LockId, FreeText> = BTreeMap::new();
    for environment in environment::names(tree)? {
        if !is_meant(tree, &environment, narrowing) {
            continue;
        }
        let scope = scope(environment, narrowing);
        for id in lock::ids(tree, &scope)? {
            let message = || lock::message(tree, &scope, &id).unwrap_or_default();
            if let Some(valid) = valid(Some(&id)) {
                locks.entry(valid).or_insert_with(message);
            }
        }
    }
    let named = |(id, message): (&LockId, &FreeText)| Named::about(id, message.raw());
    Ok(locks.iter().map(named).collect())
}

fn is_meant(tree: &dyn ReadTree, environment: &EnvName, narrowing: &Narrowing) -> bool {
    match (&narrowing.environment, &narrowing.group) {
        (Some(name), _) => name == environment,
        (None, Some(group)) => group_of(tree, environment).as_ref() == Some(group),
        (None, None) => true,
    }
}

fn scope(environment: EnvName, narrowing: &Narrowing) -> LockScope {
    match (&narrowing.app, &narrowing.team) {
        (Some(app), _) if narrowing.manifest_locks => LockScope::Manifest(environment, app.clone()),
        (Some(app), _) => LockScope::App(environment, app.clone()),
        (None, Some(team)) => LockScope::Team(environment, team.clone()),
        (None, None) => LockScope::Environment(environment),
    }
}

/// The releases of the app that the command line names, those with a manifest for its environment.
fn versions(tree: &dyn ReadTree, narrowing: &Narrowing) -> Result<Vec<Named>> {
    let Some(app) = &narrowing.app else {
        return Ok(Vec::new());
    };
    let mut versions = release::versions(tree, app)?;
    versions.retain(|version| !version.has_revision());
    let fits = |version: &Version| match &narrowing.environment {
        Some(environment) => matches!(
            release::manifest(tree, app, *version, environment),
            Ok(Some(_))
        ),
        None => true,
    };
    let named = |version: &Version| {
        let field = |field| release::field(tree, app, *version, field).ok().flatten();
        let message = || {
            let message = field(Field::SourceMessage)?;
            message.lines().next().map(str::to_owned)
        };
        let about = field(Field::DisplayVersion).or_else(message);
        Named::about(version.to_string(), about.unwrap_or_default().trim())
    };
    Ok(versions
        .iter()
        .rev()
        .filter(|version| fits(version))
        .map(named)
        .collect())
}

#[cfg(test)]
mod tests;
