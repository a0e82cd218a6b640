//! Manual pages, and the topics of the help.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::drive::is_here;
use crate::shop::{environments, point, shop, store};
use crate::world::{World, text};

const TOPICS: [&str; 5] = ["exit-codes", "format", "locks", "queue", "trains"];

#[test]
fn every_topic_has_a_page_that_fits_a_terminal() {
    let world = shop();
    let help = world.ok("help");
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/help")).unwrap();
    let files: BTreeSet<_> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(
        files,
        TOPICS.iter().map(|topic| format!("{topic}.md")).collect()
    );
    for topic in TOPICS {
        assert!(help.contains(topic), "{help}");
        let page = world.ok(&format!("help {topic}"));
        insta::assert_snapshot!(format!("topic_{topic}"), page);
        for line in page.lines().filter(|line| line.contains(' ')) {
            let is_name = line.trim_start().split(' ').count() == 1;
            assert!(is_name || line.chars().count() <= 84, "{topic}: {line}");
        }
    }
}

#[test]
fn every_command_of_a_topic_works_as_it_stands() {
    for topic in TOPICS {
        let mut tree = environments();
        tree.insert("applications/web/team".to_owned(), text("shop"));
        for version in [1, 2] {
            store(&mut tree, "web", version);
        }
        point(&mut tree, "development", "web", 1);
        let world = World::with_files(&tree);
        let page = world.ok(&format!("help {topic}"));
        let commands: Vec<_> = page
            .lines()
            .filter_map(|line| line.strip_prefix("    trainyard "))
            .collect();
        assert!(!commands.is_empty(), "{topic}");
        for line in commands {
            let answer = world.run(line);
            assert!([0, 10].contains(&answer.code), "{topic}: {line}\n{answer}");
        }
    }
}

#[test]
fn the_page_of_the_format_has_every_file_and_that_of_exit_codes_every_code() {
    let world = shop();
    let words = |text: &str| -> String { text.split_whitespace().collect::<Vec<_>>().join(" ") };
    for (topic, page, head, count) in [
        ("format", "format.md", "| path | content |", 15),
        ("exit-codes", "commands.md", "| code | meaning |", 9),
    ] {
        let told = words(&world.ok(&format!("help {topic}")));
        let page = fs::read_to_string(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("docs")
                .join(page),
        )
        .unwrap();
        let rows = page.lines().skip_while(|line| *line != head).skip(2);
        let rows: Vec<_> = rows.take_while(|line| line.starts_with('|')).collect();
        assert!(rows.len() >= count, "{rows:?}");
        for row in rows {
            let mut cells = row.trim_matches('|').split('|').map(str::trim);
            let name = cells.next().unwrap().replace('`', "");
            let row = format!("{name} {}", cells.next().unwrap()).replace(", see below", "");
            assert!(told.contains(&row), "{row}\n{told}");
        }
    }
}

#[test]
fn a_word_that_is_neither_command_nor_topic_is_told_with_the_nearest() {
    let world = shop();
    for (line, nearest) in [
        ("help exit-code", "`exit-codes`"),
        ("help deply", "`deploy`"),
        ("help environment craete", "`create`"),
        ("man deply", "`deploy`"),
    ] {
        let answer = world.fails(line, 2);
        assert!(
            answer.stderr.contains(&format!("did you mean {nearest}")),
            "{line}\n{answer}"
        );
    }
    let answer = world.fails("help 'a\u{1b}[31m'", 2);
    assert!(!answer.stderr.contains('\u{1b}'), "{answer}");
    let locks = world.ok("help locks");
    assert!(
        locks.ends_with("`trainyard locks --help` has the options of the command.\n"),
        "{locks}"
    );
}

/// The commands that the help lists, with those below them.
fn commands(world: &World, words: &str) -> Vec<String> {
    let help = world.ok(&format!("{words} --help"));
    let Some((_, rest)) = help.split_once("Commands:\n") else {
        return vec![words.to_owned()];
    };
    let names = rest.lines().take_while(|line| line.starts_with("  "));
    let names = names.filter(|line| !line.starts_with("   "));
    let names = names.map(|line| line.split_whitespace().next().unwrap());
    let below = names.filter(|name| *name != "kuberpult-client");
    let below = below.flat_map(|name| commands(world, format!("{words} {name}").trim()));
    std::iter::once(words.to_owned()).chain(below).collect()
}

#[test]
fn every_command_has_a_manual_page_without_a_flaw() {
    let world = shop();
    world.ok("man --all ../pages/man1");
    let folder = world.room().join("pages/man1");
    for words in commands(&world, "") {
        let name = format!("trainyard {words}").trim().replace(' ', "-");
        let page = fs::read_to_string(folder.join(format!("{name}.1"))).unwrap();
        assert_eq!(page, world.ok(&format!("man {words}")), "{words}");
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS"] {
            let heading = [format!(".SH {section}\n"), format!(".SH \"{section}\"\n")];
            assert!(
                heading.iter().any(|heading| page.contains(heading)),
                "{name}: {section}"
            );
        }
    }
    insta::assert_snapshot!("man_unlock", world.ok("man unlock"));
    if is_here("groff") {
        for page in fs::read_dir(&folder).unwrap() {
            let page = page.unwrap().path();
            let answer =
                world.run_beside("groff", &["-man", "-Tutf8", "-ww", page.to_str().unwrap()]);
            assert_eq!(
                (answer.code, answer.stderr.as_str()),
                (0, ""),
                "{}",
                page.display()
            );
        }
    }
    world.fails("man --all x deploy", 2);
    world.fails("man --all /proc/nowhere", 1);
}

#[test]
fn a_page_refers_to_pages_that_there_are() {
    let world = shop();
    world.ok("man --all ../man1");
    let folder = world.room().join("man1");
    for page in fs::read_dir(&folder).unwrap() {
        let text = fs::read_to_string(page.unwrap().path())
            .unwrap()
            .replace("\\-", "-");
        let names = text.match_indices("(1)").map(|(place, _)| {
            let before = &text[..place];
            let word =
                before.rsplit(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
            word.clone().next().unwrap().to_owned()
        });
        for name in names {
            assert!(folder.join(format!("{name}.1")).exists(), "{name}");
        }
    }
}
