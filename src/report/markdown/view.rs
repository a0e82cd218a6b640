//! Views as markdown: tables.

mod board;
mod changelog;
mod comparison;
mod history;
mod locks;
mod permission;
mod queue;

use super::{Fate, escaped};
use crate::plan::view::View;
use crate::report::table::Head;

pub(super) fn lines(view: &View, fate: &Fate) -> Vec<String> {
    match view {
        View::Comparison(seen) => comparison::lines(seen),
        View::History(told) => history::lines(told, fate),
        View::Locks(list) => locks::lines(list, fate),
        View::Queue(list) => queue::lines(list, fate),
        View::Permission(permission) => permission::lines(permission, fate),
        View::Board(board) => board::lines(board, fate),
        View::Page(page) => board::lines(&page.board, fate),
        View::Changelog(changelog) => changelog::lines(changelog),
    }
}

/// A table below a heading; of no rows only the heading stays.
fn table<const COLUMNS: usize>(
    heading: &str,
    heads: [Head; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> Vec<String> {
    let mut lines = vec![format!("### {}", escaped(heading))];
    let rows: Vec<_> = rows
        .map(|cells| format!("| {} |", cells.map(|cell| escaped(&cell)).join(" | ")))
        .collect();
    if !rows.is_empty() {
        lines.extend([
            String::new(),
            format!("| {} |", heads.map(|(head, _)| head).join(" | ")),
            format!("|{}", "---|".repeat(COLUMNS)),
        ]);
        lines.extend(rows);
    }
    lines
}
