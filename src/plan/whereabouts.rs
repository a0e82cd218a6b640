//! Where a source commit is: in which releases, and on which environments they run, since when and by whom.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::refusal::Candidate;
use super::{Ground, Refusal, known};
use crate::state::deployment::{self, Provenance};
use crate::state::release::{self, Field, ReleaseKind};
use crate::state::{
    AppName, CommitId, CommitPrefix, EnvName, Environment, FreeText, Locks, Moment, PlacedLock,
    Version, commits, lock, queue,
};
use crate::tree::ReadTree;

/// A commit to look for.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    pub(crate) commit: CommitPrefix,
    /// Looks on this environment only.
    pub(crate) environment: Option<EnvName>,
}

/// Where a commit was found.
#[derive(Debug)]
pub(crate) struct Whereabouts {
    pub(crate) commit: CommitId,
    /// The first line of its message, if a release tells it.
    pub(crate) message: Option<FreeText>,
    pub(crate) environment: Option<EnvName>,
    /// The apps that were built from it; if none was, those that were built from later commits.
    pub(crate) apps: BTreeMap<AppName, AppWhereabouts>,
}

/// Where an app carries the commit.
#[derive(Debug)]
pub(crate) struct AppWhereabouts {
    /// The releases that were built from the very commit.
    pub(crate) releases: Vec<Version>,
    /// The releases of commits in whose history it lies.
    pub(crate) later: Vec<Version>,
    /// The environments for which one of these releases has a manifest.
    pub(crate) sightings: BTreeMap<EnvName, Sighting>,
}

/// What an app on an environment has of the commit.
#[derive(Debug)]
pub(crate) struct Sighting {
    pub(crate) standing: Standing,
    /// What runs there; nothing if the link is broken.
    pub(crate) runs: Option<Version>,
    /// Since when and by whom what is there runs.
    pub(crate) provenance: Provenance,
    /// When a release of the very commit came there first, as its events tell.
    pub(crate) first: Option<Moment>,
    /// A release with the commit that waits there, and the locks that it waits for.
    pub(crate) queued: Option<(Version, Vec<PlacedLock>)>,
}

/// Whether the commit is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A release of the very commit runs.
    Runs,
    /// A release of a later commit runs.
    Contained,
    /// Nothing that is known to contain it runs.
    Absent,
}

impl Whereabouts {
    /// Whether any release was built from the very commit.
    pub(crate) fn is_released(&self) -> bool {
        self.apps.values().any(|app| !app.releases.is_empty())
    }

    /// The number of places that have the commit, and of those that could have it.
    pub(crate) fn reach(&self) -> (usize, usize) {
        let sightings = self.apps.values().flat_map(|app| app.sightings.values());
        let all = sightings.clone().count();
        let there = sightings.filter(|each| each.standing != Standing::Absent);
        (there.count(), all)
    }

    /// Whether the commit is wherever it could be, and that is somewhere.
    pub(crate) fn is_everywhere(&self) -> bool {
        let (there, all) = self.reach();
        all > 0 && there == all
    }
}

/// Looks for a commit.
pub(crate) fn locate(
    tree: &dyn ReadTree,
    ground: &Ground,
    request: &Search,
) -> Result<Whereabouts> {
    if let Some(name) = &request.environment {
        known::environment(ground, name)?;
    }
    let history = History::read(tree)?;
    let commit = history.resolve(&request.commit)?;
    let descendants = history.descendants(&commit);
    let mut apps = BTreeMap::new();
    for (app, releases) in &history.releases {
        let with = |wanted: &dyn Fn(&CommitId) -> bool| {
            let found = releases.iter().filter(|(_, source)| wanted(source));
            found.map(|(version, _)| *version).collect::<Vec<_>>()
        };
        let exact = with(&|source| *source == commit);
        let later = with(&|source| *source != commit && descendants.contains(source));
        apps.insert(app, (exact, later));
    }
    let is_released = apps.values().any(|(exact, _)| !exact.is_empty());
    apps.retain(|_, (exact, later)| !exact.is_empty() || !is_released && !later.is_empty());
    let mut found = Whereabouts {
        commit,
        message: None,
        environment: request.environment.clone(),
        apps: BTreeMap::new(),
    };
    for (app, (releases, later)) in apps {
        if let (None, Some(version)) = (&found.message, releases.first()) {
            let message = release::field(tree, app, *version, Field::SourceMessage)?;
            let line = message.and_then(|text| text.lines().next().map(str::to_owned));
            found.message = line.map(FreeText);
        }
        let mut whereabouts = AppWhereabouts {
            releases,
            later,
            sightings: BTreeMap::new(),
        };
        for environment in ground.environments.iter() {
            let asked = request.environment.as_ref();
            if asked.is_none_or(|asked| *asked == environment.name)
                && whereabouts.is_meant_for(tree, app, environment)?
            {
                let sighting = whereabouts.sight(tree, app, &environment.name, &found.commit)?;
                whereabouts
                    .sightings
                    .insert(environment.name.clone(), sighting);
            }
        }
        found.apps.insert(app.clone(), whereabouts);
    }
    Ok(found)
}

impl AppWhereabouts {
    fn is_meant_for(
        &self,
        tree: &dyn ReadTree,
        app: &AppName,
        environment: &Environment,
    ) -> Result<bool> {
        for version in self.releases.iter().chain(&self.later) {
            if release::manifest(tree, app, *version, &environment.name)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn sight(
        &self,
        tree: &dyn ReadTree,
        app: &AppName,
        environment: &EnvName,
        commit: &CommitId,
    ) -> Result<Sighting> {
        let runs = deployment::current(tree, environment, app)?;
        let runs = runs.version().ok().flatten();
        let standing = match runs {
            // What a manifest lock keeps is not what the link says.
            Some(version) if is_kept(tree, app, environment, version)? => Standing::Absent,
            Some(version) if self.releases.contains(&version) => Standing::Runs,
            Some(version) if self.later.contains(&version) => Standing::Contained,
            Some(_) | None => Standing::Absent,
        };
        let waiting = queue::waiting(tree, environment, app)?;
        let queued = match waiting.version().ok().flatten() {
            Some(version) if self.releases.contains(&version) || self.later.contains(&version) => {
                let locks = Locks::read(tree, environment)?;
                Some((version, locks.in_force(tree, app)?))
            }
            Some(_) | None => None,
        };
        Ok(Sighting {
            standing,
            runs,
            provenance: match runs {
                Some(_) => deployment::provenance(tree, environment, app)?,
                None => Provenance::default(),
            },
            first: commits::first_deployment(tree, commit, environment, app)?,
            queued,
        })
    }
}

/// Whether a manifest lock keeps another manifest than that of the release that runs.
pub(super) fn is_kept(
    tree: &dyn ReadTree,
    app: &AppName,
    environment: &EnvName,
    version: Version,
) -> Result<bool> {
    if lock::on_manifest(tree, environment, app)?.is_empty() {
        return Ok(false);
    }
    let wanted = release::manifest(tree, app, version, environment)?.map(deployment::applied);
    let there = tree.entry(&deployment::manifest_path(environment, app))?;
    Ok(there != wanted)
}

/// What the repository knows of source commits.
struct History {
    /// The releases of each app that name their commit.
    releases: BTreeMap<AppName, Vec<(Version, CommitId)>>,
    /// The commits that name this one as their previous one.
    following: BTreeMap<CommitId, BTreeSet<CommitId>>,
}

impl History {
    /// Reads what the releases say, and what commit data says about their commits.
    fn read(tree: &dyn ReadTree) -> Result<Self> {
        let mut history = Self {
            releases: BTreeMap::new(),
            following: BTreeMap::new(),
        };
        let mut sources = BTreeSet::new();
        for app in release::apps(tree)? {
            let mut releases = Vec::new();
            for version in release::versions(tree, &app)? {
                let Some(source) = release::source_commit(tree, &app, version)? else {
                    continue;
                };
                let previous = release::field(tree, &app, version, Field::PreviousCommitId)?;
                history.follow(previous.and_then(|text| CommitId::found(&text)), &source);
                sources.insert(source.clone());
                // Where a release runs that undeploys the app, none of its commits is.
                match release::kind(tree, &app, version)? {
                    ReleaseKind::Ordinary | ReleaseKind::Minor => releases.push((version, source)),
                    ReleaseKind::Undeploy => {}
                }
            }
            history.releases.insert(app, releases);
        }
        for source in &sources {
            history.follow(commits::previous(tree, source)?, source);
        }
        Ok(history)
    }

    fn follow(&mut self, previous: Option<CommitId>, commit: &CommitId) {
        if let Some(previous) = previous {
            let following = self.following.entry(previous).or_default();
            following.insert(commit.clone());
        }
    }

    /// The one commit that begins so.
    fn resolve(&self, prefix: &CommitPrefix) -> Result<CommitId> {
        let sources = self.releases.values().flatten().map(|(_, source)| source);
        let known: BTreeSet<_> = sources.chain(self.following.keys()).collect();
        let begins = |commit: &&&CommitId| commit.as_ref().starts_with(prefix.as_ref());
        let mut found = known.iter().filter(begins);
        match (found.next(), found.next()) {
            (Some(commit), None) => Ok((*commit).clone()),
            (None, _) => Err(Refusal::UnknownCommit {
                commit: prefix.clone(),
            }
            .into()),
            (Some(_), Some(_)) => {
                let candidates = known.iter().filter(begins);
                Err(Refusal::AmbiguousCommit {
                    commit: prefix.clone(),
                    candidates: candidates.map(|commit| self.candidate(commit)).collect(),
                }
                .into())
            }
        }
    }

    fn candidate(&self, commit: &CommitId) -> Candidate {
        let releases = self.releases.iter().flat_map(|(app, releases)| {
            let built = releases.iter().filter(|(_, source)| source == commit);
            built.map(|(version, _)| (app.clone(), *version))
        });
        Candidate {
            commit: commit.clone(),
            releases: releases.collect(),
        }
    }

    /// All commits in whose history this one lies.
    fn descendants(&self, commit: &CommitId) -> BTreeSet<&CommitId> {
        let mut found = BTreeSet::new();
        let mut open: Vec<_> = self.following.get(commit).into_iter().flatten().collect();
        while let Some(next) = open.pop() {
            if found.insert(next) {
                open.extend(self.following.get(next).into_iter().flatten());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
