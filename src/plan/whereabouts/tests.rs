//! Where commits are, by the sentences of the rules.

use super::*;
use crate::plan::world::{World, context};

fn id(digit: char) -> String {
    digit.to_string().repeat(40)
}

impl World {
    /// A release for these environments, built from the commit of one digit, after the commit of another one.
    fn made(
        self,
        (app, version): (&str, u64),
        (digit, previous): (char, Option<char>),
        environments: &[&str],
    ) -> Self {
        let file = |name: &str| format!("applications/{app}/releases/{version}/{name}");
        let world = self.release(app, version, environments);
        let world = world.file(&file("source_commit_id"), &id(digit));
        match previous {
            Some(previous) => world.file(&file("previous_commit_id"), &id(previous)),
            None => world,
        }
    }

    fn deployed_by(self, environment: &str, app: &str, version: u64, name: &str) -> Self {
        let folder = format!("environments/{environment}/applications/{app}");
        self.runs(environment, app, version)
            .file(&format!("{folder}/deployed_by"), name)
            .file(&format!("{folder}/deployed_by_email"), "x@example.com")
            .file(
                &format!("{folder}/deployed_at_utc"),
                "2024-07-21 10:00:00.5 +0000 UTC",
            )
    }
}

/// `dev` takes the latest, then come `staging` and `prod`. `web` 1 to 3 were built from `a`, `b` and `c`, each after the one
/// before; `prod` runs 1, `staging` 2 and `dev` 3.
fn world() -> World {
    let all = &["dev", "staging", "prod"];
    World::of(&[("dev", "latest"), ("staging", "dev"), ("prod", "staging")])
        .made(("web", 1), ('a', Some('9')), all)
        .made(("web", 2), ('b', Some('a')), all)
        .made(("web", 3), ('c', Some('b')), all)
        .deployed_by("dev", "web", 3, "Jane")
        .deployed_by("staging", "web", 2, "Jim")
        .deployed_by("prod", "web", 1, "Joe")
}

fn search(world: &World, commit: &str, environment: Option<&str>) -> Result<Whereabouts> {
    let context = context();
    let ground = Ground::survey(&world.0, &context)?;
    let request = Search {
        commit: commit.parse()?,
        environment: environment.map(|name| name.parse().unwrap()),
    };
    locate(&world.0, &ground, &request)
}

/// Lines such as `web dev: Runs 3`, and `everywhere` if it is.
fn told(found: Result<Whereabouts>) -> Vec<String> {
    let found = match found {
        Ok(found) => found,
        Err(refusal) => return refusal.to_string().lines().map(str::to_owned).collect(),
    };
    let mut lines = Vec::new();
    for (app, each) in &found.apps {
        for (name, sighting) in &each.sightings {
            let Sighting { standing, runs, .. } = sighting;
            let runs = runs.map_or("nothing".to_owned(), |version| version.to_string());
            let queued = sighting.queued.as_ref();
            let queued =
                queued.map(|(version, locks)| format!(", {version} behind {}", locks.len()));
            let queued = queued.unwrap_or_default();
            lines.push(format!("{app} {name}: {standing:?} {runs}{queued}"));
        }
    }
    if found.is_everywhere() {
        lines.push("everywhere".to_owned());
    }
    lines
}

#[track_caller]
fn check(world: &World, digit: char, expected: &[&str]) {
    assert_eq!(told(search(world, &id(digit), None)), expected);
}

#[test]
fn a_commit_is_where_its_release_or_a_later_one_runs() {
    let contained = [
        "web dev: Contained 3",
        "web prod: Runs 1",
        "web staging: Contained 2",
    ];
    check(&world(), 'a', &[&contained[..], &["everywhere"]].concat());
    check(
        &world(),
        'b',
        &[
            "web dev: Contained 3",
            "web prod: Absent 1",
            "web staging: Runs 2",
        ],
    );
    check(
        &world(),
        'c',
        &[
            "web dev: Runs 3",
            "web prod: Absent 1",
            "web staging: Absent 2",
        ],
    );
    let found = search(&world(), &id('b'), None).unwrap();
    let web = &found.apps[&"web".parse().unwrap()];
    assert_eq!(web.releases, [Version::new(2)]);
    assert_eq!(web.later, [Version::new(3)]);
}

#[test]
fn a_later_number_alone_does_not_make_a_release_contain_a_commit() {
    let world = world()
        .made(("web", 4), ('d', Some('a')), &["dev"])
        .runs("dev", "web", 4);
    let [dev, ..] = &told(search(&world, &id('b'), None))[..] else {
        panic!("web runs on dev");
    };
    assert_eq!(dev, "web dev: Absent 4");
}

#[test]
fn it_is_told_since_when_and_by_whom() {
    let found = search(&world(), &id('b'), Some("staging")).unwrap();
    let web = &found.apps[&"web".parse().unwrap()];
    let sighting = &web.sightings[&"staging".parse().unwrap()];
    assert_eq!(sighting.provenance.by.to_string(), "Jim");
    let at = Moment::parse("2024-07-21T10:00:00.5Z").ok();
    assert_eq!((sighting.provenance.at, sighting.first), (at, None));
    assert_eq!(web.sightings.len(), 1, "only where it was asked for");
    assert!(found.is_everywhere());
    let prod = search(&world(), &id('b'), Some("prod")).unwrap();
    assert!(!prod.is_everywhere());
}

#[test]
fn a_commit_without_a_release_is_where_later_ones_run() {
    let found = search(&world(), &id('9'), None).unwrap();
    assert!(!found.is_released());
    let contained = [
        "web dev: Contained 3",
        "web prod: Contained 1",
        "web staging: Contained 2",
    ];
    check(&world(), '9', &[&contained[..], &["everywhere"]].concat());
    let unknown = format!(
        "no release was built from commit `{}`, and none has it in its history",
        id('f')
    );
    check(&world(), 'f', &[&unknown]);
}

#[test]
fn every_app_that_was_built_from_it_counts_and_no_other() {
    let world = world()
        .made(("api", 7), ('b', None), &["dev", "staging"])
        .made(("shop", 1), ('c', None), &["dev"])
        .runs("dev", "api", 7);
    let expected = [
        "api dev: Runs 7",
        "api staging: Absent nothing",
        "web dev: Contained 3",
        "web prod: Absent 1",
        "web staging: Runs 2",
    ];
    check(&world, 'b', &expected);
    // Another app knows that `d` comes after `b`.
    let chained = world
        .made(("shop", 2), ('d', Some('b')), &["dev"])
        .made(("api", 8), ('e', Some('d')), &["staging"])
        .runs("staging", "api", 8);
    let api = told(search(&chained, &id('b'), Some("staging")));
    assert_eq!(api[0], "api staging: Contained 8");
}

#[test]
fn where_an_app_is_undeployed_none_of_its_commits_is() {
    let world = world()
        .made(("web", 4), ('d', Some('c')), &["dev"])
        .file("applications/web/releases/4/undeploy", "")
        .runs("dev", "web", 4);
    let dev = told(search(&world, &id('c'), Some("dev")));
    assert_eq!(dev, ["web dev: Absent 4"]);
}

#[test]
fn it_counts_only_where_a_release_with_it_has_a_manifest() {
    let world = World::of(&[("dev", "latest"), ("staging", "dev")])
        .made(("web", 1), ('a', None), &["dev", "gone"])
        .runs("dev", "web", 1);
    check(&world, 'a', &["web dev: Runs 1", "everywhere"]);
    assert_eq!(told(search(&world, &id('a'), Some("staging"))), [""; 0]);
    let later = world.made(("web", 2), ('b', Some('a')), &["dev", "staging"]);
    check(
        &later,
        'a',
        &["web dev: Runs 1", "web staging: Absent nothing"],
    );
}

#[test]
fn what_waits_with_it_is_told_with_its_locks() {
    let world = world()
        .queues("prod", "web", 2)
        .locked("prod", "l-1")
        .locked("prod", "l-2");
    let prod = |digit| told(search(&world, &id(digit), Some("prod")));
    assert_eq!(prod('b'), ["web prod: Absent 1, 2 behind 2"]);
    assert_eq!(prod('c'), ["web prod: Absent 1"]);
}

#[test]
fn seven_digits_are_enough_unless_two_commits_begin_with_them() {
    let twin = format!("{}{}", "b".repeat(10), "0".repeat(30));
    let world = world()
        .release("web", 4, &["dev"])
        .file("applications/web/releases/4/source_commit_id", &twin);
    assert_eq!(
        search(&world, &"a".repeat(7), None)
            .unwrap()
            .commit
            .as_ref(),
        id('a')
    );
    let ambiguous = [
        "`bbbbbbb` can be any of these commits:".to_owned(),
        format!("  {twin} (web 4)"),
        format!("  {} (web 2)", id('b')),
    ];
    assert_eq!(told(search(&world, &"b".repeat(7), None)), ambiguous);
    assert_eq!(
        search(&world, &"b".repeat(11), None)
            .unwrap()
            .commit
            .as_ref(),
        id('b')
    );
    assert_eq!(
        search(&world, &twin[..11], None).unwrap().commit.as_ref(),
        twin
    );
}

#[test]
fn commit_data_tells_the_commits_before_and_when_it_came_first() {
    // As kuberpult leaves it: releases do not know their previous commits.
    let folder = |digit: char| format!("commits/{0}{0}/{1}", digit, digit.to_string().repeat(38));
    let all = &["dev", "staging"];
    let event = format!(
        "{}/events/7f1b0a00-4811-11ef-8000-000000000000",
        folder('a')
    );
    let late = format!(
        "{}/events/7f1b0a00-4812-11ef-8000-000000000000",
        folder('a')
    );
    let deployment = |world: World, event: &str| {
        world
            .file(&format!("{event}/eventType"), "deployment")
            .file(&format!("{event}/application"), "web")
            .file(&format!("{event}/environment"), "dev")
    };
    let world = World::of(&[("dev", "latest"), ("staging", "dev")])
        .made(("web", 1), ('a', None), all)
        .made(("web", 2), ('b', None), all)
        .deployed_by("dev", "web", 2, "Jane")
        .file(&format!("{}/previousCommit", folder('b')), &id('a'))
        .file(&format!("{}/events/.gitkeep", folder('a')), "");
    let world = deployment(deployment(world, &late), &event);
    check(
        &world,
        'a',
        &["web dev: Contained 2", "web staging: Absent nothing"],
    );
    let found = search(&world, &id('a'), None).unwrap();
    let sightings = &found.apps[&"web".parse().unwrap()].sightings;
    let first = sightings[&"dev".parse().unwrap()]
        .first
        .map(Moment::to_seconds);
    assert_eq!(first.as_deref(), Some("2024-07-22T10:02:25Z"));
    assert_eq!(sightings[&"staging".parse().unwrap()].first, None);
}

#[test]
fn a_broken_link_and_a_history_in_a_ring_stop_nobody() {
    let world = world()
        .file("environments/dev/applications/web/version", "a file")
        .made(("web", 4), ('9', Some('c')), &["prod"]);
    check(
        &world,
        'c',
        &[
            "web dev: Absent nothing",
            "web prod: Contained 1",
            "web staging: Contained 2",
        ],
    );
}
