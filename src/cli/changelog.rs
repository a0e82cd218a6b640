//! `trainyard changelog`

use anyhow::Result;
use clap::Args;

use super::exit::Exit;
use super::session::{Refs, Session};
use super::view::doubts_of;
use crate::plan::view::View;
use crate::plan::view::changelog::{Comparison, changelog};
use crate::plan::{Done, Outcome};
use crate::state::{AppName, EnvPoint, InvalidName, TeamName};

/// Tell the source commits between two environments, or two points of one
///
/// `prod..staging` is what a train from staging would bring to prod; `prod@v1..prod` is what has come to prod since v1. What waits in a
/// queue does not count.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainyard changelog prod..staging
  trainyard changelog prod@v1.2.0..prod -o markdown
  trainyard changelog prod..staging --team shop -a cart")]
pub(super) struct ChangelogArgs {
    /// Two environments or groups, each as it is or, with @ and a tag, a branch or a commit, as it was
    #[arg(value_name = "FROM..TO", value_parser = range)]
    range: Range,
    /// Only the apps of this team
    #[arg(short, long, value_name = "TEAM")]
    team: Option<TeamName>,
    /// Only this app
    #[arg(short, long, value_name = "APP", alias = "application")]
    app: Option<AppName>,
}

type Range = (EnvPoint, EnvPoint);

fn range(text: &str) -> Result<Range, InvalidName> {
    match text.split_once("..") {
        Some((from, to)) if !from.is_empty() && !to.is_empty() => Ok((from.parse()?, to.parse()?)),
        Some(_) | None => {
            let rule = "two environments are needed, such as `prod..staging` or `prod@v1..prod`";
            Err(InvalidName::new("range", text, rule))
        }
    }
}

impl ChangelogArgs {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let (from, to) = self.range;
        let refs = Refs {
            sources: from.at.iter().chain(&to.at).cloned().collect(),
            ..Refs::default()
        };
        let request = Comparison {
            from,
            to,
            team: self.team,
            app: self.app,
        };
        session.look_with(
            &refs,
            |tree, ground| {
                ground.settled()?;
                let view = View::Changelog(changelog(tree, ground, &request)?);
                Ok(Outcome {
                    done: Done::Viewed(view),
                    warnings: doubts_of(ground, [&request.from, &request.to]),
                })
            },
            |_| false,
        )?;
        Ok(Exit::Done)
    }
}
