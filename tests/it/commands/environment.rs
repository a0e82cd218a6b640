//! `trainyard environment`

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::{assert_told, state};
use crate::shop::shop;
use crate::world::{Node, Tree, World, difference, fixtures, test_data, text};

/// The config of an environment.
#[track_caller]
fn config(world: &World, name: &str) -> String {
    let path = format!("environments/{name}/config.json");
    match world.tree().remove(&path) {
        Some(Node::File(bytes)) => String::from_utf8(bytes).unwrap(),
        other => panic!("{path}: {other:?}"),
    }
}

/// What lies elsewhere than in the folder of this environment and in its Argo CD files.
fn elsewhere(world: &World, name: &str) -> Tree {
    let own = format!("environments/{name}/");
    let mut tree = world.tree();
    tree.retain(|path, _| !path.starts_with(&own) && !path.starts_with("argocd/"));
    tree
}

fn projects(world: &World) -> Vec<String> {
    let paths = world.tree().into_keys();
    paths
        .filter_map(|path| path.strip_prefix("argocd/v1alpha1/").map(str::to_owned))
        .collect()
}

#[test]
fn an_environment_is_created_changed_and_deleted_again() {
    let world = shop();
    assert_told!(
        &world,
        "a_life",
        [
            "environment create canary --upstream staging -g canaries --destination-server https://canary.shop.example --destination-namespace '*'",
            "environment show canary",
            "environment create canary --upstream development",
            "environment update canary --upstream development --annotation shop.example/owner=night-shift --sync-option ServerSideApply=true",
            "environment update canary --upstream development",
            "release-train canary",
            "lock -e canary --lock-id freeze -m 'no changes'",
            "lock -e canary -t day-shift --lock-id trip -m 'team trip'",
            "release -a courier --manifests ../scratch/next -f canary=../scratch/next/staging.yaml",
            "environment show canary",
            "deploy -a courier -e canary --version 3",
            "environment list",
            "environment delete canary",
            "environment show canary",
        ],
    );
}

#[test]
fn created_and_deleted_the_tree_is_what_it_was() {
    let world = shop();
    let before = world.tree();
    world.ok("environment create -e x --upstream latest --destination-name x");
    assert_eq!(projects(&world), ["x.yaml"]);
    world.ok("environment delete -e x");
    assert_eq!(world.tree(), before);
}

#[test]
fn every_option_has_its_place_in_the_config() {
    let world = shop();
    let others = elsewhere(&world, "x");
    let line = r#"environment create x --upstream latest --environment-group all \
        --destination-server https://x.example --destination-name x --destination-namespace n \
        --app-project-namespace p --application-namespace a \
        --sync-window 'deny 0 22 * * 1-5 1h30m' --sync-window 'allow @daily 2h basket,cour*' \
        --access '*/ClusterIssuer' --access Namespace \
        --annotation shop.example/b=2 --annotation shop.example/a='<x> & y = z' \
        --ignore-difference apps/Deployment=/spec/replicas,/metadata/labels \
        --ignore-difference '{"kind": "Secret", "name": "s", "namespace": "n", "jq_path_expressions": [".data"], "managedFieldsManagers": ["m"]}' \
        --sync-option ServerSideApply=true --sync-option Validate=false"#;
    world.ok(&line.replace("\\\n", ""));
    insta::assert_snapshot!("every_option", config(&world, "x"));
    assert_eq!(elsewhere(&world, "x"), others, "nothing else changes");
    assert_eq!(complaints(&schema(), &config(&world, "x")), [""; 0]);

    let clear = "upstream,environment-group,destination-server,destination-name,destination-namespace,app-project-namespace,\
                 application-namespace,sync-windows,access,annotations,ignore-differences,sync-options";
    world.ok(&format!("environment update x --clear {clear}"));
    let expected = json!({ "argocd": { "destination": { "name": "", "server": "" } } });
    assert_eq!(config(&world, "x"), format!("{expected:#}\n"));
    world.ok("environment update x --clear argocd --clear group");
    assert_eq!(config(&world, "x"), "{}\n");
    assert!(projects(&world).is_empty());
}

#[test]
fn a_list_is_given_as_a_whole_and_annotations_one_by_one() {
    let world = shop();
    world.ok("environment create x --sync-option A=1 --sync-option B=2 --annotation a=1 --annotation b=2");
    world.ok("environment update x --sync-option C=3 --annotation b=3");
    let value: Value = serde_json::from_str(&config(&world, "x")).unwrap();
    assert_eq!(value["argocd"]["syncOptions"], json!(["C=3"]));
    assert_eq!(
        value["argocd"]["applicationAnnotations"],
        json!({ "a": "1", "b": "3" })
    );
    world.ok("environment update x --clear annotations --annotation c=4");
    let value: Value = serde_json::from_str(&config(&world, "x")).unwrap();
    assert_eq!(
        value["argocd"]["applicationAnnotations"],
        json!({ "c": "4" })
    );
}

#[test]
fn an_active_active_environment_grows_and_shrinks_with_its_files() {
    let world = shop();
    assert_told!(
        &world,
        "active_active",
        [
            "environment update staging --concrete-env-name west --destination-server https://west.example",
            "environment update staging --clear argocd --common-env-prefix aa --concrete-env-name west --destination-server https://west.example",
            "environment update staging --concrete-env-name east --destination-server https://east.example",
            "environment update staging --destination-server https://both.example",
            "environment update staging --concrete-env-name east --annotation a=b",
            "environment show staging",
            "environment update staging --remove-concrete-env west",
            "environment update staging --remove-concrete-env west",
        ],
    );
    assert_eq!(projects(&world), ["aa-staging-east.yaml"]);
}

#[test]
fn a_whole_config_comes_from_a_file_or_from_stdin_and_options_override_it() {
    let world = shop();
    let api = r#"{"environment_group": "all", "upstream": {"latest": true}, "argo_configs": {"common_env_prefix": "aa",
        "configs": [{"concrete_env_name": "one", "destination": {"server": "https://one"}, "sync_options": ["A=1"]}]}, "owner": {"b": 1.10, "a": []}}"#;
    let file = world.scratch("config.json", api);
    let answer = world.run(&format!(
        "environment create x --config {file} --upstream staging"
    ));
    assert_eq!(answer.code, 0, "{answer}");
    let told = "warning: the config has a key that nobody knows: `owner`\n";
    assert!(answer.stderr.contains(told), "{answer}");
    insta::assert_snapshot!("whole_config", config(&world, "x"));
    assert_eq!(projects(&world), ["aa-x-one.yaml"]);

    let answer = world.run_with_stdin(
        "environment update x --config -",
        r#"{"upstream":{"latest":true}}"#,
    );
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(
        config(&world, "x"),
        "{\n  \"upstream\": {\n    \"latest\": true\n  }\n}\n"
    );
    assert!(projects(&world).is_empty());
}

#[test]
fn what_show_prints_is_what_create_takes() {
    let world = shop();
    let shown = world.run("environment show staging -o json").json();
    let file = world.scratch("config.json", shown["config"].to_string());
    world.ok(&format!("environment create x --config {file}"));
    let [one, other] = ["staging", "x"].map(|name| {
        let value: Value = serde_json::from_str(&config(&world, name)).unwrap();
        value
    });
    assert_eq!(difference(&one, &other), "");
    let answer = world.run(&format!(
        "environment update staging --config {file} -o json"
    ));
    assert_eq!(answer.json()["result"], "unchanged");
}

#[test]
fn a_second_time_changes_nothing() {
    let world = shop();
    let line = "environment create x --update --upstream staging --access Namespace --sync-window 'deny @daily 1h'";
    world.ok(line);
    let before = world.snapshot();
    assert!(world.ok(line).ends_with("\nnothing changed\n"));
    world.ok("environment update x --upstream staging --clear ignore-differences");
    world.assert_untouched(&before);
}

#[test]
fn what_is_refused_changes_nothing() {
    let world = shop();
    let before = world.snapshot();
    assert_told!(
        &world,
        "refusals",
        [
            "environment create staging",
            "environment create Staging",
            "environment create a-name-that-is-too-long-for-an-environment",
            "environment create x --upstream stagin",
            "environment create x --upstream x",
            "environment update development --upstream staging",
            "environment update stagin --upstream latest",
            "environment update staging",
            "environment update staging --remove-concrete-env one",
            "environment create x -g 'The Group'",
            "environment create x --sync-window 'never @daily 1h'",
            "environment create x --sync-window 'deny @daily'",
            "environment create x --sync-window 'deny 0 22 * * * 1d'",
            "environment create x --sync-window 'deny 0 22 * * * 1h web api'",
            "environment create x --access apps/",
            "environment create x --annotation 'two words=x'",
            "environment create x --annotation key",
            "environment create x --ignore-difference apps/Deployment",
            "environment create x --ignore-difference '{\"kind\": \"Secret\", \"jsonPointer\": []}'",
            "environment create x --sync-option ServerSideApply",
            "environment create x --destination-server ''",
            "environment create x --config ../scratch/missing.json",
            "environment delete staging",
            "environment delete development",
            "environment delete moon",
        ],
    );
    for bad in [
        "{",
        "[]",
        "7",
        "{\"upstream\": 7}",
        "{\"argocd\": {}, \"ArgoCd\": {}}",
    ] {
        let file = world.scratch("bad.json", bad);
        let answer = world.fails(&format!("environment create x --config {file}"), 2);
        assert!(answer.stderr.contains(&file), "{answer}");
    }
    world.assert_untouched(&before);
}

#[test]
fn a_repository_begins_with_its_first_environment() {
    let world = World::with_files(&Tree::new());
    let told = world.fails("environment list", 6);
    let hint = "`trainyard environment create development --upstream latest`";
    assert!(told.stderr.contains(hint), "{told}");
    world.fails("environment check", 6);
    world.fails("environment update development --upstream latest", 6);
    world.ok("environment create development --upstream latest");
    world.ok("environment check");
    world.ok("environment delete development");
    assert_eq!(world.tree(), Tree::new());
}

#[test]
fn a_list_of_operations_may_begin_with_environments() {
    let world = World::with_files(&Tree::new());
    world.scratch("web.yaml", "kind: Web\n");
    let list = r"
- operation: environment-create
  environment: development
  upstream: latest
  annotation: { shop.example/owner: web }
- operation: environment create
  environment: old
  destinationName: old
- operation: release
  application: web
  manifest: { development: ../scratch/web.yaml }
- operation: environment-update
  environment: development
  environmentGroup: all
- operation: environment-delete
  environment: old
";
    let file = world.scratch("list.yaml", list);
    world.ok(&format!("apply -f {file}"));
    assert_eq!(state(&world, "development", "web"), "1");
    assert_eq!(projects(&world), ["development.yaml"]);
    assert!(!world.holds("environments/old"));
    for bad in ["environment-list", "environment-check", "environment"] {
        let file = world.scratch("bad.yaml", format!("- operation: {bad}\n"));
        world.fails(&format!("apply -f {file}"), 2);
    }
    let stdin = "- operation: environment-create\n  environment: x\n  config: '-'\n";
    let answer = world.run_with_stdin("apply -f -", stdin);
    assert_eq!(answer.code, 2, "{answer}");
    let file = world.scratch(
        "first.yaml",
        "- operation: lock\n  environment: moon\n  message: x\n",
    );
    world.ok("environment delete development");
    world.fails(&format!("apply -f {file}"), 6);
}

#[test]
fn deletion_takes_all_of_an_environment_and_leaves_the_releases() {
    let world = shop();
    for line in [
        "lock -e prod-ca --lock-id sale -m 'sale until Sunday'",
        "lock -e prod-ca -a courier --lock-id leak -m 'memory leak'",
        "deploy -a basket -e prod-ca --version 2",
        "environment update prod-ca --clear argocd --common-env-prefix aa --concrete-env-name one --destination-name one",
    ] {
        world.ok(line);
    }
    let others = elsewhere(&world, "prod-ca");
    assert_told!(
        &world,
        "deletes",
        [
            "-n environment delete prod-ca -o json",
            "environment delete prod-ca",
            "environment check"
        ],
    );
    assert_eq!(elsewhere(&world, "prod-ca"), others);
    assert!(!world.holds("environments/prod-ca"));
    assert!(!projects(&world).contains(&"aa-prod-ca-one.yaml".to_owned()));
    assert!(
        world
            .tree()
            .contains_key("applications/basket/releases/1/environments/prod-ca/manifests.yaml")
    );
    assert_eq!(state(&world, "prod-de", "basket"), "nothing");
}

#[test]
fn a_check_finds_what_is_wrong_and_says_what_to_do() {
    let world = shop();
    let sound = world.run("environment check -o json");
    assert_eq!(
        (sound.code, &sound.json()["faults"]),
        (0, &json!([])),
        "{sound}"
    );
    world.file("environments/prod-ca/config.json", "{");
    world.file("environments/.gitkeep", "");
    world.file("environments/Bad Name/config.json", "{}");
    world.file(
        "environments/lost/config.json",
        r#"{"upstream":{"environment":"\u001b[2Jmoon"}}"#,
    );
    world.file(
        "environments/load-test/config.json",
        r#"{"upstream":{"environment":"staging"},"environmentGroup":"staging"}"#,
    );
    let before = world.snapshot();
    assert_told!(
        &world,
        "check",
        [
            "environment check",
            "environment check -o json",
            "-o markdown environment check",
            "-q environment check"
        ],
    );
    world.assert_untouched(&before);
}

#[test]
fn environments_are_listed_and_shown_in_every_format() {
    let world = shop();
    world.ok("lock -e staging --lock-id freeze -m 'see *this* @ops'");
    world.ok("deploy -a basket -e staging --version 2");
    assert_told!(
        &world,
        "looks",
        [
            "environment list",
            "environment list -o markdown",
            "environment list -o json",
            "environment show staging",
            "environment show staging -o markdown",
            "environment show staging -o json",
        ],
    );
    for line in [
        "environment list",
        "environment show staging",
        "environment check",
    ] {
        let json = world.run(&format!("{line} -o json")).json();
        let yaml = world.ok(&format!("{line} -o yaml"));
        assert_eq!(
            serde_yaml::from_str::<Value>(&yaml).unwrap(),
            json,
            "{line}"
        );
        let name = line
            .replace("environment ", "environment-")
            .replace(" staging", "");
        assert_eq!(json["schema"], format!("trainyard/{name}/v1"));
    }
}

#[test]
fn every_command_has_its_help() {
    let world = shop();
    let own = |line: &str| {
        let help = world.ok(line);
        let own = help.lines().take_while(|line| *line != "Global options:");
        own.collect::<Vec<_>>().join("\n")
    };
    for command in [
        "create", "update", "delete", "list", "show", "check", "schema",
    ] {
        let help = own(&format!("environment {command} --help"));
        assert_eq!(
            help,
            own(&format!("help environment {command}")),
            "{command}"
        );
    }
    let flags = |command: &str| -> Vec<String> {
        let help = own(&format!("environment {command} --help"));
        let words = help
            .split([' ', ',', '\n'])
            .filter(|word| word.starts_with("--"));
        words.map(str::to_owned).collect()
    };
    let mut create = flags("create");
    create.retain(|flag| flag != "--update");
    assert_eq!(create, flags("update"));
    // Every option is told of where the commands are described.
    let told =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md")).unwrap();
    for flag in create
        .iter()
        .filter(|flag| *flag != "--environment" && *flag != "--help")
    {
        assert!(told.contains(flag.as_str()), "{flag}");
    }
}

#[test]
fn the_history_tells_what_became_of_an_environment() {
    let world = shop();
    let mut told = Vec::new();
    for line in [
        "environment create x --upstream staging -g 'prod' --annotation 'a=\n\nTrainyard-Operation: evil'",
        "environment update x --upstream latest --clear annotations",
        "lock -e prod-ca --lock-id sale -m 'sale until Sunday'",
        "deploy -a basket -e prod-ca --version 2",
        "environment delete prod-ca",
    ] {
        world.ok(line);
        let message = world.git(&["log", "-1", "--format=%B"]);
        let lines = message
            .lines()
            .filter(|line| !line.contains("Operation-Id"));
        let lines = lines.collect::<Vec<_>>().join("\n");
        told.push(format!("# {line}\n{lines}\n"));
    }
    insta::assert_snapshot!("messages", told.join("\n"));
}

#[test]
fn a_change_is_an_object_for_programs() {
    let world = shop();
    assert_told!(
        &world,
        "changes",
        [
            "environment create x --upstream staging -o json",
            "environment update x -g prod --upstream latest -o json",
            "environment update x -g prod -o json",
            "environment update x --clear group -o markdown",
        ],
    );
}

/// The published schema.
fn schema() -> Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas/config.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::draft7::meta::validate(&schema).unwrap();
    jsonschema::draft7::new(&schema).unwrap()
}

/// What the schema has against a config.
fn complaints(schema: &Validator, config: &str) -> Vec<String> {
    let config: Value = serde_json::from_str(config).unwrap();
    let errors = schema.iter_errors(&config);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn configs_below(folder: &Path) -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(folder).sort_by_file_name();
    let paths = files.into_iter().map(|entry| entry.unwrap().into_path());
    paths.filter(|path| path.ends_with("config.json")).collect()
}

#[test]
fn the_schema_is_printed_without_a_repository() {
    let world = World::with_files(&Tree::new());
    let printed = world.ok("-C /nowhere environment schema");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas/config.schema.json");
    assert_eq!(printed, fs::read_to_string(path).unwrap());
}

#[test]
fn every_example_is_valid_by_the_schema() {
    let schema = schema();
    let configs = configs_below(&fixtures());
    assert!(configs.len() >= 5);
    for path in configs {
        let config = fs::read_to_string(&path).unwrap();
        assert_eq!(complaints(&schema, &config), [""; 0], "{}", path.display());
    }
    let format =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/format.md")).unwrap();
    let blocks: Vec<_> = format.split("```json\n").skip(1).collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        let config = block.split("```").next().unwrap();
        assert_eq!(complaints(&schema, config), [""; 0], "{config}");
    }
}

#[test]
fn every_real_config_is_valid_by_the_schema_and_taken_as_it_is() {
    let Some(data) = test_data() else { return };
    let schema = schema();
    let configs = configs_below(&data.join("kuberpult-environments"));
    assert!(configs.len() >= 5);
    let mut tree = Tree::new();
    for path in &configs {
        let config = fs::read_to_string(path).unwrap();
        assert_eq!(complaints(&schema, &config), [""; 0], "{}", path.display());
        let name = path
            .parent()
            .unwrap()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap();
        tree.insert(format!("environments/{name}/config.json"), text(&config));
    }
    let world = World::with_files(&tree);
    world.ok("environment check");
    for path in &configs {
        let name = path
            .parent()
            .unwrap()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap();
        world.ok(&format!("environment update {name} --annotation a=b"));
        world.ok(&format!("environment update {name} --clear annotations"));
        let mut expected: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        expected["argocd"]
            .as_object_mut()
            .unwrap()
            .remove("applicationAnnotations");
        let found: Value = serde_json::from_str(&config(&world, name)).unwrap();
        assert_eq!(difference(&expected, &found), "", "{name}");
    }
}

#[test]
fn the_schema_refuses_what_cannot_be_meant() {
    let schema = schema();
    for bad in [
        json!([]),
        json!({ "upstream": {} }),
        json!({ "upstream": { "latest": true, "environment": "x" } }),
        json!({ "upstream": { "latest": false } }),
        json!({ "upstream": { "environment": "The Moon" } }),
        json!({ "environmentGroup": "a-name-that-is-too-long" }),
        json!({ "argocd": { "destination": [] } }),
        json!({ "argocd": { "syncWindows": [{ "kind": "never", "schedule": "@daily", "duration": "1h" }] } }),
        json!({ "argocd": { "accessList": [{ "group": "apps" }] } }),
        json!({ "argocd": { "applicationAnnotations": { "a": true } } }),
        json!({ "argocd": { "ignoreDifferences": [{ "group": "apps" }] } }),
        json!({ "argocd": { "syncOptions": "A=b" } }),
        json!({ "argocdConfigs": { "CommonEnvPrefix": "aa", "ArgoCdConfigurations": [{}] } }),
        json!({ "argocd": {}, "argocdConfigs": { "ArgoCdConfigurations": [{}] } }),
        json!({ "isActiveActive": "yes" }),
    ] {
        assert_ne!(complaints(&schema, &bad.to_string()), [""; 0], "{bad}");
    }
    for good in [
        json!({}),
        json!({ "owner": 7, "upstream": { "latest": true, "weight": 1 } }),
        json!({ "upstream": { "environment": "x", "latest": false } }),
        json!({ "argocdConfigs": { "CommonEnvPrefix": null, "ArgoCdConfigurations": null } }),
        json!({ "argocdConfigs": { "CommonEnvPrefix": "", "ArgoCdConfigurations": [{ "destination": {} }] } }),
    ] {
        assert_eq!(complaints(&schema, &good.to_string()), [""; 0], "{good}");
    }
}
