//! What a commit moved, found by comparing the state before it with the state after it.

use std::fmt;

use anyhow::Result;

use super::outcome::Move;
use crate::state::deployment::{BrokenLink, Linked};
use crate::state::release::{self, Field, ReleaseKind};
use crate::state::{AppName, EnvName, FreeText, PlacedLock, TeamName, Version, plain};
use crate::tree::ReadTree;

mod found;

pub(crate) use found::found;

/// An environment and an app.
pub(crate) type Place = (EnvName, AppName);

/// A release, and what is worth saying of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) version: Version,
    pub(crate) kind: ReleaseKind,
    pub(crate) display: Option<FreeText>,
}

impl Shown {
    /// What a tree says of a release.
    pub(crate) fn read(tree: &dyn ReadTree, app: &AppName, version: Version) -> Result<Self> {
        let display = release::field(tree, app, version, Field::DisplayVersion)?;
        Ok(Self {
            version,
            kind: release::kind(tree, app, version)?,
            display: display.filter(|text| !text.is_empty()).map(FreeText),
        })
    }

    /// What people call it, behind its number.
    fn called(&self) -> String {
        let display = self.display.as_ref();
        display.map_or(String::new(), |text| format!(" ({})", plain(text.raw())))
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}{}", self.version, self.kind, self.called())
    }
}

/// One thing that moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Movement {
    /// A release was stored.
    Released {
        app: AppName,
        release: Shown,
    },
    /// An app has its first release or team.
    AppCreated(AppName),
    /// An environment is there that was not.
    EnvironmentCreated(EnvName),
    /// The config of an environment is another one.
    EnvironmentConfigured(EnvName),
    /// Another release runs.
    Deployed {
        place: Place,
        /// What ran.
        from: Linked,
        to: Shown,
        /// Whether it had waited in the queue.
        from_queue: bool,
    },
    /// Another manifest is applied, of the release that ran before.
    ManifestChanged {
        place: Place,
        version: Option<Version>,
    },
    /// A release waits that did not.
    Queued {
        place: Place,
        release: Shown,
        /// What waited in its place.
        replaced: Option<Version>,
    },
    /// A release waits no longer, and does not run for it.
    Unqueued {
        place: Place,
        version: Option<Version>,
    },
    /// Nothing runs any longer.
    Undeployed {
        place: Place,
        from: Option<Version>,
    },
    /// A link leads nowhere any longer.
    Broken {
        place: Place,
        link: BrokenLink,
    },
    Locked(PlacedLock),
    /// A lock says something else than before.
    LockChanged(PlacedLock),
    Unlocked(PlacedLock),
    /// Releases of an app are gone.
    ReleasesRemoved {
        app: AppName,
        versions: Vec<Version>,
    },
    AppDeleted(AppName),
    EnvironmentDeleted(EnvName),
}

impl Movement {
    /// Its name for programs.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Released { .. } => "released",
            Self::AppCreated(_) => "app-created",
            Self::EnvironmentCreated(_) => "environment-created",
            Self::EnvironmentConfigured(_) => "environment-configured",
            Self::Deployed { .. } => "deployed",
            Self::ManifestChanged { .. } => "manifest-changed",
            Self::Queued { .. } => "queued",
            Self::Unqueued { .. } => "unqueued",
            Self::Undeployed { .. } => "undeployed",
            Self::Broken { .. } => "broken",
            Self::Locked(_) => "locked",
            Self::LockChanged(_) => "lock-changed",
            Self::Unlocked(_) => "unlocked",
            Self::ReleasesRemoved { .. } => "releases-removed",
            Self::AppDeleted(_) => "app-deleted",
            Self::EnvironmentDeleted(_) => "environment-deleted",
        }
    }

    /// The app that it is about, if it is about one.
    pub(crate) fn app(&self) -> Option<&AppName> {
        match self {
            Self::Released { app, .. }
            | Self::AppCreated(app)
            | Self::ReleasesRemoved { app, .. }
            | Self::AppDeleted(app) => Some(app),
            Self::Deployed { place, .. }
            | Self::ManifestChanged { place, .. }
            | Self::Queued { place, .. }
            | Self::Unqueued { place, .. }
            | Self::Undeployed { place, .. }
            | Self::Broken { place, .. } => Some(&place.1),
            Self::Locked(lock) | Self::LockChanged(lock) | Self::Unlocked(lock) => lock.scope.app(),
            Self::EnvironmentCreated(_)
            | Self::EnvironmentConfigured(_)
            | Self::EnvironmentDeleted(_) => None,
        }
    }

    /// The team of whose lock it tells, if it does.
    pub(crate) fn locked_team(&self) -> Option<&TeamName> {
        match self {
            Self::Locked(lock) | Self::LockChanged(lock) | Self::Unlocked(lock) => {
                lock.scope.team()
            }
            Self::Released { .. }
            | Self::AppCreated(_)
            | Self::EnvironmentCreated(_)
            | Self::EnvironmentConfigured(_)
            | Self::Deployed { .. }
            | Self::ManifestChanged { .. }
            | Self::Queued { .. }
            | Self::Unqueued { .. }
            | Self::Undeployed { .. }
            | Self::Broken { .. }
            | Self::ReleasesRemoved { .. }
            | Self::AppDeleted(_)
            | Self::EnvironmentDeleted(_) => None,
        }
    }

    /// The environment on which it happened, if it was on one.
    pub(crate) fn environment(&self) -> Option<&EnvName> {
        match self {
            Self::Released { .. }
            | Self::AppCreated(_)
            | Self::ReleasesRemoved { .. }
            | Self::AppDeleted(_) => None,
            Self::Deployed { place, .. }
            | Self::ManifestChanged { place, .. }
            | Self::Queued { place, .. }
            | Self::Unqueued { place, .. }
            | Self::Undeployed { place, .. }
            | Self::Broken { place, .. } => Some(&place.0),
            Self::Locked(lock) | Self::LockChanged(lock) | Self::Unlocked(lock) => {
                Some(lock.scope.environment())
            }
            Self::EnvironmentCreated(name)
            | Self::EnvironmentConfigured(name)
            | Self::EnvironmentDeleted(name) => Some(name),
        }
    }
}

impl Movement {
    /// What it happened to, in one phrase.
    pub(crate) fn subject(&self) -> String {
        match self {
            Self::Released { app, .. } => app.to_string(),
            Self::AppCreated(app) | Self::AppDeleted(app) => format!("app {app}"),
            Self::ReleasesRemoved { app, .. } => format!("{app}:"),
            Self::EnvironmentCreated(name)
            | Self::EnvironmentConfigured(name)
            | Self::EnvironmentDeleted(name) => format!("environment {name}"),
            Self::Deployed { place, .. }
            | Self::ManifestChanged { place, .. }
            | Self::Queued { place, .. }
            | Self::Unqueued { place, .. }
            | Self::Undeployed { place, .. }
            | Self::Broken { place, .. } => format!("{}: {}", place.0, place.1),
            Self::Locked(placed) => format!("lock {}:", placed.scope),
            Self::LockChanged(placed) => format!("change lock on {}:", placed.scope),
            Self::Unlocked(placed) => format!("unlock {}:", placed.scope),
        }
    }

    /// What happened to it, in one phrase.
    pub(crate) fn what(&self) -> String {
        match self {
            Self::Released { release, .. } => format!("{release} released"),
            Self::AppCreated(_) | Self::EnvironmentCreated(_) => "created".to_owned(),
            Self::EnvironmentConfigured(_) => "configured".to_owned(),
            Self::Deployed {
                from,
                to,
                from_queue,
                ..
            } => deployed(from, to, *from_queue),
            Self::ManifestChanged { version, .. } => match version {
                Some(version) => format!("has another manifest, still of {version}"),
                None => "has another manifest".to_owned(),
            },
            Self::Queued {
                release, replaced, ..
            } => match replaced {
                Some(replaced) => format!("{release} queued in place of {replaced}"),
                None => format!("{release} queued"),
            },
            Self::Unqueued { version, .. } => match version {
                Some(version) => format!("{version} left the queue"),
                None => "a broken link left the queue".to_owned(),
            },
            Self::Undeployed { from, .. } => match from {
                Some(from) => format!("is gone, {from} ran"),
                None => "is gone".to_owned(),
            },
            Self::Broken { link, .. } => format!("is broken: {link}"),
            Self::Locked(placed) | Self::LockChanged(placed) | Self::Unlocked(placed) => {
                let (id, message) = (&placed.id, &placed.lock.message);
                format!("{} lock `{id}` {message}", placed.scope.kind())
            }
            Self::ReleasesRemoved { versions, .. } => {
                let numbers: Vec<_> = versions.iter().map(ToString::to_string).collect();
                format!("old releases {} removed", numbers.join(", "))
            }
            Self::AppDeleted(_) | Self::EnvironmentDeleted(_) => "deleted".to_owned(),
        }
    }
}

fn deployed(from: &Linked, to: &Shown, from_queue: bool) -> String {
    let moved = |from| Move {
        from,
        to: to.version,
        kind: to.kind,
    };
    let moved = match from {
        Linked::Nothing => moved(None).to_string(),
        Linked::To(from) => moved(Some(*from)).to_string(),
        Linked::Broken(_) => format!("{}{} in place of a broken link", to.version, to.kind),
    };
    let queue = if from_queue { " from the queue" } else { "" };
    format!("{moved}{}{queue}", to.called())
}

impl fmt::Display for Movement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.subject(), self.what())
    }
}
