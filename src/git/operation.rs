//! An operation on its way: what makes it the same one again, its plan, and what became of it.

use anyhow::Result;
use git2::Oid;

use super::commit::UnpushedCommit;
use super::journal::{FORM, Pending};
use super::remote::Remote;
use super::tag::UnpushedTag;
use super::worktree::WorkTree;
use super::{Signature, Snapshot};
use crate::tree::ChangeSet;

/// Who does what, and when: all that makes the same plan the same commit.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) id: String,
    /// What was asked for, and by whom, without the time.
    pub(crate) request: String,
    pub(crate) instant: String,
    /// When this command began, in seconds since 1970: later than the instant, where it repeats one that was interrupted.
    pub(crate) now: i64,
    /// Whether doing it twice differs from doing it once.
    pub(crate) counts: bool,
    pub(crate) author: Signature,
    pub(crate) committer: Signature,
    /// The name of a tag that goes along with the commit.
    pub(crate) tag: Option<String>,
    /// The operation as text, for another trainyard to do it; `None` if only this command can.
    pub(crate) letter: Option<String>,
    /// The line by which the message of its commit tells an operation with this id.
    pub(crate) mark: fn(&str) -> String,
}

/// What somebody else's operation makes of a snapshot.
pub(crate) struct Other {
    pub(crate) changes: ChangeSet,
    pub(crate) message: String,
    pub(crate) author: Signature,
}

/// Plans somebody else's operation on a snapshot, from its id and the text that it waits as. Whatever it fails for, that operation
/// is left to the one who asked for it.
pub(crate) type StandIn<'a> = dyn Fn(&Snapshot, &str, &str) -> Result<Other> + 'a;

/// Which operations wait on the remote, for one command to publish all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Combining {
    Never,
    /// Those that lost a race.
    AfterALostRace,
    /// All of them, without a try of their own before.
    Always,
}

/// A plan on one snapshot.
pub(crate) struct Planned<O> {
    pub(crate) changes: ChangeSet,
    pub(crate) message: String,
    pub(crate) outcome: O,
    /// What the repository wants to go together.
    pub(crate) combining: Combining,
}

/// What became of a plan.
pub(crate) enum Published<O> {
    /// The tree stays as it is.
    NothingToDo(O),
    /// The same command was killed after its change had landed, and others have moved on since: it is to be planned afresh,
    /// as an operation of its own.
    MovedOn,
    /// The commit is in the history.
    Landed {
        outcome: O,
        commit: String,
        /// The remote, or `None` if the local branch is all there is.
        remote: Option<String>,
        work_tree: WorkTree,
        /// How many operations of others were published with it.
        others: usize,
    },
}

impl<O> Published<O> {
    /// The same together with operations of others.
    pub(super) fn with(self, count: usize) -> Self {
        match self {
            Self::Landed {
                outcome,
                commit,
                remote,
                work_tree,
                others,
            } => Self::Landed {
                outcome,
                commit,
                remote,
                work_tree,
                others: others + count,
            },
            Self::NothingToDo(_) | Self::MovedOn => self,
        }
    }
}

/// What the journal keeps of a push under way.
pub(super) fn pending(
    operation: &Operation,
    commit: UnpushedCommit,
    tag: Option<UnpushedTag>,
) -> Pending {
    Pending {
        form: FORM,
        operation: operation.id.clone(),
        request: operation.request.clone(),
        instant: operation.instant.clone(),
        base: commit.parent,
        new: commit.id,
        waiting: None,
        tip: None,
        tag,
        earlier: None,
    }
}

/// The outcome of an operation that is in the history.
pub(super) fn landed<O>(
    outcome: O,
    commit: Oid,
    remote: Option<&Remote>,
    work_tree: WorkTree,
) -> Published<O> {
    Published::Landed {
        outcome,
        commit: commit.to_string(),
        remote: remote.map(|remote| remote.name.clone()),
        work_tree,
        others: 0,
    }
}
