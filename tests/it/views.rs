//! What people see of a repository: each view on a shop at work and on ugly repositories, at several widths, in every format.
//!
//! [`assert_views!`] takes the snapshots. A test at the end demands of each view that it is shortened where it is shown, and that its JSON has
//! a schema.

mod answers;
mod board;
mod changelog;
mod demo;
mod details;
mod diff;
mod history;
pub(crate) mod ugly;

use unicode_width::UnicodeWidthStr as _;

use crate::shop::{self, tell, transcript};
use crate::world::{World, schemas};

/// The widths at which views are looked at.
const WIDTHS: [usize; 3] = [60, 80, 200];

/// A line of each view. Each must stand here: its JSON is held against its schema, and its text against the width.
pub(crate) const VIEWS: &[(&str, &str)] = &[
    ("locks", "locks"),
    ("queue", "queue"),
    ("can-deploy", "can-deploy basket staging"),
    ("history", "history"),
    ("status", "status"),
    ("diff", "diff staging prod"),
    ("changelog", "changelog prod-ca..development"),
    ("prognosis", "prognosis prod --diff --log"),
];

/// What a line prints at each width, and in each other format that people read.
fn seen(world: &World, line: &str) -> String {
    let at = |width: usize| {
        let answer = world.run_with(line, &[("COLUMNS", Some(&width.to_string()))]);
        for line in answer.stdout.lines() {
            let wide = line.width();
            assert!(wide <= width, "{wide} of {width} columns: {line}");
        }
        let told = nameless(&transcript(world, &answer));
        format!("$ trainyard {line}   # {width} columns\n{told}\n")
    };
    let told: String = WIDTHS.into_iter().map(at).collect();
    let line = format!("{line} -o markdown");
    let answer = world.run(&line);
    let markdown = nameless(&transcript(world, &answer));
    told + &format!("$ trainyard {line}\n{markdown}")
}

/// The text with dots in place of the commit that begins a line: its id tells of the folder in which the test was run.
fn nameless(text: &str) -> String {
    let begins = |line: &str| {
        let id: String = line.chars().take(10).collect();
        let is_id = id.len() == 10 && id.chars().all(|digit| digit.is_ascii_hexdigit());
        is_id && line.chars().nth(10).is_none_or(|next| next == ' ')
    };
    let lines = text.lines().map(|line| {
        let (mark, rest) = match line.strip_prefix("| ") {
            Some(rest) => ("| ", rest),
            None => ("", line),
        };
        if begins(rest) {
            format!("{mark}..........{}\n", &rest[10..])
        } else {
            format!("{line}\n")
        }
    });
    lines.collect()
}

/// Takes snapshots of a view: of the shop at work, and of the ugly repositories.
macro_rules! assert_views {
    ($name:literal, $line:literal) => {
        let shop = crate::views::busy_shop();
        insta::assert_snapshot!(concat!($name, "_shop"), crate::views::seen(&shop, $line));
    };
    ($name:literal, $line:literal, ugly: $ugly:literal) => {
        crate::views::assert_views!($name, $line);
        let ugly = crate::views::ugly::ugly();
        insta::assert_snapshot!(concat!($name, "_ugly"), crate::views::seen(&ugly, $ugly));
    };
    ($name:literal, $line:literal, ugly: $ugly:literal, empty: $empty:literal) => {
        crate::views::assert_views!($name, $line, ugly: $ugly);
        let empty = crate::views::ugly::empty();
        insta::assert_snapshot!(concat!($name, "_empty"), crate::views::seen(&empty, $empty));
    };
}
use assert_views;

/// The busy shop, where a manifest is kept as it is besides.
pub(crate) fn busy_shop() -> World {
    let world = shop::busy_shop();
    world.ok("lock -e development -a basket --kind manifest --lock-id fix -m 'mended by hand'");
    world
}

#[test]
fn locks() {
    assert_views!("locks", "locks", ugly: "locks -g group-1", empty: "locks");
}

#[test]
fn queue() {
    assert_views!("queue", "queue", ugly: "queue -g group-1", empty: "queue");
}

#[test]
fn can_deploy() {
    assert_views!("can_deploy", "can-deploy basket staging", ugly: "can-deploy a-very-long-name-of-an-app-0-that-ends env-of-long-name-000");
}

/// A line of each view, on the shop of the demo.
const ON_THE_DEMO: &[&str] = &[
    "locks",
    "queue",
    "can-deploy catalogue prod-ca",
    "history",
    "status",
    "status cart",
    "diff staging prod-de",
    "changelog prod-ca..development",
];

#[test]
fn each_view_on_the_demo() {
    let world = demo::demo();
    let mut told: Vec<_> = ON_THE_DEMO.iter().map(|line| seen(&world, line)).collect();
    // Its diffs are to be read as they are, and copied.
    told.push(tell(&world, &["prognosis prod --diff --log"]));
    insta::assert_snapshot!("demo", told.join("\n"));
}

#[test]
fn status() {
    assert_views!("status", "status", ugly: "status", empty: "status");
}

#[test]
fn status_of_an_app() {
    assert_views!("status_app", "status basket", ugly: "status a-very-long-name-of-an-app-1-that-ends -g group-1");
}

#[test]
fn the_json_of_each_view_has_a_schema_that_it_keeps() {
    let world = busy_shop();
    for &(name, line) in VIEWS {
        assert!(
            schemas().contains_key(name),
            "docs/schemas/{name}.v1.schema.json is missing"
        );
        // Running it holds the answer against the schema.
        let answer = world.run(&format!("{line} -o json"));
        assert_eq!(answer.json()["schema"], format!("trainyard/{name}/v1"));
        let yaml = world.run(&format!("{line} -o yaml")).stdout;
        let yaml: serde_json::Value = serde_yaml::from_str(&yaml).unwrap();
        assert_eq!(yaml["schema"], answer.json()["schema"]);
        let shown = ON_THE_DEMO
            .iter()
            .any(|line| line.split(' ').next() == Some(name));
        let shown = shown || name == "prognosis";
        assert!(shown, "{name} is not looked at on the demo");
    }
}
