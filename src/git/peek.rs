//! What this repository has heard of, for whoever must not wait: nobody is asked, nothing is fetched, nothing is written.

use anyhow::Result;
use git2::BranchType;

use super::{Checkout, Selection, Snapshot};

impl Checkout {
    /// Opens the checkout even where nobody could tell which remote changes go to.
    pub(crate) fn open_to_peek(selection: &Selection) -> Result<Self> {
        Self::open(selection).or_else(|_| {
            let remote = None;
            let push = false;
            Self::open(&Selection {
                remote,
                push,
                ..selection.clone()
            })
        })
    }

    /// The state of the remote's branch when we last heard of it, or else of the local branch; what a partial clone lacks cannot
    /// be read. `None` if there is no such branch.
    pub(crate) fn peek(&self) -> Result<Option<Snapshot<'_>>> {
        let heard = match self.tracked()? {
            Some(commit) => Some(commit),
            None => self.local()?,
        };
        let snapshot = |commit| Snapshot::of_what_is_here(&self.repository, commit);
        heard.map(snapshot).transpose()
    }

    /// The names of all remotes.
    pub(crate) fn remotes(&self) -> Result<Vec<String>> {
        let names = self.repository.remotes()?;
        let names = names.iter().filter_map(|name| name.ok().flatten());
        Ok(names.map(str::to_owned).collect())
    }

    /// The names of the branches that are here, and of those of the remotes as we last heard of them.
    pub(crate) fn branches(&self) -> Result<Vec<String>> {
        let remotes = self.remotes()?;
        let mut names = Vec::new();
        for branch in self.repository.branches(None)? {
            let (branch, place) = branch?;
            let Ok(Some(name)) = branch.name() else {
                continue;
            };
            names.push(match place {
                BranchType::Local => name.to_owned(),
                BranchType::Remote => {
                    let below = |remote: &String| name.strip_prefix(remote)?.strip_prefix('/');
                    let Some(name) = remotes.iter().find_map(below) else {
                        continue;
                    };
                    name.to_owned()
                }
            });
        }
        names.retain(|name| name != "HEAD");
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// The names of all tags that are here.
    pub(crate) fn tags(&self) -> Result<Vec<String>> {
        let names = self.repository.tag_names(None)?;
        let names = names.iter().filter_map(|name| name.ok().flatten());
        Ok(names.map(str::to_owned).collect())
    }
}
