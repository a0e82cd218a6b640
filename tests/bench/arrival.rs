//! A train's commit as it lies in a clone that has not pushed it yet: what the plain ways to publish start from.

use std::time::Duration;

use anyhow::Result;

use crate::folder::GitFolder;
use crate::program::{BRANCH, answer, time};
use crate::touched::Touched;
use crate::yard::{Yard, settle};

/// The commit of a train, waiting for plain `git push`.
pub(crate) struct Arrival {
    sender: GitFolder,
    pub(crate) touched: Touched,
}

impl Arrival {
    /// Runs the train in one more bare clone, without a push.
    pub(crate) fn wait(yard: &Yard) -> Result<Self> {
        let sender = yard.clone_remote(&["--bare"], "sender.git")?;
        answer(yard.train(&sender).arg("--no-push"))?;
        yard.check_arrival(&sender)?;
        let commit = answer(yard.programs.git_in(&sender).args(["rev-parse", BRANCH]))?;
        let touched = Touched::between(&sender, &yard.base, &commit)?;
        Ok(Self {
            sender: GitFolder::remember(sender)?,
            touched,
        })
    }

    /// Pushes that very commit to the remote, as it was before, with plain `git push`.
    pub(crate) fn push(&self, yard: &Yard) -> Result<Duration> {
        self.sender.restore()?;
        yard.remote.restore()?;
        settle();
        let took = time(
            yard.programs
                .git_in(self.sender.root())
                .args(["push", "-q", "origin", BRANCH]),
        )?;
        yard.check_arrival(yard.remote.root())?;
        Ok(took)
    }
}
