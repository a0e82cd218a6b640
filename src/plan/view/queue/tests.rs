//! Queues in small worlds.

use super::*;
use crate::plan::world::{World, context};

fn world() -> World {
    World::of(&[("staging", "dev"), ("dev", "latest")])
        .releases("web", 1..=3, &["dev", "staging"])
        .team("web", "red")
}

/// What waits, as `app on environment: version over what runs, behind locks`.
fn told(world: &World, focus: &Focus) -> Vec<String> {
    let context = context();
    let ground = Ground::survey(&world.0, &context).unwrap();
    let line = |waiting: &Waiting| {
        let Waiting {
            app, environment, ..
        } = waiting;
        let waits = match &waiting.waits {
            Linked::To(version) => version.to_string(),
            Linked::Nothing => "nothing".to_owned(),
            Linked::Broken(broken) => broken.to_string(),
        };
        let runs = waiting.runs.map(|version| format!(" over {version}"));
        let runs = runs.unwrap_or_default();
        let locks: Vec<_> = waiting
            .locks
            .iter()
            .map(|lock| lock.id.to_string())
            .collect();
        format!(
            "{app} on {environment}: {waits}{runs}, behind {}",
            locks.join(" ")
        )
    };
    let list = list(&world.0, &ground, focus).unwrap();
    list.waiting.iter().map(line).collect()
}

#[test]
fn whatever_waits_is_listed_with_every_lock_in_its_way() {
    let world = world()
        .runs("dev", "web", 1)
        .queues("dev", "web", 3)
        .queues("staging", "web", 2)
        .locked("dev", "freeze")
        .locked("dev/applications/web", "leak")
        .locked("dev/teams/red", "trip")
        .locked("dev/teams/blue", "other");
    let expected = [
        "web on dev: 3 over 1, behind freeze leak trip",
        "web on staging: 2, behind ",
    ];
    assert_eq!(told(&world, &Focus::default()), expected);
}

#[test]
fn a_broken_link_is_told_and_stops_nothing() {
    let world = world().queues("dev", "web", 9).queues("staging", "web", 2);
    let expected = [
        "web on dev: `environments/dev/applications/web/queued_version` leads to release 9, which does not exist, behind ",
        "web on staging: 2, behind ",
    ];
    assert_eq!(told(&world, &Focus::default()), expected);
}

#[test]
fn a_focus_limits_apps_and_environments() {
    let world = world()
        .releases("api", 1..=2, &["dev"])
        .queues("dev", "api", 2)
        .queues("dev", "web", 2)
        .queues("staging", "web", 3);
    let red = Focus {
        team: Some("red".parse().unwrap()),
        environment: Some("dev".parse().unwrap()),
        ..Focus::default()
    };
    assert_eq!(told(&world, &red), ["web on dev: 2, behind "]);
    let api = Focus {
        app: Some("api".parse().unwrap()),
        ..Focus::default()
    };
    assert_eq!(told(&world, &api), ["api on dev: 2, behind "]);
}
