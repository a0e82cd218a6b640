//! Operations that wait in line, on a network that loses things: see "Many at once" in `docs/publish.md`.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{VERBS, Verb, times, yard};
use crate::world::{Conduct, How, HttpServer, Reply, Request, When, Wish, World};

/// Puts the operation into line; what comes next publishes all that waits.
const JOIN: usize = 0;
const LEAD: usize = 1;

/// Which operations wait in line: those that lost a race, or all.
const COMBINE: [&str; 2] = ["true", "always"];

/// A yard where these operations go out together, and where the next command has lost a race already.
fn behind(combine: &str) -> Option<(World, HttpServer)> {
    let (world, server) = yard()?;
    world.file(
        "trainyard.yaml",
        format!("publish: {{combine: {combine}}}\n"),
    );
    world.clone_to("rival").file("note", "one more");
    Some((world, server))
}

fn bad_gateway() -> How {
    How::Say(Reply::new("502 Bad Gateway", "try again\n"))
}

/// The n-th push fails like this, and if `for_good` is set all that comes after it.
fn nth_push(server: &HttpServer, number: usize, when: When, how: How, for_good: bool) {
    let pushes = AtomicUsize::new(0);
    server.meet(move |request: &Request| {
        let before = match request.wish() {
            Wish::Push => pushes.fetch_add(1, Ordering::SeqCst),
            Wish::Look | Wish::LookToPush | Wish::Fetch | Wish::Other => {
                let pushed = pushes.load(Ordering::SeqCst);
                return if for_good && pushed > number {
                    Conduct::Fail(When::BeforeServing, how.clone())
                } else {
                    Conduct::Serve
                };
            }
        };
        if before == number || for_good && before > number {
            Conduct::Fail(when, how.clone())
        } else {
            Conduct::Serve
        }
    });
}

/// The change is there once, nobody waits in line, and everything is in step.
#[track_caller]
fn assert_once(world: &World, verb: Verb, what: &str) {
    assert_eq!(times(world, verb), 1, "{what}: {:?}", world.subjects());
    assert_eq!(waiting(world), "", "{what}");
    world.git(&["pull", "-q", "--ff-only"]);
    world.assert_in_step();
}

fn waiting(world: &World) -> String {
    world.remote_git(&["for-each-ref", "--format=%(refname)", "refs/trainyard"])
}

#[test]
#[ignore = "takes a while for all faults"]
fn whatever_is_lost_in_line_the_change_is_made_once() {
    for (name, number, when, for_good, code) in [
        ("not joined", JOIN, When::BeforeServing, false, 4),
        ("joined, answer lost", JOIN, When::AfterServing, false, 0),
        ("gone before it joined", JOIN, When::BeforeServing, true, 4),
        ("gone when it had joined", JOIN, When::AfterServing, true, 4),
        ("not led", LEAD, When::BeforeServing, false, 4),
        ("led, answer lost", LEAD, When::AfterServing, false, 0),
        ("gone before it led", LEAD, When::BeforeServing, true, 4),
        ("gone when it had led", LEAD, When::AfterServing, true, 4),
    ] {
        // Nothing with a tag waits.
        let verbs = VERBS[..3].iter();
        for (verb, combine) in verbs.flat_map(|verb| COMBINE.map(|combine| (*verb, combine))) {
            let Some((world, server)) = behind(combine) else {
                return;
            };
            nth_push(&server, number, when, bad_gateway(), for_good);
            let answer = world.run(verb.line);
            let what = format!("{name}, combine: {combine}");
            assert_eq!(answer.code, code, "{what}\n{answer}");
            server.recover();
            if code != 0 {
                world.ok(verb.line);
            }
            assert_once(&world, verb, &what);
        }
    }
}

#[test]
#[ignore = "takes a while for all faults"]
fn somebody_else_publishes_what_waits_and_whoever_asked_for_it_finds_that() {
    let verb = VERBS[2];
    let Some((world, server)) = behind(COMBINE[0]) else {
        return;
    };
    nth_push(&server, JOIN, When::AfterServing, bad_gateway(), true);
    world.fails(verb.line, 4);
    assert_ne!(waiting(&world), "");
    let other = world.clone_to("other");
    other.ok("lock -e staging --lock-id other -m x");
    assert_eq!(times(&world, verb), 1, "{:?}", world.subjects());
    server.recover();
    world.ok(verb.line);
    assert_once(&world, verb, "published by somebody else");
}

#[test]
fn a_server_that_takes_nothing_into_the_inbox_gets_plain_pushes() {
    let refuse = "case $1 in refs/trainyard/*) exit 1;; esac";
    for (verb, combine) in [(VERBS[0], "true"), (VERBS[2], "always")] {
        let Some((world, _server)) = behind(combine) else {
            return;
        };
        world.remote_hook("update", refuse);
        world.ok(verb.line);
        assert_once(&world, verb, "refused by a hook");
        let Some((world, _server)) = behind(combine) else {
            return;
        };
        world.remote_git(&["config", "receive.advertiseAtomic", "false"]);
        world.ok(verb.line);
        assert_once(&world, verb, "not atomic");
        let Some((world, server)) = behind(combine) else {
            return;
        };
        let forbidden = How::Say(Reply::new("403 Forbidden", "no\n"));
        nth_push(&server, JOIN, When::BeforeServing, forbidden, false);
        world.ok(verb.line);
        assert_once(&world, verb, "403");
    }
}

#[test]
fn a_refusal_is_not_told_while_the_operation_may_still_wait_in_line() {
    let Some((world, server)) = behind(COMBINE[0]) else {
        return;
    };
    world
        .clone_to("keeper")
        .ok("lock -e staging --lock-id hold -m x");
    // It waits, leads, is refused by the lock, and cannot be taken out of the line; that the line looks empty then is not believed.
    let pushes = AtomicUsize::new(0);
    server.meet(move |request| match request.wish() {
        Wish::Push if pushes.fetch_add(1, Ordering::SeqCst) > 0 => {
            Conduct::Fail(When::BeforeServing, bad_gateway())
        }
        Wish::Look if pushes.load(Ordering::SeqCst) > 1 => {
            Conduct::Fail(When::MidAnswer, How::HangUp)
        }
        Wish::Look | Wish::LookToPush | Wish::Push | Wish::Fetch | Wish::Other => Conduct::Serve,
    });
    let line = "deploy -a web -e staging --version 1 --on-lock fail";
    let answer = world.run(line);
    assert_eq!(answer.code, 4, "{answer}");
    assert_ne!(waiting(&world), "");
    server.recover();
    world.fails(line, 3);
    assert_eq!(waiting(&world), "");
}
