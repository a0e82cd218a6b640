//! Release trains on a GitOps manifest repository.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod plan;
mod state;
mod tree;

use std::process::ExitCode;

/// Runs the program.
pub fn run(_: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    ExitCode::SUCCESS
}
