//! Check: what is wrong with the environments of a repository, and what can be done about it.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;

use crate::plan::Ground;
use crate::state::config::Document;
use crate::state::environment::NoUpstream;
use crate::state::{EnvName, Environment, GroupName, InvalidName, plain};
use crate::tree::{ReadTree, RepoPath};

/// What a check came to.
#[derive(Debug)]
pub(crate) struct Checked {
    /// How many environments there are.
    pub(crate) environments: usize,
    /// By path.
    pub(crate) faults: Vec<Fault>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An entry of `environments/` that is no environment: its name breaks the rules.
    BadName(RepoPath, InvalidName),
    /// An entry of `environments/` that is no environment: it is no folder.
    NoFolder(RepoPath),
    /// No train can go there.
    Upstream(EnvName, NoUpstream),
    /// The config cannot be taken for what it says.
    Config(EnvName, String),
    /// The config names a group that no command can name.
    BadGroup(EnvName, InvalidName),
    /// The config names a group that is called like an environment outside of it.
    GroupLikeEnvironment(EnvName, EnvName),
    /// Environments of a group that are not equally far from the releases.
    UnequalGroup(GroupName, BTreeMap<EnvName, Option<usize>>),
    /// A project that several configs describe.
    ProjectTwice(String, Vec<EnvName>),
}

impl Fault {
    /// The file that it is about; the first one, if there are several.
    pub(crate) fn path(&self) -> RepoPath {
        let config = |name: Option<&EnvName>| match name {
            Some(name) => Environment::config_path(name),
            None => RepoPath::root(),
        };
        match self {
            Self::BadName(path, _) | Self::NoFolder(path) => path.clone(),
            Self::Upstream(_, NoUpstream::Unreadable(error)) => error.path.clone(),
            Self::Upstream(name, _)
            | Self::Config(name, _)
            | Self::BadGroup(name, _)
            | Self::GroupLikeEnvironment(name, _) => config(Some(name)),
            Self::UnequalGroup(_, distances) => config(distances.keys().next()),
            Self::ProjectTwice(_, names) => config(names.first()),
        }
    }

    /// What can be done about it.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::BadName(path, _) | Self::NoFolder(path) => {
                let path = plain(path.as_str()).replace('\'', r"'\''");
                format!("rename it with `git mv`, or remove it with `git rm -r '{path}'`")
            }
            Self::Upstream(name, fault) => fault.hint(name),
            Self::Config(name, _) => {
                format!("write it anew with `trainyard environment update {name} --config FILE`")
            }
            Self::BadGroup(name, _) | Self::GroupLikeEnvironment(name, _) => format!(
                "choose another one with `trainyard environment update {name} --environment-group GROUP`"
            ),
            Self::UnequalGroup(..) => {
                "give them upstreams of the same distance, or groups of their own: a train to the group brings them different versions"
                    .to_owned()
            }
            Self::ProjectTwice(..) => {
                "rename one of them: both write the same file, and the last one wins".to_owned()
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadName(_, why) => write!(formatter, "{why}; it is passed over"),
            Self::NoFolder(_) => write!(formatter, "it is no environment and is passed over"),
            Self::Upstream(_, NoUpstream::Unreadable(error)) => {
                formatter.write_str(&plain(&error.why))
            }
            Self::Upstream(_, fault) => fault.fmt(formatter),
            Self::Config(_, why) => formatter.write_str(&plain(why)),
            Self::BadGroup(_, why) => why.fmt(formatter),
            Self::GroupLikeEnvironment(_, other) => write!(
                formatter,
                "its group is called like the environment `{other}`, which is not in it: a train to `{other}` goes to the group"
            ),
            Self::UnequalGroup(group, distances) => {
                let each = distances.iter().map(|(name, distance)| match distance {
                    Some(distance) => format!("{name} {distance}"),
                    None => format!("{name} has no upstream"),
                });
                let each: Vec<_> = each.collect();
                write!(
                    formatter,
                    "the environments of group `{group}` are not equally far from the releases: {}",
                    each.join(", ")
                )
            }
            Self::ProjectTwice(project, names) => {
                let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
                write!(
                    formatter,
                    "the Argo CD project `{}` is described twice: by {}",
                    plain(project),
                    names.join(" and ")
                )
            }
        }
    }
}

/// Looks for everything that is wrong with the environments.
pub(crate) fn check(tree: &dyn ReadTree, ground: &Ground) -> Result<Checked> {
    let graph = &ground.environments;
    ground.settled_or_stray()?;
    let mut faults = Vec::new();
    for path in &graph.strays {
        faults.push(match path.name().parse::<EnvName>() {
            Err(why) if tree.has_folder(path)? => Fault::BadName(path.clone(), why),
            Ok(_) | Err(_) => Fault::NoFolder(path.clone()),
        });
    }
    for environment in graph.iter() {
        faults.extend(own_faults(tree, environment)?);
        let group = environment.group.as_ref();
        let like = group.and_then(|group| graph.get(&group.as_ref().parse().ok()?));
        if let Some(other) = like.filter(|other| other.group != environment.group) {
            let (name, other) = (environment.name.clone(), other.name.clone());
            faults.push(Fault::GroupLikeEnvironment(name, other));
        }
    }
    let unequal = graph.unequal_groups().into_iter();
    faults.extend(unequal.map(|(group, distances)| Fault::UnequalGroup(group, distances)));
    let twice = graph.projects_twice().into_iter();
    faults.extend(twice.map(|(project, names)| Fault::ProjectTwice(project, names)));
    faults.sort_by_cached_key(Fault::path);
    Ok(Checked {
        environments: graph.iter().count(),
        faults,
    })
}

/// What is wrong with one environment, whatever the others are like.
fn own_faults(tree: &dyn ReadTree, environment: &Environment) -> Result<Vec<Fault>> {
    let name = &environment.name;
    let mut faults = Vec::new();
    match &environment.upstream {
        // A train passes over it, which may be meant.
        Ok(_) | Err(NoUpstream::Missing) => {}
        Err(fault) => faults.push(Fault::Upstream(name.clone(), fault.clone())),
    }
    if environment.readable().is_err() {
        return Ok(faults);
    }
    if let Some(group) = &environment.group
        && let Err(why) = group.as_ref().parse::<GroupName>()
    {
        faults.push(Fault::BadGroup(name.clone(), why));
    }
    match Document::read(tree, name) {
        Ok(config) if config.has_one_and_several() => {
            let why = "it has `argocd` and `argocdConfigs`, of which only one counts";
            faults.push(Fault::Config(name.clone(), why.to_owned()));
        }
        Ok(_) => {}
        Err(error) => match error.downcast::<crate::state::config::ConfigError>() {
            Ok(error) => faults.push(Fault::Config(name.clone(), error.why)),
            Err(error) => return Err(error),
        },
    }
    Ok(faults)
}
