//! Asks the remote: where its branch stands, and for the commits that we lack.

use anyhow::{Context as _, Result};
use git2::Oid;

use super::checkout::Remote;
use super::program::{Finished, Running};
use super::{Checkout, Failure, FailureKind};

impl Checkout {
    /// Begins to ask where the branch of the remote stands.
    pub(super) fn start_asking(&self, remote: &Remote) -> Result<Running> {
        self.git.start(&[
            "ls-remote",
            "--quiet",
            "--",
            &remote.name,
            &self.branch_ref(),
        ])
    }

    /// The answer: where the branch stands; `None` if the remote has no such branch.
    pub(super) fn answer(&self, remote: &Remote, asked: Running) -> Result<Option<Oid>> {
        let finished = asked.finish()?;
        if !finished.is_ok() {
            return Err(unreachable(remote, &finished).into());
        }
        let branch = self.branch_ref();
        let text = finished.text();
        let lines = text.lines().filter_map(|line| line.split_once('\t'));
        let id = lines
            .filter(|(_, name)| *name == branch)
            .map(|(id, _)| Oid::from_str(id))
            .next();
        Ok(id.transpose()?)
    }

    /// Asks where the branch of the remote stands.
    pub(super) fn ask(&self, remote: &Remote) -> Result<Option<Oid>> {
        self.answer(remote, self.start_asking(remote)?)
    }

    /// Fetches the branch of the remote. No ref that anybody else uses is touched.
    pub(super) fn fetch(&self, remote: &Remote) -> Result<Oid> {
        let private = format!("refs/trainyard/fetch/{}", std::process::id());
        let refspec = format!("+{}:{private}", self.branch_ref());
        let finished = self.git.run(&[
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--refmap=",
            "--",
            &remote.name,
            &refspec,
        ])?;
        if !finished.is_ok() {
            if finished.stderr.contains("couldn't find remote ref") {
                return Err(self.no_such_branch(remote).into());
            }
            return Err(unreachable(remote, &finished).into());
        }
        let mut reference = self
            .repository
            .find_reference(&private)
            .context("reading what was fetched")?;
        let id = reference
            .target()
            .context("what was fetched is no commit")?;
        reference.delete()?;
        Ok(id)
    }

    /// The remote lacks the branch.
    pub(super) fn no_such_branch(&self, remote: &Remote) -> Failure {
        let message = format!(
            "the remote `{}` has no branch `{}`",
            remote.name, self.branch
        );
        Failure::new(FailureKind::Failed, message).hint(format!(
            "name another one with `--branch`, or make it: `git push {} HEAD:{}`",
            remote.name,
            self.branch_ref()
        ))
    }
}

/// Why the remote gave no answer. Nothing was sent yet.
pub(super) fn unreachable(remote: &Remote, finished: &Finished) -> Failure {
    let words = finished.words();
    if denies_access(&words) {
        let message = format!("the remote `{}` refuses access:\n{words}", remote.name);
        return Failure::new(FailureKind::RemoteRefused, message).hint(format!(
            "see that `git fetch {}` works in this checkout",
            remote.name
        ));
    }
    let message = format!("the remote `{}` cannot be reached:\n{words}", remote.name);
    Failure::new(FailureKind::Failed, message).hint(format!(
        "see that `git fetch {}` works in this checkout",
        remote.name
    ))
}

/// Whether git's words mean that the credentials are missing or not good enough.
pub(super) fn denies_access(words: &str) -> bool {
    const DENIALS: [&str; 11] = [
        "Authentication failed",
        "could not read Username",
        "could not read Password",
        "Permission denied",
        "Permission to",
        "access denied",
        "marked as read only",
        "not have write access",
        "not allowed to push",
        "returned error: 401",
        "returned error: 403",
    ];
    DENIALS.iter().any(|denial| words.contains(denial))
}
