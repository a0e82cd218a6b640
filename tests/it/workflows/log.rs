//! What GitHub's runner makes of the lines that a step prints, by the rules that its source gives: commands, and the rest.

use std::collections::BTreeMap;

/// Every command that the runner knows.
const KNOWN: [&str; 16] = [
    "add-mask",
    "add-matcher",
    "add-path",
    "debug",
    "echo",
    "endgroup",
    "error",
    "group",
    "internal-set-repo-path",
    "notice",
    "remove-matcher",
    "save-state",
    "set-env",
    "set-output",
    "stop-commands",
    "warning",
];

/// A command that a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) name: String,
    pub(super) properties: BTreeMap<String, String>,
    pub(super) data: String,
}

impl Command {
    pub(super) fn title(&self) -> &str {
        self.properties.get("title").map_or("", String::as_str)
    }
}

/// The commands in what a step printed.
pub(super) fn commands(output: &str) -> Vec<Command> {
    // The runner reads line by line, and a carriage return ends a line.
    output.split(['\n', '\r']).filter_map(command).collect()
}

fn command(line: &str) -> Option<Command> {
    // Compared by the rules of a language: what is not to be seen counts for nothing.
    let counts = |letter: &char| {
        let hidden = matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
        !hidden && (letter.is_whitespace() || !letter.is_control())
    };
    let line: String = line.chars().filter(counts).collect();
    new_form(line.trim_start()).or_else(|| old_form(&line))
}

/// `::name key=value,key=value::data`
fn new_form(line: &str) -> Option<Command> {
    let (head, data) = line.strip_prefix("::")?.split_once("::")?;
    let escapes = [
        ("%0D", "\r"),
        ("%0A", "\n"),
        ("%3A", ":"),
        ("%2C", ","),
        ("%25", "%"),
    ];
    let data_escapes = [escapes[0], escapes[1], escapes[4]];
    read(head, ',', &escapes, unescaped(data, &data_escapes))
}

/// `##[name key=value;key=value]data`, anywhere in a line
fn old_form(line: &str) -> Option<Command> {
    let (_, rest) = line.split_once("##[")?;
    let (head, data) = rest.split_once(']')?;
    let escapes = [
        ("%3B", ";"),
        ("%0D", "\r"),
        ("%0A", "\n"),
        ("%5D", "]"),
        ("%25", "%"),
    ];
    read(head, ';', &escapes, unescaped(data, &escapes))
}

fn read(head: &str, separator: char, escapes: &[(&str, &str)], data: String) -> Option<Command> {
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let name = KNOWN
        .iter()
        .find(|known| known.eq_ignore_ascii_case(name))?;
    let properties = properties.trim().split(separator).filter_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        Some((key.to_owned(), unescaped(value, escapes)))
    });
    Some(Command {
        name: (*name).to_owned(),
        properties: properties.collect(),
        data,
    })
}

fn unescaped(text: &str, escapes: &[(&str, &str)]) -> String {
    let texts = escapes.iter();
    texts.fold(text.to_owned(), |text, (escape, letter)| {
        text.replace(escape, letter)
    })
}

#[test]
fn commands_are_read_as_the_runner_reads_them() {
    let names = |output: &str| -> Vec<String> {
        commands(output).into_iter().map(|each| each.name).collect()
    };
    assert_eq!(
        names("a\n  ::Error::x\r::notice::\nb ::error::x"),
        ["error", "notice"]
    );
    assert_eq!(
        names("a ##[set-output name=x]y\n##[nope]\n##[group\n::nope::##[debug]"),
        ["set-output", "debug"]
    );
    assert_eq!(
        names("\u{200b}::debug::\n:\u{feff}:debug::\n#\0#[debug]"),
        ["debug"; 3]
    );
    let told = &commands("::error title=a%3Ab%2C,file=x::1%250A%0A2")[0];
    assert_eq!((told.title(), told.data.as_str()), ("a:b,", "1%0A\n2"));
}
