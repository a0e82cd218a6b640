//! `release --signature`: what nobody signed who may sign is not stored.

use std::process::Command;

use crate::shop::shop;
use crate::world::{World, fixtures};

/// A shop with the signed manifests of the fixtures beside it; nothing where gpg is missing.
pub(crate) fn signed() -> Option<World> {
    if Command::new("gpg").arg("--version").output().is_err() {
        // The README asks for nothing but Rust, a C compiler and git.
        #[expect(clippy::print_stderr, reason = "whoever runs the tests should know")]
        {
            eprintln!("skipped: there is no gpg here");
        }
        return None;
    }
    let world = shop();
    for entry in std::fs::read_dir(fixtures().join("openpgp")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        world.scratch(&format!("pgp/{name}"), std::fs::read(&path).unwrap());
    }
    Some(world)
}

const APP: &str = "release -a kiosk";
const RING: &str = "--keyring ../scratch/pgp/keyring.asc";
const STAGING: &str = "-e staging -f ../scratch/pgp/staging.yaml";

fn signature(name: &str) -> String {
    format!("--signature ../scratch/pgp/{name}")
}

#[test]
fn a_manifest_with_a_good_signature_is_stored() {
    let Some(world) = signed() else { return };
    let both = "-e development -f ../scratch/pgp/development.yaml --signature ../scratch/pgp/development.yaml.asc";
    let good = signature("staging.yaml.asc");
    for line in [
        format!("{APP} {RING} {both} {STAGING} {good}"),
        format!("{APP} {RING} {STAGING} {}", signature("binary.sig")),
        format!("{APP} --keyring ../scratch/pgp/keyring.gpg {STAGING} {good}"),
        // One good one is enough, also in a file with others.
        format!(
            "{APP} {RING} {STAGING} {} {good}",
            signature("stranger.asc")
        ),
        format!("{APP} {RING} {STAGING} {}", signature("two.asc")),
        format!("{APP} {RING} {STAGING} --signature staging=../scratch/pgp/staging.yaml.asc"),
    ] {
        world.ok(&line);
    }
    let answer = world.run_with(
        &format!("{APP} {STAGING} {good}"),
        &[("TRAINYARD_KEYRING", Some("../scratch/pgp/keyring.asc"))],
    );
    assert_eq!(answer.code, 0, "{answer}");
    assert!(answer.stdout.contains("released kiosk 7"), "{answer}");
}

#[test]
fn signatures_beside_the_manifests_of_a_folder_are_found() {
    let Some(world) = signed() else { return };
    for name in ["development.yaml", "staging.yaml", "development.yaml.asc"] {
        let bytes = std::fs::read(fixtures().join("openpgp").join(name)).unwrap();
        world.scratch(&format!("all/kiosk/{name}"), bytes);
    }
    let line = format!("release --from ../scratch/all {RING}");
    let before = world.snapshot();
    let answer = world.fails(&line, 3);
    let told = "the manifest `../scratch/all/kiosk/staging.yaml` for `staging` has no signature";
    assert!(answer.stderr.contains(told), "{answer}");
    world.assert_untouched(&before);
    let bytes = std::fs::read(fixtures().join("openpgp/binary.sig")).unwrap();
    world.scratch("all/kiosk/staging.yaml.sig", bytes);
    world.ok(&line);
    world.ok(&format!("{APP} --manifests ../scratch/all/kiosk {RING}"));
}

#[test]
fn what_is_not_signed_by_a_trusted_key_is_refused() {
    let Some(world) = signed() else { return };
    world.scratch("pgp/junk.asc", "not a signature");
    let before = world.snapshot();
    for (signatures, told) in [
        (String::new(), "for `staging` has no signature"),
        (
            signature("stranger.asc"),
            "is by a key that is not in the keyring",
        ),
        (signature("expired.asc"), "is by a key that has expired"),
        (signature("revoked.asc"), "is by a key that was revoked"),
        (signature("development.yaml.asc"), "is not what was signed"),
        (
            format!(
                "{} {}",
                signature("staging.yaml.asc"),
                signature("development.yaml.asc")
            ),
            "is not what was signed",
        ),
        (signature("junk.asc"), "is no detached signature"),
        (signature("keyring.asc"), "is no detached signature"),
        (signature("staging.yaml"), "is no detached signature"),
    ] {
        let answer = world.fails(&format!("{APP} {RING} {STAGING} {signatures}"), 3);
        assert!(answer.stderr.contains(told), "{told}\n{answer}");
        assert!(answer.stderr.contains("hint: sign the file"), "{answer}");
        let list = format!(
            "[{{operation: release, application: kiosk, manifest: {{staging: ../scratch/pgp/staging.yaml}}, signature: {:?}}}]",
            signatures
                .replace("--signature ", "staging=")
                .split(' ')
                .filter(|each| !each.is_empty())
                .collect::<Vec<_>>()
        );
        world.scratch("list.yaml", list);
        let ring = [("TRAINYARD_KEYRING", Some("../scratch/pgp/keyring.asc"))];
        let answer = world.run_with("apply -f ../scratch/list.yaml", &ring);
        assert_eq!(answer.code, 3, "{answer}");
    }
    world.assert_untouched(&before);
}

#[test]
fn signatures_that_cannot_be_meant_are_refused() {
    let Some(world) = signed() else { return };
    let before = world.snapshot();
    let good = signature("staging.yaml.asc");
    for (line, told) in [
        (format!("{APP} {STAGING} {good}"), "--keyring <FILE>"),
        (
            format!("{APP} {RING} {good} {STAGING}"),
            "needs `--manifest FILE` right before it",
        ),
        (
            format!("{APP} {RING} {STAGING} -t red --signature moon=x.asc"),
            "`--signature` for `moon`, which has no `--manifest`",
        ),
        (
            format!("{APP} {RING} {STAGING} --signature ../nowhere.asc"),
            "there is no signature `../nowhere.asc`",
        ),
        (
            format!("{APP} --keyring ../nowhere {STAGING} {good}"),
            "the keyring `../nowhere` cannot be read",
        ),
        (
            format!("{APP} --keyring ../scratch/pgp/staging.yaml {STAGING} {good}"),
            "holds no public OpenPGP key",
        ),
    ] {
        let answer = world.fails(&line, 2);
        assert!(answer.stderr.contains(told), "{told}\n{answer}");
    }
    world.assert_untouched(&before);
}

#[test]
fn an_empty_keyring_lets_nothing_through() {
    let world = shop();
    let list = "- {operation: release, application: kiosk, manifests: ../scratch/next}\n";
    world.scratch("list.yaml", list);
    let before = world.snapshot();
    // A secret that is missing in a workflow is an empty variable.
    for line in [
        "apply -f ../scratch/list.yaml",
        "release -a kiosk --manifests ../scratch/next",
    ] {
        let answer = world.run_with(line, &[("TRAINYARD_KEYRING", Some(""))]);
        assert_eq!(answer.code, 2, "{answer}");
        assert!(answer.stderr.contains("--keyring"), "{answer}");
    }
    for line in ["--from ../scratch", "-a kiosk --undeploy"] {
        let line = format!("release {line} --keyring ../scratch/list.yaml --signature x");
        let answer = world.fails(&line, 2);
        assert!(answer.stderr.contains("cannot be used with"), "{answer}");
    }
    world.assert_untouched(&before);
}
