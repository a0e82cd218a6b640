//! Finds movements: each path that differs says where to look, both trees say what was and what is.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::{Movement, Place, Shown};
use crate::state::deployment::{self, Linked};
use crate::state::release;
use crate::state::{AppName, EnvName, Environment, LockId, LockScope, Version, lock, queue};
use crate::tree::{Changed, ReadTree, RepoPath};

/// What the paths that differ are about.
#[derive(Default)]
struct Subjects {
    places: BTreeSet<Place>,
    manifests: BTreeSet<Place>,
    locks: BTreeSet<(LockScope, LockId)>,
    releases: BTreeMap<AppName, BTreeSet<Version>>,
    apps: BTreeSet<AppName>,
    environments: BTreeSet<EnvName>,
    configs: BTreeSet<EnvName>,
}

impl Subjects {
    fn of<'a>(paths: impl Iterator<Item = &'a RepoPath>) -> Self {
        let mut all = Self::default();
        for path in paths {
            let place = deployment::place_of_version_path(path);
            if let Some(place) = place.or_else(|| queue::place_of_path(path)) {
                all.places.insert(place);
            } else if let Some(place) = deployment::place_of_manifest_path(path) {
                all.manifests.insert(place);
            } else if let Some(lock) = lock::of_path(path) {
                all.locks.insert(lock);
            } else if let Some((app, version)) = release::of_path(path) {
                all.releases.entry(app).or_default().insert(version);
            } else if let Some(app) = release::app_of_path(path) {
                all.apps.insert(app);
            } else if let Some(name) = Environment::of_config_path(path) {
                all.configs.insert(name);
            } else if let Some(name) = Environment::of_path(path) {
                all.environments.insert(name);
            }
        }
        all
    }
}

/// What moved between the two states: what came first, what went last.
pub(crate) fn found(changed: &Changed) -> Result<Vec<Movement>> {
    let (before, after) = (&*changed.before, &*changed.after);
    let subjects = Subjects::of(changed.paths.iter());
    let mut moved = came(before, after, &subjects)?;
    for place in &subjects.places {
        moved.extend(at(before, after, place)?);
    }
    for place in subjects.manifests.difference(&subjects.places) {
        let (environment, app) = place;
        let path = deployment::manifest_path(environment, app);
        if before.entry(&path)?.is_some() && after.entry(&path)?.is_some() {
            let version = version_of(deployment::named(after, environment, app)?);
            let place = place.clone();
            moved.push(Movement::ManifestChanged { place, version });
        }
    }
    for (scope, id) in &subjects.locks {
        let (old, new) = (
            lock::find(before, scope, id)?,
            lock::find(after, scope, id)?,
        );
        match (old, new) {
            (None, Some(new)) => moved.push(Movement::Locked(new)),
            (Some(old), Some(new)) if old != new => moved.push(Movement::LockChanged(new)),
            (Some(old), None) => moved.push(Movement::Unlocked(old)),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
    moved.extend(went(before, after, &subjects)?);
    Ok(moved)
}

/// Apps, releases and environments that are there only afterwards, and environments that are configured in another way.
fn came(before: &dyn ReadTree, after: &dyn ReadTree, subjects: &Subjects) -> Result<Vec<Movement>> {
    let mut moved = Vec::new();
    for name in &subjects.environments {
        let folder = Environment::directory(name);
        if !before.has_folder(&folder)? && after.has_folder(&folder)? {
            moved.push(Movement::EnvironmentCreated(name.clone()));
        }
    }
    for name in &subjects.configs {
        let folder = Environment::directory(name);
        if before.has_folder(&folder)? && after.has_folder(&folder)? {
            moved.push(Movement::EnvironmentConfigured(name.clone()));
        }
    }
    for app in &subjects.apps {
        if !release::app_exists(before, app)? && release::app_exists(after, app)? {
            moved.push(Movement::AppCreated(app.clone()));
        }
    }
    for (app, versions) in &subjects.releases {
        for version in versions {
            if !release::exists(before, app, *version)? && release::exists(after, app, *version)? {
                let app = app.clone();
                let release = shown(before, after, &app, *version)?;
                moved.push(Movement::Released { app, release });
            }
        }
    }
    Ok(moved)
}

/// Apps, releases and environments that were there only before.
fn went(before: &dyn ReadTree, after: &dyn ReadTree, subjects: &Subjects) -> Result<Vec<Movement>> {
    let mut moved = Vec::new();
    for (app, all) in &subjects.releases {
        let mut versions = Vec::new();
        for version in all {
            if release::exists(before, app, *version)? && !release::exists(after, app, *version)? {
                versions.push(*version);
            }
        }
        if !versions.is_empty() {
            let app = app.clone();
            moved.push(Movement::ReleasesRemoved { app, versions });
        }
    }
    for app in &subjects.apps {
        if release::app_exists(before, app)? && !release::app_exists(after, app)? {
            moved.push(Movement::AppDeleted(app.clone()));
        }
    }
    for name in &subjects.environments {
        let folder = Environment::directory(name);
        if before.has_folder(&folder)? && !after.has_folder(&folder)? {
            moved.push(Movement::EnvironmentDeleted(name.clone()));
        }
    }
    Ok(moved)
}

/// What moved of an app on an environment: what runs, and what waits.
fn at(before: &dyn ReadTree, after: &dyn ReadTree, place: &Place) -> Result<Vec<Movement>> {
    let (environment, app) = place;
    let ran = deployment::named(before, environment, app)?;
    let runs = deployment::named(after, environment, app)?;
    let waited = queue::named(before, environment, app)?;
    let waits = queue::named(after, environment, app)?;
    let mut moved = Vec::new();
    let from_queue = ran != runs && runs == waited && waits == Linked::Nothing;
    if ran != runs {
        let place = place.clone();
        moved.push(match runs {
            Linked::To(version) => Movement::Deployed {
                place,
                from: ran,
                to: shown(before, after, app, version)?,
                from_queue,
            },
            Linked::Nothing => Movement::Undeployed {
                place,
                from: version_of(ran),
            },
            Linked::Broken(link) => Movement::Broken { place, link },
        });
    }
    if waited != waits && !from_queue {
        let place = place.clone();
        moved.push(match waits {
            Linked::To(version) => Movement::Queued {
                place,
                release: shown(before, after, app, version)?,
                replaced: version_of(waited),
            },
            Linked::Nothing => Movement::Unqueued {
                place,
                version: version_of(waited),
            },
            Linked::Broken(link) => Movement::Broken { place, link },
        });
    }
    Ok(moved)
}

fn version_of(linked: Linked) -> Option<Version> {
    linked.version().ok().flatten()
}

/// A release as it is now, or as it was if it is gone.
fn shown(
    before: &dyn ReadTree,
    after: &dyn ReadTree,
    app: &AppName,
    version: Version,
) -> Result<Shown> {
    let tree = if release::exists(after, app, version)? {
        after
    } else {
        before
    };
    Shown::read(tree, app, version)
}
