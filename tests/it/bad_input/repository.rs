//! Repositories that are none, or not ours.

use std::fs;

use super::{assert_refused, check};
use crate::shop::{linked, shop};
use crate::world::{Tree, World, text};

const LOCK: &str = "lock -e staging -m x";

#[test]
fn a_folder_that_is_no_git_repository_is_refused() {
    let world = shop();
    world.scratch("plain/file", "x");
    let none = "is not in a git repository";
    let hint = "change into the checkout of the manifest repository, or pass it with `-C`";
    check(
        &world,
        &[
            (
                "-C ../scratch/plain lock -e staging -m x",
                6,
                &format!("`../scratch/plain` {none}"),
                hint,
            ),
            (
                "-C ../nowhere lock -e staging -m x",
                6,
                "there is no folder `../nowhere`",
                "pass the checkout of the manifest repository with `-C`",
            ),
            (
                "-C ../scratch/plain/file lock -e staging -m x",
                6,
                "`../scratch/plain/file`",
                hint,
            ),
        ],
    );
    let (line, named) = (
        "prognosis staging",
        ("TRAINYARD_REPO", Some("../scratch/plain")),
    );
    let answer = world.run_with(line, &[named]);
    assert_refused(
        &(line, 6, &format!("`../scratch/plain` {none}"), hint),
        &answer,
    );
}

#[test]
fn a_repository_without_environments_is_refused_with_a_way_to_start() {
    let world = World::with_files(&Tree::from([("README.md".to_owned(), text("hello"))]));
    let none = "this is no manifest repository: the branch `main` has no folder `environments/` with an environment in it";
    let start = "start one with a first environment: `trainyard environment create development --upstream latest`";
    world.scratch("next/staging.yaml", "a: 1\n");
    let rows = [
        (LOCK, 6, none, start),
        ("release -a web --manifests ../scratch/next", 6, none, start),
        ("prognosis staging", 6, none, start),
        ("--no-push release-train staging", 6, none, start),
    ];
    check(&world, &rows);
    world.file("environments", "a file");
    check(&world, &rows);
    world.remove("environments");
    world.file("environments/README.md", "a file");
    check(&world, &rows);
    // What the hint says is enough.
    world.ok("environment create development --upstream latest");
    world.ok("release -a web --manifest development=../scratch/next/staging.yaml");
    assert_eq!(
        linked(&world, "development", "web", "version").as_deref(),
        Some("1")
    );
}

#[test]
fn a_repository_without_commits_is_refused() {
    let world = shop();
    world.shell("git init -q --initial-branch=main ../fresh");
    let answer = world.fails("-C ../fresh lock -e staging -m x", 6);
    assert!(
        answer.stderr.contains("the branch `main` has no commits"),
        "{answer}"
    );
    assert!(
        answer
            .stderr
            .contains("hint: begin with a commit: `git commit --allow-empty -m begin`, then `trainyard environment create"),
        "{answer}"
    );
}

#[test]
fn a_bare_repository_has_to_be_named() {
    let world = shop();
    let inside = world.remote().join("objects").display().to_string();
    let remote = world.remote().canonicalize().unwrap().display().to_string();
    let line = format!("-C {inside} lock -e staging -m x");
    let (error, hint) = (
        format!("`{remote}/` is a bare repository that nobody named"),
        format!("pass it with `-C {remote}/` if you mean it"),
    );
    check(&world, &[(&line, 6, &error, &hint)]);
    world.ok(&format!("-C {remote} lock -e staging --lock-id named -m x"));
    assert!(
        world
            .tree()
            .contains_key("environments/staging/locks/named/message")
    );
}

#[test]
fn what_later_kuberpult_exported_is_recognised() {
    let world = shop();
    for entry in [
        "applications",
        "environments/staging/applications/basket/version",
    ] {
        world.git(&["rm", "-rq", "--", entry]);
    }
    world.shell("git rm -q environments/*/applications/*/version && git commit -qm export && git push -q origin main");
    let written = "this manifest repository was written by kuberpult v13.50 or later: it holds manifests, but neither releases nor `version` links (for example in `environments/development/applications/basket/manifests`)";
    let hint = "start in a fresh repository with these `environments/*/config.json`";
    check(
        &world,
        &[
            (LOCK, 6, written, hint),
            (
                "release -a web --manifests ../scratch/next",
                6,
                written,
                hint,
            ),
            ("prognosis staging", 6, written, hint),
        ],
    );
}

#[test]
fn a_release_with_a_revision_is_read_and_neither_deployed_nor_stored_again() {
    let world = shop();
    let releases = world.checkout().join("applications/basket/releases");
    fs::rename(releases.join("2"), releases.join("2.1")).unwrap();
    world.shell("git add . && git commit -qm revision && git push -q origin main");
    world.link(
        "environments/development/applications/basket/version",
        "../../../../applications/basket/releases/2.1",
    );
    let revision = "release 2.1 of `basket` has a revision; trainyard reads such releases, but does not deploy them";
    let again = "store it again under a plain number: `trainyard release -a basket …`";
    check(
        &world,
        &[
            (
                "deploy -a basket -e staging --version 2",
                3,
                revision,
                again,
            ),
            (
                "deploy -a basket -g prod --version 2 --on-lock ignore",
                3,
                revision,
                again,
            ),
            (
                "deploy -a basket -e staging --version 3",
                3,
                "`basket` has no release 3",
                "the nearest releases are `1`, `2.1`",
            ),
        ],
    );
    let told = world.ok("release-train staging");
    assert!(
        told.contains(
            "basket   skipped: release 2.1 has a revision, which trainyard does not deploy"
        ),
        "{told}"
    );
    assert!(told.contains("courier  1 → 2"), "{told}");
    let told = world.ok("release -a basket --manifests ../scratch/next");
    assert!(
        told.contains("deployed basket to development: 2.1 → 3"),
        "{told}"
    );
}

#[test]
fn options_that_cannot_be_understood_are_refused() {
    let hint = "mend it in the manifest repository, commit and push it";
    let limit = "`trainyard.yaml`: `releaseVersionsLimit` is";
    let options = [
        (
            "releaseVersionsLimit: 4",
            format!("{limit} 4, and 5 to 1000 are allowed"),
        ),
        (
            "releaseVersionsLimit: 1001",
            format!("{limit} 1001, and 5 to 1000 are allowed"),
        ),
        (
            "releaseVersionsLimit: many",
            "releaseVersionsLimit: invalid type: string \"many\"".to_owned(),
        ),
        (
            "releaseVersionsLimit: -5",
            "releaseVersionsLimit: invalid".to_owned(),
        ),
        (
            "releaseVersionLimit: 5",
            "unknown field `releaseVersionLimit`, expected one of `releaseVersionsLimit`"
                .to_owned(),
        ),
        (
            "argocd:\n  repoURL: x",
            "argocd: unknown field `repoURL`, expected `repoUrl` or `notifyUrl` at line 2 column 3"
                .to_owned(),
        ),
        ("hook: rm -rf /", "unknown field `hook`".to_owned()),
        ("releaseVersionsLimit: [", "at line 1 column".to_owned()),
        ("- releaseVersionsLimit", "invalid type".to_owned()),
        (
            "releaseVersionsLimit: 5\nreleaseVersionsLimit: 6",
            "duplicate field `releaseVersionsLimit`".to_owned(),
        ),
        (
            "\"\x1b[2J\": 5",
            "control characters are not allowed".to_owned(),
        ),
    ];
    let world = shop();
    for (content, error) in options {
        world.file("trainyard.yaml", content);
        check(
            &world,
            &[
                (LOCK, 6, "`trainyard.yaml`: ", hint),
                (LOCK, 6, &error, hint),
                ("prognosis staging", 6, &error, hint),
            ],
        );
    }
    world.file("trainyard.yaml", "# the defaults will do\n");
    world.ok(LOCK);
}

#[test]
fn stray_files_are_passed_over_and_those_beside_environments_reported() {
    let world = shop();
    for path in [
        "README.md",
        "environments/README.md",
        "environments/Bad_Name/config.json",
        "environments/staging/notes.txt",
        "environments/staging/applications/notes.txt",
        "environments/staging/applications/Bad_Name/version",
        "environments/staging/locks/notes.txt",
        "applications/notes.txt",
        "applications/Bad_Name/releases/1/created_at",
        "applications/basket/releases/notes.txt",
        "applications/basket/releases/latest/created_at",
        "applications/basket/releases/02/created_at",
    ] {
        world.edit(path, "stray");
    }
    world.shell("git add . && git commit -qm strays && git push -q origin main");
    let answer = world.run("release-train staging");
    assert_eq!(answer.code, 0, "{answer}");
    assert!(
        answer
            .stdout
            .contains("staging: 2 deployed, 0 skipped, 0 up to date with development"),
        "{answer}"
    );
    let warned: Vec<_> = answer
        .stderr
        .lines()
        .filter(|line| line.starts_with("warning"))
        .collect();
    let passed_over =
        |path: &str| format!("warning: `environments/{path}` is no environment and is passed over");
    assert_eq!(warned, ["Bad_Name", "README.md"].map(passed_over));
    let told = world.ok("release -a basket --manifests ../scratch/next");
    assert!(told.starts_with("released basket 3\n"), "{told}");
}

#[test]
fn options_that_are_no_file_are_refused() {
    let world = shop();
    world.link("trainyard.yaml", "/etc/passwd");
    world.fails("lock -e staging -m x", 6);
    let world = shop();
    world.remove("trainyard.yaml");
    world.file("trainyard.yaml/inner", "x");
    world.fails("lock -e staging -m x", 6);
}
