//! The two programs that race, `trainyard` and `git`, each started in the same empty surroundings.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The branch that every benchmark repository has.
pub(crate) const BRANCH: &str = "main";

/// Starts programs that see neither the user's configuration nor the user's environment.
pub(crate) struct Programs {
    home: PathBuf,
}

impl Programs {
    /// Takes the place of the home folder, and creates it empty.
    pub(crate) fn at_home(home: PathBuf) -> Result<Self> {
        fs::create_dir(&home).with_context(|| format!("creating {}", home.display()))?;
        Ok(Self { home })
    }

    /// Returns the program that this benchmark was built with.
    pub(crate) fn trainyard(&self) -> Command {
        self.hermetic(env!("CARGO_BIN_EXE_trainyard"))
    }

    pub(crate) fn git(&self) -> Command {
        self.hermetic("git")
    }

    pub(crate) fn git_in(&self, folder: &Path) -> Command {
        let mut command = self.git();
        command.arg("-C").arg(folder);
        command
    }

    fn hermetic(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.home)
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            // The same moment in every run, so that every run has to come to the same tree.
            .env("SOURCE_DATE_EPOCH", "1750000000")
            .stdin(Stdio::null());
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "Ada Conductor");
            command.env(format!("GIT_{role}_EMAIL"), "ada@example.com");
        }
        command
    }
}

/// Runs the program and returns what it printed, without the last newline; anything but exit 0 is an error.
pub(crate) fn answer(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("starting {command:?}"))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        // Without the environment, which `Debug` of a command would print in full.
        let name = command.get_program().to_string_lossy();
        let arguments: Vec<_> = command
            .get_args()
            .map(|argument| argument.to_string_lossy())
            .collect();
        bail!(
            "`{name} {}` failed ({}): {}",
            arguments.join(" "),
            output.status,
            words.trim()
        );
    }
    let printed = String::from_utf8(output.stdout)
        .with_context(|| format!("reading what {command:?} printed"))?;
    Ok(printed.trim_end_matches('\n').to_owned())
}

/// Runs the program and returns how long it took from start to exit.
pub(crate) fn time(command: &mut Command) -> Result<Duration> {
    let start = Instant::now();
    answer(command)?;
    Ok(start.elapsed())
}

/// Runs the program, throws away what it says, and returns its exit code; one that is killed is an error.
pub(crate) fn exit_code(command: &mut Command) -> Result<i32> {
    let output = command
        .output()
        .with_context(|| format!("starting {command:?}"))?;
    let code = output.status.code();
    code.with_context(|| format!("a process ended with {}", output.status))
}
