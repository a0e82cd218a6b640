//! Unlocks by the sentences of the rules.

use super::*;
use crate::plan::world::World;
use crate::state::Version;

/// `web` of team red runs 1 on `dev`, and 2 waits there. The group `prod` is `ca` and `de`.
fn world() -> World {
    World::of(&[("dev", "latest")])
        .group("prod", &[("ca", "dev"), ("de", "dev")])
        .releases("web", 1..=3, &["dev", "ca", "de"])
        .team("web", "red")
        .release("api", 1, &["dev"])
        .runs("dev", "web", 1)
        .queues("dev", "web", 2)
}

const WEB: &str = "dev/applications/web";
const RED: &str = "dev/teams/red";

fn lift_from(target: LockTarget, id: &str) -> RemoveLocks {
    RemoveLocks {
        target,
        which: Which::Id(id.parse().unwrap()),
        keep_queue: false,
    }
}

fn environment(name: &str) -> LockTarget {
    LockTarget::Environment(name.parse().unwrap())
}

fn app() -> LockTarget {
    LockTarget::App("dev".parse().unwrap(), "web".parse().unwrap())
}

fn team(team: &str) -> LockTarget {
    LockTarget::Team("dev".parse().unwrap(), team.parse().unwrap())
}

fn prod() -> LockTarget {
    LockTarget::Group("prod".parse().unwrap())
}

/// Checks the facts that change, and returns what the verb tells.
#[track_caller]
fn check(world: &World, request: &RemoveLocks, expected: &[&str]) -> Option<Outcome> {
    let (changes, outcome) = world
        .clone()
        .changes(|draft, ground| unlock(draft, ground, request));
    assert_eq!(changes, expected);
    outcome
}

/// What became of the version that waited for `web` on `dev`, and the warnings.
#[track_caller]
fn check_end(world: &World, request: &RemoveLocks, end: Option<&QueueEnd>, warnings: &[&str]) {
    let (_, outcome) = world
        .clone()
        .changes(|draft, ground| unlock(draft, ground, request));
    let outcome = outcome.unwrap();
    let Done::Unlocked(unlocked) = outcome.done else {
        panic!("an unlock comes to an unlock");
    };
    let place = ("dev".parse().unwrap(), "web".parse().unwrap());
    assert_eq!(unlocked.queue.get(&place), end);
    assert_eq!(outcome.warnings, warnings);
}

#[test]
fn when_the_last_lock_goes_what_waits_is_deployed() {
    for (place, target, gone) in [
        ("dev", environment("dev"), "- dev has lock l1"),
        (WEB, app(), "- web on dev has lock l1"),
        (RED, team("red"), "- team red on dev has lock l1"),
    ] {
        let (world, request) = (world().locked(place, "l1"), lift_from(target, "l1"));
        let moved = [
            "- dev queues web 2",
            "- dev runs web 1",
            "+ dev runs web 2",
            gone,
        ];
        let (mut changes, _) = world
            .clone()
            .changes(|draft, ground| unlock(draft, ground, &request));
        changes.sort();
        let mut moved = moved;
        moved.sort_unstable();
        assert_eq!(changes, moved);
        let end = QueueEnd::Deployed {
            from: Some(Version::new(1)),
            to: Version::new(2),
            kind: crate::state::release::ReleaseKind::Ordinary,
        };
        check_end(&world, &request, Some(&end), &[]);
    }
}

#[test]
fn what_another_lock_holds_back_stays_queued_and_says_by_what() {
    for (place, other) in [
        ("dev", WEB),
        ("dev", RED),
        (WEB, RED),
        ("dev", "dev"),
        (WEB, WEB),
    ] {
        let target = if place == WEB {
            app()
        } else {
            environment("dev")
        };
        let world = world().locked(place, "l1").locked(other, "l2");
        let request = lift_from(target, "l1");
        let (changes, outcome) = world
            .clone()
            .changes(|draft, ground| unlock(draft, ground, &request));
        assert_eq!(changes.len(), 1, "only the lock goes: {changes:?}");
        let Done::Unlocked(unlocked) = outcome.unwrap().done else {
            panic!("an unlock comes to an unlock");
        };
        let [QueueEnd::StillLocked { version, behind }] =
            unlocked.queue.values().collect::<Vec<_>>()[..]
        else {
            panic!("{unlocked:?}");
        };
        let ids: Vec<_> = behind.iter().map(|lock| lock.id.to_string()).collect();
        assert_eq!((*version, ids), (Version::new(2), vec!["l2".to_owned()]));
    }
}

#[test]
fn a_first_version_is_deployed_from_the_queue() {
    let world = world().queues("ca", "web", 3).locked("ca", "l1");
    let expected = ["- ca has lock l1", "- ca queues web 3", "+ ca runs web 3"];
    check(&world, &lift_from(environment("ca"), "l1"), &expected);
}

#[test]
fn what_waits_and_runs_already_is_dropped() {
    let world = world().queues("dev", "web", 1).locked("dev", "l1");
    let request = lift_from(environment("dev"), "l1");
    check(
        &world,
        &request,
        &["- dev has lock l1", "- dev queues web 1"],
    );
    let end = QueueEnd::Dropped(DropCause::AlreadyDeployed(Version::new(1)));
    check_end(&world, &request, Some(&end), &[]);
}

#[test]
fn what_waits_and_is_gone_is_dropped_with_a_warning() {
    let world = world()
        .queues("dev", "web", 9)
        .locked("dev", "l1")
        .queues("dev", "api", 1);
    let request = lift_from(environment("dev"), "l1");
    let changes = [
        "- dev has lock l1",
        "- dev queues api 1",
        "- dev queues web 9",
        "+ dev runs api 1",
    ];
    check(&world, &request, &changes);
    let why = "`environments/dev/applications/web/queued_version` leads to release 9, which does not exist";
    let end = QueueEnd::Dropped(DropCause::Broken(why.to_owned()));
    let warning = format!("what waited for `web` on `dev` is dropped: {why}");
    check_end(&world, &request, Some(&end), &[&warning]);
}

#[test]
fn what_waits_and_is_not_meant_for_the_environment_is_dropped_with_a_warning() {
    let world = world()
        .release("web", 4, &["ca"])
        .queues("dev", "web", 4)
        .locked("dev", "l1");
    let request = lift_from(environment("dev"), "l1");
    check(
        &world,
        &request,
        &["- dev has lock l1", "- dev queues web 4"],
    );
    let end = QueueEnd::Dropped(DropCause::NoManifest(Version::new(4)));
    let warning =
        "what waited for `web` on `dev` is dropped: release 4 has no manifest for this environment";
    check_end(&world, &request, Some(&end), &[warning]);
}

#[test]
fn keep_queue_leaves_the_queue_as_it_is() {
    let request = RemoveLocks {
        keep_queue: true,
        ..lift_from(environment("dev"), "l1")
    };
    for version in [1, 2, 9] {
        let world = world().queues("dev", "web", version).locked("dev", "l1");
        check(&world, &request, &["- dev has lock l1"]);
    }
    let kept = QueueEnd::Kept(Version::new(2));
    check_end(&world().locked("dev", "l1"), &request, Some(&kept), &[]);
}

#[test]
fn where_nothing_waits_only_the_lock_goes() {
    let world = world().locked("ca", "l1");
    let request = lift_from(environment("ca"), "l1");
    check(&world, &request, &["- ca has lock l1"]);
    check_end(&world, &request, None, &[]);
}

#[test]
fn only_the_lock_of_that_id_goes_unless_all_do() {
    let world = world()
        .locked("ca", "l1")
        .locked("ca", "l2")
        .locked("de", "l1");
    check(
        &world,
        &lift_from(environment("ca"), "l2"),
        &["- ca has lock l2"],
    );
    let all = RemoveLocks {
        which: Which::All,
        ..lift_from(environment("ca"), "l1")
    };
    check(&world, &all, &["- ca has lock l1", "- ca has lock l2"]);
    let nothing = RemoveLocks {
        target: environment("dev"),
        ..all
    };
    check(&world, &nothing, &[]);
}

#[test]
fn a_lock_that_does_not_exist_is_refused_with_those_that_do() {
    let world = world()
        .locked("ca", "l2")
        .locked("ca", "l3")
        .locked("de", "l3");
    for (target, words, existing) in [
        (
            environment("ca"),
            "there is no lock `l1` on `ca`",
            &["l2", "l3"][..],
        ),
        (environment("dev"), "there is no lock `l1` on `dev`", &[]),
        (app(), "there is no lock `l1` on `web on dev`", &[]),
        (
            team("red"),
            "there is no lock `l1` on `team red on dev`",
            &[],
        ),
        (prod(), "there is no lock `l1` on `ca`, `de`", &["l2", "l3"]),
    ] {
        let request = lift_from(target, "l1");
        check(&world, &request, &[words]);
        let error = crate::plan::world::run(&mut world.0.clone(), |draft, ground| {
            unlock(draft, ground, &request)
        });
        let refusal = error.unwrap_err().downcast::<Refusal>().unwrap();
        let Refusal::NoSuchLock { existing: ids, .. } = refusal else {
            panic!("{refusal}");
        };
        assert_eq!(
            ids.iter().map(ToString::to_string).collect::<Vec<_>>(),
            existing
        );
    }
    let unknown = lift_from(environment("prod"), "l1");
    check(&world, &unknown, &["there is no environment `prod`"]);
}

#[test]
fn a_group_unlock_removes_where_it_exists_and_reports_the_rest() {
    let world = world()
        .locked("ca", "l1")
        .locked("de", "l2")
        .queues("ca", "web", 3)
        .queues("de", "web", 3);
    let expected = ["- ca has lock l1", "- ca queues web 3", "+ ca runs web 3"];
    let outcome = check(&world, &lift_from(prod(), "l1"), &expected);
    let Done::Unlocked(unlocked) = outcome.unwrap().done else {
        panic!("an unlock comes to an unlock");
    };
    let absent: Vec<_> = unlocked
        .absent
        .iter()
        .map(|(scope, _)| scope.to_string())
        .collect();
    assert_eq!((absent, unlocked.removed.len()), (vec!["de".to_owned()], 1));
}

#[test]
fn an_unlock_touches_the_queues_that_the_lock_covered_and_no_others() {
    // Nothing but hand-made links waits without a lock; they are not this unlock's business.
    let world = world()
        .queues("dev", "api", 1)
        .queues("ca", "web", 3)
        .locked(WEB, "l1")
        .locked(RED, "l2")
        .locked("dev/teams/blue", "l3");
    check(
        &world,
        &lift_from(team("blue"), "l3"),
        &["- team blue on dev has lock l3"],
    );
    check(
        &world,
        &lift_from(team("red"), "l2"),
        &["- team red on dev has lock l2"],
    );
    let only_web = [
        "- dev queues web 2",
        "- dev runs web 1",
        "- web on dev has lock l1",
        "+ dev runs web 2",
    ];
    let mut unlocked = world;
    unlocked.changes(|draft, ground| unlock(draft, ground, &lift_from(team("red"), "l2")));
    check(&unlocked, &lift_from(app(), "l1"), &only_web);
}

#[test]
fn a_deployment_from_the_queue_cleans_up() {
    let world = World::of(&[("dev", "latest")])
        .file("trainyard.yaml", "releaseVersionsLimit: 5")
        .releases("web", 1..=7, &["dev"])
        .runs("dev", "web", 1)
        .queues("dev", "web", 6)
        .locked("dev", "l1");
    let expected = [
        "- dev has lock l1",
        "- dev queues web 6",
        "- dev runs web 1",
        "- web has 1",
        "+ dev runs web 6",
    ];
    let outcome = check(&world, &lift_from(environment("dev"), "l1"), &expected);
    let Done::Unlocked(unlocked) = outcome.unwrap().done else {
        panic!("an unlock comes to an unlock");
    };
    let cleaned: Vec<_> = unlocked.cleaned.into_iter().collect();
    assert_eq!(cleaned, [("web".parse().unwrap(), vec![Version::new(1)])]);
}

#[test]
fn an_environment_with_an_invalid_config_is_unlocked_but_nothing_is_deployed_there() {
    let world = world().config("dev", "{").locked("dev", "l1");
    let request = lift_from(environment("dev"), "l1");
    let (words, outcome) = world
        .clone()
        .changes(|draft, ground| unlock(draft, ground, &request));
    assert!(outcome.is_none() && words[0].starts_with("`environments/dev/config.json`: "));
    let keep = RemoveLocks {
        keep_queue: true,
        ..request
    };
    check(&world, &keep, &["- dev has lock l1"]);
}
