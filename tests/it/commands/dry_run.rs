//! `--dry-run`: says what the real run says, and changes nothing.

use serde_json::Value;

use crate::shop::shop;
use crate::world::{Answer, World};

const NOW: [(&str, Option<&str>); 1] = [("TRAINYARD_NOW", Some("2026-03-02T09:00:00Z"))];

/// A line of every command that changes something, and what has to happen before it.
const LINES: [(&str, &[&str]); 10] = [
    (
        "release -a kiosk --manifests ../scratch/next -f moon=../scratch/next/staging.yaml",
        &[],
    ),
    (
        "deploy -a basket -g prod --version 2",
        &["lock -e prod-de -t day-shift --lock-id trip -m x"],
    ),
    ("lock -g prod -m 'sale until Sunday'", &[]),
    (
        "unlock -e staging -a basket --all",
        &[
            "lock -e staging -a basket --lock-id leak -m x",
            "deploy -a basket -e staging --version 2",
        ],
    ),
    (
        "release-train staging",
        &["lock -e staging -a basket --lock-id leak -m x"],
    ),
    ("release-train development", &[]),
    ("release -a basket --undeploy", &[]),
    (
        "app delete -a kiosk",
        &["release -a kiosk -f staging=../scratch/next/staging.yaml"],
    ),
    ("app remove-environment -a basket -e staging", &[]),
    ("render --all", &[]),
];

/// A dry run, then the real one; everything but the words about the commit.
fn both(world: &World, line: &str, format: &str) -> (Answer, Answer) {
    let before = world.snapshot();
    let dry = world.run_with(&format!("--dry-run {line} -o {format}"), &NOW);
    world.assert_untouched(&before);
    let real = world.run_with(&format!("{line} -o {format}"), &NOW);
    assert_eq!((dry.code, real.code), (0, 0), "{line}\n{dry}{real}");
    (dry, real)
}

fn world_for(preparation: &[&str]) -> World {
    let world = shop();
    for line in preparation {
        world.ok(line);
    }
    world
}

#[test]
fn a_dry_run_says_word_for_word_what_the_real_run_says() {
    for (line, preparation) in LINES {
        let (dry, real) = both(&world_for(preparation), line, "text");
        let marked = if real.stdout.contains("nothing changed") {
            real.stdout
        } else {
            real.stdout + "dry run: nothing was changed\n"
        };
        assert_eq!(dry.stdout, marked, "{line}");
        let told = real.stderr.lines();
        let told: Vec<_> = told.filter(|line| !line.starts_with("pushed ")).collect();
        assert_eq!(dry.stderr.lines().collect::<Vec<_>>(), told, "{line}");
    }
}

#[test]
fn a_dry_run_in_markdown_ends_in_a_marker() {
    for (line, preparation) in &LINES[3..5] {
        let (dry, real) = both(&world_for(preparation), line, "markdown");
        assert_eq!(
            dry.stdout,
            real.stdout + "\n**Dry run: nothing was changed.**\n",
            "{line}"
        );
    }
}

#[test]
fn a_dry_run_in_json_differs_in_what_was_applied() {
    for (line, preparation) in LINES {
        let world = world_for(preparation);
        let (dry, real) = both(&world, line, "json");
        let (mut dry, mut real) = (dry.json(), real.json());
        let changed = real["result"] == "changed";
        let expected = if changed {
            Value::from(world.head())
        } else {
            Value::Null
        };
        assert_eq!(
            (&dry["applied"], &real["applied"]),
            (&false.into(), &true.into()),
            "{line}"
        );
        assert_eq!(
            (&dry["commit"], &real["commit"]),
            (&Value::Null, &expected),
            "{line}"
        );
        for value in [&mut dry, &mut real] {
            let fields = value.as_object_mut().unwrap();
            fields.remove("applied");
            fields.remove("commit");
        }
        assert_eq!(dry, real, "{line}");
    }
}

#[test]
fn a_dry_run_is_refused_like_the_real_run() {
    let world = shop();
    world.ok("lock -e staging --lock-id freeze -m x");
    let before = world.snapshot();
    for (line, code) in [
        ("deploy -a basket -e staging --version 2 --on-lock fail", 3),
        ("deploy -a basket -e moon --version 2", 3),
        (
            "release -a basket --version 2 --manifests ../scratch/next",
            3,
        ),
        ("unlock -e staging --lock-id nope", 3),
        ("app delete -a basket", 3),
        ("lock -e Staging -m x", 2),
    ] {
        let dry = world.run_with(&format!("-n {line}"), &NOW);
        let real = world.run_with(line, &NOW);
        assert_eq!(dry.code, code, "{line}\n{dry}");
        assert_eq!(
            (dry.stdout, dry.stderr, dry.code),
            (real.stdout, real.stderr, real.code),
            "{line}"
        );
    }
    world.assert_untouched(&before);
}
