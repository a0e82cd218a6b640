//! The queue: for each app on an environment, the one version that waits for locks to lift.

use anyhow::Result;

use super::deployment::{Linked, directory, link_to, read_link};
use super::{AppName, EnvName, Version};
use crate::tree::{Draft, ReadTree, RepoPath};

/// The link that holds the queued version.
pub(crate) fn path(environment: &EnvName, app: &AppName) -> RepoPath {
    directory(environment, app).join("queued_version")
}

/// The version that waits.
pub(crate) fn waiting(tree: &dyn ReadTree, environment: &EnvName, app: &AppName) -> Result<Linked> {
    read_link(tree, app, &path(environment, app))
}

/// Puts a version into the queue, in place of whatever stands there.
pub(crate) fn put(
    draft: &mut Draft,
    environment: &EnvName,
    app: &AppName,
    version: Version,
) -> Result<()> {
    let home = directory(environment, app);
    draft.replace(&home, path(environment, app), link_to(app, version))
}

/// Empties the queue.
pub(crate) fn clear(draft: &mut Draft, environment: &EnvName, app: &AppName) -> Result<()> {
    draft.clear(&path(environment, app))
}
