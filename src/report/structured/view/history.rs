//! A history for programs.

use serde_json::{Map, Value, json};

use crate::plan::movement::{Movement, Shown};
use crate::plan::view::history::{End, Entry, History};
use crate::report::structured::{object, optional, version, versions};

pub(super) fn history(history: &History) -> Value {
    let focus = &history.request.focus;
    let shallow = match &history.end {
        End::Shallow(commit) => Some(commit),
        End::Beginning | End::Limit | End::Since => None,
    };
    json!({
        "application": focus.app,
        "environment": focus.environment,
        "environmentGroup": focus.group,
        "team": focus.team,
        "limit": history.request.limit,
        "since": history.request.since,
        "end": history.end.name(),
        "shallowAt": shallow,
        "entries": history.entries.iter().map(entry).collect::<Value>(),
    })
}

fn entry(entry: &Entry) -> Value {
    let trace = entry.trace.as_ref();
    json!({
        "commit": entry.commit,
        "at": entry.at,
        "author": entry.author,
        "committer": entry.committer,
        "operation": trace.map(|trace| &trace.operation),
        "operationId": trace.and_then(|trace| trace.id).map(|id| id.to_string()),
        "inputs": trace.map(|trace| &trace.inputs),
        "summary": entry.summary,
        "movements": entry.movements.iter().map(movement).collect::<Value>(),
    })
}

fn movement(movement: &Movement) -> Value {
    let mut fields = match movement {
        Movement::Released { release, .. } => shown("version", release),
        Movement::Deployed {
            from,
            to,
            from_queue,
            ..
        } => {
            let mut fields = shown("to", to);
            let from = from.clone().version().ok().flatten();
            fields.insert("from".into(), optional(from));
            fields.insert("fromQueue".into(), json!(from_queue));
            fields
        }
        Movement::ManifestChanged { version, .. } | Movement::Unqueued { version, .. } => {
            object(json!({ "version": optional(*version) }))
        }
        Movement::Queued {
            release, replaced, ..
        } => {
            let mut fields = shown("version", release);
            fields.insert("replaced".into(), optional(*replaced));
            fields
        }
        Movement::Undeployed { from, .. } => object(json!({ "from": optional(*from) })),
        Movement::Broken { link, .. } => object(json!({ "fault": link.to_string() })),
        Movement::Locked(lock) | Movement::LockChanged(lock) | Movement::Unlocked(lock) => {
            object(json!({ "lock": lock }))
        }
        Movement::ReleasesRemoved { versions: all, .. } => {
            object(json!({ "versions": versions(all) }))
        }
        Movement::AppCreated(_)
        | Movement::EnvironmentCreated(_)
        | Movement::EnvironmentConfigured(_)
        | Movement::AppDeleted(_)
        | Movement::EnvironmentDeleted(_) => Map::new(),
    };
    fields.insert("kind".into(), json!(movement.name()));
    fields.insert("application".into(), json!(movement.app()));
    fields.insert("environment".into(), json!(movement.environment()));
    Value::Object(fields)
}

/// A release by its number under this name, and what is worth saying of it.
fn shown(name: &str, release: &Shown) -> Map<String, Value> {
    object(json!({
        name: version(release.version),
        "releaseKind": release.kind.name(),
        "displayVersion": release.display,
    }))
}
