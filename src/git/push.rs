//! One push with compare-and-swap, and what came of it. Other failures than a lost race are not believed until the remote was asked.

use anyhow::Result;
use git2::Oid;

use super::ask::{denies_access, unreachable};
use super::commit::UnpushedCommit;
use super::inbox::INBOX;
use super::known_bad::{Variant, known_bad};
use super::program::{Finished, Running};
use super::remote::Remote;
use super::tag::UnpushedTag;
use super::{Checkout, Failure};

/// What came of a push.
#[derive(Debug)]
pub(super) enum PushOutcome {
    /// The commit is in the history of the remote's branch; up to here what was pushed is there: all of it, or that commit alone.
    Landed(Oid),
    /// Somebody else was faster; the commit can never land.
    RemoteMoved,
    /// Another push was under way at the same moment, or came before. If git has sent ours twice, that was our own, and has landed or
    /// lands.
    Collided,
    /// The remote, or a hook on our side, said no.
    Refused(String),
    /// The remote did not answer, and nothing was sent.
    NoContact(Failure),
    /// Nobody can tell yet.
    Unknown(String),
}

/// A ref of the remote that is to move from where it is expected to where it shall be; `None`: there is no such ref.
#[derive(Clone, Copy, Debug)]
pub(super) struct RefPush<'a> {
    pub(super) reference: &'a str,
    pub(super) expected: Option<Oid>,
    pub(super) new: Option<Oid>,
}

/// What is pushed: a commit, and what moves in the same step.
pub(super) struct Load<'a> {
    /// The commit that counts, the first one on the base.
    pub(super) commit: UnpushedCommit,
    /// The commit that the branch moves to: that one, or one with it in its history.
    pub(super) tip: Oid,
    pub(super) tag: Option<&'a UnpushedTag>,
    /// Operations that waited in the inbox and are done with: their refs, and where these stand.
    pub(super) taken: &'a [(String, Oid)],
}

/// Pushes the commit if the remote's branch still stands at its parent, and with it a tag if it has none of that name, and takes
/// refs away: all, or nothing. `meanwhile` is done while git is at it.
pub(super) fn attempt(
    checkout: &Checkout,
    remote: &Remote,
    load: &Load,
    meanwhile: impl FnOnce(),
) -> Result<PushOutcome> {
    let doing = doing!("pushing", "{} to {}", checkout.branch, remote.name);
    let push = start(checkout, remote, load)?;
    meanwhile();
    let pushed = match push.finish() {
        Ok(pushed) => pushed,
        Err(error) => return Ok(PushOutcome::Unknown(format!("{error:#}"))),
    };
    drop(doing);
    if pushed.is_ok() {
        return Ok(PushOutcome::Landed(load.tip));
    }
    if is_no_contact(&pushed) {
        return Ok(PushOutcome::NoContact(unreachable(remote, &pushed)));
    }
    let rejected = pushed.text().contains("[remote rejected]");
    if rejected && known_bad(Variant::BelieveRejection)
        || !rejected && known_bad(Variant::LostAnswerIsRefusal)
    {
        return Ok(PushOutcome::Refused(pushed.words()));
    }
    if let Some(lost) = lost_race(&pushed) {
        return Ok(lost);
    }
    let (outcome, stood) = judge(checkout, remote, load, &pushed);
    match (load.tag, &outcome) {
        (Some(tag), PushOutcome::Landed(_)) => {
            checkout.send_after(remote, tag);
            Ok(outcome)
        }
        (Some(tag), PushOutcome::Refused(_) | PushOutcome::RemoteMoved) if was_heard(&pushed) => {
            checkout.take_back(remote, (tag, stood), outcome)
        }
        _ => Ok(outcome),
    }
}

/// What a push came to that failed, by where the branch of the remote stands now, and where that is.
fn judge(
    checkout: &Checkout,
    remote: &Remote,
    load: &Load,
    pushed: &Finished,
) -> (PushOutcome, Option<Oid>) {
    let commit = load.commit;
    let unknown = || PushOutcome::Unknown(pushed.words());
    let Ok(tip) = checkout.ask(remote) else {
        return (unknown(), None);
    };
    let outcome = match tip {
        Some(tip) if tip == commit.id => PushOutcome::Landed(tip),
        Some(tip) if tip == commit.parent => not_applied(pushed),
        Some(_) => {
            let Ok(tip) = checkout.fetch(remote) else {
                return (unknown(), None);
            };
            let landed = |id: Oid| checkout.contains(tip, id);
            let outcome = match (landed(load.tip), landed(commit.id)) {
                (Ok(true), _) => PushOutcome::Landed(load.tip),
                (_, Ok(true)) => PushOutcome::Landed(commit.id),
                (Ok(false), Ok(false)) => PushOutcome::RemoteMoved,
                (Err(error), _) | (_, Err(error)) => PushOutcome::Unknown(format!("{error:#}")),
            };
            return (outcome, Some(tip));
        }
        // git sends a push once more where its connection dies: what was refused may have landed before, and come back with the branch.
        // And an answer that breaks off in its headers looks to git like that of an empty repository.
        None => match not_applied(pushed) {
            PushOutcome::Refused(_) if !is_unsent(pushed) => PushOutcome::Collided,
            outcome => outcome,
        },
    };
    (outcome, tip)
}

fn start(checkout: &Checkout, remote: &Remote, load: &Load) -> Result<Running> {
    let branch = checkout.branch_ref();
    let tag = load.tag.map(UnpushedTag::reference);
    let mut refs = vec![RefPush {
        reference: &branch,
        expected: Some(load.commit.parent),
        new: Some(load.tip),
    }];
    if let (Some(tag), Some(reference)) = (load.tag, &tag) {
        refs.push(RefPush {
            reference,
            expected: None,
            new: Some(tag.id()),
        });
    }
    refs.extend(load.taken.iter().map(|(reference, commit)| RefPush {
        reference,
        expected: Some(*commit),
        new: None,
    }));
    push(checkout, &refs, remote, refs.len() > 1)
}

/// Moves refs of the remote together, or none of them. Fails on a remote that cannot do that with several.
pub(super) fn refs(checkout: &Checkout, refs: &[RefPush], remote: &Remote) -> Result<Running> {
    push(checkout, refs, remote, true)
}

/// Moves one ref of the remote.
pub(super) fn alone(checkout: &Checkout, it: RefPush, remote: &Remote) -> Result<Running> {
    push(checkout, &[it], remote, false)
}

fn push(checkout: &Checkout, refs: &[RefPush], remote: &Remote, atomic: bool) -> Result<Running> {
    let id = |id: Option<Oid>| id.map(|id| id.to_string()).unwrap_or_default();
    // Nothing behind the colon of a lease: there must be no such ref. Nothing before that of a refspec: it goes.
    let leases = refs.iter().map(|each| {
        let RefPush {
            reference,
            expected,
            ..
        } = each;
        format!("--force-with-lease={reference}:{}", id(*expected))
    });
    let mut leases: Vec<_> = leases.collect();
    if known_bad(Variant::PushWithoutLease) || known_bad(Variant::PushByForce) {
        leases.clear();
    }
    let force = if known_bad(Variant::PushByForce) {
        "+"
    } else {
        ""
    };
    let refspecs = refs
        .iter()
        .map(|each| format!("{force}{}:{}", id(each.new), each.reference));
    let refspecs: Vec<_> = refspecs.collect();
    // A mirror clone pushes all it has, or nothing; we push what we name.
    let mirror = format!("remote.{}.mirror", remote.name);
    let not_all = format!("{mirror}=false");
    let mut arguments = match checkout.settings.is_on(&mirror) {
        Some(true) => vec!["-c", &not_all],
        Some(false) | None => Vec::new(),
    };
    arguments.extend([
        "push",
        "--porcelain",
        "--no-follow-tags",
        "--recurse-submodules=no",
    ]);
    let atomic = atomic && !known_bad(Variant::TagApart);
    arguments.extend(atomic.then_some("--atomic"));
    arguments.extend(leases.iter().map(String::as_str));
    arguments.extend(["--", &remote.name]);
    arguments.extend(refspecs.iter().map(String::as_str));
    checkout.git.start(&arguments)
}

/// What git itself said, without what the remote and its hooks said through it, and without what is no reason for anything.
fn own_words(pushed: &Finished) -> String {
    let own = pushed
        .stderr
        .lines()
        .filter(|line| !line.starts_with("remote:") && !line.starts_with("warning:"));
    own.collect::<Vec<_>>().join("\n")
}

/// Whether git did not even hear from the remote: it says so in words of its own as the reason why it ends, and has sent nothing.
pub(super) fn is_no_contact(pushed: &Finished) -> bool {
    const NO_CONTACT: [&str; 17] = [
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
        "git: 'remote-",
        // What git itself allows nobody to contact: `ext::`, a host that is an option of ssh, a path that is one.
        "' not allowed",
        "strange hostname",
        "strange pathname",
        "credential url cannot be parsed",
    ];
    // Credentials can fail in the middle, when the push was sent and perhaps applied.
    const BEGUN: [&str; 6] = [
        "RPC failed",
        "unexpected disconnect",
        "hung up unexpectedly",
        "early EOF",
        "protocol error",
        "sideband",
    ];
    let words = own_words(pushed);
    // What else it prints on the way may be of a helper or a file that is not needed.
    let is_reason = |line: &&str| line.starts_with("fatal:") || line.starts_with("git: 'remote-");
    let reasons: Vec<_> = words.lines().filter(is_reason).collect();
    let mut no_contact = NO_CONTACT.iter();
    let no_contact = no_contact.any(|sign| reasons.iter().any(|reason| reason.contains(sign)));
    let begun = BEGUN.iter().any(|sign| words.contains(sign));
    pushed.status.is_some() && no_contact && !begun && verdicts(&pushed.text()).next().is_none()
}

/// What the remote said of each ref that did not move.
fn verdicts(stdout: &str) -> impl Iterator<Item = &str> + Clone {
    stdout.lines().filter(|line| line.starts_with('!'))
}

/// Whether the remote has answered for a ref of its own: it has worked on the push.
fn was_heard(pushed: &Finished) -> bool {
    verdicts(&pushed.text()).any(|line| line.contains("[remote"))
}

/// What came of a push that lost its race; `None` if that is not what git says. Whoever lost plans anew, and sees from where the remote
/// stands then whether a push that collided has landed after all: where many push at once, to ask for that before would be half of
/// all work.
fn lost_race(pushed: &Finished) -> Option<PushOutcome> {
    let outcome = not_applied(pushed);
    matches!(outcome, PushOutcome::RemoteMoved | PushOutcome::Collided).then_some(outcome)
}

/// Whether git itself kept it back, because a ref does not stand where it should: nothing was sent.
fn is_held_back(pushed: &Finished) -> bool {
    let stdout = pushed.text();
    let mut verdicts = verdicts(&stdout);
    verdicts.clone().any(|line| line.contains("stale info"))
        && verdicts.all(|line| !line.contains("[remote"))
}

/// Whether a hook of ours or git itself ended it before anything was sent: there is no verdict, and no word of a connection.
fn is_unsent(pushed: &Finished) -> bool {
    let words = own_words(pushed);
    let is_silent = verdicts(&pushed.text()).next().is_none();
    let is_sent = denies_access(&words) || is_turned_away(&words) || is_broken_off(&words);
    pushed.has_ended() && is_silent && !is_sent
}

/// Whether the connection ended in the middle: the server may still be at it, for example in a slow hook.
fn is_broken_off(words: &str) -> bool {
    const SIGNS: [&str; 10] = [
        "hung up",
        "RPC failed",
        "unexpected disconnect",
        "early EOF",
        "timed out",
        "Connection ",
        "Broken pipe",
        "protocol error",
        "sideband",
        // A helper that was killed.
        "died of signal",
    ];
    SIGNS.iter().any(|sign| words.contains(sign))
}

/// Whether a web server said no to the push itself: nobody has worked on it. A server in trouble, or one that is asked too often,
/// says nothing about that.
fn is_turned_away(words: &str) -> bool {
    let mut codes = words
        .split("RPC failed; HTTP ")
        .skip(1)
        .filter_map(|rest| rest.get(..3)?.parse().ok());
    codes.any(|code: u16| (300..500).contains(&code) && ![408, 425, 429].contains(&code))
}

/// Whether the server has a trouble of its own, which is not over when somebody else is done.
fn is_broken(words: &str) -> bool {
    const TROUBLES: [&str; 6] = [
        "couldn't write",
        "No space left on device",
        "Disk quota exceeded",
        "Read-only file system",
        "Permission denied",
        "Input/output error",
    ];
    // git warns of files of ours that it may not read.
    let mut lines = words.lines().filter(|line| !line.starts_with("warning:"));
    lines.any(|line| TROUBLES.iter().any(|trouble| line.contains(trouble)))
}

/// Whether the remote takes such a push from nobody, by a rule of its own.
pub(super) fn is_forbidden(pushed: &Finished) -> bool {
    let by_rule = pushed.text().contains("[remote rejected]")
        || own_words(pushed).contains("does not support --atomic push");
    let refused = matches!(not_applied(pushed), PushOutcome::Refused(_));
    refused && by_rule && !is_broken(&pushed.stderr)
}

/// Whether there can be no inbox, as a ref stands where its folder would be.
fn is_no_folder(pushed: &Finished) -> bool {
    let mut words = pushed.stderr.lines();
    words.any(|line| line.contains(&format!("exists; cannot create '{INBOX}/")))
}

/// What a push came to that has not landed, by git's own words.
pub(super) fn not_applied(pushed: &Finished) -> PushOutcome {
    // Two pushes that meet on the server: the ref was locked for the other, which then may have been refused.
    const COLLISIONS: [&str; 4] = [
        "stale info",
        "cannot lock ref",
        "failed to update ref",
        "incorrect old value provided",
    ];
    if is_held_back(pushed) {
        return PushOutcome::RemoteMoved;
    }
    let stdout = pushed.text();
    let verdicts = verdicts(&stdout);
    // A ref that fails only because another one does says no more than that.
    let of_its_own = verdicts.clone().find(|line| !line.contains("atomic"));
    let verdict = of_its_own.or(verdicts.clone().next());
    if let Some(verdict) = verdict {
        // Of several refs that move together, the server names the one that failed only in its words.
        let together = verdict.contains("atomic transaction failed");
        let collided =
            |sign: &&str| verdict.contains(*sign) || together && pushed.stderr.contains(*sign);
        if COLLISIONS.iter().any(collided) && !is_broken(&pushed.stderr) && !is_no_folder(pushed) {
            return PushOutcome::Collided;
        }
        let reason = verdict.rsplit('\t').next().unwrap_or(verdict);
        let words = super::clean(&format!("{reason}\n{}", pushed.stderr));
        // It ended without a word on this ref.
        if reason.contains("[remote failure]") {
            return PushOutcome::Unknown(words);
        }
        return PushOutcome::Refused(words);
    }
    let words = own_words(pushed);
    if !pushed.has_ended() {
        // Killed, at the deadline or by somebody: whatever was said before, the server may still be at it.
        return PushOutcome::Unknown(pushed.words());
    }
    if denies_access(&words)
        || is_turned_away(&words)
        || words.contains("does not support --atomic push")
    {
        return PushOutcome::Refused(pushed.words());
    }
    if is_broken_off(&words) {
        return PushOutcome::Unknown(pushed.words());
    }
    // No verdict and no broken connection: a `pre-push` hook or git itself ended the push before anything was sent.
    PushOutcome::Refused(pushed.words())
}

#[cfg(test)]
mod tests;
