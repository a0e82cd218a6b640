//! Laws of trains: a prognosis is exactly what the train then does.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use proptest::strategy::Strategy;

use super::hold;
use super::operation::{EVERY, Journey, journeys};
use super::picture::{Picture, folder};
use super::repository::{Repository, repositories};
use crate::plan::train::{AppFate, EnvironmentPrognosis, OnLock, Prognosis, QueueMove, prognose};
use crate::plan::world::{context, difference, link_to, run_train};
use crate::plan::{Ground, Refusal, manifest};
use crate::state::{PlacedLock, Upstream};
use crate::tree::MemoryTree;

pub(super) type Listing = BTreeMap<String, String>;

pub(super) fn cases() -> impl Strategy<Value = (Repository, Journey)> {
    (repositories(), journeys(EVERY))
}

pub(super) fn foresee(tree: &MemoryTree, journey: Journey) -> Result<Prognosis> {
    let context = context();
    let ground = Ground::survey(tree, &context)?;
    prognose(tree, &ground, &journey.request())
}

/// The listing that a prognosis promises, Argo CD files aside, and the environments where it deploys.
fn promised(prognosis: &Prognosis, before: &Listing, limit: usize) -> (Listing, BTreeSet<String>) {
    let mut after = before.clone();
    let (mut environments, mut apps) = (BTreeSet::new(), BTreeSet::new());
    for (environment, app, prognosis) in prognosis.apps() {
        let place = format!("environments/{environment}/applications/{app}");
        match &prognosis.fate {
            AppFate::Deploys { to, .. } => {
                let manifest = format!("environments/{environment}/manifests.yaml");
                let manifest = &before[&format!("applications/{app}/releases/{to}/{manifest}")];
                point(&mut after, &place, &link_to(app.as_ref(), to), manifest);
                environments.insert(environment.to_string());
                apps.insert(app.to_string());
            }
            AppFate::Skipped(skip) => {
                if let Some(held) = skip.held()
                    && matches!(held.queue, QueueMove::Put { .. })
                {
                    let link = link_to(app.as_ref(), held.version);
                    after.insert(format!("{place}/queued_version"), link);
                }
            }
        }
    }
    for app in apps {
        for number in Picture::from_listing(&after).outdated(&app, limit) {
            let release = format!("applications/{app}/releases/{}/", folder(number));
            after.retain(|path, _| !path.starts_with(&release));
        }
    }
    (after, environments)
}

/// All that a deployment writes.
fn point(listing: &mut Listing, place: &str, link: &str, manifest: &str) {
    let locks = format!("{place}/manifest_locks/");
    if !listing.keys().any(|path| path.starts_with(&locks)) {
        let applied = if manifest.is_empty() { " " } else { manifest };
        let path = format!("{place}/manifests/manifests.yaml");
        listing.insert(path, applied.to_owned());
    }
    for (name, text) in [
        ("version", link),
        ("deployed_by", "Jane"),
        ("deployed_by_email", "jane@example.com"),
        ("deployed_at_utc", "2024-07-22 10:00:00 +0000 UTC"),
    ] {
        listing.insert(format!("{place}/{name}"), text.to_owned());
    }
    listing.remove(&format!("{place}/queued_version"));
}

/// Takes the Argo CD file of an environment out of a listing, and checks that it names the apps that run there.
#[track_caller]
pub(super) fn take_argocd(listing: &mut Listing, environment: &str) {
    let config = &listing[&format!("environments/{environment}/config.json")];
    let rendered = config.contains("argocd");
    let file = listing.remove(&format!("argocd/v1alpha1/{environment}.yaml"));
    assert_eq!(file.is_some(), rendered, "{environment}");
    let Some(text) = file else {
        return;
    };
    let documents = manifest::documents(&text).unwrap();
    let names: Vec<_> = documents
        .iter()
        .map(|each| each["metadata"]["name"].as_str().unwrap())
        .collect();
    let running = Picture::from_listing(listing).runs.into_keys();
    let running = running.filter(|(name, _)| name == environment);
    let applications = running.map(|(_, app)| format!("{environment}-{app}"));
    let expected: Vec<_> = std::iter::once(environment.to_owned())
        .chain(applications)
        .collect();
    assert_eq!(names, expected);
}

#[test]
fn what_a_prognosis_says_is_what_the_train_then_does() {
    hold(400, &cases(), |(repository, journey)| {
        let mut tree = repository.world().0;
        let (before_tree, before) = (tree.clone(), tree.listing());
        let Ok(prognosis) = foresee(&tree, journey) else {
            return;
        };
        assert_eq!(before, tree.listing(), "a prognosis changes nothing");
        let (mut expected, environments) = promised(&prognosis, &before, repository.limit());
        let run = run_train(&mut tree, &journey.request()).unwrap();
        assert_eq!(run.prognosis, prognosis);
        let mut after = tree.listing();
        for environment in &environments {
            take_argocd(&mut after, environment);
            expected.remove(&format!("argocd/v1alpha1/{environment}.yaml"));
        }
        assert_eq!(after, expected);
        assert_eq!(prognosis.changes_something(), before != after);
        let mut removed = BTreeSet::new();
        for (app, versions) in run.removed {
            removed.extend(
                versions
                    .into_iter()
                    .map(|version| format!("- {app} has {version}")),
            );
        }
        let mut gone = BTreeSet::from_iter(difference(&before_tree, &tree));
        gone.retain(|fact| fact.starts_with("- ") && fact.contains(" has "));
        assert_eq!(removed, gone, "the train reports what it cleaned up");
    });
}

/// The environments of a prognosis whose upstream is one of them.
fn chained(prognosis: &Prognosis) -> BTreeSet<&str> {
    let runs = prognosis
        .environments
        .iter()
        .filter_map(|(name, each)| match each {
            EnvironmentPrognosis::Runs {
                upstream: Upstream::Environment(upstream),
                ..
            } if prognosis.environments.contains_key(upstream) => Some(name.as_ref()),
            EnvironmentPrognosis::Runs { .. } | EnvironmentPrognosis::Skipped(_) => None,
        });
    runs.collect()
}

#[test]
fn the_next_train_moves_only_what_the_train_before_put_upstream() {
    hold(300, &cases(), |(repository, journey)| {
        let mut tree = repository.world().0;
        if run_train(&mut tree, &journey.request()).is_err() {
            return;
        }
        let prognosis = foresee(&tree, journey).unwrap();
        let chained = chained(&prognosis);
        for (environment, app, each) in prognosis.apps() {
            let deploys = matches!(each.fate, AppFate::Deploys { .. });
            assert!(
                !deploys || chained.contains(environment.as_ref()),
                "{environment} {app}"
            );
        }
        if chained.is_empty() {
            let settled = tree.clone();
            run_train(&mut tree, &journey.request()).unwrap();
            assert_eq!(tree, settled);
        }
    });
}

fn words(lock: &PlacedLock) -> String {
    format!("{:?} {}", lock.scope, lock.id)
}

/// All locks that a prognosis names.
fn in_the_way(prognosis: &Prognosis) -> BTreeSet<String> {
    let mut locks = Vec::new();
    for (_, _, app) in prognosis.apps() {
        if let AppFate::Skipped(skip) = &app.fate {
            locks.extend(
                skip.held()
                    .map(|held| held.locks.clone())
                    .unwrap_or_default(),
            );
        }
    }
    for environment in prognosis.environments.values() {
        if let EnvironmentPrognosis::Skipped(skip) = environment {
            locks.extend_from_slice(skip.locks());
        }
    }
    locks.iter().map(words).collect()
}

#[test]
fn a_train_that_must_not_meet_a_lock_names_each_or_runs_as_if_there_were_none() {
    hold(300, &cases(), |(repository, journey)| {
        let on_lock = |on_lock| Journey { on_lock, ..journey };
        let tree = repository.world().0;
        let Ok(lenient) = foresee(&tree, on_lock(OnLock::Queue)) else {
            return;
        };
        let expected = in_the_way(&lenient);
        match foresee(&tree, on_lock(OnLock::Fail)) {
            Ok(strict) => {
                assert!(expected.is_empty(), "{expected:?}");
                assert_eq!(strict, lenient);
                let open = foresee(&unlocked(&tree), on_lock(OnLock::Fail)).unwrap();
                assert_eq!(deployments(&strict), deployments(&open));
            }
            Err(refusal) => {
                let Ok(Refusal::Locked { locks, .. }) = refusal.downcast() else {
                    panic!("only locks refuse a train that could run");
                };
                let named: Vec<_> = locks.iter().map(words).collect();
                assert_eq!(BTreeSet::from_iter(named), expected);
                assert!(!expected.is_empty());
            }
        }
    });
}

/// The tree without locks. Their folders stay, for they may be all that there is of an environment.
fn unlocked(tree: &MemoryTree) -> MemoryTree {
    let files = tree.listing().into_iter();
    let files = files.map(|(path, text)| (path.replace("/locks/", "/was/"), text));
    files.fold(MemoryTree::default(), |tree, (path, text)| {
        tree.with(&path, &text)
    })
}

fn deployments(prognosis: &Prognosis) -> Vec<String> {
    let deployments = prognosis
        .apps()
        .filter_map(|(environment, app, each)| match &each.fate {
            AppFate::Deploys { to, .. } => Some(format!("{environment} {app} {to}")),
            AppFate::Skipped(_) => None,
        });
    deployments.collect()
}
