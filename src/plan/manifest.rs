//! Manifests: what may be stored, and when two of them are the same.

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize as _;
use serde_yaml::Value;
use similar::TextDiff;

use crate::state::check_nesting;

/// The largest manifest, in bytes: what kuberpult took as the body of one release.
pub(crate) const MOST_BYTES: u64 = 12 * 1024 * 1024;

/// The manifest that deploys nothing.
pub(super) const EMPTY: &str = " ";

/// Every document of a manifest. Fails, with line and column, if it is no YAML.
pub(crate) fn documents(text: &str) -> Result<Vec<Value>> {
    // A mark that some editors put before a text, which says nothing of it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    check_nesting(text.as_bytes())?;
    let documents = serde_yaml::Deserializer::from_str(text);
    documents
        .map(|document| Ok(Value::deserialize(document)?))
        .collect()
}

/// Fails if a manifest may not be stored.
pub(crate) fn check(text: &str) -> Result<()> {
    let length = text.len() as u64;
    ensure!(
        length <= MOST_BYTES,
        "it has {length} bytes, and {MOST_BYTES} are allowed"
    );
    ensure!(!text.contains('\0'), "it holds a NUL byte");
    documents(text).context("it is no YAML")?;
    Ok(())
}

/// Whether two manifests say the same: every document, compared as values.
pub(super) fn same(left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    let documents = |text| documents(text).ok().map(without_empty);
    matches!((documents(left), documents(right)), (Some(left), Some(right)) if left == right)
}

/// An empty document deploys nothing; a trailing `---` or the one space of an empty manifest adds none.
fn without_empty(documents: Vec<Value>) -> Vec<Value> {
    documents
        .into_iter()
        .filter(|document| !document.is_null())
        .collect()
}

/// A unified diff from the stored to the given text, which is no manifest: those are told by `change::unified`.
pub(super) fn diff(field: &str, stored: &str, given: &str) -> String {
    let diff = TextDiff::from_lines(stored, given);
    let mut unified = diff.unified_diff();
    unified
        .header(&format!("{field} stored"), &format!("{field} given"))
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_the_same_when_every_document_is() {
        for (left, right) in [
            ("a: 1\nb: 2", "b: 2\na:   1 # spaced\n"),
            ("a: 1\n---\nb: 2", "---\na: 1\n---\nb: 2\n---\n"),
            ("", " "),
            ("\u{feff}a: 1\r\n", "a: 1\n"),
        ] {
            assert!(same(left, right), "{left:?} {right:?}");
        }
        for (left, right) in [
            ("a: 1", "a: 2"),
            ("a: 1\n---\nb: 2", "a: 1\n---\nb: 3"),
            ("a: 1", "a: '1'"),
            ("a: [", "b: ["),
            ("a: 1\n---\nb: 2", "a: 1"),
        ] {
            assert!(!same(left, right), "{left:?} {right:?}");
        }
    }

    #[test]
    fn what_is_no_yaml_is_refused() {
        for good in [
            "",
            " ",
            "a: 1",
            "kind: List\n---\nkind: Pod",
            "a: &x 1\nb: *x",
        ] {
            check(good).unwrap();
        }
        let deep = "[".repeat(200_000);
        let bomb = (0..40).fold("a0: &a0 [x]\n".to_owned(), |bomb, level| {
            format!(
                "{bomb}a{}: &a{} [*a{level}, *a{level}, *a{level}]\n",
                level + 1,
                level + 1
            )
        });
        for bad in [
            "a: [",
            "a: 1\n b: 2\n  - c",
            "a: 1\na: 2",
            "a: \0",
            deep.as_str(),
            bomb.as_str(),
        ] {
            assert!(check(bad).is_err(), "{}", &bad[..bad.len().min(40)]);
        }
    }
}
