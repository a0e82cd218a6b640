//! What only history tells: that something was changed that never changes, or was taken away although it is in use.
//!
//! Seen without it, such damage looks like a fault of what follows from it, and the command that mends that would make production follow
//! the damage. A release does not change once it is stored (`docs/format.md`), and nothing that runs is cleaned up. History tells what
//! was, and not what somebody meant; so what it tells counts only if bringing that back changes nothing that is applied anywhere.

mod walk;

use std::collections::BTreeSet;

use anyhow::Result;

use super::Verified;
use super::app::AppFault;
use super::deployment::{LinkFault, Meant, Place};
use super::derived::{DerivedFault, Difference, may_be_of};
use super::environment::ConfigFault;
use super::fault::{Doubt, Fault, Mend, What, pathspec};
use super::queue::QueueFault;
use super::release::ReleaseFault;
use crate::plan::argocd;
use crate::state::deployment::{self, BrokenLinkCause, Linked};
use crate::state::quoted;
use crate::state::{AppName, EnvName, Environment, EnvironmentGraph, Version, release};
use crate::tree::{CommitFacts, Entry, ReadPast, ReadTree, RepoPath};

/// What was lost: what stood at these paths before a commit is what is to come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    by: String,
    paths: Vec<RepoPath>,
}

impl Lost {
    fn by_commit(commit: &CommitFacts, paths: Vec<RepoPath>) -> Self {
        let by = commit.id.chars().take(12).collect();
        Self { by, paths }
    }

    /// The commit that changed it or took it away, by its first digits.
    pub(super) fn by(&self) -> &str {
        &self.by
    }

    /// Bringing back what stood there, and nothing of what came beside it since; once more, it changes nothing.
    pub(super) fn mend(&self) -> Mend {
        let paths = self.paths.iter().map(|path| pathspec(&path.to_string()));
        let paths = paths.collect::<Vec<_>>().join(" ");
        let source = quoted(&format!("{}^", self.by));
        Mend::ByHand(format!(
            "git restore --source={source} --staged --worktree -- {paths} && git commit -qm 'bring back what was lost' -- {paths} && git push"
        ))
    }
}

/// Something that may have been lost, and the path at which history shows it.
struct Cause {
    path: RepoPath,
    what: Suspicion,
}

/// What may have been lost.
enum Suspicion {
    /// The manifest of a release may have been changed, as another one is applied here.
    Changed(Place),
    /// A release that is said to run here was taken away, or its manifest.
    Gone(Place, Version),
    /// What was applied here is gone, and may have been another manifest than that of the release.
    Unapplied(Place, Version),
    /// Nothing runs here any more, though Argo CD is still told of it.
    Undeployed(Place),
    /// The config of an environment was taken away.
    Config(EnvName),
    /// The environment of a project that Argo CD still has, in this file, was taken away with all that ran there.
    Environment(EnvName, RepoPath),
}

impl Verified {
    /// Names what was lost in place of what follows from it. History is read only if a fault may come from that. Where it ends too
    /// early, as in a shallow clone, or cannot be read, such faults are in doubt, and nothing is named that would settle them.
    pub(crate) fn look_back(&mut self, tree: &dyn ReadTree, past: &dyn ReadPast) -> Result<()> {
        let mut suspects = Vec::new();
        let mut causes = Vec::new();
        for (place, fault) in self.faults.iter().enumerate() {
            for cause in causes_of(tree, fault)? {
                suspects.push(place);
                causes.push(cause);
            }
        }
        if causes.is_empty() {
            return Ok(());
        }
        let looked = walk::look(tree, past, &causes);
        let findings = match looked {
            Ok(findings) => findings,
            Err(error) => {
                for place in suspects {
                    self.faults[place].doubt = Some(Doubt::Unread);
                }
                return Err(error);
            }
        };
        let (mut named, mut damaged) = (BTreeSet::new(), Vec::new());
        for ((place, cause), finding) in suspects.into_iter().zip(&causes).zip(findings) {
            match finding {
                walk::Finding::Lost(lost) => {
                    named.insert(place);
                    damaged.push(cause.fault(lost));
                }
                walk::Finding::NotLost => {}
                walk::Finding::Unknown => self.faults[place].doubt = Some(Doubt::Shallow),
            }
        }
        let mut places = 0..;
        self.faults
            .retain(|_| places.next().is_none_or(|place| !named.contains(&place)));
        self.faults
            .retain(|fault| !damaged.iter().any(|damaged| follows(fault, damaged)));
        self.add(damaged);
        Ok(())
    }
}

impl Cause {
    /// Where all of it stood.
    fn root(&self) -> RepoPath {
        match &self.what {
            Suspicion::Undeployed(Place { environment, app }) => {
                deployment::directory(environment, app)
            }
            Suspicion::Environment(name, _) => Environment::directory(name),
            Suspicion::Changed(_)
            | Suspicion::Gone(..)
            | Suspicion::Unapplied(..)
            | Suspicion::Config(_) => self.path.clone(),
        }
    }

    /// The fault that it is if this was lost.
    fn fault(&self, lost: Lost) -> Fault {
        let (path, what) = match &self.what {
            Suspicion::Changed(_) => (&self.path, What::Release(ReleaseFault::Changed(lost))),
            Suspicion::Gone(..) => (&self.path, What::Release(ReleaseFault::Gone(lost))),
            Suspicion::Unapplied(place, _) => {
                let what = DerivedFault::ManifestLost(place.clone(), lost);
                (&self.path, What::Derived(what))
            }
            Suspicion::Undeployed(place) => {
                let what = LinkFault::Lost(place.clone(), lost);
                return Fault::new(&self.root(), What::Link(what));
            }
            Suspicion::Config(name) => {
                let what = ConfigFault::Lost(name.clone(), lost);
                (&self.path, What::Config(what))
            }
            Suspicion::Environment(name, _) => {
                let what = ConfigFault::EnvironmentLost(name.clone(), lost);
                return Fault::new(&self.root(), What::Config(what));
            }
        };
        Fault::new(path, what)
    }
}

/// What may have been lost if this is wrong.
fn causes_of(tree: &dyn ReadTree, fault: &Fault) -> Result<Vec<Cause>> {
    let one = |path, what| Ok(vec![Cause { path, what }]);
    match &fault.what {
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
        What::Link(LinkFault::Broken(place, BrokenLinkCause::Dangling(version), _)) => {
            let app = release::root().join(&place.app);
            // With an app went its team, whose locks hold back what comes next; and with all of its releases, what waits.
            let path = if tree.kind(&app)?.is_none() {
                app
            } else if tree.kind(&app.join("releases"))?.is_none() {
                app.join("releases")
            } else {
                release::directory(&place.app, *version)
            };
            one(path, Suspicion::Gone(place.clone(), *version))
        }
        // What is sure needs no history.
        What::Link(
            LinkFault::NoLink(place, Meant::Perhaps(..) | Meant::Nothing)
            | LinkFault::Broken(place, BrokenLinkCause::NoLink, Meant::Perhaps(..) | Meant::Nothing),
        ) => {
            let path = deployment::version_path(&place.environment, &place.app);
            if is_told(tree, place)? {
                return one(path, Suspicion::Undeployed(place.clone()));
            }
            Ok(Vec::new())
        }
        What::Config(ConfigFault::Missing(name)) => one(
            Environment::config_path(name),
            Suspicion::Config(name.clone()),
        ),
        _ => Ok(Vec::new()),
    }
}

/// The apps of which nothing runs on an environment, though its file for Argo CD tells of them.
fn undeployed(tree: &dyn ReadTree, environment: &EnvName, file: &str) -> Result<Vec<Cause>> {
    let Some(path) = RepoPath::parse(file) else {
        return Ok(Vec::new());
    };
    let mut causes = Vec::new();
    for app in told(tree, environment, &path)? {
        // What is applied there still tells what ran.
        let applied = deployment::manifest_path(environment, &app);
        if deployment::current(tree, environment, &app)? == Linked::Nothing
            && tree.kind(&applied)?.is_none()
        {
            let path = deployment::version_path(environment, &app);
            let environment = environment.clone();
            let what = Suspicion::Undeployed(Place { environment, app });
            causes.push(Cause { path, what });
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
    let parts: Vec<_> = project.split('-').collect();
    for first in 0..parts.len() {
        for last in first..parts.len() {
            let Ok(name) = parts[first..=last].join("-").parse::<EnvName>() else {
                continue;
            };
            let path = Environment::config_path(&name);
            if tree.kind(&path)?.is_none() && !runs_something(tree, &name)? {
                let what = Suspicion::Environment(name, file.clone());
                causes.push(Cause { path, what });
            }
        }
    }
    Ok(causes)
}

fn runs_something(tree: &dyn ReadTree, environment: &EnvName) -> Result<bool> {
    for app in deployment::apps(tree, environment)? {
        let path = deployment::version_path(environment, &app);
        if tree.kind(&path)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a fault only follows from what was lost, or says less of the same: its command would make it worse.
fn follows(fault: &Fault, damaged: &Fault) -> bool {
    let lost_environment = match &damaged.what {
        What::Config(ConfigFault::Lost(name, _) | ConfigFault::EnvironmentLost(name, _)) => {
            Some(name)
        }
        _ => None,
    };
    // What is lost lies below this path, or all below it is lost.
    let is_around = |path: &str| {
        let is_below = |path: &str, folder: &str| {
            path.strip_prefix(folder)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        is_below(&damaged.path, path) || is_below(path, &damaged.path)
    };
    match &fault.what {
        What::Derived(DerivedFault::ArgoCdOrphan) => {
            let name = fault.path.rsplit('/').next().unwrap_or_default();
            let project = argocd::project_of(name);
            let is_its = |project| lost_environment.is_some_and(|name| may_be_of(project, name));
            project.is_some_and(is_its)
        }
        What::Derived(DerivedFault::ArgoCdDiffers(environment, Difference::Content)) => {
            match &damaged.what {
                // The team of an app that is gone stands there.
                What::Release(ReleaseFault::Gone(_)) => !damaged.path.contains("/releases"),
                What::Link(LinkFault::Lost(place, _)) => place.environment == *environment,
                _ => false,
            }
        }
        What::Release(ReleaseFault::UnknownEnvironment { environment, .. }) => {
            lost_environment == Some(environment)
        }
        What::Release(
            ReleaseFault::Unfit { .. } | ReleaseFault::EmptyManifest | ReleaseFault::NoManifests,
        )
        | What::App(AppFault::NoReleases(_))
        | What::Link(LinkFault::Remains(_)) => is_around(&fault.path),
        What::Config(ConfigFault::Missing(name)) => lost_environment == Some(name),
        What::Link(
            LinkFault::Broken(place, BrokenLinkCause::Dangling(version), _)
            | LinkFault::NoManifest(place, version, _),
        )
        | What::Queue(
            QueueFault::Broken(place, BrokenLinkCause::Dangling(version), _)
            | QueueFault::NoManifest(place, version),
        ) => {
            let path = release::manifest_path(&place.app, *version, &place.environment);
            is_around(&path.to_string())
        }
        _ => false,
    }
}
