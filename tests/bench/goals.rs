//! The goals: what is measured against what, and how much of it is promised.

use std::iter::repeat_with;

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::arrival::Arrival;
use crate::checkout::Checkout;
use crate::figures::{Goal, Line, Series, race};
use crate::generate::application_name;
use crate::memory::Peak;
use crate::program::{Programs, time};
use crate::touched::Writing;
use crate::yard::Yard;

/// Programs that take milliseconds run so many times as often.
const OFTEN: usize = 10;

/// Whether the promise is made for this shape, or the line only informs.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Stake {
    Promised,
    Informs,
}

fn line(name: String, [ours, rival]: [Series; 2], goal: Goal, stake: Stake) -> Line {
    Line {
        name,
        ours,
        rival: Some(rival),
        goal,
        judged: stake == Stake::Promised,
    }
}

/// Goal 1: everything but push and work tree, against `git add -A` and `git commit` of the same change.
pub(crate) fn plan_and_commit(
    checkout: &Checkout,
    arrival: &Arrival,
    runs: usize,
    stake: Stake,
) -> Result<Line> {
    let yard = checkout.yard;
    let series = race(
        runs,
        [&|| yard.plan_and_commit(), &|| {
            checkout.add_and_commit(arrival)
        }],
    )?;
    let name = format!(
        "1  {}: plan + commit / `git add -A` + `git commit`",
        yard.shape.name
    );
    Ok(line(name, series, Goal::TimesFaster(100.0), stake))
}

/// Goal 2a: a train without a checkout, push and all, against `git push` of that very commit.
pub(crate) fn end_to_end_bare(yard: &Yard, arrival: &Arrival, runs: usize) -> Result<Line> {
    let series = race(
        runs,
        [&|| yard.run_without_checkout(), &|| arrival.push(yard)],
    )?;
    let name = format!(
        "2a {}: train without a checkout / `git push`",
        yard.shape.name
    );
    Ok(line(name, series, Goal::AtMostTimes(1.15), Stake::Promised))
}

/// Goal 2b: a train with a checkout, against `git push` and plainly writing the touched files, in two ways.
pub(crate) fn end_to_end_checkout(
    checkout: &Checkout,
    arrival: &Arrival,
    runs: usize,
) -> Result<[Line; 2]> {
    let [ours, in_place, afresh] = race(
        runs,
        [
            &|| checkout.run(),
            &|| checkout.push_and_write(arrival, Writing::InPlace),
            &|| checkout.push_and_write(arrival, Writing::Afresh),
        ],
    )?;
    let name = |how: &str| {
        format!(
            "2b {}: train with a checkout / push + files {how}",
            checkout.yard.shape.name
        )
    };
    let goal = Goal::AtMostTimes(1.5);
    Ok([
        line(
            name("in place"),
            [ours.clone(), in_place],
            goal,
            Stake::Promised,
        ),
        line(name("afresh"), [ours, afresh], goal, Stake::Promised),
    ])
}

/// Goal 3: plan and commit of the same deployments in a repository with many releases, against one with few.
pub(crate) fn growth(many: &Yard, few: &Yard, runs: usize) -> Result<Line> {
    let series = race(
        runs,
        [&|| many.plan_and_commit(), &|| few.plan_and_commit()],
    )?;
    let name = format!(
        "3  ten deployments in {} / {} files",
        many.shape.files(),
        few.shape.files()
    );
    Ok(line(name, series, Goal::AtMostTimes(1.5), Stake::Promised))
}

/// Goal 4: a prognosis in a checkout that is in step with its remote, against `git rev-parse HEAD`.
pub(crate) fn prognosis(checkout: &Checkout, runs: usize, stake: Stake) -> Result<Line> {
    checkout.reset()?;
    let ours = || {
        let (took, printed) = checkout.prognosis()?;
        let moves = deployments(&printed)?;
        let expected = checkout.yard.shape.behind;
        ensure!(
            moves == expected,
            "the prognosis moves {moves} applications, not {expected}"
        );
        Ok(took)
    };
    let head = || {
        time(
            checkout
                .yard
                .programs
                .git_in(&checkout.work_tree)
                .args(["rev-parse", "HEAD"]),
        )
    };
    let series = race(runs * OFTEN, [&ours, &head])?;
    let name = format!(
        "4  {}: prognosis / `git rev-parse HEAD`",
        checkout.yard.shape.name
    );
    Ok(line(name, series, Goal::AtMostTimes(15.0), stake))
}

/// Counts the applications that a prognosis of staging would deploy.
fn deployments(prognosis: &str) -> Result<usize> {
    let prognosis: Value = serde_json::from_str(prognosis)?;
    let applications = prognosis
        .pointer("/envsPrognoses/staging/appsPrognoses/prognoses")
        .and_then(Value::as_object);
    let deployed = |application: &&Value| {
        application
            .get("deployedVersion")
            .is_some_and(|version| !version.is_null())
    };
    Ok(applications.map_or(0, |applications| {
        applications.values().filter(deployed).count()
    }))
}

/// Goal 7: the whole board, as text and as JSON, against a prognosis of one environment in the same repository.
pub(crate) fn board(checkout: &Checkout, runs: usize, stake: Stake) -> Result<[Line; 2]> {
    checkout.reset()?;
    let apps = checkout.yard.shape.applications;
    let text = || {
        let (took, printed) = checkout.status("text")?;
        let rows = printed.lines().filter(|line| line.starts_with("service-"));
        let rows = rows.count();
        ensure!(rows == apps, "the board has {rows} rows, not {apps}");
        Ok(took)
    };
    let json = || {
        let (took, printed) = checkout.status("json")?;
        let board: Value = serde_json::from_str(&printed)?;
        let rows = board["applications"]
            .as_object()
            .map_or(0, serde_json::Map::len);
        ensure!(rows == apps, "the board has {rows} apps, not {apps}");
        Ok(took)
    };
    let prognosis = || Ok(checkout.prognosis()?.0);
    let [text, json, rival] = race(runs * OFTEN, [&text, &json, &prognosis])?;
    let name = |form: &str| {
        let shape = checkout.yard.shape.name;
        format!("7  {shape}: status as {form} / prognosis of one environment")
    };
    let goal = Goal::AtMostTimes(8.0);
    Ok([
        line(name("text"), [text, rival.clone()], goal, stake),
        line(name("JSON"), [json, rival], goal, stake),
    ])
}

/// Goal 8: the names that a shell is answered while somebody types, against `git rev-parse HEAD`.
pub(crate) fn completion(checkout: &Checkout, runs: usize, stake: Stake) -> Result<[Line; 3]> {
    checkout.reset()?;
    let shape = checkout.yard.shape;
    let head = || {
        let mut git = checkout.yard.programs.git_in(&checkout.work_tree);
        time(git.args(["rev-parse", "HEAD"]))
    };
    let asked = |what: &str, words: &str, least: usize| {
        let ours = || {
            let (took, printed) = checkout.completion(words)?;
            let names = printed.lines().count() - 1;
            ensure!(
                names >= least,
                "`{words}` offers {names} names, and not {least}"
            );
            Ok(took)
        };
        let series = race(runs * OFTEN, [&ours, &head])?;
        let name = format!(
            "8  {}: {what} for a shell / `git rev-parse HEAD`",
            shape.name
        );
        Ok::<_, anyhow::Error>(line(name, series, Goal::AtMostTimes(10.0), stake))
    };
    let releases = format!("deploy -a {} --version ", application_name(0));
    Ok([
        asked("apps", "deploy -a ", shape.applications)?,
        asked("releases", &releases, shape.releases)?,
        asked("teams", "locks -t ", 1)?,
    ])
}

/// Goal 10: a look at everything in the repository, against git that lists every file with its size.
pub(crate) fn verify(checkout: &Checkout, runs: usize, stake: Stake) -> Result<Line> {
    checkout.reset()?;
    let shape = checkout.yard.shape;
    let ours = || {
        let (took, printed) = checkout.verify()?;
        let verified: Value = serde_json::from_str(&printed)?;
        let apps = &verified["lookedAt"]["applications"];
        ensure!(
            *apps == shape.applications && verified["counts"]["error"] == 0,
            "the look finds {apps} apps, and {}",
            verified["counts"]
        );
        Ok(took)
    };
    let list = || {
        let mut git = checkout.yard.programs.git_in(&checkout.work_tree);
        time(git.args(["ls-tree", "-r", "-l", "HEAD"]))
    };
    let series = race(runs, [&ours, &list])?;
    let name = format!("10 {}: verify / `git ls-tree -r -l HEAD`", shape.name);
    Ok(line(name, series, Goal::AtMostTimes(6.0), stake))
}

/// Goal 5: the time to say the version.
pub(crate) fn start(programs: &Programs, runs: usize) -> Result<Line> {
    let ours = || time(programs.trainyard().arg("--version"));
    let series = race(
        runs * OFTEN,
        [&ours, &|| time(programs.git().arg("--version"))],
    )?;
    let name = "5  `trainyard --version` / `git --version`".to_owned();
    Ok(line(name, series, Goal::AtMostTimes(2.0), Stake::Promised))
}

/// Goal 6: the peak memory of a train up to the remote and the work tree; the second line is git's, for information.
pub(crate) fn memory(checkout: &Checkout, runs: usize, stake: Stake) -> Result<[Line; 2]> {
    let peaks: Vec<Peak> = repeat_with(|| checkout.run_watched())
        .take(runs)
        .collect::<Result<_>>()?;
    let shape = checkout.yard.shape.name;
    let line = |what: &str, size: fn(&Peak) -> u32, judged| Line {
        name: format!("6  {shape}: {what}"),
        ours: Series::of_sizes(&peaks.iter().map(size).collect::<Vec<_>>()),
        rival: None,
        goal: Goal::Below(150.0),
        judged,
    };
    Ok([
        line(
            "peak memory of the train itself",
            |peak| peak.own,
            stake == Stake::Promised,
        ),
        line(
            "peak memory of the largest git below it",
            |peak| peak.largest_child,
            false,
        ),
    ])
}
