//! Every command that the README shows is run.

use std::fs;
use std::path::Path;

use crate::world::{Node, World};

/// The shell blocks of the README, in order, without comments.
fn blocks() -> Vec<Vec<String>> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(readme).unwrap();
    let blocks = text
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    blocks
        .map(|block| {
            block
                .lines()
                .map(|line| line.split("   #").next().unwrap().trim().to_owned())
                .collect()
        })
        .collect()
}

fn manifest(folder: &Path, name: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(
        folder.join(name),
        "kind: ConfigMap\nmetadata:\n  name: settings\n",
    )
    .unwrap();
}

/// Runs a line of the README in a checkout.
fn run(world: &World, line: &str) {
    match line.strip_prefix("trainyard ") {
        Some(command) => {
            world.ok(command);
        }
        None => world.shell(line),
    }
}

#[test]
fn the_two_first_commands_are_the_demo_and_the_tests() {
    let first = &blocks()[0];
    assert!(
        first[0].starts_with("cargo run --release -- demo"),
        "{first:?}"
    );
    assert!(first[1].starts_with("cargo test"), "{first:?}");
    assert_eq!(first.len(), 2);
    // `.ci/run` runs both of them, word for word.
    let script = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/run")).unwrap();
    assert!(
        script.contains("cargo run --locked --release -- demo")
            && script.contains("cargo test --locked\n")
    );
    // And what must pass beside them, on the real data where it is at hand.
    for step in [
        "step cargo fmt --check\n",
        "step cargo clippy --locked --all-targets -- -D warnings\n",
        "step cargo test --locked --test it -- --ignored --skip rows_that_take_long\n",
        "cargo test --locked --test it -- --ignored rows_that_take_long\n",
        "TRAINYARD_TEST_DATA=$(cd ../shared/data && pwd)\n",
    ] {
        assert!(script.contains(step), "{step}");
    }
}

#[test]
fn cargo_knows_which_program_to_run() {
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version=1"]);
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let known: serde_json::Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    assert_eq!(known["packages"][0]["default_run"], "trainyard");
}

#[test]
fn the_tour_of_the_readme_goes_as_it_says() {
    let world = World::from_fixture("shop");
    let folder = world.checkout().parent().unwrap().join("manifests/cart-v3");
    for environment in ["development", "staging", "prod-de", "prod-ca"] {
        manifest(&folder, &format!("{environment}.yaml"));
    }
    manifest(folder.parent().unwrap(), "cart-v1.yaml");
    world.ok("release -a cart --version 2 --manifest staging=../manifests/cart-v1.yaml");
    let tour = &blocks()[1];
    assert!(tour.len() >= 6, "{tour:?}");
    for line in tour {
        run(&world, line);
    }
    let link = Node::Link("../../../../applications/cart/releases/3".to_owned());
    for environment in ["development", "staging", "prod-de", "prod-ca"] {
        let path = format!("environments/{environment}/applications/cart/version");
        assert_eq!(world.tree().get(&path), Some(&link), "{path}");
    }
    let head = world.head();
    let views = &blocks()[2];
    assert!(views.len() >= 8, "{views:?}");
    for line in views {
        crate::shell::in_bash(&world, line);
    }
    assert_eq!(world.head(), head);
    let page = fs::read_to_string(world.room().join("board.html")).unwrap();
    assert!(page.contains("cart"), "{page}");
}

#[test]
fn a_repository_is_started_as_the_readme_says() {
    let world = World::with_files(&std::collections::BTreeMap::new());
    manifest(
        &world.checkout().parent().unwrap().join("manifests"),
        "hello.yaml",
    );
    for line in &blocks()[3] {
        run(&world, line);
    }
    let tree = world.tree();
    assert!(
        tree.contains_key("environments/development/applications/hello/version"),
        "{:?}",
        tree.keys()
    );
}

#[test]
fn the_shell_is_set_up_as_the_readme_says() {
    let world = World::from_fixture("shop");
    for line in &blocks()[4] {
        assert!(line.contains("trainyard "), "{line}");
        crate::shell::in_bash(&world, line);
    }
    let page = world
        .room()
        .join("home/.local/share/man/man1/trainyard-release-train.1");
    assert!(page.exists());
}
