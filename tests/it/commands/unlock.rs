//! `trainyard unlock`

use super::{assert_told, state};
use crate::shop::shop;

#[test]
fn locks_go_by_id_or_all_at_once() {
    let world = shop();
    for lock in [
        "lock -e staging --lock-id freeze -m 'no changes'",
        "lock -e staging --lock-id audit -m 'yearly audit'",
        "lock -e staging -a basket --lock-id leak -m 'memory leak'",
        "lock -e staging -t day-shift --lock-id trip -m 'team trip'",
        "lock -g prod --lock-id sale -m 'sale until Sunday'",
        "lock -e prod-de --lock-id move -m 'new cluster'",
    ] {
        world.ok(lock);
    }
    assert_told!(
        &world,
        "unlocks",
        [
            "unlock -e staging --lock-id freeze",
            "unlock -e staging -a basket --all",
            "unlock -e staging -t day-shift --lock-id trip",
            "unlock -e staging --all",
            "unlock -e staging --all",
            "unlock -e prod-ca --lock-id sale",
            "unlock -g prod --lock-id sale",
            "unlock -g prod --all",
            "unlock -g prod --all",
            "unlock -g prod --lock-id sale",
        ],
    );
    let locks: Vec<_> = world
        .tree()
        .into_keys()
        .filter(|path| path.contains("/locks/"))
        .collect();
    assert!(locks.is_empty(), "{locks:?}");
}

#[test]
fn the_queue_is_left_as_it_is_when_asked() {
    let world = shop();
    world.ok("lock -e staging --lock-id freeze -m 'no changes'");
    world.ok("deploy -a basket -e staging --version 2");
    assert_told!(
        &world,
        "unlock_that_keeps_the_queue",
        [
            "unlock -e staging --lock-id freeze --keep-queue",
            "lock -e staging -a basket --lock-id leak -m 'memory leak'",
            "unlock -e staging -a basket --all --keep-queue",
        ],
    );
    assert_eq!(state(&world, "staging", "basket"), "1 then 2");
}

#[test]
fn what_cannot_be_deployed_from_the_queue_is_dropped() {
    let world = shop();
    world.ok("lock -e staging --lock-id freeze -m 'no changes'");
    let folder = "environments/staging/applications";
    world.link(
        &format!("{folder}/basket/queued_version"),
        "../../../../applications/basket/releases/1",
    );
    world.link(
        &format!("{folder}/courier/queued_version"),
        "../../../../applications/courier/releases/2",
    );
    world.remove("applications/courier/releases/2/environments/staging/manifests.yaml");
    assert_told!(
        &world,
        "unlock_that_drops",
        ["unlock -e staging --lock-id freeze"]
    );
    assert_eq!(state(&world, "staging", "basket"), "1");
    assert_eq!(state(&world, "staging", "courier"), "1");
}
