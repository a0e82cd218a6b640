//! What GitHub Actions is told beside the answer: a summary of the step, its outputs, and annotations. `docs/ci/README.md` describes them.

mod annotation;
mod guard;
mod output;
mod summary;

use super::{Fate, Format, letters, markdown, render, structured};
use crate::plan::Outcome;

pub(crate) use annotation::{Annotation, Level, bounded, of_outcome};
pub(crate) use guard::guarded;
pub(crate) use output::{Output, nothing, outputs, written};
pub(crate) use summary::{MOST_BYTES, failure, fitting, success};

/// An answer as it may stand in the log of a step: it means the same, and nothing in it is a command to the runner.
pub(crate) fn answer(outcome: &Outcome, fate: &Fate, format: Format) -> anyhow::Result<String> {
    let text = render(outcome, fate, format)?;
    let safe = guarded(&text, format);
    match format {
        // YAML has no spelling that holds everywhere, but all JSON is YAML.
        Format::Yaml if safe != text => {
            let text = render(outcome, fate, Format::Json)?;
            Ok(guarded(&text, Format::Json))
        }
        Format::Text
        | Format::Json
        | Format::Yaml
        | Format::Markdown
        | Format::Html
        | Format::Kuberpult => Ok(safe),
    }
}
