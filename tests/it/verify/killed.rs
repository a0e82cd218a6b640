//! What killed commands leave in a clone, and locks of git: `verify` names each with its path and the command that mends it, that
//! command mends it, and `--fix` touches nothing that somebody who lives may hold.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::world::{LOCK, RELEASE, World};

/// What `verify` tells of a fault in the clone.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    kind: String,
    path: PathBuf,
    command: String,
}

impl Told {
    fn new(kind: &str, path: &Path, command: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            path: path.canonicalize().unwrap(),
            command: command.to_owned(),
        }
    }
}

/// What `verify` tells; none of it is in the repository, and none of it is an error.
#[track_caller]
fn told_by(world: &World, line: &str) -> Vec<Told> {
    let answer = world.run(&format!("{line} -o json"));
    assert_eq!(answer.code, 0, "{answer}");
    let answer = answer.json();
    let faults = answer["faults"].as_array().unwrap().iter();
    let told = faults.map(|fault| {
        assert_eq!(fault["inRepository"], false, "{fault}");
        let text = |name: &str| fault[name].as_str().unwrap();
        Told::new(text("kind"), Path::new(text("path")), text("command"))
    });
    told.collect()
}

#[track_caller]
fn told(world: &World) -> Vec<Told> {
    told_by(world, "verify")
}

/// The git folder of a checkout.
fn git_folder(world: &World) -> PathBuf {
    PathBuf::from(world.git(&["rev-parse", "--absolute-git-dir"]))
}

/// The only file of ours in the git folder whose name begins and ends like that.
#[track_caller]
fn ours(world: &World, start: &str, end: &str) -> PathBuf {
    let entries = fs::read_dir(git_folder(world).join("trainyard")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let found: Vec<_> = paths
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with(start) && name.ends_with(end)
        })
        .collect();
    let [only] = &found[..] else {
        panic!("{start}…{end}: {found:?}")
    };
    only.clone()
}

#[track_caller]
fn journal(world: &World) -> PathBuf {
    ours(world, "push-", ".json")
}

/// Runs a command that is killed as soon as it calls git with this word; whether git does its work then is said.
#[track_caller]
fn killed_at(world: &World, word: &str, works: bool, line: &str) {
    let then = if works { "git \"$@\"" } else { "exit 1" };
    let path = world.git_in_front(&format!(
        "case \" $* \" in *' {word} '*) kill -9 $PPID; {then};; *) git \"$@\";; esac"
    ));
    let answer = world.run_with(line, &[("PATH", Some(&path))]);
    assert_ne!(answer.code, 0, "{answer}");
    assert_eq!(answer.stdout, "", "it was killed");
}

fn make_old(path: &Path) {
    let file = fs::File::options().write(true).open(path).unwrap();
    let hour = Duration::from_secs(3600);
    file.set_modified(SystemTime::now() - hour).unwrap();
}

/// A yard in which nothing is wrong.
fn yard() -> World {
    let world = World::yard();
    world.ok(RELEASE);
    assert_eq!(told(&world), []);
    world
}

#[test]
fn a_push_that_landed_is_settled_by_the_fix_without_another_commit() {
    let world = yard();
    let commits = world.commits();
    killed_at(&world, "push", true, LOCK);
    // The push goes on without the command that began it.
    let lock = git_folder(&world).join("trainyard/lock");
    world.run_beside("flock", &[lock.to_str().unwrap(), "true"]);
    assert_eq!(world.commits(), commits + 1);
    let journal = journal(&world);
    let expected = [Told::new("journal", &journal, "trainyard verify --fix")];
    assert_eq!(told(&world), expected);
    world.fails("verify --strict", 6);
    let answer = world.run("verify --fix --dry-run -o json").json();
    assert_eq!(answer["applied"], false);
    assert_eq!(told(&world), expected);
    let answer = world.ok("verify --fix -o json");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["mended"][0]["kind"], "journal", "{answer}");
    assert_eq!(told(&world), []);
    assert_eq!(world.commits(), commits + 1);
    world.assert_in_step();
}

#[test]
fn a_push_that_may_still_land_is_left_to_the_same_command_or_the_next_change() {
    let world = yard();
    killed_at(&world, "push", false, LOCK);
    let left = journal(&world);
    let before = fs::read(&left).unwrap();
    let expected = [Told::new("journal", &left, "trainyard COMMAND")];
    assert_eq!(told(&world), expected);
    // Nothing has changed, so nobody can know whether it lands: the fix must not forget it.
    assert_eq!(told_by(&world, "verify --fix"), expected);
    assert_eq!(fs::read(&left).unwrap(), before);
    // Once somebody else has changed the branch, it never can.
    world
        .clone_to("other")
        .ok("lock -e staging --lock-id other -m x");
    let expected = [Told::new("journal", &left, "trainyard verify --fix")];
    assert_eq!(told(&world), expected);
    world.ok("verify --fix");
    assert_eq!(told(&world), []);
    assert!(!world.holds("environments/dev/locks/freeze"));
    // Or the same command again decides.
    killed_at(&world, "push", false, LOCK);
    world.ok(LOCK);
    assert_eq!(told(&world), []);
    world.assert_in_step();
}

#[test]
fn a_journal_of_another_branch_or_without_a_push_comes_with_the_options_that_lead_there() {
    let world = yard();
    world.git(&["push", "-q", "origin", "main:it's"]);
    world.git(&["fetch", "-q"]);
    killed_at(&world, "push", false, &format!("{LOCK} --branch \"it's\""));
    world.git(&["push", "-q", "origin", "main~:refs/heads/it's", "--force"]);
    let left = journal(&world);
    let command = r"trainyard verify --fix --remote origin --branch 'it'\''s'";
    assert_eq!(told(&world), [Told::new("journal", &left, command)]);
    // The fix of this branch is not that of another one.
    world.ok("verify --fix");
    assert!(left.exists());
    world.ok("verify --fix --remote origin --branch \"it's\"");
    assert_eq!(told(&world), []);

    killed_at(&world, "push", false, LOCK);
    let stays = crc32fast::hash(b"\0main");
    let here = left.with_file_name(format!("push-{stays:08x}.json"));
    fs::rename(journal(&world), &here).unwrap();
    let command = "trainyard verify --fix --no-push --branch main";
    assert_eq!(told(&world), [Told::new("journal", &here, command)]);
    world.ok("verify --fix --no-push --branch main");
    assert_eq!(told(&world), []);
    // Of a branch that is gone, nobody knows the name.
    fs::write(left.with_file_name("push-00000000.json"), {
        killed_at(&world, "push", false, LOCK);
        let journal = journal(&world);
        let bytes = fs::read(&journal).unwrap();
        fs::remove_file(journal).unwrap();
        bytes
    })
    .unwrap();
    let command = "trainyard verify --fix --remote REMOTE --branch BRANCH";
    assert_eq!(
        told(&world),
        [Told::new("journal", &journal(&world), command)]
    );
}

#[test]
fn a_journal_that_cannot_be_read_is_left_to_a_person() {
    let world = yard();
    let folder = git_folder(&world).join("trainyard");
    for (name, bytes) in [
        ("push-00000000.json", "{}"),
        ("checkout.json", "{\"form\": 99}"),
        ("checkout.json", ""),
    ] {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        let command = format!("rm {}", path.display());
        let expected = [Told::new("journal-damaged", &path, &command)];
        assert_eq!(told(&world), expected, "{name} {bytes}");
        assert_eq!(told_by(&world, "verify --fix"), expected, "{name} {bytes}");
        world.shell(&command);
        assert_eq!(told(&world), []);
    }
}

#[test]
fn a_checkout_that_is_half_way_is_finished_by_the_fix() {
    let world = yard();
    // Then git itself moves the checkout, and can be met on the way.
    world.git(&["config", "core.autocrlf", "true"]);
    world.edit("notes", "of somebody");
    killed_at(&world, "-m -u", false, LOCK);
    let left = ours(&world, "checkout", ".json");
    assert_ne!(world.git(&["rev-parse", "HEAD"]), world.head());
    let fix = "trainyard verify --fix";
    let expected = [
        Told::new("checkout-half-way", &left, fix),
        Told::new("journal", &journal(&world), fix),
    ];
    assert_eq!(told(&world), expected);
    // Another branch has no business with it.
    world.git(&["push", "-q", "origin", "main:other"]);
    let elsewhere = format!("{fix} --branch main");
    let there = told_by(&world, "verify --branch other");
    assert_eq!(there[0], Told::new("checkout-half-way", &left, &elsewhere));
    world.ok("verify --fix --branch other");
    assert!(left.exists());
    world.ok("verify --fix");
    assert_eq!(told(&world), []);
    assert_eq!(world.git(&["rev-parse", "HEAD"]), world.head());
    assert_eq!(world.status(), "?? notes");
    assert_eq!(world.left_lying(), [""; 0]);
}

#[test]
fn an_old_lock_of_git_is_named_and_no_lock_is_ever_removed() {
    let world = yard();
    let folder = git_folder(&world);
    fs::create_dir_all(folder.join("refs/tags/of")).unwrap();
    let names = [
        "HEAD.lock",
        "config.lock",
        "index.lock",
        "packed-refs.lock",
        "refs/heads/main.lock",
        "refs/remotes/origin/main.lock",
        "refs/tags/of/one.lock",
        "shallow.lock",
    ];
    let locks = names.map(|name| folder.join(name));
    let holds = || {
        let inode = |lock: &PathBuf| fs::symlink_metadata(lock).map(|lock| lock.ino());
        locks.clone().map(|lock| inode(&lock).unwrap())
    };
    for lock in &locks {
        fs::write(lock, "").unwrap();
    }
    // Somebody who lives may hold them.
    assert_eq!(told(&world), []);
    let held = holds();
    world.ok("verify --fix");
    assert_eq!(holds(), held);
    for lock in &locks {
        make_old(lock);
    }
    let expected: Vec<_> = locks
        .iter()
        .map(|lock| Told::new("git-lock", lock, &format!("rm {}", lock.display())))
        .collect();
    assert_eq!(told(&world), expected);
    assert_eq!(told_by(&world, "verify --fix"), expected);
    assert_eq!(holds(), held);
    world.fails("verify --strict", 6);
    for told in expected {
        world.shell(&told.command);
    }
    assert_eq!(told(&world), []);
    world.ok(LOCK);
    world.assert_in_step();
}

#[test]
fn a_fix_that_has_something_to_mend_respects_a_lock_on_the_index() {
    let world = yard();
    world.file("environments/.DS_Store", "x");
    let lock = git_folder(&world).join("index.lock");
    fs::write(&lock, "theirs").unwrap();
    for age in ["fresh", "old"] {
        let answer = world.run("verify --fix");
        assert_eq!(answer.code, 0, "{age}\n{answer}");
        assert_eq!(fs::read_to_string(&lock).unwrap(), "theirs", "{age}");
        assert!(!world.holds("environments/.DS_Store"), "{age}");
        make_old(&lock);
    }
}

#[test]
fn a_linked_work_tree_has_an_index_and_a_head_of_its_own() {
    let world = yard();
    let linked = world.linked("it's linked", &["-b", "side"]);
    let lock = git_folder(&linked).join("index.lock");
    fs::write(&lock, "").unwrap();
    make_old(&lock);
    assert_eq!(told(&world), []);
    let shown = lock.display().to_string().replace('\'', r"'\''");
    let shown = if shown.contains('\'') {
        format!("'{shown}'")
    } else {
        shown
    };
    let expected = [Told::new("git-lock", &lock, &format!("rm {shown}"))];
    assert_eq!(told_by(&linked, "verify --branch main"), expected);
    linked.shell(&expected[0].command);
    assert_eq!(told_by(&linked, "verify --branch main"), []);
}

#[test]
fn what_a_living_command_has_under_way_is_its_own() {
    let world = yard();
    let gate = world.gate();
    world.hook("pre-push", &gate.wait());
    let mut command = world.start(LOCK);
    command.until(&world.room().join("gate.reached"));
    journal(&world);
    assert_eq!(told(&world), []);
    gate.open();
    assert_eq!(command.wait().code, 0);
    assert_eq!(told(&world), []);
}

#[test]
fn a_draft_goes_with_the_fix_and_not_in_a_dry_run() {
    let world = yard();
    let draft = git_folder(&world).join("trainyard/push-00000000.draft");
    fs::write(&draft, "{").unwrap();
    let expected = [Told::new("journal-draft", &draft, "trainyard verify --fix")];
    assert_eq!(told(&world), expected);
    assert_eq!(told_by(&world, "verify --fix --dry-run"), expected);
    let answer = world.ok("verify --fix -o json");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["mended"][0]["kind"], "journal-draft", "{answer}");
    assert_eq!(told(&world), []);
}
