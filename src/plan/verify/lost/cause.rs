//! What may have been lost, by what is wrong now.

use std::collections::BTreeSet;

use anyhow::Result;

use super::Lost;
use crate::plan::argocd;
use crate::plan::verify::deployment::{LinkFault, Place};
use crate::plan::verify::derived::{DerivedFault, Difference};
use crate::plan::verify::environment::ConfigFault;
use crate::plan::verify::fault::{Fault, What};
use crate::plan::verify::misplaced::Misplaced;
use crate::plan::verify::queue::QueueFault;
use crate::plan::verify::release::ReleaseFault;
use crate::state::deployment::{self, BrokenLink, BrokenLinkCause, Linked};
use crate::state::{AppName, EnvName, Environment, EnvironmentGraph, Version, release};
use crate::tree::{Entry, Kind, ReadTree, RepoPath};

/// Something that may have been lost, and the path at which history shows it.
pub(super) struct Cause {
    pub(super) path: RepoPath,
    pub(super) what: Suspicion,
}

/// What may have been lost.
pub(super) enum Suspicion {
    /// The manifest of a release may have been changed, as another one is applied here.
    Changed(Place),
    /// A release that is said to run here was taken away, or its manifest.
    Gone(Place, Version),
    /// A release that waits here was taken away, or its manifest.
    Awaited(Place, Version),
    /// The link that says what runs here was led away, or something else put in its place.
    LedAway(Place),
    /// What was applied here is gone, and may have been another manifest than that of the release.
    Unapplied(Place, Version),
    /// Nothing runs here any more, though Argo CD is still told of it. What stood at this path may have gone.
    Undeployed(Place, RepoPath),
    /// Something else, of this kind, stands where a folder belongs.
    Folder(Kind),
    /// The config of an environment was taken away.
    Config(EnvName),
    /// The config of an environment describes nothing for Argo CD any more, which still has a project of it, in this file.
    Undescribed(EnvName, RepoPath),
    /// The environment of a project that Argo CD still has, in this file, was taken away with all that ran there.
    Environment(EnvName, RepoPath),
}

impl Cause {
    /// Where all of it stood.
    pub(super) fn root(&self) -> RepoPath {
        match &self.what {
            Suspicion::Undeployed(_, root) => root.clone(),
            Suspicion::Environment(name, _) => Environment::directory(name),
            Suspicion::Changed(_)
            | Suspicion::Gone(..)
            | Suspicion::Awaited(..)
            | Suspicion::LedAway(..)
            | Suspicion::Unapplied(..)
            | Suspicion::Folder(_)
            | Suspicion::Config(_)
            | Suspicion::Undescribed(..) => self.path.clone(),
        }
    }

    /// The fault that it is if this was lost.
    pub(super) fn fault(&self, lost: Lost) -> Fault {
        let in_the_way = lost.in_the_way.as_ref().map(|(path, _)| path.clone());
        let path = in_the_way.unwrap_or_else(|| self.root());
        let what = match &self.what {
            Suspicion::Changed(_) => What::Release(ReleaseFault::Changed(lost)),
            Suspicion::Gone(..) | Suspicion::Awaited(..) => What::Release(ReleaseFault::Gone(lost)),
            Suspicion::LedAway(..) => What::Link(LinkFault::LedAway(lost)),
            Suspicion::Unapplied(place, _) => {
                What::Derived(DerivedFault::ManifestLost(place.clone(), lost))
            }
            Suspicion::Undeployed(place, ..) => What::Link(LinkFault::Lost(place.clone(), lost)),
            Suspicion::Folder(found) => What::Misplaced(Misplaced::InPlaceOfFolder(*found, lost)),
            Suspicion::Config(name) => What::Config(ConfigFault::Lost(name.clone(), lost)),
            Suspicion::Undescribed(name, _) => {
                What::Config(ConfigFault::DescriptionLost(name.clone(), lost))
            }
            Suspicion::Environment(name, _) => {
                What::Config(ConfigFault::EnvironmentLost(name.clone(), lost))
            }
        };
        Fault::new(&path, what)
    }
}

/// What may have been lost if this is wrong.
pub(super) fn causes_of(tree: &dyn ReadTree, fault: &Fault) -> Result<Vec<Cause>> {
    let one = |path, what| Ok(vec![Cause { path, what }]);
    match &fault.what {
        What::Misplaced(Misplaced::WrongKind {
            wanted: Kind::Directory,
            found,
        }) => match RepoPath::parse(&fault.path) {
            Some(path) => one(path, Suspicion::Folder(*found)),
            None => Ok(Vec::new()),
        },
        What::Derived(DerivedFault::ManifestDiffers { place, release }) => {
            one(release.clone(), Suspicion::Changed(place.clone()))
        }
        What::Derived(DerivedFault::ManifestMissing(place)) => {
            let Place { environment, app } = place;
            let Linked::To(version) = deployment::current(tree, environment, app)? else {
                return Ok(Vec::new());
            };
            let path = deployment::manifest_path(environment, app);
            one(path, Suspicion::Unapplied(place.clone(), version))
        }
        What::Derived(DerivedFault::ArgoCdDiffers(environment, Difference::Content)) => {
            undeployed(tree, environment, &fault.path)
        }
        What::Derived(DerivedFault::ArgoCdOrphan) => environments_of(tree, &fault.path),
        What::Link(LinkFault::NoManifest(place, version, _)) => {
            let path = release::manifest_path(&place.app, *version, &place.environment);
            one(path, Suspicion::Gone(place.clone(), *version))
        }
        What::Link(LinkFault::Broken(place, BrokenLinkCause::Dangling(version), meant)) => {
            let path = gone(tree, place, *version)?;
            let what = Suspicion::Gone(place.clone(), *version);
            let link = (!meant.is_sure()).then(|| led_away(place));
            Ok(std::iter::once(Cause { path, what }).chain(link).collect())
        }
        // What is sure by what is applied, or what git wrote out as a file, needs no history.
        What::Link(LinkFault::Broken(_, _, meant) | LinkFault::NoLink(_, meant))
            if meant.is_sure() =>
        {
            Ok(Vec::new())
        }
        What::Link(LinkFault::Broken(place, BrokenLinkCause::LeadsElsewhere(_), _)) => {
            Ok(vec![led_away(place)])
        }
        What::Link(LinkFault::Broken(place, BrokenLinkCause::NoLink, _)) => {
            Ok(if is_told(tree, place)? {
                undeployed_here(tree, place)?
            } else {
                vec![led_away(place)]
            })
        }
        What::Link(LinkFault::NoLink(place, _)) if is_told(tree, place)? => {
            undeployed_here(tree, place)
        }
        What::Queue(QueueFault::Broken(place, BrokenLinkCause::Dangling(version), _)) => one(
            gone(tree, place, *version)?,
            Suspicion::Awaited(place.clone(), *version),
        ),
        What::Queue(QueueFault::NoManifest(place, version)) => one(
            release::manifest_path(&place.app, *version, &place.environment),
            Suspicion::Awaited(place.clone(), *version),
        ),
        What::Config(ConfigFault::Missing(name)) => one(
            Environment::config_path(name),
            Suspicion::Config(name.clone()),
        ),
        _ => Ok(Vec::new()),
    }
}

/// Where all of a release was that is gone. With an app went its team, whose locks hold back what comes next; and with all of its
/// releases, what waits.
fn gone(tree: &dyn ReadTree, place: &Place, version: Version) -> Result<RepoPath> {
    let app = release::root().join(&place.app);
    let releases = app.join("releases");
    for folder in [app, releases] {
        if tree.kind(&folder)?.is_none() {
            return Ok(folder);
        }
    }
    Ok(release::directory(&place.app, version))
}

fn led_away(place: &Place) -> Cause {
    Cause {
        path: deployment::version_path(&place.environment, &place.app),
        what: Suspicion::LedAway(place.clone()),
    }
}

/// What ran in a place may have been taken away.
fn undeployed_here(tree: &dyn ReadTree, place: &Place) -> Result<Vec<Cause>> {
    let Place { environment, app } = place;
    let root = match deployment::current(tree, environment, app)? {
        Linked::Broken(BrokenLink {
            path,
            why: BrokenLinkCause::NoFolder,
        }) => path,
        Linked::To(_) | Linked::Broken(_) | Linked::Nothing => {
            deployment::directory(environment, app)
        }
    };
    Ok(vec![Cause {
        path: deployment::version_path(environment, app),
        what: Suspicion::Undeployed(place.clone(), root),
    }])
}

/// The apps of which nothing runs on an environment, though its file for Argo CD tells of them.
fn undeployed(tree: &dyn ReadTree, environment: &EnvName, file: &str) -> Result<Vec<Cause>> {
    let Some(path) = RepoPath::parse(file) else {
        return Ok(Vec::new());
    };
    let mut causes = Vec::new();
    for app in told(tree, environment, &path)? {
        let is_nothing = matches!(
            deployment::current(tree, environment, &app)?,
            Linked::Nothing
                | Linked::Broken(BrokenLink {
                    why: BrokenLinkCause::NoFolder,
                    ..
                })
        );
        // What is applied there still tells what ran.
        let applied = deployment::manifest_path(environment, &app);
        if is_nothing && tree.kind(&applied)?.is_none() {
            let environment = environment.clone();
            let place = Place { environment, app };
            causes.extend(undeployed_here(tree, &place)?);
        }
    }
    Ok(causes)
}

/// The apps of an environment of which a file for Argo CD tells.
fn told(tree: &dyn ReadTree, environment: &EnvName, file: &RepoPath) -> Result<BTreeSet<AppName>> {
    let Some(Entry::File(content)) = tree.entry(file)? else {
        return Ok(BTreeSet::new());
    };
    let text = tree.bytes(&content)?;
    let text = String::from_utf8_lossy(&text);
    let folder = Environment::directory(environment).join("applications");
    let folder = format!("{folder}/");
    let told = text.split(&folder).skip(1);
    let told = told.filter_map(|rest| rest.split('/').next()?.parse().ok());
    Ok(told.collect())
}

/// Whether Argo CD is told of an app on an environment.
fn is_told(tree: &dyn ReadTree, Place { environment, app }: &Place) -> Result<bool> {
    let environments = EnvironmentGraph::read(tree)?;
    let Some(config) = environments.get(environment) else {
        return Ok(false);
    };
    for target in &config.argocd {
        if told(tree, environment, &argocd::file(&target.name))?.contains(app) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The environments that a file for Argo CD may have been of: what its name has between two hyphens, or all of it.
fn environments_of(tree: &dyn ReadTree, file: &str) -> Result<Vec<Cause>> {
    let mut causes = Vec::new();
    let name = file.rsplit('/').next().unwrap_or_default();
    let (Some(project), Some(file)) = (argocd::project_of(name), RepoPath::parse(file)) else {
        return Ok(causes);
    };
    let environments = EnvironmentGraph::read(tree)?;
    let parts: Vec<_> = project.split('-').collect();
    for first in 0..parts.len() {
        for last in first..parts.len() {
            let Ok(name) = parts[first..=last].join("-").parse::<EnvName>() else {
                continue;
            };
            let path = Environment::config_path(&name);
            let file = file.clone();
            let what = match environments.get(&name) {
                _ if tree.kind(&path)?.is_none() => {
                    if runs_something(tree, &name)? {
                        continue;
                    }
                    Suspicion::Environment(name, file)
                }
                // What describes another project was given that name by somebody.
                Some(config) if config.readable().is_ok() && config.argocd.is_empty() => {
                    Suspicion::Undescribed(name, file)
                }
                Some(_) | None => continue,
            };
            causes.push(Cause { path, what });
        }
    }
    Ok(causes)
}

pub(super) fn runs_something(tree: &dyn ReadTree, environment: &EnvName) -> Result<bool> {
    for app in deployment::apps(tree, environment)? {
        let path = deployment::version_path(environment, &app);
        if tree.kind(&path)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
