//! The end of an app: delete it once it is undeployed everywhere, or take it away from one environment.

use std::collections::BTreeMap;

use anyhow::Result;

use super::cleanup;
use super::outcome::{AppDeleted, AppRemoved, Cleared, Done, Outcome};
use super::refusal::StillThere;
use super::{Ground, Refusal, known};
use crate::state::deployment::{self, AppFolder, Linked};
use crate::state::release::{self, ReleaseKind};
use crate::state::{AppName, EnvName, Environment, LockScope, lock};
use crate::tree::{Draft, ReadTree};

/// Deletes an app that every environment has undeployed, with all that there is of it.
pub(crate) fn delete(draft: &mut Draft, ground: &Ground, app: &AppName) -> Result<Outcome> {
    known::app(draft, ground, app)?;
    let folders = deployment::everywhere(draft, app)?;
    check_undeployed(draft, app, &folders)?;
    let releases = release::versions(draft, app)?;
    for version in &releases {
        cleanup::remove(draft, app, *version)?;
    }
    release::remove_app(draft, app)?;
    let mut warnings = Vec::new();
    let mut environments = BTreeMap::new();
    for folder in folders {
        let cleared = clear(draft, ground, app, &folder)?;
        warnings.extend(vanished(draft, &folder)?);
        environments.insert(folder.environment, cleared);
    }
    let app = app.clone();
    Ok(Outcome {
        done: Done::AppDeleted(AppDeleted {
            app,
            releases,
            environments,
        }),
        warnings,
    })
}

/// Fails with every environment that runs anything but a release that undeploys the app.
fn check_undeployed(tree: &dyn ReadTree, app: &AppName, folders: &[AppFolder]) -> Result<()> {
    let mut places = Vec::new();
    for folder in folders {
        let left = match &folder.runs {
            Linked::Nothing => None,
            Linked::To(version) if release::kind(tree, app, *version)? == ReleaseKind::Undeploy => {
                kept_manifest(tree, app, folder)?
            }
            Linked::To(version) => Some(StillThere::Runs(*version)),
            Linked::Broken(broken) => Some(StillThere::Broken(broken.clone())),
        };
        places.extend(left.map(|left| (folder.environment.clone(), left)));
    }
    if places.is_empty() {
        return Ok(());
    }
    let highest = release::versions(tree, app)?.last().copied();
    let undeploy = match highest {
        Some(version) if release::kind(tree, app, version)? == ReleaseKind::Undeploy => highest,
        Some(_) | None => None,
    };
    let app = app.clone();
    Err(Refusal::StillRuns {
        app,
        places,
        undeploy,
    }
    .into())
}

/// The lock that keeps the manifest of an undeployed app, if that manifest is still an earlier one.
fn kept_manifest(
    tree: &dyn ReadTree,
    app: &AppName,
    folder: &AppFolder,
) -> Result<Option<StillThere>> {
    let Ok(environment) = folder.environment.parse::<EnvName>() else {
        return Ok(None);
    };
    let manifest = tree.text(&deployment::manifest_path(&environment, app))?;
    if manifest.unwrap_or_default().is_empty() {
        return Ok(None);
    }
    let mut locks = lock::on_manifest(tree, &environment, app)?.into_iter();
    Ok(locks.next().map(StillThere::KeptBy))
}

/// Takes an app away from one environment: all that the environment holds of it, and the manifests that its releases have for
/// that environment, since the next train would bring it back with them.
pub(crate) fn remove_environment(
    draft: &mut Draft,
    ground: &Ground,
    (app, environment): (&AppName, &EnvName),
) -> Result<Outcome> {
    known::environment(ground, environment)?;
    known::app(draft, ground, app)?;
    let folders = deployment::everywhere(draft, app)?;
    let folder = folders
        .iter()
        .find(|folder| folder.environment == environment.as_ref());
    let mut warnings = Vec::new();
    let mut cleared = None;
    if let Some(folder) = folder {
        cleared = Some(clear(draft, ground, app, folder)?);
        warnings.extend(vanished(draft, folder)?);
    }
    let mut releases = Vec::new();
    for version in release::versions(draft, app)? {
        if release::remove_manifest(draft, app, version, environment)? {
            releases.push(version);
        }
    }
    Ok(Outcome {
        done: Done::AppRemoved(AppRemoved {
            app: app.clone(),
            environment: environment.clone(),
            cleared,
            releases,
        }),
        warnings,
    })
}

/// Removes the folder of an app on an environment, and tells what it held.
fn clear(draft: &mut Draft, ground: &Ground, app: &AppName, folder: &AppFolder) -> Result<Cleared> {
    let mut locks = Vec::new();
    if let Ok(name) = folder.environment.parse::<EnvName>() {
        if folder.runs != Linked::Nothing {
            // Else its Argo CD file, which cannot be written, would go on naming the app.
            known::environment(ground, &name)?.readable()?;
        }
        locks = lock::on_manifest(draft, &name, app)?;
        locks.extend(lock::placed(draft, &LockScope::App(name, app.clone()))?);
    }
    deployment::remove(draft, folder)?;
    Ok(Cleared {
        runs: folder.runs.clone(),
        waits: folder.waits.clone(),
        locks,
    })
}

/// A warning if nothing is left of the environment, since git keeps no empty folder.
fn vanished(tree: &dyn ReadTree, folder: &AppFolder) -> Result<Option<String>> {
    let Ok(name) = folder.environment.parse::<EnvName>() else {
        return Ok(None);
    };
    let left = tree.has_folder(&Environment::directory(&name))?;
    Ok((!left).then(|| {
        format!("nothing is left of environment `{name}`, which has no config: it is gone as well")
    }))
}

#[cfg(test)]
mod tests;
