//! Git by hand: what a person would type, and what the remote holds.

use std::collections::BTreeSet;
use std::path::Path;

use assert_cmd::Command;

use super::{BRANCH, Node, PATIENCE, Tree, World};

impl World {
    /// Runs git in the checkout; it has to end well.
    #[track_caller]
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.git_in(&self.checkout, arguments)
    }

    /// Runs git in the bare remote; it has to end well.
    #[track_caller]
    pub(crate) fn remote_git(&self, arguments: &[&str]) -> String {
        self.git_in(&self.remote(), arguments)
    }

    /// Runs a line of shell in the checkout; it has to end well.
    #[track_caller]
    pub(crate) fn shell(&self, line: &str) {
        let mut shell = Command::new("sh");
        let shell = self.seclude(&mut shell).current_dir(self.checkout());
        shell
            .args(["-ec", line])
            .timeout(PATIENCE)
            .assert()
            .success();
    }

    #[track_caller]
    pub(super) fn git_in(&self, folder: &Path, arguments: &[&str]) -> String {
        let output = self.git_bytes(folder, arguments, Vec::new());
        String::from_utf8(output).unwrap().trim_end().to_owned()
    }

    #[track_caller]
    fn git_bytes(&self, folder: &Path, arguments: &[&str], stdin: Vec<u8>) -> Vec<u8> {
        let date = format!("{} +0000", self.now().as_second());
        let mut git = Command::new("git");
        let output = self
            .seclude(&mut git)
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .current_dir(folder)
            .args(arguments)
            .write_stdin(stdin)
            .timeout(PATIENCE)
            .output()
            .unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "git {}: {complaint}",
            arguments.join(" ")
        );
        output.stdout
    }

    /// The commit at the tip of the remote's branch.
    pub(crate) fn head(&self) -> String {
        self.remote_git(&["rev-parse", BRANCH])
    }

    /// The tree at the tip of the remote's branch.
    pub(crate) fn tree(&self) -> Tree {
        self.tree_at(BRANCH)
    }

    /// The tree of a commit that the remote holds.
    pub(crate) fn tree_at(&self, revision: &str) -> Tree {
        let listing = self.remote_git(&["ls-tree", "-r", "-z", "--full-tree", revision]);
        let entries: Vec<(&str, &str, &str)> = listing
            .split_terminator('\0')
            .map(|entry| {
                let (facts, path) = entry.split_once('\t').unwrap();
                let mut facts = facts.split(' ');
                (facts.next().unwrap(), facts.nth(1).unwrap(), path)
            })
            .collect();
        let wanted: Vec<&str> = entries.iter().map(|(_, id, _)| *id).collect();
        let wanted = format!("{}\n", wanted.join("\n")).into_bytes();
        let output = self.git_bytes(&self.remote(), &["cat-file", "--batch"], wanted);
        let mut rest = output.as_slice();
        let mut tree = Tree::new();
        for (mode, _, path) in entries {
            let bytes = next_object(&mut rest);
            let node = match mode {
                "120000" => Node::Link(String::from_utf8(bytes).unwrap()),
                _ => Node::File(bytes),
            };
            tree.insert(path.to_owned(), node);
        }
        tree
    }

    /// The modes that occur in the tree at the tip of the remote's branch, trees included.
    pub(crate) fn modes(&self) -> BTreeSet<String> {
        let listing = self.remote_git(&["ls-tree", "-r", "-t", "--full-tree", BRANCH]);
        listing.lines().map(|line| line[..6].to_owned()).collect()
    }
}

/// Takes the next object off the output of `git cat-file --batch`.
fn next_object(rest: &mut &[u8]) -> Vec<u8> {
    let line = rest.iter().position(|&byte| byte == b'\n').unwrap();
    let head = std::str::from_utf8(&rest[..line]).unwrap();
    let size: usize = head.rsplit(' ').next().unwrap().parse().unwrap();
    let bytes = rest[line + 1..line + 1 + size].to_vec();
    *rest = &rest[line + 1 + size + 1..];
    bytes
}
