//! Settings of git that stand in the environment, as continuous integration hands them on.

use crate::world::{World, skipped};

const LOCK: &str = "lock -e development --lock-id l-1 -m why";

/// The variables that tell git these settings, and take the author of every other test away.
fn told<'a>(
    settings: &'a [(&'a str, &'a str)],
    names: &'a [String],
) -> Vec<(&'a str, Option<&'a str>)> {
    let mut variables = vec![("GIT_CONFIG_COUNT", Some(names[0].as_str()))];
    for (number, (key, value)) in settings.iter().enumerate() {
        variables.push((&names[2 * number + 1], Some(key)));
        variables.push((&names[2 * number + 2], Some(value)));
    }
    variables
}

fn names(count: usize) -> Vec<String> {
    let pairs = (0..count).flat_map(|number| {
        [
            format!("GIT_CONFIG_KEY_{number}"),
            format!("GIT_CONFIG_VALUE_{number}"),
        ]
    });
    std::iter::once(count.to_string()).chain(pairs).collect()
}

#[test]
fn the_author_may_stand_in_the_environment_of_git() {
    let world = World::from_fixture("shop");
    let settings = [("user.name", "Runner"), ("user.email", "runner@ci.example")];
    let names = names(2);
    let mut variables = told(&settings, &names);
    for name in [
        "GIT_AUTHOR_NAME",
        "GIT_AUTHOR_EMAIL",
        "GIT_COMMITTER_NAME",
        "GIT_COMMITTER_EMAIL",
    ] {
        variables.push((name, None));
    }
    let answer = world.run_with(LOCK, &variables);
    assert_eq!(answer.code, 0, "{answer}");
    let who = world.remote_git(&["log", "-1", "--format=%an <%ae> %cn <%ce>"]);
    assert_eq!(who, "Runner <runner@ci.example> Runner <runner@ci.example>");
}

#[test]
fn a_commit_that_must_be_signed_and_cannot_be_is_not_made() {
    let world = World::from_fixture("shop");
    let before = world.snapshot();
    for signer in ["false", "/nowhere/gpg"] {
        let settings = [
            ("commit.gpgSign", "true"),
            ("gpg.program", signer),
            ("user.signingKey", "A"),
        ];
        let names = names(3);
        let answer = world.run_with(LOCK, &told(&settings, &names));
        assert_eq!(answer.code, 1, "{answer}");
        assert!(
            answer
                .stderr
                .contains("`commit.gpgSign` is set, and the commit cannot be signed"),
            "{answer}"
        );
        world.assert_untouched(&before);
    }
}

#[test]
fn a_commit_is_signed_where_git_is_told_to() {
    let world = World::from_fixture("shop");
    let key = world.scratch("key", "");
    std::fs::remove_file(&key).unwrap();
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f", &key])
        .status();
    if !made.is_ok_and(|made| made.success()) {
        skipped("there is no ssh-keygen");
        return;
    }
    for (name, value) in [
        ("commit.gpgSign", "true"),
        ("gpg.format", "ssh"),
        ("user.signingKey", &key),
    ] {
        world.git(&["config", name, value]);
    }
    world.ok(LOCK);
    let commit = world.remote_git(&["cat-file", "commit", "main"]);
    assert!(commit.contains("-----BEGIN SSH SIGNATURE-----"), "{commit}");
    assert!(commit.contains("Trainyard-Operation: lock"), "{commit}");
}
