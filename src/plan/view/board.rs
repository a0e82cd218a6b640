//! The board: what runs of each app on each environment, what waits there and behind which locks, and how far it is behind.

mod column;
mod row;

use std::collections::BTreeSet;

use anyhow::Result;

use crate::plan::{Ground, known};
use crate::state::deployment::{BrokenLink, Linked};
use crate::state::{
    AppName, EnvName, Environment, GroupName, Moment, PlacedLock, TeamName, Version, deployment,
    release,
};
use crate::tree::ReadTree;
pub(crate) use column::Column;
use row::Surveyor;
pub(crate) use row::{Cell, Lag, ReleaseFacts, Row, Runs};

/// What a board is asked to show.
#[derive(Clone, Debug, Default)]
pub(crate) struct BoardRequest {
    /// One app only.
    pub(crate) app: Option<AppName>,
    pub(crate) reach: Reach,
    /// The apps of this team only.
    pub(crate) team: Option<TeamName>,
    /// Only the apps and environments with something of this kind.
    pub(crate) only: Option<Concern>,
}

/// The environments that a board is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Reach {
    #[default]
    Everywhere,
    Environment(EnvName),
    Group(GroupName),
}

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
    /// What it is limited to.
    pub(crate) request: BoardRequest,
    /// The environments: the nearest to the releases first, and those of a group together.
    pub(crate) columns: Vec<Column>,
    /// The apps, by name.
    pub(crate) rows: Vec<Row>,
}

/// How much there is on a board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) apps: usize,
    pub(crate) environments: usize,
    /// Cells that are behind their upstream.
    pub(crate) behind: usize,
    /// Cells with a version in the queue.
    pub(crate) queued: usize,
    pub(crate) locks: usize,
    /// Broken links.
    pub(crate) faults: usize,
}

/// A version in the queue, where it waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting<'a> {
    pub(crate) column: &'a Column,
    pub(crate) row: &'a Row,
    pub(crate) version: Version,
    cell: &'a Cell,
}

impl Waiting<'_> {
    /// What it waits for; nothing if no lock holds it back any longer.
    pub(crate) fn behind(&self) -> impl Iterator<Item = &PlacedLock> {
        in_force(self.column, self.row, self.cell)
    }
}

/// Reads the board.
pub(crate) fn board(tree: &dyn ReadTree, ground: &Ground, request: &BoardRequest) -> Result<Board> {
    let environments = environments(ground, &request.reach)?;
    let mut columns = Vec::with_capacity(environments.len());
    for environment in &environments {
        columns.push(Column::read(tree, ground, environment)?);
    }
    if let Some(app) = &request.app {
        known::app(tree, ground, app)?;
    }
    if let Some(team) = &request.team {
        known::team(tree, team)?;
    }
    let surveyor = Surveyor::new(tree, &environments);
    let mut rows = Vec::new();
    for app in apps(tree, &environments, request)? {
        let team = release::team(tree, &app)?;
        if request.team.is_none() || request.team == team {
            rows.push(surveyor.row(app, team)?);
        }
    }
    let mut board = Board {
        request: request.clone(),
        columns,
        rows,
    };
    board.leave_out();
    Ok(board)
}

/// The environments of the board: the nearest to the releases first. A group stands where its nearest environment does.
fn environments<'a>(ground: &'a Ground, reach: &Reach) -> Result<Vec<&'a Environment>> {
    let graph = &ground.environments;
    let mut environments = match reach {
        Reach::Everywhere => graph.iter().collect(),
        Reach::Environment(name) => vec![known::environment(ground, name)?],
        Reach::Group(name) => known::group(ground, name)?,
    };
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
fn apps(
    tree: &dyn ReadTree,
    environments: &[&Environment],
    request: &BoardRequest,
) -> Result<Vec<AppName>> {
    if let Some(app) = &request.app {
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
fn in_force<'a>(
    column: &'a Column,
    row: &Row,
    cell: &'a Cell,
) -> impl Iterator<Item = &'a PlacedLock> {
    let team = row.team.as_ref();
    let of_team = team.and_then(|team| column.team_locks.get(team));
    let locks = column.locks.iter().chain(&cell.locks);
    locks.chain(of_team.into_iter().flatten())
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

    /// The locks that hold an app back on an environment: on the environment, on the app, on its team.
    #[expect(
        clippy::unused_self,
        reason = "column, row and cell must be of one board"
    )]
    pub(crate) fn in_force<'a>(
        &'a self,
        (column, row, cell): (&'a Column, &'a Row, &'a Cell),
    ) -> impl Iterator<Item = &'a PlacedLock> {
        in_force(column, row, cell)
    }

    /// Every lock, the oldest first; last those whose age nobody knows.
    pub(crate) fn locks(&self) -> Vec<&PlacedLock> {
        let on_columns = self.columns.iter().flat_map(Column::all_locks);
        let cells = self.rows.iter().flat_map(|row| &row.cells);
        let on_cells = cells.flat_map(|cell| cell.locks.iter().chain(&cell.manifest_locks));
        let mut locks: Vec<_> = on_columns.chain(on_cells).collect();
        let key =
            |placed: &&'_ PlacedLock| (seniority(placed), placed.scope.clone(), placed.id.clone());
        locks.sort_by_cached_key(key);
        locks
    }

    /// Every version in the queue: first what waits behind the oldest lock.
    pub(crate) fn queue(&self) -> Vec<Waiting<'_>> {
        let mut queue = Vec::new();
        for row in &self.rows {
            for (column, cell) in self.cells(row) {
                match cell.waits {
                    Linked::To(version) => queue.push(Waiting {
                        column,
                        row,
                        version,
                        cell,
                    }),
                    Linked::Nothing | Linked::Broken(_) => {}
                }
            }
        }
        queue.sort_by_cached_key(|waiting| {
            let oldest = waiting.behind().map(seniority).min();
            (oldest.is_none(), oldest)
        });
        queue
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
        Tally {
            apps: self.rows.len(),
            environments: self.columns.len(),
            behind: cells().filter(|cell| cell.is_behind()).count(),
            queued: cells().filter(|cell| cell.queued().is_some()).count(),
            locks: self.locks().len(),
            faults: self.faults().count(),
        }
    }

    /// Leaves out what is not asked for.
    fn leave_out(&mut self) {
        if let Some(concern) = self.request.only {
            self.keep(concern);
        }
        let all_apps = self.request.app.is_none() && self.request.team.is_none();
        let all_teams = match self.request.only {
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
            self.rows.iter().any(about) || concern == Concern::Locked && column.is_locked()
        };
        let stay: Vec<_> = columns.iter().enumerate().map(stays).collect();
        self.columns = kept(columns, &stay);
        for row in &mut self.rows {
            row.cells = kept(std::mem::take(&mut row.cells), &stay);
        }
    }
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
            Self::Queued => cell.queued().is_some(),
            Self::Locked => {
                let team = row.team.as_ref();
                let of_team = team.is_some_and(|team| column.team_locks.contains_key(team));
                of_team || !cell.locks.is_empty() || !cell.manifest_locks.is_empty()
            }
        }
    }
}

#[cfg(test)]
mod tests;
