//! Every lock, every version in the queue, and the last trains: lists below the board.

use maud::{Markup, html};

use super::table::released;
use super::words::{aged, brief, lock, person, short, typed};
use crate::plan::view::board::Board;
use crate::plan::view::locks::ListedLock;
use crate::plan::view::page::Journey;
use crate::report::text::view::count;
use crate::state::deployment::Linked;
use crate::state::{LockScope, Moment};

/// Every lock, the oldest first.
pub(super) fn locks(board: &Board, now: Moment) -> Markup {
    let locks = board.locks().locks;
    let caption = format!("{}, the oldest first", count(locks.len(), "lock"));
    let heads = ["Where", "Kind", "Why", "Who", "Since", "Id"];
    let row = |listed: &ListedLock| {
        let placed = &listed.lock;
        let lock = &placed.lock;
        [
            html! { (environment(&placed.scope)) },
            html! { (placed.scope.kind()) },
            typed(&lock.message),
            person(&lock.created_by),
            aged(lock.created_at, now),
            html! { code { bdi { (placed.id) } } },
        ]
    };
    list("locks", "Locks", (&caption, heads), &locks, row)
}

/// The place first that people look for.
fn environment(scope: &LockScope) -> Markup {
    let environment = scope.environment();
    html! {
        b { (environment) }
        @match scope {
            LockScope::Environment(_) => {},
            LockScope::App(_, app) | LockScope::Manifest(_, app) => { ", app " (app) },
            LockScope::Team(_, team) => { ", team " (team) },
        }
    }
}

/// Every version in the queue, with what it waits for.
pub(super) fn queue(board: &Board, now: Moment) -> Markup {
    let queue = &board.queue.waiting;
    let waits = if queue.len() == 1 { "waits" } else { "wait" };
    let caption = format!(
        "{} {waits}, the longest wait first",
        count(queue.len(), "version")
    );
    let heads = ["App", "Waits", "For", "Runs there", "Since", "Behind"];
    list("queue", "Queue", (&caption, heads), queue, |waiting| {
        let name = waiting.display_version.as_ref();
        [
            html! { b { (waiting.app) } },
            html! {
                @match &waiting.waits {
                    Linked::To(version) => (released(*version, name, waiting.kind)),
                    Linked::Broken(broken) => mark.broken { (broken) },
                    Linked::Nothing => {},
                }
            },
            html! { (waiting.environment) },
            html! { @match waiting.runs { Some(version) => (version), None => "nothing" } },
            html! {
                (aged(waiting.since.map(|since| since.at), now))
                @if waiting.since.is_some_and(|since| since.or_longer) { " or before" }
            },
            html! {
                @for placed in &waiting.locks { div { (lock(placed, now)) } }
                @if waiting.locks.is_empty() { "no lock any longer: the next deployment or unlock takes it" }
            },
        ]
    })
}

/// The last trains, the latest first.
pub(super) fn trains(trains: &[Journey], now: Moment) -> Markup {
    let caption = "The latest first";
    let heads = ["When", "What", "Who", "Commit"];
    list(
        "trains",
        "Last trains",
        (caption, heads),
        trains,
        |journey| {
            [
                aged(journey.at, now),
                happened(journey),
                person(&journey.by),
                html! { code title=(journey.commit) { (short(&journey.commit)) } },
            ]
        },
    )
}

/// More effects of a train are told by their number.
const MOST: usize = 100;

fn happened(journey: &Journey) -> Markup {
    let effects = &journey.effects;
    html! {
        @if effects.is_empty() {
            (brief(&journey.subject))
        } @else {
            details {
                summary { (brief(&journey.subject)) }
                ul {
                    @for effect in effects.iter().take(MOST) { li { (brief(effect)) } }
                    @if effects.len() > MOST { li.faint { "and " (effects.len() - MOST) " more" } }
                }
            }
        }
    }
}

/// A list with a row for each thing.
fn list<T, const N: usize>(
    id: &str,
    title: &str,
    (caption, heads): (&str, [&str; N]),
    things: &[T],
    row: impl Fn(&T) -> [Markup; N],
) -> Markup {
    html! {
        section aria-labelledby=(id) {
            h2 #(id) { (title) }
            @if things.is_empty() {
                p { "None." }
            } @else {
                table.list {
                    caption { (caption) }
                    thead { tr { @for head in heads { th scope="col" { (head) } } } }
                    tbody {
                        @for thing in things {
                            tr {
                                @for (head, cell) in heads.iter().zip(row(thing)) { td data-head=(head) { (cell) } }
                            }
                        }
                    }
                }
                p.none-such hidden { "None that is searched for." }
            }
        }
    }
}
