//! `environments/<env>/config.json`, read as kuberpult reads it: the first JSON value counts, keys are compared without case, and
//! unknown keys are somebody else's.

mod document;
mod edit;
mod json;

use anyhow::{Result, ensure};
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

pub(crate) use document::{ConfigChange, Document};
pub(crate) use edit::{ArgoCdEdit, ConfigEdit, DestinationField, Part, Unfit};
pub(crate) use json::Json;

use super::argocd::{ArgoCdConfig, ArgoCdConfigs, ArgoCdTarget, IgnoreDifference, targets};
use super::{EnvName, plain};
use crate::tree::{Entry, Kind, ReadTree, RepoPath};

/// A file of an environment, or the options of the repository, that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{path}`: {why}")]
pub(crate) struct ConfigError {
    /// The file.
    pub(crate) path: RepoPath,
    /// What is wrong with it.
    pub(crate) why: String,
}

/// The shape of the file, its keys in lower case without underscores.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ConfigFile {
    pub(super) upstream: Option<UpstreamFields>,
    pub(super) environmentgroup: Option<String>,
    argocd: Option<ArgoCdConfig>,
    #[serde(alias = "argoconfigs")]
    argocdconfigs: Option<ArgoCdConfigs>,
    isactiveactive: Option<bool>,
    #[serde(skip)]
    pub(super) targets: Vec<ArgoCdTarget>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct UpstreamFields {
    pub(super) environment: Option<String>,
    pub(super) latest: Option<bool>,
}

/// Reads one config; a missing file is an empty config. As in Go, the first JSON value counts and the rest is passed over.
pub(super) fn read(
    tree: &dyn ReadTree,
    path: &RepoPath,
    name: &EnvName,
) -> Result<Result<ConfigFile, ConfigError>> {
    read_with(tree, path, |bytes| parse(bytes, name))
}

/// Reads a config with a parser; a missing file is an empty config.
fn read_with<T: Default>(
    tree: &dyn ReadTree,
    path: &RepoPath,
    parse: impl FnOnce(&[u8]) -> Result<T>,
) -> Result<Result<T, ConfigError>> {
    let error = |why: String| ConfigError {
        path: path.clone(),
        why,
    };
    let content = match tree.kind(path)? {
        None => return Ok(Ok(T::default())),
        Some(Kind::File) => tree.entry(path)?,
        Some(_) => None,
    };
    let Some(Entry::File(content)) = content else {
        return Ok(Err(error("it is no file".to_owned())));
    };
    let bytes = tree.bytes(&content)?;
    let parsed = parse(&bytes).map_err(|why| error(why.to_string()));
    Ok(parsed)
}

fn parse(bytes: &[u8], name: &EnvName) -> Result<ConfigFile> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    let value = values
        .next()
        .unwrap_or_else(|| serde_json::from_slice(bytes))?;
    if value.is_null() {
        return Ok(ConfigFile::default());
    }
    ensure!(value.is_object(), "it is no JSON object");
    let value = folded(value);
    check_objects(&value)?;
    let mut config: ConfigFile = serde_json::from_value(value)?;
    let (block, several) = (config.argocd.take(), config.argocdconfigs.take());
    config.targets = targets(
        name,
        block,
        several.unwrap_or_default(),
        config.isactiveactive,
    )?;
    Ok(config)
}

/// Fails if a list or a plain value stands where Go reads an object: serde would take the values of a list for the fields.
fn check_objects(value: &Value) -> Result<()> {
    const OBJECTS: [&str; 4] = ["upstream", "argocd", "argocdconfigs", "destination"];
    const LISTS: [&str; 5] = [
        "argocdconfigurations",
        "configs",
        "syncwindows",
        "accesslist",
        "ignoredifferences",
    ];
    for (key, value) in value.as_object().into_iter().flatten() {
        let well_formed = |value: &Value| value.is_object() || value.is_null();
        let objects = match value {
            Value::Array(values) if LISTS.contains(&key.as_str()) => values.iter().collect(),
            value if OBJECTS.contains(&key.as_str()) => vec![value],
            _ => continue,
        };
        for object in objects {
            ensure!(
                well_formed(object),
                "`{key}` holds {object}, where an object {{…}} belongs"
            );
            check_objects(object)?;
        }
    }
    Ok(())
}

/// All keys in lower case and without underscores, except those of maps that people fill.
fn folded(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| {
                let key = folded_key(&key);
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

/// Reads an entry of `ignoreDifferences`, in any spelling of its keys. An unknown key is an error: a misspelt one shall not be lost.
pub(crate) fn ignore_difference(text: &str) -> Result<IgnoreDifference> {
    let value = folded(serde_json::from_str(text)?);
    let Value::Object(fields) = &value else {
        anyhow::bail!("a JSON object is needed");
    };
    if let Some(key) = fields
        .keys()
        .find(|key| !IgnoreDifference::KEYS.contains(&key.as_str()))
    {
        anyhow::bail!("the key `{}` is unknown", plain(key));
    }
    let difference: IgnoreDifference = serde_json::from_value(value)?;
    anyhow::ensure!(!difference.kind.is_empty(), "`kind` is needed");
    Ok(difference)
}

/// A key without what may differ between its spellings.
fn folded_key(key: &str) -> String {
    key.replace('_', "").to_lowercase()
}
