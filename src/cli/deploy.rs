//! `trainyard deploy`

use clap::{ArgGroup, Args, ValueEnum};

use super::operation::Operation;
use super::portable::Portable;
use super::session::Request;
use crate::plan::deploy::{Deploy, DeployTarget, WhenLocked, deploy};
use crate::report::Input;
use crate::state::{AppName, EnvName, GroupName, Version};

/// Deploy one release of an app to an environment or a group
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainyard deploy -a web -e staging --version 1
  trainyard deploy -a web -g prod --version 1 --on-lock fail")]
#[command(group = ArgGroup::new("place").required(true))]
pub(super) struct DeployArgs {
    /// The app
    #[arg(short, long, value_name = "APP", alias = "app")]
    application: AppName,
    /// The environment
    #[arg(short, long, value_name = "ENV", group = "place")]
    environment: Option<EnvName>,
    /// The environments of a group: all, or none
    #[arg(
        short = 'g',
        long,
        value_name = "GROUP",
        alias = "group",
        group = "place"
    )]
    environment_group: Option<GroupName>,
    /// The number of the release
    #[arg(long, value_name = "N")]
    version: Version,
    /// What to do about a lock
    #[arg(long, value_enum, default_value_t = OnLock::Queue)]
    on_lock: OnLock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OnLock {
    /// Wait for it in the queue
    Queue,
    /// Refuse, and name every lock in the way
    Fail,
    /// Deploy all the same: you know better
    Ignore,
}

impl DeployArgs {
    /// The deployment that is asked for.
    pub(super) fn operation(self) -> Operation {
        operation(self.request())
    }

    fn request(self) -> Deploy {
        let target = match (self.environment, self.environment_group) {
            (Some(environment), _) => DeployTarget::Environment(environment),
            (None, Some(group)) => DeployTarget::Group(group),
            (None, None) => unreachable!("clap asks for one of the two"),
        };
        Deploy {
            app: self.application,
            target,
            version: self.version,
            when_locked: match self.on_lock {
                OnLock::Queue => WhenLocked::Queue,
                OnLock::Fail => WhenLocked::Refuse,
                OnLock::Ignore => WhenLocked::Ignore,
            },
        }
    }
}

/// The operation of a deployment.
pub(super) fn operation(request: Deploy) -> Operation {
    let input = |name, value: &dyn ToString| Input {
        name,
        value: value.to_string(),
    };
    let target = match &request.target {
        DeployTarget::Environment(name) => input("Environment", name),
        DeployTarget::Group(name) => input("Environment-Group", name),
    };
    let command = Request {
        operation: "deploy",
        inputs: vec![
            input("Application", &request.app),
            target,
            input("Version", &request.version),
        ],
        identity: format!("{request:?}"),
        counts: false,
    };
    let portable = Portable::Deploy(request.clone());
    let operation = Operation::new(command, move |draft, ground| {
        deploy(draft, ground, &request)
    });
    operation.portable(portable)
}
