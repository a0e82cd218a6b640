//! Files of a manifest repository that people write: configs, options; and the trailers of commits.

use super::shop::ENVIRONMENTS;
use super::{assert_calm, planner::told, text};
use crate::git::clean;
use crate::plan::{Context, Ground, argocd};
use crate::state::config::{ConfigEdit, Document, ignore_difference};
use crate::state::{
    Actor, EnvName, EnvironmentGraph, Moment, Options, Trace, Upstream, deployment,
};
use crate::tree::{Draft, Entry, MemoryTree, ReadTree as _, RepoPath};

fn with_file(tree: MemoryTree, path: RepoPath, bytes: &[u8]) -> MemoryTree {
    let mut draft = Draft::on(&tree);
    let written = draft.write(path, Entry::file(bytes));
    written.expect("nothing stands in the way");
    let changes = draft.into_changes();
    let mut tree = tree;
    tree.apply(&changes);
    tree
}

/// `config.json`: read and written again it says the same, an edit leaves what it does not name, and what is rendered from it is YAML
/// with one project, and one application for each app, in each file.
pub(super) fn config(data: &[u8]) {
    let name: EnvName = ENVIRONMENTS[0].parse().expect("a name");
    let other = ("environments/staging/config.json", "{}");
    let tree = with_file(
        MemoryTree::of(&[other]),
        RepoPath::of(&["environments", "dev", "config.json"]),
        data,
    );
    let graph = EnvironmentGraph::read(&tree).expect("a config never spoils the rest");
    let environment = graph.get(&name).expect("its folder is there");
    let _ = told(ignore_difference(&text(data)));
    let readable = environment.readable();
    if let Err(error) = &readable {
        assert_calm(&clean(&error.to_string()));
    }
    let Some(document) = told(Document::parse(data, &name)) else {
        return;
    };
    assert!(readable.is_ok(), "{readable:?}, and yet it can be changed");
    let written = document.text();
    let again = Document::parse(written.as_bytes(), &name).expect("we wrote it");
    assert_eq!(again.text(), written);
    assert!(document.changes(&again).is_empty());
    let rewritten = with_file(
        tree.clone(),
        RepoPath::of(&["environments", "dev", "config.json"]),
        written.as_bytes(),
    );
    let same = EnvironmentGraph::read(&rewritten).expect("as before");
    let same = same.get(&name).expect("as before");
    assert_eq!(same.argocd, environment.argocd);
    assert_eq!(same.group, environment.group);
    assert_eq!(same.upstream.is_ok(), environment.upstream.is_ok());
    edited(&document, &name);
    rendered(&tree, &name);
}

fn edited(document: &Document, name: &EnvName) {
    let edit = ConfigEdit {
        upstream: Some(Upstream::Latest),
        group: "prod".parse().ok(),
        ..ConfigEdit::default()
    };
    let mut after = document.clone();
    if let Err(unfit) = after.edit(name, &edit) {
        assert_calm(&clean(&unfit.to_string()));
        return;
    }
    let read = Document::parse(after.text().as_bytes(), name).expect("we wrote it");
    assert_eq!(read.group().as_deref(), Some("prod"));
    assert_eq!(read.unknown_keys(), document.unknown_keys());
}

/// Renders the files for Argo CD of an environment with one app.
fn rendered(tree: &MemoryTree, name: &EnvName) {
    let context = Context {
        actor: Actor::default(),
        now: Moment::of_seconds(0),
        repo_url: "https://h.example/r.git".to_owned(),
        branch: "main".to_owned(),
    };
    let ground = Ground::survey(tree, &context).expect("there are environments");
    let app = "web".parse().expect("a name");
    let mut draft = Draft::on(tree);
    let link = Entry::Symlink("../../../../applications/web/releases/1".to_owned());
    let written = draft.write(deployment::version_path(name, &app), link);
    written.expect("nothing stands in the way");
    argocd::refresh(&mut draft, &ground).expect("what can be read can be rendered");
    let environment = ground.environments.get(name).expect("it is there");
    for target in &environment.argocd {
        let path = RepoPath::of(&["argocd", "v1alpha1"]).join(format!("{}.yaml", target.name));
        let file = draft.text(&path).expect("it can be read");
        let file = file.unwrap_or_else(|| panic!("`{path}` is rendered"));
        let documents = serde_yaml::Deserializer::from_str(&file);
        let read = documents.map(|document| {
            let value: serde_yaml::Value = serde::Deserialize::deserialize(document)
                .unwrap_or_else(|error| panic!("{error}: {file}"));
            let text = |value: &serde_yaml::Value| value.as_str().map(str::to_owned);
            (text(&value["kind"]), text(&value["metadata"]["name"]))
        });
        let read: Vec<_> = read.collect();
        let expected = [
            (Some("AppProject".to_owned()), Some(target.name.clone())),
            (
                Some("Application".to_owned()),
                Some(format!("{}-web", target.name)),
            ),
        ];
        assert_eq!(read, expected, "{file}");
    }
}

/// `trainyard.yaml`.
pub(super) fn options(data: &[u8]) {
    let path = RepoPath::of(&["trainyard.yaml"]);
    let tree = with_file(MemoryTree::default(), path, data);
    if let Some(options) = told(Options::read(&tree)) {
        assert!((5..=1000).contains(&options.release_versions_limit));
        let manifest = &*text(data);
        assert!(options.minor_lines.same(manifest, manifest));
        let _ = options.minor_lines.same(manifest, "a: 1\nb: 2\n");
    }
}

/// The message of any commit: no trailer of ours is found that libgit2 does not find.
pub(super) fn trailers(data: &[u8]) {
    let message = &*text(data);
    let Some(trace) = Trace::read(message) else {
        return;
    };
    assert!(!trace.operation.is_empty());
    assert!(
        trace
            .operation
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    );
    // libgit2 takes none behind a divider or behind one without a value, and no text with a NUL.
    let Ok(theirs) = git2::message_trailers_strs(message) else {
        return;
    };
    let is_odd = |line: &str| {
        line.starts_with("---") || line.starts_with('#') || line.trim_end().ends_with(':')
    };
    if !message.lines().any(is_odd) && !message.contains('\r') {
        let names: Vec<_> = theirs.iter().map(|(name, _)| name).collect();
        assert!(names.contains(&"Trainyard-Operation"), "{message:?}");
        for name in trace.inputs.keys() {
            let name = format!("Trainyard-{name}");
            assert!(names.contains(&name.as_str()), "{message:?}");
        }
    }
}
