//! Commit data: for each source commit the apps that were built from it, its neighbours, and what became of it, as events.

use anyhow::Result;

use super::{
    AppName, CommitId, EnvName, EventId, GroupName, LockScope, Moment, PlacedLock, Upstream,
};
use crate::tree::{Draft, Entry, Kind, ReadTree, RepoPath};

/// What happened to a source commit.
#[derive(Clone, Debug)]
pub(crate) enum Event<'a> {
    /// A release was built from it, with manifests for these environments.
    NewRelease(Vec<&'a EnvName>),
    /// Its release runs.
    Deployment(EventPlace<'a>, Option<SourceTrain<'a>>),
    /// Its release waits in the queue, behind this lock before all others.
    LockPrevented(EventPlace<'a>, &'a PlacedLock),
    /// The release of another commit runs instead of its own.
    ReplacedBy(EventPlace<'a>, &'a CommitId),
}

/// Where something happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventPlace<'a> {
    pub(crate) environment: &'a EnvName,
    pub(crate) app: &'a AppName,
}

/// The train that brought a release.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SourceTrain<'a> {
    pub(crate) upstream: &'a Upstream,
    /// The target, if it was a group.
    pub(crate) group: Option<&'a GroupName>,
}

impl Event<'_> {
    /// The files of the event, by their paths in its folder.
    fn files(&self) -> Vec<(RepoPath, String)> {
        let file = |name: &str, text: &str| (RepoPath::of(&[name]), text.to_owned());
        let place = |kind: &str, place: &EventPlace| {
            vec![
                file("eventType", kind),
                file("application", place.app.as_ref()),
                file("environment", place.environment.as_ref()),
            ]
        };
        match self {
            Self::NewRelease(environments) => {
                let folder = RepoPath::of(&["environments"]);
                let mut files = vec![file("eventType", "new-release")];
                // An empty map is a folder too.
                if environments.is_empty() {
                    files.push((folder.join(KEEP), String::new()));
                }
                let names = environments.iter();
                files.extend(names.map(|name| (folder.join(name).join(KEEP), String::new())));
                files
            }
            Self::Deployment(at, train) => {
                let mut files = place("deployment", at);
                if let Some(SourceTrain { upstream, group }) = train {
                    let upstream = match upstream {
                        Upstream::Latest => "",
                        Upstream::Environment(name) => name.as_ref(),
                    };
                    files.push(file("source_train_upstream", upstream));
                    files.extend(
                        group.map(|group| file("source_train_environment_group", group.as_ref())),
                    );
                }
                files
            }
            Self::LockPrevented(at, placed) => {
                let kind = match placed.scope {
                    LockScope::Environment(_) => "environment",
                    LockScope::App(..) => "application",
                    LockScope::Team(..) => "team",
                    // Never the one that holds a release back.
                    LockScope::Manifest(..) => "manifest",
                };
                let mut files = place("lock-prevented-deployment", at);
                files.push(file("lock_message", placed.lock.message.raw()));
                files.push(file("lock_type", kind));
                files
            }
            Self::ReplacedBy(at, commit) => {
                let mut files = place("replaced-by", at);
                files.push(file("commit", commit.as_ref()));
                files
            }
        }
    }
}

/// The file that keeps a folder without files in git.
const KEEP: &str = ".gitkeep";
const MESSAGE: &str = "source_message";
const PREVIOUS: &str = "previousCommit";
const NEXT: &str = "nextCommit";

/// The folder of all commit data.
pub(crate) fn root() -> RepoPath {
    RepoPath::of(&["commits"])
}

/// What stands in the folder of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// An empty file that keeps the folder.
    Keep,
    Message,
    /// The commit before, or the one after.
    Neighbour,
    Applications,
    Events,
}

/// What an entry of the folder of a commit is; `None` if it does not belong there.
pub(crate) fn part(name: &str) -> Option<Part> {
    match name {
        KEEP | ".empty" => Some(Part::Keep),
        MESSAGE => Some(Part::Message),
        PREVIOUS | NEXT => Some(Part::Neighbour),
        "applications" => Some(Part::Applications),
        "events" => Some(Part::Events),
        _ => None,
    }
}

/// The commit of a folder below a folder of two digits; `None` if the names make no commit.
pub(crate) fn of_folders(first: &str, rest: &str) -> Option<CommitId> {
    let commit = (first.len() == 2).then(|| format!("{first}{rest}"))?;
    commit.parse().ok()
}

/// Whether something is kept about a commit.
pub(crate) fn has(tree: &dyn ReadTree, commit: &CommitId) -> Result<bool> {
    tree.has_folder(&directory(commit))
}

/// The files that keep a folder in git: they are empty, and nobody reads them.
pub(crate) fn is_keeper(name: &str) -> bool {
    name == KEEP
}

/// Whether an entry of an event is a file or a folder; `None` if it does not belong there.
pub(crate) fn event_part(name: &str) -> Option<Kind> {
    match name {
        "environments" => Some(Kind::Directory),
        "eventType"
        | "application"
        | "environment"
        | "source_train_upstream"
        | "source_train_environment_group"
        | "lock_message"
        | "lock_type"
        | "commit" => Some(Kind::File),
        _ => None,
    }
}

/// The message of a commit.
pub(crate) fn message_path(commit: &CommitId) -> RepoPath {
    directory(commit).join(MESSAGE)
}

/// What a folder lacks to be an event.
pub(crate) fn lacks_as_event(tree: &dyn ReadTree, folder: &RepoPath) -> Result<Option<String>> {
    if EventId::found(folder.name())
        .and_then(EventId::moment)
        .is_none()
    {
        return Ok(Some("its name is no id of an event".to_owned()));
    }
    let kind = tree.text(&folder.join("eventType"))?;
    let needed: &[&str] = match kind.as_deref() {
        Some("new-release") => &[],
        Some("deployment") => &["application", "environment"],
        Some("lock-prevented-deployment") => {
            &["application", "environment", "lock_message", "lock_type"]
        }
        Some("replaced-by") => &["application", "environment", "commit"],
        Some(_) | None => return Ok(Some("its `eventType` is none".to_owned())),
    };
    for name in needed {
        let text = tree.text(&folder.join(name))?;
        let fits = match (*name, text.as_deref()) {
            (_, None) => false,
            ("application", Some(text)) => text.parse::<AppName>().is_ok(),
            ("environment", Some(text)) => text.parse::<EnvName>().is_ok(),
            ("commit", Some(text)) => CommitId::found(text).is_some(),
            (_, Some(_)) => true,
        };
        if !fits {
            return Ok(Some(format!("its `{name}` is missing or no name")));
        }
    }
    Ok(None)
}

fn directory(commit: &CommitId) -> RepoPath {
    let (first, rest) = commit.as_ref().split_at(2);
    root().join(first).join(rest)
}

fn app_directory(commit: &CommitId, app: &AppName) -> RepoPath {
    directory(commit).join("applications").join(app)
}

/// Whether something is kept about this app and this commit.
pub(crate) fn has_app(tree: &dyn ReadTree, commit: &CommitId, app: &AppName) -> Result<bool> {
    tree.has_folder(&app_directory(commit, app))
}

/// Begins to keep data about a commit from which a release of the app was built. Its message stands there even when empty.
pub(crate) fn store(
    draft: &mut Draft,
    commit: &CommitId,
    app: &AppName,
    message: &str,
) -> Result<()> {
    let folder = directory(commit);
    draft.write(folder.join(".empty"), Entry::file(""))?;
    draft.write(folder.join(KEEP), Entry::file(""))?;
    draft.write(folder.join(MESSAGE), Entry::file(message))?;
    draft.write(app_directory(commit, app).join(KEEP), Entry::file(""))
}

/// Makes two commits neighbours, if something is kept about the earlier one.
pub(crate) fn link(draft: &mut Draft, commit: &CommitId, previous: &CommitId) -> Result<()> {
    let before = directory(previous);
    if commit == previous || !draft.has_folder(&before)? {
        return Ok(());
    }
    draft.write(
        directory(commit).join(PREVIOUS),
        Entry::file(previous.as_ref()),
    )?;
    draft.write(before.join(NEXT), Entry::file(commit.as_ref()))
}

/// Adds an event. Two that are alike in everything, the instant included, get ids one tick apart.
pub(crate) fn add(
    draft: &mut Draft,
    commit: &CommitId,
    event: &Event,
    mut ticks: u64,
) -> Result<()> {
    let events = directory(commit).join("events");
    let files = event.files();
    let content: Vec<_> = files
        .iter()
        .map(|(path, text)| format!("{path}\n{text}\n"))
        .collect();
    let content = content.concat();
    let folder = loop {
        let folder = events.join(EventId::new(ticks, &content).to_string());
        if draft.kind(&folder)?.is_none() {
            break folder;
        }
        ticks += 1;
    };
    for (path, text) in files {
        let path = path
            .components()
            .fold(folder.clone(), |path, name| path.join(name));
        draft.write(path, Entry::file(text))?;
    }
    Ok(())
}

/// Forgets that an app was built from a commit, with the events that tell of that app, and all about the commit with its last
/// app.
pub(crate) fn forget(draft: &mut Draft, commit: &CommitId, app: &AppName) -> Result<()> {
    let folder = directory(commit);
    draft.delete_folder(&app_directory(commit, app))?;
    if !draft.has_folder(&folder.join("applications"))? {
        draft.delete_folder(&folder)?;
        return unlink(draft, commit);
    }
    let events = folder.join("events");
    for id in draft.folders(&events)? {
        let event = events.join(id);
        if draft.text(&event.join("application"))?.as_deref() == Some(app.as_ref()) {
            draft.delete_folder(&event)?;
        }
    }
    Ok(())
}

/// Takes every link to a commit away that is gone. Any number of commits may name it, and none of them is named by it.
fn unlink(draft: &mut Draft, gone: &CommitId) -> Result<()> {
    for first in draft.folders(&root())? {
        let folder = root().join(first);
        for rest in draft.folders(&folder)? {
            for name in [PREVIOUS, NEXT] {
                let link = folder.join(&rest).join(name);
                if draft.text(&link)?.as_deref() == Some(gone.as_ref()) {
                    draft.delete(link)?;
                }
            }
        }
    }
    Ok(())
}

/// The message of a commit, if it is kept and not empty.
pub(crate) fn message(tree: &dyn ReadTree, commit: &CommitId) -> Result<Option<String>> {
    let text = tree.text(&directory(commit).join(MESSAGE))?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// The commit before this one, as far as it is known here.
pub(crate) fn previous(tree: &dyn ReadTree, commit: &CommitId) -> Result<Option<CommitId>> {
    neighbour(tree, commit, PREVIOUS)
}

fn neighbour(tree: &dyn ReadTree, commit: &CommitId, name: &str) -> Result<Option<CommitId>> {
    let text = tree.text(&directory(commit).join(name))?;
    Ok(text.and_then(|text| CommitId::found(&text)))
}

/// When a release of the commit came to an environment first, as its events tell.
pub(crate) fn first_deployment(
    tree: &dyn ReadTree,
    commit: &CommitId,
    environment: &EnvName,
    app: &AppName,
) -> Result<Option<Moment>> {
    let events = directory(commit).join("events");
    let mut first = None;
    for id in tree.folders(&events)? {
        let folder = events.join(&id);
        let says = |name: &str, wanted: &str| -> Result<bool> {
            Ok(tree.text(&folder.join(name))?.as_deref() == Some(wanted))
        };
        if says("eventType", "deployment")?
            && says("environment", environment.as_ref())?
            && says("application", app.as_ref())?
        {
            let then = EventId::found(&id).and_then(EventId::moment);
            first = [first, then].into_iter().flatten().min();
        }
    }
    Ok(first)
}
