//! `trainyard lock`

use super::assert_told;
use crate::shop::shop;
use crate::world::{Tree, text};

/// The files of all locks.
fn locks(tree: Tree) -> Tree {
    let is_lock = |path: &String| path.contains("/locks/");
    tree.into_iter().filter(|(path, _)| is_lock(path)).collect()
}

#[test]
fn each_kind_of_lock_is_a_folder_with_who_why_and_when() {
    let world = shop();
    assert_told!(
        &world,
        "locks",
        [
            "lock -e staging --lock-id freeze -m 'no changes'",
            "lock -e staging -a basket --lock-id leak -m 'memory leak'",
            "lock -e staging -t day-shift --lock-id audit -m 'yearly audit'",
            "lock -g prod --lock-id sale -m 'sale until Sunday'",
        ],
    );
    let mut expected = Tree::new();
    for (folder, message, minute) in [
        ("environments/staging/locks/freeze", "no changes", 1),
        (
            "environments/staging/applications/basket/locks/leak",
            "memory leak",
            2,
        ),
        (
            "environments/staging/teams/day-shift/locks/audit",
            "yearly audit",
            3,
        ),
        ("environments/prod-ca/locks/sale", "sale until Sunday", 4),
        ("environments/prod-de/locks/sale", "sale until Sunday", 4),
    ] {
        for (file, content) in [
            ("message", message.to_owned()),
            ("created_by_name", "Ada Signal".to_owned()),
            ("created_by_email", "ada@signals.example".to_owned()),
            ("created_at", format!("2026-03-02T08:0{minute}:00Z")),
        ] {
            expected.insert(format!("{folder}/{file}"), text(&content));
        }
    }
    assert_eq!(locks(world.tree()), expected);
}

#[test]
fn a_lock_that_exists_gets_a_new_message() {
    let world = shop();
    world.ok("lock -e staging --lock-id freeze -m first");
    world.ok("--author-name Grace --author-email grace@signals.example lock -e staging --lock-id freeze -m second");
    let locks = locks(world.tree());
    let field = |name: &str| locks[&format!("environments/staging/locks/freeze/{name}")].clone();
    assert_eq!(locks.len(), 4);
    assert_eq!(field("message"), text("second"));
    assert_eq!(field("created_by_name"), text("Grace"));
    assert_eq!(field("created_at"), text("2026-03-02T08:02:00Z"));
}

#[test]
fn an_id_is_made_up_and_printed_and_another_lock_gets_another_one() {
    let world = shop();
    let id = |line: &str| {
        let told = world.ok(line);
        let (_, id) = told.trim_end().rsplit_once("--lock-id ").unwrap();
        assert!(id.starts_with("lock-") && id.len() == 13, "{told}");
        id.to_owned()
    };
    let first = id("lock -e staging -m x");
    let second = id("lock -e staging -m x");
    let elsewhere = id("lock -g prod -m x");
    assert!(first != second && second != elsewhere);
    let tree = world.tree();
    for path in [
        format!("environments/staging/locks/{first}/message"),
        format!("environments/staging/locks/{second}/message"),
        format!("environments/prod-ca/locks/{elsewhere}/message"),
        format!("environments/prod-de/locks/{elsewhere}/message"),
    ] {
        assert!(tree.contains_key(&path), "{path}");
    }
}

#[test]
fn an_app_that_is_not_deployed_can_be_locked() {
    let world = shop();
    world.ok("lock -e prod-de -a courier --lock-id wait -m x");
    world.ok("deploy -a courier -e prod-de --version 1");
    assert_eq!(super::state(&world, "prod-de", "courier"), "nothing then 1");
    world.ok("unlock -e prod-de -a courier --lock-id wait");
    assert_eq!(super::state(&world, "prod-de", "courier"), "1");
}

#[test]
fn the_same_lock_at_the_same_time_changes_nothing() {
    let world = shop();
    let line = "lock -e staging --lock-id freeze -m x";
    let now = [("TRAINYARD_NOW", Some("2026-03-02T09:00:00Z"))];
    assert_eq!(world.run_with(line, &now).code, 0);
    let before = world.snapshot();
    let answer = world.run_with(line, &now);
    assert!(answer.stdout.ends_with("\nnothing changed\n"), "{answer}");
    assert_eq!(answer.stderr, "");
    world.assert_untouched(&before);
}
