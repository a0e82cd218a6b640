use std::path::Path;

use indicatif::{InMemoryTerm, ProgressDrawTarget, TermLike as _};
use tracing::span::Id;
use walkdir::WalkDir;

use super::under_way::Step;
use super::*;

const DELAY: Duration = Duration::from_millis(500);

/// Steps on a terminal of 40 columns, and the instant at which they begin.
fn on(terminal: &InMemoryTerm, is_ours: fn() -> bool) -> (UnderWay, Instant) {
    let terminal = terminal.clone();
    let target = move || ProgressDrawTarget::term_like(Box::new(terminal.clone()));
    let spinner = Spinner::on(DELAY, target, is_ours);
    (UnderWay::new(Some(spinner)), Instant::now())
}

fn step(doing: &'static str, what: &str, begun: Instant) -> Step {
    Step {
        doing,
        what: what.to_owned(),
        begun,
        count: None,
        total: None,
    }
}

/// Shows what there is to show, if there is something.
fn show(under_way: &mut UnderWay, now: Instant) -> bool {
    let line = under_way.line(now);
    line.map(|line| under_way.show(line)).is_some()
}

fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[test]
fn what_takes_long_is_shown_as_long_as_it_takes() {
    let terminal = InMemoryTerm::new(5, 40);
    let (mut under_way, begun) = on(&terminal, || true);
    let (outer, inner) = (Id::from_u64(1), Id::from_u64(2));
    assert!(
        !show(&mut under_way, begun + DELAY),
        "there is nothing to show"
    );
    under_way.begin(outer.clone(), step("asking", "origin for main", begun));
    assert!(!show(&mut under_way, begun + milliseconds(499)));
    assert_eq!(terminal.contents(), "");
    assert!(show(&mut under_way, begun + DELAY));
    assert_eq!(terminal.contents(), "/ asking origin for main, 0 s");
    // A part of it, which has counted and has not taken long.
    let later = begun + milliseconds(1_900);
    under_way.begin(inner.clone(), step("looking at", "environments", later));
    under_way.count(&inner, (None, Some(40)));
    under_way.count(&inner, (Some(7), None));
    show(&mut under_way, later);
    assert_eq!(terminal.contents(), "- looking at environments 7/40, 0 s");
    assert_eq!(under_way.end(&inner).map(|(depth, _)| depth), Some(1));
    show(&mut under_way, later + milliseconds(200));
    assert_eq!(terminal.contents(), r"\ asking origin for main, 2 s");
    assert_eq!(under_way.end(&outer).map(|(depth, _)| depth), Some(0));
    assert_eq!(terminal.contents(), "", "it is over");
    assert!(!show(&mut under_way, later + DELAY));
    // The command has taken long before this step.
    under_way.begin(outer, step("pushing", "main to origin", later));
    assert!(show(&mut under_way, later));
    assert_eq!(terminal.contents(), "/ pushing main to origin, 0 s");
    under_way.clear();
    assert_eq!(terminal.contents(), "", "something else is told");
}

#[test]
fn nothing_is_drawn_on_a_terminal_that_somebody_else_uses() {
    let terminal = InMemoryTerm::new(5, 40);
    let (mut under_way, begun) = on(&terminal, || false);
    terminal
        .write_str("Username for 'https://h.example': ")
        .unwrap();
    under_way.begin(Id::from_u64(1), step("asking", "origin for main", begun));
    assert!(!show(&mut under_way, begun + DELAY));
    under_way.end(&Id::from_u64(1));
    assert_eq!(terminal.contents(), "Username for 'https://h.example':");
}

#[test]
fn a_line_is_cut_where_the_terminal_ends() {
    let terminal = InMemoryTerm::new(5, 20);
    let (mut under_way, begun) = on(&terminal, || true);
    let long = "界".repeat(30);
    under_way.begin(Id::from_u64(1), step("asking", &long, begun));
    show(&mut under_way, begun + DELAY);
    assert_eq!(terminal.contents(), "/ asking 界界界界界");
    under_way.end(&Id::from_u64(1));
    assert_eq!(terminal.contents(), "");
}

#[test]
fn what_is_done_is_told_with_its_time() {
    let begun = Instant::now();
    let end = begun + Duration::from_micros(1_234_567);
    let mut done = step("looking at", "environments", begun);
    assert_eq!(done.done(end), "looked at environments: 1.235 s");
    done.count = Some(39);
    done.total = Some(40);
    assert_eq!(done.done(end), "looked at environments (40): 1.235 s");
}

#[test]
fn every_step_is_known_once_it_is_done() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = 0;
    for entry in WalkDir::new(sources) {
        let path = entry.unwrap().into_path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for rest in text.split(concat!("doing!", "(\"")).skip(1) {
            let doing = rest.split('"').next().unwrap();
            assert_ne!(words::did(doing), doing, "{}", path.display());
            found += 1;
        }
    }
    assert!(found > 20, "{found}");
}
