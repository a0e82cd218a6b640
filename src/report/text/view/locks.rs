//! Locks for people, a row for each.

use anstyle::Style;

use super::super::{FAINT, HEAD, WAITS};
use super::{Fate, count, names, paint};
use crate::plan::view::locks::{ListedLock, LockList};
use crate::report::table::{Give, Head, Table, fit};
use crate::state::{Moment, plain};

/// The heads of the columns, here and in markdown.
pub(in crate::report) const HEADS: [Head; 6] = [
    ("Locked", Give::Name),
    ("Lock", Give::Name),
    ("Message", Give::Note),
    ("Since", Give::Whole),
    ("By", Give::Note),
    ("Waiting", Give::Extra),
];

pub(super) fn lines(list: &LockList, fate: &Fate) -> Vec<String> {
    let mut lines = vec![paint(HEAD, fit(&headline(list), fate.width))];
    if list.locks.is_empty() {
        return lines;
    }
    let mut table = Table::new(&HEADS);
    for listed in &list.locks {
        let [scope, id, message, since, by, waiting] = row(listed, fate.now);
        table.row([
            (WAITS, scope),
            (Style::new(), id),
            (Style::new(), message),
            (FAINT, since),
            (Style::new(), by),
            (Style::new(), waiting),
        ]);
    }
    lines.extend(table.lines(fate.width));
    lines
}

/// How many there are.
pub(in crate::report) fn headline(list: &LockList) -> String {
    match list.locks.len() {
        0 => "no locks".to_owned(),
        number => count(number, "lock"),
    }
}

/// One lock, a cell for each head.
pub(in crate::report) fn row(listed: &ListedLock, now: Moment) -> [String; 6] {
    let placed = &listed.lock;
    let lock = &placed.lock;
    let since = lock.created_at.map(|at| at.age(now));
    [
        placed.scope.to_string(),
        placed.id.to_string(),
        plain(lock.message.raw()),
        since.unwrap_or_else(|| "unknown".to_owned()),
        lock.created_by.to_string(),
        names(&listed.waiting),
    ]
}
