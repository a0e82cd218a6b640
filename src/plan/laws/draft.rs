//! A draft reads the same as the tree that it becomes.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::hold;
use super::operation::{EVERY, operations};
use super::repository::repositories;
use crate::plan::Ground;
use crate::plan::world::context;
use crate::tree::{Draft, Entry, MemoryTree, ReadTree, RepoPath};

/// Every path of the trees, every folder above one, and a neighbour of each.
fn paths(trees: [&MemoryTree; 2]) -> BTreeSet<RepoPath> {
    let listings = trees
        .into_iter()
        .flat_map(|tree| tree.listing().into_keys());
    let mut paths = BTreeSet::from([RepoPath::root()]);
    for listed in listings {
        let mut path = RepoPath::parse(&listed);
        while let Some(above) = path {
            paths.extend(RepoPath::parse(&format!("{above}-")));
            path = above.parent().filter(|_| paths.insert(above));
        }
    }
    paths
}

/// Compares the draft with the tree of its changes.
#[track_caller]
fn check(base: &MemoryTree, draft: &Draft) {
    let mut tree = base.clone();
    tree.apply(draft.changes());
    for path in paths([base, &tree]) {
        assert_eq!(
            draft.kind(&path).unwrap(),
            tree.kind(&path).unwrap(),
            "kind of `{path}`"
        );
        assert_eq!(
            draft.entry(&path).unwrap(),
            tree.entry(&path).unwrap(),
            "entry `{path}`"
        );
        let children = tree.children(&path).unwrap();
        assert_eq!(
            draft.children(&path).unwrap(),
            children,
            "children of `{path}`"
        );
    }
    let idle = draft
        .changes()
        .iter()
        .find(|(path, _)| base.entry(path).unwrap() == tree.entry(path).unwrap());
    assert_eq!(idle, None, "a change that changes nothing");
}

#[test]
fn the_draft_of_an_operation_reads_as_the_tree_that_it_becomes() {
    hold(
        200,
        &(repositories(), operations(EVERY)),
        |(repository, operation)| {
            let base = repository.world().0;
            let context = context();
            let Ok(ground) = Ground::survey(&base, &context) else {
                return;
            };
            let mut draft = Draft::on(&base);
            let _refused_or_not = operation.plan(&mut draft, &ground);
            check(&base, &draft);
        },
    );
}

const PATHS: [&str; 8] = ["a", "a/b", "a/b/c", "a/b/d", "a/b-c", "a-b", "a/c", "b"];

#[derive(Clone, Debug)]
enum Edit {
    Write(&'static str, &'static str),
    Link(&'static str),
    Delete(&'static str),
    DeleteFolder(&'static str),
}

impl Edit {
    /// Edits the draft; what is refused changes nothing.
    fn apply(&self, draft: &mut Draft) {
        let path = |text: &str| RepoPath::parse(text).unwrap();
        let _refused_or_not = match self {
            Self::Write(at, text) => draft.write(path(at), Entry::file(text)),
            Self::Link(at) => draft.write(path(at), Entry::Symlink("1".to_owned())),
            Self::Delete(at) => draft.delete(path(at)),
            Self::DeleteFolder(at) => draft.delete_folder(&path(at)),
        };
    }
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let path = || select(&PATHS[..]);
    let edit = prop_oneof![
        4 => (path(), select(&["1", "2"][..])).prop_map(|(path, text)| Edit::Write(path, text)),
        1 => path().prop_map(Edit::Link),
        3 => path().prop_map(Edit::Delete),
        1 => path().prop_map(Edit::DeleteFolder),
    ];
    vec(edit, 0..8)
}

#[test]
fn any_draft_reads_as_the_tree_that_it_becomes() {
    hold(2000, &(edits(), edits()), |(first, second)| {
        let empty = MemoryTree::default();
        let mut draft = Draft::on(&empty);
        for edit in &first {
            edit.apply(&mut draft);
        }
        check(&empty, &draft);
        let mut base = empty.clone();
        base.apply(&draft.into_changes());
        let mut draft = Draft::on(&base);
        for edit in &second {
            edit.apply(&mut draft);
        }
        check(&base, &draft);
    });
}
