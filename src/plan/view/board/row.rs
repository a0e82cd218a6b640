//! A row of the board: one app, with a cell for each environment.

use std::cell::RefCell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::Column;
use crate::plan::whereabouts::is_kept;
use crate::state::deployment::{self, BrokenLink, Linked, Provenance};
use crate::state::release::{self, Field, ReleaseKind};
use crate::state::{
    AppName, CommitId, EnvName, Environment, FreeText, LockScope, Moment, PlacedLock, TeamName,
    Upstream, Version, lock, queue,
};
use crate::tree::ReadTree;

/// One app.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) app: AppName,
    pub(crate) team: Option<TeamName>,
    /// The highest release.
    pub(crate) latest: Option<Version>,
    /// The releases that run or wait in these cells, or upstream of them.
    pub(crate) releases: BTreeMap<Version, ReleaseFacts>,
    /// One for each column.
    pub(crate) cells: Vec<Cell>,
}

/// What is known of a release.
#[derive(Clone, Debug)]
pub(crate) struct ReleaseFacts {
    pub(crate) kind: ReleaseKind,
    /// What people call the version.
    pub(crate) display_version: Option<FreeText>,
    pub(crate) source_commit: Option<CommitId>,
    pub(crate) source_author: Option<FreeText>,
    pub(crate) source_message: Option<FreeText>,
    /// Where it was built.
    pub(crate) ci_link: Option<FreeText>,
    /// When it was stored.
    pub(crate) created_at: Option<Moment>,
}

/// One app on one environment.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) runs: Runs,
    /// What is in the queue.
    pub(crate) waits: Linked,
    /// How what runs compares with the upstream.
    pub(crate) lag: Lag,
    /// The locks on the app there. Those on its team and on the environment are the column's.
    pub(crate) locks: Vec<PlacedLock>,
    /// The locks that keep the manifest as it is.
    pub(crate) manifest_locks: Vec<PlacedLock>,
    /// Whether a manifest lock keeps another manifest than that of the release that runs.
    pub(crate) manifest_differs: bool,
}

/// What runs in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Runs {
    /// A release; since when, and by whom it was deployed.
    Release(Version, Provenance),
    /// Nothing yet, but some release has a manifest for the environment.
    NotYet,
    /// Nothing, and no release is meant for the environment.
    NotMeant,
    /// Nobody knows: the link cannot be used.
    Broken(BrokenLink),
}

/// How an app on an environment compares with its upstream: with the version that runs there, or with the highest release
/// that has a manifest for the environment if the upstream is `latest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lag {
    /// There is nothing to compare: no usable upstream, a broken link here or there, or nothing upstream that is meant
    /// for the environment.
    Unknown,
    /// The same version runs here and there.
    Level,
    /// The upstream has a newer one, or this environment has none.
    Behind {
        upstream: Version,
        /// How many releases are above the one that runs, up to that of the upstream.
        releases: usize,
    },
    /// The upstream has an older one.
    Ahead {
        upstream: Version,
        /// How many releases are above that of the upstream, up to the one that runs.
        releases: usize,
    },
}

impl Row {
    /// What is known of a release that a cell of this row names.
    pub(crate) fn facts(&self, version: Version) -> Option<&ReleaseFacts> {
        self.releases.get(&version)
    }
}

impl Cell {
    /// Whether its upstream has a newer version.
    pub(crate) fn is_behind(&self) -> bool {
        match self.lag {
            Lag::Behind { .. } => true,
            Lag::Unknown | Lag::Level | Lag::Ahead { .. } => false,
        }
    }

    /// Whether the app is locked there, or its team; a lock on the whole environment is told of the environment.
    pub(crate) fn is_locked(&self, column: &Column, row: &Row) -> bool {
        !self.locks.is_empty() || !column.on_team_of(row).is_empty()
    }

    /// The version that runs.
    pub(crate) fn running(&self) -> Option<Version> {
        match self.runs {
            Runs::Release(version, _) => Some(version),
            Runs::NotYet | Runs::NotMeant | Runs::Broken(_) => None,
        }
    }

    /// The version in the queue.
    pub(crate) fn queued(&self) -> Option<Version> {
        match self.waits {
            Linked::To(version) => Some(version),
            Linked::Nothing | Linked::Broken(_) => None,
        }
    }

    /// The links that cannot be used.
    pub(crate) fn faults(&self) -> impl Iterator<Item = &BrokenLink> {
        let runs = match &self.runs {
            Runs::Broken(broken) => Some(broken),
            Runs::Release(..) | Runs::NotYet | Runs::NotMeant => None,
        };
        let waits = match &self.waits {
            // What stands in place of a folder breaks both links, and is one fault.
            Linked::Broken(broken) if Some(broken) != runs => Some(broken),
            Linked::Broken(_) | Linked::Nothing | Linked::To(_) => None,
        };
        runs.into_iter().chain(waits)
    }

    /// The versions that it names.
    fn versions(&self) -> impl Iterator<Item = Version> {
        let upstream = match self.lag {
            Lag::Behind { upstream, .. } | Lag::Ahead { upstream, .. } => Some(upstream),
            Lag::Unknown | Lag::Level => None,
        };
        let named = [self.running(), self.queued(), upstream];
        named.into_iter().flatten()
    }
}

/// Reads row after row on the same environments.
pub(super) struct Surveyor<'a> {
    tree: &'a dyn ReadTree,
    environments: &'a [&'a Environment],
}

impl<'a> Surveyor<'a> {
    pub(super) fn new(tree: &'a dyn ReadTree, environments: &'a [&'a Environment]) -> Self {
        Self { tree, environments }
    }

    pub(super) fn row(&self, app: AppName, team: Option<TeamName>) -> Result<Row> {
        let tree = self.tree;
        let releases = Releases::list(tree, &app)?;
        let mut links = BTreeMap::new();
        for environment in self.environments {
            let upstream = match &environment.upstream {
                Ok(Upstream::Environment(upstream)) => Some(upstream),
                Ok(Upstream::Latest) | Err(_) => None,
            };
            for name in upstream.into_iter().chain([&environment.name]) {
                if !links.contains_key(name) {
                    links.insert(name, deployment::current(tree, name, &app)?);
                }
            }
        }
        let mut cells = Vec::with_capacity(self.environments.len());
        for environment in self.environments {
            cells.push(self.cell(environment, &releases, &links)?);
        }
        let named = cells.iter().flat_map(Cell::versions);
        let mut facts = BTreeMap::new();
        for version in named.collect::<BTreeSet<_>>() {
            facts.insert(version, ReleaseFacts::read(tree, &app, version)?);
        }
        let latest = releases.versions.last().copied();
        Ok(Row {
            app,
            team,
            latest,
            releases: facts,
            cells,
        })
    }

    fn cell(
        &self,
        environment: &Environment,
        releases: &Releases,
        links: &BTreeMap<&EnvName, Linked>,
    ) -> Result<Cell> {
        let (tree, app, name) = (self.tree, releases.app, &environment.name);
        let linked = links.get(name).unwrap_or(&Linked::Nothing);
        let runs = match linked {
            Linked::To(version) => {
                Runs::Release(*version, deployment::provenance(tree, name, app)?)
            }
            Linked::Broken(broken) => Runs::Broken(broken.clone()),
            Linked::Nothing if releases.highest_for(name, None)?.is_some() => Runs::NotYet,
            Linked::Nothing => Runs::NotMeant,
        };
        let lag = match &runs {
            Runs::Release(version, _) => releases.lag(environment, Some(*version), links)?,
            Runs::NotYet => releases.lag(environment, None, links)?,
            Runs::NotMeant | Runs::Broken(_) => Lag::Unknown,
        };
        let manifest_locks = lock::on_manifest(tree, name, app)?;
        let manifest_differs = match &runs {
            Runs::Release(version, _) if !manifest_locks.is_empty() => {
                is_kept(tree, app, name, *version)?
            }
            Runs::Release(..) | Runs::NotYet | Runs::NotMeant | Runs::Broken(_) => false,
        };
        Ok(Cell {
            runs,
            waits: queue::waiting(tree, name, app)?,
            lag,
            locks: lock::placed(tree, &LockScope::App(name.clone(), app.clone()))?,
            manifest_locks,
            manifest_differs,
        })
    }
}

/// The releases of an app, and for which environments they are meant, looked up once for all cells.
struct Releases<'a> {
    tree: &'a dyn ReadTree,
    app: &'a AppName,
    /// In order.
    versions: Vec<Version>,
    /// The environments that have a folder in a release, by release.
    folders: RefCell<BTreeMap<Version, BTreeSet<EnvName>>>,
}

impl<'a> Releases<'a> {
    fn list(tree: &'a dyn ReadTree, app: &'a AppName) -> Result<Self> {
        Ok(Self {
            tree,
            app,
            versions: release::versions(tree, app)?,
            folders: RefCell::default(),
        })
    }

    /// The highest release above `floor` that has a manifest for the environment.
    fn highest_for(
        &self,
        environment: &EnvName,
        floor: Option<Version>,
    ) -> Result<Option<Version>> {
        let above = self.versions.iter().rev().copied();
        for version in above.take_while(|version| Some(*version) > floor) {
            if self.is_meant(version, environment)? {
                return Ok(Some(version));
            }
        }
        Ok(None)
    }

    fn is_meant(&self, version: Version, environment: &EnvName) -> Result<bool> {
        let mut folders = self.folders.borrow_mut();
        let folders = match folders.entry(version) {
            Entry::Occupied(listed) => listed.into_mut(),
            Entry::Vacant(open) => {
                let folders = release::environment_folders(self.tree, self.app, version)?;
                open.insert(folders.into_iter().collect())
            }
        };
        Ok(folders.contains(environment)
            && release::manifest(self.tree, self.app, version, environment)?.is_some())
    }

    fn lag(
        &self,
        environment: &Environment,
        runs: Option<Version>,
        links: &BTreeMap<&EnvName, Linked>,
    ) -> Result<Lag> {
        let upstream = match &environment.upstream {
            Ok(Upstream::Latest) => self.highest_for(&environment.name, runs)?.or(runs),
            Ok(Upstream::Environment(name)) => match links.get(name) {
                Some(Linked::To(version)) => Some(*version),
                Some(Linked::Nothing | Linked::Broken(_)) | None => None,
            },
            Err(_) => None,
        };
        let Some(upstream) = upstream else {
            return Ok(Lag::Unknown);
        };
        if runs == Some(upstream) {
            return Ok(Lag::Level);
        }
        if !self.is_meant(upstream, &environment.name)? {
            return Ok(Lag::Unknown);
        }
        Ok(match runs {
            Some(runs) if runs > upstream => Lag::Ahead {
                upstream,
                releases: self.between(Some(upstream), runs),
            },
            Some(_) | None => Lag::Behind {
                upstream,
                releases: self.between(runs, upstream),
            },
        })
    }

    /// How many releases are above the one, up to the other.
    fn between(&self, low: Option<Version>, high: Version) -> usize {
        let above = |bound: Version| self.versions.partition_point(|each| *each <= bound);
        above(high) - low.map_or(0, above)
    }
}

impl ReleaseFacts {
    fn read(tree: &dyn ReadTree, app: &AppName, version: Version) -> Result<Self> {
        let text = |field| -> Result<_> {
            let text = release::field(tree, app, version, field)?;
            Ok(text.filter(|text| !text.is_empty()).map(FreeText))
        };
        Ok(Self {
            kind: release::kind(tree, app, version)?,
            display_version: text(Field::DisplayVersion)?,
            source_commit: release::source_commit(tree, app, version)?,
            source_author: text(Field::SourceAuthor)?,
            source_message: text(Field::SourceMessage)?,
            ci_link: text(Field::CiLink)?,
            created_at: release::stored_at(tree, app, version)?,
        })
    }
}
