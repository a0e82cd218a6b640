//! Repositories that we are not sure about: another owner, another format, another git around us; and signatures.

use std::fs;

use assert_cmd::Command;

use crate::world::{LOCK, RELEASE, TRAIN, World, program_path, skipped};

#[test]
fn a_checkout_of_another_owner_needs_the_word_of_git() {
    let world = World::yard();
    let checkout = world.checkout().display().to_string();
    let chown = Command::new("chown")
        .args(["-R", "12345", &checkout])
        .output()
        .unwrap();
    if !chown.status.success() {
        return skipped("only root can give a checkout to another user");
    }
    let answer = world.fails(RELEASE, 6);
    assert!(
        answer.stderr.contains("belongs to somebody else"),
        "{answer}"
    );
    let command = format!("git config --global --add safe.directory {checkout}");
    assert!(answer.stderr.contains(&command), "{answer}");
    assert_eq!(world.commits(), 2);

    let trusted = [
        ("GIT_CONFIG_COUNT", Some("1")),
        ("GIT_CONFIG_KEY_0", Some("safe.directory")),
        ("GIT_CONFIG_VALUE_0", Some(checkout.as_str())),
    ];
    let answer = world.run_with(RELEASE, &trusted);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(!answer.stderr.contains("warning"), "{answer}");
    // As the hint says.
    let config = world.scratch("gitconfig", format!("[safe]\n\tdirectory = {checkout}\n"));
    let answer = world.run_with(LOCK, &[("GIT_CONFIG_GLOBAL", Some(&config))]);
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(world.subjects()[0], "lock dev (`freeze`)");
    Command::new("chown")
        .args(["-R", "0", &checkout])
        .assert()
        .success();
    world.assert_in_step();
}

#[test]
fn formats_that_libgit2_does_not_know_are_named() {
    let world = World::yard();
    for (flag, words, hint) in [
        ("--object-format=sha256", "SHA-256", "git fast-export --all"),
        ("--ref-format=reftable", "reftable", "git refs migrate"),
    ] {
        let mut init = world.beside("git");
        let folder = format!("../{words}");
        if !init
            .args(["init", "-q", "-b", "main", flag, &folder])
            .output()
            .unwrap()
            .status
            .success()
        {
            skipped(&format!("this git has no {flag}"));
            continue;
        }
        world.shell(&format!("git -C {folder} commit -q --allow-empty -m begin"));
        let answer = world.fails(&format!("-C {folder} {LOCK}"), 6);
        assert!(answer.stderr.contains(words), "{answer}");
        assert!(answer.stderr.contains(hint), "{answer}");
    }
}

#[test]
fn a_format_that_only_a_newer_git_knows_is_refused_before_anything_happens() {
    let world = World::yard();
    world.git(&["config", "core.repositoryFormatVersion", "1"]);
    // An old git, beside a libgit2 that knows the extension.
    let path = world.git_in_front(
        "echo 'fatal: unknown repository extension found:' >&2; echo relativeworktrees >&2; exit 128",
    );
    let before = world.snapshot();
    for line in [RELEASE, "prognosis staging"] {
        let answer = world.run_with(line, &[("PATH", Some(&path))]);
        assert_eq!(answer.code, 6, "{answer}");
        assert!(
            answer.stderr.contains("git itself does not open"),
            "{answer}"
        );
        assert!(answer.stderr.contains("a newer git made it"), "{answer}");
    }
    world.assert_untouched(&before);
    assert_eq!(world.left_lying(), [""; 0]);
    world.ok(RELEASE);
    world.assert_in_step();
}

#[test]
fn a_folder_that_is_no_repository_or_a_broken_one_ends_with_6() {
    let world = World::yard();
    let answer = world.fails(&format!("-C ../scratch {LOCK}"), 6);
    assert!(
        answer.stderr.contains("is not in a git repository"),
        "{answer}"
    );
    world.fails(&format!("-C ../nowhere {LOCK}"), 6);
    let head = world.checkout().join(".git/HEAD");
    let whole = fs::read(&head).unwrap();
    fs::write(&head, "").unwrap();
    let answer = world.run(LOCK);
    assert!([1, 6].contains(&answer.code), "{answer}");
    fs::write(&head, whole).unwrap();
    world.ok(LOCK);
    world.assert_in_step();
}

#[test]
fn an_object_that_is_missing_or_damaged_ends_with_6() {
    let world = World::yard();
    let tree = world.git(&["rev-parse", "HEAD:environments"]);
    let object = world
        .checkout()
        .join(format!(".git/objects/{}/{}", &tree[..2], &tree[2..]));
    let whole = fs::read(&object).unwrap();
    fs::remove_file(&object).unwrap();
    let head = world.head();
    let answer = world.fails(RELEASE, 6);
    assert!(answer.stderr.contains(&tree), "{answer}");
    assert!(answer.stderr.contains("git fsck"), "{answer}");
    fs::write(&object, b"damaged").unwrap();
    let answer = world.fails(RELEASE, 6);
    assert!(answer.stderr.contains(&tree), "{answer}");
    assert_eq!(world.head(), head);
    fs::remove_file(&object).unwrap();
    fs::write(&object, whole).unwrap();
    world.ok(RELEASE);
    world.assert_in_step();
}

#[test]
fn the_variables_of_another_git_do_not_bend_us_to_its_repository() {
    let world = World::yard();
    world.shell("git init -q -b main ../other && git -C ../other commit -q --allow-empty -m other");
    let other = world.room().join("other/.git").display().to_string();
    let index = format!("{other}/index");
    let objects = format!("{other}/objects");
    let variables = [
        ("GIT_DIR", Some(other.as_str())),
        ("GIT_WORK_TREE", Some("/")),
        ("GIT_INDEX_FILE", Some(index.as_str())),
        ("GIT_OBJECT_DIRECTORY", Some(objects.as_str())),
        ("GIT_COMMON_DIR", Some(other.as_str())),
        ("GIT_PREFIX", Some("docs/")),
        ("GIT_NAMESPACE", Some("elsewhere")),
        ("GIT_QUARANTINE_PATH", Some(objects.as_str())),
        ("GIT_CEILING_DIRECTORIES", Some("/")),
        ("GIT_LITERAL_PATHSPECS", Some("1")),
        ("GIT_TRACE", Some("1")),
    ];
    let before = crate::world::files_below(&world.room().join("other/.git"));
    for line in [RELEASE, TRAIN, LOCK] {
        let answer = world.run_with(line, &variables);
        assert_eq!(answer.code, 0, "{answer}");
        world.assert_in_step();
    }
    assert_eq!(
        crate::world::files_below(&world.room().join("other/.git")),
        before
    );
}

#[test]
fn a_hook_of_another_repository_may_run_us() {
    for hook in ["post-commit", "pre-push"] {
        let world = World::yard();
        world.shell("git init -q -b main ../other && git init -q --bare ../other.git && git -C ../other remote add origin ../other.git");
        let checkout = world.checkout().display();
        let program = program_path();
        let script = world.script("hook", "");
        // Git's own variables stay, as they would in anybody's hook.
        fs::write(
            &script,
            format!("#!/bin/sh\nexec {program} -C {checkout} {LOCK}\n"),
        )
        .unwrap();
        world.shell(&format!("cp -p {script} ../other/.git/hooks/{hook}"));
        world.shell(
            "cd ../other && git commit -q --allow-empty -m other && git push -q origin main",
        );
        assert_eq!(world.subjects()[0], "lock dev (`freeze`)", "{hook}");
        world.assert_in_step();
    }
    // On a server, while it holds a push in quarantine.
    let world = World::yard();
    world.shell("git init -q --bare ../other.git");
    let (checkout, program) = (world.checkout().display(), program_path());
    let script = world.script("hook", "");
    fs::write(
        &script,
        format!("#!/bin/sh\nexec {program} -C {checkout} {LOCK} >&2\n"),
    )
    .unwrap();
    world.shell(&format!("mkdir -p ../other.git/hooks && cp -p {script} ../other.git/hooks/pre-receive && git push -q ../other.git main:side"));
    assert_eq!(world.subjects()[0], "lock dev (`freeze`)");
    world.assert_in_step();
}

#[test]
fn a_commit_is_signed_where_git_is_told_to_sign() {
    let world = World::yard();
    let key = world.room().join("key").display().to_string();
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f", &key])
        .output();
    if !made.is_ok_and(|output| output.status.success()) {
        return skipped("there is no ssh-keygen");
    }
    let public = fs::read_to_string(format!("{key}.pub")).unwrap();
    let signers = world.scratch("signers", format!("ada@signals.example {public}"));
    for (name, value) in [
        ("commit.gpgSign", "true"),
        ("gpg.format", "ssh"),
        ("user.signingKey", &key),
        ("gpg.ssh.allowedSignersFile", &signers),
    ] {
        world.git(&["config", name, value]);
    }
    for line in [RELEASE, TRAIN, LOCK] {
        world.ok(line);
        world.git(&["verify-commit", "HEAD"]);
        world.assert_in_step();
    }
    // A signature that cannot be made is not left out.
    fs::remove_file(&key).unwrap();
    let before = world.snapshot();
    let answer = world.fails("unlock -e dev --lock-id freeze", 1);
    assert!(answer.stderr.contains("cannot be signed"), "{answer}");
    world.assert_untouched(&before);
    assert_eq!(world.left_lying(), [""; 0]);
}
