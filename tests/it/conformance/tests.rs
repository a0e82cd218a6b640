//! The suite can fail, and can be played by another program.

use super::scenario::Scenario;
use super::verdict::judge;
use super::{Program, scenario};
use crate::world::World;

const SCENARIO: &str = r"
about: A lock stands where it was placed.
start: [yard]
steps:
  - run: lock -e dev --lock-id freeze -m 'hold on'
    says: freeze
    changes:
      environments/dev/locks/freeze: !lock hold on
";

/// The verdict on a scenario, in which `old` is replaced by `new`.
fn verdict(old: &str, new: &str, program: &Program) -> String {
    assert!(SCENARIO.contains(old));
    let scenario = Scenario::parse("a/b", &SCENARIO.replace(old, new)).unwrap();
    match judge(&scenario, program) {
        Ok(()) => "holds".to_owned(),
        Err(error) => format!("{error:#}"),
    }
}

#[track_caller]
fn check(old: &str, new: &str, expected: &str) {
    let verdict = verdict(old, new, &Program::ours());
    assert!(verdict.contains(expected), "{verdict}");
}

#[test]
fn a_scenario_that_tells_the_truth_holds() {
    check("hold on", "no", "holds");
}

#[test]
fn a_scenario_that_tells_anything_else_fails() {
    let path = "environments/dev/locks/freeze";
    let lock = "!lock hold on";
    check(lock, "!lock hold up", &format!("{path}/message: differs"));
    check(
        "dev/locks",
        "staging/locks",
        &format!("{path}/message: is one too many"),
    );
    check(lock, "!lock hold on\n      more: file", "more: is missing");
    check(
        "freeze\n    changes",
        "freeze\n    exit: 3\n    changes",
        "exit code 3 was expected",
    );
    check("says: freeze", "says: frozen", "does not say `frozen`");
    check(
        "says: freeze",
        "logs: freeze",
        "has the line `freeze` 0 times",
    );
    check(
        "says: freeze",
        "prints: freeze",
        "stdout is not the expected one",
    );
    check(
        lock,
        "{message: hold on}",
        "created_by_name: is one too many",
    );
    let none = "lock -e dev --lock-id freeze -m 'hold on' --dry-run";
    check(
        "lock -e dev --lock-id freeze -m 'hold on'",
        none,
        "is missing",
    );
}

#[test]
fn a_mistake_of_a_scenario_is_told() {
    check("!lock hold on", "!key hold on", "there is no such tag");
    check("!lock hold on", "4", "numbers need quotes");
    check("[yard]", "[moon]", "there is no tree `moon`");
    let removed = "!lock hold on\n      environments/moon: !removed";
    check(
        "!lock hold on",
        removed,
        "that is what stands there already",
    );
    let typo = SCENARIO.replace("says", "say");
    assert!(Scenario::parse("a/b", &typo).is_err());
}

#[test]
fn another_program_is_compared_by_its_trees_and_not_by_its_words() {
    let world = World::yard();
    let ours = env!("CARGO_BIN_EXE_trainyard");
    let other = |name: &str, lines: &str| Program {
        path: world.script(name, lines).into(),
        ours: false,
    };
    let quiet = other("quiet", &format!("{ours} \"$@\" >/dev/null"));
    assert_eq!(verdict("hold on", "no", &quiet), "holds");
    let idle = other("idle", "exit 0");
    let told = verdict("hold on", "no", &idle);
    assert!(told.contains("freeze/message: is missing"), "{told}");
}

#[test]
fn the_readme_of_the_suite_shows_a_scenario_that_holds() {
    let readme = std::fs::read_to_string(scenario::folder().join("README.md")).unwrap();
    let blocks = readme.split("```yaml\n").skip(1);
    let blocks: Vec<_> = blocks
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let scenarios = blocks.iter().filter(|block| block.starts_with("about:"));
    let verdicts =
        scenarios.map(|block| judge(&Scenario::parse("a/b", block).unwrap(), &Program::ours()));
    let verdicts: Vec<_> = verdicts
        .map(|verdict| verdict.map_err(|error| format!("{error:#}")))
        .collect();
    assert_eq!(verdicts, [Ok(())]);
}
