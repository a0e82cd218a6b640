//! Exit codes, and how a failure is told: what is so, then what can be done.

use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;

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

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What can be done about what is broken in the repository.
pub(super) const MEND: &str = "mend it in the manifest repository, commit and push it";

/// A command line that cannot be meant.
#[derive(Debug)]
struct Usage(String);

impl fmt::Display for Usage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// The error of a command line that cannot be meant.
pub(super) fn usage(message: impl Into<String>) -> anyhow::Error {
    Usage(message.into()).into()
}

/// Tells an error on stderr.
pub(super) fn report(error: &anyhow::Error) -> Exit {
    let (exit, hint) = classified(error);
    let mut stderr = anstream::stderr();
    let bold = anstyle::AnsiColor::Red.on_default().bold();
    // Nothing can be done about a closed pipe; the exit code tells all the same.
    let _ = writeln!(
        stderr,
        "{bold}error{bold:#}: {}",
        clean(&format!("{error:#}"))
    );
    if let Some(hint) = hint {
        let bold = anstyle::Style::new().bold();
        let _ = writeln!(stderr, "{bold}hint{bold:#}: {}", clean(&hint));
    }
    exit
}

/// What can be done about an error.
pub(super) fn hint(error: &anyhow::Error) -> Option<String> {
    classified(error).1
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
    if error.is::<InvalidName>() || error.is::<Usage>() {
        return (Exit::Usage, None);
    }
    (Exit::Failed, None)
}
