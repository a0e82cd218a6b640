//! A tree in memory, and a history of such trees, for unit tests.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use anyhow::{Context as _, Result};

use super::{
    Change, ChangeSet, Changed, Child, CommitFacts, Content, Entry, Kind, PathShape, ReadPast,
    ReadTree, RepoPath, Shapes, Since, Step,
};

/// Files and links by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MemoryTree(BTreeMap<RepoPath, Entry>);

impl MemoryTree {
    /// Files from (path, text); a text that begins with `->` makes a link.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let entries = files.iter().map(|(path, text)| {
            let entry = match text.strip_prefix("->") {
                Some(target) => Entry::Symlink(target.to_owned()),
                None => Entry::file(text),
            };
            (
                RepoPath::parse(path).expect("tests name clean paths"),
                entry,
            )
        });
        Self(entries.collect())
    }

    /// Puts one more file or link (`->target`).
    #[cfg(test)]
    pub(crate) fn with(mut self, path: &str, text: &str) -> Self {
        self.0.extend(Self::of(&[(path, text)]).0);
        self
    }

    /// The tree after the changes.
    pub(crate) fn apply(&mut self, changes: &ChangeSet) {
        for (path, change) in changes.iter() {
            match change {
                Change::Write(entry) => self.0.insert(path.clone(), entry.clone()),
                Change::Delete => self.0.remove(path),
            };
        }
    }

    /// All files and links as (path, text), links as `->target`, with new contents spelled out.
    pub(crate) fn listing(&self) -> BTreeMap<String, String> {
        let entries = self.0.iter().map(|(path, entry)| {
            let text = match entry {
                Entry::File(content) => {
                    let bytes = self
                        .bytes(content)
                        .expect("every content came with its bytes");
                    String::from_utf8_lossy(&bytes).into_owned()
                }
                Entry::Symlink(target) => format!("->{target}"),
            };
            (path.to_string(), text)
        });
        entries.collect()
    }
}

impl ReadTree for MemoryTree {
    fn kind(&self, path: &RepoPath) -> Result<Option<Kind>> {
        match self.0.get(path) {
            Some(entry) => Ok(Some(entry.kind())),
            None => Ok((!self.children(path)?.is_empty()).then_some(Kind::Directory)),
        }
    }

    fn entry(&self, path: &RepoPath) -> Result<Option<Entry>> {
        Ok(self.0.get(path).cloned())
    }

    fn children(&self, folder: &RepoPath) -> Result<Vec<Child>> {
        let mut children = BTreeMap::new();
        let after = self.0.range((Bound::Excluded(folder), Bound::Unbounded));
        let below = after.map_while(|(path, entry)| Some((path.below(folder)?, entry)));
        for (rest, entry) in below {
            match rest.split_once('/') {
                Some((name, _)) => children.insert(name.to_owned(), Kind::Directory),
                None => children.insert(rest.to_owned(), entry.kind()),
            };
        }
        Ok(children
            .into_iter()
            .map(|(name, kind)| Child { name, kind })
            .collect())
    }

    fn bytes(&self, content: &Content) -> Result<Arc<[u8]>> {
        let stored = self.0.values().find_map(|entry| match entry {
            Entry::File(held) if held == content => held.new_bytes(),
            _ => None,
        });
        let bytes = content.new_bytes().or(stored);
        bytes.cloned().context("no such blob in this tree")
    }
}

/// Trees in memory, the earliest first, each with the commit that made it. Before the first there was nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryPast(pub(crate) Vec<(CommitFacts, MemoryTree)>);

impl MemoryTree {
    /// Everything at a path and below it.
    fn all_at(&self, path: &RepoPath) -> BTreeMap<&RepoPath, &Entry> {
        let at = |other: &RepoPath| other == path || other.below(path).is_some();
        self.0.iter().filter(|(other, _)| at(other)).collect()
    }

    /// The paths of files and links, and of the folders above them.
    fn places(&self) -> BTreeSet<RepoPath> {
        let above = |path: &RepoPath| {
            let next = |path: &RepoPath| path.parent().filter(|path| *path != RepoPath::root());
            std::iter::successors(Some(path.clone()), next).collect::<Vec<_>>()
        };
        self.0.keys().flat_map(above).collect()
    }
}

impl ReadPast for MemoryPast {
    fn steps<'a>(
        &'a self,
        shapes: &[PathShape],
    ) -> Box<dyn Iterator<Item = Result<Step<'a>>> + 'a> {
        let wanted: Shapes = shapes.iter().collect();
        let is_wanted = move |path: &RepoPath| {
            let places = path.components().fold(vec![&wanted], |places, name| {
                let below = places.into_iter().flat_map(|place| place.at(name));
                below.collect()
            });
            places.into_iter().any(Shapes::is_wanted)
        };
        let steps = (0..self.0.len()).rev().map(move |place| {
            let (commit, after) = self.0[place].clone();
            let before = place.checked_sub(1).map(|before| self.0[before].1.clone());
            let before = before.unwrap_or_default();
            let places = before.places().into_iter().chain(after.places());
            let differs = |path: &RepoPath| before.all_at(path) != after.all_at(path);
            let paths = places.filter(|path| is_wanted(path) && differs(path));
            let paths = paths.collect();
            let changed = Some(Changed {
                before: Box::new(before),
                after: Box::new(after),
                paths,
            });
            Ok(Step { commit, changed })
        });
        Box::new(steps)
    }

    fn since(&self, paths: &BTreeSet<RepoPath>) -> Result<BTreeMap<RepoPath, Since>> {
        let latest = self.0.last().map(|(_, tree)| tree);
        let mut found = BTreeMap::new();
        for path in paths {
            let now = latest.map(|tree| tree.all_at(path)).unwrap_or_default();
            let same = self.0.iter().rev();
            let same = same.take_while(|(_, tree)| !now.is_empty() && tree.all_at(path) == now);
            let since = same.last().map(|(commit, _)| Since::Commit(commit.clone()));
            found.extend(since.map(|since| (path.clone(), since)));
        }
        Ok(found)
    }
}
