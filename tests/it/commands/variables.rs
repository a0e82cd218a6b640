//! Every global flag has a variable, and the flag counts more.

use crate::shop::shop;
use crate::world::{Answer, World};

/// The flags that take a value, and those that do not.
const VALUES: [&str; 7] = [
    "REPO",
    "REMOTE",
    "BRANCH",
    "OUTPUT",
    "AUTHOR_NAME",
    "AUTHOR_EMAIL",
    "COLOR",
];
const SWITCHES: [&str; 5] = ["NO_PUSH", "DRY_RUN", "GITHUB", "QUIET", "VERBOSE"];

const LOCK: &str = "lock -e staging --lock-id freeze -m x";

fn run(world: &World, line: &str, name: &str, value: &str) -> Answer {
    world.run_with(line, &[(name, Some(value))])
}

#[test]
fn the_place_is_taken_from_variables() {
    let world = shop();
    let before = world.snapshot();
    for (name, value, code, told) in [
        (
            "TRAINYARD_REPO",
            "/nowhere",
            6,
            "there is no folder `/nowhere`",
        ),
        ("TRAINYARD_REMOTE", "nope", 2, "there is no remote `nope`"),
        (
            "TRAINYARD_BRANCH",
            "a..b",
            2,
            "`a..b` is no valid branch name",
        ),
    ] {
        let answer = run(&world, LOCK, name, value);
        assert_eq!(answer.code, code, "{name}\n{answer}");
        assert!(answer.stderr.contains(told), "{name}\n{answer}");
    }
    for (name, value, flag) in [
        ("TRAINYARD_REPO", "/nowhere", "-C ."),
        ("TRAINYARD_REMOTE", "nope", "--remote origin"),
        ("TRAINYARD_BRANCH", "a..b", "--branch main"),
    ] {
        let answer = run(&world, &format!("{flag} -n {LOCK}"), name, value);
        assert_eq!(answer.code, 0, "{flag} counts more than {name}\n{answer}");
    }
    world.assert_untouched(&before);
}

#[test]
fn a_switch_is_on_unless_its_variable_says_no() {
    for value in ["1", "true"] {
        let world = shop();
        let before = world.snapshot();
        let answer = run(&world, LOCK, "TRAINYARD_DRY_RUN", value);
        assert!(
            answer.stdout.ends_with("dry run: nothing was changed\n"),
            "{answer}"
        );
        world.assert_untouched(&before);
        let head = world.head();
        let answer = run(&world, LOCK, "TRAINYARD_NO_PUSH", value);
        assert!(answer.stderr.starts_with("committed "), "{answer}");
        assert_eq!(world.head(), head);
        assert_ne!(world.git(&["rev-parse", "HEAD"]), head);
    }
    let world = shop();
    for (number, value) in ["0", "false", ""].into_iter().enumerate() {
        for name in ["TRAINYARD_DRY_RUN", "TRAINYARD_NO_PUSH", "TRAINYARD_QUIET"] {
            let head = world.head();
            let line = format!("{LOCK}-{number}-{name}");
            let answer = run(&world, &line, name, value);
            assert!(
                answer.stderr.starts_with("pushed "),
                "{name}={value}\n{answer}"
            );
            assert_ne!(world.head(), head, "{name}={value}");
        }
    }
}

#[test]
fn what_is_said_is_chosen_by_variables() {
    let world = shop();
    let line = "prognosis prod";
    let json = run(&world, line, "TRAINYARD_OUTPUT", "json");
    assert_eq!(json.json()["schema"], "trainyard/prognosis/v1");
    let text = run(
        &world,
        &format!("{line} -o text"),
        "TRAINYARD_OUTPUT",
        "json",
    );
    assert!(text.stdout.starts_with("prognosis for"), "{text}");
    let coloured = run(&world, line, "TRAINYARD_COLOR", "always");
    assert!(coloured.stdout.starts_with("\x1b["), "{coloured}");
    let plain = run(
        &world,
        &format!("{line} --color never"),
        "TRAINYARD_COLOR",
        "always",
    );
    assert!(plain.stdout.starts_with("prognosis for"), "{plain}");
    let loud = run(&world, line, "TRAINYARD_VERBOSE", "1");
    assert!(loud.stderr.contains("git ls-remote"), "{loud}");
    let quiet = run(&world, LOCK, "TRAINYARD_QUIET", "1");
    assert_eq!((quiet.stderr.as_str(), quiet.code), ("", 0), "{quiet}");
    let wrong = run(&world, line, "TRAINYARD_OUTPUT", "xml");
    assert_eq!(wrong.code, 2, "{wrong}");
}

#[test]
fn the_time_is_taken_from_variables() {
    let world = shop();
    let created = |variables: &[(&str, Option<&str>)]| {
        let answer = world.run_with(&format!("-o json -n {LOCK}"), variables);
        answer.json()["locks"][0]["createdAt"].clone()
    };
    let ours = ("TRAINYARD_NOW", Some("2026-07-01T12:00:00+02:00"));
    let theirs = ("SOURCE_DATE_EPOCH", Some("1721642400"));
    assert_eq!(created(&[ours]), "2026-07-01T10:00:00Z");
    assert_eq!(
        created(&[("TRAINYARD_NOW", Some("1721642400"))]),
        "2024-07-22T10:00:00Z"
    );
    assert_eq!(
        created(&[("TRAINYARD_NOW", None), theirs]),
        "2024-07-22T10:00:00Z"
    );
    assert_eq!(
        created(&[("TRAINYARD_NOW", Some("")), theirs]),
        "2024-07-22T10:00:00Z"
    );
    assert_eq!(created(&[ours, theirs]), "2026-07-01T10:00:00Z");
    let clock = created(&[("TRAINYARD_NOW", None)]);
    assert!(clock.as_str() > Some("2024-07-22"), "{clock}");
}

#[test]
fn an_empty_variable_is_as_good_as_none() {
    let world = shop();
    let expected = world.ok("-n lock -e staging --lock-id freeze -m x");
    for name in VALUES.iter().chain(&SWITCHES) {
        let name = format!("TRAINYARD_{name}");
        let answer = run(&world, &format!("-n {LOCK}"), &name, "");
        assert_eq!(
            (answer.stdout.as_str(), answer.code),
            (expected.as_str(), 0),
            "{name}\n{answer}"
        );
    }
}

#[test]
fn the_help_names_every_variable() {
    let help = shop().ok("--help");
    for name in VALUES.iter().chain(&SWITCHES) {
        assert!(
            help.contains(&format!("[env: TRAINYARD_{name}=]")),
            "{name}"
        );
    }
}
