//! Settles what a killed command left: its push landed, can never land, or may still land.

use std::time::Duration;

use anyhow::{Context as _, Result};
use git2::Oid;

use super::fence::Withdrawn;
use super::inbox::Place;
use super::journal::Pending;
use super::line::Line;
use super::operation::{Operation, Planned, Published, landed};
use super::remote::Remote;
use super::{Checkout, Failure, Snapshot, outside, torn, worktree};

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
        let tag = self.tag_shown(remote, &left);
        let tip = self.fetch(remote)?;
        let landed = match self.landed_of(&left, tip)? {
            // Of another command, nobody waits for the answer.
            None if left.all().any(|push| push.operation == operation.id)
                && self.deepen(remote, tip, left.base)? =>
            {
                self.landed_of(&left, tip)?
            }
            landed => landed,
        };
        if let Some(push) = landed {
            if push.operation != operation.id
                && let Some(missing) = push.tag.as_ref().filter(|_| tag.is_none())
            {
                torn::warn_of_missing(remote, missing);
            }
            let done = self.conclude(remote, operation, (push, tip, push.new), plan)?;
            return Ok(done.map_or(Settled::Nothing, Settled::Done));
        }
        if tip == left.base {
            // It may still land. Whatever is pushed now on this base decides: only one of the two can.
            let is_own = left.all().any(|push| push.operation == operation.id);
            if let Some(tag) = tag.filter(|_| !is_own) {
                torn::warn_of(remote, tag);
            }
            return Ok(Settled::Open(left));
        }
        // A shallow clone may not know that it has landed.
        if let Some(tag) = tag.filter(|_| !self.repository.is_shallow()) {
            torn::warn_of(remote, tag);
        }
        // The server compares: what was planned on another base can never land any more.
        self.clear_pending()?;
        Ok(Settled::Nothing)
    }

    /// Whether a push that is open has landed after all, as seen from where the remote stands: there, or where that is now. What can
    /// never land any more is open no longer.
    pub(super) fn overtaken<O>(
        &self,
        remote: &Remote,
        operation: &Operation,
        (line, base): (&mut Line, Option<Oid>),
        plan: &mut impl FnMut(&Snapshot) -> Result<Planned<O>>,
    ) -> Result<Option<Published<O>>> {
        let Some(open) = line.open.take() else {
            return Ok(None);
        };
        let tip = match base {
            Some(base) => Ok(base),
            None => self.fetch(remote),
        };
        let found = tip.and_then(|tip| Ok((tip, self.landed_of(&open, tip)?)));
        match found {
            // It landed while this command ran, which is done with that, whoever came after.
            Ok((_, Some(push))) => {
                self.conclude(remote, operation, (push, push.new, push.new), plan)
            }
            Ok((tip, None)) => {
                line.open = Some(open).filter(|open| open.is_on(tip));
                Ok(None)
            }
            Err(error) => {
                line.open = Some(open);
                Err(error)
            }
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
        let outcome = self.outcome_of((new, Some(left.base)), plan)?;
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
    /// unless others have moved on since and it can be done again, without harm. Whom it has published itself has not moved on.
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
        if let Some(tag) = &left.tag {
            self.send_after(remote, tag);
        }
        let moved_on = tip != new && !left.ends().contains(&tip);
        if moved_on && !operation.counts {
            match self.plan_with(remote, tip, plan) {
                Ok(_) => {
                    self.forget_pending();
                    tracing::warn!(
                        "this command was interrupted, and its change has landed as commit {new}"
                    );
                    return Ok(Some(Published::MovedOn));
                }
                // What it removed is gone, say.
                Err(error) => tracing::warn!(
                    "this command was interrupted, and its change has landed as commit {new}; others have moved on since, and now it would be refused: {error:#}"
                ),
            }
        }
        // A shallow clone may end right here: what the push itself was planned on, it holds.
        let base = (new == left.new).then_some(left.base);
        // The journal goes last: killed before, the same command finds that it is done.
        let outcome = self.outcome_of((new, base), plan)?;
        self.forget_pending();
        Ok(Some(landed(outcome, new, Some(remote), work_tree)))
    }

    /// What an operation came to that has landed as this commit, planned on `base`, or on its parent. Fails as something that the
    /// same command can find out later.
    pub(super) fn outcome_of<O>(
        &self,
        (commit, base): (Oid, Option<Oid>),
        plan: &mut impl FnMut(&Snapshot) -> Result<Planned<O>>,
    ) -> Result<O> {
        let base = base.map_or_else(|| self.parent(commit), Ok);
        let planned = base.and_then(|base| self.plan_on(base, plan));
        let (_, planned) = planned.map_err(|error| {
            let message =
                format!("the change has landed as commit {commit}, but cannot be told: {error:#}");
            let failure = Failure::unknown(message);
            match error.downcast::<Failure>() {
                Ok(Failure {
                    hint: Some(hint), ..
                }) => failure.hint(hint),
                _ => failure,
            }
        })?;
        Ok(planned.outcome)
    }
}
