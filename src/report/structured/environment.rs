//! Environments for programs.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{object, optional};
use crate::plan::environment::{
    Checked, Configured, Deleted, EnvironmentDone, EnvironmentView, When,
};
use crate::state::config::{ConfigChange, Json};
use crate::state::{AppName, Version};

/// The name of the object, and its fields.
pub(super) fn fields(done: &EnvironmentDone) -> (&'static str, Map<String, Value>) {
    match done {
        EnvironmentDone::Configured(configured) => configure(configured),
        EnvironmentDone::Deleted(deleted) => ("environment-delete", delete(deleted)),
        EnvironmentDone::Listed(views) => {
            let views: Vec<_> = views.iter().map(view).collect();
            ("environment-list", object(json!({ "environments": views })))
        }
        EnvironmentDone::Shown(shown) => {
            let mut fields = view(&shown.view);
            fields.insert("config".into(), json!(shown.config));
            ("environment-show", fields)
        }
        EnvironmentDone::Checked(checked) => ("environment-check", check(checked)),
    }
}

fn configure(configured: &Configured) -> (&'static str, Map<String, Value>) {
    let name = match configured.when {
        When::New | When::Either => "environment-create",
        When::Existing => "environment-update",
    };
    let changes: Vec<_> = configured.changes.iter().map(change).collect();
    let fields = object(json!({
        "environment": configured.environment,
        "created": configured.created,
        "changes": changes,
        "config": configured.config.to_value(),
        "removedFiles": texts(&configured.removed_files),
    }));
    (name, fields)
}

fn change(change: &ConfigChange) -> Value {
    let value = |json: &Option<Json>| json.as_ref().map_or(Value::Null, Json::to_value);
    json!({ "key": change.key, "from": value(&change.from), "to": value(&change.to) })
}

fn texts<T: ToString>(paths: &[T]) -> Vec<String> {
    paths.iter().map(ToString::to_string).collect()
}

fn delete(deleted: &Deleted) -> Map<String, Value> {
    let gone = &deleted.inhabitants;
    let versions = |list: &BTreeMap<AppName, Option<Version>>| {
        let each = list.iter();
        let each = each.map(|(app, version)| (app.as_ref().to_owned(), optional(*version)));
        Value::Object(each.collect())
    };
    object(json!({
        "environment": deleted.environment,
        "removedDeployments": versions(&gone.runs),
        "removedQueue": versions(&gone.queued),
        "removedLocks": gone.locks,
        "removedFiles": texts(&deleted.removed_files),
    }))
}

fn view(view: &EnvironmentView) -> Map<String, Value> {
    let argocd = view.argocd.iter().map(|target| {
        let destination = &target.config.destination;
        json!({
            "project": target.name,
            "activeActive": target.active_active,
            "destination": { "name": destination.name, "server": destination.server },
        })
    });
    object(json!({
        "environment": view.name,
        "upstream": view.upstream.as_ref().ok().map(ToString::to_string),
        "upstreamFault": view.upstream.as_ref().err().map(ToString::to_string),
        "environmentGroup": view.group,
        "distance": view.distance,
        "downstream": view.downstream,
        "applications": view.apps,
        "queued": view.queued,
        "locks": view.locks,
        "argocd": argocd.collect::<Value>(),
    }))
}

fn check(checked: &Checked) -> Map<String, Value> {
    let faults = checked.faults.iter().map(|fault| {
        json!({
            "path": fault.path().as_str(),
            "problem": fault.to_string(),
            "hint": fault.hint(),
        })
    });
    object(json!({
        "environments": checked.environments,
        "faults": faults.collect::<Value>(),
    }))
}
