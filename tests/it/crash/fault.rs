//! One fault in one system call of a command, with strace: which calls there are, and what becomes of the command.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::scene::Shape;
use crate::world::{Answer, World, answer, program_path, skipped, words};

/// The system calls that change something; those of other machines are passed over.
const EFFECTS: [&str; 32] = [
    "openat",
    "open",
    "creat",
    "mkdir",
    "mkdirat",
    "rmdir",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "unlink",
    "unlinkat",
    "write",
    "writev",
    "pwrite64",
    "ftruncate",
    "fallocate",
    "fsync",
    "fdatasync",
    "flock",
    "chmod",
    "fchmod",
    "fchmodat",
    "utimensat",
    "copy_file_range",
    "clone",
    "clone3",
    "vfork",
    "execve",
];

/// Whose call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whose {
    /// The program's own.
    Ours,
    /// That of a git that we start with this word, or of any process that it starts, on the other side too.
    Git(&'static str),
}

/// What befalls a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// The process is killed before the call. What is done after it, the kill before the next call tells.
    Kill,
    /// The same with all that it has started.
    KillAll,
    /// The call fails with this error.
    Error(&'static str),
}

impl Fault {
    pub(super) const ALL: [Self; 5] = [
        Self::Kill,
        Self::KillAll,
        Self::Error("ENOSPC"),
        Self::Error("EIO"),
        Self::Error("EACCES"),
    ];

    /// Whether this is a fault of its own for such a call: to kill one process of many is to kill all that wait for it.
    pub(super) fn fits(self, call: &Call) -> bool {
        call.whose == Whose::Ours || self != Self::KillAll
    }

    fn inject(self) -> String {
        match self {
            Self::Kill | Self::KillAll => "signal=KILL".to_owned(),
            Self::Error(error) => format!("error={error}"),
        }
    }
}

/// One call of a command: the how manieth of its name. strace counts each name, and each process, for itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    pub(super) whose: Whose,
    pub(super) name: String,
    pub(super) number: usize,
    /// What strace tells of it.
    pub(super) told: String,
}

/// Whether this machine lets us look into the system calls of our own children.
pub(super) fn strace() -> bool {
    let works = std::process::Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !works {
        skipped("strace does not work here");
    }
    works
}

fn effects() -> String {
    let names: Vec<_> = EFFECTS.iter().map(|name| format!("?{name}")).collect();
    format!("trace={}", names.join(","))
}

/// The calls of a command that change something, in their order.
pub(super) fn calls(world: &World, shape: Shape, line: &str, whose: Whose) -> Vec<Call> {
    let trace = world.room().join("trace");
    let answer = under_strace(world, (whose, &trace), &[&effects()], &shape.line(line), 1);
    assert_eq!(answer.code, 0, "{line}\n{answer}");
    // One file for each process.
    let files = fs::read_dir(world.room())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.file_stem().is_some_and(|stem| stem == "trace"));
    let mut calls: Vec<_> = files
        .flat_map(|path| told(&fs::read_to_string(path).unwrap(), whose))
        .collect();
    if whose != Whose::Ours {
        // A fault hits each process that comes so far.
        calls.sort();
        calls.dedup_by(|left, right| (&left.name, left.number) == (&right.name, right.number));
    }
    assert!(!calls.is_empty(), "{line}: {whose:?}");
    calls
}

/// Reads what strace has written of one process.
fn told(trace: &str, whose: Whose) -> Vec<Call> {
    let mut counts = BTreeMap::<&str, usize>::new();
    let mut calls = Vec::new();
    for told in trace.lines() {
        let Some((name, arguments)) = told.split_once('(') else {
            continue;
        };
        let count = counts.entry(name).or_default();
        *count += 1;
        let writes = ["O_CREAT", "O_WRONLY", "O_RDWR", "O_TRUNC"];
        let passed_over = match name {
            "openat" | "open" => !writes.iter().any(|flag| arguments.contains(flag)),
            // That is how strace starts us.
            "execve" => whose == Whose::Ours,
            _ => false,
        };
        if !passed_over {
            let (name, told) = (name.to_owned(), told.to_owned());
            calls.push(Call {
                whose,
                name,
                number: *count,
                told,
            });
        }
    }
    calls
}

/// Runs a command with a fault in one of its calls. The second tells whether the call was reached.
pub(super) fn with_fault(
    world: &World,
    shape: Shape,
    line: &str,
    call: &Call,
    fault: Fault,
) -> (Answer, bool) {
    let trace = world.room().join("trace");
    let inject = format!(
        "inject={}:{}:when={}",
        call.name,
        fault.inject(),
        call.number
    );
    let expressions = [&format!("trace={}", call.name), &inject];
    let answer = under_strace(
        world,
        (call.whose, &trace),
        &expressions.map(String::as_str),
        &shape.line(line),
        1,
    );
    if fault == Fault::KillAll {
        kill_all(world);
    }
    if fault == Fault::KillAll || call.whose != Whose::Ours {
        mend_server(world);
    }
    let trace = fs::read_to_string(&trace).unwrap_or_default();
    (
        answer,
        trace.contains("(INJECTED)") || trace.contains("killed by SIGKILL"),
    )
}

fn under_strace(
    world: &World,
    (whose, trace): (Whose, &Path),
    expressions: &[&str],
    line: &str,
    minute: i64,
) -> Answer {
    let trace = trace.display().to_string();
    let mut arguments = vec!["-qq", "-o", &trace];
    for expression in expressions {
        arguments.extend(["-e", expression]);
    }
    let program = program_path();
    match whose {
        Whose::Ours => {
            let mut strace = world.beside("strace");
            strace.args(arguments).arg(program).args(words(line));
            answer_at(&mut strace, minute)
        }
        Whose::Git(word) => {
            // Faults are told in one file, and counted with one for each process.
            arguments.push(if expressions.len() > 1 { "-f" } else { "-ff" });
            let path = std::env::var("PATH").unwrap_or_default();
            let real = path
                .split(':')
                .map(|folder| format!("{folder}/git"))
                .find(|git| Path::new(git).exists());
            let real = real.unwrap();
            let quoted: Vec<_> = arguments.iter().map(|each| format!("'{each}'")).collect();
            let strace = format!("strace {}", quoted.join(" "));
            let script = format!(
                "case \" $* \" in *\" {word} \"*) exec {strace} {real} \"$@\";; esac\nexec {real} \"$@\""
            );
            let folder = world.room().join("bin");
            fs::create_dir_all(&folder).unwrap();
            // Made beside its place: a script that some fork still holds open for writing cannot be run.
            fs::write(folder.join("draft"), format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(folder.join("draft"), fs::Permissions::from_mode(0o755)).unwrap();
            fs::rename(folder.join("draft"), folder.join("git")).unwrap();
            let folder = folder.display();
            let mut command = world.beside(program);
            command
                .args(words(line))
                .env("PATH", format!("{folder}:{path}"));
            answer_at(&mut command, minute)
        }
    }
}

/// Runs a command at this minute.
pub(super) fn run_at(world: &World, shape: Shape, line: &str, minute: i64) -> Answer {
    let mut program = world.beside(program_path());
    program.args(words(&shape.line(line)));
    answer_at(&mut program, minute)
}

fn answer_at(command: &mut assert_cmd::Command, minute: i64) -> Answer {
    let at: jiff::Timestamp = "2026-03-03T10:00:00Z".parse().unwrap();
    let at = at + jiff::SignedDuration::from_mins(minute);
    answer(command.env("TRAINYARD_NOW", at.to_string()), at)
}

/// Kills all that runs in a world, its server too.
fn kill_all(world: &World) {
    let home = format!("HOME={}\0", world.room().join("home").display()).into_bytes();
    let ours = |id: &u32| {
        let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        environment.windows(home.len()).any(|part| part == home)
    };
    loop {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let ids: Vec<u32> = ids.filter(ours).collect();
        if ids.is_empty() {
            break;
        }
        for id in ids {
            let id = i32::try_from(id)
                .ok()
                .and_then(rustix::process::Pid::from_raw);
            // Who is gone already does not mind.
            let _ = rustix::process::kill_process(id.unwrap(), rustix::process::Signal::KILL);
        }
    }
}

/// Takes away what a server leaves that dies half way: that is for its administrator.
fn mend_server(world: &World) {
    for name in [
        "refs/heads/main.lock",
        "refs/tags/v1.lock",
        "HEAD.lock",
        "packed-refs.lock",
    ] {
        let _ = fs::remove_file(world.remote().join(name));
    }
}
