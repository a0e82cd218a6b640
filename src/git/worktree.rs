//! Brings index, work tree and local branch to a new commit, or leaves all three alone.
//! Everything happens under git's own `index.lock`, and a journal lets the next command finish what a killed one began.

use anyhow::{Context as _, Result, bail};
use git2::{ErrorCode, Oid, RepositoryState};

use super::commit::UnpushedCommit;
use super::index_lock::{IndexLock, Move, held, is_unfinished, journal_path};
use super::journal::{self, Survives};
use super::known_bad::{Variant, known_bad};
use super::stamp::Stamp;
use super::step::{InTheWay, Step};
use super::tag::UnpushedTag;
use super::touched::planned;
use super::{Checkout, Failure, FailureKind, Snapshot, general, guard, outside, plain};
use crate::tree::ChangeSet;

/// What became of the checkout after a change landed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WorkTree {
    /// There is none on this branch: a bare repository, or another branch is checked out.
    None,
    /// Branch, index and files are at the new commit.
    InStep,
    /// Something was in the way; what, and what can be done.
    LeftAlone { why: String, hint: String },
    /// It was begun and could not be finished; why, and what can be done.
    HalfWay { why: String, hint: String },
}

/// A move that can be made.
pub(super) enum Way<'a> {
    Plain(Box<plain::Move<'a>>),
    General(general::Move<'a>),
}

impl Way<'_> {
    fn apply(self) -> Result<()> {
        match self {
            Self::Plain(plan) => plan.apply(),
            Self::General(plan) => plan.apply(),
        }
    }
}

/// A way to a commit that was found before it landed: nothing was changed or locked for that.
pub(super) struct Ahead<'a> {
    old: Oid,
    new: Oid,
    /// When the first look was taken.
    now: Stamp,
    found: plain::Found<'a>,
}

/// Looks for the way to a commit whose push is under way, so that the checkout is brought along sooner. `None` if there is
/// none, or if only a look once it has landed can tell.
pub(super) fn look_ahead(checkout: &Checkout, new: Oid) -> Option<Ahead<'_>> {
    if !checkout.is_checked_out() {
        return None;
    }
    let old = checkout.local().ok()??;
    let now = Stamp::now_in(&guard::folder(checkout.repository.path())).ok()?;
    let step = Step::new(checkout, old, new, false);
    let index = Stamp::of(&rustix::fs::stat(&step.index).ok()?);
    if !index.would_tell(&now) {
        return None;
    }
    let found = plain::find(&step).ok()??.ok()?;
    Some(Ahead {
        old,
        new,
        now,
        found,
    })
}

/// Brings the checkout to a commit that has landed. Never fails: the change is done whatever becomes of the checkout.
pub(super) fn bring_along(checkout: &Checkout, new: Oid, ahead: Option<Ahead>) -> WorkTree {
    let _doing = doing!("bringing", "the checkout along");
    let brought = try_to_bring(checkout, new, ahead);
    brought.unwrap_or_else(|error| left_alone(checkout, format!("{error:#}")))
}

fn left_alone(checkout: &Checkout, why: impl Into<String>) -> WorkTree {
    let (git, branch) = ("git pull --ff-only", &checkout.branch);
    let hint = match &checkout.remote {
        Some(remote) => format!("once that is settled: `{git} {} {branch}`", remote.name),
        None => "once that is settled: `git status` shows what is left to do".to_owned(),
    };
    WorkTree::LeftAlone {
        why: why.into(),
        hint,
    }
}

fn try_to_bring(checkout: &Checkout, new: Oid, ahead: Option<Ahead>) -> Result<WorkTree> {
    let local = checkout.local()?;
    if checkout.repository.is_bare() {
        if let Some(local) = local.filter(|local| checkout.contains(new, *local).unwrap_or(false)) {
            if let Err(elsewhere) = checkout.check_other_work_trees() {
                return Ok(left_alone(checkout, elsewhere.to_string()));
            }
            move_branch(checkout, local, new)?;
        }
        return Ok(WorkTree::None);
    }
    if !checkout.is_checked_out() {
        return Ok(WorkTree::None);
    }
    let Some(old) = local else {
        return Ok(left_alone(checkout, "the local branch has no commits yet"));
    };
    if checkout.contains(old, new)? {
        return Ok(WorkTree::InStep);
    }
    if !checkout.contains(new, old)? {
        return Ok(left_alone(
            checkout,
            "the local branch has commits of its own",
        ));
    }
    if has_no_index(checkout) {
        let branch = &checkout.branch;
        let pull = match &checkout.remote {
            Some(remote) => format!(" && git pull --ff-only {} {branch}", remote.name),
            None => String::new(),
        };
        return Ok(WorkTree::LeftAlone {
            why: NO_INDEX.to_owned(),
            hint: format!("if you want the files: `git checkout {branch}{pull}`"),
        });
    }
    if is_unfinished(checkout)? {
        return Ok(left_alone(checkout, UNFINISHED));
    }
    if checkout.repository.state() != RepositoryState::Clean {
        return Ok(left_alone(
            checkout,
            "a merge, rebase or similar is under way",
        ));
    }
    let step = Step::new(checkout, old, new, false);
    if known_bad(Variant::CheckoutBeforeLock)
        && let Ok(way) = way(&step)?
    {
        way.apply()?;
    }
    let lock = match IndexLock::take(checkout, old, new, true)? {
        Ok(lock) => lock,
        Err(held) => return Ok(left_alone(checkout, held)),
    };
    match way_from(&step, ahead)? {
        // git takes no lock to check out another branch on the same commit.
        Ok(_) if !checkout.is_checked_out() => {
            lock.give_up()?;
            Ok(WorkTree::None)
        }
        Ok(way) => Ok(finish(checkout, old, new, way, lock)),
        Err(in_the_way) => {
            lock.give_up()?;
            Ok(left_alone(checkout, in_the_way))
        }
    }
}

/// Makes a commit the head of the local branch, and brings the checkout along. `None`: the branch has moved meanwhile.
/// What is in the way of the checkout is a refusal, before anything has happened.
pub(super) fn commit_locally(
    checkout: &Checkout,
    commit: UnpushedCommit,
    tag: Option<&UnpushedTag>,
) -> Result<Option<WorkTree>> {
    let (old, new) = (commit.parent, commit.id);
    if !checkout.is_checked_out() {
        checkout.check_other_work_trees()?;
        return Ok(move_refs(checkout, old, new, tag)?.then_some(WorkTree::None));
    }
    let _doing = doing!("bringing", "the checkout along");
    check_settled(checkout)?;
    let lock = IndexLock::take(checkout, old, new, false)?.map_err(|held| refused(&held, WAIT))?;
    let step = Step::new(checkout, old, new, false);
    let way = match way(&step) {
        Ok(Ok(way)) => way,
        Ok(Err(in_the_way)) => {
            lock.give_up()?;
            bail!(refused(&in_the_way, SETTLE));
        }
        Err(error) => {
            lock.give_up()?;
            return Err(error);
        }
    };
    if !checkout.is_checked_out() {
        lock.give_up()?;
        bail!(refused(
            "another branch was checked out meanwhile",
            "run the command again"
        ));
    }
    if !move_refs(checkout, old, new, tag)? {
        lock.give_up()?;
        return Ok(None);
    }
    Ok(Some(finish(checkout, old, new, way, lock)))
}

/// Refuses what [`commit_locally`] would refuse, for a change that is only planned.
pub(super) fn rehearse(checkout: &Checkout, base: &Snapshot, changes: &ChangeSet) -> Result<()> {
    if !checkout.is_checked_out() {
        return checkout.check_other_work_trees();
    }
    check_settled(checkout)?;
    let lock = checkout.repository.path().join("index.lock");
    if lock.symlink_metadata().is_ok() {
        bail!(refused(&held(&lock), WAIT));
    }
    let paths = planned(base, changes)?;
    let step = Step::new(checkout, base.commit(), base.commit(), false);
    let names: Vec<_> = paths.iter().map(|(path, _)| path.clone()).collect();
    let way = match plain::rehearse(&step, base, paths)? {
        Some(way) => way,
        None => general::rehearse(&step, &names)?,
    };
    way.map_err(|in_the_way| refused(&in_the_way, SETTLE).into())
}

/// A clone without a checkout. An index of ours would hold the touched paths alone, and to git all others would be deleted.
fn has_no_index(checkout: &Checkout) -> bool {
    !checkout.repository.path().join("index").exists()
}

const NO_INDEX: &str = "nothing is checked out, as there is no index";

/// Refuses while something is under way in the checkout, or nothing was ever checked out.
fn check_settled(checkout: &Checkout) -> Result<()> {
    if has_no_index(checkout) {
        let hint = format!("check the branch out: `git checkout {}`", checkout.branch);
        bail!(refused(NO_INDEX, &hint));
    }
    if is_unfinished(checkout)? {
        bail!(refused(UNFINISHED, SETTLE));
    }
    if checkout.repository.state() != RepositoryState::Clean {
        bail!(refused("a merge, rebase or similar is under way", SETTLE));
    }
    Ok(())
}

const SETTLE: &str = "commit, stash or finish what is there, then run the command again";
const WAIT: &str = "wait until that git is done; if none is running, remove the file";

const FINISHED_LATER: &str =
    "the next trainyard command that changes something on this branch finishes it";

/// The refusal to change a checkout that is not ready for it.
fn refused(why: &str, hint: &str) -> Failure {
    let message = format!("the checkout is in the way, and nothing was changed: {why}");
    Failure::new(FailureKind::Refused, message).hint(hint)
}

/// Finishes the move of a killed command, if there is one.
pub(super) fn recover(checkout: &Checkout) -> Result<()> {
    let path = journal_path(checkout);
    let Some(left) = journal::read::<Move>(&path)? else {
        return Ok(());
    };
    let _doing = doing!("settling", "a checkout that is half way");
    IndexLock::remove_stale(checkout)?;
    let branch = format!("refs/heads/{}", left.branch);
    checkout.remove_ref_lock(&branch, &[left.new])?;
    if left.branch != checkout.branch {
        // It waits for the next command on that branch.
        return Ok(());
    }
    let (old, new) = (left.old, left.new);
    let local = checkout.local()?;
    let began = left.landed && local == Some(old) || local == Some(new);
    if began && checkout.is_checked_out() && checkout.repository.state() == RepositoryState::Clean {
        let lock = match IndexLock::take(checkout, old, new, left.landed)? {
            Ok(lock) => lock,
            Err(held) => {
                journal::write(&path, &left, Survives::Kill)?;
                bail!(Failure::new(FailureKind::Failed, held));
            }
        };
        let step = Step::new(checkout, old, new, true);
        match way(&step)? {
            Ok(_) if !checkout.is_checked_out() => lock.give_up()?,
            Ok(way) => match finish(checkout, old, new, way, lock) {
                WorkTree::None | WorkTree::InStep => return Ok(()),
                WorkTree::LeftAlone { why, hint } | WorkTree::HalfWay { why, hint } => {
                    bail!(Failure::new(FailureKind::Failed, format!("{why} ({hint})")))
                }
            },
            Err(in_the_way) => {
                tracing::warn!(
                    "the checkout that an interrupted command left is kept as it is: {in_the_way}"
                );
                lock.give_up()?;
            }
        }
    }
    journal::remove(&path)
}

/// The touched paths alone where the checkout is plain; git's own way where it is not.
fn way<'a>(step: &'a Step<'a>) -> Result<Result<Way<'a>, InTheWay>> {
    let plain = |found: plain::Found<'a>| Way::Plain(Box::new(found.into_move(step)));
    match plain::find(step)? {
        Some(found) => Ok(found.map(plain)),
        None => Ok(general::plan(step)?.map(Way::General)),
    }
}

/// The way that was found before the index was locked, if nothing has changed since; or else the one that is found now.
fn way_from<'a>(step: &'a Step<'a>, ahead: Option<Ahead<'a>>) -> Result<Result<Way<'a>, InTheWay>> {
    let ahead = ahead.filter(|ahead| (ahead.old, ahead.new) == (step.old, step.new));
    match ahead {
        Some(ahead) if ahead.found.still_holds(step, &ahead.now).unwrap_or(false) => {
            Ok(Ok(Way::Plain(Box::new(ahead.found.into_move(step)))))
        }
        _ => way(step),
    }
}

/// Index and files, then the branch, then the locks. What fails leaves the journal, and the next change goes on from there.
fn finish(checkout: &Checkout, old: Oid, new: Oid, way: Way, lock: IndexLock) -> WorkTree {
    let finished = || -> Result<bool> {
        way.apply()?;
        let moved = move_branch(checkout, old, new)?;
        lock.give_up()?;
        Ok(moved)
    };
    match finished() {
        Ok(true) => WorkTree::InStep,
        // A commit of the user's that was being written; its files are in the index still, beside ours.
        Ok(false) => WorkTree::HalfWay {
            why: format!(
                "index and files are at {new:.10}, and `{}` was moved meanwhile by somebody else",
                checkout.branch
            ),
            hint: format!(
                "put that commit on top: `git reset --soft {new} && git commit -C ORIG_HEAD`"
            ),
        },
        Err(error) => WorkTree::HalfWay {
            why: format!("{error:#}"),
            hint: FINISHED_LATER.to_owned(),
        },
    }
}

/// The branch has moved, and then something failed: the checkout follows now, if it can.
pub(super) fn resume(checkout: &Checkout, new: Oid) -> WorkTree {
    match recover(checkout) {
        Ok(()) => bring_along(checkout, new, None),
        Err(error) => WorkTree::HalfWay {
            why: format!("{error:#}"),
            hint: FINISHED_LATER.to_owned(),
        },
    }
}

/// Moves the local branch by compare-and-swap; false if it has moved elsewhere meanwhile.
fn move_branch(checkout: &Checkout, old: Oid, new: Oid) -> Result<bool> {
    if checkout.local()? == Some(new) {
        return Ok(true);
    }
    let branch = checkout.branch_ref();
    outside::between();
    match checkout
        .repository
        .reference_matching(&branch, new, true, old, "trainyard: fast-forward")
    {
        Ok(_) => {
            // libgit2 does not mind a lock that it could not remove. It is in the way of the next one, and of no harm now.
            let _ = checkout.remove_ref_lock(&branch, &[new]);
            Ok(true)
        }
        Err(error) if error.code() == ErrorCode::Modified => Ok(false),
        Err(error) => Err(error).with_context(|| format!("moving `{branch}`")),
    }
}

/// Moves the local branch by compare-and-swap and makes the tag, both or none; false if the branch has moved elsewhere
/// meanwhile, or somebody made a tag of that name.
fn move_refs(checkout: &Checkout, old: Oid, new: Oid, tag: Option<&UnpushedTag>) -> Result<bool> {
    let Some(tag) = tag else {
        return move_branch(checkout, old, new);
    };
    let (branch, name) = (checkout.branch_ref(), tag.reference());
    let mut refs = checkout.repository.transaction()?;
    for reference in [&branch, &name] {
        match refs.lock_ref(reference) {
            Err(error) if error.code() == ErrorCode::Locked => return Ok(false),
            other => other.with_context(|| format!("locking `{reference}`"))?,
        }
    }
    if checkout.local()? != Some(old) || checkout.resolved(&name)?.is_some() {
        return Ok(false);
    }
    refs.set_target(&branch, new, None, "trainyard: fast-forward")?;
    refs.set_target(&name, tag.id(), None, "trainyard")?;
    refs.commit()
        .with_context(|| format!("moving `{branch}` and making `{name}`"))?;
    Ok(true)
}

const UNFINISHED: &str = "what an interrupted command began there is not finished";
