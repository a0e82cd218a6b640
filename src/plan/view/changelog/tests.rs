//! What lies between two environments, and between two points of one.

use super::*;
use crate::plan::Past;
use crate::plan::world::{World, context};

fn world() -> World {
    World::of(&[("dev", "latest"), ("staging", "dev"), ("prod", "staging")])
        .releases("web", 1..=4, &["dev", "staging", "prod"])
        .releases("api", 1..=2, &["dev", "staging", "prod"])
        .team("web", "red")
        .team("api", "blue")
        .runs("staging", "web", 3)
        .runs("prod", "web", 1)
        .runs("staging", "api", 2)
        .runs("prod", "api", 2)
}

fn range(from: &str, to: &str) -> Comparison {
    Comparison {
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        team: None,
        app: None,
    }
}

fn told(changelog: &Changelog) -> Vec<String> {
    let mut lines = Vec::new();
    for leg in &changelog.legs {
        lines.push(format!("{} {} {}", leg.from, leg.to, leg.unchanged));
        for (app, entry) in &leg.apps {
            lines.push(match entry {
                Entry::Moved {
                    from,
                    to,
                    cargo,
                    remade,
                    ..
                } => {
                    let releases = cargo.pieces.iter().flat_map(|piece| &piece.releases);
                    let releases: Vec<_> =
                        releases.map(|built| built.version.to_string()).collect();
                    let from = from.map_or("-".to_owned(), |from| from.to_string());
                    let remade = if *remade { " remade" } else { "" };
                    format!("{app} {from} {to}: {}{remade}", releases.join(" "))
                }
                Entry::Gone(from) => format!("{app} {from} gone"),
                Entry::Unknown(broken) => format!("{app} {broken}"),
            });
        }
    }
    lines
}

#[track_caller]
fn check_past(world: &World, earlier: &World, request: &Comparison, expected: &[&str]) {
    let context = context();
    let source = Source {
        name: "v1".parse().unwrap(),
        commit: "1".repeat(40).parse().unwrap(),
    };
    let pasts = [Past {
        source: &source,
        tree: &earlier.0,
    }];
    let ground = Ground::survey(&world.0, &context)
        .unwrap()
        .with_pasts(&pasts);
    let told = match changelog(&world.0, &ground, request) {
        Ok(changelog) => told(&changelog),
        Err(refusal) => vec![refusal.to_string()],
    };
    assert_eq!(told, expected);
}

#[track_caller]
fn check(world: &World, request: &Comparison, expected: &[&str]) {
    check_past(world, world, request, expected);
}

#[test]
fn it_tells_what_the_second_environment_has_and_the_first_one_has_not() {
    check(
        &world(),
        &range("prod", "staging"),
        &["prod staging 1", "web 1 3: 3 2"],
    );
    check(
        &world(),
        &range("staging", "prod"),
        &["staging prod 1", "web 3 1: 3 2"],
    );
    check(
        &world(),
        &range("staging", "staging"),
        &["staging staging 2"],
    );
    let more = world()
        .releases("job", 1..=2, &["staging"])
        .runs("staging", "job", 2)
        .release("old", 1, &["prod"])
        .runs("prod", "old", 1)
        .queues("prod", "web", 3)
        .locked("dev/applications/api", "l1")
        .file("environments/staging/applications/odd/version", "x");
    check(
        &more,
        &range("prod", "staging"),
        &[
            "prod staging 1",
            "job - 2: 2 1",
            "odd `environments/staging/applications/odd/version` is no symbolic link",
            "old 1 gone",
            "web 1 3: 3 2",
        ],
    );
}

#[test]
fn it_is_about_one_team_or_one_app() {
    let of_team = |team: &str| Comparison {
        team: team.parse().ok(),
        ..range("prod", "staging")
    };
    check(&world(), &of_team("blue"), &["prod staging 1"]);
    check(
        &world(),
        &of_team("red"),
        &["prod staging 0", "web 1 3: 3 2"],
    );
    check(
        &world(),
        &of_team("green"),
        &["there is no team `green`: no app belongs to it"],
    );
    let of_app = |app: &str| Comparison {
        app: app.parse().ok(),
        ..range("prod", "staging")
    };
    check(
        &world(),
        &of_app("web"),
        &["prod staging 0", "web 1 3: 3 2"],
    );
    check(&world(), &of_app("wep"), &["there is no app `wep`"]);
}

#[test]
fn two_points_of_an_environment_are_compared() {
    let earlier = World::of(&[("dev", "latest"), ("prod", "dev")])
        .release("web", 1, &["prod"])
        .runs("prod", "web", 1)
        .release("api", 2, &["prod"])
        .runs("prod", "api", 2)
        .release("old", 1, &["prod"])
        .runs("prod", "old", 1);
    let now = world().runs("prod", "web", 2);
    check_past(
        &now,
        &earlier,
        &range("prod@v1", "prod"),
        &["prod prod 1", "old 1 gone", "web 1 2: 2"],
    );
    check_past(
        &now,
        &earlier,
        &range("prod", "prod@v1"),
        &["prod prod 1", "old - 1: 1", "web 2 1: 2"],
    );
    check_past(
        &now,
        &earlier,
        &range("prod@v1", "staging"),
        &["prod staging 1", "old 1 gone", "web 1 3: 3 2"],
    );
    let remade = now.file(
        "applications/api/releases/2/created_at",
        "2025-01-01T00:00:00Z",
    );
    check_past(
        &remade,
        &earlier,
        &range("prod@v1", "prod"),
        &[
            "prod prod 0",
            "api 2 2: 2 1 remade",
            "old 1 gone",
            "web 1 2: 2",
        ],
    );
}

#[test]
fn groups_are_compared_member_by_member() {
    let world = World::of(&[("dev", "latest")])
        .group("test", &[("test-a", "dev"), ("test-b", "dev")])
        .group("live", &[("live-a", "test-a"), ("live-b", "test-b")])
        .releases("web", 1..=3, &["dev"])
        .runs("dev", "web", 3)
        .runs("test-a", "web", 2)
        .runs("test-b", "web", 3)
        .runs("live-a", "web", 1);
    let expected = ["test-a dev 0", "web 2 3: 3", "test-b dev 1"];
    check(&world, &range("test", "dev"), &expected);
    let expected = [
        "live-a test-a 0",
        "web 1 2: 2",
        "live-b test-b 0",
        "web - 3: 3 2 1",
    ];
    check(&world, &range("live", "test"), &expected);
    check(
        &world,
        &range("test", "test@v1"),
        &["test-a test-a 1", "test-b test-b 1"],
    );
    check(&world, &range("test-a", "test"), &["test-a test-a 1"]);
    let apart = world.group("else", &[("else-a", "dev"), ("else-b", "dev")]);
    let refused = "no environment of one group takes its versions from one of the other: nobody knows which to compare";
    check(&apart, &range("live", "else"), &[refused]);
}

#[test]
fn a_name_that_stands_for_nothing_is_refused() {
    let unknown = |name: &str| format!("there is no environment or environment group `{name}`");
    check(&world(), &range("pord", "staging"), &[&unknown("pord")]);
    let earlier = World::of(&[("dev", "latest")]);
    check_past(
        &world(),
        &earlier,
        &range("dev@v1", "prod@v1"),
        &[&unknown("prod@v1")],
    );
    let none = World::default().file("README.md", "x");
    check_past(
        &world(),
        &none,
        &range("dev@v1", "dev"),
        &["there are no environments at v1 (1111111111)"],
    );
}
