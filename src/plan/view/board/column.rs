//! A column of the board: one environment, where its versions come from, and what is locked on it.

use std::collections::BTreeMap;

use anyhow::Result;

use super::Row;
use crate::plan::Ground;
use crate::state::environment::NoUpstream;
use crate::state::{EnvName, Environment, GroupName, Locks, PlacedLock, TeamName, Upstream};
use crate::tree::ReadTree;

/// One environment.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) environment: EnvName,
    pub(crate) group: Option<GroupName>,
    pub(crate) upstream: Result<Upstream, NoUpstream>,
    /// How many environments lie between it and the releases; `None` if no way leads there.
    pub(crate) distance: Option<usize>,
    /// The locks on the whole environment.
    pub(crate) locks: Vec<PlacedLock>,
    /// The locks on teams, of those teams that have any.
    pub(crate) team_locks: BTreeMap<TeamName, Vec<PlacedLock>>,
}

impl Column {
    /// Whether its config must be mended before a train can go there.
    pub(super) fn is_misconfigured(&self) -> bool {
        match &self.upstream {
            Ok(_) | Err(NoUpstream::Missing) => false,
            Err(
                NoUpstream::Empty
                | NoUpstream::Both
                | NoUpstream::Unknown(_)
                | NoUpstream::Cycle(_)
                | NoUpstream::Unreadable(_),
            ) => true,
        }
    }

    pub(super) fn read(
        tree: &dyn ReadTree,
        ground: &Ground,
        environment: &Environment,
    ) -> Result<Self> {
        let locks = Locks::read(tree, &environment.name)?;
        Ok(Self {
            environment: environment.name.clone(),
            group: environment.group.clone(),
            upstream: environment.upstream.clone(),
            distance: ground.environments.distance(environment),
            locks: locks.on_environment().to_vec(),
            team_locks: locks.on_teams().clone(),
        })
    }

    /// The locks on the team of an app.
    pub(super) fn on_team_of(&self, row: &Row) -> &[PlacedLock] {
        let team = row.team.as_ref();
        let locks = team.and_then(|team| self.team_locks.get(team));
        locks.map_or(&[], Vec::as_slice)
    }

    /// How many locks are on the environment and on its teams.
    pub(super) fn count_locks(&self) -> usize {
        self.locks.len() + self.team_locks.values().map(Vec::len).sum::<usize>()
    }
}
