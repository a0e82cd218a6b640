//! Views for programs; each has its schema in `docs/schemas/`.

mod board;
mod comparison;
mod history;

use serde_json::{Map, Value, json};

mod changelog;

use super::{object, optional, version};
use crate::plan::view::View;
use crate::plan::view::locks::{ListedLock, LockList};
use crate::plan::view::permission::{Obstacle, Permission};
use crate::plan::view::queue::{QueueList, Waiting};
use crate::state::deployment::Linked;

pub(super) fn fields(view: &View) -> Map<String, Value> {
    object(match view {
        View::Comparison(seen) => comparison::comparison(seen),
        View::History(told) => history::history(told),
        View::Locks(list) => locks(list),
        View::Queue(list) => queue(list),
        View::Permission(permission) => answer(permission),
        View::Board(seen) => board::value(seen),
        View::Page(page) => board::value(&page.board),
        View::Changelog(changelog) => changelog::fields(changelog),
    })
}

fn locks(list: &LockList) -> Value {
    let locks = list.locks.iter().map(|ListedLock { lock, waiting }| {
        let mut fields = object(json!(lock));
        fields.insert("waiting".into(), json!(waiting));
        Value::Object(fields)
    });
    json!({ "locks": locks.collect::<Value>() })
}

fn queue(list: &QueueList) -> Value {
    json!({ "queue": list.waiting.iter().map(waits).collect::<Value>() })
}

fn waits(waiting: &Waiting) -> Value {
    let (queued, fault) = match &waiting.waits {
        Linked::To(queued) => (version(*queued), None),
        Linked::Nothing => (Value::Null, None),
        Linked::Broken(broken) => (Value::Null, Some(broken.to_string())),
    };
    json!({
        "application": waiting.app,
        "environment": waiting.environment,
        "queuedVersion": queued,
        "displayVersion": waiting.display_version,
        "releaseKind": waiting.kind.name(),
        "version": optional(waiting.runs),
        "since": waiting.since.map(|since| since.at),
        "sinceOrLonger": waiting.since.is_some_and(|since| since.or_longer),
        "locks": waiting.locks,
        "fault": fault,
    })
}

fn answer(permission: &Permission) -> Value {
    let obstacles = permission.obstacles.iter().map(|obstacle| {
        let lock = match obstacle {
            Obstacle::Locked(lock) => Some(lock),
            Obstacle::NoManifest(_)
            | Obstacle::Revision(_)
            | Obstacle::NoUpstream(_)
            | Obstacle::NothingUpstream(_)
            | Obstacle::Broken(_) => None,
        };
        json!({ "cause": obstacle.name(), "reason": obstacle.to_string(), "lock": lock })
    });
    json!({
        "application": permission.app,
        "environment": permission.environment,
        "version": optional(permission.version),
        "currentVersion": optional(permission.runs),
        "canDeploy": permission.is_given(),
        "obstacles": obstacles.collect::<Value>(),
        "manifestLocks": permission.keeping,
    })
}
