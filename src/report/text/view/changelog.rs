//! The changelog for people: below each app that moves a row for each source commit.

use super::super::{FAINT, HEAD, WAITS, cargo};
use super::{Fate, count, paint};
use crate::plan::outcome::Move;
use crate::plan::view::changelog::{Changelog, End, Entry, Leg};
use crate::report::table::fit;
use crate::state::{AppName, EnvName};

pub(super) fn lines(changelog: &Changelog, fate: &Fate) -> Vec<String> {
    let mut lines = Vec::new();
    for leg in &changelog.legs {
        lines.push(paint(HEAD, fit(&title(changelog, leg), fate.width)));
        lines.push(paint(FAINT, fit(&totals(leg), fate.width)));
        for (app, entry) in &leg.apps {
            let text = format!("{app}  {}", told(leg, entry));
            let text = fit(&text, fate.width.map(|width| width.saturating_sub(2)));
            lines.push(format!("  {}", painted(app, &text, entry)));
            match entry {
                Entry::Moved { cargo, .. } => lines.extend(cargo::lines(cargo, 4, fate.width)),
                Entry::Gone(_) | Entry::Unknown(_) => {}
            }
        }
    }
    lines
}

/// The name of the app stands out, and so does what is no move.
fn painted(app: &AppName, text: &str, entry: &Entry) -> String {
    match entry {
        Entry::Moved { .. } => match text.strip_prefix(app.as_ref()) {
            Some(rest) => format!("{}{rest}", paint(HEAD, app)),
            None => text.to_owned(),
        },
        Entry::Gone(_) | Entry::Unknown(_) => paint(WAITS, text),
    }
}

/// Which way it goes, and for whom: `changes from prod to staging, team shop`.
pub(in crate::report) fn title(changelog: &Changelog, leg: &Leg) -> String {
    let Changelog {
        from,
        to,
        team,
        app,
        ..
    } = changelog;
    let way = if leg.from == leg.to && from.source.is_none() && to.source.is_none() {
        format!("on {}, compared with itself", leg.from)
    } else if leg.from == leg.to {
        let [one, other] = [from, to].map(|end| point(end).unwrap_or_else(|| "now".to_owned()));
        format!("on {} from {one} to {other}", leg.from)
    } else {
        format!("from {} to {}", named(&leg.from, from), named(&leg.to, to))
    };
    let app = app.as_ref().map(|app| format!(", app {app}"));
    let team = team.as_ref().map(|team| format!(", team {team}"));
    let limits: String = app.into_iter().chain(team).collect();
    let what = if leg.apps.is_empty() {
        "no changes"
    } else {
        "changes"
    };
    format!("{what} {way}{limits}")
}

/// How much changes.
pub(in crate::report) fn totals(leg: &Leg) -> String {
    let same = format!("{} unchanged", count(leg.unchanged, "app"));
    if leg.apps.is_empty() {
        return same;
    }
    let apps = count(leg.apps.len(), "app");
    let commits = count(leg.commits(), "source commit");
    if leg.unchanged == 0 {
        return format!("{apps} with {commits}");
    }
    format!("{apps} with {commits}, {same}")
}

/// What becomes of an app.
pub(in crate::report) fn told(leg: &Leg, entry: &Entry) -> String {
    match entry {
        Entry::Moved {
            from,
            to,
            kind,
            remade,
            ..
        } => {
            let moved = Move {
                from: *from,
                to: *to,
                kind: *kind,
            };
            let remade = if *remade {
                "; the app was deleted and made again in between"
            } else {
                ""
            };
            format!("{moved}{remade}")
        }
        Entry::Gone(version) if leg.from == leg.to => format!("{version}, no longer there"),
        Entry::Gone(version) => format!("{version} on {}, not on {}", leg.from, leg.to),
        Entry::Unknown(broken) => format!("unknown: {broken}"),
    }
}

fn named(environment: &EnvName, end: &End) -> String {
    match point(end) {
        Some(point) => format!("{environment} at {point}"),
        None => environment.to_string(),
    }
}

fn point(end: &End) -> Option<String> {
    end.source.as_ref().map(ToString::to_string)
}
