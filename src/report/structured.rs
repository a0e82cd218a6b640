//! For programs: one object for each command, described in `docs/commands.md`. Names are kuberpult's where it has them.

use serde_json::{Map, Value, json};

mod details;
mod environment;
mod verify;
mod view;
mod whereabouts;

use whereabouts::located;

use super::Fate;
use crate::plan::outcome::{
    AppDeleted, AppRemoved, Batch, Cleared, DeployRun, Deployed, Done, DropCause, Fault,
    ManifestStep, Outcome, QueueEnd, Released, Rendered, Unlocked,
};
use crate::plan::train::{
    AppFate, AppPrognosis, Details, EnvironmentPrognosis, Prognosis, QueueMove, Target, TrainRun,
};
use crate::state::Version;
use crate::state::deployment::Linked;

/// The object of an outcome.
pub(super) fn value(outcome: &Outcome, fate: &Fate) -> Value {
    let (name, mut fields) = named(outcome);
    fields.insert("schema".into(), json!(format!("trainyard/{name}/v1")));
    if !outcome.done.is_look() {
        let result = if fate.changed { "changed" } else { "unchanged" };
        fields.insert("result".into(), json!(result));
        fields.insert("applied".into(), json!(!fate.dry_run));
        fields.insert("commit".into(), json!(fate.commit));
    } else if matches!(outcome.done, Done::Foreseen(_) | Done::RenderChecked(_)) {
        fields.insert("changesPending".into(), json!(fate.changed));
    }
    if let Done::Train(_) | Done::Foreseen(_) = &outcome.done {
        let tag = fate.tag.as_ref();
        let tag = tag.map(|tag| json!({ "name": tag.name, "state": tag.state_name() }));
        fields.insert("tag".into(), json!(tag));
    }
    let warnings: Vec<_> = outcome.warnings.iter().chain(&fate.warnings).collect();
    fields.insert("warnings".into(), json!(warnings));
    Value::Object(fields)
}

/// The name of the object of an outcome.
pub(super) fn name(outcome: &Outcome) -> &'static str {
    named(outcome).0
}

/// The fields of an outcome, and the name of the object that has them.
fn named(outcome: &Outcome) -> (&'static str, Map<String, Value>) {
    match &outcome.done {
        Done::Released(released) => ("release", release(released)),
        Done::Deployed(run) => ("deploy", deploy(run)),
        Done::Locked(locked) => ("lock", object(json!({ "locks": locked.locks }))),
        Done::Unlocked(unlocked) => ("unlock", unlock(unlocked)),
        Done::Train(run) => ("release-train", train(run)),
        Done::Foreseen(prognosis) => ("prognosis", foreseen(prognosis)),
        Done::AppDeleted(deleted) => ("app-delete", app_deleted(deleted)),
        Done::AppRemoved(removed) => ("app-remove-environment", app_removed(removed)),
        Done::Batch(batch) => ("apply", applied(batch)),
        Done::Located(found) => ("where", located(found)),
        Done::Viewed(seen) => (seen.name(), view::fields(seen)),
        Done::Environment(done) => environment::fields(done),
        Done::Verified(verified) => ("verify", verify::fields(verified)),
        Done::Rendered(files) => ("render", rendered(files)),
        Done::RenderChecked(files) => ("render-check", rendered(files)),
    }
}

/// Each operation with its name and its own fields.
fn applied(batch: &Batch) -> Map<String, Value> {
    let operations = batch.outcomes.iter().map(|(name, outcome)| {
        let (_, mut fields) = named(outcome);
        fields.insert("operation".into(), json!(name));
        Value::Object(fields)
    });
    object(json!({ "operations": operations.collect::<Value>() }))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}

/// A version as a number; one of later kuberpult, with its revision, as text.
pub(super) fn version(version: Version) -> Value {
    if version.has_revision() {
        json!(version.to_string())
    } else {
        json!(version.number())
    }
}

fn versions<'a>(list: impl IntoIterator<Item = &'a Version>) -> Value {
    list.into_iter().map(|each| version(*each)).collect()
}

fn optional(maybe: Option<Version>) -> Value {
    maybe.map_or(Value::Null, version)
}

fn deployed(deployed: &Deployed) -> Value {
    match deployed {
        Deployed::Changed { from, to } => {
            json!({ "result": "deployed", "from": optional(*from), "version": version(*to) })
        }
        Deployed::AlreadyThere(there) => {
            json!({ "result": "unchanged", "version": version(*there) })
        }
        Deployed::Queued {
            version: queued,
            replaced,
            behind,
        } => json!({
            "result": "queued",
            "version": version(*queued),
            "replaced": optional(*replaced),
            "locks": behind,
        }),
    }
}

fn deployments<'a>(
    list: impl IntoIterator<Item = (&'a crate::state::EnvName, &'a Deployed)>,
) -> Map<String, Value> {
    list.into_iter()
        .map(|(name, each)| (name.as_ref().to_owned(), deployed(each)))
        .collect()
}

fn release(released: &Released) -> Map<String, Value> {
    let queue = released.queue.iter();
    let queue = queue.map(|(name, end)| (name.as_ref().to_owned(), queue_end(end)));
    object(json!({
        "application": released.app,
        "version": version(released.version),
        "releaseKind": released.kind.name(),
        "stored": released.stored,
        "highestVersion": version(released.highest.unwrap_or(released.version)),
        "deployments": deployments(&released.deployments),
        "waiting": released.waiting,
        "queue": Value::Object(queue.collect()),
        "removedReleases": versions(&released.removed),
    }))
}

fn deploy(run: &DeployRun) -> Map<String, Value> {
    object(json!({
        "application": run.app,
        "version": version(run.version),
        "releaseKind": run.kind.name(),
        "deployments": deployments(&run.deployments),
        "removedReleases": versions(&run.removed),
    }))
}

fn unlock(unlocked: &Unlocked) -> Map<String, Value> {
    let queue = unlocked.queue.iter().map(|((environment, app), end)| {
        let mut fields = object(queue_end(end));
        fields.insert("environment".into(), json!(environment));
        fields.insert("application".into(), json!(app));
        Value::Object(fields)
    });
    let manifests = unlocked.manifests.iter();
    let manifests = manifests.map(|((environment, app), step)| {
        let mut fields = object(manifest_step(step));
        fields.insert("environment".into(), json!(environment));
        fields.insert("application".into(), json!(app));
        Value::Object(fields)
    });
    let absent = unlocked.absent.iter();
    let absent = absent.map(|(scope, id)| json!({ "environment": scope.environment(), "id": id }));
    let cleaned = unlocked.cleaned.iter();
    let cleaned = cleaned.map(|(app, list)| (app.as_ref().to_owned(), versions(list)));
    object(json!({
        "removedLocks": unlocked.removed,
        "absentLocks": absent.collect::<Value>(),
        "queue": queue.collect::<Value>(),
        "manifests": manifests.collect::<Value>(),
        "removedReleases": Value::Object(cleaned.collect()),
    }))
}

fn manifest_step(step: &ManifestStep) -> Value {
    match step {
        ManifestStep::Written(runs) => json!({ "result": "written", "version": version(*runs) }),
        ManifestStep::InStep(runs) => json!({ "result": "unchanged", "version": version(*runs) }),
        ManifestStep::Kept {
            version: runs,
            locks,
            ..
        } => json!({ "result": "kept", "version": version(*runs), "locks": locks }),
        ManifestStep::Unknown(why) => json!({ "result": "unknown", "reason": why }),
    }
}

fn queue_end(end: &QueueEnd) -> Value {
    match end {
        QueueEnd::Deployed { from, to, kind } => json!({
            "result": "deployed",
            "from": optional(*from),
            "version": version(*to),
            "releaseKind": kind.name(),
        }),
        QueueEnd::StillLocked {
            version: waits,
            behind,
        } => {
            json!({ "result": "queued", "version": version(*waits), "locks": behind })
        }
        QueueEnd::Kept(waits) => json!({ "result": "kept", "version": version(*waits) }),
        QueueEnd::Dropped(cause) => {
            let dropped = match cause {
                DropCause::AlreadyDeployed(dropped) | DropCause::NoManifest(dropped) => {
                    version(*dropped)
                }
                DropCause::Broken(_) => Value::Null,
            };
            json!({ "result": "dropped", "version": dropped, "reason": cause.to_string() })
        }
    }
}

fn rendered(rendered: &Rendered) -> Map<String, Value> {
    let files = rendered.files.iter().map(|(path, fault)| {
        let fault = match fault {
            Fault::Differs => "differs",
            Fault::Missing => "missing",
        };
        json!({ "path": path.as_str(), "fault": fault })
    });
    let kept = rendered.kept.iter().map(|((environment, app), locks)| {
        json!({ "environment": environment, "application": app, "locks": locks })
    });
    object(json!({
        "environments": rendered.environments,
        "files": files.collect::<Value>(),
        "keptManifests": kept.collect::<Value>(),
        "unknown": rendered.reasons,
    }))
}

fn app_deleted(deleted: &AppDeleted) -> Map<String, Value> {
    let environments = deleted.environments.iter();
    let environments: Map<_, _> = environments
        .map(|(name, each)| (name.clone(), Value::Object(cleared(Some(each)))))
        .collect();
    object(json!({
        "application": deleted.app,
        "environments": environments,
        "removedReleases": versions(&deleted.releases),
    }))
}

fn app_removed(removed: &AppRemoved) -> Map<String, Value> {
    let mut fields = cleared(removed.cleared.as_ref());
    fields.extend(object(json!({
        "application": removed.app,
        "environment": removed.environment,
        "changedReleases": versions(&removed.releases),
    })));
    fields
}

/// What ran, what waited, and the locks; of a broken link nobody knows the version.
fn cleared(cleared: Option<&Cleared>) -> Map<String, Value> {
    let linked = |linked: &Linked| optional(linked.clone().version().ok().flatten());
    object(json!({
        "version": cleared.map(|each| linked(&each.runs)),
        "queuedVersion": cleared.map(|each| linked(&each.waits)),
        "removedLocks": cleared.map_or(&[][..], |each| &each.locks),
    }))
}

fn train(run: &TrainRun) -> Map<String, Value> {
    let mut fields = foreseen(&run.prognosis);
    let removed = run
        .removed
        .iter()
        .map(|(app, list)| (app.as_ref().to_owned(), versions(list)));
    fields.insert("removedReleases".into(), Value::Object(removed.collect()));
    fields
}

/// The shape of `GetReleaseTrainPrognosisResponse`, and beside it what else is known.
fn foreseen(prognosis: &Prognosis) -> Map<String, Value> {
    let environments = prognosis.environments.iter();
    let environments: Map<_, _> = environments
        .map(|(name, each)| (name.as_ref().to_owned(), environment(each)))
        .collect();
    let (kind, target) = match &prognosis.target {
        Target::Environment(name) => ("environment", name.as_ref()),
        Target::Group(name) => ("environment-group", name.as_ref()),
    };
    object(json!({
        "target": target,
        "targetType": kind,
        "team": prognosis.team,
        "sourceRef": prognosis.source.as_ref().map(|source| &source.name),
        "sourceCommit": prognosis.source.as_ref().map(|source| &source.commit),
        "envsPrognoses": environments,
    }))
}

fn environment(prognosis: &EnvironmentPrognosis) -> Value {
    match prognosis {
        EnvironmentPrognosis::Skipped(skip) => json!({
            "skipCause": skip.cause().name,
            "reason": skip.to_string(),
            "locks": skip.locks(),
        }),
        EnvironmentPrognosis::Runs { upstream, apps } => {
            let apps: Map<_, _> = apps
                .iter()
                .map(|(name, each)| (name.as_ref().to_owned(), app(each)))
                .collect();
            json!({ "upstream": upstream.to_string(), "appsPrognoses": { "prognoses": apps } })
        }
    }
}

fn app(prognosis: &AppPrognosis) -> Value {
    let mut fields = object(json!({ "currentVersion": optional(prognosis.current) }));
    let mut insert = |key: &str, value| fields.insert(key.to_owned(), value);
    match &prognosis.fate {
        AppFate::Deploys { to, kind, .. } => {
            insert("deployedVersion", version(*to));
            insert("releaseKind", json!(kind.name()));
            let Details { change, cargo } = &prognosis.details;
            if let Some(change) = change {
                insert("diff", details::change(change));
            }
            if let Some(cargo) = cargo {
                insert("log", details::cargo(cargo));
            }
        }
        AppFate::Skipped(skip) => {
            insert("skipCause", json!(skip.cause().name));
            insert("reason", json!(skip.to_string()));
            if let Some(held) = skip.held() {
                insert("heldVersion", version(held.version));
                insert("locks", json!(held.locks));
                let queued = match held.queue {
                    QueueMove::None => Value::Null,
                    QueueMove::Waits | QueueMove::Put { .. } => version(held.version),
                };
                insert("queuedVersion", queued);
            }
        }
    }
    Value::Object(fields)
}
