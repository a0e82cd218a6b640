//! Words out: the answer on stdout, everything else on stderr as that client logs it.

use super::super::exit::{self, Exit};
use super::super::{github, output};
use super::flags::Misuse;
use crate::git::clean;
use crate::state::{Moment, plain};

/// Prints an answer.
pub(super) fn print(text: &str) -> Exit {
    output::print(text);
    Exit::Done
}

/// What is told on stderr, as Go's `log` does: with the time before it.
pub(super) struct Told {
    pub(super) now: Moment,
    pub(super) quiet: bool,
}

impl Told {
    fn log(&self, text: &str) {
        output::say(&format!("{} {text}", self.now.to_go_log()));
    }

    /// What is wrong with a command line.
    pub(super) fn misuse(&self, misuse: &Misuse) -> Exit {
        if let Some(flags) = &misuse.flags {
            output::say(flags.trim_end_matches('\n'));
        }
        self.log(&plain(&misuse.message));
        if github::is_on() {
            github::failed(Exit::Usage, &plain(&misuse.message), None);
        }
        Exit::Usage
    }

    /// All failures but those of usage are one to that client.
    pub(super) fn error(&self, blame: &str, error: &anyhow::Error) -> Exit {
        let why = clean(&format!("{error:#}"));
        self.log(&format!("{blame}, error: {why}"));
        let hint = exit::hint(error).as_deref().map(clean);
        if let Some(hint) = &hint {
            output::say(&format!("hint: {hint}"));
        }
        if github::is_on() {
            github::failed(Exit::Failed, &why, hint.as_deref());
        }
        Exit::Failed
    }

    /// That it is done, and our answer in place of that of a server.
    pub(super) fn success(&self, status: &str, words: &str) {
        if !self.quiet {
            let words = words.trim_end();
            self.log(&format!("Success: {status}\nResponse body:\n{words}"));
        }
    }

    /// Names what was given and means nothing here.
    pub(super) fn ignored<'a>(&self, given: impl Iterator<Item = &'a String>) {
        let tokens = ["KUBERPULT_IAP_TOKEN", "KUBERPULT_DEX_ACCESS_TOKEN"];
        let is_set = |name: &&str| std::env::var_os(name).is_some_and(|token| !token.is_empty());
        let tokens = tokens.into_iter().filter(is_set);
        let names: Vec<_> = given.map(String::as_str).chain(tokens).collect();
        if !names.is_empty() {
            let names = names.join(", ");
            self.line(&format!(
                "note: ignored, since it means nothing without a server: {names}"
            ));
        }
    }

    /// One line of our own.
    pub(super) fn line(&self, line: &str) {
        if !self.quiet {
            output::say(&clean(line));
        }
    }
}
