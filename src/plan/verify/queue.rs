//! The queue: what waits can go, and something holds it back.

use std::fmt;

use anyhow::Result;

use super::deployment::{LocksInForce, Place, deploying};
use super::fault::{Mend, Severity, Told, What, removing};
use super::look::Look;
use crate::state::deployment::{self, BrokenLink, BrokenLinkCause, Linked};
use crate::state::{AppName, EnvName, PlacedLock, Version, queue, release};

/// What is wrong with what waits in a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum QueueFault {
    /// The link cannot be used; the release that it leads to if git has written it out as a file.
    Broken(Place, BrokenLinkCause, Option<Version>),
    /// It is what runs.
    Runs(Place, Version),
    /// It has no manifest for the environment.
    NoManifest(Place, Version),
    /// Nothing holds it back: somebody kept the queue.
    Free(Place, Version),
}

impl Look<'_> {
    /// What waits in a place.
    pub(super) fn waits(
        &mut self,
        (environment, app): (&EnvName, &AppName),
        locks: &[PlacedLock],
    ) -> Result<()> {
        let place = Place {
            environment: environment.clone(),
            app: app.clone(),
        };
        let path = queue::path(environment, app);
        let version = match queue::waiting(self.tree, environment, app)? {
            Linked::Nothing => return Ok(()),
            Linked::Broken(BrokenLink { why, .. }) => {
                let meant = deployment::written_out(self.tree, app, &path)?;
                let fault = QueueFault::Broken(place, why, meant);
                self.found(&path, What::Queue(fault));
                return Ok(());
            }
            Linked::To(version) => version,
        };
        self.counts.queued += 1;
        let runs = deployment::current(self.tree, environment, app)?;
        let fault = if runs == Linked::To(version) {
            QueueFault::Runs(place, version)
        } else if release::manifest(self.tree, app, version, environment)?.is_none() {
            QueueFault::NoManifest(place, version)
        } else if locks.is_empty() {
            QueueFault::Free(place, version)
        } else {
            return Ok(());
        };
        self.found(&path, What::Queue(fault));
        Ok(())
    }
}

impl fmt::Display for QueueFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(_, why, _) => why.fmt(formatter),
            Self::Runs(_, version) => {
                write!(formatter, "holds release {version}, which runs already")
            }
            Self::NoManifest(Place { environment, app }, version) => {
                let path = release::manifest_path(app, *version, environment);
                write!(
                    formatter,
                    "holds release {version}, which has no manifest for `{environment}` (`{path}`)"
                )
            }
            Self::Free(_, version) => write!(
                formatter,
                "holds release {version} back, and no lock is in its way"
            ),
        }
    }
}

impl Told for QueueFault {
    fn kind(&self) -> &'static str {
        match self {
            Self::Broken(..) => "broken-queue",
            Self::Runs(..) => "queued-runs",
            Self::NoManifest(..) => "queued-without-manifest",
            Self::Free(..) => "queued-without-lock",
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Self::Broken(..) => Severity::Error,
            Self::Runs(..) | Self::NoManifest(..) => Severity::Warning,
            Self::Free(..) => Severity::Note,
        }
    }

    fn mend(&self, path: &str) -> Mend {
        match self {
            // What no link says may have been written by somebody.
            Self::Broken(_, BrokenLinkCause::NoFolder, _)
            | Self::Broken(_, BrokenLinkCause::NoLink, None) => removing(path),
            Self::Broken(
                _,
                BrokenLinkCause::NoLink
                | BrokenLinkCause::LeadsElsewhere(_)
                | BrokenLinkCause::Dangling(_),
                _,
            )
            | Self::Runs(..)
            | Self::NoManifest(..) => Mend::Safe,
            Self::Free(place, version) => deploying(place, *version, LocksInForce::None),
        }
    }
}
