//! Shells that a test drives: asked for what they would offer, or typed into as a person types.

use std::path::Path;

use crate::world::{World, skipped};

/// A shell that we have a script for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Calls the function as bash does: with the whole line, and the end of it that would be replaced.
const ASK_BASH: &str = r#"
source <(trainyard completions bash) || exit
compopt() { printf '{%s}\n' "$2"; }
COMP_LINE=$1 COMP_POINT=${#1}
_trainyard trainyard "${1##*[ =:]}" x
printf '%s\n' "${COMPREPLY[@]}"
"#;

/// Calls the function as zsh does, and prints what it would show.
const ASK_ZSH: &str = r#"
compdef() { : }
compset() { : }
_files() { print -r -- "{files $*}" }
compadd() { for i in {1..$#values}; do [[ $values[i] == $PREFIX* ]] && print -r -- $shown[i]; done }
source <(trainyard completions zsh) || exit
words=("${(@s: :)1}") CURRENT=$#words PREFIX=$words[-1]
_trainyard
"#;

const ASK_FISH: &str = "trainyard completions fish | source; complete -C $argv[1]";

impl Shell {
    pub(super) const ALL: [Self; 3] = [Self::Bash, Self::Zsh, Self::Fish];

    fn program(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
        }
    }

    /// Whether it is installed; a test that cannot run says so.
    pub(super) fn is_here(self) -> bool {
        is_here(self.program())
    }

    /// What it offers at the end of a line, one on each line, without what it says of files.
    pub(super) fn offers(self, world: &World, line: &str) -> String {
        let arguments: &[&str] = match self {
            Self::Bash => &["--norc", "-c", ASK_BASH, "bash", line],
            Self::Zsh => &["-f", "-c", ASK_ZSH, "zsh", line],
            Self::Fish => &["--no-config", "-c", ASK_FISH, "--", line],
        };
        let answer = in_path(world.beside(self.program()).args(arguments))
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&answer.stderr),
            "",
            "{self:?}: {line}"
        );
        String::from_utf8(answer.stdout).unwrap()
    }

    /// Types these keys into a terminal, behind the setting up of the completion, and returns all that is seen.
    pub(super) fn sees(self, world: &World, keys: &str) -> String {
        let (interactive, set_up) = match self {
            Self::Bash => (
                "bash --norc --noprofile -i",
                "source <(trainyard completions bash)",
            ),
            Self::Zsh => (
                "zsh -f -i",
                "autoload -Uz compinit; compinit -u -D; source <(trainyard completions zsh)",
            ),
            Self::Fish => ("fish --no-config", "trainyard completions fish | source"),
        };
        let mut terminal = world.beside("script");
        in_path(terminal.args(["-qec", interactive, "/dev/null"]));
        let keys = format!("{set_up}\n{keys}\nexit\n");
        let answer = terminal
            .env("TERM", "dumb")
            .write_stdin(keys)
            .output()
            .unwrap();
        String::from_utf8_lossy(&answer.stdout).into_owned()
    }
}

/// Whether a program is installed.
pub(super) fn is_here(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).any(|folder| folder.join(program).is_file());
    if !found {
        skipped(&format!("`{program}` is not installed"));
    }
    found
}

/// Our program where the shell finds it, and letters that are not ASCII.
pub(super) fn in_path(command: &mut assert_cmd::Command) -> &mut assert_cmd::Command {
    let ours = Path::new(env!("CARGO_BIN_EXE_trainyard")).parent().unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = [ours.to_owned()]
        .into_iter()
        .chain(std::env::split_paths(&path));
    command
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("LC_ALL", "C.UTF-8")
}
