//! `trainyard completions`, and the answers that its scripts ask for while a command line is being typed.
//!
//! The scripts know nothing of our commands: they hand over the line, and put up what comes back. So one that was installed long ago
//! goes with every later version, as long as the few words between the two stay as `docs/commands.md` has them.

mod bash;
mod candidates;
#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzzing;
mod line;
#[cfg(test)]
mod tests;
mod value;

use std::ffi::{OsStr, OsString};

use clap::{Args, Command, ValueEnum};

use super::exit::Exit;
use super::output::print;
use candidates::{Answer, answer};
use line::Line;

/// The word behind the program's name with which the scripts ask. It is no command: options and variables are not looked at.
const QUESTION: &str = "complete";

/// Print a script that completes command lines in a shell
///
/// It offers commands, options and values, among them the apps, environments, groups, teams, locks and releases of the manifest
/// repository, as this clone last heard of it. It goes with every later version of the program.
#[derive(Debug, Args)]
#[command(after_help = "To have it in every new shell:
  bash: echo 'source <(trainyard completions bash)' >> ~/.bashrc
  zsh:  echo 'source <(trainyard completions zsh)' >> ~/.zshrc     (behind `autoload -Uz compinit && compinit`)
  fish: trainyard completions fish > ~/.config/fish/completions/trainyard.fish")]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Shell {
    fn script(self) -> &'static str {
        match self {
            Self::Bash => include_str!("shell/trainyard.bash"),
            Self::Zsh => include_str!("shell/trainyard.zsh"),
            Self::Fish => include_str!("shell/trainyard.fish"),
        }
    }
}

impl CompletionsArgs {
    pub(super) fn run(&self) -> Exit {
        print(self.shell.script());
        Exit::Done
    }
}

/// Answers a script, if one asks: `trainyard complete bash LINE WORD`, and `trainyard complete zsh|fish WORD… CURRENT`.
/// Whatever is wrong, there is nothing to say about it: somebody is in the middle of a line.
pub(super) fn answered(command: impl FnOnce() -> Command, arguments: &[OsString]) -> bool {
    let [_, question, shell, words @ ..] = arguments else {
        return false;
    };
    if question != QUESTION {
        return false;
    }
    let words: Option<Vec<_>> = words.iter().map(|word| word.to_str()).collect();
    let Some(words) = words else { return true };
    match (shell.to_str(), words.as_slice()) {
        (Some("bash"), [line, word]) => {
            let typed = bash::Typed::read(line);
            let found = complete(command(), &typed.words, &typed.current);
            print(&shown(&typed.quoted(found, word)));
        }
        (Some("zsh" | "fish"), [words @ .., current]) => {
            let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
            print(&shown(&complete(command(), &words, current)));
        }
        // A script of a later version.
        _ => {}
    }
    true
}

/// What could stand in place of the current word, behind these.
fn complete(mut command: Command, words: &[String], current: &str) -> Answer {
    command.build();
    answer(&command, &Line::read(&command, words, current))
}

/// The answer as the scripts read it: the first line says what it is, each further one is a candidate and what it is about.
fn shown(answer: &Answer) -> String {
    let candidates = match answer {
        Answer::Files => return "files\n".to_owned(),
        Answer::Folders => return "folders\n".to_owned(),
        Answer::Values(candidates) => candidates,
    };
    candidates
        .iter()
        .fold("values\n".to_owned(), |mut text, candidate| {
            text.push_str(&candidate.word);
            if let Some(about) = &candidate.about {
                text.push('\t');
                text.push_str(about);
            }
            text.push('\n');
            text
        })
}

/// What a variable says, if it is set to something.
fn variable(name: &OsStr) -> Option<String> {
    let value = std::env::var(name).ok();
    value.filter(|value| !value.is_empty())
}
