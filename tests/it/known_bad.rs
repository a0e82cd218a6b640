//! The suites catch what they are there for: the program is built to break one rule of its protocol after the other, and a test has to
//! fail for each.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::world::World;

/// A rule that is broken: its name, what is done then, and the tests that notice.
struct Bad {
    name: &'static str,
    what: &'static str,
    caught_by: &'static [&'static str],
}

const TABLE: &[Bad] = &[
    Bad {
        name: "PushWithoutLease",
        what: "the push does not say where the branch should stand",
        caught_by: &[
            "publish::moved::a_remote_that_was_rewound_on_purpose_does_not_get_the_dropped_commits_back",
            "publish::remotes::a_branch_that_was_deleted_on_the_remote_is_not_made_again",
        ],
    },
    Bad {
        name: "PushByForce",
        what: "the push moves the branch wherever it stands",
        caught_by: &["publish::race::eight_processes_in_clones_of_their_own_all_land"],
    },
    Bad {
        name: "BelieveRejection",
        what: "the first rejection is believed, and the remote not asked",
        caught_by: &["lossy::lost::an_answer_that_is_lost_once_is_asked_for"],
    },
    Bad {
        name: "LostAnswerIsRefusal",
        what: "a lost answer is taken for a refusal",
        caught_by: &["lossy::lost::an_answer_that_is_lost_for_good_is_asked_for"],
    },
    Bad {
        name: "ForgetJournal",
        what: "nothing is written down before the push",
        caught_by: &["lossy::lost::a_killed_lock_that_landed_late_is_placed_once"],
    },
    Bad {
        name: "StaleBase",
        what: "after a lost race the plan of before is pushed",
        caught_by: &["publish::moved::a_lock_placed_during_our_push_holds_the_deployment_back"],
    },
    Bad {
        name: "TagApart",
        what: "a tag is pushed beside its commit, not with it",
        caught_by: &[
            "publish::tags::a_branch_that_moves_during_our_push_takes_the_tag_to_the_next_commit",
        ],
    },
    Bad {
        name: "NoFence",
        what: "what a killed command may have sent is looked for on the remote, and not kept out",
        caught_by: &["publish::fence::what_comes_late_is_kept_out_once_another_command_has_run"],
    },
    Bad {
        name: "BelieveInboxRejection",
        what: "what is rejected on its way into the line is taken for never published",
        caught_by: &[
            "publish::together::a_rejection_is_not_believed_while_others_publish_what_arrived",
        ],
    },
    Bad {
        name: "CheckoutBeforeLock",
        what: "files are written before the index is locked",
        caught_by: &["publish::edits::a_lock_of_git_is_respected"],
    },
    Bad {
        name: "SweepForeignLock",
        what: "a lock on the index is removed, whoever holds it",
        caught_by: &["publish::edits::a_lock_of_git_is_respected"],
    },
    Bad {
        name: "FollowLinks",
        what: "a folder of the work tree that is a link is entered",
        caught_by: &[
            "publish::edits::nothing_is_written_through_a_link_that_leads_out_of_the_checkout",
        ],
    },
    Bad {
        name: "OverwriteEdits",
        what: "a file is written over, whatever it holds",
        caught_by: &["publish::edits::an_edit_exactly_where_we_write_is_kept_and_named"],
    },
];

/// The program with the rules that can be broken, built beside the one that is tested.
fn build() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_trainyard"));
    let target = program.ancestors().nth(2).unwrap();
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--locked",
            "--features",
            "known-bad",
            "--bin",
            "trainyard-known-bad",
        ])
        .arg("--target-dir")
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{words}");
    target.join("debug/trainyard-known-bad")
}

/// Runs tests with this program in place of the one that was built with them.
fn run(program: &str, tests: &[&str]) -> (bool, String) {
    let this = std::env::current_exe().unwrap();
    let output: Output = Command::new(this)
        .args(["--exact", "--include-ignored"])
        .args(tests)
        .env("TRAINYARD_PROGRAM", program)
        .env_remove("RUST_BACKTRACE")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let count = format!("running {} test", tests.len());
    assert!(said.contains(&count), "not all of {tests:?} exist\n{said}");
    (output.status.success(), said)
}

#[test]
#[ignore = "builds another program, and takes a minute"]
fn each_broken_rule_is_noticed() {
    let program = build().display().to_string();
    let world = World::yard();
    let unknown = [("TRAINYARD_KNOWN_BAD", "?")];
    let listed = Command::new(&program).envs(unknown).output().unwrap();
    let listed = String::from_utf8(listed.stderr).unwrap();
    let names: Vec<_> = TABLE.iter().map(|bad| bad.name).collect();
    assert_eq!(listed.split_whitespace().collect::<Vec<_>>(), names);

    // Behind the same script with no rule broken, all of them pass.
    let tests: BTreeSet<_> = TABLE
        .iter()
        .flat_map(|bad| bad.caught_by)
        .copied()
        .collect();
    let tests = Vec::from_iter(tests);
    let sound = world.script("sound", &format!("exec {program} \"$@\""));
    let (passed, said) = run(&sound, &tests);
    assert!(passed, "with no rule broken:\n{said}");

    let mut missed = Vec::new();
    for Bad {
        name, caught_by, ..
    } in TABLE
    {
        let lines = format!("TRAINYARD_KNOWN_BAD={name} exec {program} \"$@\"");
        let broken = world.script(name, &lines);
        let (_, said) = run(&broken, caught_by);
        for test in *caught_by {
            if !said.contains(&format!("test {test} ... FAILED")) {
                missed.push(format!("{name} is not noticed by {test}\n{said}"));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn the_docs_show_each_rule_with_the_tests_that_notice() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reliability.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = TABLE.iter().map(|bad| {
        let tests: Vec<_> = bad
            .caught_by
            .iter()
            .map(|test| format!("`{test}`"))
            .collect();
        format!("| {} | {} |\n", bad.what, tests.join(", "))
    });
    let table = format!(
        "| broken rule | noticed by |\n|---|---|\n{}",
        rows.collect::<String>()
    );
    assert!(
        page.contains(&table),
        "docs/reliability.md should show:\n\n{table}"
    );
}
