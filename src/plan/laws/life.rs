//! Laws of the end of an app: what goes, and that nothing else does.

use std::cell::Cell;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;

use super::hold;
use super::operation::Operation;
use super::picture::{Link, Picture};
use super::repository::{APPS, ENVIRONMENTS, Repository, repositories};
use super::train::take_argocd;
use crate::tree::MemoryTree;

/// The paths whose text differs, or that only one of the trees has.
fn changed(before: &MemoryTree, after: &MemoryTree) -> BTreeSet<String> {
    let (before, after) = (before.listing(), after.listing());
    let paths = before.keys().chain(after.keys());
    paths
        .filter(|path| before.get(*path) != after.get(*path))
        .cloned()
        .collect()
}

fn cases() -> impl Strategy<Value = (Repository, &'static str, &'static str)> {
    (repositories(), select(&ENVIRONMENTS[..]), select(&APPS[..]))
}

/// Whether a path belongs to an app on an environment.
fn belongs(path: &str, environment: &str, app: &str) -> bool {
    match path.split('/').collect::<Vec<_>>()[..] {
        ["environments", name, "applications", of, ..]
        | ["applications", of, "releases", _, "environments", name, ..] => {
            name == environment && of == app
        }
        _ => false,
    }
}

#[test]
fn an_app_that_is_removed_from_an_environment_leaves_all_else_as_it_is() {
    let removals = Cell::new(0);
    hold(1000, &cases(), |(repository, environment, app)| {
        let before = repository.world().0;
        let mut after = before.clone();
        if Operation::RemoveApp(environment, app)
            .run(&mut after)
            .is_err()
        {
            assert_eq!(before, after);
            return;
        }
        let file = format!("argocd/v1alpha1/{environment}.yaml");
        for path in changed(&before, &after) {
            assert!(
                belongs(&path, environment, app) || path == file,
                "`{path}` changes"
            );
        }
        let mut listing = after.listing();
        let left = listing.keys().find(|path| belongs(path, environment, app));
        assert_eq!(left, None);
        let ran = Picture::of(&before)
            .runs
            .contains_key(&(environment.to_owned(), app.to_owned()));
        if ran {
            removals.set(removals.get() + 1);
            if after
                .listing()
                .contains_key(&format!("environments/{environment}/config.json"))
            {
                take_argocd(&mut listing, environment);
            }
        } else {
            assert!(!changed(&before, &after).contains(&file), "{file}");
        }
    });
    assert!(removals.get() > 100, "{}", removals.get());
}

#[test]
fn an_app_is_deleted_only_where_it_is_undeployed_and_then_nothing_is_left_of_it() {
    let (deletions, refusals) = (Cell::new(0), Cell::new(0));
    hold(1000, &cases(), |(repository, _, app)| {
        let before = repository.world().0;
        let mut after = before.clone();
        let picture = Picture::of(&before);
        let mut runs = picture.runs.iter().filter(|(place, _)| place.1 == app);
        let undeployed = |link: &Link| {
            let number = picture.leads(app, link);
            number.is_some_and(|number| picture.undeploys.contains(&(app.to_owned(), number)))
        };
        let undeployed = runs.all(|(_, link)| undeployed(link));
        if Operation::DeleteApp(app).run(&mut after).is_err() {
            refusals.set(refusals.get() + u32::from(!undeployed));
            assert_eq!(before, after);
            return;
        }
        assert!(undeployed, "{:#?}", picture.runs);
        deletions.set(deletions.get() + u32::from(picture.runs.keys().any(|place| place.1 == app)));
        let of_app = |path: &str| {
            let path: Vec<_> = path.split('/').collect();
            matches!(path[..], ["applications", of, ..] if of == app)
                || matches!(path[..], ["environments", _, "applications", of, ..] if of == app)
        };
        let left = after.listing().into_keys().find(|path| of_app(path));
        assert_eq!(left, None);
        for path in changed(&before, &after) {
            let file = picture
                .runs
                .keys()
                .any(|(name, of)| of == app && path == format!("argocd/v1alpha1/{name}.yaml"));
            assert!(of_app(&path) || file, "`{path}` changes");
        }
    });
    let (deletions, refusals) = (deletions.get(), refusals.get());
    assert!(deletions > 20 && refusals > 100, "{deletions} {refusals}");
}
