//! The remote has moved: before our push, during it, backwards, or apart from us.

use super::race::rival;
use crate::world::{LOCK, RELEASE, TRAIN, World, program_path};

#[test]
fn a_checkout_that_is_behind_lands_on_top_and_comes_along() {
    let world = World::yard();
    let other = world.clone_to("other");
    other.ok(RELEASE);
    other.file("notes.md", "from the other side");
    let theirs = world.head();
    world.ok(TRAIN);
    assert_eq!(world.remote_git(&["rev-parse", "main^"]), theirs);
    assert!(world.holds("environments/staging/applications/web/version"));
    assert!(world.checkout().join("notes.md").exists());
    world.assert_in_step();
    other.git(&["pull", "-q", "--ff-only"]);
    other.assert_in_step();
}

#[test]
fn a_prognosis_is_about_the_remote_as_it_is_now() {
    let world = World::yard();
    let other = world.clone_to("other");
    other.ok(RELEASE);
    let before = world.snapshot();
    world.fails("prognosis staging --detailed-exitcode", 10);
    world.assert_untouched(&before);
}

#[test]
fn a_rival_that_pushes_during_our_push_is_built_upon() {
    let world = World::yard();
    rival(&world, 1, "git commit -q --allow-empty -m 'rival commit'");
    world.ok(RELEASE);
    assert_eq!(world.subjects()[..2], ["release web 1", "rival commit"]);
    world.assert_in_step();
}

#[test]
fn a_rival_may_be_faster_several_times() {
    let world = World::yard();
    rival(&world, 4, "git commit -q --allow-empty -m rival");
    world.ok(RELEASE);
    assert_eq!(
        world.subjects()[..5],
        ["release web 1", "rival", "rival", "rival", "rival"]
    );
    world.assert_in_step();
}

#[test]
fn a_lock_placed_during_our_push_holds_the_deployment_back() {
    let world = World::yard();
    world.ok(RELEASE);
    rival(
        &world,
        1,
        &format!("{} {}", program_path(), LOCK.replace("dev", "staging")),
    );
    let answer = world.ok(TRAIN);
    assert!(answer.contains("nothing changed"), "{answer}");
    assert_eq!(world.subjects()[0], "lock staging (`freeze`)");
    assert!(!world.holds("environments/staging/applications"));
    // Nothing to do, so the checkout was not brought along either; nothing is in its way.
    world.git(&["pull", "-q", "--ff-only", "origin", "main"]);
    world.assert_in_step();

    // The same with one deployment, which is queued.
    let world = World::yard();
    world.ok(RELEASE);
    rival(
        &world,
        1,
        &format!("{} {}", program_path(), LOCK.replace("dev", "staging")),
    );
    world.ok("deploy -a web -e staging --version 1");
    assert!(world.holds("environments/staging/applications/web/queued_version"));
    assert!(!world.holds("environments/staging/applications/web/version"));
    assert_eq!(world.commits(), 5);
    world.assert_in_step();
}

#[test]
fn what_a_rival_makes_impossible_is_refused_and_nothing_of_it_is_left() {
    let world = World::yard();
    world.ok(RELEASE);
    rival(
        &world,
        1,
        &format!("{} {}", program_path(), LOCK.replace("dev", "staging")),
    );
    let local = world.git(&["rev-parse", "HEAD"]);
    world.fails("deploy -a web -e staging --version 1 --on-lock fail", 3);
    assert_eq!(world.subjects()[0], "lock staging (`freeze`)");
    assert_eq!(world.git(&["rev-parse", "HEAD"]), local);
    // The journal that the refusal left is settled by whatever comes next.
    world.ok("unlock -e staging --lock-id freeze");
    world.assert_in_step();
}

#[test]
#[ignore = "takes a minute"]
fn a_remote_that_always_moves_ends_with_7() {
    let world = World::yard();
    rival(&world, 1_000_000, "git commit -q --allow-empty -m rival");
    let local = world.git(&["rev-parse", "HEAD"]);
    let start = std::time::Instant::now();
    let answer = world.fails(RELEASE, 7);
    assert!(start.elapsed().as_secs() < 100, "{answer}");
    assert!(answer.stderr.contains("kept pushing"), "{answer}");
    assert!(!world.holds("applications"));
    assert_eq!(world.git(&["rev-parse", "HEAD"]), local);
    assert_eq!(world.left_lying(), [""; 0]);
}

#[test]
fn unpushed_commits_of_the_user_are_never_pushed_along() {
    let world = World::yard();
    for (number, told) in ["1 commit", "2 commits"].into_iter().enumerate() {
        world.git(&[
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            &format!("mine {number}"),
        ]);
        let before = world.snapshot();
        let answer = world.fails(RELEASE, 3);
        let wanted = format!("the local branch `main` has {told} that `origin` does not have");
        assert!(answer.stderr.contains(&wanted), "{answer}");
        assert!(
            answer.stderr.contains("git pull --rebase origin main"),
            "{answer}"
        );
        world.assert_untouched(&before);
    }
    world.git(&["push", "-q"]);
    world.ok(RELEASE);
    world.assert_in_step();
}

#[test]
fn a_branch_that_went_apart_is_refused_and_both_sides_are_counted() {
    let world = World::yard();
    let other = world.clone_to("other");
    other.file("theirs", "1");
    other.file("theirs", "2");
    world.git(&["commit", "-q", "--allow-empty", "-m", "mine"]);
    let before = world.snapshot();
    let answer = world.fails(RELEASE, 3);
    let wanted = "has 1 commit that `origin` does not have, and lacks 2 of its commits";
    assert!(answer.stderr.contains(wanted), "{answer}");
    world.assert_untouched(&before);
    // As the hint says.
    world.git(&["pull", "-q", "--rebase", "origin", "main"]);
    world.git(&["push", "-q", "origin", "main"]);
    world.ok(RELEASE);
    world.assert_in_step();
}

#[test]
fn a_remote_that_was_rewound_on_purpose_does_not_get_the_dropped_commits_back() {
    let world = World::yard();
    world.ok(RELEASE);
    world.ok(LOCK);
    let dropped = world.head();
    world.remote_git(&["update-ref", "refs/heads/main", "main~1"]);
    let rewound = world.head();
    let local = world.git(&["rev-parse", "HEAD"]);
    let answer = world.fails(TRAIN, 3);
    assert!(
        answer
            .stderr
            .contains("has 1 commit that `origin` does not have"),
        "{answer}"
    );
    assert_eq!(
        (world.head(), world.git(&["rev-parse", "HEAD"])),
        (rewound.clone(), local)
    );

    // A checkout of another branch, which only heard of the dropped commit, builds on what is there now.
    world.git(&["checkout", "-q", "--detach", &dropped]);
    world.ok(&format!("--branch main {TRAIN}"));
    assert_eq!(world.remote_git(&["rev-parse", "main^"]), rewound);
    assert!(!world.holds("environments/dev/locks"));
}

#[test]
fn a_remote_that_began_anew_is_told_apart_from_ours() {
    let world = World::yard();
    let other = world.clone_to("other");
    other.git(&["checkout", "-q", "--orphan", "fresh"]);
    other.git(&["commit", "-q", "-m", "all anew"]);
    other.git(&["push", "-q", "--force", "origin", "fresh:main"]);
    let fresh = world.head();
    world.fails(RELEASE, 3);
    assert_eq!(world.head(), fresh);
    world.git(&["reset", "-q", "--keep", "origin/main"]);
    world.git(&["fetch", "-q"]);
    world.git(&["reset", "-q", "--keep", "origin/main"]);
    world.ok(RELEASE);
    assert_eq!(world.commits(), 2);
    world.assert_in_step();
}

#[test]
fn it_does_not_matter_what_the_checkout_last_heard_of_the_remote() {
    let world = World::yard();
    world.clone_to("other").ok(RELEASE);
    world.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    world.ok(TRAIN);
    world.assert_in_step();
    // Older than the local branch.
    world.git(&["update-ref", "refs/remotes/origin/main", "HEAD~2"]);
    world.ok(LOCK);
    world.assert_in_step();
    assert_eq!(world.commits(), 5);
}

#[test]
fn what_git_complains_of_on_the_way_is_no_reason_to_give_up() {
    let world = World::yard();
    let other = world.clone_to("other");
    other.ok("lock -e dev --lock-id other -m x");
    // A helper that is missing, and settings that nobody may read: the push itself is told as one that came too late.
    let path = world.git_in_front(
        "case \"$*\" in *'push --porcelain'*)
            echo \"git: 'credential-manager' is not a git command. See 'git --help'.\" >&2
            echo \"warning: unable to access '/root/.config/git/attributes': Permission denied\" >&2;;
        esac
        exec git \"$@\"",
    );
    let answer = world.run_with(RELEASE, &[("PATH", Some(&path))]);
    assert_eq!(answer.code, 0, "{answer}");
    world.assert_in_step();
}

#[test]
fn what_a_hook_complains_of_is_no_reason_to_believe_that_nothing_was_sent() {
    for (hook, end) in [
        (
            "policy: unable to access the mirror",
            "client_loop: send disconnect: Broken pipe",
        ),
        (
            "fatal: unable to access the mirror",
            "fatal: protocol error: bad line length character: zzzz",
        ),
    ] {
        let world = World::yard();
        // The push lands, and its answer is lost on the way.
        let path = world.git_in_front(&format!(
            "case \"$*\" in *'push --porcelain'*) ;; *) exec git \"$@\";; esac
            git \"$@\" > ../scratch/answer 2>&1
            printf '{hook}\n{end}\n' >&2
            exit 128"
        ));
        let answer = world.run_with(RELEASE, &[("PATH", Some(&path))]);
        assert_eq!(answer.code, 0, "{answer}");
        assert_eq!(world.times("release web 1"), 1);
        world.assert_in_step();
    }
}
