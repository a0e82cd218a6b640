//! The release train: deploys to its target what runs on the upstream, for all apps at once.
//! `prognose` decides and cannot write; `depart` writes what was decided and decides nothing.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;

use super::cleanup::clean_up;
use super::deploy::Place;
use super::{Ground, Refusal, known};
use crate::state::deployment::{self, BrokenLink, Linked};
use crate::state::environment::NoUpstream;
use crate::state::{
    AppName, EnvName, Environment, GroupName, Locks, PlacedLock, TeamName, Upstream, Version,
    queue, release,
};
use crate::tree::{Content, Draft, ReadTree};

/// What the target's name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetKind {
    Environment,
    Group,
    /// A group, or else an environment.
    Unknown,
}

/// What a train does about app and team locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnLock {
    /// Queues the version and goes on.
    Queue,
    /// Leaves the queue alone and goes on.
    Skip,
    /// Does not depart.
    Fail,
}

/// A train to run or to foresee.
#[derive(Clone, Debug)]
pub(crate) struct Train {
    /// A group or an environment; the name fits both.
    pub(crate) target: GroupName,
    pub(crate) target_kind: TargetKind,
    /// Takes the apps of this team only.
    pub(crate) team: Option<TeamName>,
    pub(crate) on_lock: OnLock,
}

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
}

/// Goes or stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AppFate {
    Deploys { to: Version, manifest: Content },
    Skipped(AppSkip),
}

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
            Self::Revision(version) => {
                write!(
                    formatter,
                    "release {version} has a revision, which trainyard does not deploy"
                )
            }
        }
    }
}

/// What a train did: its prognosis, and the old releases that were cleaned up.
#[derive(Debug)]
pub(crate) struct TrainRun {
    pub(crate) prognosis: Prognosis,
    pub(crate) removed: BTreeMap<AppName, Vec<Version>>,
}

/// Decides what the train does, on the state as it is: no environment takes what the same train puts upstream of it.
pub(crate) fn prognose(tree: &dyn ReadTree, ground: &Ground, request: &Train) -> Result<Prognosis> {
    let (target, environments) = resolve(ground, request)?;
    let mut prognoses = BTreeMap::new();
    for environment in environments {
        let prognosis = prognose_environment(tree, request, environment)?;
        prognoses.insert(environment.name.clone(), prognosis);
    }
    let prognosis = Prognosis {
        target,
        team: request.team.clone(),
        environments: prognoses,
    };
    match request.on_lock {
        OnLock::Fail => prognosis.unhindered(ground),
        OnLock::Queue | OnLock::Skip => Ok(prognosis),
    }
}

/// Writes what the prognosis says.
pub(crate) fn depart(draft: &mut Draft, ground: &Ground, prognosis: Prognosis) -> Result<TrainRun> {
    let mut removed = BTreeMap::new();
    let mut deployed = std::collections::BTreeSet::new();
    for (environment, app, prognosis) in prognosis.apps() {
        let place = Place { environment, app };
        match &prognosis.fate {
            AppFate::Deploys { to, manifest } => {
                place.point(draft, ground, *to, manifest.clone())?;
                deployed.insert(app.clone());
            }
            AppFate::Skipped(skip) => {
                if let Some(Held {
                    version,
                    queue: QueueMove::Put { .. },
                    ..
                }) = skip.held()
                {
                    queue::put(draft, environment, app, *version)?;
                }
            }
        }
    }
    for app in deployed {
        let old = clean_up(draft, ground, &app)?;
        if !old.is_empty() {
            removed.insert(app, old);
        }
    }
    Ok(TrainRun { prognosis, removed })
}

impl Prognosis {
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
    fn unhindered(self, ground: &Ground) -> Result<Self> {
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
            what: format!("the way of the train to {}", self.target),
            locks,
            now: ground.context.now,
        }
        .into())
    }
}

/// The environments of the target: those of the group, or else the one of that name.
fn resolve<'a>(ground: &'a Ground, request: &Train) -> Result<(Target, Vec<&'a Environment>)> {
    let group = || known::group(ground, &request.target);
    let environment = || {
        let name: EnvName = request.target.as_ref().parse()?;
        let environment = known::environment(ground, &name)?;
        Ok((Target::Environment(name), vec![environment]))
    };
    match request.target_kind {
        TargetKind::Environment => environment(),
        TargetKind::Group => Ok((Target::Group(request.target.clone()), group()?)),
        TargetKind::Unknown => match group() {
            Ok(members) => Ok((Target::Group(request.target.clone()), members)),
            Err(_) => environment().map_err(|_: anyhow::Error| {
                let environments = ground.environments.iter().map(|each| each.name.to_string());
                let groups = ground
                    .environments
                    .groups()
                    .into_iter()
                    .map(ToString::to_string);
                let mut names: Vec<_> = environments.chain(groups).collect();
                names.sort();
                names.dedup();
                let what = "environment or environment group";
                known::unknown(what, request.target.as_ref(), names.into_iter()).into()
            }),
        },
    }
}

/// The first that holds, in this order: no usable upstream, the environment is locked; else its apps.
fn prognose_environment(
    tree: &dyn ReadTree,
    request: &Train,
    environment: &Environment,
) -> Result<EnvironmentPrognosis> {
    let upstream = match &environment.upstream {
        Ok(upstream) => upstream.clone(),
        Err(why) => {
            let skip = EnvironmentSkip::NoUpstream(why.clone());
            return Ok(EnvironmentPrognosis::Skipped(skip));
        }
    };
    let locks = Locks::read(tree, &environment.name)?;
    if !locks.on_environment().is_empty() {
        let skip = EnvironmentSkip::Locked(locks.on_environment().to_vec());
        return Ok(EnvironmentPrognosis::Skipped(skip));
    }
    let candidates = match &upstream {
        Upstream::Latest => release::apps(tree)?,
        Upstream::Environment(name) => deployment::apps(tree, name)?,
    };
    let stop = Stop {
        tree,
        environment: &environment.name,
        upstream: &upstream,
        locks: &locks,
        on_lock: request.on_lock,
    };
    let mut apps = BTreeMap::new();
    for app in candidates {
        let of_team = match &request.team {
            Some(team) => release::team(tree, &app)?.as_ref() == Some(team),
            None => true,
        };
        if of_team {
            let prognosis = stop.prognose(&app)?;
            apps.insert(app, prognosis);
        }
    }
    Ok(EnvironmentPrognosis::Runs { upstream, apps })
}

/// One environment at which the train stops.
struct Stop<'a> {
    tree: &'a dyn ReadTree,
    environment: &'a EnvName,
    upstream: &'a Upstream,
    locks: &'a Locks,
    on_lock: OnLock,
}

impl Stop<'_> {
    fn prognose(&self, app: &AppName) -> Result<AppPrognosis> {
        if let Upstream::Environment(upstream) = self.upstream
            && let Some(version) = deployment::shared(self.tree, [upstream, self.environment], app)?
        {
            return Ok(AppPrognosis {
                current: Some(version),
                fate: AppFate::Skipped(AppSkip::AlreadyThere(version)),
            });
        }
        let (current, broken) = match deployment::current(self.tree, self.environment, app)? {
            Linked::Nothing => (None, None),
            Linked::To(version) => (Some(version), None),
            Linked::Broken(broken) => (None, Some(broken)),
        };
        let fate = match broken {
            Some(broken) => AppFate::Skipped(AppSkip::Broken(broken)),
            None => self.fate(app, current)?,
        };
        Ok(AppPrognosis { current, fate })
    }

    /// The first that holds, in the order of the rules.
    fn fate(&self, app: &AppName, current: Option<Version>) -> Result<AppFate> {
        let skipped = |skip| Ok(AppFate::Skipped(skip));
        let version = match self.version_upstream(app)? {
            Linked::Nothing => return skipped(AppSkip::NothingUpstream),
            Linked::Broken(broken) => return skipped(AppSkip::Broken(broken)),
            Linked::To(version) => version,
        };
        if current == Some(version) {
            return skipped(AppSkip::AlreadyThere(version));
        }
        if version.has_revision() {
            return skipped(AppSkip::Revision(version));
        }
        let manifest = release::manifest(self.tree, app, version, self.environment)?;
        let app_locks = self.locks.on_app(self.tree, app)?;
        if !app_locks.is_empty() {
            let team_locks = self.locks.on_team_of(self.tree, app)?;
            let locks = [app_locks.as_slice(), team_locks].concat();
            let held = self.held(app, version, manifest.is_some(), locks)?;
            return skipped(AppSkip::AppLocked(held));
        }
        let Some(manifest) = manifest else {
            return skipped(AppSkip::NotInEnvironment(version));
        };
        let team_locks = self.locks.on_team_of(self.tree, app)?;
        if !team_locks.is_empty() {
            let held = self.held(app, version, true, team_locks.to_vec())?;
            return skipped(AppSkip::TeamLocked(held));
        }
        Ok(AppFate::Deploys {
            to: version,
            manifest,
        })
    }

    fn version_upstream(&self, app: &AppName) -> Result<Linked> {
        match self.upstream {
            Upstream::Environment(name) => deployment::current(self.tree, name, app),
            Upstream::Latest => {
                let highest = release::versions(self.tree, app)?.last().copied();
                Ok(highest.map_or(Linked::Nothing, Linked::To))
            }
        }
    }

    /// A version behind locks; it is queued if its release has a manifest here.
    fn held(
        &self,
        app: &AppName,
        version: Version,
        has_manifest: bool,
        locks: Vec<PlacedLock>,
    ) -> Result<Held> {
        let queue = match self.on_lock {
            OnLock::Queue if has_manifest => {
                match queue::waiting(self.tree, self.environment, app)?.version() {
                    Ok(Some(waits)) if waits == version => QueueMove::Waits,
                    waits => QueueMove::Put {
                        replaced: waits.ok().flatten(),
                    },
                }
            }
            OnLock::Queue | OnLock::Skip | OnLock::Fail => QueueMove::None,
        };
        Ok(Held {
            version,
            queue,
            locks,
        })
    }
}

#[cfg(test)]
mod tests;
