//! Files, links and folders as plain values.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use similar::TextDiff;
use walkdir::WalkDir;

/// Every file and link of a tree, by path.
pub(crate) type Tree = BTreeMap<String, Node>;

/// What lies at a path.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Node {
    File(Vec<u8>),
    Link(String),
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(target) => write!(f, "-> {target}"),
            Self::File(bytes) => write!(f, "{:?}", String::from_utf8_lossy(bytes)),
        }
    }
}

/// A file with this content.
pub(crate) fn text(content: &str) -> Node {
    Node::File(content.as_bytes().to_vec())
}

/// What two trees do not share, a line each; empty if they are equal.
pub(crate) fn differences(expected: &Tree, actual: &Tree) -> String {
    let paths: BTreeSet<&String> = expected.keys().chain(actual.keys()).collect();
    let lines = paths
        .into_iter()
        .filter_map(|path| match (expected.get(path), actual.get(path)) {
            (Some(wanted), Some(found)) if wanted == found => None,
            (Some(wanted), Some(found)) => Some(format!(
                "{path}\n  expected {wanted:?}\n  found    {found:?}\n"
            )),
            (Some(wanted), None) => Some(format!("{path} is missing\n  expected {wanted:?}\n")),
            (None, Some(found)) => Some(format!("{path} is one too many\n  found    {found:?}\n")),
            (None, None) => None,
        });
    lines.collect()
}

/// How a document differs from the expected one, as a unified diff; empty if they are equal.
pub(crate) fn difference(expected: &Value, found: &Value) -> String {
    let [expected, found] = [expected, found].map(|document| format!("{document:#}\n"));
    let diff = TextDiff::from_lines(&expected, &found);
    let mut diff = diff.unified_diff();
    diff.header("expected", "found").to_string()
}

/// The folder `fixtures`.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Every file, link and empty folder (its path ends in `/`) below a folder, without `.git`.
pub(crate) fn files_below(folder: &Path) -> Tree {
    let walk = WalkDir::new(folder)
        .min_depth(1)
        .into_iter()
        .filter_entry(|entry| entry.file_name() != ".git");
    let mut tree = Tree::new();
    for entry in walk {
        let entry = entry.unwrap();
        let path = entry.path().strip_prefix(folder).unwrap();
        let path = path.to_str().unwrap().to_owned();
        if !entry.file_type().is_dir() {
            tree.insert(path, file_at(entry.path()));
        } else if fs::read_dir(entry.path()).unwrap().next().is_none() {
            tree.insert(format!("{path}/"), Node::File(Vec::new()));
        }
    }
    tree
}

/// What lies at a path; nothing there is an empty file.
pub(super) fn file_at(path: &Path) -> Node {
    match fs::read_link(path) {
        Ok(target) => Node::Link(target.to_str().unwrap().to_owned()),
        Err(_) => Node::File(fs::read(path).unwrap_or_default()),
    }
}

/// Writes a file or a link, and the folders that it needs.
pub(super) fn put(place: &Path, node: &Node) {
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    match node {
        Node::File(bytes) => fs::write(place, bytes).unwrap(),
        Node::Link(target) => std::os::unix::fs::symlink(target, place).unwrap(),
    }
}
