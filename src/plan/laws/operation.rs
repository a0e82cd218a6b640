//! Random operations: what a person can ask of the planner.

use std::collections::BTreeMap;

use anyhow::Result;
use proptest::collection::btree_map;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::repository::{APPS, ENVIRONMENTS, GROUPS, LOCKS, TEAMS};
use crate::plan::app;
use crate::plan::deploy::{self, Deploy, DeployTarget, WhenLocked};
use crate::plan::lock::{self, PlaceLock};
use crate::plan::outcome::LockTarget;
use crate::plan::release::{self, NewRelease};
use crate::plan::train::{self, OnLock, TargetKind, Train};
use crate::plan::unlock::{self, RemoveLocks, Which};
use crate::plan::world::run;
use crate::plan::{Done, Ground, Outcome};
use crate::state::{FreeText, Version};
use crate::tree::{Draft, MemoryTree};

/// One operation, in plain words.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    Release {
        app: &'static str,
        version: Option<u64>,
        team: Option<&'static str>,
        manifests: BTreeMap<&'static str, &'static str>,
    },
    Deploy {
        app: &'static str,
        target: Destination,
        version: u64,
        when_locked: WhenLocked,
    },
    Lock(Locked, &'static str),
    /// Without an id, all locks in that place.
    Unlock(Locked, Option<&'static str>, KeepQueue),
    Train(Journey),
    /// A release that takes this app away.
    Undeploy(&'static str),
    DeleteApp(&'static str),
    /// From an environment, an app.
    RemoveApp(&'static str, &'static str),
}

/// Where a deployment goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Destination {
    Environment(&'static str),
    Group(&'static str),
}

/// What is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Locked {
    Environment(&'static str),
    App(&'static str, &'static str),
    Team(&'static str, &'static str),
    Group(&'static str),
    Manifest(&'static str, &'static str),
}

/// What an unlock does with the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeepQueue {
    Yes,
    No,
}

/// A train.
#[derive(Clone, Copy, Debug)]
pub(super) struct Journey {
    pub(super) target: &'static str,
    pub(super) kind: TargetKind,
    pub(super) team: Option<&'static str>,
    pub(super) on_lock: OnLock,
}

impl Operation {
    /// Plans it.
    pub(super) fn plan(&self, draft: &mut Draft, ground: &Ground) -> Result<Outcome> {
        match self {
            Self::Release {
                app,
                version,
                team,
                manifests,
            } => {
                let manifests = manifests.iter();
                let request = NewRelease {
                    purpose: release::Purpose::Deploy,
                    app: app.parse()?,
                    version: version.map(Version::new),
                    team: team.and_then(|team| team.parse().ok()),
                    fields: BTreeMap::new(),
                    manifests: manifests
                        .map(|(name, text)| Ok((name.parse()?, (*text).to_owned())))
                        .collect::<Result<_>>()?,
                };
                release::release(draft, ground, &request)
            }
            Self::Deploy {
                app,
                target,
                version,
                when_locked,
            } => {
                let request = Deploy {
                    app: app.parse()?,
                    target: match target {
                        Destination::Environment(name) => DeployTarget::Environment(name.parse()?),
                        Destination::Group(name) => DeployTarget::Group(name.parse()?),
                    },
                    version: Version::new(*version),
                    when_locked: *when_locked,
                };
                deploy::deploy(draft, ground, &request)
            }
            Self::Lock(locked, id) => {
                let request = PlaceLock {
                    target: locked.target()?,
                    id: id.parse()?,
                    message: FreeText("hold on".to_owned()),
                };
                lock::lock(draft, ground, &request)
            }
            Self::Unlock(locked, id, keep) => {
                let request = RemoveLocks {
                    target: locked.target()?,
                    which: match id {
                        Some(id) => Which::Id(id.parse()?),
                        None => Which::All,
                    },
                    keep_queue: *keep == KeepQueue::Yes,
                };
                unlock::unlock(draft, ground, &request)
            }
            Self::Train(journey) => {
                let prognosis = train::prognose(draft, ground, &journey.request())?;
                let done = Done::Train(train::depart(draft, ground, prognosis)?);
                Ok(Outcome {
                    done,
                    warnings: Vec::new(),
                })
            }
            Self::Undeploy(app) => {
                let request = NewRelease {
                    purpose: release::Purpose::Undeploy,
                    app: app.parse()?,
                    version: None,
                    team: None,
                    fields: BTreeMap::new(),
                    manifests: BTreeMap::new(),
                };
                release::release(draft, ground, &request)
            }
            Self::DeleteApp(app) => app::delete(draft, ground, &app.parse()?),
            Self::RemoveApp(name, app) => {
                app::remove_environment(draft, ground, (&app.parse()?, &name.parse()?))
            }
        }
    }

    /// Whether it may end the life of the app in this place.
    pub(super) fn ends(&self, (environment, app): &(String, String)) -> bool {
        match self {
            Self::DeleteApp(of) => of == app,
            Self::RemoveApp(name, of) => name == environment && of == app,
            Self::Release { .. }
            | Self::Deploy { .. }
            | Self::Lock(..)
            | Self::Unlock(..)
            | Self::Train(_)
            | Self::Undeploy(_) => false,
        }
    }

    /// Whether it may remove the locks that keep the manifest in this place.
    pub(super) fn frees(&self, (environment, app): &(String, String)) -> bool {
        match self {
            Self::Unlock(Locked::Manifest(name, of), ..) => name == environment && of == app,
            Self::Unlock(..)
            | Self::Release { .. }
            | Self::Deploy { .. }
            | Self::Lock(..)
            | Self::Train(_)
            | Self::Undeploy(_)
            | Self::DeleteApp(_)
            | Self::RemoveApp(..) => false,
        }
    }

    /// Carries it out.
    pub(super) fn run(&self, tree: &mut MemoryTree) -> Result<Outcome> {
        run(tree, |draft, ground| self.plan(draft, ground))
    }
}

impl Locked {
    fn target(self) -> Result<LockTarget> {
        Ok(match self {
            Self::Environment(name) => LockTarget::Environment(name.parse()?),
            Self::App(name, app) => LockTarget::App(name.parse()?, app.parse()?),
            Self::Team(name, team) => LockTarget::Team(name.parse()?, team.parse()?),
            Self::Group(name) => LockTarget::Group(name.parse()?),
            Self::Manifest(name, app) => LockTarget::Manifest(name.parse()?, app.parse()?),
        })
    }
}

impl Journey {
    /// The request for it.
    pub(super) fn request(self) -> Train {
        Train {
            target: self.target.parse().expect("a group or an environment"),
            target_kind: self.kind,
            team: self.team.and_then(|team| team.parse().ok()),
            on_lock: self.on_lock,
            source: None,
        }
    }
}

/// The names that random operations take up. Some of them need not exist.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    pub(super) apps: &'static [&'static str],
    pub(super) environments: &'static [&'static str],
}

/// All names.
pub(super) const EVERY: Names = Names {
    apps: &APPS,
    environments: &ENVIRONMENTS,
};

/// Any operation on anything of these names.
pub(super) fn operations(names: Names) -> impl Strategy<Value = Operation> {
    prop_oneof![
        1 => releases(names),
        5 => deployments(names),
        2 => (places(names), lock_ids()).prop_map(|(on, id)| Operation::Lock(on, id)),
        3 => unlocks(names),
        3 => journeys(names).prop_map(Operation::Train),
        1 => ends(names),
    ]
}

/// The end of an app, or a step towards it.
pub(super) fn ends(names: Names) -> impl Strategy<Value = Operation> {
    let app = move || select(names.apps);
    prop_oneof![
        1 => app().prop_map(Operation::Undeploy),
        1 => app().prop_map(Operation::DeleteApp),
        1 => (select(names.environments), app())
            .prop_map(|(name, app)| Operation::RemoveApp(name, app)),
    ]
}

/// Any release.
fn releases(names: Names) -> impl Strategy<Value = Operation> {
    let text = || {
        prop_oneof![
            3 => Just("a: 1"),
            1 => Just("build: 2\na: 1"),
            2 => Just("a: 2"),
            1 => Just(""),
        ]
    };
    let each = names
        .environments
        .iter()
        .map(|name| (*name, "a: 1"))
        .collect();
    let manifests = prop_oneof![
        1 => Just(each),
        1 => btree_map(select(names.environments), text(), 0..=names.environments.len()),
    ];
    let parts = (
        select(names.apps),
        option::weighted(0.3, 1..12_u64),
        option::weighted(0.3, select(&TEAMS[..])),
        manifests,
    );
    parts.prop_map(|(app, version, team, manifests)| Operation::Release {
        app,
        version,
        team,
        manifests,
    })
}

fn deployments(names: Names) -> impl Strategy<Value = Operation> {
    let target = prop_oneof![
        4 => select(names.environments).prop_map(Destination::Environment),
        1 => select(&GROUPS[..]).prop_map(Destination::Group),
    ];
    let when_locked = prop_oneof![
        4 => Just(WhenLocked::Queue),
        1 => Just(WhenLocked::Refuse),
        1 => Just(WhenLocked::Ignore),
    ];
    let parts = (select(names.apps), target, 1..10_u64, when_locked);
    parts.prop_map(|(app, target, version, when_locked)| Operation::Deploy {
        app,
        target,
        version,
        when_locked,
    })
}

fn unlocks(names: Names) -> impl Strategy<Value = Operation> {
    let keep = prop_oneof![4 => Just(KeepQueue::No), 1 => Just(KeepQueue::Yes)];
    let parts = (places(names), option::weighted(0.4, lock_ids()), keep);
    parts.prop_map(|(on, id, keep)| Operation::Unlock(on, id, keep))
}

fn lock_ids() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just(LOCKS[0]), 1 => Just(LOCKS[1])]
}

/// Anything that can be locked.
pub(super) fn places(names: Names) -> impl Strategy<Value = Locked> {
    let name = move || select(names.environments);
    prop_oneof![
        4 => name().prop_map(Locked::Environment),
        3 => (name(), select(names.apps)).prop_map(|(name, app)| Locked::App(name, app)),
        2 => (name(), select(&TEAMS[..])).prop_map(|(name, team)| Locked::Team(name, team)),
        1 => select(&GROUPS[..]).prop_map(Locked::Group),
        2 => (name(), select(names.apps)).prop_map(|(name, app)| Locked::Manifest(name, app)),
    ]
}

/// Any train.
pub(super) fn journeys(names: Names) -> impl Strategy<Value = Journey> {
    let kind = prop_oneof![
        6 => Just(TargetKind::Unknown),
        1 => Just(TargetKind::Environment),
        1 => Just(TargetKind::Group),
    ];
    let on_lock = prop_oneof![
        4 => Just(OnLock::Queue),
        1 => Just(OnLock::Skip),
        1 => Just(OnLock::Fail),
    ];
    let target = prop_oneof![
        2 => select(names.environments),
        1 => select(&GROUPS[..]),
    ];
    let team = option::weighted(0.2, select(&TEAMS[..]));
    let parts = (target, kind, team, on_lock);
    parts.prop_map(|(target, kind, team, on_lock)| Journey {
        target,
        kind,
        team,
        on_lock,
    })
}
