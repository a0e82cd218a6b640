//! The smallest yard that a train can cross, and whether all that belongs together is in step.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{BRANCH, Tree, World, text};

/// Stores a release of `web` for both environments, and deploys it to `dev`.
pub(crate) const RELEASE: &str =
    "release -a web --manifest dev=../scratch/web.yaml --manifest staging=../scratch/web.yaml";
/// Locks `dev`.
pub(crate) const LOCK: &str = "lock -e dev --lock-id freeze -m 'no changes today'";
/// Brings to `staging` what runs on `dev`.
pub(crate) const TRAIN: &str = "release-train staging";

impl World {
    /// `dev` takes the latest release, `staging` what runs on `dev`.
    pub(crate) fn yard() -> Self {
        Self::yard_with(Tree::new())
    }

    /// The same with more files.
    pub(crate) fn yard_with(mut tree: Tree) -> Self {
        let configs = [
            ("dev", r#"{"upstream": {"latest": true}}"#),
            ("staging", r#"{"upstream": {"environment": "dev"}}"#),
        ];
        for (name, config) in configs {
            let path = format!("environments/{name}/config.json");
            tree.insert(path, text(&format!("{config}\n")));
        }
        let world = Self::with_files(&tree);
        world.scratch("web.yaml", "kind: ConfigMap\nmetadata:\n  name: web\n");
        world
    }

    /// Another work tree of the same repository; the arguments are those of `git worktree add`.
    pub(crate) fn linked(&self, name: &str, arguments: &[&str]) -> Self {
        let path = self.room().join(name).display().to_string();
        self.git(&[&["worktree", "add", "-q", &path], arguments].concat());
        self.checkout_at(name)
    }

    /// Another checkout in this room, however it came there.
    pub(crate) fn checkout_at(&self, name: &str) -> Self {
        Self {
            room: Arc::clone(&self.room),
            checkout: self.room().join(name),
        }
    }

    /// Remote, local branch, what is known of the remote, index and files agree; every object is sound, and nothing is left
    /// lying about.
    #[track_caller]
    pub(crate) fn assert_in_step(&self) {
        let head = self.head();
        assert_eq!(self.git(&["rev-parse", "HEAD"]), head, "the local branch");
        assert_eq!(self.known(), head, "what is known of the remote");
        self.assert_tidy();
    }

    /// Nothing is changed in the checkout, every object is sound, and no lock, journal or ref of ours is left.
    #[track_caller]
    pub(crate) fn assert_tidy(&self) {
        assert_eq!(self.status(), "", "git status");
        self.git(&["fsck", "--strict", "--no-dangling"]);
        assert_eq!(self.left_lying(), [""; 0], "left lying about");
    }

    /// `verify` finds neither errors nor warnings.
    #[track_caller]
    pub(crate) fn assert_sound(&self) {
        let answer = self.run("verify --strict");
        assert_eq!(answer.code, 0, "verify\n{answer}");
    }

    /// `git status`, a line for each path.
    #[track_caller]
    pub(crate) fn status(&self) -> String {
        self.git(&["status", "--porcelain"])
    }

    /// Where the remote's branch stood when this checkout last heard of it.
    #[track_caller]
    pub(crate) fn known(&self) -> String {
        self.git(&["rev-parse", &format!("refs/remotes/origin/{BRANCH}")])
    }

    /// Locks, journals and refs that a command should have taken away.
    pub(crate) fn left_lying(&self) -> Vec<String> {
        let mut folders = ["--absolute-git-dir", "--git-common-dir"].map(|which| {
            let folder = self.git(&["rev-parse", which]);
            self.checkout().join(folder).canonicalize().unwrap()
        });
        folders.sort();
        let mut folders = folders.to_vec();
        folders.dedup();
        let mut left = Vec::new();
        for folder in folders {
            left.extend(names(&folder.join("trainyard")).filter(|name| name != "lock"));
            left.extend(
                names(&folder)
                    .filter(|name| Path::new(name).extension().is_some_and(|end| end == "lock")),
            );
        }
        let ours = self.git(&["for-each-ref", "--format=%(refname)", "refs/trainyard"]);
        left.extend(ours.lines().map(str::to_owned));
        left
    }

    /// The subject of each commit of the remote's branch, the latest first.
    pub(crate) fn subjects(&self) -> Vec<String> {
        let log = self.remote_git(&["log", "--first-parent", "--format=%s", BRANCH]);
        log.lines().map(str::to_owned).collect()
    }

    /// How often a commit of this subject is in it.
    pub(crate) fn times(&self, subject: &str) -> usize {
        let subjects = self.subjects();
        subjects.iter().filter(|each| *each == subject).count()
    }

    /// How many commits the remote's branch has.
    pub(crate) fn commits(&self) -> usize {
        let count = self.remote_git(&["rev-list", "--count", BRANCH]);
        count.parse().unwrap()
    }

    /// Whether the remote's branch has a file, link or folder at a path.
    pub(crate) fn holds(&self, path: &str) -> bool {
        !self
            .remote_git(&["ls-tree", "--full-tree", BRANCH, path])
            .is_empty()
    }
}

fn names(folder: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(PathBuf::from(folder)).into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok())
}
