//! What is found and what is mended, case by case; above all what a fix must leave alone.

use super::fault::{Mend, pathspec};
use super::{Severity, Verified, fix, verify};
use crate::plan::Done;
use crate::plan::world::{World, context, run};
use crate::state::quoted;

const PLACE: &str = "environments/dev/applications/web";
const LINK: &str = "environments/dev/applications/web/version";
const APPLIED: &str = "environments/dev/applications/web/manifests/manifests.yaml";

/// `dev` takes the latest release of `web`, of which there are three.
fn world() -> World {
    World::of(&[("dev", "latest")]).releases("web", 1..=3, &["dev"])
}

/// The same where `web` runs 2; what says so is still to come.
fn deployed(world: World) -> World {
    world
        .file(&format!("{PLACE}/deployed_by"), "Jim")
        .file(&format!("{PLACE}/deployed_by_email"), "jim@example.com")
        .file(
            &format!("{PLACE}/deployed_at_utc"),
            "2024-07-22 08:00:00 +0000 UTC",
        )
        .file(APPLIED, "web: 2 dev")
}

fn link(version: &str) -> String {
    format!("../../../../applications/web/releases/{version}")
}

fn faults(verified: &Verified) -> Vec<String> {
    let faults = verified.faults.iter();
    faults
        .map(|fault| format!("{} {}", fault.path, fault.kind()))
        .collect()
}

/// What is found: path and kind.
#[track_caller]
fn found(world: &World) -> Vec<String> {
    faults(&verify(&world.0, &context()).unwrap())
}

/// What a fix leaves, and the tree after it.
#[track_caller]
fn fixed(world: &World) -> (Vec<String>, World) {
    let mut tree = world.0.clone();
    let Done::Verified(left) = run(&mut tree, fix).unwrap().done else {
        panic!("it is no look");
    };
    (faults(&left), World(tree))
}

/// A fix changes nothing: a person has to look.
#[track_caller]
fn is_for_a_person(world: &World, kind: &str) {
    let told = found(world);
    assert!(told.iter().any(|told| told.ends_with(kind)), "{told:?}");
    let (left, after) = fixed(world);
    assert_eq!(left, told);
    assert_eq!(after.0.listing(), world.0.listing());
}

/// A fix makes it sound, and changes only these paths.
#[track_caller]
fn is_mended(world: &World, changed: &[&str]) {
    let (left, after) = fixed(world);
    assert_eq!(left, [""; 0]);
    let (before, after) = (world.0.listing(), after.0.listing());
    let paths = before.keys().chain(after.keys());
    let mut differs: Vec<_> = paths
        .filter(|path| before.get(*path) != after.get(*path))
        .collect();
    differs.sort();
    differs.dedup();
    assert_eq!(differs, changed);
}

#[test]
fn a_link_is_made_again_only_where_one_release_can_be_meant() {
    let sound = deployed(world()).runs("dev", "web", 2);
    assert_eq!(found(&sound), [""; 0]);
    // The manifest that is applied says which, unless two releases have it or it is of later kuberpult.
    let dangling = deployed(world()).file(LINK, &format!("->{}", link("99")));
    is_mended(&dangling, &[LINK]);
    is_mended(&deployed(world()), &[LINK]);
    let twice = "applications/web/releases/1/environments/dev/manifests.yaml";
    is_for_a_person(&dangling.file(twice, "web: 2 dev"), "broken-link");
    let later = "applications/web/releases/2";
    let mut listing = deployed(world()).0.listing();
    let release: Vec<_> = listing
        .keys()
        .filter(|path| path.starts_with(later))
        .cloned()
        .collect();
    let mut revised = World::default();
    for path in release {
        let text = listing.remove(&path).unwrap();
        listing.insert(path.replace(later, "applications/web/releases/2.1"), text);
    }
    for (path, text) in &listing {
        revised = revised.file(path, text);
    }
    is_for_a_person(&revised, "missing-link");
}

#[test]
fn a_file_in_place_of_a_link_gives_way_only_if_it_spells_that_link_out() {
    let world = || deployed(world());
    is_mended(&world().file(LINK, &link("2")), &[LINK]);
    is_mended(&world().file(LINK, &format!("{}\n", link("2"))), &[LINK]);
    for theirs in ["", "2", "ask Jim first", "/etc/passwd", &link("99")] {
        is_for_a_person(&world().file(LINK, theirs), "broken-link");
    }
    // Spelled out, but with nothing for this environment.
    let elsewhere = World::of(&[("dev", "latest"), ("staging", "dev")])
        .releases("web", 1..=2, &["staging"])
        .file(LINK, &link("2"));
    is_for_a_person(&elsewhere, "broken-link");
}

#[test]
fn a_link_that_leads_out_of_the_repository_is_never_followed_or_kept() {
    for target in [
        "/etc/passwd",
        "../../../../../../etc/passwd",
        "../../../../applications/web/releases/../../../../secret",
        "../../../../applications/other/releases/2",
        "../../../../applications/web/releases/2/",
        "../../../../applications/web/releases/02",
        "./../../../../applications/web/releases/2",
        "version",
        "",
    ] {
        let world = deployed(world()).file(LINK, &format!("->{target}"));
        assert_eq!(found(&world), [format!("{LINK} broken-link")], "{target}");
        is_mended(&world, &[LINK]);
        let queue = format!("{PLACE}/queued_version");
        let world = deployed(self::world())
            .runs("dev", "web", 2)
            .locked("dev", "freeze")
            .file(&queue, &format!("->{target}"));
        assert_eq!(found(&world), [format!("{queue} broken-queue")], "{target}");
        is_mended(&world, &[&queue]);
    }
}

#[test]
fn a_file_in_place_of_the_queue_is_somebodys_unless_it_spells_a_link_out() {
    let queue = format!("{PLACE}/queued_version");
    let world = || {
        deployed(world())
            .runs("dev", "web", 2)
            .locked("dev", "freeze")
    };
    is_mended(&world().file(&queue, &link("3")), &[&queue]);
    for theirs in ["", "3", "ask Jim first", &link("99")] {
        is_for_a_person(&world().file(&queue, theirs), "broken-queue");
    }
    // What waits without a lock may have been kept on purpose.
    let free = deployed(self::world())
        .runs("dev", "web", 2)
        .queues("dev", "web", 3);
    is_for_a_person(&free, "queued-without-lock");
}

#[test]
fn what_a_manifest_lock_keeps_is_neither_told_nor_written() {
    let lock = |world: World| {
        let files = ["message", "created_by_name", "created_by_email"];
        let folder = format!("{PLACE}/manifest_locks/hand");
        let world = world.file(&format!("{folder}/created_at"), "2024-07-22T08:00:00Z");
        files.iter().fold(world, |world, name| {
            world.file(&format!("{folder}/{name}"), "Jim")
        })
    };
    let running = || deployed(world()).runs("dev", "web", 2);
    let edited = running().file(APPLIED, "web: mended by hand");
    is_for_a_person(&edited, "applied-manifest-differs");
    assert_eq!(found(&lock(edited)), [""; 0]);
    let mut listing = running().0.listing();
    listing.remove(APPLIED);
    let bare = |listing: &std::collections::BTreeMap<String, String>| {
        let files = listing.iter();
        files.fold(World::default(), |world, (path, text)| {
            world.file(path, text)
        })
    };
    is_mended(&bare(&listing), &[APPLIED]);
    let kept = lock(bare(&listing));
    assert_eq!(found(&kept), [""; 0]);
    assert_eq!(fixed(&kept).1.0.listing(), kept.0.listing());
}

#[test]
fn a_fix_deletes_what_programs_left_and_nothing_that_somebody_wrote() {
    let theirs = [
        "environments/README.md",
        "environments/notes.txt",
        "environments/dev/notes.txt",
        "environments/dev/locks/notes.txt",
        "environments/dev/.gitignore",
        "applications/.swp",
        "applications/web/a.swp",
        "applications/web/DS_Store",
    ];
    let running = || deployed(world()).runs("dev", "web", 2);
    let all = theirs
        .iter()
        .fold(running(), |world, path| world.file(path, "x"));
    let (left, after) = fixed(&all);
    let of_files = left.iter().filter(|told| !told.contains("locks/notes.txt"));
    assert_eq!(of_files.count(), theirs.len() - 2, "{left:?}");
    for path in theirs {
        // One that is open in an editor: the rest of its name may be empty.
        let goes = path == "applications/.swp";
        assert_eq!(after.0.listing().contains_key(path), !goes, "{path}");
    }
    for path in [
        "environments/.DS_Store",
        "applications/Thumbs.db",
        "applications/web/.team.swp",
        "environments/dev/locks/._freeze",
    ] {
        is_mended(&running().file(path, "x"), &[path]);
    }
}

#[test]
fn each_environment_of_a_cycle_is_told_and_nobody_cuts_it() {
    let world = World::of(&[
        ("a", "c"),
        ("b", "a"),
        ("c", "b"),
        ("d", "d"),
        ("e", "gone"),
        ("f", "a"),
    ]);
    // What follows a cycle is not wrong itself.
    let told: Vec<_> = ["a", "b", "c", "d", "e"]
        .map(|name| format!("environments/{name}/config.json upstream"))
        .to_vec();
    assert_eq!(found(&world), told);
    is_for_a_person(&world, "upstream");
}

#[test]
fn nobody_calls_the_file_of_a_config_that_cannot_be_read_an_orphan() {
    let config = r#"{"upstream":{"latest":true},"argocd":{"destination":{"server":"x"}}}"#;
    let file = "argocd/v1alpha1/staging.yaml";
    let sound = fixed(&world().config("staging", config)).1;
    assert!(sound.0.listing().contains_key(file));
    let broken = sound.clone().config("staging", "{");
    assert_eq!(found(&broken), ["environments/staging/config.json config"]);
    let other = "argocd/v1alpha1/other.yaml";
    let orphan = sound.file(other, "a: 1");
    assert_eq!(found(&orphan), [format!("{other} argocd-orphan")]);
    is_for_a_person(&orphan, "argocd-orphan");
}

#[test]
fn a_commit_is_not_its_own_neighbour() {
    let id = "a".repeat(40);
    let folder = format!("commits/aa/{}", "a".repeat(38));
    let world = world()
        .file("applications/web/releases/1/source_commit_id", &id)
        .file(&format!("{folder}/source_message"), "why")
        .file(&format!("{folder}/applications/web/.gitkeep"), "");
    assert_eq!(found(&world), [""; 0]);
    let next = format!("{folder}/nextCommit");
    let world = world.file(&next, &id);
    assert_eq!(found(&world), [format!("{next} commit-neighbour")]);
    is_mended(&world, &[&next]);
}

#[test]
fn a_manifest_that_cannot_be_applied_is_an_error_where_it_may_run_next() {
    for (version, severity) in [
        (1, Severity::Warning),
        (2, Severity::Error),
        (3, Severity::Error),
    ] {
        let path = format!("applications/web/releases/{version}/environments/dev/manifests.yaml");
        let world = deployed(world()).runs("dev", "web", 2).file(&path, "a: [");
        let verified = verify(&world.0, &context()).unwrap();
        let fault = verified.faults.iter().find(|fault| fault.path == path);
        assert_eq!(fault.unwrap().severity(), severity, "{version}");
        assert_ne!(fault.unwrap().mend(), Mend::Safe);
    }
}

#[test]
fn what_a_mended_link_brings_to_light_is_mended_with_it() {
    let config = r#"{"upstream":{"latest":true},"argocd":{"destination":{"server":"x"}}}"#;
    let sound = fixed(
        &deployed(world())
            .config("dev", config)
            .runs("dev", "web", 2),
    )
    .1;
    let file = "argocd/v1alpha1/dev.yaml";
    assert!(sound.0.listing()[file].contains("dev-web"));
    let mut listing = sound.0.listing();
    // The file of git without links, without the rest.
    listing.insert(LINK.to_owned(), link("2"));
    listing.remove(APPLIED);
    listing.remove(file);
    let files = listing.iter();
    let broken = files.fold(World::default(), |world, (path, text)| {
        world.file(path, text)
    });
    let (left, after) = fixed(&broken);
    assert_eq!(left, [""; 0]);
    assert_eq!(after.0.listing(), sound.0.listing());
}

#[test]
fn the_file_for_argo_cd_follows_what_is_mended() {
    let config = r#"{"upstream":{"latest":true},"argocd":{"destination":{"server":"x"}}}"#;
    // Its file knows of no app, since no link says that one runs.
    let idle = fixed(&world().config("dev", config)).1;
    let file = "argocd/v1alpha1/dev.yaml";
    let broken = deployed(idle);
    assert_eq!(found(&broken), [format!("{LINK} missing-link")]);
    is_mended(&broken, &[file, LINK]);
}

#[test]
fn a_word_of_a_command_is_one_word_and_a_path_no_pattern() {
    for (word, shown) in [
        ("a/b-c_d.e", "a/b-c_d.e"),
        ("", "''"),
        ("a b", "'a b'"),
        ("$(rm x)", "'$(rm x)'"),
        ("it's; rm x", r"'it'\''s; rm x'"),
        ("a\nb", "'a\nb'"),
    ] {
        assert_eq!(quoted(word), shown);
    }
    for (path, shown) in [
        ("a/b", "a/b"),
        ("a/*", "':(literal)a/*'"),
        ("[x]\\", "':(literal)[x]\\'"),
        (":(top)a", "':(literal):(top)a'"),
        ("a\u{1b}[2J\nb*", "'a??2J?b?'"),
        ("caf\u{e9}", "'caf\u{e9}'"),
    ] {
        assert_eq!(pathspec(path), shown);
    }
}
