//! From a plan to a commit that everybody has: plan on the remote's head, push with compare-and-swap, plan again if the
//! remote moved, then bring the checkout along. The protocol and its invariants are in `docs/publish.md`.

use std::time::Duration;

use anyhow::Result;
use git2::Oid;

use super::commit::UnpushedCommit;
use super::company::Written;
use super::failure::{still_open, with_hint};
use super::fence::Withdrawn;
use super::inbox::{self, Place};
use super::journal::Pending;
use super::line::{Line, Turn};
use super::operation::{Combining, Operation, Planned, Published, StandIn, landed, pending};
use super::push::{self, Load, PushOutcome};
use super::remote::Remote;
use super::settle::Settled;
use super::worktree;
use super::{Checkout, Failure, FailureKind, Snapshot, commit, outside};

/// How long a remote may keep moving before we give up.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// How long a push that is about to move the branch holds its lock at most.
pub(super) const HELD_AT_MOST: Duration = Duration::from_secs(3);

/// What came of one push.
enum Tried<O> {
    Done(Published<O>),
    /// It is to be planned anew at once.
    Again,
    /// Somebody else was faster.
    Overtaken,
}

impl Checkout {
    /// Plans on the state as it is now, and changes nothing.
    pub(crate) fn look<O>(&self, mut plan: impl FnMut(&Snapshot) -> Result<O>) -> Result<O> {
        match &self.remote {
            Some(remote) => {
                self.check_places(remote)?;
                Ok(self.plan_on_remote(remote, true, &mut plan)?.1)
            }
            None => plan(&self.snapshot(self.local_base()?)?),
        }
    }

    /// Plans a change as [`Checkout::publish`] does, refuses what that would refuse beforehand, and changes nothing.
    pub(crate) fn rehearse<O>(
        &self,
        mut plan: impl FnMut(&Snapshot) -> Result<Planned<O>>,
    ) -> Result<Planned<O>> {
        if self.remote.is_some() {
            return self.look(plan);
        }
        let base = self.snapshot(self.local_base()?)?;
        let planned = plan(&base)?;
        if !planned.changes.is_empty() {
            worktree::rehearse(self, &base, &planned.changes)?;
        }
        Ok(planned)
    }

    /// Plans and publishes. The caller holds the guard. `stand_in` plans what others have asked for, where the repository
    /// wants operations that lost a race to be published together.
    pub(crate) fn publish<O>(
        &self,
        operation: &Operation,
        mut plan: impl FnMut(&Snapshot) -> Result<Planned<O>>,
        stand_in: &StandIn,
    ) -> Result<Published<O>> {
        if let Err(error) = worktree::recover(self) {
            tracing::warn!(
                "the checkout that an interrupted command left cannot be finished yet: {error:#}"
            );
        }
        self.sweep_fetched();
        self.sweep_aside();
        if self.repository.commondir().join(inbox::FETCHED).exists() {
            // If that fails, whoever fetches it next says so.
            let _ = self.sweep_inbox();
        }
        let Some(remote) = &self.remote else {
            return self.commit_locally(operation, &mut plan);
        };
        let of_this_command = |left: Pending| {
            let mut all = left.all();
            all.find(|push| push.operation == operation.id).cloned()
        };
        let earlier = self.pending()?.and_then(of_this_command);
        self.keep_fetched();
        let published = self.publish_to(remote, operation, plan, stand_in);
        self.drop_fetched();
        let Some(earlier) = earlier else {
            return published;
        };
        // As long as nobody knows what became of the first push of this very command, no failure of the second is the last word.
        match (published, self.pending()?.and_then(of_this_command)) {
            (Err(error), Some(left)) if left.is_same_push(&earlier) => Err(still_open(error)),
            (published, _) => published,
        }
    }

    fn publish_to<O>(
        &self,
        remote: &Remote,
        operation: &Operation,
        mut plan: impl FnMut(&Snapshot) -> Result<Planned<O>>,
        stand_in: &StandIn,
    ) -> Result<Published<O>> {
        let left = match self.settle(remote, operation, &mut plan)? {
            Settled::Done(done) => return Ok(done),
            Settled::Nothing => {
                self.check_places(remote)?;
                None
            }
            Settled::Open(left) => Some(left),
        };
        let combines = left.is_none() && !commit::is_signed(self);
        let mut line = Line::new(left);
        let lot = (remote, operation, combines);
        let mut published = self.attempts(lot, &mut line, &mut plan, stand_in);
        if let Some(place) = line.place.take() {
            published = self.leave(remote, (operation, place), &mut line, published, &mut plan);
        }
        let is_open = line.holds(operation);
        published.map_err(|error| if is_open { still_open(error) } else { error })
    }

    /// Plans and pushes until it lands or cannot.
    fn attempts<O>(
        &self,
        (remote, operation, combines): (&Remote, &Operation, bool),
        line: &mut Line,
        plan: &mut impl FnMut(&Snapshot) -> Result<Planned<O>>,
        stand_in: &StandIn,
    ) -> Result<Published<O>> {
        let start = outside::now();
        for attempt in 0_u32.. {
            if let Some(taken) = self.own_tag_in_the_way(operation, line.open.as_ref())? {
                let is_begun = attempt > 0;
                return self.beside_tag(remote, operation, (taken, is_begun), line, plan);
            }
            let company = match line.turn(self, remote, operation, PATIENCE)? {
                Turn::Plain => None,
                Turn::Lead(company) => Some(company),
                Turn::Landed(commit) => return self.done_by_others(remote, commit, plan),
            };
            let planned = match &company {
                Some(company) => self.plan_with(remote, company.base, plan),
                None => {
                    self.plan_to_push(remote, self.expected(attempt, line.open.as_ref())?, plan)
                }
            };
            let base = planned.as_ref().ok().map(|(base, _)| base.commit());
            if let Some(done) = self.overtaken(remote, operation, (line, base), plan)? {
                return Ok(done);
            }
            if attempt > 0 && planned.is_err() {
                self.forget(line)?;
            }
            let (base, planned) = planned?;
            let combining = if combines {
                planned.combining
            } else {
                Combining::Never
            };
            // What waits is published only where the branch as it is now wants it.
            if company.is_some() && combining == Combining::Never {
                line.alone = true;
            }
            if !planned.changes.is_empty()
                && line.form(self, remote, (operation, base.commit()), combining)?
            {
                continue;
            }
            let written = if let Some(company) = &company {
                self.write_all(operation, &planned, (base, company), line, stand_in)?
            } else {
                self.write(operation, &base, &planned)?.map(Written::alone)
            };
            let Some(written) = written else {
                if attempt > 0 {
                    self.forget(line)?;
                }
                return Ok(Published::NothingToDo(planned.outcome));
            };
            match self.try_once((remote, operation, written), line, planned)? {
                Tried::Done(published) => return Ok(published),
                Tried::Again => {}
                Tried::Overtaken if outside::since(start) < PATIENCE => {
                    tracing::info!("somebody else was faster: planning again");
                    pause(attempt, operation);
                }
                Tried::Overtaken => break,
            }
        }
        // A push that collided may hold the branch at this very moment.
        for pause in [Duration::ZERO, HELD_AT_MOST] {
            if line.open.is_some() {
                outside::sleep(pause);
            }
            if let Some(done) = self.overtaken(remote, operation, (line, None), plan)? {
                return Ok(done);
            }
        }
        self.forget(line)?;
        Err(self.kept_moving(operation, line).into())
    }

    /// Pushes what was planned and written. What is open on the same base stays in the journal with it.
    fn try_once<O>(
        &self,
        (remote, operation, written): (&Remote, &Operation, Written),
        line: &mut Line,
        planned: Planned<O>,
    ) -> Result<Tried<O>> {
        let commit = written.commit;
        let open = line.open.as_ref();
        // Signed once more it would be another one.
        let tag = match open.and_then(|open| open.tag_with(&operation.id, commit.id)) {
            Some(tag) => Some(tag.clone()),
            None => self.write_tag(operation, commit, &planned.message)?,
        };
        let journal = pending(operation, commit, tag.clone());
        let journal = journal.moving_to(written.tip).after(line.open.as_ref());
        self.write_pending(&line.in_journal(journal.clone()))?;
        let mut ahead = None;
        let look_ahead = || ahead = worktree::look_ahead(self, written.tip);
        let load = Load {
            commit,
            tip: written.tip,
            tag: tag.as_ref(),
            taken: &written.taken,
        };
        match push::attempt(self, remote, &load, look_ahead)? {
            PushOutcome::Landed(tip) => {
                self.remember_tag(tag.as_ref());
                let alone = tip != written.tip;
                line.landed(self, remote, alone);
                // The journal goes last: killed before, the same command finds that it is done.
                let work_tree = worktree::bring_along(self, tip, ahead);
                self.forget_pending();
                let others = if alone { 0 } else { written.others };
                let landed = landed(planned.outcome, commit.id, Some(remote), work_tree);
                Ok(Tried::Done(landed.with(others)))
            }
            PushOutcome::RemoteMoved => {
                self.forget(line)?;
                Ok(Tried::Overtaken)
            }
            PushOutcome::Collided => {
                line.open = Some(journal);
                Ok(Tried::Overtaken)
            }
            PushOutcome::Refused(words) if !written.taken.is_empty() => {
                tracing::info!("not together with what waits in line: {words}");
                line.alone = true;
                Ok(Tried::Again)
            }
            PushOutcome::Refused(words) => {
                self.forget(line)?;
                Err(refused(remote, &words).into())
            }
            PushOutcome::NoContact(failure) => {
                self.forget(line)?;
                Err(failure.into())
            }
            PushOutcome::Unknown(words) => Err(unknown(remote, commit.id, &words).into()),
        }
    }

    fn kept_moving(&self, operation: &Operation, line: &Line) -> Failure {
        let seconds = PATIENCE.as_secs();
        if line.holds(operation) {
            return Failure::still_unknown(format!(
                "for {seconds} seconds another push held `{}` at the remote; it may be an earlier one of this command",
                self.branch
            ));
        }
        let message = format!(
            "others kept pushing to `{}` for {seconds} seconds; nothing was changed",
            self.branch
        );
        Failure::new(FailureKind::KeptMoving, message)
            .hint(if line.is_known() {
                "run the command again"
            } else {
                "run the command again; where many push at once, `publish: {combine: true}` in trainyard.yaml lets them go together (docs/publish.md)"
            })
    }

    /// Takes an operation out of the line that did not land as it should: it may not land after its failure was told.
    fn leave<O>(
        &self,
        remote: &Remote,
        (operation, place): (&Operation, Place),
        line: &mut Line,
        published: Result<Published<O>>,
        plan: &mut impl FnMut(&Snapshot) -> Result<Planned<O>>,
    ) -> Result<Published<O>> {
        if let Err(error) = &published
            && let Some(failure) = error.downcast_ref::<Failure>()
            && failure.kind == FailureKind::Unknown
        {
            return published;
        }
        if let Ok(Published::Landed { .. } | Published::MovedOn) = published {
            // The journal is gone, and a push would take long: whoever finds the ref sees that it is done.
            return published;
        }
        match self.withdraw(remote, operation, &place) {
            Ok(Withdrawn::ForGood) => {
                self.forget(line)?;
                published
            }
            Ok(Withdrawn::Landed(commit)) => self.done_by_others(remote, commit, plan),
            Err(error) => {
                let reasons = published.err().into_iter().chain([error]);
                let mut reasons: Vec<_> = reasons.map(|error| with_hint(&error)).collect();
                reasons.dedup();
                let message = format!(
                    "whether the operation is done is unknown:\n{}",
                    reasons.join("\n")
                );
                Err(Failure::still_unknown(message).into())
            }
        }
    }

    /// Somebody else has published the operation: its outcome is that of the plan on the commit before.
    fn done_by_others<O>(
        &self,
        remote: &Remote,
        commit: Oid,
        plan: &mut impl FnMut(&Snapshot) -> Result<Planned<O>>,
    ) -> Result<Published<O>> {
        let work_tree = worktree::bring_along(self, commit, None);
        // The journal goes last: killed before, the same command finds that it is done.
        let outcome = self.outcome_of((commit, None), plan)?;
        self.forget_pending();
        Ok(landed(outcome, commit, Some(remote), work_tree))
    }

    /// Takes our push out of the journal, unless the operation still waits in line. What is open stays there.
    pub(super) fn forget(&self, line: &Line) -> Result<()> {
        match &line.open {
            _ if line.place.is_some() => Ok(()),
            Some(open) => self.write_pending(open),
            None => self.clear_pending(),
        }
    }

    pub(super) fn write<O>(
        &self,
        operation: &Operation,
        base: &Snapshot,
        planned: &Planned<O>,
    ) -> Result<Option<UnpushedCommit>> {
        if planned.changes.is_empty() {
            return Ok(None);
        }
        let who = (&operation.author, &operation.committer);
        commit::write(self, base, &planned.changes, who, &planned.message)
    }
}

fn refused(remote: &Remote, words: &str) -> Failure {
    let message = format!(
        "the remote `{}` refused the push; nothing was changed:\n{words}",
        remote.name
    );
    let hint = if words.contains("GH006")
        || words.contains("GH013")
        || words.contains("protected branch")
    {
        "the branch is protected: let this identity push to it, or use `--branch` with one that it may push to"
    } else {
        "the words above are the remote's, or those of a `pre-push` hook; nothing is tried again by itself"
    };
    Failure::new(FailureKind::RemoteRefused, message).hint(hint)
}

fn unknown(remote: &Remote, commit: Oid, words: &str) -> Failure {
    let message = format!(
        "the connection to `{}` broke while commit {commit} was pushed; whether it landed is unknown:\n{words}",
        remote.name
    );
    Failure::unknown(message)
}

/// Waits longer after each lost race, and everybody differently.
pub(super) fn pause(attempt: u32, operation: &Operation) {
    let _doing = doing!("waiting", "after a lost race");
    let longest = 20_u64 << attempt.min(5);
    let seed = format!("{}{attempt}{}", operation.id, outside::process());
    let share = u64::from(crc32fast::hash(seed.as_bytes())) % longest;
    outside::sleep(Duration::from_millis(longest / 4 + share));
}
