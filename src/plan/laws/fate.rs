//! The fate of each app in a prognosis, by the order of the rules; and that no case of them is missing among those tried.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::hold;
use super::picture::{Link, Picture, Place, Scope, folder};
use super::train::{Listing, cases, foresee};
use crate::plan::train::{AppFate, EnvironmentPrognosis, Prognosis, QueueMove};
use crate::state::Upstream;

/// The fate of an app by the order of the rules: a cause, or the version that is deployed.
fn fate(picture: &Picture, upstream: &Upstream, place: &Place) -> String {
    let (environment, app) = place;
    let offered = match upstream {
        Upstream::Latest => {
            let highest = picture
                .releases
                .get(app)
                .and_then(|releases| releases.keys().next_back());
            highest.map(|number| Link::To(*number))
        }
        Upstream::Environment(name) => picture.runs.get(&(name.to_string(), app.clone())).cloned(),
    };
    let runs = picture.runs.get(place);
    let broken = |link: &Link| picture.leads(app, link).is_none();
    let locks = picture.in_force(place);
    let app_lock = |(scope, _): &&(Scope, String)| matches!(scope, Scope::App(..));
    let from_environment = matches!(upstream, Upstream::Environment(_));
    let cause = match offered {
        // Two links that name the same are alike, whether that release still exists or not.
        Some(link @ Link::To(_)) if from_environment && runs == Some(&link) => {
            "APP_ALREADY_IN_UPSTREAM_VERSION"
        }
        _ if runs.is_some_and(broken) => "APP_LINK_IS_BROKEN",
        None => "APP_HAS_NO_VERSION_IN_UPSTREAM_ENV",
        Some(link) if broken(&link) => "APP_LINK_IS_BROKEN",
        Some(link) if runs == Some(&link) => "APP_ALREADY_IN_UPSTREAM_VERSION",
        Some(Link::To((_, 1..))) => "APP_VERSION_HAS_REVISION",
        Some(_) if locks.iter().any(app_lock) => "APP_IS_LOCKED",
        Some(Link::To(number)) => {
            let meant = picture.releases[app][&number].contains_key(environment);
            match (meant, locks.is_empty()) {
                (false, _) => "APP_DOES_NOT_EXIST_IN_ENV",
                (true, false) => "TEAM_IS_LOCKED",
                (true, true) => return folder(number),
            }
        }
        Some(Link::Elsewhere(_)) => unreachable!("such a link is broken"),
    };
    cause.to_owned()
}

/// The apps that have a folder on an environment.
fn apps_on<'a>(listing: &'a Listing, environment: &str) -> BTreeSet<&'a str> {
    let folder = format!("environments/{environment}/applications/");
    let paths = listing.keys().filter_map(|path| path.strip_prefix(&folder));
    paths.filter_map(|rest| rest.split('/').next()).collect()
}

#[test]
fn every_candidate_meets_the_fate_that_the_rules_give_it() {
    hold(400, &cases(), |(repository, journey)| {
        let tree = repository.world().0;
        let (listing, picture) = (tree.listing(), Picture::of(&tree));
        let Ok(prognosis) = foresee(&tree, journey) else {
            return;
        };
        for (name, each) in &prognosis.environments {
            let EnvironmentPrognosis::Runs { upstream, apps } = each else {
                continue;
            };
            let lock = Scope::Environment(name.to_string());
            assert!(picture.locks.iter().all(|(scope, _)| *scope != lock));
            let mut candidates = match upstream {
                Upstream::Latest => {
                    let teams = picture.teams.keys();
                    picture
                        .releases
                        .keys()
                        .chain(teams)
                        .map(String::as_str)
                        .collect()
                }
                Upstream::Environment(upstream) => apps_on(&listing, upstream.as_ref()),
            };
            candidates.retain(|app| {
                let owner = picture.teams.get(*app).map(String::as_str);
                journey.team.is_none() || owner == journey.team
            });
            assert!(apps.keys().map(AsRef::as_ref).eq(candidates), "{name}");
            for (app, each) in apps {
                let told = match &each.fate {
                    AppFate::Deploys { to, .. } => to.to_string(),
                    AppFate::Skipped(skip) => skip.cause().name.to_owned(),
                };
                let place = (name.to_string(), app.to_string());
                assert_eq!(told, fate(&picture, upstream, &place), "{place:?}");
            }
        }
    });
}

type Tallies = BTreeMap<String, u32>;

fn count(tallies: &mut Tallies, name: &str) {
    *tallies.entry(name.to_owned()).or_default() += 1;
}

/// Counts what the train comes to on each environment and for each app.
fn tally(prognosis: &Prognosis, tallies: &mut Tallies) {
    for each in prognosis.environments.values() {
        if let EnvironmentPrognosis::Skipped(skip) = each {
            count(tallies, skip.cause().name);
        }
    }
    for (_, _, app) in prognosis.apps() {
        let name = match &app.fate {
            AppFate::Deploys { .. } if app.current.is_some() => "deploys a next version",
            AppFate::Deploys { .. } => "deploys a first version",
            AppFate::Skipped(skip) => {
                match skip.held().map(|held| held.queue) {
                    Some(QueueMove::Put { replaced: Some(_) }) => {
                        count(tallies, "replaces what is queued");
                    }
                    Some(QueueMove::Put { replaced: None }) => count(tallies, "queues"),
                    Some(QueueMove::Waits) => count(tallies, "waits already"),
                    Some(QueueMove::None) | None => {}
                }
                skip.cause().name
            }
        };
        count(tallies, name);
    }
}

#[test]
fn every_cause_and_every_move_occurs_among_the_cases() {
    let tallies = RefCell::new(BTreeMap::new());
    hold(1200, &cases(), |(repository, journey)| {
        let tree = repository.world().0;
        match foresee(&tree, journey) {
            Ok(prognosis) => tally(&prognosis, &mut tallies.borrow_mut()),
            Err(_) => count(&mut tallies.borrow_mut(), "refused"),
        }
    });
    let tallies = tallies.into_inner();
    let expected = [
        "ENV_HAS_NO_UPSTREAM",
        "ENV_HAS_NO_UPSTREAM_LATEST_OR_UPSTREAM_ENV",
        "ENV_HAS_BOTH_UPSTREAM_LATEST_AND_UPSTREAM_ENV",
        "UPSTREAM_ENV_CONFIG_NOT_FOUND",
        "ENV_IS_LOCKED",
        "ENV_UPSTREAMS_FORM_A_CYCLE",
        "ENV_CONFIG_IS_INVALID",
        "APP_HAS_NO_VERSION_IN_UPSTREAM_ENV",
        "APP_ALREADY_IN_UPSTREAM_VERSION",
        "APP_IS_LOCKED",
        "APP_DOES_NOT_EXIST_IN_ENV",
        "TEAM_IS_LOCKED",
        "APP_LINK_IS_BROKEN",
        "APP_VERSION_HAS_REVISION",
        "deploys a first version",
        "deploys a next version",
        "queues",
        "replaces what is queued",
        "waits already",
        "refused",
    ];
    let names: BTreeSet<_> = tallies.keys().map(String::as_str).collect();
    let rare = tallies.values().any(|count| *count < 5);
    assert!(names == BTreeSet::from(expected) && !rare, "{tallies:#?}");
}
