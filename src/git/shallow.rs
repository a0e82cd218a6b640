//! Shallow clones: of what lies beyond the end of their history nothing is said before it was fetched.

use std::path::Path;

use anyhow::Result;
use git2::{ErrorCode, Oid, Repository, RepositoryOpenFlags};

use super::remote::Remote;
use super::{Checkout, Failure, FailureKind};

/// How many more commits are fetched, one step after the other; then all there are.
const STEPS: [&str; 3] = ["--deepen=100", "--deepen=2000", "--unshallow"];

impl Checkout {
    /// Makes the history of `tip` known back to `since`, where a shallow clone ends before: somebody may have fetched `tip` anew,
    /// with a depth. Whether anything was fetched. What the remote has dropped is in no history, however deep.
    pub(super) fn deepen(&self, remote: &Remote, tip: Oid, since: Oid) -> Result<bool> {
        let mut deepened = false;
        for step in STEPS {
            if !is_shallow(&self.repository) || self.contains(tip, since)? {
                break;
            }
            self.fetch_more(remote, step, "whether the interrupted command has landed")?;
            deepened = true;
        }
        Ok(deepened)
    }

    /// The commit before, which is fetched where a shallow clone ends.
    pub(super) fn parent(&self, commit: Oid) -> Result<Oid> {
        let parent = || self.in_history(|history| history.find_commit(commit)?.parent_id(0));
        match (parent(), &self.remote) {
            (Err(_), Some(remote)) if is_shallow(&self.repository) => {
                self.fetch_more(remote, "--deepen=1", "what the commit was made upon")?;
                Ok(parent()?)
            }
            (parent, _) => Ok(parent?),
        }
    }

    /// Fetches one more part of the history, without which it does not show this.
    fn fetch_more(&self, remote: &Remote, step: &str, this: &str) -> Result<()> {
        let (fetched, _) = self.fetch_with(remote, &self.branch_ref(), (&[step], &[]))?;
        if !fetched.is_ok() {
            let message = format!(
                "this shallow clone does not show {this}, and more of its history cannot be fetched:\n{}",
                fetched.words()
            );
            let hint = format!(
                "`git fetch --unshallow {}`, then run the same command again",
                remote.name
            );
            return Err(Failure::new(FailureKind::Unknown, message)
                .hint(hint)
                .into());
        }
        // libgit2 reads only once where a history ends.
        self.deeper.replace(Some(opened_anew(&self.repository)?));
        Ok(())
    }

    /// Looks into the history, as deep as it is known now.
    pub(super) fn in_history<T>(&self, look: impl FnOnce(&Repository) -> T) -> T {
        match &*self.deeper.borrow() {
            Some(deeper) => look(deeper),
            None => look(&self.repository),
        }
    }
}

/// Whether the history of a repository ends somewhere.
fn is_shallow(repository: &Repository) -> bool {
    repository.commondir().join("shallow").exists()
}

/// The same repository, where it can be told in it alone where its history ends: libgit2 looks for that in the git folder of a linked
/// work tree, and git keeps it in that of the clone.
pub(super) fn that_knows_its_end(repository: &Repository) -> Result<Option<Repository>> {
    let is_linked = repository.path() != repository.commondir();
    Ok(if is_linked && is_shallow(repository) {
        Some(opened_anew(repository)?)
    } else {
        None
    })
}

/// The history alone: the work tree that it may have beside it is another one, of whoever owns that.
fn opened_anew(repository: &Repository) -> Result<Repository> {
    let alone = RepositoryOpenFlags::BARE | RepositoryOpenFlags::NO_SEARCH;
    let none: [&Path; 0] = [];
    let known = Repository::open_ext(repository.commondir(), alone, none);
    match known {
        // It was trusted when it was opened first; then what is told there has to do.
        Err(error) if error.code() == ErrorCode::Owner => Ok(Repository::open_ext(
            repository.path(),
            RepositoryOpenFlags::empty(),
            none,
        )?),
        known => Ok(known?),
    }
}
