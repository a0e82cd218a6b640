//! Command lines as people and programs type them, lists for `apply`, what gpg says of a signature, and the notice to Argo CD.

use std::ffi::OsString;

use clap::builder::Resettable;
use clap::{Command, CommandFactory as _};

pub(crate) use super::kuberpult_client::fuzzing::client_lines;
pub(crate) use super::session::fuzzing::letters;
pub(crate) use super::shell::fuzzing::cursors;
use super::signature::Verdict;
use super::{Cli, apply, manifests, notify, parse};
use crate::git::clean;
use crate::state::EnvName;

thread_local! {
    static PROGRAM: Command = program();
}

/// The program without the variables of the environment.
fn program() -> Command {
    let unset = |argument: clap::Arg| argument.env(Resettable::Reset);
    let program = Cli::command().mut_args(unset);
    program.mut_subcommands(|command| command.mut_args(unset))
}

/// Does something with the program.
pub(super) fn with_program<T>(act: impl FnOnce(&Command) -> T) -> T {
    PROGRAM.with(act)
}

/// The words of a line, of which there is one on each line of a text.
pub(super) fn words(data: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(data);
    text.split('\n').map(str::to_owned).collect()
}

/// Fails if what is told of an error could do more than tell.
pub(super) fn assert_harmless(told: &str) {
    let odd = |letter: char| letter.is_control() && letter != '\n';
    assert!(!told.contains(odd), "{told:?}");
}

/// Reads a command line; it is understood, or refused without harm.
pub(super) fn reads(line: Vec<OsString>) -> bool {
    match with_program(|program| parse(program.clone(), line)) {
        Ok(_) => true,
        Err(error) => {
            assert_harmless(&error.to_string());
            false
        }
    }
}

/// Command lines of ours, and the form ENV=FILE in them.
pub(crate) fn command_lines(data: &[u8]) {
    let words = words(data);
    for word in &words {
        // What a file is called may hold the sign, too.
        let meant = word.split_once('=');
        let meant = meant.filter(|(environment, _)| environment.parse::<EnvName>().is_ok());
        match manifests::split("--manifest", word, "-e ENV") {
            Ok((environment, path)) => {
                let path = path.to_str();
                assert_eq!(path.map(|path| (environment.as_ref(), path)), meant);
            }
            Err(error) => {
                assert_eq!(meant, None);
                assert_harmless(&format!("{error:#}"));
            }
        }
    }
    let words = words.into_iter().map(OsString::from);
    reads(std::iter::once("trainyard".into()).chain(words).collect());
}

/// Statuses of gpg: nothing is a good signature that it does not call good and valid, and nothing that it calls bad.
pub(crate) fn signatures(data: &[u8]) {
    let lines = || data.split(|byte| *byte == b'\n');
    let says = |word: &str| {
        let status = format!("[GNUPG:] {word}");
        lines().any(|line| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let rest = line.strip_prefix(status.as_bytes());
            rest.is_some_and(|rest| rest.is_empty() || rest[0] == b' ')
        })
    };
    let verdict = Verdict::of(data);
    assert_eq!(verdict == Verdict::Bad, says("BADSIG"));
    let good = says("GOODSIG") && says("VALIDSIG") && !says("BADSIG");
    assert_eq!(verdict == Verdict::Good, good, "{verdict:?}");
}

/// Lists of operations: what a field holds is the value of that option and of no other.
pub(crate) fn lists(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let list = match apply::list(&text) {
        Ok(list) => list,
        Err(error) => return assert_harmless(&clean(&format!("{error:#}"))),
    };
    for fields in &list {
        match with_program(|program| apply::command_line(program, fields)) {
            Ok(line) => {
                check_line(&line);
                reads(line);
            }
            Err(error) => assert_harmless(&clean(&format!("{error:#}"))),
        }
    }
}

/// Each word in front of `--` that is no command is an option with its value in the same word.
fn check_line(line: &[OsString]) {
    let words = line.iter().map(|word| word.to_string_lossy());
    let words: Vec<_> = words.take_while(|word| word != "--").collect();
    let options = words.iter().skip_while(|word| !word.starts_with("--"));
    for word in options {
        let name = word.split('=').next().unwrap_or_default();
        let name = name.strip_prefix("--");
        let name = name.unwrap_or_else(|| panic!("`{word}` is no option"));
        let known = |letter: char| letter.is_ascii_lowercase() || letter == '-';
        assert!(!name.is_empty() && name.chars().all(known), "`{word}`");
    }
}

/// The address of a webhook, and of the page of a repository.
pub(crate) fn webhooks(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match notify::webhook(&text) {
        Ok(url) => {
            assert!(url.starts_with("http://") || url.starts_with("https://"));
            assert!(url.ends_with("/api/webhook"), "{url:?}");
            assert!(!url.contains(char::is_whitespace) && !url.contains(char::is_control));
        }
        Err(error) => assert_harmless(&clean(&format!("{error:#}"))),
    }
    let page = notify::web_url(&text);
    assert!(page.len() <= text.len() + "https:///".len());
}
