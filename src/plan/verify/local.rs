//! What is wrong in this clone alone: what commands left in its git folder that were killed.

use std::fmt;

use super::fault::{Fault, Mend, Severity, Told, What};
use crate::state::plain;
use crate::state::quoted;

/// What is left in a git folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LocalFault {
    /// A push of this branch whose end nobody has seen.
    Push,
    /// The same, while the branch stands where it stood before.
    OpenPush,
    /// A push of another branch or remote; the options that name them, if they are known.
    OtherPush(Option<Elsewhere>),
    /// A checkout that is half way to a commit.
    Move,
    /// The same of another branch.
    OtherMove(String),
    /// A journal that nobody can read.
    Damaged,
    /// What a journal was being written into.
    Draft,
    /// A ref that holds what was fetched.
    Ref,
    /// A lock of git that is old; how many minutes.
    GitLock(u64),
    /// A ref of the remote under which an operation waits to be published.
    Waiting { remote: String },
}

/// Another branch, perhaps of another remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Elsewhere {
    /// `None` for changes that stay in this clone.
    pub(crate) remote: Option<String>,
    pub(crate) branch: String,
}

impl LocalFault {
    /// The fault at this path in the git folder.
    pub(crate) fn at(self, path: String) -> Fault {
        Fault::at(path, What::Local(self))
    }
}

impl fmt::Display for LocalFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Push => formatter.write_str(
                "a command was killed during its push; the next one that changes something settles it",
            ),
            Self::OpenPush => formatter.write_str(
                "a command was killed during its push, which may still land; the same command again settles it, as does the next one that changes something",
            ),
            Self::OtherPush(_) => formatter.write_str(
                "a command was killed during its push to another branch or remote; the next one there settles it",
            ),
            Self::Damaged => formatter.write_str(
                "a journal that is damaged, or of a newer trainyard: `git log` shows whether the last change landed",
            ),
            Self::OtherMove(branch) => write!(
                formatter,
                "a command was killed while it brought the checkout of `{}` along; the next one there that changes something finishes it",
                plain(branch)
            ),
            Self::Move => formatter.write_str(
                "a command was killed while it brought the checkout along; the next one that changes something finishes it",
            ),
            Self::Draft => formatter.write_str("a command was killed while it wrote its journal"),
            Self::Ref => formatter.write_str("a command was killed while it read what it had fetched"),
            Self::Waiting { remote } => write!(
                formatter,
                "an operation waits at `{}` to be published, or was killed there and is kept out; nobody needs it when it is half an hour old",
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
            Self::Push | Self::OpenPush | Self::OtherPush(_) => "journal",
            Self::Damaged => "journal-damaged",
            Self::Move | Self::OtherMove(_) => "checkout-half-way",
            Self::Draft => "journal-draft",
            Self::Ref => "fetched-ref",
            Self::GitLock(_) => "git-lock",
            Self::Waiting { .. } => "waiting-operation",
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Self::Push
            | Self::OpenPush
            | Self::OtherPush(_)
            | Self::Move
            | Self::OtherMove(_)
            | Self::Damaged
            | Self::GitLock(_) => Severity::Warning,
            Self::Draft | Self::Ref | Self::Waiting { .. } => Severity::Note,
        }
    }

    fn mend(&self, path: &str) -> Mend {
        match self {
            Self::Push | Self::Move | Self::Draft | Self::Ref => Mend::Safe,
            Self::OpenPush => Mend::ByHand("trainyard COMMAND".to_owned()),
            Self::OtherPush(None) => {
                Mend::ByHand("trainyard verify --fix --remote REMOTE --branch BRANCH".to_owned())
            }
            Self::OtherPush(Some(Elsewhere { remote, branch })) => {
                let remote = match remote {
                    Some(remote) => format!("--remote {}", quoted(remote)),
                    None => "--no-push".to_owned(),
                };
                let branch = quoted(branch);
                Mend::ByHand(format!("trainyard verify --fix {remote} --branch {branch}"))
            }
            Self::OtherMove(branch) => Mend::ByHand(format!(
                "trainyard verify --fix --branch {}",
                quoted(branch)
            )),
            Self::GitLock(_) | Self::Damaged => Mend::ByHand(format!("rm {}", quoted(path))),
            Self::Waiting { remote } => Mend::ByHand(format!(
                "git push -q {} --delete {}",
                quoted(remote),
                quoted(path)
            )),
        }
    }
}
