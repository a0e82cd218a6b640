//! Folders where files belong, and files where folders belong.

use crate::shop::{linked, shop};

const FOLDER: &str = "environments/staging/applications/basket";

#[test]
fn a_folder_in_place_of_a_link_is_mended_by_a_deployment() {
    let world = shop();
    world.remove(&format!("{FOLDER}/version"));
    world.file(&format!("{FOLDER}/version/inner"), "x");
    world.ok("deploy -a basket -e staging --version 2");
    assert_eq!(
        linked(&world, "staging", "basket", "version").as_deref(),
        Some("2")
    );
}

#[test]
fn a_folder_in_place_of_a_link_on_development_does_not_stop_a_release() {
    let world = shop();
    world.remove("environments/development/applications/basket/version");
    world.file(
        "environments/development/applications/basket/version/inner",
        "x",
    );
    world.ok("release -a basket --manifests ../scratch/next");
}

#[test]
fn a_folder_in_the_queue_does_not_stop_the_train_for_others() {
    let world = shop();
    world.ok("lock -e staging -a basket --lock-id wait -m x");
    world.file(&format!("{FOLDER}/queued_version/inner"), "x");
    world.ok("release-train staging");
    assert_eq!(
        linked(&world, "staging", "courier", "version").as_deref(),
        Some("2")
    );
}

#[test]
fn a_file_in_place_of_a_folder_does_not_stop_the_train_for_others() {
    for (removed, planted) in [
        ("manifests/manifests.yaml", "manifests"),
        ("manifests/manifests.yaml", "manifests/manifests.yaml/inner"),
        ("deployed_by", "deployed_by/inner"),
    ] {
        let world = shop();
        world.remove(&format!("{FOLDER}/{removed}"));
        // git leaves the empty folder behind.
        let _ = std::fs::remove_dir(world.checkout().join(FOLDER).join("manifests"));
        world.file(&format!("{FOLDER}/{planted}"), "x");
        let answer = world.run("release-train staging");
        assert_eq!(answer.code, 0, "{planted}\n{answer}");
        assert_eq!(
            linked(&world, "staging", "courier", "version").as_deref(),
            Some("2")
        );
    }
}

#[test]
fn what_cannot_be_written_makes_the_repository_invalid() {
    let world = shop();
    world.file("applications/kiosk", "a file");
    let answer = world.run("release -a kiosk --manifests ../scratch/next");
    assert_eq!(answer.code, 6, "{answer}");
}

#[test]
fn an_app_whose_folder_is_a_file_stops_nobody_else() {
    let world = shop();
    for name in [
        "deployed_at_utc",
        "deployed_by",
        "deployed_by_email",
        "manifests/manifests.yaml",
        "version",
    ] {
        world.remove(&format!("{FOLDER}/{name}"));
    }
    let _ = std::fs::remove_dir_all(world.checkout().join(FOLDER));
    world.file(FOLDER, "x");
    let answer = world.run("release-train staging");
    assert_eq!(answer.code, 0, "{answer}");
    let told = format!("`{FOLDER}` is no folder");
    assert!(answer.stdout.contains(&told), "{answer}");
    assert_eq!(
        linked(&world, "staging", "courier", "version").as_deref(),
        Some("2")
    );
    let answer = world.fails("deploy -a basket -e staging --version 2", 6);
    assert!(
        answer
            .stderr
            .contains(&format!("`{FOLDER}` is not a folder")),
        "{answer}"
    );
    assert!(answer.stderr.contains("hint: mend it"), "{answer}");
}
