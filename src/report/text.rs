//! For people: short lines, the most important first. Colours are put in here and taken out where nobody sees them.

pub(super) mod cargo;
pub(super) mod change;
mod derived;
mod ends;
pub(super) mod environment;
pub(super) mod verify;
pub(super) mod view;
mod whereabouts;

use std::collections::BTreeMap;
use std::fmt::Display;

use anstyle::{AnsiColor, Style};

use super::Fate;
use crate::plan::outcome::{
    Batch, DeployRun, Deployed, Done, Locked, ManifestStep, Move, Outcome, QueueEnd, Released,
    Unlocked,
};
use crate::plan::train::{
    AppFate, AppPrognosis, AppSkip, Details, EnvironmentPrognosis, Held, Prognosis, QueueMove,
    TrainRun,
};
use crate::state::release::ReleaseKind;
use crate::state::{AppName, EnvName, Moment, PlacedLock, Upstream, Version};
use whereabouts::located;

pub(super) const DONE: Style = AnsiColor::Green.on_default();
const WAITS: Style = AnsiColor::Yellow.on_default();
const FAULT: Style = AnsiColor::Red.on_default();
const HEAD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();

pub(super) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// The answer, a line for each thing that somebody must know.
pub(super) fn render(outcome: &Outcome, fate: &Fate) -> String {
    let mut lines = told(outcome, fate);
    let says_so = outcome.done.is_look() || matches!(outcome.done, Done::Released(_));
    if !fate.changed && !says_so {
        lines.push("nothing changed".to_owned());
    }
    lines.extend(fate.tag.iter().map(ToString::to_string));
    if fate.dry_run && fate.changed {
        lines.push(paint(HEAD, "dry run: nothing was changed"));
    }
    lines.join("\n") + "\n"
}

fn told(outcome: &Outcome, fate: &Fate) -> Vec<String> {
    let now = fate.now;
    match &outcome.done {
        Done::Released(released) => release(released, now),
        Done::Deployed(run) => deploy(run, now),
        Done::Locked(locked) => lock(locked),
        Done::Unlocked(unlocked) => unlock(unlocked, now),
        Done::Train(run) => train(run, fate),
        Done::Foreseen(prognosis) => foreseen(prognosis, fate),
        Done::AppDeleted(deleted) => ends::app_deleted(deleted, now),
        Done::AppRemoved(removed) => ends::app_removed(removed, now),
        Done::Batch(batch) => applied(batch, fate),
        Done::Located(found) => located(found, now),
        Done::Viewed(seen) => view::lines(seen, fate),
        Done::Environment(done) => environment::lines(done, now),
        Done::Verified(verified) => verify::lines(verified),
        Done::Rendered(rendered) => derived::rendered(rendered, now),
        Done::RenderChecked(rendered) => derived::checked(rendered, now),
    }
}

/// The operations in order, each below its number and name.
fn applied(batch: &Batch, fate: &Fate) -> Vec<String> {
    let mut lines = Vec::new();
    for (place, (name, outcome)) in (1..).zip(&batch.outcomes) {
        lines.push(paint(HEAD, format!("{place}. {name}")));
        let told = told(outcome, fate).into_iter();
        lines.extend(told.map(|line| format!("  {line}")));
    }
    lines
}

fn release(released: &Released, now: Moment) -> Vec<String> {
    let Released {
        app, version, kind, ..
    } = released;
    if !released.stored {
        return vec![format!(
            "{app} {version} is stored already, with the same content; nothing changed"
        )];
    }
    let mut lines = vec![format!(
        "{} {}",
        paint(DONE, "released"),
        paint(HEAD, format!("{app} {version}{kind}"))
    )];
    for (environment, deployed) in &released.deployments {
        let line = deployment((app, *kind), environment, deployed, now);
        lines.push(format!("  {line}"));
    }
    if !released.waiting.is_empty() {
        let names: Vec<_> = released.waiting.iter().map(ToString::to_string).collect();
        lines.push(format!("  stored for {}", names.join(", ")));
    }
    for (environment, end) in &released.queue {
        lines.push(format!("  {}", queue_end(app, environment, end, now)));
    }
    if let Some(highest) = released.highest {
        lines.push(format!("  deployed nowhere: release {highest} is newer"));
    }
    lines.extend(removed(app, &released.removed));
    lines
}

fn deploy(run: &DeployRun, now: Moment) -> Vec<String> {
    let deployments = run.deployments.iter();
    let mut lines: Vec<_> = deployments
        .map(|(environment, each)| deployment((&run.app, run.kind), environment, each, now))
        .collect();
    lines.extend(removed(&run.app, &run.removed));
    lines
}

fn deployment(
    (app, kind): (&AppName, ReleaseKind),
    environment: &EnvName,
    deployed: &Deployed,
    now: Moment,
) -> String {
    match deployed {
        Deployed::Changed { from, to } => {
            let moved = Move {
                from: *from,
                to: *to,
                kind,
            };
            format!(
                "{} {app} to {environment}: {moved}",
                paint(DONE, "deployed")
            )
        }
        Deployed::AlreadyThere(version) => format!("{environment} runs {app} {version} already"),
        Deployed::Queued {
            version,
            replaced,
            behind,
        } => {
            let replaced = replaced
                .map(|old| format!(", in place of {old}"))
                .unwrap_or_default();
            let queued = paint(WAITS, "queued");
            let behind = phrases(behind, now).join(" and ");
            format!("{queued} {app} {version} for {environment}{replaced}, behind {behind}")
        }
    }
}

fn phrases(locks: &[PlacedLock], now: Moment) -> Vec<String> {
    locks.iter().map(|lock| lock.phrase(now)).collect()
}

fn removed(app: &AppName, versions: &[Version]) -> Option<String> {
    if versions.is_empty() {
        return None;
    }
    Some(paint(
        FAINT,
        format!("  cleaned up old releases of {app}: {}", numbers(versions)),
    ))
}

fn lock(placed: &Locked) -> Vec<String> {
    let lines = placed.locks.iter().map(|placed| {
        let locked = paint(WAITS, "locked");
        let (scope, id, message) = (&placed.scope, &placed.id, &placed.lock.message);
        format!("{locked} {scope}: {} lock `{id}` ({message})", scope.kind())
    });
    let mut lines: Vec<_> = lines.collect();
    let command = crate::plan::unlock_command(&placed.target, &placed.id);
    lines.push(paint(FAINT, format!("  to remove it: {command}")));
    lines
}

fn unlock(unlocked: &Unlocked, now: Moment) -> Vec<String> {
    let mut lines = Vec::new();
    for placed in &unlocked.removed {
        lines.push(format!(
            "{} {}: {}",
            paint(DONE, "unlocked"),
            placed.scope,
            placed.phrase(now)
        ));
    }
    if unlocked.removed.is_empty() {
        lines.push(format!("there is no lock on {}", unlocked.target));
    }
    for (scope, id) in &unlocked.absent {
        lines.push(format!("there was no lock `{id}` on {scope}"));
    }
    for ((environment, app), end) in &unlocked.queue {
        lines.push(format!("  {}", queue_end(app, environment, end, now)));
    }
    for ((environment, app), step) in &unlocked.manifests {
        lines.push(format!("  {}", manifest_step(app, environment, step, now)));
    }
    for (app, versions) in &unlocked.cleaned {
        lines.extend(removed(app, versions));
    }
    lines
}

fn manifest_step(app: &AppName, environment: &EnvName, step: &ManifestStep, now: Moment) -> String {
    let manifest = format!("the manifest of {app} on {environment}");
    match step {
        ManifestStep::Written(version) => {
            let wrote = paint(DONE, "wrote");
            format!("{wrote} {manifest}, which is that of {version} again")
        }
        ManifestStep::InStep(version) => format!("{manifest} is that of {version}"),
        ManifestStep::Kept { locks, .. } => {
            let behind = phrases(locks, now).join(" and ");
            let kept = paint(WAITS, "stays as it is");
            format!("{manifest} {kept}, behind {behind}")
        }
        ManifestStep::Unknown(why) => format!("{manifest} stays as it is: {why}"),
    }
}

fn queue_end(app: &AppName, environment: &EnvName, end: &QueueEnd, now: Moment) -> String {
    match end {
        QueueEnd::Deployed { from, to, kind } => {
            let moved = Move {
                from: *from,
                to: *to,
                kind: *kind,
            };
            format!(
                "{} {app} to {environment} from the queue: {moved}",
                paint(DONE, "deployed")
            )
        }
        QueueEnd::StillLocked { version, behind } => {
            let behind = phrases(behind, now).join(" and ");
            format!(
                "{app} {version} {} for {environment}, behind {behind}",
                paint(WAITS, "stays queued")
            )
        }
        QueueEnd::Kept(version) => {
            format!("{app} {version} stays queued for {environment}, as asked")
        }
        QueueEnd::Dropped(cause) => {
            format!("dropped {app} from the queue of {environment}: {cause}")
        }
    }
}

/// Whether a train has run, or is only foreseen.
#[derive(Clone, Copy)]
enum Tense {
    Done,
    Foreseen,
}

fn train(run: &TrainRun, fate: &Fate) -> Vec<String> {
    let mut lines = vec![headline("release train to", &run.prognosis)];
    lines.extend(environments(&run.prognosis, Tense::Done, fate));
    for (app, versions) in &run.removed {
        lines.extend(removed(app, versions));
    }
    lines
}

fn foreseen(prognosis: &Prognosis, fate: &Fate) -> Vec<String> {
    let mut lines = vec![headline("prognosis for the release train to", prognosis)];
    lines.extend(environments(prognosis, Tense::Foreseen, fate));
    lines
}

fn headline(what: &str, prognosis: &Prognosis) -> String {
    let limits = prognosis.limits();
    paint(HEAD, format!("{what} {}{limits}", prognosis.target))
}

fn environments(prognosis: &Prognosis, tense: Tense, fate: &Fate) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, prognosis) in &prognosis.environments {
        match prognosis {
            EnvironmentPrognosis::Skipped(skip) => {
                lines.push(format!(
                    "{}: {} as a whole: {skip}",
                    paint(HEAD, name),
                    paint(WAITS, "skipped")
                ));
                lines.extend(
                    phrases(skip.locks(), fate.now)
                        .into_iter()
                        .map(|phrase| format!("    {phrase}")),
                );
            }
            EnvironmentPrognosis::Runs { upstream, apps } => {
                lines.push(format!(
                    "{}: {}",
                    paint(HEAD, name),
                    totals(upstream, apps, tense)
                ));
                lines.extend(app_lines(apps, tense, fate));
            }
        }
    }
    lines
}

fn totals(upstream: &Upstream, apps: &BTreeMap<AppName, AppPrognosis>, tense: Tense) -> String {
    let deployed = match tense {
        Tense::Done => "deployed",
        Tense::Foreseen => "to deploy",
    };
    let count =
        |wanted: fn(&AppFate) -> bool| apps.values().filter(|app| wanted(&app.fate)).count();
    let goes = count(|fate| matches!(fate, AppFate::Deploys { .. }));
    let there = count(|fate| matches!(fate, AppFate::Skipped(AppSkip::AlreadyThere(_))));
    let skipped = apps.len() - goes - there;
    let goes = paint(
        if goes > 0 { DONE } else { Style::new() },
        format!("{goes} {deployed}"),
    );
    let skipped = paint(
        if skipped > 0 { WAITS } else { Style::new() },
        format!("{skipped} skipped"),
    );
    format!("{goes}, {skipped}, {there} up to date with {upstream}")
}

/// A line for each app that moves or cannot; those that are up to date are only counted.
fn app_lines(apps: &BTreeMap<AppName, AppPrognosis>, tense: Tense, fate: &Fate) -> Vec<String> {
    let shown = apps
        .iter()
        .filter(|(_, app)| !matches!(app.fate, AppFate::Skipped(AppSkip::AlreadyThere(_))));
    let width = shown
        .clone()
        .map(|(name, _)| name.as_ref().len())
        .max()
        .unwrap_or(0);
    let lines = shown.flat_map(|(name, app)| {
        let name = format!("  {:width$}", name.to_string());
        match &app.fate {
            AppFate::Deploys { to, kind, .. } => {
                let moved = Move {
                    from: app.current,
                    to: *to,
                    kind: *kind,
                };
                let mut lines = vec![format!("{name}  {moved}")];
                lines.extend(details(&app.details, fate));
                lines
            }
            AppFate::Skipped(skip) => {
                let queue = skip
                    .held()
                    .map(|held| queue_note(held, tense))
                    .unwrap_or_default();
                let mut lines = vec![format!(
                    "{name}  {}: {skip}{queue}",
                    paint(WAITS, "skipped")
                )];
                let locks = skip
                    .held()
                    .map(|held| phrases(&held.locks, fate.now))
                    .unwrap_or_default();
                lines.extend(
                    locks
                        .into_iter()
                        .map(|phrase| format!("  {:width$}    {phrase}", "")),
                );
                lines
            }
        }
    });
    lines.collect()
}

/// What is known besides of a deployment, below it.
fn details(details: &Details, fate: &Fate) -> Vec<String> {
    const INDENT: usize = 4;
    let cargo = details.cargo.as_ref();
    let cargo = cargo.map(|cargo| cargo::lines(cargo, INDENT, fate.width));
    let change = details.change.as_ref();
    let change = change.map(|change| change::lines(change, INDENT));
    cargo.into_iter().chain(change).flatten().collect()
}

fn queue_note(held: &Held, tense: Tense) -> String {
    let version = held.version;
    let put = match tense {
        Tense::Done => "is queued",
        Tense::Foreseen => "goes into the queue",
    };
    match held.queue {
        QueueMove::None => format!("; {version} is not queued"),
        QueueMove::Waits => format!("; {version} waits in the queue"),
        QueueMove::Put { replaced: None } => format!("; {version} {put}"),
        QueueMove::Put {
            replaced: Some(old),
        } => format!("; {version} {put} in place of {old}"),
    }
}

fn numbers(versions: &[Version]) -> String {
    let numbers: Vec<_> = versions.iter().map(ToString::to_string).collect();
    numbers.join(", ")
}
