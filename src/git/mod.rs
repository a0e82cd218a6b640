//! Hands: the only place that knows git and the work tree. `docs/publish.md` tells how a change reaches the remote.

mod ask;
mod chain;
mod checkout;
mod commit;
mod company;
mod delta;
#[cfg(test)]
pub(crate) mod double;
mod failure;
mod fence;
mod files;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod general;
mod guard;
mod id_text;
mod inbox;
mod index;
mod index_lock;
#[cfg(test)]
mod itself;
mod journal;
mod known_bad;
mod line;
mod litter;
mod locally;
mod loose;
mod objects;
mod operation;
mod outside;
mod pack;
mod packs;
mod past;
mod peek;
mod plain;
mod planning;
mod program;
mod promisor;
mod publish;
mod push;
mod remote;
mod settings;
mod settle;
mod shallow;
mod snapshot;
mod stamp;
mod standing;
mod step;
mod store;
mod tag;
mod torn;
mod touched;
mod walk;
mod worktree;

pub(crate) use checkout::{Checkout, Selection};
pub(crate) use commit::Signature;
pub(crate) use failure::{Failure, FailureKind, not_again, still_open};
pub(crate) use inbox::WAITS_AT_MOST;
pub(crate) use journal::Pending;
#[cfg(feature = "known-bad")]
pub(crate) use known_bad::choose as choose_known_bad;
pub(crate) use litter::{Litter, Whither};
pub(crate) use operation::{Combining, Operation, Other, Planned, Published};
#[cfg(test)]
pub(crate) use outside::played;
#[cfg(test)]
pub(crate) use program::Finished;
#[cfg(debug_assertions)]
pub(crate) use program::set_deadline;
pub(crate) use program::{Git, clean, on_one_line};
pub(crate) use snapshot::Snapshot;
pub(crate) use worktree::WorkTree;
