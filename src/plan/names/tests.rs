use super::*;
use crate::tree::MemoryTree;

const LOCK: &str = "2024-07-22T10:00:00Z";

fn tree() -> MemoryTree {
    MemoryTree::of(&[
        (
            "environments/dev/config.json",
            r#"{"upstream":{"latest":true}}"#,
        ),
        (
            "environments/prod-ca/config.json",
            r#"{"environmentGroup":"prod"}"#,
        ),
        (
            "environments/prod-de/config.json",
            r#"{"environmentGroup":"prod"}"#,
        ),
        ("environments/torn/config.json", "{"),
        (
            "environments/odd/config.json",
            r#"{"environmentGroup":"$(reboot)"}"#,
        ),
        ("environments/Shouting/config.json", "{}"),
        ("environments/dev/locks/freeze/message", "until Friday"),
        ("environments/dev/locks/x\u{202e}y/created_at", LOCK),
        ("environments/dev/locks/a/created_at", LOCK),
        ("environments/prod-ca/locks/sale/message", "sale in Canada"),
        ("environments/prod-de/locks/sale/message", "sale in Germany"),
        ("environments/prod-de/locks/audit/created_at", LOCK),
        (
            "environments/dev/applications/web/locks/leak/message",
            "a leak",
        ),
        (
            "environments/dev/applications/web/manifest_locks/fix/message",
            "by hand",
        ),
        ("environments/dev/teams/red/locks/party/message", "a party"),
        ("applications/web/team", "red"),
        ("applications/api/team", "Blue Team"),
        ("applications/web/releases/9/display_version", "v1.9"),
        (
            "applications/web/releases/9/environments/dev/manifests.yaml",
            "a: 1",
        ),
        (
            "applications/web/releases/10/source_message",
            "Fix the leak\n\nat last",
        ),
        (
            "applications/web/releases/10/environments/prod-de/manifests.yaml",
            "a: 1",
        ),
        ("applications/web/releases/8/created_at", LOCK),
        ("applications/web/releases/7.1/created_at", LOCK),
    ])
}

#[track_caller]
fn check(noun: Noun, narrowing: &Narrowing, expected: &[&str]) {
    let named = names(&tree(), noun, narrowing).unwrap();
    let named: Vec<_> = named
        .into_iter()
        .map(|Named { name, about }| match about {
            Some(about) => format!("{name}: {}", about.raw()),
            None => name,
        })
        .collect();
    assert_eq!(named, expected);
}

fn of_app() -> Narrowing {
    Narrowing {
        app: Some("web".parse().unwrap()),
        ..Narrowing::default()
    }
}

fn on(environment: &str) -> Narrowing {
    Narrowing {
        environment: Some(environment.parse().unwrap()),
        ..Narrowing::default()
    }
}

#[test]
fn what_breaks_the_rule_of_its_kind_is_never_offered() {
    let all = Narrowing::default();
    check(Noun::App, &all, &["api", "web"]);
    check(
        Noun::Environment,
        &all,
        &["dev", "odd", "prod-ca", "prod-de", "torn"],
    );
    check(Noun::Group, &all, &["prod: prod-ca, prod-de"]);
    check(
        Noun::Target,
        &all,
        &[
            "dev",
            "odd",
            "prod: prod-ca, prod-de",
            "prod-ca",
            "prod-de",
            "torn",
        ],
    );
    check(Noun::Team, &all, &["red"]);
}

#[test]
fn the_locks_are_those_of_the_place_that_the_line_names() {
    let everywhere = [
        "audit",
        "freeze: until Friday",
        "sale: sale in Canada",
        "x\u{202e}y",
    ];
    check(Noun::LockId, &Narrowing::default(), &everywhere);
    check(
        Noun::LockId,
        &on("prod-de"),
        &["audit", "sale: sale in Germany"],
    );
    let group = Narrowing {
        group: Some("prod".parse().unwrap()),
        ..Narrowing::default()
    };
    check(Noun::LockId, &group, &["audit", "sale: sale in Canada"]);
    let app = Narrowing { ..of_app() };
    check(Noun::LockId, &app, &["leak: a leak"]);
    let manifest = Narrowing {
        manifest_locks: true,
        environment: on("dev").environment,
        ..of_app()
    };
    check(Noun::LockId, &manifest, &["fix: by hand"]);
    let team = Narrowing {
        team: Some("red".parse().unwrap()),
        ..on("dev")
    };
    check(Noun::LockId, &team, &["party: a party"]);
    check(Noun::LockId, &on("moon"), &[]);
}

#[test]
fn the_releases_are_those_of_the_app_for_the_environment_and_the_newest_comes_first() {
    check(Noun::Version, &Narrowing::default(), &[]);
    check(
        Noun::Version,
        &of_app(),
        &["10: Fix the leak", "9: v1.9", "8"],
    );
    let there = Narrowing {
        environment: on("dev").environment,
        ..of_app()
    };
    check(Noun::Version, &there, &["9: v1.9"]);
}
