//! The board as tables: apps × environments, or one app with all that is known of it, and below them the queue and the locks.

use super::{Fate, escaped, locks, queue, table};
use crate::plan::view::board::{Board, Cell, Column, Row};
use crate::report::text::view::board::remark::remarks;
use crate::report::text::view::board::{app, astray, faults, headline, locked};
use crate::state::plain;

pub(super) fn lines(board: &Board, fate: &Fate) -> Vec<String> {
    let mut lines = match (&board.focus.app, board.rows.first()) {
        (Some(_), Some(row)) => {
            let cells = board.cells(row);
            let rows = cells.map(|(column, cell)| app::cells((column, row, cell), fate.now));
            table(&headline(board), app::HEADS, rows)
        }
        (_, _) => grid(board),
    };
    // Above the table, which may be long.
    let remarks = locked(board).into_iter().chain(astray(board));
    let remarks = remarks.flat_map(|remark| [String::new(), escaped(&remark)]);
    lines.splice(1..1, remarks);
    let queue = &board.queue;
    if !queue.waiting.is_empty() {
        lines.push(String::new());
        lines.extend(queue::lines(queue, fate));
    }
    let locks = board.locks();
    if !locks.locks.is_empty() {
        lines.push(String::new());
        lines.extend(locks::lines(&locks, fate));
    }
    let faults = faults(board);
    if !faults.is_empty() {
        lines.push(String::new());
        lines.extend(faults.iter().map(|fault| format!("- {}", escaped(fault))));
    }
    lines
}

fn grid(board: &Board) -> Vec<String> {
    let mut lines = vec![format!("### {}", escaped(&headline(board)))];
    if board.rows.is_empty() {
        return lines;
    }
    let columns = board.columns.iter();
    let names = columns.map(|column| column.environment.to_string());
    let heads = ["App".to_owned(), "Team".to_owned()]
        .into_iter()
        .chain(names);
    let heads: Vec<_> = heads.collect();
    lines.extend([
        String::new(),
        format!("| {} |", heads.join(" | ")),
        format!("|{}", "---|".repeat(heads.len())),
    ]);
    lines.extend(board.rows.iter().map(|row| {
        let team = row.team.as_ref().map(ToString::to_string);
        let cells = board.cells(row);
        let cells = cells.map(|(column, cell)| escaped(&words((column, row, cell))));
        let labels = [row.app.to_string(), escaped(&team.unwrap_or_default())];
        let cells: Vec<_> = labels.into_iter().chain(cells).collect();
        format!("| {} |", cells.join(" | "))
    }));
    lines
}

/// What runs in a cell, and what there is to say besides.
fn words(place: (&Column, &Row, &Cell)) -> String {
    let (_, row, cell) = place;
    let mut words = Vec::new();
    if let Some(version) = cell.running() {
        let facts = row.facts(version);
        let shown = facts.and_then(|facts| facts.display_version.as_ref());
        let shown = shown.map(|shown| format!(" ({})", plain(shown.raw())));
        words.push(format!("{version}{}", shown.unwrap_or_default()));
    }
    words.extend(remarks(place).iter().map(|remark| remark.words()));
    words.join(", ")
}
