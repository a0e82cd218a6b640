//! Whether something can be deployed, for people: yes or no, and a line for each reason.

use super::super::{DONE, WAITS};
use super::{Fate, paint};
use crate::plan::view::permission::{Obstacle, Permission};
use crate::report::table::fit;
use crate::state::Moment;

pub(super) fn lines(permission: &Permission, fate: &Fate) -> Vec<String> {
    let (style, word) = if permission.is_given() {
        (DONE, "yes")
    } else {
        (WAITS, "no")
    };
    let left = fate.width.map(|width| width.saturating_sub(word.len() + 2));
    let verdict = fit(&verdict(permission), left);
    let mut lines = vec![format!("{}: {verdict}", paint(style, word))];
    let reasons = reasons(permission, fate.now).into_iter();
    lines.extend(reasons.map(|reason| fit(&format!("  {reason}"), fate.width)));
    lines
}

/// What can be deployed, or cannot.
pub(in crate::report) fn verdict(permission: &Permission) -> String {
    let Permission {
        app,
        environment,
        version,
        runs,
        ..
    } = permission;
    let what = version.map_or(app.to_string(), |version| format!("{app} {version}"));
    match (permission.is_given(), runs) {
        (true, Some(runs)) if Some(*runs) == *version => {
            format!("{what} runs on {environment} already")
        }
        (true, Some(runs)) => format!("{what} can go to {environment}, where {runs} runs"),
        (true, None) => format!("{what} can go to {environment}"),
        (false, Some(runs)) => format!("{what} cannot go to {environment}, where {runs} runs"),
        (false, None) => format!("{what} cannot go to {environment}"),
    }
}

/// Each obstacle, and what somebody should know besides.
pub(in crate::report) fn reasons(permission: &Permission, now: Moment) -> Vec<String> {
    let obstacles = permission.obstacles.iter().map(|obstacle| match obstacle {
        Obstacle::Locked(lock) => format!("{obstacle}: {}", lock.phrase(now)),
        Obstacle::NoManifest(_)
        | Obstacle::Revision(_)
        | Obstacle::NoUpstream(_)
        | Obstacle::NothingUpstream(_)
        | Obstacle::Broken(_) => obstacle.to_string(),
    });
    let keeping = permission.keeping.iter();
    let keeping = keeping.map(|lock| {
        let (scope, phrase) = (&lock.scope, lock.phrase(now));
        format!("{scope} stays as it is: {phrase}")
    });
    obstacles.chain(keeping).collect()
}
