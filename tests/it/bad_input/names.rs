//! Names that break the rules, wherever a name can be given.

use super::{Row, check};
use crate::shop::shop;

const WORDS: &str = "lower-case letters and digits, in words joined by single hyphens";

/// No name of any kind; as typed, and as shown.
const NEVER: [(&str, &str); 20] = [
    ("../x", "../x"),
    ("..", ".."),
    (".", "."),
    ("", ""),
    ("a/b", "a/b"),
    ("/etc", "/etc"),
    (".git", ".git"),
    (".GIT", ".GIT"),
    ("git~1", "git~1"),
    ("a--b", "a--b"),
    ("a-", "a-"),
    ("CON", "CON"),
    ("nul.txt", "nul.txt"),
    ("a.", "a."),
    ("a ", "a "),
    ("App", "App"),
    ("caf\u{e9}", "caf\u{e9}"),
    ("cafe\u{301}", "cafe\u{301}"),
    ("a\x1b[31mb", r"a\u{1b}[31mb"),
    (
        "a\nb\tc\rd\u{7f}\u{85}\u{202e}",
        r"a\nb\tc\rd\u{7f}\u{85}\u{202e}",
    ),
];

/// A flag of each kind of name: what stands before it, and what it is.
const KINDS: [(&str, &str); 4] = [
    ("release --manifests ../scratch/next --application=", "app"),
    ("lock -m x --environment=", "environment"),
    ("lock -m x --environment-group=", "group"),
    ("lock -m x -e staging --team=", "team"),
];

/// The other flags that take a name.
const FLAGS: [(&str, &str); 10] = [
    ("release -a web --manifests ../scratch/next --team=", "team"),
    (
        "release -a web --manifest ../scratch/next/staging.yaml --environment=",
        "environment",
    ),
    ("deploy -e staging --version 1 --application=", "app"),
    ("deploy -a basket --version 1 --environment=", "environment"),
    ("deploy -a basket --version 1 --environment-group=", "group"),
    ("lock -m x -e staging --application=", "app"),
    ("unlock --all -e staging --team=", "team"),
    ("unlock --all --environment-group=", "group"),
    ("release-train ", "group"),
    (
        "prognosis --target-type environment --target-environment=",
        "group",
    ),
];

fn check_names<'a>(
    flags: &[(&str, &str)],
    names: &(impl Iterator<Item = &'a (&'a str, &'a str)> + Clone),
) {
    let rows = flags.iter().flat_map(|(flag, what)| {
        names.clone().map(move |(typed, shown)| {
            let error = format!("`{shown}` is no valid {what} name: {WORDS}");
            (format!("{flag}'{typed}'"), error)
        })
    });
    let rows: Vec<_> = rows.collect();
    let rows: Vec<Row> = rows
        .iter()
        .map(|(line, error)| (line.as_str(), 2, error.as_str(), ""))
        .collect();
    check(&shop(), &rows);
}

#[test]
fn a_name_that_breaks_the_rules_is_refused() {
    check_names(&KINDS, &NEVER.iter());
}

#[test]
fn no_flag_that_takes_a_name_leaves_it_unchecked() {
    check_names(&FLAGS, &NEVER.iter().step_by(NEVER.len() - 1));
}

#[test]
fn a_name_that_is_too_long_is_refused_with_both_numbers() {
    let world = shop();
    let long = |length| "a".repeat(length);
    let hundreds = long(300);
    let rows = [
        (
            format!("release --manifests ../scratch/next -a {}", long(40)),
            "it has 40 bytes, and 39 are allowed without `allowLongAppNames: true`",
        ),
        (
            format!("release --manifests ../scratch/next -a {}", long(71)),
            "it has 71 bytes, and 70 are allowed",
        ),
        (
            format!("release --manifests ../scratch/next -a {hundreds}"),
            "aaa…` is no valid app name: it has 300 bytes",
        ),
        (
            format!("release --manifests ../scratch/next -a web -t {}", long(63)),
            "no valid team name: it has 63 bytes, and 62 are allowed",
        ),
        (
            format!("lock -m x -e {}", long(21)),
            "no valid environment name: it has 21 bytes, and 20 are allowed",
        ),
        (
            format!("lock -m x -g {}", long(21)),
            "no valid group name: it has 21 bytes, and 20 are allowed",
        ),
        (
            format!("lock -m x -e staging -t {}", long(63)),
            "no valid team name: it has 63 bytes, and 62 are allowed",
        ),
        (
            format!("release-train {}", long(21)),
            "no valid group name: it has 21 bytes, and 20 are allowed",
        ),
    ];
    let rows: Vec<Row> = rows
        .iter()
        .map(|(line, error)| (line.as_str(), 2, *error, ""))
        .collect();
    check(&world, &rows);
}

#[test]
fn a_name_as_long_as_allowed_is_taken() {
    let world = shop();
    let [app, team] = [39, 62].map(|length| "a".repeat(length));
    world.ok(&format!(
        "release --manifests ../scratch/next -a {app} -t {team}"
    ));
    let long = "b".repeat(70);
    world.file("trainyard.yaml", "allowLongAppNames: true\n");
    world.ok(&format!("release --manifests ../scratch/next -a {long}"));
    let releases = world.tree();
    assert!(releases.contains_key(&format!("applications/{app}/releases/1/created_at")));
    assert!(releases.contains_key(&format!("applications/{long}/releases/1/created_at")));
}

#[test]
fn a_name_cannot_smuggle_in_a_flag() {
    check(
        &shop(),
        &[
            (
                "release -a -rf --manifests ../scratch/next",
                2,
                "unexpected argument '-r' found",
                "",
            ),
            (
                "release -a --force --manifests ../scratch/next",
                2,
                "unexpected argument '--force' found",
                "",
            ),
            (
                "release --application=-rf --manifests ../scratch/next",
                2,
                "`-rf` is no valid app name",
                "",
            ),
            (
                "deploy -a basket -e staging --version -1",
                2,
                "unexpected argument '-1' found",
                "",
            ),
            (
                "lock -e staging -m x --lock-id -x1",
                2,
                "unexpected argument '-x' found",
                "",
            ),
            (
                "release-train -- --team",
                2,
                "`--team` is no valid group name",
                "",
            ),
        ],
    );
}
