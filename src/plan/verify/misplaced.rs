//! What does not belong where it stands, or is missing there: the faults that files and folders of every noun can have.

use std::fmt;

use super::fault::{Mend, Severity, Told, removing, removing_all, renaming, restoring};
use super::lost::Lost;
use crate::state::plain;
use crate::state::quoted;
use crate::tree::Kind;

/// What is wrong with an entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Misplaced {
    /// A file that can be executed.
    Executable,
    /// A folder without anything in it.
    EmptyFolder,
    /// A name that is no clean path component, so that it is passed over everywhere. With the pattern that finds it.
    BadName(String),
    /// A commit of another repository.
    Submodule,
    /// Another entry of the folder has the same name but for case: not every file system can hold both.
    SameButForCase(String),
    /// It is something else than what belongs there.
    WrongKind { wanted: Kind, found: Kind },
    /// It is this, and was a folder.
    InPlaceOfFolder(Kind, Lost),
    /// It is missing, and whoever reads it takes it for empty.
    Missing,
    /// It does not hold what belongs there.
    BadText(BadText),
    /// Nobody knows it.
    Stray,
    /// It was left by a program that lists folders, or by an editor that was killed.
    Leftover,
    /// It was left by kuberpult v13 or later.
    OfLaterKuberpult,
}

/// What is wrong with the text of a small file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadText {
    Empty,
    NotEmpty,
    NoUtf8,
    NoInstant,
    NoCommit,
    NoTeam,
    NoDisplayVersion,
}

impl fmt::Display for BadText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "is empty",
            Self::NotEmpty => "is a mark and should be empty",
            Self::NoUtf8 => "is no text in UTF-8",
            Self::NoInstant => "holds no instant",
            Self::NoCommit => "holds no commit id of 40 digits in lower case",
            Self::NoTeam => "holds no name of a team",
            Self::NoDisplayVersion => "holds no display version of 1 to 15 bytes",
        })
    }
}

/// Files that programs put into every folder that they show, or that an editor keeps while it is open.
pub(super) fn is_leftover(name: &str) -> bool {
    matches!(
        name,
        ".DS_Store" | "Thumbs.db" | "desktop.ini" | ".directory"
    ) || name.starts_with("._")
        || (name.starts_with('.') && [".swp", ".swo"].iter().any(|end| name.ends_with(end)))
}

fn what(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "a file",
        Kind::Symlink => "a symbolic link",
        Kind::Directory => "a folder",
        Kind::Submodule => "a submodule",
    }
}

impl fmt::Display for Misplaced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Executable => formatter.write_str("is executable; every file has mode 100644"),
            Self::EmptyFolder => formatter.write_str("is an empty folder"),
            Self::BadName(_) => formatter
                .write_str("has a name that git cannot check out everywhere; it is passed over"),
            Self::Submodule => formatter.write_str("is a submodule, which nothing here reads"),
            Self::SameButForCase(other) => write!(
                formatter,
                "differs from `{}` in case only: some file systems hold only one of them",
                plain(other)
            ),
            Self::WrongKind { wanted, found } => {
                write!(
                    formatter,
                    "is {}, where {} belongs",
                    what(*found),
                    what(*wanted)
                )
            }
            Self::InPlaceOfFolder(found, lost) => write!(
                formatter,
                "is {}, and was a folder until commit {}",
                what(*found),
                lost.by()
            ),
            Self::Missing => formatter.write_str("is missing"),
            Self::BadText(bad) => bad.fmt(formatter),
            Self::Stray => formatter.write_str("does not belong here and is passed over"),
            Self::Leftover => formatter.write_str("was left by another program"),
            Self::OfLaterKuberpult => {
                formatter.write_str("was left by kuberpult v13 or later and is passed over")
            }
        }
    }
}

impl Told for Misplaced {
    fn kind(&self) -> &'static str {
        match self {
            Self::Executable => "executable-file",
            Self::EmptyFolder => "empty-folder",
            Self::BadName(_) => "unreadable-name",
            Self::Submodule => "submodule",
            Self::SameButForCase(_) => "same-but-for-case",
            Self::WrongKind { .. } | Self::InPlaceOfFolder(..) => "wrong-kind",
            Self::Missing => "missing-file",
            Self::BadText(_) => "bad-text",
            Self::Stray => "stray",
            Self::Leftover => "leftover",
            Self::OfLaterKuberpult => "later-kuberpult",
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Self::Submodule
            | Self::WrongKind { .. }
            | Self::InPlaceOfFolder(..)
            | Self::BadName(_) => Severity::Error,
            Self::Executable
            | Self::SameButForCase(_)
            | Self::Missing
            | Self::Stray
            | Self::Leftover => Severity::Warning,
            Self::BadText(bad) => match bad {
                // Other writers keep them so, and nothing depends on them.
                BadText::NoCommit | BadText::Empty | BadText::NotEmpty => Severity::Note,
                BadText::NoUtf8
                | BadText::NoInstant
                | BadText::NoTeam
                | BadText::NoDisplayVersion => Severity::Warning,
            },
            Self::EmptyFolder | Self::OfLaterKuberpult => Severity::Note,
        }
    }

    fn mend(&self, path: &str) -> Mend {
        match self {
            Self::Executable | Self::EmptyFolder | Self::Leftover => Mend::Safe,
            Self::BadName(pattern) => removing_all(&quoted(pattern)),
            Self::SameButForCase(_) => renaming(path),
            Self::Submodule
            | Self::Stray
            | Self::OfLaterKuberpult
            | Self::WrongKind {
                wanted: Kind::Directory,
                ..
            } => removing(path),
            Self::InPlaceOfFolder(_, lost) => lost.mend(),
            Self::WrongKind { .. } | Self::Missing | Self::BadText(_) => restoring(path),
        }
    }
}
