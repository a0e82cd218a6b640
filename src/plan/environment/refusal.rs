//! What the rules of environments refuse, with what can be done about it.

use std::fmt;

use crate::plan::Refusal;
use crate::plan::refusal::joined;
use crate::state::config::Unfit;
use crate::state::environment::NoUpstream;
use crate::state::{EnvName, GroupName, plain};

/// Why an environment is neither created, nor changed, nor deleted.
#[derive(Debug)]
pub(crate) enum EnvironmentRefusal {
    /// It was to be created.
    Exists(EnvName),
    /// The config cannot become what was asked for.
    Unfit(EnvName, Unfit),
    /// The upstream that was asked for cannot be one.
    Upstream(EnvName, NoUpstream),
    /// Another config describes an Argo CD project of the same name.
    ProjectTaken {
        project: String,
        environments: Vec<EnvName>,
    },
    /// Other environments take their versions from it, or from the group that ends with it.
    IsUpstream {
        environment: EnvName,
        last_of: Option<GroupName>,
        of: Vec<EnvName>,
    },
}

impl From<EnvironmentRefusal> for anyhow::Error {
    fn from(refusal: EnvironmentRefusal) -> Self {
        Refusal::Environment(refusal).into()
    }
}

impl EnvironmentRefusal {
    /// What can be done about it.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Exists(name) => Some(format!(
                "change it with `trainyard environment update {name} …`, or pass `--update`"
            )),
            Self::Unfit(_, unfit) => unfit.hint(),
            Self::Upstream(environment, fault) => Some(fault.hint(environment)),
            Self::ProjectTaken { .. } => {
                Some("choose another `--common-env-prefix` or `--concrete-env-name`".to_owned())
            }
            Self::IsUpstream { of, .. } => of.first().map(|name| {
                format!(
                    "give it another one first: `trainyard environment update {name} --upstream ENV`"
                )
            }),
        }
    }
}

impl fmt::Display for EnvironmentRefusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(name) => write!(formatter, "environment `{name}` exists already"),
            Self::Unfit(name, unfit) => write!(formatter, "environment `{name}`: {unfit}"),
            Self::Upstream(name, fault) => write!(formatter, "environment `{name}`: {fault}"),
            Self::ProjectTaken {
                project,
                environments,
            } => write!(
                formatter,
                "two configs describe the Argo CD project `{}`, of {}",
                plain(project),
                joined(environments, " and ")
            ),
            Self::IsUpstream {
                environment,
                last_of,
                of,
            } => {
                let of = joined(of, ", ");
                match last_of {
                    None => write!(
                        formatter,
                        "environment `{environment}` is the upstream of {of}"
                    ),
                    Some(group) => write!(
                        formatter,
                        "environment `{environment}` is the last one of group `{group}`, which is the upstream of {of}"
                    ),
                }
            }
        }
    }
}
