//! trainyard runs release trains on a GitOps manifest repository, straight on a git checkout.
//!
//! The map: words come in through [`cli`], are read against the [`state`] of a manifest repository, become a [`plan`] on a
//! draft of its [`tree`], are published by [`git`], and go out as a [`report`]. `docs/architecture.md` tells the rest.
#![cfg_attr(any(test, feature = "fuzzing"), allow(clippy::unwrap_used))]

/// What is done from here on until it is dropped, for whoever waits or wants to know where the time goes.
/// Its `count` and `total` may be recorded, and tell how far it has come. While nobody listens, it costs nothing.
macro_rules! doing {
    ($doing:literal, $($what:tt)+) => {
        tracing::info_span!(
            $doing,
            what = %format_args!($($what)+),
            count = tracing::field::Empty,
            total = tracing::field::Empty
        )
        .entered()
    };
}

#[cfg(all(feature = "known-bad", not(debug_assertions)))]
compile_error!("the feature `known-bad` breaks the protocol on purpose, and is for tests only");

mod cli;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod git;
mod letters;
mod plan;
mod report;
mod state;
mod tree;

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program with these arguments, the first of which is its name. The exit codes are those of `docs/commands.md`.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    cli::run(arguments)
}
