//! Soundness: whatever is done to a repository that began well, all its files go on belonging together.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::hold;
use super::operation::{KeepQueue, Names, Operation, operations};
use super::picture::Picture;
use crate::plan::environment::{Configure, When, configure, delete};
use crate::plan::release::{NewRelease, Purpose, release};
use crate::plan::render::{RenderTarget, render};
use crate::plan::train::{OnLock, TargetKind, Train, depart, prognose};
use crate::plan::verify::{Severity, verify};
use crate::plan::world::{World, context, run};
use crate::plan::{Done, Ground, Outcome, Past, Source};
use crate::state::Upstream;
use crate::state::config::{ConfigEdit, DestinationField};
use crate::state::release::Field;
use crate::tree::MemoryTree;

const NAMES: Names = Names {
    apps: &["api", "web"],
    environments: &["dev", "prod-de", "staging"],
};
/// Source commits are these letters, forty times.
const COMMITS: [&str; 4] = ["a", "b", "c", "d"];

type Listing = BTreeMap<String, String>;

/// What somebody does.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Operation(Operation),
    /// A release of an app, from a commit, which may name the one before it.
    Build(&'static str, &'static str, Option<&'static str>),
    /// An environment is made, or gets another upstream.
    Configure(&'static str, &'static str),
    /// An environment is deleted.
    Demolish(&'static str),
    /// All derived files are written again.
    Render,
    /// A train to this target takes what ran upstream so many steps ago.
    FromThePast(&'static str, usize),
}

impl Act {
    /// Whether the same once more changes nothing.
    fn is_idempotent(&self) -> bool {
        match self {
            // A law of its own tells which of them are.
            Self::Operation(_) | Self::Build(..) => false,
            Self::Configure(..) | Self::Demolish(_) | Self::Render | Self::FromThePast(..) => true,
        }
    }
}

pub(super) fn acts() -> impl Strategy<Value = Vec<Act>> {
    let commit = || select(&COMMITS[..]);
    let environment = || select(NAMES.environments);
    let build = (select(NAMES.apps), commit(), option::of(commit()));
    let act = prop_oneof![
        3 => operations(NAMES).prop_map(|operation| Act::Operation(tame(operation))),
        2 => build.prop_map(|(app, commit, previous)| Act::Build(app, commit, previous)),
        1 => prop_oneof![
            (environment(), select(&["latest", "dev", "staging"][..]))
                .prop_map(|(name, upstream)| Act::Configure(name, upstream)),
            // One stays, or nothing else could be done.
            select(&NAMES.environments[1..]).prop_map(Act::Demolish),
            Just(Act::Render),
            (select(&["staging", "prod"][..]), 0..6_usize)
                .prop_map(|(target, steps)| Act::FromThePast(target, steps)),
        ],
    ];
    vec(act, 20..80)
}

/// Without what leaves something in a queue that no lock holds back because it was asked to: a queue that is to be kept.
fn tame(operation: Operation) -> Operation {
    match operation {
        Operation::Unlock(on, id, _) => Operation::Unlock(on, id, KeepQueue::No),
        other => other,
    }
}

pub(super) fn start() -> World {
    World::default()
        .file(
            "trainyard.yaml",
            "commitData: true\nreleaseVersionsLimit: 5\nminorRegexes: ['^note: ']\n",
        )
        .config("dev", r#"{"argocd":{},"upstream":{"latest":true}}"#)
        .config(
            "staging",
            r#"{"argocd":{},"upstream":{"environment":"dev"}}"#,
        )
        .config(
            "prod-de",
            r#"{"argocd":{},"upstream":{"environment":"staging"},"environmentGroup":"prod"}"#,
        )
        .team("web", "red")
}

/// Does it; what is refused changes nothing.
pub(super) fn act(tree: &mut MemoryTree, history: &[MemoryTree], act: &Act) {
    match act {
        Act::Operation(operation) => {
            let _ = operation.run(tree);
        }
        Act::Build(app, commit, previous) => build(tree, app, commit, *previous),
        Act::Configure(name, upstream) => {
            let upstream = match *upstream {
                "latest" => Upstream::Latest,
                upstream => Upstream::Environment(upstream.parse().unwrap()),
            };
            let mut edit = ConfigEdit {
                upstream: Some(upstream),
                ..ConfigEdit::default()
            };
            let server = (DestinationField::Server, "https://a".to_owned());
            edit.argocd.destination.extend([server]);
            let request = Configure {
                environment: name.parse().unwrap(),
                when: When::Either,
                config: None,
                edit,
            };
            let _ = run(tree, |draft, ground| configure(draft, ground, &request));
        }
        Act::Demolish(name) => {
            let name = name.parse().unwrap();
            let _ = run(tree, |draft, ground| delete(draft, ground, &name));
        }
        Act::Render => {
            let before = tree.listing();
            write_derived_files(tree);
            assert_eq!(tree.listing(), before, "everything is in step already");
        }
        Act::FromThePast(target, steps) => {
            let place = history.len().saturating_sub(steps + 1);
            from_the_past(tree, &history[place], target);
        }
    }
}

/// A train that takes what ran upstream in an earlier state.
fn from_the_past(tree: &mut MemoryTree, then: &MemoryTree, target: &str) {
    let source = Source {
        name: "v1".parse().unwrap(),
        commit: "a".repeat(40).parse().unwrap(),
    };
    let pasts = [Past {
        source: &source,
        tree: then,
    }];
    let request = Train {
        target: target.parse().unwrap(),
        target_kind: TargetKind::Unknown,
        team: None,
        source: "v1".parse().ok(),
        on_lock: OnLock::Queue,
    };
    let _ = run(tree, |draft, ground| {
        let ground = Ground::survey(draft, ground.context)?.with_pasts(&pasts);
        let prognosis = prognose(draft, &ground, &request)?;
        let done = Done::Train(depart(draft, &ground, prognosis)?);
        let warnings = Vec::new();
        Ok(Outcome { done, warnings })
    });
}

pub(super) fn write_derived_files(tree: &mut MemoryTree) {
    let all = RenderTarget::All;
    run(tree, |draft, ground| render(draft, ground, &all)).unwrap();
}

/// A release of an app, from a commit, for all environments.
fn build(tree: &mut MemoryTree, app: &str, commit: &str, previous: Option<&str>) {
    let mut fields = BTreeMap::from([(Field::SourceCommitId, commit.repeat(40))]);
    fields.extend(previous.map(|commit| (Field::PreviousCommitId, commit.repeat(40))));
    // Two releases in a row from one commit differ in a minor line at most.
    let text = format!("built: {commit}\nnote: {previous:?}\n");
    let manifests = NAMES.environments.iter();
    let request = NewRelease {
        purpose: Purpose::Deploy,
        app: app.parse().unwrap(),
        version: None,
        team: None,
        fields,
        manifests: manifests
            .map(|name| (name.parse().unwrap(), text.clone()))
            .collect(),
    };
    run(tree, |draft, ground| release(draft, ground, &request)).unwrap();
}

/// What runs and what waits exists, is meant for its environment, and is applied as it was released, unless a lock keeps the
/// manifest; what waits is held back.
fn check_places(picture: &Picture) {
    for (place, link) in picture.runs.iter().chain(&picture.queue) {
        let number = picture.leads(&place.1, link);
        let number = number.unwrap_or_else(|| panic!("{place:?} leads nowhere: {link:?}"));
        let manifest = picture.releases[&place.1][&number].get(&place.0);
        let manifest = manifest.unwrap_or_else(|| panic!("{place:?} has no manifest: {link:?}"));
        if picture.runs.get(place) == Some(link) && !picture.keeps_manifest(place) {
            let applied = if manifest.is_empty() { " " } else { manifest };
            assert_eq!(picture.applied[place], applied, "{place:?}");
        }
    }
    for (place, link) in &picture.queue {
        assert!(!picture.in_force(place).is_empty(), "{place:?} is free");
        assert_ne!(picture.runs.get(place), Some(link), "{place:?} runs it");
    }
    for place in picture.applied.keys() {
        assert!(picture.runs.contains_key(place), "{place:?} does not run");
    }
}

/// Each Argo CD file has an application for each app that runs there, with its team, and none besides.
fn check_argocd(listing: &Listing, picture: &Picture) {
    for environment in NAMES.environments {
        let runs = picture.runs.keys().filter(|place| place.0 == *environment);
        let expected: Vec<_> = runs
            .flat_map(|(_, app)| {
                let team = picture.teams.get(app).map_or("\"\"", String::as_str);
                let label = format!("    com.freiheit.kuberpult/team: {team}");
                [label.clone(), label, format!("  name: {environment}-{app}")]
            })
            .collect();
        let file = listing.get(&format!("argocd/v1alpha1/{environment}.yaml"));
        let lines = file.map(String::as_str).unwrap_or_default().lines();
        let named = |line: &&str| line.contains("/team: ") || line.starts_with("  name: ");
        let found: Vec<_> = lines.filter(named).skip(1).collect();
        assert_eq!(found, expected, "{environment}");
    }
}

/// Every commit of a release has its data, and every data its release; no commit names one as its neighbour that has none.
fn check_commits(listing: &Listing) {
    let mut of_releases = BTreeSet::new();
    let mut of_data = BTreeSet::new();
    let mut links = BTreeSet::new();
    for (path, text) in listing {
        match path.split('/').collect::<Vec<_>>()[..] {
            ["applications", app, "releases", _, "source_commit_id"] => {
                of_releases.insert((text.clone(), app.to_owned()));
            }
            ["commits", _, _, "nextCommit" | "previousCommit"] => {
                links.insert(text.clone());
            }
            ["commits", first, rest, "applications", app, ".gitkeep"] => {
                of_data.insert((format!("{first}{rest}"), app.to_owned()));
            }
            _ => {}
        }
    }
    assert_eq!(of_data, of_releases);
    let known = |link: &String| of_data.iter().any(|(commit, _)| commit == link);
    assert!(links.iter().all(known), "{links:?} of {of_data:?}");
}

/// `verify` finds nothing either.
pub(super) fn check_verified(tree: &MemoryTree) {
    let verified = verify(tree, &context()).unwrap();
    let told: Vec<_> = verified
        .faults
        .iter()
        .filter(|fault| fault.severity() != Severity::Note)
        // One that has a team before it has releases is where it begins.
        .filter(|fault| fault.kind() != "app-without-releases")
        .map(|fault| format!("{}: {fault}", fault.path))
        .collect();
    assert_eq!(told, [""; 0], "{:#?}", tree.listing());
}

#[test]
fn everything_belongs_together_after_every_step() {
    let counters = [Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0)];
    let [waited, neighbours, gone, returned] = &counters;
    hold(50, &acts(), |acts| {
        let mut tree = start().0;
        write_derived_files(&mut tree);
        let mut history = vec![tree.clone()];
        for each in &acts {
            let before = tree.listing();
            act(&mut tree, &history, each);
            let listing = tree.listing();
            if each.is_idempotent() {
                act(&mut tree, &history, each);
                assert_eq!(tree.listing(), listing, "{each:?} once more");
            }
            history.push(tree.clone());
            let picture = Picture::from_listing(&listing);
            check_places(&picture);
            check_argocd(&listing, &picture);
            check_commits(&listing);
            if history.len() % 8 == 0 {
                check_verified(&tree);
            }
            let ends =
                |listing: &Listing, end| listing.keys().filter(|path| path.ends_with(end)).count();
            let count = |cell: &Cell<usize>, number| cell.set(cell.get() + number);
            let returns = matches!(each, Act::FromThePast(..)) && listing != before;
            count(returned, usize::from(returns));
            count(waited, picture.queue.len());
            count(neighbours, ends(&listing, "/nextCommit"));
            count(
                gone,
                usize::from(ends(&listing, "/.empty") < ends(&before, "/.empty")),
            );
        }
        check_verified(&tree);
    });
    for counted in &counters {
        assert!(counted.get() > 5, "{counters:?}");
    }
}
