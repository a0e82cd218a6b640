//! All that lies in a room, before and after: what a command may change there, and what it may not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use walkdir::WalkDir;

/// What lies at a path, in a number: its kind, its rights, and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture(BTreeMap<String, u64>);

/// How far a command may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// It was refused: nothing but objects that nobody names, our own folder, and what was heard of the remote.
    Nothing,
    /// It did something: refs and objects on both sides, the work tree and its index.
    Work,
}

/// What a refusal may leave behind.
const ALWAYS: [&str; 7] = [
    "checkout/.git/objects/",
    "checkout/.git/trainyard",
    "checkout/.git/FETCH_HEAD",
    "checkout/.git/refs/trainyard",
    "checkout/.git/refs/remotes/",
    "checkout/.git/logs/refs/remotes/",
    "remote.git/objects/",
];

/// What a change may touch besides, other than files of the work tree.
const WORK: [&str; 9] = [
    "checkout/.git/index",
    "checkout/.git/refs/heads/",
    "checkout/.git/refs/tags/",
    "checkout/.git/logs/",
    "checkout/.git/packed-refs",
    "checkout/.git/ORIG_HEAD",
    "remote.git/refs/",
    "remote.git/logs/",
    "remote.git/packed-refs",
];

impl Picture {
    pub(super) fn of(room: &Path) -> Self {
        let walk = WalkDir::new(room).min_depth(1).into_iter();
        let pieces = walk.map(|entry| {
            let entry = entry.unwrap();
            let facts = entry.metadata().unwrap();
            let mut hasher = DefaultHasher::new();
            facts.mode().hash(&mut hasher);
            if entry.file_type().is_symlink() {
                fs::read_link(entry.path()).unwrap().hash(&mut hasher);
            } else if entry.file_type().is_file() {
                fs::read(entry.path()).unwrap().hash(&mut hasher);
            }
            let path = entry.path().strip_prefix(room).unwrap();
            let path = String::from_utf8_lossy(path.as_os_str().as_bytes()).into_owned();
            (path, hasher.finish())
        });
        Self(pieces.collect())
    }

    /// The paths that differ and should not.
    pub(super) fn spoiled(&self, after: &Self, leave: Leave) -> Vec<String> {
        let paths: BTreeSet<&String> = self.0.keys().chain(after.0.keys()).collect();
        let differs = paths
            .into_iter()
            .filter(|path| self.0.get(*path) != after.0.get(*path));
        differs
            .filter(|path| !may_change(path, leave))
            .cloned()
            .collect()
    }
}

fn may_change(path: &str, leave: Leave) -> bool {
    let among = |places: &[&str]| {
        places
            .iter()
            .any(|place| path.starts_with(place) || Some(path) == place.strip_suffix('/'))
    };
    let in_work_tree = path == "checkout"
        || path
            .strip_prefix("checkout/")
            .is_some_and(|rest| rest != ".git" && !rest.starts_with(".git/"));
    match leave {
        Leave::Nothing => among(&ALWAYS),
        Leave::Work => among(&ALWAYS) || among(&WORK) || in_work_tree,
    }
}
