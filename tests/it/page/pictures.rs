//! The pictures of the page in `docs/`.
//!
//! `TRAINYARD_PICTURES=docs cargo test --test it page::pictures` takes them again.

use std::fs;
use std::path::Path;

use super::{Page, page_of, tab};
use crate::world::World;

/// The name of each, its size, and the scheme of its colours.
const PICTURES: [(&str, (u32, u32), &str); 3] = [
    ("page.png", (1000, 820), "light"),
    ("page-dark.png", (1000, 820), "dark"),
    ("page-narrow.png", (360, 740), "light"),
];
/// In bytes.
const MOST: usize = 150_000;

/// The shop of the demo, half-way through its story.
fn demo() -> World {
    let world = World::from_fixture("shop");
    for environment in ["development", "staging", "prod-ca", "prod-de"] {
        world.scratch(
            &format!("m/{environment}.yaml"),
            format!("environment: {environment}\n"),
        );
    }
    let release = |app: &str, team: &str, version: &str, message: &str| {
        world.ok(&format!(
            "release -a {app} --team {team} --manifests ../scratch/m --display-version {version} --source-message '{message}' --source-author 'Kim <kim@shop.example>'"
        ));
        let text = format!("app: {app}\nversion: {version}\n");
        for environment in ["development", "staging", "prod-ca", "prod-de"] {
            world.scratch(
                &format!("m/{environment}.yaml"),
                format!("{text}environment: {environment}\n"),
            );
        }
    };
    let apps = [
        ("cart", "checkout"),
        ("catalogue", "search"),
        ("frontend", "web"),
        ("mail", "checkout"),
        ("payments", "money"),
        ("search", "search"),
    ];
    for (app, team) in apps {
        release(app, team, "1.0.0", "first");
    }
    world.ok("release-train staging");
    world.ok("release-train prod");
    for (app, version, message) in [
        ("cart", "1.1.0", "Keep the cart for a week"),
        ("payments", "1.1.0", "Retry once"),
        ("search", "1.0.1", "Find umlauts"),
    ] {
        release(
            app,
            apps.iter().find(|each| each.0 == app).unwrap().1,
            version,
            message,
        );
    }
    world.ok("lock -e staging -a payments --lock-id leak -m 'memory leak, see the dashboard'");
    world.ok("lock -e prod-de --lock-id sale -m 'sale until Sunday'");
    world.ok("release-train staging");
    world.ok("release-train prod");
    release("cart", "checkout", "1.2.0", "Show the total");
    release("mail", "checkout", "1.1.0", "Fewer mails");
    world.ok("deploy -a search -e prod-de --version 2");
    // Which folder the remote lies in, no picture shall show.
    let url = "https://git.shop.example/shop/manifests.git";
    let real = format!("url.{}.insteadOf", world.remote().display());
    world.git(&["config", "remote.origin.url", url]);
    world.git(&["config", &real, url]);
    world
}

#[test]
fn the_docs_show_the_page_in_small_pictures() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    if let (Ok(_), Some(tab)) = (std::env::var("TRAINYARD_PICTURES"), tab()) {
        let world = demo();
        let page = Page::of(&page_of(&world));
        tab.set_clock(&world.now().to_string());
        for (name, (width, height), scheme) in PICTURES {
            tab.resize(width, height);
            tab.prefer("prefers-color-scheme", scheme);
            page.open(&tab, "");
            fs::write(docs.join(name), tab.picture()).unwrap();
        }
    }
    let commands = fs::read_to_string(docs.join("commands.md")).unwrap();
    for (name, (width, height), _) in PICTURES {
        let picture = fs::read(docs.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(picture.len() <= MOST, "{name} has {} bytes", picture.len());
        // The size stands at the beginning of a PNG.
        let size = [width, height].map(u32::to_be_bytes).concat();
        assert_eq!(picture[16..24], size, "{name}");
        assert!(
            commands.contains(&format!("({name})")),
            "docs/commands.md does not show {name}"
        );
    }
}
