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
    if !is_shallow(text)
        && let Some((line, column)) = too_deep(text)
    {
        bail!("recursion limit exceeded at line {line} column {column}");
    }
    Ok(())
}

/// Whether a glance is enough: a bracket goes one level down, and whatever else does begins further right than what it is in, or in the
/// same column as a sequence in a mapping, behind nothing but blanks and marks. So it is with most texts, which need be read only once.
fn is_shallow(text: &[u8]) -> bool {
    let is_bracket = |byte: &&u8| matches!(byte, b'[' | b'{');
    let brackets = text.iter().filter(is_bracket).count();
    // With the mark of an encoding, which may begin a text.
    let is_margin = |byte: &&u8| b" \t-?:\xef\xbb\xbf".contains(byte);
    let lines = text.split(|byte| matches!(byte, b'\n' | b'\r' | 0x85 | 0xa8 | 0xa9));
    let margins = lines.map(|line| line.iter().take_while(is_margin).count());
    brackets + 2 * (margins.max().unwrap_or(0) + 1) <= DEEPEST
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
    use std::cell::Cell;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngSeed, TestRunner};

    use super::*;

    fn said(text: &str) -> String {
        check_nesting(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn what_a_glance_takes_for_shallow_is_never_too_deep() {
        let piece = prop_oneof![
            Just("\n".to_owned()),
            Just("\r".to_owned()),
            Just("\u{85}".to_owned()),
            Just("\u{2028}".to_owned()),
            Just("\u{feff}".to_owned()),
            "[a&*!|>#\"'% \t:,?-]{1,4}",
            "( |- |\\? |: ){0,200}",
            "[\\[\\]{}]{0,3}",
            "a: ",
        ];
        // Deep ones are made of marks alone: of all else, hardly any is YAML so far.
        let marks = "(- |\\? ){100,200}\\[{0,30}".prop_map(|marks| vec![marks]);
        let some = Cell::new((0, 0));
        let config = Config {
            cases: 1_000,
            rng_seed: RngSeed::Fixed(1846),
            failure_persistence: None,
            ..Config::default()
        };
        let law = |pieces: Vec<String>| {
            let text = pieces.concat();
            let (shallow, deep) = some.get();
            let is_deep = too_deep(text.as_bytes()).is_some();
            assert!(!is_deep || !is_shallow(text.as_bytes()), "{text:?}");
            let is_shallow = is_shallow(text.as_bytes());
            some.set((
                shallow + usize::from(is_shallow),
                deep + usize::from(is_deep),
            ));
            Ok(())
        };
        let texts = prop_oneof![9 => vec(piece, 1..60), 1 => marks];
        TestRunner::new(config).run(&texts, law).unwrap();
        // A staircase is the deepest that blanks and marks can make of their width.
        let mut stairs = String::new();
        for level in 0..200 {
            let margin = " ".repeat(level);
            stairs.extend([&margin, "a:\n", &margin, "-\n"]);
            let is_deep = too_deep(stairs.as_bytes()).is_some();
            assert!(!is_deep || !is_shallow(stairs.as_bytes()), "{level}");
        }
        let (shallow, deep) = some.get();
        assert!(shallow > 100 && deep > 10, "{shallow} shallow, {deep} deep");
        assert!(is_shallow(b"spec:\n  template:\n    - name: web\n"));
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
