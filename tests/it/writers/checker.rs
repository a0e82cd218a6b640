//! The checker: what must hold of a run, whatever happened in it. It shares no code with the program: it reads objects with git's plumbing,
//! knows the format from `docs/format.md` and the rules from `docs/rules.md`, and looks at every commit.

mod derived;
mod failure;
mod history;
mod layout;
mod model;
mod reach;
mod report;
mod state;
mod tests;

use super::evidence::{Checkout, Evidence};

/// Everything that is wrong with a run; nothing, if all is well.
pub(super) fn faults(evidence: &Evidence) -> Vec<String> {
    let mut faults = evidence.seen.clone();
    faults.extend(history::faults(evidence));
    faults.extend(trees(evidence));
    for checkout in &evidence.checkouts {
        let wrong = left_behind(checkout).into_iter();
        faults.extend(wrong.map(|fault| format!("{}: {fault}", checkout.name)));
    }
    for name in evidence.refs.keys() {
        if !name.starts_with("refs/heads/") && !name.starts_with("refs/tags/") {
            faults.push(format!("the remote still has `{name}`"));
        }
    }
    faults
}

/// Every tree since the first operation is a sound yard, and follows from the one before it by what was asked for.
fn trees(evidence: &Evidence) -> Vec<String> {
    let mut faults = Vec::new();
    let mut before = None;
    for commit in evidence.commits.iter().skip(evidence.begun - 1) {
        let (after, mut wrong) = layout::read(&commit.tree);
        wrong.extend(derived::faults(&commit.tree, &after));
        wrong.extend(state::faults(&after));
        if let Some((old, state)) = before {
            wrong.extend(history::step(evidence, commit, (old, &state), &after));
        }
        let short = &commit.id[..10];
        let subject = commit.message.lines().next().unwrap_or_default();
        let told = wrong.into_iter();
        faults.extend(told.map(|fault| format!("commit {short} ({subject}): {fault}")));
        before = Some((&commit.tree, after));
    }
    faults
}

/// What a clone must look like after its last command.
fn left_behind(checkout: &Checkout) -> Vec<String> {
    let mut faults = Vec::new();
    for left in &checkout.left {
        faults.push(format!("`{left}` is left lying about"));
    }
    if !checkout.unsound.is_empty() {
        faults.push(format!("git fsck: {}", checkout.unsound));
    }
    if checkout.status != checkout.edits {
        let (found, edits) = (&checkout.status, &checkout.edits);
        faults.push(format!(
            "git status says {found:?}, the user's edits are {edits:?}"
        ));
    }
    if !checkout.is_along {
        faults.push("the branch has not come along with the last command".to_owned());
    }
    faults
}
