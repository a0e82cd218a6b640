//! Many writers: actors with clones of their own, and some that share one, change the same yard at once; some are killed at any moment, and some
//! lose the network. Afterwards a checker that shares no code with the program looks at all that is left.
//!
//! What happens is decided by a seed, when it happens is not. `TRAINYARD_SEED=7 cargo test --test it -- --ignored writers::twenty` runs
//! one seed again; `TRAINYARD_SEEDS=400` runs so many from the first on.

mod actor;
mod ask;
mod checker;
mod dice;
mod evidence;
mod figures;
mod script;
mod stage;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Instant;

use actor::{Quiet, act, has_files, quiet};
use evidence::{Checkout, Evidence, git, history};
use figures::Figures;
use script::Script;
use stage::Stage;

use crate::world::tells_of_one_left_behind;

/// How many actors there are, and how many steps each of them takes.
const FEW: (usize, usize) = (3, 5);
const MANY: (usize, usize) = (4, 15);

#[test]
fn three_writers_lose_nothing() {
    figures(1, FEW).unwrap_or_else(|report| panic!("{report}"));
}

#[test]
#[ignore = "takes minutes"]
fn twenty_yards_of_four_writers_lose_nothing() {
    let number = |name: &str, usual: u64| {
        let told = std::env::var(name).ok();
        told.map_or(usual, |text| text.parse().expect("a number"))
    };
    let one = std::env::var_os("TRAINYARD_SEED").is_some();
    let first = number("TRAINYARD_SEED", 1);
    let count = number("TRAINYARD_SEEDS", if one { 1 } else { 20 });
    let (mut sum, start) = (Figures::default(), Instant::now());
    let mut unsound = Vec::new();
    for seed in first..first + count {
        match figures(seed, MANY) {
            Ok(figures) => sum += figures,
            Err(report) => {
                tell(&report);
                unsound.push(seed);
            }
        }
        if (seed + 1 - first) % 20 == 0 {
            tell(&format!("writers: {sum} in {:.0?}", start.elapsed()));
        }
    }
    tell(&format!("writers: {sum} in {:.0?}", start.elapsed()));
    assert!(unsound.is_empty(), "TRAINYARD_SEED is one of {unsound:?}");
}

fn tell(words: &str) {
    // Not `eprintln!`, which the harness swallows.
    let _ = writeln!(std::io::stderr(), "{words}");
}

/// Tells this if what happens while it is there panics.
struct OnPanic(String);

impl Drop for OnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tell(&self.0);
        }
    }
}

/// Runs what a seed decides. An error tells what is wrong with what is left.
fn figures(seed: u64, (actors, steps): (usize, usize)) -> Result<Figures, String> {
    let told = OnPanic(format!(
        "TRAINYARD_SEED={seed}, {actors} actors with {steps} steps each"
    ));
    let evidence = run(&Script::new(seed, actors, steps));
    let faults = checker::faults(&evidence);
    if faults.is_empty() {
        return Ok(Figures::of(&evidence));
    }
    let seed = &told.0;
    let (count, log) = (faults.len(), figures::log(&evidence));
    let faults = faults.join("\n");
    Err(format!("{seed}: {count} faults\n{faults}\n{log}"))
}

/// All actors at once, and then the last command in each clone.
fn run(script: &Script) -> Evidence {
    let stage = Stage::set(script);
    let before = history(&stage.world.remote(), "main");
    let seen: Vec<_> = std::thread::scope(|scope| {
        let stage = &stage;
        let actors = script.actors.iter();
        let started: Vec<_> = actors
            .map(|actor| scope.spawn(move || act(stage, actor)))
            .collect();
        started
            .into_iter()
            .map(|actor| actor.join().unwrap())
            .collect()
    });
    stage.wait_for_servers();
    let mut edits: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let (mut attempts, mut faults) = (Vec::new(), Vec::new());
    for (actor, seen) in script.actors.iter().zip(seen) {
        attempts.extend(seen.attempts);
        edits.entry(actor.clone).or_default().extend(seen.edits);
        faults.extend(seen.faults);
    }
    let mut last_command = |number, when| {
        let last = quiet(&stage, number, when);
        if last.ending != evidence::Ending::Exit(0) || tells_of_one_left_behind(&last.stderr) {
            faults.push(format!(
                "the last command in clone {number}: {:?}\n{}",
                last.ending, last.stderr
            ));
        }
        last
    };
    let clones = 0..stage.clones.len();
    attempts.extend(clones.map(|number| last_command(number, Quiet::Soon)));
    let mut checkouts = Vec::new();
    for (number, clone) in stage.clones.iter().enumerate() {
        let last = last_command(number, Quiet::Late);
        let edits = edits.remove(&number).unwrap_or_default();
        checkouts.push(look(clone, number, edits, &last));
        attempts.push(last);
    }
    checkouts.push(remote(&stage));
    let (refs, _) = git(
        &stage.world.remote(),
        &[
            "for-each-ref",
            "--format=%(refname) %(objectname) %(*objectname)",
        ],
    );
    let refs = refs.lines().map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        (words[0].to_owned(), words[words.len() - 1].to_owned())
    });
    Evidence {
        commits: history(&stage.world.remote(), "main"),
        begun: before.len(),
        base: before[before.len() - 1].id.clone(),
        attempts,
        refs: refs.collect(),
        checkouts,
        seen: faults,
    }
}

/// What a clone is like.
fn look(
    clone: &stage::Clone,
    number: usize,
    edits: Vec<String>,
    last: &evidence::Attempt,
) -> Checkout {
    let folder = clone.world.checkout();
    let status = if has_files(clone.shape) {
        let (status, _) = git(folder, &["status", "--porcelain", "-uall"]);
        let mut status: Vec<_> = status.lines().map(str::to_owned).collect();
        status.sort();
        status
    } else {
        Vec::new()
    };
    let commit = last
        .answer
        .as_ref()
        .and_then(|answer| answer["commit"].as_str());
    let (_, is_along) = git(
        folder,
        &[
            "merge-base",
            "--is-ancestor",
            commit.unwrap_or("none"),
            "refs/heads/main",
        ],
    );
    Checkout {
        name: format!("clone {number} ({:?})", clone.shape),
        status,
        edits,
        left: left_lying(&clone.git_folder),
        unsound: fsck(folder),
        is_along,
    }
}

fn remote(stage: &Stage) -> Checkout {
    let folder = stage.world.remote();
    Checkout {
        name: "the remote".to_owned(),
        status: Vec::new(),
        edits: Vec::new(),
        left: left_lying(&folder),
        unsound: fsck(&folder),
        is_along: true,
    }
}

fn fsck(folder: &std::path::Path) -> String {
    let (words, ok) = git(
        folder,
        &["fsck", "--strict", "--no-dangling", "--no-progress"],
    );
    if ok && words.is_empty() {
        String::new()
    } else {
        format!("git fsck: {words}")
    }
}

/// Locks of git, and all that is ours but for the lock that stays.
fn left_lying(git_folder: &std::path::Path) -> Vec<String> {
    let mut left = Vec::new();
    for entry in walkdir::WalkDir::new(git_folder) {
        let entry = entry.unwrap();
        let path = entry.path().strip_prefix(git_folder).unwrap();
        let lock = path.extension().is_some_and(|end| end == "lock");
        let ours = path.starts_with("trainyard") && entry.file_type().is_file();
        let kept = path.ends_with("trainyard/lock");
        if (lock || ours) && !kept {
            left.push(path.display().to_string());
        }
    }
    let (refs, _) = git(
        git_folder,
        &["for-each-ref", "--format=%(refname)", "refs/trainyard"],
    );
    left.extend(refs.lines().map(str::to_owned));
    left
}
