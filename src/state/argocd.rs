//! Argo CD projects as the config of an environment describes them.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Deserialize;

use super::{EnvName, plain};

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

impl IgnoreDifference {
    /// Its keys in lower case.
    pub(super) const KEYS: [&str; 7] = [
        "group",
        "kind",
        "name",
        "namespace",
        "jsonpointers",
        "jqpathexpressions",
        "managedfieldsmanagers",
    ];
}

/// Several blocks.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ArgoCdConfigs {
    #[serde(alias = "configs", deserialize_with = "or_default")]
    argocdconfigurations: Vec<ArgoCdConfig>,
    commonenvprefix: Option<String>,
}

/// The projects of an environment: of one block (`argocd`) or of several, which make it active/active.
pub(super) fn targets(
    name: &EnvName,
    block: Option<ArgoCdConfig>,
    several: ArgoCdConfigs,
    active_active: Option<bool>,
) -> Result<Vec<ArgoCdTarget>> {
    let prefix = several.commonenvprefix.unwrap_or_default();
    if !active_active.unwrap_or(!prefix.is_empty()) {
        let one = block.or(several.argocdconfigurations.into_iter().next());
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

/// `null` is the empty value, as Go reads it.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
