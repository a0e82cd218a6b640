//! The search for secrets in what a document says: where they stand, and what of them may be shown.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_yaml::{Mapping, Value};

use super::{Mask, read, regex};

/// Covers what is secret in a document, and returns the texts that it covered; `None` if nothing is secret.
pub(super) fn hide(mask: &mut Mask, document: &mut Value) -> Option<BTreeSet<String>> {
    let mut search = Search {
        mask,
        covered: BTreeSet::new(),
        found: false,
    };
    search.object(document, Place::Top);
    search.found.then_some(search.covered)
}

/// Where an object stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is a document, or an item of a list that is one.
    Top,
    /// The same in a list of secrets, whose items need not say what they are.
    Secrets,
    /// It is part of another object.
    Inside,
}

/// What an object says that it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Secret,
    Secrets,
    List,
    Other,
}

/// The search for secrets in one document.
struct Search<'a> {
    mask: &'a mut Mask,
    /// The texts that were covered.
    covered: BTreeSet<String>,
    found: bool,
}

impl Search<'_> {
    fn object(&mut self, value: &mut Value, place: Place) {
        match value {
            Value::Tagged(tagged) => self.object(&mut tagged.value, place),
            Value::Sequence(items) => {
                for item in items {
                    self.object(item, place);
                }
            }
            Value::String(text) => {
                if holds_secret(text) {
                    self.cover(value);
                }
            }
            Value::Mapping(mapping) => match (kind(mapping), place) {
                (Kind::Secret, Place::Top) | (Kind::Secret | Kind::Other, Place::Secrets) => {
                    self.secret(mapping);
                }
                (Kind::Secrets, Place::Top | Place::Inside) => {
                    self.list(mapping, Place::Secrets);
                }
                (Kind::List, Place::Top) => self.list(mapping, Place::Top),
                (Kind::Secrets | Kind::List, Place::Secrets) => self.list(mapping, place),
                (Kind::Secret, Place::Inside) => self.part(mapping, &DATA),
                (Kind::Other | Kind::List, Place::Inside) | (Kind::Other, Place::Top) => {
                    self.part(mapping, &DATA[1..]);
                }
            },
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Lets through what is known to be harmless, and nothing else.
    fn secret(&mut self, mapping: &mut Mapping) {
        self.found = true;
        self.each(mapping, |search, key, value| match key {
            _ if DATA.contains(&key.to_ascii_lowercase().as_str()) => search.data(value),
            "apiVersion" | "kind" | "type" | "immutable" if !is_nested(value) => {}
            "metadata" => search.metadata(value),
            _ => search.cover(value),
        });
        self.names(mapping);
    }

    /// Covers what is no name of a field: a secret may stand where nobody looks for one.
    fn names(&mut self, mapping: &mut Mapping) {
        for (mut key, value) in std::mem::take(mapping) {
            if !key.as_str().is_some_and(|key| KEY.is_match(key)) {
                self.cover(&mut key);
            }
            mapping.insert(key, value);
        }
    }

    fn list(&mut self, mapping: &mut Mapping, place: Place) {
        self.each(mapping, |search, key, value| {
            let place = if key == "items" { place } else { Place::Inside };
            search.object(value, place);
        });
    }

    /// An object within another one: only what these keys hold is secret.
    fn part(&mut self, mapping: &mut Mapping, secret: &[&str]) {
        self.each(mapping, |search, key, value| {
            if secret.contains(&key.to_ascii_lowercase().as_str()) && !value.is_null() {
                search.found = true;
                search.data(value);
            } else {
                search.object(value, Place::Inside);
            }
        });
    }

    /// The values by key that are the secret itself.
    fn data(&mut self, value: &mut Value) {
        match value {
            Value::Null => {}
            Value::Mapping(mapping) => {
                self.each(mapping, |search, _, value| search.cover(value));
                self.names(mapping);
            }
            Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Sequence(_)
            | Value::Tagged(_) => self.cover(value),
        }
    }

    fn metadata(&mut self, value: &mut Value) {
        let Value::Mapping(mapping) = value else {
            return self.cover(value);
        };
        self.each(mapping, |search, key, value| match (key, value) {
            ("annotations", Value::Mapping(annotations)) => {
                search.each(annotations, |search, key, value| {
                    let copies = ["applied", "original"]
                        .iter()
                        .any(|name| key.contains(name));
                    if copies || is_nested(value) || value.as_str().is_some_and(is_object) {
                        search.cover(value);
                    }
                });
            }
            ("annotations", value) => search.cover(value),
            (key, value) if !METADATA.contains(&key) => search.cover(value),
            (_, _) => {}
        });
    }

    /// Goes through the entries of a secret, or of what may hold one.
    fn each(&mut self, mapping: &mut Mapping, mut visit: impl FnMut(&mut Self, &str, &mut Value)) {
        for (key, mut value) in std::mem::take(mapping) {
            let name = match untagged(&key) {
                Value::String(name) => name.trim().to_owned(),
                other => scalar(other).unwrap_or_default(),
            };
            visit(self, &name, &mut value);
            mapping.insert(key, value);
        }
    }

    fn cover(&mut self, value: &mut Value) {
        self.found = true;
        texts(value, &mut self.covered);
        self.mask.cover(value);
    }
}

/// The fields that hold the values of a secret, in lower case, as nobody else need spell them right. The last is that of secrets only.
const DATA: [&str; 2] = ["data", "stringdata"];

/// What metadata of a secret may be shown.
const METADATA: [&str; 13] = [
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "uid",
];

/// What an object says that it is. What is no plain word may be read as any by somebody else.
fn kind(mapping: &Mapping) -> Kind {
    let mut found = Kind::Other;
    for (key, value) in mapping {
        if !untagged(key).as_str().is_some_and(|key| is_word(key, KIND)) {
            continue;
        }
        let kind = match value {
            Value::String(word) if is_word(word, SECRET_KIND) => Kind::Secret,
            Value::String(word) if is_word(word, SECRET_LIST) => Kind::Secrets,
            Value::String(word) if word.trim().to_ascii_lowercase().ends_with("list") => Kind::List,
            Value::Tagged(_) => Kind::Secret,
            Value::String(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Sequence(_)
            | Value::Mapping(_) => Kind::Other,
        };
        if found == Kind::Other {
            found = kind;
        }
    }
    found
}

/// A word, and the same in base 64: behind the tag `!!binary` it is read as the word by others, and here as it stands.
type Word = [&'static str; 2];
const KIND: Word = ["kind", "a2luZA=="];
const SECRET_KIND: Word = ["Secret", "U2VjcmV0"];
const SECRET_LIST: Word = ["SecretList", "U2VjcmV0TGlzdA=="];

fn is_word(text: &str, [plain, binary]: Word) -> bool {
    let dense: String = text.split_whitespace().collect();
    text.trim().eq_ignore_ascii_case(plain) || dense == binary
}

/// Whether a text holds a manifest of a secret in itself, as annotations and files in config maps do.
fn holds_secret(text: &str) -> bool {
    let is_long = text.contains([':', '{']);
    if !is_long || !text.to_ascii_lowercase().contains("secret") {
        return false;
    }
    let Ok(documents) = read(text) else {
        return COPY.is_match(text);
    };
    let mut mask = Mask::default();
    documents
        .iter()
        .filter(|document| is_nested(document))
        .any(|document| mask.written(document).is_some())
}

/// A copy of a secret within a text that is no YAML, such as a template.
static COPY: LazyLock<Regex> = LazyLock::new(|| {
    regex(r#"(?im)^[\s{,"'-]*kind["']?\s*:\s*["']?secret["']?[\s,}]*$|"kind"\s*:\s*"secret""#)
});

/// Whether a text is an object in itself.
fn is_object(text: &str) -> bool {
    match read(text) {
        Ok(documents) => documents.iter().any(is_nested),
        Err(_) => text.trim_start().starts_with(['{', '[']),
    }
}

fn is_nested(value: &Value) -> bool {
    matches!(untagged(value), Value::Mapping(_) | Value::Sequence(_))
}

fn untagged(value: &Value) -> &Value {
    match value {
        Value::Tagged(tagged) => untagged(&tagged.value),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Sequence(_)
        | Value::Mapping(_) => value,
    }
}

/// A text or a number as text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null
        | Value::Bool(_)
        | Value::Sequence(_)
        | Value::Mapping(_)
        | Value::Tagged(_) => None,
    }
}

/// Every text and number in a value.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(_) | Value::Number(_) | Value::Null | Value::Bool(_) => {
            found.extend(scalar(value).filter(|text| !text.is_empty()));
        }
        Value::Sequence(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Mapping(mapping) => {
            for (key, value) in mapping {
                texts(key, found);
                texts(value, found);
            }
        }
        Value::Tagged(tagged) => texts(&tagged.value, found),
    }
}

/// What Kubernetes takes for a key of a secret.
static KEY: LazyLock<Regex> = LazyLock::new(|| regex(r"^[-._a-zA-Z0-9]{1,253}$"));
