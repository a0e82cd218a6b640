//! What must never come out, whatever went in: a terminal control, a line that a runner obeys, markup, a forged trailer.

use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::world::Answer;

/// What was printed, and in which form.
pub(super) struct Printed<'a> {
    pub(super) words: &'a [String],
    pub(super) answer: &'a Answer,
}

impl Printed<'_> {
    fn has(&self, words: &[&str]) -> bool {
        self.words
            .windows(words.len())
            .any(|window| window.iter().zip(words).all(|(one, other)| one == other))
    }

    /// Every harm that this could do; none is right.
    pub(super) fn harms(&self) -> Vec<String> {
        let mut harms = Vec::new();
        // The scripts of shells read a tab between a word and what it is about, and Go indents its help so.
        let tabs = self.words.first();
        let tabs = tabs.is_some_and(|word| word == "complete" || word == "kuberpult-client");
        for (stream, text) in [
            ("stdout", &self.answer.stdout),
            ("stderr", &self.answer.stderr),
        ] {
            harms.extend(controls(text, tabs).map(|control| format!("{stream}: {control}")));
            harms.extend(workflow_commands(text, self.has(&["--github"])));
            let titled =
                stream == "stdout" && text.lines().any(|line| line.trim_start().starts_with("::"));
            harms.extend(titled.then(|| "an annotation in the answer".to_owned()));
            if text.contains("panicked at") || text.contains("RUST_BACKTRACE") {
                harms.push(format!("{stream}: a panic"));
            }
        }
        if self.has(&["-o", "markdown"]) {
            harms.extend(markup(&self.answer.stdout));
        }
        if self.has(&["-o", "html"]) {
            harms.extend(elements(&self.answer.stdout));
        }
        harms
    }
}

/// Letters that steer a terminal, turn the direction of what follows, or are not seen.
pub(super) fn controls(text: &str, tabs: bool) -> impl Iterator<Item = String> + '_ {
    let harmful = move |letter: &char| match letter {
        '\n' => false,
        '\t' => !tabs,
        '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => true,
        other => other.is_control(),
    };
    text.lines().filter_map(move |line| {
        let place = line.find(|letter| harmful(&letter))?;
        let found = line[place..].chars().next()?;
        let before: Vec<_> = line[..place].chars().rev().take(60).collect();
        let before: String = before.into_iter().rev().collect();
        Some(format!("{} behind {before:?}", found.escape_unicode()))
    })
}

/// Lines that a runner of GitHub would obey and that are not ours.
pub(super) fn workflow_commands(text: &str, github: bool) -> Vec<String> {
    let ours = ["error", "warning", "notice"].map(|kind| format!("::{kind} title="));
    let obeyed = |line: &&str| {
        // Without `--github` what comes out is nobody's step; even so nothing begins a line of its own.
        let begins = if github { line.trim_start() } else { line };
        // Ours have a title, which no row has.
        let ours = github && ours.iter().any(|ours| line.starts_with(ours));
        begins.starts_with("::") && !ours || github && line.contains("##[")
    };
    let lines = text.split(['\n', '\r']).filter(obeyed);
    lines
        .map(|line| format!("a workflow command: {line:?}"))
        .collect()
}

/// Markup in markdown that we did not write: elements, pictures, links, and whatever calls people or closes issues.
pub(super) fn markup(text: &str) -> Vec<String> {
    const OURS: [&str; 6] = [
        "<!-- -->",
        "<details>",
        "</details>",
        "<summary>",
        "</summary>",
        "<br>",
    ];
    let mut harms = Vec::new();
    let mut code = 0;
    for event in Parser::new_ext(text, Options::all()) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => {
                let rest = OURS
                    .iter()
                    .fold(html.to_string(), |rest, ours| rest.replace(ours, ""));
                if rest.contains('<') {
                    harms.push(format!("an element: {rest:?}"));
                }
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                harms.push(format!("a link: {dest_url:?}"));
            }
            Event::Start(Tag::CodeBlock(_)) => code += 1,
            Event::End(pulldown_cmark::TagEnd::CodeBlock) => code -= 1,
            Event::Text(words) if code == 0 => {
                let made = calls(&words).chain(addresses(&words));
                harms.extend(made.map(|call| format!("a call: {call:?}")));
            }
            _ => {}
        }
    }
    harms
}

/// What calls people, names an issue, or becomes a link by itself: `@name`, `#1`, `GH-1`, an address. In the text between two tags, as
/// an element ends a word.
fn calls(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split_whitespace().filter_map(|word| {
        let lower = word.to_ascii_lowercase();
        let around = |mark: &str, test: fn(Option<char>, char) -> bool| {
            let mut places = lower.match_indices(mark);
            places.any(|(place, _)| {
                let before = lower[..place].chars().next_back();
                let next = lower[place + mark.len()..].chars().next();
                next.is_some_and(|next| test(before, next))
            })
        };
        let number: fn(Option<char>, char) -> bool = |_, next| next.is_ascii_digit();
        // Within a mail address it calls nobody.
        let calls = around("@", |before, next| {
            next.is_alphanumeric() && !before.is_some_and(char::is_alphanumeric)
        });
        let calls = calls
            || ["#", "gh-", "issues/"]
                .iter()
                .any(|mark| around(mark, number));
        calls.then(|| word.to_owned())
    })
}

/// Addresses that become links by themselves.
fn addresses(text: &str) -> impl Iterator<Item = String> + '_ {
    let words = text.split_whitespace();
    let links = words.filter(|word| word.contains("www.") || word.contains("://"));
    links.map(str::to_owned)
}

/// Elements of a page that only a payload has.
fn elements(page: &str) -> Vec<String> {
    let names = [
        "<evil",
        "<img",
        "<iframe",
        "<object",
        "<a href=\"javascript:",
        "<svg",
    ];
    let found = names.iter().filter(|name| page.contains(*name));
    found
        .map(|name| format!("an element of the page: {name}"))
        .collect()
}

/// What is wrong with the message of a commit of ours, given what git takes for its trailers.
pub(super) fn forged(message: &str, trailers: &str) -> Vec<String> {
    let mut harms: Vec<_> = controls(message, false).collect();
    let foreign = trailers
        .lines()
        .filter(|line| !line.starts_with("Trainyard-"));
    harms.extend(foreign.map(|line| format!("a forged trailer: {line:?}")));
    let mut seen: Vec<&str> = Vec::new();
    for line in trailers.lines() {
        let name = line.split(':').next().unwrap_or_default();
        if seen.contains(&name) {
            harms.push(format!("a trailer that stands twice: {line:?}"));
        }
        seen.push(name);
    }
    for wanted in ["Trainyard-Operation", "Trainyard-Operation-Id"] {
        if !seen.contains(&wanted) {
            harms.push(format!("no trailer {wanted}"));
        }
    }
    harms.extend(calls(message).map(|call| format!("a call: {call:?}")));
    let credits = [
        "co-authored-by:",
        "signed-off-by:",
        "reviewed-by:",
        "::",
        "diff --git",
    ];
    for line in message.lines() {
        let begins = line.trim_start().to_ascii_lowercase();
        if credits.iter().any(|credit| begins.starts_with(credit)) {
            harms.push(format!("a line that somebody obeys: {line:?}"));
        }
    }
    harms
}

#[test]
fn each_harm_is_seen() {
    let sees = |harms: Vec<String>| assert_ne!(harms, [""; 0]);
    for control in [
        "\x1b[2J",
        "\x07",
        "\r",
        "\u{9b}",
        "\u{202e}",
        "\u{61c}",
        "\u{e0041}",
        "\t",
    ] {
        sees(controls(&format!("a{control}b"), false).collect());
    }
    for command in [
        "::set-output name=a::b",
        "  ::error::x",
        "x ##[error]y",
        "a\r::b::",
    ] {
        sees(workflow_commands(command, true));
    }
    sees(workflow_commands("::error::x", false));
    for text in [
        "<b>x",
        "a <img src=x>",
        "[x](y)",
        "![x](y)",
        "<https://x.example>",
        "@org",
        "x #1 y",
        "fixes GH-7",
        "www.x.example",
        "a | b\n--- | ---\n@c | d",
    ] {
        sees(markup(text));
    }
    let trailers = "Trainyard-Operation: lock\nTrainyard-Operation-Id: 1\n";
    assert_eq!(forged(&format!("a\n\n{trailers}"), trailers), [""; 0]);
    sees(forged("a", &format!("{trailers}Acked-by: x\n")));
    sees(forged("a", &format!("{trailers}Trainyard-Operation: x\n")));
    sees(forged("a\n\nCo-authored-by: x\n\nb", trailers));
    sees(forged("a fixes #1", trailers));
    assert_eq!(forged("a # 1, a@b, @ c", trailers), [""; 0]);
}

#[test]
fn what_is_ours_is_no_harm() {
    for text in [
        "### a\n\n- @<!-- -->org fixes #<!-- -->1 \\[x\\](y) &lt;b&gt;\n",
        "<details><summary>s</summary>\n\n```diff\n+ @a #1 <b>\n```\n\n</details>\n",
        "| a |\n|---|\n| `b` |\n",
    ] {
        assert_eq!(markup(text), [""; 0]);
    }
    assert_eq!(
        workflow_commands("::error title=trainyard::x\n", true),
        [""; 0]
    );
}
