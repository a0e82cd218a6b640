//! Two environments side by side as a table.

use super::escaped;
use crate::plan::view::comparison::Comparison;
use crate::report::text::view::comparison::{headline, heads, rows};

pub(super) fn lines(comparison: &Comparison) -> Vec<String> {
    let mut lines = Vec::new();
    for pair in &comparison.pairs {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(format!("### {}", escaped(&headline(pair))));
        let row = |cells: [String; 4]| {
            let cells = cells.map(|cell| escaped(&cell));
            format!("| {} |", cells.join(" | "))
        };
        let rows: Vec<_> = rows(pair, comparison.all)
            .map(|(_, cells)| row(cells))
            .collect();
        if !rows.is_empty() {
            lines.extend([
                String::new(),
                row(heads(pair)),
                "|---|---|---|---|".to_owned(),
            ]);
            lines.extend(rows);
        }
    }
    lines
}
