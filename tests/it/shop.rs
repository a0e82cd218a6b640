//! The shop at work, as the scene for commands: two apps with two releases each, on their way from environment to environment.
//!
//! | | team | development | staging | prod-ca | prod-de |
//! |---|---|---|---|---|---|
//! | basket | day-shift | 2 | 1 | 1 | |
//! | courier | night-shift | 2 | 1 | | |

use std::sync::OnceLock;

use crate::world::{Answer, Mould, Node, Tree, World, files_below, fixtures, text};

/// The environments that every release has a manifest for.
const ENVIRONMENTS: [&str; 4] = ["development", "prod-ca", "prod-de", "staging"];

/// The shop at work. `../scratch/next` holds manifests for one more release.
pub(crate) fn shop() -> World {
    static SHOP: OnceLock<Mould> = OnceLock::new();
    SHOP.get_or_init(|| make_shop().mould()).cast()
}

/// The shop with locks of every kind that holds deployments back, and something in every queue.
pub(crate) fn busy_shop() -> World {
    let world = shop();
    for line in [
        "lock -e development -a courier --lock-id flaky -m 'flaky test'",
        "lock -e staging -a basket --lock-id leak -m 'memory leak: *see* @ops, #7 | <b>'",
        "lock -e prod-ca --lock-id sale -m 'sale until Sunday'",
        "lock -e prod-de -t night-shift --lock-id trip -m 'team trip'",
        "release-train staging",
        "deploy -a courier -e prod-ca --version 1",
    ] {
        world.ok(line);
    }
    world
}

fn make_shop() -> World {
    let mut tree = environments();
    for (app, team) in [("basket", "day-shift"), ("courier", "night-shift")] {
        tree.insert(format!("applications/{app}/team"), text(team));
        for version in [1, 2] {
            store(&mut tree, app, version);
        }
        point(&mut tree, "development", app, 2);
        point(&mut tree, "staging", app, 1);
    }
    point(&mut tree, "prod-ca", "basket", 1);
    let world = World::with_files(&tree);
    for environment in ENVIRONMENTS {
        let name = format!("next/{environment}.yaml");
        world.scratch(&name, manifest("next", environment));
    }
    world
}

/// The environments of the shop, and an Argo CD URL that no temporary folder is part of.
pub(crate) fn environments() -> Tree {
    let mut tree = files_below(&fixtures().join("repos/shop"));
    let options = "argocd:\n  repoUrl: https://git.shop.example/shop/manifests.git\n";
    tree.insert("trainyard.yaml".to_owned(), text(options));
    tree
}

fn manifest(version: impl std::fmt::Display, environment: &str) -> String {
    format!(
        "kind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  release: \"{version}\"\n  environment: {environment}\n"
    )
}

/// A release as a repository holds it.
pub(crate) fn store(tree: &mut Tree, app: &str, version: u64) {
    let folder = format!("applications/{app}/releases/{version}");
    tree.insert(format!("{folder}/created_at"), text("2026-03-01T12:00:00Z"));
    for environment in ENVIRONMENTS {
        tree.insert(
            format!("{folder}/environments/{environment}/manifests.yaml"),
            text(&manifest(version, environment)),
        );
    }
}

/// A deployment as a repository holds it.
pub(crate) fn point(tree: &mut Tree, environment: &str, app: &str, version: u64) {
    let folder = format!("environments/{environment}/applications/{app}");
    let link = Node::Link(release_link(app, version));
    let manifest = text(&manifest(version, environment));
    let by = [
        ("version", link),
        ("manifests/manifests.yaml", manifest),
        ("deployed_by", text("Grace Points")),
        ("deployed_by_email", text("grace@signals.example")),
        ("deployed_at_utc", text("2026-03-01 13:00:00 +0000 UTC")),
    ];
    tree.extend(by.map(|(name, node)| (format!("{folder}/{name}"), node)));
}

/// Where a `version` link leads.
pub(crate) fn release_link(app: &str, version: u64) -> String {
    format!("../../../../applications/{app}/releases/{version}")
}

/// The version that a link of an app on an environment names: `version`, or `queued_version`.
pub(crate) fn linked(world: &World, environment: &str, app: &str, name: &str) -> Option<String> {
    let path = format!("environments/{environment}/applications/{app}/{name}");
    match world.tree().remove(&path)? {
        Node::Link(target) => Some(target.rsplit('/').next().unwrap().to_owned()),
        Node::File(_) => panic!("{path} is a file"),
    }
}

/// Runs lines one after the other, and tells it as a terminal would: stdout, stderr behind `! `, and an exit code that is not 0.
pub(crate) fn tell(world: &World, lines: &[&str]) -> String {
    let told = lines.iter().map(|line| {
        let answer = world.run(line);
        format!("$ trainyard {line}\n{}", transcript(world, &answer))
    });
    told.collect::<Vec<_>>().join("\n")
}

/// An answer without what differs from run to run: the ids of commits, and the folder of the test.
pub(crate) fn transcript(world: &World, answer: &Answer) -> String {
    let room = world.checkout().parent().unwrap().display().to_string();
    let marked = |text: &str, mark: &str| -> String {
        let lines = text.replace(&room, "<room>");
        let lines = lines
            .lines()
            .map(|line| format!("{mark}{}\n", settled(line)));
        lines.collect()
    };
    let code = match answer.code {
        0 => String::new(),
        code => format!("exit {code}\n"),
    };
    marked(&answer.stdout, "") + &marked(&answer.stderr, "! ") + &code
}

/// A line with a word in place of the id of a commit.
fn settled(line: &str) -> String {
    let places = ["pushed ", "committed ", "\"commit\": \""];
    let id = |letter: char| letter.is_ascii_hexdigit();
    for place in places {
        if let Some((before, after)) = line.split_once(place)
            && after.starts_with(id)
        {
            let rest = after.trim_start_matches(id);
            return format!("{before}{place}<commit>{rest}");
        }
    }
    line.to_owned()
}
