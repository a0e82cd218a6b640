//! A history as a table: a row for each commit.

use super::{Fate, escaped};
use crate::plan::view::history::History;
use crate::report::text::view::history::{end, headline, moved, reason, row};

pub(super) fn lines(history: &History, fate: &Fate) -> Vec<String> {
    let mut lines = vec![format!("### {}", escaped(&headline(history)))];
    if !history.entries.is_empty() {
        lines.extend([
            String::new(),
            "| Commit | When | Who | Operation | Moved |".to_owned(),
            "|---|---|---|---|---|".to_owned(),
        ]);
    }
    for entry in &history.entries {
        let [commit, when, who, operation, _] = row(entry, fate.now).map(|cell| escaped(&cell));
        let operation = match reason(entry) {
            Some(reason) => format!("{operation}: {}", escaped(&reason)),
            None => operation,
        };
        let (first, more) = moved(entry);
        let moved = first.iter().map(ToString::to_string).chain(more);
        let moved: Vec<_> = moved.map(|line| escaped(&line)).collect();
        let moved = moved.join("<br>");
        lines.push(format!(
            "| {commit} | {when} | {who} | {operation} | {moved} |"
        ));
    }
    if let Some(end) = end(history) {
        lines.extend([String::new(), escaped(&end)]);
    }
    lines
}
