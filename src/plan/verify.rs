//! Verify: whether a whole repository is sound. One look at everything in it finds each fault, with its path, how bad it is,
//! and the command that mends it; `docs/reliability.md` tells what is looked at.

mod app;
mod commits;
mod deployment;
mod derived;
mod environment;
mod fault;
mod local;
mod lock;
mod look;
mod lost;
mod manifest;
mod mend;
mod misplaced;
mod queue;
mod release;
#[cfg(test)]
mod tests;

use anyhow::{Context as _, Result};

use super::ground::Context;
use super::outcome::{Done, Outcome};
use super::{Ground, argocd};
use crate::tree::{Draft, ReadTree};

pub(crate) use fault::{Fault, Mend, Severity};
pub(crate) use local::{Elsewhere, LocalFault};
use look::Look;

/// What a look at a whole repository came to.
#[derive(Debug)]
pub(crate) struct Verified {
    pub(crate) counts: Counts,
    /// The worst first, those of a kind together, by path. After mending: what is left.
    pub(crate) faults: Vec<Fault>,
    /// What was mended; `None` if nothing was to be.
    pub(crate) mended: Option<Vec<Fault>>,
}

impl Verified {
    /// How many faults there are that are as bad as that.
    pub(crate) fn count(&self, severity: Severity) -> usize {
        let these = self
            .faults
            .iter()
            .filter(|fault| fault.severity() == severity);
        these.count()
    }

    /// Whether nothing is wrong; what may well be meant is not.
    pub(crate) fn is_sound(&self) -> bool {
        let is_note = |fault: &Fault| fault.severity() == Severity::Note;
        self.faults.iter().all(is_note)
    }

    /// Adds what was found elsewhere.
    pub(crate) fn add(&mut self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.extend(faults);
        sort(&mut self.faults);
    }
}

/// How much there is in a repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) environments: usize,
    pub(crate) apps: usize,
    pub(crate) releases: usize,
    pub(crate) deployments: usize,
    pub(crate) queued: usize,
    pub(crate) locks: usize,
}

/// Looks at everything. Fails only if this is no manifest repository.
pub(crate) fn verify(tree: &dyn ReadTree, context: &Context) -> Result<Verified> {
    let (ground, unread) = Ground::of_what_is_readable(tree, context)?;
    let mut look = Look::at(tree, &ground);
    look.faults.extend(unread.map(Fault::options));
    look_at_all(look)
}

/// Mends what is safe to mend, and tells what is left. Nothing is mended while something is lost, as history tells if the ground has it.
pub(crate) fn fix(draft: &mut Draft, ground: &Ground) -> Result<Outcome> {
    // What is mended may show what lay behind it, such as the manifest of a link that was broken.
    const ROUNDS: usize = 8;
    let (mut mended, mut warnings) = (Vec::new(), Vec::new());
    let mut verified = look_at_all(Look::at(draft, ground))?;
    look_back(&mut verified, draft, ground)?;
    for _ in 0..ROUNDS {
        let safe = verified.faults.iter();
        let safe = safe.filter(|fault| fault.mend() == Mend::Safe).cloned();
        let safe: Vec<_> = safe.collect();
        if safe.is_empty() {
            break;
        }
        if verified.faults.iter().any(Fault::comes_first) {
            let more = if mended.is_empty() { "" } else { " more" };
            warnings.push(format!(
                "nothing{more} is mended before what was lost is back, or what is in doubt is known"
            ));
            break;
        }
        for fault in &safe {
            mend::mend(draft, ground, fault)?;
        }
        mended.extend(safe);
        // It comes with every change; what it mends is no longer left.
        argocd::refresh(draft, ground)?;
        let now = Ground::begin(draft, ground.context)?;
        verified = look_at_all(Look::at(draft, &now))?;
        look_back(&mut verified, draft, ground)?;
    }
    sort(&mut mended);
    verified.mended = Some(mended);
    Ok(Outcome {
        done: Done::Verified(verified),
        warnings,
    })
}

/// Holds what was found against history.
fn look_back(verified: &mut Verified, draft: &Draft, ground: &Ground) -> Result<()> {
    let Some(history) = ground.history else {
        return Ok(());
    };
    let looked = verified.look_back(draft, history);
    looked.context("what was found cannot be held against history")
}

fn look_at_all(mut look: Look) -> Result<Verified> {
    let _doing = doing!("verifying", "everything in the repository");
    look.ground.settled_or_stray()?;
    look.root()?;
    look.apps()?;
    look.environments()?;
    look.derived_files()?;
    look.commit_data()?;
    let mut verified = Verified {
        counts: look.counts,
        faults: look.faults,
        mended: None,
    };
    sort(&mut verified.faults);
    Ok(verified)
}

fn sort(faults: &mut Vec<Fault>) {
    // Every change writes derived files anew, without what is lost: it comes first.
    faults.sort_by_cached_key(|fault| {
        let (kind, path) = (fault.kind(), fault.path.clone());
        (fault.severity(), !fault.is_lost(), kind, path)
    });
    faults.dedup_by_key(|fault| (fault.kind(), fault.path.clone()));
}
