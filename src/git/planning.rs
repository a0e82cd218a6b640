//! Plans on the commit at which the branch of the remote stands, or is likely to.

use anyhow::Result;
use git2::Oid;

use super::journal::Pending;
use super::known_bad::{Variant, known_bad};
use super::operation::Planned;
use super::remote::Remote;
use super::{Checkout, Failure, FailureKind, Snapshot};

impl Checkout {
    /// Plans a change on a commit that was just fetched.
    pub(super) fn plan_with<O>(
        &self,
        remote: &Remote,
        base: Oid,
        plan: &mut impl FnMut(&Snapshot) -> Result<O>,
    ) -> Result<(Snapshot<'_>, O)> {
        self.check_own_commits(remote, base)?;
        self.plan_on(base, plan)
    }

    /// Where the remote is known to have stood, for a first attempt.
    pub(super) fn expected(&self, attempt: u32, left: Option<&Pending>) -> Result<Option<Oid>> {
        match left {
            _ if attempt > 0 => Ok(None),
            // What is left open is on where it stood just now: nothing is planned on what is older.
            Some(left) => Ok(Some(left.base)),
            None => self.last_heard(),
        }
    }

    /// Plans a change. At first where the remote is known to have stood: if that is no longer so, the compare-and-swap
    /// of the push tells, and if there is nothing to push, the remote is asked.
    pub(super) fn plan_to_push<O>(
        &self,
        remote: &Remote,
        known: Option<Oid>,
        plan: &mut impl FnMut(&Snapshot) -> Result<Planned<O>>,
    ) -> Result<(Snapshot<'_>, Planned<O>)> {
        if let Some(known) = known
            && let Ok((base, planned)) = self.plan_on(known, plan)
            && !planned.changes.is_empty()
            && self.check_own_commits(remote, known).is_ok()
        {
            return Ok((base, planned));
        }
        self.plan_on_remote(remote, known.is_some(), plan)
    }

    /// Plans on the head of the remote, and returns it. While the remote is asked where it stands, the plan is made on where
    /// it stood when we last heard of it, which is right most of the time.
    pub(super) fn plan_on_remote<O>(
        &self,
        remote: &Remote,
        guess: bool,
        plan: &mut impl FnMut(&Snapshot) -> Result<O>,
    ) -> Result<(Snapshot<'_>, O)> {
        let guess = if guess || known_bad(Variant::StaleBase) {
            self.last_heard()?
        } else {
            None
        };
        let Some(guess) = guess else {
            return self.plan_with(remote, self.fetch(remote)?, plan);
        };
        let asked = self.start_asking(remote)?;
        let early = self.plan_on(guess, plan);
        let tip = self.answer(remote, asked)?;
        let tip = tip.ok_or_else(|| self.no_such_branch(remote))?;
        let (base, planned) = match early {
            early if guess == tip => (tip, early),
            Ok((_, planned)) if known_bad(Variant::StaleBase) => {
                let base = self.fetch(remote)?;
                (base, Ok((self.snapshot(base)?, planned)))
            }
            _ => {
                let base = self.fetch(remote)?;
                (base, self.plan_on(base, plan))
            }
        };
        self.check_own_commits(remote, base)?;
        planned
    }

    /// The commit at which the branch of the remote stood when we last heard of it, in words.
    pub(crate) fn heard_of(&self) -> Option<String> {
        let heard = self.last_heard().ok().flatten();
        heard.map(|commit| commit.to_string())
    }

    /// Where the branch of the remote stood when we last heard of it. A bare clone does not keep that apart from its own branch;
    /// if that is ahead, the compare-and-swap of the push tells, as for anything else that is not so.
    fn last_heard(&self) -> Result<Option<Oid>> {
        match self.tracked()? {
            None if self.repository.is_bare() => self.local(),
            tracked => Ok(tracked),
        }
    }

    pub(super) fn plan_on<O>(
        &self,
        base: Oid,
        plan: &mut impl FnMut(&Snapshot) -> Result<O>,
    ) -> Result<(Snapshot<'_>, O)> {
        let snapshot = self.snapshot(base)?;
        let planned = plan(&snapshot)?;
        Ok((snapshot, planned))
    }

    /// Refuses if the checked-out branch has commits that the remote lacks: they would go along unseen.
    fn check_own_commits(&self, remote: &Remote, base: Oid) -> Result<()> {
        if !self.is_checked_out() {
            return Ok(());
        }
        let Some(local) = self.local()? else {
            return Ok(());
        };
        if self.contains(base, local)? {
            return Ok(());
        }
        let (ahead, behind) = self
            .in_history(|history| history.graph_ahead_behind(local, base))
            .unwrap_or((1, 0));
        let (name, branch) = (&remote.name, &self.branch);
        let commits = if ahead == 1 {
            "1 commit".to_owned()
        } else {
            format!("{ahead} commits")
        };
        let apart = if behind == 0 {
            String::new()
        } else {
            format!(", and lacks {behind} of its commits")
        };
        let message =
            format!("the local branch `{branch}` has {commits} that `{name}` does not have{apart}");
        let hint = format!(
            "push them (`git pull --rebase {name} {branch} && git push {name} {branch}`) or drop them (`git reset --keep {name}/{branch}` after a fetch), then run the command again"
        );
        Err(Failure::new(FailureKind::Refused, message)
            .hint(hint)
            .into())
    }
}
