//! The end of an app, for people.

use super::{DONE, numbers, paint, phrases};
use crate::plan::outcome::{AppDeleted, AppRemoved, Cleared};
use crate::state::deployment::Linked;
use crate::state::{Moment, plain};

/// What went with an app.
pub(super) fn app_deleted(deleted: &AppDeleted, now: Moment) -> Vec<String> {
    let app = &deleted.app;
    let mut lines = vec![format!("{} {app}", paint(DONE, "deleted"))];
    for (environment, each) in &deleted.environments {
        lines.push(format!("  {}: {}", plain(environment), cleared(each)));
        lines.extend(gone_locks("    ", each, now));
    }
    if !deleted.releases.is_empty() {
        lines.push(format!("  releases {}", numbers(&deleted.releases)));
    }
    lines
}

/// What went of an app on one environment.
pub(super) fn app_removed(removed: &AppRemoved, now: Moment) -> Vec<String> {
    let AppRemoved {
        app, environment, ..
    } = removed;
    let Some(each) = &removed.cleared else {
        let mut lines = vec![format!("{environment} has nothing of {app}")];
        lines.extend(manifests_gone(removed));
        return lines;
    };
    let gone = paint(DONE, "removed");
    let mut lines = vec![format!(
        "{gone} {app} from {environment}: {}",
        cleared(each)
    )];
    lines.extend(gone_locks("  ", each, now));
    lines.extend(manifests_gone(removed));
    lines
}

fn manifests_gone(removed: &AppRemoved) -> Option<String> {
    let (environment, releases) = (&removed.environment, &removed.releases);
    let numbers = (!releases.is_empty()).then(|| numbers(releases))?;
    Some(format!(
        "  releases without a manifest for {environment} from now on: {numbers}"
    ))
}

/// What ran and what waited.
fn cleared(cleared: &Cleared) -> String {
    let runs = match &cleared.runs {
        Linked::Nothing => "nothing ran".to_owned(),
        Linked::To(version) => format!("{version} ran"),
        Linked::Broken(broken) => broken.to_string(),
    };
    match &cleared.waits {
        Linked::Nothing => runs,
        Linked::To(version) => format!("{runs}, {version} waited in the queue"),
        Linked::Broken(broken) => format!("{runs}, {broken}"),
    }
}

fn gone_locks(indent: &str, cleared: &Cleared, now: Moment) -> Vec<String> {
    let phrases = phrases(&cleared.locks, now).into_iter();
    phrases
        .map(|phrase| format!("{indent}with {phrase}"))
        .collect()
}
