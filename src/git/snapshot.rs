//! A commit as a tree that can be read: straight from the object database, each tree parsed once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use foldhash::fast::RandomState;
use git2::{Odb, Oid, Repository};

use super::objects::{MODE_LINK, MODE_SUBMODULE, MODE_TREE, Tree, TreeEntry, oid, raw};
use super::packs::Packs;
use super::promisor::{Promisor, missing};
use super::{Failure, FailureKind, Git};
use crate::tree::{BlobId, Child as TreeChild, Content, Entry, Kind, ReadTree, RepoPath};

/// Blobs up to this size are kept: links, teams, names.
const SMALL: usize = 512;

/// The tree of a commit.
pub(crate) struct Snapshot<'a> {
    packs: Packs,
    odb: Odb<'a>,
    commit: Oid,
    root: [u8; 20],
    trees: RefCell<HashMap<Box<str>, Rc<Tree>, RandomState>>,
    blobs: RefCell<HashMap<BlobId, Arc<[u8]>, RandomState>>,
    /// Where objects come from that a partial clone has not fetched.
    promisor: Option<Promisor<'a>>,
    /// Where the files stand that were looked at, in a partial clone.
    looked_at: RefCell<HashMap<BlobId, RepoPath>>,
}

impl<'a> Snapshot<'a> {
    /// The snapshot of a commit.
    pub(super) fn of(repository: &'a Repository, git: &'a Git, commit: Oid) -> Result<Self> {
        let mut snapshot = Self {
            packs: Packs::open(&repository.commondir().join("objects")),
            odb: repository.odb()?,
            commit,
            root: [0; 20],
            trees: RefCell::default(),
            blobs: RefCell::default(),
            promisor: Promisor::of(repository, git)?,
            looked_at: RefCell::default(),
        };
        let bytes = snapshot.object(raw(commit))?;
        let tree = bytes.strip_prefix(b"tree ").and_then(|rest| rest.get(..40));
        let tree = tree.and_then(|hex| std::str::from_utf8(hex).ok());
        let tree = tree.with_context(|| format!("{commit} is no commit"))?;
        snapshot.root = raw(Oid::from_str(tree)?);
        Ok(snapshot)
    }

    /// The commit.
    pub(crate) fn commit(&self) -> Oid {
        self.commit
    }

    /// The id of the root tree.
    pub(super) fn root(&self) -> [u8; 20] {
        self.root
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
        Ok(Rc::new(Tree::parse(self.object(id)?)?))
    }

    /// The bytes of any object.
    pub(super) fn object(&self, id: [u8; 20]) -> Result<Vec<u8>> {
        if let Some(bytes) = self.packs.object(&id) {
            return Ok(bytes);
        }
        match self.odb.read(oid(id)) {
            Ok(object) => Ok(object.data().to_vec()),
            Err(error) if error.code() == git2::ErrorCode::NotFound => self.promised(id),
            Err(error) => {
                let message = format!("the object {} cannot be read: {}", oid(id), error.message());
                let failure = Failure::new(FailureKind::Invalid, message);
                Err(failure.hint("`git fsck` tells what is damaged").into())
            }
        }
    }

    /// An object that is not here: fetched in a partial clone, and with it its like in the folders beside.
    fn promised(&self, id: [u8; 20]) -> Result<Vec<u8>> {
        let Some(promisor) = &self.promisor else {
            return Err(missing(oid(id)).into());
        };
        let mut wanted = vec![oid(id)];
        let path = self.looked_at.borrow().get(&BlobId(id)).cloned();
        if let Some(path) = path {
            wanted.extend(
                self.like(&path)?
                    .into_iter()
                    .filter(|like| *like != oid(id)),
            );
        }
        promisor.fetch(&wanted)?;
        let object = self.odb.read(oid(id)).map_err(|_| missing(oid(id)))?;
        Ok(object.data().to_vec())
    }

    /// The objects that are not here of files with the same name in the folders beside: whoever reads the link of one app
    /// reads those of the others.
    fn like(&self, path: &RepoPath) -> Result<Vec<Oid>> {
        let Some(above) = path.parent().and_then(|folder| folder.parent()) else {
            return Ok(Vec::new());
        };
        let mut like = Vec::new();
        for folder in self.folders(&above)? {
            if let Some((mode, id)) = self.raw_entry(&above.join(folder).join(path.name()))?
                && !matches!(mode, MODE_TREE | MODE_SUBMODULE)
                && !self.odb.exists(oid(id))
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
        let Some(promisor) = &self.promisor else {
            return Ok(());
        };
        let wanted: Vec<_> = objects
            .map(oid)
            .filter(|id| !self.odb.exists(*id))
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        promisor.fetch(&wanted)
    }

    fn raw_entry(&self, path: &RepoPath) -> Result<Option<(u32, [u8; 20])>> {
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
        if let Some(bytes) = self.blobs.borrow().get(&id) {
            return Ok(bytes.clone());
        }
        let bytes: Arc<[u8]> = self.object(id.0)?.into();
        if bytes.len() <= SMALL {
            self.blobs.borrow_mut().insert(id, bytes.clone());
        }
        Ok(bytes)
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
        if self.promisor.is_some() {
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

    fn bytes(&self, content: &Content) -> Result<Arc<[u8]>> {
        match content.new_bytes() {
            Some(bytes) => Ok(bytes.clone()),
            None => self.blob(content.id()),
        }
    }
}
