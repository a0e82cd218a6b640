//! `trainyard render`

use super::assert_told;
use crate::shop::shop;
use crate::world::{World, text};

const BASKET: &str = "environments/staging/applications/basket/manifests/manifests.yaml";
const COURIER: &str = "environments/staging/applications/courier/manifests/manifests.yaml";

/// The shop with all derived files, and then some of them changed by hand.
fn mended() -> World {
    let world = shop();
    world.ok("render --all");
    world.file(BASKET, "mended: by hand\n");
    world.file("argocd/v1alpha1/staging.yaml", "mended: by hand\n");
    world.remove("environments/prod-ca/applications/basket/manifests/manifests.yaml");
    world
}

#[test]
fn derived_files_are_checked_and_written_again() {
    let world = mended();
    let before = world.tree();
    assert_told!(
        &world,
        "render",
        [
            "render --all --check",
            "render -e development --check",
            "render -g prod --check",
            "-n render -e staging",
            "render -e staging",
            "render -g prod",
            "render --all",
            "render --all --check",
        ],
    );
    let after = world.tree();
    assert_eq!(after.keys().count(), before.keys().count() + 1);
    let release = "applications/basket/releases/1/environments/staging/manifests.yaml";
    assert_eq!(after[BASKET], after[release]);
    assert!(after["argocd/v1alpha1/staging.yaml"] != before["argocd/v1alpha1/staging.yaml"]);
}

#[test]
fn a_check_ends_with_10_if_something_differs_and_changes_nothing() {
    let world = mended();
    let before = world.snapshot();
    world.fails("render --all --check", 10);
    world.fails("render -e staging --check -o json", 10);
    world.ok("render -e development --check");
    world.fails("render", 2);
    world.fails("render -e staging --all", 2);
    world.fails("render -e moon", 3);
    world.fails("render -g moon --check", 3);
    world.assert_untouched(&before);
}

#[test]
fn what_a_manifest_lock_keeps_is_neither_written_nor_counted() {
    let world = mended();
    world.ok("render --all");
    world.ok("lock -e staging -a courier --kind manifest --lock-id fix -m 'mended by hand'");
    world.file(COURIER, "mended: by hand\n");
    assert_told!(
        &world,
        "render_behind_a_lock",
        ["render --all --check", "render -e staging"],
    );
    assert_eq!(world.tree()[COURIER], text("mended: by hand\n"));
    world.ok("unlock -e staging -a courier --kind manifest --all");
    assert!(world.tree()[COURIER] != text("mended: by hand\n"));
    world.ok("render --all --check");
}

#[test]
fn a_render_is_an_operation_of_a_list_and_a_check_is_none() {
    let world = mended();
    let list = "- operation: render\n  environment: staging\n- operation: deploy\n  application: basket\n  environment: staging\n  version: 2\n";
    world.scratch("list.yaml", list);
    world.ok("apply -f ../scratch/list.yaml");
    world.ok("render -e staging --check");
    world.scratch(
        "check.yaml",
        "- operation: render\n  all: true\n  check: true\n",
    );
    world.fails("apply -f ../scratch/check.yaml", 2);
}
