//! Derived files: what follows from the rest of a repository, and can be written again at any time.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::outcome::{Done, Outcome};
use super::{Ground, argocd, known};
use crate::state::deployment::{self, Linked};
use crate::state::{AppName, EnvName, GroupName, Moment, PlacedLock, Version, lock, release};
use crate::tree::{Change, ChangeSet, Draft, ReadTree, RepoPath};

/// Whose derived files are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RenderTarget {
    Environment(EnvName),
    Group(GroupName),
    All,
}

/// Derived files, compared with what they shall be.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) environments: BTreeSet<EnvName>,
    /// The files that differ.
    pub(crate) files: BTreeMap<RepoPath, Fault>,
    /// The manifests that differ, and the locks that keep them so.
    pub(crate) kept: BTreeMap<(EnvName, AppName), Vec<PlacedLock>>,
    /// The environments of which nobody can tell all, and a sentence for each reason.
    pub(crate) doubtful: BTreeSet<EnvName>,
    pub(crate) reasons: Vec<String>,
}

/// What is wrong with a derived file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It says something else.
    Differs,
    /// It is not there.
    Missing,
}

/// Writes every derived file of some environments again.
pub(crate) fn render(draft: &mut Draft, ground: &Ground, target: &RenderTarget) -> Result<Outcome> {
    let (changes, rendered, mut warnings) = compare(draft, ground, target)?;
    warnings.extend(rendered.reasons.iter().cloned());
    // What stands where a folder or a file belongs goes first.
    for (path, change) in changes.iter() {
        match change {
            Change::Delete => draft.delete(path.clone())?,
            Change::Write(_) => {}
        }
    }
    for (path, change) in changes.iter() {
        match change {
            Change::Delete => {}
            Change::Write(entry) => draft.write(path.clone(), entry.clone())?,
        }
    }
    let done = Done::Rendered(rendered);
    Ok(Outcome { done, warnings })
}

/// Says which derived files of some environments are not what they shall be.
pub(crate) fn check(
    tree: &dyn ReadTree,
    ground: &Ground,
    target: &RenderTarget,
) -> Result<Outcome> {
    let (_, rendered, warnings) = compare(tree, ground, target)?;
    let done = Done::RenderChecked(rendered);
    Ok(Outcome { done, warnings })
}

fn compare(
    tree: &dyn ReadTree,
    ground: &Ground,
    target: &RenderTarget,
) -> Result<(ChangeSet, Rendered, Vec<String>)> {
    let environments = environments(ground, target)?;
    let mut draft = Draft::on(tree);
    let mut kept = BTreeMap::new();
    let (mut doubtful, mut reasons) = (BTreeSet::new(), Vec::new());
    let doing = doing!("rendering", "manifests of environments");
    doing.record("total", environments.len());
    for (count, environment) in environments.iter().enumerate() {
        doing.record("count", count);
        if let Err(broken) = known::environment(ground, environment)?.readable() {
            reasons.push(broken.to_string());
            doubtful.insert(environment.clone());
        }
        for app in deployment::apps(tree, environment)? {
            match bring_in_step(&mut draft, environment, &app)? {
                Some(ManifestStep::Kept {
                    locks,
                    in_step: false,
                    ..
                }) => {
                    kept.insert((environment.clone(), app), locks);
                }
                Some(ManifestStep::Unknown(why)) => {
                    reasons.push(format!(
                        "the manifest of `{app}` on `{environment}` stays as it is: {why}"
                    ));
                    doubtful.insert(environment.clone());
                }
                Some(
                    ManifestStep::Kept { in_step: true, .. }
                    | ManifestStep::InStep(_)
                    | ManifestStep::Written(_),
                )
                | None => {}
            }
        }
    }
    drop(doing);
    let readable = |name: &&EnvName| {
        let environment = ground.environments.get(name);
        environment.is_some_and(|environment| environment.readable().is_ok())
    };
    let names = environments.iter().filter(readable).cloned().collect();
    let warnings = argocd::write(&mut draft, ground, &ground.environments, &names)?;
    let changes = draft.into_changes();
    let mut files = BTreeMap::new();
    for (path, change) in changes.iter() {
        if let Change::Write(_) = change {
            let fault = match tree.kind(path)? {
                Some(_) => Fault::Differs,
                None => Fault::Missing,
            };
            files.insert(path.clone(), fault);
        }
    }
    let rendered = Rendered {
        environments,
        files,
        kept,
        doubtful,
        reasons,
    };
    Ok((changes, rendered, warnings))
}

/// The environments of a target. One that is asked for must have a config that can be read; among all, such a one is passed over
/// with a warning.
fn environments(ground: &Ground, target: &RenderTarget) -> Result<BTreeSet<EnvName>> {
    let environments = match target {
        RenderTarget::Environment(name) => {
            let environment = known::environment(ground, name)?;
            environment.readable()?;
            vec![environment]
        }
        RenderTarget::Group(name) => known::whole_group(ground, name)?,
        RenderTarget::All => ground.environments.iter().collect(),
    };
    let names = environments.into_iter().map(|each| each.name.clone());
    Ok(names.collect())
}

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
pub(crate) fn kept(draft: &Draft, now: Moment) -> Result<Vec<String>> {
    let mut sentences = Vec::new();
    for (path, _) in draft.changes().iter() {
        let Some((environment, app)) = deployment::place_of_version_path(path) else {
            continue;
        };
        if let Linked::To(version) = deployment::current(draft, &environment, &app)? {
            sentences.extend(kept_at(draft, (&environment, &app, version), now)?);
        }
    }
    Ok(sentences)
}

/// A sentence for each lock that keeps the manifest of an app which runs, or will run, a release.
pub(crate) fn kept_at(
    tree: &dyn ReadTree,
    (environment, app, version): (&EnvName, &AppName, Version),
    now: Moment,
) -> Result<Vec<String>> {
    let locks = lock::on_manifest(tree, environment, app)?;
    let sentence = |lock: &PlacedLock| {
        let lock = lock.phrase(now);
        format!(
            "`{app}` runs {version} on `{environment}`, but its manifest stays as it is, behind {lock}"
        )
    };
    Ok(locks.iter().map(sentence).collect())
}

#[cfg(test)]
mod tests;
