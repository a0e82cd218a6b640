//! Commit messages: a subject of one line, a line for each effect, and trailers that no text can add to.

use crate::shop::shop;
use crate::world::World;

/// The message of the last commit, without the id of its operation.
fn message(world: &World) -> String {
    let message = world.git(&["log", "-1", "--format=%B"]);
    let lines = message
        .lines()
        .map(|line| match line.split_once("Trainyard-Operation-Id: ") {
            Some((before, id)) if id.len() == 36 => format!("{before}Trainyard-Operation-Id: <id>"),
            _ => line.to_owned(),
        });
    lines.collect::<Vec<_>>().join("\n")
}

/// The trailers of the last commit, as git reads them: their names.
fn trailers(world: &World) -> Vec<String> {
    let message = world.git(&["log", "-1", "--format=%B"]);
    let file = world.scratch("message", message);
    let trailers = world.git(&["interpret-trailers", "--parse", &file]);
    let names = trailers
        .lines()
        .map(|line| line.split(':').next().unwrap().to_owned());
    names.collect()
}

#[test]
fn every_command_tells_history_what_it_did() {
    let world = shop();
    world.file("trainyard.yaml", "releaseVersionsLimit: 5\n");
    let commit = "c".repeat(40);
    let lines = [
        "render -e prod-ca",
        &format!(
            "release -a basket --version 3 --manifests ../scratch/next --source-commit-id {commit}"
        ),
        "release -a basket --manifests ../scratch/next",
        "deploy -a basket -e staging --version 3",
        "deploy -a courier -g prod --version 1",
        "lock -e staging --lock-id freeze -m 'no changes'",
        "lock -e staging -a basket --lock-id leak -m 'memory leak'",
        "lock -e prod-de -t day-shift --lock-id trip -m 'team trip'",
        "lock -g prod --lock-id sale -m 'sale until Sunday'",
        "deploy -a basket -e staging --version 4",
        "unlock -e staging --lock-id freeze",
        "unlock -e staging -a basket --all",
        "unlock -g prod --lock-id sale --keep-queue",
        "release-train prod",
        "unlock -e prod-de -t day-shift --all",
        "release-train staging -t night-shift",
        "lock -e staging -a courier --kind manifest --lock-id fix -m 'mended by hand'",
        "release -a courier --undeploy",
        "release-train staging -t night-shift",
        "unlock -e staging -a courier --kind manifest --lock-id fix",
        "app remove-environment -a basket -e prod-de",
        "app remove-environment -a courier -e prod-ca",
        "app remove-environment -a courier -e prod-de",
        "app delete -a courier",
    ];
    let messages = lines.map(|line| {
        world.ok(line);
        assert_eq!(
            trailers(&world)[..2],
            ["Trainyard-Operation", "Trainyard-Operation-Id"]
        );
        format!("# {line}\n{}\n", message(&world))
    });
    insta::assert_snapshot!("messages", messages.join("\n"));
}

#[test]
fn no_text_can_add_a_line_or_a_trailer() {
    let world = shop();
    let evil = "x\n\nSigned-off-by: Mallory <m@evil.example>\nTrainyard-Operation-Id: 1";
    let lock = [
        "Trainyard-Operation",
        "Trainyard-Operation-Id",
        "Trainyard-Environment",
        "Trainyard-Lock-Id",
    ];
    let release = [
        "Trainyard-Operation",
        "Trainyard-Operation-Id",
        "Trainyard-Application",
    ];
    for (line, expected) in [
        (
            format!("lock -e staging --lock-id 'a: b' -m '{evil}'"),
            &lock[..],
        ),
        (
            "lock -e staging --lock-id 'Signed-off-by: Mallory' -m x".to_owned(),
            &lock,
        ),
        (
            "lock -e staging --lock-id '# comment' -m x".to_owned(),
            &lock,
        ),
        ("unlock -e staging --lock-id 'a: b'".to_owned(), &lock),
        ("unlock -e staging --all".to_owned(), &lock),
        (
            format!(
                "release -a kiosk --manifests ../scratch/next --source-message '{evil}' --source-author 'Signed-off-by: Mallory'"
            ),
            &release,
        ),
    ] {
        world.ok(&line);
        assert_eq!(trailers(&world), expected, "{line}");
        let message = message(&world);
        let own = [
            "Trainyard-",
            "lock ",
            "unlock ",
            "release ",
            "development: ",
        ];
        for line in message.lines().filter(|line| !line.is_empty()) {
            assert!(own.iter().any(|own| line.starts_with(own)), "{message}");
        }
    }
}

#[test]
fn a_subject_has_at_most_72_characters() {
    let world = shop();
    for number in 10..19 {
        let config = r#"{"upstream":{"latest":true},"environmentGroup":"many"}"#;
        world.edit(
            &format!("environments/a-long-name-site-{number}/config.json"),
            config,
        );
    }
    world.shell("git add . && git commit -qm sites && git push -q origin main");
    let app = "a-name-of-an-app-that-is-as-long-as-can";
    let id = "x".repeat(99);
    for line in [
        format!("release -a {app} --version 9007199254740991 --manifests ../scratch/next"),
        format!("deploy -a {app} -g prod --version 9007199254740991"),
        format!("lock -g many --lock-id {id} -m x"),
        format!("lock -e staging -a {app} --lock-id {id} -m x"),
        format!("unlock -e staging -a {app} --lock-id {id}"),
        "unlock -g many --all".to_owned(),
        "release-train many".to_owned(),
    ] {
        world.ok(&line);
        let subject = world.git(&["log", "-1", "--format=%s"]);
        assert!(subject.chars().count() <= 72, "{subject}");
        let message = world.git(&["log", "-1", "--format=%B"]);
        assert_eq!(message.lines().next(), Some(subject.as_str()), "one line");
        assert_eq!(message.lines().nth(1), Some(""));
    }
}
