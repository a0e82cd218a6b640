//! Releases by the sentences of the rules.

use super::*;
use crate::plan::world::World;

/// `web` of team red has releases 1 to 3; `dev` takes the latest, `staging` takes what runs on `dev`.
fn world() -> World {
    World::of(&[("dev", "latest"), ("staging", "dev")])
        .releases("web", 1..=3, &["dev", "staging"])
        .team("web", "red")
        .runs("dev", "web", 3)
}

fn number(version: u64, request: NewRelease) -> NewRelease {
    NewRelease {
        version: Some(Version::new(version)),
        ..request
    }
}

fn team(team: &str, request: NewRelease) -> NewRelease {
    NewRelease {
        team: team.parse().ok(),
        ..request
    }
}

/// A release with these manifests.
fn of(app: &str, manifests: &[(&str, &str)]) -> NewRelease {
    let manifests = manifests.iter();
    NewRelease {
        purpose: Purpose::Deploy,
        app: app.parse().unwrap(),
        version: None,
        team: None,
        fields: BTreeMap::new(),
        manifests: manifests
            .map(|(name, text)| (name.parse().unwrap(), (*text).to_owned()))
            .collect(),
    }
}

fn described(fields: &[(Field, &str)], request: NewRelease) -> NewRelease {
    let fields = fields
        .iter()
        .map(|(field, text)| (*field, (*text).to_owned()));
    NewRelease {
        fields: fields.collect(),
        ..request
    }
}

#[track_caller]
fn check(world: &World, request: &NewRelease, expected: &[&str]) {
    let (changes, _) = world
        .clone()
        .changes(|draft, ground| release(draft, ground, request));
    assert_eq!(changes, expected);
}

const STAGING: &[(&str, &str)] = &[("staging", "a: 1")];

#[test]
fn without_a_number_a_release_gets_the_next_one() {
    check(&world(), &of("web", STAGING), &["+ web has 4"]);
    check(&world(), &of("new", STAGING), &["+ new has 1"]);
    let gap = world().release("web", 41, &["dev"]);
    check(&gap, &of("web", STAGING), &["+ web has 42"]);
    let revision = world().file("applications/web/releases/7.2/created_at", "x");
    check(&revision, &of("web", STAGING), &["+ web has 8"]);
}

#[test]
fn a_release_is_stored_with_every_field_and_manifest() {
    let mut world = World::of(&[("dev", "none")]);
    let fields = [
        (
            Field::SourceCommitId,
            "0123456789012345678901234567890123456789",
        ),
        (
            Field::PreviousCommitId,
            "9876543210987654321098765432109876543210",
        ),
        (Field::SourceAuthor, "Jim <jim@example.com>"),
        (Field::SourceMessage, "Let it be\n\nfaster"),
        (Field::DisplayVersion, "v1.2"),
        (Field::CiLink, "https://ci.example.com/1"),
    ];
    let manifests = [("dev", "a: 1\n"), ("prod", "")];
    let request = team("red", described(&fields, of("web", &manifests)));
    world.changes(|draft, ground| release(draft, ground, &request));
    let mut stored = world.0.listing();
    stored.retain(|path, _| path.starts_with("applications/"));
    let folder = "applications/web/releases/1";
    let expected = [
        ("created_at", "2024-07-22T10:00:00Z"),
        ("environments/dev/manifests.yaml", "a: 1\n"),
        ("environments/prod/manifests.yaml", ""),
    ];
    let expected = expected
        .into_iter()
        .chain(fields.map(|(field, text)| (field.name(), text)));
    let mut expected: BTreeMap<_, _> = expected
        .map(|(name, text)| (format!("{folder}/{name}"), text.to_owned()))
        .collect();
    expected.insert("applications/web/team".to_owned(), "red".to_owned());
    assert_eq!(stored, expected);
}

#[test]
fn the_same_release_again_changes_nothing() {
    let fields = [(Field::SourceAuthor, "Jim")];
    let given = described(&fields, of("web", &[("dev", "a: 1\nb: 2\n---\nc: 3\n")]));
    let mut world = world();
    world.changes(|draft, ground| release(draft, ground, &team("red", given.clone())));
    check(&world, &number(4, team("red", given.clone())), &[]);
    // What is not given is not compared; manifests are compared as values.
    let spaced = of("web", &[("dev", "---\nb: 2\na: 1 # one\n---\n{c: 3}")]);
    check(&world, &number(4, spaced), &[]);
    let again = world
        .changes(|draft, ground| release(draft, ground, &number(4, given)))
        .1;
    let Done::Released(released) = again.unwrap().done else {
        panic!("a release comes to a release");
    };
    assert!(
        !released.stored && released.deployments.is_empty(),
        "{released:?}"
    );
}

#[test]
fn another_release_under_a_number_is_refused_with_each_difference() {
    let fields = [
        (Field::SourceAuthor, "Jim"),
        (Field::SourceMessage, "one\ntwo\n"),
    ];
    let stored = of("web", &[("dev", "a: 1\n"), ("staging", "a: 1\n")]);
    let mut world = world();
    world.changes(|draft, ground| release(draft, ground, &described(&fields, stored.clone())));
    let fields = [
        (Field::SourceAuthor, "Jim"),
        (Field::SourceMessage, "one\nthree\n"),
        (Field::CiLink, "https://ci.example.com/1"),
    ];
    let other = of(
        "web",
        &[("dev", "a: 1"), ("staging", "a: 2\n"), ("prod", "a: 1\n")],
    );
    let other = number(4, team("blue", described(&fields, other)));
    let words = world
        .changes(|draft, ground| release(draft, ground, &other))
        .0
        .join("\n");
    let expected = "\
release 4 of `web` exists and differs in `source_message`, `ci_link`, `team`, `manifest for prod`, `manifest for staging`
--- source_message stored
+++ source_message given
@@ -1,2 +1,2 @@
 one
-two
+three
--- ci_link stored
+++ ci_link given
@@ -0,0 +1 @@
+https://ci.example.com/1
\\ No newline at end of file
--- team stored
+++ team given
@@ -1 +1 @@
-red
\\ No newline at end of file
+blue
\\ No newline at end of file
--- manifest for prod stored
+++ manifest for prod given
@@ -0,0 +1 @@
+a: 1
--- manifest for staging stored
+++ manifest for staging given
@@ -1 +1 @@
-a: 1
+a: 2";
    assert_eq!(words, expected);
}

#[test]
fn another_release_under_a_number_is_refused_without_telling_secrets() {
    let secret =
        |value: &str| format!("kind: Secret\nmetadata:\n  name: x\nstringData:\n  a: {value}\n");
    let stored = number(4, of("web", &[("dev", &secret("hunter2"))]));
    let mut world = world();
    world.changes(|draft, ground| release(draft, ground, &stored));
    let other = number(4, of("web", &[("dev", &secret("sesame"))]));
    let words = world
        .changes(|draft, ground| release(draft, ground, &other))
        .0
        .join("\n");
    let expected = "\
release 4 of `web` exists and differs in `manifest for dev`
--- manifest for dev stored
+++ manifest for dev given
@@ -2,4 +2,4 @@
 metadata:
   name: x
 stringData:
-  a: (secret value)
+  a: (secret value, changed)";
    assert_eq!(words, expected);
}

/// Releases 10, 20 … 80, of which 70 is the lowest in use; five are kept.
fn decades() -> World {
    World::of(&[("dev", "latest")])
        .file("trainyard.yaml", "releaseVersionsLimit: 5")
        .releases("web", (1..=8).map(|decade| decade * 10), &["dev"])
        .runs("dev", "web", 70)
}

#[test]
fn a_number_below_those_that_are_kept_is_too_old() {
    let too_old = |version| {
        format!("release {version} of `web` is too old: the clean-up would remove it at once")
    };
    for version in [1, 15, 25, 29] {
        let request = number(version, of("web", &[("dev", "a: 1")]));
        check(&decades(), &request, &[&too_old(version)]);
        let error = crate::plan::world::run(&mut decades().0, |draft, ground| {
            release(draft, ground, &request)
        });
        let refusal = error.unwrap_err().downcast::<Refusal>().unwrap();
        let Refusal::TooOld { oldest, .. } = refusal else {
            panic!("{refusal}");
        };
        assert_eq!(oldest, Version::new(30));
    }
}

#[test]
fn a_lower_number_that_is_kept_is_filled_in_and_not_deployed() {
    for version in [31, 65, 75, 79] {
        let request = number(version, of("web", &[("dev", "a: 1")]));
        check(&decades(), &request, &[&format!("+ web has {version}")]);
    }
}

#[test]
fn manifests_for_unknown_environments_are_stored_with_a_warning() {
    let mut world = world();
    let request = of(
        "web",
        &[("prod", "a: 1"), ("staging", "a: 1"), ("test", "a: 1")],
    );
    let (changes, outcome) = world.changes(|draft, ground| release(draft, ground, &request));
    assert_eq!(changes, ["+ web has 4"]);
    let expected = ["prod", "test"].map(|name| {
        format!("there is no environment `{name}` yet; its manifest is stored all the same")
    });
    assert_eq!(outcome.unwrap().warnings, expected);
}

#[test]
fn the_highest_release_is_deployed_where_the_upstream_is_latest_and_it_has_a_manifest() {
    let world = world().config("test", r#"{"upstream":{"latest":true}}"#);
    let every = [("dev", "a: 1"), ("staging", "a: 1"), ("test", "a: 1")];
    let expected = [
        "- dev runs web 3",
        "+ dev runs web 4",
        "+ test runs web 4",
        "+ web has 4",
    ];
    check(&world, &of("web", &every), &expected);
    check(
        &world,
        &of("web", &every[1..]),
        &["+ test runs web 4", "+ web has 4"],
    );
    let far = [
        "- dev runs web 3",
        "+ dev runs web 9",
        "+ test runs web 9",
        "+ web has 9",
    ];
    check(&world, &number(9, of("web", &every)), &far);
}

#[test]
fn a_release_waits_in_the_queue_behind_locks() {
    let world = world().team("web", "red").queues("dev", "web", 2);
    let dev = of("web", &[("dev", "a: 1")]);
    let expected = ["- dev queues web 2", "+ dev queues web 4", "+ web has 4"];
    for place in ["dev", "dev/applications/web", "dev/teams/red"] {
        check(&world.clone().locked(place, "l1"), &dev, &expected);
    }
    // The team that the release names counts, not the one that the app had.
    let moved = [
        "- web is of red",
        "+ web has 4",
        "+ web is of blue",
        "- dev queues web 2",
    ];
    let blue = world.locked("dev/teams/blue", "l1");
    let (mut changes, _) = blue
        .clone()
        .changes(|draft, ground| release(draft, ground, &team("blue", dev.clone())));
    changes.sort();
    let mut expected = [moved.as_slice(), &["+ dev queues web 4"]].concat();
    expected.sort_unstable();
    assert_eq!(changes, expected);
}

#[test]
fn a_link_that_dangled_is_no_deployment_of_the_release_that_comes_under_its_number() {
    let world = world().runs("dev", "web", 9);
    let request = number(9, of("web", &[("dev", "new: 1")]));
    let mut tree = world.0.clone();
    crate::plan::world::run(&mut tree, |draft, ground| release(draft, ground, &request)).unwrap();
    let manifest = "environments/dev/applications/web/manifests/manifests.yaml";
    assert_eq!(tree.listing()[manifest], "new: 1");
}

#[test]
fn a_release_that_is_filled_in_does_not_hand_the_app_to_its_team() {
    let world = world()
        .releases("web", [10, 11], &["dev"])
        .team("web", "red");
    let request = number(5, team("blue", of("web", &[("dev", "a: 1")])));
    let mut tree = world.0.clone();
    crate::plan::world::run(&mut tree, |draft, ground| release(draft, ground, &request)).unwrap();
    assert_eq!(tree.listing()["applications/web/team"], "red");
}

#[test]
fn the_team_is_kept_when_a_release_names_none() {
    let expected = ["- web is of red", "+ web has 4", "+ web is of blue"];
    check(&world(), &team("blue", of("web", STAGING)), &expected);
    check(&world(), &of("web", STAGING), &["+ web has 4"]);
}

#[test]
fn a_release_that_is_deployed_cleans_up() {
    let request = of("web", &[("dev", "a: 1")]);
    let expected = [
        "- dev runs web 70",
        "- web has 10",
        "- web has 20",
        "- web has 30",
        "- web has 40",
        "+ dev runs web 81",
        "+ web has 81",
    ];
    check(&decades(), &request, &expected);
    check(
        &decades().locked("dev", "l1"),
        &request,
        &["+ dev queues web 81", "+ web has 81"],
    );
    check(&decades(), &of("web", STAGING), &["+ web has 81"]);
}

#[test]
fn an_environment_with_an_invalid_config_is_passed_over_with_a_warning() {
    let mut world = world().config("bad", "{");
    let request = of("web", &[("bad", "a: 1"), ("dev", "a: 1")]);
    let (changes, outcome) = world.changes(|draft, ground| release(draft, ground, &request));
    assert_eq!(
        changes,
        ["- dev runs web 3", "+ dev runs web 4", "+ web has 4"]
    );
    let warnings = outcome.unwrap().warnings;
    let [warning] = warnings.as_slice() else {
        panic!("one warning: {warnings:?}");
    };
    assert!(
        warning.starts_with("`environments/bad/config.json`: "),
        "{warning}"
    );
    assert!(
        warning.ends_with(": nothing is deployed to `bad`"),
        "{warning}"
    );
}

#[test]
fn an_app_changes_its_team_whatever_the_config_of_another_environment_says() {
    let world = world().config("bad", "{").runs("bad", "web", 1);
    let expected = ["- web is of red", "+ web has 4", "+ web is of blue"];
    check(&world, &team("blue", of("web", STAGING)), &expected);
}

#[test]
fn a_long_app_name_needs_the_option() {
    let name = "a".repeat(40);
    let refused = format!(
        "`{name}` is no valid app name: it has 40 bytes, and 39 are allowed without `allowLongAppNames: true` in trainyard.yaml"
    );
    check(&world(), &of(&name, STAGING), &[&refused]);
    let long = world().file("trainyard.yaml", "allowLongAppNames: true");
    check(&long, &of(&name, STAGING), &[&format!("+ {name} has 1")]);
    check(
        &world(),
        &of(&name[1..], STAGING),
        &[&format!("+ {} has 1", &name[1..])],
    );
}
