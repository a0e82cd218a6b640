//! Faults of a repository for people: the worst first, those of a kind together, each with what mends it.

use super::{DONE, FAINT, FAULT, HEAD, WAITS, paint};
use crate::plan::verify::{Counts, Fault, Mend, Severity, Verified};
use crate::state::plain;

/// As many of a kind as anybody reads one by one.
const SHOWN: usize = 20;

pub(super) fn lines(verified: &Verified) -> Vec<String> {
    let mut lines = Vec::new();
    for fault in verified.mended.iter().flatten() {
        let mended = paint(DONE, "mended");
        let path = paint(HEAD, plain(&fault.path));
        lines.push(format!("{mended} {path}: {fault}"));
    }
    let looked_at = counts(&verified.counts);
    let found = numbers(verified);
    if verified.faults.is_empty() {
        lines.push(format!("{looked_at}: {}", paint(DONE, found)));
        return lines;
    }
    let style = if verified.is_sound() { DONE } else { WAITS };
    lines.push(format!("{looked_at}: {}", paint(style, found)));
    for severity in Severity::ALL {
        let style = match severity {
            Severity::Error => FAULT,
            Severity::Warning => WAITS,
            Severity::Note => FAINT,
        };
        for fault in groups(verified, severity) {
            lines.push(String::new());
            for line in group(&fault) {
                match line {
                    Line::Fault(fault) => {
                        let name = paint(style, severity.name());
                        let path = paint(HEAD, plain(&fault.path));
                        lines.push(format!("{name}: {path}: {fault}"));
                    }
                    Line::More(count) => {
                        lines.push(format!(
                            "{count} more of this kind: `-o json` lists them all"
                        ));
                    }
                    Line::Mend(command) => {
                        lines.push(paint(FAINT, format!("  mend: {}", plain(&command))));
                    }
                }
            }
        }
    }
    lines
}

/// How much was looked at.
pub(in crate::report) fn counts(counts: &Counts) -> String {
    let several = |count: usize, one: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    };
    [
        several(counts.environments, "environment"),
        several(counts.apps, "app"),
        several(counts.releases, "release"),
        several(counts.deployments, "deployment"),
        format!("{} queued", counts.queued),
        several(counts.locks, "lock"),
    ]
    .join(", ")
}

/// How many faults there are.
pub(in crate::report) fn numbers(verified: &Verified) -> String {
    let several = Severity::ALL.map(
        |severity| match (verified.count(severity), severity.name()) {
            (1, name) => format!("1 {name}"),
            (count, name) => format!("{count} {name}s"),
        },
    );
    let some: Vec<_> = several
        .into_iter()
        .filter(|each| !each.starts_with("0 "))
        .collect();
    let left = if verified
        .mended
        .as_ref()
        .is_some_and(|mended| !mended.is_empty())
    {
        " left"
    } else {
        ""
    };
    let some = some.join(", ");
    match (verified.is_sound(), some.is_empty()) {
        (true, true) => "sound".to_owned(),
        (true, false) => format!("sound, {some}"),
        (false, _) => some + left,
    }
}

/// The faults of a severity, those of a kind together.
pub(in crate::report) fn groups(verified: &Verified, severity: Severity) -> Vec<Vec<&Fault>> {
    let these = verified.faults.iter();
    let these: Vec<_> = these.filter(|fault| fault.severity() == severity).collect();
    let groups = these.chunk_by(|one, other| one.kind() == other.kind());
    groups.map(<[&Fault]>::to_vec).collect()
}

/// What is said of faults of a kind.
pub(in crate::report) enum Line<'a> {
    Fault(&'a Fault),
    /// So many are not told.
    More(usize),
    /// The command that mends what was told before it.
    Mend(String),
}

/// A kind of fault: each with what mends it, or with one command for all.
pub(in crate::report) fn group<'a>(faults: &[&'a Fault]) -> Vec<Line<'a>> {
    let shown = &faults[..faults.len().min(SHOWN)];
    let mends: Vec<_> = shown.iter().map(|fault| fault.mend()).collect();
    let command = |mend: &Mend| Line::Mend(mend.command().to_owned());
    let mut lines = Vec::new();
    for (place, (fault, mend)) in shown.iter().zip(&mends).enumerate() {
        lines.push(Line::Fault(fault));
        // The same command mends all that follow each other with it.
        if mends.get(place + 1) != Some(mend) {
            lines.push(command(mend));
        }
    }
    if faults.len() > SHOWN {
        lines.push(Line::More(faults.len() - SHOWN));
    }
    lines
}
