//! Derived Argo CD files, `argocd/v1alpha1/<name>.yaml`: one project for each environment and one application for each
//! app deployed there. They are brought in step with the environments that a draft touches, and with no other.
//! The rendering rules are those of kuberpult v2.44.1.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::Ground;
use super::yaml::{self, Template};
use crate::state::argocd::{ArgoCdConfig, ArgoCdTarget, IgnoreDifference, SyncWindow};
use crate::state::{
    AppName, EnvName, Environment, EnvironmentGraph, TeamName, deployment, release,
};
use crate::tree::{Draft, Entry, Kind, ReadTree, RepoPath};

const API_VERSION: &str = "argoproj.io/v1alpha1";

/// Writes the files of every environment whose rendering the draft may have changed. Returns warnings.
pub(crate) fn refresh(draft: &mut Draft, ground: &Ground) -> Result<Vec<String>> {
    let reconfigured;
    let environments = if changes_a_config(draft) {
        reconfigured = EnvironmentGraph::read(draft)?;
        &reconfigured
    } else {
        &ground.environments
    };
    let touched = touched(draft, environments)?;
    write(draft, ground, environments, &touched)
}

/// Writes the files of these environments. Returns warnings.
pub(super) fn write(
    draft: &mut Draft,
    ground: &Ground,
    environments: &EnvironmentGraph,
    names: &BTreeSet<EnvName>,
) -> Result<Vec<String>> {
    let mut warnings = Vec::new();
    if names.is_empty() {
        return Ok(warnings);
    }
    let doing = doing!("rendering", "files for Argo CD");
    doing.record("total", names.len());
    for (count, name) in names.iter().enumerate() {
        doing.record("count", count);
        let Some(environment) = environments.get(name) else {
            continue;
        };
        if let Err(broken) = environment.readable() {
            // The app changed its team: an environment that cannot be read must not stop that.
            warnings.push(format!(
                "{broken}: the Argo CD file of `{name}` stays as it is"
            ));
            continue;
        }
        if environment.argocd.is_empty() {
            continue;
        }
        let apps = deployed(draft, environment)?;
        for target in &environment.argocd {
            let text = render(ground, environment, target, &apps);
            let home = RepoPath::of(&["argocd"]);
            draft.replace(&home, file(&target.name), Entry::file(text))?;
        }
        if repo_url(ground).is_empty() {
            warnings.push(format!(
                "the Argo CD file of `{name}` has an empty repoURL: there is no remote; set `argocd.repoUrl` in trainyard.yaml"
            ));
        }
    }
    Ok(warnings)
}

/// The files that an environment shall have, each with its text.
pub(super) fn files(
    tree: &dyn ReadTree,
    ground: &Ground,
    environment: &Environment,
) -> Result<Vec<(RepoPath, String)>> {
    if environment.argocd.is_empty() {
        return Ok(Vec::new());
    }
    let apps = deployed(tree, environment)?;
    let targets = environment.argocd.iter();
    let files = targets.map(|target| {
        let text = render(ground, environment, target, &apps);
        (file(&target.name), text)
    });
    Ok(files.collect())
}

/// The project whose file has this name, if it is one.
pub(super) fn project_of(name: &str) -> Option<&str> {
    name.strip_suffix(".yaml")
}

/// The folder in which the folder of the derived files lies.
pub(super) fn root() -> RepoPath {
    RepoPath::of(&["argocd"])
}

/// The folder of the derived files.
pub(super) fn folder() -> RepoPath {
    RepoPath::of(&["argocd", "v1alpha1"])
}

/// The file of a project.
pub(super) fn file(project: &str) -> RepoPath {
    folder().join(format!("{project}.yaml"))
}

/// What becomes of the files of an environment that is configured anew or deleted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Retired {
    /// Files that are gone, since no environment has that project any longer.
    pub(super) removed: Vec<RepoPath>,
    /// Files that may have been the environment's, whose config could not be read.
    pub(super) doubtful: Vec<RepoPath>,
}

/// Removes the files that an environment had and that no environment has afterwards. An environment that is deleted, or could
/// not be read, had one of its own name.
pub(super) fn retire(
    draft: &mut Draft,
    before: &Environment,
    after: &EnvironmentGraph,
) -> Result<Retired> {
    let kept: BTreeSet<_> = after
        .iter()
        .flat_map(|each| &each.argocd)
        .map(|target| target.name.as_str())
        .collect();
    let unsure = before.readable().is_err();
    let mut had: BTreeSet<_> = before
        .argocd
        .iter()
        .map(|target| target.name.clone())
        .collect();
    if unsure || after.get(&before.name).is_none() {
        had.insert(before.name.to_string());
    }
    let mut retired = Retired::default();
    for project in had
        .iter()
        .filter(|project| !kept.contains(project.as_str()))
    {
        if draft.kind(&file(project))?.is_some() {
            draft.clear(&file(project))?;
            retired.removed.push(file(project));
        }
    }
    if unsure {
        let part = format!("-{}-", before.name);
        for child in draft.children(&folder())? {
            let Some(project) = child.name.strip_suffix(".yaml") else {
                continue;
            };
            if child.kind == Kind::File && project.contains(&part) && !kept.contains(project) {
                retired.doubtful.push(folder().join(&child.name));
            }
        }
    }
    Ok(retired)
}

fn changes_a_config(draft: &Draft) -> bool {
    let mut paths = draft.changes().iter().map(|(path, _)| path);
    paths.any(|path| configured(path).is_some())
}

/// The environment whose config this is, if it is one.
fn configured(path: &RepoPath) -> Option<EnvName> {
    let mut components = path.components();
    let name = match (components.next(), components.next()) {
        (Some("environments"), Some(name)) => name.parse().ok()?,
        _ => return None,
    };
    (*path == Environment::config_path(&name)).then_some(name)
}

/// The environments where something is deployed or configured, or where an app runs that changes its team.
fn touched(draft: &Draft, environments: &EnvironmentGraph) -> Result<BTreeSet<EnvName>> {
    let mut touched = BTreeSet::new();
    for (path, _) in draft.changes().iter() {
        let components: Vec<_> = path.components().collect();
        if let ["environments", name, "applications", _, "version"] = components[..] {
            touched.extend(name.parse::<EnvName>().ok());
        }
        touched.extend(configured(path));
        if let Some(app) = release::app_of_team_path(path) {
            for environment in environments.iter() {
                if deployment::is_deployed(draft, &environment.name, &app)? {
                    touched.insert(environment.name.clone());
                }
            }
        }
    }
    Ok(touched)
}

/// The apps that run on an environment, with their teams.
fn deployed(
    tree: &dyn ReadTree,
    environment: &Environment,
) -> Result<BTreeMap<AppName, Option<TeamName>>> {
    let mut apps = BTreeMap::new();
    for app in deployment::apps(tree, &environment.name)? {
        if deployment::is_deployed(tree, &environment.name, &app)? {
            let team = release::team(tree, &app)?;
            apps.insert(app, team);
        }
    }
    Ok(apps)
}

fn repo_url<'a>(ground: &'a Ground) -> &'a str {
    let configured = ground.options.argocd.repo_url.as_deref();
    configured.unwrap_or(&ground.context.repo_url)
}

fn render(
    ground: &Ground,
    environment: &Environment,
    target: &ArgoCdTarget,
    apps: &BTreeMap<AppName, Option<TeamName>>,
) -> String {
    let mut text = yaml::document(&project(target));
    let document = |texts: &Texts| yaml::document(&application(ground, environment, target, texts));
    let template = Template::new(&document(&Texts::slots()), Texts::SLOTS);
    for (app, team) in apps {
        let texts = Texts::of(environment, target, app, team.as_ref());
        text.push_str("---\n");
        match &template {
            Some(template) => template.fill(&mut text, &texts.0),
            None => text.push_str(&document(&texts)),
        }
    }
    text
}

/// What differs between the applications of a project: app, team, name, folder, and the annotation with the folder.
struct Texts([String; 5]);

impl Texts {
    /// How often the texts stand in an application, all together.
    const SLOTS: usize = 6;

    fn of(
        environment: &Environment,
        target: &ArgoCdTarget,
        app: &AppName,
        team: Option<&TeamName>,
    ) -> Self {
        let path = deployment::directory(&environment.name, app).join("manifests");
        Self([
            app.as_ref().to_owned(),
            team.map(|team| team.as_ref().to_owned())
                .unwrap_or_default(),
            format!("{}-{app}", target.name),
            path.to_string(),
            format!("/{path}"),
        ])
    }

    fn slots() -> Self {
        Self(std::array::from_fn(Template::slot))
    }
}

fn project(target: &ArgoCdTarget) -> Map<String, Value> {
    let config = &target.config;
    let access = config.access_list.iter();
    let access = access.map(|entry| json!({ "group": entry.group, "kind": entry.kind }));
    let mut spec = Map::new();
    spec.insert("description".into(), json!(target.name));
    spec.insert("sourceRepos".into(), json!(["*"]));
    spec.insert(
        "destinations".into(),
        json!([destination(config, Role::Project)]),
    );
    insert_list(&mut spec, "clusterResourceWhitelist", access.collect());
    let windows = config.sync_windows.iter().map(sync_window);
    insert_list(&mut spec, "syncWindows", windows.collect());
    resource("AppProject", json!({ "name": target.name }), spec)
}

fn application(
    ground: &Ground,
    environment: &Environment,
    target: &ArgoCdTarget,
    texts: &Texts,
) -> Map<String, Value> {
    let config = &target.config;
    let Texts([_, team, name, path, _]) = texts;
    let automated = json!({ "allowEmpty": true, "prune": true, "selfHeal": true });
    let mut sync_policy = Map::new();
    sync_policy.insert("automated".into(), automated);
    insert_list(
        &mut sync_policy,
        "syncOptions",
        strings(&config.sync_options),
    );
    let mut spec = Map::new();
    spec.insert("project".into(), json!(target.name));
    spec.insert("destination".into(), destination(config, Role::Application));
    spec.insert("syncPolicy".into(), Value::Object(sync_policy));
    let source = json!({
        "path": path,
        "repoURL": repo_url(ground),
        "targetRevision": ground.context.branch,
    });
    spec.insert("source".into(), source);
    let ignored = config.ignore_differences.iter().map(ignore_difference);
    insert_list(&mut spec, "ignoreDifferences", ignored.collect());
    let metadata = json!({
        "name": name,
        "annotations": annotations(environment, target, texts),
        "labels": { "com.freiheit.kuberpult/team": team },
        "finalizers": ["resources-finalizer.argocd.argoproj.io"],
    });
    resource("Application", metadata, spec)
}

fn annotations(
    environment: &Environment,
    target: &ArgoCdTarget,
    Texts([app, team, _, _, paths]): &Texts,
) -> Map<String, Value> {
    let configured = target.config.application_annotations.iter();
    let mut annotations: Map<_, _> = configured
        .map(|(key, value)| (key.clone(), json!(value)))
        .collect();
    for (key, value) in [
        ("argocd.argoproj.io/manifest-generate-paths", paths),
        ("com.freiheit.kuberpult/application", app),
        ("com.freiheit.kuberpult/environment", &target.name),
        ("com.freiheit.kuberpult/team", team),
    ] {
        annotations.insert(key.to_owned(), json!(value));
    }
    if target.active_active {
        let key = "com.freiheit.kuberpult/aa-parent-environment".to_owned();
        annotations.insert(key, json!(environment.name));
    }
    annotations
}

fn resource(kind: &str, metadata: Value, spec: Map<String, Value>) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("apiVersion".into(), json!(API_VERSION));
    fields.insert("kind".into(), json!(kind));
    fields.insert("metadata".into(), metadata);
    fields.insert("spec".into(), Value::Object(spec));
    fields
}

#[derive(Clone, Copy)]
enum Role {
    Project,
    Application,
}

/// The destination as a project or as an application sees it: `namespace` holds for both, else each has its own.
fn destination(config: &ArgoCdConfig, role: Role) -> Value {
    let destination = &config.destination;
    let own = match role {
        Role::Project => &destination.app_project_namespace,
        Role::Application => &destination.application_namespace,
    };
    let set = |namespace: &&String| !namespace.is_empty();
    let namespace = destination.namespace.as_ref().filter(set).or(own.as_ref());
    let namespace = namespace.map(String::as_str).unwrap_or_default();
    texts(&[
        ("name", &destination.name),
        ("server", &destination.server),
        ("namespace", namespace),
    ])
}

fn sync_window(window: &SyncWindow) -> Value {
    let all = vec!["*".to_owned()];
    let applications = if window.applications.is_empty() {
        &all
    } else {
        &window.applications
    };
    let mut fields = texts(&[
        ("schedule", &window.schedule),
        ("duration", &window.duration),
        ("kind", &window.kind),
    ]);
    fields["applications"] = json!(applications);
    fields["manualSync"] = json!(true);
    fields
}

fn ignore_difference(difference: &IgnoreDifference) -> Value {
    let mut fields = Map::new();
    for (key, text) in [
        ("group", &difference.group),
        ("name", &difference.name),
        ("namespace", &difference.namespace),
    ] {
        if !text.is_empty() {
            fields.insert(key.into(), json!(text));
        }
    }
    fields.insert("kind".into(), json!(difference.kind));
    insert_list(
        &mut fields,
        "jsonPointers",
        strings(&difference.json_pointers),
    );
    insert_list(
        &mut fields,
        "jqPathExpressions",
        strings(&difference.jq_path_expressions),
    );
    insert_list(
        &mut fields,
        "managedFieldsManagers",
        strings(&difference.managed_fields_managers),
    );
    Value::Object(fields)
}

/// The fields whose text is not empty.
fn texts(fields: &[(&str, &str)]) -> Value {
    let filled = fields.iter().filter(|(_, text)| !text.is_empty());
    Value::Object(
        filled
            .map(|(key, text)| ((*key).to_owned(), json!(text)))
            .collect(),
    )
}

fn strings(texts: &[String]) -> Vec<Value> {
    texts.iter().map(|text| json!(text)).collect()
}

fn insert_list(fields: &mut Map<String, Value>, key: &str, values: Vec<Value>) {
    if !values.is_empty() {
        fields.insert(key.into(), Value::Array(values));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::world::context;
    use crate::tree::MemoryTree;

    const CONFIG: &str = r#"{"argocd": {
        "destination": {"name": "", "server": "https://kubernetes.default.svc", "appProjectNamespace": "*", "applicationNamespace": "my-ns"},
        "syncWindows": [{"schedule": "* * * * *", "duration": "0s", "kind": "deny"},
            {"schedule": "0 0 * * *", "duration": "24h", "kind": "allow", "applications": ["app-a", "app-b*"]}],
        "accessList": [{"group": "*", "kind": "ClusterSecretStore"}, {"kind": "Namespace"}],
        "applicationAnnotations": {"notifications.argoproj.io/subscribe.on-degraded.teams": "", "b.example/x": "true",
            "c.example/long": "this is a very long annotation value which goes well beyond the eighty columns that the emitter folds at by default"},
        "ignoreDifferences": [{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"],
            "jqPathExpressions": [".spec.template.spec.initContainers[] | select(.name == \"injected-init-container-with-a-long-name\")"]}],
        "syncOptions": ["ApplyOutOfSyncOnly=true", "ServerSideApply=true"]
    }}"#;

    fn tree() -> MemoryTree {
        let link = "->../../../../applications/app-a/releases/1";
        MemoryTree::of(&[
            ("environments/prod-de/config.json", CONFIG),
            ("environments/bare/config.json", "{}"),
            ("applications/app-a/team", "team-x"),
            ("applications/app-a/releases/1/created_at", "x"),
            ("environments/prod-de/applications/app-a/version", link),
            (
                "environments/prod-de/applications/locked/locks/l-1/message",
                "m",
            ),
        ])
    }

    #[test]
    fn a_file_looks_as_kuberpult_renders_it() {
        let tree = tree();
        let context = context();
        let ground = Ground::survey(&tree, &context).unwrap();
        let environment = ground
            .environments
            .get(&"prod-de".parse().unwrap())
            .unwrap();
        let apps = deployed(&tree, environment).unwrap();
        let text = render(&ground, environment, &environment.argocd[0], &apps);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn only_a_deployment_a_config_or_a_team_touches_an_environment() {
        let tree = tree();
        let context = context();
        let ground = Ground::survey(&tree, &context).unwrap();
        let touched_by = |path: &str| {
            let mut draft = Draft::on(&tree);
            draft
                .write(RepoPath::parse(path).unwrap(), Entry::file("new"))
                .unwrap();
            let names = touched(&draft, &ground.environments).unwrap().into_iter();
            names.map(|name| name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(
            touched_by("environments/prod-de/applications/app-a/version"),
            ["prod-de"]
        );
        assert_eq!(touched_by("environments/bare/config.json"), ["bare"]);
        assert_eq!(touched_by("applications/app-a/team"), ["prod-de"]);
        for path in [
            "environments/prod-de/locks/l-1/message",
            "environments/prod-de/applications/app-a/queued_version",
            "applications/app-a/releases/2/created_at",
            "applications/other/team",
        ] {
            assert!(touched_by(path).is_empty(), "{path}");
        }
    }
}
