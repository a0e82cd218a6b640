//! How `verify` ends, what it says where, and what is wrong with this clone alone.

use std::fs;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::shop::{busy_shop, release_link};
use crate::world::World;

const LINK: &str = "environments/staging/applications/basket/version";

/// The shop at work, with all its files for Argo CD.
fn yard() -> World {
    let world = busy_shop();
    world.ok("render --all");
    world
}

/// The kinds of all faults.
fn kinds(world: &World) -> Vec<String> {
    let answer = world.run("verify -o json").json();
    let faults = answer["faults"].as_array().unwrap().iter();
    faults
        .map(|fault| fault["kind"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_shop_at_work_is_sound_and_nothing_is_mended() {
    let world = yard();
    let before = world.snapshot();
    let told = world.ok("verify --strict");
    assert!(told.ends_with("sound\n"), "{told}");
    let mended = world.ok("verify --fix -o json");
    let mended: Value = serde_json::from_str(&mended).unwrap();
    assert_eq!(mended["result"], "unchanged");
    assert_eq!(mended["mended"], json!([]));
    world.assert_untouched(&before);
}

#[test]
fn an_error_ends_with_6_a_warning_if_asked_and_a_note_never() {
    let world = yard();
    world.file("applications/basket/notes", "x");
    assert!(
        world
            .ok("verify")
            .contains("warning: applications/basket/notes")
    );
    world.fails("verify --strict", 6);
    world.remove("applications/basket/notes");
    world.file("applications/basket/releases/1/source_commit_id", "v1");
    assert!(world.ok("verify --strict").contains("note: "));
    world.link(LINK, &release_link("basket", 99));
    let answer = world.fails("verify", 6);
    assert!(
        answer.stdout.contains(LINK) && answer.stdout.contains("release 99"),
        "{answer}"
    );
}

#[test]
fn what_is_mended_is_one_commit_that_says_so_and_a_dry_run_is_none() {
    let world = yard();
    world.link(LINK, &release_link("basket", 99));
    world.file("environments/.DS_Store", "x");
    let before = world.snapshot();
    let dry = world.ok("verify --fix --dry-run");
    assert!(dry.contains("dry run") && dry.contains(LINK), "{dry}");
    world.assert_untouched(&before);
    let commits = world.commits();
    world.ok("verify --fix");
    assert_eq!(world.commits(), commits + 1);
    assert_eq!(world.subjects()[0], "mend 2 faults");
    assert!(world.ok("verify --strict").ends_with("sound\n"));
    world.assert_in_step();
    let link = world.git(&["cat-file", "-p", &format!("HEAD:{LINK}")]);
    assert_eq!(link, release_link("basket", 1));
}

#[test]
fn a_fix_that_has_mended_something_ends_with_0_whatever_is_left() {
    let world = yard();
    // Nothing tells which release was meant: there was never one.
    let link = "environments/development/applications/rider/version";
    world.link(link, &release_link("rider", 99));
    world.fails("verify --fix", 6);
    world.file("environments/.DS_Store", "x");
    let told = world.ok("verify --fix -o json --strict");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["mended"][0]["path"], "environments/.DS_Store");
    assert_eq!(told["mended"].as_array().unwrap().len(), 1, "{told}");
    assert_eq!(told["faults"][0]["path"], link);
    assert_eq!(told["faults"][1]["kind"], "argocd-differs");
    assert_eq!(told["faults"].as_array().unwrap().len(), 2, "{told}");
    world.fails("verify", 6);
}

#[test]
fn what_nobody_can_read_is_told_and_not_mended() {
    let world = yard();
    world.file("trainyard.yaml", "realeseVersionsLimit: 5\n");
    let answer = world.fails("verify -o json", 6).json();
    assert_eq!(answer["faults"][0]["kind"], "options");
    let before = world.snapshot();
    world.fails("verify --fix", 6);
    world.assert_untouched(&before);
}

#[test]
fn a_step_of_github_actions_is_told_each_fault_at_its_file() {
    let world = yard();
    world.link(LINK, "/etc/passwd");
    let answer = world.fails("verify --github", 6);
    let expected = format!("::error file={LINK},title=broken-link::");
    assert!(answer.stderr.contains(&expected), "{answer}");
}

#[test]
fn the_answer_is_a_table_in_markdown() {
    let world = yard();
    world.link(LINK, "/etc/<b>|passwd");
    let answer = world.fails("verify -o markdown", 6);
    assert!(
        answer.stdout.contains("| error | environments/staging"),
        "{answer}"
    );
    assert!(!answer.stdout.contains("<b>"), "{answer}");
}

#[test]
fn an_empty_folder_goes_with_the_next_fix() {
    let world = yard();
    world.shell(
        "add() { (git ls-tree \"$1\"; printf '040000 tree %s\\t%s\\n' \"$3\" \"$2\") | sort -k4 | awk -F'\\t' '!seen[$2]++' | git mktree; }
         replace() { (git ls-tree \"$1\" | grep -v \"\t$2\\$\"; printf '040000 tree %s\\t%s\\n' \"$3\" \"$2\") | git mktree; }
         void=$(git mktree </dev/null)
         app=$(add HEAD:applications/basket void $void)
         apps=$(replace HEAD:applications basket $app)
         root=$(replace HEAD applications $apps)
         commit=$(git commit-tree -p HEAD -m void $root)
         git push -q origin $commit:main
         git pull -q --ff-only",
    );
    let told = world.ok("verify");
    assert!(
        told.contains("applications/basket/void: is an empty folder"),
        "{told}"
    );
    world.ok("verify --fix");
    assert_eq!(kinds(&world), [""; 0]);
    assert!(!world.holds("applications/basket/void"));
}

#[test]
fn what_killed_commands_left_in_the_clone_is_found_and_swept() {
    let world = yard();
    let ours = world.checkout().join(".git/trainyard");
    fs::write(ours.join("push-00000000.draft"), "{").unwrap();
    world.git(&["update-ref", "refs/trainyard/fetch/change", "HEAD"]);
    assert_eq!(kinds(&world), ["fetched-ref", "journal-draft"]);
    world.ok("verify --fix");
    assert_eq!(kinds(&world), [""; 0]);
    // Journals are for whoever comes next on that branch; a lock of git may be held.
    fs::write(ours.join("push-00000000.json"), "{}").unwrap();
    let lock = world.checkout().join(".git/index.lock");
    fs::write(&lock, "").unwrap();
    assert_eq!(kinds(&world), ["journal-damaged"]);
    let file = fs::File::options().write(true).open(&lock).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(3600))
        .unwrap();
    assert_eq!(kinds(&world), ["git-lock", "journal-damaged"]);
    let answer = world.run("verify -o json").json();
    let path = answer["faults"][0]["path"].as_str().unwrap();
    assert!(path.ends_with(".git/index.lock"), "{path}");
    assert_eq!(answer["faults"][0]["command"], format!("rm {path}"));
}

#[test]
fn what_waits_at_the_remote_is_told() {
    let world = yard();
    world.remote_git(&["update-ref", "refs/trainyard/inbox/an-id", "main"]);
    let answer = world.run("verify -o json").json();
    let fault = &answer["faults"][0];
    assert_eq!(fault["kind"], "waiting-operation");
    assert_eq!(fault["inRepository"], false);
    world.shell(fault["command"].as_str().unwrap());
    assert_eq!(kinds(&world), [""; 0]);
}
