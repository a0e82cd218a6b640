//! `trainyard where`

use anyhow::Result;
use clap::Args;

use super::exit::Exit;
use super::session::Session;
use crate::plan::whereabouts::{Search, locate};
use crate::plan::{Done, Outcome};
use crate::state::{CommitPrefix, EnvName, InvalidName};

/// Say whether a source commit is deployed: where, since when, and by whom
///
/// It is where a release runs that was built from it, or from a later commit in whose history of previous commits it lies.
/// Exits with 0 if it is on every environment that its releases are meant for, else with 3.
#[derive(Debug, Args)]
pub(super) struct WhereArgs {
    /// The commit, or 7 digits of it or more
    #[arg(value_name = "COMMIT", value_parser = prefix)]
    commit: CommitPrefix,
    /// Only on this environment
    #[arg(short, long, value_name = "ENV")]
    environment: Option<EnvName>,
}

/// Digits in either case.
fn prefix(text: &str) -> Result<CommitPrefix, InvalidName> {
    text.to_ascii_lowercase().parse()
}

impl WhereArgs {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let request = Search {
            commit: self.commit,
            environment: self.environment,
        };
        let outcome = session.look(
            |tree, ground| {
                let done = Done::Located(locate(tree, ground, &request)?);
                Ok(Outcome {
                    done,
                    warnings: Vec::new(),
                })
            },
            |_| false,
        )?;
        let Done::Located(found) = outcome.done else {
            unreachable!("whoever looks for a commit finds whereabouts")
        };
        Ok(if found.is_everywhere() {
            Exit::Done
        } else {
            Exit::Refused
        })
    }
}
