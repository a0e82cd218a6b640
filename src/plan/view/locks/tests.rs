//! Locks in small worlds.

use super::*;
use crate::plan::world::{World, context};

fn world() -> World {
    World::of(&[("dev", "latest")])
        .group("prod", &[("prod-de", "staging"), ("prod-ca", "staging")])
        .config("staging", r#"{"upstream":{"environment":"dev"}}"#)
        .releases("web", 1..=2, &["dev", "staging", "prod-de", "prod-ca"])
        .releases("api", 1..=2, &["dev", "staging"])
        .team("web", "red")
        .team("api", "blue")
}

/// Each lock as `scope id: apps that wait`.
fn told(world: &World, focus: &Focus) -> Vec<String> {
    let context = context();
    let ground = Ground::survey(&world.0, &context).unwrap();
    let list = list(&world.0, &ground, focus).unwrap();
    let line = |listed: &ListedLock| {
        let waiting: Vec<_> = listed.waiting.iter().map(ToString::to_string).collect();
        let lock = &listed.lock;
        format!("{} {}: {}", lock.scope, lock.id, waiting.join(" "))
    };
    list.locks.iter().map(line).collect()
}

fn placed_at(world: World, place: &str, id: &str, at: &str) -> World {
    let path = format!("environments/{place}/locks/{id}/created_at");
    world.locked(place, id).file(&path, at)
}

#[test]
fn the_oldest_lock_is_first_and_one_of_unknown_age_last() {
    let world = placed_at(world(), "dev", "old", "2024-01-01T00:00:00Z");
    let world = placed_at(world, "prod-ca", "ancient", "2023-01-01T00:00:00Z");
    let world = placed_at(world, "dev/teams/red", "unknown", "some day");
    let expected = [
        "prod-ca ancient: ",
        "dev old: ",
        "staging now: ",
        "team red on dev unknown: ",
    ];
    assert_eq!(
        told(&world.locked("staging", "now"), &Focus::default()),
        expected
    );
}

#[test]
fn a_lock_tells_what_waits_for_it() {
    let world = world()
        .queues("staging", "web", 2)
        .queues("staging", "api", 2)
        .queues("dev", "api", 2)
        .locked("staging", "all")
        .locked("staging/applications/api", "one")
        .locked("staging/teams/red", "team");
    let fix = "environments/staging/applications/web/manifest_locks/fix/message";
    let manifest = world.file(fix, "by hand");
    let expected = [
        "staging all: api web",
        "team red on staging team: web",
        "api on staging one: api",
        "the manifest of web on staging fix: ",
    ];
    assert_eq!(told(&manifest, &Focus::default()), expected);
}

#[test]
fn a_focus_shows_what_concerns_it() {
    let world = world()
        .locked("dev", "dev")
        .locked("prod-de", "de")
        .locked("dev/teams/red", "red")
        .locked("dev/teams/blue", "blue")
        .locked("dev/applications/web", "web")
        .locked("dev/applications/api", "api");
    let ids = |focus: Focus| -> Vec<String> {
        let told = told(&world, &focus).into_iter();
        let id = |line: String| {
            line.trim_end_matches(": ")
                .rsplit(' ')
                .next()
                .map(str::to_owned)
        };
        told.filter_map(id).collect()
    };
    let web = Focus {
        app: Some("web".parse().unwrap()),
        ..Focus::default()
    };
    assert_eq!(ids(web), ["dev", "red", "web", "de"]);
    let blue = Focus {
        team: Some("blue".parse().unwrap()),
        ..Focus::default()
    };
    assert_eq!(ids(blue), ["dev", "blue", "api", "de"]);
    let prod = Focus {
        group: Some("prod".parse().unwrap()),
        ..Focus::default()
    };
    assert_eq!(ids(prod), ["de"]);
    let dev = Focus {
        environment: Some("dev".parse().unwrap()),
        ..Focus::default()
    };
    assert_eq!(ids(dev), ["dev", "blue", "red", "api", "web"]);
}

#[test]
fn an_unknown_name_is_an_error_with_the_nearest() {
    let world = world();
    let context = context();
    let ground = Ground::survey(&world.0, &context).unwrap();
    for focus in [
        Focus {
            app: Some("wep".parse().unwrap()),
            ..Focus::default()
        },
        Focus {
            environment: Some("stagin".parse().unwrap()),
            ..Focus::default()
        },
        Focus {
            group: Some("prot".parse().unwrap()),
            ..Focus::default()
        },
        Focus {
            team: Some("rad".parse().unwrap()),
            ..Focus::default()
        },
    ] {
        let error = list(&world.0, &ground, &focus).unwrap_err();
        let refusal: &crate::plan::Refusal = error.downcast_ref().unwrap();
        assert!(
            refusal.hint().unwrap().starts_with("did you mean `"),
            "{focus:?}: {error}"
        );
    }
}
