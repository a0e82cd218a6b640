//! Deployments by the sentences of the rules.

use super::*;
use crate::plan::world::{World, link_to};

/// `web` of team red runs 1 on `dev`; 2 and 3 could follow.
fn world() -> World {
    World::of(&[("dev", "latest"), ("staging", "dev")])
        .releases("web", 1..=3, &["dev"])
        .release("api", 1, &["dev"])
        .team("web", "red")
        .runs("dev", "web", 1)
}

fn to(environment: &str, app: &str, version: u64) -> Deploy {
    Deploy {
        app: app.parse().unwrap(),
        target: DeployTarget::Environment(environment.parse().unwrap()),
        version: Version::new(version),
        when_locked: WhenLocked::Queue,
    }
}

fn to_group(group: &str, app: &str, version: u64) -> Deploy {
    let target = DeployTarget::Group(group.parse().unwrap());
    Deploy {
        target,
        ..to("dev", app, version)
    }
}

fn when_locked(when_locked: WhenLocked, request: Deploy) -> Deploy {
    Deploy {
        when_locked,
        ..request
    }
}

#[track_caller]
fn check(world: &World, request: &Deploy, expected: &[&str]) {
    let (changes, _) = world
        .clone()
        .changes(|draft, ground| deploy(draft, ground, request));
    assert_eq!(changes, expected);
}

#[test]
fn a_deployment_needs_a_release_with_a_manifest_for_the_environment() {
    let world = world().release("web", 4, &["staging"]);
    for (request, expected) in [
        (to("dev", "web", 9), "`web` has no release 9"),
        (
            to("dev", "web", 4),
            "release 4 of `web` has no manifest for environment `dev`",
        ),
        (to("dev", "wob", 1), "there is no app `wob`"),
        (to("div", "web", 1), "there is no environment `div`"),
        (
            to_group("dev", "web", 1),
            "there is no environment group `dev`",
        ),
    ] {
        check(&world, &request, &[expected]);
    }
    check(
        &world,
        &to("dev", "web", 3),
        &["- dev runs web 1", "+ dev runs web 3"],
    );
    check(&world, &to("staging", "web", 4), &["+ staging runs web 4"]);
}

#[test]
fn a_deployment_writes_the_link_the_manifest_who_and_when() {
    let mut world = world();
    let before = world.0.listing();
    world.changes(|draft, ground| deploy(draft, ground, &to("dev", "api", 1)));
    let mut written = world.0.listing();
    written.retain(|path, _| !before.contains_key(path));
    let folder = "environments/dev/applications/api";
    let expected = [
        ("deployed_at_utc", "2024-07-22 10:00:00 +0000 UTC"),
        ("deployed_by", "Jane"),
        ("deployed_by_email", "jane@example.com"),
        ("manifests/manifests.yaml", "api: 1 dev"),
        ("version", &link_to("api", 1)),
    ]
    .map(|(name, text)| (format!("{folder}/{name}"), text.to_owned()));
    assert_eq!(written.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn an_empty_manifest_becomes_one_space() {
    for (manifest, expected) in [("", " "), (" ", " "), ("\n", "\n")] {
        let path = "applications/web/releases/2/environments/dev/manifests.yaml";
        let mut world = world().file(path, manifest);
        world.changes(|draft, ground| deploy(draft, ground, &to("dev", "web", 2)));
        let deployed = "environments/dev/applications/web/manifests/manifests.yaml";
        assert_eq!(world.0.listing()[deployed], expected, "{manifest:?}");
    }
}

#[test]
fn a_deployment_empties_the_queue() {
    let world = world().queues("dev", "web", 2);
    let deployed = ["- dev queues web 2", "- dev runs web 1", "+ dev runs web 3"];
    check(&world, &to("dev", "web", 3), &deployed);
    let broken = world.queues("dev", "web", 9);
    let deployed = ["- dev queues web 9", "- dev runs web 1", "+ dev runs web 3"];
    check(&broken, &to("dev", "web", 3), &deployed);
}

#[test]
fn what_is_deployed_already_changes_nothing() {
    let open = world().queues("dev", "web", 2);
    let locked = open.clone().locked("dev", "l1");
    for world in [open, locked] {
        for choice in [WhenLocked::Queue, WhenLocked::Refuse, WhenLocked::Ignore] {
            check(&world, &when_locked(choice, to("dev", "web", 1)), &[]);
        }
    }
}

#[test]
fn each_kind_of_lock_in_force_queues_a_deployment() {
    for place in ["dev", "dev/applications/web", "dev/teams/red"] {
        let world = world().locked(place, "l1");
        check(&world, &to("dev", "web", 2), &["+ dev queues web 2"]);
    }
}

#[test]
fn a_lock_of_another_environment_app_or_team_holds_nothing_back() {
    let world = world()
        .locked("staging", "l1")
        .locked("dev/applications/api", "l1")
        .locked("staging/applications/web", "l1")
        .locked("dev/teams/blue", "l1")
        .locked("staging/teams/red", "l1");
    check(
        &world,
        &to("dev", "web", 2),
        &["- dev runs web 1", "+ dev runs web 2"],
    );
}

#[test]
fn the_last_deployment_replaces_what_was_queued() {
    let world = world().locked("dev", "l1").queues("dev", "web", 3);
    let expected = ["- dev queues web 3", "+ dev queues web 2"];
    check(&world, &to("dev", "web", 2), &expected);
    let broken = world.clone().queues("dev", "web", 9);
    let expected = ["- dev queues web 9", "+ dev queues web 2"];
    check(&broken, &to("dev", "web", 2), &expected);
    check(&world, &to("dev", "web", 3), &[]);
}

#[test]
fn a_queued_deployment_tells_what_it_replaced_and_what_it_waits_for() {
    let mut world = world()
        .locked("dev", "l1")
        .locked("dev/teams/red", "l2")
        .queues("dev", "web", 3);
    let (_, outcome) = world.changes(|draft, ground| deploy(draft, ground, &to("dev", "web", 2)));
    let Done::Deployed(run) = outcome.unwrap().done else {
        panic!("a deployment comes to a deployment");
    };
    let Deployed::Queued {
        version,
        replaced,
        behind,
    } = &run.deployments[&"dev".parse().unwrap()]
    else {
        panic!("{run:?}");
    };
    assert_eq!(
        (*version, *replaced),
        (Version::new(2), Some(Version::new(3)))
    );
    let ids: Vec<_> = behind.iter().map(|lock| lock.id.to_string()).collect();
    assert_eq!(ids, ["l1", "l2"]);
}

#[test]
fn a_refused_deployment_names_every_lock_in_the_way() {
    let world = world()
        .locked("dev", "l1")
        .locked("dev", "l2")
        .locked("dev/applications/web", "l3")
        .locked("dev/teams/red", "l4");
    let request = when_locked(WhenLocked::Refuse, to("dev", "web", 2));
    let expected = [
        "`web` is locked:",
        "  environment lock `l1` (\"hold on\", Jim, 2 h ago) on dev",
        "  environment lock `l2` (\"hold on\", Jim, 2 h ago) on dev",
        "  app lock `l3` (\"hold on\", Jim, 2 h ago) on dev",
        "  team lock `l4` (\"hold on\", Jim, 2 h ago) on dev",
    ];
    check(&world, &request, &expected);
}

#[test]
fn who_ignores_locks_passes_every_one_of_them() {
    let world = world()
        .locked("dev", "l1")
        .locked("dev/applications/web", "l3")
        .locked("dev/teams/red", "l4")
        .queues("dev", "web", 3);
    let request = when_locked(WhenLocked::Ignore, to("dev", "web", 2));
    let expected = ["- dev queues web 3", "- dev runs web 1", "+ dev runs web 2"];
    check(&world, &request, &expected);
}

/// The group `prod` is `ca` and `de`.
fn prod() -> World {
    World::default()
        .group("prod", &[("ca", "latest"), ("de", "latest")])
        .releases("web", 1..=2, &["ca", "de"])
        .release("web", 3, &["ca"])
}

#[test]
fn a_group_is_deployed_everywhere_or_nowhere() {
    let both = ["+ ca runs web 2", "+ de runs web 2"];
    check(&prod(), &to_group("prod", "web", 2), &both);
    let missing = "release 3 of `web` has no manifest for environment `de`";
    check(&prod(), &to_group("prod", "web", 3), &[missing]);
    let locked = prod()
        .locked("de", "l1")
        .locked("ca/applications/web", "l2");
    let request = when_locked(WhenLocked::Refuse, to_group("prod", "web", 2));
    let expected = [
        "`web` is locked:",
        "  app lock `l2` (\"hold on\", Jim, 2 h ago) on ca",
        "  environment lock `l1` (\"hold on\", Jim, 2 h ago) on de",
    ];
    check(&locked, &request, &expected);
    let half = prod().locked("de", "l1");
    check(
        &half,
        &to_group("prod", "web", 2),
        &["+ ca runs web 2", "+ de queues web 2"],
    );
}

#[test]
fn a_broken_link_is_mended_by_a_deployment() {
    let dangling = world().runs("dev", "web", 9);
    check(
        &dangling,
        &to("dev", "web", 2),
        &["- dev runs web 9", "+ dev runs web 2"],
    );
    let file = world().file("environments/dev/applications/web/version", "1");
    check(&file, &to("dev", "web", 1), &[]);
    let mut mended = file;
    mended.changes(|draft, ground| deploy(draft, ground, &to("dev", "web", 1)));
    let link = &mended.0.listing()["environments/dev/applications/web/version"];
    assert_eq!(*link, link_to("web", 1));
}

#[test]
fn a_deployment_cleans_up_and_a_queued_one_does_not() {
    let many = World::of(&[("dev", "latest")])
        .file("trainyard.yaml", "releaseVersionsLimit: 5")
        .releases("web", 1..=7, &["dev"])
        .runs("dev", "web", 1);
    let expected = [
        "- dev runs web 1",
        "- web has 1",
        "- web has 2",
        "+ dev runs web 7",
    ];
    check(&many, &to("dev", "web", 7), &expected);
    check(
        &many.locked("dev", "l1"),
        &to("dev", "web", 7),
        &["+ dev queues web 7"],
    );
}

#[test]
fn a_release_with_a_revision_and_an_unreadable_environment_are_refused() {
    let world = world()
        .file(
            "applications/web/releases/4.1/environments/dev/manifests.yaml",
            "a: 1",
        )
        .config("bad", "{");
    let revision = Version::from_folder("4.1").unwrap();
    let request = Deploy {
        version: revision,
        ..to("dev", "web", 1)
    };
    let refused = "release 4.1 of `web` has a revision; trainyard reads such releases, but does not deploy them";
    check(&world, &request, &[refused]);
    let (words, _) = world
        .clone()
        .changes(|draft, ground| deploy(draft, ground, &to("bad", "web", 1)));
    assert!(
        words[0].starts_with("`environments/bad/config.json`: "),
        "{words:?}"
    );
}

#[test]
fn a_deployment_refreshes_the_argo_cd_file_of_its_environment_alone() {
    let argocd = r#"{"argocd":{"destination":{"server":"https://example.com"}}}"#;
    let mut world = world()
        .config("dev", argocd)
        .config("staging", argocd)
        .runs("staging", "web", 1)
        .file("argocd/v1alpha1/staging.yaml", "by hand");
    world.changes(|draft, ground| deploy(draft, ground, &to("dev", "web", 2)));
    let listing = world.0.listing();
    assert_eq!(listing["argocd/v1alpha1/staging.yaml"], "by hand");
    assert!(listing["argocd/v1alpha1/dev.yaml"].contains("name: dev-web\n"));
}
