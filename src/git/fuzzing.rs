//! What git writes and we read, held against libgit2: commits, trees, packs with their deltas, the index; loose objects, git's answers and
//! words, and our journals.

mod answers;
mod commits;
mod index;
mod loose;
mod packs;
mod trees;
mod words;

use std::path::Path;

use arbitrary::Unstructured;
use serde::Serialize;
use serde_json::Value;

pub(crate) use answers::answers;
pub(crate) use commits::commits;
pub(crate) use index::index;
pub(crate) use loose::loose;
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

/// Fails if a text was read from JSON that does not stand there, such as an id of which half was missing.
fn assert_stands_in(json: &[u8], read: &impl Serialize) {
    let Ok(Value::Object(stood)) = serde_json::from_slice(json) else {
        return;
    };
    let read = serde_json::to_value(read).expect("it was read from JSON");
    for (key, value) in read.as_object().into_iter().flatten() {
        if let (Some(read), Some(stood)) = (value.as_str(), stood[key].as_str()) {
            // An id may stand there in capitals.
            assert!(read.eq_ignore_ascii_case(stood), "{read:?} {stood:?}");
        }
    }
}
