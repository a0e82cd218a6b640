//! What a tree says, without its files: releases, environments, what runs and waits where, and locks.

use std::collections::{BTreeMap, BTreeSet};

/// A yard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) apps: BTreeMap<String, App>,
    pub(super) environments: BTreeMap<String, Environment>,
    /// By environment and app; only where something runs or waits.
    pub(super) spots: BTreeMap<(String, String), Spot>,
    pub(super) locks: BTreeSet<Lock>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct App {
    pub(super) team: Option<String>,
    pub(super) releases: BTreeMap<u64, Release>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Release {
    pub(super) manifests: BTreeMap<String, String>,
    pub(super) undeploys: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Environment {
    pub(super) upstream: Upstream,
    pub(super) group: Option<String>,
    pub(super) has_project: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Upstream {
    None,
    Latest,
    Environment(String),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) runs: Option<u64>,
    pub(super) waits: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lock {
    pub(super) environment: String,
    pub(super) on: On,
    pub(super) id: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum On {
    All,
    App(String),
    Team(String),
    Manifest(String),
}

impl State {
    pub(super) fn spot(&self, environment: &str, app: &str) -> Spot {
        let place = (environment.to_owned(), app.to_owned());
        self.spots.get(&place).copied().unwrap_or_default()
    }

    /// What runs and waits in a place from now on.
    pub(super) fn set(&mut self, environment: &str, app: &str, spot: Spot) {
        let place = (environment.to_owned(), app.to_owned());
        if spot == Spot::default() {
            self.spots.remove(&place);
        } else {
            self.spots.insert(place, spot);
        }
    }

    pub(super) fn team(&self, app: &str) -> Option<&str> {
        self.apps.get(app)?.team.as_deref()
    }

    /// Which locks hold an app back.
    pub(super) fn in_force(&self, environment: &str, app: &str) -> impl Iterator<Item = &Lock> {
        let team = self.team(app);
        self.locks.iter().filter(move |lock| {
            lock.environment == environment
                && match &lock.on {
                    On::All => true,
                    On::App(name) => name == app,
                    On::Team(name) => Some(name.as_str()) == team,
                    On::Manifest(_) => false,
                }
        })
    }

    pub(super) fn is_locked(&self, environment: &str, app: &str) -> bool {
        self.in_force(environment, app).next().is_some()
    }

    pub(super) fn has_manifest(&self, app: &str, version: u64, environment: &str) -> bool {
        let release = self
            .apps
            .get(app)
            .and_then(|app| app.releases.get(&version));
        release.is_some_and(|release| release.manifests.contains_key(environment))
    }

    pub(super) fn highest(&self, app: &str) -> Option<u64> {
        self.apps.get(app)?.releases.keys().next_back().copied()
    }

    /// The environments of a group; one without a group is a group by itself.
    pub(super) fn members(&self, group: &str) -> Vec<String> {
        let members = self
            .environments
            .iter()
            .filter(|(name, each)| each.group.as_deref().unwrap_or(name.as_str()) == group);
        members.map(|(name, _)| name.clone()).collect()
    }
}

/// What no order of operations can bring about.
pub(super) fn faults(state: &State) -> Vec<String> {
    let mut faults = Vec::new();
    for ((environment, app), spot) in &state.spots {
        let place = format!("{app} on {environment}");
        if !state.environments.contains_key(environment) {
            faults.push(format!("{place}: there is no such environment"));
        }
        for version in [spot.runs, spot.waits].into_iter().flatten() {
            if !state.has_manifest(app, version, environment) {
                faults.push(format!(
                    "{place}: release {version} is not there, or has no manifest"
                ));
            }
        }
        if spot.waits.is_some() && spot.waits == spot.runs {
            faults.push(format!("{place}: what runs waits, too"));
        }
    }
    for (name, environment) in &state.environments {
        let mut seen = BTreeSet::from([name]);
        let mut next = environment;
        while let Upstream::Environment(upstream) = &next.upstream {
            let Some(found) = state.environments.get(upstream) else {
                faults.push(format!("{name}: its upstream `{upstream}` is not there"));
                break;
            };
            if !seen.insert(upstream) {
                faults.push(format!("{name}: its upstreams form a cycle"));
                break;
            }
            next = found;
        }
    }
    for lock in &state.locks {
        if !state.environments.contains_key(&lock.environment) {
            faults.push(format!("{lock:?}: there is no such environment"));
        }
    }
    faults
}
