//! The end of apps by the sentences of the rules.

use super::*;
use crate::plan::release::{self as releases, NewRelease, Purpose};
use crate::plan::world::{World, difference, run};
use crate::tree::MemoryTree;

/// `web` has releases 1 to 3, runs on `dev` and `staging`, waits for `prod`, and `bare` is without it; `api` runs beside it.
fn world() -> World {
    let every = ["dev", "staging", "prod", "bare"];
    World::of(&[("dev", "latest"), ("staging", "dev"), ("prod", "staging")])
        .config("bare", r#"{"upstream":{"latest":true}}"#)
        .releases("web", 1..=3, &every)
        .releases("api", 1..=3, &every)
        .team("web", "red")
        .runs("dev", "web", 3)
        .runs("staging", "web", 2)
        .locked("prod/applications/web", "l1")
        .queues("prod", "web", 2)
        .runs("dev", "api", 3)
        .locked("dev", "l2")
}

/// The release that undeploys `web`.
fn undeploy() -> NewRelease {
    NewRelease {
        purpose: Purpose::Undeploy,
        app: "web".parse().unwrap(),
        version: None,
        team: None,
        fields: BTreeMap::new(),
        manifests: BTreeMap::new(),
    }
}

/// Release 4 of `web` undeploys it, and runs on these environments.
fn undeployed(environments: &[&str]) -> World {
    let world = world()
        .release("web", 4, environments)
        .file("applications/web/releases/4/undeploy", "");
    environments
        .iter()
        .fold(world, |world, name| world.runs(name, "web", 4))
}

fn deleted(world: &World) -> (Vec<String>, Option<Outcome>) {
    let app = "web".parse().unwrap();
    world
        .clone()
        .changes(|draft, ground| delete(draft, ground, &app))
}

fn removed(world: &World, environment: &str) -> (Vec<String>, Option<Outcome>) {
    let (app, environment) = ("web".parse().unwrap(), environment.parse().unwrap());
    world
        .clone()
        .changes(|draft, ground| remove_environment(draft, ground, (&app, &environment)))
}

#[test]
fn a_release_that_undeploys_is_for_every_environment_that_has_the_app_and_for_no_other() {
    let mut world = world();
    let (changes, _) = world.changes(|draft, ground| releases::release(draft, ground, &undeploy()));
    // `dev` is locked: the release waits there like any other.
    assert_eq!(changes, ["+ dev queues web 4", "+ web has 4"]);
    let listing = world.0.listing();
    let folder = "applications/web/releases/4/";
    let files: Vec<_> = listing
        .iter()
        .filter_map(|(path, text)| Some((path.strip_prefix(folder)?, text.as_str())))
        .collect();
    let expected = [
        ("created_at", "2024-07-22T10:00:00Z"),
        ("environments/dev/manifests.yaml", " "),
        ("environments/prod/manifests.yaml", " "),
        ("environments/staging/manifests.yaml", " "),
        ("undeploy", ""),
    ];
    assert_eq!(files, expected);
}

#[test]
fn a_release_that_undeploys_runs_at_once_where_the_upstream_is_latest() {
    let open = |world: World| {
        let files = world.0.listing().into_iter();
        let rest = files.filter(|(path, _)| !path.starts_with("environments/dev/locks/"));
        World(rest.fold(MemoryTree::default(), |tree, (path, text)| {
            tree.with(&path, &text)
        }))
    };
    let mut world = open(world());
    let (changes, _) = world.changes(|draft, ground| releases::release(draft, ground, &undeploy()));
    let expected = ["- dev runs web 3", "+ dev runs web 4", "+ web has 4"];
    assert_eq!(changes, expected);
    let applied = "environments/dev/applications/web/manifests/manifests.yaml";
    assert_eq!(world.0.listing()[applied], " ");
}

#[test]
fn the_same_release_that_undeploys_again_changes_nothing_and_another_under_its_number_is_refused() {
    let mut world = world();
    let numbered = |request: NewRelease| NewRelease {
        version: Some(crate::state::Version::new(4)),
        ..request
    };
    let mut release = |request: &NewRelease| {
        let verb = |draft: &mut Draft, ground: &Ground| releases::release(draft, ground, request);
        world.changes(verb).0
    };
    assert_eq!(release(&numbered(undeploy())).len(), 2);
    assert_eq!(release(&numbered(undeploy())), [""; 0]);
    let manifests = BTreeMap::from([("dev".parse().unwrap(), " ".to_owned())]);
    let ordinary = NewRelease {
        purpose: Purpose::Deploy,
        manifests,
        ..numbered(undeploy())
    };
    let told = release(&ordinary);
    assert_eq!(
        told[0],
        "release 4 of `web` exists and differs in `purpose`"
    );
    let strange = NewRelease {
        app: "wob".parse().unwrap(),
        ..undeploy()
    };
    assert_eq!(release(&strange), ["there is no app `wob`"]);
}

#[test]
fn an_app_is_deleted_with_all_that_there_is_of_it_and_nothing_else() {
    let world = undeployed(&["dev", "staging"]);
    let (changes, outcome) = deleted(&world);
    let expected = [
        "- dev runs web 4",
        "- prod queues web 2",
        "- staging runs web 4",
        "- web has 1",
        "- web has 2",
        "- web has 3",
        "- web has 4",
        "- web is of red",
        "- web on prod has lock l1",
    ];
    assert_eq!(changes, expected);
    let Done::AppDeleted(deleted) = outcome.unwrap().done else {
        panic!("a deletion comes to a deletion");
    };
    let numbers = deleted.releases.iter().map(|version| version.number());
    assert_eq!(numbers.collect::<Vec<_>>(), [1, 2, 3, 4]);
    let prod = &deleted.environments["prod"];
    assert_eq!((&prod.runs, prod.locks.len()), (&Linked::Nothing, 1));
}

#[test]
fn an_app_that_still_runs_somewhere_is_not_deleted() {
    let still = "`web` is not undeployed everywhere:";
    let (told, _) = deleted(&world());
    let places = ["  dev runs release 3", "  staging runs release 2"];
    assert_eq!(told, [still, places[0], places[1]]);
    let (told, _) = deleted(&undeployed(&["dev"]));
    assert_eq!(told, [still, places[1]]);
    let (told, _) = deleted(&undeployed(&["dev", "staging"]).runs("Prod_EU", "web", 3));
    assert_eq!(told, [still, "  Prod_EU runs release 3"]);
    let broken = undeployed(&["dev", "staging"]).runs("prod", "web", 9);
    let why =
        "`environments/prod/applications/web/version` leads to release 9, which does not exist";
    let told = deleted(&broken).0;
    assert_eq!(told[1], format!("  prod runs nobody knows what: {why}"));
    let file = undeployed(&["dev", "staging"]).file("environments/bare/applications/web", "x");
    let told = deleted(&file).0;
    assert!(
        told[1].starts_with("  bare runs nobody knows what: "),
        "{told:?}"
    );
    assert_eq!(removed(&file, "bare").1.unwrap().warnings, [""; 0]);
}

#[test]
fn the_refusal_names_the_release_that_undeploys_if_there_is_one() {
    let app: AppName = "web".parse().unwrap();
    for (world, expected) in [
        (world(), "`trainyard release -a web --undeploy`"),
        (undeployed(&["dev"]), "bring release 4, which undeploys it,"),
    ] {
        let mut tree = world.0;
        let refusal = run(&mut tree, |draft, ground| delete(draft, ground, &app)).unwrap_err();
        let hint = refusal.downcast_ref::<Refusal>().unwrap().hint().unwrap();
        assert!(hint.contains(expected), "{hint}");
    }
}

#[test]
fn an_app_that_nothing_runs_is_deleted_at_once() {
    let idle = World::of(&[("dev", "latest")]).release("web", 1, &["dev"]);
    assert_eq!(deleted(&idle).0, ["- web has 1"]);
    let folder = World::of(&[("dev", "latest")]).locked("dev/applications/web", "l1");
    assert_eq!(deleted(&folder).0, ["- web on dev has lock l1"]);
    let none = World::of(&[("dev", "latest")]);
    assert_eq!(deleted(&none).0, ["there is no app `web`"]);
}

#[test]
fn an_app_goes_from_one_environment_with_its_manifests_for_it() {
    let world = world().release("web", 4, &["dev"]);
    let app: AppName = "web".parse().unwrap();
    let name: EnvName = "staging".parse().unwrap();
    let mut after = world.0.clone();
    let verb =
        |draft: &mut Draft, ground: &Ground| remove_environment(draft, ground, (&app, &name));
    let outcome = run(&mut after, verb).unwrap();
    assert_eq!(difference(&world.0, &after), ["- staging runs web 2"]);
    let gone: Vec<_> = world
        .0
        .listing()
        .into_keys()
        .filter(|path| !after.listing().contains_key(path))
        .collect();
    let expected = [
        "applications/web/releases/1/environments/staging/manifests.yaml",
        "applications/web/releases/2/environments/staging/manifests.yaml",
        "applications/web/releases/3/environments/staging/manifests.yaml",
        "environments/staging/applications/web/version",
    ];
    assert_eq!(gone, expected);
    let Done::AppRemoved(removed) = outcome.done else {
        panic!("a removal comes to a removal");
    };
    let numbers = removed.releases.iter().map(|version| version.number());
    assert_eq!(numbers.collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(run(&mut after, verb).unwrap().warnings, [""; 0]);
    assert_eq!(difference(&world.0, &after).len(), 1, "once more");
}

#[test]
fn queue_and_locks_go_with_the_app_and_those_of_others_stay() {
    let world = world()
        .locked("prod", "l3")
        .locked("prod/applications/api", "l4")
        .queues("prod", "api", 1);
    let expected = ["- prod queues web 2", "- web on prod has lock l1"];
    assert_eq!(removed(&world, "prod").0, expected);
    assert_eq!(removed(&world, "bare").0, [""; 0]);
}

#[test]
fn environment_and_app_must_exist() {
    assert_eq!(
        removed(&world(), "moon").0,
        ["there is no environment `moon`"]
    );
    let none = World::of(&[("dev", "latest")]);
    assert_eq!(removed(&none, "dev").0, ["there is no app `web`"]);
}

#[test]
fn while_a_config_cannot_be_read_what_runs_there_stays() {
    let world = world().config("staging", "{");
    let told = removed(&world, "staging").0;
    assert!(
        told[0].contains("environments/staging/config.json"),
        "{told:?}"
    );
    let told = deleted(&undeployed(&["dev", "staging"]).config("staging", "{")).0;
    assert!(
        told[0].contains("environments/staging/config.json"),
        "{told:?}"
    );
}

#[test]
fn an_environment_that_was_nothing_but_this_app_is_said_to_be_gone() {
    let world = world().locked("moon/applications/web", "l1");
    let (changes, outcome) = removed(&world, "moon");
    assert_eq!(changes, ["- web on moon has lock l1"]);
    let warnings = outcome.unwrap().warnings;
    assert!(warnings[0].contains("environment `moon`"), "{warnings:?}");
}
