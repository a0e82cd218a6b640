//! The board: what it says where there is room and where there is not, and what it leaves out.

use super::busy_shop;
use crate::shop::{release_link, shop};
use crate::world::{Node, Tree, World, text};

/// `web` with display versions on `dev`, and on twelve environments of the group `prod` that are all alike.
fn fleet() -> World {
    let mut tree = Tree::new();
    let dev = r#"{"upstream": {"latest": true}}"#;
    tree.insert("environments/dev/config.json".to_owned(), text(dev));
    let prods = (0..12).map(|number| format!("prod-{number:02}"));
    let prods: Vec<_> = prods.collect();
    for name in &prods {
        let config = r#"{"upstream": {"environment": "dev"}, "environmentGroup": "prod"}"#;
        tree.insert(format!("environments/{name}/config.json"), text(config));
    }
    tree.insert("applications/web/team".to_owned(), text("shop"));
    for version in [1, 2] {
        let folder = format!("applications/web/releases/{version}");
        for (name, content) in [
            ("created_at", "2026-03-01T12:00:00Z".to_owned()),
            ("display_version", format!("v1.{version}")),
            ("source_commit_id", version.to_string().repeat(40)),
            ("source_author", "Ann".to_owned()),
            (
                "source_message",
                format!("feat: number {version}\n\nat length"),
            ),
        ] {
            tree.insert(format!("{folder}/{name}"), text(&content));
        }
        for name in prods.iter().map(String::as_str).chain(["dev"]) {
            let path = format!("{folder}/environments/{name}/manifests.yaml");
            tree.insert(path, text("a: 1\n"));
        }
    }
    let mut runs = |name: &str, version| {
        let folder = format!("environments/{name}/applications/web");
        let link = Node::Link(release_link("web", version));
        tree.insert(format!("{folder}/version"), link);
        tree.insert(format!("{folder}/deployed_by"), text("Grace Points"));
        let at = text("2026-03-01 13:00:00 +0000 UTC");
        tree.insert(format!("{folder}/deployed_at_utc"), at);
    };
    runs("dev", 2);
    for name in &prods {
        runs(name, 1);
    }
    World::with_files(&tree)
}

/// The table of the board and what stands below it, as wide as that.
fn table(world: &World, line: &str, width: usize) -> Vec<String> {
    let answer = world.run_with(line, &[("COLUMNS", Some(&width.to_string()))]);
    let told = answer.stdout.split("\n\n").nth(1).unwrap_or_default();
    told.lines().map(str::to_owned).collect()
}

#[test]
fn what_does_not_fit_is_told_shorter() {
    let world = fleet();
    let head = |width| table(&world, "status", width).swap_remove(0);
    let row = |width| table(&world, "status", width).swap_remove(1);
    let all: Vec<_> = (0..12).map(|number| format!("prod-{number:02}")).collect();
    assert!(head(250).ends_with(&all.join("      ")), "{}", head(250));
    assert!(row(250).starts_with("web  shop  2 (v1.2)  1 (v1.1) -1"));
    assert_eq!(head(122), format!("App  Team  dev  {}", all.join("  ")));
    assert!(row(122).starts_with("web  shop  2    1 -1     1 -1"));
    assert_eq!(head(121), format!("App  dev  {}", all.join("  ")));
    assert_eq!(
        table(&world, "status", 80),
        [
            "App  dev  prod x12",
            "web  2    1 -1",
            "-N releases behind its upstream",
            "prod x12: prod-00, prod-01, prod-02, prod-03, prod-04, prod-05, prod-06, prod-0…",
        ]
    );
}

#[test]
fn environments_of_a_group_that_differ_in_anything_are_told_one_by_one() {
    let heads = |lines: &[&str]| {
        let world = fleet();
        for line in lines {
            world.ok(line);
        }
        table(&world, "status", 80).swap_remove(0)
    };
    assert!(heads(&[]).ends_with("prod x12"));
    let deployed = heads(&["deploy -a web -e prod-05 --version 2"]);
    assert!(deployed.contains("prod-00  prod-01"), "{deployed}");
    let locked = heads(&["lock -e prod-00 --lock-id sale -m sale"]);
    assert!(locked.contains("prod-00 L  prod-01"), "{locked}");
    assert!(heads(&["lock -g prod --lock-id sale -m sale"]).ends_with("prod x12 L"));
}

#[test]
fn one_app_is_told_with_since_when_by_whom_and_from_what() {
    let told = table(&fleet(), "status web -e dev", 120);
    assert_eq!(
        told,
        [
            "Environment  Runs      Upstream  Besides  Since     Built from                       By",
            "dev          2 (v1.2)  the same           19 h ago  2222222222 feat: number 2 (Ann)  Grace Points",
        ]
    );
}

#[test]
fn what_is_not_asked_for_is_left_out() {
    let world = busy_shop();
    for (line, rows) in [
        (
            "status --only behind",
            &[
                "basket   day-shift    1 -1 >2 L  1           none -1",
                "courier  night-shift  2          none -2 >1  none -2 L",
            ][..],
        ),
        (
            "status --only queued",
            &[
                "basket   day-shift    1 -1 >2 L  1",
                "courier  night-shift  2          none -2 >1",
            ],
        ),
        (
            "status --only queued -t night-shift",
            &["courier  night-shift  none -2 >1"],
        ),
        (
            "status --only locked -g prod",
            &["courier  night-shift  none -2 >1  none -2 L"],
        ),
    ] {
        let told = table(&world, line, 200);
        assert_eq!(&told[1..=rows.len()], rows, "{line}\n{told:#?}");
    }
}

#[test]
fn where_there_is_nothing_of_it_this_is_said() {
    let world = shop();
    for (line, said) in [
        ("status --only queued", "nothing waits in a queue\n"),
        (
            "status --only locked -e staging",
            "nothing on staging is locked\n",
        ),
        (
            "status --only behind -e development -t day-shift",
            "nothing of team day-shift on development is behind its upstream\n",
        ),
        (
            "status basket --only locked -g prod",
            "nothing of basket on the group prod is locked\n",
        ),
    ] {
        assert_eq!(world.ok(line), said, "{line}");
    }
}

#[test]
fn nothing_of_it_depends_on_colour() {
    let world = busy_shop();
    let coloured = world.ok("status --color always");
    assert!(coloured.contains("\u{1b}[31m1 -1 >2 L"), "{coloured}");
    assert!(coloured.contains("\u{1b}[33mnone -1"), "{coloured}");
    let plain = anstream_stripped(&coloured);
    assert!(plain.contains("1 -1 >2 L"), "{plain}");
}

/// The text without colours.
fn anstream_stripped(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    plain + rest
}

#[test]
fn broken_links_are_told_and_stop_nothing() {
    let world = shop();
    let mut broken = world.tree();
    let path = "environments/staging/applications/basket/version";
    broken.insert(path.to_owned(), Node::Link(release_link("basket", 9)));
    let world = World::with_files(&broken);
    let told = world.ok("status");
    assert!(told.contains("1 broken link\n"), "{told}");
    assert!(
        told.contains("basket on staging: `environments/staging"),
        "{told}"
    );
    let row = told
        .lines()
        .find(|line| line.starts_with("basket "))
        .unwrap();
    assert!(row.contains("  broken  "), "{row}");
    let json = world.run("status -o json").json();
    assert_eq!(json["faults"][0]["path"], path);
    assert_eq!(
        json["applications"]["basket"]["environments"]["staging"]["state"],
        "broken"
    );
}

#[test]
fn every_other_mark_has_its_place_and_its_meaning() {
    let world = shop();
    for line in [
        "release -a basket --undeploy",
        "deploy -a courier -e prod-ca --version 2",
        "lock -e staging -a courier --kind manifest --lock-id fix -m 'mended by hand'",
        "deploy -a courier -e staging --version 2",
        "deploy -a courier -e staging --version 1",
    ] {
        world.ok(line);
    }
    let told = table(&world, "status", 200);
    assert!(
        told[1].starts_with("basket   day-shift    gone "),
        "{told:#?}"
    );
    assert!(told[2].contains("  1 -1 M   2 +1 "), "{told:#?}");
    for meaning in [
        "+N releases ahead of its upstream",
        "M a lock keeps the manifest",
        "gone undeployed",
    ] {
        assert!(told.concat().contains(meaning), "{meaning}\n{told:#?}");
    }
    world.ok("deploy -a courier -e staging --version 2");
    let told = table(&world, "status courier -e staging", 200);
    let kept = "2     the same  manifest kept, another manifest runs";
    assert!(told[1].contains(kept), "{told:#?}");
}
