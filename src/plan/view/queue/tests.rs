//! Queues in small worlds.

use super::*;
use crate::plan::world::{World, context};
use crate::tree::{CommitFacts, MemoryPast};

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
    let past = MemoryPast(vec![(CommitFacts::default(), world.0.clone())]);
    let list = list(&world.0, &past, &ground, focus).unwrap();
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

#[test]
fn the_longest_wait_is_first() {
    let at = |seconds, world: &World| {
        let commit = CommitFacts {
            seconds,
            ..CommitFacts::default()
        };
        (commit, world.0.clone())
    };
    let first = world().queues("staging", "web", 1);
    let second = world().queues("staging", "web", 2);
    let third = world().queues("staging", "web", 2).queues("dev", "web", 3);
    let fourth = world()
        .queues("staging", "web", 2)
        .queues("dev", "web", 3)
        .locked("dev", "x");
    let past = MemoryPast(vec![
        at(10, &first),
        at(20, &second),
        at(30, &third),
        at(40, &fourth),
    ]);
    let context = context();
    let ground = Ground::survey(&fourth.0, &context).unwrap();
    let list = list(&fourth.0, &past, &ground, &Focus::default()).unwrap();
    let told = list.waiting.iter().map(|waiting| {
        let since = waiting.since.unwrap();
        assert!(!since.or_longer);
        format!("{} {}", waiting.environment, since.at.seconds())
    });
    assert_eq!(told.collect::<Vec<_>>(), ["staging 20", "dev 30"]);
}

#[test]
fn where_the_history_ends_a_wait_may_be_longer() {
    let commit = CommitFacts {
        seconds: 10,
        ..CommitFacts::default()
    };
    let since = WaitsSince::of(&Since::BeforeOrAt(commit.clone()));
    let now = Moment::parse("7200").unwrap();
    assert_eq!(since.age(now), "1 h ago or before");
    assert_eq!(WaitsSince::of(&Since::Commit(commit)).age(now), "1 h ago");
}
