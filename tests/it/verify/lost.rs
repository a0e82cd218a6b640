//! What was damaged although it never changes, or taken away although it is in use: `verify` names that and not what follows from it,
//! and the command that it names brings back the very state of before.

use serde_json::Value;

use crate::shop::{busy_shop, linked};
use crate::world::World;

pub(super) const APPLIED: &str =
    "environments/staging/applications/courier/manifests/manifests.yaml";

/// A sound shop, the release of courier that runs on staging, and its manifest.
pub(super) fn yard() -> (World, String, String) {
    let world = busy_shop();
    world.ok("render --all");
    let version = linked(&world, "staging", "courier", "version").unwrap();
    let release = format!("applications/courier/releases/{version}");
    let manifest = format!("{release}/environments/staging/manifests.yaml");
    (world, release, manifest)
}

/// Does this in the checkout, and pushes it.
pub(super) fn commit(world: &World, damage: &str) {
    world.shell(&format!(
        "{damage}\ngit add -A && git commit -qm damage && git push -q"
    ));
}

/// What is found that is more than a note: its severity, kind, path and command.
pub(super) fn found(world: &World) -> Vec<[String; 4]> {
    let answer = world.run("verify -o json").json();
    let faults = answer["faults"].as_array().unwrap().iter();
    let text = |fault: &Value, name: &str| fault[name].as_str().unwrap().to_owned();
    let faults =
        faults.map(|fault| ["severity", "kind", "path", "command"].map(|name| text(fault, name)));
    faults.filter(|[severity, ..]| severity != "note").collect()
}

/// The kinds of it.
pub(super) fn kinds(world: &World) -> Vec<String> {
    let faults = found(world).into_iter();
    faults.map(|[_, kind, ..]| kind).collect()
}

#[test]
fn what_was_lost_is_named_and_the_command_brings_it_back() {
    for (damage, kind, at) in [
        (
            "printf 'kind: ConfigMap\\n' > $manifest",
            "release-changed",
            "$manifest",
        ),
        (": > $manifest", "release-changed", "$manifest"),
        ("echo 'a: [' > $manifest", "release-changed", "$manifest"),
        ("rm $manifest", "release-gone", "$manifest"),
        ("rm -r $release", "release-gone", "$release"),
        (
            "rm environments/prod-ca/config.json",
            "config-missing",
            "environments/prod-ca/config.json",
        ),
    ] {
        let (world, release, manifest) = yard();
        let filled = |text: &str| {
            text.replace("$manifest", &manifest)
                .replace("$release", &release)
        };
        let before = world.tree();
        commit(&world, &filled(damage));
        let by = world.head();
        let errors = found(&world);
        let [[severity, told, path, command]] = errors.as_slice() else {
            panic!("{damage}: {errors:#?}");
        };
        assert_eq!([severity.as_str(), told], ["error", kind], "{damage}");
        assert_eq!(*path, filled(at));
        let answer = world.fails("verify", 6);
        assert!(answer.stdout.contains(&by[..12]), "{answer}");
        // No fix touches it, and it says the same.
        let fix = world.run("verify --fix");
        assert!(fix.stdout.contains(command), "{fix}");
        assert_eq!(world.head(), by);
        world.shell(command);
        assert_eq!(world.tree(), before, "after `{command}`");
        assert_eq!(found(&world), [[""; 4]; 0], "{damage}");
    }
}

#[test]
fn a_release_that_was_damaged_twice_is_what_it_was_at_first() {
    let (world, _, manifest) = yard();
    let before = world.tree();
    commit(&world, &format!("echo 'a: 1' > {manifest}"));
    commit(&world, &format!("echo 'a: 2' > {manifest}"));
    let [[_, kind, _, command]] = &found(&world)[..] else {
        panic!("{:#?}", found(&world));
    };
    assert_eq!(kind, "release-changed");
    world.shell(command);
    assert_eq!(world.tree(), before);
    // The same once more damages nothing.
    world.shell(&format!("! ({command}) >&2"));
    assert_eq!(world.tree(), before);
}

#[test]
fn what_was_changed_by_hand_where_it_is_applied_is_no_fault_of_its_release() {
    let (world, _, manifest) = yard();
    // It was damaged once, and is what it was.
    commit(&world, &format!("echo 'a: 1' > {manifest}"));
    commit(&world, &format!("git checkout -q HEAD^ -- {manifest}"));
    commit(&world, &format!("echo 'a: 1' > {APPLIED}"));
    let [[severity, kind, path, command]] = &found(&world)[..] else {
        panic!("{:#?}", found(&world));
    };
    assert_eq!(
        [severity, kind, path, command].map(String::as_str),
        [
            "warning",
            "applied-manifest-differs",
            APPLIED,
            "trainyard render -e staging"
        ]
    );
    // The release was changed and rendered, and then what is applied: bringing back the first release would lose that.
    commit(&world, &format!("echo 'a: 2' > {manifest}"));
    world.ok("render --all");
    commit(&world, &format!("echo 'a: 3' > {APPLIED}"));
    assert_eq!(kinds(&world), ["applied-manifest-differs"]);
}

#[test]
fn what_a_shallow_clone_cannot_know_stays_as_it_was_found() {
    let (world, _, manifest) = yard();
    commit(&world, &format!("echo 'a: 1' > {manifest}"));
    let shallow = world.clone_with("shallow", &["--depth=1"]);
    assert_eq!(kinds(&shallow), ["applied-manifest-differs"]);
}

#[test]
fn what_a_command_took_away_is_not_brought_back() {
    let (world, ..) = yard();
    world.ok("environment delete prod-ca");
    let by = "printf Ada > $place/deployed_by";
    commit(
        &world,
        &format!("place=environments/prod-ca/applications/courier; mkdir -p $place; {by}"),
    );
    let of_config = |world: &World| {
        let found = found(world).into_iter();
        let mut found = found.filter(|[_, kind, ..]| kind == "config-missing");
        found.next().unwrap()
    };
    assert!(of_config(&world)[3].contains("--upstream ENV"));
    // Also where somebody else did it, as long as nothing runs there and Argo CD is not told of it.
    let (world, ..) = yard();
    commit(
        &world,
        "rm -r environments/prod-ca/applications environments/prod-ca/config.json argocd/v1alpha1/prod-ca.yaml",
    );
    assert!(of_config(&world)[3].contains("--upstream ENV"));
    // And an app that was taken away stays away, though a merge brought a piece of it back.
    let (world, release, _) = yard();
    let places = "environments/staging/applications/courier";
    let before = world.head();
    world.ok("app remove-environment -a courier -e staging");
    commit(&world, &format!("git checkout -q {before} -- {places}"));
    assert!(
        !kinds(&world).contains(&"release-gone".to_owned()),
        "{release}"
    );
}

#[test]
fn a_link_to_a_release_that_was_cleaned_up_brings_nothing_back() {
    let (world, release, _) = yard();
    let applied = world.tree()[APPLIED].clone();
    // Somebody took it away, and then somebody else applied another manifest.
    commit(&world, &format!("rm -r {release}"));
    assert_eq!(kinds(&world), ["release-gone"]);
    commit(&world, &format!("echo 'a: 1' > {APPLIED}"));
    // Where it is still applied it is in use.
    assert_eq!(kinds(&world), ["release-gone"]);
    let elsewhere = "environments/*/applications/courier/manifests/manifests.yaml";
    commit(
        &world,
        &format!("for each in {elsewhere}; do echo 'a: 1' > $each; done"),
    );
    assert!(kinds(&world).iter().all(|kind| kind == "broken-link"));
    assert_ne!(world.tree()[APPLIED], applied);
}

#[test]
fn a_release_that_only_waits_is_missed_too() {
    let (world, ..) = yard();
    world.ok("release -a basket --manifest staging=../scratch/next/staging.yaml");
    world.ok("deploy -a basket -e staging --version 3 --on-lock queue");
    let before = world.tree();
    for gone in [
        "rm -r applications/basket/releases/3",
        "rm -r applications/basket/releases/3/environments/staging",
    ] {
        commit(&world, gone);
        let [[_, kind, _, command]] = &found(&world)[..] else {
            panic!("{:#?}", found(&world));
        };
        assert_eq!(kind, "release-gone");
        let damaged = world.tree();
        world.run("verify --fix");
        assert_eq!(world.tree(), damaged);
        world.shell(command);
        assert_eq!(world.tree(), before);
    }
}

#[test]
fn what_is_named_can_be_run_twice() {
    for damage in [
        "rm $manifest; mkdir $manifest; echo x > $manifest/x",
        "rm -r $release; echo x > $release",
        "rm -r $release",
    ] {
        let (world, release, manifest) = yard();
        let damage = damage
            .replace("$manifest", &manifest)
            .replace("$release", &release);
        let before = world.tree();
        commit(&world, &damage);
        let [[.., command]] = &found(&world)[..] else {
            panic!("{:#?}", found(&world));
        };
        world.shell(command);
        let head = world.head();
        world.shell(&format!("({command}) || true"));
        assert_eq!((world.head(), world.tree()), (head, before), "{command}");
    }
}

#[test]
fn no_fix_removes_what_stands_where_a_folder_should_be() {
    let (world, ..) = yard();
    let before = world.tree();
    commit(
        &world,
        "rm -r environments/staging/applications/courier/manifests; echo mine > environments/staging/applications/courier/manifests",
    );
    assert_eq!(kinds(&world), ["wrong-kind"]);
    world.run("verify --fix");
    assert!(world.holds("environments/staging/applications/courier/manifests"));
    let [[.., command]] = &found(&world)[..] else {
        panic!("{:#?}", found(&world));
    };
    world.shell(command);
    assert_eq!(world.tree(), before);
}
