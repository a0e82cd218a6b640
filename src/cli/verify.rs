//! `trainyard verify`

use anyhow::Result;
use clap::Args;

use super::exit::Exit;
use super::operation::Operation;
use super::session::{Request, Session};
use crate::plan::verify::{Severity, fix};
use crate::plan::{Done, Outcome};

/// Check the whole repository, and name each fault with its path and the command that mends it
///
/// Links, queues, locks, releases, configs, derived files, commit data, what other programs left, and what commands left in this clone that were
/// killed. Exits with 6 if there is an error; warnings count with `--strict`, notes never. A fix that has mended something exits with 0.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainyard verify
  trainyard verify --fix --dry-run
  trainyard verify --strict -o json")]
pub(super) struct VerifyArgs {
    /// Mend what is safe to mend, as one change: nothing that somebody may have written is deleted, and nothing else runs afterwards
    #[arg(long)]
    fix: bool,
    /// Exit with 6 for a warning, too
    #[arg(long)]
    strict: bool,
}

impl VerifyArgs {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let outcome = if self.fix {
            session.mend(&operation())?
        } else {
            session.examine()?
        };
        Ok(self.verdict(&outcome))
    }

    fn verdict(&self, outcome: &Outcome) -> Exit {
        let fails = |severity: Severity| match severity {
            Severity::Error => true,
            Severity::Warning => self.strict,
            Severity::Note => false,
        };
        match &outcome.done {
            // With 6 nothing has happened, as after every command: what is left is told by the next look.
            Done::Verified(verified)
                if verified.mended.as_deref().unwrap_or_default().is_empty()
                    && verified.faults.iter().any(|fault| fails(fault.severity())) =>
            {
                Exit::Invalid
            }
            _ => Exit::Done,
        }
    }
}

fn operation() -> Operation {
    let request = Request {
        operation: "verify",
        inputs: Vec::new(),
        identity: String::new(),
        counts: false,
    };
    Operation::beginning(request, fix)
}
