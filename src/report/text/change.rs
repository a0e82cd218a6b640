//! What a deployment changes in a manifest, for people: the numbers of lines, and a unified diff.

use anstyle::{AnsiColor, Style};

use super::{DONE, FAINT, HEAD, paint};
use crate::plan::change::{Diff, Hunk, ManifestChange, Sign, Unreadable};
use crate::state::plain;

const GONE: Style = AnsiColor::Red.on_default();

/// The lines below an app, each behind so much space. A diff is never shortened.
pub(super) fn lines(change: &ManifestChange, indent: usize) -> Vec<String> {
    let mut lines = vec![format!("{:indent$}{}", "", summary(change))];
    if let Some(diff) = shown(change) {
        let diff = unified(diff).into_iter();
        lines.extend(diff.map(|(style, line)| format!("{:indent$}{}", "", paint(style, line))));
    }
    lines
}

/// The change in one phrase.
pub(in crate::report) fn summary(change: &ManifestChange) -> String {
    let totals = |added: &usize, removed: &usize| format!("manifest: +{added} -{removed}");
    match change {
        ManifestChange::Same => "manifest: the same".to_owned(),
        ManifestChange::Kept => "manifest: stays as it is, a manifest lock keeps it".to_owned(),
        ManifestChange::Text(Diff {
            added,
            removed,
            hunks,
            ..
        }) => {
            let totals = totals(added, removed);
            match hunks {
                Some(hunks) if hunks.is_empty() => {
                    format!("{totals}, nothing but how its secrets are written")
                }
                Some(_) | None => totals,
            }
        }
        ManifestChange::Unreadable {
            why,
            added,
            removed,
            ..
        } => {
            let why = match why {
                Unreadable::NoText => "no text",
                Unreadable::NoYaml => "no YAML",
            };
            format!(
                "{}; not shown, since it is {why} and secrets in it cannot be told from the rest",
                totals(added, removed)
            )
        }
    }
}

/// The diff, if there is one to show.
pub(in crate::report) fn shown(change: &ManifestChange) -> Option<&Diff> {
    match change {
        ManifestChange::Text(diff) => {
            let hunks = diff.hunks.as_ref()?;
            (!hunks.is_empty()).then_some(diff)
        }
        ManifestChange::Same | ManifestChange::Kept | ManifestChange::Unreadable { .. } => None,
    }
}

/// The lines of a unified diff.
pub(in crate::report) fn unified(diff: &Diff) -> Vec<(Style, String)> {
    let path = &diff.path;
    let before = if diff.is_new {
        "/dev/null".to_owned()
    } else {
        format!("a/{path}")
    };
    let mut lines = vec![
        (HEAD, format!("--- {before}")),
        (HEAD, format!("+++ b/{path}")),
    ];
    for hunk in diff.hunks.iter().flatten() {
        let Hunk {
            before: (first, many),
            after: (then, much),
            lines: changes,
        } = hunk;
        lines.push((FAINT, format!("@@ -{first},{many} +{then},{much} @@")));
        lines.extend(changes.iter().map(|(sign, text)| {
            let style = match sign {
                Sign::Stays => Style::new(),
                Sign::Goes => GONE,
                Sign::Comes => DONE,
                Sign::Open => FAINT,
            };
            (style, format!("{}{}", sign.mark(), plain(text)))
        }));
    }
    lines
}
