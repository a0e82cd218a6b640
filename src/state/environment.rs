//! Environments, and the graph that their upstreams and groups make.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;

use super::argocd::ArgoCdTarget;
use super::config::{self, ConfigError, UpstreamFields};
use super::{EnvName, GroupName, plain};
use crate::tree::{Kind, PathShape, ReadTree, RepoPath};

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

impl NoUpstream {
    /// What can be done about it on this environment.
    pub(crate) fn hint(&self, environment: &EnvName) -> String {
        let update = format!("trainyard environment update {environment}");
        match self {
            Self::Missing | Self::Empty | Self::Both => {
                format!("choose one: `{update} --upstream ENV`, or `--upstream latest`")
            }
            Self::Unknown(_) => format!(
                "create it with `trainyard environment create`, or choose another one: `{update} --upstream ENV`, or `--upstream latest`"
            ),
            Self::Cycle(_) => format!(
                "one of them needs another upstream: `{update} --upstream ENV`, or `--upstream latest`"
            ),
            Self::Unreadable(_) => {
                format!("mend the file, or write a new one: `{update} --config FILE`")
            }
        }
    }
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
    /// The environment that the config names as upstream, whether that makes sense or not.
    pub(crate) named_upstream: Option<String>,
    /// The Argo CD files of this environment: one, or one for each cluster of an active/active environment.
    pub(crate) argocd: Vec<ArgoCdTarget>,
}

/// What stands in the folder of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Config,
    Locks,
    Teams,
    Applications,
    /// Manifests by brackets, as kuberpult writes them from v13 on.
    Brackets,
}

/// What an entry of the folder of an environment is; `None` if it does not belong there.
pub(crate) fn part(name: &str) -> Option<Part> {
    match name {
        "config.json" => Some(Part::Config),
        "locks" => Some(Part::Locks),
        "teams" => Some(Part::Teams),
        "applications" => Some(Part::Applications),
        "brackets" => Some(Part::Brackets),
        _ => None,
    }
}

impl Environment {
    /// The folder of all environments.
    pub(crate) fn root() -> RepoPath {
        RepoPath::of(&["environments"])
    }

    /// The folder of an environment.
    pub(crate) fn directory(name: &EnvName) -> RepoPath {
        Self::root().join(name)
    }

    /// The config of an environment.
    pub(crate) fn config_path(name: &EnvName) -> RepoPath {
        Self::directory(name).join("config.json")
    }

    /// The environment whose folder this is, if it is one.
    pub(crate) fn of_path(path: &RepoPath) -> Option<EnvName> {
        let name = path.name().parse().ok()?;
        (*path == Self::directory(&name)).then_some(name)
    }

    /// The environment whose config this is, if it is one.
    pub(crate) fn of_config_path(path: &RepoPath) -> Option<EnvName> {
        let name = Self::of_path(&path.parent()?)?;
        (*path == Self::config_path(&name)).then_some(name)
    }

    /// The folder of an environment, and its config; of all environments without a name.
    pub(crate) fn shapes(name: Option<&EnvName>) -> [PathShape; 2] {
        let folder = [Some("environments"), name.map(AsRef::as_ref)];
        let config = [&folder[..], &[Some("config.json")]].concat();
        [PathShape::of(&folder), PathShape::of(&config)]
    }

    /// Fails if the config cannot be read.
    pub(crate) fn readable(&self) -> Result<(), ConfigError> {
        match &self.upstream {
            Err(NoUpstream::Unreadable(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    fn read(tree: &dyn ReadTree, name: EnvName) -> Result<Self> {
        let config = config::read(tree, &Self::config_path(&name), &name)?;
        Ok(match config {
            Ok(config) => Self {
                group: config
                    .environmentgroup
                    .filter(|group| !group.is_empty())
                    .map(|group| GroupName::found(&group)),
                named_upstream: config
                    .upstream
                    .as_ref()
                    .and_then(|upstream| upstream.environment.clone())
                    .filter(|name| !name.is_empty()),
                upstream: upstream_of(config.upstream),
                argocd: config.targets,
                name,
            },
            Err(error) => Self {
                name,
                group: None,
                upstream: Err(NoUpstream::Unreadable(error)),
                named_upstream: None,
                argocd: Vec::new(),
            },
        })
    }
}

/// The names of all environments.
pub(crate) fn names(tree: &dyn ReadTree) -> Result<Vec<EnvName>> {
    let names = tree.folders(&Environment::root())?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// The group that the config of an environment names; `None` also where the config cannot be read.
pub(crate) fn group_of(tree: &dyn ReadTree, name: &EnvName) -> Result<Option<GroupName>> {
    Ok(Environment::read(tree, name.clone())?.group)
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
        let folder = Environment::root();
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

    /// How many environments lie between this one and the releases: 0 if it takes the latest. `None` if no way leads there.
    pub(crate) fn distance(&self, environment: &Environment) -> Option<usize> {
        let mut current = environment;
        for distance in 0..self.environments.len() {
            match &current.upstream {
                Ok(Upstream::Latest) => return Some(distance),
                Ok(Upstream::Environment(name)) => current = self.get(name)?,
                Err(_) => return None,
            }
        }
        None
    }

    /// All environments, the nearest to the releases first, then by name; last those to which no way leads.
    pub(crate) fn by_distance(&self) -> Vec<&Environment> {
        let mut environments: Vec<_> = self.iter().collect();
        environments.sort_by_key(|each| self.distance(each).unwrap_or(usize::MAX));
        environments
    }

    /// The groups whose environments are not equally far from the releases. Where the way is broken, that is another fault.
    pub(crate) fn unequal_groups(&self) -> Vec<(GroupName, BTreeMap<EnvName, Option<usize>>)> {
        let groups = self.groups().into_iter().filter_map(|group| {
            let members = self.group(group).into_iter();
            let sound = |each: &Environment| {
                let distance = self.distance(each);
                let starts_nowhere = each.upstream == Err(NoUpstream::Missing);
                (distance.is_some() || starts_nowhere).then(|| (each.name.clone(), distance))
            };
            let distances: BTreeMap<_, _> = members.filter_map(sound).collect();
            let mut values = distances.values();
            let first = values.next()?;
            let unequal = values.any(|other| other != first);
            unequal.then(|| (group.clone(), distances))
        });
        groups.collect()
    }

    /// The Argo CD projects that more than one config describes, with the environments of those configs.
    pub(crate) fn projects_twice(&self) -> BTreeMap<String, Vec<EnvName>> {
        let mut owners: BTreeMap<String, Vec<EnvName>> = BTreeMap::new();
        for environment in self.iter() {
            for target in &environment.argocd {
                let owners = owners.entry(target.name.clone()).or_default();
                owners.push(environment.name.clone());
            }
        }
        owners.retain(|_, owners| owners.len() > 1);
        owners
    }

    /// The environments whose config names this environment or group as upstream, by name.
    pub(crate) fn downstream(&self, name: &str) -> Vec<EnvName> {
        let names = |each: &&Environment| each.named_upstream.as_deref() == Some(name);
        self.iter()
            .filter(names)
            .map(|each| each.name.clone())
            .collect()
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
    fn check_upstream(configs: &[(&str, &str)], expected: &Result<Upstream, NoUpstream>) {
        let graph = graph(configs);
        let name = configs[0].0.parse().unwrap();
        assert_eq!(graph.get(&name).unwrap().upstream, *expected);
    }

    #[test]
    fn every_kind_of_upstream_is_told_apart() {
        let staging = "staging".parse().unwrap();
        let both = r#"{"upstream":{"latest":true,"environment":"staging"}}"#;
        let to = r#"{"upstream":{"environment":"staging"}}"#;
        check_upstream(
            &[("dev", r#"{"Upstream":{"LATEST":true}} trailing"#)],
            &Ok(Upstream::Latest),
        );
        check_upstream(
            &[("dev", to), ("staging", "{}")],
            &Ok(Upstream::Environment(staging)),
        );
        check_upstream(&[("dev", to)], &Err(NoUpstream::Unknown("staging".into())));
        check_upstream(&[("dev", both), ("staging", "{}")], &Err(NoUpstream::Both));
        check_upstream(&[("dev", r#"{"upstream":{}}"#)], &Err(NoUpstream::Empty));
        check_upstream(&[("dev", "null")], &Err(NoUpstream::Missing));
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
