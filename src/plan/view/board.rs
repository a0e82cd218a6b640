//! The board: what runs of each app on each environment, what waits there and behind which locks, and how far it is behind.

mod column;
mod row;

use std::collections::BTreeSet;

use anyhow::Result;

use super::Focus;
use super::locks::{ListedLock, LockList};
use super::queue::{QueueList, Waiting};
use crate::plan::Ground;
use crate::state::deployment::{BrokenLink, Linked};
use crate::state::release::ReleaseKind;
use crate::state::{AppName, Environment, Moment, PlacedLock, deployment, release};
use crate::tree::{ReadPast, ReadTree};
pub(crate) use column::Column;
use row::Surveyor;
pub(crate) use row::{Cell, Lag, ReleaseFacts, Row, Runs};

/// What somebody may look for on a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Concern {
    /// What is behind its upstream.
    Behind,
    /// Apps that a lock on the app, on its team or on its manifest is about; environments with any lock.
    Locked,
    /// What waits in the queue.
    Queued,
}

/// Apps × environments, as they are. Every row has a cell for each column, in their order.
#[derive(Debug)]
pub(crate) struct Board {
    /// The part of the repository that it shows.
    pub(crate) focus: Focus,
    /// If it shows only apps and environments with something of one kind.
    pub(crate) only: Option<Concern>,
    /// The environments: the nearest to the releases first, and those of a group together.
    pub(crate) columns: Vec<Column>,
    /// The apps, by name.
    pub(crate) rows: Vec<Row>,
    /// Everything in the queue.
    pub(crate) queue: QueueList,
}

/// How much there is on a board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) apps: usize,
    pub(crate) environments: usize,
    /// Cells that are behind their upstream.
    pub(crate) behind: usize,
    /// Cells with something in the queue.
    pub(crate) queued: usize,
    pub(crate) locks: usize,
    /// Broken links.
    pub(crate) faults: usize,
}

/// Reads the board.
pub(crate) fn board(
    tree: &dyn ReadTree,
    ground: &Ground,
    focus: &Focus,
    only: Option<Concern>,
) -> Result<Board> {
    focus.check(tree, ground)?;
    let environments = environments(ground, focus)?;
    let mut columns = Vec::with_capacity(environments.len());
    for environment in &environments {
        columns.push(Column::read(tree, ground, environment)?);
    }
    let surveyor = Surveyor::new(tree, &environments);
    let mut rows = Vec::new();
    for app in apps(tree, &environments, focus)? {
        let team = release::team(tree, &app)?;
        if focus.team.is_none() || focus.team == team {
            rows.push(surveyor.row(app, team)?);
        }
    }
    let mut board = Board {
        focus: focus.clone(),
        only,
        columns,
        rows,
        queue: QueueList {
            waiting: Vec::new(),
        },
    };
    board.leave_out();
    board.queue = board.queued();
    Ok(board)
}

/// The environments of the board: the nearest to the releases first. A group stands where its nearest environment does.
fn environments<'a>(ground: &'a Ground, focus: &Focus) -> Result<Vec<&'a Environment>> {
    let graph = &ground.environments;
    let mut environments = focus.environments(ground)?;
    let distance = |each: &Environment| graph.distance(each).unwrap_or(usize::MAX);
    environments.sort_by_cached_key(|each| {
        let nearest = match &each.group {
            Some(group) => graph.group(group).into_iter().map(distance).min(),
            None => None,
        };
        let place = nearest.unwrap_or_else(|| distance(each));
        let group = each.group.as_ref().map(ToString::to_string);
        let together = group.unwrap_or_else(|| each.name.to_string());
        (place, together, distance(each), each.name.clone())
    });
    Ok(environments)
}

/// The apps that have releases, or anything on one of these environments.
fn apps(tree: &dyn ReadTree, environments: &[&Environment], focus: &Focus) -> Result<Vec<AppName>> {
    if let Some(app) = &focus.app {
        return Ok(vec![app.clone()]);
    }
    let mut apps = release::apps(tree)?;
    for environment in environments {
        apps.extend(deployment::apps(tree, &environment.name)?);
    }
    apps.sort();
    apps.dedup();
    Ok(apps)
}

/// The locks that hold an app back on an environment: on the environment, on the app, on its team.
pub(crate) fn in_force<'a>(
    column: &'a Column,
    row: &Row,
    cell: &'a Cell,
) -> impl Iterator<Item = &'a PlacedLock> {
    let locks = column.locks.iter().chain(&cell.locks);
    locks.chain(column.on_team_of(row))
}

/// What sorts locks by age: the oldest first, last those whose age nobody knows.
fn seniority(placed: &PlacedLock) -> (bool, Option<Moment>) {
    let at = placed.lock.created_at;
    (at.is_none(), at)
}

impl Board {
    /// The cells of a row with their columns.
    pub(crate) fn cells<'a>(
        &'a self,
        row: &'a Row,
    ) -> impl DoubleEndedIterator<Item = (&'a Column, &'a Cell)> {
        self.columns.iter().zip(&row.cells)
    }

    /// Every lock, the oldest first; last those whose age nobody knows.
    pub(crate) fn locks(&self) -> LockList {
        let mut locks = Vec::new();
        for (place, column) in self.columns.iter().enumerate() {
            let cells = || self.rows.iter().map(|row| (row, &row.cells[place]));
            let waiting = cells().filter(|(_, cell)| cell.waits != Linked::Nothing);
            let waiting: Vec<_> = waiting.map(|(row, _)| row).collect();
            locks.extend(listed(&column.locks, &waiting));
            for (team, of_team) in &column.team_locks {
                let mut held = waiting.clone();
                held.retain(|row| row.team.as_ref() == Some(team));
                locks.extend(listed(of_team, &held));
            }
            for (row, cell) in cells() {
                let waits = cell.waits != Linked::Nothing;
                locks.extend(listed(&cell.locks, waits.then_some(row).as_slice()));
                locks.extend(listed(&cell.manifest_locks, &[]));
            }
        }
        locks.sort_by_key(|listed| seniority(&listed.lock));
        LockList { locks }
    }

    /// The same with what has waited longest at the head of the queue.
    pub(crate) fn aged(self, past: &dyn ReadPast) -> Result<Self> {
        let queue = self.queue.aged(past)?;
        Ok(Self { queue, ..self })
    }

    /// What waits in the cells: first what waits behind the oldest lock.
    fn queued(&self) -> QueueList {
        let mut waiting = Vec::new();
        for row in &self.rows {
            for (column, cell) in self.cells(row) {
                if cell.waits == Linked::Nothing {
                    continue;
                }
                let facts = cell.queued().and_then(|version| row.facts(version));
                waiting.push(Waiting {
                    app: row.app.clone(),
                    environment: column.environment.clone(),
                    waits: cell.waits.clone(),
                    kind: facts.map_or(ReleaseKind::Ordinary, |facts| facts.kind),
                    display_version: facts.and_then(|facts| facts.display_version.clone()),
                    runs: cell.running(),
                    locks: in_force(column, row, cell).cloned().collect(),
                    since: None,
                });
            }
        }
        waiting.sort_by_cached_key(|each| {
            let oldest = each.locks.iter().map(seniority).min();
            (oldest.is_none(), oldest)
        });
        QueueList { waiting }
    }

    /// The links that cannot be used, with the app and the environment.
    pub(crate) fn faults(&self) -> impl Iterator<Item = (&Row, &Column, &BrokenLink)> {
        self.rows.iter().flat_map(|row| {
            let cells = self.cells(row);
            cells.flat_map(move |(column, cell)| {
                cell.faults().map(move |broken| (row, column, broken))
            })
        })
    }

    /// How much there is.
    pub(crate) fn tally(&self) -> Tally {
        let cells = || self.rows.iter().flat_map(|row| &row.cells);
        let on_columns = self.columns.iter().map(Column::count_locks);
        let on_cells = cells().map(|cell| cell.locks.len() + cell.manifest_locks.len());
        Tally {
            apps: self.rows.len(),
            environments: self.columns.len(),
            behind: cells().filter(|cell| cell.is_behind()).count(),
            queued: cells().filter(|cell| cell.waits != Linked::Nothing).count(),
            locks: on_columns.chain(on_cells).sum(),
            faults: self.faults().count(),
        }
    }

    /// Leaves out what is not asked for.
    fn leave_out(&mut self) {
        if let Some(concern) = self.only {
            self.keep(concern);
        }
        let all_apps = self.focus.app.is_none() && self.focus.team.is_none();
        let all_teams = match self.only {
            None | Some(Concern::Locked) => all_apps,
            Some(Concern::Behind | Concern::Queued) => false,
        };
        if !all_teams {
            let teams = self.rows.iter().filter_map(|row| row.team.clone());
            let teams: BTreeSet<_> = teams.collect();
            for column in &mut self.columns {
                column.team_locks.retain(|team, _| teams.contains(team));
            }
        }
    }

    /// Keeps the rows and the columns that have something of the concern.
    fn keep(&mut self, concern: Concern) {
        let columns = std::mem::take(&mut self.columns);
        self.rows.retain(|row| {
            let mut cells = columns.iter().zip(&row.cells);
            cells.any(|(column, cell)| concern.is_about((column, row, cell)))
        });
        let stays = |(place, column): (usize, &Column)| {
            let about = |row: &Row| concern.is_about((column, row, &row.cells[place]));
            let of_its_own = match concern {
                Concern::Locked => column.count_locks() > 0,
                // Nobody knows what is behind there.
                Concern::Behind => column.is_misconfigured(),
                Concern::Queued => false,
            };
            of_its_own || self.rows.iter().any(about)
        };
        let stay: Vec<_> = columns.iter().enumerate().map(stays).collect();
        self.columns = kept(columns, &stay);
        for row in &mut self.rows {
            row.cells = kept(std::mem::take(&mut row.cells), &stay);
        }
    }
}

/// Locks with the apps that wait for them.
fn listed(locks: &[PlacedLock], waiting: &[&Row]) -> impl Iterator<Item = ListedLock> {
    locks.iter().map(|lock| ListedLock {
        lock: lock.clone(),
        waiting: waiting.iter().map(|row| row.app.clone()).collect(),
    })
}

/// Those whose place stays.
fn kept<T>(all: Vec<T>, stay: &[bool]) -> Vec<T> {
    let marked = all.into_iter().zip(stay);
    marked
        .filter_map(|(each, stays)| stays.then_some(each))
        .collect()
}

impl Concern {
    fn is_about(self, (column, row, cell): (&Column, &Row, &Cell)) -> bool {
        match self {
            Self::Behind => cell.is_behind(),
            Self::Queued => cell.waits != Linked::Nothing,
            Self::Locked => cell.is_locked(column, row) || !cell.manifest_locks.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests;
