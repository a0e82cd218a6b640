//! A manifest tree as a value: paths, entries, and a draft of changes over a base.
//! Knows neither git nor Kubernetes.

mod draft;
mod entry;
mod marks;
#[cfg(test)]
mod memory;
mod path;

pub(crate) use draft::{Change, ChangeSet, Draft, Misplaced};
pub(crate) use entry::{BlobId, Child, Content, Entry, Kind, ReadTree};
#[cfg(test)]
pub(crate) use memory::MemoryTree;
pub(crate) use path::RepoPath;
