//! The changelog for programs.

use serde_json::{Map, Value, json};

use super::super::{details, object, optional, version};
use crate::plan::view::changelog::{Changelog, End, Entry, Leg};

pub(super) fn fields(changelog: &Changelog) -> Value {
    json!({
        "from": end(&changelog.from),
        "to": end(&changelog.to),
        "team": changelog.team,
        "application": changelog.app,
        "comparisons": changelog.legs.iter().map(leg).collect::<Value>(),
    })
}

fn end(end: &End) -> Value {
    json!({
        "target": end.point.environment,
        "ref": end.point.at,
        "commit": end.source.as_ref().map(|source| &source.commit),
    })
}

fn leg(leg: &Leg) -> Value {
    let apps = leg.apps.iter();
    let apps: Map<_, _> = apps
        .map(|(name, each)| (name.as_ref().to_owned(), entry(each)))
        .collect();
    json!({
        "from": leg.from,
        "to": leg.to,
        "applications": apps,
        "unchanged": leg.unchanged,
    })
}

fn entry(entry: &Entry) -> Value {
    match entry {
        Entry::Moved {
            from,
            to,
            kind,
            cargo,
            remade,
        } => {
            let mut fields = object(details::cargo(cargo));
            fields.extend(object(json!({
                "result": "moved",
                "fromVersion": optional(*from),
                "version": version(*to),
                "releaseKind": kind.name(),
                "madeAgain": remade,
            })));
            Value::Object(fields)
        }
        Entry::Gone(from) => json!({ "result": "gone", "fromVersion": version(*from) }),
        Entry::Unknown(broken) => json!({ "result": "unknown", "fault": broken.to_string() }),
    }
}
