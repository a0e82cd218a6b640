//! The planner on arbitrary trees: what it may write, that it does what it foresees, that it never does a thing twice, and that all of it
//! can be told.

use anyhow::Result;
use arbitrary::Unstructured;

use super::requests::{Request, request};
use super::shop::tree;
use super::words::{assert_recorded, assert_told, hostile};
use super::{assert_calm, views};
use crate::git::clean;
use crate::plan::train::{AppFate, Prognosis, prognose};
use crate::plan::{Context, Ground, Outcome, argocd};
use crate::state::deployment::{self, Linked};
use crate::state::{Actor, FreeText, Moment};
use crate::tree::{
    Change, ChangeSet, CommitFacts, Draft, Entry, MemoryPast, MemoryTree, ReadTree as _, RepoPath,
    Signer,
};

/// Several requests, one after the other, on a repository of all sorts.
pub(super) fn planner(data: &[u8]) {
    // The last byte says what is looked at in the end, so that the rest means the same whatever it says.
    let (look, data) = data.split_last().unwrap_or((&0, &[]));
    let mut left = Unstructured::new(data);
    let mut tree = tree(&mut left, 40);
    let context = Context {
        actor: Actor {
            name: FreeText(hostile(&mut left)),
            email: FreeText("jane@example.com".to_owned()),
        },
        now: Moment::of_seconds(1_721_642_400),
        repo_url: "https://h.example/r.git".to_owned(),
        branch: "main".to_owned(),
    };
    let mut past = MemoryPast::default();
    for step in 0..left.int_in_range(1..=4_u8).unwrap_or(1) {
        past.0.push((facts(&mut left, step), tree.clone()));
        ask(&mut tree, &context, &request(&mut left));
    }
    past.0.push((facts(&mut left, 9), tree.clone()));
    views::look(*look, (&tree, &past), &context);
}

fn facts(left: &mut Unstructured, number: u8) -> CommitFacts {
    let signer = |left: &mut Unstructured| Signer {
        name: hostile(left),
        email: hostile(left),
    };
    CommitFacts {
        id: format!("{number:x}").repeat(40),
        author: signer(left),
        committer: signer(left),
        seconds: 1_721_642_000 + i64::from(number),
        message: format!("{}\n\nTrainyard-Operation: release-train\n", hostile(left)),
    }
}

/// An error is told without harm.
pub(crate) fn told<T>(result: Result<T>) -> Option<T> {
    result
        .map_err(|error| assert_calm(&clean(&format!("{error:#}"))))
        .ok()
}

/// Plans a request on a tree; what is refused changes nothing.
fn plan(
    tree: &MemoryTree,
    context: &Context,
    request: &Request,
) -> Option<(Outcome, ChangeSet, Option<Prognosis>)> {
    let planned = || -> Result<_> {
        let ground = Ground::survey(tree, context)?;
        let foreseen = match request {
            Request::Train(train) => prognose(tree, &ground, train).ok(),
            _ => None,
        };
        let mut draft = Draft::on(tree);
        let outcome = request.plan(&mut draft, &ground)?;
        argocd::refresh(&mut draft, &ground)?;
        Ok((outcome, draft.into_changes(), foreseen))
    };
    told(planned())
}

/// Carries a request out, with all that must hold of it.
fn ask(tree: &mut MemoryTree, context: &Context, request: &Request) {
    let Some((outcome, changes, foreseen)) = plan(tree, context, request) else {
        return;
    };
    assert_told(&outcome, context.now);
    assert_recorded(&outcome, request.typed());
    let before = tree.clone();
    tree.apply(&changes);
    check_changes(tree, &changes);
    if let Some(prognosis) = foreseen {
        check_train(&before, tree, &prognosis);
    }
    if request.is_idempotent()
        && let Some((_, changes, _)) = plan(tree, context, request)
    {
        let paths: Vec<_> = changes.iter().map(|(path, _)| path.as_str()).collect();
        assert!(paths.is_empty(), "the same once more changes {paths:?}");
    }
}

/// What is written lies in our folders, and a link that is written leads to a release of its app, which is there.
pub(crate) fn check_changes(tree: &MemoryTree, changes: &ChangeSet) {
    for (path, change) in changes.iter() {
        let mut components = path.components();
        let (folder, below) = (components.next().unwrap_or_default(), components.count());
        let ours = ["environments", "applications", "argocd", "commits"];
        assert!(ours.contains(&folder) && below > 0, "`{path}` is written");
        let Change::Write(Entry::Symlink(target)) = change else {
            continue;
        };
        let parts: Vec<_> = path.components().collect();
        let [
            "environments",
            _,
            "applications",
            app,
            "version" | "queued_version",
        ] = parts[..]
        else {
            panic!("`{path}` becomes a link");
        };
        let releases = format!("../../../../applications/{app}/releases/");
        let number = target.strip_prefix(&releases);
        let number = number.unwrap_or_else(|| panic!("`{path}` leads to `{target}`"));
        assert!(number.parse::<u64>().is_ok(), "`{path}` -> `{target}`");
        let release = RepoPath::of(&["applications", app, "releases", number]);
        let there = tree.has_folder(&release).expect("a tree can be read");
        assert!(there, "`{path}` leads to `{target}`, which is not there");
    }
}

/// What the prognosis says is what the train did, and nothing else moved.
fn check_train(before: &MemoryTree, after: &MemoryTree, prognosis: &Prognosis) {
    let mut moved = Vec::new();
    for (environment, app, each) in prognosis.apps() {
        if let AppFate::Deploys { to, .. } = &each.fate {
            let now = deployment::current(after, environment, app).expect("it can be read");
            assert_eq!(now, Linked::To(*to), "{app} on {environment}");
            moved.push((environment.to_string(), app.to_string()));
        }
    }
    let versions = |tree: &MemoryTree| {
        let mut listing = tree.listing();
        listing.retain(|path, _| path.ends_with("/version"));
        listing
    };
    let (before, after) = (versions(before), versions(after));
    for (path, target) in &after {
        let parts: Vec<_> = path.split('/').collect();
        let is_foreseen = matches!(parts[..], ["environments", environment, "applications", app, "version"]
            if moved.contains(&(environment.to_owned(), app.to_owned())));
        assert!(
            is_foreseen || before.get(path) == Some(target),
            "`{path}` moved, and nobody foresaw it"
        );
    }
}
