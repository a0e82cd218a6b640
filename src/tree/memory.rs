//! A tree in memory, for unit tests.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use anyhow::{Context as _, Result};

use super::{Change, ChangeSet, Child, Content, Entry, Kind, ReadTree, RepoPath};

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
