//! Apps: their folders, their teams, and that each has releases.

use std::fmt;

use anyhow::Result;

use super::fault::{Mend, Severity, Told, What, removing};
use super::look::Look;
use super::misplaced::{BadText, Misplaced};
use crate::state::release::{self, AppPart};
use crate::state::{AppName, InvalidName, TeamName};
use crate::tree::{Kind, RepoPath};

/// What is wrong with an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AppFault {
    /// Its name breaks the rules, so that it is passed over.
    BadName(InvalidName),
    /// Its name is longer than this repository allows.
    LongName,
    /// It has no releases.
    NoReleases(AppName),
}

impl Look<'_> {
    /// Everything below the folder of the apps.
    pub(super) fn apps(&mut self) -> Result<()> {
        let root = release::root();
        for child in self.children(&root)? {
            let path = root.join(&child.name);
            match child.name.parse::<AppName>() {
                _ if child.kind != Kind::Directory => self.stray(&path, child.kind),
                Err(why) => self.found(&path, What::App(AppFault::BadName(why))),
                Ok(app) => self.app(&app, &path)?,
            }
        }
        self.unknown_environments();
        Ok(())
    }

    fn app(&mut self, app: &AppName, folder: &RepoPath) -> Result<()> {
        self.counts.apps += 1;
        if app.as_ref().len() > AppName::MOST_BYTES && !self.ground.options.allow_long_app_names {
            self.found(folder, What::App(AppFault::LongName));
        }
        self.releases.insert(app.clone(), Vec::new());
        for child in self.children(folder)? {
            let path = folder.join(&child.name);
            match release::app_part(&child.name) {
                Some(AppPart::Team) => self.team(&path, child.kind)?,
                Some(AppPart::Releases) => {
                    if self.is_of(&path, child.kind, Kind::Directory) {
                        self.releases_of(app, &path)?;
                    }
                }
                Some(AppPart::SourceRepoUrl) => self.text(&path, child.kind, |_| None)?,
                None => self.stray(&path, child.kind),
            }
        }
        if self.releases[app].is_empty() {
            self.found(folder, What::App(AppFault::NoReleases(app.clone())));
        }
        Ok(())
    }

    fn team(&mut self, path: &RepoPath, kind: Kind) -> Result<()> {
        let Some(text) = self.small(path, kind)? else {
            return Ok(());
        };
        let name = text.trim();
        let bad = match name.parse::<TeamName>() {
            _ if name.is_empty() => Some(BadText::Empty),
            Err(_) => Some(BadText::NoTeam),
            Ok(_) => None,
        };
        if let Some(bad) = bad {
            self.misplaced(path, Misplaced::BadText(bad));
        }
        if !name.is_empty() {
            self.teams.insert(TeamName::found(name));
        }
        Ok(())
    }
}

impl fmt::Display for AppFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadName(why) => write!(formatter, "{why}; the app is passed over"),
            Self::LongName => write!(
                formatter,
                "has a name of more than {} bytes, and `allowLongAppNames` is off",
                AppName::MOST_BYTES
            ),
            Self::NoReleases(app) => write!(formatter, "the app `{app}` has no releases"),
        }
    }
}

impl Told for AppFault {
    fn kind(&self) -> &'static str {
        match self {
            Self::BadName(_) => "app-name",
            Self::LongName => "app-name-length",
            Self::NoReleases(_) => "app-without-releases",
        }
    }

    fn severity(&self) -> Severity {
        Severity::Warning
    }

    fn mend(&self, path: &str) -> Mend {
        match self {
            Self::BadName(_) => removing(path),
            Self::LongName => Mend::ByHand(
                "echo 'allowLongAppNames: true' >> trainyard.yaml && git add trainyard.yaml && git commit -qm 'allow long names of apps' -- trainyard.yaml && git push"
                    .to_owned(),
            ),
            Self::NoReleases(app) => Mend::ByHand(format!("trainyard app delete -a {app}")),
        }
    }
}
