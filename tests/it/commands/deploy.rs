//! `trainyard deploy`

use super::{assert_told, state};
use crate::shop::shop;
use crate::world::text;

#[test]
fn a_release_goes_to_an_environment_or_to_a_group() {
    let world = shop();
    assert_told!(
        &world,
        "deploys",
        [
            "deploy -a basket -e staging --version 2",
            "deploy -a basket -e staging --version 2",
            "deploy -a basket -e staging --version 1",
            "deploy -a basket -g prod --version 2",
            "deploy -a courier -g prod --version 1",
            "deploy -a courier -g prod --version 1",
        ],
    );
    assert_eq!(state(&world, "staging", "basket"), "1");
    assert_eq!(state(&world, "prod-ca", "basket"), "2");
    assert_eq!(state(&world, "prod-de", "courier"), "1");
    let tree = world.tree();
    let folder = "environments/prod-ca/applications/basket";
    for (file, content) in [
        ("deployed_by", "Ada Signal"),
        ("deployed_by_email", "ada@signals.example"),
        ("deployed_at_utc", "2026-03-02 08:04:00 +0000 UTC"),
    ] {
        assert_eq!(tree[&format!("{folder}/{file}")], text(content));
    }
    let release = "applications/basket/releases/2/environments/prod-ca/manifests.yaml";
    assert_eq!(
        tree[&format!("{folder}/manifests/manifests.yaml")],
        tree[release]
    );
    assert!(tree.contains_key("argocd/v1alpha1/prod-ca.yaml"));
}

#[test]
fn a_lock_in_the_way_queues_refuses_or_is_ignored() {
    let world = shop();
    world.ok("lock -e staging --lock-id freeze -m 'no changes'");
    world.ok("lock -e staging -a basket --lock-id leak -m 'memory leak'");
    world.ok("lock -e staging -t day-shift --lock-id audit -m 'yearly audit'");
    assert_told!(
        &world,
        "deploys_behind_locks",
        [
            "deploy -a basket -e staging --version 2",
            "deploy -a basket -e staging --version 2",
            "deploy -a basket -e staging --version 2 --on-lock fail",
            "deploy -a basket -e staging --version 1 --on-lock fail",
            "deploy -a basket -e staging --version 2 --on-lock ignore",
            "deploy -a basket -e staging --version 1 --on-lock queue",
        ],
    );
    assert_eq!(state(&world, "staging", "basket"), "2 then 1");
}

#[test]
fn the_last_deployment_wins_the_queue_and_a_real_one_empties_it() {
    let world = shop();
    world.ok("release -a basket --manifests ../scratch/next");
    world.ok("lock -e staging --lock-id freeze -m x");
    world.ok("deploy -a basket -e staging --version 2");
    assert_eq!(state(&world, "staging", "basket"), "1 then 2");
    let told = world.ok("deploy -a basket -e staging --version 3");
    assert!(
        told.starts_with(
            "queued basket 3 for staging, in place of 2, behind environment lock `freeze`"
        ),
        "{told}"
    );
    assert_eq!(state(&world, "staging", "basket"), "1 then 3");
    world.ok("deploy -a basket -e staging --version 2 --on-lock ignore");
    assert_eq!(state(&world, "staging", "basket"), "2");
}

#[test]
fn a_group_is_deployed_to_as_a_whole_or_not_at_all() {
    let world = shop();
    world.ok("lock -e prod-de --lock-id sale -m 'sale until Sunday'");
    let before = world.snapshot();
    assert_told!(
        &world,
        "deploys_to_a_group_with_a_lock",
        [
            "deploy -a basket -g prod --version 2 --on-lock fail",
            "-n deploy -a basket -g prod --version 2 --on-lock ignore",
            "-n deploy -a basket -g prod --version 2",
        ],
    );
    world.assert_untouched(&before);
    world.ok("deploy -a basket -g prod --version 2");
    assert_eq!(state(&world, "prod-ca", "basket"), "2");
    assert_eq!(state(&world, "prod-de", "basket"), "nothing then 2");
}
