//! `get-commit-deployments` and `get-deployment-commit`: the JSON that kuberpult answers.

use super::{stamp, tell};
use crate::shop::shop;
use crate::world::World;

const HASH: &str = "abcdefabcdefabcdefabcdefabcdefabcdefabcd";

/// A release of `basket` with a source on development, and on staging; of `courier` on development.
fn busy() -> World {
    let world = shop();
    for app in ["basket", "courier"] {
        world.ok(&format!(
            "release -a {app} --manifests ../scratch/next --source-commit-id {HASH} --source-author 'Jane <jane@example.com>' \
             --source-message 'fix: a & b\n\nAll of it.'"
        ));
    }
    world.ok("release-train staging --team day-shift");
    world
}

const DEPLOYMENTS: &str = r#"{"deploymentStatus":{"basket":{"deploymentStatus":{"development":"DEPLOYED","load-test":"PENDING","prod-ca":"PENDING","prod-de":"PENDING","staging":"DEPLOYED"}},"courier":{"deploymentStatus":{"development":"DEPLOYED","load-test":"PENDING","prod-ca":"PENDING","prod-de":"PENDING","staging":"PENDING"}}}}"#;

#[test]
fn where_a_commit_is() {
    let world = busy();
    let before = world.snapshot();
    for hash in [HASH, &HASH.to_uppercase()] {
        let answer = world.client(&format!("get-commit-deployments --commit {hash}"));
        assert_eq!(
            (answer.stdout.as_str(), answer.stderr.as_str(), answer.code),
            (format!("{DEPLOYMENTS}\n\n").as_str(), "", 0)
        );
    }
    let out = world.scratch("answer.json", "old and longer than the answer".repeat(100));
    let answer = world.client(&format!(
        "--url u get-commit-deployments --commit {HASH} --out {out}"
    ));
    assert_eq!((answer.stdout.as_str(), answer.code), ("", 0), "{answer}");
    assert_eq!(
        std::fs::read_to_string(out).unwrap(),
        format!("{DEPLOYMENTS}\n")
    );
    world.assert_untouched(&before);
}

#[test]
fn from_which_commit_comes_what_runs() {
    let world = busy();
    let before = world.snapshot();
    let source = format!(
        "{{\"author\":\"Jane \\u003cjane@example.com\\u003e\",\"commit_id\":\"{HASH}\",\"commit_message\":\"fix: a \\u0026 b\\n\\nAll of it.\"}}\n"
    );
    for (environment, app, json) in [
        ("staging", "basket", source.as_str()),
        ("development", "courier", source.as_str()),
        ("staging", "courier", "{}\n"),
    ] {
        let answer = world.client(&format!(
            "get-deployment-commit --environment {environment} --application {app}"
        ));
        assert_eq!(
            (answer.stdout.as_str(), answer.stderr.as_str(), answer.code),
            (json, "", 0)
        );
    }
    for (environment, app) in [
        ("prod-de", "basket"),
        ("moon", "basket"),
        ("staging", "moon"),
    ] {
        let answer = world.client(&format!(
            "get-deployment-commit --environment {environment} --application {app}"
        ));
        let note = format!("note: nothing of `{app}` runs on `{environment}`\n");
        assert_eq!(
            (answer.stdout.as_str(), answer.stderr, answer.code),
            ("{}\n", note, 0)
        );
    }
    world.assert_untouched(&before);
}

#[test]
fn what_has_no_answer_ends_with_1() {
    let world = busy();
    let unknown = "d".repeat(40);
    let lines = [
        &format!("get-commit-deployments --commit {unknown}"),
        "get-deployment-commit --environment Staging --application basket",
        &format!("get-commit-deployments --commit {HASH} --out nowhere/answer.json"),
    ];
    insta::assert_snapshot!("no_answer", tell(&world, &lines));
    let version = "environments/staging/applications/basket/version";
    world.link(version, "../../../../applications/basket/releases/99");
    let answer = world.client("get-deployment-commit --environment staging --application basket");
    assert_eq!((answer.stdout.as_str(), answer.code), ("", 1), "{answer}");
    let wanted = format!(
        "{} error on commit deployments, error: `{version}` leads to release 99",
        stamp(&answer)
    );
    assert!(answer.stderr.starts_with(&wanted), "{answer}");
}
