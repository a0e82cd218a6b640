//! Every kind of lock from the first refusal to the deployment out of the queue.

use super::{assert_told, state};
use crate::shop::shop;
use crate::world::World;

/// Basket 2 waits for staging behind a lock of one kind and then one of another: only when both are gone is it deployed.
fn wait_for(world: &World, first: &str, second: &str) {
    let deployed = |expected| {
        assert_eq!(
            state(world, "staging", "basket"),
            expected,
            "{first}, then {second}"
        );
    };
    world.ok(&format!("lock {first} --lock-id one -m first"));
    world.ok("deploy -a basket -e staging --version 2");
    deployed("1 then 2");
    world.fails("deploy -a basket -e staging --version 2 --on-lock fail", 3);
    world.ok(&format!("lock {second} --lock-id two -m second"));
    let told = world.ok(&format!("unlock {first} --lock-id one"));
    assert!(
        told.contains("basket 2 stays queued for staging, behind "),
        "{told}"
    );
    assert!(
        told.contains("lock `two` (\"second\", Ada Signal, 1 min ago)"),
        "{told}"
    );
    deployed("1 then 2");
    let told = world.ok(&format!("unlock {second} --lock-id two"));
    assert!(
        told.contains("  deployed basket to staging from the queue: 1 → 2\n"),
        "{told}"
    );
    deployed("2");
}

const ENVIRONMENT: &str = "-e staging";
const APP: &str = "-e staging -a basket";
const TEAM: &str = "-e staging -t day-shift";
const GROUP: &str = "-g staging";

#[test]
fn an_environment_lock_holds_back_until_the_last_one_goes() {
    wait_for(&shop(), ENVIRONMENT, APP);
}

#[test]
fn an_app_lock_holds_back_until_the_last_one_goes() {
    wait_for(&shop(), APP, TEAM);
}

#[test]
fn a_team_lock_holds_back_until_the_last_one_goes() {
    wait_for(&shop(), TEAM, GROUP);
}

#[test]
fn a_group_lock_holds_back_until_the_last_one_goes() {
    wait_for(&shop(), GROUP, ENVIRONMENT);
}

#[test]
fn two_locks_of_one_kind_hold_back_until_the_last_one_goes() {
    wait_for(&shop(), APP, APP);
}

#[test]
fn a_train_fills_the_queue_and_an_unlock_empties_it() {
    let world = shop();
    assert_told!(
        &world,
        "queue_of_a_train",
        [
            "lock -e staging -a basket --lock-id leak -m 'memory leak'",
            "lock -e staging -t night-shift --lock-id trip -m 'team trip'",
            "release-train staging",
            "release-train staging",
            "prognosis staging",
            "release -a basket --manifests ../scratch/next",
            "release-train staging",
            "unlock -e staging -a basket --lock-id leak",
            "unlock -e staging -t night-shift --lock-id trip",
            "prognosis staging",
        ],
    );
    assert_eq!(state(&world, "staging", "basket"), "3");
    assert_eq!(state(&world, "staging", "courier"), "2");
}

#[test]
fn an_unlock_deploys_for_every_app_that_it_covered_and_no_other() {
    let world = shop();
    world.ok("lock -e staging --lock-id freeze -m x");
    world.ok("lock -e staging -a courier --lock-id leak -m x");
    world.ok("deploy -a basket -e staging --version 2");
    world.ok("deploy -a courier -e staging --version 2");
    world.ok("lock -g prod --lock-id sale -m x");
    world.ok("deploy -a basket -g prod --version 2");
    world.ok("unlock -e staging --lock-id freeze");
    assert_eq!(state(&world, "staging", "basket"), "2");
    assert_eq!(state(&world, "staging", "courier"), "1 then 2");
    assert_eq!(state(&world, "prod-ca", "basket"), "1 then 2");
    world.ok("unlock -g prod --lock-id sale");
    assert_eq!(state(&world, "prod-ca", "basket"), "2");
    assert_eq!(state(&world, "prod-de", "basket"), "2");
}
