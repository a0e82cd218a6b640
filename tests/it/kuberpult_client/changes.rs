//! What changes the repository: what is said, and the tree that is left, which is that of our own commands.

use super::tell;
use crate::shop::shop;
use crate::world::{World, differences};

const HASH: &str = "Abcdefabcdefabcdefabcdefabcdefabcdefabcd";

/// Runs pairs of lines, one of that client and one of ours, in two worlds that are alike.
#[track_caller]
fn same(pairs: &[(&str, &str)]) {
    let (theirs, ours) = (shop(), shop());
    for (client, own) in pairs {
        theirs.client_ok(client);
        ours.ok(own);
        let found = differences(&ours.tree(), &theirs.tree());
        assert!(
            found.is_empty(),
            "kuberpult-client {client}\ntrainyard {own}\n{found}"
        );
    }
    assert_eq!(theirs.subjects(), ours.subjects());
    assert_eq!(theirs.head(), ours.head(), "not even the commits differ");
}

#[test]
fn releases() {
    let dev = "--environment development --manifest ../scratch/next/development.yaml";
    let staging = "--environment staging --manifest ../scratch/next/staging.yaml";
    let (own_dev, own_staging) = (
        "-e development -f ../scratch/next/development.yaml",
        "-e staging -f ../scratch/next/staging.yaml",
    );
    same(&[
        (
            &format!("--url u release --skip_signatures --application basket {dev} {staging}"),
            &format!("release -a basket {own_dev} {own_staging}"),
        ),
        (
            &format!(
                "--url u release --use_dex_auth --application courier {dev} --team day-shift --version 7 --source_commit_id {HASH} \
                 --previous_commit_id {HASH} --source_author 'Jane <jane@example.com>' --source_message 'fix: it\n\nAll of it.' \
                 --display_version v1.2.3 --ci_link https://ci.example/7"
            ),
            &format!(
                "release -a courier {own_dev} --team day-shift --version 7 --source-commit-id {HASH} --previous-commit-id {HASH} \
                 --source-author 'Jane <jane@example.com>' --source-message 'fix: it\n\nAll of it.' --display-version v1.2.3 \
                 --ci-link https://ci.example/7"
            ),
        ),
        (
            &format!(
                "--author_name 'Jane Doe' --author_email=jane@example.com release -skip_signatures=true -application=new {}",
                "-environment=staging -manifest ../scratch/next/staging.yaml"
            ),
            &format!(
                "--author-name 'Jane Doe' --author-email jane@example.com release -a new {own_staging}"
            ),
        ),
    ]);
}

#[test]
fn trains() {
    same(&[
        (
            "--url u release-train --target-environment staging --team day-shift",
            "release-train staging --team day-shift",
        ),
        (
            "--url u release-train --target-environment staging",
            "release-train staging",
        ),
        (
            "--url u release-train --target-environment prod --use_env_group_target --team=",
            "release-train prod --target-type environment-group",
        ),
        (
            "--url u release-train --target-environment prod --use_dex_auth --ci_link ci",
            "release-train prod",
        ),
    ]);
}

#[test]
fn locks() {
    same(&[
        (
            "create-env-lock --lockID l-1 --environment staging --message 'no changes' --ci_link /1 --suggested_lifetime 2d",
            "lock -e staging --lock-id l-1 -m 'no changes'",
        ),
        (
            "create-app-lock --lockID l-2 --environment staging --application basket --message leak",
            "lock -e staging -a basket --lock-id l-2 -m leak",
        ),
        (
            "create-app-lock --lockID l-3 --environment staging --application basket",
            "lock -e staging -a basket --lock-id l-3 -m 'no reason given'",
        ),
        (
            "create-team-lock --lockID l-4 --environment staging --team day-shift --message audit",
            "lock -e staging -t day-shift --lock-id l-4 -m audit",
        ),
        (
            "create-group-lock --lockID l-5 --environment-group prod --message sale",
            "lock -g prod --lock-id l-5 -m sale",
        ),
        (
            "release-train --target-environment staging",
            "release-train staging",
        ),
        (
            "delete-env-lock --lockID l-1 --environment staging",
            "unlock -e staging --lock-id l-1",
        ),
        (
            "release-train --target-environment staging",
            "release-train staging",
        ),
        (
            "delete-app-lock --lockID l-2 --environment staging --application basket",
            "unlock -e staging -a basket --lock-id l-2",
        ),
        (
            "delete-app-lock --lockID l-3 --environment staging --application basket",
            "unlock -e staging -a basket --lock-id l-3",
        ),
        (
            "delete-team-lock --lockID l-4 --environment staging --team day-shift",
            "unlock -e staging -t day-shift --lock-id l-4",
        ),
        (
            "delete-group-lock --lockID l-5 --environment-group prod",
            "unlock -g prod --lock-id l-5",
        ),
    ]);
}

#[test]
fn the_end_of_an_environment() {
    same(&[(
        "--url u delete-environment --environment prod-ca",
        "environment delete prod-ca",
    )]);
}

#[test]
fn what_is_done_is_told_as_that_client_tells_it() {
    let release = "release --skip_signatures --application basket --version 5 --environment staging \
                   --manifest ../scratch/next/staging.yaml";
    let lines = [
        &format!(
            "--url https://kuberpult.example --retries 5 --timeout 60 --client_uuid u {release}"
        ),
        release,
        "--url u create-env-lock --lockID l-1 --environment staging --message why --ci_link /1 --suggested_lifetime 2d",
        "create-app-lock --lockID l-2 --environment staging --application basket",
        "create-team-lock --lockID l-3 --environment staging --team day-shift --message why",
        "create-group-lock --lockID l-4 --environment-group prod --message why",
        "delete-env-lock --lockID l-1 --environment staging",
        "release-train --target-environment staging --use_dex_auth --ci_link ci",
        "delete-app-lock --lockID l-2 --environment staging --application basket",
        "delete-team-lock --lockID l-3 --environment staging --team day-shift",
        "delete-group-lock --lockID l-4 --environment-group prod",
        "release-train --target-environment prod --use_env_group_target --team night-shift",
        "delete-environment --environment prod-ca",
    ];
    insta::assert_snapshot!("changes", tell(&shop(), &lines));
}

#[test]
fn what_cannot_be_done_ends_with_1_and_changes_nothing() {
    let world = shop();
    world.ok("release -a basket --version 5 -e staging -f ../scratch/next/staging.yaml");
    let before = world.snapshot();
    let release = "release --skip_signatures --application basket --environment staging";
    let manifest = "--manifest ../scratch/next/staging.yaml";
    let lines = [
        &format!("{release} --manifest ../scratch/next/prod-de.yaml --version 5"),
        &format!("{release} {manifest} --revision 1"),
        &format!("{release} {manifest} --prepublish"),
        &format!("{release} {manifest} --use_dex_auth --prepublish"),
        &format!("{release} {manifest} --ci_link /jobs/1"),
        &format!("{release} {manifest} --application Basket").replace("--application basket ", ""),
        &format!("--author_name '<Jane>' {release} {manifest}"),
        "release-train --target-environment moon",
        "release-train --target-environment prod-ca --use_env_group_target",
        "create-env-lock --lockID l-1 --environment staging",
        "create-group-lock --lockID l-1 --environment-group staging --message ''",
        "create-env-lock --lockID l --environment staging --message why",
        "create-env-lock --lockID l-1 --environment moon --message why",
        "create-app-lock --lockID l-1 --environment staging --application moon",
        "create-team-lock --lockID l-1 --environment staging --team moon --message why",
        "delete-env-lock --lockID l-1 --environment staging",
        "delete-group-lock --lockID l-1 --environment-group prod",
        "delete-environment --environment staging",
        "delete-environment --environment moon",
    ];
    insta::assert_snapshot!("refusals", tell(&world, &lines));
    for line in lines {
        let answer = world.client(line);
        assert_eq!(
            (answer.code, answer.stdout.as_str()),
            (1, ""),
            "{line}\n{answer}"
        );
    }
    world.assert_untouched(&before);
}

#[test]
fn a_dry_run_of_a_release_prints_how_it_differs_and_changes_nothing() {
    let world = shop();
    let before = world.snapshot();
    let lines = [
        "release --dry-run --skip_signatures --application basket --environment staging --manifest ../scratch/next/staging.yaml \
         --environment development --manifest ../scratch/next/development.yaml",
        "release --dry-run --skip_signatures --application moon --environment staging --manifest ../scratch/next/staging.yaml",
    ];
    insta::assert_snapshot!("dry_run", tell(&world, &lines));
    world.assert_untouched(&before);
    let stored = "applications/basket/releases/2/environments/staging/manifests.yaml";
    world.file(stored, "a: \u{202e}red\n");
    let answer = world.client(lines[0]);
    assert!(answer.stdout.contains("-a: \\u{202e}red\n"), "{answer}");
    // What is no YAML may hold a secret anywhere.
    world.file(stored, "a: \u{1b}[31mscarlet\n");
    let answer = world.client(lines[0]);
    assert!(!answer.stdout.contains("scarlet"), "{answer}");
    assert!(answer.stdout.contains("not shown"), "{answer}");
}

#[test]
fn signatures_are_checked_with_the_keys_of_the_variable() {
    let Some(world) = crate::commands::signature::signed() else {
        return;
    };
    let release = |signature: &str| {
        format!(
            "release --application kiosk --environment staging --manifest ../scratch/pgp/staging.yaml --signature ../scratch/pgp/{signature}"
        )
    };
    let keyring = [("TRAINYARD_KEYRING", Some("../scratch/pgp/keyring.asc"))];
    let before = world.snapshot();
    for keyring in [&[][..], &[("TRAINYARD_KEYRING", Some(""))]] {
        let answer = run_with(&world, &release("staging.yaml.asc"), keyring);
        let why = "error on release, error: nobody knows who may sign: set TRAINYARD_KEYRING to a file with their public keys, \
                   or pass --skip_signatures\n";
        assert_eq!(answer.code, 1, "{answer}");
        assert!(answer.stderr.ends_with(why), "{answer}");
    }
    let unsigned = "release --skip_signatures --application kiosk --environment staging --manifest ../scratch/pgp/staging.yaml";
    for (line, why) in [
        (release("development.yaml.asc"), "is not what was signed"),
        (release("stranger.asc"), "has no good signature"),
        (unsigned.to_owned(), "has no signature"),
    ] {
        let answer = run_with(&world, &line, &keyring);
        assert_eq!((answer.code, answer.stdout.as_str()), (1, ""), "{answer}");
        assert!(answer.stderr.contains(why), "{answer}");
    }
    world.assert_untouched(&before);
    let answer = run_with(&world, &release("staging.yaml.asc"), &keyring);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(world.holds("applications/kiosk/releases/1"));
    // Nobody who has no keyring is kept from skipping signatures, but an empty variable is no keyring.
    let other = unsigned.replace("kiosk", "other");
    let answer = run_with(&world, &other, &[("TRAINYARD_KEYRING", Some(""))]);
    assert_eq!(answer.code, 1, "{answer}");
    let answer = run_with(&world, &other, &[]);
    assert_eq!(answer.code, 0, "{answer}");
}

#[test]
fn a_manifest_may_come_from_a_pipe() {
    let world = shop();
    let link = world.client_link();
    world.shell(&format!(
        "mkfifo ../pipe; cat ../scratch/next/staging.yaml > ../pipe & \
         TRAINYARD_NOW=2026-03-02T09:00:00Z {link} release --skip_signatures --application basket --environment staging --manifest ../pipe"
    ));
    assert!(world.holds("applications/basket/releases/3/environments/staging/manifests.yaml"));
}

fn run_with(world: &World, line: &str, variables: &[(&str, Option<&str>)]) -> crate::world::Answer {
    world.run_with(&format!("kuberpult-client {line}"), variables)
}

#[test]
fn our_own_settings_come_from_variables_or_stand_before_the_name_of_the_client() {
    let world = shop();
    let lock = "create-env-lock --lockID l-1 --environment staging --message why";
    let before = world.snapshot();
    let answer = run_with(&world, lock, &[("TRAINYARD_DRY_RUN", Some("1"))]);
    assert_eq!((answer.code, answer.stdout.as_str()), (0, ""), "{answer}");
    let answer = world.run(&format!("-n kuberpult-client {lock}"));
    assert_eq!((answer.code, answer.stdout.as_str()), (0, ""), "{answer}");
    world.assert_untouched(&before);
    for quiet in ["-q kuberpult-client", "kuberpult-client"] {
        let variables = if quiet.starts_with('k') {
            vec![("TRAINYARD_QUIET", Some("1"))]
        } else {
            vec![]
        };
        let answer = world.run_with(&format!("{quiet} --url u {lock}"), &variables);
        assert_eq!((answer.code, answer.stderr.as_str()), (0, ""), "{answer}");
    }
    let away = world.scratch("away/file", "");
    let away = std::path::Path::new(&away)
        .parent()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let repo = world.checkout().to_str().unwrap().to_owned();
    for (line, variables) in [
        (format!("-C {repo} kuberpult-client {lock}"), vec![]),
        (
            format!("kuberpult-client {lock}"),
            vec![("TRAINYARD_REPO", Some(repo.as_str()))],
        ),
    ] {
        let line = line.replace("l-1", &format!("l-{}", line.len()));
        let mut program = world.program(world.next_minute());
        program.current_dir(&away).args(crate::world::words(&line));
        for (name, value) in &variables {
            program.env(name, value.unwrap());
        }
        assert!(program.output().unwrap().status.success(), "{line}");
        let id = format!(
            "environments/staging/locks/l-{}",
            format!("-C {repo} kuberpult-client {lock}").len()
        );
        assert!(world.holds(&id) || variables.len() == 1, "{line}");
    }
    let answer = run_with(&world, "help", &[("TRAINYARD_COLOR", Some("purple"))]);
    assert_eq!(answer.code, 2, "{answer}");
    assert!(answer.stderr.contains("purple"), "{answer}");
}

#[test]
fn tokens_are_named_and_nothing_of_them_is_shown() {
    let world = shop();
    let tokens = [
        ("KUBERPULT_IAP_TOKEN", Some("s3cret")),
        ("KUBERPULT_DEX_ACCESS_TOKEN", Some("s3cret")),
    ];
    let line =
        "--url https://me:s3cret@kuberpult.example release-train --target-environment staging";
    let answer = run_with(&world, line, &tokens);
    assert_eq!(answer.code, 0, "{answer}");
    let note = "note: ignored, since it means nothing without a server: --url, KUBERPULT_IAP_TOKEN, KUBERPULT_DEX_ACCESS_TOKEN\n";
    assert!(answer.stderr.starts_with(note), "{answer}");
    assert!(!answer.stderr.contains("s3cret"), "{answer}");
    let answer = run_with(&world, "release-train --target-environment staging", &[]);
    assert!(!answer.stderr.contains("note"), "{answer}");
}

#[test]
fn the_word_is_a_name_like_any_other_where_it_is_none_of_ours() {
    let world = shop();
    let manifests = "--manifests ../scratch/next";
    world.ok(&format!("release -a kuberpult-client {manifests}"));
    world.ok("lock -e staging -a kuberpult-client --lock-id l-1 -m kuberpult-client");
    world.ok("kuberpult-client help");
    let answer = world.fails("apply -f ../scratch/list.yaml", 2);
    assert!(!answer.stderr.contains("panicked"), "{answer}");
    world.scratch("list.yaml", "- operation: kuberpult-client\n");
    let answer = world.fails("apply -f ../scratch/list.yaml", 2);
    assert!(
        answer.stderr.contains("`kuberpult-client` changes nothing"),
        "{answer}"
    );
}
