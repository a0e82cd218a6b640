//! Words out: the same outcome as text, as data, as markdown, and as a commit message.

mod commit_message;
mod kuberpult;
mod markdown;
mod structured;
mod text;

use anyhow::Result;

use crate::plan::Outcome;
use crate::state::Moment;

pub(crate) use commit_message::{Input, commit_message};
pub(crate) use kuberpult::NoNumber;

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Json,
    Yaml,
    Markdown,
    /// What kuberpult's REST endpoint returns; for a prognosis only.
    Kuberpult,
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
}

/// Writes an answer; the text has colours, and ends in a newline.
pub(crate) fn render(outcome: &Outcome, fate: &Fate, format: Format) -> Result<String> {
    match format {
        Format::Text => Ok(text::render(outcome, fate)),
        Format::Markdown => Ok(markdown::render(outcome, fate)),
        Format::Json => {
            let value = structured::value(outcome, fate);
            Ok(format!("{}\n", serde_json::to_string_pretty(&value)?))
        }
        Format::Yaml => Ok(serde_yaml::to_string(&structured::value(outcome, fate))?),
        Format::Kuberpult => kuberpult::render(outcome),
    }
}
