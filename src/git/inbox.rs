//! The inbox of the remote: refs in which operations wait, each as data in a commit of its own, for one command to publish all of
//! them together.

use anyhow::{Context as _, Result, ensure};
use git2::{Commit, ObjectType, Oid, Repository};
use serde::{Deserialize, Serialize};

use super::ask::{NO_SUCH_REF, unreachable};
use super::objects::{EMPTY_TREE, NewObject, oid};
use super::operation::Operation;
use super::program::Finished;
use super::push::{self, PushOutcome, RefPush};
use super::remote::Remote;
use super::{Checkout, Failure, id_text, pack};

/// Where operations wait on the remote, each under its id.
pub(super) const INBOX: &str = "refs/trainyard/inbox";

/// Where they lie here while they are read.
pub(super) const FETCHED: &str = "refs/trainyard/fetch/inbox";

/// The form of what waits that this program writes and understands.
const FORM: u32 = 1;

/// The first line of the commit that carries an operation.
pub(super) const TITLE: &str = "trainyard: an operation that waits to be published";

/// The first line of the commit that stands where an operation may not wait any more.
const FENCE: &str = "trainyard: an operation that was withdrawn";

/// For how many seconds an operation may wait: what is older is done by nobody, whoever asked for it.
pub(crate) const WAITS_AT_MOST: i64 = 15 * 60;

/// How far back an operation is looked for.
const FARTHEST: usize = 10_000;

/// Our own place in the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The id of the operation.
    pub(super) id: String,
    /// The commit that carries it.
    pub(super) commit: Oid,
    /// A commit that the branch had before it was put there: it is not in the history up to here.
    pub(super) since: Oid,
    /// Whether it is known to have come there. Else the remote may still put it there at any time.
    pub(super) arrived: bool,
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
    /// When its operation began, in seconds from 1970.
    begun: i64,
    pub(super) says: Says,
}

/// What a commit in the inbox says.
#[derive(Debug)]
pub(super) enum Says {
    Operation(Slip),
    /// Nothing may be put here: the operation was withdrawn.
    Fence,
    /// Nothing that can be understood.
    Nothing,
}

impl Says {
    pub(super) fn read(commit: &Commit) -> Self {
        let message = commit.message().unwrap_or_default();
        if message.starts_with(FENCE) {
            return Self::Fence;
        }
        Slip::read(message).map_or(Self::Nothing, Self::Operation)
    }
}

impl Waiting {
    /// The id that its ref tells.
    pub(super) fn id(&self) -> &str {
        let name = self.reference.strip_prefix(INBOX).unwrap_or_default();
        name.trim_start_matches('/')
    }

    /// Whether it is so old, or of a time so far ahead, that nobody does it any more.
    pub(super) fn is_over(&self, operation: &Operation) -> bool {
        is_over(self.begun, operation, WAITS_AT_MOST)
    }

    /// Whether somebody may publish it to this branch.
    pub(super) fn is_for(&self, branch: &str, operation: &Operation) -> bool {
        match &self.says {
            Says::Operation(slip) => slip.branch == branch && !self.is_over(operation),
            Says::Fence | Says::Nothing => false,
        }
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
    #[serde(with = "id_text")]
    pub(super) since: Oid,
    /// The operation, for those who know what operations are.
    pub(super) letter: String,
}

impl Slip {
    pub(super) fn read(message: &str) -> Result<Self> {
        let text = message.strip_prefix(TITLE).unwrap_or_default();
        let slip: Self = serde_json::from_str(text)?;
        ensure!(slip.form == FORM, "a form of later");
        Ok(slip)
    }
}

/// What came of a try to put an operation into the inbox.
#[derive(Debug)]
pub(super) enum Joined {
    /// It has its place there: our own, one of a killed command that was the same one, or the fence that was left for that one,
    /// which nobody but us takes away.
    Waits(Place),
    /// The remote allows no such refs, or cannot move them together with a branch.
    NotAllowed,
    /// Something was in its way, perhaps itself: git may have sent it twice. It is not there now.
    Collided,
    /// The remote did not answer, and nothing was sent.
    NoContact(Failure),
    /// Nobody can tell whether it is there.
    Unknown(String),
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
            since,
            letter: letter.to_owned(),
        };
        let text = serde_json::to_string(&slip)?;
        Ok(Place {
            id: operation.id.clone(),
            commit: self.write_alone(&operation.committer.line(), &format!("{TITLE}\n\n{text}"))?,
            since,
            arrived: false,
        })
    }

    /// Writes the commit that keeps an operation out of the inbox, the same one each time.
    pub(super) fn write_fence(&self, id: &str, who: &str) -> Result<Oid> {
        self.write_alone(who, &format!("{FENCE}\n\n{id}"))
    }

    /// Writes a commit without parents and files.
    fn write_alone(&self, who: &str, message: &str) -> Result<Oid> {
        let tree = oid(EMPTY_TREE);
        let commit = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\n{message}\n");
        let commit = NewObject::new(ObjectType::Commit, commit.into_bytes());
        let tree = NewObject::new(ObjectType::Tree, Vec::new());
        let id = oid(commit.id);
        pack::store(&self.repository, &[tree, commit])?;
        Ok(id)
    }

    /// Puts an operation into the inbox.
    pub(super) fn join(&self, remote: &Remote, place: &Place) -> Result<Joined> {
        let _doing = doing!("sending", "the operation to {}, to wait there", remote.name);
        let reference = place.reference();
        let pushed = self.set_place(remote, &reference, None, Some(place.commit))?;
        if pushed.is_ok() {
            return Ok(Joined::Waits(Place {
                arrived: true,
                ..place.clone()
            }));
        }
        if push::is_no_contact(&pushed) {
            return Ok(Joined::NoContact(unreachable(remote, &pushed)));
        }
        let Ok(there) = self.stands(remote, &reference) else {
            return Ok(Joined::Unknown(pushed.words()));
        };
        if let Some(commit) = there {
            // Under this id nobody asks for anything else.
            return Ok(Joined::Waits(Place {
                commit,
                ..place.clone()
            }));
        }
        Ok(match push::not_applied(&pushed) {
            PushOutcome::Unknown(words) => Joined::Unknown(words),
            PushOutcome::Refused(words) => {
                tracing::info!("the remote takes nothing in `{INBOX}`: {words}");
                Joined::NotAllowed
            }
            PushOutcome::Collided
            | PushOutcome::RemoteMoved
            | PushOutcome::Landed(_)
            | PushOutcome::NoContact(_) => Joined::Collided,
        })
    }

    /// Removes the ref of an operation, if it is still the one that we know.
    pub(super) fn take_away(&self, remote: &Remote, place: &Place) -> Result<Finished> {
        let _doing = doing!("removing", "what waits at {}", remote.name);
        self.set_place(remote, &place.reference(), Some(place.commit), None)
    }

    /// Moves a ref of the inbox from where it is expected to where it shall be.
    pub(super) fn set_place(
        &self,
        remote: &Remote,
        reference: &str,
        expected: Option<Oid>,
        new: Option<Oid>,
    ) -> Result<Finished> {
        let push = RefPush {
            reference,
            expected,
            new,
        };
        push::refs(self, &[push], remote)?.finish()
    }

    /// Fetches the branch and all that waits.
    pub(super) fn collect(&self, remote: &Remote) -> Result<(Oid, Vec<Waiting>)> {
        let _doing = doing!("fetching", "what waits at {}", remote.name);
        self.sweep_inbox()?;
        let inbox = format!("+{INBOX}/*:{FETCHED}/*");
        let (finished, tip) = self.fetch_with(remote, &self.branch_ref(), (&[], &[&inbox]))?;
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
            let found = self.repository.find_commit(commit).ok();
            let begun = found.as_ref().map(|found| found.time().seconds());
            waiting.push(Waiting {
                reference: name.replacen(FETCHED, INBOX, 1),
                commit,
                begun: begun.unwrap_or_default(),
                says: found.map_or(Says::Nothing, |found| Says::read(&found)),
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

    /// The commit of an operation that waits, if `tip` has it in its history.
    pub(super) fn find_waiting(
        &self,
        tip: Oid,
        waiting: &Waiting,
        operation: &Operation,
    ) -> Result<Found> {
        match &waiting.says {
            Says::Operation(slip) => self.find(tip, slip.since, &(operation.mark)(waiting.id())),
            Says::Fence | Says::Nothing => Ok(Found::Nowhere),
        }
    }

    /// The commit of the operation with this mark that `tip` has in its history and `since` has not.
    pub(super) fn find(&self, tip: Oid, since: Oid, mark: &str) -> Result<Found> {
        let reaches = self.contains(tip, since)?;
        self.in_history(|history| find_in(history, tip, since, (reaches, mark)))
    }
}

fn find_in(
    history: &Repository,
    tip: Oid,
    since: Oid,
    (reaches, mark): (bool, &str),
) -> Result<Found> {
    let mut walk = history.revwalk()?;
    walk.push(tip)?;
    if reaches {
        walk.hide(since)?;
    }
    let mut farthest = FARTHEST;
    for commit in walk {
        let commit = history.find_commit(commit?)?;
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

/// Whether more than so many seconds lie between two beginnings, that of the command of now and that of what waits.
pub(super) fn is_over(begun: i64, operation: &Operation, seconds: i64) -> bool {
    operation.now.abs_diff(begun) >= seconds.unsigned_abs()
}

/// Where an operation is in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    At(Oid),
    Nowhere,
    /// The history does not reach back to where the operation certainly was not yet.
    Unknown,
}
