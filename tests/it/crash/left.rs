//! What stands in the way or comes in between: clocks that are wrong, journals that cannot be read, locks of others.

use std::fs;

use super::fault::{run_at, strace};
use super::scene::{OTHER, Shape};
use super::verdict::{Before, check_tidy};

const RELEASE: &str =
    "release -a web --manifest dev=../scratch/next.yaml --manifest staging=../scratch/next.yaml";

/// In minutes from the time of these tests.
const YEAR_1970: i64 = -29_542_199;
const YEAR_2100: i64 = 38_831_880;

#[test]
fn a_clock_that_is_wrong_by_decades_does_no_harm() {
    for shape in [Shape::Plain, Shape::Behind, Shape::Local] {
        let world = shape.world();
        for (line, minute) in [
            (RELEASE, YEAR_2100),
            (OTHER, YEAR_1970),
            ("release-train staging", 1),
            (OTHER, YEAR_2100),
        ] {
            let answer = run_at(&world, shape, line, minute);
            assert_eq!(answer.code, 0, "{shape:?} {line}\n{answer}");
            assert!(!answer.leaves_behind(), "{shape:?} {line}\n{answer}");
        }
        check_tidy(&world, shape, false).unwrap();
    }
}

#[test]
fn a_journal_of_the_checkout_that_cannot_be_read_is_left_alone() {
    let half = r#"{"form":1,"branch":"main","old":"1234","new":"5678","landed":true,"lock":1}"#;
    for damaged in ["", "{\"form\":1,\"bra", "garbage\n", "{\"form\": 99}", half] {
        let world = Shape::Plain.world();
        let journal = world.checkout().join(".git/trainyard/checkout.json");
        world.edit(".git/trainyard/checkout.json", damaged);
        let before = Before::of(&world);
        let answer = run_at(&world, Shape::Local, RELEASE, 1);
        assert_eq!(answer.code, 4, "{answer}");
        assert!(
            answer.stderr.contains(&journal.display().to_string()),
            "{answer}"
        );
        before.check(&world).unwrap();
        // What is pushed lands; only the checkout waits.
        let answer = run_at(&world, Shape::Plain, RELEASE, 1);
        assert_eq!(answer.code, 0, "{answer}");
        assert!(answer.stderr.contains("stays as it is"), "{answer}");
        assert_eq!(fs::read_to_string(&journal).unwrap(), damaged);
        fs::remove_file(journal).unwrap();
        let answer = run_at(&world, Shape::Plain, OTHER, 2);
        assert_eq!(answer.code, 0, "{answer}");
        check_tidy(&world, Shape::Plain, false).unwrap();
    }
}

#[test]
fn a_lock_of_another_git_that_appears_before_ours_is_respected() {
    for shape in [Shape::Plain, Shape::LineEndings] {
        let world = shape.world();
        let lock = world.checkout().join(".git/index.lock");
        // While the push is under way, after the first look at the checkout.
        let hook = world.hook("pre-push", &format!("echo theirs > {}", lock.display()));
        let answer = run_at(&world, shape, RELEASE, 1);
        assert_eq!(answer.code, 0, "{answer}");
        assert!(answer.stderr.contains("index.lock"), "{answer}");
        assert_eq!(fs::read_to_string(&lock).unwrap(), "theirs\n");
        fs::remove_file(lock).unwrap();
        fs::remove_file(hook).unwrap();
        let answer = run_at(&world, shape, OTHER, 2);
        assert_eq!(answer.code, 0, "{answer}");
        check_tidy(&world, shape, false).unwrap();
    }
}

#[test]
fn a_lock_on_head_is_nobody_s_but_its_owner_s() {
    for shape in [Shape::Plain, Shape::Local] {
        let world = shape.world();
        let lock = world.checkout().join(".git/HEAD.lock");
        fs::write(&lock, "theirs\n").unwrap();
        let answer = run_at(&world, shape, RELEASE, 1);
        assert_eq!(answer.code, 0, "{answer}");
        assert_eq!(fs::read_to_string(&lock).unwrap(), "theirs\n");
        fs::remove_file(lock).unwrap();
        let answer = run_at(&world, shape, OTHER, 2);
        assert_eq!(answer.code, 0, "{answer}");
        check_tidy(&world, shape, false).unwrap();
    }
}

#[test]
fn without_room_for_another_thread_nothing_begins() {
    if !strace() {
        return;
    }
    let world = Shape::Plain.world();
    let before = Before::of(&world);
    let trace = world.room().join("trace").display().to_string();
    let mut strace = world.beside("strace");
    strace.args([
        "-qq",
        "-o",
        &trace,
        "-e",
        "trace=clone3,clone",
        "-e",
        "inject=clone3,clone:error=EAGAIN:when=1+",
    ]);
    strace
        .arg(crate::world::program_path())
        .args(RELEASE.split(' '));
    let answer = crate::world::answer(&mut strace, world.now());
    assert_eq!(answer.code, 1, "{answer}");
    assert!(answer.stderr.contains("ulimit -u"), "{answer}");
    before.check(&world).unwrap();
    let answer = run_at(&world, Shape::Plain, OTHER, 2);
    assert_eq!(answer.code, 0, "{answer}");
    check_tidy(&world, Shape::Plain, false).unwrap();
}
