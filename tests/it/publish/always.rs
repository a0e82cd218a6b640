//! A repository where every operation waits in line, without a try of its own before.

use crate::world::{LOCK, RELEASE, World};

use super::lost::talks;
use super::together::{assert_done, assert_settled, kill_in_line, waiting, yard_that_combines};

fn yard() -> World {
    yard_that_combines("always")
}

#[test]
fn an_operation_goes_into_the_line_without_a_question_and_out_of_it_with_its_push() {
    let world = yard();
    let clone = world.clone_to("clone");
    let answer = clone.run(&format!("-v {RELEASE}"));
    assert_done(&answer);
    assert_eq!(
        talks(&answer),
        ["push inbox", "ls-remote", "fetch", "push branch"],
        "{answer}"
    );
    assert_eq!(world.times("release web 1"), 1);
    assert_settled(&world, &[&clone]);
    // The second time there is nothing to do, and nothing waits.
    let answer = clone.run("-v deploy -a web -e dev --version 1");
    assert_done(&answer);
    assert_eq!(talks(&answer), ["ls-remote"], "{answer}");
    assert_eq!(world.times("release web 1"), 1);
    assert_settled(&world, &[&clone]);
}

#[test]
fn what_waits_is_published_by_whoever_comes_next() {
    let world = yard();
    let [first, second] = ["first", "second"].map(|name| world.clone_to(name));
    let lock = "lock -e dev --lock-id second -m x";
    // Nobody has pushed anything before: nobody has lost a race.
    kill_in_line(&world, &first, RELEASE);
    kill_in_line(&world, &second, lock);
    assert_done(&world.run(LOCK));
    for subject in [
        "release web 1",
        "lock dev (`second`)",
        "lock dev (`freeze`)",
    ] {
        assert_eq!(world.times(subject), 1, "{subject}");
    }
    for (clone, line) in [(&first, RELEASE), (&second, lock)] {
        assert_done(&clone.run(line));
    }
    assert_eq!(world.times("release web 1"), 1);
    assert_eq!(world.times("release web 2"), 0);
    assert_settled(&world, &[&world, &first, &second]);
}

#[test]
fn what_is_refused_is_not_put_into_the_line() {
    let world = yard();
    let refs = world.remote_hook("update", "case $1 in refs/trainyard/*) touch asked;; esac");
    let answer = world.fails("unlock -e dev --lock-id nobody", 3);
    assert!(answer.stderr.contains("there is no lock"), "{answer}");
    assert!(!world.remote().join("asked").exists(), "{answer}");
    // The hook sees what is put there.
    assert_done(&world.run(LOCK));
    assert!(world.remote().join("asked").exists());
    std::fs::remove_file(refs).unwrap();
    assert_settled(&world, &[&world]);
}

#[test]
fn what_waits_stays_there_once_the_branch_wants_everybody_alone() {
    let world = yard();
    let [killed, clone] = ["killed", "clone"].map(|name| world.clone_to(name));
    let lock = "lock -e dev --lock-id killed -m x";
    kill_in_line(&world, &killed, lock);
    let waits = waiting(&world);
    world.file("trainyard.yaml", "publish:\n  combine: false\n");
    // It has not heard of that, and goes into the line.
    let answer = clone.run(&format!("-v {RELEASE}"));
    assert_done(&answer);
    assert!(
        talks(&answer).contains(&"push inbox".to_owned()),
        "{answer}"
    );
    assert_eq!(world.times("release web 1"), 1);
    assert_eq!(world.times("lock dev (`killed`)"), 0, "{answer}");
    assert_eq!(waiting(&world), waits);
    assert_done(&killed.run(lock));
    assert_eq!(world.times("lock dev (`killed`)"), 1);
    assert_settled(&world, &[&clone, &killed]);
}

#[test]
fn what_is_of_another_time_or_stays_here_is_not_put_into_the_line() {
    let world = yard();
    let clone = world.clone_to("clone");
    let epoch = ("SOURCE_DATE_EPOCH", Some("1721642400"));
    let answer = clone.run_with(&format!("-v {RELEASE}"), &[epoch]);
    assert_done(&answer);
    assert_eq!(talks(&answer), ["push branch"], "{answer}");
    let answer = clone.run(&format!("-v {LOCK} --dry-run"));
    assert_done(&answer);
    assert_eq!(talks(&answer), ["ls-remote"], "{answer}");
    let answer = clone.run(&format!("-v {LOCK} --no-push"));
    assert_done(&answer);
    assert_eq!(talks(&answer), [""; 0], "{answer}");
    assert_settled(&world, &[]);
}

#[test]
fn an_operation_whose_branch_is_gone_is_open_until_it_is_back() {
    let world = yard();
    let clone = world.clone_to("clone");
    world.remote_git(&["branch", "-q", "-m", "main", "trunk"]);
    for _ in 0..2 {
        let answer = clone.fails(RELEASE, 4);
        assert!(answer.stderr.contains("these exist: `trunk`"), "{answer}");
    }
    world.remote_git(&["branch", "-q", "-m", "trunk", "main"]);
    assert_done(&clone.run(RELEASE));
    assert_eq!(world.times("release web 1"), 1);
    assert_settled(&world, &[&clone]);
}
