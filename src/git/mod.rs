//! Hands: the only place that knows git and the work tree. `docs/publish.md` tells how a change reaches the remote.

mod ask;
mod checkout;
mod commit;
mod delta;
mod failure;
mod files;
mod general;
mod guard;
mod index;
mod journal;
mod objects;
mod operation;
mod pack;
mod packs;
mod past;
mod plain;
mod program;
mod promisor;
mod publish;
mod push;
mod remote;
mod settings;
mod settle;
mod snapshot;
mod stamp;
mod step;
mod touched;
mod worktree;

pub(crate) use checkout::{Checkout, Selection};
pub(crate) use commit::Signature;
pub(crate) use failure::{Failure, FailureKind};
pub(crate) use journal::Pending;
pub(crate) use operation::{Operation, Planned, Published};
pub(crate) use program::{Git, clean, on_one_line};
pub(crate) use snapshot::Snapshot;
pub(crate) use worktree::WorkTree;
