//! What the shells offer: the names of the repository, as it was heard of last, and nothing that could do harm.

use std::fs;

use super::drive::{Shell, is_here};
use crate::shop::{environments, shop, store};
use crate::world::{Tree, World, text};

/// What stands at the beginnings of lines, without what it is about.
fn words(offered: &str) -> Vec<&str> {
    let lines = offered.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| line.split('\t').next().unwrap())
        .map(|line| line.split("  -- ").next().unwrap())
        .filter(|line| !line.starts_with('{'))
        .collect()
}

/// Every shell that is here offers these words at the end of the line.
#[track_caller]
fn check(world: &World, line: &str, expected: &[&str]) {
    for shell in Shell::ALL {
        if shell.is_here() {
            let offered = shell.offers(world, line);
            assert_eq!(words(&offered), expected, "{shell:?}: {line}\n{offered}");
        }
    }
}

/// The shop with locks of every kind, one of them with a name that means something to a shell.
fn locked() -> World {
    let mut tree = environments();
    for version in 1..=10 {
        store(&mut tree, "basket", version);
    }
    store(&mut tree, "courier", 1);
    let mut put = |path: &str, content: &str| tree.insert(path.to_owned(), text(content));
    put("applications/basket/team", "day-shift");
    put("applications/courier/team", "Night \u{1b}[31m Shift");
    put(
        "applications/basket/releases/10/display_version",
        "v1.10\u{1b}[31m",
    );
    put(
        "environments/staging/locks/freeze/message",
        "until\nFriday\tnight\u{202e}",
    );
    put(
        "environments/staging/locks/$(touch pwned)/message",
        "`touch pwned`",
    );
    put("environments/staging/locks/load test/message", "");
    put("environments/staging/locks/bell\u{7}/message", "rings");
    put("environments/staging/locks/-rf/message", "an option");
    put("environments/staging/locks/a\u{202e}b/message", "turned");
    put(
        "environments/staging/applications/basket/locks/leak/message",
        "",
    );
    put(
        "environments/staging/teams/day-shift/locks/party/message",
        "",
    );
    World::with_files(&tree)
}

#[test]
fn names_are_those_of_the_repository_narrowed_by_the_line() {
    let world = locked();
    check(&world, "trainyard deploy -a ", &["basket", "courier"]);
    check(&world, "trainyard can-deploy ", &["basket", "courier"]);
    check(
        &world,
        "trainyard can-deploy basket pr",
        &["prod-ca", "prod-de"],
    );
    check(&world, "trainyard locks -t d", &["day-shift"]);
    check(
        &world,
        "trainyard unlock -e staging -a basket --lock-id ",
        &["leak"],
    );
    check(
        &world,
        "trainyard unlock -e staging -t day-shift --lock-id ",
        &["party"],
    );
    check(&world, "trainyard unlock -e prod-de --lock-id ", &[]);
    let newest_first = ["10", "9", "8", "7", "6", "5", "4", "3", "2", "1"];
    check(
        &world,
        "trainyard deploy -a basket --version ",
        &newest_first,
    );
    check(
        &world,
        "trainyard release-train prod",
        &["prod", "prod-ca", "prod-de"],
    );
    check(
        &world,
        "trainyard diff staging prod",
        &["prod", "prod-ca", "prod-de"],
    );
    check(
        &world,
        "trainyard changelog staging..prod",
        &["staging..prod", "staging..prod-ca", "staging..prod-de"],
    );
    check(&world, "trainyard --branch ", &["main"]);
}

#[test]
fn a_folder_elsewhere_is_named_by_the_line_or_by_a_variable() {
    let world = locked();
    let checkout = world.checkout().display().to_string();
    let elsewhere = world.clone_to("elsewhere");
    fs::remove_dir_all(elsewhere.checkout().join(".git")).unwrap();
    check(&elsewhere, "trainyard deploy -a ", &[]);
    check(
        &elsewhere,
        &format!("trainyard -C {checkout} deploy -a "),
        &["basket", "courier"],
    );
    check(
        &elsewhere,
        &format!("trainyard deploy --repo={checkout} -a "),
        &["basket", "courier"],
    );
    let at_home = [("HOME", Some(world.room().to_str().unwrap()))];
    let answer = elsewhere.run_with("complete fish -C '~/checkout' deploy -a ''", &at_home);
    assert!(answer.stdout.contains("basket"), "{answer}");
    let variable = [("TRAINYARD_REPO", Some(checkout.as_str()))];
    let answer = elsewhere.run_with("complete fish deploy -a ''", &variable);
    assert!(answer.stdout.contains("basket"), "{answer}");
}

#[test]
fn what_a_name_is_about_is_shown_harmlessly() {
    let world = locked();
    for shell in [Shell::Zsh, Shell::Fish] {
        if !shell.is_here() {
            continue;
        }
        let locks = shell.offers(&world, "trainyard unlock -e staging --lock-id ");
        assert!(locks.contains("until"), "{locks}");
        assert!(
            !locks.contains("Friday")
                && !locks.contains("turned")
                && !locks.contains("bell")
                && !locks.contains("-rf"),
            "{locks}"
        );
        let versions = shell.offers(&world, "trainyard deploy -a basket --version 1");
        assert!(versions.contains(r"v1.10\u{1b}[31m"), "{versions}");
        for offered in [locks, versions] {
            assert!(
                !offered.contains(|letter: char| letter.is_control() && !"\n\t".contains(letter)),
                "{offered:?}"
            );
        }
    }
}

#[test]
fn a_name_that_means_something_to_a_shell_does_nothing_but_name() {
    if !is_here("script") {
        return;
    }
    for shell in Shell::ALL.into_iter().filter(|shell| shell.is_here()) {
        let world = locked();
        let seen = shell.sees(&world, "trainyard unlock -e staging --lock-id \\$\t\ntrainyard unlock -e staging --lock-id lo\t");
        let left: Vec<_> = world
            .tree()
            .into_keys()
            .filter(|path| path.starts_with("environments/staging/locks/"))
            .collect();
        assert_eq!(left.len(), 4, "{shell:?}: {left:?}\n{seen}");
        assert!(
            !left
                .iter()
                .any(|path| path.contains("pwned") || path.contains("load")),
            "{shell:?}: {left:?}\n{seen}"
        );
        assert!(
            !world.checkout().join("pwned").exists(),
            "{shell:?}\n{seen}"
        );
    }
}

#[test]
fn options_words_and_files_come_from_every_shell() {
    let world = locked();
    check(&world, "trainyard deploy --on", &["--on-lock"]);
    check(&world, "trainyard environment d", &["delete"]);
    check(&world, "trainyard help ex", &["exit-codes"]);
    world.edit("list.yaml", "");
    let offered = |shell: Shell, line: &str| shell.offers(&world, line);
    assert_eq!(offered(Shell::Bash, "trainyard apply -f "), "{default}\n\n");
    assert_eq!(offered(Shell::Bash, "trainyard -C "), "{dirnames}\n\n");
    if Shell::Zsh.is_here() {
        assert_eq!(offered(Shell::Zsh, "trainyard apply -f "), "{files }\n");
        assert_eq!(offered(Shell::Zsh, "trainyard -C "), "{files -/}\n");
    }
    if Shell::Fish.is_here() {
        assert_eq!(
            words(&offered(Shell::Fish, "trainyard apply -f li")),
            ["list.yaml"]
        );
        assert_eq!(
            words(&offered(Shell::Fish, "trainyard release -f staging=li")),
            ["staging=list.yaml"]
        );
        assert_eq!(
            words(&offered(Shell::Fish, "trainyard -C env")),
            ["environments/"]
        );
    }
}

/// What a script is answered.
fn asked(world: &World, line: &str) -> String {
    let answer = world.run(&format!("complete fish {line}"));
    assert_eq!(
        (answer.code, answer.stderr.as_str()),
        (0, ""),
        "{line}\n{answer}"
    );
    answer.stdout
}

#[test]
fn only_what_was_heard_of_is_read_and_nothing_is_written() {
    let world = shop();
    let other = world.clone_to("other");
    other.ok("lock -e staging --lock-id news -m x");
    let line = "unlock -e staging --lock-id ''";
    assert_eq!(asked(&world, line), "values\n");
    world.git(&["fetch", "-q"]);
    assert_eq!(asked(&world, line), "values\nnews\tx\n");
    fs::rename(world.remote(), world.remote().with_extension("away")).unwrap();
    // Somebody else is at work.
    let guard = world.checkout().join(".git/trainyard.lock");
    fs::write(&guard, "").unwrap();
    let before = everything(&world);
    assert_eq!(asked(&world, line), "values\nnews\tx\n");
    assert_eq!(asked(&world, "deploy -a ''"), "values\nbasket\ncourier\n");
    assert_eq!(before, everything(&world));
    world.git(&["remote", "remove", "origin"]);
    assert_eq!(asked(&world, line), "values\n");
}

/// Every file of the checkout, and of its `.git`.
fn everything(world: &World) -> (Tree, Tree) {
    let files = |folder: &std::path::Path| crate::world::files_below(folder);
    (
        files(world.checkout()),
        files(&world.checkout().join(".git")),
    )
}

#[test]
fn a_partial_clone_offers_what_it_has_and_fetches_nothing() {
    let world = locked();
    world.remote_git(&["config", "uploadpack.allowFilter", "true"]);
    for (filter, apps) in [
        ("--filter=blob:none", "basket\ncourier\n"),
        ("--filter=tree:0", ""),
    ] {
        let partial = world.clone_with(&filter.replace(':', "-"), &["--no-checkout", filter]);
        let before = everything(&partial);
        assert_eq!(asked(&partial, "deploy -a ''"), format!("values\n{apps}"));
        for line in ["locks -t ''", "render -g ''"] {
            assert_eq!(asked(&partial, line), "values\n", "{filter}: {line}");
        }
        let ids = asked(&partial, "unlock -e staging --lock-id ''");
        assert_eq!(ids.contains("freeze"), !apps.is_empty(), "{ids}");
        assert_eq!(before, everything(&partial));
    }
}

#[test]
fn where_there_is_no_repository_there_are_no_names_and_no_errors() {
    let world = World::with_files(&Tree::new());
    assert_eq!(asked(&world, "deploy -a ''"), "values\n");
    fs::write(world.checkout().join(".git/HEAD"), "nonsense").unwrap();
    assert_eq!(asked(&world, "deploy -a ''"), "values\n");
    fs::remove_dir_all(world.checkout().join(".git")).unwrap();
    for line in [
        "deploy -a ''",
        "-C /nowhere deploy -a ''",
        "--branch ''",
        "unlock --lock-id ''",
        "'' ''",
    ] {
        assert!(asked(&world, line).starts_with("values\n"), "{line}");
    }
    for line in [
        "complete fish",
        "complete",
        "complete nonsense x",
        "complete bash 'trainyard deploy -a ' x y",
    ] {
        let answer = world.run(line);
        assert!(answer.code == 0 || line == "complete", "{answer}");
        assert!(!answer.stderr.contains("panicked"), "{answer}");
    }
    // A variable that nobody could use is no reason to fail.
    let odd = [
        ("TRAINYARD_OUTPUT", Some("nonsense")),
        ("TRAINYARD_BRANCH", Some("-x")),
    ];
    assert_eq!(
        world.run_with("complete fish deploy -a ''", &odd).stdout,
        "values\n"
    );
}

#[test]
fn the_scripts_of_today_are_those_that_are_installed() {
    let world = World::with_files(&Tree::new());
    for shell in ["bash", "zsh", "fish"] {
        insta::assert_snapshot!(
            format!("completions_{shell}"),
            world.ok(&format!("completions {shell}"))
        );
    }
    world.fails("completions tcsh", 2);
}
