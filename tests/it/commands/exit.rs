//! Exit codes. 4 and 7 need a remote that plays along; the tests of publishing have one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::told;
use crate::shop::shop;
use crate::world::{Tree, World, text};

#[test]
fn what_is_done_and_what_need_not_be_done_end_with_0() {
    let world = shop();
    world.ok("release-train staging");
    world.ok("release-train staging");
    world.ok("prognosis staging");
    world.ok("--help");
    world.ok("--version");
    world.ok("help deploy");
}

#[test]
fn a_remote_that_is_not_there_ends_with_1() {
    let world = shop();
    fs::rename(world.remote(), world.remote().with_extension("away")).unwrap();
    let files = crate::world::files_below(world.checkout());
    for line in ["lock -e staging -m x", "prognosis staging"] {
        let answer = world.fails(line, 1);
        assert_eq!(answer.stdout, "");
        assert!(answer.stderr.starts_with("error: "), "{answer}");
    }
    assert_eq!(files, crate::world::files_below(world.checkout()));
    world.git(&["remote", "remove", "origin"]);
    world.ok("lock -e staging -m x");
}

#[test]
fn usage_ends_with_2_a_rule_with_3_and_a_broken_repository_with_6() {
    let world = shop();
    world.fails("", 2);
    world.fails("deploy -a basket", 2);
    world.fails("deploy -a Basket -e staging --version 1", 2);
    world.fails("deploy -a basket -e staging --version 9", 3);
    world.fails("deploy -a basket -e moon --version 1", 3);
    world.file("trainyard.yaml", "a: 1");
    world.fails("deploy -a basket -e staging --version 2", 6);
}

#[test]
fn a_remote_that_says_no_ends_with_5_in_its_own_words() {
    let world = shop();
    let hook = world.remote().join("hooks/pre-receive");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(
        &hook,
        "#!/bin/sh\necho 'main is protected: ask the night shift' >&2\nexit 1\n",
    )
    .unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let before = world.snapshot();
    let answer = world.fails("lock -e staging -m x", 5);
    assert_eq!(answer.stdout, "");
    assert!(
        answer
            .stderr
            .contains("main is protected: ask the night shift"),
        "{answer}"
    );
    world.assert_untouched(&before);
}

#[test]
fn pending_changes_end_with_10_only_if_asked() {
    let world = shop();
    world.ok("prognosis staging");
    world.fails("prognosis staging --detailed-exitcode", 10);
    world.fails("release-train staging --detailed-exitcode", 2);
}

#[test]
fn without_arguments_the_help_says_what_there_is() {
    let world = shop();
    insta::assert_snapshot!("help", told(&world, "--help"));
    for command in [
        "release",
        "deploy",
        "lock",
        "unlock",
        "release-train",
        "prognosis",
        "app",
        "app delete",
        "app remove-environment",
        "render",
        "where",
        "environment",
        "environment create",
        "environment update",
        "demo",
    ] {
        let long = world.ok(&format!("{command} --help"));
        // Of these, `help` has the topic.
        if !["locks", "queue"].contains(&command) {
            assert_eq!(long, world.ok(&format!("help {command}")), "{command}");
        }
        let own: Vec<_> = long
            .lines()
            .take_while(|line| *line != "Global options:")
            .collect();
        let name = format!("help_{}", command.replace(' ', "_"));
        insta::assert_snapshot!(name, own.join("\n"));
    }
}

#[test]
fn every_example_of_the_help_works_as_it_stands() {
    let config = |fields: &str| format!("{{{fields}}}");
    let tree: Tree = [
        ("dev", r#""upstream":{"latest":true}"#),
        ("staging", r#""upstream":{"environment":"dev"}"#),
        (
            "prod-de",
            r#""upstream":{"environment":"staging"},"environmentGroup":"prod""#,
        ),
    ]
    .map(|(name, fields)| {
        let path = format!("environments/{name}/config.json");
        (path, text(&config(fields)))
    })
    .into();
    let world = World::with_files(&tree);
    for name in ["dev", "staging", "prod-de"] {
        world.edit(&format!("manifests/{name}.yaml"), "kind: Shop\n");
    }
    world.edit("web.yaml", "kind: Web\n");
    world.ok("release -a web --team shop --manifests manifests");
    let mut count = 0;
    for command in [
        "release",
        "deploy",
        "release-train",
        "prognosis",
        "lock",
        "unlock",
        "render",
        "app delete",
        "environment create",
        "environment update",
    ] {
        if command == "app delete" {
            world.ok("unlock -e staging --all");
        }
        let help = world.ok(&format!("help {command}"));
        let (_, examples) = help.split_once("Examples:\n").expect(command);
        for line in examples
            .lines()
            .filter_map(|line| line.strip_prefix("  trainyard "))
        {
            let answer = world.run(line);
            assert!([0, 10].contains(&answer.code), "{line}\n{answer}");
            count += 1;
        }
    }
    assert!(count >= 13, "{count}");
}
