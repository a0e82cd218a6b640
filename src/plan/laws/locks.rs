//! Laws of locks: what is placed can be lifted, and neither order nor kind makes a difference.

use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::hold;
use super::model::{Model, Source};
use super::operation::{Destination, EVERY, KeepQueue, Locked, Operation, places};
use super::picture::{Picture, Place};
use super::repository::{APPS, ENVIRONMENTS, repositories};
use super::sequence::step;
use crate::plan::deploy::WhenLocked;
use crate::plan::world::{World, facts};

#[test]
fn a_fresh_lock_placed_and_lifted_leaves_nothing_behind() {
    let cases = (
        repositories(),
        places(EVERY),
        select(vec![KeepQueue::Yes, KeepQueue::No]),
    );
    hold(300, &cases, |(repository, on, keep)| {
        let before = repository.world().0;
        let mut tree = before.clone();
        if Operation::Lock(on, "fresh").run(&mut tree).is_err() {
            return;
        }
        let waits = |(environment, app): &Place| match on {
            Locked::Environment(name) | Locked::Team(name, _) => name == environment,
            Locked::App(name, only) => name == environment && only == app,
            Locked::Group(_) => true,
            Locked::Manifest(..) => false,
        };
        if matches!(on, Locked::Manifest(..)) {
            // Where nothing has come between, unlocking mends the manifest: see the law below.
            return;
        }
        let lifted = Operation::Unlock(on, Some("fresh"), keep).run(&mut tree);
        if keep == KeepQueue::Yes || !Picture::of(&before).queue.keys().any(waits) {
            lifted.unwrap();
            assert_eq!(tree, before);
        }
    });
}

#[test]
fn the_last_manifest_lock_to_go_brings_the_manifest_in_step_and_touches_nothing_else() {
    let written = Cell::new(0);
    let cases = (repositories(), select(&ENVIRONMENTS[..]), select(&APPS[..]));
    hold(500, &cases, |(repository, environment, app)| {
        let before = repository.world().0;
        let (mut locked, on) = (before.clone(), Locked::Manifest(environment, app));
        if Operation::Lock(on, "fresh").run(&mut locked).is_err() {
            return;
        }
        let mut tree = locked.clone();
        let one = Operation::Unlock(on, Some("fresh"), KeepQueue::No);
        one.run(&mut tree).unwrap();
        let place = (environment.to_owned(), app.to_owned());
        let picture = Picture::of(&before);
        if picture.keeps_manifest(&place) {
            assert_eq!(tree, before, "another lock keeps it");
        }
        Operation::Unlock(on, None, KeepQueue::No)
            .run(&mut tree)
            .unwrap();
        let link = picture
            .runs
            .get(&place)
            .and_then(|link| picture.leads(app, link));
        let manifest = link.and_then(|number| picture.releases[app][&number].get(environment));
        let (mut expected, mut after) = (before.listing(), tree.listing());
        let folder = format!("environments/{environment}/applications/{app}");
        expected.retain(|path, _| !path.starts_with(&format!("{folder}/manifest_locks/")));
        if let Some(manifest) = manifest {
            let applied = if manifest.is_empty() { " " } else { manifest };
            let path = format!("{folder}/manifests/manifests.yaml");
            let was = expected.insert(path, applied.to_owned());
            written.set(written.get() + u32::from(was.as_deref() != Some(applied)));
        }
        // An environment may consist of this lock alone.
        after.retain(|path, _| !path.starts_with("argocd/"));
        expected.retain(|path, _| !path.starts_with("argocd/"));
        assert_eq!(after, expected);
    });
    assert!(written.get() > 50, "{}", written.get());
}

/// Two environments and two apps, each of its own team.
const SPOTS: [(&str, &str, &str); 4] = [
    ("dev", "api", "blue"),
    ("dev", "web", "red"),
    ("prod", "api", "blue"),
    ("prod", "web", "red"),
];

/// A lock there on the environment, on the app, or on the team.
fn lock_on((environment, app, team): (&'static str, &'static str, &'static str)) -> [Locked; 3] {
    [
        Locked::Environment(environment),
        Locked::App(environment, app),
        Locked::Team(environment, team),
    ]
}

/// Random versions run and wait on each spot, up to four locks stand.
fn held_back() -> impl Strategy<Value = (World, Vec<Locked>)> {
    let version = || proptest::option::of(1..=8_u64);
    let spots: Vec<_> = SPOTS
        .iter()
        .map(|spot| (Just(*spot), version(), version()))
        .collect();
    let locks = vec(select(SPOTS.map(lock_on).concat()), 2..=4);
    (spots, locks).prop_map(|(spots, locks)| {
        let start = World::of(&[("dev", "none"), ("prod", "none")])
            .file("trainyard.yaml", "releaseVersionsLimit: 5")
            .releases("api", 1..=8, &["dev", "prod"])
            .releases("web", 1..=8, &["dev", "prod"])
            .team("api", "blue")
            .team("web", "red");
        let mut world = spots
            .into_iter()
            .fold(start, |world, ((name, app, _), runs, waits)| {
                let world = runs.map_or(world.clone(), |version| world.runs(name, app, version));
                waits.map_or(world.clone(), |version| world.queues(name, app, version))
            });
        for on in &locks {
            Operation::Lock(*on, "l1").run(&mut world.0).unwrap();
        }
        (world, locks)
    })
}

#[test]
fn disjoint_locks_are_lifted_in_either_order() {
    let moved = Cell::new(0);
    hold(300, &held_back(), |(world, locks)| {
        let together =
            |spot: &(_, _, _)| locks[..2].iter().all(|lock| lock_on(*spot).contains(lock));
        if SPOTS.iter().any(together) {
            return;
        }
        let after = |sequence: [Locked; 2]| {
            let mut tree = world.0.clone();
            for on in sequence {
                Operation::Unlock(on, Some("l1"), KeepQueue::No)
                    .run(&mut tree)
                    .unwrap();
            }
            tree
        };
        let (forth, back) = (after([locks[0], locks[1]]), after([locks[1], locks[0]]));
        assert_eq!(forth, back);
        let runs = |tree| Picture::of(tree).runs;
        moved.set(moved.get() + u32::from(runs(&forth) != runs(&world.0)));
    });
    assert!(
        moved.get() > 100,
        "only {} of them deployed something",
        moved.get()
    );
}

/// All orders of the items.
fn orders<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let first = |place: usize| {
        let mut rest = items.to_vec();
        let item = rest.remove(place);
        orders(&rest)
            .into_iter()
            .map(move |order| [vec![item.clone()], order].concat())
    };
    (0..items.len()).flat_map(first).collect()
}

/// `web` of team red runs 1 on `prod`, which is alone in its group.
fn start() -> (Model, World) {
    let mut model = Model::of(BTreeMap::from([("prod", (Source::Nowhere, Some("all")))]));
    let mut world = model.world();
    for version in 1..=2 {
        let release = Operation::Release {
            app: "web",
            version: Some(version),
            team: Some("red"),
            manifests: BTreeMap::from([("prod", "a: 1")]),
        };
        model = step(&model, &mut world, &release);
    }
    model = step(&model, &mut world, &deploy(1));
    (model, world)
}

fn deploy(version: u64) -> Operation {
    Operation::Deploy {
        app: "web",
        target: Destination::Environment("prod"),
        version,
        when_locked: WhenLocked::Queue,
    }
}

/// The last of the four opens the way, whichever it is, and wherever the deployment came in between.
#[test]
fn four_kinds_of_lock_hold_a_version_back_until_the_last_is_gone_in_every_order() {
    let four = [
        (Locked::Environment("prod"), "on-environment"),
        (Locked::App("prod", "web"), "on-app"),
        (Locked::Team("prod", "red"), "on-team"),
        (Locked::Group("all"), "on-group"),
    ];
    let lock = |(on, id)| Operation::Lock(on, id);
    let placings: Vec<_> = four.into_iter().map(lock).chain([deploy(2)]).collect();
    let liftings = orders(&four);
    let fact = |world: &World, fact: &str| facts(&world.0).contains(fact);
    for (turn, placing) in orders(&placings).iter().enumerate() {
        let (mut model, mut world) = start();
        for operation in placing {
            model = step(&model, &mut world, operation);
        }
        let queued = !matches!(placing[0], Operation::Deploy { .. });
        for (gone, (on, id)) in liftings[turn % liftings.len()].iter().enumerate() {
            assert_eq!(
                fact(&world, "prod queues web 2"),
                queued,
                "{gone} gone after {placing:?}"
            );
            assert_eq!(
                fact(&world, "prod runs web 1"),
                queued,
                "{gone} gone after {placing:?}"
            );
            model = step(
                &model,
                &mut world,
                &Operation::Unlock(*on, Some(id), KeepQueue::No),
            );
        }
        assert!(fact(&world, "prod runs web 2") && !fact(&world, "prod queues web 2"));
        assert!(model.picture.locks.is_empty());
    }
}
