//! Rendering by the sentences of the rules, and that it changes nothing else.

use super::*;
use crate::plan::world::{World, context, run};

/// `web` and `api` run on `dev`, which Argo CD follows, and on `prod`, which it does not.
fn world() -> World {
    let argocd = r#"{"upstream":{"latest":true},"argocd":{"destination":{"server":"s"}}}"#;
    let every = ["dev", "prod"];
    let world = World::of(&[("prod", "dev")])
        .config("dev", argocd)
        .releases("web", 1..=2, &every)
        .releases("api", 1..=2, &every)
        .runs("dev", "web", 2)
        .runs("dev", "api", 1)
        .runs("prod", "web", 1);
    rendered(world)
}

/// The world with all derived files in step.
fn rendered(World(mut tree): World) -> World {
    let verb = |draft: &mut Draft, ground: &Ground| render(draft, ground, &RenderTarget::All);
    run(&mut tree, verb).unwrap();
    World(tree)
}

fn all() -> RenderTarget {
    RenderTarget::All
}

const WEB: &str = "environments/dev/applications/web/manifests/manifests.yaml";
const API: &str = "environments/dev/applications/api/manifests/manifests.yaml";
const PROD: &str = "environments/prod/applications/web/manifests/manifests.yaml";
const ARGOCD: &str = "argocd/v1alpha1/dev.yaml";

/// Checks what `check` says, and that `render` then writes just these files as they shall be; returns its warnings.
#[track_caller]
fn check_files(world: &World, target: &RenderTarget, expected: &[(&str, Fault)]) -> Vec<String> {
    let context = context();
    let ground = Ground::survey(&world.0, &context).unwrap();
    let checked = check(&world.0, &ground, target).unwrap();
    let Done::RenderChecked(told) = checked.done else {
        panic!("a check comes to a check");
    };
    let told = told
        .files
        .iter()
        .map(|(path, fault)| (path.as_str(), *fault));
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let mut after = world.0.clone();
    let verb = |draft: &mut Draft, ground: &Ground| render(draft, ground, target);
    let outcome = run(&mut after, verb).unwrap();
    let (before, written) = (world.0.listing(), after.listing());
    let sound = rendered(world.clone()).0.listing();
    let changed: Vec<_> = written
        .iter()
        .filter(|(path, text)| before.get(*path) != Some(text))
        .map(|(path, _)| path.as_str())
        .collect();
    let paths: Vec<_> = expected.iter().map(|(path, _)| *path).collect();
    assert_eq!(changed, paths);
    for path in paths {
        assert_eq!(written.get(path), sound.get(path), "{path}");
    }
    outcome.warnings
}

#[test]
fn what_is_in_step_is_not_written() {
    let nothing: &[(&str, Fault)] = &[];
    assert_eq!(check_files(&world(), &all(), nothing), [""; 0]);
    let listing = world().0.listing();
    assert_eq!(listing[WEB], "web: 2 dev");
    assert!(listing[ARGOCD].contains("dev-web") && listing[ARGOCD].contains("dev-api"));
}

#[test]
fn what_was_changed_by_hand_is_written_again_on_the_environments_that_are_asked_for() {
    let files = [ARGOCD, WEB, PROD];
    let edited = files
        .iter()
        .fold(world(), |world, path| world.file(path, "by: hand"));
    let dev = [(ARGOCD, Fault::Differs), (WEB, Fault::Differs)];
    let prod = [(PROD, Fault::Differs)];
    check_files(&edited, &all(), &[dev.as_slice(), &prod].concat());
    let only = |name: &str| RenderTarget::Environment(name.parse().unwrap());
    check_files(&edited, &only("dev"), &dev);
    check_files(&edited, &only("prod"), &prod);
}

#[test]
fn what_is_missing_is_written_and_an_empty_manifest_is_one_space() {
    let files = world().0.listing().into_iter();
    let files = files.filter(|(path, _)| path != API && path != ARGOCD);
    let world = files.fold(World::default(), |world, (path, text)| {
        world.file(&path, &text)
    });
    let missing = [(ARGOCD, Fault::Missing), (API, Fault::Missing)];
    check_files(&world, &all(), &missing);
    let empty = world.file(
        "applications/api/releases/1/environments/dev/manifests.yaml",
        "",
    );
    assert_eq!(rendered(empty).0.listing()[API], " ");
}

#[test]
fn a_manifest_that_a_lock_keeps_stays_and_is_told() {
    let lock = "environments/dev/applications/web/manifest_locks/l1/message";
    let kept = world().file(lock, "mended").file(WEB, "by: hand");
    check_files(&kept, &all(), &[]);
    let context = context();
    let ground = Ground::survey(&kept.0, &context).unwrap();
    let kept_by = |world: &World| match check(&world.0, &ground, &all()).unwrap().done {
        Done::RenderChecked(rendered) => rendered.kept.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(kept_by(&kept), 1);
    assert_eq!(kept_by(&world().file(lock, "mended")), 0, "it is in step");
}

#[test]
fn what_nobody_knows_stays_with_a_warning() {
    let dangling = world().runs("prod", "api", 9).file(PROD, "by: hand");
    let warnings = check_files(&dangling, &all(), &[(PROD, Fault::Differs)]);
    assert!(warnings[0].contains("leads to release 9"), "{warnings:?}");
    let unreadable = world().config("dev", "{").file(WEB, "by: hand");
    let warnings = check_files(&unreadable, &all(), &[(WEB, Fault::Differs)]);
    assert!(
        warnings[0].contains("environments/dev/config.json"),
        "{warnings:?}"
    );
    let context = context();
    let ground = Ground::survey(&unreadable.0, &context).unwrap();
    let dev = RenderTarget::Environment("dev".parse().unwrap());
    assert!(check(&unreadable.0, &ground, &dev).is_err());
}

#[test]
fn whatever_stands_in_the_way_of_a_manifest_gives_way() {
    let folder = "environments/dev/applications/web/manifests";
    let files = world().0.listing().into_iter();
    let files = files.filter(|(path, _)| path != WEB);
    let without = files.fold(World::default(), |world, (path, text)| {
        world.file(&path, &text)
    });
    check_files(
        &without.clone().file(folder, "x"),
        &all(),
        &[(WEB, Fault::Missing)],
    );
    let inside = without.file(&format!("{WEB}/x"), "x");
    check_files(&inside, &all(), &[(WEB, Fault::Differs)]);
}
