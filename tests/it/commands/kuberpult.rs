//! `prognosis -o kuberpult`: byte for byte what kuberpult v2.44.1 answers, checked with the answers that it gave.

use crate::shop::release_link;
use crate::world::{Node, Tree, World, text};

const STAGING: &str = r#"{"staging":{"Outcome":{"AppsPrognoses":{"prognoses":{"app-a":{"Outcome":{"DeployedVersion":7}},"app-b":{"Outcome":{"SkipCause":1}},"app-c":{"Outcome":{"SkipCause":0}},"app-d":{"Outcome":{"SkipCause":2}},"app-e":{"Outcome":{"SkipCause":3}},"app-f":{"Outcome":{"SkipCause":5}}}}}}}"#;
const PROD: &str =
    r#"{"prod-ca":{"Outcome":{"SkipCause":4}},"prod-de":{"Outcome":{"SkipCause":0}}}"#;
const DEV: &str = r#"{"dev":{"Outcome":{"AppsPrognoses":{}}}}"#;

fn with_config(tree: &mut Tree, environment: &str, config: &str) {
    tree.insert(
        format!("environments/{environment}/config.json"),
        text(config),
    );
}

/// A release 7 with a manifest for staging, on dev.
fn on_dev(tree: &mut Tree, app: &str) {
    let release = format!("applications/{app}/releases/7");
    tree.insert(
        format!("{release}/created_at"),
        text("2024-07-22T10:00:00Z"),
    );
    tree.insert(
        format!("{release}/environments/staging/manifests.yaml"),
        text("a: 1"),
    );
    let link = Node::Link(release_link(app, 7));
    tree.insert(format!("environments/dev/applications/{app}/version"), link);
}

/// The state for which kuberpult gave the first answer.
fn staging() -> Tree {
    let mut tree = Tree::new();
    with_config(&mut tree, "dev", r#"{"upstream":{"latest":true}}"#);
    with_config(
        &mut tree,
        "staging",
        r#"{"upstream":{"environment":"dev"}}"#,
    );
    for app in ["app-a", "app-b", "app-d", "app-e", "app-f"] {
        on_dev(&mut tree, app);
    }
    let link = Node::Link(release_link("app-b", 7));
    tree.insert(
        "environments/staging/applications/app-b/version".into(),
        link,
    );
    tree.insert(
        "environments/dev/applications/app-c/locks/l-1/message".into(),
        text("x"),
    );
    tree.insert(
        "environments/staging/applications/app-d/locks/l-1/message".into(),
        text("hold"),
    );
    tree.remove("applications/app-e/releases/7/environments/staging/manifests.yaml");
    tree.insert("applications/app-f/team".into(), text("sre"));
    tree.insert(
        "environments/staging/teams/sre/locks/l-1/message".into(),
        text("hold"),
    );
    tree
}

#[track_caller]
fn check(tree: &Tree, line: &str, expected: &str) {
    let world = World::with_files(tree);
    let before = world.snapshot();
    let answer = world.run(line);
    assert_eq!(
        (answer.stdout.as_str(), answer.code),
        (expected, 0),
        "{answer}"
    );
    world.assert_untouched(&before);
}

#[test]
fn apps_are_answered_as_kuberpult_answers() {
    check(&staging(), "prognosis staging -o kuberpult", STAGING);
}

#[test]
fn environments_are_answered_as_kuberpult_answers() {
    let mut tree = Tree::new();
    with_config(&mut tree, "dev", r#"{"upstream":{"latest":true}}"#);
    let ca = r#"{"upstream":{"environment":"dev"},"environmentGroup":"prod"}"#;
    with_config(&mut tree, "prod-ca", ca);
    with_config(&mut tree, "prod-de", r#"{"environmentGroup":"prod"}"#);
    tree.insert(
        "environments/prod-ca/locks/l-1/message".into(),
        text("hold"),
    );
    check(&tree, "prognosis prod -o kuberpult", PROD);
}

#[test]
fn no_apps_are_answered_as_kuberpult_answers() {
    let mut tree = Tree::new();
    with_config(&mut tree, "dev", r#"{"upstream":{"latest":true}}"#);
    check(&tree, "-o kuberpult prognosis dev", DEV);
}

#[test]
fn every_cause_of_an_environment_has_kuberpults_number() {
    for (config, number) in [
        ("{}", 0),
        (r#"{"upstream":{}}"#, 1),
        (r#"{"upstream":{"latest":true,"environment":"dev"}}"#, 2),
        (r#"{"upstream":{"environment":"moon"}}"#, 3),
    ] {
        let mut tree = Tree::new();
        with_config(&mut tree, "staging", config);
        let world = World::with_files(&tree);
        let answer = world.run("prognosis staging -o kuberpult");
        let expected = format!(r#"{{"staging":{{"Outcome":{{"SkipCause":{number}}}}}}}"#);
        assert_eq!(answer.stdout, expected, "{answer}");
    }
}

#[test]
fn a_team_leaves_the_apps_of_others_out() {
    let expected = r#"{"staging":{"Outcome":{"AppsPrognoses":{"prognoses":{"app-f":{"Outcome":{"SkipCause":5}}}}}}}"#;
    check(
        &staging(),
        "prognosis staging --team sre -o kuberpult",
        expected,
    );
}
