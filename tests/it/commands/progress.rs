//! What a person sees while a command runs: the step that takes so long, and with `-v` the time of each.

use regex::Regex;

use crate::publish::race::rival;
use crate::world::{Gate, LOCK, RELEASE, TRAIN, Watched, World};

/// A yard whose remote keeps the first push waiting.
fn slow() -> (World, Gate) {
    let world = World::yard();
    let gate = world.gate();
    world.remote_hook("pre-receive", &gate.wait());
    (world, gate)
}

/// No cursor is hidden, and what was drawn is gone.
#[track_caller]
fn assert_clean(watched: &Watched, screen: &str) {
    assert_eq!(watched.screen(), screen, "{:?}", watched.written);
    assert!(
        !watched.written.contains("\x1b[?25l"),
        "{:?}",
        watched.written
    );
}

#[test]
fn what_takes_long_is_shown_on_a_terminal_and_gone_afterwards() {
    let (world, gate) = slow();
    let mut watched = world.watch(LOCK, &[]);
    watched.until("pushing main to origin");
    assert!(watched.screen().ends_with(" s"), "{}", watched.screen());
    gate.open();
    let (code, watched) = watched.wait();
    assert_eq!(code, 0);
    let head = &world.head()[..10];
    assert_clean(
        &watched,
        &format!(
            "pushed {head} to origin/main\nlocked dev: environment lock `freeze` (\"no changes today\")\n  \
             to remove it: trainyard unlock -e dev --lock-id freeze"
        ),
    );
}

#[test]
fn with_v_the_step_that_takes_long_is_shown_between_those_that_are_done() {
    let (world, gate) = slow();
    let mut watched = world.watch(&format!("-v {LOCK}"), &[]);
    watched.until("pushing main to origin");
    assert!(
        watched.screen().contains("\nwrote the objects"),
        "{}",
        watched.screen()
    );
    gate.open();
    let (_, watched) = watched.wait();
    assert!(
        !watched.screen().contains("pushing"),
        "{}",
        watched.screen()
    );
    assert!(watched.screen().contains("\npushed main to origin: "));
}

#[test]
fn nothing_is_shown_where_nobody_looks() {
    for (line, variables) in [
        (format!("-q {LOCK}"), [("CI", "")]),
        (LOCK.to_owned(), [("CI", "true")]),
        (LOCK.to_owned(), [("TERM", "dumb")]),
        (LOCK.to_owned(), [("TERM", "")]),
    ] {
        let world = World::yard();
        // Longer than it takes until something would be shown.
        world.remote_hook("pre-receive", "sleep 0.9");
        let (code, watched) = world.watch(&line, &variables).wait();
        assert_eq!(code, 0, "{line} {variables:?}");
        assert!(
            !watched.written.contains("pushing"),
            "{line} {variables:?}: {:?}",
            watched.written
        );
    }
    let world = World::yard();
    world.remote_hook("pre-receive", "sleep 0.9");
    let answer = world.run_with(LOCK, &[("TERM", Some("xterm"))]);
    assert!(!answer.stderr.contains("pushing"), "{answer}");
}

#[test]
fn a_failure_leaves_a_clean_line() {
    let world = World::yard();
    let gate = world.gate();
    world.remote_hook(
        "pre-receive",
        &format!("{}\necho no >&2\nexit 1", gate.wait()),
    );
    let mut watched = world.watch(LOCK, &[]);
    watched.until("pushing main to origin");
    gate.open();
    let (code, watched) = watched.wait();
    assert_eq!(code, 5);
    let screen = watched.screen();
    assert!(
        screen.starts_with("error: the remote `origin` refused the push; nothing was changed:\n"),
        "{screen}"
    );
    assert!(!screen.contains("pushing"), "{screen}");
}

#[test]
fn who_is_killed_leaves_a_clean_line_too() {
    for (name, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        let (world, _) = slow();
        let mut watched = world.watch(LOCK, &[]);
        watched.until("pushing main to origin");
        watched.signal(name);
        watched.dies();
        let (code, watched) = watched.wait();
        assert_eq!(code, -number, "{name}");
        assert_clean(&watched, "");
    }
}

#[test]
fn a_warning_stands_on_a_line_of_its_own() {
    let (world, gate) = slow();
    let mut first = world.start(LOCK);
    first.until(&gate.reached());
    let mut watched = world.watch("lock -e staging --lock-id other -m x", &[]);
    // Drawn, told, and drawn anew below.
    watched.until("waiting for another trainyard, ");
    watched.until("warning: waiting for another trainyard");
    watched.until("waiting for another trainyard, ");
    let screen = watched.screen();
    let lines: Vec<_> = screen.lines().collect();
    assert!(lines[0].starts_with("warning: waiting for another trainyard that is at work"));
    assert_eq!(lines.len(), 2, "{screen}");
    gate.open();
    assert_eq!(first.wait().code, 0);
    let (code, watched) = watched.wait();
    assert_eq!(code, 0);
    assert!(!watched.screen().contains(" s\n"), "{}", watched.screen());
}

#[test]
fn a_question_that_git_asks_is_left_alone() {
    // With an answer that is seen, for which they keep the terminal open; and with one that is hidden.
    let seen = (
        "exec 3<>/dev/tty; sleep 0.9\nprintf 'Name: ' >&3; sleep 0.5; read name <&3; printf thanks >&3",
        "Name: Ada\r\nthanks",
    );
    let hidden = (
        "tty=/dev/tty; stty -echo < $tty; sleep 0.9\nprintf 'Name: ' > $tty; sleep 0.5; read name < $tty; printf thanks > $tty\n\
         stty echo < $tty",
        "Name: thanks",
    );
    for (lines, talk) in [seen, hidden] {
        let world = World::yard();
        world.hook("pre-push", &format!("{lines}\n[ \"$name\" = Ada ]"));
        let mut watched = world.watch(LOCK, &[]);
        watched.until("Name: ");
        watched.types("Ada\n");
        let (code, watched) = watched.wait();
        assert_eq!(code, 0, "{:?}", watched.written);
        assert!(watched.written.contains(talk), "{:?}", watched.written);
    }
}

/// What is told with `-v`, without times and commits.
fn steps(world: &World, line: &str) -> String {
    let told = world.run(&format!("-v {line}")).stderr;
    let told = Regex::new(r": \d+\.\d{3} s\n")
        .unwrap()
        .replace_all(&told, ": TIME\n")
        .into_owned();
    let told = Regex::new(r"\b([0-9a-f]{40}|[0-9a-f]{10})\b")
        .unwrap()
        .replace_all(&told, "COMMIT")
        .into_owned();
    // The files are checked during the push if git's index is old enough, or else after it.
    let is_fixed = |line: &&str| !line.starts_with("  checked the files of the checkout (");
    let told: Vec<_> = told.lines().filter(is_fixed).collect();
    format!("$ trainyard -v {line}\n{}\n\n", told.join("\n"))
}

#[test]
fn every_step_is_told_once_with_its_time() {
    let world = World::yard();
    let mut told = String::new();
    for line in [
        RELEASE,
        TRAIN,
        "prognosis staging",
        "prognosis staging --source-ref main~1",
        "environment list",
        "render --all --check",
        "release-train staging --tag v1",
        LOCK,
        "-n lock -e dev -m x",
        "unlock -e staging --lock-id no",
        "lock -e nowhere -m x",
        "--notify-argocd http://127.0.0.1:1 unlock -e dev --all",
        "--no-push lock -e staging --lock-id local -m x",
        "environment list",
    ] {
        told += &steps(&world, line);
    }
    insta::assert_snapshot!("steps", told);
}

#[test]
fn the_files_of_the_checkout_are_told_with_their_number() {
    let answer = World::yard().run(&format!("-v {RELEASE}"));
    assert!(
        answer
            .stderr
            .contains("  checked the files of the checkout (8): "),
        "{answer}"
    );
}

#[test]
fn a_lost_race_is_told_with_the_wait_after_it() {
    let world = World::yard();
    rival(&world, 1, "git commit -q --allow-empty -m rival");
    insta::assert_snapshot!("steps_of_a_lost_race", steps(&world, LOCK));
}

#[test]
fn what_an_interrupted_command_left_is_told_when_it_is_settled() {
    let world = World::yard();
    let hook = world.remote_hook("pre-receive", "kill -9 $PPID");
    world.fails(LOCK, 4);
    std::fs::remove_file(hook).unwrap();
    let told = steps(&world, LOCK);
    insta::assert_snapshot!("steps_after_an_interrupted_command", told);
}

#[test]
fn what_a_partial_clone_fetches_is_told_with_the_number_of_objects() {
    let world = World::yard();
    world.ok(RELEASE);
    world.remote_git(&["config", "uploadpack.allowFilter", "true"]);
    let partial = world.clone_with("partial", &["--filter=blob:none", "--no-checkout"]);
    let answer = partial.run("-v prognosis staging");
    assert_eq!(answer.code, 0, "{answer}");
    assert!(
        answer.stderr.contains("fetched objects from origin ("),
        "{answer}"
    );
}
