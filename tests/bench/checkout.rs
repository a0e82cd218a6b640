//! A full checkout of a yard's remote, and what is done in it, by us and by hand.

use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::arrival::Arrival;
use crate::folder::GitFolder;
use crate::memory::{Peak, peak};
use crate::program::{BRANCH, answer, time};
use crate::touched::Writing;
use crate::yard::{Yard, settle};

/// A clone with all its files in the work tree.
pub(crate) struct Checkout<'yard> {
    pub(crate) yard: &'yard Yard<'yard>,
    pub(crate) work_tree: PathBuf,
    git: GitFolder,
}

impl<'yard> Checkout<'yard> {
    pub(crate) fn of(yard: &'yard Yard<'yard>) -> Result<Self> {
        let work_tree = yard.clone_remote(&[], "checkout")?;
        let git = GitFolder::remember(work_tree.join(".git"))?;
        Ok(Self {
            yard,
            work_tree,
            git,
        })
    }

    /// Brings checkout and remote back to how they were, with an index that trusts every file.
    pub(crate) fn reset(&self) -> Result<()> {
        self.git(&["reset", "-q", "--hard", &self.yard.base])?;
        self.git(&["clean", "-q", "-f", "-d"])?;
        self.git.restore()?;
        self.yard.remote.restore()?;
        // A file as young as the index would be read again by the next `git add`; `git status` writes the index afresh.
        sleep(Duration::from_millis(1_100));
        self.check_clean()?;
        settle();
        Ok(())
    }

    /// Runs the train up to the remote and the work tree.
    pub(crate) fn run(&self) -> Result<Duration> {
        self.reset()?;
        let took = time(&mut self.yard.train(&self.work_tree))?;
        self.check()?;
        Ok(took)
    }

    /// Runs the train as `run` does, and watches its memory.
    pub(crate) fn run_watched(&self) -> Result<Peak> {
        self.reset()?;
        let peak = peak(&mut self.yard.train(&self.work_tree))?;
        self.check()?;
        Ok(peak)
    }

    /// Asks what the train would do; returns how long that took, and the answer.
    pub(crate) fn prognosis(&self) -> Result<(Duration, String)> {
        let mut prognosis = self.yard.programs.trainyard();
        prognosis
            .arg("-C")
            .arg(&self.work_tree)
            .args(["prognosis", "staging", "-o", "json"]);
        let start = Instant::now();
        let printed = answer(&mut prognosis)?;
        Ok((start.elapsed(), printed))
    }

    /// Asks for the whole board; returns how long that took, and the answer.
    pub(crate) fn status(&self, format: &str) -> Result<(Duration, String)> {
        let mut status = self.yard.programs.trainyard();
        status
            .arg("-C")
            .arg(&self.work_tree)
            .args(["status", "-o", format]);
        let start = Instant::now();
        let printed = answer(&mut status)?;
        Ok((start.elapsed(), printed))
    }

    /// Looks whether everything is sound; returns how long that took, and the answer.
    pub(crate) fn verify(&self) -> Result<(Duration, String)> {
        let mut verify = self.yard.programs.trainyard();
        verify
            .arg("-C")
            .arg(&self.work_tree)
            .args(["verify", "-o", "json"]);
        let start = Instant::now();
        let printed = answer(&mut verify)?;
        Ok((start.elapsed(), printed))
    }

    /// Asks what could stand at the end of a line, as the script for bash does; returns how long that took, and the answer.
    pub(crate) fn completion(&self, words: &str) -> Result<(Duration, String)> {
        let mut question = self.yard.programs.trainyard();
        question.current_dir(&self.work_tree);
        question.args(["complete", "bash", &format!("trainyard {words}"), ""]);
        let start = Instant::now();
        let printed = answer(&mut question)?;
        Ok((start.elapsed(), printed))
    }

    /// Stages and commits by hand what the train changes; the files are written before the clock starts.
    pub(crate) fn add_and_commit(&self, arrival: &Arrival) -> Result<Duration> {
        self.reset()?;
        arrival.touched.write(&self.work_tree, Writing::Afresh)?;
        settle();
        let start = Instant::now();
        self.git(&["add", "-A"])?;
        self.git(&["commit", "-q", "-m", "train to staging"])?;
        let took = start.elapsed();
        self.yard.check_arrival(&self.work_tree)?;
        Ok(took)
    }

    /// Pushes the train's commit with plain git and plainly writes its files; the sum of both.
    pub(crate) fn push_and_write(&self, arrival: &Arrival, writing: Writing) -> Result<Duration> {
        self.reset()?;
        let pushed = arrival.push(self.yard)?;
        let start = Instant::now();
        arrival.touched.write(&self.work_tree, writing)?;
        Ok(pushed + start.elapsed())
    }

    fn check(&self) -> Result<()> {
        self.yard.check_arrival(self.yard.remote.root())?;
        self.yard.check_arrival(&self.work_tree)?;
        let head = self.git(&["symbolic-ref", "--short", "HEAD"])?;
        ensure!(head == BRANCH, "the checkout is on `{head}`");
        self.check_clean()
    }

    fn check_clean(&self) -> Result<()> {
        let status = self.git(&["status", "--porcelain"])?;
        ensure!(
            status.is_empty(),
            "the checkout is not clean: {}",
            status.lines().next().unwrap_or_default()
        );
        Ok(())
    }

    fn git(&self, arguments: &[&str]) -> Result<String> {
        answer(self.yard.programs.git_in(&self.work_tree).args(arguments))
    }
}
