//! `trainyard status`

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::exit::Exit;
use super::session::Session;
use super::view::{FocusArgs, look_back};
use crate::plan::view::board::{Concern, board};
use crate::plan::view::page::page;
use crate::plan::view::{Focus, View};

/// Show what runs where, what waits behind which lock, and what is behind its upstream
///
/// The environments stand in the order in which versions come to them, those of a group together.
/// Of one app there is more: since when it runs, by whom, and what it was built from.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainyard status
  trainyard status cart
  trainyard status --only behind
  trainyard status -g prod -o markdown
  trainyard status -o html")]
pub(super) struct StatusArgs {
    #[command(flatten)]
    focus: FocusArgs,
    /// Only the apps and environments with something of this kind
    #[arg(long, value_enum, value_name = "WHAT")]
    only: Option<Only>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Only {
    /// What is behind its upstream
    Behind,
    /// What is locked
    Locked,
    /// What waits in the queue
    Queued,
}

impl From<Only> for Concern {
    fn from(only: Only) -> Self {
        match only {
            Only::Behind => Self::Behind,
            Only::Locked => Self::Locked,
            Only::Queued => Self::Queued,
        }
    }
}

impl StatusArgs {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let (focus, only): (Focus, _) = (self.focus.into(), self.only.map(Concern::from));
        look_back(session, focus.group.as_ref(), |(tree, past), ground| {
            if session.makes_page() {
                let page = page((tree, past), ground, (&focus, only))?;
                return Ok(View::Page(Box::new(page)));
            }
            let board = board(tree, ground, &focus, only)?;
            Ok(View::Board(board.aged(past)?))
        })?;
        Ok(Exit::Done)
    }
}
