//! A set of paths that knows them by their hashes only: quick to ask, and small.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher};

use foldhash::fast::RandomState;

use super::RepoPath;

/// Paths and all folders above them. It may hold more than was added, but never less.
#[derive(Default)]
pub(super) struct Marks {
    hashing: RandomState,
    hashes: HashSet<u64, BuildHasherDefault<AsItIs>>,
}

impl Marks {
    /// Adds a path and the folders above it. The root always counts as held.
    pub(super) fn add(&mut self, path: &RepoPath) {
        let mut way = path.as_str();
        self.hashes.insert(self.hashing.hash_one(way));
        while let Some((above, _)) = way.rsplit_once('/') {
            way = above;
            self.hashes.insert(self.hashing.hash_one(way));
        }
    }

    /// Whether a path was added; rarely also where it was not.
    pub(super) fn may_hold(&self, path: &RepoPath) -> bool {
        let way = path.as_str();
        way.is_empty() || self.hashes.contains(&self.hashing.hash_one(way))
    }
}

/// Takes hashes for what they are.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only numbers of 64 bits are kept");
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_held_with_the_folders_above_it() {
        let path = |text: &str| RepoPath::parse(text).unwrap();
        let mut marks = Marks::default();
        marks.add(&path("a/b/c"));
        for held in ["a", "a/b", "a/b/c"] {
            assert!(marks.may_hold(&path(held)), "{held}");
        }
        assert!(marks.may_hold(&RepoPath::root()));
        for other in ["b", "a/c", "a/b/d", "a/b/c/d"] {
            assert!(!marks.may_hold(&path(other)), "{other}");
        }
    }
}
