//! Operations that wait in line, published together with our own: a commit for each, one push for all.

use anyhow::Result;
use git2::Oid;

use super::chain::Chain;
use super::commit::UnpushedCommit;
use super::inbox::{Found, Says, Waiting};
use super::line::Line;
use super::operation::{Operation, Planned, StandIn};
use super::{Checkout, Snapshot, on_one_line};

/// The branch of the remote, and what waited at the same moment.
pub(super) struct Company {
    pub(super) base: Oid,
    pub(super) waiting: Vec<Waiting>,
}

/// How many operations of others are published with one's own at most.
const MOST: usize = 256;

/// What is written and can be pushed.
pub(super) struct Written {
    /// The commit of the operation itself.
    pub(super) commit: UnpushedCommit,
    /// The last of the commits.
    pub(super) tip: Oid,
    /// The refs of those that waited in line and are done with.
    pub(super) taken: Vec<(String, Oid)>,
    /// How many of them have a commit here.
    pub(super) others: usize,
}

impl Written {
    pub(super) fn alone(commit: UnpushedCommit) -> Self {
        Self {
            commit,
            tip: commit.id,
            taken: Vec::new(),
            others: 0,
        }
    }
}

/// What happens to an operation that waits in line.
enum Taken {
    /// It is published.
    Done,
    /// It is taken out of the line: done before, or for nobody else to do.
    Away,
    /// It stays there.
    Not,
}

impl Checkout {
    /// Writes our own change and, on top of it, what waits in line; `None` if our own changes nothing.
    pub(super) fn write_all<'a, O>(
        &'a self,
        operation: &Operation,
        planned: &Planned<O>,
        (base, company): (Snapshot<'a>, &Company),
        line: &Line,
        stand_in: &StandIn,
    ) -> Result<Option<Written>> {
        let mut chain = Chain::on(base);
        let who = (&operation.author, &operation.committer);
        let Some(commit) = chain.append(&planned.changes, who, &planned.message)? else {
            return Ok(None);
        };
        let (mut taken, mut others) = (Vec::new(), 0);
        if !line.alone {
            for waiting in &company.waiting {
                if taken.len() >= MOST && waiting.id() != operation.id {
                    continue;
                }
                let step =
                    self.take_along(operation, (waiting, company.base), &mut chain, stand_in)?;
                match step {
                    Taken::Done => others += 1,
                    Taken::Away => {}
                    Taken::Not => continue,
                }
                taken.push((waiting.reference.clone(), waiting.commit));
            }
        }
        Ok(Some(Written {
            commit,
            tip: chain.store(self)?,
            taken,
            others,
        }))
    }

    /// Takes one that waits along, if that can be.
    fn take_along(
        &self,
        operation: &Operation,
        (waiting, base): (&Waiting, Oid),
        chain: &mut Chain,
        stand_in: &StandIn,
    ) -> Result<Taken> {
        let id = waiting.id();
        if id == operation.id {
            return Ok(Taken::Away);
        }
        if waiting.is_over(operation) {
            return Ok(Taken::Away);
        }
        let slip = match &waiting.says {
            Says::Operation(slip) => slip,
            // What it keeps out could still come.
            Says::Fence => return Ok(Taken::Not),
            Says::Nothing => return Ok(Taken::Away),
        };
        if slip.branch != self.branch {
            return Ok(Taken::Not);
        }
        match self.find_waiting(base, waiting, operation) {
            Ok(Found::At(_)) => return Ok(Taken::Away),
            Ok(Found::Nowhere) => {}
            // It might be there, where a shallow clone cannot see it, or it begins at what is no commit.
            Ok(Found::Unknown) | Err(_) => return Ok(Taken::Not),
        }
        match stand_in(chain.top(), id, &slip.letter) {
            Ok(other) => {
                let who = (&other.author, &operation.committer);
                let commit = chain.append(&other.changes, who, &other.message)?;
                Ok(if commit.is_some() {
                    Taken::Done
                } else {
                    Taken::Away
                })
            }
            Err(error) => {
                let why = on_one_line(&format!("{error:#}"));
                tracing::info!("`{id}` waits in line and is left to whoever asked for it: {why}");
                Ok(Taken::Away)
            }
        }
    }
}
