//! The line in which operations wait that lost a race, or all of them: whose turn it is to publish what waits, and when somebody else
//! steps in for one that does not.

mod pace;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use git2::Oid;

use self::pace::{Pace, jittered};
use super::commit::UnpushedCommit;
use super::company::Company;
use super::fence::Withdrawn;
use super::inbox::{Found, INBOX, Joined, Place};
use super::journal::Pending;
use super::known_bad::{Variant, known_bad};
use super::operation::{Combining, Operation, pending};
use super::remote::Remote;
use super::{Checkout, Failure, outside};

/// How an operation stands in line.
pub(super) struct Line {
    begun: Instant,
    /// When the operation set out for the line, the last time.
    set_out: Instant,
    state: State,
    /// Our own place, while the operation waits on the remote.
    pub(super) place: Option<Place>,
    pace: Pace,
    /// Whether everybody waits in line, as where many come at the same moment.
    is_crowded: bool,
    /// Pushes that may still land, as long as the branch stands where they were planned on.
    pub(super) open: Option<Pending>,
    /// Whether what waits is left to others, because the remote does not let it go.
    pub(super) alone: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Whether there is a line is not known yet.
    Unknown,
    /// Whoever loses a race waits in line, or everybody does. The operation is not in the history up to this commit.
    Formed(Oid),
    /// The remote has no line.
    Closed,
}

/// What came of a try to get into the line.
enum Entered {
    Waits,
    /// It was there before, and somebody has published it.
    Landed(Oid),
    /// It is none that could wait, or there is no line.
    Not,
}

/// What is to be done next.
pub(super) enum Turn {
    /// To push the operation alone.
    Plain,
    /// To publish what waits, our own operation first.
    Lead(Company),
    /// Nothing: somebody else has published it.
    Landed(Oid),
}

impl Line {
    pub(super) fn new(open: Option<Pending>) -> Self {
        let now = outside::now();
        Self {
            begun: now,
            set_out: now,
            state: State::Unknown,
            place: None,
            pace: Pace::of(Duration::ZERO, Duration::ZERO, now),
            is_crowded: false,
            open,
            alone: false,
        }
    }

    /// Whether a push of this operation may still land.
    pub(super) fn holds(&self, operation: &Operation) -> bool {
        let open = self.open.as_ref();
        open.is_some_and(|open| open.all().any(|push| push.operation == operation.id))
    }

    /// Whether operations of this repository are known to wait in line, or not to.
    pub(super) fn is_known(&self) -> bool {
        self.state != State::Unknown
    }

    /// Forms the line, where there is to be one. Whether to wait in it without having lost a race: where everybody does, where
    /// somebody waits already, and where the branch is no longer where it was.
    pub(super) fn form(
        &mut self,
        checkout: &Checkout,
        remote: &Remote,
        (operation, base): (&Operation, Oid),
        combining: Combining,
    ) -> Result<bool> {
        if self.is_known() || combining == Combining::Never {
            return Ok(false);
        }
        self.state = State::Formed(base);
        if combining == Combining::Always && operation.letter.is_some() {
            self.is_crowded = true;
            return Ok(true);
        }
        let seen = Seen::ask(checkout, remote)?;
        if seen.tip.is_none() {
            return Err(checkout.no_such_branch(remote).into());
        }
        Ok(seen.tip != Some(base) || !seen.waiting.is_empty())
    }

    /// Waits until something is to be done, at most until `patience` is over.
    pub(super) fn turn(
        &mut self,
        checkout: &Checkout,
        remote: &Remote,
        operation: &Operation,
        patience: Duration,
    ) -> Result<Turn> {
        let State::Formed(since) = self.state else {
            return Ok(Turn::Plain);
        };
        let (mut waiting, mut idle) = (None, None);
        loop {
            let Some(place) = self.place.clone() else {
                match self.join(checkout, remote, (operation, since))? {
                    Entered::Waits => {
                        outside::sleep(self.until_the_first_look(&operation.id));
                        continue;
                    }
                    Entered::Landed(commit) => return Ok(Turn::Landed(commit)),
                    Entered::Not => break,
                }
            };
            let seen = Seen::ask(checkout, remote)?;
            if seen.tip.is_none() {
                // Whoever sees no branch has not seen who waits, either.
                return Err(checkout.no_such_branch(remote).into());
            }
            let Some(mut ahead) = seen.ahead_of(&place, idle.as_ref()) else {
                if let Some(commit) = self.gone(checkout, remote, (operation, &place))? {
                    return Ok(Turn::Landed(commit));
                }
                // Somebody looked at it and could not do it: it is ours alone.
                break;
            };
            let stood = self.pace.stood(&seen.waiting, outside::now());
            if !ahead.is_empty() && self.pace.is_over(stood) && idle.is_none() {
                // Some who stand before us may be no operations for this branch.
                let others = idle.insert(idle_ones(checkout, remote, operation)?);
                ahead = seen.ahead_of(&place, Some(others)).unwrap_or(ahead);
            }
            // Whoever can wait no longer tries it: the push compares, whoever else does the same.
            if self.pace.is_our_turn(ahead, stood) || outside::since(self.begun) > patience {
                break;
            }
            waiting.get_or_insert_with(|| doing!("waiting", "for others that publish this, too"));
            let pause = self.pace.next_pause(seen.waiting.len());
            outside::sleep(jittered(
                pause,
                &format!("{}{}", place.id, pause.as_micros()),
            ));
        }
        if self.state == State::Closed {
            return Ok(Turn::Plain);
        }
        let (base, waiting) = checkout.collect(remote)?;
        if let Some(place) = &self.place {
            let mark = (operation.mark)(&place.id);
            if let Found::At(commit) = checkout.find(base, place.since, &mark)? {
                // If it stays, whoever finds it sees that it is done.
                let _ = checkout.take_away(remote, place);
                self.place = None;
                return Ok(Turn::Landed(commit));
            }
        }
        Ok(Turn::Lead(Company { base, waiting }))
    }

    /// How long the operation with this id, which has come into the line, waits before it looks at it.
    fn until_the_first_look(&self, id: &str) -> Duration {
        let pause = jittered(self.pace.first_pause(), id);
        if self.is_crowded {
            pause + self.pace.late_start(id)
        } else {
            pause
        }
    }

    /// The journal of a push, which tells of the place in line, too.
    pub(super) fn in_journal(&self, journal: Pending) -> Pending {
        match &self.place {
            Some(place) => journal.waiting(place),
            None => journal,
        }
    }

    /// The operation has landed, alone or with what waited. Where its ref did not go with that, it goes now.
    pub(super) fn landed(&mut self, checkout: &Checkout, remote: &Remote, alone: bool) {
        if let Some(place) = self.place.take()
            && (self.alone || alone)
        {
            // If it stays, whoever finds it sees that it is done.
            let _ = checkout.take_away(remote, &place);
        }
    }

    /// The operation is not in line: the commit with which somebody has published it.
    fn gone(
        &mut self,
        checkout: &Checkout,
        remote: &Remote,
        (operation, place): (&Operation, &Place),
    ) -> Result<Option<Oid>> {
        let tip = checkout.fetch(remote)?;
        let found = checkout.find(tip, place.since, &(operation.mark)(&place.id))?;
        self.place = None;
        self.set_out = outside::now();
        if let Found::At(commit) = found {
            return Ok(Some(commit));
        }
        checkout.forget(self)?;
        Ok(None)
    }

    /// Puts the operation into the line.
    fn join(
        &mut self,
        checkout: &Checkout,
        remote: &Remote,
        (operation, since): (&Operation, Oid),
    ) -> Result<Entered> {
        let Some(letter) = &operation.letter else {
            return Ok(Entered::Not);
        };
        let place = checkout.write_slip(operation, letter, since)?;
        let waits = UnpushedCommit {
            id: place.commit,
            parent: place.since,
        };
        let journal = pending(operation, waits, None).beside(self.open.clone());
        checkout.write_pending(&journal.waiting(&place))?;
        // From here on a failure is one of an operation that may wait there.
        self.place = Some(place.clone());
        let asked = outside::now();
        match checkout.join(remote, &place)? {
            Joined::Waits(place) => {
                let now = outside::now();
                let took = |since| now.saturating_duration_since(since);
                self.pace = Pace::of(took(self.set_out), took(asked), now);
                self.place = Some(place.clone());
                let journal = pending(operation, waits, None).beside(self.open.clone());
                checkout.write_pending(&journal.waiting(&place))?;
                Ok(Entered::Waits)
            }
            Joined::Unknown(words) => Err(unknown(remote, &words).into()),
            Joined::NoContact(failure) => {
                self.place = None;
                checkout.forget(self)?;
                Err(failure.into())
            }
            Joined::NotAllowed if known_bad(Variant::BelieveInboxRejection) => {
                self.place = None;
                checkout.clear_pending()?;
                self.state = State::Closed;
                Ok(Entered::Not)
            }
            Joined::NotAllowed => {
                // A rejection can be that of a push which git had sent before, and what it brought is published already.
                let published = self.gone(checkout, remote, (operation, &place))?;
                self.state = State::Closed;
                Ok(published.map_or(Entered::Not, Entered::Landed))
            }
            Joined::Collided => {
                let withdrawn = checkout.withdraw(remote, operation, &place)?;
                self.place = None;
                self.state = State::Closed;
                if let Withdrawn::Landed(commit) = withdrawn {
                    return Ok(Entered::Landed(commit));
                }
                checkout.forget(self)?;
                Ok(Entered::Not)
            }
        }
    }
}

/// Where those stand that are in line and are no operations for our branch, or have landed on it and could not be taken away.
fn idle_ones(
    checkout: &Checkout,
    remote: &Remote,
    operation: &Operation,
) -> Result<BTreeMap<String, Oid>> {
    let (tip, waiting) = checkout.collect(remote)?;
    let idle = waiting.into_iter().filter(|each| {
        !each.is_for(&checkout.branch, operation)
            || matches!(
                checkout.find_waiting(tip, each, operation),
                Ok(Found::At(_))
            )
    });
    Ok(idle.map(|each| (each.reference, each.commit)).collect())
}

/// The line as the remote shows it.
struct Seen {
    tip: Option<Oid>,
    /// The refs of those who wait, in their order.
    waiting: BTreeMap<String, Oid>,
}

impl Seen {
    fn ask(checkout: &Checkout, remote: &Remote) -> Result<Self> {
        let branch = checkout.branch_ref();
        let mut refs = checkout.ask_for(remote, &[&branch, &format!("{INBOX}/*")])?;
        Ok(Self {
            tip: refs.remove(&branch),
            waiting: refs,
        })
    }

    /// Who stands before us, without those of whom it is known that they do nothing; `None` if we are no longer in line.
    fn ahead_of(&self, place: &Place, idle: Option<&BTreeMap<String, Oid>>) -> Option<Vec<String>> {
        let ours = place.reference();
        let same = self.waiting.get(&ours) == Some(&place.commit);
        let before = self.waiting.range(..ours);
        let is_idle = |name, commit| idle.is_some_and(|idle| idle.get(name) == Some(commit));
        let busy = before.filter(|(name, commit)| !is_idle(*name, *commit));
        same.then(|| busy.map(|(name, _)| name.clone()).collect())
    }
}

/// Nobody can tell whether the operation waits.
fn unknown(remote: &Remote, words: &str) -> Failure {
    let message = format!(
        "the connection to `{}` broke while the operation was put into `{INBOX}`; whether it is done is unknown:\n{words}",
        remote.name
    );
    Failure::unknown(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_where_everybody_waits_does_a_high_id_look_late() {
        let mut line = Line::new(None);
        line.pace = Pace::of(Duration::ZERO, Duration::from_millis(250), outside::now());
        let id = "8000aaaa";
        let alone = line.until_the_first_look(id);
        assert_eq!(alone, jittered(line.pace.first_pause(), id));
        line.is_crowded = true;
        let crowded = line.until_the_first_look(id);
        assert_eq!(crowded, alone + Duration::from_millis(400));
    }
}
