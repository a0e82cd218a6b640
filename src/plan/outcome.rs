//! What a command came to: plain data, which the reports put into words.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub(crate) use super::environment::EnvironmentDone;
pub(crate) use super::place::Deployed;
pub(crate) use super::render::{Fault, ManifestStep, Rendered};
use super::train::{Prognosis, TrainRun};
use super::verify::Verified;
use super::view::View;
use super::whereabouts::Whereabouts;
use crate::state::deployment::Linked;
use crate::state::release::ReleaseKind;
use crate::state::{AppName, EnvName, GroupName, LockId, LockScope, PlacedLock, TeamName, Version};

/// What was done, and what somebody should know besides.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What was done.
    pub(crate) done: Done,
    /// What is wrong in the repository, or was passed over. One sentence each.
    pub(crate) warnings: Vec<String>,
}

/// The result of each verb.
#[derive(Debug)]
pub(crate) enum Done {
    Released(Released),
    Deployed(DeployRun),
    Locked(Locked),
    Unlocked(Unlocked),
    Train(TrainRun),
    Foreseen(Prognosis),
    Batch(Batch),
    AppDeleted(AppDeleted),
    AppRemoved(AppRemoved),
    Rendered(Rendered),
    /// Nothing was written.
    RenderChecked(Rendered),
    Located(Whereabouts),
    Viewed(View),
    Environment(EnvironmentDone),
    Verified(Verified),
}

impl Done {
    /// Whether the verb only tells what is, and can change nothing.
    pub(crate) fn is_look(&self) -> bool {
        match self {
            Self::Foreseen(_) | Self::Located(_) | Self::RenderChecked(_) | Self::Viewed(_) => true,
            Self::Environment(done) => done.is_look(),
            Self::Verified(verified) => verified.mended.is_none(),
            Self::Released(_)
            | Self::Deployed(_)
            | Self::Locked(_)
            | Self::Unlocked(_)
            | Self::Train(_)
            | Self::AppDeleted(_)
            | Self::AppRemoved(_)
            | Self::Rendered(_)
            | Self::Batch(_) => false,
        }
    }
}

/// What the operations of a batch came to, in order.
#[derive(Debug)]
pub(crate) struct Batch {
    /// By the names of the operations on the command line.
    pub(crate) outcomes: Vec<(String, Outcome)>,
}

/// A change of version in one phrase.
pub(crate) struct Move {
    pub(crate) from: Option<Version>,
    pub(crate) to: Version,
    pub(crate) kind: ReleaseKind,
}

impl fmt::Display for Move {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, kind } = self;
        match from {
            Some(from) if from > to => write!(formatter, "{from} → {to}{kind} (back)"),
            Some(from) => write!(formatter, "{from} → {to}{kind}"),
            None => write!(formatter, "{to}{kind} (first)"),
        }
    }
}

/// What became of a new release.
#[derive(Debug)]
pub(crate) struct Released {
    pub(crate) app: AppName,
    pub(crate) version: Version,
    pub(crate) kind: ReleaseKind,
    /// Whether it is new; else the same release was there.
    pub(crate) stored: bool,
    /// The highest release, if this one was filled in below it: then it is deployed nowhere.
    pub(crate) highest: Option<Version>,
    /// The environments with `upstream.latest`.
    pub(crate) deployments: BTreeMap<EnvName, Deployed>,
    /// The environments that have a manifest and take it with a later train or deployment.
    pub(crate) waiting: Vec<EnvName>,
    /// What became of versions that waited for locks on the team that had the app before.
    pub(crate) queue: BTreeMap<EnvName, QueueEnd>,
    /// Old releases that were cleaned up.
    pub(crate) removed: Vec<Version>,
}

/// What became of a deployment to an environment or a group.
#[derive(Debug)]
pub(crate) struct DeployRun {
    pub(crate) app: AppName,
    pub(crate) version: Version,
    pub(crate) kind: ReleaseKind,
    pub(crate) deployments: BTreeMap<EnvName, Deployed>,
    /// Old releases that were cleaned up.
    pub(crate) removed: Vec<Version>,
}

/// The locks that were placed.
#[derive(Debug)]
pub(crate) struct Locked {
    /// What was locked.
    pub(crate) target: LockTarget,
    pub(crate) id: LockId,
    pub(crate) locks: Vec<PlacedLock>,
}

/// What the removal of locks brought about.
#[derive(Debug)]
pub(crate) struct Unlocked {
    /// What was unlocked.
    pub(crate) target: LockTarget,
    /// The locks that are gone.
    pub(crate) removed: Vec<PlacedLock>,
    /// Where a group unlock found no such lock.
    pub(crate) absent: Vec<(LockScope, LockId)>,
    /// What became of each version that waited.
    pub(crate) queue: BTreeMap<(EnvName, AppName), QueueEnd>,
    /// What became of each manifest that was locked, and runs.
    pub(crate) manifests: BTreeMap<(EnvName, AppName), ManifestStep>,
    /// Old releases that were cleaned up.
    pub(crate) cleaned: BTreeMap<AppName, Vec<Version>>,
}

/// What became of a queued version when a lock went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum QueueEnd {
    /// Nothing holds it back any longer.
    Deployed {
        from: Option<Version>,
        to: Version,
        kind: ReleaseKind,
    },
    /// Other locks hold it back.
    StillLocked {
        version: Version,
        behind: Vec<PlacedLock>,
    },
    /// It was asked to stay.
    Kept(Version),
    /// It cannot be deployed, or is deployed already.
    Dropped(DropCause),
}

/// Why a queued version was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DropCause {
    /// It is what runs.
    AlreadyDeployed(Version),
    /// The link in the queue is broken, or its release is gone.
    Broken(String),
    /// Its release has no manifest for this environment.
    NoManifest(Version),
}

impl fmt::Display for DropCause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyDeployed(version) => write!(formatter, "{version} is already deployed"),
            Self::Broken(why) => formatter.write_str(why),
            Self::NoManifest(version) => {
                write!(
                    formatter,
                    "release {version} has no manifest for this environment"
                )
            }
        }
    }
}

/// What went with an app.
#[derive(Debug)]
pub(crate) struct AppDeleted {
    pub(crate) app: AppName,
    pub(crate) releases: Vec<Version>,
    /// By the name of the environment's folder, which may break the rules.
    pub(crate) environments: BTreeMap<String, Cleared>,
}

/// What went of an app on one environment.
#[derive(Debug)]
pub(crate) struct AppRemoved {
    pub(crate) app: AppName,
    pub(crate) environment: EnvName,
    /// What its folder held, if it had one.
    pub(crate) cleared: Option<Cleared>,
    /// The releases that had a manifest for the environment.
    pub(crate) releases: Vec<Version>,
}

/// What the folder of an app on an environment held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cleared {
    /// What ran.
    pub(crate) runs: Linked,
    /// What waited in the queue.
    pub(crate) waits: Linked,
    pub(crate) locks: Vec<PlacedLock>,
}

/// Where locks are placed or removed, as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum LockTarget {
    Environment(EnvName),
    App(EnvName, AppName),
    Team(EnvName, TeamName),
    Group(GroupName),
    /// The manifest of an app on an environment.
    Manifest(EnvName, AppName),
}

impl From<&LockScope> for LockTarget {
    fn from(scope: &LockScope) -> Self {
        match scope.clone() {
            LockScope::Environment(environment) => Self::Environment(environment),
            LockScope::App(environment, app) => Self::App(environment, app),
            LockScope::Team(environment, team) => Self::Team(environment, team),
            LockScope::Manifest(environment, app) => Self::Manifest(environment, app),
        }
    }
}

impl fmt::Display for LockTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(environment) => write!(formatter, "{environment}"),
            Self::App(environment, app) => write!(formatter, "{app} on {environment}"),
            Self::Team(environment, team) => write!(formatter, "team {team} on {environment}"),
            Self::Group(group) => write!(formatter, "group {group}"),
            Self::Manifest(environment, app) => {
                write!(formatter, "the manifest of {app} on {environment}")
            }
        }
    }
}
