//! Pushes that lose their race. In a repository that lets operations wait in line, they go there at once, and nobody asks what became
//! of them.

use std::fs;

use crate::world::{Answer, LOCK, RELEASE, TRAIN, World};

use super::answer::upload_pack;
use super::together::{assert_done, assert_settled, waiting, yard};

/// A clone in which this is done when the first push to the branch has heard where that stands, before it is sent, and something else
/// at those that follow. `$commit` is what is pushed, `lock` locks something in the checkout of somebody else, which is the second
/// world.
fn meanwhile(world: &World, first: &str, later: &str) -> [World; 2] {
    let [clone, other] = [world.clone_to("clone"), world.clone_to("other")];
    let lock = other.in_script(LOCK_OF_ANOTHER);
    let lines = format!(
        "read ours commit place rest; case $place in refs/heads/*) ;; *) exit 0;; esac
        lock() {{ {lock}; }}
        if [ ! -e ../lost ]; then
            touch ../lost
            {first}
        else
            {later}
        fi"
    );
    clone.hook("pre-push", &lines);
    [clone, other]
}

/// What somebody else does meanwhile.
const LOCK_OF_ANOTHER: &str = "lock -e dev --lock-id other -m x";

/// The release landed once, and so did that of somebody else, and nothing is left.
#[track_caller]
fn assert_both_once(world: &World, clones: &[World; 2]) {
    assert_eq!(world.times("release web 1"), 1);
    assert_eq!(world.times("release web 2"), 0);
    assert_eq!(world.times("lock dev (`other`)"), 1);
    let [clone, other] = clones;
    assert_settled(world, &[clone, other]);
}

/// The commands of git that talked to the remote, in their order, and what they were about.
pub(super) fn talks(answer: &Answer) -> Vec<String> {
    let about = |line: &str| {
        let words = line.trim().strip_prefix("git ")?;
        let verb = words.split(' ').next()?;
        let place = match words {
            _ if verb != "push" => "",
            _ if words.contains("refs/heads/") => " branch",
            _ => " inbox",
        };
        ["push", "fetch", "ls-remote"]
            .contains(&verb)
            .then(|| format!("{verb}{place}"))
    };
    answer.stderr.lines().filter_map(about).collect()
}

#[test]
fn a_lost_push_goes_into_the_line_without_a_question() {
    let world = yard();
    let clones = meanwhile(&world, "lock", ":");
    let answer = clones[0].run(&format!("-v {RELEASE}"));
    assert_done(&answer);
    let talks = talks(&answer);
    assert_eq!(
        talks,
        [
            "ls-remote",
            "push branch",
            "push inbox",
            "ls-remote",
            "fetch",
            "push branch"
        ],
        "{answer}"
    );
    assert_both_once(&world, &clones);
}

#[test]
fn a_push_that_git_itself_held_back_goes_there_too() {
    let world = yard();
    let clones = [world.clone_to("clone"), world.clone_to("other")];
    let lock = clones[1].in_script(LOCK_OF_ANOTHER);
    // The branch moves when the command has asked for it, before git hears of it.
    let uploads = format!(
        "cd \"$(dirname \"$0\")/..\"
        git upload-pack \"$@\"
        if [ ! -e lost ]; then
            touch lost
            {lock} > /dev/null
        fi"
    );
    upload_pack(&clones[0], &uploads);
    let answer = clones[0].run(&format!("-v {RELEASE}"));
    assert_done(&answer);
    let talks = talks(&answer);
    assert_eq!(
        talks[..3],
        ["ls-remote", "push branch", "push inbox"],
        "{answer}"
    );
    assert_both_once(&world, &clones);
}

#[test]
fn a_push_that_landed_and_was_told_as_lost_is_not_made_again_from_the_line() {
    for (more, others) in [(":", 0), ("lock", 1)] {
        let world = yard();
        let arrives = "git push -q --no-verify origin $commit:$place";
        let [clone, other] = meanwhile(&world, &format!("{arrives}\n{more}"), ":");
        let answer = clone.run(&format!("-v {RELEASE}"));
        assert_done(&answer);
        assert!(answer.stdout.contains("released web 1"), "{answer}");
        let talks = talks(&answer);
        assert_eq!(
            talks[..3],
            ["ls-remote", "push branch", "push inbox"],
            "{answer}"
        );
        assert_eq!(world.times("release web 1"), 1, "{answer}");
        assert_eq!(world.times("release web 2"), 0, "{answer}");
        assert_eq!(world.times("lock dev (`other`)"), others, "{answer}");
        assert_eq!(waiting(&world), [""; 0]);
        assert_settled(&world, &[&clone, &other]);
    }
}

#[test]
fn contact_that_is_lost_after_a_lost_push_leaves_its_end_open() {
    let world = yard();
    let clones = meanwhile(
        &world,
        "lock
        git config remote.origin.pushurl /nowhere",
        ":",
    );
    let [clone, _] = &clones;
    let answer = clone.run(RELEASE);
    // It collided on the server, and nobody has asked since: it may be that git had sent it twice.
    assert_eq!(answer.code, 4, "{answer}");
    clone.git(&["config", "--unset", "remote.origin.pushurl"]);
    assert_done(&clone.run(RELEASE));
    assert_both_once(&world, &clones);
}

#[test]
fn git_knows_what_was_fetched_before_until_the_command_ends() {
    let world = World::yard();
    let refs = "git for-each-ref --format='%(refname) %(objectname)' refs/trainyard > ../kept";
    let clones = meanwhile(&world, "lock", refs);
    let [clone, _] = &clones;
    assert_done(&clone.run(RELEASE));
    let kept = fs::read_to_string(clone.room().join("kept")).unwrap();
    let fetched = world.remote_git(&["rev-parse", "main~1"]);
    assert_eq!(clone.git(&["for-each-ref", "refs/trainyard"]), "");
    assert_eq!(kept, format!("refs/trainyard/fetch/change {fetched}\n"));
    assert_both_once(&world, &clones);
}

#[test]
fn a_branch_that_is_gone_is_told_before_anything_is_put_into_the_line() {
    let world = yard();
    world.remote_git(&["branch", "-q", "-m", "main", "trunk"]);
    let answer = world.fails(RELEASE, 3);
    assert!(answer.stderr.contains("these exist: `trunk`"), "{answer}");
    assert_eq!(waiting(&world), [""; 0]);
    assert_eq!(world.left_lying(), [""; 0]);
}

#[test]
fn of_a_push_that_was_never_sent_nothing_stays_when_the_remote_is_gone() {
    let world = World::yard();
    world.ok(RELEASE);
    let clone = world.clone_to("clone");
    world.ok("lock -e dev --lock-id other -m x");
    let path = clone.git_in_front(
        "case \"$*\" in
        *'push --porcelain'*)
            code=0
            git \"$@\" || code=$?
            git config remote.origin.url /nowhere
            exit $code;;
        esac
        exec git \"$@\"",
    );
    let line = format!("{TRAIN} --tag v1");
    let answer = clone.run_with(&line, &[("PATH", Some(&path))]);
    assert_eq!(answer.code, 1, "{answer}");
    assert_eq!(clone.left_lying(), [""; 0], "{answer}");
    clone.fails(&line, 1);
}

#[test]
fn what_was_fetched_before_a_refusal_leaves_no_ref() {
    let world = World::yard();
    world.ok(RELEASE);
    // The checkout lacks that commit.
    world.clone_to("other").ok(LOCK);
    world.remote_git(&["tag", "monday", "main"]);
    let train = |source| {
        "- {operation: release-train, target: staging, sourceRef: SOURCE}\n"
            .replace("SOURCE", source)
    };
    let list = ["monday", "nowhere"].map(train).concat();
    world.scratch("list.yaml", list);
    let answer = world.fails("apply -f ../scratch/list.yaml", 3);
    assert!(answer.stderr.contains("nowhere"), "{answer}");
    assert_eq!(world.left_lying(), [""; 0], "{answer}");
    assert_eq!(world.git(&["for-each-ref", "refs/trainyard"]), "");
}
