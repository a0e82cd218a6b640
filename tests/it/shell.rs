//! In the shell: completion in real shells, manual pages, and the pages of the help.

mod drive;
mod names;
mod pages;

use crate::world::World;

/// Runs a line in bash, where our program is found; it has to end well and without a complaint.
#[track_caller]
pub(crate) fn in_bash(world: &World, line: &str) {
    let mut bash = world.beside("bash");
    let output = drive::in_path(bash.args(["--norc", "-c", line]))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{line}\n{said}");
}
