//! An operation as data: all that another command needs to do it in place of the one that was asked for it.

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

use super::operation::{Operation, together};
use super::{deploy, lock, release, train};
use crate::plan::deploy::Deploy;
use crate::plan::release::NewRelease;
use crate::plan::train::Train;
use crate::plan::unlock::RemoveLocks;
use crate::state::{Actor, Moment};

/// An operation that somebody else can do: it depends on nothing but the state it is done on, the person and the instant.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum Portable {
    Release(NewRelease),
    Deploy(Deploy),
    Lock(lock::Wish),
    Unlock(RemoveLocks),
    ReleaseTrain(Train),
    /// Several as one.
    Together {
        name: Name,
        operations: Vec<Portable>,
    },
}

/// What several operations as one are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Name {
    Apply,
    Release,
}

impl Name {
    /// The command.
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Release => "release",
        }
    }
}

impl Portable {
    /// The operation, checked as if it had been typed here. Fails if nobody could have typed it.
    pub(super) fn operation(self) -> Result<Operation> {
        match self {
            Self::Release(request) => release::checked(request),
            Self::Deploy(request) => Ok(deploy::operation(request)),
            Self::Lock(wish) => lock::checked(wish),
            Self::Unlock(request) => Ok(lock::removal(request)),
            Self::ReleaseTrain(request) => {
                ensure!(
                    request.source.is_none(),
                    "a point in the history is not the same everywhere"
                );
                Ok(train::operation(request, None))
            }
            Self::Together { name, operations } => {
                ensure!(!operations.is_empty(), "it holds no operation");
                let releases = |each: &Self| matches!(each, Self::Release(_));
                ensure!(
                    name != Name::Release || operations.iter().all(releases),
                    "a release of several apps holds nothing but releases"
                );
                let operations = operations.into_iter().map(|each| {
                    ensure!(
                        !matches!(each, Self::Together { .. }),
                        "a list holds no list"
                    );
                    each.operation()
                });
                Ok(together(name, operations.collect::<Result<_>>()?))
            }
        }
    }

    /// Whether it brings manifests, which somebody here may want to see signed.
    pub(super) fn brings_manifests(&self) -> bool {
        match self {
            Self::Release(request) => !request.manifests.is_empty(),
            Self::Deploy(_) | Self::Lock(_) | Self::Unlock(_) | Self::ReleaseTrain(_) => false,
            Self::Together { operations, .. } => operations.iter().any(Self::brings_manifests),
        }
    }
}

/// The form of letters that this program writes and understands.
const FORM: u32 = 1;

/// An operation with the person and the instant it is done for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Letter {
    form: u32,
    pub(super) actor: Actor,
    instant: String,
    pub(super) operation: Portable,
}

impl Letter {
    /// The text that carries an operation.
    pub(super) fn write(operation: &Portable, actor: &Actor, instant: Moment) -> Result<String> {
        let letter = Self {
            form: FORM,
            actor: actor.clone(),
            instant: instant.to_exact(),
            operation: operation.clone(),
        };
        serde_json::to_string(&letter).context("writing down the operation")
    }

    /// Reads such a text, whoever wrote it.
    pub(super) fn read(text: &str) -> Result<Self> {
        let letter: Self = serde_json::from_str(text)?;
        ensure!(
            letter.form == FORM,
            "it has the form {}, and {FORM} is known",
            letter.form
        );
        Ok(letter)
    }

    /// When it was asked for.
    pub(super) fn instant(&self) -> Result<Moment> {
        Moment::parse(&self.instant)
    }
}
