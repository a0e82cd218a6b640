//! `trainyard environment`

mod flags;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{ArgGroup, Args, Subcommand};

use super::exit::{Exit, usage};
use super::operation::Operation;
use super::output;
use super::session::{Request, Session};
use crate::plan::environment::{
    Configure, EnvironmentDone, When, check, configure, delete, list, show,
};
use crate::plan::{Done, Ground, Outcome};
use crate::report::Input;
use crate::state::config::Document;
use crate::state::{EnvName, plain};
use crate::tree::{Draft, ReadTree};
use flags::EditArgs;

/// The largest config, in bytes.
const MOST_BYTES: u64 = 1024 * 1024;

/// The schema of `config.json`, as it is published.
const SCHEMA: &str = include_str!("../../docs/schemas/config.schema.json");

/// Create, change, delete, show and check environments
#[derive(Debug, Args)]
pub(super) struct EnvironmentArgs {
    #[command(subcommand)]
    command: EnvironmentCommand,
}

#[derive(Debug, Subcommand)]
enum EnvironmentCommand {
    #[command(flatten)]
    Change(Box<EnvironmentChange>),
    /// List all environments, the nearest to the releases first
    List,
    /// Show one environment
    Show(NameArgs),
    /// Say what is wrong with the environments, and exit with 6 if something is
    Check,
    /// Print the JSON schema of `config.json`
    Schema,
}

#[derive(Debug, Subcommand)]
enum EnvironmentChange {
    Create(CreateArgs),
    Update(UpdateArgs),
    /// Delete an environment with its locks, its queue, what runs there, and its Argo CD files
    Delete(NameArgs),
}

/// Create an environment
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainyard environment create load-test --upstream staging --destination-name load-test
  trainyard environment create canary --upstream staging -g tests --access '*/ClusterIssuer'
  trainyard environment create shop --common-env-prefix aa --concrete-env-name de-1")]
struct CreateArgs {
    #[command(flatten)]
    name: NameArgs,
    /// Change the environment if it exists
    #[arg(long)]
    update: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Change the config of an environment; what is not given stays as it is
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainyard environment update staging --annotation example.com/owner=platform
  trainyard environment update staging --sync-window 'deny 0 22 * * 1-5 1h30m'
  trainyard environment update prod-de --clear environment-group,sync-windows")]
struct UpdateArgs {
    #[command(flatten)]
    name: NameArgs,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("named").required(true))]
struct NameArgs {
    /// The environment
    #[arg(value_name = "ENV", group = "named")]
    name: Option<EnvName>,
    /// The same as ENV
    #[arg(short, long, value_name = "ENV", group = "named")]
    environment: Option<EnvName>,
}

#[derive(Debug, Args)]
struct ConfigArgs {
    /// A whole config.json, `-` for stdin; the other options change what it says
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    edit: EditArgs,
}

impl NameArgs {
    fn name(self) -> EnvName {
        let name = self.name.or(self.environment);
        name.unwrap_or_else(|| unreachable!("clap asks for one of the two"))
    }
}

impl EnvironmentArgs {
    /// The change that is asked for, if one is.
    pub(super) fn operation(self) -> Result<Option<Operation>> {
        match self.command {
            EnvironmentCommand::Change(change) => change.operation().map(Some),
            EnvironmentCommand::List
            | EnvironmentCommand::Show(_)
            | EnvironmentCommand::Check
            | EnvironmentCommand::Schema => Ok(None),
        }
    }

    pub(super) fn run(self, session: impl FnOnce() -> Result<Session>) -> Result<Exit> {
        match self.command {
            EnvironmentCommand::Change(change) => change.operation()?.run(&session()?),
            EnvironmentCommand::List => look(&session()?, |tree, ground| {
                ground.settled()?;
                Ok(EnvironmentDone::Listed(list(tree, ground)?))
            }),
            EnvironmentCommand::Show(arguments) => {
                let name = arguments.name();
                look(&session()?, |tree, ground| {
                    ground.settled()?;
                    Ok(EnvironmentDone::Shown(show(tree, ground, &name)?))
                })
            }
            EnvironmentCommand::Check => look(&session()?, |tree, ground| {
                Ok(EnvironmentDone::Checked(check(tree, ground)?))
            }),
            EnvironmentCommand::Schema => {
                output::print(SCHEMA);
                Ok(Exit::Done)
            }
        }
    }
}

impl EnvironmentChange {
    fn operation(self) -> Result<Operation> {
        match self {
            Self::Create(arguments) => {
                let when = if arguments.update {
                    When::Either
                } else {
                    When::New
                };
                let request = arguments.config.request(arguments.name, when)?;
                Ok(configuration(request))
            }
            Self::Update(arguments) => {
                let request = arguments.config.request(arguments.name, When::Existing)?;
                if request.config.is_none() && request.edit.is_empty() {
                    return Err(usage(
                        "nothing to change: pass `--config`, or an option for what shall change",
                    ));
                }
                Ok(configuration(request))
            }
            Self::Delete(arguments) => Ok(deletion(arguments.name())),
        }
    }
}

fn configuration(request: Configure) -> Operation {
    let command = Request {
        operation: match request.when {
            When::New | When::Either => "environment-create",
            When::Existing => "environment-update",
        },
        inputs: inputs(&request.environment),
        identity: format!("{request:?}"),
        counts: request.when == When::New,
    };
    let begins = request.when != When::Existing;
    let verb = move |draft: &mut Draft, ground: &Ground| configure(draft, ground, &request);
    if begins {
        Operation::beginning(command, verb)
    } else {
        Operation::new(command, verb)
    }
}

fn deletion(name: EnvName) -> Operation {
    let command = Request {
        operation: "environment-delete",
        inputs: inputs(&name),
        identity: name.to_string(),
        counts: true,
    };
    Operation::new(command, move |draft, ground| delete(draft, ground, &name))
}

fn inputs(name: &EnvName) -> Vec<Input> {
    vec![Input {
        name: "Environment",
        value: name.to_string(),
    }]
}

/// Reads and tells; a check that finds something ends with 6.
fn look(
    session: &Session,
    read: impl Fn(&dyn ReadTree, &Ground) -> Result<EnvironmentDone>,
) -> Result<Exit> {
    let outcome = session.look_anyway(
        |tree, ground| {
            Ok(Outcome {
                done: Done::Environment(read(tree, ground)?),
                warnings: Vec::new(),
            })
        },
        |_| false,
    )?;
    match &outcome.done {
        Done::Environment(EnvironmentDone::Checked(checked)) if !checked.faults.is_empty() => {
            Ok(Exit::Invalid)
        }
        _ => Ok(Exit::Done),
    }
}

impl ConfigArgs {
    fn request(self, name: NameArgs, when: When) -> Result<Configure> {
        let environment = name.name();
        let config = self.config.as_deref();
        Ok(Configure {
            config: config
                .map(|path| read_config(path, &environment))
                .transpose()?,
            edit: self.edit.edit(),
            environment,
            when,
        })
    }
}

fn read_config(path: &Path, name: &EnvName) -> Result<Document> {
    let config = read_bytes(path).and_then(|bytes| Document::parse(&bytes, name));
    config.map_err(|error| {
        let path = plain(&path.display().to_string());
        usage(format!("the config `{path}`: {error:#}"))
    })
}

fn read_bytes(path: &Path) -> Result<Vec<u8>> {
    let input: Box<dyn std::io::Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        anyhow::ensure!(!path.is_dir(), "it is a folder");
        Box::new(std::fs::File::open(path).context("it cannot be read")?)
    };
    let mut bytes = Vec::new();
    // One byte more than allowed is enough to see that it is too much.
    input
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .context("it cannot be read")?;
    anyhow::ensure!(
        u64::try_from(bytes.len()).is_ok_and(|length| length <= MOST_BYTES),
        "it has more than the {MOST_BYTES} bytes that are allowed"
    );
    Ok(bytes)
}
