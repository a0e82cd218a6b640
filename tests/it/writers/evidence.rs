//! What a run leaves as evidence: what each process said, and the whole history, read with git's own plumbing.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use serde_json::Value;

use super::ask::Ask;
use super::script::Befalls;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Exit(i32),
    Killed,
}

/// One process: what it was asked, what befell it, and what it said.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) mark: String,
    pub(super) clone: usize,
    /// Whether nobody else works in its clone.
    pub(super) alone: bool,
    /// How often the operation was tried before.
    pub(super) turn: u32,
    pub(super) ask: Ask,
    pub(super) befalls: Befalls,
    pub(super) ending: Ending,
    pub(super) answer: Option<Value>,
    pub(super) stderr: String,
    /// What the journal of its clone kept after its end.
    pub(super) kept: Vec<Kept>,
    /// The instant that it was told, in seconds since 1970.
    pub(super) instant: i64,
    /// Where the branch of the remote stood before its start and after its end.
    pub(super) tip_before: String,
    pub(super) tip_after: String,
}

impl Attempt {
    /// What the journal keeps of its own operation: no other one has an instant between its first start and this one.
    pub(super) fn kept_of_its_own(&self) -> impl Iterator<Item = &Kept> {
        let instants = self.instant - i64::from(self.turn)..=self.instant;
        let kept = self.kept.iter();
        kept.filter(move |kept| instants.contains(&kept.instant))
    }
}

/// A push that a journal keeps, since its end is not known.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// The id of its operation.
    pub(super) operation: String,
    /// The instant of its operation, in seconds since 1970.
    pub(super) instant: i64,
    pub(super) stands: Stands,
}

/// Where an operation stands that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// It has no place in line, as far as is known.
    Alone,
    /// It waits in line.
    InLine,
    /// It waits in line and publishes what waits there, its own operation first.
    AtTheHead,
}

/// A file or link in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) mode: String,
    pub(super) bytes: Arc<Vec<u8>>,
}

pub(super) type Tree = BTreeMap<String, Node>;

/// A commit of the remote's branch.
#[derive(Clone, Debug)]
pub(super) struct Commit {
    pub(super) id: String,
    pub(super) parents: Vec<String>,
    pub(super) author: String,
    pub(super) committer: String,
    /// When the author says that it was made, in seconds since 1970.
    pub(super) instant: i64,
    pub(super) message: String,
    pub(super) tree: Tree,
}

/// What is found in a clone after its last command.
#[derive(Clone, Debug)]
pub(super) struct Checkout {
    pub(super) name: String,
    /// Lines of `git status`, and those that the user's edits must give.
    pub(super) status: Vec<String>,
    pub(super) edits: Vec<String>,
    /// Locks, journals and refs.
    pub(super) left: Vec<String>,
    /// What `git fsck` complains of.
    pub(super) unsound: String,
    /// Whether its branch has come as far as the commit that its last command reported.
    pub(super) is_along: bool,
}

/// All that the checker is given.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    /// Every commit that can be reached from the branch, the oldest first.
    pub(super) commits: Vec<Commit>,
    /// How many of them were there before the first operation.
    pub(super) begun: usize,
    /// The last of these.
    pub(super) base: String,
    pub(super) attempts: Vec<Attempt>,
    /// Refs of the remote, and the commits that they lead to.
    pub(super) refs: BTreeMap<String, String>,
    /// The clones, and the remote as one of them.
    pub(super) checkouts: Vec<Checkout>,
    /// What the actors themselves saw go wrong.
    pub(super) seen: Vec<String>,
}

/// Runs git in a folder; what it says, and whether it ended well.
pub(super) fn git(folder: &Path, arguments: &[&str]) -> (String, bool) {
    let output = Command::new("git")
        .current_dir(folder)
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .output()
        .unwrap();
    let mut words = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        words.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    (words, output.status.success())
}

/// The history of a branch, the oldest commit first.
pub(super) fn history(repository: &Path, branch: &str) -> Vec<Commit> {
    let (ids, ok) = git(
        repository,
        &["rev-list", "--reverse", "--topo-order", branch],
    );
    assert!(ok, "{ids}");
    let mut objects = Objects::open(repository);
    ids.lines().map(|id| objects.commit(id)).collect()
}

/// `git cat-file --batch`, and what it has said.
struct Objects {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    known: BTreeMap<String, Arc<Vec<u8>>>,
}

impl Objects {
    fn open(repository: &Path) -> Self {
        let mut child = Command::new("git")
            .current_dir(repository)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            output,
            known: BTreeMap::new(),
        }
    }

    fn read(&mut self, id: &str) -> Arc<Vec<u8>> {
        if let Some(bytes) = self.known.get(id) {
            return Arc::clone(bytes);
        }
        writeln!(self.child.stdin.as_mut().unwrap(), "{id}").unwrap();
        let mut head = String::new();
        self.output.read_line(&mut head).unwrap();
        let size = head.trim_end().rsplit(' ').next().unwrap();
        let size: usize = size.parse().unwrap_or_else(|_| panic!("{head}"));
        let mut bytes = vec![0; size + 1];
        self.output.read_exact(&mut bytes).unwrap();
        bytes.pop();
        let bytes = Arc::new(bytes);
        self.known.insert(id.to_owned(), Arc::clone(&bytes));
        bytes
    }

    fn commit(&mut self, id: &str) -> Commit {
        let bytes = self.read(id);
        let text = String::from_utf8_lossy(&bytes);
        let (head, message) = text.split_once("\n\n").unwrap();
        let field = |name: &str| {
            let lines = head.lines().filter_map(move |line| line.split_once(' '));
            let name = name.to_owned();
            lines
                .filter(move |(key, _)| *key == name)
                .map(|(_, value)| value)
        };
        let address = |name: &str| {
            let who = field(name).next().unwrap();
            let address = who.split_once('<').unwrap().1.split_once('>').unwrap().0;
            address.to_owned()
        };
        let (_, time) = field("author").next().unwrap().split_once("> ").unwrap();
        let (instant, _) = time.split_once(' ').unwrap();
        let mut tree = Tree::new();
        self.flatten(field("tree").next().unwrap(), "", &mut tree);
        Commit {
            id: id.to_owned(),
            parents: field("parent").map(str::to_owned).collect(),
            author: address("author"),
            committer: address("committer"),
            instant: instant.parse().unwrap(),
            message: message.to_owned(),
            tree,
        }
    }

    fn flatten(&mut self, id: &str, prefix: &str, into: &mut Tree) {
        let bytes = self.read(id);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == 0).unwrap();
            let head = String::from_utf8_lossy(&rest[..end]).into_owned();
            let (mode, name) = head.split_once(' ').unwrap();
            let child = hex(&rest[end + 1..end + 21]);
            rest = &rest[end + 21..];
            let path = format!("{prefix}{name}");
            if mode == "40000" {
                self.flatten(&child, &format!("{path}/"), into);
            } else {
                let bytes = self.read(&child);
                let mode = mode.to_owned();
                into.insert(path, Node { mode, bytes });
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap();
    let digits = bytes.iter();
    digits
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

impl Drop for Objects {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
