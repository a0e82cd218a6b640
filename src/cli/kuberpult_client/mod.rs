//! kuberpult-client: the command lines of kuberpult's client, read as it reads them, told as it tells them, and done as our own.
//! What is known of it stands in `docs/kuberpult-client.md`.

mod client;
mod environment;
mod flags;
#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzzing;
mod link;
mod locks;
mod questions;
mod release;
mod rules;
mod told;
mod train;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};

use super::Global;
use super::exit::{self, Exit};
use super::manifests::{self, ManifestFile};
use super::output;
use super::session::Session;
use super::surroundings;
use crate::plan::{Done, Outcome, inquiry};
use crate::report::{self, Format};
use crate::state::{AppName, CommitId, EnvName, plain};
use client::Client;
use flags::Misuse;
use locks::Kind;
use release::Given;
use told::{Told, print};

/// The name of that client, and of our command that is it.
pub(super) const NAME: &str = "kuberpult-client";

const HELP: &str = "kuberpult-client is trainyard here: it takes the command lines of kuberpult's client and changes the manifest repository
itself, without a server. The variables TRAINYARD_REPO, TRAINYARD_BRANCH and so on say where; `trainyard help` lists them.

  kuberpult-client [--author_name NAME] [--author_email EMAIL] SUBCOMMAND [FLAGS]

Subcommands
  help                     print this
  release                  store a release of an app
  release-train            run a release train to an environment or an environment group
  create-env-lock          lock an environment
  create-app-lock          lock an app on an environment
  create-team-lock         lock the apps of a team on an environment
  create-group-lock        lock all environments of a group
  delete-env-lock          remove a lock from an environment
  delete-app-lock          remove a lock from an app on an environment
  delete-team-lock         remove a lock from a team on an environment
  delete-group-lock        remove a lock from all environments of a group
  get-commit-deployments   tell where a source commit is deployed
  get-deployment-commit    tell from which commit comes what runs of an app on an environment
  delete-environment       delete an environment

`kuberpult-client SUBCOMMAND -h` lists the flags of a subcommand.
Exit codes: 0 done; 1 failed, and nothing happened unless it is said; 2 usage.
";

/// A command line that calls the program by the name of that client, with our own name before it.
pub(super) fn by_its_name(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let program = arguments.first().map(Path::new);
    if program.and_then(Path::file_stem) == Some(OsStr::new(NAME)) {
        arguments[0] = NAME.into();
        arguments.insert(0, "trainyard".into());
    }
    arguments
}

/// What a command line asks for.
#[derive(Debug)]
struct Task {
    /// What stands before an error.
    blame: &'static str,
    /// What was given and means nothing here.
    ignored: Vec<String>,
    deed: Deed,
}

#[derive(Debug)]
enum Deed {
    /// A command line of ours that says the same, and how the server of that client would answer.
    Change(Vec<String>, Answer),
    /// What cannot be done here.
    Impossible(&'static str),
    Differences {
        app: String,
        given: Vec<Given>,
    },
    CommitDeployments {
        commit: String,
        out: Option<PathBuf>,
    },
    DeploymentCommit {
        environment: String,
        app: String,
    },
}

/// The status that tells of a success.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Ok,
    Created,
    /// Created, unless the release was there.
    Release,
}

impl Answer {
    fn status(self, outcome: &Outcome) -> &'static str {
        let is_new = match (self, &outcome.done) {
            (Self::Ok, _) => false,
            (Self::Release, Done::Released(released)) => released.stored,
            (Self::Created | Self::Release, _) => true,
        };
        if is_new { "201 - Created" } else { "200 - OK" }
    }
}

/// An option of ours.
fn option(name: &str, value: &str) -> String {
    format!("--{name}={value}")
}

/// An error of a file as Go tells it.
fn in_words_of_go(act: &str, path: &Path, error: &std::io::Error) -> String {
    let why = error.to_string();
    let why = why.split(" (os error").next().unwrap_or_default();
    format!("{act} {}: {}", path.display(), why.to_lowercase())
}

/// Does what the words behind the name of that client ask for.
pub(super) fn run(global: Global, words: &[OsString]) -> Exit {
    let now = match surroundings::now() {
        Ok(now) => now,
        Err(error) => return exit::report(&error),
    };
    let told = Told {
        now,
        quiet: global.quiet,
    };
    let understood = || -> Result<(Client, Option<Task>), Misuse> {
        let words = words.iter().map(|word| word.clone().into_string());
        let words: Result<Vec<_>, _> = words.collect();
        let words = words.map_err(|_| Misuse::from("the arguments are not UTF-8 text"))?;
        let client = Client::read(&words)?;
        let task = task(&client)?;
        Ok((client, task))
    };
    match understood() {
        Err(misuse) => told.misuse(&misuse),
        Ok((_, None)) => print(HELP),
        Ok((client, Some(task))) => {
            told.ignored(client.ignored.iter().chain(&task.ignored));
            let blame = task.blame;
            match task.run(global, client, &told) {
                Ok(()) => Exit::Done,
                Err(error) => told.error(blame, &error),
            }
        }
    }
}

/// What the command asks for; `None` if for help.
fn task(client: &Client) -> Result<Option<Task>, Misuse> {
    let words = &client.words[..];
    let task = match client.command.as_str() {
        "help" => return Ok(None),
        "release" => release::read(words),
        "release-train" => train::read(words),
        "create-env-lock" => locks::create(Kind::Environment, words),
        "create-app-lock" => locks::create(Kind::App, words),
        "create-team-lock" => locks::create(Kind::Team, words),
        "create-group-lock" => locks::create(Kind::Group, words),
        "delete-env-lock" => locks::delete(Kind::Environment, words),
        "delete-app-lock" => locks::delete(Kind::App, words),
        "delete-team-lock" => locks::delete(Kind::Team, words),
        "delete-group-lock" => locks::delete(Kind::Group, words),
        "get-commit-deployments" => questions::commit_deployments(words),
        "get-deployment-commit" => questions::deployment_commit(words),
        "delete-environment" => environment::delete(words),
        unknown => return Err(format!("unknown subcommand {unknown}").into()),
    };
    let task =
        task.map_err(|misuse| misuse.during("error while parsing command line args, error: "));
    task.map(Some)
}

impl Task {
    fn run(self, mut global: Global, client: Client, told: &Told) -> Result<()> {
        global.author_name = client.author_name.or(global.author_name);
        global.author_email = client.author_email.or(global.author_email);
        let session = Session::new(&global)?;
        match self.deed {
            Deed::Impossible(why) => Err(anyhow!(why)),
            Deed::Change(line, answer) => {
                let line = std::iter::once("trainyard".to_owned()).chain(line);
                let operation = super::listed(line.map(OsString::from).collect())?;
                let operation = operation.context("this changes nothing")?;
                let (outcome, fate) = session.publish(&operation)?;
                (operation.verdict)(&outcome)?;
                session.warn(&outcome, &fate);
                let words = report::render(&outcome, &fate, Format::Text)?;
                told.success(answer.status(&outcome), &words);
                Ok(())
            }
            Deed::Differences { app, given } => differences(&session, &app, given),
            Deed::CommitDeployments { commit, out } => {
                let commit: CommitId = commit.parse()?;
                let found =
                    session.read(|tree, ground| inquiry::arrivals(tree, ground, &commit))?;
                let answer = report::commit_deployments(&found)?;
                match out {
                    None => print(&format!("{answer}\n\n")),
                    Some(path) => {
                        std::fs::write(&path, format!("{answer}\n")).map_err(|error| {
                            let why = in_words_of_go("open", &path, &error);
                            anyhow!("error while writing to file, error: {why}")
                        })?;
                        Exit::Done
                    }
                };
                Ok(())
            }
            Deed::DeploymentCommit { environment, app } => {
                let (environment, app): (EnvName, AppName) = (environment.parse()?, app.parse()?);
                let found =
                    session.read(|tree, _| inquiry::deployed_source(tree, &environment, &app))?;
                if found.is_none() {
                    told.line(&format!("note: nothing of `{app}` runs on `{environment}`"));
                }
                let answer = report::deployment_commit(&found.unwrap_or_default());
                print(&format!("{answer}\n"));
                Ok(())
            }
        }
    }
}

/// Prints how these manifests differ from those of the latest release.
fn differences(session: &Session, app: &str, given: Vec<Given>) -> Result<()> {
    output::say(
        "This is a dry run: lines with - are those of the latest release, lines with + those of the manifests that were given.",
    );
    let app: AppName = app.parse()?;
    let mut files = Vec::new();
    for each in given {
        let environment: EnvName = each.environment.parse()?;
        files.push(ManifestFile::new(environment, each.manifest));
    }
    let manifests = manifests::read_all(files, None)?;
    let found = session.read(|tree, _| inquiry::differences(tree, &app, &manifests))?;
    for (environment, difference) in found {
        // The stored manifest may hold anything.
        let lines = difference.lines().map(|line| format!("{}\n", plain(line)));
        let lines: String = lines.collect();
        print(&format!(
            "Diff for the manifest on environment '{environment}':\n{lines}"
        ));
    }
    Ok(())
}
