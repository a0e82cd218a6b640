//! The trailers by which a commit of ours says which operation made it. Anybody can write them: they tell a name, never what a
//! commit did.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::name::check_words;
use super::plain;

/// What every trailer of ours begins with.
const PREFIX: &str = "Trainyard-";
const OPERATION: &str = "Operation";
const OPERATION_ID: &str = "Operation-Id";

/// The longest name of an operation that is believed to be one.
const LONGEST: usize = 40;

/// What a commit says of the operation that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    /// The operation by its name on the command line.
    pub(crate) operation: String,
    /// What tells it from every other one.
    pub(crate) id: Option<Uuid>,
    /// What it was asked for, by the names of the inputs. What stands here twice counts once.
    pub(crate) inputs: BTreeMap<String, String>,
}

/// The trailers of an operation with these inputs, a line for each.
pub(crate) fn lines<'a>(
    operation: &'a str,
    id: &'a str,
    inputs: impl Iterator<Item = (&'a str, &'a str)>,
) -> String {
    let named = [(OPERATION, operation), (OPERATION_ID, id)];
    let mut lines = String::new();
    for (name, value) in named.into_iter().chain(inputs) {
        lines.extend([PREFIX, name, ": ", &plain(value), "\n"]);
    }
    lines
}

/// The line that tells the operation with this id.
pub(crate) fn mark(id: &str) -> String {
    format!("{PREFIX}{OPERATION_ID}: {}", plain(id))
}

impl Trace {
    /// What the message of a commit says; `None` if it names no operation.
    pub(crate) fn read(message: &str) -> Option<Self> {
        let mut ours = BTreeMap::new();
        for (name, value) in trailers(message) {
            if let Some(name) = name.strip_prefix(PREFIX) {
                ours.entry(name.to_owned()).or_insert(value);
            }
        }
        let operation = ours.remove(OPERATION)?;
        check_words("operation", &operation, LONGEST).ok()?;
        let id = ours.remove(OPERATION_ID);
        Some(Self {
            operation,
            id: id.and_then(|id| id.parse().ok()),
            inputs: ours,
        })
    }
}

/// How a line of a last paragraph looks to git.
enum Line<'a> {
    Trailer(&'a str, &'a str),
    /// What git writes itself without being asked for a trailer.
    Generated,
    /// What continues the line before it.
    More(&'a str),
    Comment,
    Other,
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        if line.starts_with('#') {
            return Self::Comment;
        }
        if line.starts_with("(cherry picked from commit ") {
            return Self::Generated;
        }
        if line.starts_with(is_blank) {
            return Self::More(line.trim_matches(is_blank));
        }
        match line.split_once(':') {
            Some((name, value)) if is_name(name) => Self::Trailer(
                name.trim_end_matches(is_blank),
                value.trim_matches(is_blank),
            ),
            _ => Self::Other,
        }
    }
}

/// What git takes for white space.
fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\r' | '\n')
}

/// Whether this can stand before the colon of a trailer: letters, digits and hyphens, perhaps with white space behind them.
fn is_name(name: &str) -> bool {
    let name = name.trim_end_matches([' ', '\t']);
    let may = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !name.is_empty() && name.bytes().all(may)
}

/// The trailers of a message by git's own rule: its last paragraph, unless that is the first one too, if it holds nothing else, or
/// if something in it is of git's own making and at least a quarter of it are trailers.
fn trailers(message: &str) -> Vec<(&str, String)> {
    let Some(rest) = below_title(message.trim_matches(is_blank)) else {
        return Vec::new();
    };
    let mut lines: Vec<_> = rest.split('\n').collect();
    let counts = |line: &&str| !line.starts_with('#') && !line.trim_matches(is_blank).is_empty();
    lines.truncate(lines.iter().rposition(counts).map_or(0, |last| last + 1));
    let blank = lines
        .iter()
        .rposition(|line| line.trim_matches(is_blank).is_empty());
    let paragraph = &lines[blank.map_or(0, |blank| blank + 1)..];
    let mut found: Vec<(&str, String)> = Vec::new();
    let (mut trailers, mut others, mut generated) = (0, 0, false);
    let mut last = Line::Other;
    for text in paragraph {
        let line = Line::of(text);
        match (&line, &last) {
            (Line::Trailer(name, value), _) => {
                trailers += 1;
                generated |= text.starts_with("Signed-off-by: ");
                found.push((name, (*value).to_owned()));
            }
            (Line::Generated, _) => (trailers, generated) = (trailers + 1, true),
            (Line::More(more), Line::Trailer(..)) => {
                if let Some((_, value)) = found.last_mut() {
                    *value = format!("{value} {more}");
                }
                continue;
            }
            (Line::More(_), Line::Generated) => continue,
            (Line::More(_) | Line::Other, _) => others += 1,
            (Line::Comment, _) => {}
        }
        last = line;
    }
    let is_block = trailers > 0 && (others == 0 || generated && trailers * 3 >= others);
    if is_block { found } else { Vec::new() }
}

/// What follows the first paragraph, if anything does.
fn below_title(message: &str) -> Option<&str> {
    let mut place = 0;
    for line in message.split_inclusive('\n') {
        if line.trim_matches(is_blank).is_empty() {
            return Some(&message[place..]);
        }
        place += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    /// What git makes of a message.
    fn by_git(message: &str) -> String {
        let mut command = Command::new("git");
        command.args(["interpret-trailers", "--parse", "--no-divider"]);
        command
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        command.current_dir(std::env::temp_dir());
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(message.as_bytes())
            .unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    }

    #[test]
    fn trailers_are_what_git_takes_for_trailers() {
        let paragraphs = [
            "a: b",
            "a: b\nc-d:e",
            "a : b\n more\n\tand more",
            "a: b\nsome words",
            "a: b\nsome words\nSigned-off-by: x",
            "Signed-off-by: x\n1\n2\n3",
            "Signed-off-by: x\n1\n2\n3\n4",
            "(cherry picked from commit 1)",
            "a: b\n(cherry picked from commit 1)\n more\nno trailer",
            " more\na: b",
            "a: b\n# c: d\n more",
            "# a: b",
            "a: b\n# c: d",
            "a b: c",
            ": c",
            "https://x.example",
            "a:",
            "words",
            "---\na: b",
            "a: b\n\n  \n",
        ];
        for last in paragraphs {
            for message in [
                last.to_owned(),
                format!("title\n\n{last}"),
                format!("title\n\n{last}\n\n"),
                format!("title\nanother line\n \nx: y\n\n{last}\n"),
                format!("title\n\n{last}\n\nafter"),
            ] {
                let found = trailers(&message).into_iter();
                let found: Vec<_> = found
                    .map(|(name, value)| format!("{name}: {value}"))
                    .collect();
                let theirs = by_git(&message);
                assert_eq!(found, theirs.lines().collect::<Vec<_>>(), "{message:?}");
            }
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let id = "2f6d1f3c-8f57-5a2c-9ed0-111111111111";
        let inputs = [("Target", "prod"), ("Team", "a\nTrainyard-Operation: evil")];
        let message = format!(
            "subject\n\n{}",
            lines("release-train", id, inputs.into_iter())
        );
        assert!(message.lines().any(|line| line == mark(id)));
        let trace = Trace::read(&message).unwrap();
        assert_eq!(trace.operation, "release-train");
        assert_eq!(trace.id.unwrap().to_string(), id);
        let inputs: Vec<_> = trace
            .inputs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            inputs,
            ["Target=prod", "Team=a\\nTrainyard-Operation: evil"]
        );
    }

    #[test]
    fn a_trailer_counts_in_the_last_paragraph_only_and_if_it_names_an_operation() {
        let read = |message: &str| Trace::read(message).map(|trace| trace.operation);
        let lock = Some("lock".to_owned());
        assert_eq!(read("x\n\nTrainyard-Operation: lock"), lock);
        assert_eq!(
            read("x\n\nTrainyard-Operation: lock\nTrainyard-Operation: train"),
            lock
        );
        assert_eq!(read("x\n\nTrainyard-Operation: lock\n\nCc: y"), None);
        assert_eq!(read("x\n\nTrainyard-Operation: lock\nand so on"), None);
        assert_eq!(read("Trainyard-Operation: lock"), None);
        assert_eq!(read("x\n\nTrainyard-Operation-Id: 1"), None);
        for evil in ["a\u{1b}[31m", "Lock it", "", &"a".repeat(41)] {
            assert_eq!(
                read(&format!("x\n\nTrainyard-Operation: {evil}")),
                None,
                "{evil:?}"
            );
        }
        let odd = Trace::read("x\n\nTrainyard-Operation: lock\nTrainyard-Operation-Id: 1").unwrap();
        assert_eq!(odd.id, None);
    }
}
