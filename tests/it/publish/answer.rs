//! Lost answers: the server applied the push and nobody heard of it, or broke off before, or is late.

use std::path::PathBuf;

use crate::world::{Answer, LOCK, RELEASE, TRAIN, World};

/// Puts a script in the place of `git receive-pack`; its arguments are that program's.
pub(super) fn receive_pack(world: &World, lines: &str) {
    let script = world.script("receive-pack", lines);
    world.git(&["config", "remote.origin.receivepack", &script]);
}

/// What the remote runs when it is asked or fetched from, in place of `git upload-pack`.
pub(super) fn upload_pack(world: &World, lines: &str) {
    let script = world.script("upload-pack", lines);
    world.git(&["config", "remote.origin.uploadpack", &script]);
}

/// A server that does not die with us and holds none of our open files, as one on another machine.
pub(super) fn out_of_reach(world: &World) {
    receive_pack(
        world,
        "for file in 3 4 5 6 7 8 9; do eval \"exec $file>&-\"; done\nexec setsid git-receive-pack \"$@\"",
    );
}

pub(super) fn usual_receive_pack(world: &World) {
    world.git(&["config", "--unset", "remote.origin.receivepack"]);
}

#[test]
fn a_push_that_was_applied_has_landed_though_the_server_says_that_it_failed() {
    let world = World::yard();
    receive_pack(&world, "git-receive-pack \"$@\"\nexit 1");
    let answer = world.run(RELEASE);
    assert_eq!(answer.code, 0, "{answer}");
    assert!(answer.stderr.starts_with("pushed "), "{answer}");
    assert_eq!(world.times("release web 1"), 1);
    world.git(&["fetch", "-q"]);
    world.assert_in_step();
}

#[test]
fn a_push_that_was_applied_has_landed_though_the_connection_broke() {
    let world = World::yard();
    world.remote_hook(
        "reference-transaction",
        "[ \"$1\" != committed ] || kill -9 $PPID",
    );
    for line in [RELEASE, LOCK] {
        let answer = world.run(line);
        assert_eq!(answer.code, 0, "{answer}");
    }
    assert_eq!(
        world.subjects()[..2],
        ["lock dev (`freeze`)", "release web 1"]
    );
    world.git(&["fetch", "-q"]);
    world.assert_in_step();
}

/// A server that breaks off before it applies anything, as long as the file is there.
pub(super) fn broken(world: &World) -> PathBuf {
    let file = world.room().join("broken");
    std::fs::write(&file, "").unwrap();
    let hook = format!("[ ! -e {} ] || kill -9 $PPID", file.display());
    world.remote_hook("pre-receive", &hook);
    file
}

#[test]
fn a_connection_that_breaks_before_the_push_is_applied_leaves_the_end_open() {
    let world = World::yard();
    let file = broken(&world);
    let before = world.snapshot();
    let answer = world.fails(RELEASE, 4);
    assert_eq!(answer.stdout, "");
    assert!(
        answer.stderr.contains("run the same command again"),
        "{answer}"
    );
    world.assert_untouched(&before);
    assert_eq!(
        world.left_lying().len(),
        1,
        "the journal: {:?}",
        world.left_lying()
    );
    world.fails(RELEASE, 4);
    std::fs::remove_file(file).unwrap();
    world.ok(RELEASE);
    assert_eq!(world.subjects()[..2], ["release web 1", "setup: files"]);
    world.assert_in_step();
}

#[test]
fn after_an_open_end_any_other_command_goes_on() {
    let world = World::yard();
    let file = broken(&world);
    world.fails(RELEASE, 4);
    std::fs::remove_file(file).unwrap();
    world.ok(LOCK);
    assert_eq!(
        world.subjects()[..2],
        ["lock dev (`freeze`)", "setup: files"]
    );
    world.assert_in_step();
}

#[test]
fn after_an_open_end_a_remote_that_moved_on_settles_it() {
    let world = World::yard();
    let file = broken(&world);
    world.fails(RELEASE, 4);
    std::fs::remove_file(file).unwrap();
    world.clone_to("other").ok(LOCK);
    world.ok(RELEASE);
    assert_eq!(
        world.subjects()[..2],
        ["release web 1", "lock dev (`freeze`)"]
    );
    world.assert_in_step();
}

/// A server out of our reach that sits in a hook until the file is there. Only the first push has to wait.
pub(super) struct Slow {
    begun: PathBuf,
    go: PathBuf,
}

impl Slow {
    pub(super) fn server(world: &World) -> Self {
        out_of_reach(world);
        let [begun, go] = ["begun", "go"].map(|name| world.room().join(name));
        let hook = format!(
            "[ ! -e {0} ] || exit 0\n: > {0}\nwhile [ ! -e {1} ]; do sleep 0.01; done",
            begun.display(),
            go.display()
        );
        world.remote_hook("pre-receive", &hook);
        Self { begun, go }
    }

    /// Starts a command and kills it, with the git that it started, while the server is at work on its push.
    pub(super) fn kill(&self, world: &World, line: &str) {
        let mut command = world.start(line);
        command.until(&self.begun);
        command.kill_all();
    }

    /// Starts a command and kills the git that it started while the server is at work on its push.
    pub(super) fn kill_git(&self, world: &World, line: &str) -> Answer {
        let mut command = world.start(line);
        command.until(&self.begun);
        command.kill_children();
        command.wait()
    }

    /// Lets the server go on, and waits until the push of the killed command has landed.
    pub(super) fn land(&self, world: &World) {
        let before = world.head();
        std::fs::write(&self.go, "").unwrap();
        for _ in 0..2000 {
            if world.head() != before {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("the push of the killed command never landed");
    }

    /// Lets the server go on, and waits until it has ended.
    pub(super) fn give_up(&self, world: &World) {
        std::fs::write(&self.go, "").unwrap();
        // The objects of a push lie in a folder of their own until it is applied or refused.
        let objects = world.remote().join("objects");
        for _ in 0..2000 {
            let mut names = std::fs::read_dir(&objects)
                .unwrap()
                .map(|entry| entry.unwrap().file_name());
            if !names.any(|name| name.to_string_lossy().starts_with("tmp_objdir")) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("the push of the killed command never ended");
    }
}

#[test]
fn where_git_is_killed_the_server_may_still_be_at_work() {
    let world = World::yard();
    let slow = Slow::server(&world);
    let answer = slow.kill_git(&world, RELEASE);
    assert_eq!(answer.code, 4, "{answer}");
    slow.land(&world);
    world.ok(RELEASE);
    assert_eq!(world.subjects()[..2], ["release web 1", "setup: files"]);
    world.git(&["fetch", "-q"]);
    world.assert_in_step();
}

#[test]
fn a_killed_command_that_landed_late_is_not_done_twice() {
    let world = World::yard();
    let slow = Slow::server(&world);
    slow.kill(&world, RELEASE);
    slow.land(&world);
    let answer = world.ok(RELEASE);
    assert!(answer.contains("released web 1"), "{answer}");
    assert_eq!(world.subjects()[..2], ["release web 1", "setup: files"]);
    world.git(&["fetch", "-q"]);
    world.assert_in_step();
    // And once more is a new command, which finds the release stored.
    world.ok(RELEASE);
    assert_eq!(world.times("release web 1"), 1);
}

#[test]
fn a_killed_command_whose_push_is_still_under_way_is_not_done_twice() {
    let world = World::yard();
    let slow = Slow::server(&world);
    slow.kill(&world, RELEASE);
    world.ok(RELEASE);
    slow.give_up(&world);
    assert_eq!(world.subjects()[..2], ["release web 1", "setup: files"]);
    usual_receive_pack(&world);
    world.ok(LOCK);
    world.assert_in_step();
}

#[test]
fn a_late_push_loses_against_another_command_that_landed_meanwhile() {
    let world = World::yard();
    let slow = Slow::server(&world);
    slow.kill(&world, RELEASE);
    world.ok(LOCK);
    slow.give_up(&world);
    assert_eq!(
        world.subjects()[..2],
        ["lock dev (`freeze`)", "setup: files"]
    );
    world.ok(RELEASE);
    assert_eq!(
        world.subjects()[..2],
        ["release web 1", "lock dev (`freeze`)"]
    );
    world.assert_in_step();
}

#[test]
fn an_end_stays_open_while_other_commands_change_nothing_or_are_refused() {
    let world = World::yard();
    let slow = Slow::server(&world);
    slow.kill(&world, RELEASE);
    // Neither of these says anything about the push that is under way.
    world.ok(TRAIN);
    world.fails("unlock -e dev --lock-id none", 3);
    let hook = world.hook("pre-push", "exit 1");
    world.fails(LOCK, 5);
    std::fs::remove_file(hook).unwrap();
    slow.land(&world);
    world.ok(RELEASE);
    assert_eq!(world.subjects()[..2], ["release web 1", "setup: files"]);
    assert_eq!(world.left_lying(), [""; 0]);
}

#[test]
fn a_lock_without_an_id_is_not_placed_twice_either() {
    let world = World::yard();
    let slow = Slow::server(&world);
    let line = "lock -e dev -m 'made up'";
    slow.kill(&world, line);
    slow.land(&world);
    world.ok(line);
    assert_eq!(world.commits(), 3, "{:?}", world.subjects());
}

#[test]
fn a_journal_that_cannot_be_read_is_left_alone() {
    let world = World::yard();
    let file = broken(&world);
    world.fails(RELEASE, 4);
    std::fs::remove_file(file).unwrap();
    let folder = world.checkout().join(".git/trainyard");
    let journal = folder.join(&world.left_lying()[0]);
    let whole = std::fs::read(&journal).unwrap();
    let before = world.snapshot();
    let text = String::from_utf8(whole.clone()).unwrap();
    let id = text.split_once("\"new\":\"").unwrap().1;
    let half_an_id = text.replace(&id[..40], &id[..20]);
    for damaged in [
        &whole[..whole.len() / 2],
        b"",
        b"{\"form\": 99}",
        half_an_id.as_bytes(),
    ] {
        std::fs::write(&journal, damaged).unwrap();
        let answer = world.fails(RELEASE, 4);
        assert!(
            answer.stderr.contains(&journal.display().to_string()),
            "{answer}"
        );
        assert_eq!(std::fs::read(&journal).unwrap(), damaged);
        world.assert_untouched(&before);
    }
    std::fs::write(&journal, whole).unwrap();
    world.ok(RELEASE);
    world.assert_in_step();
}

#[test]
fn a_push_that_lands_behind_two_killed_commands_is_not_made_again() {
    let world = World::yard();
    let hook = world.hook("pre-push", "kill -9 $(ps -o ppid= -p $PPID); exit 1");
    let killed = [RELEASE, LOCK, RELEASE, LOCK];
    for line in killed {
        assert_ne!(world.start(line).wait().code, 0);
    }
    std::fs::remove_file(hook).unwrap();
    let folder = world.checkout().join(".git/trainyard");
    let journal = std::fs::read_to_string(folder.join(&world.left_lying()[0])).unwrap();
    let journal: serde_json::Value = serde_json::from_str(&journal).unwrap();
    let first = &journal["earlier"];
    assert!(first["earlier"].is_null(), "{journal}");
    let landed = format!("{}:main", first["new"].as_str().unwrap());
    world.git(&["push", "-q", "origin", &landed]);
    world.ok(RELEASE);
    let times = ["release web 1", "release web 2"].map(|each| world.times(each));
    assert_eq!(times, [1, 0]);
    world.ok(LOCK);
    world.assert_tidy();
}
