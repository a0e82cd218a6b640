//! Environments: their folders and their configs. What is wrong between them is told as `environment check` tells it.

use std::fmt;

use anyhow::Result;

use super::fault::{Mend, Severity, Told, What, removing};
use super::look::Look;
use super::lost::Lost;
use super::misplaced::Misplaced;
use crate::plan::environment::{self as environments, Fault};
use crate::state::config::Document;
use crate::state::environment::{self, NoUpstream, Part};
use crate::state::{AppName, EnvName, Environment, LockScope, Locks, TeamName, lock, plain};
use crate::tree::{Kind, RepoPath};

/// What is wrong with the config of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConfigFault {
    /// What `environment check` finds, too.
    Found(Fault),
    /// It has none.
    Missing(EnvName),
    /// It had one, which was taken away.
    Lost(EnvName, Lost),
    /// All of it was taken away, and Argo CD is still told of it.
    EnvironmentLost(EnvName, Lost),
    /// It described a project of which Argo CD is still told, and describes none any more.
    DescriptionLost(EnvName, Lost),
    /// It has keys that nobody knows.
    UnknownKeys(EnvName, Vec<String>),
}

impl Look<'_> {
    /// Everything below the folder of the environments.
    pub(super) fn environments(&mut self) -> Result<()> {
        let checked = environments::check(self.tree, self.ground)?;
        for fault in checked.faults {
            self.found(&fault.path(), What::Config(ConfigFault::Found(fault)));
        }
        let root = Environment::root();
        for child in self.children(&root)? {
            let path = root.join(&child.name);
            // What is no environment was told by the check.
            if let (Ok(name), Kind::Directory) = (child.name.parse::<EnvName>(), child.kind) {
                self.environment(&name, &path)?;
            }
        }
        Ok(())
    }

    fn environment(&mut self, name: &EnvName, folder: &RepoPath) -> Result<()> {
        self.counts.environments += 1;
        let mut has_config = false;
        let locks = Locks::read(self.tree, name)?;
        for child in self.children(folder)? {
            let path = folder.join(&child.name);
            let part = environment::part(&child.name);
            let is_folder = |look: &mut Self| look.is_of(&path, child.kind, Kind::Directory);
            match part {
                // Whatever stands there, the check has looked at it.
                Some(Part::Config) => has_config = true,
                Some(Part::Locks) if is_folder(self) => self.locks(&path)?,
                Some(Part::Teams) if is_folder(self) => self.team_folders(&path)?,
                Some(Part::Applications) if is_folder(self) => {
                    self.app_folders(name, &locks, &path)?;
                }
                Some(Part::Locks | Part::Teams | Part::Applications) => {}
                Some(Part::Brackets) => self.misplaced(&path, Misplaced::OfLaterKuberpult),
                None => self.stray(&path, child.kind),
            }
        }
        if has_config {
            self.keys(name);
            Ok(())
        } else {
            let path = Environment::config_path(name);
            self.found(&path, What::Config(ConfigFault::Missing(name.clone())));
            Ok(())
        }
    }

    fn keys(&mut self, name: &EnvName) {
        // One that cannot be read was told by the check.
        let readable = self.ground.environments.get(name);
        if readable.is_none_or(|environment| environment.readable().is_err()) {
            return;
        }
        let Ok(document) = Document::read(self.tree, name) else {
            return;
        };
        let keys = document.unknown_keys();
        if !keys.is_empty() {
            let what = ConfigFault::UnknownKeys(name.clone(), keys);
            self.found(&Environment::config_path(name), What::Config(what));
        }
    }

    fn team_folders(&mut self, folder: &RepoPath) -> Result<()> {
        for child in self.children(folder)? {
            let home = folder.join(&child.name);
            if child.kind != Kind::Directory {
                self.stray(&home, child.kind);
                continue;
            }
            for child in self.children(&home)? {
                let path = home.join(&child.name);
                match environment::part(&child.name) {
                    Some(Part::Locks) => {
                        if self.is_of(&path, child.kind, Kind::Directory) {
                            self.locks(&path)?;
                        }
                    }
                    Some(Part::Config | Part::Teams | Part::Applications | Part::Brackets)
                    | None => self.stray(&path, child.kind),
                }
            }
        }
        Ok(())
    }

    fn app_folders(&mut self, name: &EnvName, locks: &Locks, folder: &RepoPath) -> Result<()> {
        for child in self.children(folder)? {
            let path = folder.join(&child.name);
            match child.name.parse::<AppName>() {
                _ if child.kind != Kind::Directory => self.stray(&path, child.kind),
                Err(why) => {
                    self.found(&path, What::App(super::app::AppFault::BadName(why)));
                }
                Ok(app) => self.app_folder((name, &app), locks, &path)?,
            }
        }
        Ok(())
    }

    /// Whether some app belongs to the team, and whether there is such an app.
    pub(super) fn knows(&self, scope: &LockScope) -> bool {
        let team = |team: &TeamName| self.teams.contains(team);
        match scope {
            LockScope::Environment(_) => true,
            LockScope::Team(_, name) => team(name),
            LockScope::App(_, app) | LockScope::Manifest(_, app) => self.releases.contains_key(app),
        }
    }

    /// The locks in a folder of locks.
    pub(super) fn locks(&mut self, folder: &RepoPath) -> Result<()> {
        for child in self.children(folder)? {
            let path = folder.join(&child.name);
            match lock::of_path(&path) {
                Some(placed) => self.lock(&placed, &path, child.kind)?,
                None => self.stray(&path, child.kind),
            }
        }
        Ok(())
    }
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(fault) => fault.fmt(formatter),
            Self::Missing(name) => write!(
                formatter,
                "is missing: `{name}` has no upstream, no group and no files for Argo CD"
            ),
            Self::Lost(name, lost) => write!(
                formatter,
                "was taken away by commit {}: `{name}` has no upstream, no group and no files for Argo CD",
                lost.by()
            ),
            Self::EnvironmentLost(name, lost) => write!(
                formatter,
                "was taken away by commit {}, and Argo CD is still told of `{name}`; if it was meant to go, remove its files below `argocd` too",
                lost.by()
            ),
            Self::DescriptionLost(name, lost) => write!(
                formatter,
                "describes nothing for Argo CD since commit {}, and Argo CD is still told of `{name}`; if that was meant, remove its files below `argocd` too",
                lost.by()
            ),
            Self::UnknownKeys(_, keys) => {
                let keys: Vec<_> = keys.iter().map(|key| format!("`{}`", plain(key))).collect();
                write!(formatter, "has keys that nobody knows: {}", keys.join(", "))
            }
        }
    }
}

impl Told for ConfigFault {
    fn kind(&self) -> &'static str {
        match self {
            Self::Found(Fault::BadName(..)) => "environment-name",
            Self::Found(Fault::NoFolder(_)) => "no-environment",
            Self::Found(Fault::Upstream(_, NoUpstream::Unreadable(_)) | Fault::Config(..)) => {
                "config"
            }
            Self::Found(Fault::Upstream(..)) => "upstream",
            Self::Found(Fault::BadGroup(..)) => "group-name",
            Self::Found(Fault::GroupLikeEnvironment(..)) => "group-like-environment",
            Self::Found(Fault::UnequalGroup(..)) => "unequal-group",
            Self::Found(Fault::ProjectTwice(..)) => "project-twice",
            Self::Missing(_) | Self::Lost(..) => "config-missing",
            Self::EnvironmentLost(..) => "environment-gone",
            Self::DescriptionLost(..) => "config-without-argocd",
            Self::UnknownKeys(..) => "config-keys",
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Self::Found(
                Fault::Upstream(..)
                | Fault::Config(..)
                | Fault::BadGroup(..)
                | Fault::ProjectTwice(..),
            )
            | Self::Lost(..)
            | Self::EnvironmentLost(..)
            | Self::DescriptionLost(..) => Severity::Error,
            Self::Found(
                Fault::BadName(..)
                | Fault::NoFolder(_)
                | Fault::GroupLikeEnvironment(..)
                | Fault::UnequalGroup(..),
            )
            | Self::Missing(_)
            | Self::UnknownKeys(..) => Severity::Warning,
        }
    }

    fn mend(&self, path: &str) -> Mend {
        let update = |name: &EnvName, options: &str| {
            Mend::ByHand(format!("trainyard environment update {name} {options}"))
        };
        match self {
            Self::Found(fault) => match fault {
                Fault::NoFolder(path) if super::misplaced::is_leftover(path.name()) => Mend::Safe,
                Fault::BadName(..) | Fault::NoFolder(_) => removing(path),
                Fault::Upstream(name, NoUpstream::Unreadable(_)) | Fault::Config(name, _) => {
                    update(name, "--config FILE")
                }
                Fault::Upstream(name, _) => update(name, "--upstream ENV"),
                Fault::BadGroup(name, _) | Fault::GroupLikeEnvironment(name, _) => {
                    update(name, "--environment-group GROUP")
                }
                Fault::UnequalGroup(_, distances) => match distances.keys().next_back() {
                    Some(name) => update(name, "--environment-group GROUP"),
                    None => removing(path),
                },
                Fault::ProjectTwice(_, names) => match names.last() {
                    Some(name) => update(name, "--clear argocd"),
                    None => removing(path),
                },
            },
            Self::Missing(name) => update(name, "--upstream ENV"),
            Self::Lost(_, lost) | Self::EnvironmentLost(_, lost) => lost.mend(),
            Self::DescriptionLost(_, lost) if lost.is_as_it_was_left() => lost.mend(),
            // The rest of it may have changed since it was lost.
            Self::DescriptionLost(name, _) | Self::UnknownKeys(name, _) => {
                update(name, "--config FILE")
            }
        }
    }
}
