//! Histories: of the shop, of repositories that people and other tools write to, and of clones that lack a part of it.

use super::{assert_views, busy_shop, seen};
use crate::shop::{release_link, shop};
use crate::world::World;

/// The shop, and what people did to it by hand.
fn meddled_shop() -> World {
    let world = shop();
    world.ok("release-train staging");
    let link = "environments/staging/applications/basket/version";
    let back = release_link("basket", 1);
    world.shell(&format!("ln -sfn {back} {link}"));
    commit(&world, "\u{202e}Back <b>to</b> | 1 @everyone\n\nIt leaks.");
    world.shell(&format!(
        "rm -r environments/staging/applications/courier {link}"
    ));
    commit(
        &world,
        "prune\n\nTrainyard-Operation: release-train\nTrainyard-Target: \u{1b}[31mall\n",
    );
    world.shell("ln -sfn /etc/shadow environments/prod-ca/applications/basket/version");
    world.git(&["add", "-A"]);
    let mallory = "--author=Mallory\u{1b}[2J | *x* <m@evil.example>";
    let oops = "oops\n\nTrainyard-Operation: evil\u{7}\n";
    world.git(&["commit", "-q", mallory, "-m", oops]);
    world.shell("git checkout -q -b side HEAD~ && echo x > README && git add README");
    world.git(&["commit", "-q", "-m", "side"]);
    world.git(&["checkout", "-q", "main"]);
    world.git(&["merge", "-q", "--no-ff", "-m", "Merge branch side", "side"]);
    world.git(&["revert", "--no-edit", "HEAD~1"]);
    world.git(&["push", "-q", "origin", "HEAD:main"]);
    world
}

fn commit(world: &World, message: &str) {
    world.git(&["add", "-A"]);
    world.git(&["commit", "-q", "-m", message]);
    world.git(&["push", "-q", "origin", "HEAD:main"]);
}

#[test]
fn history() {
    assert_views!("history", "history basket", ugly: "history a-very-long-name-of-an-app-0-that-ends -g group-1", empty: "history");
}

#[test]
fn what_people_moved_by_hand_is_told_as_it_moved() {
    let world = meddled_shop();
    insta::assert_snapshot!("history_meddled", seen(&world, "history --limit 6"));
    let entries = world.run("history --limit 6 -o json").json()["entries"].clone();
    let told: Vec<_> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["operation"])
        .collect();
    assert_eq!(
        told,
        [
            &serde_json::Value::Null,
            &serde_json::Value::Null,
            &"release-train".into(),
            &serde_json::Value::Null,
            &"release-train".into(),
            &serde_json::Value::Null
        ]
    );
}

#[test]
fn every_operation_names_itself() {
    let world = busy_shop();
    let answer = world.run("history -o json").json();
    let entries = answer["entries"].as_array().unwrap();
    for entry in entries.iter().take(entries.len() - 1) {
        let id = entry["commit"].as_str().unwrap();
        let trailer = |name: &str| {
            world.remote_git(&[
                "log",
                "-1",
                &format!("--format=%(trailers:key={name},valueonly)"),
                id,
            ])
        };
        assert_eq!(entry["operation"], trailer("Trainyard-Operation").trim());
        assert_eq!(
            entry["operationId"],
            trailer("Trainyard-Operation-Id").trim()
        );
        let date = world.remote_git(&[
            "log",
            "-1",
            "--date=format-local:%Y-%m-%dT%H:%M:%SZ",
            "--format=%cd",
            id,
        ]);
        assert_eq!(entry["at"], date);
    }
    let ids: Vec<_> = entries
        .iter()
        .map(|entry| entry["commit"].as_str().unwrap())
        .collect();
    let log = world.remote_git(&["log", "--format=%H"]);
    // The very first commit is empty.
    assert_eq!(ids, log.lines().take(ids.len()).collect::<Vec<_>>());
    assert_eq!(ids.len() + 1, log.lines().count());
}

#[test]
fn a_history_can_be_cut_by_number_and_by_time() {
    let world = busy_shop();
    let count = |line: &str| {
        let answer = world.run(&format!("{line} -o json")).json();
        (
            answer["entries"].as_array().unwrap().len(),
            answer["end"].clone(),
        )
    };
    let (all, end) = count("history --limit 0");
    // The very first commit is empty.
    assert_eq!((all, end), (world.commits() - 1, "beginning".into()));
    assert_eq!(count("history --limit 3"), (3, "limit".into()));
    let (recent, end) = count("history --since 3m");
    assert!(
        recent < all && recent > 0 && end == "since",
        "{recent} {end}"
    );
    let refused = world.fails("history --since soon", 2);
    assert!(refused.stderr.contains("`12h`"), "{refused}");
}

#[test]
fn a_shallow_clone_says_where_its_history_ends() {
    let world = busy_shop();
    let shallow = world.clone_with("shallow", &["--depth=3"]);
    let answer = shallow.run("history -o json").json();
    assert_eq!(answer["end"], "shallow");
    assert_eq!(answer["entries"].as_array().unwrap().len(), 2);
    let ends = shallow.git(&["rev-list", "--max-parents=0", "HEAD"]);
    assert_eq!(answer["shallowAt"], ends.trim());
    let text = shallow.ok("history");
    assert!(text.contains("git fetch --unshallow"), "{text}");
}

#[test]
fn a_partial_clone_tells_the_same() {
    let world = busy_shop();
    world.remote_git(&["config", "uploadpack.allowFilter", "true"]);
    world.remote_git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    for filter in ["--filter=blob:none", "--filter=tree:0"] {
        let partial = world.clone_with(&filter.replace([':', '='], "-"), &[filter]);
        let told = |world: &World| world.run("history -o json").json();
        assert_eq!(told(&partial), told(&world), "{filter}");
    }
}

#[test]
fn the_remote_counts_and_not_what_is_here() {
    let world = busy_shop();
    let other = world.clone_to("other");
    world.ok("lock -e staging --lock-id new -m m");
    let told = other.ok("history --limit 1");
    assert!(told.contains("lock `new`"), "{told}");
}

#[test]
fn an_app_that_is_gone_still_has_its_history() {
    let world = shop();
    for folder in [
        "applications/courier",
        "environments/*/applications/courier",
    ] {
        world.shell(&format!("rm -r {folder}"));
    }
    commit(&world, "courier leaves us");
    let told = world.ok("history courier");
    assert!(told.contains("app courier deleted"), "{told}");
    let refused = world.fails("history courir", 3);
    assert!(
        refused.stderr.contains("there is no app `courir`"),
        "{refused}"
    );
}
