//! What somebody wants changed in a config, and how it is done: what is given replaces what stands there, the rest stays. Lists are
//! given as a whole, annotations one by one.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use super::document::Document;
use super::json::Json;
use crate::state::argocd::{AccessEntry, IgnoreDifference, SyncWindow};
use crate::state::{ConcreteName, EnvName, EnvPrefix, GroupName, Upstream, plain};

/// Changes of a config.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConfigEdit {
    /// What is taken away, before anything is put in.
    pub(crate) clear: BTreeSet<Part>,
    pub(crate) upstream: Option<Upstream>,
    pub(crate) group: Option<GroupName>,
    /// What makes an environment active/active: the beginning of the names of its Argo CD projects.
    pub(crate) prefix: Option<EnvPrefix>,
    /// Whose Argo CD config is changed, in an active/active environment.
    pub(crate) concrete: Option<ConcreteName>,
    pub(crate) remove_concrete: BTreeSet<ConcreteName>,
    pub(crate) argocd: ArgoCdEdit,
}

/// Changes of one Argo CD config.
#[derive(Clone, Debug, Default)]
pub(crate) struct ArgoCdEdit {
    pub(crate) destination: BTreeMap<DestinationField, String>,
    pub(crate) sync_windows: Vec<SyncWindow>,
    pub(crate) access_list: Vec<AccessEntry>,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) ignore_differences: Vec<IgnoreDifference>,
    pub(crate) sync_options: Vec<String>,
}

/// A field of the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DestinationField {
    Name,
    Server,
    Namespace,
    AppProjectNamespace,
    ApplicationNamespace,
}

impl DestinationField {
    fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Server => "server",
            Self::Namespace => "namespace",
            Self::AppProjectNamespace => "appProjectNamespace",
            Self::ApplicationNamespace => "applicationNamespace",
        }
    }

    /// Whether kuberpult writes it, be it empty.
    fn always_stands(self) -> bool {
        match self {
            Self::Name | Self::Server => true,
            Self::Namespace | Self::AppProjectNamespace | Self::ApplicationNamespace => false,
        }
    }
}

/// A part of a config that can be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Upstream,
    Group,
    /// Every Argo CD config.
    ArgoCd,
    Destination(DestinationField),
    SyncWindows,
    AccessList,
    Annotations,
    IgnoreDifferences,
    SyncOptions,
}

/// Why a config cannot become what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Unfit {
    /// Nobody could read the result.
    #[error("the config would be unreadable: {0}")]
    Unreadable(String),
    /// An environment has either one Argo CD config or several.
    #[error("the config would have `argocd` and `argocdConfigs`, of which only one counts")]
    OneAndSeveral,
    /// A concrete environment without a common prefix.
    #[error("`{0}` cannot be a concrete environment: the environment has no common prefix")]
    NoPrefix(ConcreteName),
    /// An active/active environment has several Argo CD configs.
    #[error("the environment is active/active, and its Argo CD configs are apart")]
    WhichConcrete(Vec<String>),
    /// There is no such concrete environment.
    #[error("there is no concrete environment `{0}`")]
    NoSuchConcrete(ConcreteName, Vec<String>),
}

impl Unfit {
    /// What can be done.
    pub(crate) fn hint(&self) -> Option<String> {
        let named = |names: &[String]| {
            let names: Vec<_> = names
                .iter()
                .map(|name| format!("`{}`", plain(name)))
                .collect();
            names.join(", ")
        };
        match self {
            Self::Unreadable(_) => None,
            Self::OneAndSeveral => {
                Some("take away what was there with `--clear argocd`".to_owned())
            }
            Self::NoPrefix(_) => Some("give it one with `--common-env-prefix`".to_owned()),
            Self::WhichConcrete(names) => Some(format!(
                "choose one with `--concrete-env-name`; these exist: {}",
                named(names)
            )),
            Self::NoSuchConcrete(_, names) if names.is_empty() => None,
            Self::NoSuchConcrete(_, names) => Some(format!("these exist: {}", named(names))),
        }
    }
}

impl Document {
    /// Changes the config of the environment of this name. On an error it may be half done.
    pub(crate) fn edit(&mut self, name: &EnvName, edit: &ConfigEdit) -> Result<(), Unfit> {
        let torn = self.has_one_and_several();
        self.clear(&edit.clear);
        if let Some(upstream) = &edit.upstream {
            self.set_upstream(upstream);
        }
        if let Some(group) = &edit.group {
            self.0.set("environmentGroup", Json::text(group.as_ref()));
        }
        if let Some(prefix) = &edit.prefix {
            self.set_prefix(prefix);
        }
        for concrete in &edit.remove_concrete {
            self.remove_concrete(concrete)?;
        }
        self.edit_block(edit)?;
        let unreadable = |error: anyhow::Error| Unfit::Unreadable(error.to_string());
        self.arrange().map_err(unreadable)?;
        self.check(name).map_err(unreadable)?;
        if self.has_one_and_several() && !torn {
            return Err(Unfit::OneAndSeveral);
        }
        Ok(())
    }

    /// Whether it has both kinds of Argo CD config.
    pub(crate) fn has_one_and_several(&self) -> bool {
        self.0.get("argocd").is_some() && !self.blocks().is_empty()
    }

    fn blocks(&self) -> &[Json] {
        let several = self.0.get("argocdConfigs");
        several.map_or(&[], |several| several.list("ArgoCdConfigurations"))
    }

    fn concrete_names(&self) -> Vec<String> {
        let names = self.blocks().iter();
        names
            .map(|block| {
                block
                    .get("name")
                    .and_then(Json::as_text)
                    .unwrap_or_default()
            })
            .collect()
    }

    fn is_active_active(&self) -> bool {
        let prefix = || {
            let several = self.0.get("argocdConfigs")?;
            several.get("CommonEnvPrefix")?.as_text()
        };
        match self.0.get("isActiveActive") {
            Some(Json::Scalar(says)) => says == "true",
            _ => prefix().is_some_and(|prefix| !prefix.is_empty()),
        }
    }

    fn clear(&mut self, parts: &BTreeSet<Part>) {
        for part in parts {
            match part {
                Part::Upstream => self.0.remove("upstream"),
                Part::Group => self.0.remove("environmentGroup"),
                Part::ArgoCd => {
                    for key in ["argocd", "argocdConfigs", "isActiveActive"] {
                        self.0.remove(key);
                    }
                }
                // They are parts of one Argo CD config, which is not chosen yet.
                Part::Destination(_)
                | Part::SyncWindows
                | Part::AccessList
                | Part::Annotations
                | Part::IgnoreDifferences
                | Part::SyncOptions => {}
            }
        }
    }

    fn set_upstream(&mut self, upstream: &Upstream) {
        let place = self.0.object_at("upstream");
        match upstream {
            Upstream::Latest => {
                place.remove("environment");
                place.set("latest", Json::truth());
            }
            Upstream::Environment(name) => {
                place.remove("latest");
                place.set("environment", Json::text(name.as_ref()));
            }
        }
    }

    fn set_prefix(&mut self, prefix: &EnvPrefix) {
        let several = self.0.object_at("argocdConfigs");
        several.set("CommonEnvPrefix", Json::text(prefix.as_ref()));
        blocks_to_change(several);
        // Where it is written down that the environment is none, it would stay none.
        if self.0.get("isActiveActive").is_some() {
            self.0.set("isActiveActive", Json::truth());
        }
    }

    fn remove_concrete(&mut self, name: &ConcreteName) -> Result<(), Unfit> {
        let names = self.concrete_names();
        let Some(place) = names.iter().position(|each| each == name.as_ref()) else {
            return Err(Unfit::NoSuchConcrete(name.clone(), names));
        };
        blocks_to_change(self.0.object_at("argocdConfigs")).remove(place);
        Ok(())
    }

    fn edit_block(&mut self, edit: &ConfigEdit) -> Result<(), Unfit> {
        if edit.concrete.is_none() && edit.argocd.is_empty() && !edit.clears_in_block() {
            return Ok(());
        }
        if let Some(block) = self.block(edit)? {
            edit.clear_in(block);
            edit.argocd.apply(block);
        }
        if edit.concrete.is_some() {
            // As kuberpult keeps them.
            blocks_to_change(self.0.object_at("argocdConfigs"))
                .sort_by_cached_key(|block| block.get("name").and_then(Json::as_text));
        }
        Ok(())
    }

    /// The Argo CD config to change; none if it is not there and nothing is to be put in.
    fn block(&mut self, edit: &ConfigEdit) -> Result<Option<&mut Json>, Unfit> {
        let names = self.concrete_names();
        let active_active = self.is_active_active();
        let one = self.0.get("argocd").is_some();
        let several = || matches!(self.0.get("argocdConfigs"), Some(Json::Object(_)));
        match &edit.concrete {
            Some(concrete) if !active_active => Err(Unfit::NoPrefix(concrete.clone())),
            Some(concrete) => {
                let place = names.iter().position(|each| each == concrete.as_ref());
                let blocks = blocks_to_change(self.0.object_at("argocdConfigs"));
                let place = place.unwrap_or_else(|| {
                    let mut block = new_block();
                    block.set("name", Json::text(concrete.as_ref()));
                    blocks.push(block);
                    blocks.len() - 1
                });
                Ok(blocks.get_mut(place))
            }
            None if active_active => Err(Unfit::WhichConcrete(names)),
            // A list of one config that is no concrete environment, as later kuberpult writes it.
            None if !one && !names.is_empty() && several() => {
                Ok(blocks_to_change(self.0.object_at("argocdConfigs")).first_mut())
            }
            None if !one && edit.argocd.is_empty() => Ok(None),
            None => {
                let is_object = |value: &Json| matches!(value, Json::Object(_));
                Ok(Some(self.0.entry("argocd", is_object, new_block)))
            }
        }
    }
}

/// The Argo CD configs of several.
fn blocks_to_change(several: &mut Json) -> &mut Vec<Json> {
    let is_list = |value: &Json| matches!(value, Json::Array(_));
    match several.entry("ArgoCdConfigurations", is_list, || Json::Array(Vec::new())) {
        Json::Array(blocks) => blocks,
        Json::Object(_) | Json::Scalar(_) => unreachable!("an entry fits"),
    }
}

/// An Argo CD config with the keys that kuberpult always writes.
fn new_block() -> Json {
    let mut block = Json::object();
    let destination = block.object_at("destination");
    for key in ["name", "server"] {
        destination.set(key, Json::text(""));
    }
    block
}

impl ConfigEdit {
    /// Whether nothing is to be changed.
    pub(crate) fn is_empty(&self) -> bool {
        let Self {
            clear,
            upstream,
            group,
            prefix,
            concrete,
            remove_concrete,
            argocd,
        } = self;
        clear.is_empty()
            && upstream.is_none()
            && group.is_none()
            && prefix.is_none()
            && concrete.is_none()
            && remove_concrete.is_empty()
            && argocd.is_empty()
    }

    fn clears_in_block(&self) -> bool {
        let outside = |part: &Part| matches!(part, Part::Upstream | Part::Group | Part::ArgoCd);
        !self.clear.iter().all(outside)
    }

    fn clear_in(&self, block: &mut Json) {
        for part in &self.clear {
            match part {
                Part::Upstream | Part::Group | Part::ArgoCd => {}
                Part::Destination(field) if field.always_stands() => {
                    block
                        .object_at("destination")
                        .set(field.key(), Json::text(""));
                }
                Part::Destination(field) => block.object_at("destination").remove(field.key()),
                Part::SyncWindows => block.remove("syncWindows"),
                Part::AccessList => block.remove("accessList"),
                Part::Annotations => block.remove("applicationAnnotations"),
                Part::IgnoreDifferences => block.remove("ignoreDifferences"),
                Part::SyncOptions => block.remove("syncOptions"),
            }
        }
    }
}

impl ArgoCdEdit {
    fn is_empty(&self) -> bool {
        let Self {
            destination,
            sync_windows,
            access_list,
            annotations,
            ignore_differences,
            sync_options,
        } = self;
        destination.is_empty()
            && sync_windows.is_empty()
            && access_list.is_empty()
            && annotations.is_empty()
            && ignore_differences.is_empty()
            && sync_options.is_empty()
    }

    fn apply(&self, block: &mut Json) {
        for (field, text) in &self.destination {
            block
                .object_at("destination")
                .set(field.key(), Json::text(text));
        }
        for (key, text) in &self.annotations {
            block
                .object_at("applicationAnnotations")
                .set(key, Json::text(text));
        }
        for (key, empty, value) in [
            (
                "syncWindows",
                self.sync_windows.is_empty(),
                list(&self.sync_windows, sync_window),
            ),
            (
                "accessList",
                self.access_list.is_empty(),
                list(&self.access_list, access_entry),
            ),
            (
                "ignoreDifferences",
                self.ignore_differences.is_empty(),
                list(&self.ignore_differences, ignore_difference),
            ),
            (
                "syncOptions",
                self.sync_options.is_empty(),
                Json::texts(&self.sync_options),
            ),
        ] {
            if !empty {
                block.set(key, value);
            }
        }
    }
}

fn list<T>(items: &[T], json: fn(&T) -> Json) -> Json {
    Json::Array(items.iter().map(json).collect())
}

fn sync_window(window: &SyncWindow) -> Json {
    let mut json = Json::filled(&[
        ("schedule", &window.schedule),
        ("duration", &window.duration),
        ("kind", &window.kind),
    ]);
    if !window.applications.is_empty() {
        json.set("applications", Json::texts(&window.applications));
    }
    json
}

fn access_entry(entry: &AccessEntry) -> Json {
    Json::filled(&[("group", &entry.group), ("kind", &entry.kind)])
}

fn ignore_difference(difference: &IgnoreDifference) -> Json {
    let mut json = Json::filled(&[
        ("group", &difference.group),
        ("kind", &difference.kind),
        ("name", &difference.name),
        ("namespace", &difference.namespace),
    ]);
    for (key, texts) in [
        ("jsonPointers", &difference.json_pointers),
        ("jqPathExpressions", &difference.jq_path_expressions),
        ("managedFieldsManagers", &difference.managed_fields_managers),
    ] {
        if !texts.is_empty() {
            json.set(key, Json::texts(texts));
        }
    }
    json
}
