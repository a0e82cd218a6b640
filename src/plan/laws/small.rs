//! Small worlds, tried out to the end: every sequence of operations, as states that are reached more than once need one look.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Model, Source};
use super::operation::{Destination, Journey, KeepQueue, Locked, Operation};
use super::sequence::step;
use crate::plan::deploy::WhenLocked;
use crate::plan::train::{OnLock, TargetKind};
use crate::plan::world::World;

/// Two environments in a row and in one group, two apps of which one has a team, three versions of which the first runs.
fn start() -> (Model, World) {
    let dev = (Source::Latest, Some("all"));
    let prod = (Source::Environment("dev"), Some("all"));
    let mut model = Model::of(BTreeMap::from([("dev", dev), ("prod", prod)]));
    let mut world = model.world();
    let release = |app, version| Operation::Release {
        app,
        version: Some(version),
        team: (app == "web").then_some("red"),
        manifests: BTreeMap::from([("dev", "a: 1"), ("prod", "a: 1")]),
    };
    for app in ["api", "web"] {
        for version in 1..=3 {
            model = step(&model, &mut world, &release(app, version));
        }
        for name in ["dev", "prod"] {
            model = step(&model, &mut world, &deploy(app, name, 1));
        }
    }
    (model, world)
}

fn deploy(app: &'static str, name: &'static str, version: u64) -> Operation {
    Operation::Deploy {
        app,
        target: Destination::Environment(name),
        version,
        when_locked: WhenLocked::Queue,
    }
}

fn ignoring(app: &'static str, name: &'static str, version: u64) -> Operation {
    Operation::Deploy {
        app,
        target: Destination::Environment(name),
        version,
        when_locked: WhenLocked::Ignore,
    }
}

fn lock_and_unlock(on: Locked, id: &'static str) -> [Operation; 2] {
    [
        Operation::Lock(on, id),
        Operation::Unlock(on, Some(id), KeepQueue::No),
    ]
}

fn train(target: &'static str) -> Operation {
    Operation::Train(Journey {
        target,
        kind: TargetKind::Unknown,
        team: None,
        on_lock: OnLock::Queue,
    })
}

/// Tries every sequence of so many operations, and returns how many states they reach.
fn try_out(operations: &[Operation], longest: usize) -> usize {
    let start = start();
    let mut seen = BTreeSet::from([start.0.picture.clone()]);
    let mut reached = vec![start];
    for _ in 0..longest {
        if reached.is_empty() {
            break;
        }
        let mut next = Vec::new();
        for (model, world) in &reached {
            for operation in operations {
                let mut world = world.clone();
                let model = step(model, &mut world, operation);
                if seen.insert(model.picture.clone()) {
                    next.push((model, world));
                }
            }
        }
        reached = next;
    }
    seen.len()
}

#[test]
fn queue_and_locks_of_one_app_follow_the_rules_however_long_it_goes_on() {
    let mut operations = vec![
        deploy("web", "prod", 1),
        deploy("web", "prod", 2),
        deploy("web", "prod", 3),
        ignoring("web", "prod", 3),
        Operation::Unlock(Locked::Environment("prod"), Some("l1"), KeepQueue::Yes),
        Operation::Unlock(Locked::Environment("prod"), None, KeepQueue::No),
    ];
    for (on, id) in [
        (Locked::Environment("prod"), "l1"),
        (Locked::App("prod", "web"), "l1"),
        (Locked::Team("prod", "red"), "l1"),
        (Locked::Group("all"), "l2"),
    ] {
        operations.extend(lock_and_unlock(on, id));
    }
    // 24 sets of locks (that of the group goes on `prod` alone, or on both), three versions that run, and either of the
    // others or none in the queue.
    assert_eq!(try_out(&operations, usize::MAX), 24 * 3 * 3);
}

#[test]
fn three_operations_on_two_apps_and_two_environments_follow_the_rules() {
    let mut operations = vec![train("dev"), train("prod"), train("all")];
    for name in ["dev", "prod"] {
        for app in ["api", "web"] {
            operations.extend((1..=3).map(|version| deploy(app, name, version)));
            operations.extend(lock_and_unlock(Locked::App(name, app), "l1"));
        }
        operations.extend(lock_and_unlock(Locked::Environment(name), "l1"));
        operations.extend(lock_and_unlock(Locked::Team(name, "red"), "l1"));
    }
    operations.extend(lock_and_unlock(Locked::Group("all"), "l1"));
    let states = try_out(&operations, 3);
    assert!(states > 1000, "{states}");
}
