//! The objects of a repository, wherever they lie: in its packs, loose, elsewhere where libgit2 finds them, or at the promisor of a
//! partial clone.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use foldhash::fast::RandomState;
use git2::{Odb, Oid, Repository};

use super::loose::Loose;
use super::objects::{EMPTY_TREE, NewObject, Tree, oid};
use super::packs::Packs;
use super::promisor::{Promisor, missing};
use super::{Failure, FailureKind, Git};
use crate::tree::BlobId;

/// Blobs up to this size are kept: links, teams, names.
const SMALL: usize = 512;

/// Trees of a walk are kept until they have so many bytes.
const KEPT: usize = 16 << 20;

/// Where objects are read.
pub(super) struct Store<'a> {
    repository: &'a Repository,
    packs: Packs,
    loose: Loose,
    odb: Odb<'a>,
    /// Where objects come from that a partial clone has not fetched.
    promisor: Option<Promisor<'a>>,
    /// Objects that are not stored yet.
    held: RefCell<HashMap<[u8; 20], Arc<[u8]>, RandomState>>,
    blobs: RefCell<HashMap<BlobId, Arc<[u8]>, RandomState>>,
    trees: RefCell<KeptTrees>,
}

/// Trees by their ids: from one commit to the next nearly all are the same.
#[derive(Default)]
struct KeptTrees {
    by_id: HashMap<[u8; 20], Rc<Tree>, RandomState>,
    bytes: usize,
}

impl<'a> Store<'a> {
    pub(super) fn of(repository: &'a Repository, git: &'a Git) -> Result<Self> {
        Ok(Self {
            promisor: Promisor::of(repository, git)?,
            ..Self::of_what_is_here(repository)?
        })
    }

    /// The same without what a partial clone has not fetched.
    pub(super) fn of_what_is_here(repository: &'a Repository) -> Result<Self> {
        Ok(Self {
            repository,
            packs: Packs::open(&repository.commondir().join("objects")),
            loose: Loose::of(repository.commondir().join("objects")),
            odb: repository.odb()?,
            promisor: None,
            held: RefCell::default(),
            blobs: RefCell::default(),
            trees: RefCell::default(),
        })
    }

    /// Whether this is a partial clone.
    pub(super) fn is_partial(&self) -> bool {
        self.promisor.is_some()
    }

    /// Whether the object is here.
    pub(super) fn holds(&self, id: [u8; 20]) -> bool {
        self.held.borrow().contains_key(&id) || self.odb.exists(oid(id))
    }

    /// Takes objects for part of the repository that are not stored yet.
    pub(super) fn hold(&self, objects: &[NewObject]) {
        let objects = objects.iter();
        let objects = objects.map(|object| (object.id, object.bytes.clone()));
        self.held.borrow_mut().extend(objects);
    }

    /// The commits at which a shallow clone ends; none in any other.
    pub(super) fn shallow_ends(&self) -> Result<BTreeSet<Oid>> {
        let path = self.repository.commondir().join("shallow");
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(text.lines().map(Oid::from_str).collect::<Result<_, _>>()?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeSet::new()),
            Err(error) => Err(error).with_context(|| format!("reading `{}`", path.display())),
        }
    }

    /// The bytes of any object. In a partial clone it is fetched together with its like.
    pub(super) fn object(
        &self,
        id: [u8; 20],
        like: impl FnOnce() -> Result<Vec<Oid>>,
    ) -> Result<Vec<u8>> {
        if let Some(bytes) = self.held.borrow().get(&id) {
            return Ok(bytes.to_vec());
        }
        if let Some(bytes) = self.packs.object(&id) {
            return Ok(bytes);
        }
        if let Some(bytes) = self.loose.object(id)? {
            return Ok(bytes);
        }
        match self.odb.read(oid(id)) {
            Ok(object) => Ok(object.data().to_vec()),
            Err(error) if error.code() == git2::ErrorCode::NotFound => self.promised(id, like),
            Err(error) => {
                let message = format!("the object {} cannot be read: {}", oid(id), error.message());
                let failure = Failure::new(FailureKind::Invalid, message);
                Err(failure.hint("`git fsck` tells what is damaged").into())
            }
        }
    }

    fn promised(&self, id: [u8; 20], like: impl FnOnce() -> Result<Vec<Oid>>) -> Result<Vec<u8>> {
        let Some(promisor) = &self.promisor else {
            return Err(missing(oid(id)).into());
        };
        let mut wanted = vec![oid(id)];
        wanted.extend(like()?.into_iter().filter(|like| *like != oid(id)));
        promisor.fetch(&wanted)?;
        let object = self.odb.read(oid(id)).map_err(|_| missing(oid(id)))?;
        Ok(object.data().to_vec())
    }

    /// Fetches what is not here of these objects in one go; nothing to do unless this is a partial clone.
    pub(super) fn prefetch(&self, objects: impl Iterator<Item = [u8; 20]>) -> Result<()> {
        let Some(promisor) = &self.promisor else {
            return Ok(());
        };
        let wanted: Vec<_> = objects.filter(|id| !self.holds(*id)).map(oid).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        promisor.fetch(&wanted)
    }

    /// A blob, kept if it is small.
    pub(super) fn blob(
        &self,
        id: BlobId,
        like: impl FnOnce() -> Result<Vec<Oid>>,
    ) -> Result<Arc<[u8]>> {
        if let Some(bytes) = self.blobs.borrow().get(&id) {
            return Ok(bytes.clone());
        }
        let bytes: Arc<[u8]> = self.object(id.0, like)?.into();
        if bytes.len() <= SMALL {
            self.blobs.borrow_mut().insert(id, bytes.clone());
        }
        Ok(bytes)
    }

    /// A tree by its id.
    pub(super) fn tree(&self, id: [u8; 20]) -> Result<Rc<Tree>> {
        if id == EMPTY_TREE {
            return Ok(Rc::default());
        }
        if let Some(tree) = self.trees.borrow().by_id.get(&id) {
            return Ok(tree.clone());
        }
        let bytes = self.object(id, || Ok(Vec::new()))?;
        Ok(Rc::new(Tree::parse(bytes)?))
    }

    /// A tree by its id, kept for whoever reads it next.
    pub(super) fn kept_tree(&self, id: [u8; 20]) -> Result<Rc<Tree>> {
        let tree = self.tree(id)?;
        let mut kept = self.trees.borrow_mut();
        if kept.bytes > KEPT {
            *kept = KeptTrees::default();
        }
        if kept.by_id.insert(id, tree.clone()).is_none() {
            kept.bytes += tree.size();
        }
        Ok(tree)
    }
}
