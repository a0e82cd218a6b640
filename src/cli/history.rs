//! `trainyard history`

use anyhow::Result;
use clap::Args;

use super::exit::Exit;
use super::session::Session;
use super::view::{FocusArgs, look_back};
use crate::plan::view::{View, history};
use crate::state::When;

/// Tell who moved what, from where to where, when, and by which operation
///
/// Reads the commits of the manifest repository. What moved is what the commits changed, whichever tool made them.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainyard history
  trainyard history cart -e staging
  trainyard history -g prod --since 2w -o markdown")]
pub(super) struct HistoryArgs {
    #[command(flatten)]
    focus: FocusArgs,
    /// So many commits at most; 0: all
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Nothing from before: an instant, a day, or an age such as `12h` and `2w`
    #[arg(long, value_name = "WHEN")]
    since: Option<When>,
}

impl HistoryArgs {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let focus = self.focus.into();
        let limit = (self.limit > 0).then_some(self.limit);
        let mut request = history::Request {
            focus,
            limit,
            since: None,
        };
        if let Some(when) = self.since {
            request.since = Some(when.instant(session.now())?);
        }
        let group = request.focus.group.as_ref();
        look_back(session, group, |(tree, past), ground| {
            let told = history::tell(tree, ground, past, &request)?;
            Ok(View::History(told))
        })?;
        Ok(Exit::Done)
    }
}
