//! `trainyard locks`, `queue` and `can-deploy`

use anyhow::Result;
use clap::Args;

use super::exit::Exit;
use super::session::{Refs, Session};
use crate::plan::view::permission::{Question, ask};
use crate::plan::view::{Focus, View, locks, queue};
use crate::plan::{Done, Ground, Outcome};
use crate::state::{AppName, EnvName, EnvPoint, GroupName, TeamName, Version};
use crate::tree::{ReadPast, ReadTree};

/// The part of a repository that a view shows.
#[derive(Clone, Debug, Args)]
pub(super) struct FocusArgs {
    /// Only this app
    #[arg(value_name = "APP")]
    app: Option<AppName>,
    /// Only this environment
    #[arg(short, long, value_name = "ENV")]
    environment: Option<EnvName>,
    /// Only the environments of this group
    #[arg(
        short = 'g',
        long,
        value_name = "GROUP",
        alias = "group",
        conflicts_with = "environment"
    )]
    environment_group: Option<GroupName>,
    /// Only the apps of this team
    #[arg(short, long, value_name = "TEAM", conflicts_with = "app")]
    team: Option<TeamName>,
}

impl From<FocusArgs> for Focus {
    fn from(arguments: FocusArgs) -> Self {
        Self {
            app: arguments.app,
            environment: arguments.environment,
            group: arguments.environment_group,
            team: arguments.team,
        }
    }
}

/// List every lock, the oldest first, and what waits for it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainyard locks
  trainyard locks -g prod -o json
  trainyard locks cart -e staging")]
pub(super) struct LocksArgs {
    #[command(flatten)]
    focus: FocusArgs,
}

/// List every version that waits in a queue, the longest wait first, and the locks in its way
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainyard queue
  trainyard queue -e staging
  trainyard queue --team shop -o json")]
pub(super) struct QueueArgs {
    #[command(flatten)]
    focus: FocusArgs,
}

/// Say whether an app can be deployed to an environment now, with all reasons
///
/// Exits with 0 for yes and with 3 for no.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainyard can-deploy cart staging
  trainyard can-deploy cart prod-de --version 3")]
pub(super) struct CanDeployArgs {
    /// The app
    #[arg(value_name = "APP")]
    app: AppName,
    /// The environment
    #[arg(value_name = "ENV")]
    environment: EnvName,
    /// This release [default: the one that the next train would bring]
    #[arg(long, value_name = "N")]
    version: Option<Version>,
}

impl LocksArgs {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let focus: Focus = self.focus.into();
        look_back(session, focus.group.as_ref(), |(tree, _), ground| {
            Ok(View::Locks(locks::list(tree, ground, &focus)?))
        })?;
        Ok(Exit::Done)
    }
}

impl QueueArgs {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let focus: Focus = self.focus.into();
        look_back(session, focus.group.as_ref(), |(tree, past), ground| {
            Ok(View::Queue(queue::list(tree, past, ground, &focus)?))
        })?;
        Ok(Exit::Done)
    }
}

impl CanDeployArgs {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let question = Question {
            app: self.app,
            environment: self.environment,
            version: self.version,
        };
        let outcome = look_back(session, None, |(tree, _), ground| {
            Ok(View::Permission(ask(tree, ground, &question)?))
        })?;
        Ok(match outcome.done {
            Done::Viewed(View::Permission(permission)) if !permission.is_given() => Exit::Refused,
            _ => Exit::Done,
        })
    }
}

/// Looks at what lies in a group, if one is asked for, and tells what was seen: the state as it is now, and how it became so.
pub(super) fn look_back(
    session: &Session,
    group: Option<&GroupName>,
    see: impl Fn((&dyn ReadTree, &dyn ReadPast), &Ground) -> Result<View>,
) -> Result<Outcome> {
    session.look_back(
        &Refs::default(),
        |tree, ground, past| {
            ground.settled()?;
            Ok(Outcome {
                done: Done::Viewed(see((tree, past), ground)?),
                warnings: doubts(ground, group.map(AsRef::as_ref)),
            })
        },
        |_| false,
    )
}

/// The same for the sides of a comparison, as far as they are looked at as they are now.
pub(super) fn doubts_of(ground: &Ground, sides: [&EnvPoint; 2]) -> Vec<String> {
    // Whoever names an environment means it, even if it has a group of that name to itself.
    let is_environment = |side: &EnvPoint| ground.environments.get(&side.environment).is_some();
    let now = sides.into_iter();
    let now = now.filter(|side| side.at.is_none() && !is_environment(side));
    doubts(ground, now.map(|side| side.environment.as_ref()))
}

/// The environments whose config cannot be read, so that nobody knows whether they belong to a group that is looked at. Other names are
/// passed over.
fn doubts<'a>(ground: &Ground, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let is_group = |name: &&str| {
        !ground
            .environments
            .group(&GroupName::found(name))
            .is_empty()
    };
    let Some(group) = names.into_iter().find(is_group) else {
        return Vec::new();
    };
    let environments = ground.environments.iter();
    let unreadable = environments.filter_map(|each| Some((&each.name, each.readable().err()?)));
    unreadable
        .map(|(name, error)| format!("{error}; whether `{name}` belongs to `{group}` is unknown"))
        .collect()
}
