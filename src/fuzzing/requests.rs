//! Arbitrary requests: everything that a person can ask of the planner.

use std::collections::BTreeMap;

use anyhow::Result;
use arbitrary::Unstructured;

use super::shop::{APPS, COMMITS, ENVIRONMENTS, GROUPS, LOCKS, MANIFESTS, TEAMS};
use super::words::hostile;
use crate::plan::deploy::{self, Deploy, DeployTarget, WhenLocked};
use crate::plan::environment::{self, Configure, When};
use crate::plan::lock::{self, PlaceLock};
use crate::plan::outcome::LockTarget;
use crate::plan::release::{self, NewRelease, Purpose};
use crate::plan::render::{self, RenderTarget};
use crate::plan::train::{self, OnLock, TargetKind, Train};
use crate::plan::unlock::{self, RemoveLocks, Which};
use crate::plan::{Done, Ground, Outcome, app};
use crate::state::config::ConfigEdit;
use crate::state::release::Field;
use crate::state::{AppName, EnvName, FreeText, Upstream, Version};
use crate::tree::Draft;

/// What is asked for.
pub(super) enum Request {
    Release(NewRelease),
    Deploy(Deploy),
    Lock(PlaceLock),
    Unlock(RemoveLocks),
    Train(Train),
    DeleteApp(AppName),
    RemoveApp(AppName, EnvName),
    Configure(Box<Configure>),
    DeleteEnvironment(EnvName),
    Render(RenderTarget),
}

fn one<T: std::str::FromStr>(left: &mut Unstructured, names: &[&str]) -> T {
    let name = left.choose(names).copied().unwrap_or(names[0]);
    let parsed = name.parse().ok();
    parsed.expect("all of these are names")
}

fn flag(left: &mut Unstructured) -> bool {
    left.arbitrary().unwrap_or(false)
}

/// Any request.
pub(super) fn request(left: &mut Unstructured) -> Request {
    match left.int_in_range(0..=12_u8).unwrap_or(0) {
        0 | 1 => Request::Release(release(left)),
        2 | 3 => Request::Deploy(deploy(left)),
        4 => Request::Lock(PlaceLock {
            target: target(left),
            id: one(left, &LOCKS),
            message: FreeText(hostile(left)),
        }),
        5 | 6 => Request::Unlock(RemoveLocks {
            target: target(left),
            which: if flag(left) {
                Which::Id(one(left, &LOCKS))
            } else {
                Which::All
            },
            keep_queue: flag(left),
        }),
        7 | 8 => Request::Train(journey(left)),
        9 => Request::DeleteApp(one(left, &APPS)),
        10 => Request::RemoveApp(one(left, &APPS), one(left, &ENVIRONMENTS)),
        11 => {
            if flag(left) {
                Request::Configure(Box::new(configure(left)))
            } else {
                Request::DeleteEnvironment(one(left, &ENVIRONMENTS))
            }
        }
        _ => Request::Render(match left.int_in_range(0..=2_u8).unwrap_or(0) {
            0 => RenderTarget::All,
            1 => RenderTarget::Environment(one(left, &ENVIRONMENTS)),
            _ => RenderTarget::Group(one(left, &GROUPS)),
        }),
    }
}

fn release(left: &mut Unstructured) -> NewRelease {
    let version = flag(left).then(|| left.int_in_range(1..=11_u64).unwrap_or(1));
    let team = flag(left).then(|| one(left, &TEAMS));
    let mut fields = BTreeMap::new();
    if flag(left) {
        let commit: String = one(left, &COMMITS);
        fields.insert(Field::SourceCommitId, commit);
        fields.insert(Field::PreviousCommitId, one(left, &COMMITS));
    }
    if flag(left) {
        fields.insert(Field::SourceMessage, hostile(left));
        fields.insert(Field::SourceAuthor, hostile(left));
    }
    let purpose = match left.int_in_range(0..=3_u8).unwrap_or(0) {
        0 => Purpose::Undeploy,
        _ => Purpose::Deploy,
    };
    let mut manifests = BTreeMap::new();
    if purpose == Purpose::Deploy {
        for _ in 0..left.int_in_range(0..=3_u8).unwrap_or(0) {
            let name: EnvName = one(left, &ENVIRONMENTS);
            manifests.insert(name, one(left, &MANIFESTS));
        }
    }
    NewRelease {
        purpose,
        app: one(left, &APPS),
        version: version.map(Version::new),
        team,
        fields,
        manifests,
    }
}

fn deploy(left: &mut Unstructured) -> Deploy {
    Deploy {
        app: one(left, &APPS),
        target: if flag(left) {
            DeployTarget::Environment(one(left, &ENVIRONMENTS))
        } else {
            DeployTarget::Group(one(left, &GROUPS))
        },
        version: Version::new(left.int_in_range(1..=9).unwrap_or(1)),
        when_locked: match left.int_in_range(0..=2_u8).unwrap_or(0) {
            0 => WhenLocked::Queue,
            1 => WhenLocked::Refuse,
            _ => WhenLocked::Ignore,
        },
    }
}

fn target(left: &mut Unstructured) -> LockTarget {
    match left.int_in_range(0..=4_u8).unwrap_or(0) {
        0 => LockTarget::Environment(one(left, &ENVIRONMENTS)),
        1 => LockTarget::App(one(left, &ENVIRONMENTS), one(left, &APPS)),
        2 => LockTarget::Team(one(left, &ENVIRONMENTS), one(left, &TEAMS)),
        3 => LockTarget::Group(one(left, &GROUPS)),
        _ => LockTarget::Manifest(one(left, &ENVIRONMENTS), one(left, &APPS)),
    }
}

fn journey(left: &mut Unstructured) -> Train {
    Train {
        target: one(left, &["dev", "staging", "prod-de", "gone", "prod"]),
        target_kind: match left.int_in_range(0..=3_u8).unwrap_or(0) {
            0 => TargetKind::Environment,
            1 => TargetKind::Group,
            _ => TargetKind::Unknown,
        },
        team: left.ratio(1, 5).unwrap_or(false).then(|| one(left, &TEAMS)),
        on_lock: match left.int_in_range(0..=3_u8).unwrap_or(0) {
            0 => OnLock::Skip,
            1 => OnLock::Fail,
            _ => OnLock::Queue,
        },
        source: None,
    }
}

fn configure(left: &mut Unstructured) -> Configure {
    Configure {
        environment: one(left, &ENVIRONMENTS),
        when: When::Either,
        config: None,
        edit: ConfigEdit {
            upstream: Some(if flag(left) {
                Upstream::Latest
            } else {
                Upstream::Environment(one(left, &ENVIRONMENTS))
            }),
            group: flag(left).then(|| one(left, &GROUPS)),
            ..ConfigEdit::default()
        },
    }
}

impl Request {
    /// Plans it.
    pub(super) fn plan(&self, draft: &mut Draft, ground: &Ground) -> Result<Outcome> {
        match self {
            Self::Release(request) => release::release(draft, ground, request),
            Self::Deploy(request) => deploy::deploy(draft, ground, request),
            Self::Lock(request) => lock::lock(draft, ground, request),
            Self::Unlock(request) => unlock::unlock(draft, ground, request),
            Self::Train(request) => {
                let prognosis = train::prognose(draft, ground, request)?;
                let done = Done::Train(train::depart(draft, ground, prognosis)?);
                let warnings = Vec::new();
                Ok(Outcome { done, warnings })
            }
            Self::DeleteApp(name) => app::delete(draft, ground, name),
            Self::RemoveApp(name, environment) => {
                app::remove_environment(draft, ground, (name, environment))
            }
            Self::Configure(request) => environment::configure(draft, ground, request),
            Self::DeleteEnvironment(name) => environment::delete(draft, ground, name),
            Self::Render(target) => render::render(draft, ground, target),
        }
    }

    /// Whether the same once more changes nothing.
    pub(super) fn is_idempotent(&self) -> bool {
        match self {
            Self::Release(request) => {
                request.version.is_some() && request.purpose == Purpose::Deploy
            }
            // What one environment of a group takes with the first train, another one may take with the second.
            Self::Train(request) => request.target_kind == TargetKind::Environment,
            Self::Deploy(_)
            | Self::Lock(_)
            | Self::Unlock(_)
            | Self::DeleteApp(_)
            | Self::RemoveApp(..)
            | Self::Configure(_)
            | Self::DeleteEnvironment(_)
            | Self::Render(_) => true,
        }
    }

    /// What somebody typed.
    pub(super) fn typed(&self) -> &str {
        match self {
            Self::Lock(request) => request.message.raw(),
            Self::Release(request) => request
                .fields
                .get(&Field::SourceMessage)
                .map_or("", String::as_str),
            Self::Deploy(_)
            | Self::Unlock(_)
            | Self::Train(_)
            | Self::DeleteApp(_)
            | Self::RemoveApp(..)
            | Self::Configure(_)
            | Self::DeleteEnvironment(_)
            | Self::Render(_) => "",
        }
    }
}
