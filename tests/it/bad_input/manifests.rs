//! Manifests: files that cannot be taken, and pairs of environment and manifest that do not fit.

use std::fs;

use super::{Row, assert_refused, check};
use crate::shop::shop;
use crate::world::World;

/// A release of the file `../scratch/NAME` for staging has to be refused with these words about the file.
fn check_files(world: &World, files: &[(&str, &str)]) {
    let rows = files.iter().map(|(name, error)| {
        let line = format!("release -a web --environment staging --manifest ../scratch/{name}");
        let error = format!("the manifest `../scratch/{name}` for `staging`: {error}");
        (line, error)
    });
    let rows: Vec<_> = rows.collect();
    let rows: Vec<Row> = rows
        .iter()
        .map(|(line, error)| (line.as_str(), 2, error.as_str(), ""))
        .collect();
    check(world, &rows);
}

#[test]
fn a_manifest_that_cannot_be_read_is_refused() {
    let world = shop();
    for (name, bytes) in [
        ("latin", b"a: caf\xe9\n".as_slice()),
        ("utf-16", b"\xff\xfea\0:\0\n\0"),
        ("nul", b"a: \0\n"),
    ] {
        world.scratch(name, bytes);
    }
    let scratch = world.checkout().join("../scratch");
    std::os::unix::fs::symlink("loop", scratch.join("loop")).unwrap();
    // A hole as large as that takes no room.
    let huge = fs::File::create(scratch.join("huge")).unwrap();
    huge.set_len(50 << 20).unwrap();
    check_files(
        &world,
        &[
            ("missing", "it cannot be read: No such file or directory"),
            (
                "loop",
                "it cannot be read: Too many levels of symbolic links",
            ),
            ("next", "it is a folder"),
            ("latin", "it is not UTF-8 text"),
            ("utf-16", "it is not UTF-8 text"),
            ("nul", "it holds a NUL byte"),
            ("huge", "it has 52428800 bytes, and 12582912 are allowed"),
        ],
    );
    let endless = "release -a web --manifest staging=/dev/zero";
    check(
        &world,
        &[(
            endless,
            2,
            "it has 12582913 bytes, and 12582912 are allowed",
            "",
        )],
    );
}

#[test]
fn a_manifest_that_is_no_yaml_is_refused_with_line_and_column() {
    let world = shop();
    let bomb = (0..40).fold("a0: &a0 [x]\n".to_owned(), |bomb, level| {
        let next = level + 1;
        format!("{bomb}a{next}: &a{next} [*a{level}, *a{level}, *a{level}]\n")
    });
    let deep = "[".repeat(200_000);
    for (name, content) in [
        ("open", "a: [\n"),
        ("tab", "a: 1\nb:\n\t- x\n"),
        ("indent", "a: 1\n b: 2\n  - c\n"),
        ("twice", "metadata:\n  name: x\n  name: y\n"),
        ("twice-at-the-top", "a: 1\na: 2\n"),
        (
            "conflict",
            "<<<<<<< ours\na: 1\n=======\na: 2\n>>>>>>> theirs\n",
        ),
        (
            "conflict-within",
            "kind: X\n<<<<<<< ours\na: 1\n=======\na: 2\n>>>>>>> theirs\n",
        ),
        (
            "conflict-in-text",
            "a: |\n  x\n<<<<<<< ours\n  y\n=======\n  z\n>>>>>>> theirs\n",
        ),
        ("itself", "a: &a [*a]\n"),
        ("no-anchor", "a: *nowhere\n"),
        ("second-document", "a: 1\n---\nb: [\n"),
        ("bomb", &bomb),
        ("deep", &deep),
    ] {
        world.scratch(name, content);
    }
    check_files(
        &world,
        &[
            (
                "open",
                "it is no YAML: did not find expected node content at line 2 column 1",
            ),
            (
                "tab",
                "it is no YAML: found character that cannot start any token at line 3 column 1",
            ),
            (
                "indent",
                "it is no YAML: mapping values are not allowed in this context at line 2 column 3",
            ),
            (
                "twice",
                "it is no YAML: metadata: duplicate entry with key \"name\" at line 2 column 3",
            ),
            (
                "twice-at-the-top",
                "it is no YAML: duplicate entry with key \"a\"",
            ),
            (
                "conflict",
                "it is no YAML: mapping values are not allowed in this context at line 2 column 2",
            ),
            (
                "conflict-within",
                "it is no YAML: could not find expected ':' at line 3 column 1",
            ),
            (
                "conflict-in-text",
                "it is no YAML: could not find expected ':' at line 5 column 1",
            ),
            (
                "itself",
                "it is no YAML: recursion limit exceeded at line 1 column 4",
            ),
            (
                "no-anchor",
                "it is no YAML: unknown anchor at line 1 column 4",
            ),
            (
                "second-document",
                "it is no YAML: did not find expected node content at line 4 column 1",
            ),
            ("bomb", "it is no YAML: repetition limit exceeded"),
            (
                "deep",
                "it is no YAML: recursion limit exceeded at line 1 column 129",
            ),
        ],
    );
}

#[test]
fn an_environment_has_one_manifest_in_whatever_way_it_is_given() {
    let world = shop();
    world.scratch("both/staging.yaml", "a: 1\n");
    world.scratch("both/staging.yml", "a: 1\n");
    let twice = "environment `staging` has two manifests";
    let file = "../scratch/next/staging.yaml";
    let lines = [
        format!("-e staging -f {file} -e staging -f {file}"),
        format!("-f staging={file} -f staging={file}"),
        format!("-e staging -f {file} -f staging={file}"),
        format!("-f staging={file} -e staging -f {file}"),
        format!("--manifests ../scratch/next -e staging -f {file}"),
        format!("--manifests ../scratch/next -f staging={file}"),
        "--manifests ../scratch/both".to_owned(),
    ];
    let lines = lines.map(|flags| format!("release -a web {flags}"));
    let rows: Vec<Row> = lines
        .iter()
        .map(|line| (line.as_str(), 2, twice, ""))
        .collect();
    check(&world, &rows);
}

#[test]
fn an_environment_and_its_manifest_stand_side_by_side() {
    let no_manifest = "`--environment staging` has no `--manifest` right behind it";
    let no_environment = "\"../scratch/next/staging.yaml\" needs `--environment ENV` right before it, or the form ENV=FILE";
    check(
        &shop(),
        &[
            ("release -a web", 2, "a release needs a manifest", ""),
            ("release -a web -e staging", 2, no_manifest, ""),
            (
                "release -a web -e staging -e prod-de -f ../scratch/next/staging.yaml",
                2,
                no_manifest,
                "",
            ),
            (
                "release -a web -e staging -t ops -f ../scratch/next/staging.yaml",
                2,
                no_manifest,
                "",
            ),
            (
                "release -a web -e prod-de -f ../scratch/next/prod-de.yaml -e staging",
                2,
                no_manifest,
                "",
            ),
            (
                "release -a web -f ../scratch/next/staging.yaml",
                2,
                no_environment,
                "",
            ),
            (
                "release -a web -f ../scratch/next/staging.yaml -e staging",
                2,
                no_environment,
                "",
            ),
            (
                "release -a web -e prod-de -f ../scratch/next/prod-de.yaml -f ../scratch/next/staging.yaml",
                2,
                no_environment,
                "",
            ),
            (
                "release -a web -f Staging=../scratch/next/staging.yaml",
                2,
                "`Staging` is no valid environment name",
                "",
            ),
            (
                "release -a web -f =../scratch/next/staging.yaml",
                2,
                "`` is no valid environment name",
                "",
            ),
            (
                "release -a web -e staging -f ''",
                2,
                "the manifest `` for `staging`: it cannot be read",
                "",
            ),
        ],
    );
}

#[test]
fn a_folder_of_manifests_holds_a_file_for_each_environment() {
    let world = shop();
    world.scratch("empty/README.md", "nothing here");
    world.scratch("names/Staging.yaml", "a: 1\n");
    world.scratch("folders/staging.yaml/x", "a: 1\n");
    check(
        &world,
        &[
            (
                "release -a web --manifests ../scratch/nowhere",
                2,
                "the folder `../scratch/nowhere` cannot be read: No such file",
                "",
            ),
            (
                "release -a web --manifests ../scratch/next/staging.yaml",
                2,
                "`../scratch/next/staging.yaml` is no folder",
                "",
            ),
            (
                "release -a web --manifests ../scratch/empty",
                2,
                "the folder `../scratch/empty` holds no ENV.yaml",
                "",
            ),
            (
                "release -a web --manifests ../scratch/names",
                2,
                "the file `../scratch/names/Staging.yaml`: `Staging` is no valid environment name",
                "",
            ),
            (
                "release -a web --manifests ../scratch/folders",
                2,
                "`../scratch/folders/staging.yaml` for `staging`: it is a folder",
                "",
            ),
        ],
    );
}

#[test]
fn stdin_is_one_manifest_and_is_checked_like_a_file() {
    let world = shop();
    let before = world.snapshot();
    for (line, stdin, error) in [
        (
            "release -a web -f staging=- -f prod-de=-",
            "a: 1\n",
            "only one manifest can come from stdin",
        ),
        (
            "release -a web -e staging -f -",
            "a: [\n",
            "the manifest `-` for `staging`: it is no YAML",
        ),
        (
            "release -a web -e staging -f -",
            "a: \0\n",
            "the manifest `-` for `staging`: it holds a NUL byte",
        ),
    ] {
        let answer = world.run_with_stdin(line, stdin);
        assert_refused(&(line, 2, error, ""), &answer);
        world.assert_untouched(&before);
    }
}
