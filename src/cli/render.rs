//! `trainyard render`

use anyhow::Result;
use clap::{ArgGroup, Args};

use super::exit::{Exit, MEND};
use super::operation::Operation;
use super::session::{Request, Session};
use crate::git::{Failure, FailureKind};
use crate::plan::render::{RenderTarget, check, render};
use crate::plan::{Done, Outcome};
use crate::report::Input;
use crate::state::{EnvName, GroupName};

/// Write derived files again: the manifests that are applied, and the Argo CD files
///
/// After a change by hand that was meant to last only for an emergency. Locks of the kind `manifest` are heeded.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("place").required(true))]
#[command(after_help = "Examples:
  trainyard render -e staging
  trainyard render --all --check")]
pub(super) struct RenderArgs {
    /// The environment
    #[arg(short, long, value_name = "ENV", group = "place")]
    environment: Option<EnvName>,
    /// The environments of a group
    #[arg(
        short = 'g',
        long,
        value_name = "GROUP",
        alias = "group",
        group = "place"
    )]
    environment_group: Option<GroupName>,
    /// All environments
    #[arg(long, group = "place")]
    all: bool,
    /// Only say which files differ, and exit with 10 if any does
    #[arg(long)]
    check: bool,
}

impl RenderArgs {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let target = self.target();
        match self.operation() {
            Some(operation) => operation.run(session),
            None => {
                let outcome = session.look(|tree, ground| check(tree, ground, &target), differs)?;
                check_reasons(&outcome)?;
                Ok(if differs(&outcome) {
                    Exit::ChangesPending
                } else {
                    Exit::Done
                })
            }
        }
    }

    /// The change that is asked for; `None` if files are only checked.
    pub(super) fn operation(self) -> Option<Operation> {
        if self.check {
            return None;
        }
        let target = self.target();
        let (name, value) = match &target {
            RenderTarget::Environment(name) => ("Environment", name.to_string()),
            RenderTarget::Group(name) => ("Environment-Group", name.to_string()),
            RenderTarget::All => ("Environment", "(all)".to_owned()),
        };
        let request = Request {
            operation: "render",
            inputs: vec![Input { name, value }],
            identity: format!("{target:?}"),
            counts: false,
        };
        Some(Operation::new(request, move |draft, ground| {
            render(draft, ground, &target)
        }))
    }

    fn target(&self) -> RenderTarget {
        match (&self.environment, &self.environment_group) {
            (Some(name), _) => RenderTarget::Environment(name.clone()),
            (None, Some(name)) => RenderTarget::Group(name.clone()),
            (None, None) => RenderTarget::All,
        }
    }
}

/// Fails if something in the repository keeps anybody from telling what its files shall be.
fn check_reasons(outcome: &Outcome) -> Result<()> {
    match &outcome.done {
        Done::RenderChecked(rendered) if !rendered.reasons.is_empty() => {
            let failure = Failure::new(FailureKind::Invalid, rendered.reasons.join("\n"));
            Err(failure.hint(MEND).into())
        }
        _ => Ok(()),
    }
}

/// Whether some file differs that no lock keeps so.
fn differs(outcome: &Outcome) -> bool {
    matches!(&outcome.done, Done::RenderChecked(rendered) if !rendered.files.is_empty())
}
