//! Whether the terminal at stderr is ours to draw on. git and ssh, which we run, ask a person there for names and passwords, and a
//! question that something is drawn over is never answered.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::getpgrp;
use rustix::stdio::stderr;
use rustix::termios::{LocalModes, tcgetattr, tcgetpgrp};

/// Whether we are in the foreground, and nobody else asks for something.
pub(super) fn is_ours() -> bool {
    // Where nobody controls jobs, everybody is in the foreground.
    let in_front = tcgetpgrp(stderr()).map_or(true, |group| group == getpgrp());
    // Who asks for a password, or takes the whole screen, has switched these off.
    let usual = LocalModes::ECHO | LocalModes::ICANON;
    let usual = tcgetattr(stderr()).is_ok_and(|modes| modes.local_modes.contains(usual));
    in_front && usual && !asks(Path::new("/proc/self"))
}

/// Whether a process below this one has opened the terminal by its name, as they do to ask what may be seen, and close it again
/// afterwards. Where there is no `/proc`, nobody can tell.
fn asks(process: &Path) -> bool {
    children(process).iter().any(|child| {
        let child = Path::new("/proc").join(child);
        holds_terminal(&child) || asks(&child)
    })
}

/// The numbers of the processes that a process has started and that still run.
fn children(process: &Path) -> Vec<String> {
    let threads = entries(&process.join("task"));
    let children = threads.filter_map(|thread| fs::read_to_string(thread.join("children")).ok());
    let children = children.flat_map(|children| {
        let words = children.split_whitespace();
        words.map(str::to_owned).collect::<Vec<_>>()
    });
    children.collect()
}

fn holds_terminal(process: &Path) -> bool {
    let mut files = entries(&process.join("fd")).filter_map(|file| fs::read_link(file).ok());
    files.any(|file| file == Path::new("/dev/tty"))
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}
