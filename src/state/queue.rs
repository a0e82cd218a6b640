//! The queue: for each app on an environment, the one version that waits for locks to lift.

use anyhow::Result;

use super::deployment::{AnyPlace, Linked, directory, link_to, place_of, read_link, read_target};
use super::{AppName, EnvName, Version, deployment};
use crate::tree::{Draft, PathShape, ReadTree, RepoPath};

/// The link that holds the queued version.
pub(crate) fn path(environment: &EnvName, app: &AppName) -> RepoPath {
    directory(environment, app).join("queued_version")
}

/// The version that waits.
pub(crate) fn waiting(tree: &dyn ReadTree, environment: &EnvName, app: &AppName) -> Result<Linked> {
    read_link(tree, app, &path(environment, app))
}

/// The version that waits, whether there is such a release or not.
pub(crate) fn named(tree: &dyn ReadTree, environment: &EnvName, app: &AppName) -> Result<Linked> {
    read_target(tree, app, &path(environment, app))
}

/// The environment and the app whose queued version this is, if it is one.
pub(crate) fn place_of_path(found: &RepoPath) -> Option<(EnvName, AppName)> {
    let (environment, app) = place_of(found)?;
    (*found == path(&environment, &app)).then_some((environment, app))
}

/// The links that hold queued versions.
pub(crate) fn shape(place: AnyPlace) -> PathShape {
    deployment::shape(place, &[Some("queued_version")])
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_that_of_the_path() {
        let (environment, app) = ("dev".parse().unwrap(), "web".parse().unwrap());
        let path = path(&environment, &app);
        let place = (Some(&environment), Some(&app));
        assert_eq!(shape(place), PathShape::from(&path));
        assert_eq!(place_of_path(&path), Some((environment, app)));
    }
}
