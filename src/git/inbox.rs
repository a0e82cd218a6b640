//! The inbox of the remote: refs in which operations wait, each as data in a commit of its own, for one command to publish all of
//! them together.

use anyhow::{Context as _, Result, ensure};
use git2::{ObjectType, Oid};
use serde::{Deserialize, Serialize};

use super::ask::{NO_SUCH_REF, unreachable};
use super::objects::{EMPTY_TREE, NewObject, oid};
use super::operation::Operation;
use super::program::Finished;
use super::push::{self, PushOutcome, RefPush};
use super::remote::Remote;
use super::{Checkout, Failure, FailureKind, pack};

/// Where operations wait on the remote, each under its id.
pub(super) const INBOX: &str = "refs/trainyard/inbox";

/// Where they lie here while they are read.
pub(super) const FETCHED: &str = "refs/trainyard/fetch/inbox";

/// The form of what waits that this program writes and understands.
const FORM: u32 = 1;

/// The first line of the commit that carries an operation.
const TITLE: &str = "trainyard: an operation that waits to be published";

/// How far back an operation is looked for.
const FARTHEST: usize = 10_000;

/// Our own place in the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The id of the operation.
    pub(super) id: String,
    /// The commit that carries it.
    pub(super) commit: Oid,
    /// Where the branch stood when it was put there: it is not in the history up to here.
    pub(super) since: Oid,
}

impl Place {
    /// The name of its ref.
    pub(super) fn reference(&self) -> String {
        reference(&self.id)
    }
}

fn reference(id: &str) -> String {
    format!("{INBOX}/{id}")
}

/// What waits in the inbox.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) reference: String,
    pub(super) commit: Oid,
    /// What it says; `None` if that cannot be understood.
    pub(super) slip: Option<Slip>,
}

impl Waiting {
    /// The id that its ref tells.
    pub(super) fn id(&self) -> &str {
        let name = self.reference.strip_prefix(INBOX).unwrap_or_default();
        name.trim_start_matches('/')
    }
}

/// An operation as it waits.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Slip {
    form: u32,
    /// The branch that it is for.
    pub(super) branch: String,
    /// A commit of the branch; the operation is not in the history up to here.
    since: String,
    /// The operation, for those who know what operations are.
    pub(super) letter: String,
}

impl Slip {
    fn read(message: &str) -> Result<Self> {
        let text = message.strip_prefix(TITLE).unwrap_or_default();
        let slip: Self = serde_json::from_str(text)?;
        ensure!(slip.form == FORM, "a form of later");
        Oid::from_str(&slip.since)?;
        Ok(slip)
    }

    pub(super) fn since(&self) -> Result<Oid> {
        Ok(Oid::from_str(&self.since)?)
    }
}

/// What came of a try to put an operation into the inbox.
#[derive(Debug)]
pub(super) enum Joined {
    /// It waits there, carried by this commit: ours, or one of a killed command that was the same one.
    Waits(Oid),
    /// The remote allows no such refs, or cannot move them together with a branch.
    NotAllowed,
    /// The remote did not answer, and nothing was sent.
    NoContact(Failure),
    /// Nobody can tell whether it is there.
    Unknown(String),
}

/// What became of an operation that was taken out of the inbox.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Withdrawn {
    /// Nobody has done it, and nobody will.
    ForGood,
    /// Somebody was faster: it is in the history.
    Landed(Oid),
}

impl Checkout {
    /// Writes the commit that carries an operation.
    pub(super) fn write_slip(
        &self,
        operation: &Operation,
        letter: &str,
        since: Oid,
    ) -> Result<Place> {
        let slip = Slip {
            form: FORM,
            branch: self.branch.clone(),
            since: since.to_string(),
            letter: letter.to_owned(),
        };
        let text = serde_json::to_string(&slip)?;
        let who = operation.committer.line();
        let tree = oid(EMPTY_TREE);
        let commit = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\n{TITLE}\n\n{text}\n");
        let commit = NewObject::new(ObjectType::Commit, commit.into_bytes());
        let tree = NewObject::new(ObjectType::Tree, Vec::new());
        let place = Place {
            id: operation.id.clone(),
            commit: oid(commit.id),
            since,
        };
        pack::store(&self.repository, &[tree, commit])?;
        Ok(place)
    }

    /// Puts an operation into the inbox.
    pub(super) fn join(&self, remote: &Remote, place: &Place) -> Result<Joined> {
        let _doing = doing!("sending", "the operation to {}, to wait there", remote.name);
        let reference = place.reference();
        let push = RefPush {
            reference: &reference,
            expected: None,
            new: Some(place.commit),
        };
        let pushed = push::refs(self, &[push], remote)?.finish()?;
        if pushed.is_ok() {
            return Ok(Joined::Waits(place.commit));
        }
        if push::is_no_contact(&pushed) {
            return Ok(Joined::NoContact(unreachable(remote, &pushed)));
        }
        let Ok(there) = self.ask_for(remote, &[&reference]) else {
            return Ok(Joined::Unknown(pushed.words()));
        };
        // Under this id nobody asks for anything else.
        if let Some(commit) = there.get(&reference) {
            return Ok(Joined::Waits(*commit));
        }
        Ok(match push::not_applied(&pushed) {
            PushOutcome::Unknown(words) => Joined::Unknown(words),
            PushOutcome::Refused(words) => {
                tracing::info!("the remote takes nothing in `{INBOX}`: {words}");
                Joined::NotAllowed
            }
            PushOutcome::RemoteMoved | PushOutcome::Landed | PushOutcome::NoContact(_) => {
                Joined::NotAllowed
            }
        })
    }

    /// Takes an operation out of the inbox again. Fails if nobody can tell what became of it.
    pub(super) fn withdraw(&self, remote: &Remote, place: &Place, mark: &str) -> Result<Withdrawn> {
        let reference = place.reference();
        let pushed = self.take_away(remote, place)?;
        if !pushed.is_ok() {
            let branch = self.branch_ref();
            let there = self.ask_for(remote, &[&branch, &reference])?;
            // An answer that breaks off can look like that of an empty repository.
            if !there.contains_key(&branch) || there.contains_key(&reference) {
                let message = format!(
                    "the operation still waits in `{reference}` of the remote `{}`, and may be done by somebody else:\n{}",
                    remote.name,
                    pushed.words()
                );
                let hint = "run the same command again, once that is settled: it finds out, and does nothing twice";
                return Err(Failure::new(FailureKind::Unknown, message)
                    .hint(hint)
                    .into());
            }
        }
        // Asked after the ref is gone: whoever takes it away does so together with the branch.
        let tip = self.fetch(remote)?;
        Ok(match self.find(tip, place.since, mark)? {
            Found::At(commit) => Withdrawn::Landed(commit),
            Found::Nowhere | Found::Unknown => Withdrawn::ForGood,
        })
    }

    /// Removes the ref of an operation, if it is still the one that we know.
    pub(super) fn take_away(&self, remote: &Remote, place: &Place) -> Result<Finished> {
        let _doing = doing!("removing", "what waits at {}", remote.name);
        let push = RefPush {
            reference: &place.reference(),
            expected: Some(place.commit),
            new: None,
        };
        push::refs(self, &[push], remote)?.finish()
    }

    /// Fetches the branch and all that waits.
    pub(super) fn collect(&self, remote: &Remote) -> Result<(Oid, Vec<Waiting>)> {
        let _doing = doing!("fetching", "what waits at {}", remote.name);
        self.sweep_inbox()?;
        let inbox = format!("+{INBOX}/*:{FETCHED}/*");
        let (finished, tip) = self.fetch_with(remote, &self.branch_ref(), &[&inbox])?;
        let Some(tip) = tip else {
            return Err(if finished.stderr.contains(NO_SUCH_REF) {
                self.no_such_branch(remote).into()
            } else {
                unreachable(remote, &finished).into()
            });
        };
        let mut waiting = Vec::new();
        for reference in self.repository.references_glob(&format!("{FETCHED}/*"))? {
            let reference = reference?;
            let (Ok(name), Some(commit)) = (reference.name(), reference.target()) else {
                continue;
            };
            let message = self.repository.find_commit(commit);
            let slip = message
                .ok()
                .and_then(|commit| Slip::read(commit.message().ok()?).ok());
            waiting.push(Waiting {
                reference: name.replacen(FETCHED, INBOX, 1),
                commit,
                slip,
            });
        }
        // What cannot be removed now is removed before the next fetch.
        let _ = self.sweep_inbox();
        waiting.sort_by(|left, right| left.reference.cmp(&right.reference));
        Ok((tip, waiting))
    }

    /// Removes what was fetched of the inbox, and what a killed git left of it: whoever fetches it holds the guard.
    pub(super) fn sweep_inbox(&self) -> Result<()> {
        let folder = self.repository.commondir().join(FETCHED);
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("removing `{}`", folder.display()));
            }
            _ => {}
        }
        // Somebody may have packed them.
        for reference in self.repository.references_glob(&format!("{FETCHED}/*"))? {
            reference?.delete()?;
        }
        Ok(())
    }

    /// The commit of the operation with this mark that `tip` has in its history and `since` has not.
    pub(super) fn find(&self, tip: Oid, since: Oid, mark: &str) -> Result<Found> {
        let reaches = self.contains(tip, since)?;
        let mut walk = self.repository.revwalk()?;
        walk.push(tip)?;
        if reaches {
            walk.hide(since)?;
        }
        let mut farthest = FARTHEST;
        for commit in walk {
            let commit = self.repository.find_commit(commit?)?;
            if commit
                .message()
                .is_ok_and(|message| message.lines().any(|line| line == mark))
            {
                return Ok(Found::At(commit.id()));
            }
            farthest -= 1;
            if farthest == 0 {
                return Ok(Found::Unknown);
            }
        }
        Ok(if reaches {
            Found::Nowhere
        } else {
            Found::Unknown
        })
    }
}

/// Where an operation is in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    At(Oid),
    Nowhere,
    /// The history does not reach back to where the operation certainly was not yet.
    Unknown,
}
