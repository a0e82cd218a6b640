//! Keeps text from being taken for a command by GitHub's runner, which reads commands from whatever a step prints: `::name …::` at the
//! beginning of a line, behind white space, and the older `##[name]` anywhere in it.
//!
//! Nothing is put around a text (`::stop-commands::` would do that): what a script captures must stay as it is, and stdout and
//! stderr come to the runner side by side, so that it would miss annotations. Only the letter that makes a line a command is spelled out.

use crate::report::Format;

/// The same text without commands. In JSON it means the very same; elsewhere it is spelled as control characters are.
pub(crate) fn guarded(text: &str, format: Format) -> String {
    let spelled = |letter: char| match format {
        Format::Json | Format::Kuberpult => format!("\\u{:04x}", u32::from(letter)),
        // Style and script of the page are ours and hold no command; what else it holds is text.
        Format::Html => format!("&#x{:x};", u32::from(letter)),
        Format::Text | Format::Yaml | Format::Markdown => letter.escape_unicode().to_string(),
    };
    // The runner ends a line at a carriage return, too.
    let lines = text.split_inclusive(['\n', '\r']);
    lines.map(|line| harmless(line, &spelled)).collect()
}

/// A text without commands of the older form, which are commands wherever they stand.
pub(super) fn without_old_form(text: &str) -> String {
    spelled_hashes(text, &|letter| letter.escape_unicode().to_string())
}

fn harmless(line: &str, spelled: &impl Fn(char) -> String) -> String {
    let safe = spelled_hashes(line, spelled);
    if has_two(&safe, ':') && seems(&safe, |line| line.trim_start().starts_with("::")) {
        return safe.replacen(':', &spelled(':'), 1);
    }
    safe
}

fn spelled_hashes(text: &str, spelled: &impl Fn(char) -> String) -> String {
    if has_two(text, '#') && seems(text, |text| text.contains("##[")) {
        return text.replace('#', &spelled('#'));
    }
    text.to_owned()
}

/// Both forms of a command have a letter twice; most lines have not, and need no closer look.
fn has_two(text: &str, letter: char) -> bool {
    text.matches(letter).nth(1).is_some()
}

/// Whether a text may pass for such a one. The runner compares by the rules of a language, by which many characters count for
/// nothing, so what may count for nothing is left out, with and without the colours.
fn seems(text: &str, test: impl Fn(&str) -> bool) -> bool {
    let counts = |letter: &char| letter.is_ascii() && !letter.is_ascii_control();
    let stripped = anstream::adapter::strip_str(text).to_string();
    let mut both = [text, &stripped].into_iter();
    both.any(|text| test(&text.chars().filter(counts).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(guarded(text, Format::Text), expected, "{text:?}");
    }

    #[test]
    fn what_the_runner_would_take_for_a_command_is_spelled_out() {
        check("::error::x\n", "\\u{3a}:error::x\n");
        check("  \t ::error::x", "  \t \\u{3a}:error::x");
        check("a\r::error::x\r\nb", "a\r\\u{3a}:error::x\r\nb");
        check("a ##[error]x", "a \\u{23}\\u{23}[error]x");
        check("::a::##[b]", "\\u{3a}:a::\\u{23}\\u{23}[b]");
    }

    #[test]
    fn what_counts_for_nothing_hides_no_command() {
        for hidden in [
            "\u{200b}",
            "\u{feff}",
            "\u{ad}",
            "\0",
            "\u{1b}[1m",
            "\u{a0}",
            "\u{2028}",
        ] {
            for text in [
                format!("{hidden}::a::"),
                format!(" {hidden}:{hidden}:a::"),
                format!("x #{hidden}#{hidden}[a]"),
            ] {
                assert!(guarded(&text, Format::Text).contains("\\u{"), "{text:?}");
            }
        }
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for text in [
            "",
            "\n",
            "error: `a::b` ::error::\n",
            "## [a] # # [b] #[c]\n",
            "12:00:: x\n",
            "\u{1b}[1mstaging\u{1b}[0m: 1 deployed\n",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn a_page_keeps_its_meaning() {
        assert_eq!(
            guarded("<b>x\n::error::y</b>", Format::Html),
            "<b>x\n&#x3a;:error::y</b>"
        );
        for ours in [
            include_str!("../html/page.css"),
            include_str!("../html/page.js"),
        ] {
            assert_eq!(guarded(ours, Format::Html), ours);
        }
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = serde_json::json!({ "##[a]b": ["::c::", "x\n::d::", "##[error]"] });
        let text = serde_json::to_string_pretty(&value).unwrap();
        let safe = guarded(&text, Format::Json);
        assert!(!safe.contains("##["), "{safe}");
        let read: serde_json::Value = serde_json::from_str(&safe).unwrap();
        assert_eq!(read, value);
    }
}
