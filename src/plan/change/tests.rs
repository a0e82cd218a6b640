//! What a deployment changes, as unified diffs.

use super::*;
use crate::plan::world::World;

/// The change as text.
fn told(change: &ManifestChange) -> String {
    match change {
        ManifestChange::Same => "same".to_owned(),
        ManifestChange::Kept => "kept".to_owned(),
        ManifestChange::Unreadable {
            why,
            removed,
            added,
            ..
        } => format!("{why:?} -{removed} +{added}"),
        ManifestChange::Text(diff) => {
            let hunks = diff.hunks.iter().flatten().map(|hunk| {
                let ((first, many), (then, much)) = (hunk.before, hunk.after);
                let lines = hunk
                    .lines
                    .iter()
                    .map(|(sign, line)| format!("{}{line}\n", sign.mark()));
                format!(
                    "@@ -{first},{many} +{then},{much} @@\n{}",
                    lines.collect::<String>()
                )
            });
            format!(
                "-{} +{}\n{}",
                diff.removed,
                diff.added,
                hunks.collect::<String>()
            )
        }
    }
}

#[track_caller]
fn check(old: &str, new: &str, expected: &str) {
    let path = RepoPath::of(&["m"]);
    let change = between(path, Some(old.as_bytes()), new.as_bytes());
    assert_eq!(told(&change), expected);
}

#[test]
fn a_diff_shows_what_changes_with_three_lines_around() {
    let lines = |change: &str| format!("a: 1\nb: 2\nc: 3\nd: 4\ne: {change}\nf: 6\n");
    check(
        &lines("5"),
        &lines("7"),
        "-1 +1\n@@ -2,5 +2,5 @@\n b: 2\n c: 3\n d: 4\n-e: 5\n+e: 7\n f: 6\n",
    );
    check("", "a: 1\n", "-0 +1\n@@ -0,0 +1,1 @@\n+a: 1\n");
    check(
        "a: 1\n",
        " ",
        "-1 +1\n@@ -1,1 +1,1 @@\n-a: 1\n+ \n\\ No newline at end of file\n",
    );
    check(
        "a: 1",
        "a: 1\n",
        "-1 +1\n@@ -1,1 +1,1 @@\n-a: 1\n\\ No newline at end of file\n+a: 1\n",
    );
    check(
        "a: 1\n",
        "a: 1\r\n",
        "-1 +1\n@@ -1,1 +1,1 @@\n-a: 1\n+a: 1\r\n",
    );
}

#[test]
fn that_a_secret_changes_is_shown_and_nothing_else() {
    let secret = |value: &str| format!("kind: Secret\nstringData:\n  a: {value}\n  b: same\n");
    check(
        &secret("one"),
        &secret("|\n    more\n    than one"),
        "-1 +1\n@@ -1,4 +1,4 @@\n kind: Secret\n stringData:\n-  a: (secret value)\n+  a: (secret value, changed)\n   b: (secret value)\n",
    );
    check(&secret("one"), &secret("'one' # again"), "-0 +0\n");
    check(
        &secret("one"),
        "kind: Secret\nstringData:\n  b: same\n  c: one\n",
        "-1 +1\n@@ -1,4 +1,4 @@\n kind: Secret\n stringData:\n-  a: (secret value)\n   b: (secret value)\n+  c: (secret value)\n",
    );
    check("a: [", "kind: Secret\ndata: {a: b}", "NoYaml -1 +2");
    check("kind: Secret\ndata: {a: b}", "a: [\n", "NoYaml -2 +1");
}

#[test]
fn a_huge_change_is_found_in_a_bounded_time() {
    // Every line is there on both sides, in another order: the worst for any search of the shortest way.
    let list = |step: usize| {
        let lines = (0..60_000).map(|line| format!("a{}: 1", line * step % 60_013));
        lines.collect::<Vec<_>>().join("\n")
    };
    let change = between(
        RepoPath::of(&["m"]),
        Some(list(1).as_bytes()),
        list(7_919).as_bytes(),
    );
    let (removed, added) = change.totals();
    assert!(removed > 50_000 && removed == added, "{removed} {added}");
}

#[test]
fn the_manifest_that_lies_there_is_compared_with_what_would_be_written() {
    let folder = "environments/dev/applications/web";
    let applied = format!("{folder}/manifests/manifests.yaml");
    let check = |world: World, manifest: &str, expected: &str| {
        let (environment, app) = ("dev".parse().unwrap(), "web".parse().unwrap());
        let change = change(
            &world.0,
            &environment,
            &app,
            &Content::new(manifest.as_bytes()),
        );
        assert_eq!(told(&change.unwrap()), expected);
    };
    let world = || World::of(&[("dev", "latest")]);
    check(world().file(&applied, "a: 1\n"), "a: 1\n", "same");
    check(world().file(&applied, " "), "", "same");
    check(
        world(),
        "",
        "-0 +1\n@@ -0,0 +1,1 @@\n+ \n\\ No newline at end of file\n",
    );
    check(
        world().file(&applied, "->x"),
        "a: 1\n",
        "-0 +1\n@@ -0,0 +1,1 @@\n+a: 1\n",
    );
    let kept = world()
        .file(&applied, "a: 2\n")
        .file(&format!("{folder}/manifest_locks/mend/message"), "x");
    check(kept, "a: 1\n", "kept");
}

#[test]
fn a_refusal_tells_what_differs_and_never_a_secret() {
    let secret = "kind: Secret\nstringData: {a: hunter2}\n";
    for (stored, given, expected) in [
        (secret, secret, ""),
        (
            secret,
            "kind: \"Secret\"\nstringData:\n  a: hunter2\n",
            "--- m stored\n+++ m given\n(nothing but how its secrets are written)\n",
        ),
        (
            "a: hunter2\n\tx",
            secret,
            "--- m stored\n+++ m given\n(+2 -2; not shown, since not all of it is YAML, and secrets in it cannot be told from the rest)\n",
        ),
        (
            "",
            "a: 1\nb: 2\n",
            "--- m stored\n+++ m given\n@@ -0,0 +1,2 @@\n+a: 1\n+b: 2\n",
        ),
    ] {
        assert_eq!(unified("m", stored, given), expected);
    }
}
