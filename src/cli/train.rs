//! `trainyard release-train` and `trainyard prognosis`

use anyhow::Result;
use clap::{ArgGroup, Args, ValueEnum};

use super::exit::{Exit, MEND, usage};
use super::operation::Operation;
use super::portable::Portable;
use super::session::{Refs, Request, Session};
use crate::git::{Failure, FailureKind};
use crate::plan::render::kept_at;
use crate::plan::train::{
    AppFate, EnvironmentPrognosis, EnvironmentSkip, Form, OnLock, Prognosis, TargetKind, Train,
    Wish, depart, detail, prognose,
};
use crate::plan::{Done, Ground, Outcome};
use crate::report::Input;
use crate::state::environment::NoUpstream;
use crate::state::{
    EnvName, Environment, GroupName, InvalidName, SourceRef, TagName, TeamName, plain,
};

/// Deploy to an environment or a group what runs on its upstream, for all apps at once
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainyard release-train staging
  trainyard release-train prod --team shop --on-lock fail")]
pub(super) struct ReleaseTrainArgs {
    #[command(flatten)]
    train: TrainArgs,
}

/// Say what a release train would do, and why it would skip what it skips
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainyard prognosis prod
  trainyard prognosis prod --diff --log
  trainyard prognosis staging -o json --detailed-exitcode")]
pub(super) struct PrognosisArgs {
    #[command(flatten)]
    train: TrainArgs,
    /// Exit with 10 if the train would change something
    #[arg(long)]
    detailed_exitcode: bool,
    /// Show how each deployment would change its manifest; values of secrets are hidden
    #[arg(
        long,
        value_enum,
        value_name = "FORM",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "full"
    )]
    diff: Option<DiffForm>,
    /// Show the source commits that each deployment would bring
    #[arg(long)]
    log: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DiffForm {
    /// How many lines go and come
    Stat,
    /// Every line, as a unified diff
    Full,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("where").required(true))]
struct TrainArgs {
    /// The environment group, or the environment if there is no such group
    #[arg(value_name = "TARGET", group = "where")]
    target: Option<GroupName>,
    /// The same as TARGET
    #[arg(long, value_name = "TARGET", group = "where")]
    target_environment: Option<GroupName>,
    /// What TARGET is
    #[arg(long, value_enum, default_value_t = TargetType::Unknown)]
    target_type: TargetType,
    /// Only the apps of this team
    #[arg(short, long)]
    team: Option<TeamName>,
    /// Take what ran upstream at this point of the manifest repository: a tag, a branch or a commit
    #[arg(long, value_name = "TAG|COMMIT", alias = "source_ref")]
    source_ref: Option<SourceRef>,
    /// Tag the commit of the train, if it changes anything
    #[arg(long, value_name = "NAME", value_parser = tag)]
    tag: Option<TagName>,
    /// What to do about an app or team lock
    #[arg(long, value_enum, default_value_t = LockChoice::Queue)]
    on_lock: LockChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "kebab-case")]
enum TargetType {
    /// An environment
    #[value(alias = "ENVIRONMENT")]
    Environment,
    /// An environment group
    #[value(alias = "ENVIRONMENTGROUP", alias = "group")]
    EnvironmentGroup,
    /// A group, or else an environment
    #[value(alias = "UNKNOWN")]
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LockChoice {
    /// Queue the version, and go on
    Queue,
    /// Leave the queue alone, and go on
    Skip,
    /// Do not depart, and name every lock in the way
    Fail,
}

/// The name of a tag, short or in full.
fn tag(text: &str) -> Result<TagName, InvalidName> {
    text.strip_prefix("refs/tags/").unwrap_or(text).parse()
}

impl TrainArgs {
    fn refs(&self) -> Refs {
        Refs {
            sources: self.source_ref.iter().cloned().collect(),
            tag: self.tag.clone(),
        }
    }

    fn request(self) -> Train {
        let target = self.target.or(self.target_environment);
        Train {
            target: target.unwrap_or_else(|| unreachable!("clap asks for one of the two")),
            target_kind: match self.target_type {
                TargetType::Environment => TargetKind::Environment,
                TargetType::EnvironmentGroup => TargetKind::Group,
                TargetType::Unknown => TargetKind::Unknown,
            },
            team: self.team,
            source: self.source_ref,
            on_lock: match self.on_lock {
                LockChoice::Queue => OnLock::Queue,
                LockChoice::Skip => OnLock::Skip,
                LockChoice::Fail => OnLock::Fail,
            },
        }
    }
}

impl ReleaseTrainArgs {
    /// The train that is asked for.
    pub(super) fn operation(self) -> Operation {
        let tag = self.train.tag.clone();
        operation(self.train.request(), tag)
    }
}

/// The operation of a train, and the tag for its commit.
pub(super) fn operation(request: Train, tag: Option<TagName>) -> Operation {
    let mut inputs = vec![Input {
        name: "Target",
        value: request.target.to_string(),
    }];
    inputs.extend(request.team.iter().map(|team| Input {
        name: "Team",
        value: team.to_string(),
    }));
    inputs.extend(request.source.iter().map(|source| Input {
        name: "Source-Ref",
        value: source.to_string(),
    }));
    inputs.extend(tag.iter().map(|tag| Input {
        name: "Tag",
        value: tag.to_string(),
    }));
    let command = Request {
        operation: "release-train",
        inputs,
        identity: format!("{request:?} {tag:?}"),
        counts: false,
    };
    // A tag is set by the one command, and a point in the history is what it is in this repository.
    let is_portable = tag.is_none() && request.source.is_none();
    let portable = is_portable.then(|| Portable::ReleaseTrain(request.clone()));
    let refs = Refs {
        sources: request.source.iter().cloned().collect(),
        tag,
    };
    let operation = Operation::new(command, move |draft, ground| {
        let prognosis = prognose(draft, ground, &request)?;
        let warnings = warnings(ground, &prognosis);
        let done = Done::Train(depart(draft, ground, prognosis)?);
        Ok(Outcome { done, warnings })
    });
    Operation {
        refs,
        verdict: check_faults,
        portable,
        ..operation
    }
}

impl PrognosisArgs {
    /// Fails if more is asked for than kuberpult's answer has room for.
    pub(super) fn as_kuberpult(&self) -> Result<()> {
        if self.diff.is_some() || self.log {
            let message = "kuberpult's answer has no room for `--diff` and `--log`; leave them out, or `-o kuberpult`";
            return Err(usage(message));
        }
        Ok(())
    }

    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let wish = Wish {
            diff: self.diff.map(|form| match form {
                DiffForm::Stat => Form::Stat,
                DiffForm::Full => Form::Full,
            }),
            log: self.log,
        };
        let detailed = self.detailed_exitcode;
        let refs = self.train.refs();
        let request = self.train.request();
        let outcome = session.look_with(
            &refs,
            |tree, ground| {
                ground.settled()?;
                let mut prognosis = prognose(tree, ground, &request)?;
                detail(tree, &mut prognosis, wish)?;
                let mut warnings = warnings(ground, &prognosis);
                for (environment, app, each) in prognosis.apps() {
                    if let AppFate::Deploys { to, .. } = &each.fate {
                        let place = (environment, app, *to);
                        warnings.extend(kept_at(tree, place, ground.context.now)?);
                    }
                }
                let done = Done::Foreseen(prognosis);
                Ok(Outcome { done, warnings })
            },
            pending,
        )?;
        check_faults(&outcome)?;
        Ok(if detailed && pending(&outcome) {
            Exit::ChangesPending
        } else {
            Exit::Done
        })
    }
}

fn prognosis(outcome: &Outcome) -> Option<&Prognosis> {
    match &outcome.done {
        Done::Train(run) => Some(&run.prognosis),
        Done::Foreseen(prognosis) => Some(prognosis),
        Done::Released(_)
        | Done::Deployed(_)
        | Done::Locked(_)
        | Done::Unlocked(_)
        | Done::AppDeleted(_)
        | Done::AppRemoved(_)
        | Done::Rendered(_)
        | Done::RenderChecked(_)
        | Done::Batch(_)
        | Done::Located(_)
        | Done::Viewed(_)
        | Done::Environment(_)
        | Done::Verified(_) => None,
    }
}

fn pending(outcome: &Outcome) -> bool {
    prognosis(outcome).is_some_and(Prognosis::changes_something)
}

/// Fails if the train can go nowhere because every environment of its target is misconfigured.
fn check_faults(outcome: &Outcome) -> Result<()> {
    let faults = prognosis(outcome)
        .map(Prognosis::faults)
        .unwrap_or_default();
    if faults.is_empty() {
        return Ok(());
    }
    let faults: Vec<_> = faults
        .into_iter()
        .map(|(name, skip)| fault(name, skip))
        .collect();
    let failure = Failure::new(FailureKind::Invalid, faults.join("\n")).hint(MEND);
    Err(failure.into())
}

/// The config of an environment, and what is wrong with it.
fn fault(name: &EnvName, skip: &EnvironmentSkip) -> String {
    match skip {
        EnvironmentSkip::NoUpstream(NoUpstream::Unreadable(error)) => error.to_string(),
        EnvironmentSkip::NoUpstream(_) | EnvironmentSkip::Locked(_) => {
            format!("`{}`: {skip}", Environment::config_path(name))
        }
    }
}

/// What is wrong in `environments/`, and who may be missing on the train for it.
fn warnings(ground: &Ground, prognosis: &Prognosis) -> Vec<String> {
    let strays = ground.environments.strays.iter();
    let mut warnings: Vec<_> = strays
        .map(|path| {
            let path = plain(path.as_str());
            format!("`{path}` is no environment and is passed over")
        })
        .collect();
    for environment in ground.environments.iter() {
        let known = prognosis.environments.contains_key(&environment.name);
        if let (Err(NoUpstream::Unreadable(error)), false) = (&environment.upstream, known) {
            warnings.push(format!(
                "{error}; whether `{}` belongs to this train is unknown",
                environment.name
            ));
        }
    }
    // Where nothing else is left, they are no warnings but the error.
    if prognosis.faults().is_empty() {
        for (name, prognosis) in &prognosis.environments {
            match prognosis {
                EnvironmentPrognosis::Skipped(skip) if skip.is_fault() => {
                    warnings.push(fault(name, skip));
                }
                EnvironmentPrognosis::Skipped(_) | EnvironmentPrognosis::Runs { .. } => {}
            }
        }
    }
    warnings
}
