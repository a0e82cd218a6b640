//! Environments for people.

use std::fmt::Display;

use super::{DONE, FAINT, HEAD, WAITS, paint};
use crate::plan::environment::{
    Checked, Configured, Deleted, EnvironmentDone, EnvironmentView, Shown, source,
};
use crate::plan::unlock_command;
use crate::state::environment::NoUpstream;
use crate::state::{Moment, Upstream, Version, plain};

pub(super) fn lines(done: &EnvironmentDone, now: Moment) -> Vec<String> {
    match done {
        EnvironmentDone::Configured(configured) => configure(configured),
        EnvironmentDone::Deleted(deleted) => delete(deleted, now),
        EnvironmentDone::Listed(environments) => list(environments),
        EnvironmentDone::Shown(shown) => show(shown, now),
        EnvironmentDone::Checked(checked) => check(checked),
    }
}

fn configure(configured: &Configured) -> Vec<String> {
    let name = paint(HEAD, format!("environment {}", configured.environment));
    let mut lines = if configured.created {
        vec![format!("{} {name}", paint(DONE, "created"))]
    } else if configured.changes.is_empty() {
        vec![format!("{name} has that config")]
    } else {
        vec![format!("{} {name}", paint(DONE, "updated"))]
    };
    lines.extend(
        configured
            .changes
            .iter()
            .map(|change| format!("  {change}")),
    );
    lines.extend(configured.removed_files.iter().map(removed_file));
    lines
}

fn removed_file(path: impl Display) -> String {
    format!("  removed {}", plain(&path.to_string()))
}

fn delete(deleted: &Deleted, now: Moment) -> Vec<String> {
    let name = paint(HEAD, format!("environment {}", deleted.environment));
    let mut lines = vec![format!("{} {name}", paint(DONE, "deleted"))];
    let gone = &deleted.inhabitants;
    let version = |version: &Option<Version>| match version {
        Some(version) => version.to_string(),
        None => "(a broken link)".to_owned(),
    };
    let runs = gone.runs.iter();
    lines.extend(runs.map(|(app, runs)| format!("  {app} {} ran there", version(runs))));
    let queued = gone.queued.iter();
    lines.extend(queued.map(|(app, waits)| format!("  {app} {} waited there", version(waits))));
    let locks = gone.locks.iter();
    lines.extend(locks.map(|lock| format!("  {}: {}", lock.scope, lock.phrase(now))));
    lines.extend(deleted.removed_files.iter().map(removed_file));
    lines
}

/// The heads of the table, and the cells of a row.
pub(in crate::report) const COLUMNS: [&str; 8] = [
    "environment",
    "distance",
    "upstream",
    "group",
    "apps",
    "queued",
    "locks",
    "argo cd",
];

/// The cells of an environment in the table.
pub(in crate::report) fn row(view: &EnvironmentView) -> [String; 8] {
    let projects: Vec<_> = view
        .argocd
        .iter()
        .map(|target| plain(&target.name))
        .collect();
    [
        view.name.to_string(),
        view.distance
            .map(|distance| distance.to_string())
            .unwrap_or_default(),
        brief(&view.upstream),
        view.group
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        view.apps.to_string(),
        view.queued.to_string(),
        view.locks.len().to_string(),
        projects.join(", "),
    ]
}

/// Where an environment takes its versions from, in a word that fits into a table.
fn brief(upstream: &Result<Upstream, NoUpstream>) -> String {
    let word = match upstream {
        Ok(upstream) => return upstream.to_string(),
        Err(NoUpstream::Missing) => "none",
        Err(NoUpstream::Empty) => "(empty)",
        Err(NoUpstream::Both) => "(two)",
        Err(NoUpstream::Unknown(name)) => return format!("({}, unknown)", plain(name)),
        Err(NoUpstream::Cycle(_)) => "(a cycle)",
        Err(NoUpstream::Unreadable(_)) => "(unreadable)",
    };
    word.to_owned()
}

fn list(environments: &[EnvironmentView]) -> Vec<String> {
    let rows: Vec<_> = environments.iter().map(row).collect();
    let heads = COLUMNS.map(str::to_owned);
    let width = |column: usize| {
        let cells = rows
            .iter()
            .chain([&heads])
            .map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: [usize; 8] = std::array::from_fn(width);
    let line = |row: &[String; 8]| {
        let cells = row.iter().zip(widths);
        let cells: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![paint(HEAD, line(&heads))];
    lines.extend(rows.iter().map(line));
    lines
}

/// What is said about one environment, as pairs of words.
pub(in crate::report) fn facts(view: &EnvironmentView) -> Vec<(&'static str, String)> {
    let mut facts = vec![("upstream", source(&view.upstream))];
    facts.extend(
        view.distance
            .map(|distance| ("distance", distance.to_string())),
    );
    facts.extend(
        view.group
            .as_ref()
            .map(|group| ("group", group.to_string())),
    );
    if !view.downstream.is_empty() {
        let names: Vec<_> = view.downstream.iter().map(ToString::to_string).collect();
        facts.push(("upstream of", names.join(", ")));
    }
    facts.push(("apps", view.apps.to_string()));
    facts.push(("queued", view.queued.to_string()));
    for target in &view.argocd {
        let destination = &target.config.destination;
        let places = [&destination.name, &destination.server].map(|text| plain(text));
        let places: Vec<_> = places.into_iter().filter(|text| !text.is_empty()).collect();
        let places = if places.is_empty() {
            "no destination".to_owned()
        } else {
            places.join(", ")
        };
        facts.push(("argo cd", format!("{}: {places}", plain(&target.name))));
    }
    facts
}

fn show(shown: &Shown, now: Moment) -> Vec<String> {
    let view = &shown.view;
    let mut lines = vec![paint(HEAD, &view.name)];
    let facts = facts(view).into_iter();
    lines.extend(facts.map(|(what, text)| format!("  {what:12} {text}")));
    for lock in &view.locks {
        lines.push(format!(
            "  {} {}: {}",
            paint(WAITS, format!("{:12}", "locked")),
            lock.scope,
            lock.phrase(now)
        ));
        lines.push(paint(
            FAINT,
            format!(
                "{:15}to remove it: {}",
                "",
                unlock_command(&(&lock.scope).into(), &lock.id)
            ),
        ));
    }
    lines
}

fn check(checked: &Checked) -> Vec<String> {
    let count = match checked.environments {
        1 => "1 environment".to_owned(),
        count => format!("{count} environments"),
    };
    if checked.faults.is_empty() {
        return vec![format!("{count}: {}", paint(DONE, "nothing is wrong"))];
    }
    let mut lines = vec![match checked.faults.len() {
        1 => format!("{count}: {}", paint(WAITS, "1 thing is wrong")),
        faults => format!(
            "{count}: {}",
            paint(WAITS, format!("{faults} things are wrong"))
        ),
    }];
    for fault in &checked.faults {
        let path = plain(fault.path().as_str());
        lines.push(format!("{}: {fault}", paint(HEAD, format!("`{path}`"))));
        lines.push(paint(FAINT, format!("  {}", fault.hint())));
    }
    lines
}
