//! Where all that is printed goes out: the answer to stdout, the rest to stderr, in colours where they are wanted. In a step of GitHub
//! Actions, asked to tell it or not, nothing of it is a command to the runner but our own.

use std::io::{IsTerminal as _, Write};

use anyhow::Result;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::steps::{Steps, Total};
use super::surroundings::is_watched;
use super::{Color, Global, github};
use crate::letters::is_harmful;
use crate::plan::Outcome;
use crate::report::github::guarded;
use crate::report::{self, Fate, Format};

/// Colours as asked for. On stderr: warnings; with `-v` each step, and at the end how long they took together; and on a terminal
/// the step that is under way.
pub(super) fn set_up(global: &Global) -> Total {
    let choice = match global.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    };
    choice.write_global();
    github::set_up(global.github);
    let watched = !global.quiet && is_watched() && std::io::stderr().is_terminal();
    // Below this level, a step costs nothing.
    let level = match (global.quiet, global.verbose || watched) {
        (true, _) => LevelFilter::ERROR,
        (false, true) => LevelFilter::INFO,
        (false, false) => LevelFilter::WARN,
    };
    // A second call, as the demo makes, keeps the first setting.
    if !tracing::dispatcher::has_been_set() {
        let _ = tracing_subscriber::registry()
            .with(Steps::new(global.verbose, watched))
            .with(level)
            .try_init();
    }
    Total::begin()
}

/// An answer as it may be printed.
pub(super) fn answer(outcome: &Outcome, fate: &Fate, format: Format) -> Result<String> {
    if github::is_read_by_runner() {
        report::github::answer(outcome, fate, format)
    } else {
        report::render(outcome, fate, format)
    }
}

/// Prints an answer.
pub(super) fn print_answer(text: &str, format: Format) {
    let mut stdout: Box<dyn Write> = match format {
        // There are no colours to take out, and it may be long.
        Format::Json | Format::Html => Box::new(std::io::stdout()),
        Format::Text | Format::Yaml | Format::Markdown | Format::Kuberpult => {
            Box::new(anstream::stdout())
        }
    };
    // Nothing can be done about a closed pipe, and the work is done.
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}

/// Prints text on stdout.
pub(super) fn print(text: &str) {
    print_answer(&safe(text), Format::Text);
}

/// Prints text on stderr, and ends its line.
pub(super) fn say(text: &str) {
    command(&safe(&steady(text)));
}

/// The text with the letters spelled out that turn its direction or are not seen, whoever said them: a server, a path. What is below a
/// blank is somebody else's concern, as colours are made of it.
pub(super) fn steady(text: &str) -> String {
    let odd = |letter: char| !letter.is_ascii() && is_harmful(letter);
    if !text.contains(odd) {
        return text.to_owned();
    }
    text.chars().fold(String::new(), |mut shown, letter| {
        if odd(letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
        shown
    })
}

/// Prints a line on stderr as it is.
pub(super) fn command(line: &str) {
    // Nothing can be done about a closed pipe; the exit code tells all the same.
    let _ = anstream::stderr().write_all(format!("{line}\n").as_bytes());
}

fn safe(text: &str) -> String {
    if github::is_read_by_runner() {
        guarded(text, Format::Text)
    } else {
        text.to_owned()
    }
}
