//! Tree objects.

use std::collections::BTreeSet;

use git2::{ObjectType, Odb, Repository};

use crate::git::objects::{MODE_TREE, Tree, append, raw};

/// A tree that we read has the entries that libgit2 reads, each of them once, and is written as git writes it.
pub(crate) fn trees(data: &[u8]) {
    let Ok(tree) = Tree::parse(data.to_vec()) else {
        return;
    };
    let mut written = Vec::new();
    let mut names = BTreeSet::new();
    for entry in tree.iter() {
        append(&mut written, &entry);
        assert!(names.insert(entry.name), "{:?} twice", entry.name);
        assert_eq!(tree.get(entry.name), Some(entry));
        assert!(!entry.name.is_empty() && !entry.name.contains(&0));
    }
    let again = Tree::parse(written.clone()).expect("what we write can be read");
    assert!(again.iter().eq(tree.iter()));
    assert_eq!(tree.unlike(&again).count(), 0);
    for name in [&b""[..], b"a", b"version", b"\xff"] {
        assert_eq!(tree.get(name).is_some(), names.contains(name));
    }
    check_with_libgit2(&tree, data);
}

fn check_with_libgit2(tree: &Tree, data: &[u8]) {
    let odb = Odb::new().expect("a store of objects in memory");
    odb.add_new_mempack_backend(1).expect("it takes objects");
    let id = odb.write(ObjectType::Tree, data).expect("it takes any");
    let repository = Repository::from_odb(odb).expect("a repository without anything else");
    let theirs = repository.find_tree(id).expect("what we read can be read");
    assert_eq!(theirs.len(), tree.iter().count());
    for (ours, theirs) in tree.iter().zip(theirs.iter()) {
        assert_eq!(ours.name, theirs.name_bytes());
        assert_eq!(ours.id, raw(theirs.id()));
        let is_folder = theirs.kind() == Some(ObjectType::Tree);
        assert_eq!(ours.mode == MODE_TREE, is_folder);
    }
}
