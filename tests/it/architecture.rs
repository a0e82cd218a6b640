//! The house stands as `docs/architecture.md` draws it: its table of who may look at whom is checked against every source file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

type Names = BTreeSet<String>;

fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What each module may use: modules, and packages.
fn table() -> BTreeMap<String, (Names, Names)> {
    let text = fs::read_to_string(project().join("docs/architecture.md")).unwrap();
    let names = |cell: &str| -> Names {
        let names = cell
            .split(',')
            .map(str::trim)
            .filter(|name| !matches!(*name, "-" | ""));
        names.map(str::to_owned).collect()
    };
    let rows = text
        .lines()
        .skip_while(|line| !line.starts_with("| module |"))
        .skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').collect();
        (
            cells[0].trim().to_owned(),
            (names(cells[1]), names(cells[2])),
        )
    })
    .collect()
}

/// The packages of `Cargo.toml`, as Rust spells them.
fn packages() -> Names {
    let text = fs::read_to_string(project().join("Cargo.toml")).unwrap();
    let section = text
        .split("[dependencies]")
        .nth(1)
        .unwrap()
        .split("\n[")
        .next()
        .unwrap();
    let names = section
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name);
    names
        .filter(|name| !name.starts_with('#'))
        .map(|name| name.replace('-', "_"))
        .collect()
}

/// The source files without their tests, by path below `src/`.
fn sources() -> Vec<(PathBuf, String)> {
    let root = project().join("src");
    let files = WalkDir::new(&root)
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.unwrap().into_path());
    let rust = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    rust.filter_map(|path| {
        let below = path.strip_prefix(&root).unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let code = text
            .split("#[cfg(test)]\nmod tests")
            .next()
            .unwrap()
            .to_owned();
        (!is_for_tests(&below)).then_some((below, code))
    })
    .collect()
}

/// Files that are compiled for tests and fuzzers only, by a `#[cfg(…)]` where they are declared.
fn is_for_tests(path: &Path) -> bool {
    let tests = [
        "tree/memory.rs",
        "plan/world.rs",
        "plan/laws",
        "cli/model",
        "cli/model.rs",
        "cli/session/played.rs",
        "git/double",
        "git/double.rs",
        "git/itself.rs",
    ];
    let fuzzing = |name: &std::ffi::OsStr| name == "fuzzing" || name == "fuzzing.rs";
    tests.iter().any(|test| path.starts_with(test))
        || path.ends_with("tests.rs")
        || path.iter().any(fuzzing)
        || path
            .components()
            .any(|component| component.as_os_str() == "tests")
}

/// The words that stand before `::` in the code, comments left out, each with what follows.
fn paths(code: &str) -> Vec<(String, String)> {
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let mut paths = Vec::new();
    for line in lines {
        for (place, _) in line.match_indices("::") {
            let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
            let before = line[..place]
                .rsplit(|letter| !is_word(letter))
                .next()
                .unwrap_or_default();
            let after = line[place + 2..]
                .split(|letter| !is_word(letter))
                .next()
                .unwrap_or_default();
            paths.push((before.to_owned(), after.to_owned()));
        }
    }
    paths
}

#[test]
fn every_module_uses_what_the_table_allows_and_nothing_else() {
    let (table, packages) = (table(), packages());
    let mut used: BTreeMap<String, Names> = BTreeMap::new();
    let mut faults = Vec::new();
    for (path, code) in sources() {
        let module = path.iter().next().unwrap().to_string_lossy();
        // A module can be one file.
        let module = module.trim_end_matches(".rs").to_owned();
        let Some((modules, allowed)) = table.get(&module) else {
            assert!(
                ["main", "lib"].contains(&module.as_str()),
                "`{module}` is not in the table"
            );
            continue;
        };
        for (before, after) in paths(&code) {
            if before == "crate" && after != module && !modules.contains(&after) {
                faults.push(format!("{}: crate::{after}", path.display()));
            }
            if packages.contains(&before) {
                used.entry(module.clone())
                    .or_default()
                    .insert(before.clone());
                if !allowed.contains(&before) {
                    faults.push(format!("{}: {before}", path.display()));
                }
            }
        }
    }
    for (module, (_, allowed)) in &table {
        let used = used.get(module).cloned().unwrap_or_default();
        let idle: Vec<_> = allowed.difference(&used).collect();
        assert!(
            idle.is_empty(),
            "the table allows `{module}` packages that it does not use: {idle:?}"
        );
    }
    assert!(
        faults.is_empty(),
        "the house does not stand as drawn:\n{}",
        faults.join("\n")
    );
}

#[test]
fn environment_clock_and_files_are_touched_where_the_map_says() {
    let mut faults = Vec::new();
    for (path, code) in sources() {
        let module = path.iter().next().unwrap().to_string_lossy();
        // A module can be one file.
        let module = module.trim_end_matches(".rs").to_owned();
        for (needle, rooms) in [
            ("std::env", &["cli", "main"][..]),
            ("SystemTime::now", &["cli"]),
            ("Timestamp::now", &["cli"]),
            ("std::fs", &["cli", "git"]),
            ("println!", &[]),
            ("stdout()", &["cli"]),
        ] {
            if code.contains(needle) && !rooms.contains(&module.as_str()) {
                faults.push(format!("{}: {needle}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn the_hands_wait_by_a_clock_that_a_test_can_play() {
    let ways = [
        "Instant::now",
        "thread::sleep",
        ".elapsed()",
        "process::id()",
    ];
    // The number names a lock for people, and the age of a file is that of another clock.
    let others = ["git/index_lock.rs: process::id()", "git/ask.rs: .elapsed()"];
    let mut found = Vec::new();
    for (path, code) in sources() {
        if path.starts_with("git") && path != Path::new("git/outside.rs") {
            let used = ways.iter().filter(|way| code.contains(**way));
            found.extend(used.map(|way| format!("{}: {way}", path.display())));
        }
    }
    found.retain(|found| !others.contains(&found.as_str()));
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn all_that_is_printed_goes_through_one_file() {
    // There, and there alone, text is kept from being a command to a runner of GitHub's.
    let ways = [
        "anstream::stdout",
        "anstream::stderr",
        "io::stdout().",
        "io::stderr().",
        "stdout().lock",
        "stderr().lock",
    ];
    for (path, code) in sources() {
        let found: Vec<_> = ways.iter().filter(|way| code.contains(**way)).collect();
        let is_terminal = code.contains("io::stderr().is_terminal()");
        assert!(
            found.is_empty() || is_terminal || path == Path::new("cli/output.rs"),
            "{}: {found:?}",
            path.display()
        );
    }
}

#[test]
fn every_file_is_on_the_map_and_says_what_it_is_for() {
    let map = fs::read_to_string(project().join("docs/architecture.md")).unwrap();
    for (path, code) in sources() {
        assert!(
            code.starts_with("//! "),
            "{} does not say what it is for",
            path.display()
        );
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let folder = path
            .parent()
            .unwrap()
            .file_name()
            .map(|name| format!("{}/", name.to_string_lossy()));
        let drawn = map.contains(&name) || folder.is_some_and(|folder| map.contains(&folder));
        assert!(drawn, "{} is not on the map", path.display());
    }
}

#[test]
fn nothing_stands_at_the_top_but_what_belongs_there() {
    let allowed = [
        "Cargo.toml",
        "Cargo.lock",
        "src",
        "tests",
        "fixtures",
        "docs",
        "README.md",
        "LICENSE",
        "target",
    ];
    for entry in fs::read_dir(project()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(
            name.starts_with('.') || allowed.contains(&name.as_str()),
            "{name}"
        );
    }
}
