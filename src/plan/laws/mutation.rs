//! Mutations: whatever is broken in a sound repository, `verify` finds it, or nobody can tell that it was ever otherwise; and
//! `verify --fix` mends it, or leaves it to a person.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::Config;

use super::hold;
use super::sound::{Act, act, acts, check_verified, start, write_derived_files};
use crate::plan::Done;
use crate::plan::verify::{Fault, Mend, Verified, fix, verify};
use crate::plan::world::{World, context, run};
use crate::tree::MemoryTree;

type Listing = BTreeMap<String, String>;

/// What somebody or something does to a file or a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mutation {
    Deleted,
    Emptied,
    Truncated,
    Garbage,
    BecomesLink,
    BecomesFolder,
    WrittenOut,
    PointedElsewhere(&'static str),
    /// A file beside it.
    Stray(&'static str),
    /// Its folder, so many levels up, or itself, gets another name.
    Renamed(usize, &'static str),
}

const MUTATIONS: [Mutation; 21] = [
    Mutation::Deleted,
    Mutation::Emptied,
    Mutation::Truncated,
    Mutation::Garbage,
    Mutation::BecomesLink,
    Mutation::BecomesFolder,
    Mutation::WrittenOut,
    Mutation::PointedElsewhere("../../../../applications/web/releases/99"),
    Mutation::PointedElsewhere("../../../../applications/other/releases/1"),
    Mutation::PointedElsewhere("/etc/passwd"),
    Mutation::PointedElsewhere("../../../../applications/web/releases/01"),
    Mutation::PointedElsewhere("version"),
    Mutation::Stray(".DS_Store"),
    Mutation::Stray("notes.txt"),
    Mutation::Stray("version~"),
    Mutation::Stray(".gitkeep2"),
    Mutation::Renamed(0, "Other_Name"),
    Mutation::Renamed(1, "Bad Name"),
    Mutation::Renamed(2, "bad_name"),
    Mutation::Renamed(1, "007"),
    Mutation::Renamed(3, "UPPER"),
];

/// The tree after the mutation of a path, and the path that is broken then; `None` if there is no such mutation of it.
fn mutated(listing: &Listing, path: &str, mutation: Mutation) -> Option<(Listing, String)> {
    let mut after = listing.clone();
    let text = listing[path].clone();
    let is_link = text.starts_with("->");
    let mut put = |text: String| after.insert(path.to_owned(), text);
    let mut broken = path.to_owned();
    match mutation {
        Mutation::Deleted => drop(after.remove(path)),
        Mutation::Emptied if !is_link => drop(put(String::new())),
        Mutation::Truncated if !is_link => {
            let half = text.len() / 2;
            let half = (0..=half).rev().find(|at| text.is_char_boundary(*at))?;
            put(text[..half].to_owned());
        }
        Mutation::Garbage if !is_link => drop(put("{\u{1}]: [\0 - : |".to_owned())),
        Mutation::BecomesLink if !is_link => drop(put("->../elsewhere".to_owned())),
        Mutation::BecomesFolder => {
            after.remove(path);
            after.insert(format!("{path}/inside"), text);
        }
        Mutation::WrittenOut => drop(put(text.strip_prefix("->")?.to_owned())),
        Mutation::PointedElsewhere(target) if is_link => drop(put(format!("->{target}"))),
        Mutation::Stray(name) => {
            let (folder, _) = path.rsplit_once('/')?;
            broken = format!("{folder}/{name}");
            after.insert(broken.clone(), "x".to_owned());
        }
        Mutation::Renamed(up, name) => {
            let mut whole = path;
            for _ in 0..up {
                whole = whole.rsplit_once('/')?.0;
            }
            let (folder, _) = whole.rsplit_once('/')?;
            broken = format!("{folder}/{name}");
            let is_below = |each: &str| each == whole || each.starts_with(&format!("{whole}/"));
            after = after
                .into_iter()
                .map(|(each, text)| {
                    if is_below(&each) {
                        (format!("{broken}{}", &each[whole.len()..]), text)
                    } else {
                        (each, text)
                    }
                })
                .collect();
        }
        Mutation::Emptied
        | Mutation::Truncated
        | Mutation::Garbage
        | Mutation::BecomesLink
        | Mutation::PointedElsewhere(_) => return None,
    }
    (after != *listing).then_some((after, broken))
}

/// Why nobody can tell that something was ever otherwise: what is there is as sound as what was there.
fn harmless(sound: &Listing, path: &str, mutation: Mutation) -> Option<&'static str> {
    let parts: Vec<_> = path.split('/').collect();
    let name = parts[parts.len() - 1];
    let in_release = parts.len() > 4 && parts[0] == "applications" && parts[2] == "releases";
    let in_commit = parts[0] == "commits";
    Some(match (mutation, name) {
        (Mutation::Deleted, "queued_version") => "nothing waits there",
        (Mutation::Deleted, "team") => "an app may have no team",
        (Mutation::Truncated, "team") => "the app has another team",
        (Mutation::Deleted | Mutation::Emptied, "trainyard.yaml") => "the defaults hold",
        (Mutation::Truncated, "trainyard.yaml") => "fewer options are set",
        (
            Mutation::Deleted,
            "source_commit_id" | "previous_commit_id" | "source_author" | "source_message"
            | "display_version" | "ci_link",
        ) if in_release => "a release may not say where it comes from",
        (
            Mutation::Emptied | Mutation::Truncated | Mutation::Garbage,
            "message"
            | "created_by_name"
            | "created_by_email"
            | "deployed_by"
            | "deployed_by_email"
            | "source_message"
            | "source_author"
            | "lock_message"
            | "lock_type"
            | "source_train_upstream"
            | "source_train_environment_group",
        ) => "any text is one",
        (Mutation::Deleted, "source_train_upstream" | "source_train_environment_group")
            if in_commit =>
        {
            "not every deployment comes by a train"
        }
        (Mutation::Deleted, ".gitkeep" | ".empty") if in_commit => {
            "an empty file that keeps a folder which others keep, too"
        }
        (Mutation::Deleted, "nextCommit" | "previousCommit") => "a commit may have no neighbour",
        (Mutation::Truncated, "application" | "environment") | (Mutation::Renamed(..), _)
            if in_commit =>
        {
            "an event of another app or environment"
        }
        (Mutation::Deleted, "manifests.yaml") if in_release => {
            "a release need not be for every environment"
        }
        (Mutation::Truncated | Mutation::Emptied, "manifests.yaml")
            if in_release && !is_applied(sound, &parts) =>
        {
            "a release of another manifest"
        }
        (Mutation::Renamed(1, _), _) if parts.iter().rev().nth(2).is_some_and(is_of_locks) => {
            "any name is one of a lock"
        }
        _ => return None,
    })
}

/// Whether the manifest of a release is what an environment applies: it runs there, and no lock keeps another one.
fn is_applied(sound: &Listing, parts: &[&str]) -> bool {
    let [_, app, _, version, _, environment, _] = parts else {
        return false;
    };
    let place = format!("environments/{environment}/applications/{app}");
    let link = format!("->../../../../applications/{app}/releases/{version}");
    let kept = format!("{place}/manifest_locks/");
    sound.get(&format!("{place}/version")) == Some(&link)
        && !sound.keys().any(|path| path.starts_with(&kept))
}

fn is_of_locks(folder: &&str) -> bool {
    ["locks", "manifest_locks"].contains(folder)
}

/// Whether a fault is about what is broken: at its path, in it, or naming it; or at the folder that has lost it.
fn is_about(fault: &Fault, broken: &str, mutation: Mutation) -> bool {
    let below = |path: &str, folder: &str| path.starts_with(&format!("{folder}/"));
    let lost = [
        "release-without-manifests",
        "app-without-releases",
        "commit-without-apps",
        "commit-event",
        "commit-without-release",
        "missing-link",
        "remains-of-deployment",
    ];
    let path = fault.path.as_str();
    path == broken
        || below(path, broken)
        || fault.to_string().contains(broken)
        || (lost.contains(&fault.kind()) && below(broken, path))
        || matches!(mutation, Mutation::Renamed(..)) && below(broken, path)
        // Whoever points to a folder that has another name now says so.
        || (matches!(mutation, Mutation::Renamed(..))
            && ["broken-link", "broken-queue"].contains(&fault.kind()))
        || (broken.ends_with("/undeploy") && fault.kind() == "empty-manifest")
        || (broken.ends_with("/source_commit_id") && fault.kind() == "commit-without-release")
}

fn tree(listing: &Listing) -> MemoryTree {
    let files: Vec<_> = listing
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    MemoryTree::of(&files)
}

/// Paths and kinds of faults.
type Told = BTreeSet<(String, &'static str)>;

fn told(verified: &Verified) -> Told {
    let faults = verified.faults.iter();
    faults
        .map(|fault| (fault.path.clone(), fault.kind()))
        .collect()
}

/// Breaks one thing, looks for it, and has it mended. Fails with what is not as it should be.
fn check(sound: &Listing, before: &Told, path: &str, mutation: Mutation) -> Result<(), String> {
    let Some((after, broken)) = mutated(sound, path, mutation) else {
        return Ok(());
    };
    let broken_tree = tree(&after);
    let Ok(verified) = verify(&broken_tree, &context()) else {
        // What is no manifest repository at all is refused in words of its own.
        let environments = after.keys().any(|path| path.starts_with("environments/"));
        return ensure(!environments, || "it is refused".to_owned());
    };
    let is_new = |fault: &&Fault| !before.contains(&(fault.path.clone(), fault.kind()));
    let new: Vec<_> = verified.faults.iter().filter(is_new).collect();
    let found = new.iter().any(|fault| is_about(fault, &broken, mutation));
    let harmless = harmless(sound, path, mutation);
    ensure(found || harmless.is_some(), || {
        let lines = new
            .iter()
            .map(|fault| format!("\n  {}: {fault} [{}]", fault.path, fault.kind()));
        format!("it is not found:{}", lines.collect::<String>())
    })?;
    mend(broken_tree, &after, &verified)
}

fn ensure(holds: bool, else_: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(else_()) }
}

/// What is safe is mended, what is left is a person's; nothing that a person wrote goes, and nothing else runs.
fn mend(mut tree: MemoryTree, broken: &Listing, found: &Verified) -> Result<(), String> {
    let Ok(outcome) = run(&mut tree, fix) else {
        // Only where the options cannot be read, and every operation says so.
        let unreadable = told(found).iter().any(|(_, kind)| *kind == "options");
        return ensure(unreadable, || "it cannot be mended".to_owned());
    };
    let Done::Verified(left) = outcome.done else {
        return Err("it is no look at everything".to_owned());
    };
    let mut safe = left
        .faults
        .iter()
        .filter(|fault| fault.mend() == Mend::Safe);
    ensure(safe.next().is_none(), || "what is safe is left".to_owned())?;
    if left.mended.as_ref().is_none_or(Vec::is_empty) {
        return Ok(());
    }
    let again = told(&verify(&tree, &context()).unwrap());
    ensure(again == told(&left), || {
        "what is left is not what is found".to_owned()
    })?;
    let after = tree.listing();
    for (path, text) in broken {
        let name = path.rsplit('/').next().unwrap();
        let ours = [
            "queued_version",
            "nextCommit",
            "previousCommit",
            ".DS_Store",
        ]
        .contains(&name);
        ensure(ours || after.contains_key(path), || {
            format!("{path} is deleted")
        })?;
        let is_sound = name == "version"
            && text.starts_with("->")
            && !told(found).iter().any(|(at, _)| at == path);
        ensure(!is_sound || after[path] == *text, || {
            format!("{path} runs something else")
        })?;
    }
    run(&mut tree, fix).map_err(|error| error.to_string())?;
    ensure(tree.listing() == after, || {
        "mended once more, it changes".to_owned()
    })
}

/// A repository after some acts.
fn after(acts: &[Act]) -> Listing {
    let mut tree: MemoryTree = start().0;
    write_derived_files(&mut tree);
    let mut history = vec![tree.clone()];
    for each in acts {
        act(&mut tree, &history, each);
        history.push(tree.clone());
    }
    tree.listing()
}

/// Breaks these, one after the other; tells all that is not as it should be.
fn check_all<'a>(sound: &Listing, mutations: impl IntoIterator<Item = (&'a str, Mutation)>) {
    let before = told(&verify(&tree(sound), &context()).unwrap());
    let failures = mutations.into_iter().filter_map(|(path, mutation)| {
        let why = check(sound, &before, path, mutation).err()?;
        Some(format!("{path}, {mutation:?}: {why}"))
    });
    let failures: Vec<_> = failures.collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn whatever_is_broken_is_found_and_mended_or_left_to_a_person() {
    let mutations = proptest::collection::vec((any::<Index>(), select(&MUTATIONS[..])), 40);
    hold(8, &(acts(), mutations), |(acts, mutations)| {
        let sound = after(&acts);
        let paths: Vec<_> = sound.keys().map(String::as_str).collect();
        let mutations = mutations.into_iter().map(|(place, mutation)| {
            let path: &&str = place.get(&paths);
            (*path, mutation)
        });
        check_all(&sound, mutations);
    });
}

/// The kind of a file: its path without the names that somebody chose.
fn kind(path: &str) -> String {
    const OURS: [&str; 14] = [
        "applications",
        "argocd",
        "commits",
        "environments",
        "events",
        "locks",
        "manifest_locks",
        "manifests",
        "manifests.yaml",
        "releases",
        "teams",
        "v1alpha1",
        "version",
        "queued_version",
    ];
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_ours = |part: &&str| OURS.contains(part);
    let folders = folder
        .split('/')
        .map(|part| if is_ours(&part) { part } else { "*" });
    let name = if folder.ends_with("v1alpha1") {
        "*"
    } else {
        name
    };
    folders.chain([name]).collect::<Vec<_>>().join("/")
}

/// Files of every kind that is there after random acts, in every way. `PROPTEST_CASES` takes more of each kind, from more repositories.
#[test]
#[ignore = "one of the slower suites"]
fn every_file_is_broken_in_every_way() {
    let most = (2 * Config::default().cases as usize / 256).max(1);
    let taken = RefCell::new(BTreeMap::new());
    hold(8, &acts(), |acts| {
        let sound = after(&acts);
        let wanted = |path: &&String| {
            let mut taken = taken.borrow_mut();
            let count: &mut usize = taken.entry(kind(path)).or_default();
            *count += 1;
            *count <= most
        };
        let paths: Vec<_> = sound.keys().filter(wanted).collect();
        let all = paths.iter();
        check_all(
            &sound,
            all.flat_map(|path| MUTATIONS.map(|mutation| (path.as_str(), mutation))),
        );
    });
    let kinds = taken.borrow();
    assert!(kinds.len() >= 45, "{kinds:#?}");
}

#[test]
fn a_world_for_mutations_is_sound() {
    let World(mut tree) = start();
    write_derived_files(&mut tree);
    check_verified(&tree);
}
