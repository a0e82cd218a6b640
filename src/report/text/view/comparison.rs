//! Two environments side by side, for people: a row for each app that differs or waits.

use anstyle::Style;

use super::super::{FAINT, HEAD, WAITS};
use super::{Fate, count, paint};
use crate::plan::view::comparison::{Compared, Comparison, Found, Link, Pair, Side, Standing};
use crate::report::table::{Give, Table, fit};

/// How many digits of a commit are shown.
const SHORT: usize = 10;

pub(super) fn lines(comparison: &Comparison, fate: &Fate) -> Vec<String> {
    let mut lines = Vec::new();
    for pair in &comparison.pairs {
        lines.push(paint(HEAD, fit(&headline(pair), fate.width)));
        let rows: Vec<_> = rows(pair, comparison.all).collect();
        if rows.is_empty() {
            continue;
        }
        let heads = heads(pair).into_iter();
        let gives = [Give::Name, Give::Name, Give::Name, Give::Text];
        let mut table = Table::with_heads(heads.map(Into::into).zip(gives));
        for (compared, [app, left, right, ahead]) in rows {
            let stands_out = if compared.differs() { WAITS } else { FAINT };
            table.row([
                (HEAD, app),
                (Style::new(), left),
                (Style::new(), right),
                (stands_out, ahead),
            ]);
        }
        lines.extend(table.lines(fate.width));
    }
    lines
}

/// What is compared, and how much of it differs.
pub(in crate::report) fn headline(pair: &Pair) -> String {
    let told = |side: &Side| match &side.source {
        Some(source) => format!("{} at {source}", side.environment),
        None => side.environment.to_string(),
    };
    let verdict = match pair.count() {
        (0, 0) => "nothing runs".to_owned(),
        (same, 1) => format!("1 app differs, {same} the same"),
        (same, differ) => format!("{differ} apps differ, {same} the same"),
    };
    format!("{verdict}: {} and {}", told(&pair.left), told(&pair.right))
}

/// The heads of the columns, here and in markdown.
pub(in crate::report) fn heads(pair: &Pair) -> [String; 4] {
    let [left, right] = [&pair.left, &pair.right].map(name);
    ["App".to_owned(), left, right, "Ahead".to_owned()]
}

/// A side in one word.
fn name(side: &Side) -> String {
    let environment = &side.environment;
    match &side.source {
        None => environment.to_string(),
        Some(source) if source.commit.as_ref().starts_with(source.name.as_ref()) => {
            format!("{environment}@{}", &source.commit.as_ref()[..SHORT])
        }
        Some(source) => format!("{environment}@{}", source.name),
    }
}

/// The apps that are listed, a cell for each head.
pub(in crate::report) fn rows(
    pair: &Pair,
    all: bool,
) -> impl Iterator<Item = (&Compared, [String; 4])> {
    let apps = pair.apps.iter();
    let listed = apps.filter(move |(_, each)| all || each.is_notable());
    listed.map(|(app, each)| {
        let cells = [
            app.to_string(),
            cell(&each.left),
            cell(&each.right),
            ahead(pair, each.standing),
        ];
        (each, cells)
    })
}

/// What runs, and what waits behind it.
fn cell(found: &Found) -> String {
    let told = |link: &Link| match link {
        Link::Nothing => None,
        Link::Release(shown) => Some(shown.to_string()),
        Link::Broken(_) => Some("broken link".to_owned()),
    };
    let runs = told(&found.runs).unwrap_or_else(|| "-".to_owned());
    match told(&found.waits) {
        Some(waits) => format!("{runs}, {waits} queued"),
        None => runs,
    }
}

fn ahead(pair: &Pair, standing: Standing) -> String {
    let by = |side: &Side, releases| format!("{} by {}", name(side), count(releases, "release"));
    match standing {
        Standing::Same => "same".to_owned(),
        Standing::LeftAhead(releases) => by(&pair.left, releases),
        Standing::RightAhead(releases) => by(&pair.right, releases),
        Standing::OnlyLeft => format!("only {}", name(&pair.left)),
        Standing::OnlyRight => format!("only {}", name(&pair.right)),
        Standing::MadeAgain => "same number, another release".to_owned(),
        Standing::Unknown => "nobody knows".to_owned(),
        Standing::NothingRuns => "nothing runs".to_owned(),
    }
}
