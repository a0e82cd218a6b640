//! The board for people: how much there is, the table, and below it what waits, what is locked and what is broken.

pub(in crate::report) mod app;
mod grid;
pub(in crate::report) mod remark;

use super::super::{FAINT, FAULT, HEAD};
use super::{Fate, count, locks, names, paint, queue};
use crate::plan::view::board::{Board, Column, Concern, Row};
use crate::report::table::fit;
use crate::state::deployment::BrokenLink;

pub(super) fn lines(board: &Board, fate: &Fate) -> Vec<String> {
    let width = fate.width;
    let mut lines = vec![paint(HEAD, fit(&headline(board), width))];
    lines.extend(locked(board).map(|text| paint(FAULT, fit(&text, width))));
    lines.extend(astray(board).map(|text| paint(FAINT, fit(&text, width))));
    let table = match (&board.focus.app, board.rows.first()) {
        (_, None) => Vec::new(),
        (Some(_), Some(row)) => app::lines(board, row, fate),
        (None, Some(_)) => grid::lines(board, width),
    };
    lines.extend(table);
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
        lines.push(paint(HEAD, count(faults.len(), "broken link")));
        lines.extend(faults.iter().map(|fault| fit(fault, width)));
    }
    lines
}

/// How much there is of what somebody should know.
pub(in crate::report) fn headline(board: &Board) -> String {
    let tally = board.tally();
    let limits = limits(board);
    let place = place(board);
    if board.rows.is_empty() && board.columns.is_empty() {
        match board.only {
            Some(Concern::Behind) => {
                return format!("nothing{limits}{place} is behind its upstream");
            }
            Some(Concern::Locked) => return format!("nothing{limits}{place} is locked"),
            Some(Concern::Queued) => return format!("nothing{limits}{place} waits in a queue"),
            None => {}
        }
    }
    let number = |number: usize, what: &str| (number > 0).then(|| format!("{number} {what}"));
    let counted = |number: usize, what| (number > 0).then(|| count(number, what));
    let found = [
        number(tally.behind, "behind"),
        number(tally.queued, "queued"),
        counted(tally.locks, "lock"),
        counted(tally.faults, "broken link"),
    ];
    let found: Vec<_> = found.into_iter().flatten().collect();
    let found = if found.is_empty() {
        "nothing behind, queued or locked".to_owned()
    } else {
        found.join(", ")
    };
    let environments = count(tally.environments, "environment");
    match (&board.focus.app, board.rows.first()) {
        (Some(_), Some(row)) => format!("{} on {environments}: {found}", app::title(row)),
        (_, _) => format!(
            "{}{limits} on {environments}: {found}",
            count(tally.apps, "app")
        ),
    }
}

/// The team that the board is limited to, in a phrase that follows its apps.
fn limits(board: &Board) -> String {
    let team = board.focus.team.as_ref();
    team.map(|team| format!(" of team {team}"))
        .unwrap_or_default()
}

/// The app and the environments that the board is limited to, where it has nothing of them to show.
fn place(board: &Board) -> String {
    let focus = &board.focus;
    let app = focus.app.as_ref().map(|app| format!(" of {app}"));
    let environment = focus.environment.as_ref().map(|name| format!(" on {name}"));
    let group = focus
        .group
        .as_ref()
        .map(|name| format!(" on the group {name}"));
    app.into_iter().chain(environment).chain(group).collect()
}

/// The environments that are locked as a whole.
pub(in crate::report) fn locked(board: &Board) -> Option<String> {
    let columns = board.columns.iter();
    let locked = columns.filter(|column| !column.locks.is_empty());
    let locked: Vec<_> = locked.map(|column| &column.environment).collect();
    match locked.len() {
        0 => None,
        all if all == board.columns.len() && all > 1 => {
            Some(format!("locked as a whole: all {all} environments"))
        }
        _ => Some(format!("locked as a whole: {}", names(&locked))),
    }
}

/// The environments without an upstream.
pub(in crate::report) fn astray(board: &Board) -> Option<String> {
    let astray = board.columns.iter().filter_map(|column| {
        let why = column.upstream.as_ref().err()?;
        Some(format!("{} ({why})", column.environment))
    });
    let astray: Vec<_> = astray.collect();
    (!astray.is_empty()).then(|| format!("no trains go to: {}", astray.join(", ")))
}

/// The links that cannot be used.
pub(in crate::report) fn faults(board: &Board) -> Vec<String> {
    let faults = board.faults();
    let sentence = |(row, column, broken): (&Row, &Column, &BrokenLink)| {
        format!("{} on {}: {broken}", row.app, column.environment)
    };
    faults.map(sentence).collect()
}
