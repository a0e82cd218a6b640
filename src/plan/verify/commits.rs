//! Commit data: that it belongs to releases, leads somewhere, and can be read.

use std::fmt;

use anyhow::Result;

use super::fault::{Mend, Severity, Told, What, removing};
use super::look::Look;
use super::misplaced::{BadText, Misplaced};
use crate::state::commits::{self, Part};
use crate::state::{AppName, CommitId, plain};
use crate::tree::{Kind, RepoPath};

/// What is wrong with commit data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CommitFault {
    /// The names of the folders are those of no commit.
    NoCommit,
    /// Nothing was built from the commit.
    NoApps,
    /// It names a commit of which nothing is kept.
    Neighbour(String),
    /// No release of the app was built from the commit, or none is left.
    Orphan(AppName),
    /// It is no event.
    NoEvent(String),
}

impl Look<'_> {
    /// Everything below the folder of commit data.
    pub(super) fn commit_data(&mut self) -> Result<()> {
        let root = commits::root();
        for first in self.children(&root)? {
            let folder = root.join(&first.name);
            if first.kind != Kind::Directory {
                self.stray(&folder, first.kind);
                continue;
            }
            for rest in self.children(&folder)? {
                let path = folder.join(&rest.name);
                match commits::of_folders(&first.name, &rest.name) {
                    _ if rest.kind != Kind::Directory => self.stray(&path, rest.kind),
                    None => self.found(&path, What::Commit(CommitFault::NoCommit)),
                    Some(commit) => self.commit(&commit, &path)?,
                }
            }
        }
        Ok(())
    }

    fn commit(&mut self, commit: &CommitId, folder: &RepoPath) -> Result<()> {
        let (mut apps, mut told) = (false, false);
        for child in self.children(folder)? {
            let path = folder.join(&child.name);
            let part = commits::part(&child.name);
            match part {
                Some(Part::Keep) => self.keeper(&path, child.kind)?,
                Some(Part::Message) => {
                    told = true;
                    self.text(&path, child.kind, |_| None)?;
                }
                Some(Part::Neighbour) => self.neighbour(commit, &path, child.kind)?,
                Some(Part::Applications | Part::Events)
                    if !self.is_of(&path, child.kind, Kind::Directory) => {}
                Some(Part::Applications) => {
                    apps = true;
                    self.apps_of_commit(commit, &path)?;
                }
                Some(Part::Events) => self.events(&path)?,
                None => self.stray(&path, child.kind),
            }
        }
        if !apps {
            self.found(folder, What::Commit(CommitFault::NoApps));
        }
        if !told {
            self.misplaced(&commits::message_path(commit), Misplaced::Missing);
        }
        Ok(())
    }

    fn keeper(&mut self, path: &RepoPath, kind: Kind) -> Result<()> {
        self.text(path, kind, |text| {
            (!text.is_empty()).then_some(BadText::NotEmpty)
        })
    }

    fn neighbour(&mut self, commit: &CommitId, path: &RepoPath, kind: Kind) -> Result<()> {
        let Some(text) = self.small(path, kind)? else {
            return Ok(());
        };
        let known = match CommitId::found(&text) {
            Some(other) => other != *commit && commits::has(self.tree, &other)?,
            None => false,
        };
        if !known {
            self.found(path, What::Commit(CommitFault::Neighbour(text)));
        }
        Ok(())
    }

    fn apps_of_commit(&mut self, commit: &CommitId, folder: &RepoPath) -> Result<()> {
        for child in self.children(folder)? {
            let home = folder.join(&child.name);
            let (Ok(app), Kind::Directory) = (child.name.parse::<AppName>(), child.kind) else {
                self.stray(&home, child.kind);
                continue;
            };
            for child in self.children(&home)? {
                let path = home.join(&child.name);
                if commits::is_keeper(&child.name) {
                    self.keeper(&path, child.kind)?;
                } else {
                    self.stray(&path, child.kind);
                }
            }
            if !self.commits.contains(&(commit.clone(), app.clone())) {
                self.found(&home, What::Commit(CommitFault::Orphan(app)));
            }
        }
        Ok(())
    }

    fn events(&mut self, folder: &RepoPath) -> Result<()> {
        for child in self.children(folder)? {
            let path = folder.join(&child.name);
            if child.kind != Kind::Directory {
                self.stray(&path, child.kind);
                continue;
            }
            self.event_files(&path)?;
            if let Some(why) = commits::lacks_as_event(self.tree, &path)? {
                self.found(&path, What::Commit(CommitFault::NoEvent(why)));
            }
        }
        Ok(())
    }

    /// The files of an event, whatever they say.
    fn event_files(&mut self, folder: &RepoPath) -> Result<()> {
        for child in self.children(folder)? {
            let path = folder.join(&child.name);
            match commits::event_part(&child.name) {
                Some(Kind::Directory) => {
                    if self.is_of(&path, child.kind, Kind::Directory) {
                        self.environments_of_event(&path)?;
                    }
                }
                Some(_) => self.text(&path, child.kind, |_| None)?,
                None => self.stray(&path, child.kind),
            }
        }
        Ok(())
    }

    fn environments_of_event(&mut self, folder: &RepoPath) -> Result<()> {
        for child in self.children(folder)? {
            let path = folder.join(&child.name);
            if commits::is_keeper(&child.name) {
                self.keeper(&path, child.kind)?;
            } else if child.kind == Kind::Directory
                && child.name.parse::<crate::state::EnvName>().is_ok()
            {
                self.environments_of_event(&path)?;
            } else {
                self.stray(&path, child.kind);
            }
        }
        Ok(())
    }
}

impl fmt::Display for CommitFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCommit => formatter
                .write_str("is not named after a commit: 2 digits, and below them the other 38"),
            Self::NoApps => formatter.write_str("tells of a commit from which no app was built"),
            Self::Neighbour(text) => {
                let short: String = text.chars().take(50).collect();
                write!(
                    formatter,
                    "names `{}`, and nothing is kept about such a commit",
                    plain(&short)
                )
            }
            Self::Orphan(app) => write!(
                formatter,
                "no release of `{app}` that was built from this commit is left"
            ),
            Self::NoEvent(why) => write!(formatter, "is no event: {why}"),
        }
    }
}

impl Told for CommitFault {
    fn kind(&self) -> &'static str {
        match self {
            Self::NoCommit => "commit-name",
            Self::NoApps => "commit-without-apps",
            Self::Neighbour(_) => "commit-neighbour",
            Self::Orphan(_) => "commit-without-release",
            Self::NoEvent(_) => "commit-event",
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Self::NoCommit | Self::NoApps | Self::Neighbour(_) | Self::NoEvent(_) => {
                Severity::Warning
            }
            Self::Orphan(_) => Severity::Note,
        }
    }

    fn mend(&self, path: &str) -> Mend {
        match self {
            // The clean-up does the same when the data of a commit goes.
            Self::Neighbour(_) => Mend::Safe,
            Self::NoCommit | Self::NoApps | Self::Orphan(_) | Self::NoEvent(_) => removing(path),
        }
    }
}
