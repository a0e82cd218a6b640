//! Environments: `environments/<env>/config.json`, and the graph that their upstreams and groups make.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::{EnvName, GroupName, plain};
use crate::tree::{Entry, Kind, ReadTree, RepoPath};

/// A file of an environment that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{path}`: {why}")]
pub(crate) struct ConfigError {
    /// The file.
    pub(crate) path: RepoPath,
    /// What is wrong with it.
    pub(crate) why: String,
}

/// Where the versions of an environment come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Upstream {
    /// The highest release of each app.
    Latest,
    /// What another environment runs.
    Environment(EnvName),
}

impl fmt::Display for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => formatter.write_str("latest"),
            Self::Environment(name) => name.fmt(formatter),
        }
    }
}

/// Why an environment has no usable upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoUpstream {
    /// The config names none.
    Missing,
    /// The config has an `upstream` that names neither `latest` nor an environment.
    Empty,
    /// The config names both.
    Both,
    /// There is no such environment.
    Unknown(String),
    /// Following the upstreams leads back to the environment itself.
    Cycle(Vec<EnvName>),
    /// The config cannot be read.
    Unreadable(ConfigError),
}

impl fmt::Display for NoUpstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => write!(formatter, "no upstream configured"),
            Self::Empty => write!(
                formatter,
                "its upstream is neither `latest` nor an environment"
            ),
            Self::Both => write!(
                formatter,
                "its upstream is both `latest` and an environment"
            ),
            Self::Unknown(name) => {
                write!(formatter, "its upstream `{}` does not exist", plain(name))
            }
            Self::Cycle(names) => {
                let names: Vec<_> = names.iter().map(ToString::to_string).collect();
                write!(
                    formatter,
                    "its upstreams form a cycle: {}",
                    names.join(" → ")
                )
            }
            Self::Unreadable(error) => error.fmt(formatter),
        }
    }
}

/// One environment and what its config says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Environment {
    /// Its name: the name of its folder.
    pub(crate) name: EnvName,
    /// The group that the config names.
    pub(crate) group: Option<GroupName>,
    /// Where its versions come from.
    pub(crate) upstream: Result<Upstream, NoUpstream>,
    /// The Argo CD files of this environment: one, or one for each cluster of an active/active environment.
    pub(crate) argocd: Vec<ArgoCdTarget>,
}

impl Environment {
    /// The folder of an environment.
    pub(crate) fn directory(name: &EnvName) -> RepoPath {
        RepoPath::of(&["environments", name.as_ref()])
    }

    /// The config of an environment.
    pub(crate) fn config_path(name: &EnvName) -> RepoPath {
        Self::directory(name).join("config.json")
    }

    /// Fails if the config cannot be read.
    pub(crate) fn readable(&self) -> Result<(), ConfigError> {
        match &self.upstream {
            Err(NoUpstream::Unreadable(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    fn read(tree: &dyn ReadTree, name: EnvName) -> Result<Self> {
        let config = read_config(tree, &Self::config_path(&name), &name)?;
        Ok(match config {
            Ok(config) => Self {
                group: config.environmentgroup.and_then(|group| group.parse().ok()),
                upstream: upstream_of(config.upstream),
                argocd: config.targets,
                name,
            },
            Err(error) => Self {
                name,
                group: None,
                upstream: Err(NoUpstream::Unreadable(error)),
                argocd: Vec::new(),
            },
        })
    }
}

/// All environments, and what their upstreams and groups make of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EnvironmentGraph {
    environments: BTreeMap<EnvName, Environment>,
    /// Entries of `environments/` that are no environments.
    pub(crate) strays: Vec<RepoPath>,
}

impl EnvironmentGraph {
    /// Reads all configs. A broken one is kept as the fault of that environment alone.
    pub(crate) fn read(tree: &dyn ReadTree) -> Result<Self> {
        let folder = RepoPath::of(&["environments"]);
        let mut environments = BTreeMap::new();
        let mut strays = Vec::new();
        for child in tree.children(&folder)? {
            match child.name.parse::<EnvName>() {
                Ok(name) if child.kind == Kind::Directory => {
                    environments.insert(name.clone(), Environment::read(tree, name)?);
                }
                _ => strays.push(folder.join(&child.name)),
            }
        }
        let mut graph = Self {
            environments,
            strays,
        };
        graph.check_upstreams();
        Ok(graph)
    }

    /// The environment of this name.
    pub(crate) fn get(&self, name: &EnvName) -> Option<&Environment> {
        self.environments.get(name)
    }

    /// All environments, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Environment> {
        self.environments.values()
    }

    /// The environments whose config names this group, by name.
    pub(crate) fn group(&self, group: &GroupName) -> Vec<&Environment> {
        let member = |environment: &&Environment| environment.group.as_ref() == Some(group);
        self.iter().filter(member).collect()
    }

    /// The names of all groups, without repeats.
    pub(crate) fn groups(&self) -> Vec<&GroupName> {
        let mut groups: Vec<_> = self.iter().filter_map(|each| each.group.as_ref()).collect();
        groups.sort();
        groups.dedup();
        groups
    }

    /// Finds the upstreams that do not exist or lead back to their environment.
    fn check_upstreams(&mut self) {
        let faults: Vec<_> = self
            .iter()
            .filter_map(|environment| Some((environment.name.clone(), self.fault(environment)?)))
            .collect();
        for (name, fault) in faults {
            if let Some(environment) = self.environments.get_mut(&name) {
                environment.upstream = Err(fault);
            }
        }
    }

    fn fault(&self, environment: &Environment) -> Option<NoUpstream> {
        let mut chain = vec![environment.name.clone()];
        let mut current = environment;
        while let Ok(Upstream::Environment(name)) = &current.upstream {
            let Some(next) = self.get(name) else {
                let own = chain.len() == 1;
                return own.then(|| NoUpstream::Unknown(name.to_string()));
            };
            chain.push(name.clone());
            if *name == environment.name {
                return Some(NoUpstream::Cycle(chain));
            }
            if chain.len() > self.environments.len() {
                return None;
            }
            current = next;
        }
        None
    }
}

/// An Argo CD project that an environment renders.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ArgoCdTarget {
    /// The name of the project and of its file: the environment, or `<prefix>-<environment>-<concrete name>`.
    pub(crate) name: String,
    /// Whether the environment has several of them.
    pub(crate) active_active: bool,
    /// What to render.
    pub(crate) config: ArgoCdConfig,
}

/// One `argocd` block of a config. Keys are compared without case and underscores, as kuberpult's files and its API spell
/// them differently.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct ArgoCdConfig {
    #[serde(alias = "concreteenvname")]
    name: String,
    pub(crate) destination: Destination,
    #[serde(rename = "syncwindows", deserialize_with = "or_default")]
    pub(crate) sync_windows: Vec<SyncWindow>,
    #[serde(rename = "accesslist", deserialize_with = "or_default")]
    pub(crate) access_list: Vec<AccessEntry>,
    #[serde(rename = "applicationannotations", deserialize_with = "or_default")]
    pub(crate) application_annotations: BTreeMap<String, String>,
    #[serde(rename = "ignoredifferences", deserialize_with = "or_default")]
    pub(crate) ignore_differences: Vec<IgnoreDifference>,
    #[serde(rename = "syncoptions", deserialize_with = "or_default")]
    pub(crate) sync_options: Vec<String>,
}

/// Where Argo CD deploys to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Destination {
    pub(crate) name: String,
    pub(crate) server: String,
    pub(crate) namespace: Option<String>,
    #[serde(rename = "appprojectnamespace")]
    pub(crate) app_project_namespace: Option<String>,
    #[serde(rename = "applicationnamespace")]
    pub(crate) application_namespace: Option<String>,
}

/// When Argo CD may sync.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct SyncWindow {
    pub(crate) schedule: String,
    pub(crate) duration: String,
    pub(crate) kind: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) applications: Vec<String>,
}

/// A kind of cluster resource that apps may create.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct AccessEntry {
    pub(crate) group: String,
    pub(crate) kind: String,
}

/// What Argo CD passes over when it compares.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct IgnoreDifference {
    pub(crate) group: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
    #[serde(rename = "jsonpointers", deserialize_with = "or_default")]
    pub(crate) json_pointers: Vec<String>,
    #[serde(rename = "jqpathexpressions", deserialize_with = "or_default")]
    pub(crate) jq_path_expressions: Vec<String>,
    #[serde(rename = "managedfieldsmanagers", deserialize_with = "or_default")]
    pub(crate) managed_fields_managers: Vec<String>,
}

/// `null` is the empty value, as Go reads it.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The shape of the file, its keys in lower case without underscores.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ConfigFile {
    upstream: Option<UpstreamFields>,
    environmentgroup: Option<String>,
    argocd: Option<ArgoCdConfig>,
    #[serde(alias = "argoconfigs")]
    argocdconfigs: Option<ArgoCdConfigs>,
    isactiveactive: Option<bool>,
    #[serde(skip)]
    targets: Vec<ArgoCdTarget>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UpstreamFields {
    environment: Option<String>,
    latest: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ArgoCdConfigs {
    #[serde(alias = "configs", deserialize_with = "or_default")]
    argocdconfigurations: Vec<ArgoCdConfig>,
    commonenvprefix: Option<String>,
}

fn upstream_of(fields: Option<UpstreamFields>) -> Result<Upstream, NoUpstream> {
    let fields = fields.ok_or(NoUpstream::Missing)?;
    let environment = fields.environment.filter(|name| !name.is_empty());
    match (fields.latest.unwrap_or(false), environment) {
        (true, None) => Ok(Upstream::Latest),
        (false, Some(name)) => match name.parse() {
            Ok(name) => Ok(Upstream::Environment(name)),
            Err(_) => Err(NoUpstream::Unknown(name)),
        },
        (true, Some(_)) => Err(NoUpstream::Both),
        (false, None) => Err(NoUpstream::Empty),
    }
}

/// Reads one config; a missing file is an empty config. As in Go, the first JSON value counts and the rest is passed over.
fn read_config(
    tree: &dyn ReadTree,
    path: &RepoPath,
    name: &EnvName,
) -> Result<Result<ConfigFile, ConfigError>> {
    let error = |why: String| ConfigError {
        path: path.clone(),
        why,
    };
    let content = match tree.kind(path)? {
        None => return Ok(Ok(ConfigFile::default())),
        Some(Kind::File) => tree.entry(path)?,
        Some(_) => None,
    };
    let Some(Entry::File(content)) = content else {
        return Ok(Err(error("it is no file".to_owned())));
    };
    let bytes = tree.bytes(&content)?;
    let parsed = parse_config(&bytes, name).map_err(|why| error(why.to_string()));
    Ok(parsed)
}

fn parse_config(bytes: &[u8], name: &EnvName) -> Result<ConfigFile> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    let value = values
        .next()
        .unwrap_or_else(|| serde_json::from_slice(bytes))?;
    if value.is_null() {
        return Ok(ConfigFile::default());
    }
    let mut config: ConfigFile = serde_json::from_value(folded(value))?;
    config.targets = targets(&mut config, name)?;
    Ok(config)
}

fn targets(config: &mut ConfigFile, name: &EnvName) -> Result<Vec<ArgoCdTarget>> {
    let several = config.argocdconfigs.take().unwrap_or_default();
    let prefix = several.commonenvprefix.unwrap_or_default();
    if !config.isactiveactive.unwrap_or(!prefix.is_empty()) {
        let one = config
            .argocd
            .take()
            .or(several.argocdconfigurations.into_iter().next());
        let target = |config| ArgoCdTarget {
            name: name.to_string(),
            active_active: false,
            config,
        };
        return Ok(one.map(target).into_iter().collect());
    }
    let target = |config: ArgoCdConfig| {
        let full = format!("{prefix}-{name}-{}", config.name);
        let words = |text: &str| text.parse::<super::TeamName>().is_ok();
        anyhow::ensure!(
            words(&full),
            "`{}` is no valid name for an Argo CD project: prefix and name must be lower-case words joined by hyphens",
            plain(&full)
        );
        Ok(ArgoCdTarget {
            name: full,
            active_active: true,
            config,
        })
    };
    several
        .argocdconfigurations
        .into_iter()
        .map(target)
        .collect()
}

/// All keys in lower case and without underscores, except those of maps that people fill.
fn folded(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| {
                let key = key.replace('_', "").to_lowercase();
                let value = if key == "applicationannotations" {
                    value
                } else {
                    folded(value)
                };
                (key, value)
            });
            Value::Object(fields.collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(folded).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::MemoryTree;

    fn graph(configs: &[(&str, &str)]) -> EnvironmentGraph {
        let tree = configs
            .iter()
            .fold(MemoryTree::default(), |tree, (name, config)| {
                tree.with(&format!("environments/{name}/config.json"), config)
            });
        EnvironmentGraph::read(&tree).unwrap()
    }

    #[track_caller]
    fn check_upstream(configs: &[(&str, &str)], expected: Result<Upstream, NoUpstream>) {
        let graph = graph(configs);
        let name = configs[0].0.parse().unwrap();
        assert_eq!(graph.get(&name).unwrap().upstream, expected);
    }

    #[test]
    fn every_kind_of_upstream_is_told_apart() {
        let staging = "staging".parse().unwrap();
        let both = r#"{"upstream":{"latest":true,"environment":"staging"}}"#;
        let to = r#"{"upstream":{"environment":"staging"}}"#;
        check_upstream(
            &[("dev", r#"{"Upstream":{"LATEST":true}} trailing"#)],
            Ok(Upstream::Latest),
        );
        check_upstream(
            &[("dev", to), ("staging", "{}")],
            Ok(Upstream::Environment(staging)),
        );
        check_upstream(&[("dev", to)], Err(NoUpstream::Unknown("staging".into())));
        check_upstream(&[("dev", both), ("staging", "{}")], Err(NoUpstream::Both));
        check_upstream(&[("dev", r#"{"upstream":{}}"#)], Err(NoUpstream::Empty));
        check_upstream(&[("dev", "null")], Err(NoUpstream::Missing));
    }

    #[test]
    fn a_cycle_is_the_fault_of_those_on_it_alone() {
        let to = |name: &str| format!(r#"{{"upstream":{{"environment":"{name}"}}}}"#);
        let graph = graph(&[
            ("a", &to("b")),
            ("b", &to("a")),
            ("c", &to("a")),
            ("d", &to("d")),
        ]);
        let upstream = |name: &str| graph.get(&name.parse().unwrap()).unwrap().upstream.clone();
        let names = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
        assert_eq!(
            upstream("a"),
            Err(NoUpstream::Cycle(names(&["a", "b", "a"])))
        );
        assert_eq!(
            upstream("c"),
            Ok(Upstream::Environment("a".parse().unwrap()))
        );
        assert_eq!(upstream("d"), Err(NoUpstream::Cycle(names(&["d", "d"]))));
    }

    #[test]
    fn a_broken_config_and_a_stray_file_stop_nobody_else() {
        let tree = MemoryTree::of(&[
            ("environments/.gitkeep", ""),
            (
                "environments/dev/config.json",
                r#"{"upstream":{"latest":true},"environmentGroup":"g"}"#,
            ),
            ("environments/bad/config.json", "{"),
            ("environments/Bad_Name/config.json", "{}"),
            ("environments/bare/locks/l-1/message", "m"),
        ]);
        let graph = EnvironmentGraph::read(&tree).unwrap();
        let strays: Vec<_> = graph.strays.iter().map(RepoPath::as_str).collect();
        assert_eq!(strays, ["environments/.gitkeep", "environments/Bad_Name"]);
        assert_eq!(graph.group(&"g".parse().unwrap()).len(), 1);
        let bad = graph.get(&"bad".parse().unwrap()).unwrap();
        assert!(
            matches!(bad.upstream, Err(NoUpstream::Unreadable(_))),
            "{bad:?}"
        );
        assert!(graph.get(&"bare".parse().unwrap()).is_some());
    }

    #[test]
    fn both_spellings_of_several_argo_cd_configs_are_read() {
        let file = r#"{"argocdConfigs":{"ArgoCdConfigurations":[{"destination":{"server":"s"},"name":"de-1"}],"CommonEnvPrefix":"aa"}}"#;
        let api = r#"{"argo_configs":{"configs":[{"destination":{"server":"s"},"concrete_env_name":"de-1"}],"common_env_prefix":"aa"}}"#;
        for config in [file, api] {
            let graph = graph(&[("prod", config)]);
            let environment = graph.iter().next().unwrap();
            assert_eq!(environment.argocd.len(), 1, "{config}");
            assert_eq!(environment.argocd[0].name, "aa-prod-de-1");
            assert_eq!(environment.argocd[0].config.destination.server, "s");
        }
    }
}
