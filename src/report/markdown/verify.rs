//! Faults of a repository as a table.

use super::escaped;
use crate::plan::verify::{Severity, Verified};
use crate::report::text::verify::{Line, counts, group, groups, numbers};
use crate::state::plain;

pub(super) fn lines(verified: &Verified) -> Vec<String> {
    let mut lines = vec![
        format!("### The repository: {}", escaped(&numbers(verified))),
        String::new(),
        format!("{}.", counts(&verified.counts)),
    ];
    let mended = verified.mended.as_deref().unwrap_or_default();
    if !mended.is_empty() {
        lines.push(String::new());
    }
    for fault in mended {
        let (path, fault) = (escaped(&plain(&fault.path)), escaped(&fault.to_string()));
        lines.push(format!("- mended {path}: {fault}"));
    }
    if verified.faults.is_empty() {
        return lines;
    }
    lines.extend(["", "| | Where | What | Mend |", "|---|---|---|---|"].map(str::to_owned));
    for severity in Severity::ALL {
        for faults in groups(verified, severity) {
            for line in group(&faults) {
                match line {
                    Line::Fault(fault) => lines.push(format!(
                        "| {} | {} | {} | {} |",
                        severity.name(),
                        escaped(&plain(&fault.path)),
                        escaped(&fault.to_string()),
                        escaped(fault.mend().command())
                    )),
                    Line::More(count) => {
                        lines.push(format!("| | {count} more of this kind | | |"));
                    }
                    // It stands in the row of each fault.
                    Line::Mend(_) => {}
                }
            }
        }
    }
    lines
}
