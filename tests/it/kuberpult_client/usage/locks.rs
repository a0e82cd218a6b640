//! `create-env-lock` to `delete-group-lock`

use super::check;
use crate::shop::shop;
use crate::world::World;

const CHAIN: &str =
    "error while parsing command line args, error: error while reading command line arguments for ";

/// Each of these flags with some value.
fn given(names: &[&str]) -> String {
    let flags = names.iter().map(|name| format!("--{name} x"));
    flags.collect::<Vec<_>>().join(" ")
}

/// What every command about locks says.
fn check_any(world: &World, command: &str, during: &str, places: &[&str]) {
    let place = given(places);
    let once = |name: &str| format!("the --{name} arg must be set exactly once");
    let unknown = "flag provided but not defined: -moon";
    let unknown = format!("error while parsing command line arguments, error: {unknown}");
    let rest = "these arguments are not recognised: \"rest\"";
    let mut cases = vec![
        (String::new(), once("lockID")),
        (format!("--lockID a --lockID b {place}"), once("lockID")),
        (format!("--lockID a {place} rest"), rest.to_owned()),
        ("--moon".to_owned(), unknown),
    ];
    for (number, name) in places.iter().enumerate() {
        let before = given(&places[..number]);
        cases.push((format!("--lockID a {before}"), once(name)));
        cases.push((format!("--lockID a {place} --{name} y"), once(name)));
    }
    check(world, command, during, &cases);
}

#[test]
fn what_is_locked() {
    let world = shop();
    let app = ["environment", "application"];
    let team = ["environment", "team"];
    let group = "environment group lock";
    for (command, during, places) in [
        ("create-env-lock", "env locks", &["environment"][..]),
        ("create-app-lock", "creating an app lock", &app),
        ("create-team-lock", "team lock", &team),
        ("create-group-lock", group, &["environment-group"]),
        ("delete-env-lock", "deleting env locks", &["environment"]),
        ("delete-app-lock", "deleting an app lock", &app),
        ("delete-team-lock", "team lock", &team),
        ("delete-group-lock", group, &["environment-group"]),
    ] {
        check_any(
            &world,
            command,
            &format!("{CHAIN}{during}, error: "),
            places,
        );
    }
}

#[test]
fn why_and_for_how_long() {
    let world = shop();
    for (command, during, places) in [
        ("create-env-lock", "env locks", "--environment x"),
        (
            "create-app-lock",
            "creating an app lock",
            "--environment x --application x",
        ),
        ("create-team-lock", "team lock", "--environment x --team x"),
        (
            "create-group-lock",
            "environment group lock",
            "--environment-group x",
        ),
    ] {
        check(
            &world,
            &format!("{command} --lockID a {places} --message m"),
            &format!("{CHAIN}{during}, error: "),
            &[
                ("--message n", "the --message arg must be set at most once"),
                (
                    "--ci_link /a --ci_link /b",
                    "the --ci_link arg must be set at most once",
                ),
                ("--ci_link a", "provided invalid --ci_link value 'a'"),
                (
                    "--suggested_lifetime 1h --suggested_lifetime 1h",
                    "the --suggested_lifetime arg must be set at most once",
                ),
                (
                    "--suggested_lifetime 1m",
                    "provided invalid --suggested_lifetime value '1m'",
                ),
            ],
        );
    }
    check(
        &world,
        "create-team-lock --lockID a --environment x --team x",
        &format!("{CHAIN}team lock, error: "),
        &[
            ("", "the --message arg is required for lock creation"),
            (
                "--message ''",
                "the --message arg may not be empty for lock creation",
            ),
        ],
    );
}
