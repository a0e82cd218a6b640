//! What the user has under way in the checkout: it stays, and the change lands all the same.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::world::{Answer, LOCK, RELEASE, TRAIN, World};

/// What the train to `staging` writes.
const MANIFEST: &str = "environments/staging/applications/web/manifests/manifests.yaml";
const VERSION: &str = "environments/staging/applications/web/version";

/// Two releases of `web`, the first of them on both environments, the second on `dev`: the next train changes files.
fn busy() -> World {
    let world = World::yard();
    world.file("notes.md", "ours\n");
    world.ok(RELEASE);
    world.ok(TRAIN);
    world.scratch("web.yaml", "kind: Second\n");
    world.ok(RELEASE);
    world
}

fn on_disk(world: &World, path: &str) -> String {
    fs::read_to_string(world.checkout().join(path)).unwrap()
}

/// The train lands, and the checkout stays where it was, because of this.
#[track_caller]
fn assert_left_alone(world: &World, words: &str) -> Answer {
    let local = world.git(&["rev-parse", "HEAD"]);
    let (index, files) = (
        world.git(&["ls-files", "-s"]),
        crate::world::files_below(world.checkout()),
    );
    let answer = world.run(TRAIN);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(answer.stdout.contains("1 deployed"), "{answer}");
    assert!(
        answer.stderr.contains("warning: the change has landed"),
        "{answer}"
    );
    assert!(answer.stderr.contains(words), "{words}\n{answer}");
    assert!(
        answer.stderr.contains("git pull --ff-only origin main"),
        "{answer}"
    );
    assert_eq!(
        world.subjects()[0],
        "release train to environment staging: 1 deployed"
    );
    assert_eq!(world.git(&["rev-parse", "HEAD"]), local);
    assert_eq!(world.git(&["ls-files", "-s"]), index, "the index");
    assert_eq!(
        crate::world::files_below(world.checkout()),
        files,
        "the files"
    );
    assert_eq!(
        world.left_lying().len(),
        usize::from(world.checkout().join(".git/index.lock").exists())
    );
    answer
}

/// With `--no-push` the same is refused before anything happens, and a dry run says so in the same words.
#[track_caller]
fn assert_refused_locally(world: &World, words: &str) {
    let before = world.snapshot();
    let answer = world.fails(&format!("--no-push {TRAIN}"), 3);
    assert!(answer.stderr.contains(words), "{words}\n{answer}");
    let dry = world.fails(&format!("-n --no-push {TRAIN}"), 3);
    assert_eq!(dry.stderr, answer.stderr);
    world.assert_untouched(&before);
}

#[test]
fn a_dry_run_without_a_push_looks_at_the_checkout_of_every_shape() {
    for setting in ["core.autocrlf false", "core.autocrlf input"] {
        let world = busy();
        world.shell(&format!("git config {setting}"));
        world.edit("notes.md", "mine\n");
        world.ok(&format!("-n --no-push {TRAIN}"));
        world.edit(MANIFEST, "mine\n");
        let before = world.snapshot();
        let dry = world.fails(&format!("-n --no-push {TRAIN}"), 3);
        assert!(dry.stderr.contains(MANIFEST), "{setting}\n{dry}");
        world.assert_untouched(&before);
        world.git(&["checkout", "-q", "--", MANIFEST]);
        // Something that git ignores stands where a new file goes.
        let added = "environments/staging/applications/new/version";
        world.ok(&RELEASE.replace("-a web", "-a new"));
        world.edit(".git/info/exclude", "version\n");
        world.edit(added, "mine\n");
        let dry = world.fails(&format!("-n --no-push {TRAIN}"), 3);
        assert!(dry.stderr.contains(added), "{setting}\n{dry}");
    }
}

#[test]
fn a_staged_rename_of_what_would_be_written_is_told_with_both_of_its_paths() {
    let world = World::yard();
    world.ok(&LOCK.replace("dev", "staging"));
    world.ok(RELEASE);
    world.ok("deploy -a web -e staging --version 1");
    world.shell("git config core.autocrlf input");
    let folder = "environments/staging/applications/web";
    let (from, to) = (
        format!("{folder}/queued_version"),
        format!("{folder}/version"),
    );
    world.git(&["mv", &from, &to]);
    let before = world.snapshot();
    let dry = world.fails(
        "-n --no-push deploy -a web -e staging --version 1 --on-lock ignore",
        3,
    );
    for path in [from, to] {
        assert!(dry.stderr.contains(&format!("`{path}`")), "{path}\n{dry}");
    }
    world.assert_untouched(&before);
}

#[test]
fn edits_elsewhere_stay_and_the_checkout_comes_along() {
    let world = busy();
    world.edit("notes.md", "mine\n");
    world.edit("new/file.txt", "new");
    world.edit("environments/dev/config.json", "{}\n");
    fs::remove_file(world.checkout().join("environments/staging/config.json")).unwrap();
    world.edit("staged.txt", "staged");
    world.git(&["add", "staged.txt"]);
    let status = world.status();
    for line in [TRAIN, LOCK] {
        let answer = world.run(line);
        assert_eq!(answer.code, 0, "{answer}");
        assert!(!answer.stderr.contains("warning"), "{answer}");
        assert_eq!(world.status(), status);
        assert_eq!(world.git(&["rev-parse", "HEAD"]), world.head());
    }
    assert_eq!(on_disk(&world, "notes.md"), "mine\n");
    assert_eq!(
        world.git(&["diff", "--cached", "--name-only"]),
        "staged.txt"
    );
}

#[test]
fn an_edit_exactly_where_we_write_is_kept_and_named() {
    let world = busy();
    world.edit(MANIFEST, "mine\n");
    assert_refused_locally(&world, MANIFEST);
    assert_left_alone(&world, MANIFEST);
    assert_eq!(on_disk(&world, MANIFEST), "mine\n");
    // As the hint says, once it is settled.
    world.git(&["checkout", "-q", "--", MANIFEST]);
    world.git(&["pull", "-q", "--ff-only", "origin", "main"]);
    world.assert_in_step();
}

/// Gives a file and the index the same time, in seconds that are over: as if one had been written right after the other.
fn in_the_same_second(world: &World, path: &str) {
    world.git(&["config", "core.trustctime", "false"]);
    let then = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    for path in [path, ".git/index"] {
        let file = fs::File::options();
        let file = file.clone().write(true).open(world.checkout().join(path));
        file.unwrap().set_modified(then).unwrap();
    }
}

#[test]
fn an_edit_that_only_its_content_tells_is_kept_where_git_itself_moves_the_checkout() {
    let world = busy();
    world.git(&["config", "core.autocrlf", "input"]);
    in_the_same_second(&world, MANIFEST);
    world.git(&["update-index", "-q", "--refresh"]);
    let ours = on_disk(&world, MANIFEST);
    let mine = "m".repeat(ours.len());
    world.edit(MANIFEST, &mine);
    in_the_same_second(&world, MANIFEST);
    let before = world.snapshot();
    for line in ["--no-push", "-n --no-push"] {
        let answer = world.fails(&format!("{line} {TRAIN}"), 3);
        assert!(answer.stderr.contains(MANIFEST), "{answer}");
    }
    world.assert_untouched(&before);
    assert_left_alone(&world, MANIFEST);
    assert_eq!(on_disk(&world, MANIFEST), mine);
}

#[test]
fn a_file_that_was_written_again_as_it_was_is_not_in_the_way() {
    for setting in ["core.autocrlf false", "core.autocrlf input"] {
        let world = busy();
        world.shell(&format!("git config {setting}"));
        let same = on_disk(&world, MANIFEST);
        fs::remove_file(world.checkout().join(MANIFEST)).unwrap();
        world.edit(MANIFEST, same);
        let answer = world.run(TRAIN);
        assert!(!answer.stderr.contains("warning"), "{setting}\n{answer}");
        world.assert_in_step();
    }
}

#[test]
fn after_the_edit_is_gone_the_next_command_brings_all_of_it_along() {
    let world = busy();
    world.edit(MANIFEST, "mine\n");
    assert_left_alone(&world, MANIFEST);
    world.git(&["checkout", "-q", "--", MANIFEST]);
    world.ok(LOCK);
    world.assert_in_step();
    assert_eq!(on_disk(&world, MANIFEST), "kind: Second\n");
}

#[test]
fn a_staged_edit_where_we_write_stays_staged() {
    let world = busy();
    world.edit(MANIFEST, "staged\n");
    world.git(&["add", MANIFEST]);
    world.edit(MANIFEST, "staged, and edited again\n");
    assert_refused_locally(&world, MANIFEST);
    assert_left_alone(&world, MANIFEST);
    assert_eq!(world.git(&["show", &format!(":{MANIFEST}")]), "staged");
    // Staged, and put back on disk: the index alone tells.
    world.git(&["show", "HEAD:notes.md"]);
    let world = busy();
    let old = on_disk(&world, MANIFEST);
    world.edit(MANIFEST, "staged\n");
    world.git(&["add", MANIFEST]);
    world.edit(MANIFEST, old);
    assert_left_alone(&world, MANIFEST);
}

#[test]
fn an_edit_that_is_what_we_would_write_is_no_hindrance() {
    let world = busy();
    world.edit(MANIFEST, "kind: Second\n");
    world.ok(TRAIN);
    world.assert_in_step();
}

#[test]
fn a_file_that_git_does_not_know_is_not_overwritten() {
    let world = World::yard();
    world.ok(RELEASE);
    world.edit(VERSION, "mine");
    assert_refused_locally(&world, VERSION);
    assert_left_alone(&world, VERSION);
    assert_eq!(on_disk(&world, VERSION), "mine");
    // Nor is one that git was told to ignore, even where git itself moves the checkout.
    for setting in ["core.autocrlf false", "core.autocrlf input"] {
        for place in [VERSION, "environments/staging/applications"] {
            let world = World::yard();
            world.shell(&format!("git config {setting}"));
            world.file(
                ".gitignore",
                "version\n/environments/staging/applications\n",
            );
            world.ok(RELEASE);
            world.edit(place, "mine");
            assert_left_alone(&world, place);
            assert_eq!(on_disk(&world, place), "mine");
        }
    }
}

#[test]
fn a_file_that_git_ignores_stays_in_a_folder_that_becomes_a_file() {
    for setting in ["core.autocrlf false", "core.autocrlf input"] {
        let world = World::yard();
        world.shell(&format!("git config {setting}"));
        world.file(".gitignore", "*.log\n");
        world.file("notes/a.md", "a\n");
        let other = world.clone_to("other");
        other.shell("git rm -q -r notes && echo x > notes && git add -A && git commit -q -m change && git push -q");
        world.edit("notes/x.log", "mine");
        let answer = world.run(RELEASE);
        assert!(answer.code == 0 && answer.leaves_behind(), "{answer}");
        assert_eq!(on_disk(&world, "notes/x.log"), "mine");
        assert_eq!(on_disk(&world, "notes/a.md"), "a\n");
    }
}

#[test]
fn a_folder_or_a_file_in_the_place_of_the_other_stays() {
    let world = World::yard();
    world.ok(RELEASE);
    world.edit(&format!("{VERSION}/deep/file"), "mine");
    assert_left_alone(&world, VERSION);
    let world = World::yard();
    world.ok(RELEASE);
    world.edit("environments/staging/applications", "a file");
    assert_left_alone(&world, "environments/staging/applications");
    assert_eq!(
        on_disk(&world, "environments/staging/applications"),
        "a file"
    );
}

#[test]
fn nothing_is_written_through_a_link_that_leads_out_of_the_checkout() {
    for tracked in [true, false] {
        let world = if tracked { busy() } else { World::yard() };
        if !tracked {
            world.ok(RELEASE);
        }
        let outside = world.room().join("outside");
        let place = world.checkout().join("environments/staging/applications");
        if tracked {
            fs::rename(&place, &outside).unwrap();
        } else {
            fs::create_dir(&outside).unwrap();
        }
        symlink(&outside, &place).unwrap();
        let there = crate::world::files_below(&outside);
        assert_left_alone(&world, "environments/staging/applications");
        assert_eq!(crate::world::files_below(&outside), there, "outside");
    }
}

#[test]
fn a_link_in_the_place_of_a_file_is_not_written_through() {
    let world = busy();
    let outside = world.scratch("outside.txt", "theirs");
    let place = world.checkout().join(MANIFEST);
    fs::remove_file(&place).unwrap();
    symlink(&outside, &place).unwrap();
    assert_left_alone(&world, MANIFEST);
    assert_eq!(fs::read_to_string(outside).unwrap(), "theirs");
}

#[test]
fn a_deleted_file_comes_back_as_git_would_bring_it() {
    let world = busy();
    for path in [MANIFEST, VERSION] {
        fs::remove_file(world.checkout().join(path)).unwrap();
    }
    world.ok(TRAIN);
    world.assert_in_step();
    // A removal that is staged is meant.
    let world = busy();
    world.git(&["rm", "-q", MANIFEST]);
    assert_refused_locally(&world, MANIFEST);
    assert_left_alone(&world, MANIFEST);
}

#[test]
fn a_bit_that_the_user_set_is_an_edit_too() {
    let world = busy();
    let place = world.checkout().join(MANIFEST);
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
    assert_refused_locally(&world, MANIFEST);
    assert_left_alone(&world, MANIFEST);
    assert_eq!(world.status(), format!(" M {MANIFEST}"));
}

#[test]
fn a_lock_of_git_is_respected() {
    let world = busy();
    world.edit(".git/index.lock", "");
    assert_refused_locally(&world, "index.lock");
    assert_left_alone(&world, "index.lock");
    fs::remove_file(world.checkout().join(".git/index.lock")).unwrap();
    world.ok(LOCK);
    world.assert_in_step();
}

#[test]
fn a_merge_a_rebase_or_the_like_is_left_to_its_end() {
    for (beginning, end) in [
        ("git merge -q --no-commit --no-ff side", "git merge --abort"),
        ("! git merge -q clash", "git merge --abort"),
        ("! git cherry-pick clash", "git cherry-pick --abort"),
        ("! git revert HEAD~3", "git revert --abort"),
    ] {
        let world = busy();
        world.shell(
            "git branch side HEAD~1 && git branch clash HEAD~1\n\
             for each in side clash; do git checkout -q $each; echo $each > $each.md; git add .; git commit -q -m $each; done\n\
             echo clash > notes.md; git commit -q -a -m clash2; git checkout -q main",
        );
        world.file("notes.md", "ours again\n");
        world.shell(beginning);
        assert_refused_locally(&world, "a merge, rebase or similar is under way");
        assert_left_alone(&world, "a merge, rebase or similar is under way");
        world.shell(end);
        world.ok(LOCK);
        world.assert_in_step();
    }
}

#[test]
fn a_conflict_that_waits_in_the_index_is_left_to_the_user() {
    let world = busy();
    world.shell(
        "echo mine > notes.md; git stash -q; echo theirs > notes.md; git commit -q -a -m theirs; git push -q\n\
         ! git stash pop -q 2>/dev/null",
    );
    assert!(world.status().contains("UU notes.md"), "{}", world.status());
    assert_refused_locally(&world, "index");
    assert_left_alone(&world, "index");
    assert!(world.status().contains("UU notes.md"), "{}", world.status());
}

#[test]
fn what_the_user_stages_meanwhile_is_never_lost() {
    let world = World::yard();
    let stop = world.room().join("stop");
    let staging = format!(
        "number=0\nwhile [ ! -e {} ]; do number=$((number+1)); echo $number > mine-$number.txt\n\
         git add mine-$number.txt 2>/dev/null && echo mine-$number.txt >> ../added; git status --short > /dev/null; done",
        stop.display()
    );
    std::thread::scope(|scope| {
        let user = scope.spawn(|| world.shell(&staging));
        for _ in 0..8 {
            world.ok(LOCK);
        }
        fs::write(&stop, "").unwrap();
        user.join().unwrap();
    });
    assert_eq!(world.commits(), 10);
    let added = fs::read_to_string(world.room().join("added")).unwrap();
    let mut added: Vec<_> = added.lines().collect();
    added.sort_unstable();
    world.ok("unlock -e dev --lock-id freeze");
    let staged = world.git(&["diff", "--cached", "--name-only"]);
    assert_eq!(staged.lines().collect::<Vec<_>>(), added);
    assert_eq!(world.git(&["rev-parse", "HEAD"]), world.head());
    world.git(&["fsck", "--strict", "--no-dangling"]);
}
