//! Annotations: what a person must see of a step without opening its log.

use std::fmt;

use super::guard::without_old_form;
use crate::plan::outcome::{Deployed, Done, Outcome, QueueEnd};
use crate::plan::train::{AppFate, EnvironmentPrognosis, Prognosis};
use crate::plan::verify::{Fault, Severity};
use crate::report::Fate;
use crate::state::{AppName, EnvName, Moment, PlacedLock, Version, plain};

/// As many of each level as GitHub shows for a step.
const SHOWN: usize = 10;
/// As much of a message as GitHub's runner passes on, with room to say that something is missing.
const MOST_LETTERS: usize = 4000;
/// The title of what is about the whole command.
const TITLE: &str = "trainyard";
/// As many lines as anybody reads in an annotation.
const MOST_LINES: usize = 25;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Error,
    Warning,
    Notice,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }

    fn several(self) -> &'static str {
        match self {
            Self::Error => "errors",
            Self::Warning => "warnings",
            Self::Notice => "notices",
        }
    }
}

/// A message to a person. Shown, it is the command of a workflow that says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Annotation {
    pub(crate) level: Level,
    pub(crate) title: String,
    pub(crate) message: String,
    /// The file of the repository that it is about.
    pub(crate) file: Option<String>,
}

impl Annotation {
    /// A message about the whole command.
    pub(crate) fn general(level: Level, message: impl Into<String>) -> Self {
        Self::new(level, TITLE, message)
    }

    fn new(level: Level, title: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            level,
            title: title.into(),
            message: message.into(),
            file: None,
        }
    }

    /// A fault, at its file.
    fn of_fault(fault: &Fault) -> Self {
        let level = match fault.severity() {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
            Severity::Note => Level::Notice,
        };
        let path = plain(&fault.path);
        let message = format!("`{path}`: {fault}\nmend: {}", fault.mend().command());
        let file = fault.is_in_repository().then_some(path);
        Self {
            file,
            ..Self::new(level, fault.kind(), message)
        }
    }

    /// Whether all of the message is shown.
    pub(crate) fn is_whole(&self) -> bool {
        self.shown() == self.message
    }

    /// The same as plain lines, with all of the message.
    pub(crate) fn plain(&self) -> String {
        match self.title.as_str() {
            TITLE => format!("{}: {}", self.level.name(), self.message),
            title => format!("{}: {title}: {}", self.level.name(), self.message),
        }
    }

    /// The message, or what there is room for.
    fn shown(&self) -> String {
        let lines = self.message.lines().count();
        let mut shown: Vec<_> = self.message.lines().take(MOST_LINES).collect();
        let rest = lines - shown.len();
        let note = format!("… and {rest} more lines in the log");
        if rest > 0 {
            shown.push(&note);
        }
        let shown = shown.join("\n");
        match shown.char_indices().nth(MOST_LETTERS) {
            Some((end, _)) => format!("{}… (the rest is in the log)", &shown[..end]),
            None => shown,
        }
    }
}

impl fmt::Display for Annotation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (level, title, message) = (self.level.name(), &self.title, self.shown());
        let data = |text: &str| {
            // A command of the older form is one in the middle of our own line too, if anything is printed before it.
            let text = without_old_form(text).replace('%', "%25");
            text.replace('\r', "%0D").replace('\n', "%0A")
        };
        let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
        let file = self.file.as_deref();
        let file = file.map(|file| format!("file={},", property(file)));
        write!(
            formatter,
            "::{level} {}title={}::{}",
            file.unwrap_or_default(),
            property(title),
            data(&message)
        )
    }
}

/// What a person must see of an outcome: warnings, faults, and what locks hold back.
pub(crate) fn of_outcome(outcome: &Outcome, fate: &Fate) -> Vec<Annotation> {
    let warnings = outcome.warnings.iter().chain(&fate.warnings);
    let warnings = warnings.map(|warning| Annotation::general(Level::Warning, warning.as_str()));
    let mut annotations: Vec<_> = warnings.collect();
    annotations.extend(held_back(&outcome.done, fate.now));
    annotations
}

/// What locks hold back, an annotation for each environment; faults, one for each.
fn held_back(done: &Done, now: Moment) -> Vec<Annotation> {
    let mut held = HeldBack {
        now,
        lines: Vec::new(),
    };
    match done {
        Done::Train(run) => return train(&run.prognosis, now),
        Done::Verified(verified) => {
            return verified.faults.iter().map(Annotation::of_fault).collect();
        }
        Done::Foreseen(prognosis) => return train(prognosis, now),
        Done::Batch(batch) => {
            let outcomes = batch.outcomes.iter();
            return outcomes
                .flat_map(|(_, each)| held_back(&each.done, now))
                .collect();
        }
        Done::Deployed(run) => held.deployments(&run.app, &run.deployments),
        Done::Released(released) => {
            held.deployments(&released.app, &released.deployments);
            for (environment, end) in &released.queue {
                held.end(environment, &released.app, end);
            }
        }
        Done::Unlocked(unlocked) => {
            for ((environment, app), end) in &unlocked.queue {
                held.end(environment, app, end);
            }
        }
        Done::Locked(_)
        | Done::AppDeleted(_)
        | Done::AppRemoved(_)
        | Done::Rendered(_)
        | Done::RenderChecked(_)
        | Done::Located(_)
        | Done::Viewed(_)
        | Done::Environment(_) => {}
    }
    held.annotations()
}

/// The lines of versions that wait, by environment.
struct HeldBack<'a> {
    now: Moment,
    lines: Vec<(&'a EnvName, String)>,
}

impl<'a> HeldBack<'a> {
    fn deployments(
        &mut self,
        app: &AppName,
        deployments: impl IntoIterator<Item = (&'a EnvName, &'a Deployed)>,
    ) {
        for (environment, deployed) in deployments {
            match deployed {
                Deployed::Queued {
                    version, behind, ..
                } => {
                    self.wait(environment, (app, *version), behind);
                }
                Deployed::Changed { .. } | Deployed::AlreadyThere(_) => {}
            }
        }
    }

    fn end(&mut self, environment: &'a EnvName, app: &AppName, end: &QueueEnd) {
        match end {
            QueueEnd::StillLocked { version, behind } => {
                self.wait(environment, (app, *version), behind);
            }
            QueueEnd::Deployed { .. } | QueueEnd::Kept(_) | QueueEnd::Dropped(_) => {}
        }
    }

    fn wait(&mut self, environment: &'a EnvName, what: (&AppName, Version), locks: &[PlacedLock]) {
        let (app, version) = what;
        let line = format!("{app} {version}: {}", phrases(locks, self.now));
        self.lines.push((environment, line));
    }

    fn annotations(mut self) -> Vec<Annotation> {
        self.lines.sort();
        let groups = self.lines.chunk_by(|(left, _), (right, _)| left == right);
        let annotations = groups.map(|group| {
            let lines: Vec<_> = group.iter().map(|(_, line)| line.as_str()).collect();
            let waits = match lines.len() {
                1 => "1 version waits behind locks".to_owned(),
                several => format!("{several} versions wait behind locks"),
            };
            let title = format!("{}: {waits}", group[0].0);
            Annotation::new(Level::Notice, title, lines.join("\n"))
        });
        annotations.collect()
    }
}

fn phrases(locks: &[PlacedLock], now: Moment) -> String {
    let phrases: Vec<_> = locks.iter().map(|lock| lock.phrase(now)).collect();
    phrases.join(" and ")
}

/// Environments that are skipped for a lock, and the apps that are, an annotation for each environment.
fn train(prognosis: &Prognosis, now: Moment) -> Vec<Annotation> {
    let environments = prognosis.environments.iter();
    let annotations = environments.filter_map(|(name, prognosis)| match prognosis {
        EnvironmentPrognosis::Skipped(skip) if skip.locks().is_empty() => None,
        EnvironmentPrognosis::Skipped(skip) => {
            let title = format!("{name} is skipped as a whole: it is locked");
            let message = phrases(skip.locks(), now);
            Some(Annotation::new(Level::Notice, title, message))
        }
        EnvironmentPrognosis::Runs { apps, .. } => {
            let held = apps.iter().filter_map(|(app, each)| match &each.fate {
                AppFate::Skipped(skip) => skip.held().map(|held| (app, held)),
                AppFate::Deploys { .. } => None,
            });
            let lines = held.map(|(app, held)| {
                let (version, locks) = (held.version, phrases(&held.locks, now));
                format!("{app} {version}: {locks}")
            });
            let lines: Vec<_> = lines.collect();
            let title = match lines.len() {
                0 => return None,
                1 => format!("{name}: 1 app is skipped for its locks"),
                several => format!("{name}: {several} apps are skipped for their locks"),
            };
            Some(Annotation::new(Level::Notice, title, lines.join("\n")))
        }
    });
    annotations.collect()
}

/// As many as GitHub shows; where there are more of a level, the last one says so. What is left out comes second.
pub(crate) fn bounded(annotations: &[Annotation]) -> (Vec<Annotation>, Vec<Annotation>) {
    let (mut shown, mut left_out) = (Vec::new(), Vec::new());
    for level in [Level::Error, Level::Warning, Level::Notice] {
        let mut these: Vec<_> = annotations
            .iter()
            .filter(|each| each.level == level)
            .cloned()
            .collect();
        if these.len() > SHOWN {
            let rest = these.split_off(SHOWN - 1);
            let message = format!(
                "{} more {} are in the log and in the summary of this step",
                rest.len(),
                level.several()
            );
            these.push(Annotation::general(level, message));
            left_out.extend(rest);
        }
        shown.extend(these);
    }
    (shown, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_title_or_message_ends_it_or_begins_another() {
        let annotation = Annotation::new(Level::Warning, "a:b,c%0A::x\n", "1%\r\n::error::2");
        let expected = "::warning title=a%3Ab%2Cc%250A%3A%3Ax%0A::1%25%0A::error::2";
        assert_eq!(annotation.to_string(), expected);
    }

    #[test]
    fn a_long_message_is_cut_and_says_so() {
        let long = Annotation::new(Level::Error, "x", "ä".repeat(5000));
        assert!(!long.is_whole());
        let told = long.to_string();
        assert!(told.ends_with("ä… (the rest is in the log)"), "{told}");
        assert!(told.chars().count() < 4096);
        let lines = Annotation::new(Level::Error, "x", "y\n".repeat(30));
        assert!(
            lines
                .to_string()
                .ends_with("y%0A… and 5 more lines in the log")
        );
        let short = Annotation::new(Level::Error, "x", "a\nb");
        assert!(short.is_whole());
        assert_eq!(short.plain(), "error: x: a\nb");
        assert_eq!(
            Annotation::general(Level::Warning, "a").plain(),
            "warning: a"
        );
    }

    #[test]
    fn ten_of_a_level_are_shown_and_the_last_one_speaks_for_the_rest() {
        let of = |level, count: usize| {
            let numbers = 0..count;
            let each = numbers.map(move |number| Annotation::new(level, "x", number.to_string()));
            each.collect::<Vec<_>>()
        };
        let ten = of(Level::Warning, 10);
        assert_eq!(bounded(&ten), (ten.clone(), Vec::new()));
        let (shown, left_out) = bounded(&[of(Level::Notice, 12), of(Level::Error, 1)].concat());
        assert_eq!(shown.len(), 11);
        assert_eq!(shown[0].level, Level::Error);
        assert_eq!(
            shown[10].message,
            "3 more notices are in the log and in the summary of this step"
        );
        assert_eq!(left_out, of(Level::Notice, 12)[9..]);
    }
}
