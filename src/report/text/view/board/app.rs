//! One app of the board: a row for each environment, with all that is known.

use anstyle::Style;

use super::super::super::{FAINT, FAULT, WAITS};
use super::super::Fate;
use super::remark::Remark;
use crate::plan::view::board::{Board, Cell, Column, Lag, ReleaseFacts, Row, Runs, in_force};
use crate::report::table::{Give, Head, Table};
use crate::state::deployment::Linked;
use crate::state::{Moment, plain};

/// The heads of the columns, here and in markdown.
pub(in crate::report) const HEADS: [Head; 7] = [
    ("Environment", Give::Name),
    ("Runs", Give::Name),
    ("Upstream", Give::Name),
    ("Besides", Give::Text),
    ("Since", Give::Whole),
    ("Built from", Give::Extra),
    ("By", Give::Extra),
];

/// The app, its team and its highest release.
pub(super) fn title(row: &Row) -> String {
    let team = row.team.as_ref();
    let team = team
        .map(|team| format!(" of team {team}"))
        .unwrap_or_default();
    let latest = row
        .latest
        .map(|latest| format!(", latest release {latest},"));
    format!("{}{team}{}", row.app, latest.unwrap_or_default())
}

pub(super) fn lines(board: &Board, row: &Row, fate: &Fate) -> Vec<String> {
    let mut table = Table::new(&HEADS);
    for (column, each) in board.cells(row) {
        let style = if in_force(column, row, each).next().is_some() {
            FAULT
        } else if each.is_behind() {
            WAITS
        } else {
            Style::new()
        };
        let [environment, runs, upstream, besides, since, source, by] =
            cells((column, row, each), fate.now);
        table.row([
            (style, environment),
            (style, runs),
            (style, upstream),
            (style, besides),
            (FAINT, since),
            (Style::new(), source),
            (Style::new(), by),
        ]);
    }
    let mut lines = vec![String::new()];
    lines.extend(table.lines(fate.width));
    lines
}

/// What there is on one environment, a cell for each head.
pub(in crate::report) fn cells(place: (&Column, &Row, &Cell), now: Moment) -> [String; 7] {
    let (column, row, cell) = place;
    let provenance = match &cell.runs {
        Runs::Release(_, provenance) => Some(provenance),
        Runs::NotYet | Runs::NotMeant | Runs::Broken(_) => None,
    };
    let facts = cell.running().and_then(|version| row.facts(version));
    let since = provenance.and_then(|provenance| provenance.at);
    let by = provenance.map(|provenance| provenance.by.to_string());
    [
        column.environment.to_string(),
        runs(cell, facts),
        upstream(cell),
        besides(place),
        since.map(|at| at.age(now)).unwrap_or_default(),
        facts.map(source).unwrap_or_default(),
        by.unwrap_or_default(),
    ]
}

fn runs(cell: &Cell, facts: Option<&ReleaseFacts>) -> String {
    match &cell.runs {
        Runs::Release(version, _) => {
            let shown = facts.and_then(|facts| facts.display_version.as_ref());
            let shown = shown.map(|shown| format!(" ({})", plain(shown.raw())));
            let kind = facts.map(|facts| facts.kind.to_string());
            let [shown, kind] = [shown, kind].map(Option::unwrap_or_default);
            format!("{version}{shown}{kind}")
        }
        Runs::NotYet => "not yet".to_owned(),
        Runs::NotMeant => "not meant".to_owned(),
        Runs::Broken(_) => "broken link".to_owned(),
    }
}

/// The version of the upstream, and how what runs compares with it.
fn upstream(cell: &Cell) -> String {
    match cell.lag {
        Lag::Unknown => String::new(),
        Lag::Level => "the same".to_owned(),
        Lag::Behind { upstream, releases } => format!("{upstream}, {releases} behind"),
        Lag::Ahead { upstream, releases } => format!("{upstream}, {releases} ahead"),
    }
}

/// What waits, and what is locked.
fn besides(place: (&Column, &Row, &Cell)) -> String {
    let (column, row, cell) = place;
    let waits = match &cell.waits {
        Linked::Nothing => None,
        Linked::To(version) => Some(Remark::Waits(*version)),
        Linked::Broken(_) => Some(Remark::WaitsBroken),
    };
    let locked = in_force(column, row, cell).next().map(|_| Remark::Locked);
    let kept = (!cell.manifest_locks.is_empty()).then_some(Remark::Kept);
    let remarks = [waits, locked, kept].into_iter().flatten();
    let mut words: Vec<_> = remarks.map(Remark::words).collect();
    if cell.manifest_differs {
        words.push("another manifest runs".to_owned());
    }
    words.join(", ")
}

/// The commit, the first line of its message, and who wrote it.
fn source(facts: &ReleaseFacts) -> String {
    let commit = facts.source_commit.as_ref();
    let commit = commit.map(|commit| commit.as_ref()[..10].to_owned());
    let message = facts.source_message.as_ref();
    let message = message.map(|text| plain(text.raw().lines().next().unwrap_or_default()));
    let author = facts.source_author.as_ref();
    let author = author.map(|author| format!("({})", plain(author.raw())));
    let known: Vec<_> = [commit, message, author].into_iter().flatten().collect();
    known.join(" ")
}
