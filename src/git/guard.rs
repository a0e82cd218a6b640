//! The lock of our own on a git folder: one trainyard changes it at a time.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::fs::{FlockOperation, flock};
use rustix::io::{Errno, FdFlags, fcntl_setfd};

use super::{Failure, FailureKind, on_one_line, outside};

/// How long another trainyard may take before we give up.
const PATIENCE: Duration = Duration::from_secs(300);

/// How long we wait before we say so.
const SILENCE: Duration = Duration::from_secs(1);

/// Holds the lock while it lives. Children inherit it, so that a push which outlives a killed command is waited for.
pub(crate) struct Guard {
    file: File,
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Said, not only closed: a daemon that git or a hook left in the background has inherited it too.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

/// The folder of our own files in a git folder.
pub(crate) fn folder(git_folder: &Path) -> PathBuf {
    git_folder.join("trainyard")
}

impl Guard {
    /// Waits for the lock.
    pub(crate) fn take(git_folder: &Path) -> Result<Self> {
        let folder = folder(git_folder);
        if folder.is_symlink() {
            let message = format!(
                "`{}` is a link, and what lies there is ours alone",
                folder.display()
            );
            let failure = Failure::new(FailureKind::Invalid, message);
            return Err(failure.hint("remove the link").into());
        }
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("`{}` cannot be made", folder.display()))?;
        let path = folder.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            // For reading, too: a pipe in its place would have us wait for a reader.
            .read(true)
            .write(true)
            .open(&path);
        let file = file.with_context(|| format!("`{}` cannot be opened", path.display()))?;
        fcntl_setfd(&file, FdFlags::empty()).context("the lock cannot be handed on to git")?;
        let start = outside::now();
        let mut pause = Duration::from_millis(2);
        let mut told = false;
        let mut waiting = None;
        while let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            if !matches!(error, Errno::WOULDBLOCK | Errno::INTR) {
                return Err(error)
                    .with_context(|| format!("`{}` cannot be locked", path.display()));
            }
            if outside::since(start) > PATIENCE {
                let message = format!(
                    "another trainyard has been at work in `{}` for {} seconds",
                    git_folder.display(),
                    PATIENCE.as_secs()
                );
                let failure = Failure::new(FailureKind::Failed, message);
                return Err(failure
                    .hint("see what is running (`ps`): it, or what it has started; once that has ended, run the command again")
                    .into());
            }
            waiting.get_or_insert_with(|| doing!("waiting", "for another trainyard"));
            if !told && outside::since(start) > SILENCE {
                let folder = on_one_line(&git_folder.display().to_string());
                tracing::warn!("waiting for another trainyard that is at work in `{folder}`");
                told = true;
            }
            outside::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(100));
        }
        Ok(Self { file })
    }
}
