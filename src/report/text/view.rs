//! Views for people: the most important first, each row on one line.

pub(in crate::report) mod board;
pub(in crate::report) mod changelog;
pub(in crate::report) mod comparison;
pub(in crate::report) mod history;
pub(in crate::report) mod locks;
pub(in crate::report) mod permission;
pub(in crate::report) mod queue;

use std::fmt::Display;

use super::{Fate, paint};
use crate::plan::view::View;

pub(super) fn lines(view: &View, fate: &Fate) -> Vec<String> {
    match view {
        View::Comparison(seen) => comparison::lines(seen, fate),
        View::History(told) => history::lines(told, fate),
        View::Locks(list) => locks::lines(list, fate),
        View::Queue(list) => queue::lines(list, fate),
        View::Permission(permission) => permission::lines(permission, fate),
        View::Board(board) => board::lines(board, fate),
        View::Page(page) => board::lines(&page.board, fate),
        View::Changelog(changelog) => changelog::lines(changelog, fate),
    }
}

/// A number and what is counted: `1 lock`, `2 locks`.
pub(in crate::report) fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// Names in a row.
pub(in crate::report) fn names(names: &[impl Display]) -> String {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    names.join(", ")
}
