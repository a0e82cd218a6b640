//! The changelog between two environments, or between two points of one: what the second has that the first has not, app by app.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};

use crate::plan::cargo::{Cargo, Yard};
use crate::plan::{Ground, Refusal, Source, known};
use crate::state::deployment::{self, BrokenLink};
use crate::state::release::{self, ReleaseKind};
use crate::state::{AppName, EnvName, EnvPoint, EnvironmentGraph, TeamName, Upstream, Version};
use crate::tree::ReadTree;

/// What to compare.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    /// Environments or groups.
    pub(crate) from: EnvPoint,
    pub(crate) to: EnvPoint,
    /// Only the apps of this team.
    pub(crate) team: Option<TeamName>,
    pub(crate) app: Option<AppName>,
}

/// What comes from one side to the other.
#[derive(Debug)]
pub(crate) struct Changelog {
    pub(crate) from: End,
    pub(crate) to: End,
    pub(crate) team: Option<TeamName>,
    pub(crate) app: Option<AppName>,
    pub(crate) legs: Vec<Leg>,
}

/// One side, as it was asked for.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) point: EnvPoint,
    /// The state that it was looked up in; `None`: as it is now.
    pub(crate) source: Option<Source>,
}

/// The way from one environment to another.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) from: EnvName,
    pub(crate) to: EnvName,
    /// The apps that differ.
    pub(crate) apps: BTreeMap<AppName, Entry>,
    /// How many do not.
    pub(crate) unchanged: usize,
}

/// What becomes of an app.
#[derive(Debug)]
pub(crate) enum Entry {
    Moved {
        from: Option<Version>,
        to: Version,
        kind: ReleaseKind,
        cargo: Cargo,
        /// Whether it was deleted and made again in between, so that the numbers stand for other releases.
        remade: bool,
    },
    /// It runs on the first side only.
    Gone(Version),
    /// Nobody knows what one of the links stands for.
    Unknown(BrokenLink),
}

impl Leg {
    /// How many source commits are told, each counted once.
    pub(crate) fn commits(&self) -> usize {
        let cargos = self.apps.values().filter_map(|entry| match entry {
            Entry::Moved { cargo, .. } => Some(cargo),
            Entry::Gone(_) | Entry::Unknown(_) => None,
        });
        let pieces = cargos.flat_map(|cargo| &cargo.pieces);
        let commits: BTreeSet<_> = pieces.filter_map(|piece| piece.commit.as_ref()).collect();
        commits.len()
    }
}

/// Compares.
pub(crate) fn changelog(
    tree: &dyn ReadTree,
    ground: &Ground,
    request: &Comparison,
) -> Result<Changelog> {
    let now = &ground.environments;
    let from = Side::of((tree, now), ground, &request.from)?;
    let to = Side::of((tree, now), ground, &request.to)?;
    request.check([from.tree, to.tree])?;
    let yard = match (&from.source, &to.source) {
        (None, None) => Yard::within(tree),
        (_, _) => Yard::between(from.tree, to.tree),
    };
    let mut legs = Vec::new();
    for (one, other) in pairs(&from, &to)? {
        legs.push(leg(request, &yard, [(&from, one), (&to, other)])?);
    }
    let end = |side: Side, point: &EnvPoint| End {
        point: point.clone(),
        source: side.source,
    };
    Ok(Changelog {
        from: end(from, &request.from),
        to: end(to, &request.to),
        team: request.team.clone(),
        app: request.app.clone(),
        legs,
    })
}

impl Comparison {
    /// Fails if an app or a team is asked for that neither state knows.
    fn check(&self, [from, to]: [&dyn ReadTree; 2]) -> Result<()> {
        if let Some(app) = &self.app
            && !release::app_exists(from, app)?
            && !release::app_exists(to, app)?
        {
            return Err(known::no_app(to, app)?);
        }
        match &self.team {
            Some(team) => known::team(from, team).or_else(|_| known::team(to, team)),
            None => Ok(()),
        }
    }

    fn is_about(&self, [from, to]: [&dyn ReadTree; 2], app: &AppName) -> Result<bool> {
        if self.app.as_ref().is_some_and(|wanted| wanted != app) {
            return Ok(false);
        }
        let Some(team) = &self.team else {
            return Ok(true);
        };
        // Who has it on the second side; the first one tells where it is gone.
        let owner = match release::team(to, app)? {
            Some(owner) => Some(owner),
            None => release::team(from, app)?,
        };
        Ok(owner.as_ref() == Some(team))
    }
}

/// One side of a comparison, looked up.
struct Side<'a> {
    tree: &'a dyn ReadTree,
    source: Option<Source>,
    /// The environment, or those of the group.
    members: BTreeSet<EnvName>,
    /// The upstream of each of them.
    upstreams: BTreeSet<(EnvName, EnvName)>,
}

impl<'a> Side<'a> {
    fn of(
        (tree, graph): (&'a dyn ReadTree, &EnvironmentGraph),
        ground: &Ground<'a>,
        point: &EnvPoint,
    ) -> Result<Self> {
        let Some(at) = &point.at else {
            return Self::within((tree, graph), None, point);
        };
        let past = ground.past(at).context("it was looked up beforehand")?;
        let graph = EnvironmentGraph::read(past.tree)?;
        if graph.iter().next().is_none() {
            let point = past.source.clone();
            return Err(Refusal::NoStateThere { point }.into());
        }
        Self::within((past.tree, &graph), Some(past.source.clone()), point)
    }

    /// The group of that name, or else the environment, as for trains.
    fn within(
        (tree, graph): (&'a dyn ReadTree, &EnvironmentGraph),
        source: Option<Source>,
        point: &EnvPoint,
    ) -> Result<Self> {
        let members = known::members(graph, point.environment.as_ref(), &point.to_string())?;
        let upstreams = members.iter().filter_map(|each| match &each.upstream {
            Ok(Upstream::Environment(upstream)) => Some((each.name.clone(), upstream.clone())),
            Ok(Upstream::Latest) | Err(_) => None,
        });
        Ok(Self {
            tree,
            source,
            upstreams: upstreams.collect(),
            members: members.iter().map(|each| each.name.clone()).collect(),
        })
    }

    /// Whether one environment takes from the other.
    fn joins(&self, one: &EnvName, other: &EnvName) -> bool {
        let pair = |one: &EnvName, other: &EnvName| (one.clone(), other.clone());
        self.upstreams.contains(&pair(one, other)) || self.upstreams.contains(&pair(other, one))
    }
}

/// Which environments are compared: the same ones, if both sides share any; of two groups those that take from each other.
fn pairs(from: &Side, to: &Side) -> Result<Vec<(EnvName, EnvName)>> {
    let shared = from.members.intersection(&to.members);
    let shared: Vec<_> = shared.map(|name| (name.clone(), name.clone())).collect();
    if !shared.is_empty() {
        return Ok(shared);
    }
    let all = from.members.iter().flat_map(|one| {
        let others = to.members.iter();
        others.map(move |other| (one.clone(), other.clone()))
    });
    if from.members.len() == 1 || to.members.len() == 1 {
        return Ok(all.collect());
    }
    let joined = all.filter(|(one, other)| from.joins(one, other) || to.joins(one, other));
    let joined: Vec<_> = joined.collect();
    if joined.is_empty() {
        return Err(Refusal::UnrelatedGroups.into());
    }
    Ok(joined)
}

fn leg(
    request: &Comparison,
    yard: &Yard,
    [(from, one), (to, other)]: [(&Side, EnvName); 2],
) -> Result<Leg> {
    let mut names: BTreeSet<_> = deployment::apps(from.tree, &one)?.into_iter().collect();
    names.extend(deployment::apps(to.tree, &other)?);
    let mut apps = BTreeMap::new();
    let mut unchanged = 0;
    for app in names {
        if !request.is_about([from.tree, to.tree], &app)? {
            continue;
        }
        let before = deployment::current(from.tree, &one, &app)?.version();
        let after = deployment::current(to.tree, &other, &app)?.version();
        let entry = match (before, after) {
            (Err(broken), _) | (_, Err(broken)) => Entry::Unknown(broken),
            (Ok(None), Ok(None)) => continue,
            (Ok(Some(before)), Ok(None)) => Entry::Gone(before),
            (Ok(before), Ok(Some(after))) => {
                let remade = before.is_some() && yard.is_remade(&app)?;
                if before == Some(after) && !remade {
                    unchanged += 1;
                    continue;
                }
                let known = before.filter(|_| !remade);
                Entry::Moved {
                    from: before,
                    to: after,
                    kind: release::kind(to.tree, &app, after)?,
                    cargo: yard.cargo(&app, known, after)?,
                    remade,
                }
            }
        };
        apps.insert(app, entry);
    }
    Ok(Leg {
        from: one,
        to: other,
        apps,
        unchanged,
    })
}

#[cfg(test)]
mod tests;
