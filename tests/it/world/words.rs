//! A line of arguments, split as a shell splits it.

use std::ffi::OsString;

/// Splits a line as a shell does: blanks, single and double quotes, backslashes.
pub(crate) fn words(line: &str) -> Vec<OsString> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, ' ' | '\t' | '\n') => words.extend(word.take()),
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (Some(open), close) if open == close => quote = None,
            (None | Some('"'), '\\') => {
                let escaped = characters.next().expect("a backslash escapes something");
                word.get_or_insert_default().push(escaped);
            }
            (_, plain) => word.get_or_insert_default().push(plain),
        }
    }
    assert!(quote.is_none(), "a quote stays open in: {line}");
    words.extend(word);
    words.into_iter().map(OsString::from).collect()
}
