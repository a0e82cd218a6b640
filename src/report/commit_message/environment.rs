//! Environments in the history.

use super::lock_line;
use crate::plan::environment::EnvironmentDone;
use crate::state::Version;

pub(super) fn subject(done: &EnvironmentDone) -> String {
    match done {
        EnvironmentDone::Configured(configured) => {
            let verb = if configured.created {
                "create"
            } else {
                "update"
            };
            format!("{verb} environment {}", configured.environment)
        }
        EnvironmentDone::Deleted(deleted) => format!("delete environment {}", deleted.environment),
        EnvironmentDone::Listed(_) | EnvironmentDone::Checked(_) => "environments".to_owned(),
        EnvironmentDone::Shown(shown) => format!("environment {}", shown.view.name),
    }
}

pub(super) fn effects(done: &EnvironmentDone) -> Vec<String> {
    match done {
        EnvironmentDone::Configured(configured) => {
            let name = &configured.environment;
            let changes = configured.changes.iter();
            changes.map(|change| format!("{name}: {change}")).collect()
        }
        EnvironmentDone::Deleted(deleted) => {
            let (name, gone) = (&deleted.environment, &deleted.inhabitants);
            let shown = |version: &Option<Version>| match version {
                Some(version) => version.to_string(),
                None => "(a broken link)".to_owned(),
            };
            let runs = gone.runs.iter();
            let runs = runs.map(|(app, version)| format!("{name}: {app} {} ran", shown(version)));
            let queued = gone.queued.iter();
            let queued =
                queued.map(|(app, version)| format!("{name}: {app} {} waited", shown(version)));
            let locks = gone.locks.iter().map(|lock| lock_line("unlock", lock));
            runs.chain(queued).chain(locks).collect()
        }
        EnvironmentDone::Listed(_) | EnvironmentDone::Shown(_) | EnvironmentDone::Checked(_) => {
            Vec::new()
        }
    }
}
