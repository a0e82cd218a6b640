//! Text that would like to move the cursor, ring the bell or begin a line of its own, on a terminal that shows colours.

use super::assert_harmless;
use crate::shop::shop;
use crate::world::{Answer, World};

/// A title of the window, a bell, a cleared screen, a return, and a line that GitHub Actions would obey.
const EVIL: &str = "e\x1b]0;pwned\x07\x1b[2J\r\n::error::pwned";

/// Runs a line with colours, which then are taken out again: what is left must be harmless.
#[track_caller]
fn check(world: &World, line: &str) {
    let answer = world.run_with(line, &[("CLICOLOR_FORCE", Some("1"))]);
    let plain = Answer {
        stdout: without_colours(&answer.stdout),
        stderr: without_colours(&answer.stderr),
        ..answer
    };
    assert_harmless(line, &plain);
    for text in [&plain.stdout, &plain.stderr] {
        let begins = text.lines().any(|line| line.starts_with("::"));
        assert!(!begins, "trainyard {line:?}\n{plain}");
    }
}

/// Takes out what sets a colour or a weight, and nothing else.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == ';');
        match rest.strip_prefix('m') {
            Some(rest) => plain.push_str(rest),
            None => plain.extend(["\x1b[", part]),
        }
    }
    plain
}

#[test]
fn colours_are_told_from_everything_else() {
    assert_eq!(
        without_colours("a\x1b[1;31mb\x1b[0mc\x1b[2Jd\x1b]0;"),
        "abc\x1b[2Jd\x1b]0;"
    );
}

#[test]
fn what_is_typed_reaches_no_terminal_unspelled() {
    let world = shop();
    for line in [
        "EVIL",
        "--EVIL",
        "-o EVIL prognosis staging",
        "deploy -a EVIL -e staging --version 1",
        "deploy -a basket -e EVIL --version 1",
        "deploy -a basket -e staging --version EVIL",
        "lock -e staging --lock-id EVIL -m x",
        "lock -e staging --lock-id evil -m EVIL",
        "lock -e staging --lock-id evil -m EVIL -o markdown",
        "lock -e staging --lock-id evil -m EVIL -o json",
        "lock -e staging --lock-id evil -m EVIL -o yaml",
        "prognosis staging",
        "prognosis staging -o markdown",
        "deploy -a basket -e staging --version 2 --on-lock fail",
        "unlock -e staging --lock-id evil",
        "release -a basket -e staging -f EVIL",
        "release -a basket -f staging=EVIL",
        "release -a basket -f EVIL",
        "release -a basket --manifests EVIL",
        "release -a basket --manifests ../scratch/next --source-author EVIL",
        "release -a basket --manifests ../scratch/next --ci-link EVIL",
        "release -a basket --manifests ../scratch/next --source-message EVIL",
        "release -a basket --manifests ../scratch/next --source-message other --version 3",
        "release-train EVIL",
        "--author-name EVIL lock -e staging -m x",
        "--branch 'e\x1b[2J\x07' lock -e staging -m x",
        "--remote 'e\x1b[2J\x07' lock -e staging -m x",
        "-C 'e\x1b[2J\x07' lock -e staging -m x",
    ] {
        check(&world, &line.replace("EVIL", &format!("'{EVIL}'")));
    }
    let sent = world.tree();
    assert_eq!(
        sent["applications/basket/releases/3/source_message"],
        crate::world::text(EVIL)
    );
}

#[test]
fn what_a_repository_holds_reaches_no_terminal_unspelled() {
    let world = shop();
    let release = "applications/courier/releases/2";
    for path in [
        &format!("environments/staging/locks/{EVIL}/message"),
        &format!("environments/prod-ca/applications/basket/locks/{EVIL}/created_by_name"),
        &format!("environments/prod-ca/teams/{EVIL}/locks/{EVIL}/created_at"),
        &format!("environments/{EVIL}/config.json"),
        &format!("environments/{EVIL}.txt"),
        &format!("applications/{EVIL}/team"),
        &format!("applications/basket/releases/{EVIL}/created_at"),
        &"applications/courier/team".to_owned(),
        &format!("{release}/source_message"),
    ] {
        world.edit(path, EVIL);
    }
    world.shell("git add . && git commit -qm evil && git push -q origin main");
    let config = serde_json::json!({ "upstream": { "environment": EVIL } }).to_string();
    world.file("environments/prod-de/config.json", config);
    for line in [
        "prognosis staging",
        "prognosis prod",
        "prognosis prod -o markdown",
        "prognosis prod-de",
        "prognosis development",
        "-v release-train prod",
        "unlock -e staging --lock-id nope",
        "unlock -e staging --all",
        "unlock -e prod-ca -t nobody --all",
        "lock -e staging -t nobody -m x",
        "deploy -a nothing -e staging --version 1",
        "deploy -a basket -e staging --version 99",
        "deploy -a basket -e prod-ca --version 2 --on-lock fail",
        "release -a courier --manifests ../scratch/next --version 2 --source-message other -t other",
    ] {
        check(&world, line);
    }
}

#[test]
fn a_path_cannot_begin_a_line() {
    let world = shop();
    for line in [
        "-C 'x\n::error::y' prognosis staging",
        "--branch 'x\n::error::y' prognosis staging",
        "--remote 'x\n::error::y' prognosis staging",
    ] {
        let answer = world.run(line);
        assert!(
            !answer.stderr.lines().any(|line| line.starts_with("::")),
            "{line}\n{answer}"
        );
    }
}
