//! The typed "no" of the rules, with what can be done about it.

use std::fmt;

use thiserror::Error;

use super::Source;
use super::environment::EnvironmentRefusal;
use super::known::others;
use super::outcome::LockTarget;
use crate::state::deployment::BrokenLink;
use crate::state::{
    AppName, CommitId, CommitPrefix, EnvName, EnvPoint, LockId, LockScope, Moment, PlacedLock,
    TeamName, Version, plain,
};
use crate::tree::RepoPath;

/// Why a rule refuses an operation.
#[derive(Debug, Error)]
pub(crate) enum Refusal {
    /// A name that must exist does not.
    Unknown {
        /// The word for what was named.
        what: &'static str,
        /// The name.
        name: String,
        others: Others,
    },
    /// The app has no such release.
    UnknownVersion {
        app: AppName,
        version: Version,
        /// The releases that come closest.
        nearest: Vec<Version>,
    },
    /// The release is not meant for this environment.
    NoManifest {
        app: AppName,
        version: Version,
        environment: EnvName,
        /// The environments that it is meant for.
        has: Vec<EnvName>,
    },
    /// Locks are in the way, and queueing was not asked for.
    Locked {
        /// What was to be done.
        what: String,
        /// Every lock in the way.
        locks: Vec<PlacedLock>,
        /// Whether waiting in the queue is a way too.
        queue: bool,
        now: Moment,
    },
    /// There is another release under this number.
    DifferentRelease {
        app: AppName,
        version: Version,
        /// Each field that differs, with a unified diff.
        differences: Vec<Difference>,
    },
    /// The number is below the releases that are kept.
    TooOld {
        app: AppName,
        version: Version,
        /// The lowest number that would be kept.
        oldest: Version,
    },
    /// There is no number above the highest one.
    NoNextVersion { app: AppName, highest: Version },
    /// Something of this name stands among the environments, and is none.
    NoEnvironment(RepoPath),
    /// There is no such lock.
    NoSuchLock {
        scopes: Vec<LockScope>,
        id: LockId,
        /// The ids that do exist there.
        existing: Vec<LockId>,
        /// Where else a lock has this id.
        elsewhere: Vec<LockScope>,
    },
    /// A lock that stands there has the same id but for case: some file systems hold only one of the two.
    SameButForCase {
        scope: LockScope,
        id: LockId,
        /// The id of the lock that stands there.
        standing: LockId,
    },
    /// Later kuberpult numbers this release with a revision.
    Revision { app: AppName, version: Version },
    /// The app is not undeployed everywhere.
    StillRuns {
        app: AppName,
        /// Each environment that it still runs on, and what runs there.
        places: Vec<(String, StillThere)>,
        /// A release that undeploys it, if there is one.
        undeploy: Option<Version>,
    },
    /// No app belongs to the team.
    TeamWithoutApps { team: TeamName, others: Others },
    /// The rules of environments.
    Environment(EnvironmentRefusal),
    /// Two groups are to be compared.
    TwoGroups { left: EnvPoint, right: EnvPoint },
    /// The repository held no environments at that point.
    NoStateThere { point: Source },
    /// No environment of one group takes from one of the other.
    UnrelatedGroups,
    /// No release was built from the commit, and none names it in its history.
    UnknownCommit { commit: CommitPrefix },
    /// Several commits begin so.
    AmbiguousCommit {
        commit: CommitPrefix,
        candidates: Vec<Candidate>,
    },
}

/// A commit that could be meant.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) commit: CommitId,
    /// The releases that were built from it.
    pub(crate) releases: Vec<(AppName, Version)>,
}

impl fmt::Display for Candidate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { commit, releases } = self;
        let releases = releases.iter();
        let releases: Vec<_> = releases
            .map(|(app, version)| format!("{app} {version}"))
            .collect();
        if releases.is_empty() {
            return write!(formatter, "{commit} (no release; later ones contain it)");
        }
        write!(formatter, "{commit} ({})", releases.join(", "))
    }
}

/// The names that do exist.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Others {
    /// These come close.
    Near(Vec<String>),
    /// None comes close: the first few of them, and the number of the rest.
    Far(Vec<String>, usize),
    /// The name is that of another kind of thing.
    OtherKind(&'static str),
}

impl Others {
    /// What can be done about it.
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Near(names) => Some(format!("did you mean {}?", joined(names, " or "))),
            Self::OtherKind(kind) => Some(format!("there is an {kind} of this name")),
            Self::Far(names, _) if names.is_empty() => None,
            Self::Far(names, 0) => Some(format!("these exist: {}", joined(names, ", "))),
            Self::Far(names, rest) => Some(format!(
                "these exist: {} and {rest} more",
                joined(names, ", ")
            )),
        }
    }
}

/// What is left of an app on an environment.
#[derive(Debug)]
pub(crate) enum StillThere {
    /// It runs.
    Runs(Version),
    /// Nobody knows what its link stands for.
    Broken(BrokenLink),
    /// It is undeployed, but a lock keeps an earlier manifest.
    KeptBy(PlacedLock),
}

impl fmt::Display for StillThere {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runs(version) => write!(formatter, "runs release {version}"),
            Self::Broken(broken) => write!(formatter, "runs nobody knows what: {broken}"),
            Self::KeptBy(lock) => write!(
                formatter,
                "has an earlier manifest, which manifest lock `{}` keeps",
                lock.id
            ),
        }
    }
}

/// A field in which two releases differ.
#[derive(Debug)]
pub(crate) struct Difference {
    /// The field, such as `source_message` or `manifest for staging`.
    pub(crate) field: String,
    /// From the stored to the given text, as a unified diff.
    pub(crate) diff: String,
}

impl Refusal {
    /// What can be done about it.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { others, .. } | Self::TeamWithoutApps { others, .. } => others.hint(),
            Self::UnknownVersion { nearest, app, .. } if nearest.is_empty() => Some(format!(
                "`{app}` has no releases; store one with `trainyard release`"
            )),
            Self::UnknownVersion { nearest, .. } => {
                let (releases, are) = match nearest.len() {
                    1 => ("release", "is"),
                    _ => ("releases", "are"),
                };
                let nearest = joined(nearest, ", ");
                Some(format!("the nearest {releases} {are} {nearest}"))
            }
            Self::NoManifest { has, .. } => {
                Some(format!("it has manifests for {}", joined(has, ", ")))
            }
            Self::Locked { locks, queue, .. } => Some(ways_out(locks, *queue)),
            Self::DifferentRelease { differences, .. }
                if differences.iter().all(|each| each.field == "team") =>
            {
                Some("the team of an app changes with its next release".to_owned())
            }
            Self::DifferentRelease { .. } => Some(
                "releases are immutable: leave `--version` out to store this as the next one"
                    .to_owned(),
            ),
            Self::TooOld { oldest, .. } => Some(format!(
                "numbers from {oldest} on are kept; `releaseVersionsLimit` in trainyard.yaml keeps more"
            )),
            Self::NoNextVersion { .. } => {
                Some("name a free number below it with `--version`".to_owned())
            }
            Self::NoEnvironment(_) => {
                Some("an environment is a folder, with its `config.json` in it".to_owned())
            }
            Self::NoSuchLock {
                id,
                existing,
                elsewhere,
                ..
            } => Some(where_it_is(id, existing, elsewhere)),
            Self::SameButForCase { standing, .. } => Some(format!(
                "use another id, or `{standing}` itself to write that lock anew"
            )),
            Self::StillRuns { places, .. }
                if places
                    .iter()
                    .all(|(_, there)| matches!(there, StillThere::KeptBy(_))) =>
            {
                let locks = places.iter().filter_map(|(_, there)| match there {
                    StillThere::KeptBy(lock) => Some(lock.clone()),
                    StillThere::Runs(_) | StillThere::Broken(_) => None,
                });
                Some(ways_out(&locks.collect::<Vec<_>>(), false))
            }
            Self::StillRuns { app, undeploy, .. } => {
                let bring = |version: &dyn fmt::Display| {
                    format!(
                        "with release trains or `trainyard deploy -a {app} -e ENV --version {version}`"
                    )
                };
                Some(match undeploy {
                    Some(version) => {
                        format!(
                            "bring release {version}, which undeploys it, there {}",
                            bring(version)
                        )
                    }
                    None => format!(
                        "store a release that undeploys it with `trainyard release -a {app} --undeploy`, and bring it there {}",
                        bring(&"N")
                    ),
                })
            }
            Self::TwoGroups { .. } => Some("name an environment on one of the sides".to_owned()),
            Self::NoStateThere { .. } => {
                Some("name a commit of the manifest repository's branch, or a tag on it".to_owned())
            }
            Self::UnrelatedGroups => Some("name two environments".to_owned()),
            Self::UnknownCommit { .. } => Some(
                "releases tell their commits with `--source-commit-id`, and the commits before with `--previous-commit-id`; old releases are cleaned up"
                    .to_owned(),
            ),
            Self::AmbiguousCommit { .. } => Some("give more digits of the one you mean".to_owned()),
            Self::Revision { app, .. } => Some(format!(
                "store it again under a plain number: `trainyard release -a {app} …`"
            )),
            Self::Environment(refusal) => refusal.hint(),
        }
    }
}

/// The locks in the way, each on a line of its own.
fn each_of(locks: &[PlacedLock], now: Moment) -> String {
    let lines = locks.iter().map(|lock| {
        let environment = lock.scope.environment();
        format!("\n  {} on {environment}", lock.phrase(now))
    });
    lines.collect()
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { what, name, .. } => write!(formatter, "there is no {what} `{name}`"),
            Self::TeamWithoutApps { team, .. } => {
                write!(formatter, "there is no team `{team}`: no app belongs to it")
            }
            Self::UnknownVersion { app, version, .. } => {
                write!(formatter, "`{app}` has no release {version}")
            }
            Self::NoManifest {
                app,
                version,
                environment,
                ..
            } => write!(
                formatter,
                "release {version} of `{app}` has no manifest for environment `{environment}`"
            ),
            Self::Locked {
                what, locks, now, ..
            } => write!(formatter, "{what} is locked:{}", each_of(locks, *now)),
            Self::DifferentRelease {
                app,
                version,
                differences,
            } => {
                let fields: Vec<_> = differences.iter().map(|each| each.field.as_str()).collect();
                let fields = joined(&fields, ", ");
                write!(
                    formatter,
                    "release {version} of `{app}` exists and differs in {fields}"
                )?;
                differences
                    .iter()
                    .try_for_each(|each| write!(formatter, "\n{}", each.diff.trim_end()))
            }
            Self::TooOld { app, version, .. } => write!(
                formatter,
                "release {version} of `{app}` is too old: the clean-up would remove it at once"
            ),
            Self::NoNextVersion { app, highest } => write!(
                formatter,
                "`{app}` has release {highest}, and no number follows on that one"
            ),
            Self::NoEnvironment(path) => {
                write!(formatter, "`{path}` is no folder, and so no environment")
            }
            Self::NoSuchLock { scopes, id, .. } => {
                write!(
                    formatter,
                    "there is no lock `{id}` on {}",
                    joined(scopes, ", ")
                )
            }
            Self::SameButForCase {
                scope,
                id,
                standing,
            } => write!(
                formatter,
                "a lock `{id}` would differ from `{standing}`, which stands on {scope}, in case only: some file systems hold only one of them"
            ),
            Self::StillRuns { app, places, .. } => {
                write!(formatter, "`{app}` is not undeployed everywhere:")?;
                places.iter().try_for_each(|(environment, left)| {
                    write!(formatter, "\n  {} {left}", plain(environment))
                })
            }
            Self::TwoGroups { left, right } => {
                write!(
                    formatter,
                    "`{left}` and `{right}` are both groups of several environments"
                )
            }
            Self::NoStateThere { point } => {
                write!(formatter, "there are no environments at {point}")
            }
            Self::UnrelatedGroups => formatter.write_str(
                "no environment of one group takes its versions from one of the other: nobody knows which to compare",
            ),
            Self::UnknownCommit { commit } => write!(
                formatter,
                "no release was built from commit `{commit}`, and none has it in its history"
            ),
            Self::AmbiguousCommit { commit, candidates } => {
                write!(formatter, "`{commit}` can be any of these commits:")?;
                candidates
                    .iter()
                    .try_for_each(|candidate| write!(formatter, "\n  {candidate}"))
            }
            Self::Revision { app, version } => write!(
                formatter,
                "release {version} of `{app}` has a revision; trainyard reads such releases, but does not deploy them"
            ),
            Self::Environment(refusal) => refusal.fmt(formatter),
        }
    }
}

/// Where a lock is that is not where it was looked for, or which ones are there.
fn where_it_is(id: &LockId, existing: &[LockId], elsewhere: &[LockScope]) -> String {
    if let Some(scope) = elsewhere.first() {
        let more = match elsewhere.len() {
            1 => String::new(),
            several => format!(", and in {} more places", several - 1),
        };
        let command = unlock_command(&scope.into(), id);
        return format!("there is one on {scope}{more}: `{command}`");
    }
    if existing.is_empty() {
        return "there is no lock at all in that place".to_owned();
    }
    let names = existing.iter().map(ToString::to_string);
    if let near @ Others::Near(_) = others(id.as_ref(), names) {
        return near.hint().unwrap_or_default();
    }
    let (locks, are) = match existing.len() {
        1 => ("lock", "is"),
        _ => ("locks", "are"),
    };
    let existing = joined(existing, ", ");
    format!("the {locks} there {are} {existing}")
}

/// How the locks go, each with its command, and whether there is another way.
fn ways_out(locks: &[PlacedLock], queue: bool) -> String {
    let wait = if queue {
        ", or wait in the queue with `--on-lock queue`"
    } else {
        ""
    };
    let commands: Vec<_> = locks
        .iter()
        .map(|placed| format!("`{}`", unlock_command(&(&placed.scope).into(), &placed.id)))
        .collect();
    match commands.as_slice() {
        [only] => format!("remove it with {only}{wait}"),
        several => {
            let lines = several.join("\n  ");
            format!("remove them{wait}:\n  {lines}")
        }
    }
}

/// The command that removes a lock from where it was placed.
pub(crate) fn unlock_command(target: &LockTarget, id: &LockId) -> String {
    let target = match target {
        LockTarget::Environment(environment) => format!("-e {environment}"),
        LockTarget::App(environment, app) => format!("-e {environment} -a {app}"),
        LockTarget::Team(environment, team) => format!("-e {environment} -t {team}"),
        LockTarget::Group(group) => format!("-g {group}"),
        LockTarget::Manifest(environment, app) => {
            format!("-e {environment} -a {app} --kind manifest")
        }
    };
    let id = id.to_string();
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@:+".contains(&byte);
    // What begins with a hyphen would be taken for a flag of its own.
    let separator = if id.starts_with('-') { '=' } else { ' ' };
    let id = if id.bytes().all(harmless) {
        id
    } else {
        format!("'{}'", id.replace('\'', r"'\''"))
    };
    format!("trainyard unlock {target} --lock-id{separator}{id}")
}

/// Names in backticks.
pub(super) fn joined<T: fmt::Display>(names: &[T], separator: &str) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(separator)
}
