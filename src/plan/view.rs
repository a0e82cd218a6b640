//! Views: what somebody sees of a repository. Each reads a tree and comes to plain data.

pub(crate) mod board;
pub(crate) mod changelog;
pub(crate) mod comparison;
mod focus;
pub(crate) mod history;
pub(crate) mod locks;
pub(crate) mod page;
pub(crate) mod permission;
pub(crate) mod queue;

use board::Board;
use changelog::Changelog;
use comparison::Comparison;
pub(crate) use focus::Focus;
use history::History;
use locks::LockList;
use page::Page;
use permission::Permission;
use queue::QueueList;

/// What was seen.
#[derive(Debug)]
pub(crate) enum View {
    Comparison(Comparison),
    History(History),
    Locks(LockList),
    Queue(QueueList),
    Permission(Permission),
    Board(Board),
    /// The board with all that a page has besides.
    Page(Box<Page>),
    Changelog(Changelog),
}

impl View {
    /// The name of the view: that of its command, and of its object for programs.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Comparison(_) => "diff",
            Self::History(_) => "history",
            Self::Locks(_) => "locks",
            Self::Queue(_) => "queue",
            Self::Permission(_) => "can-deploy",
            Self::Board(_) | Self::Page(_) => "status",
            Self::Changelog(_) => "changelog",
        }
    }
}
