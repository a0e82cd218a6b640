//! The model reads the rules as they are meant.

use jiff::Timestamp;
use serde_json::json;

use super::{AppForecast, Fate, Forecast, Model, Release, Scope};
use crate::world::Node;

/// Three environments in a row; the last two form a group.
fn row() -> Model {
    let configs = [
        ("dev", json!({ "upstream": { "latest": true } })),
        (
            "near",
            json!({ "upstream": { "environment": "dev" }, "environmentGroup": "all" }),
        ),
        (
            "prod",
            json!({ "upstream": { "environment": "near" }, "environmentGroup": "all" }),
        ),
    ];
    let configs = configs.map(|(name, config)| (name.to_owned(), config.to_string().into_bytes()));
    Model::new(&configs.into())
}

fn release(model: &mut Model, version: u64) {
    let release = Release {
        team: "blue".to_owned(),
        source_commit: String::new(),
        source_message: String::new(),
        display_version: String::new(),
        manifest: b"kind: Test".to_vec(),
        at: Timestamp::UNIX_EPOCH,
    };
    model.release("web", version, release);
}

fn depart(model: &mut Model, target: &str) {
    model.depart(target, Timestamp::UNIX_EPOCH);
}

fn place(model: &mut Model, scope: &Scope, id: &str) {
    model.place(scope, id, "because", Timestamp::UNIX_EPOCH);
}

fn lift(model: &mut Model, scope: &Scope, id: &str) {
    model.lift(scope, id, Timestamp::UNIX_EPOCH);
}

fn app(environment: &str) -> Scope {
    Scope::App(environment.to_owned(), "web".to_owned())
}

fn team(environment: &str) -> Scope {
    Scope::Team(environment.to_owned(), "blue".to_owned())
}

fn whole(environment: &str) -> Scope {
    Scope::Environment(environment.to_owned())
}

/// The versions that run and wait on an environment.
fn versions(model: &Model, environment: &str) -> [Option<u64>; 2] {
    let files = model.files();
    ["version", "queued_version"].map(|name| {
        match files.get(&format!(
            "environments/{environment}/applications/web/{name}"
        )) {
            Some(Node::Link(target)) => target.rsplit('/').next().unwrap().parse().ok(),
            _ => None,
        }
    })
}

fn fate(model: &Model, environment: &str) -> String {
    match model.forecast(environment).remove(environment).unwrap() {
        Forecast::Skipped(cause) => cause.to_owned(),
        Forecast::Runs(apps) => match apps.get("web") {
            Some(AppForecast { fate, .. }) => match fate {
                Fate::Skipped(cause) => (*cause).to_owned(),
                Fate::Queued(cause, version) => format!("{cause} {version}"),
                Fate::Deployed(version) => version.to_string(),
            },
            None => "nothing".to_owned(),
        },
    }
}

#[test]
fn a_train_never_carries_a_version_two_stops_far() {
    let mut model = row();
    release(&mut model, 1);
    depart(&mut model, "all");
    assert_eq!(versions(&model, "near"), [Some(1), None]);
    assert_eq!(versions(&model, "prod"), [None, None]);
    assert_eq!(fate(&model, "prod"), "1");
}

#[test]
fn a_version_waits_for_the_last_of_its_locks_and_the_newest_one_wins() {
    let mut model = row();
    place(&mut model, &app("near"), "a");
    place(&mut model, &team("near"), "t");
    for version in [1, 2] {
        release(&mut model, version);
        assert_eq!(fate(&model, "near"), format!("APP_IS_LOCKED {version}"));
        depart(&mut model, "near");
        assert_eq!(versions(&model, "near"), [None, Some(version)]);
    }
    lift(&mut model, &app("near"), "a");
    assert_eq!(versions(&model, "near"), [None, Some(2)]);
    assert_eq!(fate(&model, "near"), "TEAM_IS_LOCKED 2");
    lift(&mut model, &team("near"), "t");
    assert_eq!(versions(&model, "near"), [Some(2), None]);
}

#[test]
fn a_locked_environment_is_passed_by_and_nothing_waits_there() {
    let mut model = row();
    release(&mut model, 1);
    place(&mut model, &whole("near"), "e");
    assert_eq!(fate(&model, "near"), "ENV_IS_LOCKED");
    depart(&mut model, "near");
    lift(&mut model, &whole("near"), "e");
    assert_eq!(versions(&model, "near"), [None, None]);
}

#[test]
fn a_release_waits_on_a_locked_first_stop() {
    let mut model = row();
    release(&mut model, 1);
    place(&mut model, &whole("dev"), "e");
    release(&mut model, 2);
    assert_eq!(versions(&model, "dev"), [Some(1), Some(2)]);
    lift(&mut model, &whole("dev"), "e");
    assert_eq!(versions(&model, "dev"), [Some(2), None]);
}

#[test]
fn an_app_that_is_there_already_is_not_called_locked() {
    let mut model = row();
    assert_eq!(fate(&model, "near"), "nothing");
    place(&mut model, &app("dev"), "a");
    release(&mut model, 1);
    assert_eq!(fate(&model, "near"), "APP_HAS_NO_VERSION_IN_UPSTREAM_ENV");
    lift(&mut model, &app("dev"), "a");
    place(&mut model, &app("dev"), "a");
    assert_eq!(fate(&model, "dev"), "APP_ALREADY_IN_UPSTREAM_VERSION");
    assert_eq!(fate(&model, "near"), "1");
}
