//! `trainyard apply`, and `trainyard release --from`: several operations as one change.

use serde_json::Value;

use super::assert_told;
use crate::shop::{linked, shop};
use crate::world::World;

const LIST: &str = "
- operation: release
  application: kiosk
  team: night-shift
  manifest:
    development: ../scratch/next/development.yaml
    staging: ../scratch/next/staging.yaml
- operation: lock
  environment: staging
  application: basket
  lockId: leak
  message: memory leak
- operation: release-train
  target: staging
  team: day-shift
- operation: deploy
  application: kiosk
  environment: staging
  version: 1
- operation: unlock
  environment: staging
  application: basket
  all: true
";

/// The same, as JSON lines.
fn lines() -> String {
    let list: Vec<Value> = serde_yaml::from_str(LIST).unwrap();
    list.iter()
        .map(Value::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_list_is_one_change_and_each_operation_finds_what_the_ones_before_it_left() {
    let world = shop();
    world.scratch("list.yaml", LIST);
    assert_told!(
        &world,
        "list",
        [
            "-n apply -f ../scratch/list.yaml",
            "apply -f ../scratch/list.yaml"
        ],
    );
    let before = crate::shop::shop();
    assert_eq!(world.commits(), before.commits() + 1);
    let version = |app| linked(&world, "staging", app, "version");
    assert_eq!(version("kiosk").as_deref(), Some("1"));
    assert_eq!(version("basket").as_deref(), Some("2"), "from the queue");
    let message = world.git(&["log", "-1", "--format=%B"]);
    assert!(message.contains("Trainyard-Operation: apply"), "{message}");
    assert!(
        message.contains("\n  staging: kiosk 1 (first)"),
        "{message}"
    );
    world.assert_in_step();

    let other = shop();
    other.scratch("list.jsonl", lines());
    let answer = other.ok("-o json apply -f ../scratch/list.jsonl");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["schema"], "trainyard/apply/v1");
    assert_eq!(answer["operations"].as_array().unwrap().len(), 5);
    assert_eq!(answer["operations"][1]["locks"][0]["id"], "leak");
    assert_eq!(answer["operations"][4]["operation"], "unlock");
    let stdin = shop();
    let answer = stdin.run_with_stdin("apply -f -", LIST);
    assert_eq!(answer.code, 0, "{answer}");
    let trees = [&world, &other, &stdin].map(World::tree);
    let without_times = trees.map(|mut tree| {
        tree.retain(|path, _| !path.ends_with("deployed_at_utc") && !path.ends_with("created_at"));
        tree
    });
    assert_eq!(without_times[0], without_times[1]);
    assert_eq!(without_times[0], without_times[2]);
}

#[test]
fn one_operation_that_fails_undoes_all() {
    let world = shop();
    world.file("environments/prod-ca/config.json", "{");
    let before = world.snapshot();
    for (operation, code, told) in [
        (
            "{operation: deploy, application: basket, environment: moon, version: 1}",
            3,
            "operation 2 (`deploy`): there is no environment `moon`",
        ),
        (
            "{operation: release-train, target: prod-ca, targetType: environment}",
            6,
            "operation 2 (`release-train`): `environments/prod-ca/config.json`",
        ),
        (
            "{operation: app delete, application: basket}",
            3,
            "operation 2 (`app-delete`): `basket` is not undeployed everywhere",
        ),
    ] {
        world.scratch(
            "list.yaml",
            format!("- {{operation: lock, environment: staging, message: x}}\n- {operation}\n"),
        );
        let answer = world.fails("apply -f ../scratch/list.yaml", code);
        assert!(answer.stderr.contains(told), "{told}\n{answer}");
        assert_eq!(answer.stdout, "");
        world.assert_untouched(&before);
    }
}

#[test]
fn an_operation_or_a_field_that_is_misspelt_is_told_with_the_nearest() {
    let world = shop();
    for (list, meant) in [
        (
            "- {operation: loks}",
            "no operation `loks`; did you mean `lock`?",
        ),
        (
            "- {operation: environment-crate}",
            "did you mean `environment-create`?",
        ),
        (
            "- {operation: lock, enviroment: staging}",
            "no field `enviroment`; did you mean `environment`?",
        ),
    ] {
        let path = world.scratch("misspelt.yaml", list);
        let answer = world.fails(&format!("apply -f {path}"), 2);
        assert!(answer.stderr.contains(meant), "{list}\n{answer}");
    }
}

#[test]
fn a_list_that_cannot_be_meant_is_refused_with_the_place_and_the_reason() {
    let world = shop();
    let before = world.snapshot();
    for (list, told) in [
        ("", "it holds no operation"),
        ("[]", "it holds no operation"),
        ("a: 1", "invalid type: map, expected a sequence"),
        ("- lock", "operation 1 is no object"),
        (
            "- {environment: staging}",
            "operation 1: it has no `operation`",
        ),
        (
            "- {operation: fly}",
            "operation 1: there is no operation `fly`",
        ),
        (
            "- {operation: app}",
            "operation 1: there is no operation `app`",
        ),
        (
            "- {operation: prognosis, target: staging}",
            "operation 1: `prognosis` changes nothing",
        ),
        (
            "- {operation: apply, file: x}",
            "operation 1: `apply` changes nothing",
        ),
        (
            "- {operation: lock, environment: staging, message: x}\n- {operation: lock, env: staging}",
            "operation 2: there is no field `env`; these exist: environment, application, team",
        ),
        (
            "- {operation: lock, environment: staging}",
            "operation 1: the following required arguments were not provided",
        ),
        (
            "- {operation: lock, environment: Staging, message: x}",
            "`Staging` is no valid environment name",
        ),
        (
            "- {operation: unlock, environment: staging, all: yes please}",
            "operation 1: `all` is true or false",
        ),
        (
            "- {operation: lock, environment: staging, message: null}",
            "operation 1: `message` is empty",
        ),
        (
            "- {operation: lock, environment: staging, message: {a: [1]}}",
            "`message` holds something that is no text",
        ),
        (
            "- {operation: lock, environment: staging, message: x, dry-run: true}",
            "there is no field `dry-run`",
        ),
        (
            "- {operation: lock, environment: staging, message: 1e3}",
            "operation 1: `message` is a number with a point or an exponent",
        ),
        (
            "- {operation: release, application: kiosk, displayVersion: 1.10, manifests: ../scratch/next}",
            "put it in quotes",
        ),
        (
            "- {operation: lock, environment: staging, environment: prod-ca, message: x}",
            "duplicate entry with key \"environment\"",
        ),
        (
            "{\"operation\":\"lock\",\"message\":\"x\",\"environment\":\"staging\",\"message\":\"y\"}",
            "duplicate entry with key \"message\"",
        ),
        (
            "- {operation: release, application: kiosk, manifest: {staging: \"-\"}}\n- {operation: release, application: basket, manifest: {staging: \"-\"}}",
            "operation 2: only one file can come from stdin",
        ),
        ("{\"operation\":\"lock\"", "EOF while parsing an object"),
        (
            "- {operation: release, application: kiosk, manifest: {staging: ../nowhere.yaml}}",
            "operation 1: the manifest `../nowhere.yaml`",
        ),
    ] {
        world.scratch("list.yaml", list);
        let answer = world.fails("apply -f ../scratch/list.yaml", 2);
        assert!(
            answer.stderr.contains(told),
            "{list}\nlacks: {told}\n{answer}"
        );
        assert!(answer.stderr.contains("../scratch/list.yaml"), "{answer}");
    }
    let answer = world.fails("apply -f ../scratch/nowhere.yaml", 2);
    assert!(answer.stderr.contains("it cannot be read"), "{answer}");
    let list = "[{operation: release, application: kiosk, manifest: {staging: \"-\"}}]";
    let answer = world.run_with_stdin("apply -f -", list);
    assert_eq!(answer.code, 2, "{answer}");
    assert!(
        answer.stderr.contains("only one file can come from stdin"),
        "{answer}"
    );
    world.assert_untouched(&before);
}

#[test]
fn variables_of_the_command_line_do_not_reach_into_a_list() {
    let world = shop();
    world.scratch(
        "list.yaml",
        "[{operation: lock, environment: staging, message: x}]",
    );
    let answer = world.run_with(
        "apply -f ../scratch/list.yaml",
        &[("TRAINYARD_DRY_RUN", Some("true"))],
    );
    assert!(answer.stdout.contains("dry run"), "{answer}");
    let list = "[{operation: lock, environment: staging, message: --dry-run}]";
    world.scratch("list.yaml", list);
    let told = world.ok("apply -f ../scratch/list.yaml");
    assert!(told.contains("(\"--dry-run\")"), "{told}");
}

#[test]
fn all_apps_of_a_folder_are_released_as_one_change() {
    let world = shop();
    for app in ["basket", "kiosk"] {
        for environment in ["development", "staging"] {
            world.scratch(
                &format!("all/{app}/{environment}.yaml"),
                format!("kind: {app}\n"),
            );
        }
    }
    world.scratch("all/README.md", "not an app");
    let commits = world.commits();
    assert_told!(
        &world,
        "from_a_folder",
        [
            "release --from ../scratch/all --display-version v7 --source-message 'all at once'",
            "release --from ../scratch/all --version 3",
        ],
    );
    assert_eq!(world.commits(), commits + 2);
    assert_eq!(
        linked(&world, "development", "kiosk", "version").as_deref(),
        Some("3")
    );
    let before = world.snapshot();
    world.ok("release --from ../scratch/all --version 3");
    world.assert_untouched(&before);
    world.scratch("all/Kiosk/staging.yaml", "a: 1");
    for (line, told) in [
        (
            "release --from ../scratch/all",
            "the folder `../scratch/all/Kiosk`: `Kiosk` is no valid app name",
        ),
        (
            "release --from ../scratch/next",
            "holds no folder APP with an ENV.yaml in it",
        ),
        ("release --from ../scratch/nowhere", "cannot be read"),
        (
            "release --from ../scratch/all -a web",
            "cannot be used with",
        ),
        ("release", "--application"),
    ] {
        let answer = world.fails(line, 2);
        assert!(answer.stderr.contains(told), "{line}\n{answer}");
    }
    world.assert_untouched(&before);
}
