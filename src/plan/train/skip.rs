//! Why a train leaves an environment or an app out, in words and in the names of kuberpult's protocol.

use std::fmt;

use crate::state::deployment::BrokenLink;
use crate::state::environment::NoUpstream;
use crate::state::{PlacedLock, Version};

/// Why an environment is left out as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EnvironmentSkip {
    NoUpstream(NoUpstream),
    Locked(Vec<PlacedLock>),
}

/// A skip cause of kuberpult's protocol: its name and, where kuberpult has it, its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) name: &'static str,
    pub(crate) number: Option<u8>,
}

impl Cause {
    const fn known(name: &'static str, number: u8) -> Self {
        Self {
            name,
            number: Some(number),
        }
    }

    const fn ours(name: &'static str) -> Self {
        Self { name, number: None }
    }
}

impl EnvironmentSkip {
    /// Its name in the protocol.
    pub(crate) fn cause(&self) -> Cause {
        match self {
            Self::NoUpstream(NoUpstream::Missing) => Cause::known("ENV_HAS_NO_UPSTREAM", 0),
            Self::NoUpstream(NoUpstream::Empty) => {
                Cause::known("ENV_HAS_NO_UPSTREAM_LATEST_OR_UPSTREAM_ENV", 1)
            }
            Self::NoUpstream(NoUpstream::Both) => {
                Cause::known("ENV_HAS_BOTH_UPSTREAM_LATEST_AND_UPSTREAM_ENV", 2)
            }
            Self::NoUpstream(NoUpstream::Unknown(_)) => {
                Cause::known("UPSTREAM_ENV_CONFIG_NOT_FOUND", 3)
            }
            Self::Locked(_) => Cause::known("ENV_IS_LOCKED", 4),
            Self::NoUpstream(NoUpstream::Cycle(_)) => Cause::ours("ENV_UPSTREAMS_FORM_A_CYCLE"),
            Self::NoUpstream(NoUpstream::Unreadable(_)) => Cause::ours("ENV_CONFIG_IS_INVALID"),
        }
    }

    /// Whether the config must be mended before any train can go there.
    pub(crate) fn is_fault(&self) -> bool {
        match self {
            Self::NoUpstream(
                NoUpstream::Both
                | NoUpstream::Unknown(_)
                | NoUpstream::Cycle(_)
                | NoUpstream::Unreadable(_),
            ) => true,
            Self::NoUpstream(NoUpstream::Missing | NoUpstream::Empty) | Self::Locked(_) => false,
        }
    }

    /// The locks in the way.
    pub(crate) fn locks(&self) -> &[PlacedLock] {
        match self {
            Self::Locked(locks) => locks,
            Self::NoUpstream(_) => &[],
        }
    }
}

impl fmt::Display for EnvironmentSkip {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoUpstream(why) => why.fmt(formatter),
            Self::Locked(_) => formatter.write_str("the environment is locked"),
        }
    }
}

/// Why an app is left out on an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AppSkip {
    NothingUpstream,
    AlreadyThere(Version),
    AppLocked(Held),
    NotInEnvironment(Version),
    TeamLocked(Held),
    /// A link is broken.
    Broken(BrokenLink),
    /// The release that ran upstream at an earlier point has been removed since.
    Gone(Version),
    /// The upstream runs a release of later kuberpult.
    Revision(Version),
}

/// A version that locks hold back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// What would be deployed.
    pub(crate) version: Version,
    pub(crate) queue: QueueMove,
    pub(crate) locks: Vec<PlacedLock>,
}

/// What a train does to the queue of a locked app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QueueMove {
    /// Nothing.
    None,
    /// The version waits there already.
    Waits,
    /// Puts the version in, in place of the one that waited.
    Put { replaced: Option<Version> },
}

impl AppSkip {
    /// Its name in the protocol.
    pub(crate) fn cause(&self) -> Cause {
        match self {
            Self::NothingUpstream => Cause::known("APP_HAS_NO_VERSION_IN_UPSTREAM_ENV", 0),
            Self::AlreadyThere(_) => Cause::known("APP_ALREADY_IN_UPSTREAM_VERSION", 1),
            Self::AppLocked(_) => Cause::known("APP_IS_LOCKED", 2),
            Self::NotInEnvironment(_) => Cause::known("APP_DOES_NOT_EXIST_IN_ENV", 3),
            Self::TeamLocked(_) => Cause::known("TEAM_IS_LOCKED", 5),
            Self::Broken(_) => Cause::ours("APP_LINK_IS_BROKEN"),
            Self::Revision(_) => Cause::ours("APP_VERSION_HAS_REVISION"),
            // kuberpult calls it by the number of a release without a manifest.
            Self::Gone(_) => Cause::known("APP_RELEASE_IS_GONE", 3),
        }
    }

    /// What locks hold back, if they do.
    pub(crate) fn held(&self) -> Option<&Held> {
        match self {
            Self::AppLocked(held) | Self::TeamLocked(held) => Some(held),
            Self::NothingUpstream
            | Self::AlreadyThere(_)
            | Self::NotInEnvironment(_)
            | Self::Broken(_)
            | Self::Gone(_)
            | Self::Revision(_) => None,
        }
    }
}

impl fmt::Display for AppSkip {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingUpstream => write!(formatter, "no version upstream"),
            Self::AlreadyThere(version) => write!(formatter, "already runs {version}"),
            Self::AppLocked(_) => write!(formatter, "the app is locked"),
            Self::NotInEnvironment(version) => {
                write!(
                    formatter,
                    "release {version} has no manifest for this environment"
                )
            }
            Self::TeamLocked(_) => write!(formatter, "its team is locked"),
            Self::Broken(broken) => broken.fmt(formatter),
            Self::Gone(version) => {
                write!(formatter, "release {version} has been removed since")
            }
            Self::Revision(version) => {
                write!(
                    formatter,
                    "release {version} has a revision, which trainyard does not deploy"
                )
            }
        }
    }
}
