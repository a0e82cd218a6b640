//! What a partial clone has not fetched yet: its remote promises to have it, and is asked for many objects at once.

use anyhow::{Context as _, Result};
use git2::{Oid, Repository};

use super::{Failure, FailureKind, Git};

/// The remote that a partial clone came from.
pub(super) struct Promisor<'a> {
    git: &'a Git,
    remote: String,
}

impl<'a> Promisor<'a> {
    /// The promisor of a repository; `None` if it is no partial clone.
    pub(super) fn of(repository: &Repository, git: &'a Git) -> Result<Option<Self>> {
        let config = repository.config()?;
        let mut remote = config.get_string("extensions.partialclone").ok();
        // A clone of today's git names it here as well, and one with several promisors only here.
        config
            .entries(Some("remote\\..*\\.promisor"))?
            .for_each(|entry| {
                let name = entry.name().ok().and_then(|name| {
                    let name = name.strip_prefix("remote.")?.strip_suffix(".promisor")?;
                    Some(name.to_owned())
                });
                if entry.value().is_ok_and(|value| value == "true") {
                    remote = remote.take().or(name);
                }
            })?;
        Ok(remote.map(|remote| Self { git, remote }))
    }

    /// Fetches objects in one go; of a tree, all trees below it too.
    pub(super) fn fetch(&self, objects: &[Oid]) -> Result<()> {
        let doing = doing!("fetching", "objects from {}", self.remote);
        doing.record("total", objects.len());
        let fetch = [
            "-c",
            "fetch.negotiationAlgorithm=noop",
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--recurse-submodules=no",
            "--filter=blob:none",
            "--stdin",
            "--",
            &self.remote,
        ];
        let ids: Vec<_> = objects.iter().map(ToString::to_string).collect();
        self.git
            .succeed_with(&fetch, &[], (ids.join("\n") + "\n").as_bytes())
            .with_context(|| {
                format!(
                    "this is a partial clone, and `{}` does not give what it lacks",
                    self.remote
                )
            })?;
        Ok(())
    }
}

/// The error of an object that is nowhere.
pub(super) fn missing(id: Oid) -> Failure {
    let message = format!("the object {id} is missing from the repository");
    Failure::new(FailureKind::Invalid, message)
        .hint("`git fsck` tells what else is missing; a fresh clone may be the way out")
}
