//! The board as a table: a row for each app, a column for each environment, and the filter above it.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::app::sheet_id;
use crate::plan::view::board::{Board, Cell, Column, Lag, Row, Runs};
use crate::report::text::view::count;
use crate::state::deployment::Linked;
use crate::state::release::ReleaseKind;
use crate::state::{FreeText, Version, plain};

/// The board with its filter.
pub(super) fn board(board: &Board) -> Markup {
    let tally = board.tally();
    html! {
        h2 #board { "Board" }
        (filter(board))
        div #region role="region" aria-labelledby="board" tabindex="0" {
            table #apps {
                caption {
                    (count(tally.apps, "app")) " on " (count(tally.environments, "environment"))
                    ": the version that runs and what people call it, what waits in the queue, and how many releases it is behind."
                    " The name of an app tells more."
                }
                (head(board))
                tbody {
                    @for (place, each) in board.rows.iter().enumerate() { (row(board, place, each)) }
                }
            }
        }
    }
}

fn filter(board: &Board) -> Markup {
    let teams: BTreeSet<_> = board
        .rows
        .iter()
        .filter_map(|row| row.team.as_ref())
        .collect();
    let mut groups: Vec<String> = board.columns.iter().map(group).collect();
    groups.dedup();
    html! {
        form #filter role="search" aria-label="Filter" hidden {
            label { "Find " kbd { "/" } br; input type="search" name="q" autocomplete="off" spellcheck="false" placeholder="app or team"; }
            fieldset {
                legend { "Only apps with something" }
                @for state in ["behind", "queued", "locked"] {
                    label { input type="checkbox" name=(state); " " (state) }
                }
            }
            label {
                "Team" br;
                select name="team" {
                    option value="" { "all" }
                    @for team in teams { option value=(team) { (team) } }
                }
            }
            label {
                "Environments" br;
                select name="group" {
                    option value="" { "all" }
                    @for group in groups { option value=(group) { (group) } }
                }
            }
            output #shown aria-live="polite" {}
            button #all type="button" hidden { "Show all" }
        }
    }
}

/// An environment without a group stands for itself.
fn group(column: &Column) -> String {
    column
        .group
        .as_ref()
        .map_or_else(|| column.environment.to_string(), ToString::to_string)
}

fn head(board: &Board) -> Markup {
    let grouped = board.columns.iter().any(|column| column.group.is_some());
    html! {
        thead {
            @if grouped {
                tr {
                    td {}
                    @for band in board.columns.chunk_by(|one, next| one.group.is_some() && one.group == next.group) {
                        @match &band[0].group {
                            Some(name) => th scope="colgroup" colspan=(band.len()) data-group=(name) { "group " (name) },
                            None => td data-group=(group(&band[0])) {},
                        }
                    }
                }
            }
            tr {
                th scope="col" { "App " small { "team" } }
                @for (place, column) in board.columns.iter().enumerate() {
                    th scope="col" data-group=(group(column)) { (environment(board, place, column)) }
                }
            }
        }
    }
}

fn environment(board: &Board, place: usize, column: &Column) -> Markup {
    let behind = board.rows.iter().filter(|row| row.cells[place].is_behind());
    let behind = behind.count();
    html! {
        (column.environment)
        small {
            @match &column.upstream {
                Ok(upstream) => { "from " (upstream) },
                Err(fault) => mark.broken title=(fault) { "no upstream" },
            }
        }
        @if !column.locks.is_empty() { mark.locked { "locked" } }
        @if behind > 0 { mark.behind { (behind) " behind" } }
    }
}

fn row(board: &Board, place: usize, row: &Row) -> Markup {
    html! {
        tr data-team=[row.team.as_ref()] {
            th scope="row" {
                button popovertarget=(sheet_id(place)) { (row.app) }
                @if let Some(team) = &row.team { " " small { (team) } }
            }
            @for (column, each) in board.cells(row) { (cell(column, row, each)) }
        }
    }
}

fn cell(column: &Column, row: &Row, cell: &Cell) -> Markup {
    let lock = lock_mark(column, row, cell);
    let waits = cell.waits != Linked::Nothing;
    let states = [
        (cell.is_behind(), "behind"),
        (waits, "queued"),
        (lock.is_some(), "locked"),
    ];
    let states: Vec<_> = states
        .into_iter()
        .filter_map(|(is, name)| is.then_some(name))
        .collect();
    let class = Some(states.join(" ")).filter(|class| !class.is_empty());
    html! {
        td class=[class] {
            @match &cell.runs {
                Runs::Release(running, _) => (version(row, *running)),
                Runs::NotYet => i { "none" },
                Runs::NotMeant => {},
                Runs::Broken(_) => mark.broken { "broken" },
            }
            @match cell.lag {
                Lag::Behind { releases, .. } => { " " mark { (releases) " behind" } },
                Lag::Ahead { releases, .. } => { " " mark.plain { (releases) " ahead" } },
                Lag::Level | Lag::Unknown => {},
            }
            @match &cell.waits {
                Linked::To(waiting) => { " " mark.queued { "queued " (waiting) } },
                Linked::Broken(_) => { " " mark.broken { "queue broken" } },
                Linked::Nothing => {},
            }
            @if let Some(lock) = lock { " " mark.locked { (lock) } }
        }
    }
}

/// A version of the app in this row.
pub(super) fn version(row: &Row, version: Version) -> Markup {
    let facts = row.facts(version);
    let name = facts.and_then(|facts| facts.display_version.as_ref());
    let kind = facts.map_or(ReleaseKind::Ordinary, |facts| facts.kind);
    released(version, name, kind)
}

/// A version, what people call it, and what kind of release it is.
pub(super) fn released(version: Version, name: Option<&FreeText>, kind: ReleaseKind) -> Markup {
    html! {
        b { (version) }
        @if let Some(name) = name { " " i { (called(name)) } }
        @match kind {
            ReleaseKind::Ordinary => {},
            ReleaseKind::Minor | ReleaseKind::Undeploy => { " " mark.plain { (kind.name()) } },
        }
    }
}

/// A display version that somebody made longer than they can be is cut.
fn called(name: &FreeText) -> String {
    const LONGEST: usize = 40;
    let name = plain(name.raw());
    if name.chars().count() <= LONGEST {
        return name;
    }
    name.chars().take(LONGEST).chain(['…']).collect()
}

/// What is locked there. That the whole environment is locked stands above its column.
fn lock_mark(column: &Column, row: &Row, cell: &Cell) -> Option<&'static str> {
    if !cell.locks.is_empty() {
        Some("locked")
    } else if cell.is_locked(column, row) {
        Some("team locked")
    } else if !cell.manifest_locks.is_empty() {
        Some("manifest locked")
    } else {
        None
    }
}
