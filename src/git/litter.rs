//! Litter: what commands left in a git folder that were killed, ours and those of git itself.

use std::fs::{DirEntry, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use rustix::fs::{FlockOperation, flock};

use super::inbox::INBOX;
use super::remote::Remote;
use super::{Checkout, ask, guard, worktree};

/// What is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Litter {
    /// The journal of a push of this branch.
    Push,
    /// The journal of another push.
    OtherPush,
    /// The journal of a checkout that is half way.
    Move,
    /// What a journal was being written into.
    Draft,
    /// A ref that holds what was fetched.
    Fetched,
    /// A lock of git that is so many minutes old.
    GitLock(u64),
}

/// No git that lives holds a lock for so long.
const OLD: Duration = Duration::from_secs(600);

impl Checkout {
    /// What is left in the git folder, by path. While another trainyard is at work, what is there is its own.
    pub(crate) fn litter(&self) -> Vec<(PathBuf, Litter)> {
        let mut found = Vec::new();
        let (own, common) = (self.repository.path(), self.repository.commondir());
        if !is_at_work(common) {
            let moved = worktree::journal_path(self);
            for entry in entries(&guard::folder(own)).chain(entries(&guard::folder(common))) {
                let path = entry.path();
                let name = entry.file_name().to_string_lossy().into_owned();
                let ends_in = |end: &str| path.extension().is_some_and(|found| found == end);
                let litter = if path == moved {
                    Litter::Move
                } else if path == self.journal_path() {
                    Litter::Push
                } else if name.starts_with("push-") && ends_in("json") {
                    Litter::OtherPush
                } else if ends_in("draft") {
                    Litter::Draft
                } else {
                    continue;
                };
                found.push((path, litter));
            }
            let abandoned = ask::abandoned(common).into_iter();
            found.extend(abandoned.map(|path| (path, Litter::Fetched)));
        }
        let branch = common.join(format!("{}.lock", self.branch_ref()));
        let locks = ["index.lock", "HEAD.lock"].map(|name| own.join(name));
        let shared = ["packed-refs.lock", "config.lock", "shallow.lock"];
        let shared = shared.map(|name| common.join(name));
        for lock in locks.into_iter().chain(shared).chain([branch]) {
            if let Some(age) = ask::age(&lock).filter(|age| *age >= OLD) {
                found.push((lock, Litter::GitLock(age.as_secs() / 60)));
            }
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        found.dedup();
        found
    }

    /// The refs of the remote under which operations wait for somebody to publish them.
    pub(crate) fn waiting(&self, remote: &Remote) -> Result<Vec<String>> {
        let waiting = self.ask_for(remote, &[&format!("{INBOX}/*")])?;
        Ok(waiting.into_keys().collect())
    }

    /// Removes what is of no use to anybody; what commands left that may still land is settled by the next one. The caller holds
    /// the guard.
    pub(crate) fn sweep_drafts(&self) -> Result<()> {
        for folder in [self.repository.path(), self.repository.commondir()] {
            for entry in entries(&guard::folder(folder)) {
                if entry.file_name().to_string_lossy().ends_with(".draft") {
                    std::fs::remove_file(entry.path())?;
                }
            }
        }
        self.sweep_fetched();
        Ok(())
    }
}

fn entries(folder: &Path) -> impl Iterator<Item = DirEntry> {
    let entries = std::fs::read_dir(folder);
    entries.into_iter().flatten().flatten()
}

/// Whether another trainyard holds the guard of a git folder.
fn is_at_work(git_folder: &Path) -> bool {
    let Ok(file) = File::open(guard::folder(git_folder).join("lock")) else {
        return false;
    };
    flock(&file, FlockOperation::NonBlockingLockShared).is_err()
}
