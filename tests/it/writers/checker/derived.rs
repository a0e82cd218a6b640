//! Files that follow from others: the manifests that are applied, and those of Argo CD.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::evidence::Tree;
use super::state::{On, State};

/// What is not in step with what it is derived from.
pub(super) fn faults(tree: &Tree, state: &State) -> Vec<String> {
    let mut faults = applied(tree, state);
    faults.extend(projects(tree, state));
    faults.extend(commits(tree, state));
    faults
}

fn text<'a>(tree: &'a Tree, path: &str) -> Option<&'a str> {
    std::str::from_utf8(&tree.get(path)?.bytes).ok()
}

fn applied(tree: &Tree, state: &State) -> Vec<String> {
    let mut faults = Vec::new();
    for ((environment, app), spot) in &state.spots {
        let Some(version) = spot.runs else { continue };
        let kept = state
            .locks
            .iter()
            .any(|lock| lock.environment == *environment && lock.on == On::Manifest(app.clone()));
        let path =
            format!("environments/{environment}/applications/{app}/manifests/manifests.yaml");
        let release = state
            .apps
            .get(app)
            .and_then(|app| app.releases.get(&version));
        let wanted = release.and_then(|release| release.manifests.get(environment));
        let wanted = wanted.map(|text| if text.is_empty() { " " } else { text });
        if !kept && text(tree, &path) != wanted {
            faults.push(format!("`{path}` is not the manifest of release {version}"));
        }
    }
    faults
}

/// Each environment with a project has its file, with an Application for each app that runs there.
fn projects(tree: &Tree, state: &State) -> Vec<String> {
    let mut faults = Vec::new();
    let wanted = state
        .environments
        .iter()
        .filter(|(_, each)| each.has_project);
    let wanted: BTreeSet<_> = wanted
        .map(|(name, _)| format!("argocd/v1alpha1/{name}.yaml"))
        .collect();
    let found = tree.keys().filter(|path| path.starts_with("argocd/"));
    let found: BTreeSet<_> = found.cloned().collect();
    if wanted != found {
        faults.push(format!(
            "files for Argo CD: {found:?} in place of {wanted:?}"
        ));
    }
    for name in state.environments.keys() {
        let path = format!("argocd/v1alpha1/{name}.yaml");
        let Some(text) = text(tree, &path) else {
            continue;
        };
        let mut apps = BTreeMap::new();
        for document in text.split("\n---\n") {
            let document: Value = match serde_yaml::from_str(document) {
                Ok(document) => document,
                Err(error) => {
                    faults.push(format!("`{path}`: {error}"));
                    continue;
                }
            };
            if document["kind"] == "Application" {
                let notes = &document["metadata"]["annotations"];
                let app = notes["com.freiheit.kuberpult/application"]
                    .as_str()
                    .unwrap_or_default();
                let source = document["spec"]["source"]["path"]
                    .as_str()
                    .unwrap_or_default();
                if source != format!("environments/{name}/applications/{app}/manifests") {
                    faults.push(format!("`{path}`: {app} is applied from `{source}`"));
                }
                let team = notes["com.freiheit.kuberpult/team"]
                    .as_str()
                    .unwrap_or_default();
                apps.insert(app.to_owned(), team.to_owned());
            }
        }
        let run = state
            .spots
            .iter()
            .filter(|((place, _), spot)| place == name && spot.runs.is_some());
        let run: BTreeMap<_, _> = run
            .map(|((_, app), _)| (app.clone(), state.team(app).unwrap_or_default().to_owned()))
            .collect();
        if apps != run {
            faults.push(format!("`{path}` has {apps:?}, what runs is {run:?}"));
        }
    }
    faults
}

/// Data of source commits go with the releases that were built from them, and name only commits that are there.
fn commits(tree: &Tree, state: &State) -> Vec<String> {
    let mut faults = Vec::new();
    let on = text(tree, "trainyard.yaml").is_some_and(|text| text.contains("commitData: true"));
    let mut sources = BTreeSet::new();
    for (app, each) in &state.apps {
        for version in each.releases.keys() {
            let path = format!("applications/{app}/releases/{version}/source_commit_id");
            if let Some(commit) = text(tree, &path) {
                sources.insert(format!(
                    "commits/{}/{}/applications/{app}/.gitkeep",
                    &commit[..2],
                    &commit[2..]
                ));
            }
        }
    }
    let kept = tree
        .keys()
        .filter(|path| path.starts_with("commits/") && path.contains("/applications/"));
    let kept: BTreeSet<_> = kept
        .filter(|path| path.split('/').count() == 6)
        .cloned()
        .collect();
    if on && sources != kept {
        let apart: Vec<_> = sources.symmetric_difference(&kept).collect();
        faults.push(format!(
            "releases and data of source commits do not fit: {apart:?}"
        ));
    }
    if !on && tree.keys().any(|path| path.starts_with("commits/")) {
        faults.push("there is data of source commits that nobody asked for".to_owned());
    }
    for path in tree.keys().filter(|path| path.starts_with("commits/")) {
        let link = path.ends_with("/nextCommit") || path.ends_with("/previousCommit");
        if let Some(commit) = text(tree, path).filter(|_| link) {
            let folder = format!("commits/{}/{}/", &commit[..2], &commit[2..]);
            if !tree.keys().any(|path| path.starts_with(&folder)) {
                faults.push(format!("`{path}` names {commit}, which has no folder"));
            }
        }
    }
    faults
}
