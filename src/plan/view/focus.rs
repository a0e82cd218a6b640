//! The part of a repository that a view shows.

use anyhow::Result;

use crate::plan::{Ground, known};
use crate::state::{
    AppName, EnvName, Environment, GroupName, LockScope, PlacedLock, TeamName, release,
};
use crate::tree::ReadTree;

/// The part of a repository that a view shows. What is not named is not limited.
#[derive(Clone, Debug, Default)]
pub(crate) struct Focus {
    pub(crate) app: Option<AppName>,
    pub(crate) environment: Option<EnvName>,
    pub(crate) group: Option<GroupName>,
    pub(crate) team: Option<TeamName>,
}

impl Focus {
    /// Fails if there is no such app, environment, group or team.
    pub(crate) fn check(&self, tree: &dyn ReadTree, ground: &Ground) -> Result<()> {
        if let Some(app) = &self.app {
            known::app(tree, ground, app)?;
        }
        if let Some(team) = &self.team {
            known::team(tree, team)?;
        }
        self.environments(ground).map(|_| ())
    }

    /// The environments, the nearest to the releases first. Fails if there is no such environment or group.
    pub(crate) fn environments<'a>(&self, ground: &'a Ground) -> Result<Vec<&'a Environment>> {
        if let Some(name) = &self.environment {
            return Ok(vec![known::environment(ground, name)?]);
        }
        if let Some(name) = &self.group {
            known::group(ground, name)?;
        }
        let mut environments = ground.environments.by_distance();
        if let Some(group) = &self.group {
            environments.retain(|each| each.group.as_ref() == Some(group));
        }
        Ok(environments)
    }

    /// Whether the view shows an app.
    pub(crate) fn shows(&self, tree: &dyn ReadTree, app: &AppName) -> Result<bool> {
        if self.app.as_ref().is_some_and(|asked| asked != app) {
            return Ok(false);
        }
        match &self.team {
            Some(team) => Ok(release::team(tree, app)?.as_ref() == Some(team)),
            None => Ok(true),
        }
    }

    /// Whether a lock on one of the environments concerns an app that the view shows.
    pub(crate) fn concerns(&self, tree: &dyn ReadTree, lock: &PlacedLock) -> Result<bool> {
        match &lock.scope {
            LockScope::Environment(_) => Ok(true),
            LockScope::App(_, app) | LockScope::Manifest(_, app) => self.shows(tree, app),
            LockScope::Team(_, team) => {
                if self.team.as_ref().is_some_and(|asked| asked != team) {
                    return Ok(false);
                }
                match &self.app {
                    Some(app) => Ok(release::team(tree, app)?.as_ref() == Some(team)),
                    None => Ok(true),
                }
            }
        }
    }
}
