//! Flags as Go's `flag` package reads and tells them: `-name value`, `--name=value`, up to the first word that is none.

use std::fmt::Write as _;

use crate::state::plain;

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// A text; how often it may be given is for its command to say.
    Text,
    /// A text of which the last counts.
    LastText,
    Integer,
    /// Nothing, or `=true` and its like.
    Switch,
}

/// A flag and what it is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flag {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    pub(super) about: &'static str,
}

/// A flag, in the order of its parts.
pub(super) const fn flag(name: &'static str, takes: Takes, about: &'static str) -> Flag {
    Flag { name, takes, about }
}

/// The flags of a command.
#[derive(Debug)]
pub(super) struct FlagSet {
    /// How Go calls it above the list of its flags.
    pub(super) name: &'static str,
    pub(super) flags: Vec<Flag>,
}

/// What was typed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    /// Flags and values, in order.
    given: Vec<(&'static str, String)>,
    /// What follows the flags.
    pub(super) rest: Vec<String>,
}

/// A command line that cannot be meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misuse {
    /// What Go prints as it is, before the error is told: what is wrong with a flag, and all flags.
    pub(super) flags: Option<String>,
    pub(super) message: String,
}

impl From<String> for Misuse {
    fn from(message: String) -> Self {
        Self {
            flags: None,
            message,
        }
    }
}

impl From<&str> for Misuse {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}

impl Misuse {
    /// The same, with what was being done.
    pub(super) fn during(self, what: &str) -> Self {
        Self {
            message: format!("{what}{}", self.message),
            ..self
        }
    }
}

impl FlagSet {
    /// Reads flags up to the first word that is none.
    pub(super) fn parse(&self, words: &[String]) -> Result<Parsed, Misuse> {
        let mut parsed = Parsed::default();
        let mut words = words.iter();
        while let Some(word) = words.as_slice().first() {
            let name = match word.strip_prefix('-') {
                None | Some("") => break,
                Some(name) => name.strip_prefix('-').unwrap_or(name),
            };
            words.next();
            if word == "--" {
                break;
            }
            if name.is_empty() || name.starts_with(['-', '=']) {
                return Err(self.misuse(format!("bad flag syntax: {word}")));
            }
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (name, None),
            };
            let Some(flag) = self.flags.iter().find(|flag| flag.name == name) else {
                return Err(self.unknown(name));
            };
            let value = match (flag.takes, value) {
                (_, Some(value)) => value.to_owned(),
                (Takes::Switch, None) => "true".to_owned(),
                (Takes::Text | Takes::LastText | Takes::Integer, None) => match words.next() {
                    Some(value) => value.clone(),
                    None => return Err(self.misuse(format!("flag needs an argument: -{name}"))),
                },
            };
            flag.check(&value).map_err(|message| self.misuse(message))?;
            parsed.given.push((flag.name, value));
        }
        parsed.rest = words.cloned().collect();
        Ok(parsed)
    }

    /// Reads flags and nothing else.
    pub(super) fn parse_all(&self, words: &[String]) -> Result<Parsed, Misuse> {
        let parsed = self.parse(words);
        let parsed = parsed.map_err(|misuse| {
            misuse.during("error while parsing command line arguments, error: ")
        })?;
        if parsed.rest.is_empty() {
            return Ok(parsed);
        }
        let rest = parsed.rest.join(" ");
        Err(format!("these arguments are not recognised: \"{rest}\"").into())
    }

    fn unknown(&self, name: &str) -> Misuse {
        if matches!(name, "h" | "help") {
            return Misuse {
                flags: Some(self.usage()),
                message: "flag: help requested".to_owned(),
            };
        }
        self.misuse(format!("flag provided but not defined: -{name}"))
    }

    fn misuse(&self, message: String) -> Misuse {
        Misuse {
            flags: Some(format!("{}\n{}", plain(&message), self.usage())),
            message,
        }
    }

    /// All flags, by name.
    fn usage(&self) -> String {
        let mut flags = self.flags.clone();
        flags.sort_by_key(|flag| flag.name);
        let mut text = format!("Usage of {}:\n", self.name);
        for Flag { name, takes, about } in flags {
            let value = match takes {
                Takes::Text | Takes::Integer => " value",
                Takes::LastText => " string",
                Takes::Switch => "",
            };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  -{name}{value}\n    \t{about}");
        }
        text
    }
}

impl Flag {
    fn check(self, value: &str) -> Result<(), String> {
        let name = self.name;
        match self.takes {
            Takes::Text | Takes::LastText => Ok(()),
            Takes::Integer => value.parse::<i64>().map(drop).map_err(|_| {
                let why = format!("the provided value \"{value}\" is not an integer");
                format!("invalid value {value:?} for flag -{name}: {why}")
            }),
            Takes::Switch => truth(value)
                .map(drop)
                .ok_or_else(|| format!("invalid boolean value {value:?} for -{name}: parse error")),
        }
    }
}

/// What Go takes for true and for false.
fn truth(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

impl Parsed {
    /// Flags and values, in the order in which they were typed.
    pub(super) fn in_order(&self) -> &[(&'static str, String)] {
        &self.given
    }

    /// Every value of a flag.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let given = self.given.iter().filter(|(flag, _)| *flag == name);
        given.map(|(_, value)| value.as_str()).collect()
    }

    /// The last value of a flag.
    pub(super) fn last(&self, name: &str) -> Option<&str> {
        self.all(name).pop()
    }

    /// Whether a switch is on: the last time counts.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.last(name).and_then(truth).unwrap_or(false)
    }

    /// The value of a flag that must be there, once.
    pub(super) fn exactly_once(&self, name: &str) -> Result<&str, Misuse> {
        match self.all(name)[..] {
            [value] => Ok(value),
            _ => Err(format!("the --{name} arg must be set exactly once").into()),
        }
    }

    /// The value of a flag that need not be there.
    pub(super) fn at_most_once(&self, name: &str) -> Result<Option<&str>, Misuse> {
        match self.all(name)[..] {
            [] => Ok(None),
            [value] => Ok(Some(value)),
            _ => Err(format!("the --{name} arg must be set at most once").into()),
        }
    }

    /// Whether a number is above zero, or not given.
    pub(super) fn is_positive(&self, name: &str) -> bool {
        let number = self.last(name).map(str::parse::<i64>);
        number.is_none_or(|number| number.is_ok_and(|number| number > 0))
    }

    /// Those of these flags that were given, as one types them.
    pub(super) fn given(&self, names: &[&str]) -> Vec<String> {
        let given = names.iter().filter(|name| self.last(name).is_some());
        given.map(|name| format!("--{name}")).collect()
    }
}

#[cfg(test)]
mod tests;
