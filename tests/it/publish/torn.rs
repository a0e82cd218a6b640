//! Servers that move one of a branch and its tag, and say that they moved none. git's own does so where its disk fails.

use super::answer::{Slow, broken, upload_pack, usual_receive_pack};
use super::tags::{SUBJECT, TAGGED, TAKES_IT_AWAY, assert_tagged, tags, yard};
use crate::world::{LOCK, World};

/// A remote that refuses every push to the branch, and does this in place of it: `$1`, `$2` and `$3` are the branch, where it stands
/// and where it shall stand; `sent` is a file with all that was to move.
fn refuses_and_does(world: &World, lines: &str) {
    world.remote_hook("pre-receive", "cat > sent");
    world.remote_hook(
        "update",
        &format!(
            "[ \"$1\" = refs/heads/main ] || exit 0\n{lines}\n: > refused\necho 'the disk fails'\nexit 1"
        ),
    );
}

const KEEPS_THE_TAG: &str = "while read old new name; do case $name in refs/tags/*) git update-ref $name $new;; esac; done < sent";
const MOVES_THE_BRANCH: &str = "git update-ref \"$1\" \"$3\"";

/// Moves the branch to a commit of somebody else on this one.
fn moves_on(from: &str) -> String {
    format!(
        "git update-ref refs/heads/main $(git -c user.name=Bob -c user.email=bob@signals.example commit-tree -p {from} -m other {from}^{{tree}})"
    )
}

/// From now on the remote lets no tag move alone.
fn no_tag_alone(world: &World) {
    let script = "while read old new name; do case $name in refs/tags/*) grep -q refs/heads/ sent || exit 1;; esac; done < sent";
    world.remote_hook("pre-receive", &format!("cat > sent\n{script}"));
}

fn works_again(world: &World) {
    world.remote_hook("pre-receive", "exit 0");
    world.remote_hook("update", "exit 0");
    for name in ["sent", "refused"] {
        let _ = std::fs::remove_file(world.remote().join(name));
    }
}

/// Does this in the remote when that is asked so often after it refused to move the branch to `$new`.
fn does_when_asked(world: &World, times: usize, lines: &str) {
    let remote = world.remote().display().to_string();
    let lines = format!(
        "cd {remote}\n\
         [ ! -e refused ] || echo asked >> asked\n\
         if [ \"$(cat asked | wc -l)\" = {times} ]; then\n\
         new=$(grep refs/heads/ landing | cut -d ' ' -f 2)\n{lines}\nfi\n\
         exec git-upload-pack \"$@\""
    );
    std::fs::write(world.remote().join("asked"), "").unwrap();
    upload_pack(world, &lines);
}

/// The command in backquotes after these words.
fn command<'a>(text: &'a str, after: &str) -> Vec<&'a str> {
    let (_, rest) = text.split_once(after).unwrap();
    let command = rest.split('`').nth(1).unwrap();
    command.strip_prefix("git ").unwrap().split(' ').collect()
}

/// The tag is on the commit of the train, whoever came after it, there and here.
#[track_caller]
fn assert_train_is_tagged(world: &World) {
    let subject = format!("--grep=^{SUBJECT}");
    let train = world.remote_git(&["log", "--format=%H", &subject, "main"]);
    let tag = format!("v1 {train}");
    assert_eq!(tags(world), (tag.clone(), tag));
}

#[test]
fn a_tag_that_the_remote_keeps_of_what_it_refuses_is_taken_back() {
    let world = yard();
    refuses_and_does(&world, KEEPS_THE_TAG);
    let before = world.snapshot();
    let answer = world.fails(TAGGED, 5);
    assert!(answer.stderr.contains("nothing was changed"), "{answer}");
    works_again(&world);
    world.assert_untouched(&before);
    assert_eq!(world.left_lying(), [""; 0]);
    world.ok(TAGGED);
    assert_tagged(&world);
}

#[test]
fn a_push_that_was_refused_stays_so_wherever_others_move_the_branch() {
    let world = yard();
    refuses_and_does(&world, "cp sent landing");
    // Between the question where the branch stands and the one for the tag.
    does_when_asked(&world, 2, &moves_on("main"));
    let answer = world.fails(TAGGED, 5);
    assert!(answer.stderr.contains("the disk fails"), "{answer}");
    assert_eq!(world.subjects()[0], "other");
    assert_eq!(tags(&world).0, "");
}

#[test]
fn a_tag_of_somebody_else_stays_where_the_remote_refuses_ours() {
    let world = yard();
    refuses_and_does(&world, "git tag v1 \"$2\"");
    let answer = world.fails(TAGGED, 5);
    assert!(!answer.stderr.contains(TAKES_IT_AWAY), "{answer}");
    assert_eq!(tags(&world).0, "v1");
}

#[test]
fn a_tag_that_the_remote_does_not_give_back_is_named() {
    let world = yard();
    refuses_and_does(&world, KEEPS_THE_TAG);
    no_tag_alone(&world);
    let answer = world.fails(TAGGED, 4);
    assert!(answer.stderr.contains("keeps its tag `v1`"), "{answer}");
    let (kept, here) = tags(&world);
    assert!(kept.starts_with("v1 ") && here.is_empty(), "{kept}, {here}");
    // People may use it by now, and whoever fetches takes it along.
    works_again(&world);
    world.git(&["fetch", "-q"]);
    assert_eq!(tags(&world).1, kept);
    let again = world.fails(TAGGED, 4);
    assert_eq!(tags(&world).0, kept);
    let [first, second] = [answer, again].map(|answer| {
        let command = command(&answer.stderr, "take it away with ");
        command.join(" ")
    });
    assert_eq!(first, second);
    assert!(
        first.ends_with(TAKES_IT_AWAY.trim_end_matches('`')),
        "{first}"
    );
    let words: Vec<_> = first.split(' ').collect();
    world.git(&[&words[..1], &["-q"], &words[1..]].concat());
    world.ok(TAGGED);
    assert_tagged(&world);
}

#[test]
fn the_command_that_takes_a_tag_away_leaves_another_one_of_its_name() {
    let world = yard();
    refuses_and_does(&world, KEEPS_THE_TAG);
    no_tag_alone(&world);
    let answer = world.fails(TAGGED, 4);
    works_again(&world);
    world.remote_git(&["tag", "-f", "v1", "main"]);
    let words = command(&answer.stderr, "take it away with ");
    let mut git = world.beside("git");
    assert!(!git.args(words).output().unwrap().status.success());
    assert_eq!(tags(&world).0, "v1");
}

#[test]
fn a_tag_that_the_remote_keeps_goes_to_the_next_commit_where_somebody_was_faster() {
    let world = yard();
    let once = format!(
        "[ ! -e refused ] || exit 0\n{KEEPS_THE_TAG}\n{}",
        moves_on("$2")
    );
    refuses_and_does(&world, &once);
    let answer = world.run(TAGGED);
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(world.subjects()[..2], [SUBJECT, "other"]);
    works_again(&world);
    assert_tagged(&world);
}

#[test]
fn a_tag_stays_while_the_remote_may_still_be_at_work() {
    let world = yard();
    refuses_and_does(&world, &format!("{KEEPS_THE_TAG}\nkill -9 $PPID"));
    world.fails(TAGGED, 4);
    let kept = tags(&world);
    assert!(kept.0.starts_with("v1 "), "{kept:?}");
    works_again(&world);
    // Another command tells of it and goes on.
    let answer = world.run(LOCK);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(answer.stderr.contains(TAKES_IT_AWAY), "{answer}");
    assert_eq!(tags(&world), kept);
    let answer = world.fails(TAGGED, 3);
    assert!(answer.stderr.contains("exists already"), "{answer}");
}

#[test]
fn a_tag_of_a_push_that_can_land_no_more_is_named_with_the_command_that_takes_it_away() {
    let world = yard();
    refuses_and_does(&world, &format!("{KEEPS_THE_TAG}\nkill -9 $PPID"));
    world.fails(TAGGED, 4);
    works_again(&world);
    world.clone_to("other").ok(LOCK);
    let answer = world.fails(TAGGED, 3);
    assert!(answer.stderr.contains(TAKES_IT_AWAY), "{answer}");
    let words = command(&answer.stderr, "take it away with ");
    world.git(&[&words[..1], &["-q"], &words[1..]].concat());
    world.ok(TAGGED);
    assert_tagged(&world);
}

#[test]
fn a_tag_that_is_left_alone_as_others_move_the_branch_is_named_before_its_journal_goes() {
    let world = yard();
    refuses_and_does(&world, &format!("{KEEPS_THE_TAG}\nkill -9 $PPID"));
    world.fails(TAGGED, 4);
    works_again(&world);
    // Asked for the tag, fetched, and asked whether the name is free; then it is fetched once more.
    for name in ["refused", "landing"] {
        std::fs::write(world.remote().join(name), "").unwrap();
    }
    does_when_asked(&world, 3, &moves_on("main"));
    let answer = world.fails(TAGGED, 3);
    assert!(answer.stderr.contains(TAKES_IT_AWAY), "{answer}");
    assert_eq!(world.subjects()[0], "other");
    assert_eq!(world.left_lying(), [""; 0]);
}

#[test]
fn where_the_end_is_open_the_tag_of_somebody_else_is_only_in_the_way() {
    for (line, code) in [(TAGGED, 3), (LOCK, 0)] {
        let world = yard();
        let file = broken(&world);
        world.fails(TAGGED, 4);
        std::fs::remove_file(file).unwrap();
        world.remote_git(&["tag", "v1", "main"]);
        let answer = world.run(line);
        assert_eq!(answer.code, code, "{answer}");
        assert!(!answer.stderr.contains(TAKES_IT_AWAY), "{answer}");
    }
}

#[test]
fn a_push_that_lands_while_its_tag_is_looked_at_is_left_alone() {
    let lands = "git update-ref refs/heads/main $new";
    // Before the first look at the tag, then with others upon it; before it is taken away; and right after.
    for (times, does, kept) in [
        (2, lands, true),
        (2, &*moves_on("$new"), true),
        (3, lands, true),
        (4, lands, false),
    ] {
        let world = yard();
        refuses_and_does(&world, &format!("cp sent landing\n{KEEPS_THE_TAG}"));
        does_when_asked(&world, times, does);
        let answer = world.fails(TAGGED, 4);
        assert!(answer.stderr.contains("whether it landed"), "{answer}");
        assert_eq!(world.times(SUBJECT), 1, "{times}: {answer}");
        assert_eq!(tags(&world).0.is_empty(), !kept, "{times}");
        world.git(&["config", "--unset", "remote.origin.uploadpack"]);
        works_again(&world);
        world.ok(TAGGED);
        assert_eq!(world.times(SUBJECT), 1);
        assert_train_is_tagged(&world);
    }
}

#[test]
fn a_tag_is_signed_once_for_each_commit() {
    let world = yard();
    // Signatures tell the time, so no two are the same.
    let gpg = world.script(
        "gpg",
        "cat > /dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\n\
         echo '-----BEGIN PGP SIGNATURE-----'\ndate +%s%N\necho '-----END PGP SIGNATURE-----'",
    );
    for (name, value) in [("gpg.program", gpg.as_str()), ("tag.gpgSign", "true")] {
        world.git(&["config", name, value]);
    }
    let slow = Slow::server(&world);
    let [begun, go] = ["begun", "go"].map(|name| world.room().join(name).display().to_string());
    // While the first push is under way, the connection of every other one breaks.
    let hook = format!(
        "if [ -e {begun} ]; then [ -e {go} ] || kill -9 $PPID; exit 0; fi\n\
         : > {begun}\nwhile [ ! -e {go} ]; do sleep 0.01; done"
    );
    world.remote_hook("pre-receive", &hook);
    slow.kill(&world, TAGGED);
    world.fails(TAGGED, 4);
    slow.land(&world);
    let answer = world.run(TAGGED);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(!answer.stderr.contains("another"), "{answer}");
    let ids = ["rev-parse", "refs/tags/v1"];
    assert_eq!(world.git(&ids), world.remote_git(&ids));
    assert_tagged(&world);
}

#[test]
fn a_tag_without_which_the_remote_took_the_commit_follows() {
    let world = yard();
    refuses_and_does(&world, MOVES_THE_BRANCH);
    let answer = world.run(TAGGED);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(!answer.stderr.contains("warning"), "{answer}");
    works_again(&world);
    assert_tagged(&world);
}

#[test]
fn a_tag_follows_a_commit_that_others_have_built_on_already() {
    let world = yard();
    refuses_and_does(&world, &moves_on("$3"));
    let answer = world.run(TAGGED);
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(world.subjects()[..2], ["other", SUBJECT]);
    assert_train_is_tagged(&world);
}

#[test]
fn a_tag_that_cannot_follow_is_a_warning_with_the_command_that_sends_it() {
    let world = yard();
    refuses_and_does(&world, MOVES_THE_BRANCH);
    no_tag_alone(&world);
    let answer = world.run(TAGGED);
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(tags(&world).0, "");
    works_again(&world);
    world.git(&command(&answer.stderr, "works again, "));
    assert_tagged(&world);
}

#[test]
fn another_tag_that_came_with_the_commit_is_a_warning_and_left_alone() {
    let world = yard();
    refuses_and_does(&world, &format!("{MOVES_THE_BRANCH}\ngit tag v1 \"$2\""));
    let answer = world.run(TAGGED);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(
        answer.stderr.contains("another one of the name `v1`"),
        "{answer}"
    );
    assert_eq!(tags(&world).0, "v1");
}

#[test]
fn a_tag_follows_the_commit_of_a_killed_command_when_that_is_repeated() {
    for line in [TAGGED, LOCK] {
        let world = yard();
        let slow = Slow::server(&world);
        slow.kill(&world, TAGGED);
        slow.land(&world);
        world.remote_git(&["tag", "-d", "v1"]);
        usual_receive_pack(&world);
        let answer = world.run(line);
        assert_eq!(answer.code, 0, "{answer}");
        if line == LOCK {
            // Somebody may have taken it away.
            assert_eq!(tags(&world).0, "");
            world.git(&command(&answer.stderr, "command before this one"));
        }
        assert_train_is_tagged(&world);
    }
}
