//! The index and its patches.

use std::collections::BTreeMap;
use std::path::Path;

use arbitrary::Unstructured;
use sha1::{Digest as _, Sha1};

use super::{in_a_folder, some};
use crate::git::index::{Index, Patch, Staged};
use crate::git::objects::raw;

type Entries = BTreeMap<Vec<u8>, Staged>;

/// A patched index says what the index said, but for the patches, as libgit2 reads both.
pub(crate) fn index(data: &[u8]) {
    let mut left = Unstructured::new(data);
    let patches = patches(&mut left);
    let mut bytes = left.take_rest().to_vec();
    let checksum = Sha1::digest(&bytes);
    bytes.extend_from_slice(&checksum);
    let Some(index) = Index::parse(bytes.clone()) else {
        return;
    };
    in_a_folder(|folder| {
        let path = folder.join("index");
        let Some(mut expected) = read(&path, &bytes) else {
            // Also of what only we take for an index something must come, be it an error.
            let _ = index.patched(&patches);
            return;
        };
        for (path, staged) in &expected {
            assert_eq!(index.get(path), Some(*staged));
        }
        for (path, patch) in &patches {
            match patch {
                Patch::Write(staged, _) => {
                    expected.insert(path.clone(), *staged);
                }
                Patch::Remove => {
                    expected.remove(path);
                }
                Patch::Doubt => {}
            }
        }
        let patched = index.patched(&patches).expect("an index is no larger");
        let again = Index::parse(patched.clone()).expect("we read what we write");
        let found = read(&path, &patched).expect("and so does libgit2");
        assert_eq!(found, expected);
        for path in found.keys() {
            assert_eq!(again.get(path), found.get(path).copied());
        }
    });
}

/// Writes for two paths, and something for a third.
fn patches(left: &mut Unstructured) -> BTreeMap<Vec<u8>, Patch> {
    let stat = rustix::fs::stat("/").expect("there is a root");
    let mut patches = BTreeMap::new();
    for _ in 0..left.int_in_range(0..=3).unwrap_or(0) {
        let path = some(left, 20).to_vec();
        let is_clean = std::str::from_utf8(&path)
            .is_ok_and(|path| crate::tree::RepoPath::parse(path).is_some());
        let patch = match left.int_in_range(0..=2_u8).unwrap_or(0) {
            0 => Patch::Write(
                Staged {
                    mode: 0o100_644,
                    id: left.arbitrary().unwrap_or([7; 20]),
                },
                Box::new(stat),
            ),
            1 => Patch::Remove,
            _ => Patch::Doubt,
        };
        if is_clean {
            patches.insert(path, patch);
        }
    }
    patches
}

/// What libgit2 reads; `None` if it is nothing, or in no order.
fn read(path: &Path, bytes: &[u8]) -> Option<Entries> {
    std::fs::write(path, bytes).expect("there is room");
    let index = git2::Index::open(path).ok()?;
    let mut entries = Entries::new();
    for entry in index.iter() {
        let staged = Staged {
            mode: entry.mode,
            id: raw(entry.id),
        };
        let is_next = entries
            .last_key_value()
            .is_none_or(|(last, _)| *last < entry.path);
        let is_plain = !entry.path.is_empty() && entry.flags & 0x3000 == 0;
        (is_next && is_plain).then_some(())?;
        entries.insert(entry.path, staged);
    }
    Some(entries)
}
