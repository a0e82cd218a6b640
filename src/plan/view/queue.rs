//! Every version that waits in a queue, and what it waits for.

use anyhow::Result;

use super::Focus;
use crate::plan::Ground;
use crate::state::deployment::Linked;
use crate::state::release::{self, Field, ReleaseKind};
use crate::state::{
    AppName, EnvName, FreeText, Locks, Moment, PlacedLock, Version, deployment, queue,
};
use crate::tree::{ReadPast, ReadTree, Since};

/// What waits, the longest first.
#[derive(Debug)]
pub(crate) struct QueueList {
    pub(crate) waiting: Vec<Waiting>,
}

/// A version in the queue of an app on an environment.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) app: AppName,
    pub(crate) environment: EnvName,
    /// The version, or the broken link in its place.
    pub(crate) waits: Linked,
    pub(crate) kind: ReleaseKind,
    pub(crate) display_version: Option<FreeText>,
    /// What runs meanwhile, if anything does.
    pub(crate) runs: Option<Version>,
    /// What it waits for. Without any, the next unlock or deployment ends its wait.
    pub(crate) locks: Vec<PlacedLock>,
    pub(crate) since: Option<WaitsSince>,
}

/// Since when something waits, as the history of the manifest repository tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WaitsSince {
    pub(crate) at: Moment,
    /// It waited then already, and what was before is not here: the clone is shallow.
    pub(crate) or_longer: bool,
}

impl WaitsSince {
    fn of(since: &Since) -> Self {
        Self {
            at: Moment::of_seconds(since.commit().seconds),
            or_longer: matches!(since, Since::BeforeOrAt(_)),
        }
    }

    /// How long before `now` it began.
    pub(crate) fn age(self, now: Moment) -> String {
        let age = self.at.age(now);
        if self.or_longer {
            format!("{age} or before")
        } else {
            age
        }
    }
}

/// Lists what waits.
pub(crate) fn list(
    tree: &dyn ReadTree,
    past: &dyn ReadPast,
    ground: &Ground,
    focus: &Focus,
) -> Result<QueueList> {
    let waiting = waiting(tree, ground, focus)?;
    QueueList { waiting }.aged(past)
}

impl QueueList {
    /// The same with the longest wait first, and since when each one waits. Equally long ones stay as they are.
    pub(super) fn aged(mut self, past: &dyn ReadPast) -> Result<Self> {
        let path = |each: &Waiting| queue::path(&each.environment, &each.app);
        let since = past.since(&self.waiting.iter().map(path).collect())?;
        for each in &mut self.waiting {
            each.since = since.get(&path(each)).map(WaitsSince::of);
        }
        self.waiting
            .sort_by_key(|each| (each.since.is_none(), each.since));
        Ok(self)
    }
}

/// What waits, by environment, the nearest to the releases first, and app.
fn waiting(tree: &dyn ReadTree, ground: &Ground, focus: &Focus) -> Result<Vec<Waiting>> {
    focus.check(tree, ground)?;
    let mut waiting = Vec::new();
    for environment in focus.environments(ground)? {
        let name = &environment.name;
        let locks = Locks::read(tree, name)?;
        for app in deployment::apps(tree, name)? {
            let waits = queue::waiting(tree, name, &app)?;
            if waits == Linked::Nothing || !focus.shows(tree, &app)? {
                continue;
            }
            let (kind, display_version) = match &waits {
                Linked::To(version) => (
                    release::kind(tree, &app, *version)?,
                    release::field(tree, &app, *version, Field::DisplayVersion)?.map(FreeText),
                ),
                Linked::Nothing | Linked::Broken(_) => (ReleaseKind::Ordinary, None),
            };
            let runs = deployment::current(tree, name, &app)?;
            waiting.push(Waiting {
                runs: runs.version().ok().flatten(),
                locks: locks.in_force(tree, &app)?,
                environment: name.clone(),
                app,
                waits,
                kind,
                display_version,
                since: None,
            });
        }
    }
    Ok(waiting)
}

#[cfg(test)]
mod tests;
