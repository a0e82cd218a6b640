//! Settles what a killed command left: its push landed, can never land, or may still land.

use anyhow::Result;
use git2::Oid;

use super::checkout::Remote;
use super::journal::Pending;
use super::operation::{Operation, Planned, Published, landed};
use super::{Checkout, Snapshot, worktree};

/// What became of the push of a killed command.
pub(super) enum Settled<O> {
    /// There was none, or its end is known and told.
    Nothing,
    /// It was this very command, and has landed.
    Done(Published<O>),
    /// It may still land.
    Open(Pending),
}

impl Checkout {
    /// Finds out what became of the push of a killed command. If this is the same command again and its commit has landed,
    /// it is done.
    pub(super) fn settle<O>(
        &self,
        remote: &Remote,
        operation: &Operation,
        plan: &mut impl FnMut(&Snapshot) -> Result<Planned<O>>,
    ) -> Result<Settled<O>> {
        let Some(left) = self.pending()? else {
            return Ok(Settled::Nothing);
        };
        let tip = self.fetch(remote)?;
        if self.has_landed(&left, tip)? {
            let done = self.conclude(remote, operation, &left, plan)?;
            return Ok(done.map_or(Settled::Nothing, Settled::Done));
        }
        if tip == Oid::from_str(&left.base)? {
            // It may still land. Whatever is pushed now on this base decides: only one of the two can.
            return Ok(Settled::Open(left));
        }
        // The server compares: what was planned on another base can never land any more.
        self.clear_pending()?;
        Ok(Settled::Nothing)
    }

    /// After a lost race: was it lost to the push of the killed command, which landed late?
    pub(super) fn overtaken<O>(
        &self,
        remote: &Remote,
        operation: &Operation,
        left: Option<&Pending>,
        attempt: u32,
        plan: &mut impl FnMut(&Snapshot) -> Result<Planned<O>>,
    ) -> Result<Option<Published<O>>> {
        let Some(left) = left.filter(|_| attempt > 0) else {
            return Ok(None);
        };
        if !self.has_landed(left, self.fetch(remote)?)? {
            return Ok(None);
        }
        self.conclude(remote, operation, left, plan)
    }

    fn has_landed(&self, left: &Pending, tip: Oid) -> Result<bool> {
        let new = Oid::from_str(&left.new)?;
        Ok(self.repository.odb()?.exists(new) && self.contains(tip, new)?)
    }

    /// The push of the killed command has landed: this command is done if it is the same one, with the outcome of that plan.
    fn conclude<O>(
        &self,
        remote: &Remote,
        operation: &Operation,
        left: &Pending,
        plan: &mut impl FnMut(&Snapshot) -> Result<Planned<O>>,
    ) -> Result<Option<Published<O>>> {
        let (base, new) = (Oid::from_str(&left.base)?, Oid::from_str(&left.new)?);
        self.forget_pending();
        let work_tree = worktree::bring_along(self, new);
        if left.operation != operation.id {
            tracing::warn!("the interrupted command before this one has landed as commit {new}");
            return Ok(None);
        }
        let (_, planned) = self.plan_on(base, plan)?;
        Ok(Some(landed(planned.outcome, new, Some(remote), work_tree)))
    }
}
