//! Runs the `git` program: a quiet environment, a deadline, and output without control characters or credentials.

use std::io::{IsTerminal as _, Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result};

#[cfg(test)]
use super::outside::played;
use super::{Failure, FailureKind};
use crate::letters::is_harmful;

/// How long a command may take before it is killed.
fn deadline() -> Duration {
    const DEADLINE: Duration = Duration::from_secs(120);
    #[cfg(debug_assertions)]
    if let Some(deadline) = SHORTENED.get() {
        return *deadline;
    }
    DEADLINE
}

#[cfg(debug_assertions)]
static SHORTENED: std::sync::OnceLock<Duration> = std::sync::OnceLock::new();

/// Shortens the deadline from now on: no test waits for minutes.
#[cfg(debug_assertions)]
pub(crate) fn set_deadline(deadline: Duration) {
    SHORTENED.get_or_init(|| deadline);
}

/// How long a pipe is read on after the end of its command.
const AFTERMATH: Duration = Duration::from_secs(1);

/// What must not leak in from a hook or another git: it would bend our commands to another repository. Everything
/// that carries credentials (`GIT_CONFIG_COUNT`, `GIT_ASKPASS`, `GIT_SSH_COMMAND`, …) is kept.
const UNSET: [&str; 13] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INTERNAL_SUPER_PREFIX",
    // Of a server's hook: in its quarantine no ref may be changed.
    "GIT_QUARANTINE_PATH",
];

/// Nothing that watches, recurses, tidies up or tarries beside the one thing that was asked for.
const QUIET: [&str; 10] = [
    "-c",
    "core.fsmonitor=false",
    "-c",
    "submodule.recurse=false",
    "-c",
    "maintenance.auto=false",
    "-c",
    "gc.auto=0",
    // Of a push: the trees of a change are alike beside each other, and a longer search for deltas takes most of its time.
    "-c",
    "pack.window=1",
];

/// The `git` program on one repository.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    /// The work tree, or the folder of a bare repository.
    folder: PathBuf,
    /// The git folder, where git would not find it by itself.
    explicit: Option<PathBuf>,
    interactive: bool,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Finished {
    /// `None` if the deadline passed and the command was killed.
    pub(crate) status: Option<ExitStatus>,
    pub(crate) stdout: Vec<u8>,
    /// Without control characters and credentials.
    pub(crate) stderr: String,
}

impl Finished {
    /// Whether the command succeeded.
    pub(crate) fn is_ok(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// Whether the command came to its own end, and nobody killed it.
    pub(crate) fn has_ended(&self) -> bool {
        /// git ends with this at most; above it, a shell around git tells of a signal.
        const LARGEST: i32 = 129;
        let code = self.status.and_then(|status| status.code());
        code.is_some_and(|code| code <= LARGEST)
    }

    /// The output as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// What git said, or that it said nothing in time.
    pub(crate) fn words(&self) -> String {
        match self.status {
            None => format!("git did not answer within {} seconds", deadline().as_secs()),
            Some(status) if self.stderr.trim().is_empty() => format!("git ended with {status}"),
            Some(_) => self.stderr.trim_end().to_owned(),
        }
    }
}

/// A command under way.
pub(crate) enum Running {
    Process(Process),
    /// One that a test plays.
    #[cfg(test)]
    Played(played::Ending),
}

/// The process of a command.
pub(crate) struct Process {
    finished: mpsc::Receiver<std::io::Result<ExitStatus>>,
    stdout: Draining,
    stderr: Draining,
    id: u32,
    own_group: bool,
}

impl Git {
    /// git in a work tree, or in a bare repository.
    pub(crate) fn new(folder: &Path, bare: bool) -> Self {
        let interactive = std::io::stderr().is_terminal() && std::io::stdin().is_terminal();
        Self {
            folder: folder.to_owned(),
            explicit: bare.then(|| folder.to_owned()),
            interactive,
        }
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Finished> {
        self.start(arguments)?.finish()
    }

    /// Runs a command to its end and fails unless it succeeds.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> Result<Finished> {
        let finished = self.run(arguments)?;
        check(arguments, finished)
    }

    /// Runs a command with more environment and with input, and fails unless it succeeds.
    pub(crate) fn succeed_with(
        &self,
        arguments: &[&str],
        environment: &[(String, String)],
        input: &[u8],
    ) -> Result<Finished> {
        tracing::info!("git {}", clean(&arguments.join(" ")));
        let input = input.to_owned();
        let mut command = self.command(arguments);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped());
        let (feeder, pipe) = handed(move |pipe: Option<ChildStdin>| {
            // A command that ends early closes the pipe; its status tells why.
            pipe.map(|mut pipe| pipe.write_all(&input))
        })?;
        let finished = Process::start(&mut command, !self.interactive, Some(pipe))?.finish()?;
        drop(feeder.join());
        check(arguments, finished)
    }

    /// Starts a command without waiting for it.
    pub(crate) fn start(&self, arguments: &[&str]) -> Result<Running> {
        tracing::info!("git {}", clean(&arguments.join(" ")));
        #[cfg(test)]
        if let Some(player) = played::player() {
            return Ok(Running::Played(player.git(&self.folder, arguments)));
        }
        let mut command = self.command(arguments);
        command.stdin(if self.interactive {
            Stdio::inherit()
        } else {
            Stdio::null()
        });
        let process = Process::start(&mut command, !self.interactive, None)?;
        Ok(Running::Process(process))
    }

    /// A command with our environment; its input is still open.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.folder);
        if let Some(git_folder) = &self.explicit {
            command.arg("--git-dir").arg(git_folder);
        }
        command.args(QUIET).args(arguments);
        for name in UNSET {
            command.env_remove(name);
        }
        command
            .env("LC_ALL", "C")
            .env("GIT_NO_REPLACE_OBJECTS", "1");
        if !self.interactive {
            // Nor may ssh wait for an answer in a terminal: the user's own `SSH_ASKPASS` gives it, or nobody. The ssh
            // command stays the user's, whose words need not be those of OpenSSH.
            command
                .env("GIT_TERMINAL_PROMPT", "0")
                .env("SSH_ASKPASS_REQUIRE", "force");
            // A group of its own, so that helpers die with it at the deadline. In a terminal it stays in ours, or it
            // could not ask for a password.
            command.process_group(0);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

impl Running {
    /// Waits for the end, or kills the command at the deadline.
    pub(crate) fn finish(self) -> Result<Finished> {
        match self {
            Self::Process(process) => process.finish(),
            #[cfg(test)]
            Self::Played(ending) => Ok(ending()),
        }
    }
}

impl Process {
    /// Starts a command. The threads that listen to it come first: what has begun must not be left alone because there is no room
    /// for one more of them.
    fn start(
        command: &mut Command,
        own_group: bool,
        stdin: Option<mpsc::Sender<Option<ChildStdin>>>,
    ) -> Result<Self> {
        let (stdout, stdout_pipe) = drain()?;
        let (stderr, stderr_pipe) = drain()?;
        let (sender, finished) = mpsc::channel();
        let (_, waiting) = handed(move |mut child: Child| sender.send(child.wait()))?;
        let mut child = spawn(command)?;
        // Whoever is handed something is there to take it.
        let _ = stdin.map(|stdin| stdin.send(child.stdin.take()));
        let _ = stdout_pipe.send(child.stdout.take());
        let _ = stderr_pipe.send(child.stderr.take());
        let id = child.id();
        let _ = waiting.send(child);
        Ok(Self {
            finished,
            stdout,
            stderr,
            id,
            own_group,
        })
    }

    fn finish(self) -> Result<Finished> {
        let status = match self.finished.recv_timeout(deadline()) {
            Ok(status) => Some(status.context("waiting for git")?),
            Err(_) => {
                self.kill();
                None
            }
        };
        let (stdout, stderr) = (self.stdout.finish(), self.stderr.finish());
        Ok(Finished {
            status,
            stdout,
            stderr: clean(&String::from_utf8_lossy(&stderr)),
        })
    }

    fn kill(&self) {
        let process = i32::try_from(self.id)
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        let Some(process) = process else { return };
        let kill = rustix::process::Signal::KILL;
        // It may have ended in this very moment, which is as good.
        let _ = if self.own_group {
            rustix::process::kill_process_group(process, kill)
        } else {
            rustix::process::kill_process(process, kill)
        };
    }
}

fn spawn(command: &mut Command) -> Result<Child> {
    command.spawn().map_err(|error| {
        let message = format!("the `git` program cannot be started: {error}");
        let failure = Failure::new(FailureKind::Failed, message);
        failure
            .hint("install git 2.30 or later and see that it is on the PATH")
            .into()
    })
}

fn check(arguments: &[&str], finished: Finished) -> Result<Finished> {
    if finished.is_ok() {
        return Ok(finished);
    }
    let command = arguments.first().copied().unwrap_or_default();
    anyhow::bail!("`git {command}` failed:\n{}", finished.words());
}

/// A pipe that a thread reads to its end.
struct Draining {
    read: Arc<Mutex<Vec<u8>>>,
    ended: mpsc::Receiver<()>,
}

impl Draining {
    /// What was read. A process that git or a hook left in the background may keep the pipe open; it is not waited for.
    fn finish(self) -> Vec<u8> {
        // Either way: what the command itself wrote lay in the pipe when it ended, and was read meanwhile.
        let _ = self.ended.recv_timeout(AFTERMATH);
        std::mem::take(&mut *self.read.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn drain<P: Read + Send + 'static>() -> Result<(Draining, mpsc::Sender<Option<P>>)> {
    let read = Arc::new(Mutex::new(Vec::new()));
    let (sender, ended) = mpsc::channel();
    let shared = Arc::clone(&read);
    let (_, pipe) = handed(move |mut pipe: Option<P>| {
        let mut part = vec![0; 64 * 1024];
        // What was read until the pipe broke is still worth showing.
        while let Some(length @ 1..) = pipe.as_mut().and_then(|pipe| pipe.read(&mut part).ok()) {
            let mut read = shared.lock().unwrap_or_else(PoisonError::into_inner);
            read.extend_from_slice(&part[..length]);
        }
        sender.send(())
    })?;
    Ok((Draining { read, ended }, pipe))
}

/// A thread that waits until it is handed something, and works on that. Without it, it ends.
fn handed<T: Send + 'static, R: Send + 'static>(
    work: impl FnOnce(T) -> R + Send + 'static,
) -> Result<(JoinHandle<Option<R>>, mpsc::Sender<T>)> {
    let (sender, waiting) = mpsc::channel();
    let thread = std::thread::Builder::new().spawn(move || Some(work(waiting.recv().ok()?)));
    let thread = thread.map_err(|error| {
        let message = format!("`git` cannot be listened to, as no thread can be started: {error}");
        Failure::new(FailureKind::Failed, message)
            .hint("see that this user may start more processes: `ulimit -u`")
    })?;
    Ok((thread, sender))
}

/// Text from outside, line by line, without control characters and without the credentials of URLs.
pub(crate) fn clean(text: &str) -> String {
    let visible = |letter: &char| *letter == '\n' || !is_harmful(*letter);
    let text: String = text.replace('\r', "\n").chars().filter(visible).collect();
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let lines: Vec<_> = lines
        .map(|line| no_command(&without_credentials(line)))
        .collect();
    lines.join("\n")
}

/// A line that would begin a command of a workflow, with its first letter spelled out. What is indented is part of what is told.
fn no_command(line: &str) -> String {
    if line.starts_with("::") {
        return line.replacen(':', r"\u{3a}", 1);
    }
    line.to_owned()
}

/// Text from outside on one line, without control characters and without the credentials of URLs.
pub(crate) fn on_one_line(text: &str) -> String {
    without_credentials(
        &text
            .chars()
            .filter(|letter| !is_harmful(*letter))
            .collect::<String>(),
    )
}

/// Takes `user:password@` out of every URL.
fn without_credentials(line: &str) -> String {
    let mut rest = line;
    let mut shown = String::with_capacity(line.len());
    while let Some(place) = rest.find("://") {
        let (before, after) = rest.split_at(place + 3);
        shown.push_str(before);
        // As git does: a password may hold anything else, quotes too.
        let end = after.find(|letter: char| "/?#".contains(letter) || letter.is_whitespace());
        let authority = &after[..end.unwrap_or(after.len())];
        // What seems to be a host may be the beginning of another URL, so the search goes on right here.
        rest = &after[authority.rfind('@').map_or(0, |at| at + 1)..];
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_is_shown_without_credentials_and_control_characters() {
        for (said, shown) in [
            (
                "fatal: 'https://me:t0ken@h.example/r.git/' x",
                "fatal: 'https://h.example/r.git/' x",
            ),
            (
                "a ssh://git@h:22/r and http://u:p@q",
                "a ssh://h:22/r and http://q",
            ),
            (
                "remote: \x1b[31mred\x1b]0;pwn\x07\r\nno\n\n",
                "remote: [31mred]0;pwn\nno",
            ),
            ("nur\u{202e}txt.\u{2066}exe\u{e0041}", "nurtxt.exe"),
            ("ma\u{200b}i\u{2060}n\u{feff}\u{180e}\u{fff9}", "main"),
            ("user@host:path is no URL", "user@host:path is no URL"),
            ("'https://me:t'0\"k<en@h/r.git'", "'https://h/r.git'"),
            ("x://https://me:t0ken@h/r", "x://https://h/r"),
            ("a\n::error::b\n c::d", "a\n\\u{3a}:error::b\n c::d"),
        ] {
            assert_eq!(clean(said), shown);
        }
    }
}
