//! Minor releases, by the option `minorRegexes`.

use super::assert_told;
use crate::shop::shop;
use crate::world::World;

/// A manifest of the app `kiosk`, with a line that makes no difference.
fn manifest(world: &World, image: u64, replicas: u64) {
    let text = format!("kind: Deployment\nimage: kiosk:{image}\nreplicas: {replicas}\n");
    world.scratch("kiosk.yaml", text);
}

const RELEASE: &str =
    "release -a kiosk -f development=../scratch/kiosk.yaml -f staging=../scratch/kiosk.yaml";

#[test]
fn a_release_that_differs_in_minor_lines_only_is_marked_and_shown_wherever_it_goes() {
    let world = shop();
    world.file("trainyard.yaml", "minorRegexes: ['^image:']\n");
    manifest(&world, 1, 1);
    world.ok(RELEASE);
    manifest(&world, 2, 1);
    assert_told!(
        &world,
        "minor_release",
        [RELEASE, &format!("-n {RELEASE} -o json")]
    );
    let marker = "applications/kiosk/releases/2/minor";
    assert!(world.tree().contains_key(marker));
    world.ok("deploy -a kiosk -e staging --version 1");
    assert_told!(
        &world,
        "minor_release_on_its_way",
        [
            "lock -e staging -a kiosk --lock-id wait -m x",
            "deploy -a kiosk -e staging --version 2",
            "unlock -e staging -a kiosk --lock-id wait",
            "deploy -a kiosk -e staging --version 1",
            "prognosis staging",
            "deploy -a kiosk -e staging --version 2",
        ],
    );
    manifest(&world, 3, 2);
    let told = world.ok(RELEASE);
    assert!(told.starts_with("released kiosk 3\n"), "{told}");
    assert!(
        !world
            .tree()
            .contains_key("applications/kiosk/releases/3/minor")
    );
}

#[test]
fn minor_releases_are_not_counted_by_the_clean_up() {
    let world = shop();
    let options = "releaseVersionsLimit: 5\nminorRegexes: ['^image:']\n";
    world.file("trainyard.yaml", options);
    for number in 1..=10 {
        // 2, 4, 6 and so on differ from the one before in the image only.
        manifest(&world, number, number.div_ceil(2));
        world.ok(&format!("{RELEASE} --version {number}"));
    }
    let exists = |number: u64| {
        let path = format!("applications/kiosk/releases/{number}/created_at");
        world.tree().contains_key(&path)
    };
    // Below 10, which is in use, 9, 7, 5 and 3 count.
    assert_eq!((1..=10).filter(|number| exists(*number)).min(), Some(3));
    world.fails(&format!("{RELEASE} --version 2"), 3);
}

#[test]
fn what_is_no_regular_expression_is_a_fault_of_the_options() {
    let world = shop();
    world.file("trainyard.yaml", "minorRegexes: ['[a']\n");
    let answer = world.fails("prognosis staging", 6);
    let why = "`[a` is no regular expression: unclosed character class";
    assert!(answer.stderr.contains(why), "{answer}");
}
