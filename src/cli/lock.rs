//! `trainyard lock` and `trainyard unlock`

use anyhow::Result;
use clap::{ArgGroup, Args, ValueEnum};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::exit::usage;
use super::operation::Operation;
use super::portable::Portable;
use super::session::Request;
use crate::plan::lock::{PlaceLock, lock};
use crate::plan::outcome::LockTarget;
use crate::plan::unlock::{RemoveLocks, Which, unlock};
use crate::report::Input;
use crate::state::{AppName, EnvName, FreeText, GroupName, LockId, Moment, TeamName};

/// The longest message, in bytes.
const MOST_BYTES: usize = 64 * 1024;

/// What is locked: an environment, an app or a team there, or all environments of a group.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("place").required(true))]
struct TargetArgs {
    /// The environment
    #[arg(short, long, value_name = "ENV", group = "place")]
    environment: Option<EnvName>,
    /// Only this app on the environment
    #[arg(short, long, value_name = "APP", alias = "app", conflicts_with_all = ["team", "environment_group"])]
    application: Option<AppName>,
    /// Only the apps of this team on the environment
    #[arg(short, long, value_name = "TEAM", conflicts_with = "environment_group")]
    team: Option<TeamName>,
    /// All environments of this group
    #[arg(
        short = 'g',
        long,
        value_name = "GROUP",
        alias = "group",
        group = "place"
    )]
    environment_group: Option<GroupName>,
    /// What is locked
    #[arg(long, value_enum, default_value_t = Kind::Deployment)]
    kind: Kind,
}

/// What a lock holds back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Deployments: they wait in the queue
    Deployment,
    /// Only the manifest of the app on the environment, which stays as it is while everything else goes on
    Manifest,
}

impl TargetArgs {
    fn target(self) -> Result<LockTarget> {
        let (environment, app) = (self.environment, self.application);
        if self.kind == Kind::Manifest {
            return match (environment, app) {
                (Some(environment), Some(app)) => Ok(LockTarget::Manifest(environment, app)),
                _ => Err(usage(
                    "a manifest lock is on one app on one environment: pass `--environment` and `--application`",
                )),
            };
        }
        Ok(
            match (environment, app, self.team, self.environment_group) {
                (Some(environment), Some(app), ..) => LockTarget::App(environment, app),
                (Some(environment), None, Some(team), _) => LockTarget::Team(environment, team),
                (Some(environment), None, None, _) => LockTarget::Environment(environment),
                (None, _, _, Some(group)) => LockTarget::Group(group),
                (None, _, _, None) => unreachable!("clap asks for an environment or a group"),
            },
        )
    }
}

/// Hold deployments back
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainyard lock -e staging -m 'load test until Friday'
  trainyard lock -e staging -a web --lock-id leak -m 'looking into a memory leak'
  trainyard lock -g prod --lock-id sale -m 'no changes during the sale'
  trainyard lock -e staging -a web --kind manifest --lock-id fix -m 'mended by hand'")]
pub(super) struct LockArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// The id of the lock; one that exists gets the new message [default: made up and printed]
    #[arg(long, value_name = "ID", alias = "lockID")]
    lock_id: Option<LockId>,
    /// Why, and until when
    #[arg(short, long)]
    message: String,
}

/// Remove locks; what no lock holds back any longer is deployed from the queue
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainyard unlock -g prod --lock-id sale
  trainyard unlock -e staging -a web --all
  trainyard unlock -e staging -a web --kind manifest --all")]
#[command(group = ArgGroup::new("which").required(true))]
pub(super) struct UnlockArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// The id of the lock
    #[arg(long, value_name = "ID", alias = "lockID", group = "which")]
    lock_id: Option<LockId>,
    /// All locks in that place
    #[arg(long, group = "which")]
    all: bool,
    /// Leave the queue as it is
    #[arg(long)]
    keep_queue: bool,
}

impl LockArgs {
    /// The lock that is asked for.
    pub(super) fn operation(self) -> Result<Operation> {
        checked(Wish {
            message: FreeText(self.message),
            target: self.target.target()?,
            id: self.lock_id,
        })
    }
}

impl UnlockArgs {
    /// The removal that is asked for.
    pub(super) fn operation(self) -> Result<Operation> {
        Ok(removal(RemoveLocks {
            target: self.target.target()?,
            which: self.lock_id.map_or(Which::All, Which::Id),
            keep_queue: self.keep_queue,
        }))
    }
}

/// A lock as it is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Wish {
    pub(super) target: LockTarget,
    /// Its id; without one, it is made up.
    pub(super) id: Option<LockId>,
    pub(super) message: FreeText,
}

/// The operation of a lock. Fails if its message is none.
pub(super) fn checked(wish: Wish) -> Result<Operation> {
    let text = wish.message.raw();
    if text.trim().is_empty() {
        return Err(usage(
            "a lock needs a reason: `--message 'load test until Friday'`",
        ));
    }
    if text.len() > MOST_BYTES || text.contains('\0') {
        return Err(usage(
            "the message must be at most 64 KiB of text without NUL bytes",
        ));
    }
    let portable = Portable::Lock(wish.clone());
    let Wish {
        target,
        id,
        message,
    } = wish;
    let mut inputs = inputs(&target);
    inputs.extend(id.iter().map(|id| Input {
        name: "Lock-Id",
        value: id.to_string(),
    }));
    let command = Request {
        operation: "lock",
        inputs,
        identity: format!("{target:?} {id:?} {message:?}"),
        counts: id.is_none(),
    };
    let operation = Operation::new(command, move |draft, ground| {
        let made_up = || made_up(&target, &message, ground.context.now);
        let request = PlaceLock {
            target: target.clone(),
            id: id.clone().unwrap_or_else(made_up),
            message: message.clone(),
        };
        lock(draft, ground, &request)
    });
    Ok(operation.portable(portable))
}

/// The operation of a removal.
pub(super) fn removal(request: RemoveLocks) -> Operation {
    let mut inputs = inputs(&request.target);
    inputs.push(Input {
        name: "Lock-Id",
        value: match &request.which {
            Which::Id(id) => id.to_string(),
            Which::All => "(all)".to_owned(),
        },
    });
    let command = Request {
        operation: "unlock",
        inputs,
        identity: format!("{request:?}"),
        counts: false,
    };
    let portable = Portable::Unlock(request.clone());
    let operation = Operation::new(command, move |draft, ground| {
        unlock(draft, ground, &request)
    });
    operation.portable(portable)
}

/// An id that another lock will hardly have, and the same in a dry run of the same instant.
fn made_up(target: &LockTarget, message: &FreeText, now: Moment) -> LockId {
    let seed = format!("{target:?}\n{message}\n{}", now.to_exact());
    let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, seed.as_bytes())
        .simple()
        .to_string();
    LockId::found(&format!("lock-{}", &id[..8]))
}

fn inputs(target: &LockTarget) -> Vec<Input> {
    let input = |name, value: &dyn ToString| Input {
        name,
        value: value.to_string(),
    };
    match target {
        LockTarget::Environment(environment) => vec![input("Environment", environment)],
        LockTarget::App(environment, app) => {
            vec![input("Environment", environment), input("Application", app)]
        }
        LockTarget::Manifest(environment, app) => vec![
            input("Environment", environment),
            input("Application", app),
            input("Lock-Kind", &"manifest"),
        ],
        LockTarget::Team(environment, team) => {
            vec![input("Environment", environment), input("Team", team)]
        }
        LockTarget::Group(group) => vec![input("Environment-Group", group)],
    }
}
