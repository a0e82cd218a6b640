//! Setting the scene by hand, and proving that nobody changed it.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::files::{file_at, put};
use super::{BRANCH, Node, Tree, World, differences, files_below, text};

impl World {
    /// Commits and pushes a file, as a person would.
    pub(crate) fn file(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let node = Node::File(bytes.as_ref().to_vec());
        self.plant(&format!("setup: {path}"), &[(path, Some(&node))]);
    }

    /// Commits and pushes a symbolic link.
    pub(crate) fn link(&self, path: &str, target: &str) {
        let node = Node::Link(target.to_owned());
        self.plant(&format!("setup: {path}"), &[(path, Some(&node))]);
    }

    /// Commits and pushes the removal of a file or link.
    pub(crate) fn remove(&self, path: &str) {
        self.plant(&format!("setup: remove {path}"), &[(path, None)]);
    }

    pub(super) fn plant(&self, message: &str, nodes: &[(&str, Option<&Node>)]) {
        if nodes.is_empty() {
            return;
        }
        self.git(&["pull", "-q", "--ff-only", "origin", BRANCH]);
        for (path, node) in nodes {
            let place = self.checkout.join(path);
            match fs::remove_file(&place) {
                Err(error) if error.kind() != ErrorKind::NotFound => panic!("{path}: {error}"),
                _ => {}
            }
            if let Some(node) = node {
                put(&place, node);
            }
        }
        let paths = nodes.iter().map(|(path, _)| *path);
        let mut add = vec!["add", "--force", "--all", "--"];
        add.extend(paths.clone());
        self.git(&add);
        let mut commit = vec!["commit", "-q", "-m", message, "--"];
        commit.extend(paths);
        self.git(&commit);
        let branch = format!("HEAD:{BRANCH}");
        self.git(&["push", "-q", "origin", &branch]);
    }

    /// Writes a file into the checkout and leaves it uncommitted.
    pub(crate) fn edit(&self, path: &str, bytes: impl AsRef<[u8]>) {
        put(
            &self.checkout.join(path),
            &Node::File(bytes.as_ref().to_vec()),
        );
    }

    /// Writes a file outside the checkout and returns its path, for the flags that take a file.
    pub(crate) fn scratch(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let place = self.room.folder.path().join("scratch").join(name);
        put(&place, &Node::File(bytes.as_ref().to_vec()));
        place.display().to_string()
    }
}

/// All that a command can change on the remote and in the checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot(pub(super) Tree);

impl World {
    /// Everything that a command could change: the refs on both sides, `HEAD`, the index, every file of the work tree.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let refs = ["for-each-ref", "--format=%(refname) %(objectname)%(symref)"];
        let git_folder = PathBuf::from(self.git(&["rev-parse", "--absolute-git-dir"]));
        let mut parts = Tree::new();
        parts.insert("remote: refs".into(), text(&self.remote_git(&refs)));
        parts.insert("remote: HEAD".into(), file_at(&self.remote().join("HEAD")));
        parts.insert("refs".into(), text(&self.git(&refs)));
        parts.insert("HEAD".into(), file_at(&git_folder.join("HEAD")));
        parts.insert("index".into(), file_at(&git_folder.join("index")));
        let files = files_below(&self.checkout).into_iter();
        parts.extend(files.map(|(path, node)| (format!("work tree: {path}"), node)));
        Snapshot(parts)
    }

    /// Proves that nothing changed since `before`.
    #[track_caller]
    pub(crate) fn assert_untouched(&self, before: &Snapshot) {
        let now = self.snapshot();
        let changed = differences(&before.0, &now.0);
        assert!(changed.is_empty(), "something changed:\n{changed}");
    }
}
