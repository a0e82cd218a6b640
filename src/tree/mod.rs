//! A manifest tree as a value: paths, entries, and a draft of changes over a base.
//! Knows neither git nor Kubernetes.

mod draft;
mod entry;
mod marks;
#[cfg(any(test, feature = "fuzzing"))]
mod memory;
mod past;
mod path;
mod shape;

pub(crate) use draft::{Change, ChangeSet, Draft, Misplaced};
pub(crate) use entry::{BlobId, Child, Content, Entry, Kind, Oddity, ReadTree};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use memory::{MemoryPast, MemoryTree};
pub(crate) use past::{Changed, CommitFacts, ReadPast, Signer, Since, Step};
pub(crate) use path::RepoPath;
pub(crate) use shape::{PathShape, Shapes};
