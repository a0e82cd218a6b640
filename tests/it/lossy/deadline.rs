//! A server that says nothing any more: the deadline ends it, and what is told is true.

use super::{VERBS, Verb, assert_discreet, times, yard};
use crate::world::{Conduct, How, When, Wish, skipped};

/// Long enough for every git that is answered.
const DEADLINE: &str = "4000";

/// A command that meets a server which stalls, once or for good, ends with this code and these words.
fn stalls(verb: Verb, wish: Wish, when: When, for_good: bool, code: i32, words: &str) {
    if !cfg!(debug_assertions) {
        skipped("only a debug build can be given another deadline");
        return;
    }
    let Some((world, server)) = yard() else {
        return;
    };
    let begun = world.room().join("begun");
    server.meet(move |request| {
        if request.wish() == wish || for_good && begun.exists() {
            std::fs::write(&begun, "").unwrap();
            return Conduct::Fail(when, How::Stall);
        }
        Conduct::Serve
    });
    let deadline = [("TRAINYARD_TEST_DEADLINE", Some(DEADLINE))];
    let answer = world.run_with(&format!("-v {}", verb.line), &deadline);
    assert_discreet(&answer);
    assert_eq!(answer.code, code, "{answer}");
    assert!(answer.stderr.contains(words), "{answer}");
    let landed = times(&world, verb);
    let possible = match code {
        0 => 1..=1,
        4 => 0..=1,
        _ => 0..=0,
    };
    assert!(possible.contains(&landed), "{landed} times\n{answer}");
    server.recover();
    if code != 0 {
        world.ok(verb.line);
    }
    assert_eq!(times(&world, verb), 1);
    world.git(&["fetch", "-q"]);
    world.assert_in_step();
}

#[test]
#[ignore = "waits for a deadline"]
fn before_anything_was_sent_nothing_happened() {
    let words = "git did not answer within 4 seconds";
    stalls(
        VERBS[0],
        Wish::LookToPush,
        When::BeforeServing,
        true,
        4,
        words,
    );
    stalls(VERBS[3], Wish::Look, When::MidAnswer, true, 1, words);
}

#[test]
#[ignore = "waits for a deadline"]
fn a_push_that_stalls_before_it_is_applied_has_an_open_end() {
    let words = "whether it landed is unknown";
    stalls(VERBS[1], Wish::Push, When::BeforeReading, false, 4, words);
    stalls(VERBS[2], Wish::Push, When::BeforeServing, false, 4, words);
}

#[test]
#[ignore = "waits for a deadline"]
fn a_push_that_stalls_after_it_was_applied_has_landed() {
    stalls(
        VERBS[3],
        Wish::Push,
        When::AfterServing,
        false,
        0,
        "pushed ",
    );
    stalls(VERBS[0], Wish::Push, When::MidAnswer, false, 0, "pushed ");
}

#[test]
#[ignore = "waits for a deadline"]
fn a_server_that_stalls_from_the_push_on_leaves_the_end_open() {
    let words = "whether it landed is unknown";
    stalls(VERBS[2], Wish::Push, When::AfterServing, true, 4, words);
}
