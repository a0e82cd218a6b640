//! The walk back through history that finds what was lost.

use std::collections::BTreeMap;

use anyhow::Result;

use super::Lost;
use super::cause::{Cause, Suspicion};
use super::sign::Sign;
use crate::state::Trace;
use crate::tree::{Changed, CommitFacts, Entry, Kind, PathShape, ReadPast, ReadTree, RepoPath};

/// What history says of a cause.
pub(super) enum Finding {
    Lost(Lost),
    NotLost,
    /// It ends too early.
    Unknown,
}

/// A cause that is not settled.
struct Open<'a> {
    cause: &'a Cause,
    /// Its place among the causes.
    place: usize,
    /// The latest commit before which there was what is in use.
    lost: Option<Lost>,
    /// What stood there at first, as far as is known.
    first: Option<Entry>,
}

/// Looks back for each of these causes, in one walk, no further than it must go.
pub(super) fn look(
    tree: &dyn ReadTree,
    past: &dyn ReadPast,
    causes: &[Cause],
) -> Result<Vec<Finding>> {
    let _doing = doing!("looking back", "for what was lost");
    let mut open: BTreeMap<&RepoPath, Vec<Open>> = BTreeMap::new();
    for (place, cause) in causes.iter().enumerate() {
        open.entry(&cause.path).or_default().push(Open {
            cause,
            place,
            lost: None,
            first: None,
        });
    }
    let shapes: Vec<_> = open.keys().copied().map(PathShape::from).collect();
    let mut settled = Vec::new();
    let mut is_whole = true;
    let mut steps = past.steps(&shapes);
    while !open.is_empty() {
        let Some(step) = steps.next().transpose()? else {
            break;
        };
        let Some(changed) = step.changed else {
            is_whole = false;
            break;
        };
        for path in &changed.paths {
            if let Some(here) = open.get_mut(path)
                && settles(tree, (&step.commit, &changed), here)?
            {
                settled.extend(open.remove(path).into_iter().flatten());
            }
        }
    }
    let mut findings: BTreeMap<usize, Finding> = BTreeMap::new();
    for each in settled {
        findings.insert(each.place, each.finding(tree, true)?);
    }
    for each in open.into_values().flatten() {
        findings.insert(each.place, each.finding(tree, is_whole)?);
    }
    Ok(findings.into_values().collect())
}

/// Whether a commit that changed a path settles everything that may have been lost there.
fn settles(
    tree: &dyn ReadTree,
    (commit, changed): (&CommitFacts, &Changed),
    here: &mut [Open],
) -> Result<bool> {
    let Some(path) = here.first().map(|open| &open.cause.path) else {
        return Ok(true);
    };
    let (before, after) = (changed.before.kind(path)?, changed.after.kind(path)?);
    let operation = Trace::read(&commit.message).map(|trace| trace.operation);
    if before.is_some() && after.is_none() && operation.as_deref().is_some_and(takes_away) {
        return Ok(true);
    }
    // Whoever asks for a change of a config means what it says then.
    if let Some(Suspicion::Undescribed(..)) = here.first().map(|open| &open.cause.what)
        && operation
            .as_deref()
            .is_some_and(|operation| ["environment-update", "apply"].contains(&operation))
    {
        return Ok(true);
    }
    let mut signs = Vec::new();
    for open in here.iter_mut() {
        if before.is_none() {
            open.first = changed.after.entry(path)?;
        }
        let sign = open.cause.sign(tree, changed)?;
        if matches!(sign, Sign::Before) && open.lost.is_none() {
            open.lost = Some(taken(tree, (commit, changed), &open.cause.root())?);
        }
        signs.push(sign);
    }
    let are_all_before = signs.iter().all(|sign| matches!(sign, Sign::Before));
    Ok(match here.first().map(|open| &open.cause.what) {
        // One commit brings back all that runs somewhere, or else each place has one that is good for that place.
        Some(Suspicion::Gone(..) | Suspicion::Awaited(..)) => {
            if are_all_before {
                for open in here {
                    open.lost = Some(taken(tree, (commit, changed), &open.cause.path)?);
                }
            }
            are_all_before
        }
        // What it was at first tells whether it was changed at all, and a command of ours stores a release once.
        Some(Suspicion::Changed(_)) => before.is_none() && operation.as_deref() == Some("release"),
        _ => !signs.iter().any(|sign| matches!(sign, Sign::Further)),
    })
}

/// What a commit took away at this path that is still away: all of it, or what stood in its folder. And what has to go first, where a
/// folder and something else have changed places; with it goes all that it keeps from coming back.
fn taken(
    tree: &dyn ReadTree,
    (commit, changed): (&CommitFacts, &Changed),
    root: &RepoPath,
) -> Result<Lost> {
    let mut here = Some(root.clone());
    while let Some(path) = here {
        let (was, is) = (changed.before.kind(&path)?, tree.kind(&path)?);
        if let (Some(was), Some(is)) = (was, is)
            && was != is
            && [was, is].contains(&Kind::Directory)
        {
            return Ok(Lost::by_commit(
                commit,
                vec![path.clone()],
                Some((path, is)),
            ));
        }
        here = path.parent();
    }
    let mut paths = Vec::new();
    let is_folder = |kind| kind == Some(Kind::Directory);
    if is_folder(tree.kind(root)?) || is_folder(changed.after.kind(root)?) {
        for child in changed.before.children(root)? {
            let path = root.join(&child.name);
            let was = Some(child.kind);
            if changed.after.kind(&path)? != was && tree.kind(&path)? != was {
                paths.push(path);
            }
        }
    }
    if paths.is_empty() {
        paths.push(root.clone());
    }
    let mut lost = Lost::by_commit(commit, paths, None);
    lost.is_as_it_was_left = changed.after.entry(root)? == tree.entry(root)?;
    Ok(lost)
}

/// Whether somebody who asks for this operation means things to go. What others take away was of no use at the time: if it is in use now,
/// it is missed.
fn takes_away(operation: &str) -> bool {
    [
        "app-delete",
        "app-remove-environment",
        "apply",
        "environment-delete",
    ]
    .contains(&operation)
}

impl Open<'_> {
    /// What was found once its history is at an end, or settled before that.
    fn finding(self, tree: &dyn ReadTree, is_whole: bool) -> Result<Finding> {
        let is_changed = matches!(self.cause.what, Suspicion::Changed(_));
        Ok(match self.lost {
            _ if is_changed && !is_whole => Finding::Unknown,
            // It is what it was at first.
            Some(_) if is_changed && self.first == tree.entry(&self.cause.path)? => {
                Finding::NotLost
            }
            Some(lost) => Finding::Lost(lost),
            None if is_whole => Finding::NotLost,
            None => Finding::Unknown,
        })
    }
}
