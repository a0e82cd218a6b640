//! Environments side by side: of the shop, of the ugly repository, and as they were.

use super::{assert_views, busy_shop};
use crate::shop::{shop, tell};

#[test]
fn diff() {
    assert_views!("diff", "diff development prod --all", ugly: "diff env-of-long-name-000 env-of-long-name-008", empty: "diff alone alone");
}

#[test]
fn its_exit_code_tells_a_difference_if_asked() {
    let world = busy_shop();
    for (line, code) in [
        ("diff development staging", 0),
        ("diff development staging --detailed-exitcode", 10),
        ("diff staging staging --detailed-exitcode", 0),
        ("diff prod-ca prod --detailed-exitcode", 10),
        ("diff prod prod", 3),
        ("diff stagin prod", 3),
        ("diff staging@nowhere prod", 3),
        ("diff staging@a..b prod", 2),
        ("diff staging", 2),
    ] {
        let answer = world.run(line);
        assert_eq!(answer.code, code, "{line}\n{answer}");
    }
}

#[test]
fn a_side_can_be_as_it_was() {
    let world = shop();
    world.git(&["tag", "monday"]);
    world.ok("release-train staging");
    world.ok("release -a basket --manifests ../scratch/next --display-version v3");
    world.ok("deploy -a basket -e staging --version 3");
    world.git(&["push", "-q", "origin", "monday"]);
    let monday = world.git(&["rev-parse", "monday"]);
    let lines = [
        "diff staging@monday staging",
        "diff staging development@monday --all",
        &format!("diff staging@{monday} staging -o json"),
        "diff load-test@monday staging -o markdown",
    ];
    let told = tell(&world, &lines);
    let told = told.replace(&monday, "<all of monday>");
    insta::assert_snapshot!(
        "diff_with_the_past",
        told.replace(&monday[..10], "<monday>")
    );
}
