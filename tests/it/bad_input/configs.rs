//! Configs that cannot be used: alone they fail a train, in a group they are reported and the others go.

use super::{assert_harmless, check};
use crate::shop::{linked, shop};
use crate::world::{Node, World};

const CONFIG: &str = "environments/prod-ca/config.json";
const MEND: &str = "mend it in the manifest repository, commit and push it";

/// Configs of prod-ca with which no train can go there, and what is said about them; whether its group is still known.
const BROKEN: [(&str, &str, bool); 15] = [
    ("{", "EOF while parsing an object at line 1 column 1", false),
    ("", "EOF while parsing a value at line 1 column 0", false),
    (
        "upstream: staging",
        "expected value at line 1 column 1",
        false,
    ),
    ("\"staging\"", "it is no JSON object", false),
    ("[]", "it is no JSON object", false),
    (
        "{\"upstream\": 7}",
        "`upstream` holds 7, where an object {…} belongs",
        false,
    ),
    (
        r#"{"upstream":["staging"]}"#,
        r#"`upstream` holds ["staging"], where an object {…} belongs"#,
        false,
    ),
    (
        r#"{"argocd":{"syncWindows":[["* * * * *"]]}}"#,
        r#"`syncwindows` holds ["* * * * *"], where an object {…} belongs"#,
        false,
    ),
    (
        "{\"environmentGroup\": [\"prod\"]}",
        "invalid type: sequence, expected a string",
        false,
    ),
    (
        "{\"a\": \x1b[2J}",
        "expected value at line 1 column 7",
        false,
    ),
    (
        r#"{"upstream":{"latest":true,"environment":"staging"},"environmentGroup":"prod"}"#,
        "its upstream is both `latest` and an environment",
        true,
    ),
    (
        r#"{"upstream":{"environment":"prod-ca"},"environmentGroup":"prod"}"#,
        "its upstreams form a cycle: prod-ca → prod-ca",
        true,
    ),
    (
        r#"{"upstream":{"environment":"moon"},"environmentGroup":"prod"}"#,
        "its upstream `moon` does not exist",
        true,
    ),
    (
        r#"{"upstream":{"environment":"../staging"},"environmentGroup":"prod"}"#,
        "its upstream `../staging` does not exist",
        true,
    ),
    (
        r#"{"upstream":{"environment":"\u001b[2J"},"environmentGroup":"prod"}"#,
        r"its upstream `\u{1b}[2J` does not exist",
        true,
    ),
];

/// A train to prod-ca alone fails and says why; the one to the group leaves it out, says why, and takes the rest along.
#[track_caller]
fn check_train(world: &World, error: &str, group_is_known: bool) {
    let answer = world.fails("release-train prod-ca", 6);
    let skipped = "prod-ca: skipped as a whole: ";
    assert!(answer.stdout.contains(skipped), "{answer}");
    let told = format!("error: `{CONFIG}`: {error}");
    assert!(answer.stderr.contains(&told), "lacks: {told}\n{answer}");
    let hint = format!("hint: {MEND}\n");
    assert!(answer.stderr.ends_with(&hint), "{answer}");
    assert!(!answer.stderr.contains("warning"), "{answer}");
    assert_harmless("release-train prod-ca", &answer);

    let answer = world.run("-n release-train prod");
    assert_eq!(answer.code, 0, "{answer}");
    let told = format!("warning: `{CONFIG}`: {error}");
    assert!(answer.stderr.contains(&told), "lacks: {told}\n{answer}");
    let unknown = "whether `prod-ca` belongs to this train is unknown";
    assert_eq!(answer.stderr.contains(unknown), !group_is_known, "{answer}");
    assert_harmless("release-train prod", &answer);
    let totals = "prod-de: 2 deployed, 0 skipped, 0 up to date with staging";
    assert!(answer.stdout.contains(totals), "lacks: {totals}\n{answer}");
}

#[test]
fn one_broken_config_stops_a_train_to_it_and_not_one_to_its_group() {
    let world = shop();
    for (config, error, group_is_known) in BROKEN {
        world.file(CONFIG, config);
        check_train(&world, error, group_is_known);
    }
    world.ok("release-train prod");
    assert_eq!(
        linked(&world, "prod-de", "courier", "version").as_deref(),
        Some("1")
    );
    assert_eq!(linked(&world, "prod-ca", "courier", "version"), None);
}

#[test]
fn a_train_that_fails_for_a_config_changes_nothing() {
    let world = shop();
    world.file(CONFIG, "{");
    let before = world.snapshot();
    for line in [
        "release-train prod-ca",
        "prognosis prod-ca",
        "-n release-train prod-ca",
        "-q prognosis prod-ca",
    ] {
        let answer = world.fails(line, 6);
        let told = format!(
            "error: `{CONFIG}`: EOF while parsing an object at line 1 column 1\nhint: {MEND}\n"
        );
        assert_eq!(answer.stderr, told, "{line}\n{answer}");
    }
    world.assert_untouched(&before);
}

#[test]
fn a_config_that_is_a_link_or_a_folder_is_broken_and_not_followed() {
    for target in ["/etc/passwd", "../staging/config.json", "missing"] {
        let world = shop();
        world.link(CONFIG, target);
        check_train(&world, "it is no file", false);
    }
    let world = shop();
    world.remove(CONFIG);
    world.file(&format!("{CONFIG}/inner"), "{}");
    check_train(&world, "it is no file", false);
}

#[test]
fn a_cycle_of_two_stops_both_and_nobody_else() {
    let world = shop();
    let to = |upstream: &str| {
        format!(r#"{{"upstream":{{"environment":"{upstream}"}},"environmentGroup":"prod"}}"#)
    };
    world.file("environments/prod-ca/config.json", to("prod-de"));
    world.file("environments/prod-de/config.json", to("prod-ca"));
    let before = world.snapshot();
    let answer = world.fails("release-train prod", 6);
    let errors = "error: `environments/prod-ca/config.json`: its upstreams form a cycle: prod-ca → prod-de → prod-ca\n\
                  `environments/prod-de/config.json`: its upstreams form a cycle: prod-de → prod-ca → prod-de\n\
                  hint: mend it";
    assert!(answer.stderr.starts_with(errors), "{answer}");
    world.assert_untouched(&before);
    world.ok("release-train staging");
}

#[test]
fn a_broken_config_stops_a_deployment_there_but_no_lock() {
    let world = shop();
    world.file(CONFIG, "{");
    let told = format!("`{CONFIG}`: EOF while parsing an object at line 1 column 1");
    check(
        &world,
        &[
            ("deploy -a basket -e prod-ca --version 2", 6, &told, MEND),
            (
                "deploy -a basket -e prod-ca --version 2 --on-lock ignore",
                6,
                &told,
                MEND,
            ),
        ],
    );
    world.ok("lock -e prod-ca --lock-id freeze -m x");
    world.ok("unlock -e prod-ca --lock-id freeze");
    let answer = world.run("release -a basket --manifests ../scratch/next");
    assert_eq!(answer.code, 0, "{answer}");
    assert!(answer.stderr.contains(&told), "{answer}");
    assert_eq!(
        linked(&world, "development", "basket", "version").as_deref(),
        Some("3")
    );
}

#[test]
fn an_environment_that_is_a_link_is_none() {
    let world = shop();
    let outside = world.scratch("outside/config.json", r#"{"upstream":{"latest":true}}"#);
    let outside = outside.strip_suffix("/config.json").unwrap();
    world.link("environments/mirror", "staging");
    world.link("environments/outside", outside);
    check(
        &world,
        &[
            (
                "deploy -a basket -e mirror --version 1",
                3,
                "`environments/mirror` is no folder, and so no environment",
                "an environment is a folder",
            ),
            (
                "lock -e outside -m x",
                3,
                "`environments/outside` is no folder, and so no environment",
                "an environment is a folder",
            ),
            (
                "release-train outside",
                3,
                "there is no environment or environment group `outside`",
                "these exist",
            ),
        ],
    );
    let answer = world.run("release-train staging");
    assert_eq!(answer.code, 0, "{answer}");
    for name in ["mirror", "outside"] {
        let told = format!("warning: `environments/{name}` is no environment and is passed over");
        assert!(answer.stderr.contains(&told), "{answer}");
    }
    assert_eq!(std::fs::read_dir(outside).unwrap().count(), 1);
    assert_eq!(
        world.tree()["environments/mirror"],
        Node::Link("staging".to_owned())
    );
}
