//! Words in: the command line. The only place that knows clap, the environment of the process, and the clock.

mod app;
mod apply;
mod changelog;
mod demo;
mod deploy;
mod diff;
mod environment;
mod exit;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod github;
mod help;
mod history;
mod kuberpult_client;
mod lock;
mod man;
mod manifests;
#[cfg(test)]
mod model;
mod notify;
mod operation;
mod output;
mod portable;
mod release;
mod render;
mod session;
mod shell;
mod signature;
mod status;
mod steps;
mod surroundings;
mod train;
mod verify;
mod view;
mod whereabouts;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{Resettable, StyledStr};
use clap::error::ContextValue;
use clap::{Arg, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use anyhow::Result;
use exit::Exit;
use operation::Operation;
use release::Places;
use session::Session;

use crate::report;
use crate::state::plain;

/// Release trains on a GitOps manifest repository, straight on a git checkout.
#[derive(Debug, Parser)]
#[command(
    name = "trainyard",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = format!("Topics, for `trainyard help TOPIC`:\n  {}\n\n{}", help::list_of_topics().join("\n  "), Exit::all_in_a_line())
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// A folder in the checkout of the manifest repository, or a bare repository
    #[arg(
        short = 'C',
        long,
        value_name = "DIR",
        global = true,
        env = "TRAINYARD_REPO"
    )]
    repo: Option<PathBuf>,
    /// The remote, if there are several
    #[arg(long, value_name = "NAME", global = true, env = "TRAINYARD_REMOTE")]
    remote: Option<String>,
    /// The branch, if it is not the one that is checked out
    #[arg(long, value_name = "NAME", global = true, env = "TRAINYARD_BRANCH")]
    branch: Option<String>,
    /// Commit to the local branch only
    #[arg(long, global = true, env = "TRAINYARD_NO_PUSH", value_parser = clap::builder::FalseyValueParser::new(), action = clap::ArgAction::SetTrue)]
    no_push: bool,
    /// Show what would change, and change nothing
    #[arg(short = 'n', long, global = true, env = "TRAINYARD_DRY_RUN", value_parser = clap::builder::FalseyValueParser::new(), action = clap::ArgAction::SetTrue)]
    dry_run: bool,
    /// How the answer is written
    #[arg(short, long, value_enum, default_value_t = Output::Text, global = true, env = "TRAINYARD_OUTPUT")]
    output: Output,
    /// For whom; default: what git knows, or the actor of GitHub Actions
    #[arg(
        long,
        value_name = "NAME",
        global = true,
        env = "TRAINYARD_AUTHOR_NAME",
        alias = "author_name"
    )]
    author_name: Option<String>,
    /// The mail address of that person
    #[arg(
        long,
        value_name = "EMAIL",
        global = true,
        env = "TRAINYARD_AUTHOR_EMAIL",
        alias = "author_email"
    )]
    author_email: Option<String>,
    /// Tell Argo CD at URL after a push [default: `argocd.notifyUrl` of trainyard.yaml]
    #[arg(
        long,
        value_name = "URL",
        global = true,
        env = "TRAINYARD_NOTIFY_ARGOCD"
    )]
    notify_argocd: Option<String>,
    /// In a step of GitHub Actions: write a summary, outputs and annotations, too
    #[arg(long, global = true, env = github::VARIABLE, value_parser = clap::builder::FalseyValueParser::new(), action = clap::ArgAction::SetTrue)]
    github: bool,
    /// Whether to use colours
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true, env = "TRAINYARD_COLOR")]
    color: Color,
    /// Say nothing on stderr but errors
    #[arg(short, long, global = true, env = "TRAINYARD_QUIET", value_parser = clap::builder::FalseyValueParser::new(), action = clap::ArgAction::SetTrue)]
    quiet: bool,
    /// Tell each step on stderr
    #[arg(short, long, global = true, env = "TRAINYARD_VERBOSE", value_parser = clap::builder::FalseyValueParser::new(), action = clap::ArgAction::SetTrue, conflicts_with = "quiet")]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Text,
    /// For programs
    Json,
    /// The same as YAML
    Yaml,
    /// For pull requests and job summaries
    Markdown,
    /// What kuberpult's REST endpoint returns (prognosis only)
    Kuberpult,
    /// A page for the web, in one file (status only)
    Html,
}

impl From<Output> for report::Format {
    fn from(output: Output) -> Self {
        match output {
            Output::Text => Self::Text,
            Output::Json => Self::Json,
            Output::Yaml => Self::Yaml,
            Output::Markdown => Self::Markdown,
            Output::Kuberpult => Self::Kuberpult,
            Output::Html => Self::Html,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Change(Box<Change>),
    Apply(apply::ApplyArgs),
    Prognosis(train::PrognosisArgs),
    Status(status::StatusArgs),
    Locks(view::LocksArgs),
    Queue(view::QueueArgs),
    CanDeploy(view::CanDeployArgs),
    History(history::HistoryArgs),
    Diff(diff::DiffArgs),
    Changelog(changelog::ChangelogArgs),
    Where(whereabouts::WhereArgs),
    Environment(Box<environment::EnvironmentArgs>),
    Render(render::RenderArgs),
    Verify(verify::VerifyArgs),
    /// Take the command lines of kuberpult-client, for scripts that are written for it
    ///
    /// So does a link to this program that has that name. What stands behind it is read as that client reads it: `kuberpult-client help`.
    #[command(
        disable_help_flag = true,
        override_usage = "trainyard [OPTIONS] kuberpult-client [FLAGS] SUBCOMMAND [FLAGS]"
    )]
    KuberpultClient,
    Demo(demo::DemoArgs),
    Completions(shell::CompletionsArgs),
    Man(man::ManArgs),
    Help(help::HelpArgs),
}

/// What changes a manifest repository, alone or in a batch.
#[derive(Debug, Subcommand)]
enum Change {
    Release(Box<release::ReleaseArgs>),
    Deploy(deploy::DeployArgs),
    Lock(lock::LockArgs),
    Unlock(lock::UnlockArgs),
    ReleaseTrain(train::ReleaseTrainArgs),
    App(app::AppArgs),
}

impl Change {
    fn operation(self, places: &Places) -> Result<Operation> {
        Ok(match self {
            Self::Release(arguments) => arguments.operation(places)?,
            Self::Deploy(arguments) => arguments.operation(),
            Self::Lock(arguments) => arguments.operation()?,
            Self::Unlock(arguments) => arguments.operation()?,
            Self::ReleaseTrain(arguments) => arguments.operation(),
            Self::App(arguments) => arguments.operation(),
        })
    }
}

/// Runs the program.
pub(crate) fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    #[cfg(debug_assertions)]
    surroundings::play();
    let arguments: Vec<_> = arguments.into_iter().collect();
    if shell::answered(Cli::command, &arguments) {
        return Exit::Done.into();
    }
    run_as(without_empty_variables(Cli::command()), arguments)
}

/// In a workflow an input that nobody gave is an empty variable.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |variable: &OsStr| std::env::var_os(variable).is_some_and(|set| set.is_empty());
    // An empty keyring would let through what nobody has signed.
    let filled = |argument: Arg| match argument.get_env() {
        Some(variable) if variable != "TRAINYARD_KEYRING" && is_empty(variable) => {
            argument.env(Resettable::Reset)
        }
        Some(_) | None => argument,
    };
    let command = command.mut_args(filled);
    command.mut_subcommands(|command| command.mut_args(filled))
}

/// Runs the program as if no `TRAINYARD_…` variable were set.
fn run_by_arguments_alone(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let unset = |argument: Arg| argument.env(Resettable::Reset);
    let command = Cli::command().mut_args(unset);
    run_as(
        command.mut_subcommands(|command| command.mut_args(unset)),
        arguments,
    )
}

fn run_as(command: clap::Command, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = kuberpult_client::by_its_name(arguments.into_iter().collect());
    let is_name = |place: &usize| *place > 0 && arguments[*place] == kuberpult_client::NAME;
    for place in (0..arguments.len()).filter(is_name) {
        let (ours, theirs) = arguments.split_at(place + 1);
        match parse(command.clone(), ours.iter().cloned()) {
            Ok((cli, _)) if matches!(cli.command, Command::KuberpultClient) => {
                let _total = output::set_up(&cli.global);
                return match kuberpult_client::run(cli.global, theirs) {
                    Exit::Done => ended(Exit::Done),
                    failed => failed.into(),
                };
            }
            // Nothing else can be meant, so the error is that of a variable.
            Err(error) if place == 1 => return misread(&error, &arguments),
            // What stands there may be the value of an option, or the error be another one once all is read.
            Ok(_) | Err(_) => {}
        }
    }
    let (cli, places) = match parse(command, arguments.clone()) {
        Ok(parsed) => parsed,
        Err(error) => return misread(&error, &arguments),
    };
    let _total = output::set_up(&cli.global);
    match dispatch(cli, &places) {
        Ok(exit) => ended(exit),
        Err(error) => exit::report(&error).into(),
    }
}

/// The end of a command that did not fail, or has told why.
fn ended(exit: Exit) -> ExitCode {
    github::ended(exit);
    exit.into()
}

/// Tells what clap has to say, an error or help.
fn misread(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    if error.exit_code() != 0 && github::is_asked_for(arguments) {
        github::set_up(true);
        let said = error.to_string();
        let said = said.trim_end();
        github::failed(
            Exit::Usage,
            said.strip_prefix("error: ").unwrap_or(said),
            None,
        );
        return Exit::Usage.into();
    }
    if github::is_read_by_runner() && error.use_stderr() {
        output::say(error.to_string().trim_end());
    } else {
        // Nothing can be done about a closed pipe; the code tells all the same.
        let _ = error.print();
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn parse(
    command: clap::Command,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<(Cli, Places), clap::Error> {
    let parsed = command
        .try_get_matches_from(arguments)
        .and_then(|mut matches| {
            let places = Places::of(&matches);
            Ok((Cli::from_arg_matches_mut(&mut matches)?, places))
        });
    parsed.map_err(harmless)
}

/// The change that a command line of a list asks for; `None` if it asks for none.
fn listed(arguments: Vec<OsString>) -> Result<Option<Operation>> {
    // The options of the whole program are those of `apply`; a keyring in a variable holds for what the list releases, too.
    let command = without_empty_variables(Cli::command());
    let command = command.mut_args(|argument| argument.env(Resettable::Reset));
    let parsed = parse(command, arguments);
    let (cli, places) = parsed.map_err(|error| {
        // Without the usage of the command line, which nobody typed.
        let said = error.to_string();
        let said = said.split("\n\n").next().unwrap_or_default();
        exit::usage(said.strip_prefix("error: ").unwrap_or(said))
    })?;
    match cli.command {
        Command::Change(change) => Ok(Some(change.operation(&places)?)),
        Command::Environment(arguments) => arguments.operation(),
        Command::Render(arguments) => Ok(arguments.operation()),
        Command::Apply(_)
        | Command::Prognosis(_)
        | Command::Locks(_)
        | Command::Queue(_)
        | Command::CanDeploy(_)
        | Command::History(_)
        | Command::Diff(_)
        | Command::Changelog(_)
        | Command::Where(_)
        | Command::Status(_)
        | Command::Verify(_)
        | Command::KuberpultClient
        | Command::Demo(_)
        | Command::Completions(_)
        | Command::Man(_)
        | Command::Help(_) => Ok(None),
    }
}

/// What clap quotes from the command line, with control characters spelled out: it can colour nothing and begin no line.
fn harmless(mut error: clap::Error) -> clap::Error {
    // As text: a tip is not coloured.
    let styled = |text: &StyledStr| StyledStr::from(plain(&text.to_string()));
    let quoted: Vec<_> = error
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) => Some((kind, ContextValue::String(plain(text)))),
            ContextValue::Strings(texts) => {
                let texts = texts.iter().map(|text| plain(text)).collect();
                Some((kind, ContextValue::Strings(texts)))
            }
            ContextValue::StyledStrs(texts) => {
                let texts = texts.iter().map(styled).collect();
                Some((kind, ContextValue::StyledStrs(texts)))
            }
            // The usage is ours, and the rest are numbers.
            _ => None,
        })
        .collect();
    for (kind, value) in quoted {
        error.insert(kind, value);
    }
    error
}

fn dispatch(cli: Cli, places: &Places) -> Result<Exit> {
    let kuberpult = cli.global.output == Output::Kuberpult;
    if kuberpult && !matches!(cli.command, Command::Prognosis(_)) {
        return Err(exit::usage("`-o kuberpult` is for `prognosis` only"));
    }
    if let (true, Command::Prognosis(arguments)) = (kuberpult, &cli.command) {
        arguments.as_kuberpult()?;
    }
    let html = cli.global.output == Output::Html;
    if html && !matches!(cli.command, Command::Status(_)) {
        return Err(exit::usage("`-o html` is for `status` only"));
    }
    let session = || Session::new(&cli.global);
    match cli.command {
        Command::Change(change) => change.operation(places)?.run(&session()?),
        Command::Apply(arguments) => {
            let operation = arguments.operation(&Cli::command(), listed)?;
            operation.run(&session()?)
        }
        Command::Prognosis(arguments) => arguments.run(&session()?),
        Command::Locks(arguments) => arguments.run(&session()?),
        Command::Queue(arguments) => arguments.run(&session()?),
        Command::CanDeploy(arguments) => arguments.run(&session()?),
        Command::Diff(arguments) => arguments.run(&session()?),
        Command::History(arguments) => arguments.run(&session()?),
        Command::Changelog(arguments) => arguments.run(&session()?),
        Command::Where(arguments) => arguments.run(&session()?),
        Command::Status(arguments) => arguments.run(&session()?),
        Command::Environment(arguments) => arguments.run(session),
        Command::Render(arguments) => arguments.run(&session()?),
        Command::Verify(arguments) => arguments.run(&session()?),
        Command::KuberpultClient => Ok(kuberpult_client::run(cli.global, &[])),
        Command::Demo(arguments) => arguments.run(&cli.global),
        Command::Completions(arguments) => Ok(arguments.run()),
        Command::Man(arguments) => arguments.run(Cli::command()),
        Command::Help(arguments) => arguments.run(Cli::command()),
    }
}
