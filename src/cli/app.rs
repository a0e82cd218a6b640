//! `trainyard app delete` and `trainyard app remove-environment`

use clap::{Args, Subcommand};

use super::operation::Operation;
use super::session::Request;
use crate::plan::app::{delete, remove_environment};
use crate::report::Input;
use crate::state::{AppName, EnvName};

/// End the life of an app
#[derive(Debug, Args)]
pub(super) struct AppArgs {
    #[command(subcommand)]
    command: AppCommand,
}

#[derive(Debug, Subcommand)]
enum AppCommand {
    Delete(DeleteArgs),
    RemoveEnvironment(RemoveEnvironmentArgs),
}

/// Delete an app that every environment has undeployed: releases, environments, locks, queue
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainyard release -a web --undeploy
  trainyard release-train staging
  trainyard release-train prod
  trainyard app delete -a web")]
struct DeleteArgs {
    /// The app
    #[arg(short, long, value_name = "APP", alias = "app")]
    application: AppName,
}

/// Take an app away from one environment, whatever it runs there
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainyard app remove-environment -a web -e prod-de")]
struct RemoveEnvironmentArgs {
    /// The app
    #[arg(short, long, value_name = "APP", alias = "app")]
    application: AppName,
    /// The environment
    #[arg(short, long, value_name = "ENV")]
    environment: EnvName,
}

impl AppArgs {
    /// The end that is asked for.
    pub(super) fn operation(self) -> Operation {
        match self.command {
            AppCommand::Delete(arguments) => arguments.operation(),
            AppCommand::RemoveEnvironment(arguments) => arguments.operation(),
        }
    }
}

impl DeleteArgs {
    fn operation(self) -> Operation {
        let app = self.application;
        let command = Request {
            operation: "app-delete",
            inputs: vec![input("Application", &app)],
            identity: app.to_string(),
            counts: false,
        };
        Operation::new(command, move |draft, ground| delete(draft, ground, &app))
    }
}

impl RemoveEnvironmentArgs {
    fn operation(self) -> Operation {
        let (app, environment) = (self.application, self.environment);
        let command = Request {
            operation: "app-remove-environment",
            inputs: vec![
                input("Application", &app),
                input("Environment", &environment),
            ],
            identity: format!("{app} {environment}"),
            counts: false,
        };
        Operation::new(command, move |draft, ground| {
            remove_environment(draft, ground, (&app, &environment))
        })
    }
}

fn input(name: &'static str, value: &dyn ToString) -> Input {
    Input {
        name,
        value: value.to_string(),
    }
}
