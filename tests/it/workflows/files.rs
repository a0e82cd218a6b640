//! The files by which a step tells GitHub's runner something: `NAME=VALUE`, or `NAME<<END` with the value on the lines up to `END`.

use std::collections::BTreeMap;

/// The pairs of such a file; it is an error where the runner would find one.
pub(super) fn pairs(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut pairs = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let heredoc = line
            .split_once("<<")
            .filter(|(name, _)| !name.contains('='));
        let (name, value) = match (heredoc, line.split_once('=')) {
            (Some((name, end)), _) => {
                let mut value = Vec::new();
                loop {
                    match lines.next() {
                        Some(line) if line == end => break,
                        Some(line) => value.push(line),
                        None => return Err(format!("`{end}` never comes")),
                    }
                }
                (name, value.join("\n"))
            }
            (None, Some((name, value))) => (name, value.to_owned()),
            (None, None) => return Err(format!("`{line}` is no pair")),
        };
        if name.is_empty() {
            return Err(format!("`{line}` has no name"));
        }
        pairs.insert(name.to_owned(), value);
    }
    Ok(pairs)
}

#[test]
fn a_file_of_pairs_is_read_as_the_runner_reads_it() {
    let read = pairs("a=1=2\nb<<E\nx\n\na=3\nE\nc=<<\n").unwrap();
    let pair = |name: &str| read[name].as_str();
    assert_eq!((pair("a"), pair("b"), pair("c")), ("1=2", "x\n\na=3", "<<"));
    assert!(pairs("a<<E\nx\n").is_err() && pairs("a\n").is_err() && pairs("=x\n").is_err());
}
