//! `--source-ref`: trains that take what ran upstream at an earlier point.

use super::state;
use crate::shop::{shop, tell};
use crate::world::World;

/// The shop, with the tag `monday` on the remote before `basket` 3 came to development, and on this clone too.
fn shop_of_monday() -> World {
    let world = shop();
    world.git(&["tag", "-a", "-m", "x", "monday"]);
    world.git(&["push", "-q", "origin", "monday"]);
    world.ok("release -a basket --manifests ../scratch/next");
    world
}

#[test]
fn a_train_takes_what_ran_upstream_at_a_tag() {
    let world = shop_of_monday();
    world.git(&["tag", "-d", "monday"]);
    let monday = world.remote_git(&["rev-parse", "monday^{}"]);
    let lines = [
        "prognosis staging --source-ref monday",
        "release-train staging --source-ref monday",
        "release-train staging --source-ref monday -o markdown",
        "release-train staging",
        "release-train staging --source-ref friday",
    ];
    let told = tell(&world, &lines).replace(&monday[..10], "<monday>");
    insta::assert_snapshot!("trains_from_the_past", told);
    assert_eq!(world.git(&["tag"]), "", "no tag of the user's is made");
    let message = world.git(&["log", "-1", "--format=%B", "HEAD^"]);
    assert!(
        message.contains("\nTrainyard-Source-Ref: monday"),
        "{message}"
    );
    assert!(
        message.contains(&format!("\nversions as of monday ({monday})\n")),
        "{message}"
    );
    world.assert_in_step();
}

#[test]
fn any_name_of_a_commit_will_do() {
    let id = |world: &World| world.git(&["rev-parse", "HEAD~1"]);
    for name in [
        "monday".to_owned(),
        "refs/tags/monday".to_owned(),
        "HEAD~1".to_owned(),
        "main~1".to_owned(),
        id(&shop_of_monday()),
        id(&shop_of_monday())[..8].to_owned(),
    ] {
        let world = shop_of_monday();
        world.ok(&format!("release-train staging --source-ref {name}"));
        assert_eq!(state(&world, "staging", "basket"), "2", "{name}");
    }
}

#[test]
fn what_this_clone_lacks_is_fetched_and_leaves_no_trace() {
    let world = shop_of_monday();
    let tag = world.remote_git(&["rev-parse", "monday^{}"]);
    world.remote_git(&["branch", "weekly", "monday"]);
    for (number, name) in ["monday", "weekly", tag.as_str()].into_iter().enumerate() {
        let flags = ["--depth", "1", "--no-tags"];
        let shallow = world.clone_with(&format!("shallow-{number}"), &flags);
        let refs = shallow.git(&["for-each-ref"]);
        let told = shallow.ok(&format!("prognosis staging --source-ref {name}"));
        assert!(told.contains("basket   1 → 2"), "{name}\n{told}");
        assert_eq!(shallow.git(&["for-each-ref"]), refs, "{name}");
        shallow.assert_tidy();
    }
}

#[test]
fn a_branch_is_the_one_of_the_remote() {
    let world = shop_of_monday();
    let behind = world.clone_to("behind");
    behind.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let told = behind.ok("prognosis staging --source-ref main");
    assert!(told.contains("basket   1 → 3"), "{told}");
    let told = behind.ok("prognosis staging --source-ref main~0");
    assert!(told.contains("basket   1 → 2"), "{told}");
}

#[test]
fn what_stands_for_no_commit_of_the_repository_is_refused() {
    let world = shop_of_monday();
    world.git(&["checkout", "-q", "--orphan", "bare-ground"]);
    world.shell("git rm -rqf . && git commit -q --allow-empty -m nothing && git checkout -q main");
    let before = world.snapshot();
    for (name, code, words) in [
        ("friday", 3, "there is no tag, branch or commit `friday`"),
        ("main:trainyard.yaml", 3, "is no commit"),
        ("bare-ground", 3, "there are no environments at bare-ground"),
        ("'a b'", 2, "is no valid point in the history"),
        ("''", 2, "is no valid point in the history"),
        ("=-x", 2, "is no valid point in the history"),
        (
            "0000000000000000000000000000000000000000",
            3,
            "there is no tag, branch or commit",
        ),
        ("refs/heads/../x", 3, "there is no tag, branch or commit"),
    ] {
        let line = match name.strip_prefix('=') {
            Some(name) => format!("release-train staging --source-ref={name}"),
            None => format!("release-train staging --source-ref {name}"),
        };
        let answer = world.fails(&line, code);
        assert!(answer.stderr.contains(words), "{name}\n{answer}");
        world.assert_untouched(&before);
    }
    let answer = world.fails("--no-push release-train staging --source-ref friday", 3);
    assert!(
        answer.stderr.contains("the remote is not asked"),
        "{answer}"
    );
}

#[test]
fn without_a_push_this_clone_alone_is_asked() {
    let world = shop_of_monday();
    world.ok("--no-push release-train staging --source-ref monday");
    let link = "environments/staging/applications/basket/version";
    let link = world.git(&["show", &format!("HEAD:{link}")]);
    assert!(link.ends_with("/2"), "{link}");
}

#[test]
fn a_release_that_was_cleaned_up_since_is_skipped_with_its_cause() {
    let world = shop();
    world.file("trainyard.yaml", "releaseVersionsLimit: 5\n");
    world.git(&["tag", "old"]);
    for _ in 3..=8 {
        world.ok("release -a basket --manifests ../scratch/next");
    }
    for environment in ["staging", "prod-ca"] {
        world.ok(&format!("deploy -a basket -e {environment} --version 8"));
    }
    let answer = world.run("release-train staging --source-ref old -o json");
    assert_eq!(answer.code, 0, "{answer}");
    let apps = &answer.json()["envsPrognoses"]["staging"]["appsPrognoses"]["prognoses"];
    assert_eq!(
        apps["basket"]["skipCause"], "APP_RELEASE_IS_GONE",
        "{answer}"
    );
    assert_eq!(apps["courier"]["deployedVersion"], 2, "{answer}");
    assert_eq!(answer.json()["sourceRef"], "old");
    let kuberpult = world.ok("prognosis staging --source-ref old -o kuberpult");
    assert!(
        kuberpult.contains(r#""basket":{"Outcome":{"SkipCause":3}}"#),
        "{kuberpult}"
    );
}

#[test]
fn trains_of_a_list_take_versions_of_points_of_their_own() {
    let world = shop_of_monday();
    world.ok("release-train staging");
    let list = world.scratch(
        "list.yaml",
        "- operation: release-train\n  target: staging\n  source-ref: monday\n\
         - operation: release-train\n  target: prod\n  source-ref: main\n",
    );
    world.ok(&format!("apply -f {list}"));
    assert_eq!(state(&world, "staging", "basket"), "2");
    assert_eq!(state(&world, "prod-de", "basket"), "3");
}
