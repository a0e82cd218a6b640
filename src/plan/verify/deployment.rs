//! Deployments: the links that say what runs, and who deployed it when.

use std::fmt;

use anyhow::Result;

use super::derived::DerivedFault;
use super::fault::{Mend, Severity, Told, What, removing};
use super::look::{Look, no_instant};
use super::lost::Lost;
use super::misplaced::Misplaced;
use crate::state::deployment::{self, BrokenLink, BrokenLinkCause, Linked, Part};
use crate::state::release::{self, MANIFEST};
use crate::state::{AppName, EnvName, Locks, Moment, PlacedLock, Version, lock};
use crate::tree::{Entry, Kind, RepoPath};

/// An app on an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) environment: EnvName,
    pub(crate) app: AppName,
}

/// What is wrong with what runs in a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LinkFault {
    /// The link cannot be used.
    Broken(Place, BrokenLinkCause, Meant),
    /// A manifest is applied, and no link says of which release.
    NoLink(Place, Meant),
    /// What runs has no manifest for the environment.
    NoManifest(Place, Version, Meant),
    /// Nothing runs and nothing is applied there, but somebody deployed something.
    Remains(Place),
    /// What ran there was taken away, and Argo CD is still told of it.
    Lost(Place, Lost),
    /// It led to a release before something else was put in its place.
    LedAway(Lost),
}

/// The release that a link was meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meant {
    /// This one: nothing else can be meant.
    Sure(Version),
    /// One like this could be deployed; whether locks are in the way.
    Perhaps(Version, LocksInForce),
    /// There is none.
    Nothing,
}

impl Meant {
    pub(super) fn is_sure(self) -> bool {
        matches!(self, Self::Sure(_))
    }

    /// The same where a person shall look first.
    fn doubted(self, locks: &[PlacedLock]) -> Self {
        match self {
            Self::Sure(version) => Self::Perhaps(version, in_force(locks)),
            Self::Perhaps(..) | Self::Nothing => self,
        }
    }
}

/// Whether a deployment would be held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LocksInForce {
    Some,
    None,
}

impl Look<'_> {
    /// The folder of an app on an environment.
    pub(super) fn app_folder(
        &mut self,
        (environment, app): (&EnvName, &AppName),
        locks: &Locks,
        folder: &RepoPath,
    ) -> Result<()> {
        let mut parts = Vec::new();
        for child in self.children(folder)? {
            let path = folder.join(&child.name);
            let Some(part) = deployment::part(&child.name) else {
                self.stray(&path, child.kind);
                continue;
            };
            parts.push(part);
            match part {
                // They are looked at together below.
                Part::Version | Part::QueuedVersion => {}
                Part::DeployedBy | Part::DeployedByEmail => {
                    self.text(&path, child.kind, |_| None)?;
                }
                Part::DeployedAt => self.text(&path, child.kind, |text| {
                    no_instant(Moment::parse_go_utc(text))
                })?,
                Part::Manifests => {
                    if self.is_of(&path, child.kind, Kind::Directory) {
                        self.applied_folder(&path)?;
                    }
                }
                Part::Locks | Part::ManifestLocks => {
                    if self.is_of(&path, child.kind, Kind::Directory) {
                        self.locks(&path)?;
                    }
                }
            }
        }
        let held = locks.in_force(self.tree, app)?;
        self.runs((environment, app), &held, &parts)?;
        self.waits((environment, app), &held)
    }

    fn applied_folder(&mut self, folder: &RepoPath) -> Result<()> {
        for child in self.children(folder)? {
            let path = folder.join(&child.name);
            if child.name == MANIFEST {
                self.is_of(&path, child.kind, Kind::File);
            } else {
                self.stray(&path, child.kind);
            }
        }
        Ok(())
    }

    /// What runs in a place.
    fn runs(
        &mut self,
        (environment, app): (&EnvName, &AppName),
        locks: &[PlacedLock],
        parts: &[Part],
    ) -> Result<()> {
        let place = || Place {
            environment: environment.clone(),
            app: app.clone(),
        };
        let path = deployment::version_path(environment, app);
        let current = deployment::current(self.tree, environment, app)?;
        if current != Linked::Nothing {
            self.at_work.insert(environment.clone());
        }
        match current {
            Linked::To(version) => {
                self.counts.deployments += 1;
                for part in [Part::DeployedBy, Part::DeployedByEmail, Part::DeployedAt] {
                    if !parts.contains(&part) {
                        let path = deployment::directory(environment, app).join(part.name());
                        self.misplaced(&path, Misplaced::Missing);
                    }
                }
                if release::manifest(self.tree, app, version, environment)?.is_some() {
                    self.applied((environment, app), version)?;
                } else {
                    let meant = self.perhaps((environment, app), locks)?;
                    let fault = LinkFault::NoManifest(place(), version, meant);
                    self.found(&path, What::Link(fault));
                }
            }
            Linked::Broken(BrokenLink { path: at, why }) => {
                let mut meant = self.meant((environment, app), locks)?;
                if why == BrokenLinkCause::NoLink
                    && deployment::written_out(self.tree, app, &path)?.is_none()
                {
                    // What stands there may have been written by somebody.
                    meant = meant.doubted(locks);
                }
                self.found(&at, What::Link(LinkFault::Broken(place(), why, meant)));
            }
            Linked::Nothing if parts.contains(&Part::Manifests) => {
                let meant = self.meant((environment, app), locks)?;
                self.found(&path, What::Link(LinkFault::NoLink(place(), meant)));
            }
            Linked::Nothing => {
                let remains = [Part::DeployedBy, Part::DeployedByEmail, Part::DeployedAt];
                if remains.iter().any(|part| parts.contains(part)) {
                    let folder = deployment::directory(environment, app);
                    self.found(&folder, What::Link(LinkFault::Remains(place())));
                }
            }
        }
        Ok(())
    }

    /// The manifest that is applied, held against that of the release that runs.
    fn applied(
        &mut self,
        (environment, app): (&EnvName, &AppName),
        version: Version,
    ) -> Result<()> {
        let Some(manifest) = release::manifest(self.tree, app, version, environment)? else {
            return Ok(());
        };
        let wanted = deployment::applied(manifest);
        let path = deployment::manifest_path(environment, app);
        let found = self.tree.entry(&path)?;
        if found.as_ref() == Some(&wanted) {
            return Ok(());
        }
        let kept = !lock::on_manifest(self.tree, environment, app)?.is_empty();
        let place = Place {
            environment: environment.clone(),
            app: app.clone(),
        };
        match found {
            Some(Entry::File(content)) => {
                if !kept {
                    let release = release::manifest_path(app, version, environment);
                    let fault = DerivedFault::ManifestDiffers { place, release };
                    self.found(&path, What::Derived(fault));
                }
                if let Some(why) = self.unfit(&content)? {
                    let environment = environment.clone();
                    let fault = DerivedFault::ManifestUnfit { environment, why };
                    self.found(&path, What::Derived(fault));
                }
            }
            // What stands there instead is a fault of its own.
            Some(Entry::Symlink(_)) => {}
            None if self.tree.kind(&path)?.is_some() => {}
            None if !self.can_be_written(&path)? => {}
            // It was locked before anything was applied.
            None if kept => {}
            None => self.found(&path, What::Derived(DerivedFault::ManifestMissing(place))),
        }
        Ok(())
    }

    /// Whether the folder that a file is for is one, or can become one.
    fn can_be_written(&self, path: &RepoPath) -> Result<bool> {
        let folder = path.parent().unwrap_or_default();
        Ok(matches!(
            self.tree.kind(&folder)?,
            None | Some(Kind::Directory)
        ))
    }

    /// The release that is meant where the link says nothing: what it would lead to if git had not written it out as a file, or the
    /// only one whose manifest is applied.
    fn meant(&self, place: (&EnvName, &AppName), locks: &[PlacedLock]) -> Result<Meant> {
        let (environment, app) = place;
        let path = deployment::version_path(environment, app);
        if let Some(version) = deployment::written_out(self.tree, app, &path)?
            && release::manifest(self.tree, app, version, environment)?.is_some()
        {
            return Ok(Meant::Sure(version));
        }
        let applied = self
            .tree
            .entry(&deployment::manifest_path(environment, app))?;
        let mut same = Vec::new();
        for version in self.releases.get(app).into_iter().flatten() {
            let manifest = release::manifest(self.tree, app, *version, environment)?;
            let manifest = manifest.map(deployment::applied);
            if manifest.is_some() && manifest == applied && !version.has_revision() {
                same.push(*version);
            }
        }
        match same.as_slice() {
            [only] => Ok(Meant::Sure(*only)),
            [] => self.perhaps(place, locks),
            [.., highest] => Ok(Meant::Perhaps(*highest, in_force(locks))),
        }
    }

    /// The highest release that can be deployed there.
    fn perhaps(
        &self,
        (environment, app): (&EnvName, &AppName),
        locks: &[PlacedLock],
    ) -> Result<Meant> {
        for version in self.releases.get(app).into_iter().flatten().rev() {
            let manifest = release::manifest(self.tree, app, *version, environment)?;
            if manifest.is_some() && !version.has_revision() {
                return Ok(Meant::Perhaps(*version, in_force(locks)));
            }
        }
        Ok(Meant::Nothing)
    }
}

fn in_force(locks: &[PlacedLock]) -> LocksInForce {
    if locks.is_empty() {
        LocksInForce::None
    } else {
        LocksInForce::Some
    }
}

/// The command that deploys a release in a place.
pub(super) fn deploying(place: &Place, version: Version, locks: LocksInForce) -> Mend {
    let Place { environment, app } = place;
    let ignoring = match locks {
        LocksInForce::Some => " --on-lock ignore",
        LocksInForce::None => "",
    };
    Mend::ByHand(format!(
        "trainyard deploy -a {app} -e {environment} --version {version}{ignoring}"
    ))
}

/// The command that takes an app away from an environment.
fn taking_away(Place { environment, app }: &Place) -> Mend {
    Mend::ByHand(format!(
        "trainyard app remove-environment -a {app} -e {environment}"
    ))
}

impl fmt::Display for LinkFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(_, why, _) => why.fmt(formatter),
            Self::NoLink(Place { environment, app }, _) => write!(
                formatter,
                "is missing: `{environment}` applies a manifest of `{app}`, and nothing says of which release"
            ),
            Self::NoManifest(Place { environment, app }, version, _) => {
                let path = release::manifest_path(app, *version, environment);
                write!(
                    formatter,
                    "leads to release {version}, which has no manifest for `{environment}` (`{path}`)"
                )
            }
            Self::Remains(Place { environment, app }) => write!(
                formatter,
                "tells who deployed `{app}` to `{environment}`, where nothing of it runs"
            ),
            Self::Lost(Place { environment, app }, lost) => write!(
                formatter,
                "was taken away by commit {}, and Argo CD is still told to apply `{app}` on `{environment}`; if it was meant to go, `trainyard render -e {environment}` tells Argo CD so",
                lost.by()
            ),
            Self::LedAway(lost) => write!(
                formatter,
                "led to a release until commit {} put something else there",
                lost.by()
            ),
        }
    }
}

impl Told for LinkFault {
    fn kind(&self) -> &'static str {
        match self {
            Self::Broken(..) | Self::LedAway(_) => "broken-link",
            Self::NoLink(..) => "missing-link",
            Self::NoManifest(..) => "link-without-manifest",
            Self::Remains(_) => "remains-of-deployment",
            Self::Lost(..) => "deployment-gone",
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Self::Broken(..)
            | Self::NoLink(..)
            | Self::NoManifest(..)
            | Self::Lost(..)
            | Self::LedAway(_) => Severity::Error,
            Self::Remains(_) => Severity::Warning,
        }
    }

    fn mend(&self, path: &str) -> Mend {
        match self {
            Self::Broken(_, BrokenLinkCause::NoFolder, _) => removing(path),
            Self::Broken(place, _, meant) | Self::NoLink(place, meant) => match meant {
                Meant::Sure(_) => Mend::Safe,
                Meant::Perhaps(version, locks) => deploying(place, *version, *locks),
                Meant::Nothing => taking_away(place),
            },
            Self::NoManifest(place, _, meant) => match meant {
                Meant::Sure(version) => deploying(place, *version, LocksInForce::None),
                Meant::Perhaps(version, locks) => deploying(place, *version, *locks),
                Meant::Nothing => taking_away(place),
            },
            Self::Remains(place) => taking_away(place),
            Self::Lost(_, lost) | Self::LedAway(lost) => lost.mend(),
        }
    }
}
