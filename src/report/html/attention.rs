//! What needs somebody's attention, before everything else: what is broken, locked, queued, and behind.

use maud::{Markup, html};

use super::words::{age, brief, lock, person};
use crate::plan::view::board::{Board, Column, Lag, Row};
use crate::report::text::view::count;
use crate::state::deployment::Linked;
use crate::state::{Moment, PlacedLock};

/// More of one kind are told by their number.
const MOST: usize = 8;

/// The cards at the top of the page.
pub(super) fn attention(board: &Board, warnings: &[String], now: Moment) -> Markup {
    let faults = faults(board, warnings);
    let tally = board.tally();
    let calm = faults.is_empty() && tally.locks == 0 && tally.queued == 0 && tally.behind == 0;
    html! {
        h2 #now { "What needs attention" }
        section #attention aria-labelledby="now" {
            @if calm {
                div.good { h3 { "Nothing" } p { "Nothing is locked, nothing waits in the queue, nothing is behind." } }
            }
            @if !faults.is_empty() {
                div.broken {
                    h3 { (count(faults.len(), "fault")) " in the repository" }
                    (first(&faults, |fault| html! { bdi { (fault) } }))
                }
            }
            (locked(board, now))
            (queued(board, now))
            (behind(board))
        }
    }
}

/// The first of many, and how many there are besides.
fn first<T>(all: &[T], line: impl Fn(&T) -> Markup) -> Markup {
    html! {
        ul {
            @for each in all.iter().take(MOST) { li { (line(each)) } }
            @if all.len() > MOST { li.faint { "and " (all.len() - MOST) " more" } }
        }
    }
}

fn faults(board: &Board, warnings: &[String]) -> Vec<String> {
    let columns = board.columns.iter().filter_map(|column| {
        let fault = column.upstream.as_ref().err()?;
        Some(format!("{}: {fault}", column.environment))
    });
    let links = board
        .faults()
        .map(|(row, column, broken)| format!("{} on {}: {broken}", row.app, column.environment));
    let warnings = warnings.iter().cloned();
    columns.chain(links).chain(warnings).collect()
}

fn locked(board: &Board, now: Moment) -> Markup {
    let locks = board.tally().locks;
    let whole: Vec<&PlacedLock> = board
        .columns
        .iter()
        .flat_map(|column| &column.locks)
        .collect();
    let rest = locks - whole.len();
    html! {
        @if locks > 0 {
            div.locked {
                h3 { a href="#locks" { (count(locks, "lock")) } }
                @if !whole.is_empty() {
                    (first(&whole, |placed| html! {
                        b { (placed.scope.environment()) } " is locked"
                        @if !placed.lock.message.is_empty() { ": " (brief(&placed.lock.message)) }
                        " (" (person(&placed.lock.created_by)) ", " (age(placed.lock.created_at, now)) ")"
                    }))
                }
                @if rest > 0 { p { (rest) @if !whole.is_empty() { " more" } " on single apps, teams or manifests." } }
            }
        }
    }
}

fn queued(board: &Board, now: Moment) -> Markup {
    let queue = &board.queue.waiting;
    let wait = if queue.len() == 1 { " waits" } else { " wait" };
    html! {
        @if !queue.is_empty() {
            div.queued {
                h3 { a href="#queue" { (count(queue.len(), "version")) } (wait) " in the queue" }
                (first(queue, |waiting| html! {
                    b { (waiting.app) @if let Linked::To(version) = waiting.waits { " " (version) } }
                    " for " (waiting.environment)
                    @match waiting.locks.as_slice() {
                        [] => ", behind no lock any longer",
                        [placed] => { ", behind " (lock(placed, now)) },
                        [placed, more @ ..] => { ", behind " (lock(placed, now)) " and " (count(more.len(), "more lock")) },
                    }
                }))
            }
        }
    }
}

/// An environment that is behind.
struct Backlog<'a> {
    column: &'a Column,
    apps: usize,
    /// By how many releases the app that is behind most.
    most: (usize, &'a Row),
}

fn behind(board: &Board) -> Markup {
    let columns = board.columns.iter().enumerate();
    let backlogs: Vec<_> = columns
        .filter_map(|(place, column)| backlog(board, place, column))
        .collect();
    html! {
        @if !backlogs.is_empty() {
            div.behind {
                h3 { (count(board.tally().behind, "deployment")) " behind" }
                (first(&backlogs, |Backlog { column, apps, most: (releases, row) }| html! {
                    b { (column.environment) } ": " (count(*apps, "app")) " behind"
                    @if let Ok(upstream) = &column.upstream { " " (upstream) }
                    "; furthest " (row.app) ", by " (count(*releases, "release"))
                }))
            }
        }
    }
}

fn backlog<'a>(board: &'a Board, place: usize, column: &'a Column) -> Option<Backlog<'a>> {
    let lags = board
        .rows
        .iter()
        .filter_map(|row| match row.cells[place].lag {
            Lag::Behind { releases, .. } => Some((releases, row)),
            Lag::Unknown | Lag::Level | Lag::Ahead { .. } => None,
        });
    let lags: Vec<_> = lags.collect();
    // The first by name of those that are behind most.
    let most = *lags.iter().rev().max_by_key(|(releases, _)| releases)?;
    Some(Backlog {
        column,
        apps: lags.len(),
        most,
    })
}
