//! A remote and a bare clone of it, generated in one shape: where trains run without a work tree.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use tempfile::TempDir;

use crate::folder::GitFolder;
use crate::generate::generate;
use crate::program::{BRANCH, Programs, answer, time};
use crate::shape::Shape;

/// Settings that keep git from tidying up in the middle of a run, in favour of either side.
const QUIET: [&str; 6] = [
    "-c",
    "gc.auto=0",
    "-c",
    "maintenance.auto=false",
    "-c",
    "receive.autogc=false",
];

/// The repositories of one shape; removed from the disk when dropped.
pub(crate) struct Yard<'programs> {
    pub(crate) programs: &'programs Programs,
    pub(crate) shape: Shape,
    pub(crate) remote: GitFolder,
    /// A bare clone whose `origin` is the remote.
    pub(crate) bare: GitFolder,
    /// The commit that every train starts from.
    pub(crate) base: String,
    /// The tree that the first train came to, and every later one has to.
    tree: OnceCell<String>,
    folder: TempDir,
}

impl<'programs> Yard<'programs> {
    /// Generates a repository of that shape below `inside` and clones it, so that it is packed as a server sends it.
    pub(crate) fn lay(programs: &'programs Programs, shape: Shape, inside: &Path) -> Result<Self> {
        let folder = tempfile::tempdir_in(inside)?;
        let (source, remote) = (
            folder.path().join("source.git"),
            folder.path().join("remote.git"),
        );
        generate(programs, &shape, &source)?;
        clone(programs, &["--bare", "--no-local"], &source, &remote)?;
        answer(
            programs
                .git_in(&remote)
                .args(["remote", "remove", "origin"]),
        )?;
        std::fs::remove_dir_all(&source)?;
        let bare = folder.path().join("bare.git");
        clone(programs, &["--bare"], &remote, &bare)?;
        let start = answer(programs.git_in(&remote).args(["rev-parse", BRANCH]))?;
        let (remote, bare) = (GitFolder::remember(remote)?, GitFolder::remember(bare)?);
        Ok(Self {
            programs,
            shape,
            remote,
            bare,
            base: start,
            tree: OnceCell::new(),
            folder,
        })
    }

    /// The folder of all these repositories.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Clones the remote once more, into a folder of that name.
    pub(crate) fn clone_remote(&self, flags: &[&str], name: &str) -> Result<PathBuf> {
        let place = self.folder.path().join(name);
        clone(self.programs, flags, self.remote.root(), &place)?;
        Ok(place)
    }

    /// Returns the train to staging in that repository, ready to start.
    pub(crate) fn train(&self, repository: &Path) -> Command {
        let mut train = self.programs.trainyard();
        train
            .arg("-C")
            .arg(repository)
            .args(["--branch", BRANCH, "release-train", "staging"]);
        train
    }

    /// Runs the train in the bare clone up to the commit, and returns how long that took.
    pub(crate) fn plan_and_commit(&self) -> Result<Duration> {
        self.bare.restore()?;
        settle();
        let took = time(self.train(self.bare.root()).arg("--no-push"))?;
        self.check_arrival(self.bare.root())?;
        Ok(took)
    }

    /// Runs the train in the bare clone up to the remote.
    pub(crate) fn run_without_checkout(&self) -> Result<Duration> {
        self.bare.restore()?;
        self.remote.restore()?;
        settle();
        let took = time(&mut self.train(self.bare.root()))?;
        self.check_arrival(self.remote.root())?;
        Ok(took)
    }

    /// Checks that the branch has moved on by one commit, to the tree that every train comes to.
    pub(crate) fn check_arrival(&self, repository: &Path) -> Result<()> {
        let parse = |what: &str| answer(self.programs.git_in(repository).args(["rev-parse", what]));
        let place = repository.display();
        ensure!(
            parse(&format!("{BRANCH}^"))? == self.base,
            "the branch in {place} is not one commit further"
        );
        let tree = parse(&format!("{BRANCH}^{{tree}}"))?;
        if self.tree.get().is_none() {
            self.check_deployments(repository)?;
        }
        let first = self.tree.get_or_init(|| tree.clone());
        ensure!(
            tree == *first,
            "the tree in {place} is {tree}, the first run's was {first}"
        );
        Ok(())
    }

    fn check_deployments(&self, repository: &Path) -> Result<()> {
        let links = "environments/staging/applications/*/version";
        let mut diff = self.programs.git_in(repository);
        let moved = answer(diff.args(["diff", "--name-only", &self.base, BRANCH, "--", links]))?
            .lines()
            .count();
        ensure!(
            moved == self.shape.behind,
            "the train moved {moved} applications, not {}",
            self.shape.behind
        );
        Ok(())
    }
}

fn clone(programs: &Programs, flags: &[&str], from: &Path, to: &Path) -> Result<()> {
    let mut clone = programs.git();
    clone
        .args(["clone", "-q", "--template="])
        .args(QUIET)
        .args(flags)
        .arg(from)
        .arg(to);
    answer(&mut clone).map(drop)
}

/// Waits until the disk has everything that was prepared, so that no run pays for it.
pub(crate) fn settle() {
    rustix::fs::sync();
}
