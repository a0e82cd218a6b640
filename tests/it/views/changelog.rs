//! The changelog: what source commits say, shown to people.

use super::ugly::WORDS;
use super::{assert_views, seen};
use crate::shop::{environments, point, store, tell};
use crate::world::{World, text};

/// An app that is behind on staging, and what its releases tell of their commits.
fn notes(words: &[&str]) -> World {
    let mut tree = environments();
    for (version, word) in (1..).zip(words) {
        store(&mut tree, "basket", version);
        let id = char::from_digit(u32::try_from(version).unwrap() % 16, 16).unwrap();
        for (name, content) in [
            ("source_commit_id", id.to_string().repeat(40)),
            ("source_author", format!("{word} <mail@{word}>")),
            (
                "source_message",
                format!("{word}\n\n::error::body of {word}"),
            ),
            ("display_version", word.chars().take(5).collect()),
            ("ci_link", format!("https://ci.example/{word}")),
        ] {
            let path = format!("applications/basket/releases/{version}/{name}");
            tree.insert(path, text(&content));
        }
    }
    let last = words.len() as u64;
    store(&mut tree, "courier", 1);
    point(&mut tree, "staging", "basket", 1);
    point(&mut tree, "development", "basket", last);
    point(&mut tree, "development", "courier", 1);
    World::with_files(&tree)
}

#[test]
fn changelog() {
    assert_views!("changelog", "changelog prod-ca..development");
    let world = notes(&["begin", "count the wheels", "paint them"]);
    insta::assert_snapshot!(
        "changelog_notes",
        seen(&world, "changelog staging..development")
    );
    let world = notes(&[&["begin"], &WORDS[..]].concat());
    insta::assert_snapshot!(
        "changelog_ugly",
        seen(&world, "changelog staging..development")
    );
}

#[test]
fn a_changelog_can_look_back() {
    let world = notes(&["begin", "count the wheels", "paint them"]);
    world.git(&["tag", "v1"]);
    world.ok("release-train staging");
    world.ok("app remove-environment -a courier -e staging");
    world.ok("deploy -a basket -e development --version 2");
    let lines = [
        "changelog staging@v1..staging",
        "changelog staging..staging@v1 -a basket",
        "changelog development@v1..development",
        "changelog staging@v1..staging@v1",
        "changelog staging..staging",
        "changelog staging@v1..",
        "changelog staging",
        "changelog Staging..prod",
        "changelog staging@a..b..prod",
    ];
    insta::assert_snapshot!("changelog_back", hidden(&world, &tell(&world, &lines)));
    let markdown = world.ok("changelog staging..staging@v1 -a basket -o markdown");
    insta::assert_snapshot!("changelog_back_markdown", hidden(&world, &markdown));
}

/// A text without the commit of the tag.
fn hidden(world: &World, text: &str) -> String {
    text.replace(&world.git(&["rev-parse", "v1"])[..10], "<v1>")
}
