//! How deep a YAML text nests, and how many directives it has: asked before it is read. The reader takes a document whole before it says
//! that it is too deep, and its scanner looks at every open bracket for each word: a file of brackets would take it hours.

use std::mem::MaybeUninit;

use anyhow::{Result, bail, ensure};
use unsafe_libyaml::{
    YAML_MAPPING_END_EVENT, YAML_MAPPING_START_EVENT, YAML_SEQUENCE_END_EVENT,
    YAML_SEQUENCE_START_EVENT, YAML_STREAM_END_EVENT, YAML_UTF8_ENCODING, yaml_event_delete,
    yaml_event_t, yaml_parser_delete, yaml_parser_initialize, yaml_parser_parse,
    yaml_parser_set_encoding, yaml_parser_set_input_string, yaml_parser_t,
};

/// As deep as the reader goes itself.
const DEEPEST: usize = 128;

/// Nobody needs more: each is compared with all before it.
const MOST_DIRECTIVES: usize = 100;

/// Fails if a text would take longer to read than its length tells.
pub(crate) fn check_nesting(text: &[u8]) -> Result<()> {
    let lines = text.split(|byte| *byte == b'\n');
    let directives = lines.filter(|line| line.starts_with(b"%")).count();
    ensure!(
        directives <= MOST_DIRECTIVES,
        "{directives} lines begin with `%`, and {MOST_DIRECTIVES} are allowed"
    );
    if let Some((line, column)) = too_deep(text) {
        bail!("recursion limit exceeded at line {line} column {column}");
    }
    Ok(())
}

/// Where the text goes too deep, told by the scanner that the reader uses, one event at a time. Where it is no YAML, that is for the reader
/// to say.
#[expect(
    unsafe_code,
    reason = "the reader shows its scanner to nobody, and no other one errs in the same places"
)]
fn too_deep(text: &[u8]) -> Option<(u64, u64)> {
    let mut parser = MaybeUninit::<yaml_parser_t>::uninit();
    let mut event = MaybeUninit::<yaml_event_t>::uninit();
    let (parser, event) = (parser.as_mut_ptr(), event.as_mut_ptr());
    let mut depth = 0usize;
    let mut place = None;
    // SAFETY: the parser is initialized before anything else and deleted once, the text outlives it, and each event that was made is read
    // before it is deleted.
    unsafe {
        if yaml_parser_initialize(parser).fail {
            return None;
        }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(parser, text.as_ptr(), text.len() as u64);
        while place.is_none() && yaml_parser_parse(parser, event).ok {
            let kind = (*event).type_;
            if matches!(kind, YAML_SEQUENCE_START_EVENT | YAML_MAPPING_START_EVENT) {
                depth += 1;
            }
            if matches!(kind, YAML_SEQUENCE_END_EVENT | YAML_MAPPING_END_EVENT) {
                depth -= 1;
            }
            if depth > DEEPEST {
                let mark = (*event).start_mark;
                place = Some((mark.line + 1, mark.column + 1));
            }
            yaml_event_delete(event);
            if kind == YAML_STREAM_END_EVENT {
                break;
            }
        }
        yaml_parser_delete(parser);
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        check_nesting(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn what_nests_too_deep_is_refused_where_it_does_however_long_it_is() {
        let many = 3_000_000;
        for (text, place) in [
            ("[".repeat(many), "line 1 column 129"),
            ("{\"a\": ".repeat(many / 4), "line 1 column 769"),
            ("[ #]\n".repeat(many), "line 129 column 1"),
            ("[ \"\n]\n\",".repeat(many), "line 257 column 3"),
            ("- ".repeat(many), "line 1 column 257"),
        ] {
            assert_eq!(said(&text), format!("recursion limit exceeded at {place}"));
        }
        let directives = "%TAG !a! b\n".repeat(many);
        assert!(said(&directives).starts_with("3000000 lines begin with `%`"));
    }

    #[test]
    fn brackets_that_nest_nothing_are_no_matter() {
        let text = format!("a: |\n  {}\n", "[".repeat(100_000));
        let quoted = format!("a: \"{}\"\nb: don't\n", "[".repeat(100_000));
        let flat = format!("[{}]", "[], ".repeat(100_000));
        let deep = format!("{}{}", "[".repeat(128), "]".repeat(128));
        for text in [text, quoted, flat, deep, "a: [".to_owned(), String::new()] {
            check_nesting(text.as_bytes()).unwrap();
        }
    }
}
