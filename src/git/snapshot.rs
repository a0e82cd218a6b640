//! A commit as a tree that can be read: straight from the object database, each tree parsed once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use foldhash::fast::RandomState;
use git2::{Oid, Repository};

use super::Git;
use super::objects::{
    MODE_LINK, MODE_PROGRAM, MODE_SUBMODULE, MODE_TREE, Tree, TreeEntry, oid, raw,
};
use super::store::Store;
use crate::tree::{BlobId, Child as TreeChild, Content, Entry, Kind, Oddity, ReadTree, RepoPath};

/// The tree of a commit.
pub(crate) struct Snapshot<'a> {
    store: Rc<Store<'a>>,
    commit: Oid,
    root: [u8; 20],
    trees: RefCell<HashMap<Box<str>, Rc<Tree>, RandomState>>,
    /// Where the files stand that were looked at, in a partial clone.
    looked_at: RefCell<HashMap<BlobId, RepoPath>>,
}

impl<'a> Snapshot<'a> {
    /// The snapshot of a commit.
    pub(super) fn of(repository: &'a Repository, git: &'a Git, commit: Oid) -> Result<Self> {
        Self::in_store(Store::of(repository, git)?, commit)
    }

    /// The same without what a partial clone has not fetched: to read that is an error.
    pub(super) fn of_what_is_here(repository: &'a Repository, commit: Oid) -> Result<Self> {
        Self::in_store(Store::of_what_is_here(repository)?, commit)
    }

    fn in_store(store: Store<'a>, commit: Oid) -> Result<Self> {
        let store = Rc::new(store);
        let bytes = store.object(raw(commit), || Ok(Vec::new()))?;
        let tree = bytes.strip_prefix(b"tree ").and_then(|rest| rest.get(..40));
        let tree = tree.and_then(|hex| std::str::from_utf8(hex).ok());
        let tree = tree.with_context(|| format!("{commit} is no commit"))?;
        let root = raw(Oid::from_str(tree)?);
        Ok(Self::with_root(store, commit, root))
    }

    /// The snapshot of a commit whose root tree is known.
    pub(super) fn with_root(store: Rc<Store<'a>>, commit: Oid, root: [u8; 20]) -> Self {
        Self {
            store,
            commit,
            root,
            trees: RefCell::default(),
            looked_at: RefCell::default(),
        }
    }

    /// The commit.
    pub(crate) fn commit(&self) -> Oid {
        self.commit
    }

    /// The id of the root tree.
    pub(super) fn root(&self) -> [u8; 20] {
        self.root
    }

    /// Where its objects are read.
    pub(super) fn store(&self) -> &Rc<Store<'a>> {
        &self.store
    }

    /// The tree of a folder; `None` if it is none.
    pub(super) fn tree(&self, folder: &RepoPath) -> Result<Option<Rc<Tree>>> {
        self.tree_at(folder.as_str())
    }

    /// The tree of a folder by its path.
    pub(super) fn tree_at(&self, folder: &str) -> Result<Option<Rc<Tree>>> {
        if let Some(tree) = self.trees.borrow().get(folder) {
            return Ok(Some(tree.clone()));
        }
        let id = if folder.is_empty() {
            Some(self.root)
        } else {
            let (parent, name) = folder.rsplit_once('/').unwrap_or(("", folder));
            let parent = self.tree_at(parent)?;
            let entry = parent.as_ref().and_then(|tree| tree.get(name.as_bytes()));
            entry.filter(TreeEntry::is_folder).map(|entry| entry.id)
        };
        let Some(id) = id else { return Ok(None) };
        let tree = self
            .parsed(id)
            .with_context(|| format!("reading the folder `{folder}`"))?;
        self.trees.borrow_mut().insert(folder.into(), tree.clone());
        Ok(Some(tree))
    }

    /// A tree by its id, not kept.
    pub(super) fn parsed(&self, id: [u8; 20]) -> Result<Rc<Tree>> {
        self.store.tree(id)
    }

    /// The bytes of any object.
    pub(super) fn object(&self, id: [u8; 20]) -> Result<Vec<u8>> {
        self.store.object(id, || self.like(id))
    }

    /// The objects that are not here of files with the same name in the folders beside the one where this object was looked at:
    /// whoever reads the link of one app reads those of the others.
    fn like(&self, id: [u8; 20]) -> Result<Vec<Oid>> {
        let path = self.looked_at.borrow().get(&BlobId(id)).cloned();
        let Some(path) = path else {
            return Ok(Vec::new());
        };
        let Some(above) = path.parent().and_then(|folder| folder.parent()) else {
            return Ok(Vec::new());
        };
        let mut like = Vec::new();
        for folder in self.folders(&above)? {
            if let Some((mode, id)) = self.raw_entry(&above.join(folder).join(path.name()))?
                && !matches!(mode, MODE_TREE | MODE_SUBMODULE)
                && !self.store.holds(id)
            {
                like.push(oid(id));
            }
        }
        like.sort_unstable();
        like.dedup();
        Ok(like)
    }

    /// Fetches what is not here of these objects in one go; nothing to do unless this is a partial clone.
    pub(super) fn prefetch(&self, objects: impl Iterator<Item = [u8; 20]>) -> Result<()> {
        self.store.prefetch(objects)
    }

    /// Mode and id of what stands at a path.
    pub(super) fn raw_entry(&self, path: &RepoPath) -> Result<Option<(u32, [u8; 20])>> {
        let path = path.as_str();
        if path.is_empty() {
            return Ok(Some((MODE_TREE, self.root)));
        }
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let parent = self.tree_at(parent)?;
        let entry = parent.as_ref().and_then(|tree| tree.get(name.as_bytes()));
        Ok(entry
            .filter(|entry| entry.mode != MODE_TREE || entry.is_folder())
            .map(|each| (each.mode, each.id)))
    }

    fn blob(&self, id: BlobId) -> Result<Arc<[u8]>> {
        self.store.blob(id, || self.like(id.0))
    }
}

fn kind_of(mode: u32) -> Kind {
    match mode {
        MODE_TREE => Kind::Directory,
        MODE_LINK => Kind::Symlink,
        MODE_SUBMODULE => Kind::Submodule,
        _ => Kind::File,
    }
}

impl ReadTree for Snapshot<'_> {
    fn kind(&self, path: &RepoPath) -> Result<Option<Kind>> {
        Ok(self.raw_entry(path)?.map(|(mode, _)| kind_of(mode)))
    }

    fn entry(&self, path: &RepoPath) -> Result<Option<Entry>> {
        let Some((mode, id)) = self.raw_entry(path)? else {
            return Ok(None);
        };
        if self.store.is_partial() {
            self.looked_at.borrow_mut().insert(BlobId(id), path.clone());
        }
        match kind_of(mode) {
            Kind::File => Ok(Some(Entry::File(Content::stored(BlobId(id))))),
            Kind::Symlink => {
                let target = self.blob(BlobId(id))?;
                Ok(Some(Entry::Symlink(
                    String::from_utf8_lossy(&target).into_owned(),
                )))
            }
            Kind::Directory | Kind::Submodule => Ok(None),
        }
    }

    fn children(&self, folder: &RepoPath) -> Result<Vec<TreeChild>> {
        let Some(tree) = self.tree(folder)? else {
            return Ok(Vec::new());
        };
        let filled = tree
            .iter()
            .filter(|entry| entry.mode != MODE_TREE || entry.is_folder());
        let mut children: Vec<_> = filled
            .filter_map(|entry| {
                // What is no clean name is never made part of a path; rewritten trees keep it as it is.
                let name = std::str::from_utf8(entry.name).ok()?;
                RepoPath::is_component(name).then(|| TreeChild {
                    name: name.to_owned(),
                    kind: kind_of(entry.mode),
                })
            })
            .collect();
        children.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(children)
    }

    fn oddities(&self, folder: &RepoPath) -> Result<Vec<Oddity>> {
        let Some(tree) = self.tree(folder)? else {
            return Ok(Vec::new());
        };
        let odd = |entry: TreeEntry| {
            let name = std::str::from_utf8(entry.name).ok();
            let Some(name) = name.filter(|name| RepoPath::is_component(name)) else {
                return Some(Oddity::BadName(entry.name.to_vec()));
            };
            match entry.mode {
                MODE_PROGRAM => Some(Oddity::Executable(name.to_owned())),
                MODE_TREE if !entry.is_folder() => Some(Oddity::EmptyFolder(name.to_owned())),
                _ => None,
            }
        };
        Ok(tree.iter().filter_map(odd).collect())
    }

    fn bytes(&self, content: &Content) -> Result<Arc<[u8]>> {
        match content.new_bytes() {
            Some(bytes) => Ok(bytes.clone()),
            None => self.blob(content.id()),
        }
    }
}
