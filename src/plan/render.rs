//! Derived files: what follows from the rest of a repository, and can be written again at any time.

use anyhow::Result;

use crate::state::deployment::{self, Linked};
use crate::state::{AppName, EnvName, PlacedLock, Version, lock, release};
use crate::tree::{Draft, ReadTree};

/// How the manifest of an app on an environment follows the release that runs there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ManifestStep {
    /// It is that of this release, and was not.
    Written(Version),
    /// It is that of this release, as before.
    InStep(Version),
    /// Locks keep it as it is; whether it is that of the release.
    Kept {
        version: Version,
        locks: Vec<PlacedLock>,
        in_step: bool,
    },
    /// Nobody knows which it shall be.
    Unknown(String),
}

/// Writes the manifest of an app on an environment from the release that runs there, unless a lock keeps it; `None` if nothing runs.
pub(super) fn bring_in_step(
    draft: &mut Draft,
    environment: &EnvName,
    app: &AppName,
) -> Result<Option<ManifestStep>> {
    let version = match deployment::current(draft, environment, app)? {
        Linked::Nothing => return Ok(None),
        Linked::To(version) => version,
        Linked::Broken(broken) => return Ok(Some(ManifestStep::Unknown(broken.to_string()))),
    };
    let Some(manifest) = release::manifest(draft, app, version, environment)? else {
        let why = format!("release {version} has no manifest for this environment");
        return Ok(Some(ManifestStep::Unknown(why)));
    };
    let path = deployment::manifest_path(environment, app);
    let before = draft.entry(&path)?;
    let locks = lock::on_manifest(draft, environment, app)?;
    if !locks.is_empty() {
        let in_step = before == Some(deployment::applied(manifest));
        return Ok(Some(ManifestStep::Kept {
            version,
            locks,
            in_step,
        }));
    }
    deployment::apply(draft, environment, app, manifest)?;
    let unchanged = draft.entry(&path)? == before;
    Ok(Some(if unchanged {
        ManifestStep::InStep(version)
    } else {
        ManifestStep::Written(version)
    }))
}

/// A sentence for each app that runs another release from now on while a lock keeps its manifest.
pub(crate) fn kept(draft: &Draft, now: crate::state::Moment) -> Result<Vec<String>> {
    let mut sentences = Vec::new();
    for (path, _) in draft.changes().iter() {
        let Some((environment, app)) = deployment::place_of_version_path(path) else {
            continue;
        };
        if let Linked::To(version) = deployment::current(draft, &environment, &app)? {
            let locks = lock::on_manifest(draft, &environment, &app)?;
            let sentence = |lock: &PlacedLock| {
                let lock = lock.phrase(now);
                format!(
                    "`{app}` runs {version} on `{environment}`, but its manifest stays as it is, behind {lock}"
                )
            };
            sentences.extend(locks.iter().map(sentence));
        }
    }
    Ok(sentences)
}
