//! Questions in small worlds.

use super::*;
use crate::plan::world::{World, context, link_to};

fn world() -> World {
    World::of(&[("dev", "latest"), ("staging", "dev"), ("lost", "none")])
        .releases("web", 1..=2, &["dev", "staging", "lost"])
        .release("web", 3, &["dev"])
        .team("web", "red")
}

/// The answer: the version and all reasons.
#[track_caller]
fn check(world: &World, environment: &str, version: Option<u64>, expected: &[&str]) {
    let context = context();
    let ground = Ground::survey(&world.0, &context).unwrap();
    let question = Question {
        app: "web".parse().unwrap(),
        environment: environment.parse().unwrap(),
        version: version.map(Version::new),
    };
    let answer = ask(&world.0, &ground, &question).unwrap();
    let known = answer
        .version
        .map_or("unknown".to_owned(), |version| version.to_string());
    let obstacles = answer.obstacles.iter().map(|obstacle| match obstacle {
        Obstacle::Locked(lock) => lock.id.to_string(),
        other => other.to_string(),
    });
    let told: Vec<_> = std::iter::once(known).chain(obstacles).collect();
    assert_eq!(told, expected);
    assert_eq!(answer.is_given(), expected.len() == 1);
}

#[test]
fn what_the_next_train_would_bring_is_asked_for() {
    check(&world(), "dev", None, &["3"]);
    check(&world().runs("dev", "web", 2), "staging", None, &["2"]);
    check(
        &world().runs("dev", "web", 2).runs("staging", "web", 2),
        "staging",
        None,
        &["2"],
    );
}

#[test]
fn every_reason_is_told() {
    let world = world()
        .runs("dev", "web", 3)
        .locked("staging", "freeze")
        .locked("staging/applications/web", "leak")
        .locked("staging/teams/red", "trip")
        .locked("staging/teams/blue", "other");
    let none = "release 3 has no manifest for it";
    check(
        &world,
        "staging",
        None,
        &["3", none, "freeze", "leak", "trip"],
    );
    check(&world, "staging", Some(1), &["1", "freeze", "leak", "trip"]);
}

#[test]
fn locks_do_not_matter_to_what_runs_already() {
    let world = world()
        .runs("dev", "web", 2)
        .runs("staging", "web", 2)
        .locked("staging", "freeze")
        .locked("staging/applications/web", "leak");
    check(&world, "staging", None, &["2"]);
    check(&world, "staging", Some(2), &["2"]);
    check(&world, "staging", Some(1), &["1", "freeze", "leak"]);
}

#[test]
fn where_nothing_can_come_from_the_answer_is_no() {
    check(
        &world(),
        "lost",
        None,
        &["unknown", "no upstream configured"],
    );
    check(&world(), "lost", Some(1), &["1"]);
    check(
        &world(),
        "staging",
        None,
        &["unknown", "nothing runs on dev, its upstream"],
    );
    let torn = world().config("staging", "{");
    let why = "`environments/staging/config.json`: EOF while parsing an object at line 1 column 1";
    check(&torn, "staging", None, &["unknown", why]);
    check(&torn, "staging", Some(1), &["1", why]);
    let link = "environments/dev/applications/web/version";
    let broken = world().file(link, &link_to("web", 9));
    let why = format!("`{link}` leads to release 9, which does not exist");
    check(&broken, "staging", None, &["unknown", &why]);
}

#[test]
fn a_manifest_lock_is_no_obstacle_but_told() {
    let fix = "environments/dev/applications/web/manifest_locks/fix/message";
    let world = world().file(fix, "by hand");
    let context = context();
    let ground = Ground::survey(&world.0, &context).unwrap();
    let question = Question {
        app: "web".parse().unwrap(),
        environment: "dev".parse().unwrap(),
        version: None,
    };
    let answer = ask(&world.0, &ground, &question).unwrap();
    assert!(answer.is_given());
    assert_eq!(answer.keeping.len(), 1);
}

#[test]
fn a_cause_has_the_name_that_a_train_gives_it() {
    let both = r#"{"upstream":{"latest":true,"environment":"dev"}}"#;
    let world = world()
        .config("both", both)
        .config("gone", r#"{"upstream":{"environment":"nowhere"}}"#)
        .config("bad", "{")
        .runs("dev", "web", 3);
    let context = context();
    let ground = Ground::survey(&world.0, &context).unwrap();
    let causes = |environment: &str| -> Vec<&str> {
        let question = Question {
            app: "web".parse().unwrap(),
            environment: environment.parse().unwrap(),
            version: None,
        };
        let answer = ask(&world.0, &ground, &question).unwrap();
        answer.obstacles.iter().map(Obstacle::name).collect()
    };
    for (environment, cause) in [
        ("lost", "ENV_HAS_NO_UPSTREAM"),
        ("both", "ENV_HAS_BOTH_UPSTREAM_LATEST_AND_UPSTREAM_ENV"),
        ("gone", "UPSTREAM_ENV_CONFIG_NOT_FOUND"),
        ("bad", "ENV_CONFIG_IS_INVALID"),
        ("staging", "APP_DOES_NOT_EXIST_IN_ENV"),
    ] {
        assert_eq!(causes(environment), [cause], "{environment}");
    }
}
