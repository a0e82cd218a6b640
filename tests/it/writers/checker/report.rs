//! What a command reported of a change.

use serde_json::Value;

use super::super::evidence::Commit;
use super::layout;
use super::state::{On, State};

/// What an answer says of a commit, and its tree does not bear out.
pub(super) fn faults(commit: &Commit, answer: &Value) -> Vec<String> {
    let (state, _) = layout::read(&commit.tree);
    let mut faults = deployments(&state, answer);
    faults.extend(train(&state, answer));
    faults.extend(locks(&state, answer, ("locks", true)));
    faults.extend(locks(&state, answer, ("removedLocks", false)));
    if answer["stored"] == true {
        let app = answer["application"].as_str().unwrap_or_default();
        let version = answer["version"].as_u64().unwrap_or_default();
        let releases = state.apps.get(app).map(|app| &app.releases);
        if !releases.is_some_and(|releases| releases.contains_key(&version)) {
            faults.push(format!(
                "reported release {app} {version}, which is not there"
            ));
        }
    }
    faults
}

fn pairs(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn deployments(state: &State, answer: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let app = answer["application"].as_str().unwrap_or_default();
    for (environment, deployment) in pairs(&answer["deployments"]) {
        let spot = state.spot(environment, app);
        let found = match deployment["result"].as_str() {
            Some("queued") => spot.waits,
            _ => spot.runs,
        };
        if found != deployment["version"].as_u64() {
            faults.push(format!(
                "reported {deployment} on {environment}, which has {spot:?}"
            ));
        }
    }
    faults
}

fn train(state: &State, answer: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for (environment, prognosis) in pairs(&answer["envsPrognoses"]) {
        for (app, each) in pairs(&prognosis["appsPrognoses"]["prognoses"]) {
            let spot = state.spot(environment, app);
            let differs = |name: &str, found: Option<u64>| {
                let told = each[name].as_u64();
                told.is_some() && told != found
            };
            if differs("deployedVersion", spot.runs) || differs("queuedVersion", spot.waits) {
                faults.push(format!(
                    "reported {each} of {app} on {environment}, which has {spot:?}"
                ));
            }
        }
    }
    faults
}

/// Locks that must be there, or must not.
fn locks(state: &State, answer: &Value, (name, there): (&str, bool)) -> Vec<String> {
    let mut faults = Vec::new();
    for lock in answer[name].as_array().into_iter().flatten() {
        let text = |name: &str| lock[name].as_str().unwrap_or_default();
        let found = state.locks.iter().any(|found| {
            let on = match &found.on {
                On::All => ("environment", ""),
                On::App(app) => ("app", app.as_str()),
                On::Team(team) => ("team", team.as_str()),
                On::Manifest(app) => ("manifest", app.as_str()),
            };
            let of = [text("application"), text("team")].concat();
            found.id == text("id")
                && found.environment == text("environment")
                && on == (text("scope"), of.as_str())
        });
        if found != there {
            let found = if found { "there" } else { "not there" };
            faults.push(format!("reported {name} {lock}, which is {found}"));
        }
    }
    faults
}
