//! What could stand where the cursor is.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::PathBuf;

use anyhow::Result;
use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command};

use super::line::{Line, Place};
use super::value::Value;
use super::variable;
use crate::cli::help::TOPICS;
use crate::cli::surroundings::settings_in_environment;
use crate::git::{Checkout, Selection};
use crate::plan::names::{Named, Narrowing, Noun, names};
use crate::state::plain;

/// The longest text beside a candidate, in letters.
const MOST_LETTERS: usize = 60;

/// What the shell is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Values(Vec<Candidate>),
    /// The shell knows the files, and how they are written.
    Files,
    Folders,
}

/// A word that could stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The whole word, with what is before the value.
    pub(super) word: String,
    /// What it is about, on one line without control characters.
    pub(super) about: Option<String>,
}

impl Candidate {
    fn new(word: impl Into<String>, about: &str) -> Self {
        let about = plain(about.lines().next().unwrap_or_default().trim());
        let mut short: String = about.chars().take(MOST_LETTERS).collect();
        if short.len() < about.len() {
            short.push('…');
        }
        Self {
            word: word.into(),
            about: Some(short).filter(|about| !about.is_empty()),
        }
    }

    /// Whether it can be shown and typed as it is: a control character could be a command to the terminal, an invisible mark
    /// could feign another name, and what begins with a hyphen would be taken for an option.
    fn is_harmless(&self) -> bool {
        plain(&self.word) == self.word && !self.word.starts_with('-')
    }
}

/// What could stand where the cursor is.
pub(super) fn answer(program: &Command, line: &Line) -> Answer {
    let candidates = match line.place {
        Place::Nothing => Vec::new(),
        Place::Option => options(line),
        Place::Value(argument) => match Value::of(argument) {
            Some(Value::File) => return Answer::Files,
            Some(Value::Folder) => return Answer::Folders,
            Some(value) => values(program, line, argument, value),
            None => Vec::new(),
        },
        Place::Word(argument) => {
            let value = argument.and_then(|argument| Some((argument, Value::of(argument)?)));
            match value {
                _ if line.command.has_subcommands() => commands(line.command),
                Some((_, Value::File)) => return Answer::Files,
                Some((_, Value::Folder)) => return Answer::Folders,
                Some((argument, value)) => values(program, line, argument, value),
                // Better than silence.
                None => options(line),
            }
        }
    };
    Answer::Values(candidates)
}

fn first_line(text: Option<&StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

fn commands(command: &Command) -> Vec<Candidate> {
    let shown = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    shown
        .map(|command| Candidate::new(command.get_name(), &first_line(command.get_about())))
        .collect()
}

/// The options that can still be given.
fn options(line: &Line) -> Vec<Candidate> {
    let is_given = |argument: &Arg| {
        let mut given = line.given.iter().map(|(given, _)| given.get_id());
        !matches!(argument.get_action(), ArgAction::Append)
            && given.any(|id| id == argument.get_id())
    };
    let options = line.command.get_arguments();
    let options = options.filter(|argument| !argument.is_hide_set() && !is_given(argument));
    options
        .filter_map(|argument| {
            let name = argument.get_long()?;
            let about = first_line(argument.get_help());
            Some(Candidate::new(format!("--{name}"), &about))
        })
        .collect()
}

/// The values of an argument.
fn values(program: &Command, line: &Line, argument: &Arg, value: Value) -> Vec<Candidate> {
    let found = match value {
        Value::Listed => listed(argument),
        Value::Command => pages(program, line, &[]),
        Value::Page => pages(program, line, &TOPICS),
        // Without a repository there are no names.
        _ => of_repository(line, value).unwrap_or_default(),
    };
    let harmless = found.into_iter().filter(Candidate::is_harmless);
    harmless
        .map(|candidate| Candidate {
            word: format!("{}{}", line.before, candidate.word),
            ..candidate
        })
        .collect()
}

fn listed(argument: &Arg) -> Vec<Candidate> {
    let values = argument.get_possible_values();
    let shown = values.iter().filter(|value| !value.is_hide_set());
    shown
        .map(|value| Candidate::new(value.get_name(), &first_line(value.get_help())))
        .collect()
}

/// The commands below those that are named already; at the top, with topics.
fn pages(program: &Command, line: &Line, topics: &[crate::cli::help::Topic]) -> Vec<Candidate> {
    let mut command = program;
    let words = line
        .given
        .iter()
        .filter(|(argument, _)| argument.is_positional());
    for (_, word) in words {
        let Some(below) = command.find_subcommand(word) else {
            return Vec::new();
        };
        command = below;
    }
    let mut pages = commands(command);
    if command.get_name() == program.get_name() {
        let new = |topic: &&crate::cli::help::Topic| command.find_subcommand(topic.name).is_none();
        pages.extend(
            topics
                .iter()
                .filter(new)
                .map(|topic| Candidate::new(topic.name, topic.about)),
        );
    }
    pages
}

/// What the repository that the line names holds, as far as it is here.
fn of_repository(line: &Line, value: Value) -> Result<Vec<Candidate>> {
    let checkout = Checkout::open_to_peek(&selection(line))?;
    let plainly = |names: Vec<String>| names.iter().map(|name| Candidate::new(name, "")).collect();
    let noun = match value {
        Value::Noun(noun) => noun,
        Value::Range => Noun::Target,
        Value::Upstream => Noun::Environment,
        Value::Remote => return Ok(plainly(checkout.remotes()?)),
        Value::Branch => return Ok(plainly(checkout.branches()?)),
        Value::Point => {
            let names: BTreeSet<_> = checkout
                .tags()?
                .into_iter()
                .chain(checkout.branches()?)
                .collect();
            return Ok(plainly(names.into_iter().collect()));
        }
        Value::Listed | Value::File | Value::Folder | Value::Command | Value::Page => {
            return Ok(Vec::new());
        }
    };
    let Some(tree) = checkout.peek()? else {
        return Ok(Vec::new());
    };
    let named = names(&tree, noun, &narrowing(line))?;
    let mut candidates: Vec<_> = named
        .iter()
        .map(|Named { name, about }| {
            Candidate::new(name, about.as_ref().map_or("", |about| about.raw()))
        })
        .collect();
    if value == Value::Upstream {
        candidates.push(Candidate::new("latest", "the newest release of each app"));
    }
    Ok(candidates)
}

/// What the line, or the environment of the process, says about the argument of this name.
fn given(line: &Line, name: &str) -> Option<String> {
    let is_it = |argument: &Arg| argument.get_id() == name;
    let typed = line.given.iter().rfind(|(argument, _)| is_it(argument));
    typed.map(|(_, text)| text.clone()).or_else(|| {
        let argument = line
            .command
            .get_arguments()
            .find(|argument| is_it(argument))?;
        argument.get_env().and_then(variable)
    })
}

fn selection(line: &Line) -> Selection {
    let folder = given(line, "repo");
    Selection {
        explicit: folder.is_some(),
        folder: folder.map_or_else(|| PathBuf::from("."), at_home),
        remote: given(line, "remote"),
        branch: given(line, "branch"),
        push: given(line, "no_push").is_none(),
        settings_in_environment: settings_in_environment(),
    }
}

/// The folder that the shell will make of it.
fn at_home(folder: String) -> PathBuf {
    let below = match folder.strip_prefix('~') {
        Some("") => "",
        Some(rest) if rest.starts_with('/') => &rest[1..],
        Some(_) | None => return folder.into(),
    };
    match variable(OsStr::new("HOME")) {
        Some(home) => PathBuf::from(home).join(below),
        None => folder.into(),
    }
}

/// The first of each kind that the line names.
fn narrowing(line: &Line) -> Narrowing {
    let mut narrowing = Narrowing {
        manifest_locks: given(line, "kind").as_deref() == Some("manifest"),
        ..Narrowing::default()
    };
    for (argument, text) in line.given.iter().rev() {
        let Some(Value::Noun(noun)) = Value::of(argument) else {
            continue;
        };
        match noun {
            Noun::App => narrowing.app = text.parse().ok(),
            Noun::Environment => narrowing.environment = text.parse().ok(),
            Noun::Group => narrowing.group = text.parse().ok(),
            Noun::Team => narrowing.team = text.parse().ok(),
            Noun::Target | Noun::LockId | Noun::Version => {}
        }
    }
    narrowing
}
