//! Programs beside the test: commands that are started and killed, hooks, and scripts that stand in for others.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::Command;

use super::words::words;
use super::{Answer, PATIENCE, World, answer, program_path};

/// A command under way.
pub(crate) struct Started {
    child: Child,
    at: jiff::Timestamp,
}

impl World {
    /// Any program in this checkout, with nothing of this machine around it.
    pub(crate) fn beside(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        self.seclude(&mut command)
            .env("TRAINYARD_NOW", self.next_minute().to_string())
            .current_dir(&self.checkout)
            .timeout(PATIENCE);
        command
    }

    /// Runs any program in this checkout with these arguments.
    pub(crate) fn run_beside(&self, program: &str, arguments: &[&str]) -> Answer {
        answer(self.beside(program).args(arguments), self.now())
    }

    /// Starts the program with a line of arguments, and does not wait for it.
    pub(crate) fn start(&self, line: &str) -> Started {
        self.start_at(line, self.next_minute())
    }

    /// The same at a time that others share.
    pub(crate) fn start_at(&self, line: &str, at: jiff::Timestamp) -> Started {
        let mut program = std::process::Command::new(program_path());
        program
            .env_clear()
            .envs(self.surroundings())
            .env("TRAINYARD_NOW", at.to_string())
            .current_dir(&self.checkout)
            .args(words(line))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = program.spawn().unwrap();
        Started { child, at }
    }

    /// The environment in which every program runs here.
    pub(crate) fn surroundings(&self) -> Vec<(String, String)> {
        let mut env = Command::new("env");
        let output = self.seclude(&mut env).arg("-0").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let variables = text.split_terminator('\0');
        let pairs = variables.filter_map(|variable| variable.split_once('='));
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// Writes a shell script beside the checkouts, and returns its path. Git's own variables are taken away first, so that
    /// it can work on other repositories than the one whose hook it is.
    pub(crate) fn script(&self, name: &str, lines: &str) -> String {
        let path = self.scratch(name, "");
        write_script(Path::new(&path), lines);
        path
    }

    /// Puts a script in front of git, in which `git` is the real one; returns the `PATH` that leads to it.
    pub(crate) fn git_in_front(&self, lines: &str) -> String {
        let real = std::env::var("PATH").unwrap();
        let script = format!("#!/bin/sh\nset -e\nPATH='{real}'\n{lines}\n");
        self.scratch("git.sh", script);
        // By another process: what this one still holds open for writing cannot be run.
        self.shell("mkdir -p ../scratch/front && cp ../scratch/git.sh ../scratch/front/git && chmod +x ../scratch/front/git");
        format!("{}/scratch/front:{real}", self.room().display())
    }

    /// The line by which a script of another checkout, or of git, runs a command in this one.
    pub(crate) fn in_script(&self, line: &str) -> String {
        let (folder, program) = (self.checkout().display(), program_path());
        format!("(cd '{folder}' && env -u GIT_DIR -u GIT_PREFIX '{program}' {line})")
    }

    /// Makes a script a hook of the checkout.
    pub(crate) fn hook(&self, name: &str, lines: &str) -> PathBuf {
        let hooks = self.git(&["rev-parse", "--git-path", "hooks"]);
        let path = self.checkout.join(hooks).join(name);
        write_script(&path, lines);
        path
    }

    /// Makes a script a hook of the remote.
    pub(crate) fn remote_hook(&self, name: &str, lines: &str) -> PathBuf {
        let path = self.remote().join("hooks").join(name);
        write_script(&path, lines);
        path
    }

    /// A gate at which a script can wait.
    pub(crate) fn gate(&self) -> Gate {
        let gate = Gate(self.room().join("gate"));
        self.run_beside("mkfifo", &[&gate.0.display().to_string()]);
        gate
    }

    /// The folder that all checkouts of this world and their remote stand in.
    pub(crate) fn room(&self) -> &Path {
        self.room.folder.path()
    }
}

fn write_script(path: &Path, lines: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let head = "#!/bin/sh\nset -e\nunset $(git rev-parse --local-env-vars)\n";
    // Made beside its place and moved there: a script that some fork still holds open for writing cannot be run.
    let draft = path.with_extension("draft");
    fs::write(&draft, format!("{head}{lines}\n")).unwrap();
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(&draft, path).unwrap();
}

/// Where a script waits until the test lets it go on.
pub(crate) struct Gate(PathBuf);

impl Gate {
    /// The line of a script that waits here, the first time that it runs.
    pub(crate) fn wait(&self) -> String {
        let gate = self.0.display();
        format!("if mkdir {gate}.reached 2>/dev/null; then read go < {gate}; fi")
    }

    /// The folder that is there once the script has come here.
    pub(crate) fn reached(&self) -> PathBuf {
        PathBuf::from(format!("{}.reached", self.0.display()))
    }

    /// Lets the script go on, once it has come here.
    pub(crate) fn open(&self) {
        fs::write(&self.0, "go\n").unwrap();
    }
}

impl Started {
    /// Waits until the program has come so far that a file is there.
    #[track_caller]
    #[expect(
        clippy::unused_self,
        reason = "it reads as what is done with the command"
    )]
    pub(crate) fn until(&mut self, file: &Path) {
        let start = Instant::now();
        while !file.exists() {
            assert!(start.elapsed() < PATIENCE, "{} never came", file.display());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Kills the program, and lets the git commands live that it started.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Kills the program and all that it started, but not what has begun a session of its own.
    pub(crate) fn kill_all(mut self) {
        signal("STOP", &[self.child.id()]);
        let mut all = vec![self.child.id()];
        // Whoever is stopped starts no more children.
        loop {
            let more = children_in_session(&all);
            if more.is_empty() {
                break;
            }
            signal("STOP", &more);
            all.extend(more);
        }
        signal("KILL", &all);
        self.child.wait().unwrap();
    }

    /// Kills what the program has started, but not the program itself.
    pub(crate) fn kill_children(&self) {
        signal("KILL", &children_in_session(&[self.child.id()]));
    }

    /// Waits for the end.
    pub(crate) fn wait(self) -> Answer {
        let output = self.child.wait_with_output().unwrap();
        let code = output.status.code();
        Answer {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: code.unwrap_or_else(|| -output.status.signal().unwrap_or(1)),
            at: self.at,
        }
    }
}

/// Sends a signal; who is gone already does not mind.
pub(super) fn signal(name: &str, processes: &[u32]) {
    let mut kill = std::process::Command::new("kill");
    kill.arg(format!("-{name}"))
        .args(processes.iter().map(u32::to_string));
    kill.stderr(Stdio::null()).status().unwrap();
}

/// Every process, with its parent and its session.
fn processes() -> impl Iterator<Item = (u32, (u32, u32))> {
    let entries = fs::read_dir("/proc").unwrap();
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    ids.filter_map(|id| Some((id, stat(id)?)))
}

/// The children of these processes that are not among them, and that are in the session of the first.
pub(crate) fn children_in_session(of: &[u32]) -> Vec<u32> {
    let session = stat(of[0]).map(|(_, session)| session);
    let children = processes().filter(|(id, (parent, its))| {
        of.contains(parent) && !of.contains(id) && Some(*its) == session
    });
    children.map(|(id, _)| id).collect()
}

/// Parent and session of a process.
fn stat(id: u32) -> Option<(u32, u32)> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in parentheses may hold anything.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(1);
    let parent = fields.next()?.parse().ok()?;
    Some((parent, fields.nth(1)?.parse().ok()?))
}
