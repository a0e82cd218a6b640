//! What a train leaves out, and the cause that it names.

use super::*;
use crate::state::environment::NoUpstream;

#[test]
fn an_environment_without_a_usable_upstream_is_skipped_whether_locked_or_not() {
    for (config, cause) in [
        ("{}", "ENV_HAS_NO_UPSTREAM"),
        (
            r#"{"upstream":{}}"#,
            "ENV_HAS_NO_UPSTREAM_LATEST_OR_UPSTREAM_ENV",
        ),
        (
            r#"{"upstream":{"latest":true,"environment":"dev"}}"#,
            "ENV_HAS_BOTH_UPSTREAM_LATEST_AND_UPSTREAM_ENV",
        ),
        (
            r#"{"upstream":{"environment":"gone"}}"#,
            "UPSTREAM_ENV_CONFIG_NOT_FOUND",
        ),
        (
            r#"{"upstream":{"environment":"staging"}}"#,
            "ENV_UPSTREAMS_FORM_A_CYCLE",
        ),
        ("{", "ENV_CONFIG_IS_INVALID"),
    ] {
        let world = world().config("staging", config);
        let expected = format!("staging: {cause}");
        check(&world, &to("staging"), &[&expected]);
        check(
            &world.clone().locked("staging", "l1"),
            &to("staging"),
            &[&expected],
        );
        check_run(&world.locked("staging", "l1"), &to("staging"), &[]);
    }
    check(
        &world().locked("staging", "l1"),
        &to("staging"),
        &["staging: ENV_IS_LOCKED"],
    );
}

#[test]
fn a_locked_environment_is_skipped_whole_and_nothing_is_queued() {
    let group = World::of(&[("dev", "latest")])
        .group("prod", &[("ca", "dev"), ("de", "dev")])
        .releases("web", 1..=2, &["dev", "ca", "de"])
        .runs("dev", "web", 2)
        .locked("ca", "l1")
        .locked("ca/applications/web", "l1");
    check(&group, &to("prod"), &["ca: ENV_IS_LOCKED", "de web: 2"]);
    check_run(&group, &to("prod"), &["+ de runs web 2"]);
}

/// Each step takes the foremost hindrance away; the next one shows.
#[test]
fn the_first_cause_in_order_hides_the_others() {
    let both = ["dev", "staging"];
    let bare = || {
        World::of(&[("dev", "latest"), ("staging", "dev")])
            .team("web", "red")
            .release("web", 1, &both)
            .release("web", 2, &["dev"])
    };
    let all = bare()
        .locked(RED, "l1")
        .locked(WEB, "l1")
        .locked("dev/applications/web", "l1");
    check(
        &all.clone().team("job", "blue"),
        &of_team("blue", to("staging")),
        &[],
    );
    check(
        &all,
        &to("staging"),
        &["staging web: APP_HAS_NO_VERSION_IN_UPSTREAM_ENV"],
    );
    let there = all.runs("dev", "web", 2).runs("staging", "web", 2);
    check(
        &there,
        &to("staging"),
        &["staging web: APP_ALREADY_IN_UPSTREAM_VERSION"],
    );
    let behind = there.runs("staging", "web", 1);
    check(&behind, &to("staging"), &["staging web: APP_IS_LOCKED"]);
    let open = || bare().runs("dev", "web", 2).runs("staging", "web", 1);
    let team_locked = open().locked(RED, "l1");
    check(
        &team_locked,
        &to("staging"),
        &["staging web: APP_DOES_NOT_EXIST_IN_ENV"],
    );
    let meant = team_locked.release("web", 2, &both);
    check(&meant, &to("staging"), &["staging web: TEAM_IS_LOCKED"]);
    check(
        &open().release("web", 2, &both),
        &to("staging"),
        &["staging web: 2"],
    );
}

#[test]
fn causes_have_the_numbers_of_the_protocol() {
    let lock = || EnvironmentSkip::Locked(Vec::new());
    let none = |why| EnvironmentSkip::NoUpstream(why);
    let environment = [
        none(NoUpstream::Missing),
        none(NoUpstream::Empty),
        none(NoUpstream::Both),
        none(NoUpstream::Unknown(String::new())),
        lock(),
    ];
    let numbers = environment.iter().map(|skip| skip.cause().number);
    assert!(numbers.eq((0..5).map(Some)));
    let version = Version::new(1);
    let held = || Held {
        version,
        queue: QueueMove::None,
        locks: Vec::new(),
    };
    let app = [
        AppSkip::NothingUpstream,
        AppSkip::AlreadyThere(version),
        AppSkip::AppLocked(held()),
        AppSkip::NotInEnvironment(version),
        AppSkip::TeamLocked(held()),
    ];
    let numbers = app.iter().map(|skip| skip.cause().number);
    assert!(numbers.eq([0, 1, 2, 3, 5].map(Some)));
}

#[test]
fn a_broken_link_stops_its_app_alone() {
    let both = ["dev", "staging"];
    let world = world().release("api", 1, &both).runs("dev", "api", 1);
    let broken = ["staging api: 1", "staging web: APP_LINK_IS_BROKEN"];
    check(
        &world.clone().runs("staging", "web", 9),
        &to("staging"),
        &broken,
    );
    check(
        &world.clone().runs("dev", "web", 9),
        &to("staging"),
        &broken,
    );
    let foreign = "->../../../../applications/api/releases/1";
    let foreign = world.file("environments/dev/applications/web/version", foreign);
    check(&foreign, &to("staging"), &broken);
    check_run(&foreign, &to("staging"), &["+ staging runs api 1"]);
    let prognosis = foreseen(&foreign, &to("staging")).unwrap();
    let words = prognosis.apps().find_map(|(_, _, app)| match &app.fate {
        AppFate::Skipped(skip) => Some(skip.to_string()),
        AppFate::Deploys { .. } => None,
    });
    assert!(
        words
            .unwrap()
            .starts_with("`environments/dev/applications/web/version` leads to ")
    );
}

#[test]
fn a_broken_environment_stops_nobody_else() {
    let world = world()
        .config(
            "staging",
            r#"{"upstream":{"environment":"dev"},"environmentGroup":"g"}"#,
        )
        .config(
            "alone",
            r#"{"upstream":{"environment":"gone"},"environmentGroup":"g"}"#,
        );
    let expected = ["alone: UPSTREAM_ENV_CONFIG_NOT_FOUND", "staging web: 2"];
    check(&world, &to("g"), &expected);
    assert!(foreseen(&world, &to("g")).unwrap().faults().is_empty());
    assert_eq!(foreseen(&world, &to("alone")).unwrap().faults().len(), 1);
}

#[test]
fn a_release_with_a_revision_is_not_carried_on() {
    let world = world()
        .file(
            "applications/web/releases/3.1/environments/staging/manifests.yaml",
            "a: 1",
        )
        .file(
            "environments/dev/applications/web/version",
            &crate::plan::world::link_to("web", "3.1"),
        );
    check(
        &world,
        &to("staging"),
        &["staging web: APP_VERSION_HAS_REVISION"],
    );
    check_run(&world, &to("staging"), &[]);
}
