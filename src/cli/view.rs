//! `trainyard locks`, `queue` and `can-deploy`

use anyhow::Result;
use clap::Args;

use super::exit::Exit;
use super::session::{Refs, Session};
use crate::plan::view::permission::{Question, ask};
use crate::plan::view::{Focus, View, locks, queue};
use crate::plan::{Done, Ground, Outcome};
use crate::state::{AppName, EnvName, GroupName, TeamName, Version};
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
        let focus = self.focus.into();
        view(session, |tree, ground| {
            Ok(View::Locks(locks::list(tree, ground, &focus)?))
        })?;
        Ok(Exit::Done)
    }
}

impl QueueArgs {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let focus = self.focus.into();
        look_back(session, |(tree, past), ground| {
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
        let outcome = view(session, |tree, ground| {
            Ok(View::Permission(ask(tree, ground, &question)?))
        })?;
        Ok(match outcome.done {
            Done::Viewed(View::Permission(permission)) if !permission.is_given() => Exit::Refused,
            _ => Exit::Done,
        })
    }
}

/// Looks, and tells what was seen.
pub(super) fn view(
    session: &Session,
    see: impl Fn(&dyn ReadTree, &Ground) -> Result<View>,
) -> Result<Outcome> {
    look_back(session, |(tree, _), ground| see(tree, ground))
}

/// The same for a view of the state as it is now and of how it became so.
pub(super) fn look_back(
    session: &Session,
    see: impl Fn((&dyn ReadTree, &dyn ReadPast), &Ground) -> Result<View>,
) -> Result<Outcome> {
    session.look_back(
        &Refs::default(),
        |tree, ground, past| {
            ground.settled()?;
            Ok(Outcome {
                done: Done::Viewed(see((tree, past), ground)?),
                warnings: Vec::new(),
            })
        },
        |_| false,
    )
}
