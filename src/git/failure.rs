//! What can go wrong between us and git, with its place among the exit codes.

use std::fmt;

/// A failure that somebody branches on: the kind decides the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// What is so; one sentence, perhaps with git's own words on lines of their own.
    pub(crate) message: String,
    /// What can be done.
    pub(crate) hint: Option<String>,
}

/// The kinds of failure. Unless it is `Unknown`, nothing has happened and nothing will: what is open is told as `Unknown`, whatever
/// else is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// Something is missing or does not answer.
    Failed,
    /// The command line does not fit this checkout.
    Usage,
    /// The state of the checkout forbids it.
    Refused,
    /// Nobody can tell whether the change landed, or an earlier run of the command has landed and this one has not.
    Unknown,
    /// The remote said no.
    RemoteRefused,
    /// The folder holds nothing that we can work on.
    Invalid,
    /// Others were always faster.
    KeptMoving,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
        }
    }

    /// Nobody can tell whether the change landed; the same command can.
    pub(super) fn unknown(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Unknown, message)
            .hint("run the same command again, here and within a quarter of an hour: it finds out, and does nothing twice")
    }

    /// The same while something is in the way of finding out.
    pub(super) fn still_unknown(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Unknown, message).hint(
            "run the same command again, once that is settled, here and within a quarter of an hour: it finds out, and does nothing twice",
        )
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// A push of this command is open, perhaps of when it was interrupted, and now this is in its way.
pub(crate) fn still_open(error: anyhow::Error) -> anyhow::Error {
    unless_unknown(error, |error| {
        Failure::still_unknown(format!(
            "what became of an earlier push of this command is still unknown: {error:#}"
        ))
    })
}

/// An earlier run of this command has landed; others have moved on since, and this is why it could not be done again. What has landed
/// is no failure.
pub(crate) fn not_again(error: anyhow::Error) -> anyhow::Error {
    unless_unknown(error, |error| {
        let message = format!(
            "an earlier run of this command has landed, others have moved on since, and it could not be done again: {error:#}"
        );
        Failure::new(FailureKind::Unknown, message)
            .hint("run the same command again, once that is settled")
    })
}

/// What becomes of an error that does not say by itself that the end is unknown.
fn unless_unknown(
    error: anyhow::Error,
    told: impl FnOnce(&anyhow::Error) -> Failure,
) -> anyhow::Error {
    match error.downcast_ref::<Failure>() {
        Some(failure) if failure.kind == FailureKind::Unknown => error,
        _ => told(&error).into(),
    }
}

/// What went wrong, and what can be done, in one line.
pub(super) fn with_hint(error: &anyhow::Error) -> String {
    match error.downcast_ref::<Failure>() {
        Some(Failure {
            message,
            hint: Some(hint),
            ..
        }) => format!("{message} ({hint})"),
        _ => format!("{error:#}"),
    }
}
