//! Commits on top of each other that nobody has seen yet: each is planned on the one before it, and all are stored at once.

use anyhow::Result;
use git2::Oid;

use super::commit::{self, UnpushedCommit};
use super::objects::{NewObject, oid};
use super::{Checkout, Signature, Snapshot};
use crate::tree::ChangeSet;

/// A chain of commits.
pub(super) struct Chain<'a> {
    top: Snapshot<'a>,
    objects: Vec<NewObject>,
}

impl<'a> Chain<'a> {
    /// Begins on a commit that everybody has.
    pub(super) fn on(base: Snapshot<'a>) -> Self {
        Self {
            top: base,
            objects: Vec::new(),
        }
    }

    /// The last commit as a tree.
    pub(super) fn top(&self) -> &Snapshot<'a> {
        &self.top
    }

    /// Adds a commit; `None` if the tree stays as it is.
    pub(super) fn append(
        &mut self,
        changes: &ChangeSet,
        who: (&Signature, &Signature),
        message: &str,
    ) -> Result<Option<UnpushedCommit>> {
        let mut objects = Vec::new();
        let root = commit::write_trees(&self.top, changes, &mut objects)?;
        if root == self.top.root() {
            return Ok(None);
        }
        let parent = self.top.commit();
        let commit = commit::unsigned((root, parent), who, message);
        let id = oid(commit.id);
        objects.push(commit);
        let store = self.top.store();
        store.hold(&objects);
        self.top = Snapshot::with_root(store.clone(), id, root);
        self.objects.append(&mut objects);
        Ok(Some(UnpushedCommit { id, parent }))
    }

    /// Makes all commits part of the repository, and returns the last one.
    pub(super) fn store(self, checkout: &Checkout) -> Result<Oid> {
        let doing = doing!("writing", "the objects of the commit");
        doing.record("count", self.objects.len());
        commit::store(checkout, self.objects)?;
        Ok(self.top.commit())
    }
}
