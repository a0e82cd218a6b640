//! Killed at any moment: the next command needs no cleaning by hand, and nothing happens twice.

use std::collections::BTreeSet;
use std::time::Duration;

use super::answer::out_of_reach;
use crate::world::{LOCK, RELEASE, World, program_path, skipped};

/// A command that can be told apart in the history.
fn line(number: usize) -> String {
    format!("lock -e dev --lock-id lock-{number} -m x")
}

fn subject(number: usize) -> String {
    format!("lock dev (`lock-{number}`)")
}

/// What has happened so far: which commands ended how.
#[derive(Default)]
struct Record {
    done: BTreeSet<usize>,
    refused: BTreeSet<usize>,
    /// Killed, perhaps after their end, and run again: a lock that stands already gets a new time by that.
    again: BTreeSet<usize>,
}

impl Record {
    fn note(&mut self, number: usize, code: i32) {
        match code {
            0 => self.done.insert(number),
            1 | 3 | 5 | 6 | 7 => self.refused.insert(number),
            _ => false,
        };
    }

    /// Whoever ended well is in the history once, whoever failed is not, and all others are there at most once.
    #[track_caller]
    fn assert_holds(&self, world: &World, last: usize) {
        let subjects = world.subjects();
        for number in 0..=last {
            let times = subjects
                .iter()
                .filter(|each| **each == subject(number))
                .count();
            let wanted = if self.again.contains(&number) {
                1..=2
            } else if self.done.contains(&number) {
                1..=1
            } else if self.refused.contains(&number) {
                0..=0
            } else {
                0..=1
            };
            assert!(
                wanted.contains(&times),
                "lock-{number}: {times} times\n{subjects:?}"
            );
        }
    }
}

/// The command after the crash ends well and leaves everything in step.
#[track_caller]
fn assert_recovers(world: &World, record: &mut Record, number: usize, what: &str) {
    let answer = world.run(&line(number));
    assert_eq!(answer.code, 0, "after {what}\n{answer}");
    assert!(!answer.leaves_behind(), "after {what}\n{answer}");
    record.note(number, answer.code);
    let head = world.head();
    assert_eq!(world.git(&["rev-parse", "HEAD"]), head, "after {what}");
    assert_eq!(world.status(), "", "after {what}");
    let left = world.left_lying();
    assert_eq!(left, [""; 0], "after {what}");
}

fn assert_linear_and_sound(world: &World) {
    assert_eq!(
        world.remote_git(&["rev-list", "--count", "--merges", "main"]),
        "0"
    );
    world.remote_git(&["fsck", "--strict", "--no-dangling"]);
    world.git(&["fsck", "--strict", "--no-dangling"]);
}

/// Kills a command after this long, alone or with all that it started; then another one, or the same again, has to go well.
fn killed_at_random(world: &World, seeds: std::ops::Range<usize>) {
    // A server that dies in the middle may leave its branch locked, which is not ours to mend.
    out_of_reach(world);
    let mut record = Record::default();
    for seed in seeds.clone() {
        let first = seed * 2;
        // Spread over the time that a command takes, in no order.
        let delay = Duration::from_micros(u64::try_from(seed * 7919 % 90_000).unwrap());
        let command = world.start(&line(first));
        std::thread::sleep(delay);
        if seed % 2 == 0 {
            command.kill();
        } else {
            command.kill_all();
        }
        let again = seed % 3 == 0;
        let next = if again { first } else { first + 1 };
        if again {
            record.again.insert(first);
        }
        assert_recovers(world, &mut record, next, &format!("{delay:?}, seed {seed}"));
    }
    record.assert_holds(world, seeds.end * 2);
    assert_linear_and_sound(world);
}

#[test]
fn killed_at_any_moment_the_next_command_needs_no_cleaning() {
    let world = World::yard();
    killed_at_random(&world, 0..20);
}

#[test]
fn killed_while_git_itself_moves_the_checkout_the_next_command_needs_no_cleaning() {
    let world = World::yard();
    world.git(&["config", "core.autocrlf", "true"]);
    killed_at_random(&world, 20..32);
}

#[test]
fn killed_without_a_remote_the_next_command_needs_no_cleaning() {
    let world = World::yard();
    let local = world.clone_to("local");
    local.git(&["remote", "remove", "origin"]);
    for seed in 0..8_usize {
        let command = local.start(&line(seed * 2));
        std::thread::sleep(Duration::from_micros(
            u64::try_from(seed * 5_003 % 40_000).unwrap(),
        ));
        command.kill_all();
        let answer = local.run(&line(seed * 2 + 1));
        assert_eq!(answer.code, 0, "{answer}");
        assert_eq!(local.status(), "", "seed {seed}");
        local.assert_tidy();
    }
}

#[test]
fn a_file_that_git_could_not_take_away_is_not_left_to_nobody() {
    let world = World::yard();
    world.git(&["config", "core.autocrlf", "true"]);
    world.ok(LOCK);
    // As if they were in use: git only warns of that, and ends with 0.
    let lock = "environments/dev/locks/freeze";
    let place = world.checkout().join(lock).display().to_string();
    let path = world.git_in_front(&format!(
        "case \"$*\" in *'read-tree -m -u'*) ;; *) exec git \"$@\";; esac
        mkdir -p ../scratch/kept; cp -a {place}/. ../scratch/kept
        git \"$@\"
        mkdir -p {place}; cp -a ../scratch/kept/. {place}
        echo \"warning: unable to unlink '{lock}/message': Device or resource busy\" >&2"
    ));
    let unlock = "unlock -e dev --lock-id freeze";
    let answer = world.run_with(unlock, &[("PATH", Some(&path))]);
    assert_eq!(answer.code, 0, "{answer}");
    let told = format!(
        "warning: the change has landed, but the checkout is half way: warning: unable to unlink '{lock}/message': \
         Device or resource busy\nhint: the next trainyard command that changes something on this branch finishes it\n"
    );
    assert!(answer.stderr.ends_with(&told), "{answer}");
    // A lock that another git takes meanwhile is not ours, whatever the journal says.
    let index_lock = world.checkout().join(".git/index.lock");
    std::fs::write(&index_lock, "theirs").unwrap();
    let next = world.run(&line(1));
    assert!(next.code == 0 && next.leaves_behind(), "{next}");
    assert_eq!(std::fs::read_to_string(&index_lock).unwrap(), "theirs");
    std::fs::remove_file(index_lock).unwrap();
    let next = world.run(&line(2));
    assert!(next.code == 0 && !next.leaves_behind(), "{next}");
    world.assert_in_step();
    assert_linear_and_sound(&world);
    world.assert_tidy();
}

#[test]
fn a_commit_that_the_user_ends_while_the_checkout_is_moved_is_told_how_to_go_on() {
    let world = World::yard();
    world.git(&["config", "core.autocrlf", "true"]);
    world.edit("notes.md", "mine\n");
    world.git(&["add", "notes.md"]);
    let before = world.git(&["rev-parse", "HEAD"]);
    let path = world.git_in_front(
        "case \"$*\" in *'read-tree -m -u'*) ;; *) exec git \"$@\";; esac
        cp .git/index .git/theirs
        tree=$(GIT_INDEX_FILE=.git/theirs git write-tree)
        rm .git/theirs
        git \"$@\"
        git update-ref refs/heads/main $(git commit-tree $tree -p HEAD -m mine)",
    );
    let answer = world.run_with(RELEASE, &[("PATH", Some(&path))]);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(answer.stderr.contains("was moved meanwhile"), "{answer}");
    let (_, hint) = answer
        .stderr
        .split_once("put that commit on top: `")
        .unwrap();
    world.shell(hint.split_once('`').unwrap().0);
    assert_eq!(world.status(), "");
    let subjects = world.git(&["log", "--format=%s", &format!("{before}..")]);
    assert_eq!(subjects, "mine\nrelease web 1");
    let files = world.git(&["show", "--format=", "--name-only"]);
    assert_eq!(files, "notes.md");
    world.git(&["push", "-q", "origin", "main"]);
    let next = world.run(&line(1));
    assert!(next.code == 0 && !next.leaves_behind(), "{next}");
    world.assert_in_step();
    world.assert_tidy();
}

/// Whether this machine lets us look into the system calls of our own children.
pub(super) fn strace(world: &World) -> bool {
    let works = std::process::Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .output();
    let works = works.is_ok_and(|output| output.status.success()) && world.checkout().exists();
    if !works {
        skipped("strace does not work here");
    }
    works
}

/// Runs a command under strace with a fault injected.
pub(super) fn with_fault(world: &World, flags: &[&str], inject: &str, line: &str) -> i32 {
    let trace = world.room().join("trace").display().to_string();
    let inject = format!("inject={inject}");
    let mut arguments = vec!["-qq", "-o", &trace, "-e", &inject];
    arguments.extend(flags);
    arguments.push(program_path());
    arguments.extend(line.split(' '));
    world.run_beside("strace", &arguments).code
}

/// The system calls that change something, and how often a command makes them at most.
const CALLS: [(&str, &[usize]); 12] = [
    ("mkdir", &[1, 2]),
    ("openat", &[60, 75, 90]),
    ("flock", &[1]),
    ("clone3,vfork,clone", &[2, 4, 6]),
    ("write", &[1, 4, 9]),
    ("rename,renameat", &[1, 2, 3, 4]),
    ("fsync,fdatasync", &[1, 2]),
    ("link,linkat", &[1, 8, 11, 12]),
    ("mkdirat", &[2, 6]),
    ("unlink", &[1, 10, 11, 12, 13, 14, 15]),
    ("unlinkat", &[1, 3]),
    ("symlinkat", &[1]),
];

#[test]
fn killed_at_any_system_call_the_next_command_needs_no_cleaning() {
    let world = World::yard();
    if !strace(&world) {
        return;
    }
    let mut record = Record::default();
    let (mut number, mut killed) = (0, 0);
    for (call, places) in CALLS {
        for place in places {
            let inject = format!("{call}:signal=KILL:when={place}");
            let code = with_fault(&world, &[], &inject, &line(number));
            record.note(number, code);
            killed += usize::from(code != 0);
            let again = code != 0 && number % 4 == 0;
            number += if again { 0 } else { 2 };
            assert_recovers(
                &world,
                &mut record,
                number,
                &format!("{call} {place} ({code})"),
            );
            number += 2 - number % 2;
        }
    }
    assert!(killed > 20, "only {killed} of the places were reached");
    record.assert_holds(&world, number);
    assert_linear_and_sound(&world);
}

#[test]
fn a_git_that_is_killed_under_us_is_settled_like_a_broken_connection() {
    let world = World::yard();
    if !strace(&world) {
        return;
    }
    let mut record = Record::default();
    // The tool itself makes none of these: only git does.
    for (turn, inject) in [
        "link:signal=KILL:when=1",
        "getdents64:signal=KILL:when=3",
        "unlink:signal=KILL:when=2",
    ]
    .into_iter()
    .enumerate()
    {
        let code = with_fault(&world, &["-f"], inject, &line(turn * 2));
        record.note(turn * 2, code);
        assert_recovers(
            &world,
            &mut record,
            turn * 2 + 1,
            &format!("{inject} ({code})"),
        );
    }
    record.assert_holds(&world, 8);
    assert_linear_and_sound(&world);
}

#[test]
fn a_disk_that_is_full_half_way_through_the_checkout_is_made_good_by_the_next_command() {
    let world = World::yard();
    if !strace(&world) {
        return;
    }
    for (turn, inject) in [
        "symlinkat:error=ENOSPC:when=1",
        "mkdirat:error=ENOSPC:when=3",
        "mkdirat:error=EACCES:when=2",
        "link,linkat:error=EPERM:when=1..2",
        "unlinkat:error=EIO:when=1",
    ]
    .into_iter()
    .enumerate()
    {
        world.scratch("web.yaml", format!("kind: Turn{turn}\n"));
        let before = world.commits();
        let trace = with_fault(&world, &[], inject, RELEASE);
        assert_eq!(trace, 0, "{inject}");
        assert_eq!(world.commits(), before + 1, "{inject}");
        world.ok(&line(turn));
        world.assert_in_step();
    }
}

#[test]
fn a_disk_that_is_full_before_the_push_is_a_failure_and_nothing_else() {
    let world = World::yard();
    if !strace(&world) {
        return;
    }
    for inject in [
        "fsync,fdatasync:error=ENOSPC:when=1+",
        "rename,renameat:error=EROFS:when=1+",
        "flock:error=EIO:when=1+",
    ] {
        let before = world.snapshot();
        let code = with_fault(&world, &[], inject, &line(0));
        assert_ne!(code, 0, "{inject} was not noticed");
        assert_eq!(code, 1, "{inject}");
        world.assert_untouched(&before);
    }
    world.ok(&line(0));
    world.assert_in_step();
}

#[test]
fn a_command_on_another_branch_does_not_forget_a_checkout_that_is_half_way() {
    let world = World::yard();
    if !strace(&world) {
        return;
    }
    world.remote_git(&["branch", "side"]);
    let code = with_fault(&world, &[], "symlinkat:signal=KILL:when=1", RELEASE);
    assert_ne!(code, 0);
    assert_ne!(world.status(), "");
    world.ok(&format!("--branch side {}", line(1)));
    world.ok(&line(2));
    world.assert_in_step();
}

#[test]
fn a_lock_of_git_in_the_way_of_recovery_does_not_end_it() {
    let world = World::yard();
    if !strace(&world) {
        return;
    }
    // The last file is written in part: only who knows of the crash can tell that it is not the user's.
    let code = with_fault(&world, &[], "symlinkat:signal=KILL:when=1", RELEASE);
    assert_ne!(code, 0);
    let manifest = "applications/web/releases/1/environments/dev/manifests.yaml";
    world.edit(manifest, "kind: Conf");
    std::fs::remove_file(world.checkout().join(".git/index.lock")).unwrap();
    world.edit(".git/index.lock", "");
    let answer = world.run(&line(1));
    assert_eq!(answer.code, 0, "{answer}");
    assert!(answer.stderr.contains("index.lock"), "{answer}");
    std::fs::remove_file(world.checkout().join(".git/index.lock")).unwrap();
    world.ok(&line(2));
    world.assert_in_step();
}
