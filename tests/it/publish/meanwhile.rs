//! What others do in the same checkout while we push, and whatever else they may have pushed.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::thread::sleep;
use std::time::Duration;

use super::race::rival;
use crate::world::{LOCK, RELEASE, TRAIN, World, files_below};

/// The remote holds one release, and nothing of the checkout hinders the next command.
#[track_caller]
fn assert_landed_once(world: &World) {
    let subjects = world.subjects();
    let times = subjects
        .iter()
        .filter(|subject| *subject == "release web 1");
    assert_eq!(times.count(), 1, "{subjects:?}");
}

#[test]
fn whatever_others_pushed_comes_along() {
    // Files that only git may write, one by one; and all that we write ourselves.
    for (name, change) in [
        ("a program", "echo x > tool && chmod +x tool"),
        ("a program that was a file", "chmod +x notes/a.md"),
        (
            "a folder in place of a file",
            "git rm -q notes/a.md && mkdir -p notes/a.md && echo x > notes/a.md/b",
        ),
        (
            "a file in place of a folder",
            "git rm -q -r notes && echo x > notes",
        ),
        (
            "a link in place of a folder",
            "git rm -q -r notes && ln -s environments notes",
        ),
        ("a folder less", "git rm -q -r notes"),
        ("a move", "git mv notes moved"),
        (
            "odd names",
            "mkdir -p 'a b' && echo x > 'a b/ü ?*' && printf x > \"$(printf 'two\\nlines')\"",
        ),
        ("attributes", "echo '*.md text eol=crlf' > .gitattributes"),
        (
            "an empty file and an empty link",
            ": > empty && ln -s . dot",
        ),
        ("a large file", "head -c 3000000 /dev/zero > large"),
    ] {
        let world = World::yard();
        world.file("notes/a.md", "a\n");
        world.file("notes/deep/b.md", "b\n");
        let other = world.clone_to("other");
        other.shell(&format!(
            "{change}\ngit add -A && git commit -q -m change && git push -q"
        ));
        let answer = world.run(RELEASE);
        assert_eq!(answer.code, 0, "{name}\n{answer}");
        assert!(!answer.stderr.contains("warning"), "{name}\n{answer}");
        world.assert_in_step();
        other.git(&["pull", "-q"]);
        assert_eq!(
            files_below(world.checkout()),
            files_below(other.checkout()),
            "{name}"
        );
    }
}

#[test]
fn names_that_are_no_text_come_along() {
    let world = World::yard();
    let other = world.clone_to("other");
    let name = OsStr::from_bytes(b"latin-\xe9");
    if fs::write(other.checkout().join(name), "x").is_err() {
        // This file system takes text only.
        return;
    }
    other.shell("git add -A && git commit -q -m odd && git push -q");
    world.ok(RELEASE);
    assert_eq!(fs::read(world.checkout().join(name)).unwrap(), b"x");
    world.assert_in_step();
    world.ok(LOCK);
    world.assert_in_step();
}

#[test]
fn files_of_the_user_stay_in_a_folder_that_goes() {
    let world = World::yard();
    world.file("notes/a.md", "a\n");
    world.edit("notes/mine.md", "mine\n");
    let other = world.clone_to("other");
    other.remove("notes/a.md");
    world.ok(RELEASE);
    assert_eq!(
        fs::read_to_string(world.checkout().join("notes/mine.md")).unwrap(),
        "mine\n"
    );
    assert!(!world.checkout().join("notes/a.md").exists());
    assert_eq!(world.status(), "?? notes/");
}

#[test]
fn a_user_who_switches_to_another_branch_meanwhile_is_left_there() {
    let world = World::yard();
    let checkout = world.checkout().display();
    world.hook(
        "pre-push",
        &format!("git -C {checkout} checkout -q -b other"),
    );
    let before = world.git(&["rev-parse", "HEAD"]);
    let answer = world.run(RELEASE);
    assert_eq!(answer.code, 0, "{answer}");
    assert_landed_once(&world);
    assert_eq!(world.git(&["symbolic-ref", "HEAD"]), "refs/heads/other");
    assert_eq!(world.git(&["rev-parse", "HEAD"]), before);
    world.assert_tidy();
    fs::remove_file(world.checkout().join(".git/hooks/pre-push")).unwrap();
    world.git(&["checkout", "-q", "main"]);
    world.ok(LOCK);
    world.assert_in_step();
}

#[test]
fn a_user_who_switches_while_git_looks_at_the_files_is_left_there() {
    // git has no lock for that, and the index is as it was.
    let switching = "case \"$*\" in *'read-tree -n -m'*) ;; *) exec git \"$@\";; esac
        git \"$@\"
        git switch -q -c other";
    for line in [RELEASE.to_owned(), format!("{RELEASE} --no-push")] {
        let world = World::yard();
        world.git(&["config", "core.autocrlf", "true"]);
        let before = world.git(&["rev-parse", "HEAD"]);
        let path = world.git_in_front(switching);
        let answer = world.run_with(&line, &[("PATH", Some(&path))]);
        assert_eq!(world.git(&["symbolic-ref", "HEAD"]), "refs/heads/other");
        assert_eq!(
            world.git(&["rev-parse", "HEAD", "main"]),
            format!("{before}\n{before}")
        );
        world.assert_tidy();
        if line == RELEASE {
            assert_eq!(answer.code, 0, "{answer}");
            assert_landed_once(&world);
        } else {
            assert_eq!(answer.code, 3, "{answer}");
            assert!(
                answer
                    .stderr
                    .contains("nothing was changed: another branch"),
                "{answer}"
            );
        }
        world.git(&["switch", "-q", "main"]);
        world.ok(LOCK);
        world.assert_in_step();
    }
}

#[test]
fn a_user_who_commits_meanwhile_keeps_the_commit() {
    let world = World::yard();
    let checkout = world.checkout().display();
    world.hook(
        "pre-push",
        &format!("git -C {checkout} commit -q --allow-empty -m mine"),
    );
    let answer = world.run(RELEASE);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(
        answer
            .stderr
            .contains("the local branch has commits of its own"),
        "{answer}"
    );
    assert_landed_once(&world);
    assert_eq!(world.git(&["log", "-1", "--format=%s"]), "mine");
    world.assert_tidy();
}

#[test]
fn a_user_who_edits_where_we_write_meanwhile_keeps_the_edit() {
    let world = World::yard();
    world.ok(RELEASE);
    let version = world
        .checkout()
        .join("environments/staging/applications/web/version");
    let folder = version.parent().unwrap().display();
    world.hook(
        "pre-push",
        &format!("mkdir -p {folder} && echo mine > {}", version.display()),
    );
    let answer = world.run(TRAIN);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(
        answer
            .stderr
            .contains("environments/staging/applications/web/version"),
        "{answer}"
    );
    assert_eq!(fs::read_to_string(version).unwrap(), "mine\n");
    assert_eq!(
        world.subjects()[0],
        "release train to environment staging: 1 deployed"
    );
}

#[test]
fn a_user_who_pulls_meanwhile_is_no_hindrance() {
    let world = World::yard();
    rival(
        &world,
        1,
        &format!(
            "git commit -q --allow-empty -m rival; git push -q origin HEAD:main; git -C {} pull -q",
            world.checkout().display()
        ),
    );
    let answer = world.run(RELEASE);
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(world.subjects()[..2], ["release web 1", "rival"]);
    world.assert_in_step();
}

#[test]
fn objects_that_are_pruned_before_they_are_pushed_are_written_again() {
    let world = World::yard();
    let checkout = world.checkout().display();
    let hook = world.hook("pre-push", &format!("git -C {checkout} gc -q --prune=now"));
    let local = world.git(&["rev-parse", "HEAD"]);
    let answer = world.run(RELEASE);
    assert_ne!(answer.code, 0, "{answer}");
    assert_eq!(answer.stdout, "");
    assert_eq!(
        (world.commits(), world.git(&["rev-parse", "HEAD"])),
        (2, local)
    );
    fs::remove_file(hook).unwrap();
    world.ok(RELEASE);
    assert_landed_once(&world);
    world.assert_in_step();
}

#[test]
fn a_lock_on_a_ref_leaves_the_checkout_to_the_next_command() {
    for name in [
        "refs/heads/main.lock",
        "refs/remotes/origin/main.lock",
        "packed-refs.lock",
    ] {
        let world = World::yard();
        let lock = world.checkout().join(".git").join(name);
        // Not empty, as a lock is that its owner still works on.
        fs::write(&lock, "somebody else's\n").unwrap();
        let answer = world.run(RELEASE);
        assert_eq!(answer.code, 0, "{name}\n{answer}");
        assert_landed_once(&world);
        let answer = world.run(LOCK);
        assert_eq!(answer.code, 0, "{name}\n{answer}");
        assert_eq!(fs::read_to_string(&lock).unwrap(), "somebody else's\n");
        fs::remove_file(lock).unwrap();
        world.ok(TRAIN);
        world.assert_in_step();
        assert_eq!(world.commits(), 5, "{name}");
    }
}

#[test]
fn a_branch_that_has_no_commits_here_yet_is_left_to_git() {
    let world = World::yard();
    world.shell("git init -q -b main ../fresh && git -C ../fresh remote add origin ../remote.git");
    let scratch = world.room().join("scratch").display().to_string();
    let answer = world.run(&format!(
        "-C ../fresh {}",
        RELEASE.replace("../scratch", &scratch)
    ));
    assert_eq!(answer.code, 0, "{answer}");
    assert!(answer.stderr.contains("has no commits yet"), "{answer}");
    assert_landed_once(&world);
    world.shell("cd ../fresh && git pull -q --ff-only origin main && git diff --quiet HEAD");
}

#[test]
fn an_empty_remote_is_told_how_to_begin() {
    let world = World::yard();
    world.shell("git init -q --bare -b main ../empty.git && git clone -q ../empty.git ../fresh 2> /dev/null");
    let answer = world.fails("-C ../fresh lock -e dev -m x", 6);
    assert!(
        answer.stderr.contains("the remote `origin` is empty"),
        "{answer}"
    );
    // As the hint says.
    let first = "git commit --allow-empty -m begin && git push origin HEAD:refs/heads/main";
    assert!(answer.stderr.contains(first), "{answer}");
    world.shell(&format!(
        "cd ../fresh && git config user.name a && git config user.email a@b && {first} 2> /dev/null"
    ));
    world.ok("-C ../fresh environment create development --upstream latest");
}

#[test]
fn branches_of_any_name_are_worked_on() {
    for name in ["release/2026-03", "ümlaut", "with.dot", "main-2"] {
        let world = World::yard();
        world.shell(&format!(
            "git checkout -q -b '{name}' && git push -q -u origin '{name}'"
        ));
        world.ok(RELEASE);
        let branch = format!("refs/heads/{name}");
        assert_eq!(
            world.remote_git(&["log", "-1", "--format=%s", &branch]),
            "release web 1"
        );
        assert_eq!(
            world.git(&["rev-parse", "HEAD"]),
            world.remote_git(&["rev-parse", &branch])
        );
        world.assert_tidy();
        assert_eq!(world.commits(), 2, "main stays");
    }
}

/// What is done while the push is under way, long after our first look at the checkout, whose files are old by then.
fn late(world: &World, lines: &str) {
    sleep(Duration::from_millis(200));
    let checkout = world.checkout().display();
    world.hook("pre-push", &format!("sleep 1\ncd {checkout}\n{lines}"));
}

#[test]
fn an_edit_after_our_first_look_is_kept_though_size_and_time_are_the_same() {
    let world = World::yard();
    world.ok(RELEASE);
    let path = "environments/dev/applications/web/deployed_at_utc";
    let file = world.checkout().join(path);
    let size = fs::metadata(&file).unwrap().len();
    let edit = format!(
        "cp -p {path} ../as-it-was\nhead -c {size} /dev/zero > {path}\ntouch -r ../as-it-was {path}"
    );
    late(&world, &edit);
    let answer = world.run(RELEASE);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(answer.stderr.contains(path), "{answer}");
    let kept = fs::read(file).unwrap();
    assert!(kept.iter().all(|byte| *byte == 0), "{kept:?}");
    assert_eq!(world.subjects()[0], "release web 2");
}

#[test]
fn what_appears_after_our_first_look_is_kept() {
    let world = World::yard();
    world.ok(RELEASE);
    let folder = "environments/staging/applications/web";
    late(
        &world,
        &format!("mkdir -p {folder}\necho mine > {folder}/version"),
    );
    let answer = world.run(TRAIN);
    assert_eq!(answer.code, 0, "{answer}");
    let version = format!("{folder}/version");
    assert!(answer.stderr.contains(&version), "{answer}");
    assert_eq!(
        fs::read_to_string(world.checkout().join(version)).unwrap(),
        "mine\n"
    );
}

#[test]
fn what_is_staged_after_our_first_look_stays_staged() {
    let world = World::yard();
    world.ok(RELEASE);
    late(&world, "echo mine > mine\ngit add mine");
    let answer = world.run(TRAIN);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(!answer.stderr.contains("warning"), "{answer}");
    assert_eq!(world.status(), "A  mine");
    assert_eq!(world.git(&["rev-parse", "HEAD"]), world.head());
}

#[test]
fn nothing_is_changed_before_the_push_has_landed() {
    let world = World::yard();
    world.ok(RELEASE);
    late(
        &world,
        "git status --porcelain > ../seen\ngit rev-parse HEAD >> ../seen\nls .git/index.lock >> ../seen 2> /dev/null\nexit 1",
    );
    let head = world.git(&["rev-parse", "HEAD"]);
    let answer = world.run(TRAIN);
    assert_eq!(answer.code, 5, "{answer}");
    let seen = fs::read_to_string(world.checkout().join("../seen")).unwrap();
    assert_eq!(seen.trim_end(), head);
    world.assert_in_step();
}
