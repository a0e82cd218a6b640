//! What a train will do: for each environment and each app, whether it goes, and why not.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;

use super::{AppSkip, Details, EnvironmentSkip, QueueMove};
use crate::plan::{Ground, Refusal, Source};
use crate::state::release::ReleaseKind;
use crate::state::{AppName, EnvName, GroupName, LockScope, TeamName, Upstream, Version};
use crate::tree::Content;

/// Where a train goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Environment(EnvName),
    Group(GroupName),
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(environment) => write!(formatter, "environment {environment}"),
            Self::Group(group) => write!(formatter, "group {group}"),
        }
    }
}

/// What a train will do, decided on one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prognosis {
    pub(crate) target: Target,
    /// When the upstreams ran what the train takes, if not now.
    pub(crate) source: Option<Source>,
    pub(crate) team: Option<TeamName>,
    pub(crate) environments: BTreeMap<EnvName, EnvironmentPrognosis>,
}

/// What a train will do on one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EnvironmentPrognosis {
    Skipped(EnvironmentSkip),
    Runs {
        upstream: Upstream,
        apps: BTreeMap<AppName, AppPrognosis>,
    },
}

/// What a train will do with one app on one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppPrognosis {
    /// What runs there before.
    pub(crate) current: Option<Version>,
    pub(crate) fate: AppFate,
    pub(crate) details: Details,
}

/// Goes or stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AppFate {
    Deploys {
        to: Version,
        kind: ReleaseKind,
        manifest: Content,
    },
    Skipped(AppSkip),
}

impl Prognosis {
    /// What the train is limited to, in phrases that follow its target.
    pub(crate) fn limits(&self) -> String {
        let team = self.team.as_ref().map(|team| format!(", team {team}"));
        let source = self.source.as_ref();
        let source = source.map(|source| format!(", as of {source}"));
        team.into_iter().chain(source).collect()
    }

    /// Every app that is looked at, by environment and name.
    pub(crate) fn apps(&self) -> impl Iterator<Item = (&EnvName, &AppName, &AppPrognosis)> {
        self.environments
            .iter()
            .flat_map(|(environment, prognosis)| {
                let apps = match prognosis {
                    EnvironmentPrognosis::Runs { apps, .. } => Some(apps),
                    EnvironmentPrognosis::Skipped(_) => None,
                };
                let apps = apps.into_iter().flatten();
                apps.map(move |(app, prognosis)| (environment, app, prognosis))
            })
    }

    /// Whether the train changes anything.
    pub(crate) fn changes_something(&self) -> bool {
        self.apps().any(|(_, _, prognosis)| match &prognosis.fate {
            AppFate::Deploys { .. } => true,
            AppFate::Skipped(skip) => skip
                .held()
                .is_some_and(|held| matches!(held.queue, QueueMove::Put { .. })),
        })
    }

    /// The faults of the environments, if every one has a fault.
    pub(crate) fn faults(&self) -> Vec<(&EnvName, &EnvironmentSkip)> {
        let mut faults = Vec::new();
        for (name, prognosis) in &self.environments {
            match prognosis {
                EnvironmentPrognosis::Skipped(skip) if skip.is_fault() => faults.push((name, skip)),
                EnvironmentPrognosis::Skipped(_) | EnvironmentPrognosis::Runs { .. } => {
                    return Vec::new();
                }
            }
        }
        faults
    }

    /// Refuses the whole train if any lock is in its way.
    pub(super) fn unhindered(self, ground: &Ground) -> Result<Self> {
        let mut locks = Vec::new();
        for prognosis in self.environments.values() {
            match prognosis {
                EnvironmentPrognosis::Skipped(skip) => locks.extend_from_slice(skip.locks()),
                EnvironmentPrognosis::Runs { apps, .. } => {
                    let skips = apps.values().filter_map(|app| match &app.fate {
                        AppFate::Skipped(skip) => skip.held(),
                        AppFate::Deploys { .. } => None,
                    });
                    locks.extend(skips.flat_map(|held| held.locks.clone()));
                }
            }
        }
        if locks.is_empty() {
            return Ok(self);
        }
        Err(Refusal::Locked {
            what: format!("the way to {}", self.target),
            // Behind the lock of an environment nothing is queued: it is skipped as a whole.
            queue: !locks
                .iter()
                .any(|placed| matches!(placed.scope, LockScope::Environment(_))),
            locks,
            now: ground.context.now,
        }
        .into())
    }
}
