//! Clean-up: which releases of an app are old enough to go.

use anyhow::Result;

use super::{Ground, record};
use crate::state::release::{self, ReleaseKind};
use crate::state::{AppName, Version, deployment};
use crate::tree::{Draft, ReadTree};

/// Removes the releases that are no longer kept.
pub(super) fn clean_up(draft: &mut Draft, ground: &Ground, app: &AppName) -> Result<Vec<Version>> {
    let versions = release::versions(draft, app)?;
    let old = old_releases(draft, ground, app, &versions)?;
    for version in &old {
        remove(draft, app, *version)?;
    }
    Ok(old)
}

/// Removes a release with all that is kept for its sake. There is no other way for a release to go.
pub(super) fn remove(draft: &mut Draft, app: &AppName, version: Version) -> Result<()> {
    record::forget(draft, app, version)?;
    release::remove(draft, app, version)
}

/// Those of `versions` (sorted) that a clean-up removes: all that lie more than `releaseVersionsLimit - 1` places below the
/// lowest release that is deployed or queued anywhere, or below the highest if none is. Minor releases take no place.
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
    let in_use = deployment::in_use(tree, app)?;
    let oldest = in_use.into_iter().min().or(versions.last().copied());
    let position = versions.iter().position(|version| Some(*version) >= oldest);
    let mut old = position.unwrap_or(versions.len());
    let mut kept_below = 0;
    while old > 0 && kept_below < limit - 1 {
        old -= 1;
        kept_below += match release::kind(tree, app, versions[old])? {
            ReleaseKind::Ordinary | ReleaseKind::Undeploy => 1,
            ReleaseKind::Minor => 0,
        };
    }
    Ok(versions[..old].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::world::{World, context};
    use crate::tree::MemoryTree;

    /// Eight releases of `web`, of which a clean-up keeps the oldest in use and four below it.
    fn world() -> World {
        World::of(&[("dev", "latest"), ("staging", "dev"), ("none", "none")])
            .file("trainyard.yaml", "releaseVersionsLimit: 5")
            .releases("web", 1..=8, &["dev"])
            .releases("api", 1..=8, &["dev"])
    }

    #[track_caller]
    fn check(World(tree): World, expected: &[u64]) {
        let context = context();
        let ground = Ground::survey(&tree, &context).unwrap();
        let app = "web".parse().unwrap();
        let mut draft = Draft::on(&tree);
        let removed = clean_up(&mut draft, &ground, &app).unwrap();
        let mut after: MemoryTree = tree.clone();
        after.apply(&draft.into_changes());
        let kept = release::versions(&after, &app).unwrap();
        let kept: Vec<_> = kept.into_iter().map(Version::number).collect();
        assert_eq!(kept, expected);
        assert_eq!(
            removed.len() + kept.len(),
            release::versions(&tree, &app).unwrap().len()
        );
        let others = release::versions(&after, &"api".parse().unwrap()).unwrap();
        assert_eq!(others.len(), 8, "another app is left alone");
    }

    #[test]
    fn the_oldest_in_use_all_above_it_and_four_below_it_are_kept() {
        check(world().runs("dev", "web", 8), &[4, 5, 6, 7, 8]);
        check(world().runs("dev", "web", 7), &[3, 4, 5, 6, 7, 8]);
        check(world().runs("dev", "web", 6), &[2, 3, 4, 5, 6, 7, 8]);
        for oldest in 1..=5 {
            check(
                world().runs("dev", "web", oldest),
                &[1, 2, 3, 4, 5, 6, 7, 8],
            );
        }
    }

    #[test]
    fn minor_releases_do_not_count_and_go_with_the_release_that_they_are_minor_to() {
        let minor = |world: World, version: u64| {
            world.file(&format!("applications/web/releases/{version}/minor"), "")
        };
        let latest = || world().runs("dev", "web", 8);
        check(minor(latest(), 7), &[3, 4, 5, 6, 7, 8]);
        check(minor(minor(latest(), 7), 5), &[2, 3, 4, 5, 6, 7, 8]);
        check(minor(minor(latest(), 7), 3), &[2, 3, 4, 5, 6, 7, 8]);
        check(minor(minor(latest(), 8), 3), &[4, 5, 6, 7, 8]);
        let all = (2..=8).fold(latest(), minor);
        check(all, &[1, 2, 3, 4, 5, 6, 7, 8]);
        let undeploy = latest().file("applications/web/releases/7/undeploy", "");
        check(undeploy, &[4, 5, 6, 7, 8]);
    }

    #[test]
    fn what_runs_where_the_name_of_the_environment_breaks_the_rules_is_kept_too() {
        check(
            world().runs("dev", "web", 8).runs("Prod_EU", "web", 5),
            &[1, 2, 3, 4, 5, 6, 7, 8],
        );
    }

    #[test]
    fn the_oldest_counts_on_whatever_environment_it_runs_or_waits() {
        let latest = || world().runs("dev", "web", 8);
        check(latest().runs("staging", "web", 6), &[2, 3, 4, 5, 6, 7, 8]);
        check(latest().runs("none", "web", 7), &[3, 4, 5, 6, 7, 8]);
        check(latest().queues("dev", "web", 7), &[3, 4, 5, 6, 7, 8]);
        check(latest().queues("none", "web", 5), &[1, 2, 3, 4, 5, 6, 7, 8]);
        check(world().queues("staging", "web", 7), &[3, 4, 5, 6, 7, 8]);
        let both = latest()
            .runs("staging", "web", 7)
            .queues("staging", "web", 6);
        check(both, &[2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn what_is_in_use_of_another_app_does_not_count() {
        check(
            world().runs("dev", "web", 8).runs("dev", "api", 1),
            &[4, 5, 6, 7, 8],
        );
    }

    #[test]
    fn without_any_in_use_the_highest_is_the_oldest() {
        check(world(), &[4, 5, 6, 7, 8]);
    }

    #[test]
    fn a_broken_link_keeps_nothing() {
        let link = "environments/staging/applications/web/version";
        let world = world().runs("dev", "web", 8);
        check(world.clone().runs("staging", "web", 9), &[4, 5, 6, 7, 8]);
        check(
            world
                .clone()
                .file(link, "->../../../../applications/api/releases/1"),
            &[4, 5, 6, 7, 8],
        );
        check(world.file(link, "1"), &[4, 5, 6, 7, 8]);
    }

    #[test]
    fn as_many_releases_as_the_limit_are_all_kept() {
        let few = |count| {
            World::of(&[("dev", "latest")])
                .file("trainyard.yaml", "releaseVersionsLimit: 5")
                .releases("web", 1..=count, &["dev"])
                .releases("api", 1..=8, &["dev"])
                .runs("dev", "web", count)
        };
        check(few(5), &[1, 2, 3, 4, 5]);
        check(few(6), &[2, 3, 4, 5, 6]);
    }

    #[test]
    fn twenty_are_kept_unless_the_repository_says_otherwise() {
        let many = |options| {
            world()
                .file("trainyard.yaml", options)
                .releases("web", 9..=30, &["dev"])
        };
        let kept = |first| (first..=30).collect::<Vec<_>>();
        check(many("{}"), &kept(11));
        check(many("releaseVersionsLimit: 7"), &kept(24));
    }
}
