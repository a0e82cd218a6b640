//! Operations that lost a race wait in line on the remote, and one command publishes all of them.

use std::fs;

use crate::world::{Answer, LOCK, RELEASE, TRAIN, Tree, World, text};

use super::answer::upload_pack;
use super::race::{assert_all_landed, locks};

/// A yard that wants operations to be published together.
pub(super) fn yard() -> World {
    yard_that_combines("true")
}

/// A yard with this as `publish.combine`.
pub(super) fn yard_that_combines(combine: &str) -> World {
    let options = text(&format!("publish:\n  combine: {combine}\n"));
    World::yard_with(Tree::from([("trainyard.yaml".to_owned(), options)]))
}

/// A hook of the remote that lets nobody take anything out of the inbox.
pub(super) const NO_DELETION: &str =
    "case $1$3 in refs/trainyard/*0000000000000000000000000000000000000000) exit 1;; esac";

/// What waits on the remote.
pub(super) fn waiting(world: &World) -> Vec<String> {
    let refs = world.remote_git(&["for-each-ref", "--format=%(refname)", "refs/trainyard"]);
    refs.lines().map(str::to_owned).collect()
}

/// A clone that ran this line, lost its race, and was killed while it waited.
pub(super) fn killed_in_line(world: &World, name: &str, line: &str) -> World {
    let clone = world.clone_to(name);
    if waiting(world).is_empty() {
        // Whoever finds somebody in line joins it; else a race is to be lost first.
        world.ok(&format!("lock -e dev --lock-id before-{name} -m x"));
    }
    kill_in_line(world, &clone, line);
    clone
}

/// Runs a line in a clone that finds others before it, and kills it while it waits.
pub(super) fn kill_in_line(world: &World, clone: &World, line: &str) {
    let hook = clone.hook(
        "pre-push",
        "if grep -qE 'refs/heads/|^.delete.'; then kill -9 $(ps -o ppid= -p $PPID); exit 1; fi",
    );
    let before = waiting(world).len();
    assert_ne!(clone.start(line).wait().code, 0);
    fs::remove_file(hook).unwrap();
    assert_eq!(waiting(world).len(), before + 1);
}

/// The journal that a killed command left.
pub(super) fn journal(world: &World) -> serde_json::Value {
    let folder = world.checkout().join(".git/trainyard");
    let files = fs::read_dir(folder).unwrap();
    let mut paths = files.map(|each| each.unwrap().path());
    let path = paths.find(|path| path.extension().is_some_and(|found| found == "json"));
    serde_json::from_str(&fs::read_to_string(path.unwrap()).unwrap()).unwrap()
}

/// Everything is in step, and nobody waits any more.
#[track_caller]
pub(super) fn assert_settled(world: &World, clones: &[&World]) {
    assert_eq!(waiting(world), [""; 0]);
    assert_eq!(
        world.remote_git(&["rev-list", "--count", "--merges", "main"]),
        "0"
    );
    world.remote_git(&["fsck", "--strict", "--no-dangling"]);
    for clone in clones {
        clone.assert_tidy();
    }
}

#[track_caller]
pub(super) fn assert_done(answer: &Answer) {
    assert_eq!(answer.code, 0, "{answer}");
}

#[test]
fn what_waits_is_published_with_the_next_operation_each_as_a_commit_of_its_own() {
    let world = yard();
    let first = killed_in_line(
        &world,
        "first",
        "lock -e dev --lock-id first -m 'by the first' --author-name Bo --author-email bo@x.example",
    );
    let second = killed_in_line(&world, "second", RELEASE);
    let answer = world.run("lock -e staging --lock-id third -m x");
    assert_done(&answer);
    assert!(
        answer.stderr.contains("with 2 of others that waited"),
        "{answer}"
    );
    assert_settled(&world, &[&world]);
    for subject in [
        "lock dev (`first`)",
        "release web 1",
        "lock staging (`third`)",
    ] {
        assert_eq!(world.times(subject), 1, "{subject}");
    }
    let authors = world.remote_git(&["log", "--format=%an|%cn|%s", "-3"]);
    assert!(
        authors.contains("Bo|Ada Signal|lock dev (`first`)"),
        "{authors}"
    );
    assert!(world.holds("environments/dev/locks/first/message"));
    assert!(world.holds("applications/web/releases/1/environments/dev/manifests.yaml"));
    // The lock of the first held the release of the second back, or not: as their order in the line was.
    world.assert_in_step();
    // Those who were killed find out, whatever they run next.
    let answer = first.run("lock -e dev --lock-id later -m x");
    assert_done(&answer);
    assert!(
        answer
            .stderr
            .contains("the interrupted command before this one has landed"),
        "{answer}"
    );
    let answer = second.run(RELEASE);
    assert_done(&answer);
    assert_eq!(world.times("release web 1"), 1);
    assert!(answer.stdout.contains("released web 1"), "{answer}");
    assert_settled(&world, &[&first, &second]);
}

#[test]
fn a_killed_command_that_is_run_again_is_done_once() {
    let world = yard();
    let clone = killed_in_line(&world, "clone", RELEASE);
    assert_done(&clone.run(RELEASE));
    assert_eq!(world.times("release web 1"), 1);
    assert_eq!(world.times("release web 2"), 0);
    assert_settled(&world, &[&clone]);
}

#[test]
fn what_a_killed_command_sent_may_come_late_and_is_done_once() {
    let world = yard();
    let clone = killed_in_line(&world, "clone", RELEASE);
    // As if the remote had been slow: it is not there yet when the same command looks for it, and then it is.
    let slip = waiting(&world).remove(0);
    let commit = world.remote_git(&["rev-parse", &slip]);
    world.remote_git(&["update-ref", "-d", &slip]);
    let remote = world.remote().display().to_string();
    clone.hook(
        "pre-push",
        &format!("if grep -v '^.delete.' | grep -q {slip}; then git -C {remote} update-ref {slip} {commit}; fi"),
    );
    assert_done(&clone.run(RELEASE));
    assert_eq!(world.times("release web 1"), 1);
    assert_eq!(world.times("release web 2"), 0);
    assert_settled(&world, &[&clone]);
}

#[test]
fn a_killed_command_that_others_have_published_is_done_when_it_is_run_again() {
    let world = yard();
    let clone = killed_in_line(&world, "clone", RELEASE);
    world.ok(LOCK);
    let before = world.commits();
    let answer = clone.run(RELEASE);
    assert_done(&answer);
    assert_eq!(world.commits(), before);
    assert!(answer.stdout.contains("released web 1"), "{answer}");
    assert_settled(&world, &[&world, &clone]);
}

#[test]
fn after_another_command_a_killed_one_can_never_land() {
    let world = yard();
    let clone = killed_in_line(&world, "clone", RELEASE);
    assert_done(&clone.run("lock -e dev --lock-id later -m x"));
    assert_eq!(waiting(&world), [""; 0]);
    world.ok(LOCK);
    assert_eq!(world.times("release web 1"), 0);
}

/// As if git had sent it twice: a release arrives in line, somebody publishes it, and then comes the answer to the second.
/// `last` is done before that, in the checkout of the release.
fn sent_twice(last: &str) -> [World; 3] {
    let world = yard();
    let clone = world.clone_to("clone");
    let other = world.clone_to("other");
    world.ok("lock -e dev --lock-id before -m x");
    let lock = other.in_script("lock -e dev --lock-id other -m x");
    let lines = format!(
        "read ours commit place rest; case $place in refs/heads/*) exit 0;; esac
        git push -q --no-verify origin $commit:$place
        {lock}
        {last}
        exit 1"
    );
    clone.hook("pre-push", &lines);
    [world, clone, other]
}

/// The release is done, and was done once.
#[track_caller]
fn assert_sent_twice_is_done_once([world, clone, other]: &[World; 3], answer: &Answer) {
    assert_done(answer);
    assert_eq!(world.times("lock dev (`other`)"), 1, "{answer}");
    assert_eq!(world.times("release web 1"), 1, "{answer}");
    assert_eq!(world.times("release web 2"), 0, "{answer}");
    assert_settled(world, &[clone, other]);
}

#[test]
fn a_rejection_is_not_believed_while_others_publish_what_arrived() {
    let worlds = sent_twice("");
    let answer = worlds[1].run(RELEASE);
    assert_sent_twice_is_done_once(&worlds, &answer);
}

#[test]
fn contact_that_is_lost_after_a_rejection_is_no_failure_while_others_publish() {
    let worlds = sent_twice("touch ../armed");
    // The refs of the remote are asked for, and then nothing can be fetched, once.
    let clone = &worlds[1];
    let uploads = "cd \"$(dirname \"$0\")/..\"
        if [ -e asked ]; then rm asked; exit 1; fi
        if [ -e armed ]; then mv armed asked; fi
        exec git upload-pack \"$@\"";
    upload_pack(clone, uploads);
    let answer = clone.run(RELEASE);
    assert_sent_twice_is_done_once(&worlds, &answer);
    let room = clone.checkout().parent().unwrap();
    assert!(!room.join("armed").exists() && !room.join("asked").exists());
}

#[test]
fn a_journal_that_cannot_be_written_in_line_leaves_nothing_there() {
    let world = yard();
    let clone = world.clone_to("clone");
    world.ok("lock -e dev --lock-id before -m x");
    let block =
        "for journal in .git/trainyard/push-*.json; do mkdir -p ${journal%.json}.draft; done";
    let hook = clone.hook("pre-push", block);
    clone.fails(RELEASE, 1);
    assert_eq!(waiting(&world), [""; 0]);
    fs::remove_file(hook).unwrap();
    clone.shell("rmdir .git/trainyard/*.draft");
    world.ok(LOCK);
    assert_eq!(world.times("release web 1"), 0);
    assert_done(&clone.run(RELEASE));
    assert_eq!(world.times("release web 1"), 1);
}

#[test]
fn a_push_that_leaves_its_place_in_line_may_land_late_and_is_made_once() {
    let world = yard();
    let clone = world.clone_to("clone");
    world.ok("lock -e dev --lock-id before -m x");
    // The remote refuses the push with the place, and the client is killed in the one without it.
    let hook = world.remote_hook("update", NO_DELETION);
    let kill = "input=$(cat); case $input in *delete*) exit 0;; *refs/heads/main*) kill -9 $(ps -o ppid= -p $PPID); exit 1;; esac";
    let killed = clone.hook("pre-push", kill);
    assert_ne!(clone.start(RELEASE).wait().code, 0);
    for hook in [hook, killed] {
        fs::remove_file(hook).unwrap();
    }
    let commit = journal(&clone)["new"].as_str().unwrap().to_owned();
    // Nothing to do: the branch stays where it is, and what was sent can land.
    clone.fails("unlock -e dev --lock-id nowhere", 3);
    assert_eq!(waiting(&world), [""; 0]);
    clone.git(&["push", "-q", "origin", &format!("{commit}:main")]);
    assert_done(&clone.run(RELEASE));
    assert_eq!(world.times("release web 1"), 1);
    assert_eq!(world.times("release web 2"), 0);
    assert_settled(&world, &[&clone]);
}

#[test]
fn locks_of_git_on_what_was_to_be_moved_go_after_a_kill_in_line() {
    for end in ["new", "tip"] {
        let world = yard();
        killed_in_line(&world, "other", RELEASE);
        let clone = killed_in_line(&world, "clone", LOCK);
        let commit = journal(&clone)[end].as_str().unwrap().to_owned();
        let lock = ".git/refs/remotes/origin/main.lock";
        clone.shell(&format!("echo {commit} > {lock}"));
        assert_done(&clone.run(LOCK));
        assert!(!clone.checkout().join(lock).exists(), "{end}");
    }
}

#[test]
fn who_was_killed_after_it_published_others_too_does_nothing_twice() {
    let (mine, other) = ("lock dev (`mine`)", "lock dev (`other`)");
    for combine in ["true", "always"] {
        let world = yard_that_combines(combine);
        killed_in_line(&world, "other", "lock -e dev --lock-id other -m x");
        let clone = world.clone_to("clone");
        let pid = world.room().join("pid");
        let pid = pid.display();
        let ours = clone.hook("pre-push", &format!("ps -o ppid= -p $PPID > '{pid}'"));
        let landed = format!("if grep -q refs/heads/; then kill -9 $(cat '{pid}'); fi");
        let theirs = world.remote_hook("post-receive", &landed);
        let line = "lock -e dev --lock-id mine -m x";
        assert_ne!(clone.start(line).wait().code, 0);
        for hook in [ours, theirs] {
            fs::remove_file(hook).unwrap();
        }
        assert_eq!((world.times(mine), world.times(other)), (1, 1), "{combine}");
        assert_done(&clone.run(line));
        assert_eq!((world.times(mine), world.times(other)), (1, 1), "{combine}");
        assert_settled(&world, &[&clone]);
    }
}

#[test]
fn what_can_no_longer_be_done_is_left_to_the_one_who_asked_for_it() {
    let world = yard();
    world.scratch("other.yaml", "kind: Other\n");
    let line = |file| format!("release -a web --version 7 --manifest dev=../scratch/{file}.yaml");
    let clone = world.clone_to("clone");
    world.ok(&line("web"));
    kill_in_line(&world, &clone, &line("other"));
    world.ok(LOCK);
    assert_eq!(waiting(&world), [""; 0]);
    let answer = clone.run(&line("other"));
    assert_eq!(answer.code, 3, "{answer}");
    assert_eq!(world.times("release web 7"), 1);
    assert_settled(&world, &[&world, &clone]);
}

#[test]
fn twelve_processes_in_clones_of_their_own_all_land() {
    for combine in ["true", "always"] {
        let world = yard_that_combines(combine);
        let clones: Vec<_> = (0..12)
            .map(|number| world.clone_to(&format!("clone-{number}")))
            .collect();
        let (lines, subjects) = locks(12);
        let started = clones
            .iter()
            .zip(&lines)
            .map(|(clone, line)| clone.start(line));
        assert_all_landed(&world, started.collect(), &subjects);
        assert_settled(&world, &clones.iter().collect::<Vec<_>>());
        world.ok(RELEASE);
        world.ok(TRAIN);
        world.assert_in_step();
    }
}

/// The releases of `docs/reliability.md`, "Load": nobody gives up, and nobody is left out.
#[test]
#[ignore = "takes a minute"]
fn a_hundred_processes_at_once_all_land() {
    const CROWD: usize = 100;
    for combine in ["true", "always"] {
        let world = yard_that_combines(combine);
        let clone = |number| world.clone_to(&format!("clone-{number}"));
        let clones: Vec<_> = (0..CROWD).map(clone).collect();
        let now = world.next_minute();
        let lines = (0..CROWD)
            .map(|number| format!("release -a app-{number} -e dev -f ../scratch/web.yaml"));
        let started: Vec<_> = clones
            .iter()
            .zip(lines)
            .map(|(clone, line)| clone.start_at(&line, now))
            .collect();
        for started in started {
            assert_done(&started.wait());
        }
        for number in 0..CROWD {
            assert_eq!(
                world.times(&format!("release app-{number} 1")),
                1,
                "{number}"
            );
        }
        assert_settled(&world, &clones.iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_train_with_a_tag_takes_along_what_waits_and_never_waits_itself() {
    for combine in ["true", "always"] {
        let world = yard_that_combines(combine);
        world.ok(RELEASE);
        killed_in_line(&world, "clone", "lock -e staging --lock-id late -m x");
        let answer = world.run("release-train staging --tag v1");
        assert_done(&answer);
        assert!(
            answer
                .stderr
                .contains("with one of somebody else's that waited"),
            "{answer}"
        );
        assert_settled(&world, &[&world]);
        // The tag is on the train, not on what came after it.
        let tagged = world.remote_git(&["log", "-1", "--format=%s", "v1"]);
        assert!(
            tagged.starts_with("release train to environment staging: 1 deployed"),
            "{tagged}"
        );
        assert_eq!(world.times("lock staging (`late`)"), 1);
    }
}
