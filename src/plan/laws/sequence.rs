//! Sequences of operations on sound repositories: the planner and the model of the rules never differ.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::hold;
use super::model::{Model, Setup, Source};
use super::operation::{Names, Operation, operations};
use super::picture::Picture;
use super::repository::{GROUPS, TEAMS};
use crate::plan::world::World;

/// Few names, so that operations meet each other: two environments or three.
const FEW: [Names; 2] = [
    Names {
        apps: &["api", "web"],
        environments: &["dev", "prod-de"],
    },
    Names {
        apps: &["api", "web"],
        environments: &["dev", "prod-de", "staging"],
    },
];

type Case = (
    BTreeMap<&'static str, Setup>,
    Vec<Operation>,
    Vec<Operation>,
);

fn cases() -> impl Strategy<Value = Case> {
    select(&FEW[..]).prop_flat_map(|names| {
        (
            environments(names),
            stock(names),
            vec(operations(names), 1..40),
        )
    })
}

/// Sound environments: each takes its versions from `latest`, from one before it, or from nowhere.
fn environments(names: Names) -> impl Strategy<Value = BTreeMap<&'static str, Setup>> {
    let names = names.environments;
    let setup = |(place, name): (usize, &&'static str)| {
        let earlier = names[..place].iter().copied();
        let mut sources: Vec<_> = earlier
            .map(Source::Environment)
            .collect::<Vec<_>>()
            .repeat(3);
        sources.extend([Source::Latest, Source::Latest, Source::Nowhere]);
        let group = option::weighted(0.6, select(&GROUPS[..]));
        (Just(*name), (select(sources), group))
    };
    let setups: Vec<_> = names.iter().enumerate().map(setup).collect();
    setups.prop_map(BTreeMap::from_iter)
}

/// Releases to begin with, so that there is something to move and to clean up.
fn stock(names: Names) -> impl Strategy<Value = Vec<Operation>> {
    (4..10_u64, 4..10_u64, select(&TEAMS[..])).prop_map(move |(api, web, team)| {
        let release = |app, number| {
            // Each differs from the one before it, or it would be minor and stay.
            let text = if number % 2 == 0 { "a: 1" } else { "a: 3" };
            let manifests = names.environments.iter().map(|name| (*name, text));
            Operation::Release {
                app,
                version: Some(number),
                team: (app == "web").then_some(team),
                manifests: manifests.collect(),
            }
        };
        let api = (1..=api).map(|number| release("api", number));
        api.chain((1..=web).map(|number| release("web", number)))
            .collect()
    })
}

/// Carries the operation out in the model and in the planner, and compares.
#[track_caller]
pub(super) fn step(model: &Model, world: &mut World, operation: &Operation) -> Model {
    let mut predicted = model.clone();
    let verdict = predicted.apply(operation);
    let result = operation.run(&mut world.0);
    assert_eq!(
        verdict.is_ok(),
        result.is_ok(),
        "{operation:?} comes to {:?}, on {:#?}",
        result.map(|outcome| outcome.done),
        model.picture
    );
    let expected = verdict.map_or(model.clone(), |()| predicted);
    let picture = Picture::of(&world.0);
    assert_eq!(
        picture, expected.picture,
        "after {operation:?} on {:#?}",
        model.picture
    );
    expected
}

/// What a step came to, as phrases such as `train queues`.
fn effects(operation: &Operation, before: &Model, after: &Model) -> Vec<String> {
    let verb = match operation {
        Operation::Release { .. } => "release",
        Operation::Deploy { .. } => "deploy",
        Operation::Lock(..) => "lock",
        Operation::Unlock(..) => "unlock",
        Operation::Train(_) => "train",
        Operation::Undeploy(_) => "undeploy",
        Operation::DeleteApp(_) => "delete",
        Operation::RemoveApp(..) => "remove",
    };
    let (before, after) = (&before.picture, &after.picture);
    let moved = before.runs != after.runs;
    let queues = after
        .queue
        .iter()
        .any(|(place, link)| before.queue.get(place) != Some(link));
    let drops = before.queue.keys().any(|place| {
        !after.queue.contains_key(place) && before.runs.get(place) == after.runs.get(place)
    });
    let count = |picture: &Picture| picture.releases.values().map(BTreeMap::len).sum::<usize>();
    let cleans_up = count(after) < count(before) + usize::from(verb == "release" && moved);
    let effects = [
        (moved, "deploys"),
        (queues, "queues"),
        (drops, "drops from the queue"),
        (moved && cleans_up, "cleans up"),
        (after.runs.len() < before.runs.len(), "ends"),
        (after.minor.len() > before.minor.len(), "is minor"),
        (before == after, "changes nothing"),
    ];
    let effects = effects.into_iter().filter(|(holds, _)| *holds);
    effects
        .map(|(_, effect)| format!("{verb} {effect}"))
        .collect()
}

#[test]
fn the_planner_does_what_the_rules_say_step_by_step() {
    let tallies = RefCell::new(BTreeMap::<String, u32>::new());
    hold(200, &cases(), |(environments, stock, operations)| {
        let mut model = Model::of(environments);
        let mut world = model.world();
        for operation in stock.iter().chain(&operations) {
            let next = step(&model, &mut world, operation);
            for effect in effects(operation, &model, &next) {
                *tallies.borrow_mut().entry(effect).or_default() += 1;
            }
            model = next;
        }
    });
    let tallies = tallies.into_inner();
    let effects = ["deploys", "queues", "cleans up", "changes nothing"];
    for verb in ["deploy", "release", "train", "unlock"] {
        for effect in effects.map(|effect| format!("{verb} {effect}")) {
            let count = tallies.get(&effect).copied().unwrap_or_default();
            let enough = count >= 1 || effect == "unlock queues";
            assert!(enough, "`{effect}` occurs {count} times in {tallies:#?}");
        }
    }
    for effect in [
        "undeploy deploys",
        "undeploy queues",
        "delete ends",
        "remove ends",
        "release is minor",
    ] {
        assert!(tallies.contains_key(effect), "{effect}: {tallies:#?}");
    }
}
