//! Where colours go, and what is told on stderr while a command runs.

use std::io::IsTerminal as _;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::steps::{Steps, Total};
use super::surroundings::is_watched;
use super::{Color, Global};

/// Colours as asked for. On stderr: warnings; with `-v` each step, and at the end how long they took together; and on a terminal
/// the step that is under way.
pub(super) fn set_up(global: &Global) -> Total {
    let choice = match global.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    };
    choice.write_global();
    let watched = !global.quiet && is_watched() && std::io::stderr().is_terminal();
    // Below this level, a step costs nothing.
    let level = match (global.quiet, global.verbose || watched) {
        (true, _) => LevelFilter::ERROR,
        (false, true) => LevelFilter::INFO,
        (false, false) => LevelFilter::WARN,
    };
    // A second call, as the demo makes, keeps the first setting.
    if !tracing::dispatcher::has_been_set() {
        let _ = tracing_subscriber::registry()
            .with(Steps::new(global.verbose, watched))
            .with(level)
            .try_init();
    }
    Total::begin()
}
