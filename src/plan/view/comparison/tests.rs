//! Environments side by side in small worlds.

use super::*;
use crate::plan::world::{World, context};
use crate::plan::{Past, Refusal};

fn world() -> World {
    let environments = ["dev", "prod-a", "prod-b"];
    World::of(&[("dev", "latest")])
        .group("prod", &[("prod-a", "dev"), ("prod-b", "dev")])
        .releases("web", [1, 2, 5], &environments)
        .releases("api", 1..=3, &environments)
}

/// The apps that are listed with what is seen of them, or the refusal; `@then` is the other world.
fn told(now: &World, then: &World, sides: [&str; 2]) -> Vec<String> {
    let context = context();
    let source = Source {
        name: "then".parse().unwrap(),
        commit: "1".repeat(40).parse().unwrap(),
    };
    let pasts = [Past {
        source: &source,
        tree: &then.0,
    }];
    let ground = Ground::survey(&now.0, &context).unwrap();
    let ground = ground.with_pasts(&pasts);
    let [left, right] = sides.map(|side| side.parse().unwrap());
    let all = false;
    let request = Request { left, right, all };
    let seen = match compare(&now.0, &ground, &request) {
        Ok(seen) => seen,
        Err(error) => {
            let refusal: &Refusal = error.downcast_ref().unwrap();
            return vec![refusal.to_string(), refusal.hint().unwrap_or_default()];
        }
    };
    let lines = seen.pairs.iter().flat_map(|pair| {
        let (left, right) = (&pair.left.environment, &pair.right.environment);
        let apps = pair.apps.iter().map(move |(app, each)| {
            let link = |link: &Link| match link {
                Link::Nothing => "-".to_owned(),
                Link::Release(shown) => shown.to_string(),
                Link::Broken(_) => "broken".to_owned(),
            };
            let found = |found: &Found| format!("{} {}", link(&found.runs), link(&found.waits));
            let mark = if each.is_notable() {
                ""
            } else {
                " (not listed)"
            };
            format!(
                "{left}|{right} {app}: {} | {}: {:?}{mark}",
                found(&each.left),
                found(&each.right),
                each.standing
            )
        });
        apps.collect::<Vec<_>>()
    });
    lines.collect()
}

#[test]
fn who_is_ahead_is_counted_in_releases() {
    let world = world()
        .runs("dev", "web", 5)
        .runs("prod-a", "web", 1)
        .runs("dev", "api", 2)
        .runs("prod-a", "api", 3);
    let sides = ["dev", "prod-a"];
    let expected = [
        "dev|prod-a api: 2 - | 3 -: RightAhead(1)",
        "dev|prod-a web: 5 - | 1 -: LeftAhead(2)",
    ];
    assert_eq!(told(&world, &world, sides), expected);
}

#[test]
fn what_is_the_same_counts_and_is_seen_if_something_waits() {
    let same = world().runs("dev", "web", 1).runs("prod-a", "web", 1);
    let sides = ["dev", "prod-a"];
    let expected = ["dev|prod-a web: 1 - | 1 -: Same (not listed)"];
    assert_eq!(told(&same, &same, sides), expected);
    let waits = same
        .clone()
        .queues("prod-a", "web", 2)
        .queues("dev", "api", 1);
    let expected = [
        "dev|prod-a api: - 1 | - -: NothingRuns",
        "dev|prod-a web: 1 - | 1 2: Same",
    ];
    assert_eq!(told(&waits, &waits, sides), expected);
    assert!(told(&world(), &world(), sides).is_empty());
}

#[test]
fn what_is_on_one_side_only_or_broken_is_told() {
    let world = world()
        .file("applications/web/releases/2/display_version", "v2")
        .runs("dev", "web", 2)
        .runs("prod-a", "api", 3)
        .file("environments/dev/applications/odd/version", "->x");
    let expected = [
        "dev|prod-a api: - - | 3 -: OnlyRight",
        "dev|prod-a odd: broken - | - -: Unknown",
        "dev|prod-a web: 2 (v2) - | - -: OnlyLeft",
    ];
    assert_eq!(told(&world, &world, ["dev", "prod-a"]), expected);
}

#[test]
fn each_member_of_a_group_is_compared_with_the_other_side() {
    let world = world()
        .runs("dev", "web", 2)
        .runs("prod-a", "web", 1)
        .runs("prod-b", "web", 2);
    let expected = [
        "dev|prod-a web: 2 - | 1 -: LeftAhead(1)",
        "dev|prod-b web: 2 - | 2 -: Same (not listed)",
    ];
    assert_eq!(told(&world, &world, ["dev", "prod"]), expected);
    let refused = told(&world, &world, ["prod", "prod"]);
    assert_eq!(
        refused[0],
        "`prod` and `prod` are both groups of several environments"
    );
}

#[test]
fn an_environment_is_compared_with_what_it_was() {
    let then = world().runs("dev", "web", 1).runs("dev", "api", 1);
    let again = "applications/api/releases/1/created_at";
    let now = world()
        .release("web", 6, &["dev"])
        .runs("dev", "web", 6)
        .file(again, "2025-01-01T00:00:00Z")
        .runs("dev", "api", 1);
    let expected = [
        "dev|dev api: 1 - | 1 -: MadeAgain",
        "dev|dev web: 1 - | 6 -: RightAhead(3)",
    ];
    assert_eq!(told(&now, &then, ["dev@then", "dev"]), expected);
    let expected = [
        "dev|dev api: 1 - | 1 -: Same (not listed)",
        "dev|dev web: 6 - | 6 -: Same (not listed)",
    ];
    assert_eq!(told(&now, &then, ["dev", "dev"]), expected);
}

#[test]
fn an_environment_must_be_there_at_its_point() {
    let then = World::of(&[("dev", "latest")]);
    let sides = |left, right| told(&world(), &then, [left, right]);
    assert_eq!(
        sides("prod-c", "dev"),
        [
            "there is no environment or environment group `prod-c`",
            "did you mean `prod-a` or `prod-b` or `prod`?"
        ]
    );
    assert_eq!(
        sides("dev", "prod@then"),
        [
            "there is no environment or environment group `prod@then`",
            "these exist: `dev`"
        ]
    );
}

#[test]
fn a_name_of_an_environment_and_its_group_is_the_group_and_is_meant_once() {
    let world = World::of(&[("dev", "latest")])
        .group("prod", &[("prod", "dev"), ("prod-b", "dev")])
        .releases("web", 1..=1, &["dev", "prod", "prod-b"])
        .runs("prod-b", "web", 1);
    let sides = |left, right| told(&world, &world, [left, right]);
    assert_eq!(
        sides("dev", "prod"),
        ["dev|prod-b web: - - | 1 -: OnlyRight"]
    );
    assert_eq!(sides("prd", "dev")[1], "did you mean `prod`?");
}
