//! Locks: that each can be read, and is about something.

use std::fmt;

use anyhow::Result;

use super::fault::{Mend, Severity, Told, What, removing, renaming};
use super::look::Look;
use crate::plan::unlock_command;
use crate::state::lock::{self, Part};
use crate::state::{InvalidName, LockId, LockScope, Moment};
use crate::tree::{Kind, RepoPath};

/// What is wrong with a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LockFault {
    /// It is no folder, and so no lock: it holds nothing back.
    NoFolder,
    /// No command can name it.
    BadId(InvalidName),
    /// A file of it is missing: it is taken for empty.
    Missing(LockScope, LockId),
    /// Nobody knows when it was placed.
    NoInstant(LockScope, LockId),
    /// There is no such app, or no app of that team.
    AboutNothing(LockScope, LockId),
}

impl Look<'_> {
    /// A lock.
    pub(super) fn lock(
        &mut self,
        (scope, id): &(LockScope, LockId),
        folder: &RepoPath,
        kind: Kind,
    ) -> Result<()> {
        if kind != Kind::Directory {
            if super::misplaced::is_leftover(folder.name()) {
                self.stray(folder, kind);
            } else {
                self.found(folder, What::Lock(LockFault::NoFolder));
            }
            return Ok(());
        }
        self.counts.locks += 1;
        if let Err(why) = id.as_ref().parse::<LockId>() {
            self.found(folder, What::Lock(LockFault::BadId(why)));
        }
        if !self.knows(scope) {
            let fault = LockFault::AboutNothing(scope.clone(), id.clone());
            self.found(folder, What::Lock(fault));
        }
        let mut parts = Vec::new();
        for child in self.children(folder)? {
            let path = folder.join(&child.name);
            let Some(part) = lock::part(&child.name) else {
                self.stray(&path, child.kind);
                continue;
            };
            parts.push(part);
            let text = self.small(&path, child.kind)?;
            let dated = text.map(|text| Moment::parse(&text).is_ok());
            if part == Part::CreatedAt && dated == Some(false) {
                let fault = LockFault::NoInstant(scope.clone(), id.clone());
                self.found(&path, What::Lock(fault));
            }
        }
        for (part, name) in Part::NEEDED {
            if !parts.contains(&part) {
                let fault = LockFault::Missing(scope.clone(), id.clone());
                self.found(&folder.join(name), What::Lock(fault));
            }
        }
        Ok(())
    }
}

/// The command that places a lock anew.
fn placing(scope: &LockScope, id: &LockId, path: &str) -> Mend {
    if id.as_ref().parse::<LockId>().is_err() {
        return super::fault::restoring(path);
    }
    // It names the same place as the command that removes it.
    let unlock = unlock_command(&scope.into(), id);
    Mend::ByHand(format!(
        "{} -m MESSAGE",
        unlock.replacen("unlock", "lock", 1)
    ))
}

impl fmt::Display for LockFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFolder => {
                formatter.write_str("is no folder, and so no lock: it holds nothing back")
            }
            Self::BadId(why) => write!(formatter, "{why}; no command can remove it"),
            Self::Missing(..) => formatter.write_str("is missing, and taken for empty"),
            Self::NoInstant(..) => {
                formatter.write_str("holds no instant: nobody knows how old the lock is")
            }
            Self::AboutNothing(LockScope::Team(_, team), _) => {
                write!(
                    formatter,
                    "locks the team `{team}`, to which no app belongs"
                )
            }
            Self::AboutNothing(scope, _) => {
                write!(formatter, "locks {scope}, and there is no such app")
            }
        }
    }
}

impl Told for LockFault {
    fn kind(&self) -> &'static str {
        match self {
            Self::NoFolder => "lock-no-folder",
            Self::BadId(_) => "lock-id",
            Self::Missing(..) => "lock-incomplete",
            Self::NoInstant(..) => "lock-instant",
            Self::AboutNothing(..) => "lock-about-nothing",
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Self::NoFolder => Severity::Error,
            Self::BadId(_) | Self::Missing(..) | Self::NoInstant(..) => Severity::Warning,
            Self::AboutNothing(..) => Severity::Note,
        }
    }

    fn mend(&self, path: &str) -> Mend {
        match self {
            Self::NoFolder => removing(path),
            Self::BadId(_) => renaming(path),
            Self::Missing(scope, id) | Self::NoInstant(scope, id) => placing(scope, id, path),
            Self::AboutNothing(scope, id) => match id.as_ref().parse::<LockId>() {
                Ok(_) => Mend::ByHand(unlock_command(&scope.into(), id)),
                Err(_) => removing(path),
            },
        }
    }
}
