//! The queue for people: a row for each version that waits, and one more for each further lock.

use anstyle::Style;

use super::super::{FAINT, HEAD, WAITS};
use super::{Fate, count, paint};
use crate::plan::view::queue::{QueueList, Waiting};
use crate::report::table::{Give, Head, Table, fit};
use crate::state::deployment::Linked;
use crate::state::{Moment, plain};

/// The heads of the columns, here and in markdown.
pub(in crate::report) const HEADS: [Head; 6] = [
    ("App", Give::Name),
    ("Environment", Give::Name),
    ("Waits", Give::Name),
    ("Runs", Give::Name),
    ("Since", Give::Whole),
    ("Behind", Give::Text),
];

pub(super) fn lines(list: &QueueList, fate: &Fate) -> Vec<String> {
    let mut lines = vec![paint(HEAD, fit(&headline(list), fate.width))];
    if list.waiting.is_empty() {
        return lines;
    }
    let mut table = Table::new(&HEADS);
    for waiting in &list.waiting {
        let [app, environment, waits, runs, since] = row(waiting, fate.now);
        let behind = behind(waiting, fate.now);
        let (first, more) = behind
            .split_first()
            .map_or(("", &[][..]), |(first, more)| (first, more));
        table.row([
            (HEAD, app),
            (Style::new(), environment),
            (WAITS, waits),
            (Style::new(), runs),
            (FAINT, since),
            (Style::new(), first.to_owned()),
        ]);
        for lock in more {
            let blank = std::iter::repeat_n((Style::new(), String::new()), HEADS.len() - 1);
            table.row(blank.chain([(Style::new(), lock.clone())]));
        }
    }
    lines.extend(table.lines(fate.width));
    lines
}

/// How much waits.
pub(in crate::report) fn headline(list: &QueueList) -> String {
    match list.waiting.len() {
        0 => "nothing waits".to_owned(),
        1 => "1 version waits".to_owned(),
        number => format!("{} wait", count(number, "version")),
    }
}

/// What waits, a cell for each head but the last.
pub(in crate::report) fn row(waiting: &Waiting, now: Moment) -> [String; 5] {
    let waits = match &waiting.waits {
        Linked::To(version) => {
            let shown = waiting.display_version.as_ref();
            let shown = shown.map(|text| format!(" ({})", plain(text.raw())));
            format!("{version}{}{}", shown.unwrap_or_default(), waiting.kind)
        }
        Linked::Nothing | Linked::Broken(_) => "broken link".to_owned(),
    };
    let since = waiting.since.map(|since| since.age(now));
    [
        waiting.app.to_string(),
        waiting.environment.to_string(),
        waits,
        waiting
            .runs
            .map_or("-".to_owned(), |version| version.to_string()),
        since.unwrap_or_else(|| "unknown".to_owned()),
    ]
}

/// What it waits for, each in one phrase.
pub(in crate::report) fn behind(waiting: &Waiting, now: Moment) -> Vec<String> {
    let mut behind: Vec<_> = waiting.locks.iter().map(|lock| lock.phrase(now)).collect();
    match &waiting.waits {
        Linked::Broken(broken) => behind.insert(0, broken.to_string()),
        Linked::To(_) | Linked::Nothing if behind.is_empty() => {
            behind.push("no lock; the next deployment or unlock there ends it".to_owned());
        }
        Linked::To(_) | Linked::Nothing => {}
    }
    behind
}
