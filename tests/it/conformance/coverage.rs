//! The suite is whole: many scenarios, and none of the files, commands and options that the docs list is left out.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::TOPICS;
use super::notation::{Hand, Write, alternatives};
use super::scenario::{Scenario, folder};

/// As many scenarios as there must be.
const FEWEST: usize = 150;

fn page(name: &str) -> String {
    fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("docs")
            .join(name),
    )
    .unwrap()
}

/// The rows of the table with this head, a list of cells each.
fn rows(page: &str, head: &str) -> Vec<Vec<String>> {
    let lines = page.lines().skip_while(|line| !line.starts_with(head));
    let rows = lines.skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        // A `\|` belongs to its cell.
        let row = row.trim_matches('|').replace("\\|", "\0");
        let cells = row.split('|').map(|cell| cell.trim().replace('\0', "|"));
        cells.collect()
    })
    .collect()
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn there_are_many_scenarios_and_each_says_something_of_its_own() {
    let scenarios = Scenario::all();
    assert!(scenarios.len() >= FEWEST, "{} scenarios", scenarios.len());
    let mut told = BTreeSet::new();
    for Scenario {
        name,
        about,
        kuberpult,
        steps,
        ..
    } in &scenarios
    {
        let kuberpult = kuberpult.as_deref().unwrap_or("Does the same.");
        assert!(kuberpult.ends_with('.'), "{name}: {kuberpult}");
        assert!(
            about.ends_with('.') && !about.contains('\n'),
            "{name}: {about}"
        );
        assert!(
            told.insert(about.clone()),
            "{name}: another one says this too: {about}"
        );
        assert!(!steps.is_empty(), "{name}");
        let place = folder().join(name).with_extension("yaml");
        assert!(place.is_file(), "{name} is no file `.yaml`");
    }
}

#[test]
fn every_folder_of_scenarios_is_played() {
    let topics: BTreeSet<_> = Scenario::all()
        .iter()
        .map(|scenario| scenario.topic().to_owned())
        .collect();
    let played: BTreeSet<_> = TOPICS.iter().map(|topic| (*topic).to_owned()).collect();
    assert_eq!(topics, played);
}

/// The kinds of files that `docs/format.md` lists, such as `applications/<app>/team`.
fn kinds_of_files() -> Vec<String> {
    let page = page("format.md");
    let (files, commit_data) = page.split_once("## Commit data").unwrap();
    let head = "| path | content |";
    let mut kinds = kinds_of(&rows(files, head), "");
    kinds.extend(kinds_of(
        &rows(commit_data, head),
        "commits/<2 digits>/<38 digits>",
    ));
    kinds
}

/// The kinds of files in the rows of a table, below a folder. A name without a slash stands beside the one before it.
fn kinds_of(rows: &[Vec<String>], root: &str) -> Vec<String> {
    let below = |folder: &str, path: &str| match folder {
        "" => path.to_owned(),
        _ => format!("{folder}/{path}"),
    };
    let mut kinds = Vec::new();
    for row in rows {
        let mut folder = root.to_owned();
        for path in quoted(&row[0]) {
            let kind = match path.rsplit_once('/') {
                Some((parent, _)) => {
                    folder = below(root, parent);
                    below(root, path)
                }
                None => below(&folder, path),
            };
            kinds.extend(alternatives(&kind).unwrap());
        }
    }
    kinds
}

/// Whether a path is one of this kind; `<…>` stands for a name, `…` for anything.
fn is_of_kind(path: &str, kind: &str) -> bool {
    let (path, kind): (Vec<_>, Vec<_>) = (path.split('/').collect(), kind.split('/').collect());
    let is_part = |(part, kind): (&&str, &&str)| match kind.split_once('<') {
        Some((before, rest)) => {
            let after = rest.split_once('>').map_or("", |(_, after)| after);
            part.len() > before.len() + after.len()
                && part.starts_with(before)
                && part.ends_with(after)
        }
        None => *kind == "…" || part == kind,
    };
    let long_enough = match kind.last() {
        Some(&"…") => path.len() >= kind.len(),
        Some(_) | None => path.len() == kind.len(),
    };
    long_enough && path.iter().zip(&kind).all(is_part)
}

#[test]
fn every_kind_of_file_is_written_by_some_step_and_compared() {
    let mut written = BTreeSet::new();
    for scenario in Scenario::all() {
        let mut tree = scenario.before().unwrap();
        for (number, step) in scenario.steps.iter().enumerate() {
            let at = format!("2026-03-02T08:{:02}:00Z", number + 1);
            let hand = Hand {
                name: "x",
                email: "x",
                at: &at,
            };
            tree = step.after(tree, &hand).unwrap_or_else(|error| {
                panic!("{}, step {}: {error:#}", scenario.name, number + 1)
            });
            written.extend(Write::read(&step.changes).unwrap().written(&tree));
            // Each step numbers its own events.
            tree.retain(|path, _| !path.contains("/events/"));
        }
    }
    let kinds = kinds_of_files();
    assert!(kinds.len() > 20, "{kinds:?}");
    // People write this.
    let by_hand = ["trainyard.yaml"];
    let missing: Vec<_> = kinds
        .iter()
        .filter(|kind| !by_hand.contains(&kind.as_str()))
        .filter(|kind| !written.iter().any(|path| is_of_kind(path, kind)))
        .collect();
    assert!(
        missing.is_empty(),
        "no step of any scenario writes {missing:#?}"
    );
}

#[test]
fn every_command_and_every_option_of_the_docs_is_played() {
    let lines: Vec<_> = Scenario::all()
        .into_iter()
        .flat_map(|scenario| scenario.steps)
        .map(|step| format!("{} ", step.run))
        .collect();
    let page = page("commands.md");
    let mut missing = Vec::new();
    for row in rows(&page, "| command | what it does |") {
        let cells = row.join(" ");
        let command = quoted(&row[0])[0]
            .split(' ')
            .take_while(|word| {
                word.chars()
                    .all(|letter| letter.is_ascii_lowercase() || letter == '-')
            })
            .collect::<Vec<_>>()
            .join(" ");
        // The demo makes repositories of its own, what stands behind the name of that client are no words of ours, and the last three
        // look at no repository.
        let apart = ["demo", "kuberpult-client", "completions", "man", "help"];
        if apart.contains(&command.as_str()) {
            continue;
        }
        let played: Vec<_> = lines
            .iter()
            .filter(|line| line.starts_with(&format!("{command} ")))
            .collect();
        if played.is_empty() {
            missing.push(command.clone());
        }
        for option in options(&cells) {
            let plays = |line: &&&String| {
                [" ", "="]
                    .iter()
                    .any(|end| line.contains(&format!(" {option}{end}")))
            };
            if !played.iter().any(|line| plays(&line)) {
                missing.push(format!("{command} {option}"));
            }
        }
    }
    // The options of a config stand in a table of their own.
    let (_, config) = page.split_once("## The config of an environment").unwrap();
    for row in rows(config, "| option | meaning |") {
        let given = |option: &String| {
            lines
                .iter()
                .any(|line| line.contains(&format!(" {option} ")))
        };
        missing.extend(options(&row[0]).into_iter().filter(|option| !given(option)));
    }
    assert!(missing.is_empty(), "no scenario has {missing:#?}");
}

/// The options that a text names.
fn options(text: &str) -> BTreeSet<String> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let words = text.split(|letter| !is_word(letter));
    let options = words.filter(|word| word.starts_with('-') && word.len() > 1 && *word != "--");
    options.map(str::to_owned).collect()
}
