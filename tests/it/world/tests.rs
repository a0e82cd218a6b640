//! The world keeps what it promises.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::process::Command;

use super::words::words;
use super::{NO_SKIPS, Node, Tree, World, differences, files_below, fixtures, text};

/// A change by hand, and where a snapshot shows it first.
type Change<'scene> = (&'scene str, &'scene dyn Fn(&World));

#[test]
fn a_line_is_split_as_a_shell_does() {
    let line = r#"lock  -e dev -m 'load "test"' --x="a b"c "" 'it'\''s' a\ b "\"q\"""#;
    let wanted = [
        "lock",
        "-e",
        "dev",
        "-m",
        "load \"test\"",
        "--x=a bc",
        "",
        "it's",
        "a b",
        "\"q\"",
    ];
    assert_eq!(words(line), wanted.map(OsString::from));
    assert!(words(" \n").is_empty());
}

#[test]
fn a_test_that_is_skipped_fails_where_the_machine_has_everything() {
    // It wants `jq`, which nobody finds there.
    let lacking = |set: &[(&str, &str)]| {
        let mut test = Command::new(std::env::current_exe().unwrap());
        test.args([
            "--exact",
            "supply::a_release_carries_a_list_of_all_that_is_linked",
        ]);
        test.env_remove(NO_SKIPS).env("PATH", "/nowhere");
        let output = test.envs(set.iter().copied()).output().unwrap();
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8(told).unwrap();
        (output.status.success(), told)
    };
    let (passes, told) = lacking(&[]);
    assert!(passes && told.contains("1 passed"), "{told}");
    assert!(told.contains("skipped: jq is missing\n"), "{told}");
    let (passes, told) = lacking(&[(NO_SKIPS, "1")]);
    assert!(!passes && told.contains("1 failed"), "{told}");
    assert!(
        told.contains("jq is missing, and TRAINYARD_NO_SKIPS is set"),
        "{told}"
    );
}

#[test]
fn a_world_holds_its_fixture_and_the_same_commits_every_time() {
    let world = World::from_fixture("shop");
    assert_eq!(world.tree(), files_below(&fixtures().join("repos/shop")));
    assert_eq!(world.tree(), world.tree_at("HEAD"));
    assert_eq!(world.head(), World::from_fixture("shop").head());
    assert_eq!(world.head(), world.git(&["rev-parse", "HEAD"]));
    let wanted: BTreeSet<String> = ["040000", "100644"].map(str::to_owned).into();
    assert_eq!(world.modes(), wanted);
}

#[test]
fn every_clone_sees_what_one_of_them_pushed() {
    let world = World::with_files(&Tree::new());
    let other = world.clone_to("other");
    world.file("a/file", b"bytes \0 and more\n");
    other.link("a/link", "../a/file");
    let shallow = world.clone_with("shallow", &["--depth=1"]);
    world.remove("a/file");
    let left = Tree::from([("a/link".to_owned(), Node::Link("../a/file".into()))]);
    assert_eq!(world.tree(), left);
    assert_eq!(world.tree_at("HEAD~2").len(), 1);
    assert_eq!(files_below(shallow.checkout()).len(), 2);
}

#[test]
fn a_snapshot_notices_every_kind_of_change() {
    let changes: [Change; 7] = [
        ("work tree: new", &|world| world.edit("new", "x")),
        ("work tree: kept", &|world| world.edit("kept", "y")),
        ("work tree: empty/", &|world| {
            fs::create_dir(world.checkout().join("empty")).unwrap();
        }),
        ("index", &|world| {
            world.git(&["rm", "-q", "--cached", "kept"]);
        }),
        ("refs", &|world| {
            world.git(&["tag", "mark"]);
        }),
        ("HEAD", &|world| {
            world.git(&["checkout", "-q", "--detach"]);
        }),
        ("remote: refs", &|world| {
            world.remote_git(&["branch", "more"]);
        }),
    ];
    for (part, change) in changes {
        let world = World::with_files(&Tree::from([("kept".to_owned(), text("x"))]));
        let before = world.snapshot();
        world.assert_untouched(&before);
        change(&world);
        let found = differences(&before.0, &world.snapshot().0);
        assert!(found.starts_with(part), "{part}: {found}");
    }
}

#[test]
fn the_clock_moves_on_with_every_run_and_in_every_clone() {
    let world = World::with_files(&Tree::new());
    let other = world.clone_to("other");
    let first = world.run("--version").at;
    let second = other
        .run_with("--version", &[("TRAINYARD_REMOTE", None)])
        .at;
    assert_eq!(first.to_string(), "2026-03-02T08:01:00Z");
    assert_eq!(second.to_string(), "2026-03-02T08:02:00Z");
    assert_eq!(world.now(), second);
    let third = world.fails("--no-such-flag", 2).at;
    assert_eq!(third.to_string(), "2026-03-02T08:03:00Z");
    let path = world.scratch("manifest.yaml", "kind: Test\n");
    assert_eq!(fs::read_to_string(path).unwrap(), "kind: Test\n");
}
