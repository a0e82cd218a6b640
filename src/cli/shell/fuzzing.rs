//! Command lines that are not finished.

use super::super::fuzzing::{with_program, words};
use super::line::Line;

/// Whatever stands on a line, something is made of it, and what is before the value is what was typed.
pub(crate) fn cursors(data: &[u8]) {
    let mut words = words(data);
    let current = words.pop().unwrap_or_default();
    with_program(|program| {
        let line = Line::read(program, &words, &current);
        assert!(current.starts_with(&line.before), "{current:?} {line:?}");
        assert!(line.given.len() <= words.iter().map(String::len).sum::<usize>() + words.len());
    });
}
