//! Malice: a corpus of bad input, each with what must come of it. `fixtures/malice` holds the rows, a table for each area.
//!
//! Whatever a row says itself, this holds for all of them: nothing outside of the repository is written, nothing of the repository
//! is either if the command is refused, no planted program runs, and nothing comes out that does harm to whoever reads it.

mod harm;
mod plant;
mod room;
mod row;
mod texts;

use std::fs;
use std::path::Path;

use self::harm::Printed;
use self::plant::{executed, plant, prepare};
use self::room::{Leave, Picture};
use self::row::{Command, Names, Pace, Row};
use crate::shop::shop;
use crate::world::{Answer, BRANCH, World, program_path};

/// The areas of the corpus: the files of `fixtures/malice`.
const AREAS: [&str; 8] = [
    "names",
    "trees",
    "files",
    "lists",
    "settings",
    "repositories",
    "surroundings",
    "texts",
];

/// Exit codes that are no refusal.
const DONE: [i32; 2] = [0, 10];

fn scene() -> World {
    let world = shop();
    prepare(&world);
    world
}

/// Runs every row of an area. Rows that plant nothing and are refused share a world, as nothing may change in it.
fn check(area: &str, pace: Pace) {
    let rows = Row::of(area, pace);
    let mut faults = Vec::new();
    let mut shared = scene();
    let mut before = Picture::of(shared.room());
    for row in &rows {
        let refused = |command: &Command| !command.exits.iter().any(|code| DONE.contains(code));
        let leaves_all =
            row.plant.is_empty() && row.commands(&Names::of(&shared)).iter().all(refused);
        let found = if leaves_all {
            tried(&shared, row, &before)
        } else {
            let world = scene();
            plant(&world, row);
            tried(&world, row, &Picture::of(world.room()))
        };
        if leaves_all && !found.is_empty() {
            // What one row spoils shall not be told of the next.
            shared = scene();
            before = Picture::of(shared.room());
        }
        let told = found.iter();
        faults.extend(told.map(|fault| format!("{} ({}): {fault}", row.id, row.about)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// Runs the commands of a row; all that is wrong with what comes of them.
fn tried(world: &World, row: &Row, before: &Picture) -> Vec<String> {
    let tip = world.head();
    let mut faults = Vec::new();
    let mut leave = Leave::Nothing;
    for command in row.commands(&Names::of(world)) {
        let answer = run(world, row, &command);
        if DONE.contains(&answer.code) {
            leave = Leave::Work;
        }
        let words: Vec<_> = command
            .words
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let mut found = Printed {
            words: &words,
            answer: &answer,
        }
        .harms();
        if !command.exits.contains(&answer.code) {
            found.push(format!("exit {} and not {:?}", answer.code, command.exits));
        }
        let told = format!("{}{}", answer.stdout, answer.stderr);
        let lacks = command.says.iter().filter(|says| !told.contains(*says));
        found.extend(lacks.map(|says| format!("it does not say {says:?}")));
        let tells = command.never.iter().filter(|never| told.contains(*never));
        found.extend(tells.map(|never| format!("it says {never:?}")));
        if !found.is_empty() {
            let short: String = format!("{answer}").chars().take(3000).collect();
            let line: String = words.join(" ").chars().take(300).collect();
            faults.push(format!("{}\ntrainyard {line:?}\n{short}", found.join("\n")));
        }
    }
    if let (Some(what), None) = (executed(world), &row.runs) {
        faults.push(format!("a planted program was run: {what}"));
    }
    if row.runs.is_none() {
        let spoiled = before.spoiled(&Picture::of(world.room()), leave);
        faults.extend((!spoiled.is_empty()).then(|| format!("changed: {spoiled:?}")));
    }
    faults.extend(forged_since(world, &tip));
    faults
}

/// What is wrong with the messages of the commits since then.
fn forged_since(world: &World, tip: &str) -> Vec<String> {
    if world.head() == tip {
        return Vec::new();
    }
    let log = world.remote_git(&[
        "log",
        "-z",
        "--format=%B%x01%(trailers:only,unfold)",
        &format!("{tip}..{BRANCH}"),
    ]);
    let commits = log
        .split_terminator('\0')
        .map(|commit| commit.split_once('\x01').unwrap());
    let harms = commits.flat_map(|(message, trailers)| harm::forged(message.trim_end(), trailers));
    harms
        .map(|harm| format!("a commit message: {harm}"))
        .collect()
}

/// Runs a command with bounds on its memory and on the time of the processor.
fn run(world: &World, row: &Row, command: &Command) -> Answer {
    let mut shell = world.beside("/bin/sh");
    let bounds = format!(
        "ulimit -v {}; ulimit -t {}; exec \"$@\" {}",
        row.memory * 1024,
        if row.slow { 100 } else { 20 },
        row.redirect
    );
    shell.args(["-c", &bounds, "sh", program_path()]);
    shell.args(&command.words);
    let names = Names::of(world);
    for (name, value) in &row.env {
        match value {
            Some(value) => shell.env(name, value.word(&names)),
            None => shell.env_remove(name),
        };
    }
    shell.write_stdin(
        row.stdin
            .iter()
            .flat_map(|text| text.bytes(&names))
            .collect::<Vec<_>>(),
    );
    let output = shell.output().unwrap();
    Answer {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
        at: world.now(),
    }
}

macro_rules! areas {
    ($($area:ident),*) => {$(
        #[test]
        fn $area() {
            check(stringify!($area), Pace::Quick);
        }
    )*};
}

areas!(
    names,
    trees,
    files,
    lists,
    settings,
    repositories,
    surroundings
);

#[test]
#[ignore = "takes long"]
fn rows_that_take_long() {
    for area in AREAS.iter().filter(|area| **area != "texts") {
        check(area, Pace::Slow);
    }
}

/// The rows of an area.
fn count(area: &str) -> usize {
    match area {
        "texts" => texts::payloads().len(),
        other => row::all(other).len(),
    }
}

#[test]
fn every_row_has_a_name_of_its_own_and_the_docs_tell_how_many_there_are() {
    let files = fs::read_dir(crate::world::fixtures().join("malice")).unwrap();
    let files = files.map(|file| {
        file.unwrap()
            .path()
            .file_stem()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    });
    let mut files: Vec<_> = files.collect();
    files.sort_unstable();
    let mut areas = AREAS.map(str::to_owned).to_vec();
    areas.sort_unstable();
    assert_eq!(files, areas);
    let mut ids: Vec<_> = AREAS
        .iter()
        .filter(|area| **area != "texts")
        .flat_map(|area| row::all(area))
        .map(|row| row.id)
        .chain(texts::payloads().into_iter().map(|payload| payload.id))
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "a name that stands twice");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reliability.md");
    let page = fs::read_to_string(page).unwrap();
    for area in AREAS {
        let row = format!("| `{area}` | {} |", count(area));
        assert!(page.contains(&row), "docs/reliability.md lacks: {row}");
    }
    let total = format!("{all} rows");
    assert!(page.contains(&total), "docs/reliability.md lacks: {total}");
}
