//! Repositories that no view is made for: forty environments with long names, everything locked, wide characters and hostile words;
//! and one with nothing in it.

use std::sync::OnceLock;

use crate::shop::{release_link, store};
use crate::world::{Mould, Node, Tree, World, text};

/// As many environments as there are.
const ENVIRONMENTS: usize = 40;
/// What somebody typed who means no good, or writes another language.
pub(super) const WORDS: [&str; 4] = [
    "凍結中: リリースを待ってください、とても長いメッセージです",
    "no changes\n::error::while the \u{1b}[31msale\u{1b}[0m lasts, whatever anybody says about it",
    "\u{202e}<script>alert('x')</script> | **bold** @everyone #1 [x](javascript:x)",
    "🚂🚃🚃 é\u{301} Ω",
];

/// Everything at once.
pub(crate) fn ugly() -> World {
    static UGLY: OnceLock<Mould> = OnceLock::new();
    UGLY.get_or_init(|| World::with_files(&ugly_tree()).mould())
        .cast()
}

/// Environments, and nothing that runs on them.
pub(crate) fn empty() -> World {
    let mut tree = Tree::new();
    let config = r#"{"upstream": {"latest": true}}"#;
    tree.insert("environments/alone/config.json".to_owned(), text(config));
    World::with_files(&tree)
}

/// The name of an environment, of 20 bytes at most.
fn environment(number: usize) -> String {
    format!("env-of-long-name-{number:03}")
}

fn ugly_tree() -> Tree {
    let mut tree = Tree::new();
    let names: Vec<_> = (0..ENVIRONMENTS).map(environment).collect();
    for (number, name) in names.iter().enumerate() {
        let upstream = match number {
            0 => r#"{"latest": true}"#.to_owned(),
            _ => format!(r#"{{"environment": "{}"}}"#, names[(number - 1) / 2]),
        };
        let config = format!(
            r#"{{"upstream": {upstream}, "environmentGroup": "group-{}"}}"#,
            number % 7
        );
        tree.insert(format!("environments/{name}/config.json"), text(&config));
        lock(&mut tree, &format!("environments/{name}"), number);
    }
    for app in 0..3 {
        let name = format!("a-very-long-name-of-an-app-{app}-that-ends");
        let team = format!("a-team-with-a-name-that-is-longer-than-anybody-wants-to-read-{app}");
        tree.insert(format!("applications/{name}/team"), text(&team));
        for version in [7, 1_234_567_890] {
            store(&mut tree, &name, version);
            let folder = format!("applications/{name}/releases/{version}");
            tree.insert(format!("{folder}/display_version"), text("版本 1.2.3"));
            for environment in &names {
                let path = format!("{folder}/environments/{environment}/manifests.yaml");
                tree.insert(path, text("a: 1\n"));
            }
        }
        for (number, environment) in names.iter().enumerate().skip(app) {
            let folder = format!("environments/{environment}/applications/{name}");
            let link = |version| Node::Link(release_link(&name, version));
            tree.insert(format!("{folder}/version"), link(7));
            tree.insert(format!("{folder}/manifests/manifests.yaml"), text("a: 1\n"));
            if number % 8 == app {
                tree.insert(format!("{folder}/queued_version"), link(1_234_567_890));
                lock(&mut tree, &folder, number);
                lock(
                    &mut tree,
                    &format!("environments/{environment}/teams/{team}"),
                    number,
                );
            }
        }
    }
    tree
}

fn lock(tree: &mut Tree, place: &str, number: usize) {
    let word = WORDS[number % WORDS.len()];
    let folder = format!("{place}/locks/lock-{number}-with-an-id-that-is-rather-long");
    for (name, content) in [
        ("message", word),
        ("created_by_name", WORDS[(number + 1) % WORDS.len()]),
        ("created_by_email", "who@ugly.example"),
        (
            "created_at",
            &format!("2026-02-{:02}T09:30:00Z", number % 28 + 1),
        ),
    ] {
        tree.insert(format!("{folder}/{name}"), text(content));
    }
}
