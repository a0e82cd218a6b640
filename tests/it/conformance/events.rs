//! Events of commit data, whose ids every implementation makes up for itself: scenarios number them instead.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::world::Tree;

/// The folder of a source commit's events, the id of one of them, and the rest of a path.
fn parts(path: &str) -> Option<(&str, &str, &str)> {
    let (folder, rest) = path.split_once("/events/")?;
    let (id, rest) = rest.split_once('/')?;
    folder.starts_with("commits/").then_some((folder, id, rest))
}

/// The time in an id; `None` if it is no UUID of version 1.
fn time(id: &str) -> Option<u64> {
    let id = Uuid::try_parse(id).ok()?;
    let time = (id.get_version_num() == 1).then(|| id.get_timestamp())?;
    Some(time?.to_gregorian().0)
}

/// The expected tree with the ids that were found: `events/1` is the first event that a source commit did not have before, in
/// the order of the times in their ids.
pub(super) fn named(expected: &Tree, before: &Tree, found: &Tree) -> Tree {
    let mut fresh: BTreeMap<&str, BTreeSet<(u64, &str)>> = BTreeMap::new();
    for path in found.keys().filter(|path| !before.contains_key(*path)) {
        if let Some((folder, id, _)) = parts(path)
            && let Some(time) = time(id)
        {
            fresh.entry(folder).or_default().insert((time, id));
        }
    }
    let id = |folder: &str, number: &str| -> Option<&str> {
        let place: usize = number.parse().ok()?;
        let (_, id) = fresh.get(folder)?.iter().nth(place.checked_sub(1)?)?;
        Some(*id)
    };
    let renamed = expected.iter().map(|(path, node)| {
        let name = parts(path).and_then(|(folder, number, rest)| {
            let id = id(folder, number)?;
            Some(format!("{folder}/events/{id}/{rest}"))
        });
        (name.unwrap_or_else(|| path.clone()), node.clone())
    });
    renamed.collect()
}

#[test]
fn new_events_are_numbered_in_the_order_of_their_times() {
    let [old, first, second] = [
        "2866a687-4811-11ef-8000-010000000000",
        "f866a687-4811-11ef-8000-010000000000",
        "0866a687-4812-11ef-8000-010000000000",
    ];
    let tree = |ids: &[&str]| -> Tree {
        let paths = ids
            .iter()
            .map(|id| format!("commits/aa/bb/events/{id}/eventType"));
        paths.map(|path| (path, crate::world::text("x"))).collect()
    };
    let found = tree(&[second, old, first]);
    let named = |numbers: &[&str]| named(&tree(numbers), &tree(&[old]), &found);
    assert_eq!(named(&[old, "1", "2"]), found);
    assert_eq!(named(&[old, "2"]), tree(&[old, second]));
    assert_eq!(named(&[old, "0", "3"]), tree(&[old, "0", "3"]));
}
