//! Small worlds for the tests of verbs: a tree in memory, verbs that change it, and what it then says, as sentences.

use std::collections::BTreeSet;

use super::train::{Train, TrainRun, depart, prognose};
use super::{Context, Done, Ground, Outcome, argocd};
use crate::state::{Actor, FreeText, Moment};
use crate::tree::{Draft, MemoryTree};

/// Jane, on a summer morning.
pub(super) fn context() -> Context {
    Context {
        actor: Actor {
            name: FreeText("Jane".to_owned()),
            email: FreeText("jane@example.com".to_owned()),
        },
        now: Moment::parse("2024-07-22T10:00:00Z").expect("a valid instant"),
        repo_url: "git@example.com:acme/manifest-repo.git".to_owned(),
        branch: "main".to_owned(),
    }
}

/// Runs a verb and brings derived files in step; the tree changes only if the verb succeeds.
pub(super) fn run(
    tree: &mut MemoryTree,
    verb: impl FnOnce(&mut Draft, &Ground) -> anyhow::Result<Outcome>,
) -> anyhow::Result<Outcome> {
    let base = tree.clone();
    let context = context();
    let ground = Ground::survey(&base, &context)?;
    let mut draft = Draft::on(&base);
    let outcome = verb(&mut draft, &ground)?;
    argocd::refresh(&mut draft, &ground)?;
    tree.apply(&draft.into_changes());
    Ok(outcome)
}

/// Runs a train.
pub(super) fn run_train(tree: &mut MemoryTree, request: &Train) -> anyhow::Result<TrainRun> {
    let outcome = run(tree, |draft, ground| {
        let prognosis = prognose(draft, ground, request)?;
        let done = Done::Train(depart(draft, ground, prognosis)?);
        Ok(Outcome {
            done,
            warnings: Vec::new(),
        })
    })?;
    match outcome.done {
        Done::Train(run) => Ok(run),
        other => unreachable!("a train comes to a train run, not to {other:?}"),
    }
}

/// A repository, built up in the words of its tests.
#[derive(Clone, Debug, Default)]
pub(super) struct World(pub(super) MemoryTree);

impl World {
    /// Environments as (name, upstream): `latest`, another environment, or `none`.
    pub(super) fn of(environments: &[(&str, &str)]) -> Self {
        environments
            .iter()
            .fold(Self::default(), |world, (name, upstream)| {
                let config = match *upstream {
                    "none" => "{}".to_owned(),
                    "latest" => r#"{"upstream":{"latest":true}}"#.to_owned(),
                    other => format!(r#"{{"upstream":{{"environment":"{other}"}}}}"#),
                };
                world.config(name, &config)
            })
    }

    /// Environments of one group as (name, upstream).
    pub(super) fn group(self, group: &str, environments: &[(&str, &str)]) -> Self {
        environments.iter().fold(self, |world, (name, upstream)| {
            let config = match *upstream {
                "latest" => r#""latest":true"#.to_owned(),
                other => format!(r#""environment":"{other}""#),
            };
            let group = format!(r#""environmentGroup":"{group}""#);
            world.config(name, &format!(r#"{{"upstream":{{{config}}},{group}}}"#))
        })
    }

    /// An environment with this `config.json`.
    pub(super) fn config(self, environment: &str, json: &str) -> Self {
        self.file(&format!("environments/{environment}/config.json"), json)
    }

    /// A release with a manifest, `<app>: <version> <environment>`, for each of the environments.
    pub(super) fn release(self, app: &str, version: u64, environments: &[&str]) -> Self {
        let folder = format!("applications/{app}/releases/{version}");
        let world = self.file(&format!("{folder}/created_at"), "2024-07-01T00:00:00Z");
        environments.iter().fold(world, |world, environment| {
            let path = format!("{folder}/environments/{environment}/manifests.yaml");
            world.file(&path, &format!("{app}: {version} {environment}"))
        })
    }

    /// Releases of these numbers, each with a manifest for each of the environments.
    pub(super) fn releases(
        self,
        app: &str,
        versions: impl IntoIterator<Item = u64>,
        environments: &[&str],
    ) -> Self {
        let each = |world: Self, version| world.release(app, version, environments);
        versions.into_iter().fold(self, each)
    }

    /// An app that belongs to a team.
    pub(super) fn team(self, app: &str, team: &str) -> Self {
        self.file(&format!("applications/{app}/team"), team)
    }

    /// An app that runs on an environment.
    pub(super) fn runs(self, environment: &str, app: &str, version: u64) -> Self {
        self.link(environment, app, "version", version)
    }

    /// A version that waits for an app on an environment.
    pub(super) fn queues(self, environment: &str, app: &str, version: u64) -> Self {
        self.link(environment, app, "queued_version", version)
    }

    /// A lock on a place: `dev`, `dev/applications/web` or `dev/teams/red`.
    pub(super) fn locked(self, place: &str, id: &str) -> Self {
        let folder = format!("environments/{place}/locks/{id}");
        self.file(&format!("{folder}/message"), "hold on")
            .file(&format!("{folder}/created_by_name"), "Jim")
            .file(&format!("{folder}/created_by_email"), "jim@example.com")
            .file(&format!("{folder}/created_at"), "2024-07-22T08:00:00Z")
    }

    /// A file, or a link with `->` before its target.
    pub(super) fn file(self, path: &str, text: &str) -> Self {
        Self(self.0.with(path, text))
    }

    fn link(self, environment: &str, app: &str, name: &str, version: u64) -> Self {
        let path = format!("environments/{environment}/applications/{app}/{name}");
        self.file(&path, &link_to(app, version))
    }

    /// Runs a verb, and tells what it changed: facts that go after `-`, facts that come after `+`. A refusal is told in
    /// its own words, line by line, and must have changed nothing.
    #[track_caller]
    pub(super) fn changes(
        &mut self,
        verb: impl FnOnce(&mut Draft, &Ground) -> anyhow::Result<Outcome>,
    ) -> (Vec<String>, Option<Outcome>) {
        let before = self.clone();
        match run(&mut self.0, verb) {
            Ok(outcome) => (difference(&before.0, &self.0), Some(outcome)),
            Err(refusal) => {
                assert_eq!(before.0, self.0, "a refusal changes nothing");
                (
                    refusal.to_string().lines().map(str::to_owned).collect(),
                    None,
                )
            }
        }
    }
}

/// The link from the folder of an app on an environment to a release, as [`MemoryTree`] spells it.
pub(super) fn link_to(app: &str, version: impl std::fmt::Display) -> String {
    format!("->../../../../applications/{app}/releases/{version}")
}

/// What changed between two trees.
pub(super) fn difference(before: &MemoryTree, after: &MemoryTree) -> Vec<String> {
    let (before, after) = (facts(before), facts(after));
    let gone = before.difference(&after).map(|fact| format!("- {fact}"));
    let come = after.difference(&before).map(|fact| format!("+ {fact}"));
    gone.chain(come).collect()
}

/// What a tree says about releases, teams, deployments, queues and locks, one sentence each.
pub(super) fn facts(tree: &MemoryTree) -> BTreeSet<String> {
    let listing = tree.listing();
    listing
        .iter()
        .filter_map(|(path, text)| fact(path, text))
        .collect()
}

fn fact(path: &str, text: &str) -> Option<String> {
    let components: Vec<_> = path.split('/').collect();
    let version = text.rsplit('/').next().unwrap_or_default();
    Some(match components[..] {
        ["applications", app, "team"] => format!("{app} is of {text}"),
        ["applications", app, "releases", version, ..] => format!("{app} has {version}"),
        ["environments", name, "applications", app, "version"] => {
            format!("{name} runs {app} {version}")
        }
        ["environments", name, "applications", app, "queued_version"] => {
            format!("{name} queues {app} {version}")
        }
        ["environments", name, "locks", id, ..] => format!("{name} has lock {id}"),
        ["environments", name, "applications", app, "locks", id, ..] => {
            format!("{app} on {name} has lock {id}")
        }
        [
            "environments",
            name,
            "applications",
            app,
            "manifest_locks",
            id,
            ..,
        ] => {
            format!("the manifest of {app} on {name} has lock {id}")
        }
        ["environments", name, "teams", team, "locks", id, ..] => {
            format!("team {team} on {name} has lock {id}")
        }
        _ => return None,
    })
}
