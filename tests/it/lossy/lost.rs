//! The plainest losses, one by one.

use std::sync::atomic::{AtomicBool, Ordering};

use super::late::Slow;
use super::{VERBS, times, yard};
use crate::world::{Conduct, How, Reply, When, Wish};

#[test]
fn an_answer_that_is_lost_once_is_asked_for() {
    let Some((world, server)) = yard() else {
        return;
    };
    let lost = AtomicBool::new(false);
    server.meet(move |request| {
        if request.wish() == Wish::Push && !lost.swap(true, Ordering::SeqCst) {
            return Conduct::Fail(When::AfterServing, How::HangUp);
        }
        Conduct::Serve
    });
    let answer = world.run(VERBS[2].line);
    assert_eq!(answer.code, 0, "{answer}");
    let pushes = server.heard();
    let pushes = pushes.iter().filter(|request| request.wish() == Wish::Push);
    assert_eq!(
        pushes.count(),
        2,
        "git sends it again, and the server rejects that"
    );
    assert_eq!(times(&world, VERBS[2]), 1);
}

#[test]
fn an_answer_that_is_lost_for_good_is_asked_for() {
    let Some((world, server)) = yard() else {
        return;
    };
    server.meet(|request| match request.wish() {
        Wish::Push => {
            let gone = Reply::new("502 Bad Gateway", "");
            Conduct::Fail(When::AfterServing, How::Say(gone))
        }
        Wish::Look | Wish::LookToPush | Wish::Fetch | Wish::Other => Conduct::Serve,
    });
    let answer = world.run(VERBS[2].line);
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(times(&world, VERBS[2]), 1);
}

#[test]
fn credentials_that_fail_after_the_push_was_applied_are_no_refusal() {
    let Some((world, server)) = yard() else {
        return;
    };
    server.meet(|request| match request.wish() {
        Wish::Push => Conduct::Fail(When::AfterServing, How::Say(Reply::unauthorized())),
        Wish::Look | Wish::LookToPush | Wish::Fetch | Wish::Other => Conduct::Serve,
    });
    let answer = world.run(VERBS[0].line);
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(times(&world, VERBS[0]), 1);
}

#[test]
fn an_answer_that_breaks_off_in_its_headers_is_no_deleted_branch() {
    let Some((world, server)) = yard() else {
        return;
    };
    server.meet(|request| match request.wish() {
        Wish::Push | Wish::Look => Conduct::Fail(When::MidAnswer, How::HangUp),
        Wish::LookToPush | Wish::Fetch | Wish::Other => Conduct::Serve,
    });
    world.fails(VERBS[3].line.replace(" --tag v1", "").as_str(), 4);
    server.recover();
    world.ok("release-train staging");
    assert_eq!(times(&world, VERBS[3]), 1);
}

#[test]
fn a_killed_lock_that_landed_late_is_placed_once() {
    let Some((world, _server)) = yard() else {
        return;
    };
    let slow = Slow::hook(&world);
    let mut command = world.start(VERBS[2].line);
    command.until(&slow.begun);
    command.kill_all();
    slow.land(&world);
    world.ok(VERBS[2].line);
    assert_eq!(times(&world, VERBS[2]), 1);
}
