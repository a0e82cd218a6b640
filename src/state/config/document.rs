//! The config of an environment as a document that can be changed: kuberpult's keys in kuberpult's spelling and order, and behind
//! them what else somebody put there.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Context as _, Result, bail};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::json::Json;
use super::{folded_key, parse, read_with};
use crate::state::{EnvName, Environment, plain};
use crate::tree::{Draft, Entry, ReadTree};

/// A key that kuberpult writes.
struct Key {
    name: &'static str,
    /// What kuberpult's API calls it, in lower case.
    alias: &'static str,
    holds: Shape,
}

enum Shape {
    Value,
    /// Keys that people choose, which kuberpult sorts.
    Map,
    Object(&'static [Key]),
    List(&'static [Key]),
}

const fn key(name: &'static str, holds: Shape) -> Key {
    Key {
        name,
        alias: "",
        holds,
    }
}

/// The keys of the file in the order in which kuberpult writes them.
const CONFIG: &[Key] = &[
    key(
        "upstream",
        Shape::Object(&[
            key("environment", Shape::Value),
            key("latest", Shape::Value),
        ]),
    ),
    key("argocd", Shape::Object(ARGOCD)),
    key("environmentGroup", Shape::Value),
    Key {
        name: "argocdConfigs",
        alias: "argoconfigs",
        holds: Shape::Object(SEVERAL),
    },
    key("isActiveActive", Shape::Value),
];

const SEVERAL: &[Key] = &[
    Key {
        name: "ArgoCdConfigurations",
        alias: "configs",
        holds: Shape::List(ARGOCD),
    },
    key("CommonEnvPrefix", Shape::Value),
];

const ARGOCD: &[Key] = &[
    key(
        "destination",
        Shape::Object(&[
            key("name", Shape::Value),
            key("server", Shape::Value),
            key("namespace", Shape::Value),
            key("appProjectNamespace", Shape::Value),
            key("applicationNamespace", Shape::Value),
        ]),
    ),
    key(
        "syncWindows",
        Shape::List(&[
            key("schedule", Shape::Value),
            key("duration", Shape::Value),
            key("kind", Shape::Value),
            key("applications", Shape::Value),
        ]),
    ),
    key(
        "accessList",
        Shape::List(&[key("group", Shape::Value), key("kind", Shape::Value)]),
    ),
    key("applicationAnnotations", Shape::Map),
    key(
        "ignoreDifferences",
        Shape::List(&[
            key("group", Shape::Value),
            key("kind", Shape::Value),
            key("name", Shape::Value),
            key("namespace", Shape::Value),
            key("jsonPointers", Shape::Value),
            key("jqPathExpressions", Shape::Value),
            key("managedFieldsManagers", Shape::Value),
        ]),
    ),
    key("syncOptions", Shape::Value),
    Key {
        name: "name",
        alias: "concreteenvname",
        holds: Shape::Value,
    },
];

/// A `config.json` as a whole.
#[derive(Clone, Debug)]
pub(crate) struct Document(pub(super) Json);

impl Default for Document {
    fn default() -> Self {
        Self(Json::object())
    }
}

impl Document {
    /// Reads the config of an environment; a missing one is empty. Fails with a [`ConfigError`](super::ConfigError).
    pub(crate) fn read(tree: &dyn ReadTree, name: &EnvName) -> Result<Self> {
        let path = Environment::config_path(name);
        Ok(read_with(tree, &path, |bytes| Self::parse(bytes, name))??)
    }

    /// Reads a config for the environment of this name.
    pub(crate) fn parse(bytes: &[u8], name: &EnvName) -> Result<Self> {
        parse(bytes, name)?;
        // The first value counts, and the rest is passed over.
        let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
        values.next().context("it is empty")??;
        let text = std::str::from_utf8(&bytes[..values.byte_offset()])?;
        let mut json = Json::parse(text)?;
        if json.is_null() {
            json = Json::object();
        }
        let mut document = Self(json);
        document.arrange()?;
        Ok(document)
    }

    /// Gives known keys kuberpult's spelling and order.
    pub(super) fn arrange(&mut self) -> Result<()> {
        arrange(&mut self.0, CONFIG)
    }

    /// Fails, with the reason, if no reader could make sense of it.
    pub(super) fn check(&self, name: &EnvName) -> Result<()> {
        parse(self.text().as_bytes(), name).map(|_| ())
    }

    /// Puts the config into its place.
    pub(crate) fn write(&self, draft: &mut Draft, name: &EnvName) -> Result<()> {
        let home = Environment::directory(name);
        draft.replace(
            &home,
            Environment::config_path(name),
            Entry::file(self.text()),
        )
    }

    /// The file.
    pub(crate) fn text(&self) -> String {
        self.0.pretty() + "\n"
    }

    /// The config for programs.
    pub(crate) fn to_value(&self) -> Value {
        self.0.to_value()
    }

    /// The group that it names.
    pub(crate) fn group(&self) -> Option<String> {
        let group = self.0.get("environmentGroup")?.as_text()?;
        (!group.is_empty()).then_some(group)
    }

    /// Whether both name the same upstream, be it a good one or not.
    pub(crate) fn has_upstream_of(&self, other: &Self) -> bool {
        match (self.0.get("upstream"), other.0.get("upstream")) {
            (Some(one), Some(other)) => one.is_same(other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }

    /// The keys that neither kuberpult nor this program knows, with their way.
    pub(crate) fn unknown_keys(&self) -> Vec<String> {
        let mut unknown = Vec::new();
        find_unknown(&self.0, CONFIG, "", &mut unknown);
        unknown
    }

    /// What differs in the other document, key by key.
    pub(crate) fn changes(&self, after: &Self) -> Vec<ConfigChange> {
        let mut changes = Vec::new();
        compare(Some(&self.0), Some(&after.0), "", &mut changes);
        changes
    }
}

fn position(keys: &[Key], name: &str) -> Option<usize> {
    let folded = folded_key(name);
    keys.iter().position(|key| {
        let is_alias = !key.alias.is_empty() && key.alias == folded;
        is_alias || folded_key(key.name) == folded
    })
}

fn arrange(json: &mut Json, keys: &'static [Key]) -> Result<()> {
    let Json::Object(fields) = json else {
        return Ok(());
    };
    let mut known: Vec<Option<(String, Json)>> = keys.iter().map(|_| None).collect();
    let mut rest = Vec::new();
    for (name, mut value) in std::mem::take(fields) {
        let Some(place) = position(keys, &name) else {
            rest.push((name, value));
            continue;
        };
        match &keys[place].holds {
            Shape::Value => {}
            Shape::Map => {
                if let Json::Object(fields) = &mut value {
                    fields.sort_by(|one, other| one.0.cmp(&other.0));
                }
            }
            Shape::Object(keys) => arrange(&mut value, keys)?,
            Shape::List(keys) => {
                if let Json::Array(items) = &mut value {
                    items.iter_mut().try_for_each(|item| arrange(item, keys))?;
                }
            }
        }
        if let Some((_, twin)) = known[place].replace((keys[place].name.to_owned(), value))
            && !twin.is_null()
        {
            bail!(
                "`{}` stands there twice, and only one of them can be meant",
                keys[place].name
            );
        }
    }
    *fields = known.into_iter().flatten().chain(rest).collect();
    Ok(())
}

fn find_unknown(json: &Json, keys: &[Key], way: &str, unknown: &mut Vec<String>) {
    let Json::Object(fields) = json else {
        return;
    };
    for (name, value) in fields {
        let here = joined(way, name);
        match position(keys, name).map(|place| &keys[place].holds) {
            None => unknown.push(here),
            Some(Shape::Value | Shape::Map) => {}
            Some(Shape::Object(keys)) => find_unknown(value, keys, &here, unknown),
            Some(Shape::List(keys)) => {
                if let Json::Array(items) = value {
                    for item in items {
                        find_unknown(item, keys, &here, unknown);
                    }
                }
            }
        }
    }
}

fn joined(way: &str, name: &str) -> String {
    if way.is_empty() {
        name.to_owned()
    } else {
        format!("{way}.{name}")
    }
}

/// A key that has another value than before.
#[derive(Clone, Debug)]
pub(crate) struct ConfigChange {
    /// Its way through the objects, such as `upstream.environment`.
    pub(crate) key: String,
    pub(crate) from: Option<Json>,
    pub(crate) to: Option<Json>,
}

impl fmt::Display for ConfigChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = plain(&self.key);
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => write!(formatter, "{key}: {} → {}", short(from), short(to)),
            (None, Some(to)) => write!(formatter, "{key}: {}", short(to)),
            (Some(from), None) => write!(formatter, "{key}: {} → nothing", short(from)),
            (None, None) => write!(formatter, "{key}: nothing"),
        }
    }
}

/// A value on one line, cut off where it gets too long to be read.
fn short(json: &Json) -> String {
    const MOST: usize = 120;
    let text = plain(&json.to_string());
    if text.chars().count() <= MOST {
        return text;
    }
    text.chars().take(MOST - 1).chain(['…']).collect()
}

fn compare(from: Option<&Json>, to: Option<&Json>, way: &str, changes: &mut Vec<ConfigChange>) {
    match (fields(from), fields(to)) {
        // What has keys on one side only is told key by key, too.
        (Some(before), Some(after)) if !(before.is_empty() && after.is_empty()) => {
            for (name, value) in &before {
                let other = after.iter().find(|(other, _)| other == name);
                let here = joined(way, name);
                compare(Some(value), other.map(|(_, value)| *value), &here, changes);
            }
            for (name, value) in &after {
                if !before.iter().any(|(other, _)| other == name) {
                    compare(None, Some(value), &joined(way, name), changes);
                }
            }
        }
        _ => {
            let same = match (from, to) {
                (Some(from), Some(to)) => from.is_same(to),
                (from, to) => from.is_none() && to.is_none(),
            };
            if !same {
                changes.push(ConfigChange {
                    key: way.to_owned(),
                    from: from.cloned(),
                    to: to.cloned(),
                });
            }
        }
    }
}

/// The keys of an object, or of a list of objects that all have names, if none stands there twice. What is missing has none.
fn fields(json: Option<&Json>) -> Option<Vec<(String, &Json)>> {
    let fields: Vec<_> = match json {
        None => Vec::new(),
        Some(Json::Object(fields)) => {
            let fields = fields.iter();
            fields.map(|(key, value)| (key.clone(), value)).collect()
        }
        Some(Json::Array(items)) if !items.is_empty() => {
            let named = items.iter().map(|item| {
                let name = item.get("name")?.as_text()?;
                item.get("destination")?;
                Some((name, item))
            });
            named.collect::<Option<_>>()?
        }
        Some(Json::Array(_) | Json::Scalar(_)) => return None,
    };
    let keys: BTreeSet<_> = fields.iter().map(|(key, _)| key).collect();
    (keys.len() == fields.len()).then_some(fields)
}
