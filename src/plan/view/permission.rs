//! Whether an app can be deployed to an environment now, and everything that speaks against it.

use std::fmt;

use anyhow::Result;

use crate::plan::train::{AppSkip, EnvironmentSkip, version_upstream};
use crate::plan::{Ground, known};
use crate::state::deployment::{self, BrokenLink, Linked};
use crate::state::environment::NoUpstream;
use crate::state::{
    AppName, EnvName, Environment, Locks, PlacedLock, Upstream, Version, lock, release,
};
use crate::tree::ReadTree;

/// Asks whether a release, or whatever comes next, can be deployed.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) app: AppName,
    pub(crate) environment: EnvName,
    /// This release; else the one that the next train would bring.
    pub(crate) version: Option<Version>,
}

/// The answer: yes, if there are no obstacles.
#[derive(Debug)]
pub(crate) struct Permission {
    pub(crate) app: AppName,
    pub(crate) environment: EnvName,
    /// What would be deployed, if that is known.
    pub(crate) version: Option<Version>,
    /// What runs there.
    pub(crate) runs: Option<Version>,
    /// All that speaks against it.
    pub(crate) obstacles: Vec<Obstacle>,
    /// The locks that keep the manifest as it is: the version would be deployed, and the cluster not see it.
    pub(crate) keeping: Vec<PlacedLock>,
}

/// What speaks against a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// It would be queued.
    Locked(PlacedLock),
    /// The release has no manifest for the environment.
    NoManifest(Version),
    /// The release is one of later kuberpult.
    Revision(Version),
    /// No train can come; or, if the config cannot be read, nothing at all.
    NoUpstream(NoUpstream),
    /// A train would find nothing to bring.
    NothingUpstream(Upstream),
    /// A train would find a broken link where the version should stand.
    Broken(BrokenLink),
}

impl Obstacle {
    /// The name for programs: kuberpult's for a skipped train where it has one.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Locked(_) => "LOCKED",
            Self::NoManifest(_) => "APP_DOES_NOT_EXIST_IN_ENV",
            Self::Revision(_) => "APP_VERSION_HAS_REVISION",
            Self::NoUpstream(why) => EnvironmentSkip::NoUpstream(why.clone()).cause().name,
            Self::NothingUpstream(_) => "APP_HAS_NO_VERSION_IN_UPSTREAM_ENV",
            Self::Broken(_) => "APP_LINK_IS_BROKEN",
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked(lock) => write!(formatter, "{} is locked", lock.scope),
            Self::NoManifest(version) => {
                write!(formatter, "release {version} has no manifest for it")
            }
            Self::Revision(version) => {
                let skip = AppSkip::Revision(*version);
                skip.fmt(formatter)
            }
            Self::NoUpstream(why) => why.fmt(formatter),
            Self::NothingUpstream(Upstream::Latest) => write!(formatter, "there is no release"),
            Self::NothingUpstream(Upstream::Environment(name)) => {
                write!(formatter, "nothing runs on {name}, its upstream")
            }
            Self::Broken(broken) => broken.fmt(formatter),
        }
    }
}

impl Permission {
    /// Whether it can be deployed now.
    pub(crate) fn is_given(&self) -> bool {
        self.obstacles.is_empty()
    }
}

/// Finds all that speaks against a deployment.
pub(crate) fn ask(tree: &dyn ReadTree, ground: &Ground, question: &Question) -> Result<Permission> {
    let Question {
        app,
        environment,
        version,
    } = question;
    let environment = known::environment(ground, environment)?;
    known::app(tree, ground, app)?;
    let mut obstacles = Vec::new();
    let version = match version {
        Some(version) => {
            known::version(tree, app, *version)?;
            if let Err(why @ NoUpstream::Unreadable(_)) = &environment.upstream {
                obstacles.push(Obstacle::NoUpstream(why.clone()));
            }
            Some(*version)
        }
        None => match next(tree, environment, app)? {
            Ok(version) => Some(version),
            Err(obstacle) => {
                obstacles.push(obstacle);
                None
            }
        },
    };
    let name = &environment.name;
    if let Some(version) = version {
        if version.has_revision() {
            obstacles.push(Obstacle::Revision(version));
        }
        if release::manifest(tree, app, version, name)?.is_none() {
            obstacles.push(Obstacle::NoManifest(version));
        }
    }
    let runs = deployment::current(tree, name, app)?;
    let runs = runs.version().ok().flatten();
    // As for a deployment: what runs already waits for no lock.
    if version.is_none() || runs != version {
        let locks = Locks::read(tree, name)?.in_force(tree, app)?;
        obstacles.extend(locks.into_iter().map(Obstacle::Locked));
    }
    Ok(Permission {
        app: app.clone(),
        environment: name.clone(),
        version,
        runs,
        obstacles,
        keeping: lock::on_manifest(tree, name, app)?,
    })
}

/// What the next train would bring.
fn next(
    tree: &dyn ReadTree,
    environment: &Environment,
    app: &AppName,
) -> Result<Result<Version, Obstacle>> {
    let upstream = match &environment.upstream {
        Ok(upstream) => upstream,
        Err(why) => return Ok(Err(Obstacle::NoUpstream(why.clone()))),
    };
    Ok(match version_upstream(tree, upstream, app)? {
        Linked::To(version) => Ok(version),
        Linked::Nothing => Err(Obstacle::NothingUpstream(upstream.clone())),
        Linked::Broken(broken) => Err(Obstacle::Broken(broken)),
    })
}

#[cfg(test)]
mod tests;
