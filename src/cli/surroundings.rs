//! What the environment of the process says beside the variables of single options.

use anyhow::Result;
use jiff::Timestamp;

use super::exit::usage;
use crate::state::Moment;

/// Whether git is told settings that stand in no file of their usual place.
pub(super) fn settings_in_environment() -> bool {
    let names = [
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_SYSTEM",
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_PARAMETERS",
    ];
    let told = |name: &&str| {
        std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "/dev/null")
    };
    names.iter().any(told)
}

/// Whether manifests are released here only with a good signature.
pub(super) fn demands_signatures() -> bool {
    std::env::var_os("TRAINYARD_KEYRING").is_some()
}

/// Whether a person may look at the terminal while the command runs: not in a CI, and not where lines cannot be drawn again.
pub(super) fn is_watched() -> bool {
    let said = |name| std::env::var(name).unwrap_or_default();
    let automatic = !matches!(said("CI").as_str(), "" | "0" | "false");
    !automatic && !matches!(said("TERM").as_str(), "" | "dumb")
}

/// Whether the instant of the command is that of something else: how old it is then says nothing about it.
pub(super) fn tells_another_time() -> bool {
    std::env::var_os("SOURCE_DATE_EPOCH").is_some_and(|text| !text.is_empty())
}

/// The instant of the whole command: `TRAINYARD_NOW`, `SOURCE_DATE_EPOCH`, or the clock.
pub(super) fn now() -> Result<Moment> {
    for name in ["TRAINYARD_NOW", "SOURCE_DATE_EPOCH"] {
        if let Some(text) = std::env::var(name).ok().filter(|text| !text.is_empty()) {
            let told = Moment::parse(&text).map_err(|error| usage(format!("{name}: {error:#}")))?;
            if told.seconds() < 0 {
                return Err(usage(format!("{name}: git knows no time before 1970")));
            }
            return Ok(told);
        }
    }
    Ok(Moment::new(Timestamp::now()))
}

/// How many columns a line of the answer may have: as `COLUMNS` says, else those of the terminal. Where there is none, a line may
/// be as long as it takes.
pub(super) fn columns() -> Option<usize> {
    let told = std::env::var("COLUMNS").ok();
    let told = told.and_then(|text| text.parse().ok());
    if let Some(columns) = told.filter(|columns| *columns > 0) {
        return Some(columns);
    }
    let (columns, _) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(usize::from(columns.0))
}

/// What a test says about the program itself, which no build for users asks for: how many milliseconds git may take, and which
/// rule of the protocol is broken.
#[cfg(debug_assertions)]
pub(super) fn play() {
    let deadline = std::env::var("TRAINYARD_TEST_DEADLINE").ok();
    if let Some(deadline) = deadline.and_then(|text| text.parse().ok()) {
        crate::git::set_deadline(std::time::Duration::from_millis(deadline));
    }
    #[cfg(feature = "known-bad")]
    if let Ok(name) = std::env::var("TRAINYARD_KNOWN_BAD")
        && let Err(names) = crate::git::choose_known_bad(&name)
    {
        super::output::say(&names);
        std::process::exit(101);
    }
}
