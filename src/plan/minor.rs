//! Minor releases: those that differ from the release before them in nothing but lines that make no difference.

use anyhow::Result;

use super::Ground;
use crate::state::release::{self, ReleaseKind};
use crate::state::{AppName, Version};
use crate::tree::{Content, Draft, ReadTree, RepoPath};

/// Marks a release that was just stored, and the one above it, which is compared with it from now on.
pub(super) fn mark(
    draft: &mut Draft,
    ground: &Ground,
    app: &AppName,
    version: Version,
) -> Result<()> {
    if ground.options.minor_lines.is_empty() {
        return Ok(());
    }
    let versions = release::versions(draft, app)?;
    for pair in versions.windows(2) {
        let [before, after] = [pair[0], pair[1]];
        let concerned = before == version || after == version;
        let is_ours = !after.has_revision();
        if concerned && is_ours && release::kind(draft, app, after)? != ReleaseKind::Undeploy {
            let kind = compare(draft, ground, app, [before, after])?;
            release::mark(draft, app, after, kind)?;
        }
    }
    Ok(())
}

/// The marks of an app that are wrong, by today's expressions: the path of the mark, and whether it is there. What stands below the lowest
/// release is gone, so nobody knows what its mark should be.
pub(super) fn marked_wrongly(
    tree: &dyn ReadTree,
    ground: &Ground,
    app: &AppName,
) -> Result<Vec<(RepoPath, bool)>> {
    let mut wrong = Vec::new();
    if ground.options.minor_lines.is_empty() {
        return Ok(wrong);
    }
    let versions = release::versions(tree, app)?;
    for pair in versions.windows(2) {
        let [before, after] = [pair[0], pair[1]];
        let marked = release::kind(tree, app, after)?;
        if after.has_revision() || marked == ReleaseKind::Undeploy {
            continue;
        }
        let kind = compare(tree, ground, app, [before, after])?;
        if kind != marked {
            let path = release::mark_path(app, after);
            wrong.push((path, marked == ReleaseKind::Minor));
        }
    }
    Ok(wrong)
}

/// What kind of release comes after another one: minor, if both are for the same environments with manifests that differ in minor
/// lines only.
fn compare(
    tree: &dyn ReadTree,
    ground: &Ground,
    app: &AppName,
    [before, after]: [Version; 2],
) -> Result<ReleaseKind> {
    let environments = release::environments(tree, app, after)?;
    let undeploys = release::kind(tree, app, before)? == ReleaseKind::Undeploy;
    if undeploys || environments != release::environments(tree, app, before)? {
        return Ok(ReleaseKind::Ordinary);
    }
    for environment in environments {
        let manifest = |version| release::manifest(tree, app, version, &environment);
        let (one, other) = (manifest(before)?, manifest(after)?);
        if one == other {
            continue;
        }
        let text = |content: Option<Content>| -> Result<String> {
            let bytes = content.map(|content| tree.bytes(&content)).transpose()?;
            let bytes = bytes.as_deref().unwrap_or_default();
            Ok(String::from_utf8_lossy(bytes).into_owned())
        };
        if !ground.options.minor_lines.same(&text(one)?, &text(other)?) {
            return Ok(ReleaseKind::Ordinary);
        }
    }
    Ok(ReleaseKind::Minor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::world::{World, context};

    /// Releases 1, 3 and 5 of `web`; each manifest names its number in a line that makes no difference.
    fn world() -> World {
        [1, 3, 5].into_iter().fold(
            World::of(&[("dev", "latest"), ("prod", "dev")])
                .file("trainyard.yaml", "minorRegexes: ['^build:']"),
            |world, version| of(world, version, &["dev", "prod"], "a: 1"),
        )
    }

    fn of(world: World, version: u64, environments: &[&str], text: &str) -> World {
        let folder = format!("applications/web/releases/{version}");
        let world = world.file(&format!("{folder}/created_at"), "2024-07-01T00:00:00Z");
        environments.iter().fold(world, |world, name| {
            let path = format!("{folder}/environments/{name}/manifests.yaml");
            world.file(&path, &format!("build: {version}\n{text}\n"))
        })
    }

    /// Marks a release; tells the paths that are markers afterwards.
    #[track_caller]
    fn check(World(tree): World, version: u64, expected: &[u64]) {
        let context = context();
        let ground = Ground::survey(&tree, &context).unwrap();
        let app = "web".parse().unwrap();
        let mut draft = Draft::on(&tree);
        mark(&mut draft, &ground, &app, Version::new(version)).unwrap();
        let versions = release::versions(&draft, &app).unwrap().into_iter();
        let minor = |version: &Version| {
            release::kind(&draft, &app, *version).unwrap() == ReleaseKind::Minor
        };
        let minor: Vec<_> = versions.filter(minor).map(Version::number).collect();
        assert_eq!(minor, expected);
    }

    #[test]
    fn a_release_is_minor_if_nothing_else_differs_from_the_one_before() {
        let every = &["dev", "prod"];
        check(of(world(), 6, every, "a: 1"), 6, &[6]);
        check(of(world(), 6, every, "a: 2"), 6, &[]);
        check(of(world(), 6, &["dev"], "a: 1"), 6, &[]);
        check(of(world(), 6, &["dev", "prod", "new"], "a: 1"), 6, &[]);
        check(world(), 1, &[3]);
        let without = world().file("trainyard.yaml", "minorRegexes: []");
        check(of(without, 6, every, "a: 1"), 6, &[]);
        let same = of(world(), 6, &[], "").file(
            "applications/web/releases/6/environments/dev/manifests.yaml",
            "build: 5\na: 1\n",
        );
        let same = same.file(
            "applications/web/releases/6/environments/prod/manifests.yaml",
            "build: 5\na: 1\n",
        );
        check(same, 6, &[6]);
    }

    #[test]
    fn the_release_above_one_that_is_filled_in_is_compared_again() {
        let every = &["dev", "prod"];
        let marked = || world().file("applications/web/releases/5/minor", "");
        check(of(marked(), 4, every, "a: 2"), 4, &[]);
        check(of(marked(), 4, every, "a: 1"), 4, &[4, 5]);
        check(of(marked(), 2, every, "a: 2"), 2, &[5]);
    }

    #[test]
    fn a_release_that_undeploys_and_the_one_after_it_are_never_minor() {
        let undeploys = |version: u64| format!("applications/web/releases/{version}/undeploy");
        let every = &["dev", "prod"];
        let last = of(world(), 6, every, "a: 1");
        check(last.clone().file(&undeploys(6), ""), 6, &[]);
        check(last.file(&undeploys(5), ""), 6, &[]);
    }
}
