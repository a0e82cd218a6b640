//! What only history tells: that something was changed that never changes, or was taken away although it is in use.
//!
//! Seen without it, such damage looks like a fault of what follows from it, and the command that mends that would make production follow
//! the damage. A release does not change once it is stored (`docs/format.md`), and nothing that runs is cleaned up. History tells what
//! was, and not what somebody meant; so what it tells counts only if bringing that back changes nothing that is applied anywhere.

use std::collections::BTreeMap;

use anyhow::Result;

use super::Verified;
use super::deployment::{LinkFault, Meant, Place};
use super::derived::{DerivedFault, may_be_of};
use super::environment::ConfigFault;
use super::fault::{Fault, Mend, What, pathspec, quoted};
use super::release::ReleaseFault;
use crate::plan::argocd;
use crate::state::deployment::BrokenLinkCause;
use crate::state::{EnvName, Environment, Trace, Version, deployment, release};
use crate::tree::{Content, Entry, PathShape, ReadPast, ReadTree, RepoPath};

/// What was lost, and where it still is. Commits by their first digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    /// The commit that changed it or took it away.
    by: String,
    /// What git knows a tree by that still has it.
    source: String,
}

impl Lost {
    /// The commit that changed it or took it away, by its first digits.
    pub(super) fn by(&self) -> &str {
        &self.by
    }

    /// Bringing back what stood there; once more, it changes nothing.
    pub(super) fn mend(&self, path: &str) -> Mend {
        let (path, source) = (pathspec(path), quoted(&self.source));
        Mend::ByHand(format!(
            "git restore --source={source} --staged --worktree -- {path} && git commit -qm 'bring back what was lost' && git push"
        ))
    }
}

/// What may have been lost where something is wrong.
enum Cause<'a> {
    /// The manifest of a release may have been changed, as another one is applied here.
    Changed(&'a Place),
    /// A release that is said to run here was taken away, or its manifest.
    Gone(&'a Place, Version),
    /// The config of an environment was taken away.
    Config(&'a EnvName),
}

impl Verified {
    /// Names what was lost in place of what follows from it. History is read only if a fault may come from that; where it ends too
    /// early, as in a shallow clone, what was found stays as it is.
    pub(crate) fn look_back(&mut self, tree: &dyn ReadTree, past: &dyn ReadPast) -> Result<()> {
        let causes: Vec<_> = self.faults.iter().map(cause).collect();
        let lost = lost(tree, past, &causes)?;
        let mut damaged = Vec::new();
        let mut environments = Vec::new();
        for (cause, lost) in causes.iter().zip(&lost) {
            let (Some((path, cause)), Some(lost)) = (cause, lost.clone()) else {
                continue;
            };
            let what = match cause {
                Cause::Changed(_) => What::Release(ReleaseFault::Changed(lost)),
                Cause::Gone(..) => What::Release(ReleaseFault::Gone(lost)),
                Cause::Config(name) => {
                    environments.push((*name).clone());
                    What::Config(ConfigFault::Lost((*name).clone(), lost))
                }
            };
            damaged.push(Fault::new(path, what));
        }
        let mut lost = lost.into_iter();
        self.faults.retain(|_| lost.next().flatten().is_none());
        self.faults
            .retain(|fault| !is_more_of(fault, &damaged, &environments));
        self.add(damaged);
        Ok(())
    }

    /// Whether a fault may come from something that was lost.
    pub(crate) fn may_have_lost(&self) -> bool {
        self.faults.iter().any(|fault| cause(fault).is_some())
    }
}

/// Where something may have been lost if this is wrong.
fn cause(fault: &Fault) -> Option<(RepoPath, Cause<'_>)> {
    Some(match &fault.what {
        What::Derived(DerivedFault::ManifestDiffers { place, release }) => {
            (release.clone(), Cause::Changed(place))
        }
        What::Link(LinkFault::NoManifest(place, version, _)) => {
            let path = release::manifest_path(&place.app, *version, &place.environment);
            (path, Cause::Gone(place, *version))
        }
        // What is sure is mended without a question.
        What::Link(LinkFault::Broken(
            place,
            BrokenLinkCause::Dangling(version),
            Meant::Perhaps(..) | Meant::Nothing,
        )) => {
            let path = release::directory(&place.app, *version);
            (path, Cause::Gone(place, *version))
        }
        What::Config(ConfigFault::Missing(name)) => {
            (Environment::config_path(name), Cause::Config(name))
        }
        _ => return None,
    })
}

/// Whether a fault says no more than these: that a manifest which was damaged is empty, or cannot be applied; or that no config
/// describes a project of an environment whose config is lost.
fn is_more_of(fault: &Fault, damaged: &[Fault], environments: &[EnvName]) -> bool {
    if matches!(fault.what, What::Derived(DerivedFault::ArgoCdOrphan)) {
        let name = fault.path.rsplit('/').next().unwrap_or_default();
        let project = argocd::project_of(name);
        return project.is_some_and(|project| {
            let mut environments = environments.iter();
            environments.any(|environment| may_be_of(project, environment))
        });
    }
    fault.is_about_manifest() && damaged.iter().any(|damaged| damaged.path == fault.path)
}

/// What was lost for each of these causes: of what is there, what it was at first; of what is gone, what it was at last. One walk, no
/// further back than it must go.
fn lost(
    tree: &dyn ReadTree,
    past: &dyn ReadPast,
    causes: &[Option<(RepoPath, Cause)>],
) -> Result<Vec<Option<Lost>>> {
    let mut found = vec![None; causes.len()];
    // The causes at each path, and the commit that changed it last, once that is known.
    let mut wanted: BTreeMap<_, (Vec<_>, Option<String>)> = BTreeMap::new();
    for (cause, found) in causes.iter().zip(&mut found) {
        if let Some((path, cause)) = cause {
            let (causes, _) = wanted.entry(path.clone()).or_default();
            causes.push((cause, found));
        }
    }
    let shapes: Vec<_> = wanted.keys().map(PathShape::from).collect();
    let mut steps = past.steps(&shapes);
    while !wanted.is_empty() {
        let Some(step) = steps.next().transpose()? else {
            break;
        };
        let Some(changed) = step.changed else { break };
        let commit: String = step.commit.id.chars().take(12).collect();
        // What a command took away was meant to go.
        let by_command = Trace::read(&step.commit.message).is_some();
        for path in changed.paths {
            let Some((_, latest)) = wanted.get_mut(&path) else {
                continue;
            };
            let by = latest.get_or_insert_with(|| commit.clone()).clone();
            let is_gone = tree.kind(&path)?.is_none();
            if !is_gone && changed.before.kind(&path)?.is_some() {
                // It was there already: what it was at first lies further back.
                continue;
            }
            let (causes, _) = wanted.remove(&path).unwrap_or_default();
            if is_gone && by_command {
                continue;
            }
            let (there, source) = if is_gone {
                (&changed.before, format!("{commit}^"))
            } else {
                (&changed.after, commit.clone())
            };
            let lost = Lost { by, source };
            for (cause, found) in causes {
                if is_in_use(tree, there.as_ref(), &path, cause)? {
                    *found = Some(lost.clone());
                }
            }
        }
    }
    drop(wanted);
    Ok(found)
}

/// Whether what an earlier tree has is what is in use now: the manifest that is applied, or the config of an environment where something
/// runs.
fn is_in_use(
    tree: &dyn ReadTree,
    earlier: &dyn ReadTree,
    path: &RepoPath,
    cause: &Cause,
) -> Result<bool> {
    let is_applied = |Place { environment, app }: &Place, manifest: Option<Content>| {
        let applied = tree.entry(&deployment::manifest_path(environment, app))?;
        Ok(manifest.is_some() && manifest.map(deployment::applied) == applied)
    };
    match cause {
        Cause::Changed(place) => match earlier.entry(path)? {
            Some(Entry::File(manifest)) => is_applied(place, Some(manifest)),
            Some(Entry::Symlink(_)) | None => Ok(false),
        },
        Cause::Gone(place, version) => {
            let Place { environment, app } = place;
            let manifest = release::manifest(earlier, app, *version, environment)?;
            is_applied(place, manifest)
        }
        Cause::Config(environment) => runs_something(tree, environment),
    }
}

fn runs_something(tree: &dyn ReadTree, environment: &EnvName) -> Result<bool> {
    let folder = Environment::directory(environment).join("applications");
    for app in tree.children(&folder)? {
        let Ok(app) = app.name.parse() else { continue };
        if tree
            .kind(&deployment::version_path(environment, &app))?
            .is_some()
        {
            return Ok(true);
        }
    }
    Ok(false)
}
