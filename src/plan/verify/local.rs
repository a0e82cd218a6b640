//! What is wrong in this clone alone: what commands left in its git folder that were killed.

use std::fmt;

use super::fault::{Fault, Mend, Severity, Told, What, quoted};
use crate::state::plain;

/// What is left in a git folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LocalFault {
    /// A push of this branch whose end nobody has seen.
    Push,
    /// A push of another remote or branch, or one that cannot be read.
    OtherPush,
    /// A checkout that is half way to a commit.
    Move,
    /// What a journal was being written into.
    Draft,
    /// A ref that holds what was fetched.
    Ref,
    /// A lock of git that is old; how many minutes.
    GitLock(u64),
    /// A ref of the remote under which an operation waits to be published.
    Waiting { remote: String },
}

impl LocalFault {
    /// The fault at this path in the git folder.
    pub(crate) fn at(self, path: String) -> Fault {
        Fault {
            path,
            what: What::Local(self),
        }
    }
}

impl fmt::Display for LocalFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Push => formatter.write_str(
                "a command was killed during its push; the next one that changes something settles it",
            ),
            Self::OtherPush => formatter.write_str(
                "a command was killed during its push to another branch or remote; the next one there settles it",
            ),
            Self::Move => formatter.write_str(
                "a command was killed while it brought the checkout along; the next one that changes something finishes it",
            ),
            Self::Draft => formatter.write_str("a command was killed while it wrote its journal"),
            Self::Ref => formatter.write_str("a command was killed while it read what it had fetched"),
            Self::Waiting { remote } => write!(
                formatter,
                "an operation waits at `{}` to be published; if nobody runs it any longer, its command was killed",
                plain(remote)
            ),
            Self::GitLock(minutes) => write!(
                formatter,
                "a lock of git that is {minutes} minutes old: if no git is running, one was killed"
            ),
        }
    }
}

impl Told for LocalFault {
    fn kind(&self) -> &'static str {
        match self {
            Self::Push | Self::OtherPush => "journal",
            Self::Move => "checkout-half-way",
            Self::Draft => "journal-draft",
            Self::Ref => "fetched-ref",
            Self::GitLock(_) => "git-lock",
            Self::Waiting { .. } => "waiting-operation",
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Self::Push | Self::OtherPush | Self::Move | Self::GitLock(_) => Severity::Warning,
            Self::Draft | Self::Ref | Self::Waiting { .. } => Severity::Note,
        }
    }

    fn mend(&self, path: &str) -> Mend {
        match self {
            Self::Push | Self::Move | Self::Draft | Self::Ref => Mend::Safe,
            Self::OtherPush => {
                Mend::ByHand("trainyard verify --fix --remote REMOTE --branch BRANCH".to_owned())
            }
            Self::GitLock(_) => Mend::ByHand(format!("rm {}", quoted(path))),
            Self::Waiting { remote } => Mend::ByHand(format!(
                "git push -q {} --delete {}",
                quoted(remote),
                quoted(path)
            )),
        }
    }
}
