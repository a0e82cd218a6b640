//! A text that somebody typed, in every form: it adds nothing but itself.

use super::words::{assert_no_command, assert_recorded, assert_told, without_escapes};
use super::{assert_one_line, text};
use crate::plan::lock::{PlaceLock, lock};
use crate::plan::outcome::LockTarget;
use crate::plan::view::{Focus, View, board, page};
use crate::plan::{Context, Done, Ground, Outcome};
use crate::report::{Fate, Format, github, render};
use crate::state::{Actor, FreeText, Moment, plain};
use crate::tree::{CommitFacts, Draft, MemoryPast, MemoryTree, Signer};

/// What a lock with this message of an author of this name is told as, and the board with it.
fn outcomes(typed: &str) -> [Outcome; 3] {
    let context = Context {
        actor: Actor {
            name: FreeText(typed.to_owned()),
            email: FreeText(typed.to_owned()),
        },
        now: Moment::of_seconds(1_721_642_400),
        repo_url: "https://h.example/r.git".to_owned(),
        branch: "main".to_owned(),
    };
    let mut tree = MemoryTree::of(&[("environments/dev/config.json", "{}")]);
    let request = PlaceLock {
        target: LockTarget::Environment("dev".parse().expect("a name")),
        id: "freeze".parse().expect("a name"),
        message: FreeText(typed.to_owned()),
    };
    let base = tree.clone();
    let ground = Ground::survey(&base, &context).expect("there is an environment");
    let mut draft = Draft::on(&base);
    let locked = lock(&mut draft, &ground, &request).expect("it can be locked");
    tree.apply(&draft.into_changes());
    let signer = Signer {
        name: typed.to_owned(),
        email: typed.to_owned(),
    };
    let facts = CommitFacts {
        id: "1".repeat(40),
        author: signer.clone(),
        committer: signer,
        seconds: 0,
        message: format!("{typed}\n\nTrainyard-Operation: release-train\n"),
    };
    let past = MemoryPast(vec![(facts, tree.clone())]);
    let ground = Ground::survey(&tree, &context).expect("there is an environment");
    let focus = Focus::default();
    let board = board::board(&tree, &ground, &focus, None).expect("it can be seen");
    let page = page::page((&tree, &past), &ground, (&focus, None)).expect("it can be seen");
    let seen = [View::Board(board), View::Page(Box::new(page))];
    let [board, page] = seen.map(|view| Outcome {
        done: Done::Viewed(view),
        warnings: Vec::new(),
    });
    [locked, board, page]
}

/// Any text.
pub(super) fn shown(data: &[u8]) {
    let typed = &*text(data);
    let now = Moment::of_seconds(1_721_642_400);
    let fate = Fate {
        changed: true,
        dry_run: false,
        commit: None,
        warnings: Vec::new(),
        now,
        tag: None,
        width: None,
    };
    assert_one_line(&FreeText(typed.to_owned()).to_string());
    // The page shortens what is long, and a train without a subject is none.
    let is_short = (1..=40).contains(&plain(typed.trim()).chars().count());
    let is_one_line = is_short && !typed.contains('\n');
    for (outcome, same) in outcomes(typed).iter().zip(&outcomes("x")) {
        assert_told(outcome, now);
        if !outcome.done.is_look() {
            assert_recorded(outcome, typed);
        }
        for format in [Format::Text, Format::Markdown, Format::Html] {
            let forms = [outcome, same].map(|outcome| render(outcome, &fate, format).ok());
            let [Some(ours), Some(same)] = forms else {
                continue;
            };
            if format != Format::Html || is_one_line {
                assert_eq!(skeleton(&ours, format), skeleton(&same, format), "{ours}");
            }
        }
    }
    for format in [
        Format::Text,
        Format::Json,
        Format::Yaml,
        Format::Markdown,
        Format::Html,
        Format::Kuberpult,
    ] {
        assert_no_command(&github::guarded(typed, format));
    }
}

/// What gives a text its structure, without what it says.
fn skeleton(text: &str, format: Format) -> Vec<usize> {
    let text = match format {
        Format::Markdown => without_escapes(&text.replace("<!-- -->", "")),
        _ => text.to_owned(),
    };
    let marks = match format {
        Format::Html => "<>\"",
        Format::Markdown => "<>[]`*|~",
        Format::Text | Format::Json | Format::Yaml | Format::Kuberpult => "",
    };
    let count = |mark: char| text.chars().filter(|letter| *letter == mark).count();
    marks.chars().map(count).chain([count('\n')]).collect()
}
