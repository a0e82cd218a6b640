//! Commit data: tells the source commits of releases what becomes of them, if the repository asks for it.

use anyhow::Result;

use super::Ground;
use super::place::Place;
use crate::state::commits::{self, Event, EventPlace, SourceTrain};
use crate::state::release::{self, Field, Release};
use crate::state::{AppName, CommitId, GroupName, PlacedLock, Upstream, Version};
use crate::tree::Draft;

/// How a release comes to an environment.
#[derive(Clone, Copy, Debug)]
pub(super) enum Route<'a> {
    /// By itself: released, deployed, or let go from the queue.
    Alone,
    /// On a train, to an environment or to a group.
    Train {
        upstream: &'a Upstream,
        group: Option<&'a GroupName>,
    },
}

/// A new release was built from its source commit.
pub(super) fn released(
    draft: &mut Draft,
    ground: &Ground,
    app: &AppName,
    release: &Release,
) -> Result<()> {
    let field = |field| release.fields.get(&field).map(String::as_str);
    let commit = |name| field(name).and_then(CommitId::found);
    let Some(source) = commit(Field::SourceCommitId).filter(|_| ground.options.commit_data) else {
        return Ok(());
    };
    let message = field(Field::SourceMessage).unwrap_or_default();
    commits::store(draft, &source, app, message)?;
    if let Some(previous) = commit(Field::PreviousCommitId) {
        commits::link(draft, &source, &previous)?;
    }
    let environments = release.manifests.keys().collect();
    add(draft, ground, &source, &Event::NewRelease(environments))
}

/// A release runs, in place of another one or as the first.
pub(super) fn deployed(
    draft: &mut Draft,
    ground: &Ground,
    place: &Place,
    (from, to): (Option<Version>, Version),
    route: Route,
) -> Result<()> {
    let Some(source) = source(draft, ground, place.app, to)? else {
        return Ok(());
    };
    let train = match route {
        Route::Alone => None,
        Route::Train { upstream, group } => Some(SourceTrain { upstream, group }),
    };
    add(draft, ground, &source, &Event::Deployment(at(place), train))?;
    let Some(from) = from.filter(|from| *from != to) else {
        return Ok(());
    };
    match self::source(draft, ground, place.app, from)? {
        Some(replaced) if replaced != source => {
            let event = Event::ReplacedBy(at(place), &source);
            add(draft, ground, &replaced, &event)
        }
        Some(_) | None => Ok(()),
    }
}

/// Locks hold a release back, and it waits in the queue.
pub(super) fn held_back(
    draft: &mut Draft,
    ground: &Ground,
    place: &Place,
    version: Version,
    behind: &[PlacedLock],
) -> Result<()> {
    // A lock on the environment comes before one on the app, and that one before one on its team.
    let Some(lock) = behind.iter().min_by_key(|placed| &placed.scope) else {
        return Ok(());
    };
    match source(draft, ground, place.app, version)? {
        Some(source) => add(
            draft,
            ground,
            &source,
            &Event::LockPrevented(at(place), lock),
        ),
        None => Ok(()),
    }
}

/// Takes a release that is about to go out of the data of its commit, whether or not the repository still asks for it.
pub(super) fn forget(draft: &mut Draft, app: &AppName, going: Version) -> Result<()> {
    let Some(commit) = release::source_commit(draft, app, going)? else {
        return Ok(());
    };
    if !commits::has_app(draft, &commit, app)? {
        return Ok(());
    }
    for version in release::versions(draft, app)? {
        let source = release::source_commit(draft, app, version)?;
        if version != going && source.as_ref() == Some(&commit) {
            return Ok(());
        }
    }
    commits::forget(draft, &commit, app)
}

/// The commit of a release, with its data begun where that was not yet asked for when it was released.
fn source(
    draft: &mut Draft,
    ground: &Ground,
    app: &AppName,
    version: Version,
) -> Result<Option<CommitId>> {
    if !ground.options.commit_data {
        return Ok(None);
    }
    let Some(commit) = release::source_commit(draft, app, version)? else {
        return Ok(None);
    };
    if !commits::has_app(draft, &commit, app)? {
        let message = release::field(draft, app, version, Field::SourceMessage)?;
        commits::store(draft, &commit, app, &message.unwrap_or_default())?;
    }
    Ok(Some(commit))
}

fn at<'a>(place: &Place<'a>) -> EventPlace<'a> {
    EventPlace {
        environment: place.environment,
        app: place.app,
    }
}

/// Adds an event. Those of one command follow each other by a tick of 100 ns, in the order in which things happen.
fn add(draft: &mut Draft, ground: &Ground, commit: &CommitId, event: &Event) -> Result<()> {
    let ticks = ground.context.now.ticks() + ground.next_event();
    commits::add(draft, commit, event, ticks)
}

#[cfg(test)]
mod tests;
