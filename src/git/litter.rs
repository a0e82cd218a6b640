//! Litter: what commands left in a git folder that were killed, ours and those of git itself.

use std::fs::{DirEntry, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use git2::Oid;
use rustix::fs::{FlockOperation, flock};

use super::id_text::whole_id;
use super::inbox::INBOX;
use super::journal::{self, Pending};
use super::remote::Remote;
use super::{Checkout, ask, guard, index_lock};

/// What is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Litter {
    /// The journal of a push of this branch.
    Push,
    /// The same, and the branch stands where it stood before: the push may still land.
    OpenPush,
    /// The journal of a push of another branch or remote, or without one; `None` if nobody knows of which.
    OtherPush(Option<Whither>),
    /// The journal of a checkout of this branch that is half way.
    Move,
    /// The same of another branch.
    OtherMove(String),
    /// A journal that nobody can read.
    Damaged,
    /// What a journal was being written into.
    Draft,
    /// A ref that holds what was fetched.
    Fetched,
    /// A lock of git that is so many minutes old.
    GitLock(u64),
}

/// Where a push was to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Whither {
    /// `None` for a change that was to stay here.
    pub(crate) remote: Option<String>,
    pub(crate) branch: String,
}

/// Hardly any git that lives holds a lock for so long; one whose editor is open does.
const OLD: Duration = Duration::from_secs(600);

impl Checkout {
    /// What is left in the git folder, by path, while the branch of the remote stands at `tip`. While another trainyard is at work,
    /// what is there is its own.
    pub(crate) fn litter(&self, tip: Option<&str>) -> Vec<(PathBuf, Litter)> {
        let tip = tip.and_then(|tip| whole_id(tip).ok());
        let mut found = Vec::new();
        let (own, common) = (self.repository.path(), self.repository.commondir());
        if !is_at_work(common) {
            for entry in entries(&guard::folder(own)).chain(entries(&guard::folder(common))) {
                let path = entry.path();
                let litter = self.litter_at(&path, tip);
                found.extend(litter.map(|litter| (path, litter)));
            }
            let abandoned = ask::abandoned(common).into_iter();
            found.extend(abandoned.map(|path| (path, Litter::Fetched)));
        }
        let locks = ["index.lock", "HEAD.lock"].map(|name| own.join(name));
        let shared = ["packed-refs.lock", "config.lock", "shallow.lock"];
        let shared = shared.map(|name| common.join(name));
        let mut locks: Vec<_> = locks.into_iter().chain(shared).collect();
        locks_below(&common.join("refs"), &mut locks);
        for lock in locks {
            if let Some(age) = ask::age(&lock).filter(|age| *age >= OLD) {
                found.push((lock, Litter::GitLock(age.as_secs() / 60)));
            }
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        found.dedup();
        found
    }

    /// What a file of our own folder is, if a killed command left it.
    fn litter_at(&self, path: &Path, tip: Option<Oid>) -> Option<Litter> {
        let name = path.file_name()?.to_string_lossy().into_owned();
        let ends_in = |end: &str| path.extension().is_some_and(|found| found == end);
        if ends_in("draft") {
            return Some(Litter::Draft);
        }
        if path == index_lock::journal_path(self) {
            let Ok(branch) = index_lock::half_way(self) else {
                return Some(Litter::Damaged);
            };
            return branch.map(|branch| {
                if branch == self.branch {
                    Litter::Move
                } else {
                    Litter::OtherMove(branch)
                }
            });
        }
        if !(name.starts_with("push-") && ends_in("json")) {
            return None;
        }
        Some(match journal::read::<Pending>(path) {
            Err(_) => Litter::Damaged,
            Ok(left) if path == self.journal_path() => {
                let is_open = self.remote.is_some() && left?.is_open_at(tip);
                if is_open {
                    Litter::OpenPush
                } else {
                    Litter::Push
                }
            }
            Ok(left) => left.map(|_| Litter::OtherPush(self.whither(&name)))?,
        })
    }

    /// The remote and the branch to which a journal of this name belongs.
    fn whither(&self, name: &str) -> Option<Whither> {
        let (remotes, branches) = (self.remotes().ok()?, self.branches().ok()?);
        let remotes = remotes.into_iter().map(Some).chain([None]);
        let mut places = remotes.flat_map(|remote| {
            let whither = move |branch: &String| Whither {
                remote: remote.clone(),
                branch: branch.clone(),
            };
            branches.iter().map(whither).collect::<Vec<_>>()
        });
        places.find(|place| journal::file_name(place.remote.as_deref(), &place.branch) == name)
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

/// The locks of git on refs in a folder, but not on those that are ours.
fn locks_below(folder: &Path, locks: &mut Vec<PathBuf>) {
    for entry in entries(folder) {
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if name != "trainyard" {
                locks_below(&path, locks);
            }
        } else if name.to_string_lossy().ends_with(".lock") {
            locks.push(path);
        }
    }
}

/// Whether another trainyard holds the guard of a git folder.
fn is_at_work(git_folder: &Path) -> bool {
    let Ok(file) = File::open(guard::folder(git_folder).join("lock")) else {
        return false;
    };
    flock(&file, FlockOperation::NonBlockingLockShared).is_err()
}
