//! The sheet of an app, which its name on the board opens: each environment in words, and the releases with where they came from.

use maud::{Markup, html};

use super::table::version;
use super::words::{brief, ci_link, lock, minute, person, short};
use crate::plan::view::board::{Board, Cell, Column, Lag, ReleaseFacts, Row, Runs, in_force};
use crate::state::deployment::Linked;
use crate::state::{FreeText, LockScope, Moment};

/// The id of the sheet of the app in this row.
pub(super) fn sheet_id(place: usize) -> String {
    format!("app-{place}")
}

/// A sheet for each app. They are popovers, which a browser opens without a script.
pub(super) fn apps(board: &Board, now: Moment) -> Markup {
    html! {
        @for (place, row) in board.rows.iter().enumerate() {
            section.app #(sheet_id(place)) popover aria-label=(row.app) {
                h3 { (row.app) @if let Some(team) = &row.team { small { " of team " (team) } } }
                ul {
                    @for (index, (column, cell)) in board.cells(row).enumerate() {
                        @if is_worth_a_line(cell) {
                            li data-column=(index + 1) { (line((column, row, cell), now)) }
                        }
                    }
                }
                @if !row.releases.is_empty() {
                    h4 { "Releases" }
                    ul {
                        @for (number, facts) in row.releases.iter().rev() {
                            li { (version(row, *number)) (origin(facts)) }
                        }
                    }
                }
                button type="button" popovertarget=(sheet_id(place)) popovertargetaction="hide" { "Close" }
            }
        }
    }
}

/// Whether there is anything to say.
fn is_worth_a_line(cell: &Cell) -> bool {
    cell.runs != Runs::NotMeant
        || cell.waits != Linked::Nothing
        || !cell.locks.is_empty()
        || !cell.manifest_locks.is_empty()
}

fn line((column, row, cell): (&Column, &Row, &Cell), now: Moment) -> Markup {
    html! {
        b { (column.environment) } ": "
        @match &cell.runs {
            Runs::Release(running, provenance) => {
                b { (running) }
                @if let Some(at) = provenance.at { " since " (minute(at)) }
                " by " (person(&provenance.by))
            },
            Runs::NotYet | Runs::NotMeant => "nothing runs",
            Runs::Broken(broken) => mark.broken { (broken) },
        }
        (lag(column, cell.lag))
        @match &cell.waits {
            Linked::To(waiting) => { "; " b { (waiting) } " is queued" },
            Linked::Broken(broken) => { "; " mark.broken { (broken) } },
            Linked::Nothing => {},
        }
        @for placed in in_force(column, row, cell).chain(&cell.manifest_locks) {
            br;
            @match placed.scope {
                // It is the same for every app, and told above.
                LockScope::Environment(_) => { "environment lock " code { bdi { (placed.id) } } },
                LockScope::App(..) | LockScope::Team(..) | LockScope::Manifest(..) => (lock(placed, now)),
            }
        }
        @if cell.manifest_differs { br; "The manifest there is another one than that of the release." }
    }
}

fn lag(column: &Column, lag: Lag) -> Markup {
    let upstream = column
        .upstream
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    html! {
        @match lag {
            Lag::Unknown | Lag::Level => {},
            Lag::Behind { upstream: version, releases } => { ", " (releases) " behind " (upstream) " (" (version) ")" },
            Lag::Ahead { upstream: version, releases } => { ", " (releases) " ahead of " (upstream) " (" (version) ")" },
        }
    }
}

/// Where a release came from, as far as it is known.
fn origin(facts: &ReleaseFacts) -> Markup {
    html! {
        @if let Some(at) = facts.created_at { ", stored " (minute(at)) }
        @if let Some(message) = &facts.source_message { ": " (brief(&first_line(message))) }
        @if let Some(author) = &facts.source_author { " — " (brief(&name_of(author))) }
        @if let Some(commit) = &facts.source_commit { " " code { (short(commit.as_ref())) } }
        @if let Some(link) = &facts.ci_link { ", " (ci_link(link)) }
    }
}

/// The author without the mail address.
fn name_of(author: &FreeText) -> FreeText {
    let name = author.raw().split(" <").next();
    FreeText(name.unwrap_or_default().to_owned())
}

fn first_line(message: &FreeText) -> FreeText {
    FreeText(message.raw().lines().next().unwrap_or_default().to_owned())
}
