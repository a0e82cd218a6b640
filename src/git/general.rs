//! git's own way to a new commit: `git read-tree -m -u` on a copy of the index. Right for every shape of checkout (sparse, split
//! index, filters, line endings, submodules), and slower, as it walks the whole repository.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use walkdir::{DirEntry, WalkDir};

use super::objects::{MODE_FILE, MODE_LINK, oid};
use super::step::{InTheWay, Step};
use super::touched::{Side, touched};
use super::{Git, Snapshot, plain};
use crate::tree::RepoPath;

/// A move that git finds possible.
pub(super) struct Move<'a> {
    step: &'a Step<'a>,
}

/// Tries the move without changing anything.
pub(super) fn plan<'a>(step: &'a Step<'a>) -> Result<Result<Move<'a>, InTheWay>> {
    // What a killed git left: this index is ours alone. If it cannot be removed, git says so.
    let _ = std::fs::remove_file(step.next_index.with_extension("lock"));
    if step.index.exists() {
        copy_index(&step.index, &step.next_index)?;
    } else {
        let empty = git(step).succeed_with(&["read-tree", "--empty"], &on_next_index(step), b"");
        empty.context("starting an index")?;
    }
    if step.resumed {
        admit_what_is_done(step)?;
    }
    let unknown = unknown_to_git(step)?;
    if !unknown.is_empty() {
        let unknown: Vec<_> = unknown.iter().collect();
        return Ok(Err(plain::named(&unknown)));
    }
    let (old, new) = (step.old.to_string(), step.new.to_string());
    let tried = ["read-tree", "-n", "-m", "-u", &old, &new];
    let again = || git(step).succeed_with(&tried, &on_next_index(step), b"");
    let Err(refused) = again() else {
        return Ok(Ok(Move { step }));
    };
    // A file that was written again with the same content looks changed until git has read it. That there are others that did
    // change is no error here: the second try names them.
    let refresh = ["update-index", "-q", "--refresh"];
    let _ = git(step).succeed_with(&refresh, &on_next_index(step), b"");
    Ok(match again() {
        Ok(_) => Ok(Move { step }),
        Err(_) => Err(format!("{refused:#}")),
    })
}

/// Copies an index with its time: git reads a file again that is as young as the index, since a change of it in the same second
/// may not show. A younger copy would hide that.
fn copy_index(from: &Path, to: &Path) -> Result<()> {
    let copy = || -> std::io::Result<()> {
        let written = std::fs::metadata(from)?.modified()?;
        std::fs::copy(from, to)?;
        std::fs::File::options()
            .write(true)
            .open(to)?
            .set_modified(written)
    };
    copy().context("copying the index")
}

impl Move<'_> {
    /// Writes files and index.
    pub(super) fn apply(self) -> Result<()> {
        let (old, new) = (self.step.old.to_string(), self.step.new.to_string());
        let moved = ["read-tree", "-m", "-u", &old, &new];
        let moved = git(self.step).succeed_with(&moved, &on_next_index(self.step), b"")?;
        // For git that is no more than a warning; the file would stay behind as one of nobody.
        let words = moved.stderr;
        ensure!(!words.contains("unable to unlink"), "{}", words.trim());
        std::fs::rename(&self.step.next_index, &self.step.index).context("replacing the index")
    }
}

/// What stands where files are to be added and is not what they hold. git itself would replace it without a word where it was told
/// to ignore it.
fn unknown_to_git(step: &Step) -> Result<Vec<RepoPath>> {
    let old = step.checkout.snapshot(step.old)?;
    let new = step.checkout.snapshot(step.new)?;
    let Some(root) = step.checkout.repository.workdir() else {
        return Ok(Vec::new());
    };
    let touched = touched(&old, &new)?;
    let is_known = |path: &str| {
        let known = touched.get(path.as_bytes());
        known.is_some_and(|known| known.old.is_some())
    };
    let mut unknown = BTreeSet::new();
    for (path, each) in &touched {
        let Ok(path) = std::str::from_utf8(path) else {
            continue;
        };
        if each.old.is_some() {
            continue;
        }
        let ends = path.match_indices('/').map(|(end, _)| end);
        // Folders on the way are no hindrance; what is none stands in the way of all below.
        for place in ends.chain([path.len()]).map(|end| &path[..end]) {
            let Ok(found) = std::fs::symlink_metadata(root.join(place)) else {
                break;
            };
            if place != path && found.is_dir() {
                continue;
            }
            // What nobody may read is not what is to be there.
            let is_unknown = if is_known(place) {
                false
            } else if found.is_dir() {
                let is_no_stranger = |entry: &DirEntry| {
                    let path = entry.path().strip_prefix(root).ok().and_then(Path::to_str);
                    entry.file_type().is_dir() || path.is_some_and(is_known)
                };
                let mut entries = WalkDir::new(root.join(place)).into_iter();
                !entries.all(|entry| entry.is_ok_and(|entry| is_no_stranger(&entry)))
            } else {
                place != path || side_on_disk(step, root, path).ok() != Some(each.new)
            };
            unknown.extend(RepoPath::parse(place).filter(|_| is_unknown));
            break;
        }
    }
    Ok(unknown.into_iter().collect())
}

/// What would be in the way of a change that is only planned: the paths that git finds changed.
pub(super) fn rehearse(step: &Step, paths: &[RepoPath]) -> Result<Result<(), InTheWay>> {
    // More of them would not fit on one command line.
    const AT_ONCE: usize = 500;
    if let Err(refused) = rehearse_nothing(step) {
        return Ok(Err(format!("{refused:#}")));
    }
    let mut in_the_way = Vec::new();
    for some in paths.chunks(AT_ONCE) {
        let fixed = [
            // Or else it writes what it learned of the files into the index.
            "--no-optional-locks",
            "--literal-pathspecs",
            "status",
            "--porcelain",
            "-z",
            // Or else there are two paths for one.
            "--no-renames",
            "--untracked-files=all",
            "--ignored",
            "--",
        ];
        let arguments: Vec<_> = fixed
            .into_iter()
            .chain(some.iter().map(RepoPath::as_str))
            .collect();
        let status = git(step).succeed(&arguments)?.text();
        in_the_way.extend(changed(&status));
    }
    let in_the_way: Vec<_> = in_the_way.iter().collect();
    if in_the_way.is_empty() {
        return Ok(Ok(()));
    }
    Ok(Err(plain::named(&in_the_way)))
}

/// What differs by the answer of `git status --porcelain -z`: each path stands behind two letters and a blank.
pub(super) fn changed(answer: &str) -> impl Iterator<Item = RepoPath> + '_ {
    let lines = answer.split('\0');
    lines.filter_map(|line| RepoPath::parse(line.get(3..)?))
}

/// A step to where the checkout stands, on a copy of the index: git refuses it as it would refuse any.
fn rehearse_nothing(step: &Step) -> Result<()> {
    let folder = tempfile::tempdir().context("copying the index")?;
    let copy = folder.path().join("index");
    if step.index.exists() {
        copy_index(&step.index, &copy)?;
    }
    let index = [(
        "GIT_INDEX_FILE".to_owned(),
        copy.to_string_lossy().into_owned(),
    )];
    let old = step.old.to_string();
    git(step).succeed_with(&["read-tree", "-n", "-m", "-u", &old, &old], &index, b"")?;
    Ok(())
}

/// The environment in which git works on the index that is being prepared.
fn on_next_index(step: &Step) -> [(String, String); 1] {
    let index = step.next_index.to_string_lossy().into_owned();
    [("GIT_INDEX_FILE".to_owned(), index)]
}

fn git<'a>(step: &Step<'a>) -> &'a Git {
    &step.checkout.git
}

/// Tells the copied index which files a killed command has brought to the new commit already, and removes a file that it
/// wrote in part. git refuses to touch anything else that differs.
fn admit_what_is_done(step: &Step) -> Result<()> {
    let old = step.checkout.snapshot(step.old)?;
    let new = step.checkout.snapshot(step.new)?;
    let Some(root) = step.checkout.repository.workdir() else {
        return Ok(());
    };
    let mut done = Vec::new();
    for (path, touched) in touched(&old, &new)? {
        let Ok(text) = std::str::from_utf8(&path) else {
            continue;
        };
        let on_disk = side_on_disk(step, root, text)?;
        match touched.new {
            Some((mode, id)) if on_disk == touched.new => {
                done.extend_from_slice(format!("{mode:o} {}\t{text}\0", oid(id)).as_bytes());
            }
            Some((MODE_FILE, id)) if on_disk != touched.old => {
                remove_beginning(root, text, &new, id)?;
            }
            _ => {}
        }
    }
    if done.is_empty() {
        return Ok(());
    }
    let update = ["update-index", "-z", "--add", "--index-info"];
    git(step).succeed_with(&update, &on_next_index(step), &done)?;
    Ok(())
}

/// What git would store for a file of the work tree, filters applied.
fn side_on_disk(step: &Step, root: &std::path::Path, path: &str) -> Result<Side> {
    let full = root.join(path);
    let Ok(metadata) = std::fs::symlink_metadata(&full) else {
        return Ok(None);
    };
    if metadata.is_symlink() {
        let target = std::fs::read_link(&full)?;
        let bytes = std::os::unix::ffi::OsStrExt::as_bytes(target.as_os_str());
        return Ok(Some((MODE_LINK, crate::tree::Content::new(bytes).id().0)));
    }
    if !metadata.is_file() {
        return Ok(None);
    }
    let hashed = git(step).succeed(&["hash-object", "--", path])?;
    let id = git2::Oid::from_str(hashed.text().trim())?;
    Ok(Some((MODE_FILE, super::objects::raw(id))))
}

fn remove_beginning(
    root: &std::path::Path,
    path: &str,
    new: &Snapshot,
    id: [u8; 20],
) -> Result<()> {
    let full = root.join(path);
    let is_file = std::fs::symlink_metadata(&full).is_ok_and(|metadata| metadata.is_file());
    if is_file && new.object(id)?.starts_with(&std::fs::read(&full)?) {
        std::fs::remove_file(&full)?;
    }
    Ok(())
}
