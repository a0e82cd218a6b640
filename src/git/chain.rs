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
        commit::store(checkout, &self.objects)?;
        Ok(self.top.commit())
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use git2::{ObjectType, Repository};

    use super::super::objects::EMPTY_TREE;
    use super::super::pack;
    use super::super::store::Store;
    use super::*;
    use crate::tree::{Content, Draft, Entry, RepoPath};

    #[test]
    fn commits_on_each_other_take_little_more_room_than_what_they_change() {
        const FOLDERS: u32 = 300;
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init_bare(folder.path()).unwrap();
        let who = Signature {
            name: "Ada".to_owned(),
            email: "ada@example.com".to_owned(),
            seconds: 0,
        };
        let store = Rc::new(Store::of_what_is_here(&repository).unwrap());
        let mut chain = Chain::on(Snapshot::with_root(store, Oid::ZERO_SHA1, EMPTY_TREE));
        let mut write = |folders: std::ops::Range<u32>, text: &str| {
            let mut draft = Draft::on(chain.top());
            for folder in folders {
                let path = RepoPath::of(&["apps", &format!("service-{folder:04}"), "note"]);
                let content = Content::new(format!("{text} {folder}\n").into_bytes());
                draft.write(path, Entry::File(content)).unwrap();
            }
            let changes = draft.into_changes();
            let added = chain.append(&changes, (&who, &who), text).unwrap();
            assert!(added.is_some());
        };
        write(0..FOLDERS, "first");
        for folder in 0..30 {
            write(folder * 7..folder * 7 + 1, "next");
        }
        let trees = chain
            .objects
            .iter()
            .filter(|each| each.kind == ObjectType::Tree);
        let large = trees
            .map(|tree| tree.bytes.len())
            .filter(|size| *size > 10_000);
        assert_eq!(large.count(), 31);
        pack::store(&repository, &chain.objects).unwrap();
        let entries = std::fs::read_dir(folder.path().join("objects/pack")).unwrap();
        let mut entries = entries.map(|entry| entry.unwrap());
        let pack = entries.find(|entry| entry.path().extension().unwrap() == "pack");
        let size = pack.unwrap().metadata().unwrap().len();
        // Of a tree with new ids half stays, however it is written: thirty more of these would be six times as much.
        assert!(size < 60_000, "{size}");
    }
}
