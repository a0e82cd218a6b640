//! The paths in which two commits differ.

use std::collections::BTreeMap;

use anyhow::Result;

use super::Snapshot;
use super::objects::{EMPTY_TREE, MODE_FILE, MODE_LINK, MODE_TREE, Tree, TreeEntry};
use crate::tree::{Change, ChangeSet, Content, Entry, ReadTree as _, RepoPath};

/// One side of a difference: mode and id.
pub(super) type Side = Option<(u32, [u8; 20])>;

/// A path that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Touched {
    pub(super) old: Side,
    pub(super) new: Side,
}

/// Every file, link and submodule that differs, by its path as git writes it.
pub(super) fn touched(old: &Snapshot, new: &Snapshot) -> Result<BTreeMap<Vec<u8>, Touched>> {
    let mut paths = BTreeMap::new();
    let (old_root, new_root) = (Some((MODE_TREE, old.root())), Some((MODE_TREE, new.root())));
    compare(new, &[], old_root, new_root, &mut paths)?;
    Ok(paths)
}

/// The paths of a change set, as they would differ.
pub(super) fn planned(base: &Snapshot, changes: &ChangeSet) -> Result<Vec<(RepoPath, Touched)>> {
    let side = |entry: &Entry| match entry {
        Entry::File(content) => (MODE_FILE, content.id().0),
        Entry::Symlink(target) => (MODE_LINK, Content::new(target.as_bytes()).id().0),
    };
    let paths = changes.iter().map(|(path, change)| {
        let new = match change {
            Change::Write(entry) => Some(side(entry)),
            Change::Delete => None,
        };
        let old = base.entry(path)?.as_ref().map(side);
        Ok((path.clone(), Touched { old, new }))
    });
    paths.collect()
}

fn compare(
    objects: &Snapshot,
    path: &[u8],
    old: Side,
    new: Side,
    paths: &mut BTreeMap<Vec<u8>, Touched>,
) -> Result<()> {
    if old == new {
        return Ok(());
    }
    let tree = |side: Side| match side {
        Some((MODE_TREE, EMPTY_TREE)) => Ok(None),
        Some((MODE_TREE, id)) => objects.parsed(id).map(Some),
        _ => Ok(None),
    };
    let (old_tree, new_tree) = (tree(old)?, tree(new)?);
    let leaf = |side: Side| side.filter(|(mode, _)| *mode != MODE_TREE);
    let (old, new) = (leaf(old), leaf(new));
    if old != new {
        paths.insert(path.to_vec(), Touched { old, new });
    }
    let side = |entry: TreeEntry| Some((entry.mode, entry.id));
    let below = |name: &[u8]| {
        if path.is_empty() {
            name.to_vec()
        } else {
            [path, b"/", name].concat()
        }
    };
    let (old_tree, new_tree) = (old_tree.as_deref(), new_tree.as_deref());
    for entry in new_tree.into_iter().flat_map(Tree::iter) {
        let before = old_tree
            .and_then(|tree| tree.get(entry.name))
            .and_then(side);
        compare(objects, &below(entry.name), before, side(entry), paths)?;
    }
    for entry in old_tree.into_iter().flat_map(Tree::iter) {
        if new_tree.and_then(|tree| tree.get(entry.name)).is_none() {
            compare(objects, &below(entry.name), side(entry), None, paths)?;
        }
    }
    Ok(())
}
