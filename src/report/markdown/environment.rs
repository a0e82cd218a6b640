//! Environments as tables.

use super::{escaped, lock_phrases};
use crate::plan::environment::{EnvironmentView, Shown};
use crate::report::text::environment::{COLUMNS, facts, row};
use crate::state::Moment;

pub(super) fn list(environments: &[EnvironmentView]) -> Vec<String> {
    let mut lines = vec![
        format!("| {} |", COLUMNS.join(" | ")),
        format!("|{}", "---|".repeat(COLUMNS.len())),
    ];
    let rows = environments.iter().map(|view| {
        let cells = row(view).map(|cell| escaped(&cell));
        format!("| {} |", cells.join(" | "))
    });
    lines.extend(rows);
    lines
}

pub(super) fn show(shown: &Shown, now: Moment) -> Vec<String> {
    let view = &shown.view;
    let mut lines = vec![
        format!("### {}", view.name),
        String::new(),
        "| | |".to_owned(),
        "|---|---|".to_owned(),
    ];
    let facts = facts(view).into_iter();
    lines.extend(facts.map(|(what, text)| format!("| {what} | {} |", escaped(&text))));
    let locks = view.locks.iter().zip(lock_phrases(&view.locks, now));
    lines.extend(locks.map(|(lock, phrase)| {
        let scope = escaped(&lock.scope.to_string());
        format!("| locked | {scope}&#58; {phrase} |")
    }));
    lines
}
