//! For pull requests and job summaries: the lines of the text as a list, trains as tables. What people typed can neither add
//! markup nor call anybody.

mod cargo;
mod change;
mod environment;
mod verify;
mod view;

use std::collections::BTreeMap;

use super::{Fate, text};
use crate::plan::outcome::{EnvironmentDone, Move};
use crate::plan::train::{
    AppFate, AppPrognosis, AppSkip, EnvironmentPrognosis, Prognosis, QueueMove, TrainRun,
};
use crate::plan::{Done, Outcome};
use crate::state::{AppName, EnvName, Moment, PlacedLock};

/// The answer as GitHub's markdown.
pub(super) fn render(outcome: &Outcome, fate: &Fate) -> String {
    let mut lines = match &outcome.done {
        Done::Train(run) => {
            let title = format!("Release train to {}", run.prognosis.target);
            let mut lines = train(&title, &run.prognosis, fate.now);
            lines.extend(removed(run));
            lines
        }
        Done::Foreseen(prognosis) => train(
            &format!("Prognosis for the release train to {}", prognosis.target),
            prognosis,
            fate.now,
        ),
        Done::Viewed(seen) => view::lines(seen, fate),
        Done::Verified(verified) => verify::lines(verified),
        Done::Environment(EnvironmentDone::Listed(environments)) => environment::list(environments),
        Done::Environment(EnvironmentDone::Shown(shown)) => environment::show(shown, fate.now),
        Done::Released(_)
        | Done::Deployed(_)
        | Done::Locked(_)
        | Done::Unlocked(_)
        | Done::AppDeleted(_)
        | Done::AppRemoved(_)
        | Done::Batch(_)
        | Done::Rendered(_)
        | Done::RenderChecked(_)
        | Done::Located(_)
        | Done::Environment(
            EnvironmentDone::Configured(_)
            | EnvironmentDone::Deleted(_)
            | EnvironmentDone::Checked(_),
        ) => list(outcome, fate),
    };
    if let Some(tag) = &fate.tag {
        lines.extend([String::new(), escaped(&tag.to_string())]);
    }
    if fate.dry_run && fate.changed {
        lines.push(String::new());
        lines.push("**Dry run: nothing was changed.**".to_owned());
    }
    lines.join("\n") + "\n"
}

fn list(outcome: &Outcome, fate: &Fate) -> Vec<String> {
    let applied = Fate {
        dry_run: false,
        ..fate.clone()
    };
    let text = anstream::adapter::strip_str(&text::render(outcome, &applied)).to_string();
    let item = |line: &str| {
        let indent = line.len() - line.trim_start().len();
        format!("{}- {}", " ".repeat(indent), escaped(line.trim_start()))
    };
    text.lines().map(item).collect()
}

fn train(title: &str, prognosis: &Prognosis, now: Moment) -> Vec<String> {
    let limits = escaped(&prognosis.limits());
    let mut lines = vec![format!("### {title}{limits}")];
    let mut room = change::Room::new();
    for (name, prognosis) in &prognosis.environments {
        lines.push(String::new());
        match prognosis {
            EnvironmentPrognosis::Skipped(skip) => {
                lines.push(format!(
                    "**{name}** is skipped as a whole: {}",
                    escaped(&skip.to_string())
                ));
                lines.extend(
                    lock_phrases(skip.locks(), now)
                        .into_iter()
                        .map(|phrase| format!("- {phrase}")),
                );
            }
            EnvironmentPrognosis::Runs { upstream, apps } => {
                lines.push(format!("**{name}** from {upstream}"));
                let rows: Vec<_> = apps
                    .iter()
                    .filter_map(|(app, each)| row(app, each, now))
                    .collect();
                let rest = apps.len() - rows.len();
                if !rows.is_empty() {
                    lines.extend([
                        String::new(),
                        "| App | Version | Left out |".into(),
                        "|---|---|---|".into(),
                    ]);
                    lines.extend(rows);
                }
                lines.extend([String::new(), format!("{rest} up to date.")]);
                lines.extend(details(name, apps, &mut room));
            }
        }
    }
    lines
}

/// What is known besides of the deployments to an environment.
fn details(
    environment: &EnvName,
    apps: &BTreeMap<AppName, AppPrognosis>,
    room: &mut change::Room,
) -> Vec<String> {
    let mut lines = Vec::new();
    for (app, prognosis) in apps {
        let AppFate::Deploys { to, kind, .. } = &prognosis.fate else {
            continue;
        };
        if let Some(cargo) = &prognosis.details.cargo {
            let moved = Move {
                from: prognosis.current,
                to: *to,
                kind: *kind,
            };
            let head = format!("**{app}** on {environment}: {moved}");
            lines.extend([String::new(), head, String::new()]);
            lines.extend(cargo::items(cargo));
        }
    }
    let changes = apps.iter().filter_map(|(app, prognosis)| {
        let change = prognosis.details.change.as_ref()?;
        Some((format!("{app} on {environment}:"), change))
    });
    let changes: Vec<_> = changes.collect();
    if changes.iter().any(|(_, change)| !change::folds(change)) {
        lines.push(String::new());
    }
    let (folded, plain): (Vec<_>, Vec<_>) = changes
        .iter()
        .partition(|(_, change)| change::folds(change));
    for (title, change) in plain {
        lines.push(change::item(title, change));
    }
    let mut left_out = Vec::new();
    for (title, change) in folded {
        if room.is_used_up() {
            left_out.push(change::left_out(title, change));
        } else {
            lines.extend(room.fold(title, change));
        }
    }
    if !left_out.is_empty() {
        lines.push(String::new());
        lines.extend(left_out);
    }
    lines
}

/// The old releases that a train cleaned up.
fn removed(run: &TrainRun) -> Vec<String> {
    let lines = run.removed.iter().map(|(app, versions)| {
        let numbers: Vec<_> = versions.iter().map(ToString::to_string).collect();
        format!("- cleaned up old releases of {app}: {}", numbers.join(", "))
    });
    let lines: Vec<_> = lines.collect();
    if lines.is_empty() {
        return lines;
    }
    [vec![String::new()], lines].concat()
}

fn row(app: &AppName, prognosis: &AppPrognosis, now: Moment) -> Option<String> {
    let current = prognosis
        .current
        .map(|version| version.to_string())
        .unwrap_or_default();
    match &prognosis.fate {
        AppFate::Deploys { to, kind, .. } => {
            let moved = Move {
                from: prognosis.current,
                to: *to,
                kind: *kind,
            };
            Some(format!("| {app} | {moved} | |"))
        }
        AppFate::Skipped(AppSkip::AlreadyThere(_)) => None,
        AppFate::Skipped(skip) => {
            let mut words = vec![escaped(&skip.to_string())];
            if let Some(held) = skip.held() {
                words.extend(lock_phrases(&held.locks, now));
                match held.queue {
                    QueueMove::None => {}
                    QueueMove::Waits | QueueMove::Put { .. } => {
                        words.push(format!("{} queued", held.version));
                    }
                }
            }
            Some(format!("| {app} | {current} | {} |", words.join("; ")))
        }
    }
}

fn lock_phrases(locks: &[PlacedLock], now: Moment) -> Vec<String> {
    locks
        .iter()
        .map(|lock| escaped(&lock.phrase(now)))
        .collect()
}

/// Text that markdown shows as it is. The empty comment after `@` and `#`, and within `www.` and `GH-1`, keeps GitHub from calling
/// people, closing issues and making links.
pub(super) fn escaped(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut shown, letter| {
            match letter {
                '&' => shown.push_str("&amp;"),
                '<' => shown.push_str("&lt;"),
                '>' => shown.push_str("&gt;"),
                '@' | '#' => {
                    shown.push(letter);
                    shown.push_str("<!-- -->");
                }
                ':' => shown.push_str("&#58;"),
                '.' if ends(&shown, "www") => shown.push_str("<!-- -->."),
                '-' if ends(&shown, "gh") => shown.push_str("<!-- -->-"),
                '\\' | '`' | '*' | '_' | '[' | ']' | '!' | '|' | '~' => {
                    shown.push('\\');
                    shown.push(letter);
                }
                _ => shown.push(letter),
            }
            shown
        })
}

/// Whether a text ends so, in either case.
fn ends(text: &str, word: &str) -> bool {
    let end = text.len().checked_sub(word.len());
    end.and_then(|end| text.get(end..))
        .is_some_and(|end| end.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_typed_adds_no_markup_and_calls_nobody() {
        let shown = escaped("@org fixes #1 <img> [x](http://y) | `z` *b*");
        let expected =
            r"@<!-- -->org fixes #<!-- -->1 &lt;img&gt; \[x\](http&#58;//y) \| \`z\` \*b\*";
        assert_eq!(shown, expected);
        assert_eq!(
            escaped("GH-1 WWW.x.example"),
            "GH<!-- -->-1 WWW<!-- -->.x.example"
        );
    }
}
