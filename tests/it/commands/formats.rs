//! Every command in every format.

use serde_json::Value;

use super::assert_told;
use crate::shop::{self, shop};
use crate::world::World;

/// The busy shop, with an app that is on its way out.
fn busy_shop() -> World {
    let world = shop::busy_shop();
    for line in [
        "release -a window -f development=../scratch/next/development.yaml",
        "lock -e staging -a window --lock-id show -m 'show window'",
        "release -a window --undeploy",
    ] {
        world.ok(line);
    }
    world
}

/// A line of each command.
const LINES: [(&str, &str); 10] = [
    (
        "release",
        "-n release -a courier --manifests ../scratch/next",
    ),
    ("deploy", "-n deploy -a basket -g prod --version 2"),
    ("lock", "-n lock -g prod --lock-id audit -m 'yearly audit'"),
    ("unlock", "-n unlock -e staging -a basket --lock-id leak"),
    ("release-train", "-n release-train prod"),
    ("prognosis", "prognosis prod"),
    ("app-delete", "-n app delete -a window"),
    (
        "app-remove-environment",
        "-n app remove-environment -a courier -e development",
    ),
    ("render", "-n render -g prod"),
    ("render-check", "render -e development --check"),
];

fn lines(format: &str) -> Vec<String> {
    LINES
        .iter()
        .map(|(_, line)| format!("{line} -o {format}"))
        .collect()
}

macro_rules! assert_format {
    ($format:literal) => {
        let lines = lines($format);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_told!(&busy_shop(), $format, lines);
    };
}

#[test]
fn text_is_for_people() {
    assert_format!("text");
}

#[test]
fn markdown_is_for_pull_requests() {
    assert_format!("markdown");
}

#[test]
fn json_is_for_programs() {
    assert_format!("json");
}

#[test]
fn yaml_says_what_json_says() {
    let world = busy_shop();
    for (name, line) in LINES {
        let now = [("TRAINYARD_NOW", Some("2026-03-02T10:00:00Z"))];
        let json = world.run_with(&format!("{line} -o json"), &now);
        let yaml = world.run_with(&format!("{line} -o yaml"), &now);
        let parsed: Value = serde_yaml::from_str(&yaml.stdout).unwrap();
        assert_eq!(parsed, json.json(), "{name}\n{yaml}");
        assert_eq!(yaml.stderr, json.stderr, "{name}");
    }
}

#[test]
fn json_is_sorted_names_its_schema_and_has_numbers_for_versions() {
    let world = busy_shop();
    for (name, line) in LINES {
        let answer = world.run(&format!("{line} -o json"));
        let value = answer.json();
        assert_eq!(value["schema"], format!("trainyard/{name}/v1"));
        // A map of serde_json is sorted, so that writing it again shows whether it was.
        let sorted = format!("{}\n", serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(answer.stdout, sorted, "{name}");
        let versions = versions(&value);
        assert!(
            versions.iter().all(|each| each.is_u64() || each.is_null()),
            "{name}: {versions:?}"
        );
        let some = versions.iter().any(Value::is_u64);
        let none = ["lock", "render", "render-check"].contains(&name);
        assert_eq!(some, !none, "{name}: {versions:?}");
    }
}

/// Every value that is a version.
fn versions(value: &Value) -> Vec<Value> {
    const KEYS: [&str; 8] = [
        "version",
        "from",
        "replaced",
        "currentVersion",
        "deployedVersion",
        "heldVersion",
        "queuedVersion",
        "removedReleases",
    ];
    match value {
        Value::Object(fields) => {
            let each = fields.iter().flat_map(|(key, value)| match value {
                Value::Array(list) if KEYS.contains(&key.as_str()) => list.clone(),
                Value::Object(_) | Value::Array(_) => versions(value),
                plain if KEYS.contains(&key.as_str()) => vec![plain.clone()],
                _ => Vec::new(),
            });
            each.collect()
        }
        Value::Array(list) => list.iter().flat_map(versions).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_command_that_changes_nothing_says_so_in_every_format() {
    let world = shop();
    let before = world.snapshot();
    for line in [
        "deploy -a basket -e staging --version 1",
        "unlock -e staging --all",
        "release-train development",
        "release -a basket --version 2 --manifest staging=../scratch/same.yaml",
    ] {
        world.scratch("same.yaml", "kind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  release: \"2\"\n  environment: staging\n");
        let text = world.ok(line);
        assert!(text.contains("nothing changed\n"), "{line}\n{text}");
        let markdown = world.ok(&format!("{line} -o markdown"));
        assert!(!markdown.is_empty(), "{line}");
        let json = world.run(&format!("{line} -o json")).json();
        assert_eq!(json["result"], "unchanged", "{line}");
        assert_eq!(json["commit"], Value::Null, "{line}");
    }
    world.assert_untouched(&before);
}

#[test]
fn a_change_tells_its_commit() {
    let world = shop();
    for line in [
        "lock -e staging --lock-id freeze -m x",
        "unlock -e staging --lock-id freeze",
    ] {
        let json = world.run(&format!("{line} -o json")).json();
        assert_eq!(json["result"], "changed", "{line}");
        assert_eq!(json["applied"], true, "{line}");
        assert_eq!(json["commit"], world.head(), "{line}");
    }
}
