//! The outputs of a step: what the steps after it decide by.

use serde_json::{Value, json};

use super::{Fate, letters, markdown, structured, summary};
use crate::plan::outcome::{Deployed, Done, Outcome, QueueEnd};
use crate::plan::train::{AppFate, AppSkip, EnvironmentPrognosis, Prognosis, QueueMove};
use crate::report::structured::version;
use crate::state::{AppName, EnvName, Version};

/// The largest value. All of them together stay below what GitHub keeps for a job, and each fits into a variable of a step.
const MOST_BYTES: usize = 100_000;
/// The largest comment on a pull request, with room for a mark in it.
const MOST_OF_A_COMMENT: usize = 60_000;

/// The name and the value of an output.
pub(crate) type Output = (&'static str, String);

/// The outputs of an answer; the second part names those that are empty because they would be too large.
pub(crate) fn outputs(outcome: &Outcome, fate: &Fate) -> (Vec<Output>, Vec<&'static str>) {
    let mut moves = Moves::default();
    moves.read(&outcome.done);
    let changed = fate.changed && !fate.dry_run && !outcome.done.is_look();
    let comment = summary::fitting(&markdown::render(outcome, fate), MOST_OF_A_COMMENT);
    let mut outputs = vec![
        ("changed", changed.to_string()),
        ("commit", fate.commit.clone().unwrap_or_default()),
        ("deployed", json(&Value::Array(moves.deployed))),
        ("skipped", json(&Value::Array(moves.skipped))),
        ("queued", json(&Value::Array(moves.queued))),
        ("json", json(&structured::value(outcome, fate))),
        ("markdown", comment.unwrap_or_default()),
    ];
    let mut too_large = Vec::new();
    for (name, value) in &mut outputs {
        if value.len() > MOST_BYTES {
            value.clear();
            too_large.push(*name);
        }
    }
    (outputs, too_large)
}

fn json(value: &Value) -> String {
    letters::of_json(&value.to_string())
}

/// The outputs of a command that came to nothing; `told` is what there is to say in markdown.
pub(crate) fn nothing(changed: &str, told: &str) -> Vec<Output> {
    let none = || "[]".to_owned();
    vec![
        ("changed", changed.to_owned()),
        ("commit", String::new()),
        ("deployed", none()),
        ("skipped", none()),
        ("queued", none()),
        ("json", String::new()),
        (
            "markdown",
            summary::fitting(told, MOST_OF_A_COMMENT).unwrap_or_default(),
        ),
    ]
}

/// Outputs as GitHub's runner reads them; `delimiter` is made up anew until no value contains it.
pub(crate) fn written(outputs: &[Output], mut delimiter: impl FnMut() -> String) -> String {
    let lines = outputs.iter().map(|(name, value)| {
        let mut end = delimiter();
        while value.contains(&end) {
            end = delimiter();
        }
        format!("{name}<<{end}\n{value}\n{end}\n")
    });
    lines.collect()
}

/// What moves, what does not, and what waits.
#[derive(Default)]
struct Moves {
    deployed: Vec<Value>,
    skipped: Vec<Value>,
    queued: Vec<Value>,
}

fn place(environment: &EnvName, app: &AppName) -> Value {
    json!({ "application": app, "environment": environment })
}

fn with(mut object: Value, key: &str, value: Value) -> Value {
    object[key] = value;
    object
}

impl Moves {
    fn read(&mut self, done: &Done) {
        match done {
            Done::Released(released) => {
                self.deployments(&released.app, &released.deployments);
                for (environment, end) in &released.queue {
                    self.end(environment, &released.app, end);
                }
            }
            Done::Deployed(run) => self.deployments(&run.app, &run.deployments),
            Done::Unlocked(unlocked) => {
                for ((environment, app), end) in &unlocked.queue {
                    self.end(environment, app, end);
                }
            }
            Done::Train(run) => self.train(&run.prognosis),
            Done::Foreseen(prognosis) => self.train(prognosis),
            Done::Batch(batch) => {
                for (_, outcome) in &batch.outcomes {
                    self.read(&outcome.done);
                }
            }
            Done::Locked(_)
            | Done::AppDeleted(_)
            | Done::AppRemoved(_)
            | Done::Rendered(_)
            | Done::RenderChecked(_)
            | Done::Located(_)
            | Done::Viewed(_)
            | Done::Environment(_)
            | Done::Verified(_) => {}
        }
    }

    fn goes(&mut self, place: Value, from: Option<Version>, to: Version) {
        let place = with(place, "from", from.map_or(Value::Null, version));
        self.deployed.push(with(place, "version", version(to)));
    }

    fn waits(&mut self, place: Value, what: Version) {
        self.queued.push(with(place, "version", version(what)));
    }

    fn deployments<'a>(
        &mut self,
        app: &AppName,
        deployments: impl IntoIterator<Item = (&'a EnvName, &'a Deployed)>,
    ) {
        for (environment, deployed) in deployments {
            let place = place(environment, app);
            match deployed {
                Deployed::Changed { from, to } => self.goes(place, *from, *to),
                Deployed::Queued { version, .. } => self.waits(place, *version),
                Deployed::AlreadyThere(_) => {}
            }
        }
    }

    fn end(&mut self, environment: &EnvName, app: &AppName, end: &QueueEnd) {
        let place = place(environment, app);
        match end {
            QueueEnd::Deployed { from, to, .. } => self.goes(place, *from, *to),
            QueueEnd::StillLocked { version, .. } | QueueEnd::Kept(version) => {
                self.waits(place, *version);
            }
            QueueEnd::Dropped(_) => {}
        }
    }

    fn train(&mut self, prognosis: &Prognosis) {
        for (environment, prognosis) in &prognosis.environments {
            let apps = match prognosis {
                EnvironmentPrognosis::Skipped(skip) => {
                    self.skipped.push(json!({
                        "application": null,
                        "environment": environment,
                        "cause": skip.cause().name,
                        "reason": skip.to_string(),
                    }));
                    continue;
                }
                EnvironmentPrognosis::Runs { apps, .. } => apps,
            };
            for (app, each) in apps {
                let place = place(environment, app);
                match &each.fate {
                    AppFate::Deploys { to, .. } => self.goes(place, each.current, *to),
                    AppFate::Skipped(AppSkip::AlreadyThere(_)) => {}
                    AppFate::Skipped(skip) => {
                        let skipped = with(place.clone(), "cause", json!(skip.cause().name));
                        self.skipped
                            .push(with(skipped, "reason", json!(skip.to_string())));
                        match skip.held().map(|held| (held.version, held.queue)) {
                            Some((version, QueueMove::Waits | QueueMove::Put { .. })) => {
                                self.waits(place, version);
                            }
                            Some((_, QueueMove::None)) | None => {}
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::train::{EnvironmentPrognosis, Target};
    use crate::state::{Moment, Upstream};

    /// A train that brings the first release of that many apps.
    fn train(apps: u32) -> (Outcome, Fate) {
        let environment: EnvName = "staging".parse().unwrap();
        let goes = |number| {
            let fate = AppFate::Deploys {
                to: "1".parse().unwrap(),
                kind: crate::state::release::ReleaseKind::Ordinary,
                manifest: crate::tree::Content::new(Vec::new()),
            };
            let prognosis = crate::plan::train::AppPrognosis {
                current: None,
                fate,
                details: crate::plan::train::Details::default(),
            };
            (format!("app-{number}").parse().unwrap(), prognosis)
        };
        let runs = EnvironmentPrognosis::Runs {
            upstream: Upstream::Latest,
            apps: (0..apps).map(goes).collect(),
        };
        let done = Done::Foreseen(Prognosis {
            target: Target::Environment(environment.clone()),
            source: None,
            team: None,
            environments: [(environment, runs)].into(),
        });
        let fate = Fate {
            changed: true,
            dry_run: false,
            commit: None,
            warnings: Vec::new(),
            now: Moment::parse("2026-03-02T08:00:00Z").unwrap(),
            tag: None,
            width: None,
        };
        let warnings = Vec::new();
        (Outcome { done, warnings }, fate)
    }

    #[test]
    fn a_value_that_is_too_large_is_left_empty_and_named_and_the_comment_is_cut() {
        let (outcome, fate) = train(3000);
        let (values, too_large) = outputs(&outcome, &fate);
        assert_eq!(too_large, ["deployed", "json"]);
        for (name, value) in &values {
            assert_eq!(
                value.is_empty(),
                ["commit", "deployed", "json"].contains(name),
                "{name}"
            );
            assert!(value.len() <= MOST_OF_A_COMMENT, "{name}");
        }
        assert!(values[6].1.contains("**Left out: "), "{}", values[6].1);
        let (values, too_large) = outputs(&train(3).0, &fate);
        assert!(too_large.is_empty());
        let deployed: Vec<Value> = serde_json::from_str(&values[2].1).unwrap();
        assert_eq!(deployed.len(), 3);
        // A prognosis changes nothing.
        assert_eq!(values[0], ("changed", "false".to_owned()));
    }

    #[test]
    fn a_value_cannot_end_itself() {
        let mut made_up = ["b", "b", "a", "c"].into_iter().map(str::to_owned);
        let outputs = [("x", "1\nb\ny=2".to_owned()), ("z", String::new())];
        let written = written(&outputs, || made_up.next().unwrap());
        assert_eq!(written, "x<<a\n1\nb\ny=2\na\nz<<c\n\nc\n");
    }
}
