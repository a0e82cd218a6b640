//! Clean-up: which releases of an app are old enough to go.

use anyhow::Result;

use super::Ground;
use crate::state::{AppName, Version, deployment, queue, release};
use crate::tree::{Draft, ReadTree};

/// Removes the releases that are no longer kept.
pub(super) fn clean_up(draft: &mut Draft, ground: &Ground, app: &AppName) -> Result<Vec<Version>> {
    let versions = release::versions(draft, app)?;
    let old = old_releases(draft, ground, app, &versions)?;
    for version in &old {
        release::remove(draft, app, *version)?;
    }
    Ok(old)
}

/// Those of `versions` (sorted) that a clean-up removes: all that lie more than `releaseVersionsLimit - 1` places below the
/// lowest release that is deployed or queued anywhere, or below the highest if none is.
pub(super) fn old_releases(
    tree: &dyn ReadTree,
    ground: &Ground,
    app: &AppName,
    versions: &[Version],
) -> Result<Vec<Version>> {
    let limit = ground.options.release_versions_limit;
    // Nothing can be old: the look at every environment is saved.
    if versions.len() <= limit {
        return Ok(Vec::new());
    }
    let mut in_use = Vec::new();
    for environment in ground.environments.iter() {
        for linked in [
            deployment::current(tree, &environment.name, app)?,
            queue::waiting(tree, &environment.name, app)?,
        ] {
            // A broken link keeps nothing: its release is gone.
            in_use.extend(linked.version().ok().flatten());
        }
    }
    let oldest = in_use.into_iter().min().or(versions.last().copied());
    let position = versions.iter().position(|version| Some(*version) >= oldest);
    let kept_below = limit - 1;
    let old = position
        .unwrap_or(versions.len())
        .saturating_sub(kept_below);
    Ok(versions[..old].to_vec())
}
