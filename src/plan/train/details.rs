//! What somebody wants to know besides about what a train would deploy: how manifests change, and which source commits come along.

use anyhow::Result;

use super::{AppFate, EnvironmentPrognosis, Prognosis};
use crate::plan::cargo::{Cargo, Yard};
use crate::plan::change::{ManifestChange, change};
use crate::tree::ReadTree;

/// What is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wish {
    pub(crate) diff: Option<Form>,
    pub(crate) log: bool,
}

/// How much of a diff is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// How many lines go and come.
    Stat,
    Full,
}

/// What is known of one deployment, as far as it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) change: Option<ManifestChange>,
    pub(crate) cargo: Option<Cargo>,
}

/// Adds what is asked for to each deployment.
pub(crate) fn detail(tree: &dyn ReadTree, prognosis: &mut Prognosis, wish: Wish) -> Result<()> {
    let yard = Yard::within(tree);
    for (environment, prognosis) in &mut prognosis.environments {
        let apps = match prognosis {
            EnvironmentPrognosis::Runs { apps, .. } => apps,
            EnvironmentPrognosis::Skipped(_) => continue,
        };
        for (app, prognosis) in apps {
            let AppFate::Deploys { to, manifest, .. } = &prognosis.fate else {
                continue;
            };
            if let Some(form) = wish.diff {
                let change = change(tree, environment, app, manifest)?;
                prognosis.details.change = Some(match form {
                    Form::Stat => change.stat(),
                    Form::Full => change,
                });
            }
            if wish.log {
                prognosis.details.cargo = Some(yard.cargo(app, prognosis.current, *to)?);
            }
        }
    }
    Ok(())
}
