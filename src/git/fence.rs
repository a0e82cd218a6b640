//! Takes an operation out of the inbox again, so that it is done by nobody from then on: not even if it comes there late.

use anyhow::Result;
use git2::Oid;

use super::failure::with_hint;
use super::inbox::{Found, Place, WAITS_AT_MOST, is_over};
use super::known_bad::{Variant, known_bad};
use super::operation::Operation;
use super::push;
use super::remote::Remote;
use super::{Checkout, Failure};

/// How often an operation may come or go while it is taken out.
const TRIES: u32 = 4;

/// What became of an operation that was taken out of the inbox.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Withdrawn {
    /// Nobody has done it, and nobody will.
    ForGood,
    /// Somebody was faster: it is in the history.
    Landed(Oid),
}

impl Checkout {
    /// Takes an operation out of the inbox again. If nobody knows that it came there, a fence is left in its place, which keeps
    /// out what a killed command sent and the remote did not do yet. Fails if nobody can tell what became of it.
    pub(super) fn withdraw(
        &self,
        remote: &Remote,
        operation: &Operation,
        place: &Place,
    ) -> Result<Withdrawn> {
        let mark = (operation.mark)(&place.id);
        let published = || -> Result<Option<Oid>> {
            let tip = self.fetch(remote)?;
            let mut found = self.find(tip, place.since, &mark)?;
            // Of another command, nobody waits for the answer.
            let is_own = place.id == operation.id;
            if found == Found::Unknown && is_own && self.deepen(remote, tip, place.since)? {
                found = self.find(tip, place.since, &mark)?;
            }
            Ok(match found {
                Found::At(commit) => Some(commit),
                Found::Nowhere | Found::Unknown => None,
            })
        };
        // What is in the history needs no fence: nobody publishes it again.
        if !place.arrived
            && let Some(commit) = published()?
        {
            let _ = self.take_away(remote, place);
            return Ok(Withdrawn::Landed(commit));
        }
        if let Err(error) = self.take_out(remote, operation, place)
            && !self.is_done_by_nobody(operation, place)
        {
            return Err(if place.id == operation.id {
                error
            } else {
                of_another(error)
            });
        }
        // Asked after it is out: whoever takes it away does so together with the branch.
        Ok(published()?.map_or(Withdrawn::ForGood, Withdrawn::Landed))
    }

    fn take_out(&self, remote: &Remote, operation: &Operation, place: &Place) -> Result<()> {
        let reference = place.reference();
        let (mut there, fence) = if place.arrived || known_bad(Variant::NoFence) {
            (Some(place.commit), None)
        } else {
            let fence = self.write_fence(&place.id, &self.sender(operation, place))?;
            let there = self.stands(remote, &reference)?;
            (there, Some(fence))
        };
        let mut words = String::new();
        for _ in 0..TRIES {
            if there == fence {
                return Ok(());
            }
            let new = if there.is_none() { fence } else { None };
            let pushed = self.set_place(remote, &reference, there, new)?;
            let is_last = new.is_some() || there == Some(place.commit);
            // Where nothing may be put, nothing comes late.
            if is_last && pushed.is_ok() || new.is_some() && push::is_forbidden(&pushed) {
                return Ok(());
            }
            words = pushed.words();
            let now = self.stands(remote, &reference)?;
            if now == there && !pushed.is_ok() {
                break;
            }
            there = now;
        }
        Err(still_waits(remote, &reference, &words).into())
    }

    /// What stands in a place of the inbox. Fails for a remote that shows not even the branch.
    pub(super) fn stands(&self, remote: &Remote, reference: &str) -> Result<Option<Oid>> {
        let branch = self.branch_ref();
        let mut there = self.ask_for(remote, &[&branch, reference])?;
        if !there.contains_key(&branch) {
            // An answer that breaks off can look like that of an empty repository.
            let why = with_hint(&self.no_such_branch(remote).into());
            return Err(still_waits(remote, reference, &why).into());
        }
        Ok(there.remove(reference))
    }

    /// Whether an operation is so old that nobody does it any more, with as much again for clocks and for those who are slow.
    fn is_done_by_nobody(&self, operation: &Operation, place: &Place) -> bool {
        let slip = self.repository.find_commit(place.commit);
        // Without its commit it is weeks old.
        slip.map_or(true, |slip| {
            is_over(slip.time().seconds(), operation, 2 * WAITS_AT_MOST)
        })
    }

    /// Who put the operation into the inbox, and when, as its commit says it.
    fn sender(&self, operation: &Operation, place: &Place) -> String {
        let slip = self.repository.find_commit(place.commit);
        let line = slip.and_then(|slip| slip.header_field_bytes("committer"));
        let line = line
            .ok()
            .and_then(|line| String::from_utf8(line.to_vec()).ok());
        line.unwrap_or_else(|| operation.committer.line())
    }
}

/// It is an interrupted command before this one that is not settled.
fn of_another(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<Failure>() {
        Ok(failure) => Failure {
            message: format!(
                "this command has not begun; an interrupted one before it is not settled yet: {}",
                failure.message
            ),
            ..failure
        }
        .into(),
        Err(error) => error,
    }
}

fn still_waits(remote: &Remote, reference: &str, words: &str) -> Failure {
    let name = &remote.name;
    let words = if words.is_empty() {
        "the remote shows nothing at all"
    } else {
        words
    };
    let message = format!(
        "the operation may wait in `{reference}` of the remote `{name}`, and be done by somebody else:\n{words}"
    );
    Failure::still_unknown(message)
}
