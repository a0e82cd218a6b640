//! What a train does about locks and the queue.

use super::*;

#[test]
fn an_app_behind_an_app_or_team_lock_is_queued_or_skipped_as_asked() {
    for place in [WEB, RED] {
        let world = world().locked(place, "l1");
        check_run(&world, &to("staging"), &["+ staging queues web 2"]);
        check_run(&world, &on_lock(OnLock::Skip, to("staging")), &[]);
        let waits = world.queues("staging", "web", 3);
        let replaced = ["- staging queues web 3", "+ staging queues web 2"];
        check_run(&waits, &to("staging"), &replaced);
        check_run(&waits, &on_lock(OnLock::Skip, to("staging")), &[]);
        check_run(
            &waits.clone().queues("staging", "web", 2),
            &to("staging"),
            &[],
        );
        check_run(
            &waits.clone().queues("staging", "web", 9),
            &to("staging"),
            &["- staging queues web 9", "+ staging queues web 2"],
        );
    }
}

#[test]
fn a_prognosis_tells_what_the_queue_loses_and_what_it_keeps() {
    for (waits, expected) in [
        (None, QueueMove::Put { replaced: None }),
        (Some(2), QueueMove::Waits),
        (
            Some(3),
            QueueMove::Put {
                replaced: Some(Version::new(3)),
            },
        ),
        (Some(9), QueueMove::Put { replaced: None }),
    ] {
        let locked = world().locked(WEB, "l1").locked(RED, "l2");
        let world = match waits {
            Some(version) => locked.queues("staging", "web", version),
            None => locked,
        };
        let prognosis = foreseen(&world, &to("staging")).unwrap();
        let (_, _, app) = prognosis.apps().next().unwrap();
        let AppFate::Skipped(AppSkip::AppLocked(held)) = &app.fate else {
            panic!("{app:?}");
        };
        let ids: Vec<_> = held.locks.iter().map(|lock| lock.id.to_string()).collect();
        assert_eq!(
            (held.queue, ids),
            (expected, vec!["l1".to_owned(), "l2".to_owned()])
        );
        assert_eq!(prognosis.changes_something(), expected != QueueMove::Waits);
    }
}

#[test]
fn a_locked_app_whose_release_has_no_manifest_there_is_not_queued() {
    let world = world()
        .release("web", 4, &["dev"])
        .runs("dev", "web", 4)
        .locked(WEB, "l1");
    check(&world, &to("staging"), &["staging web: APP_IS_LOCKED"]);
    check_run(&world, &to("staging"), &[]);
}

#[test]
fn a_train_that_must_not_meet_a_lock_is_refused_with_each_of_them() {
    let group = World::of(&[("dev", "latest")])
        .group("prod", &[("ca", "dev"), ("de", "dev")])
        .releases("web", 1..=2, &["dev", "ca", "de"])
        .runs("dev", "web", 2)
        .team("web", "red")
        .release("api", 1, &["dev", "de"])
        .runs("dev", "api", 1)
        .runs("de", "api", 1);
    let fail = on_lock(OnLock::Fail, to("prod"));
    let irrelevant = group
        .locked("dev", "l0")
        .locked("de/applications/api", "l0")
        .locked("de/teams/blue", "l0");
    check_run(&irrelevant, &fail, &["+ ca runs web 2", "+ de runs web 2"]);
    let world = irrelevant
        .locked("ca", "l1")
        .locked("de/applications/web", "l2")
        .locked("de/teams/red", "l3");
    let expected = [
        "the way to group prod is locked:",
        "  environment lock `l1` (\"hold on\", Jim, 2 h ago) on ca",
        "  app lock `l2` (\"hold on\", Jim, 2 h ago) on de",
        "  team lock `l3` (\"hold on\", Jim, 2 h ago) on de",
    ];
    check(&world, &fail, &expected);
}
