//! The `trainyard` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    trainyard::run(std::env::args_os())
}
