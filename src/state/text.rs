//! Text that people typed: stored as it came, shown so that it can do no harm.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::letters::is_harmful;

/// A message, an author or a name as somebody typed it. Shown, it stands in quotes on one line, with control
/// characters spelled out: it can add no line, no trailer, no terminal command.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct FreeText(pub(crate) String);

impl FreeText {
    /// The text as it is stored.
    pub(crate) fn raw(&self) -> &str {
        &self.0
    }

    /// Whether nothing was typed.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for FreeText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{}\"", plain(&self.0))
    }
}

/// A word for a shell.
pub(crate) fn quoted(word: &str) -> String {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./@+,".contains(&byte);
    if !word.is_empty() && word.bytes().all(harmless) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The text with every harmful letter spelled out.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut shown, letter| {
            match letter {
                '\n' => shown.push_str("\\n"),
                '\t' => shown.push_str("\\t"),
                '\r' => shown.push_str("\\r"),
                _ if is_harmful(letter) => shown.extend(letter.escape_unicode()),
                _ => shown.push(letter),
            }
            shown
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shown_on_one_line_without_control_characters() {
        let text = FreeText("a\nTrailer: x\x1b[0m\u{202e}ä".to_owned());
        assert_eq!(text.to_string(), "\"a\\nTrailer: x\\u{1b}[0m\\u{202e}ä\"");
        // An Arabic mark of direction, and a tag, which is an ASCII letter that is not shown.
        assert_eq!(plain("a\u{61c}b\u{e0041}"), "a\\u{61c}b\\u{e0041}");
    }

    #[test]
    fn what_turns_or_hides_a_text_is_spelled_out_and_letters_are_not() {
        for letter in [
            '\u{7f}',
            '\u{9b}',
            '\u{61c}',
            '\u{200e}',
            '\u{2066}',
            '\u{206a}',
            '\u{fffb}',
            '\u{e0041}',
        ] {
            assert_eq!(
                plain(&letter.to_string()),
                letter.escape_unicode().to_string()
            );
        }
        let letters = "äß漢字 שלום 🚂 é '\"<&";
        assert_eq!(plain(letters), letters);
    }
}
