//! A row of the corpus: something bad, how it is planted, what is done then, and what must come of it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;

use serde::Deserialize;

use crate::world::{World, fixtures, words};

/// Who runs a row: the suite of every edit, or the slower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    Quick,
    Slow,
}

/// One bad thing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    /// What it is called wherever it is told of; unique in the corpus.
    pub(super) id: String,
    /// What it is.
    pub(super) about: String,
    /// How it comes into the world, one after the other.
    #[serde(default)]
    pub(super) plant: Vec<Plant>,
    /// What is done then.
    pub(super) run: Steps,
    #[serde(default)]
    exit: Exits,
    #[serde(default)]
    says: Many<String>,
    #[serde(default)]
    never: Many<String>,
    /// What stands for `{it}` in the words of the commands.
    #[serde(default)]
    it: Option<Text>,
    /// Variables of the environment; null takes one away.
    #[serde(default)]
    pub(super) env: BTreeMap<String, Option<Text>>,
    #[serde(default)]
    pub(super) stdin: Option<Text>,
    /// Where stdout or stdin go or come from, as a shell writes it.
    #[serde(default)]
    pub(super) redirect: String,
    /// The most memory that a command may have, in MiB.
    #[serde(default = "enough")]
    pub(super) memory: u64,
    /// Why the planted program may run: it is the user's own.
    #[serde(default)]
    pub(super) runs: Option<String>,
    #[serde(default)]
    pub(super) slow: bool,
}

fn enough() -> u64 {
    1024
}

/// How something bad comes into the world.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Plant {
    /// Entries of the tree, committed on the remote as raw objects.
    Tree(BTreeMap<String, Entry>),
    /// Files in the room: `checkout/.git/config`, `home/.gitconfig`, `scratch/x.yaml`.
    File(BTreeMap<String, Entry>),
    /// Lines behind those that a file in the room has.
    Lines(BTreeMap<String, Text>),
    /// A command of ours that is part of the scene.
    Run(String),
    /// A line of shell, in the checkout.
    Shell(String),
}

/// What stands at a name of a tree, or of the file system.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Entry {
    Special(Special),
    File(Text),
    Folder(BTreeMap<String, Entry>),
}

/// What is neither an ordinary file nor an ordinary folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Special {
    Link(Text),
    Gone(()),
    /// A commit of another repository.
    Submodule(()),
    /// A mode in octal, and a file.
    Mode(String, Text),
    /// A mode in octal, and an object that is not there.
    Missing(String),
    /// A folder of exactly these entries in this order: mode, name, what stands there.
    Raw(Vec<(String, Text, Entry)>),
    /// So many entries that hold the same; `%` in the name is the number.
    Crowd(usize, String, Box<Entry>),
    /// Folders of this name, so many within each other, and what lies at the bottom.
    Deep(usize, String, Box<Entry>),
}

/// A text, or bytes that are none.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Text {
    Special(Bytes),
    Plain(String),
}

/// Bytes that YAML cannot hold, or only at great length.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Bytes {
    Hex(String),
    Repeat(String, usize),
    Concat(Vec<Text>),
}

/// A command line, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Steps {
    One(String),
    Many(Vec<Step>),
}

/// One command, with expectations of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Step {
    Line(String),
    Words(Vec<Text>),
    Own {
        run: Line,
        #[serde(default)]
        exit: Exits,
        #[serde(default)]
        says: Many<String>,
        #[serde(default)]
        never: Many<String>,
    },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Line {
    Line(String),
    Words(Vec<Text>),
}

/// The exit codes that are right; none: 0.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Exits(Many<i32>);

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(untagged)]
pub(super) enum Many<T> {
    #[default]
    None,
    One(T),
    Several(Vec<T>),
}

impl<T> Many<T> {
    fn all(&self) -> &[T] {
        match self {
            Self::None => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        }
    }
}

/// A command with all that is expected of it.
pub(super) struct Command {
    pub(super) words: Vec<OsString>,
    pub(super) exits: Vec<i32>,
    pub(super) says: Vec<String>,
    pub(super) never: Vec<String>,
}

/// What stands for a place of the room in the texts of a row.
pub(super) struct Names {
    pub(super) room: String,
}

impl Names {
    pub(super) fn of(world: &World) -> Self {
        let room = world.room().canonicalize().unwrap();
        Self {
            room: room.display().to_string(),
        }
    }

    /// The text with the places of this room.
    pub(super) fn fill(&self, text: &str) -> String {
        text.replace("{evil}", &format!("{}/scratch/evil", self.room))
            .replace("{room}", &self.room)
    }
}

impl Text {
    pub(super) fn bytes(&self, names: &Names) -> Vec<u8> {
        match self {
            Self::Plain(text) => names.fill(text).into_bytes(),
            Self::Special(Bytes::Hex(digits)) => unhex(digits),
            Self::Special(Bytes::Repeat(text, times)) => text.repeat(*times).into_bytes(),
            Self::Special(Bytes::Concat(parts)) => {
                parts.iter().flat_map(|part| part.bytes(names)).collect()
            }
        }
    }

    pub(super) fn word(&self, names: &Names) -> OsString {
        OsString::from_vec(self.bytes(names))
    }
}

fn unhex(digits: &str) -> Vec<u8> {
    let digits: Vec<char> = digits.chars().filter(|digit| *digit != ' ').collect();
    let pairs = digits.chunks(2).map(String::from_iter);
    pairs
        .map(|pair| u8::from_str_radix(&pair, 16).unwrap())
        .collect()
}

impl Row {
    /// The rows of an area that run at this pace.
    pub(super) fn of(area: &str, pace: Pace) -> Vec<Self> {
        let mut rows = all(area);
        rows.retain(|row| row.slow == (pace == Pace::Slow));
        rows
    }

    /// The commands, each with what is expected of it or else of the whole row.
    pub(super) fn commands(&self, names: &Names) -> Vec<Command> {
        let it = self.it.as_ref().map(|it| it.bytes(names));
        let with_it = |word: OsString| match &it {
            Some(it) => OsString::from_vec(replaced(&word.into_vec(), it)),
            None => word,
        };
        let split = |line: &str| words(&names.fill(line)).into_iter().map(with_it).collect();
        let typed = |typed: &[Text]| typed.iter().map(|word| word.word(names)).collect();
        let alike = |words| self.command((words, names), &self.exit, &self.says, &self.never);
        match &self.run {
            Steps::One(line) => vec![alike(split(line))],
            Steps::Many(steps) => {
                let commands = steps.iter().map(|step| match step {
                    Step::Line(line) => alike(split(line)),
                    Step::Words(words) => alike(typed(words)),
                    Step::Own {
                        run,
                        exit,
                        says,
                        never,
                    } => {
                        let words = match run {
                            Line::Line(line) => split(line),
                            Line::Words(words) => typed(words),
                        };
                        self.command((words, names), exit, says, never)
                    }
                });
                commands.collect()
            }
        }
    }

    fn command(
        &self,
        (words, names): (Vec<OsString>, &Names),
        exit: &Exits,
        says: &Many<String>,
        never: &Many<String>,
    ) -> Command {
        let filled = |many: &Many<String>| many.all().iter().map(|text| names.fill(text)).collect();
        let exits = match exit.0.all() {
            [] => vec![0],
            several => several.to_vec(),
        };
        let mut never: Vec<String> = filled(never);
        // What holds for the row holds for each of its commands.
        never.extend(self.never.all().iter().map(|text| names.fill(text)));
        Command {
            words,
            exits,
            says: filled(says),
            never,
        }
    }
}

/// The word with other bytes for `{it}`.
fn replaced(word: &[u8], it: &[u8]) -> Vec<u8> {
    match word.windows(4).position(|window| window == b"{it}") {
        Some(place) => [&word[..place], it, &word[place + 4..]].concat(),
        None => word.to_vec(),
    }
}

/// All rows of an area.
pub(super) fn all(area: &str) -> Vec<Row> {
    let path = fixtures().join("malice").join(area).with_extension("yaml");
    let text = fs::read_to_string(&path).unwrap();
    // By way of JSON, in which a map with one key is a variant of an enum.
    let rows: Vec<serde_json::Value> =
        serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let rows = rows.into_iter().map(|row| {
        let id = row["id"].as_str().unwrap_or("?").to_owned();
        serde_json::from_value(row)
            .unwrap_or_else(|error| panic!("{}: {id}: {error}", path.display()))
    });
    rows.collect()
}
