//! The history of a tree: what each commit changed, walked back from the latest one along the first parents.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::{PathShape, ReadTree, RepoPath};

/// A name and a mail address, as a commit holds them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signer {
    pub(crate) name: String,
    pub(crate) email: String,
}

/// What a commit says of itself. All of it is what somebody wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CommitFacts {
    /// Its id in hexadecimal digits.
    pub(crate) id: String,
    pub(crate) author: Signer,
    pub(crate) committer: Signer,
    /// When it was committed, in seconds since 1970.
    pub(crate) seconds: i64,
    pub(crate) message: String,
}

/// A commit on the way back.
pub(crate) struct Step<'a> {
    pub(crate) commit: CommitFacts,
    /// What it changed; `None` if what was before it is not here, as at the end of a shallow clone.
    pub(crate) changed: Option<Changed<'a>>,
}

/// What a commit changed against its first parent; the first of all commits against nothing.
pub(crate) struct Changed<'a> {
    pub(crate) before: Box<dyn ReadTree + 'a>,
    pub(crate) after: Box<dyn ReadTree + 'a>,
    /// The files, links and folders of the wanted shapes that differ. A folder differs if anything below it does.
    pub(crate) paths: BTreeSet<RepoPath>,
}

/// Since when something is as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// This commit made it so.
    Commit(CommitFacts),
    /// It was so at this commit already, and what was before it is not here.
    BeforeOrAt(CommitFacts),
}

impl Since {
    /// The commit that made it so, or at which it was so already.
    pub(crate) fn commit(&self) -> &CommitFacts {
        match self {
            Self::Commit(commit) | Self::BeforeOrAt(commit) => commit,
        }
    }
}

/// A tree whose history can be walked.
pub(crate) trait ReadPast {
    /// Every commit from the latest one back, with what it changed of these shapes. Without another step, the beginning is
    /// reached; after one that tells no changes there is none.
    fn steps<'a>(&'a self, shapes: &[PathShape])
    -> Box<dyn Iterator<Item = Result<Step<'a>>> + 'a>;

    /// Since when each of these paths has the entry that it has now, in one walk that goes no further back than it must. What
    /// is not there now is left out.
    fn since(&self, paths: &BTreeSet<RepoPath>) -> Result<BTreeMap<RepoPath, Since>>;
}
