//! What git writes and we read, held against libgit2: trees, packs with their deltas, the index; and git's words, and our journals.

mod index;
mod packs;
mod trees;
mod words;

use std::path::Path;

use arbitrary::Unstructured;

pub(crate) use index::index;
pub(crate) use packs::packs;
pub(crate) use trees::trees;
pub(crate) use words::{journals, words};

/// Calls a function with an empty folder that goes afterwards.
fn in_a_folder(act: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    act(folder.path());
}

/// Some of the bytes that are left, preceded by their number.
fn some<'a>(left: &mut Unstructured<'a>, most: u16) -> &'a [u8] {
    let length = left.int_in_range(0..=most).unwrap_or(0);
    let length = usize::from(length).min(left.len());
    left.bytes(length).unwrap_or_default()
}
