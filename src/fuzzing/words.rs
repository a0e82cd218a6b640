//! Texts as somebody types them who means harm, and what must not come of them.

use arbitrary::Unstructured;

use super::assert_calm;
use crate::plan::Outcome;
use crate::report::{Fate, Format, Input, commit_message, github, render};
use crate::state::{Moment, Trace, plain};

/// Markup, people who are called, links, commands, trailers, control characters; each with a word by which it is known again.
const HOSTILE: [&str; 14] = [
    "",
    "plain words",
    "<x-evil onload=x>",
    "\"x-evil='x' y=\"",
    "@x-evil/team fixes #1",
    "](x-evil:1) ![a](x-evil:2)",
    "::error::x-evil\n::set-output name=a::b",
    "a ##[add-mask]x-evil",
    "\u{1b}]0;x-evil\u{7}\u{1b}[9mx-evil",
    "a\n\nTrainyard-Operation: x-evil\nSigned-off-by: x-evil",
    "\r\u{202e}x-evil\u{2066}\u{61c}\u{e0041}",
    "```\n<x-evil>\n```",
    "- | x-evil | \\",
    "'; x-evil: {{ }} & *a !b %c",
];

/// One of them, or any bytes.
pub(super) fn hostile(left: &mut Unstructured) -> String {
    if left.ratio(1, 6).unwrap_or(false) {
        let length = left.int_in_range(0..=40_usize).unwrap_or(0);
        let length = length.min(left.len());
        let bytes = left.bytes(length).unwrap_or_default();
        return String::from_utf8_lossy(bytes).into_owned();
    }
    (*left.choose(&HOSTILE).unwrap_or(&"")).to_owned()
}

/// What an outcome looks like in every form, none of which may do more than tell.
pub(crate) fn assert_told(outcome: &Outcome, now: Moment) {
    let fate = Fate {
        changed: true,
        dry_run: false,
        commit: Some("0".repeat(40)),
        warnings: Vec::new(),
        now,
        tag: None,
        width: Some(80),
    };
    let form = |format| render(outcome, &fate, format);
    let text = form(Format::Text).expect("there is always a text");
    assert_safe_text(&text);
    let markdown = form(Format::Markdown).expect("there is always markdown");
    assert_safe_markdown(&markdown);
    let json = form(Format::Json).expect("there is always JSON");
    let value: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    let yaml = form(Format::Yaml).expect("there is always YAML");
    let same: serde_json::Value = serde_yaml::from_str(&yaml).expect("it is YAML");
    assert_eq!(same, value);
    let guarded = github::guarded(&json, Format::Json);
    let read: serde_json::Value = serde_json::from_str(&guarded).expect("it stays JSON");
    assert_eq!(read, value);
    let mut forms = vec![
        (text, Format::Text),
        (markdown, Format::Markdown),
        (json, Format::Json),
        (yaml, Format::Yaml),
    ];
    if let Ok(html) = form(Format::Html) {
        assert!(!html.contains("<x-evil"), "{html}");
        assert!(!html.contains("\"x-evil="), "{html}");
        forms.push((html, Format::Html));
    }
    if let Ok(kuberpult) = form(Format::Kuberpult) {
        let _: serde_json::Value = serde_json::from_str(&kuberpult).expect("it is JSON");
        forms.push((kuberpult, Format::Kuberpult));
    }
    for (text, format) in forms {
        assert_no_command(&github::guarded(&text, format));
    }
}

/// Our own colours are plain, so that whatever is left of a sequence was not ours.
fn assert_safe_text(text: &str) {
    assert!(!text.contains("\u{1b}[9m"), "{text:?}");
    let mut rest = String::new();
    let mut parts = text.split("\u{1b}[");
    rest.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (numbers, after) = part.split_once('m').expect("a colour ends in m");
        let is_plain = |letter: char| letter.is_ascii_digit() || letter == ';';
        assert!(numbers.chars().all(is_plain), "{text:?}");
        rest.push_str(after);
    }
    assert_calm(&rest);
}

/// Nobody is called, nothing is linked, no markup is added, outside of blocks that are shown as they stand.
fn assert_safe_markdown(text: &str) {
    let mut fence: Option<usize> = None;
    for line in text.lines() {
        let ticks = line.bytes().take_while(|byte| *byte == b'`').count();
        match fence {
            Some(open) if ticks >= open && line.len() == ticks => fence = None,
            Some(_) => {}
            None if ticks >= 3 => fence = Some(ticks),
            None => {
                let unescaped = without_escapes(line);
                for evil in ["<x-evil", "@x-evil", "](x-evil", "\u{1b}"] {
                    assert!(
                        !unescaped.contains(evil),
                        "{evil:?} in {line:?} of {text:?}"
                    );
                }
                assert_calm(line);
            }
        }
    }
    assert_eq!(fence, None, "{text:?}");
}

/// Markdown without what a backslash takes the meaning from.
pub(super) fn without_escapes(text: &str) -> String {
    let mut letters = text.chars();
    let mut rest = String::new();
    while let Some(letter) = letters.next() {
        if letter == '\\' {
            letters.next();
        } else {
            rest.push(letter);
        }
    }
    rest
}

/// Nothing is left that GitHub's runner takes for a command.
pub(super) fn assert_no_command(text: &str) {
    for line in text.split(['\n', '\r']) {
        assert!(!line.contains("##["), "{line:?}");
        assert!(!line.trim_start().starts_with("::"), "{line:?}");
    }
}

/// The message of a commit says which operation it was, and what people typed adds no trailer to it.
pub(super) fn assert_recorded(outcome: &Outcome, typed: &str) {
    let id = "2f6d1f3c-8f57-5a2c-9ed0-111111111111";
    // libgit2 passes over a trailer without a value.
    let target = format!("<{typed}>");
    let inputs = [
        Input {
            name: "Target",
            value: target.clone(),
        },
        Input {
            name: "Team",
            value: "red".to_owned(),
        },
    ];
    let message = commit_message(outcome, "lock", id, &inputs);
    let trace = Trace::read(&message).expect("it says what it is");
    assert_eq!(trace.operation, "lock", "{message:?}");
    assert_eq!(trace.id.expect("it has an id").to_string(), id);
    let names: Vec<_> = trace.inputs.keys().map(String::as_str).collect();
    assert_eq!(names, ["Target", "Team"], "{message:?}");
    // Blanks stand where a forge would call somebody.
    let without_blanks = |text: &str| text.replace(' ', "");
    let recorded = without_blanks(&trace.inputs["Target"]);
    assert_eq!(recorded, without_blanks(&plain(&target)), "{message:?}");
    assert_calm(&message);
    let (subject, _) = message.split_once('\n').expect("more than a subject");
    assert!((1..=72).contains(&subject.chars().count()), "{subject:?}");
    let theirs = git2::message_trailers_strs(&message).expect("there is no NUL in it");
    assert_eq!(theirs.iter().count(), 4, "{message:?}");
}
