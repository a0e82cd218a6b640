//! `trainyard app delete`, `trainyard app remove-environment`, and `trainyard release --undeploy`

use std::collections::BTreeSet;

use super::{assert_told, state};
use crate::shop::shop;
use crate::world::{Tree, World, differences, text};

/// The apps that the Argo CD file of an environment names.
fn applications(world: &World, environment: &str) -> Vec<String> {
    let path = format!("argocd/v1alpha1/{environment}.yaml");
    let file = world.remote_git(&["show", &format!("main:{path}")]);
    let names = file
        .lines()
        .filter_map(|line| line.strip_prefix("  name: "));
    names.skip(1).map(str::to_owned).collect()
}

fn paths(tree: &Tree, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    tree.keys().filter(|path| wanted(path)).cloned().collect()
}

#[test]
fn the_life_of_an_app_ends_on_every_environment_before_it_is_deleted() {
    let world = shop();
    world.ok("lock -e staging -a basket --lock-id leak -m 'memory leak'");
    assert_told!(
        &world,
        "life_of_an_app",
        [
            "app delete -a basket",
            "release -a basket --undeploy --source-message 'nobody buys'",
            "release-train staging",
            "app delete -a basket",
            "unlock -e staging -a basket --lock-id leak",
            "prognosis prod-ca",
            "release-train prod",
            "lock -e prod-de -a basket --lock-id wait -m 'just in case'",
            "-n app delete -a basket",
            "app delete -a basket",
            "app delete -a basket",
        ],
    );
    let left = paths(&world.tree(), |path| path.contains("basket"));
    assert_eq!(left, [""; 0]);
    assert_eq!(state(&world, "development", "courier"), "2");
}

#[test]
fn an_app_that_is_undeployed_keeps_its_application_with_an_empty_manifest_until_it_is_deleted() {
    let world = shop();
    world.ok("deploy -a basket -e development --version 1");
    let before = applications(&world, "development");
    assert_eq!(before, ["development-basket", "development-courier"]);
    world.ok("release -a basket --undeploy");
    assert_eq!(applications(&world, "development"), before);
    let applied = "environments/development/applications/basket/manifests/manifests.yaml";
    assert_eq!(world.tree()[applied], text(" "));
    for environment in ["staging", "prod-ca"] {
        world.ok(&format!("deploy -a basket -e {environment} --version 3"));
    }
    world.ok("app delete -a basket");
    assert_eq!(applications(&world, "development"), ["development-courier"]);
}

#[test]
fn a_release_that_undeploys_is_for_the_environments_that_have_the_app() {
    let world = shop();
    world.ok("lock -e prod-de --lock-id sale -m sale");
    world.ok("deploy -a courier -e prod-de --version 1");
    world.ok("release -a courier --undeploy");
    let folder = "applications/courier/releases/3/";
    let tree = world.tree();
    let files = tree.keys().filter_map(|path| path.strip_prefix(folder));
    let expected = [
        "created_at",
        "environments/development/manifests.yaml",
        "environments/prod-de/manifests.yaml",
        "environments/staging/manifests.yaml",
        "undeploy",
    ];
    assert_eq!(files.collect::<Vec<_>>(), expected);
    assert_eq!(tree[&format!("{folder}undeploy")], text(""));
    // It is a release like any other: the train leaves it behind where the app has never been.
    world.ok("release-train staging");
    assert_eq!(state(&world, "staging", "courier"), "3");
    world.ok("release-train prod-ca");
    assert_eq!(state(&world, "prod-ca", "courier"), "nothing");
    world.ok("release -a courier --manifests ../scratch/next");
    assert_eq!(state(&world, "development", "courier"), "4");
}

#[test]
fn removing_an_app_from_one_environment_touches_nothing_else() {
    let world = shop();
    world.ok("deploy -a courier -e development --version 1");
    world.ok("lock -e development --lock-id freeze -m freeze");
    world.ok("lock -e development -a basket --lock-id leak -m leak");
    world.ok("deploy -a basket -e development --version 1");
    let before = world.tree();
    assert_told!(
        &world,
        "app_remove_environment",
        [
            "-n app remove-environment -a basket -e development",
            "app remove-environment -a basket -e development",
            "app remove-environment -a basket -e development",
        ],
    );
    let after = world.tree();
    let every: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let changed = every
        .into_iter()
        .filter(|path| before.get(*path) != after.get(*path));
    let elsewhere: Vec<_> = changed
        .filter(|path| !path.starts_with("environments/development/applications/basket/"))
        .collect();
    let expected = [
        "applications/basket/releases/1/environments/development/manifests.yaml",
        "applications/basket/releases/2/environments/development/manifests.yaml",
        "argocd/v1alpha1/development.yaml",
    ];
    assert_eq!(elsewhere, expected, "{:?}", differences(&before, &after));
    assert_eq!(applications(&world, "development"), ["development-courier"]);
}

#[test]
fn no_train_brings_back_what_was_removed_and_the_next_release_for_it_does() {
    let world = shop();
    world.ok("app remove-environment -a basket -e staging");
    world.ok("release-train staging");
    assert_eq!(state(&world, "staging", "basket"), "nothing");
    assert_eq!(state(&world, "staging", "courier"), "2");
    world.fails("deploy -a basket -e staging --version 2", 3);
    world.ok("release -a basket --manifests ../scratch/next");
    world.ok("release-train staging");
    assert_eq!(state(&world, "staging", "basket"), "3");
}

#[test]
fn what_is_not_there_cannot_end() {
    let world = shop();
    let before = world.snapshot();
    assert_told!(
        &world,
        "app_refusals",
        [
            "app delete -a baskit",
            "app remove-environment -a basket -e stagin",
            "app remove-environment -a kiosk -e staging",
            "release -a kiosk --undeploy",
            "release -a basket --version 2 --undeploy",
        ],
    );
    world.fails("app delete", 2);
    world.fails("app remove-environment -a basket", 2);
    world.fails("app", 2);
    world.fails(
        "release -a basket --undeploy --manifests ../scratch/next",
        2,
    );
    world.assert_untouched(&before);
}
