//! Derived files, for people.

use super::{DONE, WAITS, paint, phrases};
use crate::plan::outcome::{Fault, Rendered};
use crate::state::{Moment, plain};

/// What was written.
pub(super) fn rendered(rendered: &Rendered, now: Moment) -> Vec<String> {
    let mut lines = files(rendered, |fault| match fault {
        Fault::Differs => paint(DONE, "written again"),
        Fault::Missing => paint(DONE, "written anew"),
    });
    lines.extend(kept(rendered, now));
    lines
}

/// What is out of step.
pub(super) fn checked(rendered: &Rendered, now: Moment) -> Vec<String> {
    let mut lines = files(rendered, |fault| match fault {
        Fault::Differs => paint(WAITS, "out of step"),
        Fault::Missing => paint(WAITS, "missing"),
    });
    lines.extend(kept(rendered, now));
    lines
}

fn files(rendered: &Rendered, word: impl Fn(Fault) -> String) -> Vec<String> {
    if rendered.files.is_empty() {
        let sure = rendered.environments.difference(&rendered.doubtful);
        let names: Vec<_> = sure.map(ToString::to_string).collect();
        if names.is_empty() {
            return Vec::new();
        }
        return vec![format!("in step: {}", names.join(", "))];
    }
    let files = rendered.files.iter();
    files
        .map(|(path, fault)| format!("{}: {}", word(*fault), plain(path.as_str())))
        .collect()
}

fn kept(rendered: &Rendered, now: Moment) -> Vec<String> {
    let kept = rendered.kept.iter();
    kept.map(|((environment, app), locks)| {
        let behind = phrases(locks, now).join(" and ");
        let stays = paint(WAITS, "stays as it is");
        format!("the manifest of {app} on {environment} {stays}, behind {behind}")
    })
    .collect()
}
