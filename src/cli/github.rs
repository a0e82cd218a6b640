//! `--github`: what a step of GitHub Actions is told beside the answer, in the files that GitHub's runner names and on stderr.
//!
//! It is asked for and never guessed from `GITHUB_ACTIONS`: a script may run this program many times within one step, and each would
//! write a summary and outputs of its own.

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::builder::{FalseyValueParser, TypedValueParser as _};
use uuid::Uuid;

use super::exit::Exit;
use super::output;
use crate::git::clean;
use crate::plan::Outcome;
use crate::report::Fate;
use crate::report::github::{
    Annotation, Level, MOST_BYTES, Output, bounded, failure, fitting, nothing, of_outcome, outputs,
    success, written,
};

/// The variable of the option.
pub(super) const VARIABLE: &str = "TRAINYARD_GITHUB";

/// Whether it is asked for. Like the choice of colours, it holds for all that the process prints.
static ON: AtomicBool = AtomicBool::new(false);
/// What came of the command, once its answer is told.
static TOLD: Mutex<Option<&'static str>> = Mutex::new(None);

/// Whether a step of GitHub Actions is told.
pub(super) fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Whether GitHub's runner may read what is printed: it is told, or says of itself that it runs this step.
pub(super) fn is_read_by_runner() -> bool {
    is_on() || std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Tells a step of GitHub Actions from now on.
pub(super) fn set_up(on: bool) {
    ON.store(on, Ordering::Relaxed);
}

/// Whether a command line that cannot be read asks for it.
pub(super) fn is_asked_for(arguments: &[OsString]) -> bool {
    let is_true = |value: OsString| {
        let parsed = FalseyValueParser::new().parse_ref(&clap::Command::new(""), None, &value);
        parsed.unwrap_or(false)
    };
    arguments.iter().any(|word| word == "--github")
        || std::env::var_os(VARIABLE).is_some_and(is_true)
}

/// Tells an answer: annotations, the summary, and all outputs but how it ended.
pub(super) fn answered(outcome: &Outcome, fate: &Fate, quiet: bool) {
    if !quiet {
        annotate(of_outcome(outcome, fate));
    }
    summarize(&success(outcome, fate));
    let (values, too_large) = outputs(outcome, fate);
    for name in too_large {
        let line =
            format!("warning: the output `{name}` is empty: it would be larger than GitHub keeps");
        output::say(&line);
    }
    put_out(&values);
    let result = match (fate.changed, fate.dry_run || outcome.done.is_look()) {
        (true, false) => "changed",
        (true, true) => "pending",
        (false, _) => "unchanged",
    };
    *told() = Some(result);
}

/// Tells how a command ended that did not fail.
pub(super) fn ended(exit: Exit) {
    if is_on() {
        let told = *told();
        let mut values = match told {
            Some(_) => Vec::new(),
            None => nothing("false", ""),
        };
        values.extend(ending(exit, told.unwrap_or("unchanged")));
        put_out(&values);
    }
}

/// Tells a failure: an annotation in place of the plain error, the summary, and the outputs, unless an answer has told them.
pub(super) fn failed(exit: Exit, message: &str, hint: Option<&str>) {
    let said = match hint {
        Some(hint) => format!("{message}\nhint: {hint}"),
        None => message.to_owned(),
    };
    annotate(vec![Annotation::general(Level::Error, said)]);
    let summary = failure(result_of(exit), message, hint);
    summarize(&summary);
    let changed = if exit == Exit::Unknown {
        "unknown"
    } else {
        "false"
    };
    let mut values = match *told() {
        Some(_) => Vec::new(),
        None => nothing(changed, &summary),
    };
    values.extend(ending(exit, result_of(exit)));
    put_out(&values);
}

fn told() -> std::sync::MutexGuard<'static, Option<&'static str>> {
    TOLD.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn ending(exit: Exit, result: &'static str) -> [Output; 2] {
    let result = match exit {
        Exit::Done => result,
        Exit::ChangesPending
        | Exit::Failed
        | Exit::Usage
        | Exit::Refused
        | Exit::Unknown
        | Exit::RemoteRefused
        | Exit::Invalid
        | Exit::KeptMoving => result_of(exit),
    };
    [
        ("result", result.to_owned()),
        ("exit-code", (exit as u8).to_string()),
    ]
}

/// How a command ended, in a word for programs.
fn result_of(exit: Exit) -> &'static str {
    match exit {
        Exit::Done => "unchanged",
        Exit::ChangesPending => "pending",
        Exit::Failed => "failed",
        Exit::Usage => "usage",
        Exit::Refused => "refused",
        Exit::Unknown => "unknown",
        Exit::RemoteRefused => "remote-refused",
        Exit::Invalid => "invalid",
        Exit::KeptMoving => "kept-moving",
    }
}

/// Writes annotations on stderr, and as plain lines what GitHub would not show, or not all of it.
fn annotate(mut annotations: Vec<Annotation>) {
    for annotation in &mut annotations {
        annotation.message = output::steady(&clean(&annotation.message));
    }
    let (shown, left_out) = bounded(&annotations);
    let cut = shown.iter().filter(|annotation| !annotation.is_whole());
    for annotation in left_out.iter().chain(cut) {
        output::say(&annotation.plain());
    }
    for annotation in shown {
        output::command(&annotation.to_string());
    }
}

/// Adds to the summary of the step what still fits below GitHub's limit.
fn summarize(text: &str) {
    append("GITHUB_STEP_SUMMARY", |file| {
        let length = file.seek(SeekFrom::End(0))?;
        // A table or a paragraph of another program ends at an empty line.
        let gap = if length == 0 { "" } else { "\n\n" };
        let used = usize::try_from(length).unwrap_or(usize::MAX);
        let room = MOST_BYTES.saturating_sub(used.saturating_add(gap.len()));
        let text = fitting(text, room)
            .ok_or_else(|| io::Error::other("it is as large as GitHub allows"))?;
        file.write_all(format!("{gap}{text}").as_bytes())
    });
}

/// Adds to the outputs of the step.
fn put_out(values: &[Output]) {
    append("GITHUB_OUTPUT", |file| {
        let length = file.seek(SeekFrom::End(0))?;
        let mut last = [b'\n'];
        if length > 0 {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        // Another program may have left its last line without an end.
        let gap = if last == [b'\n'] { "" } else { "\n" };
        let delimiter = || format!("trainyard_{}", Uuid::new_v4().simple());
        file.write_all(format!("{gap}{}", written(values, delimiter)).as_bytes())
    });
}

/// Writes into the file that a variable names. That it cannot is a warning: the work is done.
fn append(variable: &str, write: impl FnOnce(&mut std::fs::File) -> io::Result<()>) {
    let write = |path: &OsStr| {
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .append(true)
            .create(true)
            .open(Path::new(path))?;
        write(&mut file)
    };
    let told = match std::env::var_os(variable).filter(|path| !path.is_empty()) {
        Some(path) => write(&path).map_err(|error| error.to_string()),
        None => Err("the variable is not set".to_owned()),
    };
    if let Err(why) = told {
        output::say(&format!(
            "warning: nothing is written to `${variable}`: {why}"
        ));
    }
}
