//! A scenario as its file tells it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Deserializer};
use serde_yaml::Value;
use walkdir::WalkDir;

use super::notation::{Hand, PAST, Write};
use crate::world::Tree;

/// What is done, and the tree that must result.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    /// `topic/name`: where the file lies.
    #[serde(skip)]
    pub(super) name: String,
    /// The rule that it shows, in one sentence.
    pub(super) about: String,
    /// What kuberpult v2.44.1 or later does instead.
    #[serde(default)]
    pub(super) kuberpult: Option<String>,
    /// The shared trees that it starts from, one over the other.
    #[serde(default)]
    start: Vec<String>,
    /// More files of the tree that it starts from.
    #[serde(default)]
    with: Value,
    #[serde(default)]
    pub(super) repository: Shape,
    /// A program that is needed besides; without it the scenario is left out.
    #[serde(default)]
    pub(super) needs: Option<String>,
    /// Files that commands are given; they run in the folder of these.
    #[serde(default)]
    pub(super) inputs: BTreeMap<String, String>,
    pub(super) steps: Vec<Step>,
}

/// What the commands work on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Shape {
    /// A bare repository without a remote.
    #[default]
    Bare,
    /// A checkout; what is compared is the remote that it pushes to.
    Checkout,
}

/// One command.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    /// Its line, without the name of the program.
    pub(super) run: String,
    /// When; without it, a minute after the one before.
    #[serde(default)]
    pub(super) at: Option<String>,
    /// For whom, as `Name <mail@host>`.
    #[serde(default)]
    pub(super) by: Option<String>,
    /// What it reads from stdin.
    #[serde(default)]
    pub(super) stdin: String,
    #[serde(default)]
    pub(super) exit: i32,
    /// Words of the answer.
    #[serde(default, deserialize_with = "one_or_many")]
    pub(super) says: Vec<String>,
    /// The whole of stdout.
    #[serde(default)]
    pub(super) prints: Option<String>,
    /// Lines that stand in the commit message once each.
    #[serde(default, deserialize_with = "one_or_many")]
    pub(super) logs: Vec<String>,
    /// The annotated tag that stands at the new commit afterwards.
    #[serde(default)]
    pub(super) tags: Option<String>,
    /// All that is different afterwards; nothing means that there is no commit.
    #[serde(default)]
    pub(super) changes: Value,
}

/// The folder of the suite.
pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

impl Scenario {
    /// All scenarios, by name.
    pub(super) fn all() -> Vec<Self> {
        let files = WalkDir::new(folder())
            .min_depth(2)
            .sort_by_file_name()
            .into_iter()
            .map(|entry| entry.unwrap().into_path());
        let files = files.filter(|path| !path.starts_with(folder().join("trees")));
        files
            .map(|path| {
                let name = path.strip_prefix(folder()).unwrap().with_extension("");
                let text = fs::read_to_string(&path).unwrap();
                let scenario = Self::parse(name.to_str().unwrap(), &text);
                scenario.unwrap_or_else(|error| panic!("{}: {error:#}", path.display()))
            })
            .collect()
    }

    pub(super) fn parse(name: &str, text: &str) -> Result<Self> {
        let scenario: Self = serde_yaml::from_str(text)?;
        Ok(Self {
            name: name.to_owned(),
            ..scenario
        })
    }

    pub(super) fn topic(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    /// The tree that it starts from.
    pub(super) fn before(&self) -> Result<Tree> {
        let mut tree = Tree::new();
        for name in &self.start {
            let path = folder().join("trees").join(name).with_extension("yaml");
            let text =
                fs::read_to_string(&path).with_context(|| format!("there is no tree `{name}`"))?;
            let layer: Value = serde_yaml::from_str(&text)?;
            Write::read(&layer)?
                .over(&mut tree, &PAST)
                .with_context(|| format!("the tree `{name}`"))?;
        }
        Write::read(&self.with)?
            .over(&mut tree, &PAST)
            .context("`with`")?;
        Ok(tree)
    }
}

impl Step {
    /// The tree after it.
    pub(super) fn after(&self, mut tree: Tree, hand: &Hand) -> Result<Tree> {
        Write::read(&self.changes)?.over(&mut tree, hand)?;
        Ok(tree)
    }
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Words {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Words::deserialize(deserializer)? {
        Words::One(word) => vec![word],
        Words::Many(words) => words,
    })
}
