//! Trains with a name: the tag lands with the commit or not at all, and a repetition finds its own.

use super::answer::{Slow, broken, out_of_reach, receive_pack, usual_receive_pack};
use super::crash::{strace, with_fault};
use crate::world::{LOCK, RELEASE, TRAIN, World, program_path, skipped};

pub(super) const TAGGED: &str = "release-train staging --tag v1";
/// What an error says of a tag that a push of ours has left on the remote.
pub(super) const TAKES_IT_AWAY: &str = " origin :refs/tags/v1`";
pub(super) const SUBJECT: &str = "release train to environment staging: 1 deployed";

/// A yard where a train has something to do.
pub(super) fn yard() -> World {
    let world = World::yard();
    world.ok(RELEASE);
    world
}

/// What the tags of the remote and of this clone stand for: name and commit.
pub(super) fn tags(world: &World) -> (String, String) {
    let format = [
        "for-each-ref",
        "--format=%(refname:short) %(*objectname)",
        "refs/tags",
    ];
    (world.remote_git(&format), world.git(&format))
}

/// The tag is on the head of the branch, there and here, and nothing is left lying about.
#[track_caller]
pub(super) fn assert_tagged(world: &World) {
    let tag = format!("v1 {}", world.head());
    assert_eq!(tags(world), (tag.clone(), tag));
    assert_eq!(world.subjects()[0], SUBJECT);
    world.git(&["fetch", "-q"]);
    world.assert_in_step();
}

#[test]
fn a_tag_lands_with_the_commit_and_says_what_the_train_did() {
    let world = yard();
    let at = world.run(TAGGED);
    assert_eq!(at.code, 0, "{at}");
    assert!(at.stdout.ends_with("\ntagged `v1`\n"), "{at}");
    assert_tagged(&world);
    let object = world.remote_git(&["cat-file", "tag", "v1"]);
    let (head, message) = object.split_once("\n\n").unwrap();
    let expected = format!(
        "object {}\ntype commit\ntag v1\ntagger Ada Signal <ada@signals.example> {} +0000",
        world.head(),
        at.at.as_second()
    );
    assert_eq!(head, expected);
    let (subject, trailers) = message.split_once("\n\n").unwrap();
    assert_eq!(subject, SUBJECT);
    let of_commit = world.remote_git(&["log", "-1", "--format=%(trailers:only)", "main"]);
    assert_eq!(trailers.trim_end(), of_commit.trim_end());
    assert!(trailers.ends_with("Trainyard-Tag: v1"), "{trailers}");
    world.remote_git(&["fsck", "--strict", "--no-dangling"]);
}

#[test]
fn a_train_that_changes_nothing_makes_no_tag() {
    let world = yard();
    world.ok(TRAIN);
    let before = world.snapshot();
    let answer = world.run(&format!("{TAGGED} -o json"));
    assert_eq!(answer.json()["tag"]["state"], "not-set", "{answer}");
    assert_eq!(answer.code, 0);
    world.assert_untouched(&before);
}

#[test]
fn a_name_that_is_taken_is_refused_before_anything_happens() {
    for (tag, place) in [
        ("v1", "v1"),
        ("v1/a", "v1/a"),
        ("v1", "v1/a"),
        ("v1/a", "v1"),
    ] {
        for here in [true, false] {
            let world = yard();
            if here {
                world.git(&["tag", place, "HEAD^"]);
            } else {
                world.remote_git(&["tag", place, "main^"]);
            }
            let before = world.snapshot();
            for line in ["", "-n ", "--no-push "] {
                if !here && line == "--no-push " {
                    continue;
                }
                let line = format!("{line}release-train staging --tag {tag}");
                let answer = world.fails(&line, 3);
                let place = if here {
                    "here"
                } else {
                    "on the remote `origin`"
                };
                assert!(answer.stderr.contains(place), "{line}\n{answer}");
                assert_eq!(answer.stdout, "");
                world.assert_untouched(&before);
            }
        }
    }
    let world = yard();
    world.git(&["tag", "v10"]);
    world.remote_git(&["tag", "x/v1", "main"]);
    world.ok(TAGGED);
}

#[test]
fn a_prognosis_says_whether_the_name_is_free() {
    let world = yard();
    let line = "prognosis staging --tag v1";
    assert!(world.ok(line).ends_with("the tag `v1` is free\n"));
    assert_eq!(
        world.run(&format!("{line} -o json")).json()["tag"]["state"],
        "free"
    );
    assert!(
        world
            .ok(&format!("-n {TAGGED}"))
            .contains("the tag `v1` is free\n")
    );
    world.remote_git(&["tag", "v1", "main"]);
    let answer = world.fails(&format!("{line} --detailed-exitcode"), 3);
    assert!(answer.stdout.contains("web  1 (first)"), "{answer}");
    assert!(
        answer
            .stdout
            .contains("the tag `v1` exists already, on the remote `origin`"),
        "{answer}"
    );
    let answer = world.fails(&format!("{line} -o json"), 3);
    assert_eq!(answer.json()["tag"]["state"], "taken");
    world.fails("prognosis staging --tag a..b", 2);
}

#[test]
fn a_list_of_operations_has_no_tags() {
    let world = yard();
    let list = world.scratch(
        "list.yaml",
        "- operation: release-train\n  target: staging\n  tag: v1\n",
    );
    let answer = world.fails(&format!("apply -f {list}"), 2);
    assert!(
        answer
            .stderr
            .contains("a tag is for the commit of a single train"),
        "{answer}"
    );
}

/// Has somebody make the tag on the remote while we push.
fn rival_tag(world: &World) {
    let remote = world.remote().display().to_string();
    world.hook("pre-push", &format!("git -C {remote} tag v1 main"));
}

#[test]
fn a_tag_that_somebody_makes_during_our_push_wins_and_nothing_else_happens() {
    let world = yard();
    let before = world.head();
    rival_tag(&world);
    let answer = world.fails(TAGGED, 3);
    assert!(
        answer.stderr.contains("exists already, on the remote"),
        "{answer}"
    );
    assert_eq!(world.head(), before);
    assert_eq!(world.git(&["tag"]), "");
    world.assert_in_step();
}

#[test]
fn a_branch_that_moves_during_our_push_takes_the_tag_to_the_next_commit() {
    let world = yard();
    let other = world.clone_to("other");
    let once = world.room().join("once");
    let binary = program_path();
    world.hook(
        "pre-push",
        &format!(
            "[ ! -e {0} ] || exit 0\n: > {0}\nexec 3>&- 4>&- 5>&-\n{binary} -C {1} {LOCK}",
            once.display(),
            other.checkout().display()
        ),
    );
    world.ok(TAGGED);
    assert_eq!(world.subjects()[..2], [SUBJECT, "lock dev (`freeze`)"]);
    assert_tagged(&world);
}

#[test]
fn a_remote_that_refuses_the_tag_refuses_the_train() {
    for (hook, lines) in [
        (
            "update",
            "case $1 in refs/tags/*) echo no tags today; exit 1;; esac",
        ),
        (
            "update",
            "case $1 in refs/heads/*) echo no trains today; exit 1;; esac",
        ),
        ("pre-receive", "echo nothing today; exit 1"),
    ] {
        let world = yard();
        world.remote_hook(hook, lines);
        let before = world.snapshot();
        let answer = world.fails(TAGGED, 5);
        assert!(answer.stderr.contains(" today"), "{answer}");
        world.assert_untouched(&before);
        assert_eq!(world.left_lying(), [""; 0]);
    }
    let world = yard();
    world.remote_git(&["config", "receive.advertiseAtomic", "false"]);
    let before = world.snapshot();
    let answer = world.fails(TAGGED, 5);
    assert!(answer.stderr.contains("atomic"), "{answer}");
    world.assert_untouched(&before);
    world.ok(TRAIN);
}

#[test]
fn a_push_that_was_applied_has_landed_with_its_tag_though_the_server_says_that_it_failed() {
    let world = yard();
    receive_pack(&world, "git-receive-pack \"$@\"\nexit 1");
    let answer = world.run(TAGGED);
    assert_eq!(answer.code, 0, "{answer}");
    assert_tagged(&world);
}

#[test]
fn an_end_that_is_open_is_settled_by_the_same_command_with_its_tag() {
    let world = yard();
    let file = broken(&world);
    let before = world.snapshot();
    world.fails(TAGGED, 4);
    world.assert_untouched(&before);
    std::fs::remove_file(file).unwrap();
    world.ok(TAGGED);
    assert_eq!(world.subjects()[..2], [SUBJECT, "release web 1"]);
    assert_tagged(&world);
    let answer = world.fails(TAGGED, 3);
    assert!(answer.stderr.contains("exists already"), "{answer}");
}

#[test]
fn an_end_that_is_open_is_closed_by_another_command_and_the_tag_stays_free() {
    let world = yard();
    let file = broken(&world);
    world.fails(TAGGED, 4);
    std::fs::remove_file(file).unwrap();
    world.ok(LOCK);
    assert_eq!(tags(&world), (String::new(), String::new()));
    world.ok(TAGGED);
    assert_tagged(&world);
}

#[test]
fn a_killed_command_that_landed_late_finds_its_own_tag() {
    let world = yard();
    let slow = Slow::server(&world);
    slow.kill(&world, TAGGED);
    slow.land(&world);
    assert_eq!(world.git(&["tag"]), "", "pushed, and not yet recorded here");
    let answer = world.ok(TAGGED);
    assert!(answer.ends_with("\ntagged `v1`\n"), "{answer}");
    assert_eq!(world.subjects()[..2], [SUBJECT, "release web 1"]);
    usual_receive_pack(&world);
    assert_tagged(&world);
}

#[test]
fn a_killed_command_that_landed_is_recorded_by_any_other_command() {
    let world = yard();
    let slow = Slow::server(&world);
    slow.kill(&world, TAGGED);
    slow.land(&world);
    let tagged = world.head();
    world.ok(LOCK);
    let tag = format!("v1 {tagged}");
    assert_eq!(tags(&world), (tag.clone(), tag));
    assert_eq!(world.subjects()[..2], ["lock dev (`freeze`)", SUBJECT]);
    assert_eq!(world.left_lying(), [""; 0]);
}

#[test]
fn a_killed_command_finds_its_own_tag_though_others_have_moved_on() {
    let world = yard();
    let slow = Slow::server(&world);
    slow.kill(&world, TAGGED);
    slow.land(&world);
    let tagged = world.head();
    world.clone_to("other").ok(LOCK);
    let answer = world.ok(TAGGED);
    assert!(answer.contains("web  1 (first)"), "{answer}");
    let tag = format!("v1 {tagged}");
    assert_eq!(tags(&world), (tag.clone(), tag));
    assert_eq!(world.subjects()[..2], ["lock dev (`freeze`)", SUBJECT]);
}

#[test]
fn a_killed_command_whose_push_is_still_under_way_is_not_done_twice() {
    let world = yard();
    let slow = Slow::server(&world);
    slow.kill(&world, TAGGED);
    world.ok(TAGGED);
    slow.give_up(&world);
    assert_eq!(world.subjects()[..2], [SUBJECT, "release web 1"]);
    usual_receive_pack(&world);
    assert_tagged(&world);
}

#[test]
fn a_tag_of_our_killed_command_on_a_branch_that_went_back_is_in_the_way() {
    let world = yard();
    let slow = Slow::server(&world);
    slow.kill(&world, TAGGED);
    slow.land(&world);
    world.remote_git(&["update-ref", "refs/heads/main", "main^"]);
    let before = world.head();
    let answer = world.fails(TAGGED, 4);
    assert!(answer.stderr.contains(TAKES_IT_AWAY), "{answer}");
    assert_eq!(world.head(), before);
    world.ok(LOCK);
    assert_eq!(world.left_lying(), [""; 0]);
}

#[test]
fn a_tag_that_cannot_be_recorded_here_is_a_warning() {
    let world = yard();
    world.hook("pre-push", "git update-ref refs/tags/v1 HEAD");
    let answer = world.run(TAGGED);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(
        answer
            .stderr
            .contains("there is another tag of this name here"),
        "{answer}"
    );
    assert_eq!(tags(&world).0, format!("v1 {}", world.head()));
}

#[test]
fn without_a_push_tag_and_branch_move_together() {
    for bare in [false, true] {
        let world = yard();
        let line = format!("--no-push {TAGGED}");
        let (clone, line) = if bare {
            let clone = world.clone_with("local.git", &["--bare"]);
            (clone, format!("-C . {line}"))
        } else {
            (world.clone_to("local"), line)
        };
        let answer = clone.run(&line);
        assert_eq!(answer.code, 0, "{answer}");
        let head = clone.git(&["rev-parse", "main"]);
        assert_ne!(head, world.head());
        assert_eq!(clone.git(&["rev-parse", "v1^{}"]), head);
        assert_eq!(clone.left_lying(), [""; 0]);
        assert_eq!(tags(&world).0, "", "nothing is pushed");
        // As the hint says.
        let told = "`git push --atomic REMOTE main v1` sends both";
        assert!(answer.stderr.contains(told), "{answer}");
        clone.git(&["push", "-q", "--atomic", "origin", "main", "v1"]);
        assert_eq!(world.head(), head);
    }
}

#[test]
fn without_a_push_what_is_in_the_way_leaves_no_tag() {
    let world = yard();
    world.edit("environments/staging/applications/web/version", "mine");
    let before = world.snapshot();
    world.fails(&format!("--no-push {TAGGED}"), 3);
    world.assert_untouched(&before);
    assert_eq!(world.left_lying(), [""; 0]);
}

#[test]
fn killed_without_a_push_tag_and_branch_are_together_after_the_next_command() {
    let world = yard();
    if !strace(&world) {
        return;
    }
    let calls = [
        ("rename,renameat,renameat2", 1..=6, "v1"),
        ("unlink,unlinkat", 10..=16, "v1"),
        ("link,linkat", 10..=16, "v1"),
        ("link,linkat", 10..=16, "v2"),
        ("link,linkat", 10..=16, "trains/3"),
        ("openat", 60..=60, "v1"),
    ];
    // How often the command was killed with one of the two moved and the other one not.
    let mut halves = 0;
    for (number, (call, places, name)) in calls.into_iter().enumerate() {
        for place in places {
            let clone = world.clone_to(&format!("clone-{number}-{place}"));
            let base = clone.git(&["rev-parse", "main"]);
            let inject = format!("{call}:signal=KILL:when={place}");
            let line = format!("--no-push release-train staging --tag {name}");
            with_fault(&clone, &[], &inject, &line);
            let tag = || clone.git(&["for-each-ref", "--format=%(*objectname)", "refs/tags"]);
            let moved = clone.git(&["rev-parse", "main"]) != base;
            halves += usize::from(moved == tag().is_empty());
            let answer = clone.run(&format!("--no-push {LOCK}"));
            assert_eq!(answer.code, 0, "{inject}\n{answer}");
            let train = clone.git(&["log", "--format=%H", &format!("--grep={SUBJECT}")]);
            assert_eq!(tag(), train, "{inject}");
            clone.assert_tidy();
        }
    }
    assert!(halves > 0, "no command was killed between the two");
}

#[test]
fn killed_without_a_push_a_tag_without_its_branch_goes_again() {
    let world = yard();
    if !strace(&world) {
        return;
    }
    let clone = world.clone_to("clone");
    let base = clone.git(&["rev-parse", "main"]);
    let inject = "rename,renameat,renameat2:signal=KILL:when=3";
    with_fault(&clone, &[], inject, &format!("--no-push {TAGGED}"));
    assert_eq!(clone.git(&["rev-parse", "main"]), base);
    let folder = clone.checkout().join(".git");
    let journal = clone.left_lying();
    let journal = journal
        .iter()
        .find(|name| name.starts_with("push-"))
        .unwrap();
    let journal = std::fs::read(folder.join("trainyard").join(journal)).unwrap();
    let journal: serde_json::Value = serde_json::from_slice(&journal).unwrap();
    // As if the ref of the tag had been the first to move.
    let id = journal["tag"]["id"].as_str().unwrap();
    std::fs::write(folder.join("refs/tags/v1"), format!("{id}\n")).unwrap();
    clone.ok(&format!("--no-push {LOCK}"));
    assert_eq!(clone.git(&["tag"]), "");
    clone.assert_tidy();
}

#[test]
fn killed_at_any_moment_a_pushed_tag_is_where_its_commit_is() {
    let world = yard();
    if !strace(&world) {
        return;
    }
    out_of_reach(&world);
    for (call, place) in [
        ("rename,renameat", 1),
        ("rename,renameat", 2),
        ("rename,renameat", 3),
        ("fsync,fdatasync", 1),
        ("link,linkat", 10),
        ("unlink", 10),
        ("symlinkat", 1),
        ("clone3,vfork,clone", 4),
        ("clone3,vfork,clone", 6),
    ] {
        let inject = format!("{call}:signal=KILL:when={place}");
        let line = format!("release-train staging --tag {}-{place}", &call[..4]);
        world.ok("deploy -a web -e staging --version 1");
        world.scratch("web.yaml", format!("kind: {}{place}\n", &call[..4]));
        world.ok(RELEASE);
        with_fault(&world, &[], &inject, &line);
        let answer = world.run(&line);
        assert_eq!(answer.code, 0, "{inject}\n{answer}");
        let tag = format!("{}-{place}^{{}}", &call[..4]);
        assert_eq!(
            world.remote_git(&["rev-parse", &tag]),
            world.head(),
            "{inject}"
        );
        assert_eq!(world.git(&["rev-parse", &tag]), world.head(), "{inject}");
        assert_eq!(world.left_lying(), [""; 0], "{inject}");
    }
}

#[test]
fn a_tag_is_signed_where_git_is_told_to_and_seen_by_nobody_before_it_lands() {
    let world = yard();
    let key = world.scratch("key", "");
    std::fs::remove_file(&key).unwrap();
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f", &key])
        .status();
    if !made.is_ok_and(|made| made.success()) {
        skipped("there is no ssh-keygen");
        return;
    }
    world.git(&["config", "gpg.format", "ssh"]);
    world.git(&["config", "user.signingKey", &key]);
    world.git(&["config", "tag.gpgSign", "true"]);
    let seen = world.room().join("seen");
    world.hook("pre-push", &format!("git tag > {}", seen.display()));
    world.ok(TAGGED);
    assert_tagged(&world);
    let object = world.remote_git(&["cat-file", "tag", "v1"]);
    assert!(object.contains("-----BEGIN SSH SIGNATURE-----"), "{object}");
    assert!(
        object.contains(&format!("{SUBJECT}\n\nTrainyard-Operation: ")),
        "{object}"
    );
    assert_eq!(std::fs::read_to_string(seen).unwrap(), "");
    world.remote_git(&["fsck", "--strict", "--no-dangling"]);
    let bad = yard();
    bad.git(&["config", "tag.gpgSign", "true"]);
    bad.git(&["config", "gpg.program", "false"]);
    let before = bad.snapshot();
    let answer = bad.fails(TAGGED, 1);
    assert!(
        answer.stderr.contains("the tag cannot be signed"),
        "{answer}"
    );
    bad.assert_untouched(&before);
}
