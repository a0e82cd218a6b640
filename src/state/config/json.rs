//! JSON that can be changed and written again: the order of keys and the spelling of every number and text stay as they came.

use std::fmt::{self, Write as _};

use anyhow::Result;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// A JSON value.
#[derive(Clone, Debug)]
pub(crate) enum Json {
    /// Keys and values in the order of the text. A key may stand there twice.
    Object(Vec<(String, Json)>),
    /// A list.
    Array(Vec<Json>),
    /// Anything else, as JSON text.
    Scalar(String),
}

impl Json {
    /// Reads a text.
    pub(super) fn parse(text: &str) -> Result<Self> {
        // What serde_json takes for a value is nested no deeper than our own recursion can bear.
        serde_json::from_str::<Value>(text)?;
        Self::of(serde_json::from_str(text)?)
    }

    fn of(raw: &RawValue) -> Result<Self> {
        let text = raw.get();
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let Fields(fields) = serde_json::from_str(text)?;
                let fields = fields.into_iter();
                let fields = fields.map(|(key, raw)| Ok((key, Self::of(raw)?)));
                Self::Object(fields.collect::<Result<_>>()?)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text)?;
                Self::Array(items.into_iter().map(Self::of).collect::<Result<_>>()?)
            }
            _ => Self::Scalar(text.to_owned()),
        })
    }

    /// An object without keys.
    pub(super) fn object() -> Self {
        Self::Object(Vec::new())
    }

    /// A text, escaped as Go does it.
    pub(super) fn text(text: &str) -> Self {
        Self::Scalar(quoted(text))
    }

    /// A list of texts.
    pub(super) fn texts(texts: &[String]) -> Self {
        Self::Array(texts.iter().map(|text| Self::text(text)).collect())
    }

    /// `true`
    pub(super) fn truth() -> Self {
        Self::Scalar("true".to_owned())
    }

    /// An object of the texts that are not empty.
    pub(crate) fn filled(fields: &[(&str, &str)]) -> Self {
        let filled = fields.iter().filter(|(_, text)| !text.is_empty());
        let fields = filled.map(|(key, text)| ((*key).to_owned(), Self::text(text)));
        Self::Object(fields.collect())
    }

    /// Whether it is `null`, which Go reads as if nothing were there.
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(text) if text == "null")
    }

    /// The text, if it is one.
    pub(super) fn as_text(&self) -> Option<String> {
        match self {
            Self::Scalar(text) => serde_json::from_str(text).ok(),
            Self::Object(_) | Self::Array(_) => None,
        }
    }

    /// The value of a key; `null` is none.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(fields) = self else {
            return None;
        };
        let (_, value) = fields.iter().find(|(name, _)| name == key)?;
        (!value.is_null()).then_some(value)
    }

    /// The list of a key; what is no list counts as an empty one.
    pub(super) fn list(&self, key: &str) -> &[Self] {
        match self.get(key) {
            Some(Self::Array(items)) => items,
            Some(Self::Object(_) | Self::Scalar(_)) | None => &[],
        }
    }

    /// The value of a key to change; a new one, made by `make`, if nothing is there that fits.
    pub(super) fn entry(
        &mut self,
        key: &str,
        fits: fn(&Self) -> bool,
        make: fn() -> Self,
    ) -> &mut Self {
        if !matches!(self, Self::Object(_)) {
            *self = Self::object();
        }
        let Self::Object(fields) = self else {
            unreachable!("it has just been made one");
        };
        let place = fields.iter().position(|(name, _)| name == key);
        let place = place.unwrap_or_else(|| {
            fields.push((key.to_owned(), make()));
            fields.len() - 1
        });
        let value = &mut fields[place].1;
        if !fits(value) {
            *value = make();
        }
        value
    }

    /// The object of a key to change.
    pub(super) fn object_at(&mut self, key: &str) -> &mut Self {
        self.entry(key, |value| matches!(value, Self::Object(_)), Self::object)
    }

    /// Gives a key a value. One that is the same already keeps its spelling.
    pub(super) fn set(&mut self, key: &str, value: Self) {
        let place = self.entry(key, |_| true, Self::object);
        if !place.is_same(&value) {
            *place = value;
        }
    }

    /// Takes a key away.
    pub(super) fn remove(&mut self, key: &str) {
        if let Self::Object(fields) = self {
            fields.retain(|(name, _)| name != key);
        }
    }

    /// Whether both say the same, whatever the order of keys and the spelling of texts.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Object(fields), Self::Object(others)) => {
                let sorted = |fields: &[(String, Self)]| {
                    let mut fields = fields.to_vec();
                    fields.sort_by(|one, other| one.0.cmp(&other.0));
                    fields
                };
                let (fields, others) = (sorted(fields), sorted(others));
                let mut pairs = fields.iter().zip(&others);
                fields.len() == others.len()
                    && pairs.all(|(one, other)| one.0 == other.0 && one.1.is_same(&other.1))
            }
            (Self::Array(items), Self::Array(others)) => {
                let mut pairs = items.iter().zip(others);
                items.len() == others.len() && pairs.all(|(one, other)| one.is_same(other))
            }
            (Self::Scalar(one), Self::Scalar(another)) => {
                let (text, other) = (self.as_text(), other.as_text());
                one == another || (text.is_some() && text == other)
            }
            (Self::Object(_) | Self::Array(_) | Self::Scalar(_), _) => false,
        }
    }

    /// The value as programs take it; a number that is too long for them is rounded.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Object(fields) => {
                let fields = fields.iter();
                Value::Object(
                    fields
                        .map(|(key, each)| (key.clone(), each.to_value()))
                        .collect(),
                )
            }
            Self::Array(items) => items.iter().map(Self::to_value).collect(),
            Self::Scalar(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        }
    }

    /// The text with two spaces of indentation for each level, as Go's encoder lays it out.
    pub(super) fn pretty(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, Some(0));
        text
    }

    fn write(&self, text: &mut String, indent: Option<usize>) {
        let line = |text: &mut String, deeper: usize| {
            if let Some(indent) = indent {
                text.push('\n');
                text.extend(std::iter::repeat_n("  ", indent + deeper));
            }
        };
        let inner = indent.map(|indent| indent + 1);
        match self {
            Self::Scalar(scalar) => text.push_str(scalar),
            Self::Object(fields) if fields.is_empty() => text.push_str("{}"),
            Self::Array(items) if items.is_empty() => text.push_str("[]"),
            Self::Object(fields) => {
                text.push('{');
                for (place, (key, value)) in fields.iter().enumerate() {
                    text.push_str(if place == 0 { "" } else { "," });
                    line(text, 1);
                    text.push_str(&quoted(key));
                    text.push(':');
                    text.push_str(if indent.is_some() { " " } else { "" });
                    value.write(text, inner);
                }
                line(text, 0);
                text.push('}');
            }
            Self::Array(items) => {
                text.push('[');
                for (place, value) in items.iter().enumerate() {
                    text.push_str(if place == 0 { "" } else { "," });
                    line(text, 1);
                    value.write(text, inner);
                }
                line(text, 0);
                text.push(']');
            }
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text, None);
        formatter.write_str(&text)
    }
}

/// A text in quotes, with the letters spelled out that Go's encoder spells out.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    for letter in Value::from(text).to_string().chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // A text can always be written to.
                let _ = write!(quoted, "\\u{:04x}", u32::from(letter));
            }
            _ => quoted.push(letter),
        }
    }
    quoted
}

/// The keys and values of an object, in order.
struct Fields<'text>(Vec<(String, &'text RawValue)>);

impl<'de: 'text, 'text> Deserialize<'de> for Fields<'text> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(InOrder).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_in_its_own_order_and_spelling() {
        let text = r#"{"z":1.10,"a":{"b":[123456789012345678901234,-0,"\u00e4\/"],"b":null},"e":{},"l":[]}"#;
        let json = Json::parse(text).unwrap();
        assert_eq!(json.to_string(), text);
        let pretty = "{\n  \"z\": 1.10,\n  \"a\": {\n    \"b\": [\n      123456789012345678901234,\n      -0,\n      \"\\u00e4\\/\"\n    ],\n    \
                      \"b\": null\n  },\n  \"e\": {},\n  \"l\": []\n}";
        assert_eq!(json.pretty(), pretty);
    }

    #[test]
    fn a_new_text_is_escaped_as_go_does_it() {
        let text = Json::text("a<b>&\u{2028}\"ä\n");
        assert_eq!(text.to_string(), r#""a\u003cb\u003e\u0026\u2028\"ä\n""#);
        assert_eq!(text.as_text().unwrap(), "a<b>&\u{2028}\"ä\n");
    }

    #[test]
    fn a_value_that_is_the_same_keeps_its_spelling() {
        let mut json = Json::parse(r#"{"a":"\u0078","b":null}"#).unwrap();
        json.set("a", Json::text("x"));
        assert_eq!(json.to_string(), r#"{"a":"\u0078","b":null}"#);
        json.set("a", Json::text("y"));
        json.object_at("b").set("c", Json::truth());
        assert_eq!(json.to_string(), r#"{"a":"y","b":{"c":true}}"#);
        json.remove("a");
        assert_eq!(json.to_string(), r#"{"b":{"c":true}}"#);
    }

    #[test]
    fn the_order_of_keys_makes_no_difference_and_that_of_lists_does() {
        let same = |one: &str, other: &str| {
            Json::parse(one)
                .unwrap()
                .is_same(&Json::parse(other).unwrap())
        };
        assert!(same(r#"{"a":1,"b":["\u0078"]}"#, r#"{ "b":["x"], "a":1 }"#));
        for other in [
            r#"{"a":1}"#,
            r#"{"a":1,"b":2}"#,
            r#"{"a":1,"c":[]}"#,
            "[]",
            "1",
        ] {
            assert!(!same(r#"{"a":1,"b":[]}"#, other), "{other}");
        }
        assert!(!same("[1,2]", "[2,1]"));
        assert!(!same("1", "\"1\""));
    }

    #[test]
    fn what_is_nested_too_deep_is_refused() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(Json::parse(&deep).is_err());
    }
}
