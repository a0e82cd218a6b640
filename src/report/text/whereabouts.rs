//! Where a commit is, for people: an app for each of its releases, a line for each environment.

use super::{DONE, HEAD, WAITS, paint, phrases};
use crate::plan::whereabouts::{AppWhereabouts, Sighting, Standing, Whereabouts};
use crate::state::deployment::Provenance;
use crate::state::{AppName, Moment, Version};

/// How many digits of the commit stand in the first line.
const SHORT: usize = 12;

pub(super) fn located(found: &Whereabouts, now: Moment) -> Vec<String> {
    let short = &found.commit.as_ref()[..SHORT];
    let message = found.message.as_ref();
    let message = message.map(|text| format!(" {text}")).unwrap_or_default();
    let mut lines = vec![format!(
        "{}{message}",
        paint(HEAD, format!("commit {short}"))
    )];
    if !found.is_released() {
        lines.push("no release was built from it; these were built from later commits".to_owned());
    }
    for (app, whereabouts) in &found.apps {
        lines.push(headline(app, whereabouts));
        let names = whereabouts.sightings.keys();
        let width = names.map(|name| name.as_ref().len()).max().unwrap_or(0);
        for (name, sighting) in &whereabouts.sightings {
            let name = name.to_string();
            lines.push(format!("  {name:width$}  {}", seen(sighting, now)));
        }
    }
    let (there, all) = found.reach();
    lines.push(match (all, &found.environment) {
        (0, Some(name)) => format!("none of these releases has a manifest for {name}"),
        (0, None) => "none of these releases has a manifest for an environment".to_owned(),
        (_, _) => format!("deployed in {there} of {all} places"),
    });
    lines
}

fn headline(app: &AppName, whereabouts: &AppWhereabouts) -> String {
    let AppWhereabouts {
        releases, later, ..
    } = whereabouts;
    let mut parts = Vec::new();
    if !releases.is_empty() {
        parts.push(format!("built as {}", list(releases)));
    }
    if !later.is_empty() {
        parts.push(format!("contained in {}", list(later)));
    }
    format!("{}: {}", paint(HEAD, app), parts.join(", "))
}

fn list(versions: &[Version]) -> String {
    let numbers: Vec<_> = versions.iter().map(ToString::to_string).collect();
    numbers.join(", ")
}

fn seen(sighting: &Sighting, now: Moment) -> String {
    let since = since(&sighting.provenance, now);
    let mut parts = vec![match (sighting.standing, sighting.runs) {
        (Standing::Runs, Some(version)) => format!("{} {version}{since}", paint(DONE, "runs")),
        (Standing::Contained, Some(version)) => {
            let runs = paint(DONE, "runs");
            format!("{runs} {version}, which contains it,{since}")
        }
        (Standing::Absent, Some(version)) => {
            format!("{}: runs {version}{since}", paint(WAITS, "not deployed"))
        }
        (Standing::Runs | Standing::Contained | Standing::Absent, None) => {
            format!("{}: nothing runs there", paint(WAITS, "not deployed"))
        }
    }];
    if let (Standing::Contained, Some(first)) = (sighting.standing, sighting.first) {
        parts.push(format!("it came on {}", first.to_seconds()));
    }
    if let Some((version, locks)) = &sighting.queued {
        let waits = paint(WAITS, "waits in the queue");
        parts.push(match phrases(locks, now).join(" and ") {
            none if none.is_empty() => format!("{version} {waits}"),
            locks => format!("{version} {waits} behind {locks}"),
        });
    }
    parts.join("; ")
}

/// Since when and by whom, as far as it is known.
fn since(provenance: &Provenance, now: Moment) -> String {
    let Provenance { by, at } = provenance;
    let at = at.map(|at| format!(" since {} ({})", at.to_seconds(), at.age(now)));
    format!("{} by {by}", at.unwrap_or_default())
}
