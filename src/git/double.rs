//! A double of the `git` program and of a remote, for tests: it understands the command lines of this program and no others, keeps
//! the refs in memory and the objects in a bare repository, and answers in git's own words.

mod line;
mod push;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use git2::Oid;

pub(crate) use line::{Lease, Line, PushLine};
pub(crate) use push::{Sent, Verdict};

use super::clean;
use super::program::Finished;

/// Refs by name.
pub(crate) type Refs = BTreeMap<String, Oid>;

/// A remote.
pub(crate) struct Server {
    /// The bare repository of its objects. Clones borrow them, so that a fetch has nothing to copy.
    folder: PathBuf,
    pub(crate) refs: Refs,
}

/// What a command comes to.
pub(crate) fn finished(code: i32, stdout: &str, stderr: &str) -> Finished {
    Finished {
        status: Some(ExitStatus::from_raw(code << 8)),
        stdout: stdout.as_bytes().to_vec(),
        stderr: clean(stderr),
    }
}

/// A command that was killed at the deadline.
pub(crate) fn overdue() -> Finished {
    Finished {
        status: None,
        stdout: Vec::new(),
        stderr: String::new(),
    }
}

impl Server {
    /// A remote with these objects and refs.
    pub(crate) fn new(folder: &Path, refs: Refs) -> Self {
        Self {
            folder: folder.to_owned(),
            refs,
        }
    }

    /// `git ls-remote`
    pub(crate) fn list(&self, patterns: &[String]) -> Finished {
        let wanted = |name: &str| {
            let name = format!("/{name}");
            patterns
                .iter()
                .any(|pattern| fits(&name, &format!("*/{pattern}")))
        };
        let lines = self.refs.iter().filter(|(name, _)| wanted(name));
        let lines = lines.map(|(name, id)| format!("{id}\t{name}\n"));
        finished(0, &lines.collect::<String>(), "")
    }

    /// `git fetch` into the refs of a clone.
    pub(crate) fn fetch(&self, clone: &Path, refspecs: &[(String, String)]) -> Finished {
        let mut fetched = Vec::new();
        for (from, to) in refspecs {
            match (from.strip_suffix('*'), to.strip_suffix('*')) {
                (Some(from), Some(to)) => {
                    let all = self.refs.iter();
                    let below = all.filter_map(|(name, id)| Some((name.strip_prefix(from)?, id)));
                    fetched.extend(below.map(|(rest, id)| (format!("{to}{rest}"), *id)));
                }
                _ => match self.refs.get(from) {
                    Some(id) => fetched.push((to.clone(), *id)),
                    None => {
                        let words = format!("fatal: couldn't find remote ref {from}");
                        return finished(128, "", &words);
                    }
                },
            }
        }
        for (name, id) in fetched {
            set(clone, &name, id);
        }
        finished(0, "", "")
    }
}

/// Sets a ref of a repository as git does, in a file of its own.
pub(crate) fn set(repository: &Path, name: &str, id: Oid) {
    let path = repository.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, format!("{id}\n")).unwrap();
}

/// Whether a name fits a pattern in which `*` stands for anything.
fn fits(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => name == pattern,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            let mut ends = name.char_indices().map(|(place, _)| place);
            ends.any(|place| fits(&name[place..], rest)) || fits("", rest)
        }),
    }
}
