//! `trainyard release-train` and `trainyard prognosis`

use super::{assert_told, state, told};
use crate::shop::shop;
use crate::world::World;

#[test]
fn a_train_brings_what_runs_upstream_and_the_prognosis_has_said_so() {
    let world = shop();
    assert_told!(
        &world,
        "trains",
        [
            "prognosis staging",
            "release-train staging",
            "release-train staging",
            "prognosis prod",
            "release-train prod",
            "release-train prod",
        ],
    );
    for environment in ["staging", "prod-ca", "prod-de"] {
        for app in ["basket", "courier"] {
            assert_eq!(
                state(&world, environment, app),
                "2",
                "{app} on {environment}"
            );
        }
    }
}

/// A group and an environment that share a name; the environment is a member of another group.
fn twins() -> World {
    let world = shop();
    let config = |group: &str| {
        format!(r#"{{"upstream":{{"environment":"staging"}},"environmentGroup":"{group}"}}"#)
    };
    world.file("environments/prod/config.json", config("twins"));
    world
}

#[test]
fn a_target_is_a_group_or_else_an_environment_and_its_type_pins_it() {
    let world = twins();
    for (flags, target) in [
        ("prod", "group prod"),
        ("prod --target-type unknown", "group prod"),
        ("prod --target-type UNKNOWN", "group prod"),
        ("prod --target-type environment-group", "group prod"),
        ("prod --target-type ENVIRONMENTGROUP", "group prod"),
        ("prod --target-type group", "group prod"),
        ("prod --target-type environment", "environment prod"),
        ("prod --target-type ENVIRONMENT", "environment prod"),
        ("prod-de", "environment prod-de"),
        ("twins", "group twins"),
    ] {
        let said = world.ok(&format!("prognosis {flags}"));
        let first = format!("prognosis for the release train to {target}\n");
        assert!(said.starts_with(&first), "{flags}: {said}");
        let said = world.ok(&format!("-n release-train {flags}"));
        assert!(
            said.starts_with(&format!("release train to {target}\n")),
            "{flags}: {said}"
        );
    }
}

#[test]
fn a_train_of_a_team_takes_the_apps_of_that_team() {
    let world = shop();
    assert_told!(
        &world,
        "train_of_a_team",
        [
            "prognosis staging --team night-shift",
            "release-train staging -t night-shift"
        ],
    );
    assert_eq!(state(&world, "staging", "basket"), "1");
    assert_eq!(state(&world, "staging", "courier"), "2");
}

#[test]
fn a_lock_queues_skips_or_stops_a_train() {
    let world = shop();
    world.ok("lock -e staging -a basket --lock-id leak -m 'memory leak'");
    world.ok("lock -e staging -t night-shift --lock-id trip -m 'team trip'");
    world.ok("lock -e prod-ca --lock-id sale -m 'sale until Sunday'");
    let before = world.snapshot();
    assert_told!(
        &world,
        "trains_with_locks_that_do_not_depart",
        [
            "release-train staging --on-lock fail",
            "prognosis staging --on-lock fail",
            "release-train prod --on-lock fail",
            "release-train staging --on-lock skip",
            "prognosis staging --on-lock skip",
        ],
    );
    world.assert_untouched(&before);
    assert_told!(
        &world,
        "trains_with_locks",
        [
            "prognosis staging --on-lock queue",
            "release-train staging",
            "release-train prod",
        ],
    );
    assert_eq!(state(&world, "staging", "basket"), "1 then 2");
    assert_eq!(state(&world, "prod-ca", "courier"), "nothing");
    assert_eq!(state(&world, "prod-de", "courier"), "1");
}

#[test]
fn every_reason_to_leave_something_out_is_told() {
    let world = shop();
    world.file("environments/canary/config.json", "{}");
    world.file("environments/lab/config.json", r#"{"upstream":{}}"#);
    world.ok("lock -e prod-de -a courier --lock-id leak -m x");
    world.remove("applications/basket/releases/1/environments/prod-de/manifests.yaml");
    world.file("environments/staging/applications/kiosk/notes", "x");
    assert_told!(
        &world,
        "reasons",
        [
            "prognosis canary",
            "prognosis lab",
            "prognosis prod",
            "prognosis development",
        ],
    );
}

#[test]
fn a_prognosis_tells_by_its_exit_code_whether_changes_are_pending_if_asked() {
    let world = shop();
    let before = world.snapshot();
    world.fails("prognosis staging --detailed-exitcode", 10);
    world.fails("prognosis staging --detailed-exitcode -o json", 10);
    world.fails("prognosis staging --detailed-exitcode -o kuberpult", 10);
    world.ok("prognosis staging");
    world.ok("prognosis development --detailed-exitcode");
    world.fails("prognosis moon --detailed-exitcode", 3);
    world.assert_untouched(&before);
    world.ok("lock -e staging -a basket --lock-id leak -m x");
    world.ok("lock -e staging -a courier --lock-id leak -m x");
    world.fails("prognosis staging --detailed-exitcode", 10);
    world.ok("prognosis staging --detailed-exitcode --on-lock skip");
    world.ok("release-train staging");
    world.ok("prognosis staging --detailed-exitcode");
}

#[test]
fn a_train_to_an_environment_without_apps_upstream_says_so() {
    let world = shop();
    world.file(
        "environments/lab/config.json",
        r#"{"upstream":{"environment":"load-test"}}"#,
    );
    let said = told(&world, "release-train lab");
    assert_eq!(
        said,
        "$ trainyard release-train lab\nrelease train to environment lab\n\
         lab: 0 deployed, 0 skipped, 0 up to date with load-test\nnothing changed\n"
    );
}
