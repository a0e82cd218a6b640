//! Trains and prognoses by the sentences of the rules: where they go and what they take.

mod past;
mod queue;
mod skips;

use super::*;
use crate::plan::world::{World, context, difference, run_train};

const WEB: &str = "staging/applications/web";
const RED: &str = "staging/teams/red";

/// `dev` takes the latest, `staging` what runs on `dev`; `web` of team red runs 2 on `dev` and 1 on `staging`.
fn world() -> World {
    World::of(&[("dev", "latest"), ("staging", "dev")])
        .releases("web", 1..=3, &["dev", "staging"])
        .team("web", "red")
        .runs("dev", "web", 2)
        .runs("staging", "web", 1)
}

fn to(target: &str) -> Train {
    Train {
        target: target.parse().unwrap(),
        target_kind: TargetKind::Unknown,
        team: None,
        on_lock: OnLock::Queue,
        source: None,
    }
}

fn on_lock(on_lock: OnLock, request: Train) -> Train {
    Train { on_lock, ..request }
}

fn of_team(team: &str, request: Train) -> Train {
    Train {
        team: team.parse().ok(),
        ..request
    }
}

fn foreseen(world: &World, request: &Train) -> Result<Prognosis> {
    let context = context();
    let ground = Ground::survey(&world.0, &context)?;
    prognose(&world.0, &ground, request)
}

/// A prognosis in lines such as `dev web: 3` and `dev: ENV_IS_LOCKED`; a refusal in its own words.
fn told(prognosis: Result<Prognosis>) -> Vec<String> {
    let prognosis = match prognosis {
        Ok(prognosis) => prognosis,
        Err(refusal) => return refusal.to_string().lines().map(str::to_owned).collect(),
    };
    let skips = prognosis
        .environments
        .iter()
        .filter_map(|(name, each)| match each {
            EnvironmentPrognosis::Skipped(skip) => Some(format!("{name}: {}", skip.cause().name)),
            EnvironmentPrognosis::Runs { .. } => None,
        });
    let apps = prognosis.apps().map(|(name, app, each)| match &each.fate {
        AppFate::Deploys { to, .. } => format!("{name} {app}: {to}"),
        AppFate::Skipped(skip) => format!("{name} {app}: {}", skip.cause().name),
    });
    skips.chain(apps).collect()
}

#[track_caller]
fn check(world: &World, request: &Train, expected: &[&str]) {
    assert_eq!(told(foreseen(world, request)), expected);
}

#[track_caller]
fn check_run(world: &World, request: &Train, expected: &[&str]) {
    let mut after = world.clone();
    run_train(&mut after.0, request).unwrap();
    assert_eq!(difference(&world.0, &after.0), expected);
}

#[test]
fn a_train_brings_what_runs_upstream() {
    check(&world(), &to("staging"), &["staging web: 2"]);
    check_run(
        &world(),
        &to("staging"),
        &["- staging runs web 1", "+ staging runs web 2"],
    );
    check_run(
        &world(),
        &to("dev"),
        &["- dev runs web 2", "+ dev runs web 3"],
    );
}

#[test]
fn a_train_from_latest_takes_the_highest_release_of_every_app() {
    let world = world()
        .release("new", 7, &["dev"])
        .file("applications/bare/team", "red")
        .release("other", 1, &["staging"]);
    let expected = [
        "dev bare: APP_HAS_NO_VERSION_IN_UPSTREAM_ENV",
        "dev new: 7",
        "dev other: APP_DOES_NOT_EXIST_IN_ENV",
        "dev web: 3",
    ];
    check(&world, &to("dev"), &expected);
}

#[test]
fn the_candidates_are_the_apps_of_the_upstream_environment() {
    let world = world()
        .releases("api", 1..=2, &["dev", "staging"])
        .runs("staging", "api", 1)
        .release("job", 1, &["dev", "staging"])
        .locked("dev/applications/job", "l1");
    let expected = [
        "staging job: APP_HAS_NO_VERSION_IN_UPSTREAM_ENV",
        "staging web: 2",
    ];
    check(&world, &to("staging"), &expected);
}

#[test]
fn every_decision_is_taken_on_the_state_before_the_train() {
    let every = ["one", "two", "three"];
    let chain = World::default()
        .group(
            "all",
            &[("one", "latest"), ("two", "one"), ("three", "two")],
        )
        .releases("web", 1..=3, &every)
        .runs("one", "web", 2)
        .runs("two", "web", 1);
    let prognosis = ["one web: 3", "three web: 1", "two web: 2"];
    check(&chain, &to("all"), &prognosis);
    let run = [
        "- one runs web 2",
        "- two runs web 1",
        "+ one runs web 3",
        "+ three runs web 1",
        "+ two runs web 2",
    ];
    check_run(&chain, &to("all"), &run);
}

#[test]
fn a_train_for_a_team_takes_the_apps_of_that_team_alone() {
    let world = world()
        .release("api", 1, &["dev", "staging"])
        .runs("dev", "api", 1)
        .release("job", 1, &["dev", "staging"])
        .team("job", "blue")
        .runs("dev", "job", 1)
        .locked("staging/applications/job", "l1");
    check(&world, &of_team("red", to("staging")), &["staging web: 2"]);
    check(
        &world,
        &of_team("blue", to("staging")),
        &["staging job: APP_IS_LOCKED"],
    );
    check(
        &world.clone().team("other", "green"),
        &of_team("green", to("staging")),
        &[],
    );
    let unknown = run_train(&mut world.0.clone(), &of_team("rde", to("staging")));
    assert!(
        unknown
            .unwrap_err()
            .to_string()
            .starts_with("there is no team `rde`")
    );
    let only_web = ["- staging runs web 1", "+ staging runs web 2"];
    check_run(&world, &of_team("red", to("staging")), &only_web);
}

#[test]
fn a_group_wins_over_the_equally_named_environment_unless_the_kind_is_pinned() {
    let world = World::of(&[("prod", "latest")])
        .group("prod", &[("ca", "latest"), ("de", "latest")])
        .group("lone", &[("test", "latest")])
        .release("web", 1, &["prod", "ca", "de", "test"]);
    let kind = |target_kind, target| Train {
        target_kind,
        ..to(target)
    };
    check(&world, &to("prod"), &["ca web: 1", "de web: 1"]);
    check(
        &world,
        &kind(TargetKind::Group, "prod"),
        &["ca web: 1", "de web: 1"],
    );
    check(
        &world,
        &kind(TargetKind::Environment, "prod"),
        &["prod web: 1"],
    );
    check(&world, &to("ca"), &["ca web: 1"]);
    for (request, words) in [
        (
            kind(TargetKind::Environment, "lone"),
            "there is no environment `lone`",
        ),
        (
            kind(TargetKind::Group, "ca"),
            "there is no environment group `ca`",
        ),
        (
            to("cb"),
            "there is no environment or environment group `cb`",
        ),
    ] {
        check(&world, &request, &[words]);
    }
}

#[test]
fn a_train_empties_the_queue_and_cleans_up_the_apps_that_it_deploys() {
    let both = ["dev", "staging"];
    let world = World::of(&[("dev", "latest"), ("staging", "dev")])
        .file("trainyard.yaml", "releaseVersionsLimit: 5")
        .releases("web", 1..=8, &both)
        .runs("dev", "web", 7)
        .runs("staging", "web", 2)
        .queues("staging", "web", 6)
        .releases("api", 1..=8, &both)
        .runs("dev", "api", 8)
        .runs("staging", "api", 8);
    let expected = [
        "- staging queues web 6",
        "- staging runs web 2",
        "- web has 1",
        "- web has 2",
        "+ staging runs web 7",
    ];
    check_run(&world, &to("staging"), &expected);
    let run = run_train(&mut world.0.clone(), &to("staging")).unwrap();
    let removed: Vec<_> = run.removed.into_iter().collect();
    assert_eq!(
        removed,
        [(
            "web".parse().unwrap(),
            vec![Version::new(1), Version::new(2)]
        )]
    );
}
