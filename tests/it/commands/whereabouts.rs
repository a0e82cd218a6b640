//! `trainyard where`

use serde_json::{Value, json};

use super::assert_told;
use crate::shop::shop;
use crate::world::{Node, World};

fn commit(digit: char) -> String {
    digit.to_string().repeat(40)
}

/// Stores a release of an app from the commit of a digit, after that of another one.
fn release(world: &World, app: &str, digit: char, previous: char) {
    let (source, previous) = (commit(digit), commit(previous));
    world.ok(&format!(
        "release -a {app} --manifests ../scratch/next --source-commit-id {source} --previous-commit-id {previous} \
         --source-message 'fix: {digit}'"
    ));
}

/// The shop with two more releases of `basket` and one more of `courier`, of which the first of `basket` is on staging, and
/// the second waits there.
fn busy_shop(options: &str) -> World {
    let world = shop();
    world.file("trainyard.yaml", options);
    release(&world, "basket", 'b', 'a');
    release(&world, "courier", 'b', 'a');
    world.ok("release-train staging -t day-shift");
    release(&world, "basket", 'c', 'b');
    world.ok("lock -e staging -a basket --lock-id leak -m 'memory leak'");
    world.ok("release-train staging -t day-shift");
    world
}

const WITHOUT: &str = "releaseVersionsLimit: 20\n";
const WITH: &str = "commitData: true\n";

#[test]
fn it_tells_where_a_commit_is_since_when_and_by_whom() {
    let lines = [
        "where bbbbbbbb",
        "where ccccccc",
        "where CCCCCCC -e staging",
        "where aaaaaaa -e development",
        "where ddddddd",
        "where bbbbbbb -e nowhere",
        "where bbbbbbb -o markdown",
        "where bbbbbbb -o json",
    ];
    assert_told!(&busy_shop(WITHOUT), "whereabouts", lines);
}

#[test]
fn it_ends_with_0_only_where_the_commit_is_deployed() {
    for options in [WITHOUT, WITH] {
        let world = busy_shop(options);
        for (line, code) in [
            ("where bbbbbbb", 3),
            ("where bbbbbbb -e development", 0),
            ("where bbbbbbb -e staging", 3),
            ("where ccccccc -e staging", 3),
            ("where ccccccc -e development", 0),
            ("where aaaaaaa -e development", 0),
            ("where aaaaaaa -e prod-de", 3),
            ("where abcdef", 2),
            ("where abcdefg", 2),
        ] {
            world.fails(line, code);
        }
        let before = world.snapshot();
        world.fails("where bbbbbbb", 3);
        world.assert_untouched(&before);
    }
}

#[test]
fn with_and_without_commit_data_the_answer_is_the_same_but_for_the_first_time() {
    let answer = |options: &str| {
        let world = busy_shop(options);
        let yaml = world.run("where bbbbbbb -o yaml").stdout;
        let json = world.run("where bbbbbbb -o json").json();
        let yaml: Value = serde_yaml::from_str(&yaml).unwrap();
        assert_eq!(yaml, json);
        json
    };
    let (without, with) = (answer(WITHOUT), answer(WITH));
    let dev = |json: &Value| {
        let basket = &json["applications"]["basket"];
        basket["environments"]["development"]["firstDeployedAt"].clone()
    };
    assert_eq!(dev(&without), Value::Null);
    assert_eq!(dev(&with), "2026-03-02T08:01:00Z");
    let blanked = |mut json: Value| {
        for app in ["basket", "courier"] {
            let environments = json["applications"][app]["environments"].as_object_mut();
            for (_, each) in environments.unwrap() {
                each["firstDeployedAt"] = json!(null);
            }
        }
        json
    };
    assert_eq!(blanked(without), blanked(with));
}

#[test]
fn two_commits_that_begin_alike_are_named() {
    let world = busy_shop(WITHOUT);
    let twin = format!("{}{}", "b".repeat(20), "0".repeat(20));
    world.ok(&format!(
        "release -a courier --manifests ../scratch/next --source-commit-id {twin}"
    ));
    let answer = world.fails("where bbbbbbbbbb", 3);
    for word in [&twin, &commit('b'), "courier 4", "basket 3", "courier 3"] {
        assert!(answer.stderr.contains(word), "{word}\n{answer}");
    }
    world.fails(&format!("where {}", &twin[..21]), 3);
}

#[test]
fn commit_data_is_in_the_commit_of_the_command_and_sound() {
    let world = busy_shop(WITH);
    let tree = world.tree();
    let file = |path: &str| match tree.get(&format!("commits/bb/{}/{path}", "b".repeat(38))) {
        Some(Node::File(bytes)) => Some(String::from_utf8(bytes.clone()).unwrap()),
        Some(Node::Link(_)) | None => None,
    };
    assert_eq!(file("source_message").unwrap(), "fix: b");
    assert_eq!(file("nextCommit").unwrap(), commit('c'));
    assert_eq!(
        file("previousCommit"),
        None,
        "nothing is known of that commit"
    );
    assert_eq!(file("applications/basket/.gitkeep").unwrap(), "");
    assert_eq!(file("applications/courier/.gitkeep").unwrap(), "");
    let events = tree
        .keys()
        .filter(|path| path.ends_with("/eventType"))
        .count();
    // Each release, each on development, one on staging, one replaced, and the one that the lock holds back.
    assert_eq!(events, 3 + 3 + 1 + 1 + 1);
    world.remote_git(&["fsck", "--strict", "--no-dangling"]);
    world.assert_in_step();
    let before = world.snapshot();
    world.ok("release-train staging -t day-shift");
    world.assert_untouched(&before);
}
