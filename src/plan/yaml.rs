//! YAML as kuberpult lays it out, so that a repository that changes hands shows no difference in its Argo CD files.
//!
//! A serializer of its own for two reasons: `serde_yaml` leaves words of YAML 1.1 (`on`, `1_000`) unquoted, which Argo CD reads
//! as booleans and numbers, and a train renders thousands of documents.

use std::cmp::Ordering;

use serde_json::{Map, Value};

/// The column after which a line is folded at the next space.
const BEST_WIDTH: usize = 80;

/// One document: two spaces of indentation, sequences at the indentation of their key, keys in natural order.
pub(super) fn document(value: &Map<String, Value>) -> String {
    let mut text = String::with_capacity(2048);
    mapping(&mut text, value, 0, false);
    text
}

/// A document in which some scalars are left open, for many documents that differ in these alone.
pub(super) struct Template {
    /// Each piece, and the slot behind it.
    pieces: Vec<(String, Option<usize>)>,
}

/// The first of the characters that mark slots; they are for private use, so no text should hold one.
const FIRST_SLOT: u32 = 0xf_0000;

impl Template {
    /// The text that leaves a scalar open.
    pub(super) fn slot(number: usize) -> String {
        let slot = u32::try_from(number)
            .ok()
            .and_then(|number| char::from_u32(FIRST_SLOT + number));
        slot.expect("a template has a few slots").to_string()
    }

    /// The template of a document; `None` if it does not hold this number of slots, since some other text looks like one.
    pub(super) fn new(document: &str, slots: usize) -> Option<Self> {
        let mut pieces = vec![(String::new(), None)];
        for letter in document.chars() {
            let last = pieces.last_mut()?;
            match u32::from(letter).checked_sub(FIRST_SLOT) {
                Some(slot) => {
                    last.1 = Some(usize::try_from(slot).ok()?);
                    pieces.push((String::new(), None));
                }
                None => last.0.push(letter),
            }
        }
        (pieces.len() == slots + 1).then_some(Self { pieces })
    }

    /// Appends the document with these texts in its slots.
    pub(super) fn fill(&self, text: &mut String, texts: &[String]) {
        for (piece, slot) in &self.pieces {
            text.push_str(piece);
            if let Some(value) = slot.and_then(|slot| texts.get(slot)) {
                scalar(text, value, Some(0));
            }
        }
    }
}

fn mapping(text: &mut String, fields: &Map<String, Value>, indent: usize, inline: bool) {
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_by(|(left, _), (right, _)| natural_order(left, right));
    for (number, (key, value)) in fields.into_iter().enumerate() {
        if number > 0 || !inline {
            pad(text, indent);
        }
        scalar(text, key, None);
        text.push(':');
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                text.push('\n');
                mapping(text, fields, indent + 2, false);
            }
            Value::Array(items) if !items.is_empty() => {
                text.push('\n');
                sequence(text, items, indent);
            }
            other => {
                text.push(' ');
                leaf(text, other, indent + 2);
            }
        }
    }
}

fn sequence(text: &mut String, items: &[Value], indent: usize) {
    for item in items {
        pad(text, indent);
        text.push_str("- ");
        match item {
            Value::Object(fields) if !fields.is_empty() => mapping(text, fields, indent + 2, true),
            other => leaf(text, other, indent + 2),
        }
    }
}

fn leaf(text: &mut String, value: &Value, indent: usize) {
    match value {
        Value::String(value) => scalar(text, value, Some(indent)),
        // JSON is YAML: numbers, booleans, `null`, `{}` and `[]` are spelled alike.
        other => text.push_str(&other.to_string()),
    }
    text.push('\n');
}

fn pad(text: &mut String, indent: usize) {
    text.extend(std::iter::repeat_n(' ', indent));
}

/// Writes a string; `fold` is the indentation of further lines, and `None` for a key, which has none.
fn scalar(text: &mut String, value: &str, fold: Option<usize>) {
    if is_special(value) || resolves_to_other(value) || (value.contains('\n') && fold.is_none()) {
        let quoted = Value::from(value).to_string();
        return folded(text, &quoted, fold);
    }
    if let (true, Some(indent)) = (value.contains('\n'), fold) {
        return literal(text, value, indent);
    }
    if is_plain(value) {
        return folded(text, value, fold);
    }
    folded(text, &format!("'{}'", value.replace('\'', "''")), fold);
}

/// Whether a text needs escapes.
fn is_special(value: &str) -> bool {
    let printable = |letter: char| letter == '\n' || !(letter.is_control() || letter == '\u{feff}');
    !value.chars().all(printable)
}

/// Breaks lines that are too long at single spaces.
fn folded(text: &mut String, value: &str, fold: Option<usize>) {
    if fold.is_none() || !value.contains(' ') {
        return text.push_str(value);
    }
    let line = text.rfind('\n').map_or(0, |end| end + 1);
    let mut column = text[line..].chars().count();
    let letters: Vec<char> = value.chars().collect();
    for (place, &letter) in letters.iter().enumerate() {
        let single = letter == ' '
            && place > 1
            && letters[place - 1] != ' '
            && letters
                .get(place + 1)
                .is_some_and(|next| !" \"'".contains(*next));
        match fold {
            Some(indent) if single && column > BEST_WIDTH => {
                text.push('\n');
                pad(text, indent);
                column = indent;
            }
            _ => {
                text.push(letter);
                column += 1;
            }
        }
    }
}

fn literal(text: &mut String, value: &str, indent: usize) {
    text.push('|');
    if value.starts_with([' ', '\n']) {
        text.push('2');
    }
    let body = value.trim_end_matches('\n');
    match value.len() - body.len() {
        0 => text.push('-'),
        1 if !body.is_empty() => {}
        _ => text.push('+'),
    }
    for line in value.strip_suffix('\n').unwrap_or(value).split('\n') {
        text.push('\n');
        if !line.is_empty() {
            pad(text, indent);
            text.push_str(line);
        }
    }
}

/// Whether a text can stand without quotes.
fn is_plain(value: &str) -> bool {
    let bytes = value.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    let alone = matches!(bytes.get(1), None | Some(b' '));
    let indicator = b" #,[]{}&*!|>'\"%@`".contains(first) || (b"-?:".contains(first) && alone);
    let document = value.starts_with("---") || value.starts_with("...");
    let key = value.ends_with(':') || value.contains(": ");
    let comment = value.contains(" #");
    !(indicator || document || key || comment || *last == b' ')
}

/// What YAML 1.1 reads as truth values, nothing, and numbers.
const WORDS: [&str; 11] = [
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", ".inf", ".nan",
];

/// Whether YAML 1.1 takes the plain text for something other than a string.
fn resolves_to_other(value: &str) -> bool {
    // Most texts are longer than any such word and begin with a letter or a slash.
    let first = value.as_bytes().first();
    if value.len() > 5 && first.is_some_and(|first| first.is_ascii_alphabetic() || *first == b'/') {
        return false;
    }
    let lower = value.to_lowercase();
    let capitals =
        [lower.clone(), value.to_uppercase(), capitalised(&lower)].contains(&value.to_owned());
    let unsigned = lower.trim_start_matches(['+', '-']);
    value.is_empty()
        || value == "~"
        || (capitals && (WORDS.contains(&lower.as_str()) || unsigned == ".inf"))
        || is_number(unsigned)
        || is_date(value)
}

fn capitalised(lower: &str) -> String {
    let mut letters = lower.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}

fn is_number(unsigned: &str) -> bool {
    if !unsigned.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.') {
        return false;
    }
    let digits = unsigned.replace('_', "");
    let radix = |prefix, radix| {
        let digits = digits.strip_prefix(prefix);
        digits.is_some_and(|digits| u64::from_str_radix(digits, radix).is_ok())
    };
    let base_sixty =
        digits.contains(':') && digits.split(':').all(|part| part.parse::<u32>().is_ok());
    digits.parse::<f64>().is_ok()
        || radix("0x", 16)
        || radix("0o", 8)
        || radix("0b", 2)
        || base_sixty
}

/// A date, perhaps with a time: `2001-01-01…`.
fn is_date(value: &str) -> bool {
    let mut parts = value.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let day = rest.split(['T', 't', ' ']).next().unwrap_or_default();
    let number = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    number(year, 4..=4) && number(month, 1..=2) && number(day, 1..=2)
}

/// The order of keys in kuberpult's emitter: letters after all others, runs of digits by their value.
fn natural_order(left: &str, right: &str) -> Ordering {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let differs = left
        .iter()
        .zip(&right)
        .position(|(left, right)| left != right);
    let Some(place) = differs else {
        return left.len().cmp(&right.len());
    };
    let (one, other) = (left[place], right[place]);
    match (one.is_alphabetic(), other.is_alphabetic()) {
        (true, true) => one.cmp(&other),
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => {
            let in_number = left[..place]
                .iter()
                .rev()
                .take_while(|letter| letter.is_ascii_digit());
            let leading =
                (one == '0' || other == '0') && in_number.clone().any(|digit| *digit != '0');
            let run = |letters: &[char]| -> (u64, usize) {
                let digits = letters[place..]
                    .iter()
                    .map_while(|letter| letter.to_digit(10));
                digits.fold((u64::from(leading), 0), |(value, length), digit| {
                    (
                        value.saturating_mul(10).saturating_add(u64::from(digit)),
                        length + 1,
                    )
                })
            };
            run(&left).cmp(&run(&right)).then(one.cmp(&other))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_scalar(expected: &str, values: &[&str]) {
        for value in values {
            let mut text = String::new();
            scalar(&mut text, value, Some(2));
            let style = match text.as_bytes()[0] {
                b'"' => "double",
                b'\'' => "single",
                _ => "plain",
            };
            assert_eq!(style, expected, "{value:?} is written as {text}");
            let read: Value = serde_yaml::from_str(&text).unwrap();
            assert_eq!(read, Value::from(*value));
        }
    }

    #[test]
    fn strings_are_quoted_where_yaml_would_read_something_else() {
        check_scalar(
            "double",
            &[
                "y",
                "n",
                "yes",
                "No",
                "ON",
                "off",
                "true",
                "False",
                "null",
                "~",
                "Null",
                "",
                "12",
                "017",
                "0o17",
                "0x1f",
                "0b1",
                "1e3",
                "1.10",
                "1.",
                "+1",
                "-1",
                "1_000",
                ".nan",
                "-.inf",
                "2001-01-01",
                "12:30:45",
                "tab\tx",
                "\0",
            ],
        );
        check_scalar(
            "plain",
            &[
                "nan",
                "inf",
                "1-2",
                "1-1-1",
                "y-1",
                "=",
                "a:b",
                "-a",
                "?x",
                "it's",
                "a,b",
                "0 0 * * *",
                "prod",
                "https://kubernetes.default.svc",
                "yEs",
            ],
        );
        check_scalar(
            "single",
            &[
                "*", "*/5", "@daily", "{x}", "[x]", "!x", "&x", "%x", "|x", ">x", "#x", " x", "x ",
                "- a", "? x", "a: b", "a #b", "'",
            ],
        );
    }

    #[test]
    fn keys_are_in_natural_order() {
        let mut keys = [
            "ab", "aB", "a10", "a2", "a01", "a1", "a_b", "a/b", "a.b", "a-b", "a", "A", "10", "2",
            "1",
        ];
        keys.sort_by(|left, right| natural_order(left, right));
        let expected = [
            "1", "2", "10", "A", "a", "a-b", "a.b", "a/b", "a_b", "a1", "a01", "a2", "a10", "aB",
            "ab",
        ];
        assert_eq!(keys, expected);
    }

    #[test]
    fn texts_of_several_lines_keep_their_lines() {
        for value in ["a\nb", "a\nb\n", "a\n\nb\n\n", " a\nb", "\n", "a\n"] {
            let fields =
                serde_json::json!({ "outer": { "key": value }, "z": [value, { "k": value }] });
            let text = document(fields.as_object().unwrap());
            let read: Value = serde_yaml::from_str(&text).unwrap();
            assert_eq!(read, fields, "{text}");
        }
    }
}
