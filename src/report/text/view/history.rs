//! A history for people: a row for each commit, and a line below it for each thing that it moved.

use anstyle::Style;

use super::super::{FAINT, HEAD, WAITS};
use super::{Fate, count, paint};
use crate::plan::movement::Movement;
use crate::plan::view::history::{End, Entry, History};
use crate::report::table::{Give, Head, Table, fit, fit_both};
use crate::state::{Moment, plain};

/// How many digits of a commit are shown.
const SHORT: usize = 10;
/// As many movements of one commit are shown; a train can have a thousand.
const MOST: usize = 12;

/// The heads of the columns, here and in markdown.
pub(in crate::report) const HEADS: [Head; 5] = [
    ("Commit", Give::Name),
    ("When", Give::Whole),
    ("Who", Give::Text),
    ("Operation", Give::Text),
    ("At", Give::Spare),
];

pub(super) fn lines(history: &History, fate: &Fate) -> Vec<String> {
    let mut lines = vec![paint(HEAD, fit(&headline(history), fate.width))];
    if !history.entries.is_empty() {
        let mut table = Table::new(&HEADS);
        for entry in &history.entries {
            let [commit, when, who, operation, at] = row(entry, fate.now);
            table.row([
                (WAITS, commit),
                (Style::new(), when),
                (Style::new(), who),
                (HEAD, operation),
                (FAINT, at),
            ]);
        }
        let mut rows = table.lines(fate.width).into_iter();
        lines.extend(rows.next());
        for (row, entry) in rows.zip(&history.entries) {
            lines.push(row);
            lines.extend(below(entry, fate));
        }
    }
    let end = end(history);
    lines.extend(end.map(|end| paint(FAINT, fit(&end, fate.width))));
    lines
}

/// How much there is.
pub(in crate::report) fn headline(history: &History) -> String {
    match history.entries.len() {
        0 => "nothing moved".to_owned(),
        1 => "1 commit".to_owned(),
        number => format!("{}, the latest first", count(number, "commit")),
    }
}

/// A commit, a cell for each head.
pub(in crate::report) fn row(entry: &Entry, now: Moment) -> [String; 5] {
    [
        entry.commit.as_ref()[..SHORT].to_owned(),
        entry.at.age(now),
        entry.author.to_string(),
        operation(entry),
        entry.at.to_seconds(),
    ]
}

/// The operation and what it was asked for.
fn operation(entry: &Entry) -> String {
    let Some(trace) = &entry.trace else {
        return "another tool".to_owned();
    };
    let inputs = trace.inputs.values().map(|input| plain(input));
    let words = [plain(&trace.operation)].into_iter().chain(inputs);
    words.collect::<Vec<_>>().join(" ")
}

/// Why another tool made a commit, as far as it says so.
pub(in crate::report) fn reason(entry: &Entry) -> Option<String> {
    let silent = entry.trace.is_some() || entry.summary.is_empty();
    (!silent).then(|| entry.summary.to_string())
}

/// The first things that a commit moved, and how many more there are.
pub(in crate::report) fn moved(entry: &Entry) -> (&[Movement], Option<String>) {
    // One more line would take as much room as the line that says so.
    if entry.movements.len() <= MOST + 1 {
        return (&entry.movements, None);
    }
    let (first, rest) = entry.movements.split_at(MOST);
    let more = format!("… and {} more, which `-o json` tells", rest.len());
    (first, Some(more))
}

fn below(entry: &Entry, fate: &Fate) -> Vec<String> {
    const INDENT: &str = "  ";
    let width = fate.width.map(|width| width.saturating_sub(INDENT.len()));
    let indented = |style: Style, line: &str| {
        let line = fit(line, width);
        if style == Style::new() {
            format!("{INDENT}{line}")
        } else {
            format!("{INDENT}{}", paint(style, line))
        }
    };
    let reason = reason(entry).map(|reason| indented(FAINT, &reason));
    let (first, more) = moved(entry);
    let first = first.iter().map(|movement| {
        indented(
            style(movement),
            &fit_both(&movement.subject(), &movement.what(), width),
        )
    });
    let more = more.map(|more| indented(FAINT, &more));
    reason.into_iter().chain(first).chain(more).collect()
}

/// What holds something back stands out.
fn style(movement: &Movement) -> Style {
    match movement {
        Movement::Queued { .. } | Movement::Broken { .. } | Movement::Locked(_) => WAITS,
        Movement::Released { .. }
        | Movement::AppCreated(_)
        | Movement::EnvironmentCreated(_)
        | Movement::EnvironmentConfigured(_)
        | Movement::Deployed { .. }
        | Movement::ManifestChanged { .. }
        | Movement::Unqueued { .. }
        | Movement::Undeployed { .. }
        | Movement::LockChanged(_)
        | Movement::Unlocked(_)
        | Movement::ReleasesRemoved { .. }
        | Movement::AppDeleted(_)
        | Movement::EnvironmentDeleted(_) => Style::new(),
    }
}

/// Where the history ends, unless that is where it began.
pub(in crate::report) fn end(history: &History) -> Option<String> {
    match &history.end {
        End::Beginning | End::Since => None,
        End::Limit => {
            Some("there may be more: `--limit` says how many commits are told".to_owned())
        }
        End::Shallow(commit) => {
            let short = &commit.as_ref()[..SHORT];
            Some(format!(
                "this shallow clone ends at {short}: `git fetch --unshallow` brings what was before"
            ))
        }
    }
}
