//! Links of the repository that do not lead to a release of their app: such an app is left out, and a deployment mends it.

use super::assert_harmless;
use crate::shop::{linked, release_link, shop};
use crate::world::World;

const VERSION: &str = "environments/staging/applications/basket/version";
const QUEUED: &str = "environments/staging/applications/basket/queued_version";

/// Targets of links, and what is said about them.
fn broken() -> Vec<(String, String)> {
    let elsewhere = |target: &str| {
        (
            target.to_owned(),
            format!("leads to `{target}`, which is no release of this app"),
        )
    };
    let mut broken = vec![
        (
            release_link("basket", 9),
            "leads to release 9, which does not exist".to_owned(),
        ),
        (
            "\x1b[2J".to_owned(),
            r"leads to `\u{1b}[2J`, which is no release of this app".to_owned(),
        ),
    ];
    broken.extend(
        [
            release_link("courier", 1).as_str(),
            "/etc/passwd",
            "/etc/shadow",
            "../..",
            "../../../../../../../../../../etc/passwd",
            "version",
            "../../../../applications/basket/releases/1/../2",
            "../../../../applications/basket/releases/01",
            "../../../../applications/basket/releases/",
            "../../../../applications/basket/releases/1/",
        ]
        .map(elsewhere),
    );
    broken
}

/// A train to this environment leaves basket alone and says why, and takes courier along.
#[track_caller]
fn check_left_out(world: &World, target: &str, upstream: &str, told: &str) {
    let answer = world.run(&format!("-n release-train {target}"));
    assert_eq!(answer.code, 0, "{answer}");
    let skipped = format!("  basket   skipped: `{VERSION}` {told}\n");
    assert!(answer.stdout.contains(&skipped), "lacks: {skipped}{answer}");
    let totals = format!("{target}: 1 deployed, 1 skipped, 0 up to date with {upstream}\n");
    assert!(answer.stdout.contains(&totals), "lacks: {totals}{answer}");
    assert_harmless(target, &answer);
}

#[test]
fn an_app_with_a_broken_link_is_left_out_and_a_deployment_mends_it() {
    let world = shop();
    for (target, told) in broken() {
        world.link(VERSION, &target);
        check_left_out(&world, "staging", "development", &told);
        let deployed = world.ok("-n deploy -a basket -e staging --version 2");
        assert!(
            deployed.starts_with("deployed basket to staging: 2 (first)\n"),
            "{deployed}"
        );
    }
    world.ok("release-train staging");
    assert_eq!(
        linked(&world, "staging", "courier", "version").as_deref(),
        Some("2")
    );
    world.ok("deploy -a basket -e staging --version 2");
    assert_eq!(
        linked(&world, "staging", "basket", "version").as_deref(),
        Some("2")
    );
}

#[test]
fn an_app_with_a_broken_link_upstream_is_left_out() {
    let world = shop();
    world.link(VERSION, "/etc/passwd");
    let json = world.run("prognosis prod-de -o json").json();
    let apps = &json["envsPrognoses"]["prod-de"]["appsPrognoses"]["prognoses"];
    assert_eq!(
        apps["basket"]["skipCause"], "APP_LINK_IS_BROKEN",
        "{json:#}"
    );
    assert_eq!(apps["courier"]["deployedVersion"], 1, "{json:#}");
    check_left_out(
        &world,
        "prod-de",
        "staging",
        "leads to `/etc/passwd`, which is no release of this app",
    );
}

#[test]
fn a_plain_file_in_place_of_a_link_is_left_out_and_mended() {
    let world = shop();
    world.file(VERSION, release_link("basket", 1));
    check_left_out(&world, "staging", "development", "is no symbolic link");
    world.ok("deploy -a basket -e staging --version 2");
    assert_eq!(
        linked(&world, "staging", "basket", "version").as_deref(),
        Some("2")
    );
}

#[test]
fn a_folder_in_place_of_a_link_is_left_out() {
    let world = shop();
    world.remove(VERSION);
    world.file(&format!("{VERSION}/inner"), "x");
    check_left_out(&world, "staging", "development", "is no symbolic link");
}

#[test]
fn kuberpult_has_no_number_for_a_broken_link() {
    let world = shop();
    world.link(VERSION, "/etc/passwd");
    let answer = world.fails("prognosis staging -o kuberpult", 6);
    assert_eq!(answer.stdout, "");
    assert!(
        answer
            .stderr
            .contains("kuberpult has no number for APP_LINK_IS_BROKEN (`basket` on `staging`: `"),
        "{answer}"
    );
}

#[test]
fn a_broken_link_in_the_queue_is_dropped_with_a_warning() {
    let world = shop();
    world.ok("lock -e staging -a basket --lock-id wait -m x");
    for (target, told) in broken().into_iter().take(4) {
        world.link(QUEUED, &target);
        let answer = world.run("unlock -e staging -a basket --lock-id wait -n");
        assert_eq!(answer.code, 0, "{answer}");
        let dropped = format!("  dropped basket from the queue of staging: `{QUEUED}` {told}\n");
        assert!(answer.stdout.contains(&dropped), "lacks: {dropped}{answer}");
        let warned = format!(
            "warning: what waited for `basket` on `staging` is dropped: `{QUEUED}` {told}\n"
        );
        assert!(answer.stderr.contains(&warned), "lacks: {warned}{answer}");
        assert_harmless("unlock", &answer);
    }
    world.ok("unlock -e staging -a basket --lock-id wait");
    assert_eq!(linked(&world, "staging", "basket", "queued_version"), None);
    assert_eq!(
        linked(&world, "staging", "basket", "version").as_deref(),
        Some("1")
    );
}

#[test]
fn a_train_replaces_a_broken_link_in_the_queue() {
    let world = shop();
    world.ok("lock -e staging -a basket --lock-id wait -m x");
    world.link(QUEUED, "/etc/passwd");
    world.ok("release-train staging");
    assert_eq!(
        linked(&world, "staging", "basket", "queued_version").as_deref(),
        Some("2")
    );
}

#[test]
fn a_link_in_place_of_a_manifest_is_not_followed() {
    let world = shop();
    world.link(
        "applications/basket/releases/2/environments/staging/manifests.yaml",
        "/etc/passwd",
    );
    let answer = world.run("release-train staging");
    assert_eq!(answer.code, 0, "{answer}");
    assert!(
        answer
            .stdout
            .contains("basket   skipped: release 2 has no manifest for this environment"),
        "{answer}"
    );
    let before = world.snapshot();
    let answer = world.fails("deploy -a basket -e staging --version 2", 3);
    assert!(
        answer
            .stderr
            .contains("release 2 of `basket` has no manifest for environment `staging`"),
        "{answer}"
    );
    world.assert_untouched(&before);
}

#[test]
fn a_manifest_that_is_a_link_is_not_said_to_be_there() {
    let world = shop();
    world.link(
        "applications/basket/releases/2/environments/staging/manifests.yaml",
        "/etc/passwd",
    );
    let answer = world.run("deploy -a basket -e staging --version 2");
    let (_, hint) = answer.stderr.split_once("hint: ").unwrap();
    assert!(!hint.contains("`staging`"), "{answer}");
}

#[test]
fn a_release_under_the_number_of_a_dangling_link_is_really_deployed() {
    let world = shop();
    world.link(
        "environments/development/applications/basket/version",
        &release_link("basket", 9),
    );
    world.ok("release -a basket --version 9 --manifests ../scratch/next");
    let tree = world.tree();
    let deployed = &tree["environments/development/applications/basket/manifests/manifests.yaml"];
    assert_eq!(
        *deployed,
        tree["applications/basket/releases/9/environments/development/manifests.yaml"]
    );
}
