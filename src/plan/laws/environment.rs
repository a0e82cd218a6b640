//! Laws of environments: a change stays where it belongs, twice is once, and what was created and deleted leaves nothing behind.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::btree_set;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::hold;
use super::repository::{ENVIRONMENTS, GROUPS, repositories};
use crate::plan::environment::{Configure, When, configure, delete};
use crate::plan::world::run;
use crate::state::config::{ConfigEdit, DestinationField, Part};
use crate::state::{EnvironmentGraph, Upstream};
use crate::tree::MemoryTree;

/// A name that no random repository has.
const NEW: &str = "x";

fn edits() -> impl Strategy<Value = ConfigEdit> {
    let parts = [
        Part::Upstream,
        Part::Group,
        Part::ArgoCd,
        Part::Destination(DestinationField::Server),
        Part::Annotations,
        Part::SyncOptions,
    ];
    let upstreams = [&ENVIRONMENTS[..], &["latest", "latest", NEW, "moon"]].concat();
    let concrete = select(vec!["one", "two"]);
    let given = (
        btree_set(select(parts.to_vec()), 0..3),
        option::of(select(upstreams)),
        option::of(select(&GROUPS[..])),
        option::weighted(0.3, Just("aa")),
        option::weighted(0.3, concrete),
        option::of(select(vec!["https://a", "https://b"])),
        option::of(select(vec!["a", "b"])),
    );
    given.prop_map(
        |(clear, upstream, group, prefix, concrete, server, annotation)| {
            let mut edit = ConfigEdit {
                clear,
                upstream: upstream.map(|name| match name {
                    "latest" => Upstream::Latest,
                    name => Upstream::Environment(name.parse().expect("a name")),
                }),
                group: group.map(|name| name.parse().expect("a name")),
                prefix: prefix.map(|name| name.parse().expect("a name")),
                concrete: concrete.map(|name| name.parse().expect("a name")),
                ..ConfigEdit::default()
            };
            let server = server.map(|server| (DestinationField::Server, server.to_owned()));
            edit.argocd.destination.extend(server);
            let annotation = annotation.map(|key| (key.to_owned(), "1".to_owned()));
            edit.argocd.annotations.extend(annotation);
            edit
        },
    )
}

fn requests(name: impl Strategy<Value = &'static str>) -> impl Strategy<Value = Configure> {
    (name, edits()).prop_map(|(name, edit)| Configure {
        environment: name.parse().expect("a name"),
        when: When::Either,
        config: None,
        edit,
    })
}

/// The paths that two trees do not share.
fn differing(before: &MemoryTree, after: &MemoryTree) -> BTreeSet<String> {
    let (before, after): (BTreeMap<_, _>, BTreeMap<_, _>) = (before.listing(), after.listing());
    let paths = before.keys().chain(after.keys());
    let differs = |path: &&String| before.get(*path) != after.get(*path);
    paths.filter(differs).cloned().collect()
}

fn projects(tree: &MemoryTree, name: &str) -> BTreeSet<String> {
    let graph = EnvironmentGraph::read(tree).expect("a tree in memory");
    let targets = graph.iter().filter(|each| each.name.as_ref() == name);
    let targets = targets.flat_map(|each| &each.argocd);
    let file = |project: &String| format!("argocd/v1alpha1/{project}.yaml");
    targets.map(|target| file(&target.name)).collect()
}

#[test]
fn a_change_of_a_config_stays_where_it_belongs_and_twice_is_once() {
    let names = select([&ENVIRONMENTS[..], &[NEW]].concat());
    let changed = Cell::new(0);
    hold(
        300,
        &(repositories(), requests(names)),
        |(repository, request)| {
            let before = repository.world().0;
            let mut tree = before.clone();
            let configured = |tree: &mut MemoryTree| {
                run(tree, |draft, ground| configure(draft, ground, &request)).is_ok()
            };
            if !configured(&mut tree) {
                return;
            }
            let name = request.environment.as_ref();
            let mut allowed = projects(&before, name);
            allowed.extend(projects(&tree, name));
            allowed.insert(format!("environments/{name}/config.json"));
            let differing = differing(&before, &tree);
            assert!(differing.is_subset(&allowed), "{differing:?}");
            changed.set(changed.get() + usize::from(!differing.is_empty()));

            // No file of a project that is no more.
            let files = tree.listing().into_keys();
            let files: BTreeSet<_> = files.filter(|path| path.starts_with("argocd/")).collect();
            assert!(files.is_subset(&projects(&tree, name)), "{files:?}");

            let graph = EnvironmentGraph::read(&tree).unwrap();
            let environment = graph.get(&request.environment).unwrap();
            environment.readable().unwrap();
            if let Some(upstream) = &request.edit.upstream {
                // A fault that was there before may stay.
                let old = EnvironmentGraph::read(&before).unwrap();
                let old = old.get(&request.environment).map(|each| &each.upstream);
                assert!(
                    environment.upstream.as_ref() == Ok(upstream)
                        || old == Some(&environment.upstream),
                    "{:?}",
                    environment.upstream
                );
            }

            let once = tree.clone();
            assert!(configured(&mut tree), "twice");
            assert_eq!(tree, once);
        },
    );
    assert!(changed.get() > 50, "{}", changed.get());
}

#[test]
fn what_was_created_and_deleted_leaves_nothing_behind() {
    let created = Cell::new(0);
    hold(
        300,
        &(repositories(), requests(Just(NEW))),
        |(repository, request)| {
            let before = repository.world().0;
            let mut tree = before.clone();
            if run(&mut tree, |draft, ground| {
                configure(draft, ground, &request)
            })
            .is_err()
            {
                return;
            }
            created.set(created.get() + 1);
            assert!(!differing(&before, &tree).is_empty());
            let name = &request.environment;
            match run(&mut tree, |draft, ground| delete(draft, ground, name)) {
                Ok(_) => assert_eq!(tree, before),
                // A config that cannot be read might name it.
                Err(error) => assert!(error.to_string().contains("config.json"), "{error}"),
            }
        },
    );
    assert!(created.get() > 50, "{}", created.get());
}

#[test]
fn deletion_takes_one_environment_that_is_nobodys_upstream() {
    let deleted = Cell::new(0);
    let cases = (repositories(), select(&ENVIRONMENTS[..]));
    hold(300, &cases, |(repository, name)| {
        let before = repository.world().0;
        let mut tree = before.clone();
        let parsed = name.parse().unwrap();
        let result = run(&mut tree, |draft, ground| delete(draft, ground, &parsed));
        let upstream = format!(r#""environment":"{name}""#);
        let own = format!("environments/{name}/");
        let listing = before.listing();
        let mut others = listing.iter().filter(|(path, _)| !path.starts_with(&own));
        let is_upstream =
            others.any(|(path, text)| path.ends_with("/config.json") && text.contains(&upstream));
        if result.is_err() {
            assert_eq!(tree, before);
            return;
        }
        assert!(!is_upstream, "{listing:#?}");
        deleted.set(deleted.get() + 1);
        let mut expected = listing;
        expected.retain(|path, _| !path.starts_with(&own));
        assert_eq!(tree.listing(), expected);
    });
    assert!(deleted.get() > 30, "{}", deleted.get());
}
