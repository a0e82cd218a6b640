//! Many processes at once, each with another release for the same branch: waiting operations published together, against each
//! process trying again alone.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use crate::figures::{Goal, Line, Series};
use crate::generate::application_name;
use crate::program::{BRANCH, Programs, answer, exit_code};
use crate::yard::{Yard, settle};

/// How many processes.
pub(crate) const CROWD: usize = 100;

/// A remote has moved on all the while; whoever is told so runs the command again.
const KEPT_MOVING: i32 = 7;

/// What a crowd took: all of it, and each process for itself.
struct Passage {
    all: Duration,
    each: Vec<Duration>,
}

/// How often the crowd comes together; once alone, which takes long.
const TIMES: usize = 5;

/// Goal 9: the whole crowd, whose operations wait in line from the first try on, against everybody alone; and its slowest process
/// against the median one.
pub(crate) fn crowd(yard: &Yard) -> Result<[Line; 2]> {
    let together = (0..TIMES).map(|_| pass(yard, true));
    let together = together.collect::<Result<Vec<_>>>()?;
    let alone = pass(yard, false)?;
    let shape = yard.shape.name;
    let slowest = together.iter().filter_map(|pass| pass.each.iter().max());
    let slowest: Vec<_> = slowest.copied().collect();
    let each: Vec<_> = together.iter().flat_map(|pass| pass.each.clone()).collect();
    let together: Vec<_> = together.iter().map(|pass| pass.all).collect();
    Ok([
        Line {
            name: format!("9a {shape}: {CROWD} releases at once, together / each alone"),
            ours: Series::of_times(&together),
            rival: Some(Series::of_times(&[alone.all])),
            goal: Goal::TimesFaster(20.0),
            judged: true,
        },
        Line {
            name: format!("9b {shape}: the slowest of them / all of them"),
            ours: Series::of_times(&slowest),
            rival: Some(Series::of_times(&each)),
            goal: Goal::AtMostTimes(3.0),
            judged: true,
        },
    ])
}

/// Lets a crowd through: each process in a bare clone of its own.
fn pass(yard: &Yard, together: bool) -> Result<Passage> {
    yard.remote.restore()?;
    let programs = yard.programs;
    let name = if together { "together" } else { "alone" };
    set_up(yard, together)?;
    let clones =
        (0..CROWD).map(|number| yard.clone_remote(&["--bare"], &format!("{name}-{number}.git")));
    let clones = clones.collect::<Result<Vec<_>>>()?;
    let before = answer(
        programs
            .git_in(yard.remote.root())
            .args(["rev-parse", BRANCH]),
    )?;
    let manifest = yard.folder().join("crowd.yaml");
    std::fs::write(&manifest, "kind: ConfigMap\nmetadata:\n  name: crowd\n")?;
    settle();
    let start = Instant::now();
    let each = thread::scope(|scope| {
        let processes = clones.iter().enumerate().map(|(number, clone)| {
            let manifest = &manifest;
            scope.spawn(move || release(programs, (clone, manifest), (number, together)))
        });
        let processes: Vec<_> = processes.collect();
        let joined = processes.into_iter().map(thread::ScopedJoinHandle::join);
        let joined =
            joined.map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.collect::<Result<Vec<_>>>()
    })?;
    let all = start.elapsed();
    let new = format!("{before}..{BRANCH}");
    let mut log = programs.git_in(yard.remote.root());
    let subjects = answer(log.args(["log", "--format=%s", &new]))?;
    let apps = subjects.lines().filter_map(|line| line.split(' ').nth(1));
    let apps: BTreeSet<_> = apps.collect();
    let commits = subjects.lines().count();
    ensure!(
        commits == CROWD && apps.len() == CROWD,
        "{commits} commits of {} apps for {CROWD} releases",
        apps.len()
    );
    for clone in clones {
        std::fs::remove_dir_all(clone)?;
    }
    Ok(Passage { all, each })
}

/// Commits to the remote what the repository says about operations that lost a race.
fn set_up(yard: &Yard, together: bool) -> Result<()> {
    let work_tree = yard.clone_remote(&["--no-checkout", "--shared"], "options")?;
    let git = |arguments: &[&str]| answer(yard.programs.git_in(&work_tree).args(arguments));
    git(&["reset", "-q"])?;
    let file = work_tree.join("trainyard.yaml");
    let combine = if together { "always" } else { "false" };
    std::fs::write(file, format!("publish:\n  combine: {combine}\n"))?;
    git(&["add", "trainyard.yaml"])?;
    git(&["commit", "-q", "-m", "options"])?;
    git(&["push", "-q", "origin", BRANCH])?;
    std::fs::remove_dir_all(work_tree)?;
    Ok(())
}

/// Releases another app than every other process, and returns how long that took. In line nobody gives up.
fn release(
    programs: &Programs,
    (clone, manifest): (&PathBuf, &PathBuf),
    (number, together): (usize, bool),
) -> Result<Duration> {
    let start = Instant::now();
    loop {
        let mut program = programs.trainyard();
        program.arg("-C").arg(clone).args(["--branch", BRANCH]);
        program.args(["release", "-a", &application_name(number)]);
        program.args(["-e", "dev", "-f"]).arg(manifest);
        // What is told another time than that of now waits for nobody.
        program.env_remove("SOURCE_DATE_EPOCH");
        match exit_code(&mut program)? {
            0 => return Ok(start.elapsed()),
            KEPT_MOVING if !together => {}
            code => bail!("{program:?} ended with {code}"),
        }
    }
}
