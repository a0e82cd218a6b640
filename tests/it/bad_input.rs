//! Bad input: what is typed, and what a repository holds. A refusal names the thing, ends with the right code, changes nothing,
//! and brings no control character to a terminal.

mod configs;
mod fields;
mod flags;
mod hostile;
mod links;
mod manifests;
mod misplaced;
mod names;
mod repository;
mod unknown;

use crate::world::{Answer, World};

/// A command line, its exit code, what the error has to say, and what the hint has to say; empty where no hint is due.
type Row<'a> = (&'a str, i32, &'a str, &'a str);

/// Runs every row on the same world; each has to be refused as it says.
#[track_caller]
fn check(world: &World, rows: &[Row]) {
    let before = world.snapshot();
    let heads = heads(world);
    for row in rows {
        let answer = world.run(row.0);
        assert_refused(row, &answer);
        // Cheap, and it names the row; the comparison below leaves nothing out.
        let same = heads == self::heads(world);
        assert!(same, "something changed: trainyard {}\n{answer}", row.0);
    }
    world.assert_untouched(&before);
}

/// The index, and where the branch stands on both sides.
fn heads(world: &World) -> [Option<Vec<u8>>; 3] {
    let git = world.checkout().join(".git");
    let head = "refs/heads/main";
    let files = [git.join("index"), git.join(head), world.remote().join(head)];
    files.map(|file| std::fs::read(file).ok())
}

#[track_caller]
fn assert_refused((line, code, error, hint): &Row, answer: &Answer) {
    let stderr = &answer.stderr;
    assert_eq!(answer.code, *code, "trainyard {line}\n{answer}");
    assert_eq!(answer.stdout, "", "trainyard {line}\n{answer}");
    let told = stderr.contains("error: ") && stderr.contains(error);
    assert!(told, "trainyard {line}\nlacks: {error}\n{answer}");
    let hinted = match stderr.split_once("hint: ") {
        Some((_, said)) => !hint.is_empty() && said.contains(hint),
        None => hint.is_empty(),
    };
    assert!(
        hinted,
        "trainyard {line}\nthe hint shall be: {hint:?}\n{answer}"
    );
    assert_harmless(line, answer);
}

/// No control character but the ends of lines, and nothing that turns the direction of the text.
#[track_caller]
fn assert_harmless(line: &str, answer: &Answer) {
    let harmful = |letter: char| {
        (letter.is_control() && letter != '\n') || ('\u{202a}'..='\u{202e}').contains(&letter)
    };
    for text in [&answer.stdout, &answer.stderr] {
        assert!(!text.contains(harmful), "trainyard {line}\n{text:?}");
    }
}
