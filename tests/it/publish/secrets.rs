//! Credentials in the URL of the remote are never shown, and never written down.

use crate::world::{Answer, LOCK, Node, RELEASE, TRAIN, Tree, World, files_below, text};

const SECRETS: [&str; 3] = ["T0KEN", "clerk", "p%40ss"];

#[track_caller]
fn assert_secret(answer: &Answer) {
    for secret in SECRETS {
        assert!(
            !answer.stdout.contains(secret) && !answer.stderr.contains(secret),
            "{secret}\n{answer}"
        );
    }
}

#[track_caller]
fn assert_no_file_tells(tree: &Tree, place: &str) {
    for (path, node) in tree {
        let content = match node {
            Node::File(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Node::Link(target) => target.clone(),
        };
        // The user's own config is where it comes from.
        let tells = SECRETS.iter().any(|secret| content.contains(secret));
        assert!(!tells || path == "config", "{place}: {path}");
    }
}

/// A yard with Argo CD files, whose remote has credentials in its URL; git is told where it really is.
fn secretive(address: &str) -> World {
    let config = r#"{"upstream": {"latest": true}, "argocd": {"destination": {"server": "https://dev.example", "namespace": "web"}}}"#;
    let tree = [("environments/dev/config.json".to_owned(), text(config))];
    let world = World::yard_with(tree.into());
    world.file("environments/dev/config.json", config);
    let real = world.remote().display().to_string();
    world.git(&["remote", "set-url", "origin", address]);
    world.git(&["config", &format!("url.{real}.insteadOf"), address]);
    world
}

#[test]
fn nothing_that_is_said_or_written_tells_the_credentials() {
    for address in [
        "https://clerk:T0KEN@127.0.0.1:1/manifests.git",
        "https://T0KEN@127.0.0.1:1/manifests.git",
        "ssh://git:p%40ss@h.example/manifests.git",
    ] {
        let world = secretive(address);
        for line in [
            RELEASE,
            LOCK,
            TRAIN,
            "prognosis staging",
            "-n unlock -e dev --all",
            "unlock -e dev --lock-id no",
        ] {
            for flags in ["-v", "-v -o json", "-v -o markdown"] {
                assert_secret(&world.run(&format!("{flags} {line}")));
            }
        }
        assert_no_file_tells(&world.tree(), "the tree");
        let argo_cd = &world.tree()["argocd/v1alpha1/dev.yaml"];
        assert!(
            format!("{argo_cd:?}").contains("127.0.0.1:1/manifests.git")
                || address.starts_with("ssh"),
            "{argo_cd:?}"
        );
        let log = world.remote_git(&["log", "--format=%B%an%ae"]);
        assert!(SECRETS.iter().all(|secret| !log.contains(secret)), "{log}");
        assert_no_file_tells(
            &files_below(&world.checkout().join(".git/trainyard")),
            "our folder",
        );
    }
}

#[test]
fn no_error_and_no_journal_tells_the_credentials() {
    let address = "https://clerk:T0KEN@127.0.0.1:1/manifests.git";
    // It breaks off: the end is open, and the journal stays.
    let world = secretive(address);
    world.remote_hook("pre-receive", "kill -9 $PPID");
    let answer = world.fails(&format!("-v {RELEASE}"), 4);
    assert_secret(&answer);
    assert_eq!(world.left_lying().len(), 1);
    assert_no_file_tells(
        &files_below(&world.checkout().join(".git/trainyard")),
        "the journal",
    );
    // It refuses, and repeats what it was called.
    let world = secretive(address);
    world.remote_hook(
        "pre-receive",
        &format!("echo 'no pushes to {address} today' >&2; exit 1"),
    );
    let answer = world.fails(&format!("-v {RELEASE}"), 5);
    assert!(
        answer
            .stderr
            .contains("no pushes to https://127.0.0.1:1/manifests.git today"),
        "{answer}"
    );
    assert_secret(&answer);
    // It is not there.
    let world = World::yard();
    world.git(&["remote", "set-url", "origin", address]);
    for flags in ["", "-v", "-v -o json", "-n"] {
        assert_secret(&world.fails(&format!("{flags} {RELEASE}"), 1));
    }
    // It is named where the name of a remote should be.
    assert_secret(&world.fails(&format!("--remote {address} {RELEASE}"), 2));
    world.git(&[
        "remote",
        "add",
        "other",
        "https://clerk:T0KEN@127.0.0.1:2/other.git",
    ]);
    world.git(&["config", "--unset", "branch.main.remote"]);
    assert_secret(&world.fails(RELEASE, 2));
}
