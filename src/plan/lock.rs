//! Lock: hold deployments back on an environment, for one app or team there, or on all environments of a group.

use anyhow::Result;

use super::outcome::{Done, LockTarget, Locked, Outcome};
use super::{Ground, Refusal, known};
use crate::state::lock::{ids, place};
use crate::state::{FreeText, Lock, LockId, LockScope, PlacedLock};
use crate::tree::{Draft, ReadTree};

/// A lock to place.
#[derive(Clone, Debug)]
pub(crate) struct PlaceLock {
    pub(crate) target: LockTarget,
    pub(crate) id: LockId,
    pub(crate) message: FreeText,
}

/// Places a lock. One that stands there with this id gets a new message, author and time.
pub(crate) fn lock(draft: &mut Draft, ground: &Ground, request: &PlaceLock) -> Result<Outcome> {
    match &request.target {
        LockTarget::App(_, app) | LockTarget::Manifest(_, app) => known::app(draft, ground, app)?,
        LockTarget::Team(_, team) => known::team(draft, team)?,
        LockTarget::Environment(_) | LockTarget::Group(_) => {}
    }
    let mut locks = Vec::new();
    for scope in scopes(ground, &request.target)? {
        has_its_own_folder(draft, &scope, &request.id)?;
        let lock = PlacedLock {
            scope,
            id: request.id.clone(),
            lock: Lock {
                message: request.message.clone(),
                created_by: ground.context.actor.clone(),
                created_at: Some(ground.context.now),
            },
        };
        place(draft, &lock)?;
        locks.push(lock);
    }
    Ok(Outcome {
        done: Done::Locked(Locked {
            target: request.target.clone(),
            id: request.id.clone(),
            locks,
        }),
        warnings: Vec::new(),
    })
}

/// Refuses an id that differs in case only from that of another lock there.
fn has_its_own_folder(tree: &dyn ReadTree, scope: &LockScope, id: &LockId) -> Result<()> {
    let standing = ids(tree, scope)?;
    let same = |other: &&LockId| other.as_ref().to_lowercase() == id.as_ref().to_lowercase();
    match standing.iter().find(same) {
        Some(other) if !standing.contains(id) => Err(Refusal::SameButForCase {
            scope: scope.clone(),
            id: id.clone(),
            standing: other.clone(),
        }
        .into()),
        _ => Ok(()),
    }
}

/// What is locked or unlocked: one scope, or an environment scope for each member of a group.
pub(super) fn scopes(ground: &Ground, target: &LockTarget) -> Result<Vec<LockScope>> {
    let scope = match target.clone() {
        LockTarget::Group(group) => {
            let members = known::whole_group(ground, &group)?.into_iter();
            return Ok(members
                .map(|each| LockScope::Environment(each.name.clone()))
                .collect());
        }
        LockTarget::Environment(environment) => LockScope::Environment(environment),
        LockTarget::App(environment, app) => LockScope::App(environment, app),
        LockTarget::Team(environment, team) => LockScope::Team(environment, team),
        LockTarget::Manifest(environment, app) => LockScope::Manifest(environment, app),
    };
    known::environment(ground, scope.environment())?;
    Ok(vec![scope])
}

/// The locks that stand in a scope.
pub(super) fn standing(tree: &dyn ReadTree, scope: &LockScope) -> Result<Vec<PlacedLock>> {
    crate::state::lock::placed(tree, scope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::world::{World, run};

    /// `web` of team red runs on `dev`; `api` belongs to nobody. The group `prod` is `ca` and `de`.
    fn world() -> World {
        World::of(&[("dev", "latest")])
            .group("prod", &[("ca", "dev"), ("de", "dev")])
            .release("web", 1, &["dev"])
            .release("api", 1, &["dev"])
            .team("web", "red")
            .runs("dev", "web", 1)
    }

    fn on(target: LockTarget) -> PlaceLock {
        PlaceLock {
            target,
            id: "l1".parse().unwrap(),
            message: FreeText("load test".to_owned()),
        }
    }

    fn environment(name: &str) -> LockTarget {
        LockTarget::Environment(name.parse().unwrap())
    }

    fn app(environment: &str, app: &str) -> LockTarget {
        LockTarget::App(environment.parse().unwrap(), app.parse().unwrap())
    }

    fn team(environment: &str, team: &str) -> LockTarget {
        LockTarget::Team(environment.parse().unwrap(), team.parse().unwrap())
    }

    fn group(name: &str) -> LockTarget {
        LockTarget::Group(name.parse().unwrap())
    }

    #[track_caller]
    fn check(target: LockTarget, expected: &[&str]) {
        let request = on(target);
        let (changes, _) = world().changes(|draft, ground| lock(draft, ground, &request));
        assert_eq!(changes, expected);
    }

    #[test]
    fn a_lock_stands_on_an_environment_an_app_or_a_team() {
        check(environment("dev"), &["+ dev has lock l1"]);
        check(app("dev", "web"), &["+ web on dev has lock l1"]);
        check(team("dev", "red"), &["+ team red on dev has lock l1"]);
    }

    #[test]
    fn an_app_that_is_not_deployed_there_can_be_locked() {
        check(app("ca", "web"), &["+ web on ca has lock l1"]);
        check(app("dev", "api"), &["+ api on dev has lock l1"]);
    }

    #[test]
    fn a_group_lock_is_the_same_lock_on_every_environment_of_the_group() {
        check(group("prod"), &["+ ca has lock l1", "+ de has lock l1"]);
    }

    #[test]
    fn what_is_locked_must_exist() {
        check(environment("prod"), &["there is no environment `prod`"]);
        check(app("prod", "web"), &["there is no environment `prod`"]);
        check(app("dev", "wob"), &["there is no app `wob`"]);
        check(
            team("dev", "blue"),
            &["there is no team `blue`: no app belongs to it"],
        );
        check(team("prod", "red"), &["there is no environment `prod`"]);
        check(group("dev"), &["there is no environment group `dev`"]);
    }

    #[test]
    fn a_lock_that_exists_gets_a_new_message_author_and_time() {
        let mut world = world().locked("dev", "l1").locked("dev", "l2");
        let before = world.0.listing();
        let request = on(environment("dev"));
        let outcome = run(&mut world.0, |draft, ground| lock(draft, ground, &request)).unwrap();
        let mut after = world.0.listing();
        after.retain(|path, text| before.get(path) != Some(text));
        let expected = [
            ("created_at", "2024-07-22T10:00:00Z"),
            ("created_by_email", "jane@example.com"),
            ("created_by_name", "Jane"),
            ("message", "load test"),
        ]
        .map(|(name, text)| (format!("environments/dev/locks/l1/{name}"), text.to_owned()));
        assert_eq!(after.into_iter().collect::<Vec<_>>(), expected);
        let Done::Locked(Locked { locks, .. }) = outcome.done else {
            panic!("a lock comes to a lock");
        };
        let scope = LockScope::Environment("dev".parse().unwrap());
        assert_eq!(standing(&world.0, &scope).unwrap()[..1], locks);
    }

    #[test]
    fn an_id_that_differs_from_another_one_in_case_only_is_refused() {
        let place = |world: &World, id: &str| {
            let request = PlaceLock {
                id: id.parse().unwrap(),
                ..on(environment("dev"))
            };
            let (changes, _) = world
                .clone()
                .changes(|draft, ground| lock(draft, ground, &request));
            changes
        };
        let one = world().locked("dev", "freeze-ä").locked("ca", "Freeze");
        let refused = "a lock `Freeze-Ä` would differ from `freeze-ä`, which stands on dev, in case only: some file systems hold only one of them";
        assert_eq!(place(&one, "Freeze-Ä"), [refused]);
        assert_eq!(place(&one, "Freeze"), ["+ dev has lock Freeze"]);
        // What another program has made can be written anew.
        let both = one.locked("dev", "Freeze-Ä");
        for id in ["Freeze-Ä", "freeze-ä"] {
            let changes = place(&both, id).concat();
            assert!(!changes.contains("in case only"), "{changes}");
        }
    }

    #[test]
    fn a_lock_leaves_what_is_queued_and_what_runs() {
        let queued = world().queues("dev", "web", 1);
        for target in [environment("dev"), app("dev", "web"), team("dev", "red")] {
            let request = on(target);
            let (changes, _) = queued
                .clone()
                .changes(|draft, ground| lock(draft, ground, &request));
            assert_eq!(changes.len(), 1, "{changes:?}");
        }
    }
}
