//! A draft: a base tree plus pending changes, readable as the tree that it will become.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

use anyhow::{Result, bail};

use super::marks::Marks;
use super::{Child, Content, Entry, Kind, Oddity, ReadTree, RepoPath};

/// One pending change of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The path will hold this.
    Write(Entry),
    /// The path will be gone.
    Delete,
}

/// Changes by path, sorted. None of them leaves its path as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChangeSet(BTreeMap<RepoPath, Change>);

impl ChangeSet {
    /// Whether nothing changes.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The changes in the order of their paths.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&RepoPath, &Change)> {
        self.0.iter()
    }
}

/// Something stands where it does not belong: a folder in place of a file, or a file or link in place of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misplaced {
    /// What stands there.
    pub(crate) path: RepoPath,
    kind: Kind,
}

impl fmt::Display for Misplaced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match self.kind {
            Kind::Directory => write!(
                formatter,
                "`{path}` is a folder, where a file or a link belongs"
            ),
            Kind::File | Kind::Symlink | Kind::Submodule => write!(
                formatter,
                "`{path}` is not a folder; nothing is written through it"
            ),
        }
    }
}

impl std::error::Error for Misplaced {}

/// A base and the changes to it. Reads see the changes, so that one verb can build on another;
/// a write that changes nothing leaves no trace, so that every verb can be repeated.
pub(crate) struct Draft<'base> {
    base: &'base dyn ReadTree,
    changes: ChangeSet,
    /// The changed paths and all folders above them: where nothing has changed, the base is asked at once.
    marks: Marks,
    /// A folder that can be written to, since nothing was deleted after the last write: most writes come in a row.
    open: Option<RepoPath>,
}

impl<'base> Draft<'base> {
    /// A draft without changes.
    pub(crate) fn on(base: &'base dyn ReadTree) -> Self {
        Self {
            base,
            changes: ChangeSet::default(),
            marks: Marks::default(),
            open: None,
        }
    }

    /// Puts a file or a link at `path`. Fails with [`Misplaced`] rather than replace a folder or write below what is none.
    pub(crate) fn write(&mut self, path: RepoPath, entry: Entry) -> Result<()> {
        match self.obstacle(&path)? {
            Some(misplaced) => Err(misplaced.into()),
            None => self.put(path, entry),
        }
    }

    /// Puts a file or a link at `path` in place of whatever stands there, and removes what is no folder on the way from
    /// `home`, a folder above. Fails with [`Misplaced`] if `home` itself is no folder.
    pub(crate) fn replace(&mut self, home: &RepoPath, path: RepoPath, entry: Entry) -> Result<()> {
        while let Some(misplaced) = self.obstacle(&path)? {
            if misplaced.path.below(home).is_none() {
                return Err(misplaced.into());
            }
            self.clear(&misplaced.path)?;
        }
        self.put(path, entry)
    }

    /// Removes whatever stands at `path`: a file, a link, or a folder with all that is in it.
    pub(crate) fn clear(&mut self, path: &RepoPath) -> Result<()> {
        match self.kind(path)? {
            Some(Kind::Directory) => self.delete_folder(path),
            Some(Kind::File | Kind::Symlink | Kind::Submodule) | None => self.delete(path.clone()),
        }
    }

    fn put(&mut self, path: RepoPath, entry: Entry) -> Result<()> {
        let unchanged = self.base.entry(&path)?.as_ref() == Some(&entry);
        if unchanged {
            self.undo(&path);
        } else {
            self.change(path, Change::Write(entry));
        }
        Ok(())
    }

    /// Removes the file, link or submodule at `path`, if there is one.
    pub(crate) fn delete(&mut self, path: RepoPath) -> Result<()> {
        self.open = None;
        match self.base.kind(&path)? {
            Some(Kind::File | Kind::Symlink | Kind::Submodule) => {
                self.change(path, Change::Delete);
            }
            Some(Kind::Directory) | None => self.undo(&path),
        }
        Ok(())
    }

    /// Writes what stands at a path once more, in the mode that it should have; an empty folder goes.
    pub(crate) fn renew(&mut self, path: RepoPath) -> Result<()> {
        self.open = None;
        let change = match self.entry(&path)? {
            Some(entry) => Change::Write(entry),
            None => Change::Delete,
        };
        self.change(path, change);
        Ok(())
    }

    fn change(&mut self, path: RepoPath, change: Change) {
        self.marks.add(&path);
        self.changes.0.insert(path, change);
    }

    fn undo(&mut self, path: &RepoPath) {
        if self.marks.may_hold(path) {
            self.changes.0.remove(path);
        }
    }

    /// Removes everything below a folder.
    pub(crate) fn delete_folder(&mut self, folder: &RepoPath) -> Result<()> {
        for child in self.children(folder)? {
            let path = folder.join(&child.name);
            match child.kind {
                Kind::Directory => self.delete_folder(&path)?,
                Kind::File | Kind::Symlink => self.delete(path)?,
                Kind::Submodule => bail!("`{path}` is a submodule; remove it with `git rm` first"),
            }
        }
        Ok(())
    }

    /// What has changed so far.
    pub(crate) fn changes(&self) -> &ChangeSet {
        &self.changes
    }

    /// The changes, when the draft is done.
    pub(crate) fn into_changes(self) -> ChangeSet {
        self.changes
    }

    /// What keeps `path` from being written, if anything does.
    fn obstacle(&mut self, path: &RepoPath) -> Result<Option<Misplaced>> {
        let misplaced = |path: &RepoPath, kind| {
            let path = path.clone();
            Ok(Some(Misplaced { path, kind }))
        };
        if let Some(kind @ Kind::Directory) = self.kind(path)? {
            return misplaced(path, kind);
        }
        let folder = path.parent();
        if folder == self.open {
            return Ok(None);
        }
        let mut next = folder.clone();
        while let Some(above) = next {
            match self.kind(&above)? {
                Some(Kind::Directory) => break,
                Some(kind @ (Kind::File | Kind::Symlink | Kind::Submodule)) => {
                    return misplaced(&above, kind);
                }
                None => next = above.parent(),
            }
        }
        self.open = folder;
        Ok(None)
    }

    /// The changes below a folder, with what is left of their paths.
    fn changes_below<'a>(
        &'a self,
        folder: &'a RepoPath,
    ) -> impl Iterator<Item = (&'a str, &'a Change)> {
        let after = (Bound::Excluded(folder), Bound::Unbounded);
        let after = self.changes.0.range::<RepoPath, _>(after);
        after.map_while(move |(path, change)| Some((path.below(folder)?, change)))
    }
}

impl ReadTree for Draft<'_> {
    fn kind(&self, path: &RepoPath) -> Result<Option<Kind>> {
        if !self.marks.may_hold(path) {
            return self.base.kind(path);
        }
        let from = (Bound::Included(path), Bound::Unbounded);
        let mut from = self.changes.0.range::<RepoPath, _>(from).peekable();
        let own = from.next_if(|(changed, _)| *changed == path);
        if let Some((_, Change::Write(entry))) = own {
            return Ok(Some(entry.kind()));
        }
        let mut below = from.map_while(|(changed, change)| changed.below(path).map(|_| change));
        if let Some(first) = below.next() {
            let written = |change: &Change| matches!(change, Change::Write(_));
            let folder = written(first) || below.any(written) || !self.children(path)?.is_empty();
            return Ok(folder.then_some(Kind::Directory));
        }
        match own {
            Some(_) => Ok(None),
            None => self.base.kind(path),
        }
    }

    fn entry(&self, path: &RepoPath) -> Result<Option<Entry>> {
        if !self.marks.may_hold(path) {
            return self.base.entry(path);
        }
        match self.changes.0.get(path) {
            Some(Change::Write(entry)) => Ok(Some(entry.clone())),
            Some(Change::Delete) => Ok(None),
            None => self.base.entry(path),
        }
    }

    fn children(&self, folder: &RepoPath) -> Result<Vec<Child>> {
        let base = self.base.children(folder)?;
        if !self.marks.may_hold(folder) {
            return Ok(base);
        }
        let mut changes = self.changes_below(folder).peekable();
        if changes.peek().is_none() {
            return Ok(base);
        }
        let mut kinds: BTreeMap<String, Kind> = base
            .into_iter()
            .map(|child| (child.name, child.kind))
            .collect();
        let mut thinned = BTreeSet::new();
        for (rest, change) in changes {
            match (rest.split_once('/'), change) {
                (None, Change::Write(entry)) => {
                    kinds.insert(rest.to_owned(), entry.kind());
                }
                (None, Change::Delete) => {
                    kinds.remove(rest);
                }
                (Some((name, _)), Change::Write(_)) => {
                    kinds.insert(name.to_owned(), Kind::Directory);
                    thinned.remove(name);
                }
                (Some((name, _)), Change::Delete) => {
                    thinned.insert(name.to_owned());
                }
            }
        }
        for name in thinned {
            let folder_still = kinds.get(&name) == Some(&Kind::Directory);
            if folder_still && self.children(&folder.join(&name))?.is_empty() {
                kinds.remove(&name);
            }
        }
        Ok(kinds
            .into_iter()
            .map(|(name, kind)| Child { name, kind })
            .collect())
    }

    fn oddities(&self, folder: &RepoPath) -> Result<Vec<Oddity>> {
        let mut oddities = self.base.oddities(folder)?;
        oddities.retain(|oddity| match oddity {
            Oddity::Executable(name) | Oddity::EmptyFolder(name) => {
                !self.changes.0.contains_key(&folder.join(name))
            }
            Oddity::BadName(_) => true,
        });
        Ok(oddities)
    }

    fn bytes(&self, content: &Content) -> Result<Arc<[u8]>> {
        match content.new_bytes() {
            Some(bytes) => Ok(bytes.clone()),
            None => self.base.bytes(content),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::MemoryTree;

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).unwrap()
    }

    fn base() -> MemoryTree {
        MemoryTree::of(&[
            ("a/b/one", "1"),
            ("a/b/two", "2"),
            ("a-b", "x"),
            ("a/link", "->b"),
        ])
    }

    #[test]
    fn a_write_that_changes_nothing_leaves_no_trace() {
        let base = base();
        let mut draft = Draft::on(&base);
        draft.write(path("a/b/one"), Entry::file("1")).unwrap();
        draft
            .write(path("a/link"), Entry::Symlink("b".into()))
            .unwrap();
        draft.write(path("new"), Entry::file("n")).unwrap();
        draft.delete(path("new")).unwrap();
        draft.delete(path("a/b/two")).unwrap();
        draft.write(path("a/b/two"), Entry::file("2")).unwrap();
        assert!(draft.into_changes().is_empty());
    }

    #[test]
    fn a_folder_goes_with_its_last_entry() {
        let base = base();
        let mut draft = Draft::on(&base);
        draft.delete_folder(&path("a/b")).unwrap();
        assert_eq!(draft.kind(&path("a/b")).unwrap(), None);
        let names: Vec<_> = draft.children(&path("a")).unwrap();
        assert_eq!(
            names,
            [Child {
                name: "link".into(),
                kind: Kind::Symlink
            }]
        );
        draft.write(path("a/b/three"), Entry::file("3")).unwrap();
        assert_eq!(draft.kind(&path("a/b")).unwrap(), Some(Kind::Directory));
        assert_eq!(draft.children(&path("a/b")).unwrap().len(), 1);
    }

    #[test]
    fn a_file_takes_the_place_of_a_folder_that_is_gone() {
        let base = base();
        let mut draft = Draft::on(&base);
        draft.delete_folder(&path("a")).unwrap();
        draft.write(path("a"), Entry::file("1")).unwrap();
        let file = Child {
            name: "a".into(),
            kind: Kind::File,
        };
        let children = draft.children(&RepoPath::root()).unwrap();
        assert!(children.contains(&file));
    }

    #[test]
    fn nothing_is_written_through_a_link_or_over_a_folder() {
        let base = base();
        let mut draft = Draft::on(&base);
        let through = draft.write(path("a/link/x"), Entry::file("x")).unwrap_err();
        assert!(through.to_string().contains("`a/link` is not a folder"));
        let over = draft.write(path("a/b"), Entry::file("x")).unwrap_err();
        assert!(over.to_string().contains("`a/b` is a folder"));
        assert!(draft.into_changes().is_empty());
    }

    #[test]
    fn whatever_stands_in_the_way_is_replaced_below_home_only() {
        let base = base();
        let mut draft = Draft::on(&base);
        let home = path("a");
        for replaced in ["a/link/x/y", "a/b"] {
            draft
                .replace(&home, path(replaced), Entry::file("new"))
                .unwrap();
            assert_eq!(draft.text(&path(replaced)).unwrap().as_deref(), Some("new"));
        }
        assert_eq!(draft.children(&home).unwrap().len(), 2);
        let outside = draft
            .replace(&path("a-b/home"), path("a-b/home/x"), Entry::file("x"))
            .unwrap_err();
        assert_eq!(
            outside.downcast_ref::<Misplaced>().unwrap().path,
            path("a-b")
        );
        let at_home = draft.replace(&path("a-b"), path("a-b/x"), Entry::file("x"));
        assert!(at_home.is_err());
        draft.clear(&path("a")).unwrap();
        assert_eq!(draft.kind(&path("a")).unwrap(), None);
    }

    #[test]
    fn siblings_that_share_a_prefix_are_not_children() {
        let base = base();
        let mut draft = Draft::on(&base);
        draft.write(path("a-b"), Entry::file("changed")).unwrap();
        draft.write(path("a.c"), Entry::file("new")).unwrap();
        draft.delete(path("a/b/one")).unwrap();
        let names: Vec<_> = draft.children(&path("a")).unwrap();
        assert_eq!(names.len(), 2, "{names:?}");
        assert_eq!(draft.children(&path("a/b")).unwrap().len(), 1);
    }
}
