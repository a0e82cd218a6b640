//! Manifests as they may be shown: the values of secrets are hidden. Documents without secrets are shown as they stand; those with
//! secrets are written anew from what they say, so that nothing of their text can slip through.

mod search;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_yaml::Value;

use crate::plan::manifest::documents;
use search::scalar;

/// A line of a manifest as it may be shown, and what tells it from others that look the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Line {
    pub(super) shown: String,
    /// The values that are hidden in it, by their numbers.
    hidden: Vec<usize>,
    /// Whether a newline ends it.
    pub(super) ended: bool,
}

impl Line {
    /// The line with a note that what is hidden in it has changed, if it looks like one of these.
    pub(super) fn changed_from(&self, lines: &[Self]) -> Option<Self> {
        let other = lines.iter().find(|line| line.shown == self.shown)?;
        if other.hidden == self.hidden {
            return None;
        }
        let shown = self.shown.replace(SECRET, "(secret value, changed)");
        let shown = shown.replace(COMMENT, "# (comment about a secret, changed)");
        Some(Self {
            shown,
            ..self.clone()
        })
    }
}

/// Why nobody can tell what in a manifest is secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is not UTF-8, or holds a NUL byte, behind which a parser sees nothing.
    NoText,
    NoYaml,
}

/// What stands for a hidden value.
pub(super) const SECRET: &str = "(secret value)";
/// What stands for a comment that tells of a secret.
const COMMENT: &str = "# (comment about a secret)";

static NUMBERED: LazyLock<Regex> = LazyLock::new(|| regex(r"\(secret value (\d+)\)"));
/// A secret that is commented out. A key stands before its colon, in quotes or without.
static COMMENTED: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"(?i)#.*(\bkind["']?\s*:\s*["']?secret\b|\bstringdata\b)"#));
fn regex(expression: &str) -> Regex {
    Regex::new(expression).expect("it is written right")
}

/// The values that are hidden, numbered, so that equal ones have equal numbers.
#[derive(Default)]
pub(super) struct Mask {
    numbers: BTreeMap<String, usize>,
    /// Whether the text at hand may have aliases, which bring a value to several places.
    aliases: bool,
}

impl Mask {
    /// The lines of a manifest without the values of its secrets.
    pub(super) fn lines(&mut self, bytes: &[u8]) -> Result<Vec<Line>, Unreadable> {
        let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::NoText)?;
        if text.contains('\0') {
            return Err(Unreadable::NoText);
        }
        let whole = read(text)?;
        self.aliases = text.contains('&') && text.contains('*');
        let secret = whole
            .iter()
            .any(|document| self.written(document).is_some());
        if !secret {
            return Ok(self.open(text));
        }
        let pieces = pieces(text);
        let read_alone: Option<Vec<_>> = pieces.iter().map(|piece| read(piece).ok()).collect();
        match read_alone {
            // Cut into pieces it must say what it says as a whole.
            Some(documents) if documents.iter().flatten().eq(&whole) => {
                let pieces = pieces.iter().zip(documents);
                Ok(pieces
                    .flat_map(|(piece, documents)| self.piece(piece, &documents))
                    .collect())
            }
            Some(_) | None => Ok(self.anew(&whole)),
        }
    }

    /// A piece as it stands, or what its documents say, if some of it is secret.
    fn piece(&mut self, text: &str, documents: &[Value]) -> Vec<Line> {
        if !documents.iter().any(|each| self.written(each).is_some()) {
            return self.open(text);
        }
        let mut lines = Vec::new();
        if text.starts_with("---") {
            lines.push(line("---"));
        }
        lines.extend(self.anew(documents));
        lines
    }

    /// A text that holds no secret, but for what is commented out.
    fn open(&mut self, text: &str) -> Vec<Line> {
        let commented = COMMENTED.is_match(text);
        let lines = text.split_inclusive(['\n']).map(|raw| {
            let (shown, ended) = match raw.strip_suffix('\n') {
                Some(shown) => (shown, true),
                None => (raw, false),
            };
            let hides = commented && shown.trim_start().starts_with('#');
            Line {
                hidden: hides.then(|| self.number(shown)).into_iter().collect(),
                shown: if hides { COMMENT } else { shown }.to_owned(),
                ended,
            }
        });
        lines.collect()
    }

    /// Documents in our own writing.
    fn anew(&mut self, documents: &[Value]) -> Vec<Line> {
        let mut lines = Vec::new();
        for (place, document) in documents.iter().enumerate() {
            if place > 0 {
                lines.push(line("---"));
            }
            let written = self.written(document);
            let written = written.unwrap_or_else(|| self.rendered(document));
            lines.extend(written.lines().map(numbered));
        }
        lines
    }

    /// A document with numbers in place of its secrets; `None` if it has none.
    fn written(&mut self, document: &Value) -> Option<String> {
        let mut value = document.clone();
        // What cannot be merged is taken for a secret as a whole.
        if value.apply_merge().is_err() {
            self.cover(&mut value);
            return Some(self.rendered(&value));
        }
        let covered = search::hide(self, &mut value)?;
        if self.aliases {
            self.everywhere(&mut value, &covered);
        }
        Some(self.rendered(&value))
    }

    /// A value as YAML; as a secret where there is no way to write it, such as one with several tags.
    fn rendered(&mut self, value: &Value) -> String {
        serde_yaml::to_string(value)
            .unwrap_or_else(|_| format!("(secret value {})\n", self.number(&format!("{value:?}"))))
    }

    /// Puts a number in place of a value.
    fn cover(&mut self, value: &mut Value) {
        let number = self.number(&format!("{value:?}"));
        *value = Value::String(format!("(secret value {number})"));
    }

    fn number(&mut self, value: &str) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry(value.to_owned()).or_insert(next)
    }

    /// Covers whatever equals a value that is covered already.
    fn everywhere(&mut self, value: &mut Value, covered: &BTreeSet<String>) {
        match value {
            Value::Mapping(mapping) => {
                let entries = std::mem::take(mapping);
                for (mut key, mut value) in entries {
                    self.everywhere(&mut key, covered);
                    let name = key.as_str().unwrap_or_default();
                    if !["apiVersion", "kind"].contains(&name) {
                        self.everywhere(&mut value, covered);
                    }
                    mapping.insert(key, value);
                }
            }
            Value::Sequence(items) => {
                for item in items {
                    self.everywhere(item, covered);
                }
            }
            Value::Tagged(tagged) => self.everywhere(&mut tagged.value, covered),
            Value::String(_) | Value::Number(_) | Value::Null | Value::Bool(_) => {
                if scalar(value).is_some_and(|text| covered.contains(&text)) {
                    self.cover(value);
                }
            }
        }
    }
}

fn read(text: &str) -> Result<Vec<Value>, Unreadable> {
    // What the parser says may quote a secret.
    documents(text).map_err(|_| Unreadable::NoYaml)
}

/// The parts of a text between the lines that begin documents. Such a line cannot be part of a value.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut begin = 0;
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        let begins = line.strip_prefix("---");
        if begins.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
            && end > begin
        {
            pieces.push(&text[begin..end]);
            begin = end;
        }
        end += line.len();
    }
    pieces.push(&text[begin..]);
    pieces
}

fn line(text: &str) -> Line {
    Line {
        shown: text.to_owned(),
        hidden: Vec::new(),
        ended: true,
    }
}

/// A line of our own writing, with the numbers taken out.
fn numbered(text: &str) -> Line {
    let mut hidden = Vec::new();
    let shown = NUMBERED.replace_all(text, |found: &Captures| {
        hidden.extend(found[1].parse::<usize>());
        SECRET
    });
    Line {
        shown: shown.into_owned(),
        hidden,
        ended: true,
    }
}

#[cfg(test)]
mod tests;
