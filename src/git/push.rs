//! One push with compare-and-swap, and what came of it. Failures are not believed until the remote was asked.

use anyhow::Result;

use super::ask::{denies_access, unreachable};
use super::commit::UnpushedCommit;
use super::program::{Finished, Running};
use super::remote::Remote;
use super::tag::UnpushedTag;
use super::{Checkout, Failure};

/// What came of a push.
#[derive(Debug)]
pub(super) enum PushOutcome {
    /// The commit is in the history of the remote's branch.
    Landed,
    /// Somebody else was faster; the commit can never land.
    RemoteMoved,
    /// The remote, or a hook on our side, said no.
    Refused(String),
    /// The remote did not answer, and nothing was sent.
    NoContact(Failure),
    /// Nobody can tell yet.
    Unknown(String),
}

/// Pushes the commit if the remote's branch still stands at its parent, and the tag with it if it has none of that name: both,
/// or none. `meanwhile` is done while git is at it.
pub(super) fn attempt(
    checkout: &Checkout,
    remote: &Remote,
    (commit, tag): (UnpushedCommit, Option<&UnpushedTag>),
    meanwhile: impl FnOnce(),
) -> Result<PushOutcome> {
    let doing = doing!("pushing", "{} to {}", checkout.branch, remote.name);
    let push = start(checkout, remote, commit, tag)?;
    meanwhile();
    let pushed = push.finish()?;
    drop(doing);
    if pushed.is_ok() {
        return Ok(PushOutcome::Landed);
    }
    if is_no_contact(&pushed) {
        return Ok(PushOutcome::NoContact(unreachable(remote, &pushed)));
    }
    let Ok(tip) = checkout.ask(remote) else {
        return Ok(PushOutcome::Unknown(pushed.words()));
    };
    match tip {
        Some(tip) if tip == commit.id => Ok(PushOutcome::Landed),
        Some(tip) if tip == commit.parent => Ok(not_applied(&pushed)),
        Some(_) => {
            let Ok(tip) = checkout.fetch(remote) else {
                return Ok(PushOutcome::Unknown(pushed.words()));
            };
            let landed = checkout.contains(tip, commit.id)?;
            Ok(if landed {
                PushOutcome::Landed
            } else {
                PushOutcome::RemoteMoved
            })
        }
        None => Ok(PushOutcome::Refused(format!(
            "the branch `{}` was deleted on the remote `{}`",
            checkout.branch, remote.name
        ))),
    }
}

fn start(
    checkout: &Checkout,
    remote: &Remote,
    commit: UnpushedCommit,
    tag: Option<&UnpushedTag>,
) -> Result<Running> {
    let branch = checkout.branch_ref();
    let mut leases = vec![format!("--force-with-lease={branch}:{}", commit.parent)];
    let mut refspecs = vec![format!("{}:{branch}", commit.id)];
    if let Some(tag) = tag {
        let reference = tag.reference();
        leases.push("--atomic".to_owned());
        // Nothing behind the colon: there must be no such ref.
        leases.push(format!("--force-with-lease={reference}:"));
        refspecs.push(format!("{}:{reference}", tag.id()?));
    }
    let mut arguments = vec![
        "push",
        "--porcelain",
        "--no-follow-tags",
        "--recurse-submodules=no",
    ];
    arguments.extend(leases.iter().map(String::as_str));
    arguments.extend(["--", &remote.name]);
    arguments.extend(refspecs.iter().map(String::as_str));
    checkout.git.start(&arguments)
}

/// What git itself said, without what the remote and its hooks said through it.
fn own_words(pushed: &Finished) -> String {
    let own = pushed
        .stderr
        .lines()
        .filter(|line| !line.starts_with("remote:"));
    own.collect::<Vec<_>>().join("\n")
}

/// Whether git did not even hear from the remote: it says so in words of their own, and has sent nothing.
fn is_no_contact(pushed: &Finished) -> bool {
    const NO_CONTACT: [&str; 13] = [
        "Could not read from remote repository",
        "hung up upon initial contact",
        "does not appear to be a git repository",
        "unable to access",
        "' not found",
        "Authentication failed for",
        "could not read Username",
        "could not read Password",
        "info/refs not valid",
        "unable to connect",
        "unable to look up",
        "fatal: remote error:",
        "is not a git command",
    ];
    let words = own_words(pushed);
    pushed.status.is_some() && NO_CONTACT.iter().any(|sign| words.contains(sign))
}

/// The branch still stands at the parent: was that the last word?
fn not_applied(pushed: &Finished) -> PushOutcome {
    // Two pushes that meet on the server: the ref was locked for the other, which then may have been refused.
    const COLLISIONS: [&str; 4] = [
        "stale info",
        "cannot lock ref",
        "failed to update ref",
        "incorrect old value provided",
    ];
    let stdout = pushed.text();
    let verdicts = stdout.lines().filter(|line| line.starts_with('!'));
    // A ref that fails only because another one does says no more than that.
    let of_its_own = verdicts.clone().find(|line| !line.contains("atomic"));
    let verdict = of_its_own.or(verdicts.clone().next());
    if let Some(verdict) = verdict {
        // Of several refs that move together, the server names the one that failed only in its words.
        let together = verdict.contains("atomic transaction failed");
        let collided =
            |sign: &&str| verdict.contains(*sign) || together && pushed.stderr.contains(*sign);
        if COLLISIONS.iter().any(collided) {
            return PushOutcome::RemoteMoved;
        }
        let reason = verdict.rsplit('\t').next().unwrap_or(verdict);
        return PushOutcome::Refused(super::clean(&format!("{reason}\n{}", pushed.stderr)));
    }
    let words = own_words(pushed);
    if denies_access(&words) || words.contains("does not support --atomic push") {
        return PushOutcome::Refused(pushed.words());
    }
    let broke_off = [
        "hung up",
        "RPC failed",
        "unexpected disconnect",
        "early EOF",
        "timed out",
        "Connection ",
        "Broken pipe",
    ]
    .iter()
    .any(|sign| words.contains(sign));
    if pushed.status.is_none() || broke_off {
        // The server may still be at it, for example in a slow hook.
        return PushOutcome::Unknown(pushed.words());
    }
    // No verdict and no broken connection: a `pre-push` hook or git itself ended the push before anything was sent.
    PushOutcome::Refused(pushed.words())
}
