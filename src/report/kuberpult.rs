//! What kuberpult's REST endpoints answer, as Go encodes the protobuf structs: sorted, without a newline. The prognosis is that of
//! kuberpult v2.44.1, byte for byte.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Result, bail};
use serde::Serialize;

use crate::plan::inquiry::Arrival;
use crate::plan::train::{AppFate, Cause, EnvironmentPrognosis};
use crate::plan::{Done, Outcome};
use crate::state::config::Json;
use crate::state::release::Field;
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

/// The answer to `GET /api/commit-deployments/…`.
pub(crate) fn commit_deployments(
    arrivals: &BTreeMap<AppName, BTreeMap<EnvName, Arrival>>,
) -> Result<String> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Status<T> {
        deployment_status: T,
    }
    let word = |arrival: &Arrival| match arrival {
        Arrival::Pending => "PENDING",
        Arrival::Deployed => "DEPLOYED",
    };
    let apps = arrivals.iter().map(|(app, environments)| {
        let environments = environments.iter();
        let deployment_status: BTreeMap<_, _> = environments
            .map(|(name, arrival)| (name, word(arrival)))
            .collect();
        (app, Status { deployment_status })
    });
    let deployment_status: BTreeMap<_, _> = apps.collect();
    Ok(serde_json::to_string(&Status { deployment_status })?)
}

/// The answer to `GET /api/environments/…/applications/…/commit`; what is not known is left out.
pub(crate) fn deployment_commit(source: &BTreeMap<Field, String>) -> String {
    let text = |field: Field| source.get(&field).map(String::as_str).unwrap_or_default();
    let source = Json::filled(&[
        ("author", text(Field::SourceAuthor)),
        ("commit_id", text(Field::SourceCommitId)),
        ("commit_message", text(Field::SourceMessage)),
    ]);
    source.to_string()
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
