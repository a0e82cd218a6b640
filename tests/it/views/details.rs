//! The details of a prognosis: how manifests would change, and what would come along.

use crate::shop::{environments, point, store, tell};
use crate::world::{Node, Tree, World, text};

/// A shop whose manifests have secrets, hostile lines, and more lines than anybody reads.
fn secrets() -> World {
    let mut tree = environments();
    let long: Vec<_> = (0..400).map(|line| format!("  key-{line}: x\n")).collect();
    let long = long.concat();
    let apps = [
        (
            "basket",
            "kind: Secret\nstringData:\n  password: one # hunter1\n  user: shop\n".to_owned(),
        ),
        ("broken", "kind: Secret\ndata: [hunter1".to_owned()),
        (
            "courier",
            "kind: ConfigMap\ndata:\n  a: |\n    x\n  b: y\n".to_owned(),
        ),
        ("depot", "kind: ConfigMap\n".to_owned()),
        ("engine", "kind: ConfigMap\n".to_owned()),
    ];
    for (app, before) in &apps {
        let after = match *app {
            "basket" => before.replace("one", "|\n    two\n    lines\n"),
            "broken" => format!("{before}, hunter2]\nkind: Pod\n"),
            "courier" => before.replace(
                "    x\n",
                "    x\n    ````\n    ```\n    </details> @all #1 \u{202e}\n",
            ),
            "depot" => format!("{before}data:\n{long}"),
            _ => before.clone(),
        };
        put(&mut tree, app, before, &after);
    }
    World::with_files(&tree)
}

fn put(tree: &mut Tree, app: &str, before: &str, after: &str) {
    for (version, manifest) in [(1, before), (2, after)] {
        store(tree, app, version);
        for environment in ["development", "staging"] {
            let path = format!(
                "applications/{app}/releases/{version}/environments/{environment}/manifests.yaml"
            );
            tree.insert(path, text(manifest));
        }
    }
    for (environment, version, manifest) in [("development", 2, after), ("staging", 1, before)] {
        point(tree, environment, app, version);
        let path =
            format!("environments/{environment}/applications/{app}/manifests/manifests.yaml");
        tree.insert(path, text(manifest));
    }
}

#[test]
fn a_prognosis_shows_what_would_change_in_manifests() {
    let world = secrets();
    world.ok("lock -e staging -a engine --kind manifest --lock-id mend -m x");
    let lines = [
        "prognosis staging --diff=stat",
        "prognosis staging --diff=full --log",
    ];
    let told = tell(&world, &lines);
    let depot = "+  key-399: x";
    assert!(told.contains(depot), "the text is whole");
    let short: Vec<_> = told
        .lines()
        .filter(|line| !line.contains("+  key-"))
        .collect();
    insta::assert_snapshot!("prognosis_diff", short.join("\n"));
    let markdown = world.ok("prognosis staging --diff --log -o markdown");
    let short: Vec<_> = markdown
        .lines()
        .filter(|line| !line.contains("+  key-"))
        .collect();
    insta::assert_snapshot!("prognosis_diff_markdown", short.join("\n"));
    let kept = markdown.lines().filter(|line| line.contains("+  key-"));
    assert!(kept.count() < 150);
    for text in [told, markdown] {
        assert!(!text.contains("hunter"), "{text}");
        assert!(!text.contains("two") && !text.contains("one #"), "{text}");
    }
}

#[test]
fn programs_are_told_of_the_details_that_they_ask_for() {
    let world = secrets();
    let apps = |line: &str| {
        let answer = world.run(line).json();
        answer["envsPrognoses"]["staging"]["appsPrognoses"]["prognoses"].clone()
    };
    let plain = apps("prognosis staging -o json");
    assert_eq!(plain["basket"].get("diff"), None);
    assert_eq!(plain["basket"].get("log"), None);
    let stat = apps("prognosis staging --diff=stat --log -o json");
    assert_eq!(stat["basket"]["diff"]["unified"], serde_json::Value::Null);
    assert_eq!(
        stat["basket"]["log"]["commits"][0]["releases"][0]["version"],
        2
    );
    world.ok("lock -e staging -a engine --kind manifest --lock-id mend -m x");
    let full = apps("prognosis staging --diff -o json");
    insta::assert_snapshot!(
        "prognosis_diff_json",
        format!(
            "{:#}\n{:#}\n{:#}",
            full["basket"], full["broken"], full["engine"]
        )
    );
}

#[test]
fn the_format_of_kuberpult_has_no_room_for_details() {
    let world = secrets();
    for option in ["--diff", "--diff=stat", "--log"] {
        let answer = world.run(&format!("prognosis staging {option} -o kuberpult"));
        assert_eq!(answer.code, 2, "{option}");
        assert!(answer.stderr.contains("has no room"), "{}", answer.stderr);
    }
    assert_eq!(world.run("prognosis staging --diff full").code, 2);
}

#[test]
fn a_link_in_place_of_a_manifest_is_not_followed() {
    let mut tree = environments();
    put(&mut tree, "basket", "a: 1\n", "a: 2\n");
    let path = "environments/staging/applications/basket/manifests/manifests.yaml";
    tree.insert(path.to_owned(), Node::Link("/etc/passwd".to_owned()));
    let told = World::with_files(&tree).ok("prognosis staging --diff");
    assert!(
        told.contains("--- /dev/null") && told.contains("+a: 2"),
        "{told}"
    );
}
