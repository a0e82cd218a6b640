//! Whether a checkout has the shape that it was made for: git says so, or what lies there.

use std::fs;
use std::path::PathBuf;

use super::cell::Cell;

impl Cell {
    /// git answers this to that question.
    #[track_caller]
    pub(super) fn proven(self, question: &[&str], answer: &str) -> Self {
        assert_eq!(self.git(question), answer, "git {question:?}");
        self
    }

    /// The history ends after the newest commit.
    #[track_caller]
    pub(super) fn shallow(self) -> Self {
        self.proven(&["rev-parse", "--is-shallow-repository"], "true")
            .proven(&["rev-list", "--count", "HEAD"], "1")
    }

    /// Objects that the remote has are not here, for this filter left them out.
    #[track_caller]
    pub(super) fn partial(self, filter: &str) -> Self {
        // What is asked for is not fetched then.
        let objects = self.git(&["rev-list", "--objects", "--all", "--missing=print"]);
        let missing = objects.lines().filter(|line| line.starts_with('?'));
        assert!(missing.count() > 0, "nothing is missing");
        self.proven(&["config", "remote.origin.promisor"], "true")
            .proven(&["config", "remote.origin.partialCloneFilter"], filter)
    }

    /// Of the branches of the remote, which has several, this one is known.
    #[track_caller]
    pub(super) fn of_one_branch(self, name: &str) -> Self {
        let heads = self.git(&["ls-remote", "--heads", "origin"]);
        assert!(heads.lines().count() > 1, "{heads}");
        let question = ["for-each-ref", "--format=%(refname)", "refs/remotes/*/?*"];
        let known = self.git(&question);
        let known: Vec<_> = known
            .lines()
            .filter(|name| !name.ends_with("/HEAD"))
            .collect();
        assert_eq!(known, [format!("refs/remotes/origin/{name}")]);
        self
    }

    /// The folders beside the manifests are left out.
    #[track_caller]
    pub(super) fn sparse(self) -> Self {
        for left_out in ["docs/index.md", "tools/run.sh"] {
            assert!(!self.file(left_out).exists(), "{left_out}");
            self.git(&["cat-file", "-e", &format!("HEAD:{left_out}")]);
        }
        self.proven(&["sparse-checkout", "list"], "applications\nenvironments")
    }

    /// `.git` is a file that leads elsewhere.
    #[track_caller]
    pub(super) fn with_git_file(self) -> Self {
        assert!(self.file(".git").is_file());
        self
    }

    #[track_caller]
    pub(super) fn bare(self) -> Self {
        self.proven(&["rev-parse", "--is-bare-repository"], "true")
    }

    #[track_caller]
    pub(super) fn detached(self) -> Self {
        let branch = self.try_git(&["symbolic-ref", "-q", "HEAD"]);
        assert_eq!(branch.status.code(), Some(1), "{branch:?}");
        self
    }

    /// The file holds these bytes somewhere.
    #[track_caller]
    pub(super) fn holding(self, file: &str, wanted: &str) -> Self {
        let bytes = fs::read(self.file(file)).unwrap();
        let mut windows = bytes.windows(wanted.len());
        let found = windows.any(|each| each == wanted.as_bytes());
        assert!(found, "{file} without {wanted:?}");
        self
    }

    fn file(&self, path: &str) -> PathBuf {
        self.world.checkout().join(path)
    }
}
