//! Laws of every operation: what it may change, and what it must leave as it is.

use std::collections::BTreeSet;

use proptest::strategy::Strategy;

use super::hold;
use super::operation::{Destination, EVERY, KeepQueue, Operation, operations};
use super::picture::{Link, Picture, Place, Scope};
use super::repository::{GROUPS, Repository, repositories};
use crate::plan::Ground;
use crate::plan::deploy::WhenLocked;
use crate::plan::world::context;
use crate::tree::MemoryTree;

/// A repository before and after an operation that was not refused.
struct Step {
    limit: usize,
    operation: Operation,
    trees: (MemoryTree, MemoryTree),
    before: Picture,
    after: Picture,
}

fn cases() -> impl Strategy<Value = (Repository, Operation)> {
    (repositories(), operations(EVERY))
}

/// Tries a law on so many random operations, those left out that are refused.
fn hold_after(count: u32, law: impl Fn(Step)) {
    hold(count, &cases(), |(repository, operation)| {
        let before = repository.world().0;
        let mut after = before.clone();
        if operation.run(&mut after).is_ok() {
            law(Step {
                limit: repository.limit(),
                operation,
                before: Picture::of(&before),
                after: Picture::of(&after),
                trees: (before, after),
            });
        }
    });
}

impl Step {
    /// The places where another version runs than before.
    fn moved(&self) -> Vec<(&Place, &Link)> {
        let moved = |(place, link): &(&Place, &Link)| self.before.runs.get(*place) != Some(*link);
        self.after.runs.iter().filter(moved).collect()
    }
}

#[test]
fn no_version_passes_a_lock_in_force_unless_somebody_knows_better() {
    hold_after(300, |step| {
        if let Operation::Deploy {
            when_locked: WhenLocked::Ignore,
            ..
        } = step.operation
        {
            return;
        }
        for (place, _) in step.moved() {
            let locks = step.after.in_force(place);
            assert!(locks.is_empty(), "{place:?} moves past {locks:?}");
        }
    });
}

#[test]
fn what_moves_applies_the_manifest_of_its_release_and_nothing_waits_behind_it() {
    hold_after(300, |step| {
        for (place, link) in step.moved() {
            let (environment, app) = place;
            let number = step
                .after
                .leads(app, link)
                .expect("a version that moves exists");
            let manifest = &step.after.releases[app][&number][environment];
            let expected = if manifest.is_empty() { " " } else { manifest };
            if step.after.keeps_manifest(place) {
                let (before, after) = (&step.before.applied, &step.after.applied);
                assert_eq!(after.get(place), before.get(place), "{place:?}");
            } else {
                assert_eq!(step.after.applied[place], expected, "{place:?}");
            }
            assert!(!step.after.queue.contains_key(place), "{place:?}");
        }
        for place in step.before.runs.keys() {
            let runs = step.after.runs.contains_key(place);
            assert!(
                runs || step.operation.ends(place),
                "{place:?} stops running"
            );
        }
        let still = step
            .before
            .applied
            .iter()
            .filter(|(place, _)| step.before.runs.get(*place) == step.after.runs.get(*place))
            .filter(|(place, _)| !step.operation.ends(place) && !step.operation.frees(place));
        for (place, applied) in still {
            assert_eq!(step.after.applied.get(place), Some(applied), "{place:?}");
        }
    });
}

#[test]
fn no_operation_leaves_a_broken_link_that_was_not_there_before() {
    hold_after(300, |step| {
        let (before, after) = (step.before.broken(), step.after.broken());
        assert!(after.is_subset(&before), "{:?}", after.difference(&before));
    });
}

#[test]
fn a_version_joins_the_queue_only_behind_a_lock() {
    hold_after(300, |step| {
        for (place, link) in &step.after.queue {
            let waited = step.before.queue.get(place) == Some(link);
            assert!(
                waited || !step.after.in_force(place).is_empty(),
                "{place:?}"
            );
        }
    });
}

#[test]
fn an_unlock_leaves_nothing_in_the_queue_that_it_opened() {
    hold_after(500, |step| {
        let Operation::Unlock(_, _, keep) = step.operation else {
            return;
        };
        let opened: Vec<_> = step.before.locks.difference(&step.after.locks).collect();
        let covered = |(environment, app): &Place| {
            opened.iter().any(|(scope, _)| match scope {
                Scope::Environment(name) => name == environment,
                Scope::App(name, only) => (name, only) == (environment, app),
                Scope::Team(name, team) => {
                    name == environment && step.before.teams.get(app) == Some(team)
                }
                Scope::Manifest(..) => false,
            })
        };
        for (place, link) in &step.before.queue {
            let free = step.after.in_force(place).is_empty();
            let waits = step.after.queue.get(place) == Some(link);
            if keep == KeepQueue::Yes || !covered(place) {
                assert!(waits, "{place:?} is not this unlock's business");
            } else {
                assert!(!free || !waits, "{place:?} waits for nothing");
            }
        }
        for (place, link) in step.moved() {
            assert_eq!(step.before.queue.get(place), Some(link), "{place:?}");
        }
        assert_eq!(step.before.teams, step.after.teams);
    });
}

#[test]
fn releases_never_change_and_go_by_the_rule_of_the_clean_up_alone() {
    hold_after(300, |step| {
        let (before, after) = (step.trees.0.listing(), step.trees.1.listing());
        let stored = before
            .iter()
            .filter(|(path, _)| path.contains("/releases/"));
        for (path, text) in stored {
            let same = after.get(path).is_none_or(|now| now == text);
            assert!(same, "`{path}` changes");
        }
        let moved: BTreeSet<_> = step
            .moved()
            .into_iter()
            .map(|(place, _)| &place.1)
            .collect();
        let mut whole = step.after.clone();
        for (app, releases) in &step.before.releases {
            let Some(now) = whole.releases.get_mut(app) else {
                assert!(
                    matches!(step.operation, Operation::DeleteApp(of) if of == app),
                    "{app}"
                );
                continue;
            };
            let mut gone = Vec::new();
            for (number, manifests) in releases {
                if !now.contains_key(number) {
                    gone.push(*number);
                    now.insert(*number, manifests.clone());
                }
            }
            let mut expected = whole.outdated(app, step.limit);
            expected.retain(|_| moved.contains(app));
            assert_eq!(gone, expected, "{app}");
        }
    });
}

/// The apps and the environments that an operation works on.
fn domain(step: &Step) -> (BTreeSet<String>, BTreeSet<String>) {
    let before = &step.before;
    let context = context();
    let ground = Ground::survey(&step.trees.0, &context).unwrap();
    let every_app = || before.releases.keys().cloned().collect();
    let every_environment = || ground.environments.iter().map(|each| each.name.to_string());
    let only = |name: &str| BTreeSet::from([name.to_owned()]);
    match &step.operation {
        Operation::Release { app, .. } => (only(app), every_environment().collect()),
        Operation::Deploy { app, target, .. } => match target {
            Destination::Environment(name) => (only(app), only(name)),
            Destination::Group(group) => {
                let members = ground.environments.group(&group.parse().unwrap());
                let members = members.into_iter().map(|each| each.name.to_string());
                (only(app), members.collect())
            }
        },
        Operation::Lock(..) | Operation::Unlock(_, _, KeepQueue::Yes) => Default::default(),
        Operation::Unlock(_, _, KeepQueue::No) => {
            let (environments, apps) = before.queue.keys().cloned().unzip();
            (apps, environments)
        }
        Operation::Train(_) => (every_app(), every_environment().collect()),
        Operation::Undeploy(app) | Operation::DeleteApp(app) => {
            (only(app), every_environment().collect())
        }
        Operation::RemoveApp(name, app) => (only(app), only(name)),
    }
}

/// Whether an operation may write or remove this path.
fn may_change(step: &Step, path: &str) -> bool {
    let (apps, environments) = domain(step);
    let teams = matches!(
        step.operation,
        Operation::Release { .. } | Operation::DeleteApp(_)
    );
    let place = |name: &str, app: &str| (name.to_owned(), app.to_owned());
    let ends = |name: &str, app: &str| step.operation.ends(&place(name, app));
    let frees = |name: &str, app: &str| step.operation.frees(&place(name, app));
    let locks = matches!(step.operation, Operation::Lock(..) | Operation::Unlock(..));
    match path.split('/').collect::<Vec<_>>()[..] {
        ["environments", name, "applications", app, ..] if ends(name, app) => true,
        ["environments", name, "applications", app, "manifests", _] if frees(name, app) => true,
        [.., "locks" | "manifest_locks", _, _] => locks,
        ["applications", app, "team"] => teams && apps.contains(app),
        ["applications", app, "releases", ..] => apps.contains(app),
        ["environments", name, "applications", app, ..] => {
            apps.contains(app) && environments.contains(name)
        }
        ["argocd", "v1alpha1", file] => file
            .strip_suffix(".yaml")
            .is_some_and(|name| environments.contains(name)),
        _ => false,
    }
}

#[test]
fn an_operation_changes_nothing_outside_its_domain() {
    hold_after(300, |step| {
        let (before, after) = (step.trees.0.listing(), step.trees.1.listing());
        let mut paths: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        paths.retain(|path| before.get(*path) != after.get(*path));
        for path in paths {
            assert!(may_change(&step, path), "`{path}` changes");
        }
    });
}

#[test]
fn an_operation_once_more_changes_nothing() {
    hold_after(300, |step| {
        let again = match &step.operation {
            Operation::Release { version, .. } => version.is_some(),
            // A chained environment takes with the second train what the first has put upstream of it.
            Operation::Train(journey) => !GROUPS.contains(&journey.target),
            Operation::Undeploy(_) => false,
            Operation::Deploy { .. }
            | Operation::Lock(..)
            | Operation::Unlock(..)
            | Operation::DeleteApp(_)
            | Operation::RemoveApp(..) => true,
        };
        if again {
            let mut tree = step.trees.1.clone();
            let _refused_or_not = step.operation.run(&mut tree);
            assert_eq!(tree, step.trees.1);
        }
    });
}
