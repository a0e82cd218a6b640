//! A world for one test: a bare remote, checkouts of it, a clock of its own, and nothing else of this machine.
//!
//! A [`World`] is a checkout and the room it stands in. [`World::clone_to`] opens another checkout of the same remote;
//! both share the clock, which moves on by a minute with every run of the program.

mod files;
mod git;
mod http;
mod mould;
mod process;
mod scene;
mod schemas;
mod terminal;
mod tests;
mod words;
mod yard;

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use assert_cmd::Command;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

pub(crate) use files::{Node, Tree, difference, differences, files_below, fixtures, text};
pub(crate) use http::{Conduct, How, HttpServer, Reply, Request, When, Wish};
pub(crate) use mould::Mould;
pub(crate) use process::{Gate, Started, children_in_session};
pub(crate) use schemas::schemas;
pub(crate) use terminal::Watched;
pub(crate) use words::words;
pub(crate) use yard::{LOCK, RELEASE, TRAIN};

/// The branch that every world works on.
pub(crate) const BRANCH: &str = "main";
/// The person who runs every command.
pub(crate) const PERSON: &str = "Ada Signal";
pub(crate) const PERSON_EMAIL: &str = "ada@signals.example";

const DAWN: &str = "2026-03-02T08:00:00Z";
/// No command of a test takes that long; one that does hangs.
const PATIENCE: Duration = Duration::from_secs(300);

/// What the program answered, and the instant it took for now.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
    pub(crate) at: Timestamp,
}

impl Answer {
    /// The answer of a command that was asked for `-o json`.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is no JSON: {error}\n{self}"))
    }

    /// Whether it tells of a checkout that is not in step.
    pub(crate) fn leaves_behind(&self) -> bool {
        tells_of_one_left_behind(&self.stderr)
    }
}

/// Whether a command told of a checkout that is not in step.
pub(crate) fn tells_of_one_left_behind(stderr: &str) -> bool {
    let words = [
        "stays as it is",
        "kept as it is",
        "is half way",
        "cannot be finished",
    ];
    // A step of that name is told beside it.
    let mut warnings = stderr.lines().filter(|line| line.starts_with("warning:"));
    warnings.any(|line| words.iter().any(|words| line.contains(words)))
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            stdout,
            stderr,
            code,
            ..
        } = self;
        write!(
            f,
            "exit {code}\n--- stdout\n{stdout}--- stderr\n{stderr}---\n"
        )
    }
}

/// A checkout, in a room with its remote.
pub(crate) struct World {
    room: Arc<Room>,
    checkout: PathBuf,
}

struct Room {
    folder: TempDir,
    minutes: AtomicI64,
}

impl World {
    /// A checkout and a remote that hold the files of `fixtures/repos/NAME`.
    pub(crate) fn from_fixture(name: &str) -> Self {
        let fixture = fixtures().join("repos").join(name);
        Self::with_files(&files_below(&fixture))
    }

    /// A checkout and a remote that hold these files.
    pub(crate) fn with_files(tree: &Tree) -> Self {
        let room = Arc::new(Room {
            folder: TempDir::new().unwrap(),
            minutes: AtomicI64::new(0),
        });
        let checkout = room.folder.path().join("checkout");
        fs::create_dir(room.folder.path().join("home")).unwrap();
        let world = Self { room, checkout };
        let branch = format!("--initial-branch={BRANCH}");
        world.git_in(
            world.room.folder.path(),
            &["init", "-q", "--bare", &branch, "remote.git"],
        );
        // No world outlives its test, so git need not wait for the disk.
        world.remote_git(&["config", "core.fsync", "none"]);
        world.clone_into(&world.checkout, &[]);
        world.git(&["commit", "-q", "--allow-empty", "-m", "setup: begin"]);
        world.git(&["push", "-q", "origin", BRANCH]);
        let nodes = tree.iter().map(|(path, node)| (path.as_str(), Some(node)));
        world.plant("setup: files", &nodes.collect::<Vec<_>>());
        world
    }

    /// Another checkout of the same remote.
    pub(crate) fn clone_to(&self, name: &str) -> Self {
        self.clone_with(name, &[])
    }

    /// Another checkout of the same remote, cloned with these flags; the remote's address is a `file://` URL, which a
    /// shallow or partial clone needs.
    pub(crate) fn clone_with(&self, name: &str, flags: &[&str]) -> Self {
        let checkout = self.room.folder.path().join(name);
        self.clone_into(&checkout, flags);
        Self {
            room: Arc::clone(&self.room),
            checkout,
        }
    }

    fn clone_into(&self, checkout: &Path, flags: &[&str]) {
        let remote = self.remote().display().to_string();
        let address = if flags.is_empty() {
            remote
        } else {
            format!("file://{remote}")
        };
        let checkout = checkout.display().to_string();
        let mut arguments = vec!["clone", "-q", "-c", "core.fsync=none"];
        arguments.extend(flags);
        arguments.extend([address.as_str(), checkout.as_str()]);
        self.git_in(self.room.folder.path(), &arguments);
    }

    pub(crate) fn checkout(&self) -> &Path {
        &self.checkout
    }

    pub(crate) fn remote(&self) -> PathBuf {
        self.room.folder.path().join("remote.git")
    }

    /// The instant that the last command took for now.
    pub(crate) fn now(&self) -> Timestamp {
        moment(self.room.minutes.load(Ordering::SeqCst))
    }
}

/// Running the program.
impl World {
    /// Runs the program with a line of arguments, split as a shell does.
    pub(crate) fn run(&self, line: &str) -> Answer {
        self.run_words(&words(line))
    }

    /// Runs the program with these arguments.
    pub(crate) fn run_words<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Answer {
        let at = self.next_minute();
        answer(self.program(at).args(arguments), at)
    }

    /// Runs the program with a line of arguments and changes to its environment; `None` takes a variable away.
    pub(crate) fn run_with(&self, line: &str, variables: &[(&str, Option<&str>)]) -> Answer {
        let at = self.next_minute();
        let mut program = self.program(at);
        for (name, value) in variables {
            match value {
                Some(value) => program.env(name, value),
                None => program.env_remove(name),
            };
        }
        answer(program.args(words(line)), at)
    }

    /// Runs the program with a line of arguments and a text on stdin.
    pub(crate) fn run_with_stdin(&self, line: &str, stdin: &'static str) -> Answer {
        let at = self.next_minute();
        answer(self.program(at).args(words(line)).write_stdin(stdin), at)
    }

    /// Runs the program, which has to end well, and returns its stdout.
    #[track_caller]
    pub(crate) fn ok(&self, line: &str) -> String {
        let answer = self.run(line);
        assert_eq!(answer.code, 0, "trainyard {line}\n{answer}");
        answer.stdout
    }

    /// Runs the program, which has to end with this exit code.
    #[track_caller]
    pub(crate) fn fails(&self, line: &str, code: i32) -> Answer {
        let answer = self.run(line);
        assert_eq!(answer.code, code, "trainyard {line}\n{answer}");
        answer
    }

    /// The program in this checkout, with nothing of this machine around it; for what `run` cannot do, such as stdin.
    pub(crate) fn program(&self, now: Timestamp) -> Command {
        let mut program = Command::new(program_path());
        self.seclude(&mut program)
            .env("TRAINYARD_NOW", now.to_string())
            .current_dir(&self.checkout)
            .timeout(PATIENCE);
        program
    }

    /// Moves the clock on by a minute, and tells the time.
    pub(crate) fn next_minute(&self) -> Timestamp {
        moment(self.room.minutes.fetch_add(1, Ordering::SeqCst) + 1)
    }

    fn seclude<'command>(&self, command: &'command mut Command) -> &'command mut Command {
        seclude(command, &self.room.folder.path().join("home"))
    }
}

/// The program that is tested: the one that was built with the tests, unless `TRAINYARD_PROGRAM` names another one.
pub(crate) fn program_path() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| {
        let named = std::env::var("TRAINYARD_PROGRAM");
        named.unwrap_or_else(|_| env!("CARGO_BIN_EXE_trainyard").to_owned())
    })
}

/// Takes everything of this machine from around a command, and gives it a home and the person who runs every command.
pub(crate) fn seclude<'command>(
    command: &'command mut Command,
    home: &Path,
) -> &'command mut Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    command
        .env_clear()
        .env("PATH", path)
        .env("HOME", home)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_AUTHOR_NAME", PERSON)
        .env("GIT_AUTHOR_EMAIL", PERSON_EMAIL)
        .env("GIT_COMMITTER_NAME", PERSON)
        .env("GIT_COMMITTER_EMAIL", PERSON_EMAIL)
        .env("TZ", "UTC")
        .env("LC_ALL", "C")
}

fn moment(minutes: i64) -> Timestamp {
    let dawn: Timestamp = DAWN.parse().unwrap();
    dawn + SignedDuration::from_mins(minutes)
}

/// Runs a command to its end.
pub(crate) fn answer(program: &mut Command, at: Timestamp) -> Answer {
    let output = program.output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    schemas::check(&stdout);
    Answer {
        stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
        at,
    }
}

/// The folder of the real test data, or a word that there is none.
pub(crate) fn test_data() -> Option<PathBuf> {
    let folder = std::env::var_os("TRAINYARD_TEST_DATA").map(PathBuf::from);
    if folder.is_none() {
        // Not everybody may have it: that is no fault of the machine.
        say_skipped("TRAINYARD_TEST_DATA is not set");
    }
    folder
}

/// Set where the machine has all that a test needs: what is skipped all the same has failed.
const NO_SKIPS: &str = "TRAINYARD_NO_SKIPS";

/// Says why a test is skipped, which is what the machine lacks.
#[track_caller]
pub(crate) fn skipped(why: &str) {
    say_skipped(why);
    let may_skip = std::env::var_os(NO_SKIPS).is_none();
    assert!(may_skip, "{why}, and {NO_SKIPS} is set");
}

fn say_skipped(why: &str) {
    // Not `eprintln!`, which the harness swallows: a skipped test should be seen to be skipped.
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}
