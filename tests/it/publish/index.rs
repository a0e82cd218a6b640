//! Shapes of checkout that come from its configuration: forms of the index, line endings, links, filters.

use std::fs;

use crate::world::{LOCK, RELEASE, TRAIN, Tree, World, text};

/// A yard whose checkout is configured like this from its beginning, with these attributes.
fn configured(settings: &[(&str, &str)], attributes: Option<&str>) -> World {
    let attributes = attributes.map(|lines| (".gitattributes".to_owned(), text(lines)));
    let yard = World::yard_with(Tree::from_iter(attributes));
    let settings = settings
        .iter()
        .map(|(key, value)| format!("--config={key}={value}"));
    let flags: Vec<String> = settings.collect();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    yard.clone_with("configured", &flags)
}

/// Every command lands, brings index and files along, and leaves nothing that git takes for a change.
#[track_caller]
fn assert_works(world: &World) {
    for line in [RELEASE, LOCK, TRAIN, "unlock -e dev --lock-id freeze"] {
        let answer = world.run(line);
        assert_eq!(answer.code, 0, "trainyard {line}\n{answer}");
        assert!(
            !answer.stderr.contains("warning"),
            "trainyard {line}\n{answer}"
        );
        world.assert_in_step();
        // Not by the index alone: every file is read again.
        world.shell("touch -c $(git ls-files) && git diff --quiet HEAD");
    }
}

const MANIFEST: &str = "environments/staging/applications/web/manifests/manifests.yaml";

fn on_disk(world: &World, path: &str) -> String {
    fs::read_to_string(world.checkout().join(path)).unwrap()
}

fn in_commit(world: &World, path: &str) -> String {
    world.git(&["cat-file", "blob", &format!("HEAD:{path}")]) + "\n"
}

#[test]
fn an_index_of_every_version() {
    for version in ["2", "3", "4"] {
        let world = configured(&[("index.version", version)], None);
        assert_works(&world);
        let index = fs::read(world.checkout().join(".git/index")).unwrap();
        let found = index[7];
        // Version 3 is version 2 with flags, and is written only where there are such flags.
        assert_eq!(found == 4, version == "4", "version {found}");
    }
}

#[test]
fn a_split_index() {
    let world = configured(&[("core.splitIndex", "true")], None);
    world.git(&["update-index", "--split-index"]);
    assert_works(&world);
    let names = fs::read_dir(world.checkout().join(".git")).unwrap();
    let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(names.any(|name| name.starts_with("sharedindex.")));
}

#[test]
fn an_index_split_without_a_setting() {
    let world = World::yard();
    world.git(&["update-index", "--split-index"]);
    assert_works(&world);
}

#[test]
fn an_index_with_extensions_of_every_kind() {
    for settings in [
        &[("core.untrackedCache", "true")][..],
        &[("feature.manyFiles", "true")],
        &[("index.threads", "2")],
        &[("core.fsmonitor", "true")],
    ] {
        let world = configured(settings, None);
        world.status();
        assert_works(&world);
    }
}

#[test]
fn line_endings_of_windows() {
    let world = configured(&[("core.autocrlf", "true")], None);
    assert_works(&world);
    assert!(on_disk(&world, MANIFEST).contains("\r\n"));
    assert!(!in_commit(&world, MANIFEST).contains('\r'));
    let world = configured(&[("core.autocrlf", "input")], None);
    assert_works(&world);
    assert!(!on_disk(&world, MANIFEST).contains('\r'));
}

#[test]
fn line_endings_by_attribute() {
    let world = configured(&[], Some("*.yaml text eol=crlf\n"));
    assert_works(&world);
    assert!(on_disk(&world, MANIFEST).contains("\r\n"));
    assert!(!in_commit(&world, MANIFEST).contains('\r'));
}

#[test]
fn attributes_that_no_commit_holds() {
    let world = World::yard();
    world.edit(".git/info/attributes", "*.yaml text eol=crlf\n");
    assert_works(&world);
    assert!(on_disk(&world, MANIFEST).contains("\r\n"));
}

#[test]
fn a_filter_is_run_in_both_directions() {
    let filter = [
        ("filter.loud.clean", "tr A-Z a-z"),
        ("filter.loud.smudge", "tr a-z A-Z"),
        ("filter.loud.required", "true"),
    ];
    let world = configured(
        &filter,
        Some("environments/**/manifests.yaml filter=loud\n"),
    );
    world.scratch("web.yaml", "kind: configmap\n");
    assert_works(&world);
    assert_eq!(on_disk(&world, MANIFEST), "KIND: CONFIGMAP\n");
    assert_eq!(in_commit(&world, MANIFEST), "kind: configmap\n");
}

#[test]
fn a_filter_that_fails_leaves_the_checkout_alone_and_the_change_stands() {
    let filter = [
        ("filter.broken.smudge", "false"),
        ("filter.broken.clean", "cat"),
        ("filter.broken.required", "true"),
    ];
    let world = configured(
        &filter,
        Some("environments/**/manifests.yaml filter=broken\n"),
    );
    let local = world.git(&["rev-parse", "HEAD"]);
    let answer = world.run(RELEASE);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(
        answer.stderr.contains("warning: the change has landed"),
        "{answer}"
    );
    assert_eq!(world.subjects()[0], "release web 1");
    assert_eq!(world.git(&["rev-parse", "HEAD"]), local);
    // Once the filter works, the next command finishes what was begun.
    world.git(&["config", "filter.broken.smudge", "cat"]);
    world.ok(LOCK);
    world.assert_in_step();
}

#[test]
fn a_checkout_without_links() {
    let world = configured(&[("core.symlinks", "false")], None);
    assert_works(&world);
    let version = "environments/staging/applications/web/version";
    let plain = fs::symlink_metadata(world.checkout().join(version)).unwrap();
    assert!(plain.is_file());
    assert_eq!(
        on_disk(&world, version),
        "../../../../applications/web/releases/1"
    );
    assert!(
        world
            .git(&["ls-tree", "HEAD", version])
            .starts_with("120000")
    );
}

#[test]
fn a_checkout_where_the_executable_bit_says_nothing() {
    let world = configured(&[("core.fileMode", "false")], None);
    world.ok(RELEASE);
    world.shell("chmod -R a+x environments applications");
    assert_works(&world);
}

#[test]
fn files_that_the_user_told_git_to_overlook_stay_overlooked() {
    let world = World::yard();
    world.file("notes.md", "ours\n");
    for flag in ["--skip-worktree", "--assume-unchanged"] {
        world.git(&["update-index", flag, "notes.md"]);
        world.edit("notes.md", "mine\n");
        assert_works(&world);
        assert_eq!(on_disk(&world, "notes.md"), "mine\n");
        world.git(&["update-index", &flag.replacen("--", "--no-", 1), "notes.md"]);
        assert_eq!(world.status(), " M notes.md");
        world.git(&["checkout", "-q", "notes.md"]);
    }
}

/// A change in the second in which the index was written does not show in the times of the file.
#[test]
fn an_edit_that_only_its_content_tells_is_not_hidden_by_our_index() {
    let world = World::yard();
    world.git(&["config", "core.trustctime", "false"]);
    world.file("notes.md", "ours\n");
    world.shell(
        "then=202601010000\ntouch -t $then notes.md\ngit update-index --refresh\ntouch -t $then .git/index\n\
         echo mine > notes.md\ntouch -t $then notes.md",
    );
    world.ok(LOCK);
    assert_eq!(world.status(), " M notes.md");
    world.ok(RELEASE);
    assert_eq!(world.status(), " M notes.md");
}

/// An index of the touched paths alone would make git take all others for deleted.
#[test]
fn a_clone_without_a_checkout_is_left_alone() {
    let yard = World::yard();
    let world = yard.clone_with("bare-ish", &["--no-checkout"]);
    let local = world.git(&["rev-parse", "HEAD"]);
    let answer = world.fails(LOCK, 0);
    for words in [
        "the checkout stays as it is: nothing is checked out, as there is no index",
        "hint: if you want the files: `git checkout main && git pull --ff-only origin main`",
    ] {
        assert!(answer.stderr.contains(words), "{answer}");
    }
    assert!(world.holds("environments/dev/locks/freeze"));
    assert_eq!(world.git(&["rev-parse", "HEAD"]), local);
    assert!(!world.checkout().join(".git/index").exists());
    let before = crate::world::files_below(world.checkout());
    let line = "--no-push lock -e dev -m 'here alone'";
    for line in [line, &format!("-n {line}")] {
        let answer = world.fails(line, 3);
        assert!(answer.stderr.contains("no index"), "{answer}");
    }
    assert_eq!(crate::world::files_below(world.checkout()), before);
    world.shell("git checkout -q main && git pull -q --ff-only origin main");
    world.assert_in_step();
    world.ok("unlock -e dev --lock-id freeze");
    world.assert_in_step();
}

#[test]
fn odd_settings_of_the_user_change_nothing() {
    for (key, value) in [
        ("push.default", "nothing"),
        ("push.followTags", "true"),
        ("push.recurseSubmodules", "check"),
        ("push.useForceIfIncludes", "true"),
        ("push.gpgSign", "if-asked"),
        ("fetch.prune", "true"),
        ("fetch.pruneTags", "true"),
        ("fetch.recurseSubmodules", "true"),
        ("fetch.fsckObjects", "true"),
        ("fetch.writeCommitGraph", "true"),
        ("pull.rebase", "true"),
        ("core.quotePath", "false"),
        ("color.ui", "always"),
        ("core.abbrev", "4"),
        ("core.pager", "false"),
        ("core.logAllRefUpdates", "false"),
        ("advice.detachedHead", "false"),
        ("core.fsmonitor", "/bin/false"),
        ("log.showSignature", "true"),
        ("rerere.enabled", "true"),
        ("gc.auto", "1"),
    ] {
        let world = World::yard();
        world.git(&["tag", "mine"]);
        world.git(&["config", key, value]);
        let other = world.clone_to("other");
        other.ok(RELEASE);
        let answer = world.run(TRAIN);
        assert_eq!(answer.code, 0, "{key}={value}\n{answer}");
        assert!(
            !answer.stderr.contains("warning"),
            "{key}={value}\n{answer}"
        );
        world.assert_in_step();
        assert_eq!(world.git(&["tag"]), "mine", "{key}={value}");
        assert_eq!(world.remote_git(&["tag"]), "", "{key}={value}");
    }
}
