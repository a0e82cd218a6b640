//! For history: the same outcome as a commit message. Text that people typed stands in quotes on one line, so that it can add
//! neither a line nor a trailer.

mod environment;

use crate::plan::outcome::{
    AppRemoved, Cleared, DeployRun, Deployed, ManifestStep, Move, QueueEnd, Released,
};
use crate::plan::train::{AppFate, Prognosis, QueueMove};
use crate::plan::verify::{Fault, Verified};
use crate::plan::{Done, Outcome};
use crate::state::deployment::Linked;
use crate::state::release::ReleaseKind;
use crate::state::{AppName, EnvName, PlacedLock, Version, plain, trailer};

/// The longest first line, in characters.
const SUBJECT: usize = 72;

/// A trailer: an input that matters.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// Its name.
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

/// What happened, a line per effect, and the trailers that identify the operation.
pub(crate) fn commit_message(
    outcome: &Outcome,
    operation: &str,
    id: &str,
    inputs: &[Input],
) -> String {
    let effects = effects(outcome);
    let mut message = shortened(&uncalled(&subject(outcome)));
    if !effects.is_empty() {
        message.push_str("\n\n");
        message.push_str(&uncalled(&effects.join("\n")));
    }
    let inputs = inputs.iter();
    let inputs: Vec<_> = inputs
        .map(|input| (input.name, uncalled(&input.value)))
        .collect();
    let inputs = inputs.iter().map(|(name, value)| (*name, value.as_str()));
    message.push_str("\n\n");
    message.push_str(&trailer::lines(operation, id, inputs));
    message
}

/// The text with a blank where a forge would call somebody or close an issue, in the name of whoever pushes: behind the sign of `@name`,
/// `#1` and their kin.
fn uncalled(text: &str) -> String {
    const NUMBERED: [&str; 7] = [
        "#",
        "!",
        "gh-",
        "issues/",
        "pull/",
        "merge_requests/",
        "work_items/",
    ];
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        let lower = letter.is_ascii_digit().then(|| {
            let mut tail: Vec<_> = shown.bytes().rev().take(15).collect();
            tail.reverse();
            tail.to_ascii_lowercase()
        });
        let numbered =
            lower.is_some_and(|tail| NUMBERED.iter().any(|sign| tail.ends_with(sign.as_bytes())));
        // Within a mail address it calls nobody.
        let called = letter.is_alphanumeric()
            && shown
                .strip_suffix('@')
                .is_some_and(|before| !before.ends_with(char::is_alphanumeric));
        if numbered || called {
            shown.push(' ');
        }
        shown.push(letter);
    }
    shown
}

fn shortened(subject: &str) -> String {
    if subject.chars().count() <= SUBJECT {
        return subject.to_owned();
    }
    let short: String = subject.chars().take(SUBJECT - 1).collect();
    format!("{short}…")
}

fn subject(outcome: &Outcome) -> String {
    match &outcome.done {
        Done::Released(released) => {
            let Released {
                app, version, kind, ..
            } = released;
            format!("release {app} {version}{kind}")
        }
        Done::Deployed(run) => deploy_subject(run),
        Done::Locked(locked) => lock_subject("lock", &locked.locks),
        Done::Unlocked(unlocked) => lock_subject("unlock", &unlocked.removed),
        Done::Train(run) => train_subject(&run.prognosis),
        Done::Foreseen(prognosis) => train_subject(prognosis),
        Done::Environment(done) => environment::subject(done),
        Done::AppDeleted(deleted) => format!("delete app {}", deleted.app),
        Done::AppRemoved(AppRemoved {
            app, environment, ..
        }) => {
            format!("remove {app} from {environment}")
        }
        Done::Batch(batch) => {
            let subjects = batch.outcomes.iter().map(|(_, outcome)| subject(outcome));
            subjects.collect::<Vec<_>>().join("; ")
        }
        Done::Located(found) => format!("where {}", found.commit),
        Done::Viewed(view) => view.name().to_owned(),
        Done::Verified(verified) => match mended(verified) {
            [only] => format!("mend {}", plain(&only.path)),
            several => format!("mend {} faults", several.len()),
        },
        Done::Rendered(rendered) | Done::RenderChecked(rendered) => {
            let names = rendered.environments.iter().map(ToString::to_string);
            format!("render {}", names.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Names the ids, if they are one, and every place.
fn lock_subject(verb: &str, locks: &[PlacedLock]) -> String {
    let mut scopes: Vec<_> = locks.iter().map(|lock| lock.scope.to_string()).collect();
    scopes.dedup();
    let mut ids: Vec<_> = locks.iter().map(|lock| &lock.id).collect();
    ids.dedup();
    let scopes = scopes.join(", ");
    match ids.as_slice() {
        [only] => format!("{verb} {scopes} (`{only}`)"),
        several => format!("{verb} {scopes} ({} locks)", several.len()),
    }
}

/// Names the environments that run it from now on, and those for which it waits.
fn deploy_subject(run: &DeployRun) -> String {
    let names = |wanted: fn(&Deployed) -> bool| {
        let names = run.deployments.iter().filter(|(_, each)| wanted(each));
        let names: Vec<_> = names.map(|(name, _)| name.to_string()).collect();
        names.join(", ")
    };
    let runs = names(|each| matches!(each, Deployed::Changed { .. }));
    let waits = names(|each| matches!(each, Deployed::Queued { .. }));
    let release = format!("{} {}", run.app, run.version);
    match (runs.is_empty(), waits.is_empty()) {
        (true, _) => format!("queue {release} for {waits}"),
        (false, true) => format!("deploy {release} to {runs}"),
        (false, false) => format!("deploy {release} to {runs}, queue it for {waits}"),
    }
}

fn train_subject(prognosis: &Prognosis) -> String {
    let count = |wanted: fn(&AppFate) -> bool| {
        let apps = prognosis.apps();
        apps.filter(|(_, _, app)| wanted(&app.fate)).count()
    };
    let deployed = count(|fate| matches!(fate, AppFate::Deploys { .. }));
    let queued = match count(is_put) {
        0 => String::new(),
        queued => format!(", {queued} queued"),
    };
    format!(
        "release train to {}: {deployed} deployed{queued}",
        prognosis.target
    )
}

/// Whether the train puts a version into the queue.
fn is_put(fate: &AppFate) -> bool {
    match fate {
        AppFate::Deploys { .. } => false,
        AppFate::Skipped(skip) => skip
            .held()
            .is_some_and(|held| matches!(held.queue, QueueMove::Put { .. })),
    }
}

#[expect(clippy::too_many_lines, reason = "one arm for each kind of outcome")]
fn effects(outcome: &Outcome) -> Vec<String> {
    match &outcome.done {
        Done::Released(released) => {
            let deployments = released.deployments.iter();
            let mut lines: Vec<_> = deployments
                .filter_map(|(name, each)| deployment((&released.app, released.kind), name, each))
                .collect();
            let queue = released.queue.iter();
            lines.extend(queue.map(|(name, end)| queue_end(&released.app, name, end)));
            lines.extend(removed(&released.app, &released.removed));
            lines
        }
        Done::Deployed(run) => {
            let deployments = run.deployments.iter();
            let mut lines: Vec<_> = deployments
                .filter_map(|(name, each)| deployment((&run.app, run.kind), name, each))
                .collect();
            lines.extend(removed(&run.app, &run.removed));
            lines
        }
        Done::Locked(locked) => locked
            .locks
            .iter()
            .map(|lock| lock_line("lock", lock))
            .collect(),
        Done::Unlocked(unlocked) => {
            let mut lines: Vec<_> = unlocked
                .removed
                .iter()
                .map(|lock| lock_line("unlock", lock))
                .collect();
            lines.extend(
                unlocked
                    .queue
                    .iter()
                    .map(|((name, app), end)| queue_end(app, name, end)),
            );
            lines.extend(
                unlocked
                    .manifests
                    .iter()
                    .filter_map(|((name, app), step)| manifest_step(app, name, step)),
            );
            lines.extend(
                unlocked
                    .cleaned
                    .iter()
                    .filter_map(|(app, versions)| removed(app, versions)),
            );
            lines
        }
        Done::Train(run) => {
            let mut lines = moves(&run.prognosis);
            lines.extend(
                run.removed
                    .iter()
                    .filter_map(|(app, versions)| removed(app, versions)),
            );
            lines
        }
        Done::Foreseen(prognosis) => moves(prognosis),
        Done::Environment(done) => environment::effects(done),
        Done::AppDeleted(deleted) => {
            let folders = deleted.environments.iter();
            let mut lines: Vec<_> = folders
                .map(|(name, each)| cleared(&deleted.app, &plain(name), each))
                .collect();
            lines.extend(numbered(
                "remove releases of",
                &deleted.app,
                &deleted.releases,
            ));
            lines
        }
        Done::Batch(batch) => {
            let outcomes = batch.outcomes.iter();
            outcomes
                .flat_map(|(_, outcome)| {
                    let mut lines = vec![subject(outcome)];
                    lines.extend(effects(outcome).iter().map(|line| format!("  {line}")));
                    lines
                })
                .collect()
        }
        Done::AppRemoved(removed) => {
            let (app, environment) = (&removed.app, removed.environment.to_string());
            let folder = removed.cleared.iter();
            let mut lines: Vec<_> = folder
                .map(|each| cleared(app, &environment, each))
                .collect();
            let verb = format!("remove manifests for {environment} from releases of");
            lines.extend(numbered(&verb, app, &removed.releases));
            lines
        }
        // They change nothing.
        Done::Located(_) | Done::RenderChecked(_) | Done::Viewed(_) => Vec::new(),
        Done::Verified(verified) => mended(verified)
            .iter()
            .map(|fault| format!("{}: {fault}", plain(&fault.path)))
            .collect(),
        Done::Rendered(rendered) => {
            let paths = rendered.files.keys();
            paths.map(|path| plain(path.as_str())).collect()
        }
    }
}

/// The faults that were mended in the repository.
fn mended(verified: &Verified) -> &[Fault] {
    verified.mended.as_deref().unwrap_or_default()
}

/// What ran and waited in one place, and the locks that stood there.
fn cleared(app: &AppName, environment: &str, cleared: &Cleared) -> String {
    let mut words = vec![format!("{environment}: {app} removed")];
    if let Linked::To(version) = cleared.runs {
        words.push(format!("{version} ran"));
    }
    if let Linked::To(version) = cleared.waits {
        words.push(format!("{version} waited"));
    }
    words.extend(
        cleared
            .locks
            .iter()
            .map(|lock| format!("lock `{}`", lock.id)),
    );
    words.join(", ")
}

fn deployment(
    (app, kind): (&AppName, ReleaseKind),
    environment: &EnvName,
    deployed: &Deployed,
) -> Option<String> {
    match deployed {
        Deployed::Changed { from, to } => Some(format!(
            "{environment}: {app} {}",
            Move {
                from: *from,
                to: *to,
                kind,
            }
        )),
        Deployed::AlreadyThere(_) => None,
        Deployed::Queued { version, .. } => Some(format!("{environment}: {app} {version} queued")),
    }
}

fn lock_line(verb: &str, placed: &PlacedLock) -> String {
    let (scope, id, message) = (&placed.scope, &placed.id, &placed.lock.message);
    format!("{verb} {scope}: {} lock `{id}` {message}", scope.kind())
}

fn manifest_step(app: &AppName, environment: &EnvName, step: &ManifestStep) -> Option<String> {
    match step {
        ManifestStep::Written(version) => Some(format!(
            "{environment}: {app} has the manifest of {version}"
        )),
        ManifestStep::InStep(_) | ManifestStep::Kept { .. } | ManifestStep::Unknown(_) => None,
    }
}

fn queue_end(app: &AppName, environment: &EnvName, end: &QueueEnd) -> String {
    match end {
        QueueEnd::Deployed { from, to, kind } => {
            format!(
                "{environment}: {app} {} from the queue",
                Move {
                    from: *from,
                    to: *to,
                    kind: *kind,
                }
            )
        }
        QueueEnd::StillLocked { version, .. } | QueueEnd::Kept(version) => {
            format!("{environment}: {app} {version} stays queued")
        }
        QueueEnd::Dropped(cause) => format!("{environment}: {app} dropped from the queue: {cause}"),
    }
}

fn removed(app: &AppName, versions: &[Version]) -> Option<String> {
    numbered("clean up", app, versions)
}

/// A line that lists releases, if there are any.
fn numbered(verb: &str, app: &AppName, versions: &[Version]) -> Option<String> {
    let numbers: Vec<_> = versions.iter().map(ToString::to_string).collect();
    (!numbers.is_empty()).then(|| format!("{verb} {app}: {}", numbers.join(", ")))
}

fn moves(prognosis: &Prognosis) -> Vec<String> {
    let source = prognosis.source.iter();
    let source = source.map(|source| format!("versions as of {} ({})", source.name, source.commit));
    let lines = prognosis
        .apps()
        .filter_map(|(environment, app, each)| match &each.fate {
            AppFate::Deploys { to, kind, .. } => {
                let moved = Move {
                    from: each.current,
                    to: *to,
                    kind: *kind,
                };
                Some(format!("{environment}: {app} {moved}"))
            }
            AppFate::Skipped(skip) => match skip.held() {
                Some(held) if matches!(held.queue, QueueMove::Put { .. }) => {
                    Some(format!("{environment}: {app} {} queued", held.version))
                }
                _ => None,
            },
        });
    source.chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_called_and_no_issue_is_closed() {
        for (typed, told) in [
            ("fixes #1, closes GH-2", "fixes # 1, closes GH- 2"),
            ("resolves org/repo#3 !4", "resolves org/repo# 3 ! 4"),
            (
                "fixes https://h.example/o/r/issues/5",
                "fixes https://h.example/o/r/issues/ 5",
            ),
            ("@octocat (@org/team)", "@ octocat (@ org/team)"),
            (
                "ada@signals.example # 1 #a @ b ä#",
                "ada@signals.example # 1 #a @ b ä#",
            ),
        ] {
            assert_eq!(uncalled(typed), told);
        }
    }
}
