//! Nothing may be written: a file system that can only be read, and folders without the right to write.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::disk::Disk;
use super::fault::run_at;
use super::scene::{OTHER, Shape, VERBS};
use super::verdict::{Before, check_tidy, check_words};
use crate::world::{Answer, World, program_path, skipped};

/// Commands that only look.
const LOOKS: [&str; 6] = [
    "status",
    "locks",
    "history",
    "prognosis staging",
    "environment list",
    "can-deploy web staging --version 1",
];

/// Every verb fails and changes nothing, and every look is allowed.
fn check_all(world: &World, codes: &[i32], what: &str, run: impl Fn(&str) -> Answer) {
    let before = Before::of(world);
    for (_, line) in VERBS {
        let answer = run(line);
        let told = check_words(&answer).and_then(|()| before.check(world));
        told.unwrap_or_else(|error| panic!("{what}: {line}\n{error}"));
        assert!(codes.contains(&answer.code), "{what}: {line}\n{answer}");
    }
    for line in LOOKS {
        let answer = run(line);
        assert!([0, 3].contains(&answer.code), "{what}: {line}\n{answer}");
        assert!(!answer.stderr.contains("error"), "{what}: {line}\n{answer}");
    }
    before.check(world).unwrap();
}

#[test]
fn on_a_file_system_that_can_only_be_read_it_looks_and_changes_nothing() {
    for (remote, codes, shape) in [
        (false, [1, 1], Shape::Plain),
        (false, [1, 1], Shape::Local),
        (true, [1, 5], Shape::Plain),
    ] {
        let world = shape.world();
        let folder = if remote {
            world.remote()
        } else {
            world.checkout().to_owned()
        };
        let Some(disk) = Disk::under(&folder) else {
            return;
        };
        disk.read_only(true);
        let what = format!("{} only to be read", folder.display());
        check_all(&world, &codes, &what, |line| {
            let answer = run_at(&world, shape, line, 1);
            let failed = answer.code != 0 && answer.code != 3;
            // Of the other side, only what its server tells is known.
            let why = ["Read-only file system", "unpacker error"];
            assert!(
                !failed || why.iter().any(|why| answer.stderr.contains(why)),
                "{line}\n{answer}"
            );
            answer
        });
        disk.read_only(false);
        let answer = run_at(&world, shape, OTHER, 2);
        assert_eq!(answer.code, 0, "{answer}");
        check_tidy(&world, shape, true).unwrap();
    }
}

#[test]
fn in_folders_that_others_own_it_looks_and_changes_nothing() {
    let world = Shape::Plain.world();
    let as_nobody = |program: &str, line: &str| {
        let mut command = world.beside("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", program]);
        command.args(crate::world::words(line));
        command
    };
    let program = program_path();
    world.shell("chmod 755 ..");
    if !as_nobody(program, "--version")
        .output()
        .is_ok_and(|output| output.status.success())
    {
        skipped("this user cannot be another one");
        return;
    }
    world.git(&[
        "config",
        "--file",
        "../home/.gitconfig",
        "safe.directory",
        "*",
    ]);
    for (name, writes) in [
        ("checkout/.git", true),
        ("remote.git", true),
        ("checkout", false),
    ] {
        let folder = world.room().join(name).display().to_string();
        // Theirs, but for the folder that it is about.
        world.shell("chown -R 65534:65534 .. && chmod -R u+w ..");
        let change = if writes {
            format!("chmod -R a-w '{folder}'")
        } else {
            format!("find '{folder}' -not -path '*/.git*' -type d -exec chmod a-w {{}} +")
        };
        world.shell(&change);
        let run = |line: &str| {
            let at = world.next_minute();
            let mut command = as_nobody(program, line);
            let home = world.room().join("home/.gitconfig");
            let command = command
                .env("TRAINYARD_NOW", at.to_string())
                .env("GIT_CONFIG_GLOBAL", home);
            crate::world::answer(command, at)
        };
        if name == "checkout" {
            // It lands; the files cannot come along, and that is said.
            let answer = run("release-train staging");
            assert_eq!(answer.code, 0, "{answer}");
            assert!(answer.stderr.contains("Permission denied"), "{answer}");
            world.shell("chown -R 65534:65534 .. && chmod -R u+w ..");
            let answer = run(OTHER);
            assert_eq!(answer.code, 0, "{answer}");
            world.shell("chown -R 0:0 ..");
            check_tidy(&world, Shape::Plain, true).unwrap();
        } else {
            check_all(&world, &[1, 5], &change, run);
        }
    }
    fs::set_permissions(world.room(), fs::Permissions::from_mode(0o755)).unwrap();
}
