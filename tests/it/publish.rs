//! How a change reaches the remote: `docs/publish.md`, scenario by scenario.

mod always;
mod answer;
mod bare;
mod clone;
mod closed;
mod crash;
mod edits;
mod fence;
mod inbox;
mod index;
mod lost;
mod meanwhile;
mod moved;
mod open;
pub(crate) mod race;
mod reach;
mod refusal;
mod remotes;
mod secrets;
mod tags;
mod together;
mod torn;
mod trust;

use crate::world::{LOCK, Node, RELEASE, TRAIN, Tree, World, text};

#[test]
fn every_change_is_one_commit_right_on_the_head_of_the_remote() {
    let world = World::yard();
    for line in [
        RELEASE,
        LOCK,
        TRAIN,
        "deploy -a web -e staging --version 1",
        "unlock -e dev --lock-id freeze",
    ] {
        let (before, count, tree) = (world.head(), world.commits(), world.tree());
        world.ok(line);
        if world.tree() != tree {
            assert_eq!(world.remote_git(&["rev-parse", "main^"]), before, "{line}");
        }
        assert!(world.commits() <= count + 1, "{line}");
        world.assert_in_step();
    }
    let subjects = world.subjects();
    let wanted = [
        "unlock dev (`freeze`)",
        "release train to environment staging: 1 deployed",
        "lock dev (`freeze`)",
        "release web 1",
        "setup: files",
        "setup: begin",
    ];
    assert_eq!(subjects, wanted);
}

#[test]
fn what_changes_nothing_makes_no_commit_and_leaves_no_trace() {
    let world = World::yard();
    world.ok(RELEASE);
    let before = world.snapshot();
    for line in [
        &format!("{RELEASE} --version 1"),
        "deploy -a web -e dev --version 1",
        "prognosis staging",
        "-n lock -e dev -m x",
    ] {
        world.ok(line);
        world.assert_untouched(&before);
    }
    world.assert_in_step();
}

#[test]
fn the_commit_names_who_did_it_and_carries_the_operation() {
    let world = World::yard();
    let at = world.run(LOCK).at.as_second();
    let who = world.remote_git(&["log", "-1", "--format=%an %ae %at %cn %ce %ct", "main"]);
    let person = "Ada Signal ada@signals.example";
    assert_eq!(who, format!("{person} {at} {person} {at}"));
    let trailers = "--format=%(trailers:key=Trainyard-Operation)";
    let trailers = world.remote_git(&["log", "-1", trailers, "main"]);
    assert_eq!(trailers.trim(), "Trainyard-Operation: lock");
}

/// A yard with this many apps on `dev`, released by hand.
fn crowded(apps: usize) -> World {
    let mut tree = Tree::new();
    for number in 0..apps {
        let app = format!("app-{number}");
        let release = format!("applications/{app}/releases/1");
        for environment in ["dev", "staging"] {
            let path = format!("{release}/environments/{environment}/manifests.yaml");
            tree.insert(path, text(&format!("name: {app}-{environment}\n")));
        }
        let link = format!("../../../../{release}");
        let version = format!("environments/dev/applications/{app}/version");
        tree.insert(version, Node::Link(link));
    }
    World::yard_with(tree)
}

/// The packs in the checkout.
fn packs(world: &World) -> usize {
    let counted = world.git(&["count-objects", "-v"]);
    let packs = counted
        .lines()
        .find_map(|line| line.strip_prefix("packs: "));
    packs.unwrap().parse().unwrap()
}

#[test]
fn a_large_train_writes_one_pack_and_a_small_one_loose_objects() {
    for (apps, more) in [(2, 0), (120, 1)] {
        let world = crowded(apps);
        let before = packs(&world);
        let answer = world.ok(TRAIN);
        assert!(answer.contains(&format!("{apps} deployed")), "{answer}");
        assert_eq!(packs(&world), before + more, "{apps} apps");
        world.assert_in_step();
        world.remote_git(&["fsck", "--strict", "--no-dangling"]);
        let manifest = world.git(&[
            "show",
            "HEAD:environments/staging/applications/app-1/manifests/manifests.yaml",
        ]);
        assert_eq!(manifest, "name: app-1-staging");
    }
}

#[test]
fn what_another_clone_fetches_is_what_was_pushed() {
    let world = crowded(120);
    world.ok(TRAIN);
    let other = world.clone_to("other");
    other.assert_in_step();
    assert_eq!(
        other.ok("prognosis staging --detailed-exitcode"),
        world.ok("prognosis staging")
    );
}
