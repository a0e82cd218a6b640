//! `trainyard diff`

use anyhow::Result;
use clap::Args;

use super::exit::Exit;
use super::session::{Refs, Session};
use super::view::doubts_of;
use crate::plan::view::View;
use crate::plan::view::comparison::{Comparison, Request, compare};
use crate::plan::{Done, Outcome};
use crate::state::EnvPoint;

/// Put the versions of two environments side by side
///
/// Each is an environment or a group, as it is or as it was: `ENV@POINT` with a tag, a branch or a commit of the manifest repository. Each
/// member of a group is compared with the other side.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainyard diff staging prod
  trainyard diff development staging --all -o markdown
  trainyard diff staging@HEAD~1 staging --detailed-exitcode")]
pub(super) struct DiffArgs {
    /// One side
    #[arg(value_name = "ENV[@POINT]")]
    left: EnvPoint,
    /// The other side
    #[arg(value_name = "ENV[@POINT]")]
    right: EnvPoint,
    /// Also list the apps that run the same on both sides
    #[arg(long)]
    all: bool,
    /// Exit with 10 if something differs
    #[arg(long)]
    detailed_exitcode: bool,
}

impl DiffArgs {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let sources = [&self.left, &self.right].into_iter();
        let refs = Refs {
            sources: sources.filter_map(|point| point.at.clone()).collect(),
            tag: None,
        };
        let request = Request {
            left: self.left,
            right: self.right,
            all: self.all,
        };
        let outcome = session.look_with(
            &refs,
            |tree, ground| {
                ground.settled()?;
                Ok(Outcome {
                    done: Done::Viewed(View::Comparison(compare(tree, ground, &request)?)),
                    warnings: doubts_of(ground, [&request.left, &request.right]),
                })
            },
            |_| false,
        )?;
        let differs = match outcome.done {
            Done::Viewed(View::Comparison(seen)) => Comparison::differs(&seen),
            _ => false,
        };
        Ok(if self.detailed_exitcode && differs {
            Exit::ChangesPending
        } else {
            Exit::Done
        })
    }
}
