//! A prognosis byte for byte as kuberpult v2.44.1 answers `GET …/releasetrain/prognosis`: Go's encoding of the protobuf structs,
//! sorted, without a newline.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Result, bail};
use serde::Serialize;

use crate::plan::train::{AppFate, Cause, EnvironmentPrognosis};
use crate::plan::{Done, Outcome};
use crate::state::{AppName, EnvName};

#[derive(Serialize)]
struct Wrapper<T> {
    #[serde(rename = "Outcome")]
    outcome: T,
}

#[derive(Serialize)]
enum EnvironmentOutcome<'a> {
    SkipCause(u8),
    AppsPrognoses(Apps<'a>),
}

#[derive(Serialize)]
struct Apps<'a> {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    prognoses: BTreeMap<&'a AppName, Wrapper<AppOutcome>>,
}

#[derive(Serialize)]
enum AppOutcome {
    SkipCause(u8),
    DeployedVersion(u64),
}

/// A fault of the repository that kuberpult's protocol cannot tell.
#[derive(Debug)]
pub(crate) struct NoNumber {
    cause: &'static str,
    place: String,
}

impl fmt::Display for NoNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cause, place } = self;
        write!(formatter, "kuberpult has no number for {cause} ({place})")
    }
}

impl std::error::Error for NoNumber {}

/// Fails if the outcome is no prognosis, or with [`NoNumber`].
pub(super) fn render(outcome: &Outcome) -> Result<String> {
    let (Done::Foreseen(prognosis) | Done::Train(crate::plan::train::TrainRun { prognosis, .. })) =
        &outcome.done
    else {
        bail!("`-o kuberpult` is for a prognosis");
    };
    let mut environments: BTreeMap<&EnvName, _> = BTreeMap::new();
    for (name, prognosis) in &prognosis.environments {
        let outcome = environment(name, prognosis)?;
        environments.insert(name, Wrapper { outcome });
    }
    Ok(serde_json::to_string(&environments)?)
}

fn environment<'a>(
    name: &EnvName,
    prognosis: &'a EnvironmentPrognosis,
) -> Result<EnvironmentOutcome<'a>> {
    let apps = match prognosis {
        EnvironmentPrognosis::Skipped(skip) => {
            let number = number(skip.cause(), || format!("environment `{name}`: {skip}"))?;
            return Ok(EnvironmentOutcome::SkipCause(number));
        }
        EnvironmentPrognosis::Runs { apps, .. } => apps,
    };
    let mut prognoses = BTreeMap::new();
    for (app, prognosis) in apps {
        let outcome = match &prognosis.fate {
            AppFate::Deploys { to, .. } => AppOutcome::DeployedVersion(to.number()),
            AppFate::Skipped(skip) => AppOutcome::SkipCause(number(skip.cause(), || {
                format!("`{app}` on `{name}`: {skip}")
            })?),
        };
        prognoses.insert(app, Wrapper { outcome });
    }
    Ok(EnvironmentOutcome::AppsPrognoses(Apps { prognoses }))
}

fn number(cause: Cause, place: impl Fn() -> String) -> Result<u8> {
    match cause.number {
        Some(number) => Ok(number),
        None => Err(NoNumber {
            cause: cause.name,
            place: place(),
        }
        .into()),
    }
}
