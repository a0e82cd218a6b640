//! Commands: what each of them and each of their flags does, and every word that it says.

mod aliases;
mod app;
mod apply;
mod author;
mod deploy;
mod dry_run;
mod environment;
mod exit;
mod formats;
mod kuberpult;
mod lock;
mod manifest_lock;
mod message;
mod minor;
mod output;
mod past;
mod place;
mod progress;
mod queue;
mod release;
mod render;
pub(crate) mod signature;
mod train;
mod unlock;
mod variables;
mod whereabouts;

use crate::shop::{linked, tell};
use crate::world::World;

/// Runs lines one after the other and compares all that is said with the snapshot of this name.
macro_rules! assert_told {
    ($world:expr, $name:literal, $lines:expr $(,)?) => {
        let told = crate::shop::tell($world, &$lines);
        insta::assert_snapshot!($name, told);
    };
}
use assert_told;

/// What runs of an app on an environment, and what waits there: `2`, `1 then 2`, `nothing`.
fn state(world: &World, environment: &str, app: &str) -> String {
    let version = linked(world, environment, app, "version");
    let runs = version.as_deref().unwrap_or("nothing");
    match linked(world, environment, app, "queued_version") {
        Some(waits) => format!("{runs} then {waits}"),
        None => runs.to_owned(),
    }
}

/// Runs a line that ends well, and returns all that it says.
fn told(world: &World, line: &str) -> String {
    tell(world, &[line])
}
