//! A tag that a remote has torn from its commit: where the disk of a server fails, its git may move one of two refs that were to move
//! together, and say that it moved none.

use anyhow::Result;
use git2::Oid;

use super::journal::Pending;
use super::line::Line;
use super::operation::{Operation, Planned, Published};
use super::program::Running;
use super::publish::HELD_AT_MOST;
use super::push::{self, PushOutcome, RefPush};
use super::remote::Remote;
use super::tag::{TagTaken, UnpushedTag};
use super::{Checkout, Failure, Snapshot, outside};

/// Where a tag and the branch stand on the remote.
struct Pair {
    tag: Option<Oid>,
    branch: Option<Oid>,
}

impl Checkout {
    /// Has a tag follow its commit, which the remote may have taken without it. Never fails: the change has landed.
    pub(super) fn send_after(&self, remote: &Remote, tag: &UnpushedTag) {
        let reference = tag.reference();
        let (there, words) = match self.pair(remote, &reference) {
            Ok(Pair { tag: None, .. }) => {
                let words = self.move_tag(remote, &reference, (None, Some(tag.id())));
                let there = self.pair(remote, &reference);
                (there.ok().and_then(|pair| pair.tag), words)
            }
            Ok(pair) => (pair.tag, String::new()),
            Err(error) => (None, format!("{error:#}")),
        };
        match there {
            Some(there) if there == tag.id() => {}
            Some(_) => tracing::warn!(
                "the change has landed without its tag: the remote `{}` has another one of the name `{}`, which is left alone",
                remote.name,
                tag.name()
            ),
            None => tracing::warn!(
                "the change has landed, and its tag `{}` perhaps not: {words} (once the remote works again, `{}` sends it)",
                tag.name(),
                tag.sending(remote)
            ),
        }
    }

    /// What a push came to whose commit the remote has not taken, with its branch where `stood` says: the tag goes, should the remote have
    /// kept it all the same. Fails if it does not go, and if nobody can tell any more whether the commit has landed after all.
    pub(super) fn take_back(
        &self,
        remote: &Remote,
        (tag, stood): (&UnpushedTag, Option<Oid>),
        outcome: PushOutcome,
    ) -> Result<PushOutcome> {
        let reference = tag.reference();
        let words = match &outcome {
            PushOutcome::Refused(words) => words.as_str(),
            _ => "",
        };
        let look = || {
            let pair = self.pair(remote, &reference);
            pair.map_err(|error| {
                let why = "cannot be asked any more";
                unsure(remote, why, &format!("{error:#}"))
            })
        };
        let stays = |pair: Pair| {
            if pair.branch == stood {
                return Ok(pair.tag == Some(tag.id()));
            }
            Err(unsure(remote, "has moved its branch since", words))
        };
        let first = look()?;
        // An answer that breaks off shows no branch, either. Without its tag nothing of the push is there, wherever others have moved the
        // branch since.
        if first.tag != Some(tag.id()) && first.branch.is_some() == stood.is_some() {
            return Ok(outcome);
        }
        if stays(first)? {
            // A push that is just being done shows the one ref before the other.
            outside::sleep(HELD_AT_MOST);
            if stays(look()?)? {
                let said = self.move_tag(remote, &reference, (Some(tag.id()), None));
                if stays(look()?)? {
                    return Err(torn(remote, tag, &said).into());
                }
            }
        }
        Ok(outcome)
    }

    /// The tag of a killed push that its remote shows; asked before it is known whether its commit is there.
    pub(super) fn tag_shown<'a>(
        &self,
        remote: &Remote,
        left: &'a Pending,
    ) -> Option<&'a UnpushedTag> {
        let mut tags = left.all().filter_map(|push| push.tag.as_ref());
        tags.find(|tag| {
            let pair = self.pair(remote, &tag.reference());
            pair.is_ok_and(|pair| pair.tag == Some(tag.id()))
        })
    }

    /// What becomes of an operation whose tag is taken: it has landed in this very moment, as what is open may have, or fails. `is_begun`:
    /// the journal tells of a push of it that is over.
    pub(super) fn beside_tag<O>(
        &self,
        remote: &Remote,
        operation: &Operation,
        (taken, is_begun): (TagTaken, bool),
        line: &mut Line,
        plan: &mut impl FnMut(&Snapshot) -> Result<Planned<O>>,
    ) -> Result<Published<O>> {
        let own = |open: &Pending| open.tag_at(&operation.id, taken.there?).cloned();
        let own = line.open.as_ref().and_then(own);
        if let Some(done) = self.overtaken(remote, operation, (line, None), plan)? {
            return Ok(done);
        }
        match own {
            Some(tag) if line.holds(operation) => return Err(in_the_way(remote, &tag).into()),
            Some(tag) => warn_of(remote, &tag),
            None => {}
        }
        // Beside a tag of the remote no push of ours can land.
        if taken.there.is_some() {
            let others = |push: &Pending| push.operation != operation.id;
            line.open = line.open.take().and_then(|open| open.only(others));
        }
        if is_begun || taken.there.is_some() {
            self.forget(line)?;
        }
        Err(taken.failure.into())
    }

    fn pair(&self, remote: &Remote, reference: &str) -> Result<Pair> {
        let branch = self.branch_ref();
        let there = self.ask_for(remote, &[&branch, reference])?;
        Ok(Pair {
            tag: there.get(reference).copied(),
            branch: there.get(&branch).copied(),
        })
    }

    /// Moves the tag alone; what git said. Whether it has moved is to be asked.
    fn move_tag(
        &self,
        remote: &Remote,
        reference: &str,
        (expected, new): (Option<Oid>, Option<Oid>),
    ) -> String {
        let push = RefPush {
            reference,
            expected,
            new,
        };
        let pushed = push::alone(self, push, remote).and_then(Running::finish);
        pushed.map_or_else(|error| format!("{error:#}"), |pushed| pushed.words())
    }
}

/// A tag of an interrupted command stands there alone. It is not taken back any more: people may use it by now.
pub(super) fn warn_of(remote: &Remote, tag: &UnpushedTag) {
    let alone = alone(remote, tag, "an interrupted command");
    tracing::warn!("{alone} ({})", unless_used(remote, tag));
}

/// The interrupted command has landed, and its tag is not there. It is not sent: somebody may have taken it away.
pub(super) fn warn_of_missing(remote: &Remote, tag: &UnpushedTag) {
    tracing::warn!(
        "the remote `{}` shows no tag `{}` of the interrupted command before this one (`{}` sends it)",
        remote.name,
        tag.name(),
        tag.sending(remote)
    );
}

/// Why a command cannot go on whose own tag stands on the remote without its commit.
fn in_the_way(remote: &Remote, tag: &UnpushedTag) -> Failure {
    let message = alone(remote, tag, "an earlier push of this command");
    let hint = format!(
        "{}; then run the same command again",
        unless_used(remote, tag)
    );
    Failure::unknown(message).hint(hint)
}

fn unsure(remote: &Remote, why: &str, words: &str) -> Failure {
    let remote = &remote.name;
    Failure::unknown(format!(
        "the remote `{remote}` refused the push and {why}; whether it landed is unknown:\n{words}"
    ))
}

fn torn(remote: &Remote, tag: &UnpushedTag, words: &str) -> Failure {
    let message = format!(
        "the remote `{}` refused the push, but keeps its tag `{}` and does not give it back:\n{words}",
        remote.name,
        tag.name()
    );
    let hint = format!(
        "once the remote works again, {}, and run the same command again",
        tag.taking_away(remote)
    );
    Failure::unknown(message).hint(hint)
}

fn alone(remote: &Remote, tag: &UnpushedTag, of: &str) -> String {
    format!(
        "the remote `{}` has the tag `{}` of {of}, and not its commit",
        remote.name,
        tag.name()
    )
}

fn unless_used(remote: &Remote, tag: &UnpushedTag) -> String {
    format!("unless somebody uses it, {}", tag.taking_away(remote))
}
