//! The answers, on small worlds.

use super::*;
use crate::plan::world::{World, context};

fn id(digit: char) -> String {
    digit.to_string().repeat(40)
}

impl World {
    fn made_from(self, app: &str, version: u64, digit: char) -> Self {
        let world = self.release(app, version, &["dev", "staging"]);
        let path = format!("applications/{app}/releases/{version}/source_commit_id");
        world.file(&path, &id(digit))
    }
}

fn world() -> World {
    World::of(&[("dev", "latest"), ("staging", "dev"), ("prod", "staging")])
}

fn arrived(world: &World, digit: char) -> String {
    let context = context();
    let ground = Ground::survey(&world.0, &context).unwrap();
    let commit = id(digit).parse().unwrap();
    let found = match arrivals(&world.0, &ground, &commit) {
        Ok(found) => found,
        Err(error) => return error.to_string(),
    };
    let lines = found.iter().map(|(app, environments)| {
        let there = environments
            .iter()
            .filter(|(_, arrival)| **arrival == Arrival::Deployed);
        let there: Vec<_> = there.map(|(name, _)| name.to_string()).collect();
        assert_eq!(environments.len(), 3, "every environment is told");
        format!("{app}: {}", there.join(" "))
    });
    lines.collect::<Vec<_>>().join("; ")
}

#[test]
fn a_commit_is_where_its_release_or_one_with_a_higher_number_runs() {
    let world = world()
        .made_from("web", 1, 'a')
        .made_from("web", 2, 'b')
        .made_from("web", 3, 'c')
        .made_from("api", 7, 'b')
        .runs("dev", "web", 3)
        .runs("staging", "web", 2)
        .runs("prod", "web", 1);
    assert_eq!(arrived(&world, 'a'), "web: dev prod staging");
    assert_eq!(arrived(&world, 'b'), "api: ; web: dev staging");
    assert_eq!(arrived(&world, 'c'), "web: dev");
    let unknown = arrived(&world, 'd');
    assert!(unknown.contains(&id('d')), "{unknown}");
}

#[test]
fn a_commit_is_not_where_its_app_is_taken_away_or_its_link_is_broken() {
    let world = world()
        .made_from("web", 1, 'a')
        .release("web", 2, &["dev"])
        .file("applications/web/releases/2/undeploy", "")
        .runs("dev", "web", 2)
        .runs("staging", "web", 9);
    assert_eq!(arrived(&world, 'a'), "web: ");
}

#[test]
fn the_lowest_release_of_a_commit_counts() {
    let world = world()
        .made_from("web", 2, 'a')
        .made_from("web", 10, 'a')
        .runs("dev", "web", 10)
        .runs("staging", "web", 2);
    assert_eq!(arrived(&world, 'a'), "web: dev staging");
}

#[test]
fn the_source_is_that_of_what_runs() {
    let world = world()
        .made_from("web", 1, 'a')
        .made_from("web", 2, 'b')
        .file("applications/web/releases/1/source_author", "Jane")
        .runs("dev", "web", 1)
        .runs("staging", "web", 9);
    let source = |environment: &str| {
        let (environment, app) = (environment.parse().unwrap(), "web".parse().unwrap());
        deployed_source(&world.0, &environment, &app)
    };
    let dev = source("dev").unwrap().unwrap();
    let told: Vec<_> = dev.values().map(String::as_str).collect();
    assert_eq!(told, [id('a').as_str(), "Jane"]);
    assert!(source("prod").unwrap().is_none());
    assert!(source("staging").is_err(), "the link is broken");
}

#[test]
fn manifests_are_held_against_those_of_the_latest_release() {
    let manifest = |version: u64| {
        format!("applications/web/releases/{version}/environments/dev/manifests.yaml")
    };
    let world = world()
        .release("web", 9, &["dev"])
        .release("web", 10, &["dev"])
        .file(&manifest(9), "a: 9\n")
        .file(&manifest(10), "a: 10\n");
    let app = "web".parse().unwrap();
    let compared = |environment: &str, given: &str| {
        let given = BTreeMap::from([(environment.parse().unwrap(), given.to_owned())]);
        let found = differences(&world.0, &app, &given).unwrap();
        found.into_values().next().unwrap()
    };
    assert_eq!(compared("dev", "a: 10\n"), "");
    let changed = compared("dev", "a: 11\n");
    assert!(
        changed.ends_with("@@ -1 +1 @@\n-a: 10\n+a: 11\n"),
        "{changed}"
    );
    let secret = "--- # x\nkind: Secret\nstringData: {a: sesame}\n";
    let hidden = compared("dev", secret);
    assert!(
        hidden.ends_with("\n-a: 10\n+---\n+kind: Secret\n+stringData:\n+  a: (secret value)\n"),
        "{hidden}"
    );
    let new = compared("staging", "a: 1\n");
    assert!(new.ends_with("+a: 1\n") && !new.contains("\n-a"), "{new}");
    let unknown = differences(&world.0, &"api".parse().unwrap(), &BTreeMap::new());
    assert!(unknown.unwrap_err().to_string().contains("`api`"));
}
