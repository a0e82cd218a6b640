//! Words out: the same outcome as text, as data, as markdown, and as a commit message.

mod commit_message;
pub(crate) mod github;
mod html;
mod kuberpult;
mod letters;
mod markdown;
mod structured;
mod table;
mod text;

use std::fmt;

use anyhow::Result;

use crate::plan::Outcome;
use crate::state::{Moment, TagName};

pub(crate) use commit_message::{Input, commit_message};
pub(crate) use kuberpult::{NoNumber, commit_deployments, deployment_commit};

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Json,
    Yaml,
    Markdown,
    /// What kuberpult's REST endpoint returns; for a prognosis only.
    Kuberpult,
    /// A page for the web; for `status` only.
    Html,
}

/// What became of an outcome.
#[derive(Clone, Debug)]
pub(crate) struct Fate {
    /// Whether the state differs afterwards, or would differ.
    pub(crate) changed: bool,
    /// Whether this is a dry run.
    pub(crate) dry_run: bool,
    /// The commit that landed.
    pub(crate) commit: Option<String>,
    /// What somebody should know about the checkout. One sentence each.
    pub(crate) warnings: Vec<String>,
    pub(crate) now: Moment,
    /// The tag that was asked for.
    pub(crate) tag: Option<Tag>,
    /// How many columns there are for a line of text; `None`: as many as it takes.
    pub(crate) width: Option<usize>,
}

/// A tag that was asked for, and what becomes of it.
#[derive(Clone, Debug)]
pub(crate) struct Tag {
    pub(crate) name: TagName,
    pub(crate) state: TagState,
}

/// What becomes of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TagState {
    /// It was made.
    Set,
    /// It was not: there was no change to tag.
    NotSet,
    /// It can be made.
    Free,
    /// It cannot be made, and why.
    Taken(String),
}

impl Tag {
    /// A tag of this name in this state, if anything changed; without a name, none.
    pub(crate) fn after(name: Option<&TagName>, changed: bool, state: TagState) -> Option<Self> {
        let name = name?.clone();
        let state = if changed { state } else { TagState::NotSet };
        Some(Self { name, state })
    }

    /// The name of its state, for programs.
    fn state_name(&self) -> &'static str {
        match self.state {
            TagState::Set => "set",
            TagState::NotSet => "not-set",
            TagState::Free => "free",
            TagState::Taken(_) => "taken",
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.state {
            TagState::Set => write!(formatter, "tagged `{name}`"),
            TagState::NotSet => write!(formatter, "not tagged `{name}`: nothing changed"),
            TagState::Free => write!(formatter, "the tag `{name}` is free"),
            TagState::Taken(why) => write!(formatter, "{why}: the train would be refused"),
        }
    }
}

/// Writes an answer; the text has colours, and ends in a newline.
pub(crate) fn render(outcome: &Outcome, fate: &Fate, format: Format) -> Result<String> {
    match format {
        Format::Text => Ok(text::render(outcome, fate)),
        Format::Markdown => Ok(markdown::render(outcome, fate)),
        Format::Json => {
            let json = serde_json::to_string_pretty(&structured::value(outcome, fate))?;
            Ok(format!("{}\n", letters::of_json(&json)))
        }
        Format::Yaml => letters::yaml(&structured::value(outcome, fate)),
        Format::Kuberpult => kuberpult::render(outcome),
        Format::Html => html::render(outcome, fate),
    }
}
