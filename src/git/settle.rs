//! Settles what a killed command left: its push landed, can never land, or may still land.

use std::time::Duration;

use anyhow::{Context as _, Result};
use git2::Oid;

use super::fence::Withdrawn;
use super::inbox::Place;
use super::journal::Pending;
use super::operation::{Operation, Planned, Published, landed};
use super::remote::Remote;
use super::{Checkout, Failure, Snapshot, outside, worktree};

/// No git that lives holds a ref for so long.
const LIVELY: Duration = Duration::from_millis(500);

/// What is settled.
const LEFT: &str = "what an interrupted command left";

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
        let _doing = doing!("settling", "{LEFT}");
        let tracking = format!("refs/remotes/{}/{}", remote.name, self.branch);
        // In a checkout the journal of its move tells of the second one; a bare clone has none.
        for reference in [tracking, self.branch_ref()] {
            self.remove_ref_lock(&reference, &left.ends())?;
        }
        match left.place() {
            Some(place) => self.settle_in_line(remote, operation, (&left, &place), plan),
            None => self.settle_push(remote, operation, left, plan),
        }
    }

    /// Finds out what became of the push of a killed command.
    fn settle_push<O>(
        &self,
        remote: &Remote,
        operation: &Operation,
        left: Pending,
        plan: &mut impl FnMut(&Snapshot) -> Result<Planned<O>>,
    ) -> Result<Settled<O>> {
        let tip = self.fetch(remote)?;
        let landed = match self.landed_of(&left, tip)? {
            None if self.deepen(remote, tip, left.base)? => self.landed_of(&left, tip)?,
            landed => landed,
        };
        if let Some(push) = landed {
            let done = self.conclude(remote, operation, (push, tip, push.new), plan)?;
            return Ok(done.map_or(Settled::Nothing, Settled::Done));
        }
        if tip == left.base {
            // It may still land. Whatever is pushed now on this base decides: only one of the two can.
            return Ok(Settled::Open(left));
        }
        // The server compares: what was planned on another base can never land any more.
        self.clear_pending()?;
        Ok(Settled::Nothing)
    }

    /// Whether a push that was open has landed after all, as seen from where the remote stands: there, or where that is now.
    pub(super) fn overtaken<O>(
        &self,
        remote: &Remote,
        operation: &Operation,
        (left, base): (Option<&Pending>, Option<Oid>),
        plan: &mut impl FnMut(&Snapshot) -> Result<Planned<O>>,
    ) -> Result<Option<Published<O>>> {
        let Some(left) = left else {
            return Ok(None);
        };
        let tip = base.map_or_else(|| self.fetch(remote), Ok)?;
        match self.landed_of(left, tip)? {
            // It landed while this command ran, which is done with that, whoever came after.
            Some(push) => self.conclude(remote, operation, (push, push.new, push.new), plan),
            None => Ok(None),
        }
    }

    /// Finds out what became of an operation that a killed command had put into the line. Once it is out of it, that is final.
    fn settle_in_line<O>(
        &self,
        remote: &Remote,
        operation: &Operation,
        (left, place): (&Pending, &Place),
        plan: &mut impl FnMut(&Snapshot) -> Result<Planned<O>>,
    ) -> Result<Settled<O>> {
        match self.withdraw(remote, operation, place)? {
            Withdrawn::Landed(commit) => {
                let tip = self.fetch(remote)?;
                let done = self.conclude(remote, operation, (left, tip, commit), plan)?;
                Ok(done.map_or(Settled::Nothing, Settled::Done))
            }
            Withdrawn::ForGood => match left.without_place() {
                // It may have left its place as it was: then that keeps nothing out.
                Some(push) => {
                    self.write_pending(&push)?;
                    self.settle_push(remote, operation, push, plan)
                }
                None => {
                    self.clear_pending()?;
                    Ok(Settled::Nothing)
                }
            },
        }
    }

    /// Finds out how far a killed command came that moved the local branch, and perhaps a tag. If this is the same command again
    /// and they have moved, it is done.
    pub(super) fn settle_locally<O>(
        &self,
        operation: &Operation,
        plan: &mut impl FnMut(&Snapshot) -> Result<Planned<O>>,
    ) -> Result<Option<Published<O>>> {
        let Some(left) = self.pending()? else {
            self.sweep_pending();
            return Ok(None);
        };
        let _doing = doing!("settling", "{LEFT}");
        let new = left.new;
        self.remove_ref_lock(&self.branch_ref(), &[new])?;
        let landed_then = match &left.tag {
            Some(tag) => self.mend_tag(new, tag)?,
            None => self.is_here(new)?,
        };
        if !landed_then {
            self.clear_pending()?;
            return Ok(None);
        }
        if left.operation != operation.id {
            self.clear_pending()?;
            tracing::warn!("the interrupted command before this one has landed as commit {new}");
            return Ok(None);
        }
        let work_tree = worktree::bring_along(self, new, None);
        // The journal goes last: killed before, the same command finds that it is done.
        let outcome = self.outcome_of(new, plan)?;
        self.forget_pending();
        Ok(Some(landed(outcome, new, None, work_tree)))
    }

    /// Removes git's lock on a ref that was about to be moved to one of these when somebody was killed. Whose it is tells its
    /// content: that id, or nothing yet.
    pub(super) fn remove_ref_lock(&self, reference: &str, ids: &[Oid]) -> Result<()> {
        let lock = self
            .repository
            .commondir()
            .join(format!("{reference}.lock"));
        let start = outside::now();
        while let Ok(content) = std::fs::read_to_string(&lock) {
            let is_ours = |id: &Oid| content.trim_end() == id.to_string();
            if !content.is_empty() && !ids.iter().any(is_ours) {
                return Ok(());
            }
            if outside::since(start) > LIVELY {
                return std::fs::remove_file(&lock)
                    .with_context(|| format!("removing `{}`", lock.display()));
            }
            outside::sleep(LIVELY / 20);
        }
        Ok(())
    }

    /// Whether a commit is in the local branch.
    pub(super) fn is_here(&self, commit: Oid) -> Result<bool> {
        match self.local()? {
            Some(local) => self.contains(local, commit),
            None => Ok(false),
        }
    }

    /// The push of a journal that `tip` has in its history.
    fn landed_of<'a>(&self, left: &'a Pending, tip: Oid) -> Result<Option<&'a Pending>> {
        for push in left.all() {
            if self.repository.odb()?.exists(push.new) && self.contains(tip, push.new)? {
                return Ok(Some(push));
            }
        }
        Ok(None)
    }

    /// The push of the killed command has landed: this command is done if it is the same one, with the outcome of that plan,
    /// unless others have moved on since and it can be done again without harm.
    fn conclude<O>(
        &self,
        remote: &Remote,
        operation: &Operation,
        (left, tip, new): (&Pending, Oid, Oid),
        plan: &mut impl FnMut(&Snapshot) -> Result<Planned<O>>,
    ) -> Result<Option<Published<O>>> {
        self.remember_tag(left.tag.as_ref());
        let work_tree = worktree::bring_along(self, new, None);
        if left.operation != operation.id {
            self.forget_pending();
            tracing::warn!("the interrupted command before this one has landed as commit {new}");
            return Ok(None);
        }
        if tip != new && !operation.counts {
            self.forget_pending();
            tracing::warn!(
                "this command was interrupted, and its change has landed as commit {new}"
            );
            return Ok(Some(Published::MovedOn));
        }
        // The journal goes last: killed before, the same command finds that it is done.
        let outcome = self.outcome_of(new, plan)?;
        self.forget_pending();
        Ok(Some(landed(outcome, new, Some(remote), work_tree)))
    }

    /// What an operation came to that has landed as this commit. Fails as something that the same command can find out later.
    pub(super) fn outcome_of<O>(
        &self,
        commit: Oid,
        plan: &mut impl FnMut(&Snapshot) -> Result<Planned<O>>,
    ) -> Result<O> {
        let planned = self
            .parent(commit)
            .and_then(|parent| self.plan_on(parent, plan));
        let (_, planned) = planned.map_err(|error| {
            let message =
                format!("the change has landed as commit {commit}, but cannot be told: {error:#}");
            Failure::unknown(message)
        })?;
        Ok(planned.outcome)
    }
}
