//! What a fuzzer tries: for each parser, for all that is shown, and for the planner a function that takes any bytes and panics where
//! a promise is broken. `tests/fuzz` hands them to libFuzzer; the tests here try them on the seeds and on what follows from those.

use crate::{cli::fuzzing as cli, git::fuzzing as git};

mod files;
mod instants;
mod names;
mod planner;
mod requests;
mod secrets;
mod shop;
mod shown;
#[cfg(test)]
mod tests;
mod views;
mod words;

pub(crate) use planner::{check_changes, told};
pub(crate) use words::assert_told;

/// A function that must bear any bytes.
pub struct Target {
    /// Its name, and that of the folder of its seeds.
    pub name: &'static str,
    run: fn(&[u8]),
    /// How many inputs the test suite makes up for it.
    #[cfg_attr(not(test), expect(dead_code, reason = "libFuzzer makes up its own"))]
    tries: usize,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target::new("answers", git::answers, 1_000),
    Target::new("client-lines", cli::client_lines, 2_000),
    Target::new("command-lines", cli::command_lines, 500),
    Target::new("commits", git::commits, 2_000),
    Target::new("config", files::config, 1_000),
    Target::new("cursors", cli::cursors, 2_000),
    Target::new("index", git::index, 1_000),
    Target::new("instants", instants::instants, 2_000),
    Target::new("journals", git::journals, 300),
    Target::new("letters", cli::letters, 300),
    Target::new("lists", cli::lists, 1_000),
    Target::new("loose", git::loose, 500),
    Target::new("names", names::names, 2_000),
    Target::new("options", files::options, 500),
    Target::new("packs", git::packs, 300),
    Target::new("planner", planner::planner, 200),
    Target::new("secrets", secrets::secrets, 300),
    Target::new("shown", shown::shown, 60),
    Target::new("signatures", cli::signatures, 1_000),
    Target::new("trailers", files::trailers, 1_000),
    Target::new("trees", git::trees, 1_000),
    Target::new("versions", names::versions, 2_000),
    Target::new("webhooks", cli::webhooks, 1_000),
    Target::new("words", git::words, 500),
];

impl Target {
    const fn new(name: &'static str, run: fn(&[u8]), tries: usize) -> Self {
        Self { name, run, tries }
    }

    /// The target of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }

    /// Tries these bytes. Panics if they break a promise.
    pub fn run(&self, data: &[u8]) {
        (self.run)(data);
    }
}

/// The bytes as text.
fn text(data: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(data)
}

/// Fails if a text could do anything to a terminal, or look like another one. The lists are those of Unicode, and not our own.
#[track_caller]
pub(crate) fn assert_calm(shown: &str) {
    // Its property Bidi_Control, its line and paragraph separators, and its tags, which nobody sees.
    let bends = |letter: char| matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}');
    let odd = |letter: &char| *letter != '\n' && (letter.is_control() || bends(*letter));
    let found = shown.chars().find(odd);
    assert!(found.is_none(), "{found:?} is shown in {shown:?}");
}

/// The same for what must stay on one line.
#[track_caller]
fn assert_one_line(shown: &str) {
    assert_calm(shown);
    assert!(!shown.contains('\n'), "{shown:?} has several lines");
}
