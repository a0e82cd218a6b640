//! `--kind manifest`: a lock that keeps one manifest as it is, while everything else goes on.

use super::{assert_told, state};
use crate::shop::shop;
use crate::world::{Node, World, text};

const APPLIED: &str = "environments/staging/applications/basket/manifests/manifests.yaml";

fn applied(world: &World) -> Option<Node> {
    world.tree().remove(APPLIED)
}

fn of_release(world: &World, version: u64) -> Option<Node> {
    let path =
        format!("applications/basket/releases/{version}/environments/staging/manifests.yaml");
    world.tree().remove(&path)
}

#[test]
fn a_manifest_lock_keeps_the_manifest_while_everything_else_goes_on() {
    let world = shop();
    world.file(APPLIED, "mended: by hand\n");
    assert_told!(
        &world,
        "manifest_lock",
        [
            "lock -e staging -a basket --kind manifest --lock-id fix -m 'mended by hand'",
            "lock -e staging -a basket --kind manifest --lock-id audit -m 'until the audit'",
            "prognosis staging",
            "release-train staging",
            "unlock -e staging -a basket --all",
            "unlock -e staging -a basket --lock-id fix",
            "unlock -e staging -a basket --kind manifest --lock-id fix",
            "-n unlock -e staging -a basket --kind manifest --all -o json",
        ],
    );
    assert_eq!(applied(&world), Some(text("mended: by hand\n")));
    assert_eq!(state(&world, "staging", "basket"), "2");
    let lock = "environments/staging/applications/basket/manifest_locks/audit/message";
    assert_eq!(world.tree()[lock], text("until the audit"));
    let told = world.ok("unlock -e staging -a basket --kind manifest --lock-id audit");
    assert!(
        told.contains("wrote the manifest of basket on staging, which is that of 2 again"),
        "{told}"
    );
    assert_eq!(applied(&world), of_release(&world, 2));
    let left = world
        .tree()
        .into_keys()
        .filter(|path| path.contains("lock"));
    assert_eq!(left.count(), 0);
}

#[test]
fn a_manifest_lock_is_on_an_app_on_an_environment() {
    let world = shop();
    let before = world.snapshot();
    for line in [
        "lock -e staging --kind manifest -m x",
        "lock -g prod --kind manifest -m x",
        "lock -e staging -t day-shift --kind manifest -m x",
        "unlock -e staging --kind manifest --all",
        "lock -e staging -a basket --kind moon -m x",
    ] {
        world.fails(line, 2);
    }
    world.fails("lock -e staging -a kiosk --kind manifest -m x", 3);
    world.fails(
        "unlock -e staging -a basket --kind manifest --lock-id x1",
        3,
    );
    world.assert_untouched(&before);
}

#[test]
fn a_manifest_that_is_in_step_is_not_written_again_and_one_that_nobody_knows_stays() {
    let world = shop();
    let line = "unlock -e staging -a basket --kind manifest --all";
    for (environment, app) in [("staging", "basket"), ("prod-de", "courier")] {
        let place = format!("-e {environment} -a {app} --kind manifest --lock-id fix");
        world.ok(&format!("lock {place} -m x"));
    }
    assert_eq!(applied(&world), of_release(&world, 1));
    let told = world.ok(line);
    assert!(
        told.ends_with("  the manifest of basket on staging is that of 1\n"),
        "{told}"
    );
    let told = world.ok("unlock -e prod-de -a courier --kind manifest --all");
    assert_eq!(told.lines().count(), 1, "{told}");
    world.ok("lock -e staging -a basket --kind manifest --lock-id fix -m x");
    world.remove("applications/basket/releases/1/environments/staging/manifests.yaml");
    world.file(APPLIED, "mended: by hand\n");
    let told = world.ok(line);
    assert!(
        told.contains("stays as it is: release 1 has no manifest for this environment"),
        "{told}"
    );
    assert_eq!(applied(&world), Some(text("mended: by hand\n")));
}

#[test]
fn an_app_whose_manifest_is_kept_is_not_undeployed() {
    let world = shop();
    world.ok("lock -e staging -a courier --kind manifest --lock-id fix -m 'mended by hand'");
    world.ok("release -a courier --undeploy");
    world.ok("release-train staging");
    let answer = world.fails("app delete -a courier", 3);
    let why = "staging has an earlier manifest, which manifest lock `fix` keeps";
    assert!(answer.stderr.contains(why), "{answer}");
    world.ok("unlock -e staging -a courier --kind manifest --lock-id fix");
    world.ok("app delete -a courier");
}
