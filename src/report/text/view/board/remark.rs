//! What there is to say of a cell besides what runs in it: as a mark in a table, and in words.

use std::collections::BTreeMap;

use anstyle::Style;

use crate::plan::view::board::{Board, Cell, Column, Lag, Row, Runs};
use crate::report::text::{FAINT, FAULT, WAITS};
use crate::state::Version;
use crate::state::deployment::Linked;
use crate::state::release::ReleaseKind;

/// One thing to say of a cell. Marks are plain ASCII: they look the same on every terminal and in every log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Remark {
    /// Nothing runs, but something could.
    NotYet,
    /// Nothing runs, and nothing is meant to.
    NotMeant,
    /// The link of what runs cannot be used.
    Broken,
    /// A release runs that undeploys the app.
    Undeployed,
    /// So many releases behind the upstream.
    Behind(usize),
    /// So many releases ahead of the upstream.
    Ahead(usize),
    /// This version waits in the queue.
    Waits(Version),
    /// The link in the queue cannot be used.
    WaitsBroken,
    /// The app or its team is locked there.
    Locked,
    /// A lock keeps the manifest as it is.
    Kept,
}

/// All that there is to say of a cell.
pub(in crate::report) fn remarks((column, row, cell): (&Column, &Row, &Cell)) -> Vec<Remark> {
    let runs = match &cell.runs {
        Runs::Release(version, _) => {
            let kind = row.facts(*version).map(|facts| facts.kind);
            (kind == Some(ReleaseKind::Undeploy)).then_some(Remark::Undeployed)
        }
        Runs::NotYet => Some(Remark::NotYet),
        Runs::NotMeant => Some(Remark::NotMeant),
        Runs::Broken(_) => Some(Remark::Broken),
    };
    let lag = match cell.lag {
        Lag::Behind { releases, .. } => Some(Remark::Behind(releases)),
        Lag::Ahead { releases, .. } => Some(Remark::Ahead(releases)),
        Lag::Unknown | Lag::Level => None,
    };
    let waits = match &cell.waits {
        Linked::To(version) => Some(Remark::Waits(*version)),
        Linked::Broken(_) => Some(Remark::WaitsBroken),
        Linked::Nothing => None,
    };
    let locked = cell.is_locked(column, row).then_some(Remark::Locked);
    let kept = (!cell.manifest_locks.is_empty()).then_some(Remark::Kept);
    let all = [runs, lag, waits, locked, kept];
    all.into_iter().flatten().collect()
}

impl Remark {
    /// Whether it stands in place of the version.
    pub(super) fn replaces_version(self) -> bool {
        match self {
            Self::NotYet | Self::NotMeant | Self::Broken | Self::Undeployed => true,
            Self::Behind(_)
            | Self::Ahead(_)
            | Self::Waits(_)
            | Self::WaitsBroken
            | Self::Locked
            | Self::Kept => false,
        }
    }

    /// Its mark in a table.
    pub(super) fn mark(self) -> String {
        match self {
            Self::NotYet => "none".to_owned(),
            Self::NotMeant => ".".to_owned(),
            Self::Broken => "broken".to_owned(),
            Self::Undeployed => "gone".to_owned(),
            Self::Behind(releases) => format!("-{releases}"),
            Self::Ahead(releases) => format!("+{releases}"),
            Self::Waits(version) => format!(">{version}"),
            Self::WaitsBroken => ">broken".to_owned(),
            Self::Locked => "L".to_owned(),
            Self::Kept => "M".to_owned(),
        }
    }

    /// What its mark means.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::NotYet => "none not deployed yet",
            Self::NotMeant => ". not meant for it",
            Self::Broken => "broken the link cannot be used",
            Self::Undeployed => "gone undeployed",
            Self::Behind(_) => "-N releases behind its upstream",
            Self::Ahead(_) => "+N releases ahead of its upstream",
            Self::Waits(_) => ">N waits in the queue",
            Self::WaitsBroken => ">broken the link in the queue cannot be used",
            Self::Locked => "L locked",
            Self::Kept => "M a lock keeps the manifest",
        }
    }

    /// It in words.
    pub(in crate::report) fn words(self) -> String {
        match self {
            Self::NotYet => "not deployed".to_owned(),
            Self::NotMeant => "–".to_owned(),
            Self::Broken => "broken link".to_owned(),
            Self::Undeployed => "undeployed".to_owned(),
            Self::Behind(releases) => format!("{releases} behind"),
            Self::Ahead(releases) => format!("{releases} ahead"),
            Self::Waits(version) => format!("{version} queued"),
            Self::WaitsBroken => "broken link in the queue".to_owned(),
            Self::Locked => "locked".to_owned(),
            Self::Kept => "manifest kept".to_owned(),
        }
    }

    pub(super) fn style(self) -> Style {
        match self {
            Self::NotYet | Self::NotMeant | Self::Undeployed => FAINT,
            Self::Behind(_) | Self::Ahead(_) | Self::Waits(_) => WAITS,
            Self::Broken | Self::WaitsBroken | Self::Locked | Self::Kept => FAULT,
        }
    }

    /// Where it stands among the others in a legend.
    fn place(self) -> u8 {
        match self {
            Self::Behind(_) => 0,
            Self::Ahead(_) => 1,
            Self::Waits(_) => 2,
            Self::WaitsBroken => 3,
            Self::Locked => 4,
            Self::Kept => 5,
            Self::Broken => 6,
            Self::NotYet => 7,
            Self::Undeployed => 8,
            Self::NotMeant => 9,
        }
    }
}

/// What the marks of a board mean, as far as they occur.
pub(super) fn legend(board: &Board) -> Vec<&'static str> {
    let mut meanings = BTreeMap::new();
    let mut add = |remark: Remark| meanings.insert(remark.place(), remark.meaning());
    for row in &board.rows {
        for (column, cell) in board.cells(row) {
            for remark in remarks((column, row, cell)) {
                add(remark);
            }
        }
    }
    if board.columns.iter().any(|column| !column.locks.is_empty()) {
        add(Remark::Locked);
    }
    meanings.into_values().collect()
}
