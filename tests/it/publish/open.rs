//! The end of an interrupted command is open: nothing that is in the way of its repetition is the last word on it.

use std::fs;

use super::answer::{Slow, upload_pack, usual_receive_pack};
use super::together::{assert_done, assert_settled, kill_in_line, yard};
use crate::world::{LOCK, RELEASE, TRAIN, World};

/// A world whose server is still at work on the push of a killed command.
fn interrupted(line: &str) -> (World, Slow) {
    let world = World::yard();
    world.ok(RELEASE);
    let slow = Slow::server(&world);
    slow.kill(&world, line);
    usual_receive_pack(&world);
    (world, slow)
}

/// The command is done, and was done once.
#[track_caller]
fn assert_done_once(world: &World, line: &str, subject: &str) {
    world.ok(line);
    assert_eq!(world.times(subject), 1, "{:?}", world.subjects());
    assert_eq!(world.left_lying(), [""; 0]);
}

#[test]
fn commits_of_ones_own_are_no_last_word() {
    let (world, slow) = interrupted(LOCK);
    world.edit("notes.md", "mine\n");
    world.shell("git add notes.md && git commit -q -m mine");
    let answer = world.fails(LOCK, 4);
    assert!(answer.stderr.contains("1 commit"), "{answer}");
    // Another command has nothing open.
    world.fails("lock -e dev --lock-id other -m x", 3);
    slow.land(&world);
    world.shell("git pull -q --rebase origin main && git reset -q --keep origin/main");
    assert_done_once(&world, LOCK, "lock dev (`freeze`)");
}

#[test]
fn a_tag_of_that_name_is_no_last_word() {
    let line = format!("{TRAIN} --tag v1");
    let (world, slow) = interrupted(&line);
    world.git(&["tag", "v1"]);
    world.fails(&line, 4);
    world.git(&["tag", "-d", "v1"]);
    slow.land(&world);
    assert_done_once(
        &world,
        &line,
        "release train to environment staging: 1 deployed",
    );
}

#[test]
fn a_remote_that_shows_no_branch_is_no_last_word() {
    let (world, slow) = interrupted(LOCK);
    world.shell("git init -q --bare ../empty.git");
    let empty = world.room().join("empty.git");
    upload_pack(
        &world,
        &format!("exec git upload-pack '{}'", empty.display()),
    );
    let answer = world.fails(LOCK, 4);
    assert!(answer.stderr.contains("shows no branch at all"), "{answer}");
    // Of another command it is known that it has not begun. Nobody is told to begin with an empty commit.
    let answer = world.fails("lock -e dev --lock-id other -m x", 1);
    assert!(!answer.stderr.contains("--allow-empty"), "{answer}");
    world.git(&["config", "--unset", "remote.origin.uploadpack"]);
    slow.land(&world);
    assert_done_once(&world, LOCK, "lock dev (`freeze`)");
}

#[test]
fn a_source_that_cannot_be_asked_for_is_no_last_word() {
    let world = World::yard();
    world.ok(RELEASE);
    world.git(&["push", "-q", "origin", "HEAD:refs/heads/tested"]);
    let line = format!("{TRAIN} --source-ref tested");
    let slow = Slow::server(&world);
    slow.kill(&world, &line);
    usual_receive_pack(&world);
    let url = world.git(&["remote", "get-url", "origin"]);
    world.git(&["remote", "set-url", "origin", "../nowhere.git"]);
    world.fails(&line, 4);
    world.git(&["remote", "set-url", "origin", &url]);
    slow.land(&world);
    assert_done_once(
        &world,
        &line,
        "release train to environment staging: 1 deployed",
    );
}

#[test]
fn what_landed_beyond_the_end_of_a_shallow_history_is_found() {
    for others in [0, 3] {
        let yard = World::yard();
        let world = yard.clone_with("shallow", &["--depth=1"]);
        let slow = Slow::server(&world);
        slow.kill(&world, RELEASE);
        usual_receive_pack(&world);
        slow.land(&world);
        for number in 0..others {
            yard.ok(&format!("lock -e dev --lock-id lock-{number} -m x"));
        }
        // As a job does that comes back to the same folder.
        world.shell("git fetch -q --depth=1 origin main && git reset -q --hard FETCH_HEAD && git update-ref refs/remotes/origin/main FETCH_HEAD");
        assert_eq!(world.git(&["rev-list", "--count", "HEAD"]), "1");
        world.ok(RELEASE);
        let times = ["release web 1", "release web 2"].map(|each| yard.times(each));
        assert_eq!(times, [1, 0]);
        world.assert_tidy();
    }
}

#[test]
fn what_others_have_published_at_the_end_of_a_shallow_history_is_told() {
    let world = yard();
    let clone = world.clone_with("shallow", &["--depth=1"]);
    world.ok("lock -e dev --lock-id before -m x");
    kill_in_line(&world, &clone, RELEASE);
    world.clone_to("other").ok(LOCK);
    // What was published last is all that is known of the history, not even what it was planned on.
    clone.shell("git fetch -q --depth=1 origin main && git reset -q --hard FETCH_HEAD && git update-ref refs/remotes/origin/main FETCH_HEAD");
    assert_eq!(clone.git(&["log", "--format=%s"]), "release web 1");
    let answer = clone.run(RELEASE);
    assert_done(&answer);
    assert!(answer.stdout.contains("released web 1"), "{answer}");
    assert_eq!(world.times("release web 2"), 0);
    assert_settled(&world, &[&clone]);
}

#[test]
fn what_landed_before_its_branch_was_deleted_may_come_back_with_it() {
    let world = World::yard();
    world.remote_git(&["branch", "side", "main"]);
    let path = world.git_in_front(
        "case \"$*\" in *'push --porcelain'*) ;; *) exec git \"$@\";; esac
        git \"$@\" > ../scratch/answer 2>&1
        git -C ../remote.git rev-parse main > ../scratch/landed
        git -C ../remote.git update-ref -d refs/heads/main
        echo 'fatal: the remote end hung up unexpectedly' >&2
        exit 128",
    );
    let answer = world.run_with(RELEASE, &[("PATH", Some(&path))]);
    assert_eq!(answer.code, 4, "{answer}");
    world.fails(RELEASE, 4);
    world.shell("git -C ../remote.git update-ref refs/heads/main $(cat ../scratch/landed)");
    assert_done_once(&world, RELEASE, "release web 1");
}

/// When something happens.
#[derive(Clone, Copy, Debug)]
enum When {
    BeforeTheFetch,
    AfterIt,
}

/// Tells the first push of a command as one that met another, without sending it, and does something about when the remote is asked
/// the next time.
fn colliding(world: &World, when: When, then: &str) -> String {
    let [before, after] = match when {
        When::BeforeTheFetch => [then, ":"],
        When::AfterIt => [":", then],
    };
    world.git_in_front(&format!(
        "cd ../scratch
        case \"$*\" in
        *'push --porcelain'*)
            if [ ! -e sent ]; then
                echo \"$@\" > sent
                printf '!\\tHEAD:refs/heads/main\\t[remote rejected] (cannot lock ref)\\nDone\\n'
                exit 1
            fi;;
        *ls-remote*|*fetch*)
            if [ -e sent ] && [ ! -e then ]; then
                : > then
                cd ../checkout
                ({before})
                git \"$@\"
                code=$?
                ({after})
                exit $code
            fi;;
        esac
        cd ../checkout
        exec git \"$@\""
    ))
}

#[test]
fn a_push_that_met_itself_is_not_planned_again() {
    for when in [When::BeforeTheFetch, When::AfterIt] {
        let world = World::yard();
        // As if git had sent it twice: the second one found the ref locked by the first, which lands later.
        let path = colliding(&world, when, "git $(cat ../scratch/sent)");
        let answer = world.run_with(RELEASE, &[("PATH", Some(&path))]);
        let told = format!("{when:?}: {answer}");
        assert_eq!(answer.code, 0, "{told}");
        assert!(world.room().join("scratch/then").exists(), "{told}");
        assert_eq!(
            world.subjects()[..2],
            ["release web 1", "setup: files"],
            "{told}"
        );
        world.assert_in_step();
        world.assert_tidy();
    }
}

#[test]
fn a_push_that_met_another_one_is_open_while_the_remote_is_gone() {
    for when in [When::BeforeTheFetch, When::AfterIt] {
        let world = World::yard();
        let path = colliding(&world, when, "mv ../remote.git ../gone.git");
        let answer = world.run_with(RELEASE, &[("PATH", Some(&path))]);
        assert_eq!(answer.code, 4, "{when:?}: {answer}");
        assert!(
            answer.stderr.contains("is still unknown"),
            "{when:?}: {answer}"
        );
        world.shell("mv ../gone.git ../remote.git");
        assert_done_once(&world, RELEASE, "release web 1");
    }
}

#[test]
fn a_push_that_met_another_one_is_refused_as_what_that_made_of_it() {
    for when in [When::BeforeTheFetch, When::AfterIt] {
        let world = World::yard();
        world.ok("lock -e dev --lock-id before -m x");
        let other = world.clone_to("other");
        let unlock = "unlock -e dev --lock-id before";
        let then = other.in_script(&format!(
            "{unlock} --author-name Bo --author-email bo@x.example > /dev/null"
        ));
        let path = colliding(&world, when, &then);
        let answer = world.run_with(unlock, &[("PATH", Some(&path))]);
        let told = format!("{when:?}: {answer}");
        assert_eq!(answer.code, 3, "{told}");
        assert!(world.room().join("scratch/then").exists(), "{told}");
        assert!(answer.stderr.contains("there is no lock"), "{told}");
        assert_eq!(world.left_lying(), [""; 0], "{told}");
    }
}

#[test]
fn a_fix_that_has_landed_is_done_whatever_becomes_of_the_remote() {
    let world = World::yard();
    world.ok(RELEASE);
    let queue = "environments/dev/applications/web/queued_version";
    world.link(queue, "../../../../applications/web/releases/9");
    let gone = world.room().join("gone");
    // What is asked for after the push finds nobody.
    let hook = format!(": > {}", gone.display());
    world.remote_hook("post-receive", &hook);
    let uploads = format!(
        "[ ! -e '{}' ] || exit 1\nexec git upload-pack \"$@\"",
        gone.display()
    );
    upload_pack(&world, &uploads);
    let answer = world.run("verify --fix");
    assert!(gone.exists(), "{answer}");
    assert_eq!(answer.code, 0, "{answer}");
    assert!(
        answer.stderr.contains("was not looked at again")
            || answer.stdout.contains("was not looked at again"),
        "{answer}"
    );
    fs::remove_file(gone).unwrap();
    world.assert_in_step();
}
