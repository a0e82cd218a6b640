//! Exit codes, and how a failure is told: what is so, then what can be done.

use std::fmt;
use std::process::ExitCode;

use super::{github, output};
use crate::git::{Failure, FailureKind, clean};
use crate::plan::{Refusal, Unusable, key_meant};
use crate::report::NoNumber;
use crate::state::InvalidName;
use crate::state::config::ConfigError;
use crate::state::deployment::BrokenLink;
use crate::tree::Misplaced;

/// How a command ended; the codes are those of `docs/commands.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Refused = 3,
    Unknown = 4,
    RemoteRefused = 5,
    Invalid = 6,
    KeptMoving = 7,
    ChangesPending = 10,
}

impl Exit {
    pub(super) const ALL: [Self; 9] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::Refused,
        Self::Unknown,
        Self::RemoteRefused,
        Self::Invalid,
        Self::KeptMoving,
        Self::ChangesPending,
    ];

    /// What it means, in a few words; `docs/commands.md` has more.
    fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done, or nothing to do",
            Self::Failed => "failed, nothing happened",
            Self::Usage => "usage",
            Self::Refused => "refused by a rule",
            Self::Unknown => "unknown whether it landed, the next command settles it",
            Self::RemoteRefused => "the remote refused",
            Self::Invalid => "the repository is not valid",
            Self::KeptMoving => "the remote kept moving",
            Self::ChangesPending => {
                "changes pending (prognosis --detailed-exitcode), environments differ (diff --detailed-exitcode), or files out of step (render --check)"
            }
        }
    }

    /// All of them in one sentence.
    pub(super) fn all_in_a_line() -> String {
        format!("Exit codes: {}.", Self::ALL.map(Self::told).join("; "))
    }

    /// The code and what it means.
    pub(super) fn told(self) -> String {
        format!("{} {}", self as u8, self.meaning())
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What can be done about what is broken in the repository.
pub(super) const MEND: &str = "mend it in the manifest repository, commit and push it";

/// A command line that cannot be meant.
#[derive(Debug)]
struct Usage {
    message: String,
    /// What could be meant.
    hint: Option<String>,
}

impl fmt::Display for Usage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Usage {}

/// The error of a command line that cannot be meant.
pub(super) fn usage(message: impl Into<String>) -> anyhow::Error {
    usage_with(message, None)
}

/// The same, with what could be meant.
pub(super) fn usage_with(message: impl Into<String>, hint: Option<String>) -> anyhow::Error {
    let message = message.into();
    Usage { message, hint }.into()
}

/// Tells an error on stderr.
pub(super) fn report(error: &anyhow::Error) -> Exit {
    let (exit, hint) = classified(error);
    let (message, hint) = (clean(&format!("{error:#}")), hint.as_deref().map(clean));
    if github::is_on() {
        github::failed(exit, &message, hint.as_deref());
        return exit;
    }
    let bold = anstyle::AnsiColor::Red.on_default().bold();
    output::say(&format!("{bold}error{bold:#}: {message}"));
    if let Some(hint) = hint {
        let bold = anstyle::Style::new().bold();
        output::say(&format!("{bold}hint{bold:#}: {hint}"));
    }
    exit
}

/// What can be done about an error.
pub(super) fn hint(error: &anyhow::Error) -> Option<String> {
    classified(error).1
}

/// The exit code of an error.
#[cfg(test)]
pub(super) fn of(error: &anyhow::Error) -> Exit {
    classified(error).0
}

fn classified(error: &anyhow::Error) -> (Exit, Option<String>) {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        let exit = match failure.kind {
            FailureKind::Failed => Exit::Failed,
            FailureKind::Usage => Exit::Usage,
            FailureKind::Refused => Exit::Refused,
            FailureKind::Unknown => Exit::Unknown,
            FailureKind::RemoteRefused => Exit::RemoteRefused,
            FailureKind::Invalid => Exit::Invalid,
            FailureKind::KeptMoving => Exit::KeptMoving,
        };
        return (exit, failure.hint.clone());
    }
    if let Some(refusal) = error.downcast_ref::<Refusal>() {
        return (Exit::Refused, refusal.hint());
    }
    if let Some(unusable) = error.downcast_ref::<Unusable>() {
        return (Exit::Invalid, Some(unusable.hint().to_owned()));
    }
    if let Some(config) = error.downcast_ref::<ConfigError>() {
        let meant = key_meant(&config.why).map(|meant| format!("{meant} {MEND}"));
        return (
            Exit::Invalid,
            Some(meant.unwrap_or_else(|| MEND.to_owned())),
        );
    }
    let invalid = error.is::<BrokenLink>() || error.is::<Misplaced>() || error.is::<NoNumber>();
    if invalid {
        return (Exit::Invalid, Some(MEND.to_owned()));
    }
    if let Some(usage) = error.downcast_ref::<Usage>() {
        return (Exit::Usage, usage.hint.clone());
    }
    if error.is::<InvalidName>() {
        return (Exit::Usage, None);
    }
    (Exit::Failed, None)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_docs_tell_every_exit_code_and_no_other() {
        let page = include_str!("../../docs/commands.md");
        let rows = page
            .lines()
            .skip_while(|line| *line != "| code | meaning |");
        let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
        let told: Vec<u8> = rows
            .map(|row| row.split('|').nth(1).unwrap().trim().parse().unwrap())
            .collect();
        assert_eq!(told, Exit::ALL.map(|exit| exit as u8));
        let meanings: BTreeSet<_> = Exit::ALL.iter().map(|exit| exit.meaning()).collect();
        assert_eq!(meanings.len(), Exit::ALL.len());
    }
}
