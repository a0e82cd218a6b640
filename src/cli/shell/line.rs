//! A command line that is not finished: which command it is, what is given already, and what the cursor stands on. Unlike clap, which
//! reads whole lines, it makes the best of whatever is there.

use clap::{Arg, ArgAction, Command};

use super::value::Value;

/// A line up to the cursor.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) command: &'a Command,
    /// What is given already; flags with an empty text.
    pub(super) given: Vec<(&'a Arg, String)>,
    pub(super) place: Place<'a>,
    /// What stands in the word of the cursor before the value: `--environment=`, `-e`, `upstream,`.
    pub(super) before: String,
}

/// What can stand where the cursor is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'a> {
    /// The value of an option.
    Value(&'a Arg),
    /// A command, if it has any, or the next positional argument.
    Word(Option<&'a Arg>),
    Option,
    /// Nothing that is ours.
    Nothing,
}

impl<'a> Line<'a> {
    /// Reads the words between the name of the program and the one of the cursor.
    pub(super) fn read(program: &'a Command, words: &[String], current: &str) -> Self {
        let mut reader = Reader {
            command: program,
            given: Vec::new(),
            awaiting: None,
            positionals: 0,
            only_positionals: false,
        };
        for word in words {
            reader.take(word);
        }
        let (place, before) = reader.place(current);
        let before = match place {
            Place::Value(argument) | Place::Word(Some(argument)) => {
                before_the_last(argument, current).unwrap_or(before)
            }
            Place::Word(None) | Place::Option | Place::Nothing => before,
        };
        Self {
            command: reader.command,
            given: reader.given,
            place,
            before,
        }
    }
}

/// What stands before the last of several values in one word.
fn before_the_last(argument: &Arg, word: &str) -> Option<String> {
    let range = matches!(Value::of(argument), Some(Value::Range));
    let end = match argument.get_value_delimiter() {
        Some(delimiter) => word.rfind(delimiter)? + delimiter.len_utf8(),
        None if range => word.rfind("..")? + 2,
        None => return None,
    };
    Some(word[..end].to_owned())
}

struct Reader<'a> {
    command: &'a Command,
    given: Vec<(&'a Arg, String)>,
    /// The option whose value comes next.
    awaiting: Option<&'a Arg>,
    positionals: usize,
    /// Behind `--`.
    only_positionals: bool,
}

impl<'a> Reader<'a> {
    fn take(&mut self, word: &str) {
        if let Some(argument) = self.awaiting.take() {
            self.given.push((argument, word.to_owned()));
        } else if self.only_positionals {
            self.take_positional(word);
        } else if word == "--" {
            self.only_positionals = true;
        } else if let Some(option) = word.strip_prefix("--") {
            self.take_long(option);
        } else if let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
            self.take_letters(letters);
        } else if let (0, Some(command)) = (self.positionals, self.command.find_subcommand(word)) {
            self.command = command;
        } else {
            self.take_positional(word);
        }
    }

    fn take_positional(&mut self, word: &str) {
        if let Some(argument) = self.next_positional() {
            self.given.push((argument, word.to_owned()));
        }
        self.positionals += 1;
    }

    fn take_long(&mut self, option: &str) {
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (option, None),
        };
        let Some(argument) = self.long(name) else {
            return;
        };
        match value {
            None if awaits_value(argument) => self.awaiting = Some(argument),
            value => {
                let value = value.unwrap_or_default().to_owned();
                self.given.push((argument, value));
            }
        }
    }

    fn take_letters(&mut self, letters: &str) {
        for (place, letter) in letters.char_indices() {
            let Some(argument) = self.letter(letter) else {
                return;
            };
            if !awaits_value(argument) {
                self.given.push((argument, String::new()));
                continue;
            }
            let value = &letters[place + letter.len_utf8()..];
            if value.is_empty() {
                self.awaiting = Some(argument);
            } else {
                let value = value.strip_prefix('=').unwrap_or(value);
                self.given.push((argument, value.to_owned()));
            }
            return;
        }
    }

    /// What the word of the cursor is, and what of it stands before the value.
    fn place(&self, current: &str) -> (Place<'a>, String) {
        let none = String::new();
        if self.command.get_name() == crate::cli::kuberpult_client::NAME {
            return (Place::Nothing, none);
        }
        if let Some(argument) = self.awaiting {
            return (Place::Value(argument), none);
        }
        if self.only_positionals || !current.starts_with('-') {
            return (Place::Word(self.next_positional()), none);
        }
        if let Some(option) = current.strip_prefix("--") {
            let Some((name, _)) = option.split_once('=') else {
                return (Place::Option, none);
            };
            return match self.long(name) {
                Some(argument) => (Place::Value(argument), format!("--{name}=")),
                None => (Place::Nothing, none),
            };
        }
        for (place, letter) in current.char_indices().skip(1) {
            let end = place + letter.len_utf8();
            match self.letter(letter) {
                Some(argument) if awaits_value(argument) && end < current.len() => {
                    let end = end + usize::from(current[end..].starts_with('='));
                    return (Place::Value(argument), current[..end].to_owned());
                }
                Some(_) => {}
                None => return (Place::Nothing, none),
            }
        }
        // Several letters are there to be run, not to be completed.
        let is_begun = current.len() < 2;
        (
            if is_begun {
                Place::Option
            } else {
                Place::Nothing
            },
            none,
        )
    }

    fn long(&self, name: &str) -> Option<&'a Arg> {
        let is_it = |argument: &&Arg| {
            let aliases = argument.get_all_aliases().unwrap_or_default();
            argument.get_long() == Some(name) || aliases.contains(&name)
        };
        self.command.get_arguments().find(is_it)
    }

    fn letter(&self, letter: char) -> Option<&'a Arg> {
        let is_it = |argument: &&Arg| argument.get_short() == Some(letter);
        self.command.get_arguments().find(is_it)
    }

    /// The positional argument that the next word is: the last one again, if it takes several.
    fn next_positional(&self) -> Option<&'a Arg> {
        let all: Vec<_> = self.command.get_positionals().collect();
        let several = |last: &&&Arg| matches!(last.get_action(), ArgAction::Append);
        let next = all.get(self.positionals);
        next.or_else(|| all.last().filter(several)).copied()
    }
}

/// Whether the word behind the option is its value.
fn awaits_value(argument: &Arg) -> bool {
    let least = argument
        .get_num_args()
        .map_or(1, |number| number.min_values());
    argument.get_action().takes_values() && least > 0 && !argument.is_require_equals_set()
}
