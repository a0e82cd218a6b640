//! A push that goes on without us: the client is killed, or a gateway loses patience, while the server sits in a hook.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{VERBS, Verb, assert_discreet, times, yard};
use crate::world::{Conduct, How, HttpServer, Reply, When, Wish, World};

/// A hook of the server that holds up the first push until it is let go.
pub(super) struct Slow {
    pub(super) begun: PathBuf,
    go: PathBuf,
}

impl Slow {
    pub(super) fn hook(world: &World) -> Self {
        let [begun, go] = ["begun", "go"].map(|name| world.room().join(name));
        let hook = format!(
            "mkdir {0} 2>/dev/null || exit 0\nwhile [ ! -e {1} ]; do sleep 0.01; done",
            begun.display(),
            go.display()
        );
        world.remote_hook("pre-receive", &hook);
        Self { begun, go }
    }

    /// Lets it go on, and waits until the first push has landed.
    pub(super) fn land(&self, world: &World) {
        let before = world.head();
        std::fs::write(&self.go, "").unwrap();
        let start = Instant::now();
        while world.head() == before {
            assert!(start.elapsed() < Duration::from_secs(60), "it never landed");
        }
    }

    /// Lets it go on, and waits until the first push has ended in any way.
    pub(super) fn go(&self, world: &World) {
        std::fs::write(&self.go, "").unwrap();
        // The objects of a push lie in a folder of their own until it is applied or refused.
        let objects = world.remote().join("objects");
        let start = Instant::now();
        loop {
            let entries = std::fs::read_dir(&objects).unwrap();
            let mut names = entries.map(|entry| entry.unwrap().file_name());
            if !names.any(|name| name.to_string_lossy().starts_with("tmp_objdir")) {
                break;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "it never ended");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// A gateway that loses patience with the first push, which goes on behind it.
fn gateway_times_out(server: &HttpServer, slow: &Slow) {
    let begun = slow.begun.clone();
    server.meet(move |request| {
        if request.wish() == Wish::Push && !begun.exists() {
            let reply = Reply::new("504 Gateway Timeout", "too slow\n");
            return Conduct::Fail(When::WhileServing, How::Say(reply));
        }
        Conduct::Serve
    });
}

/// The end of the first command is open; waits until the server is at work on it.
#[track_caller]
fn begin(world: &World, server: &HttpServer, slow: &Slow, verb: Verb) {
    gateway_times_out(server, slow);
    let answer = world.fails(verb.line, 4);
    assert!(answer.stderr.contains("504"), "{answer}");
    let start = Instant::now();
    while !slow.begun.exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "it never began");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The change is there once, and everything is in step.
#[track_caller]
fn assert_once(world: &World, verb: Verb, what: &str) {
    assert_eq!(times(world, verb), 1, "{what}: {:?}", world.subjects());
    world.git(&["fetch", "-q"]);
    world.assert_in_step();
}

#[test]
#[ignore = "takes a while for all verbs"]
fn a_killed_command_whose_push_lands_late_is_not_done_twice() {
    for verb in VERBS {
        let Some((world, _server)) = yard() else {
            return;
        };
        let slow = Slow::hook(&world);
        let mut command = world.start(verb.line);
        command.until(&slow.begun);
        command.kill_all();
        slow.land(&world);
        world.ok(verb.line);
        assert_once(&world, verb, verb.line);
    }
}

#[test]
#[ignore = "takes a while for all verbs"]
fn a_killed_command_whose_push_is_under_way_is_not_done_twice() {
    for verb in VERBS {
        let Some((world, _server)) = yard() else {
            return;
        };
        let slow = Slow::hook(&world);
        let mut command = world.start(verb.line);
        command.until(&slow.begun);
        command.kill_all();
        world.ok(verb.line);
        slow.go(&world);
        assert_once(&world, verb, verb.line);
    }
}

#[test]
#[ignore = "takes a while for all verbs"]
fn behind_a_gateway_that_lost_patience_the_end_is_open_until_the_remote_tells() {
    for verb in VERBS {
        let Some((world, server)) = yard() else {
            return;
        };
        let slow = Slow::hook(&world);
        begin(&world, &server, &slow, verb);
        slow.land(&world);
        world.ok(verb.line);
        assert_once(&world, verb, verb.line);
    }
}

#[test]
#[ignore = "takes a while for all verbs"]
fn while_the_end_is_open_the_same_command_is_never_told_that_nothing_happened() {
    type Trouble = fn(&World, &HttpServer);
    let troubles: [(&str, Trouble); 5] = [
        ("no answer", |_, server| {
            server.meet(|_| Conduct::Fail(When::BeforeServing, How::HangUp));
        }),
        ("no access", |_, server| {
            let forbidden = || How::Say(Reply::new("403 Forbidden", "no\n"));
            server.meet(move |_| Conduct::Fail(When::BeforeServing, forbidden()));
        }),
        ("no access to push", |_, server| {
            let forbidden = || How::Say(Reply::new("403 Forbidden", "no\n"));
            server.meet(move |request| match request.wish() {
                Wish::LookToPush => Conduct::Fail(When::BeforeServing, forbidden()),
                Wish::Look | Wish::Fetch | Wish::Push | Wish::Other => Conduct::Serve,
            });
        }),
        ("a hook of the server", |world, _| {
            world.remote_hook("update", "exit 1");
        }),
        ("a hook of ours", |world, _| {
            world.hook("pre-push", "exit 1");
        }),
    ];
    for (name, trouble) in troubles {
        for verb in [VERBS[0], VERBS[3]] {
            let Some((world, server)) = yard() else {
                return;
            };
            let slow = Slow::hook(&world);
            begin(&world, &server, &slow, verb);
            trouble(&world, &server);
            let answer = world.run(verb.line);
            assert_discreet(&answer);
            assert_eq!(answer.code, 4, "{name}\n{answer}");
            assert!(
                answer.stderr.contains("run the same command again"),
                "{name}\n{answer}"
            );
            // Another command is refused as ever, and does not forget the first one.
            let another = world.run("lock -e staging --lock-id other -m x");
            assert!([1, 5].contains(&another.code), "{name}\n{another}");
            server.recover();
            for hook in [
                world.remote().join("hooks/update"),
                world.checkout().join(".git/hooks/pre-push"),
            ] {
                drop(std::fs::remove_file(hook));
            }
            slow.go(&world);
            world.ok(verb.line);
            assert_once(&world, verb, name);
        }
    }
}

#[test]
#[ignore = "takes a while for all verbs"]
fn a_late_push_loses_against_another_command_that_landed_meanwhile() {
    for verb in VERBS {
        let Some((world, server)) = yard() else {
            return;
        };
        let slow = Slow::hook(&world);
        begin(&world, &server, &slow, verb);
        world.ok("lock -e staging -a web --lock-id other -m x");
        slow.go(&world);
        assert_eq!(times(&world, verb), 0, "{:?}", world.subjects());
        let again = world.run(verb.line);
        assert_eq!(again.code, 0, "{again}");
        world.git(&["fetch", "-q"]);
        world.assert_in_step();
    }
}
