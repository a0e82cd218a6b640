//! What waits in the inbox, whoever wrote it: what comes of it is what somebody could have typed here.

use std::ffi::OsString;
use std::path::Path;

use super::change::{asked, id, identity, plan};
use crate::cli::fuzzing::with_program;
use crate::cli::lock::Wish;
use crate::cli::operation::Operation;
use crate::cli::portable::{Letter, Name, Portable};
use crate::cli::{Command, parse};
use crate::fuzzing::{assert_calm, assert_told, check_changes, told};
use crate::git::WAITS_AT_MOST;
use crate::plan::deploy::{Deploy, DeployTarget, WhenLocked};
use crate::plan::outcome::LockTarget;
use crate::plan::release::{NewRelease, Purpose};
use crate::plan::train::{OnLock, TargetKind, Train};
use crate::plan::unlock::{RemoveLocks, Which};
use crate::plan::verify::{Fault, Severity, verify};
use crate::plan::{Context, Ground, Outcome};
use crate::report::commit_message;
use crate::state::{Moment, Trace};
use crate::tree::{Change, ChangeSet, Entry, MemoryTree, ReadTree as _};

/// How many letters are read of one input.
const MOST: usize = 8;

/// Letters, of which there is one on each line, carried out one after the other: each asks for what somebody could have typed, and
/// leaves a sound repository.
pub(crate) fn letters(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut tree = MemoryTree::of(&[
        (
            "environments/dev/config.json",
            r#"{"upstream":{"latest":true},"argocd":{}}"#,
        ),
        (
            "environments/staging/config.json",
            r#"{"upstream":{"environment":"dev"},"environmentGroup":"test"}"#,
        ),
    ]);
    for letter in text.lines().take(MOST) {
        carry_out(&mut tree, letter);
    }
}

/// Does what a letter asks for, with all that must hold of it.
fn carry_out(tree: &mut MemoryTree, text: &str) {
    let Some(letter) = told(Letter::read(text)) else {
        return;
    };
    check_written(&letter);
    let portable = letter.operation.clone();
    let wanted = told(portable.clone().operation());
    let (Some(wanted), Some(then)) = (wanted, told(letter.instant())) else {
        return;
    };
    let id = id(identity(&wanted.request, &[], &letter.actor), then);
    assert!(asked(("2f6d1f3c", text), then).is_err(), "any id will do");
    assert!(asked((&id, text), long_from(then)).is_err(), "it is late");
    let Some(asked) = told(asked((&id, text), then)) else {
        return;
    };
    for name in [&asked.actor.name, &asked.actor.email] {
        let odd = |letter: char| letter.is_control() || "<>".contains(letter);
        assert!(!name.is_empty() && !name.raw().contains(odd), "{name}");
    }
    check_typed(&portable);
    check_operation(&asked.wanted, &portable);
    let context = Context {
        actor: asked.actor,
        now: asked.then,
        repo_url: "https://h.example/r.git".to_owned(),
        branch: "main".to_owned(),
    };
    let planned =
        Ground::begin(tree, &context).and_then(|ground| plan(tree, &ground, &asked.wanted.verb));
    let Some(plan) = told(planned) else {
        return;
    };
    assert_told(&plan.outcome, then);
    check_message(&plan.outcome, &asked.wanted, &id);
    tree.apply(&plan.changes);
    check_changes(tree, &plan.changes);
    check_manifests(tree, &plan.changes, &portable);
    let verified = verify(tree, &context).expect("it is still a manifest repository");
    // Nobody is kept from a lock because somebody else chose the same id in other letters.
    let is_fault =
        |fault: &&Fault| fault.severity() != Severity::Note && fault.kind() != "same-but-for-case";
    let fault = verified.faults.iter().find(is_fault);
    assert!(fault.is_none(), "{fault:?}");
}

/// What is written again says the same.
fn check_written(letter: &Letter) {
    let text = |letter: &Letter| serde_json::to_string(letter).expect("it is text");
    let again = Letter::read(&text(letter)).expect("we wrote it");
    assert_eq!(text(&again), text(letter));
    if let Ok(then) = letter.instant() {
        let (operation, actor) = (&letter.operation, &letter.actor);
        let ours = Letter::write(operation, actor, then).expect("it is text");
        let again = Letter::read(&ours).expect("we wrote it");
        assert_eq!(again.instant().expect("we wrote it"), then);
    }
}

/// An instant at which nobody does any more what was asked for then.
fn long_from(then: Moment) -> Moment {
    let away = if then.seconds() > 0 {
        -WAITS_AT_MOST
    } else {
        WAITS_AT_MOST
    };
    Moment::of_seconds(then.seconds() + away)
}

/// Operations are the same when all that they ask for is.
fn same(operation: &Operation, portable: &Portable) -> bool {
    let value = |portable| serde_json::to_value(portable).expect("it is text");
    operation.portable.as_ref().map(value) == Some(value(portable))
}

/// It asks for what stands in the letter, and for nothing that lies elsewhere.
fn check_operation(operation: &Operation, portable: &Portable) {
    assert!(same(operation, portable), "{portable:?}");
    assert!(operation.refs.sources.is_empty() && operation.refs.tag.is_none());
}

/// Fails unless somebody could have typed it: a line that asks for the same.
fn check_typed(portable: &Portable) {
    if let Portable::Together { name, operations } = portable {
        assert!(!operations.is_empty(), "a list of nothing");
        for each in operations {
            let is_release = matches!(each, Portable::Release(_));
            assert!(is_release || *name != Name::Release, "{each:?}");
            check_typed(each);
        }
        return;
    }
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let line = line(portable, folder.path());
    let shown = format!("{line:?}");
    let line = line.into_iter().map(OsString::from);
    let parsed = with_program(|program| parse(program.clone(), line));
    let (cli, places) = parsed.unwrap_or_else(|error| panic!("{shown}: {error}"));
    let Command::Change(change) = cli.command else {
        panic!("{shown} changes nothing");
    };
    let typed = change.operation(&places);
    let typed = typed.unwrap_or_else(|error| panic!("{shown}: {error:#}"));
    assert!(same(&typed, portable), "{shown} is not {portable:?}");
}

fn option(name: &str, value: impl AsRef<str>) -> String {
    format!("--{name}={}", value.as_ref())
}

/// The line that asks for the same. Manifests come from a folder.
fn line(portable: &Portable, folder: &Path) -> Vec<String> {
    let (command, options) = match portable {
        Portable::Release(request) => ("release", release(request, folder)),
        Portable::Deploy(request) => ("deploy", deploy(request)),
        Portable::Lock(Wish {
            target: place,
            id,
            message,
        }) => {
            let mut options = target(place);
            options.extend(id.iter().map(|id| option("lock-id", id)));
            options.push(option("message", message.raw()));
            ("lock", options)
        }
        Portable::Unlock(request) => ("unlock", unlock(request)),
        Portable::ReleaseTrain(request) => ("release-train", train(request)),
        Portable::Together { .. } => unreachable!("each has a line of its own"),
    };
    let words = ["trainyard", command].map(str::to_owned);
    words.into_iter().chain(options).collect()
}

fn release(request: &NewRelease, folder: &Path) -> Vec<String> {
    let mut options = vec![option("application", &request.app)];
    match request.purpose {
        Purpose::Undeploy => options.push("--undeploy".to_owned()),
        Purpose::Deploy => options.push(option("manifests", folder.to_string_lossy())),
    }
    let version = request.version.iter();
    options.extend(version.map(|version| option("version", version.to_string())));
    options.extend(request.team.iter().map(|team| option("team", team)));
    for (field, text) in &request.fields {
        options.push(option(&field.name().replace('_', "-"), text));
    }
    for (environment, text) in &request.manifests {
        let path = folder.join(format!("{environment}.yaml"));
        std::fs::write(path, text).expect("there is room");
    }
    options
}

fn deploy(request: &Deploy) -> Vec<String> {
    vec![
        option("application", &request.app),
        match &request.target {
            DeployTarget::Environment(name) => option("environment", name),
            DeployTarget::Group(name) => option("environment-group", name),
        },
        option("version", request.version.to_string()),
        option(
            "on-lock",
            match request.when_locked {
                WhenLocked::Queue => "queue",
                WhenLocked::Refuse => "fail",
                WhenLocked::Ignore => "ignore",
            },
        ),
    ]
}

fn unlock(request: &RemoveLocks) -> Vec<String> {
    let mut options = target(&request.target);
    options.push(match &request.which {
        Which::Id(id) => option("lock-id", id),
        Which::All => "--all".to_owned(),
    });
    options.extend(request.keep_queue.then(|| "--keep-queue".to_owned()));
    options
}

fn train(request: &Train) -> Vec<String> {
    let kind = match request.target_kind {
        TargetKind::Environment => "environment",
        TargetKind::Group => "environment-group",
        TargetKind::Unknown => "unknown",
    };
    let on_lock = match request.on_lock {
        OnLock::Queue => "queue",
        OnLock::Skip => "skip",
        OnLock::Fail => "fail",
    };
    let mut options = vec![
        option("target-environment", &request.target),
        option("target-type", kind),
        option("on-lock", on_lock),
    ];
    options.extend(request.team.iter().map(|team| option("team", team)));
    options
}

fn target(target: &LockTarget) -> Vec<String> {
    match target {
        LockTarget::Environment(environment) => vec![option("environment", environment)],
        LockTarget::App(environment, app) => {
            vec![
                option("environment", environment),
                option("application", app),
            ]
        }
        LockTarget::Team(environment, team) => {
            vec![option("environment", environment), option("team", team)]
        }
        LockTarget::Group(group) => vec![option("environment-group", group)],
        LockTarget::Manifest(environment, app) => vec![
            option("environment", environment),
            option("application", app),
            option("kind", "manifest"),
        ],
    }
}

/// The message says what was done under which id, and no text adds a trailer to it.
fn check_message(outcome: &Outcome, operation: &Operation, id: &str) {
    let request = &operation.request;
    let message = commit_message(outcome, request.operation, id, &request.inputs);
    let trace = Trace::read(&message).expect("it says what it is");
    assert_eq!(trace.operation, request.operation, "{message:?}");
    assert_eq!(trace.id.expect("it has an id").to_string(), id);
    for name in trace.inputs.keys() {
        let is_ours = request.inputs.iter().any(|input| input.name == name);
        assert!(is_ours, "{name:?} in {message:?}");
    }
    assert_calm(&message);
    let theirs = git2::message_trailers_strs(&message).expect("there is no NUL in it");
    let most = 2 + request.inputs.len();
    assert!(theirs.iter().count() <= most, "{message:?}");
}

/// Each manifest of a release that is written stood in the letter: nothing was read elsewhere.
fn check_manifests(tree: &MemoryTree, changes: &ChangeSet, portable: &Portable) {
    // One that takes an app away.
    let mut known = vec![" "];
    let each = match portable {
        Portable::Together { operations, .. } => operations.as_slice(),
        alone => std::slice::from_ref(alone),
    };
    for each in each {
        if let Portable::Release(request) = each {
            known.extend(request.manifests.values().map(String::as_str));
        }
    }
    for (path, change) in changes.iter() {
        let Change::Write(Entry::File(content)) = change else {
            continue;
        };
        let bytes = tree.bytes(content).expect("every content has its bytes");
        let text = String::from_utf8_lossy(&bytes);
        let is_release = path.as_str().starts_with("applications/");
        if is_release && path.name() == "manifests.yaml" {
            assert!(known.contains(&&*text), "`{path}` says {text:?}");
        }
    }
}
