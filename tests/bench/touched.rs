//! The files that a train changes, and the plain way to write them into a work tree.

use std::ffi::OsStr;
use std::fs;
use std::io::{ErrorKind, Result as IoResult};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use git2::{Delta, DiffDelta, FileMode, Oid, Repository};

/// Every path that differs between two commits, with its content in the later one.
pub(crate) struct Touched(Vec<(PathBuf, Content)>);

enum Content {
    File(Vec<u8>),
    Link(PathBuf),
    Gone,
}

/// How a file that exists gets its new content.
#[derive(Clone, Copy)]
pub(crate) enum Writing {
    /// Truncated and written, as `std::fs::write` does.
    InPlace,
    /// Removed and written, which ext4 has done sooner: it flushes a truncated file when that is closed.
    Afresh,
}

impl Touched {
    /// Reads what differs between the commits `before` and `after`.
    pub(crate) fn between(repository: &Path, before: &str, after: &str) -> Result<Self> {
        let repository = Repository::open(repository)?;
        let tree = |commit: &str| repository.find_commit(Oid::from_str(commit)?)?.tree();
        let diff = repository.diff_tree_to_tree(Some(&tree(before)?), Some(&tree(after)?), None)?;
        let touched = diff.deltas().map(|delta| {
            let path = delta
                .new_file()
                .path()
                .context("a changed file has no name")?;
            Ok((path.to_owned(), content(&repository, &delta)?))
        });
        Ok(Self(touched.collect::<Result<_>>()?))
    }

    /// Writes everything into the work tree, file after file.
    pub(crate) fn write(&self, work_tree: &Path, writing: Writing) -> Result<()> {
        for (path, content) in &self.0 {
            let path = work_tree.join(path);
            match content {
                Content::File(bytes) => match writing {
                    Writing::InPlace => in_folder(&path, || fs::write(&path, bytes)),
                    Writing::Afresh => {
                        remove(&path).and_then(|()| in_folder(&path, || fs::write(&path, bytes)))
                    }
                },
                Content::Link(target) => {
                    remove(&path).and_then(|()| in_folder(&path, || symlink(target, &path)))
                }
                Content::Gone => remove(&path),
            }
            .with_context(|| format!("writing {}", path.display()))?;
        }
        Ok(())
    }
}

fn content(repository: &Repository, delta: &DiffDelta) -> Result<Content> {
    if delta.status() == Delta::Deleted {
        return Ok(Content::Gone);
    }
    let bytes = repository
        .find_blob(delta.new_file().id())?
        .content()
        .to_vec();
    match delta.new_file().mode() {
        FileMode::Blob => Ok(Content::File(bytes)),
        FileMode::Link => Ok(Content::Link(OsStr::from_bytes(&bytes).into())),
        mode => bail!("a train wrote a file with mode {mode:?}"),
    }
}

fn remove(path: &Path) -> IoResult<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Writes, and only if the folder turns out to be missing, creates it and writes again.
fn in_folder(path: &Path, write: impl Fn() -> IoResult<()>) -> IoResult<()> {
    match write() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(
                path.parent()
                    .expect("a path below a work tree has a folder"),
            )?;
            write()
        }
        other => other,
    }
}
