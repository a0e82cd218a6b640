//! Whether a scenario comes to the tree that it tells.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::Command;

use anyhow::{Context as _, Result, anyhow, ensure};
use similar::TextDiff;

use super::Program;
use super::events::named;
use super::notation::{Hand, PRESENT, alternatives};
use super::scenario::{Scenario, Step};
use super::stage::{Answer, Stage, Tip};
use crate::world::{Node, Tree};

/// Plays a scenario; fails with the first step that comes to something else.
pub(super) fn judge(scenario: &Scenario, program: &Program) -> Result<()> {
    let mut expected = scenario.before()?;
    if let Some(needed) = &scenario.needs
        && Command::new(needed).arg("--version").output().is_err()
    {
        // Whoever plays the scenarios should know, also where the output of tests that pass is hidden.
        let _ = writeln!(io::stderr(), "{}: left out, needs {needed}", scenario.name);
        return Ok(());
    }
    let stage = Stage::set(scenario.repository, &expected)?;
    for (names, content) in &scenario.inputs {
        for name in alternatives(names)? {
            stage.input(&name, content)?;
        }
    }
    let mut tip = stage.tip()?;
    let wrong_before = stage.wrong(program)?;
    for (number, step) in scenario.steps.iter().enumerate() {
        let at = format!("2026-03-02T08:{:02}:00Z", number + 1);
        let hand = hand(step, &at)?;
        let after = step
            .after(expected.clone(), &hand)
            .with_context(|| format!("the changes of step {}", number + 1))?;
        let answer = stage.run(program, step, &hand)?;
        let came_to = stage.tip()?;
        let after = named(&after, &expected, &came_to.tree);
        compare(step, program, &answer, (&tip, &came_to), &after)
            .map_err(|why| anyhow!("{}{why}", told(step, &answer)))?;
        stage.assert_in_step();
        (expected, tip) = (after, came_to);
    }
    // What was sound stays sound, whatever is done.
    let wrong_after = stage.wrong(program)?;
    let new: Vec<_> = wrong_after.difference(&wrong_before).collect();
    ensure!(new.is_empty(), "`verify` finds at the end: {new:#?}");
    Ok(())
}

fn hand<'a>(step: &'a Step, at: &'a str) -> Result<Hand<'a>> {
    let by = match &step.by {
        Some(by) => {
            let by = by.strip_suffix('>').and_then(|by| by.split_once(" <"));
            by.context("`by` has the form `Name <mail@host>`")?
        }
        None => (PRESENT.name, PRESENT.email),
    };
    Ok(Hand {
        name: by.0,
        email: by.1,
        at: step.at.as_deref().unwrap_or(at),
    })
}

fn told(step: &Step, answer: &Answer) -> String {
    let Answer {
        stdout,
        stderr,
        code,
    } = answer;
    let run = &step.run;
    format!("$ trainyard {run}\n{stdout}--- stderr\n{stderr}--- exit {code}\n\n")
}

fn compare(
    step: &Step,
    program: &Program,
    answer: &Answer,
    (before, now): (&Tip, &Tip),
    expected: &Tree,
) -> Result<()> {
    ensure!(
        answer.code == step.exit,
        "exit code {} was expected",
        step.exit
    );
    let differences = differences(expected, &now.tree);
    ensure!(
        differences.is_empty(),
        "the tree is not the expected one:\n{differences}"
    );
    if before.tree == *expected {
        ensure!(
            now.commit == before.commit,
            "nothing changed, but there is a new commit"
        );
    } else {
        ensure!(
            now.parents == [before.commit],
            "one commit was expected, right on top of the one before"
        );
    }
    let mut tags = before.tags.clone();
    tags.extend(step.tags.iter().map(|name| (name.clone(), now.commit)));
    ensure!(
        tags == now.tags,
        "the tags are {:?}, and {tags:?} were expected",
        now.tags
    );
    if let Some(prints) = &step.prints {
        let diff = unified(prints, &answer.stdout);
        ensure!(
            *prints == answer.stdout,
            "stdout is not the expected one:\n{diff}"
        );
    }
    if program.ours {
        words(step, answer, &now.message)?;
    }
    Ok(())
}

/// What only our own program says in these words.
fn words(step: &Step, answer: &Answer, message: &str) -> Result<()> {
    let answered = format!("{}{}", answer.stdout, answer.stderr);
    for word in &step.says {
        ensure!(answered.contains(word), "the answer does not say `{word}`");
    }
    for line in &step.logs {
        let count = message.lines().filter(|each| each == line).count();
        ensure!(
            count == 1,
            "the commit message has the line `{line}` {count} times:\n{message}"
        );
    }
    Ok(())
}

/// What two trees do not share, path by path; empty if they are equal.
fn differences(expected: &Tree, found: &Tree) -> String {
    let mut told = String::new();
    let paths: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
    for path in paths {
        let (wanted, found) = (expected.get(path), found.get(path));
        if wanted == found {
            continue;
        }
        let _ = match (wanted, found) {
            (Some(wanted), None) => writeln!(told, "- {path}: is missing\n{}", shown(wanted, "-")),
            (None, Some(found)) => {
                writeln!(told, "+ {path}: is one too many\n{}", shown(found, "+"))
            }
            (Some(Node::File(wanted)), Some(Node::File(found))) => {
                let [wanted, found] = [wanted, found].map(|bytes| String::from_utf8_lossy(bytes));
                writeln!(told, "! {path}: differs\n{}", unified(&wanted, &found))
            }
            (Some(wanted), Some(found)) => writeln!(
                told,
                "! {path}: differs\n{}{}",
                shown(wanted, "-"),
                shown(found, "+")
            ),
            (None, None) => Ok(()),
        };
    }
    told
}

/// What lies at a path, with a mark before each line.
fn shown(node: &Node, mark: &str) -> String {
    let text = match node {
        Node::Link(target) => format!("link to {target}"),
        Node::File(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    };
    indented(&text, mark)
}

fn unified(expected: &str, found: &str) -> String {
    let diff = TextDiff::from_lines(expected, found);
    let diff = diff.unified_diff().header("expected", "found").to_string();
    indented(&diff, "")
}

/// The lines of a text, each behind blanks and a mark.
fn indented(text: &str, mark: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(|line| format!("    {mark}{line}\n"))
        .collect();
    lines.concat()
}
