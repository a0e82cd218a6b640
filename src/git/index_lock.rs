//! git's lock on the index, held while the checkout is moved, and the journal of the move: what a killed command leaves of both is known
//! by them.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use git2::Oid;
use serde::{Deserialize, Serialize};

use super::journal::{self, FORM, Survives};
use super::known_bad::{Variant, known_bad};
use super::{Checkout, guard, id_text};

/// A move of the checkout under way.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Move {
    pub(super) form: u32,
    pub(super) branch: String,
    #[serde(with = "id_text")]
    pub(super) old: Oid,
    #[serde(with = "id_text")]
    pub(super) new: Oid,
    /// Whether the change has landed whatever becomes of the local branch.
    pub(super) landed: bool,
}

/// Whether the move of a killed command is still to be finished; its journal must not be lost.
pub(super) fn is_unfinished(checkout: &Checkout) -> Result<bool> {
    let left = half_way(checkout)?;
    Ok(left.is_some_and(|branch| branch == checkout.branch))
}

/// The branch whose checkout a killed command left half way.
pub(super) fn half_way(checkout: &Checkout) -> Result<Option<String>> {
    let left = journal::read::<Move>(&journal_path(checkout))?;
    Ok(left.map(|left| left.branch))
}

pub(super) fn journal_path(checkout: &Checkout) -> PathBuf {
    guard::folder(checkout.repository.path()).join("checkout.json")
}

/// git's own lock on the index, taken by a link from a file of ours, which goes last: as long as both are the same file, it is ours.
pub(super) struct IndexLock {
    own: PathBuf,
    lock: PathBuf,
    journal: PathBuf,
}

impl IndexLock {
    /// Takes the lock, after a journal entry that lets it be recognised; or says who holds it.
    pub(super) fn take(
        checkout: &Checkout,
        old: Oid,
        new: Oid,
        landed: bool,
    ) -> Result<Result<Self, String>> {
        let folder = checkout.repository.path();
        let own = own_lock(folder);
        let prepare = || -> Result<()> {
            std::fs::create_dir_all(guard::folder(folder))?;
            remove_if_there(&own)?;
            let mut file = std::fs::File::create(&own)?;
            writeln!(file, "trainyard {}", std::process::id())?;
            Ok(())
        };
        prepare().with_context(|| format!("writing `{}`", own.display()))?;
        let lock = Self {
            own,
            lock: folder.join("index.lock"),
            journal: journal_path(checkout),
        };
        let entry = Move {
            form: FORM,
            branch: checkout.branch.clone(),
            old,
            new,
            landed,
        };
        journal::write(&lock.journal, &entry, Survives::Kill)?;
        if known_bad(Variant::SweepForeignLock) {
            remove_if_there(&lock.lock)?;
        }
        match std::fs::hard_link(&lock.own, &lock.lock) {
            Ok(()) => Ok(Ok(lock)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                remove_if_there(&lock.own)?;
                journal::remove(&lock.journal)?;
                Ok(Err(held(&lock.lock)))
            }
            Err(error) => {
                journal::remove(&lock.journal)?;
                Err(error).with_context(|| format!("making `{}`", lock.lock.display()))
            }
        }
    }

    /// Removes the lock of a killed command, and no other.
    pub(super) fn remove_stale(checkout: &Checkout) -> Result<()> {
        let folder = checkout.repository.path();
        let (own, lock) = (own_lock(folder), folder.join("index.lock"));
        if is_one_file(&own, &lock) {
            remove_if_there(&lock)?;
        }
        remove_if_there(&own)
    }

    /// Gives the lock back, when all is done or nothing was begun.
    pub(super) fn give_up(self) -> Result<()> {
        remove_if_there(&self.own.with_file_name("index"))?;
        remove_if_there(&self.lock)?;
        journal::remove(&self.journal)
    }
}

impl Drop for IndexLock {
    fn drop(&mut self) {
        // A step failed: the user's git must work all the same. The journal stays and tells the next command.
        if is_one_file(&self.own, &self.lock) && std::fs::remove_file(&self.lock).is_err() {
            // Without the other name nobody would know whose it is.
            return;
        }
        let _ = std::fs::remove_file(&self.own);
    }
}

/// Whether these are two names of the same file.
fn is_one_file(one: &Path, other: &Path) -> bool {
    let file = |path: &Path| {
        let found = std::fs::symlink_metadata(path);
        found.ok().map(|found| (found.dev(), found.ino()))
    };
    file(one).is_some_and(|one| file(other) == Some(one))
}

/// Why the index cannot be locked.
pub(super) fn held(lock: &Path) -> String {
    format!(
        "`{}` exists: another git is at work, or one was killed",
        lock.display()
    )
}

/// The file that is linked to `index.lock`. Not `index.lock` in our folder: that is git's lock on the index prepared there.
fn own_lock(git_folder: &Path) -> PathBuf {
    guard::folder(git_folder).join("checkout.lock")
}

fn remove_if_there(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing `{}`", path.display()))
        }
        _ => Ok(()),
    }
}
