//! The program, built to break a rule of its protocol: see `src/git/known_bad.rs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    trainyard::run(std::env::args_os())
}
