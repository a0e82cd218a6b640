//! Where a commit is, for programs.

use serde_json::{Map, Value, json};

use super::{object, optional, version, versions};
use crate::plan::whereabouts::{AppWhereabouts, Sighting, Standing, Whereabouts};

pub(super) fn located(found: &Whereabouts) -> Map<String, Value> {
    let apps = found.apps.iter();
    let apps: Map<_, _> = apps
        .map(|(name, each)| (name.as_ref().to_owned(), app(each)))
        .collect();
    let (there, all) = found.reach();
    object(json!({
        "commit": found.commit,
        "message": found.message,
        "environment": found.environment,
        "released": found.is_released(),
        "deployedEverywhere": found.is_everywhere(),
        "deployedPlaces": there,
        "places": all,
        "applications": apps,
    }))
}

fn app(whereabouts: &AppWhereabouts) -> Value {
    let sightings = whereabouts.sightings.iter();
    let environments: Map<_, _> = sightings
        .map(|(name, each)| (name.as_ref().to_owned(), sighting(each)))
        .collect();
    json!({
        "releases": versions(&whereabouts.releases),
        "laterReleases": versions(&whereabouts.later),
        "environments": environments,
    })
}

fn sighting(sighting: &Sighting) -> Value {
    let standing = match sighting.standing {
        Standing::Runs => "runs",
        Standing::Contained => "contained",
        Standing::Absent => "absent",
    };
    let by = sighting.runs.map(|_| &sighting.provenance.by);
    let (queued, locks) = match &sighting.queued {
        Some((waits, locks)) => (version(*waits), json!(locks)),
        None => (Value::Null, json!([])),
    };
    json!({
        "standing": standing,
        "version": optional(sighting.runs),
        "deployedAt": sighting.provenance.at,
        "deployedBy": by,
        "firstDeployedAt": sighting.first,
        "queuedVersion": queued,
        "locks": locks,
    })
}
