//! `trainyard release`

use super::{assert_told, state};
use crate::shop::{shop, store};
use crate::world::{Node, Tree, text};

/// The files of a folder, by what is left of their paths.
fn below(tree: &Tree, folder: &str) -> Vec<String> {
    let files = tree.keys().filter_map(|path| path.strip_prefix(folder));
    files.map(str::to_owned).collect()
}

#[test]
fn a_release_gets_the_next_number_and_goes_where_the_upstream_is_latest() {
    let world = shop();
    assert_told!(
        &world,
        "releases_in_order",
        [
            "release -a kiosk --team day-shift --manifests ../scratch/next",
            "release -a kiosk --manifests ../scratch/next",
            "release -a kiosk --version 9 --manifests ../scratch/next",
            "release -a kiosk --version 5 --manifests ../scratch/next",
            "release -a kiosk --manifest staging=../scratch/next/staging.yaml",
        ],
    );
    assert_eq!(state(&world, "development", "kiosk"), "9");
    let tree = world.tree();
    assert_eq!(tree["applications/kiosk/team"], text("day-shift"));
    assert_eq!(
        below(&tree, "applications/kiosk/releases/9/"),
        [
            "created_at",
            "environments/development/manifests.yaml",
            "environments/prod-ca/manifests.yaml",
            "environments/prod-de/manifests.yaml",
            "environments/staging/manifests.yaml",
        ]
    );
    let only = ["created_at", "environments/staging/manifests.yaml"];
    assert_eq!(below(&tree, "applications/kiosk/releases/10/"), only);
}

#[test]
fn everything_that_is_told_about_the_source_is_a_file() {
    let world = shop();
    let commit = "ABCDEF0123456789abcdef0123456789ABCDEF01";
    let previous = "1".repeat(40);
    world.ok(&format!(
        "release -a kiosk --version 7 --manifest staging=../scratch/next/staging.yaml --team night-shift \
         --source-commit-id {commit} --previous-commit-id {previous} --source-author 'Jane Doe <jane@shop.example>' \
         --source-message 'fix: it\n\nSigned-off-by: Jane' --display-version v1.2.3 --ci-link https://ci.example/7"
    ));
    let tree = world.tree();
    for (file, content) in [
        ("source_commit_id", commit.to_lowercase().as_str()),
        ("previous_commit_id", &previous),
        ("source_author", "Jane Doe <jane@shop.example>"),
        ("source_message", "fix: it\n\nSigned-off-by: Jane"),
        ("display_version", "v1.2.3"),
        ("ci_link", "https://ci.example/7"),
        ("created_at", "2026-03-02T08:01:00Z"),
    ] {
        let path = format!("applications/kiosk/releases/7/{file}");
        assert_eq!(tree[&path], text(content), "{file}");
    }
    assert_eq!(tree["applications/kiosk/team"], text("night-shift"));
}

#[test]
fn what_is_empty_is_as_good_as_not_given() {
    let world = shop();
    world.ok("release -a kiosk --manifests ../scratch/next --source-author '' --source-message '' --ci-link ''");
    let files = below(&world.tree(), "applications/kiosk/releases/1/");
    assert_eq!(files.len(), 5, "{files:?}");
}

#[test]
fn every_way_of_giving_manifests_makes_the_same_release() {
    let world = shop();
    world.scratch("two/staging.yaml", "a: 1\n");
    world.scratch("two/prod-de.yml", "a: 2\n");
    world.scratch("two/README.md", "no manifest");
    world.ok("release -a kiosk --version 3 --manifests ../scratch/two");
    let (staging, prod) = ("../scratch/two/staging.yaml", "../scratch/two/prod-de.yml");
    let same = "kiosk 3 is stored already, with the same content; nothing changed\n";
    for flags in [
        format!(
            "--environment staging --manifest {staging} --environment prod-de --manifest {prod}"
        ),
        format!("-e staging -f {staging} -e prod-de -f {prod}"),
        format!("-estaging -f{staging} -eprod-de -f{prod}"),
        format!(
            "--environment=staging --manifest={staging} --environment=prod-de --manifest={prod}"
        ),
        format!("--manifest staging={staging} --manifest prod-de={prod}"),
        format!("-f prod-de={prod} -e staging -f {staging}"),
    ] {
        assert_eq!(
            world.ok(&format!("release -a kiosk --version 3 {flags}")),
            same
        );
    }
    for flags in [
        format!("-f prod-de={prod} -e staging -f -"),
        format!("-f staging=- -f prod-de={prod}"),
    ] {
        let line = format!("release -a kiosk --version 3 {flags}");
        let answer = world.run_with_stdin(&line, "a: 1\n");
        assert_eq!((answer.stdout.as_str(), answer.code), (same, 0), "{answer}");
        let answer = world.run_with_stdin(&line, "a: 3\n");
        assert_eq!(answer.code, 3, "{answer}");
    }
}

#[test]
fn a_number_that_exists_is_the_same_release_or_none() {
    let world = shop();
    world.scratch("same.yaml", "# another layout\n{kind: ConfigMap, data: {environment: staging, release: \"2\"}, metadata: {name: settings}}\n---\n");
    world.scratch("other.yaml", "kind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  release: \"2\"\n  environment: test\n");
    let before = world.snapshot();
    assert_told!(
        &world,
        "release_that_exists",
        [
            "release -a basket --version 2 --manifest staging=../scratch/same.yaml",
            "release -a basket --version 2 --team day-shift --manifest staging=../scratch/same.yaml",
            "release -a basket --version 2 --team ops --source-message 'fix: it' --manifest staging=../scratch/other.yaml --manifest load-test=../scratch/same.yaml",
        ],
    );
    world.assert_untouched(&before);
}

#[test]
fn a_release_behind_a_lock_waits_and_one_for_a_strange_environment_is_stored() {
    let world = shop();
    world.ok("lock -e development -a basket --lock-id leak -m 'memory leak'");
    world.scratch("next/moon.yaml", "a: 1\n");
    assert_told!(
        &world,
        "release_behind_a_lock",
        [
            "release -a basket --manifests ../scratch/next",
            "release -a basket --manifests ../scratch/next --version 4",
        ],
    );
    assert_eq!(state(&world, "development", "basket"), "2 then 4");
}

#[test]
fn old_releases_are_cleaned_up() {
    let world = shop();
    world.file("trainyard.yaml", "releaseVersionsLimit: 5\n");
    let mut tree = Tree::new();
    (3..=8).for_each(|version| store(&mut tree, "courier", version));
    for (path, node) in &tree {
        let Node::File(bytes) = node else {
            continue;
        };
        world.edit(path, bytes);
    }
    world.shell("git add . && git commit -qm releases && git push -q origin main");
    world.ok("deploy -a courier -e staging --version 8");
    assert_told!(
        &world,
        "release_that_cleans_up",
        [
            "release -a courier --manifests ../scratch/next",
            "deploy -a courier -e staging --version 9",
        ],
    );
    let left = below(&world.tree(), "applications/courier/releases/");
    let left: std::collections::BTreeSet<_> = left.iter().map(|path| &path[..1]).collect();
    assert_eq!(left.into_iter().collect::<String>(), "56789");
}
