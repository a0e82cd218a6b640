//! Publishing without a remote: moving the local branch is the commit point.

use anyhow::Result;
use git2::Oid;

use super::operation::{Operation, Planned, Published, landed, pending};
use super::publish::{PATIENCE, pause};
use super::{Checkout, Failure, FailureKind, Snapshot, outside, worktree};

impl Checkout {
    /// Where the local branch stands, as the base of a change without a remote.
    pub(super) fn local_base(&self) -> Result<Oid> {
        self.local()?.ok_or_else(|| {
            let message = format!("the branch `{}` has no commits", self.branch);
            let failure = Failure::new(FailureKind::Invalid, message);
            failure
                .hint("begin with a commit: `git commit --allow-empty -m begin`, then `trainyard environment create development --upstream latest`")
                .into()
        })
    }

    /// Without a remote, moving the local branch is the commit point. A tag moves along in the same step. A journal tells the next
    /// command if it was killed in the middle of that, and the same command that it is done.
    pub(super) fn commit_locally<O>(
        &self,
        operation: &Operation,
        plan: &mut impl FnMut(&Snapshot) -> Result<Planned<O>>,
    ) -> Result<Published<O>> {
        if let Some(done) = self.settle_locally(operation, plan)? {
            return Ok(done);
        }
        let start = outside::now();
        for attempt in 0_u32.. {
            if let Some(taken) = self.own_tag_in_the_way(operation, None)? {
                return Err(taken.failure.into());
            }
            let (base, planned) = self.plan_on(self.local_base()?, plan)?;
            let Some(commit) = self.write(operation, &base, &planned)? else {
                return Ok(Published::NothingToDo(planned.outcome));
            };
            let tag = self.write_tag(operation, commit, &planned.message)?;
            self.write_pending(&pending(operation, commit, tag.clone()))?;
            let committed = worktree::commit_locally(self, commit, tag.as_ref());
            // Should only one of branch and tag have moved, the other one follows or it goes back.
            let has_landed = match &tag {
                Some(tag) => self.mend_tag(commit.id, tag)?,
                None => self.is_here(commit.id)?,
            };
            let work_tree = match committed {
                Err(_) if has_landed => Some(worktree::resume(self, commit.id)),
                Ok(work_tree) => work_tree,
                Err(error) => {
                    self.clear_pending()?;
                    return Err(error);
                }
            };
            if work_tree.is_some() {
                self.forget_pending();
            } else {
                self.clear_pending()?;
            }
            if let Some(work_tree) = work_tree {
                return Ok(landed(planned.outcome, commit.id, None, work_tree));
            }
            if outside::since(start) > PATIENCE {
                break;
            }
            pause(attempt, operation);
        }
        let message = format!(
            "the branch `{}` kept moving; nothing was changed",
            self.branch
        );
        Err(Failure::new(FailureKind::KeptMoving, message)
            .hint("run the command again")
            .into())
    }
}
