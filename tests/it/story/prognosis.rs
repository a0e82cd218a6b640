//! What a prognosis said: compared with the rules before the train leaves, and with what the train did after it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::model::{AppForecast, Fate, Forecast};
use crate::world::{Node, Tree, difference};

/// The answer of `prognosis -o json` says what the rules say.
#[track_caller]
pub(super) fn assert_foretells(answer: &Value, forecasts: &BTreeMap<String, Forecast>) {
    assert_eq!(answer["schema"], "trainyard/prognosis/v1");
    let expected: Map<String, Value> = forecasts
        .iter()
        .map(|(environment, forecast)| (environment.clone(), forecast.in_json()))
        .collect();
    let found: Map<String, Value> = environments(answer)
        .iter()
        .map(|(environment, said)| (environment.clone(), essence(said)))
        .collect();
    let diff = difference(&Value::from(expected), &Value::from(found));
    assert!(diff.is_empty(), "the prognosis is another one:\n{diff}");
    for (environment, forecast) in forecasts {
        if let Forecast::Runs(apps) = forecast {
            let said = apps_of(&answer["envsPrognoses"][environment]);
            for (app, forecast) in apps {
                assert_explains(&said[app], forecast, &format!("{app} on {environment}"));
            }
        }
    }
}

/// What the prognosis said is what the train did: nothing less, and nothing more.
#[track_caller]
pub(super) fn assert_came_true(answer: &Value, before: &Tree, after: &Tree) {
    for (environment, said) in environments(answer) {
        let folder = format!("environments/{environment}/");
        if said.get("skipCause").is_some() {
            assert_eq!(
                below(before, &folder),
                below(after, &folder),
                "{environment} was to be skipped"
            );
            continue;
        }
        for (app, said) in apps_of(said) {
            let link = format!("{folder}applications/{app}/version");
            let expected = match said.get("deployedVersion") {
                Some(version) => Some(link_to(app, version)),
                None => before.get(&link).cloned(),
            };
            assert_eq!(
                after.get(&link),
                expected.as_ref(),
                "{app} on {environment}"
            );
        }
    }
    let promised: BTreeSet<String> = promised_links(answer);
    for (path, node) in after {
        let moved = path.ends_with("/version") && before.get(path) != Some(node);
        assert!(!moved || promised.contains(path), "{path} moved unforeseen");
    }
}

impl Forecast {
    fn in_json(&self) -> Value {
        match self {
            Self::Skipped(cause) => json!({ "skipCause": cause }),
            Self::Runs(apps) => {
                let apps = apps.iter();
                let apps: Map<String, Value> = apps
                    .map(|(app, forecast)| (app.clone(), forecast.in_json()))
                    .collect();
                json!({ "appsPrognoses": { "prognoses": apps } })
            }
        }
    }
}

impl AppForecast {
    fn in_json(&self) -> Value {
        let current = self.current;
        match self.fate {
            Fate::Skipped(cause) | Fate::Queued(cause, _) => {
                json!({ "skipCause": cause, "currentVersion": current })
            }
            Fate::Deployed(version) => {
                json!({ "deployedVersion": version, "currentVersion": current })
            }
        }
    }
}

/// A locked app names a lock that is in force, and the version that gets queued.
#[track_caller]
fn assert_explains(said: &Value, forecast: &AppForecast, place: &str) {
    let Fate::Queued(_, version) = forecast.fate else {
        return;
    };
    assert_eq!(said["queuedVersion"], json!(version), "{place}: {said}");
    let locks = said["locks"].as_array().expect("`locks` is an array");
    assert!(!locks.is_empty(), "{place} is locked by nothing: {said}");
    for lock in locks {
        let id = lock["id"].as_str().expect("a lock has an `id`");
        assert!(forecast.locks.contains(id), "{place}: no lock `{id}`");
        assert!(lock["scope"].is_string(), "{place}: {lock}");
        assert!(lock["message"].is_string(), "{place}: {lock}");
    }
}

/// The part of an environment's prognosis that kuberpult has too, and the current version.
fn essence(said: &Value) -> Value {
    if let Some(cause) = said.get("skipCause") {
        assert!(said.get("appsPrognoses").is_none(), "two outcomes: {said}");
        return json!({ "skipCause": cause });
    }
    let apps: Map<String, Value> = apps_of(said)
        .iter()
        .map(|(app, said)| (app.clone(), essence_of_app(said)))
        .collect();
    json!({ "appsPrognoses": { "prognoses": apps } })
}

fn essence_of_app(said: &Value) -> Value {
    let mut essence = json!({ "currentVersion": said["currentVersion"] });
    for key in ["skipCause", "deployedVersion"] {
        if let Some(value) = said.get(key) {
            essence[key] = value.clone();
        }
    }
    essence
}

#[track_caller]
fn environments(answer: &Value) -> &Map<String, Value> {
    let environments = answer["envsPrognoses"].as_object();
    environments.unwrap_or_else(|| panic!("no `envsPrognoses` in {answer}"))
}

#[track_caller]
fn apps_of(said: &Value) -> &Map<String, Value> {
    let apps = said["appsPrognoses"]["prognoses"].as_object();
    apps.unwrap_or_else(|| panic!("no `appsPrognoses.prognoses` in {said}"))
}

fn promised_links(answer: &Value) -> BTreeSet<String> {
    let running = environments(answer)
        .iter()
        .filter(|(_, said)| said.get("skipCause").is_none());
    let links = running.flat_map(|(environment, said)| {
        apps_of(said)
            .iter()
            .filter(|(_, said)| said.get("deployedVersion").is_some())
            .map(move |(app, _)| format!("environments/{environment}/applications/{app}/version"))
    });
    links.collect()
}

fn below<'tree>(tree: &'tree Tree, folder: &str) -> Vec<(&'tree String, &'tree Node)> {
    let entries = tree.iter();
    entries
        .filter(|(path, _)| path.starts_with(folder))
        .collect()
}

fn link_to(app: &str, version: &Value) -> Node {
    Node::Link(format!("../../../../applications/{app}/releases/{version}"))
}

mod tests {
    use super::*;

    const TOLD: &str = r#"{"envsPrognoses": {
        "de": {"appsPrognoses": {"prognoses": {"web": {"deployedVersion": 2}, "till": {"skipCause": "APP_IS_LOCKED"}}}},
        "ca": {"skipCause": "ENV_IS_LOCKED"}
    }}"#;

    fn state(versions: [(&str, &str, u64); 3]) -> Tree {
        let links = versions.map(|(environment, app, version)| {
            let path = format!("environments/{environment}/applications/{app}/version");
            (path, link_to(app, &json!(version)))
        });
        links.into()
    }

    fn check(after: [(&str, &str, u64); 3]) {
        let told = serde_json::from_str(TOLD).unwrap();
        let before = state([("ca", "web", 1), ("de", "till", 1), ("de", "web", 1)]);
        assert_came_true(&told, &before, &state(after));
    }

    #[test]
    fn what_was_told_came_true() {
        check([("ca", "web", 1), ("de", "till", 1), ("de", "web", 2)]);
    }

    #[test]
    #[should_panic(expected = "web on de")]
    fn a_train_that_does_less_is_noticed() {
        check([("ca", "web", 1), ("de", "till", 1), ("de", "web", 1)]);
    }

    #[test]
    #[should_panic(expected = "till on de")]
    fn a_train_that_passes_a_lock_is_noticed() {
        check([("ca", "web", 1), ("de", "till", 2), ("de", "web", 2)]);
    }

    #[test]
    #[should_panic(expected = "ca was to be skipped")]
    fn a_train_that_stops_at_a_locked_environment_is_noticed() {
        check([("ca", "web", 2), ("de", "till", 1), ("de", "web", 2)]);
    }

    #[test]
    #[should_panic(expected = "environments/us/applications/web/version moved unforeseen")]
    fn a_train_that_goes_elsewhere_is_noticed() {
        let told = serde_json::from_str(r#"{"envsPrognoses": {}}"#).unwrap();
        let after = Tree::from([(
            "environments/us/applications/web/version".to_owned(),
            link_to("web", &json!(1)),
        )]);
        assert_came_true(&told, &Tree::new(), &after);
    }
}
