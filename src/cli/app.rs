//! `trainyard app delete` and `trainyard app remove-environment`

use anyhow::Result;
use clap::{Args, Subcommand};

use super::exit::Exit;
use super::session::{Request, Session};
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
struct DeleteArgs {
    /// The app
    #[arg(short, long, value_name = "APP", alias = "app")]
    application: AppName,
}

/// Take an app away from one environment, whatever it runs there
#[derive(Debug, Args)]
struct RemoveEnvironmentArgs {
    /// The app
    #[arg(short, long, value_name = "APP", alias = "app")]
    application: AppName,
    /// The environment
    #[arg(short, long, value_name = "ENV")]
    environment: EnvName,
}

impl AppArgs {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        match self.command {
            AppCommand::Delete(arguments) => arguments.run(session),
            AppCommand::RemoveEnvironment(arguments) => arguments.run(session),
        }
    }
}

impl DeleteArgs {
    fn run(self, session: &Session) -> Result<Exit> {
        let app = self.application;
        let command = Request {
            operation: "app-delete",
            inputs: vec![input("Application", &app)],
            identity: app.to_string(),
            counts: false,
        };
        session.change(&command, |draft, ground| delete(draft, ground, &app))?;
        Ok(Exit::Done)
    }
}

impl RemoveEnvironmentArgs {
    fn run(self, session: &Session) -> Result<Exit> {
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
        session.change(&command, |draft, ground| {
            remove_environment(draft, ground, (&app, &environment))
        })?;
        Ok(Exit::Done)
    }
}

fn input(name: &'static str, value: &dyn ToString) -> Input {
    Input {
        name,
        value: value.to_string(),
    }
}
