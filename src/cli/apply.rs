//! `trainyard apply`: operations from a file, each a command of this program with its options as fields.

use std::ffi::OsString;
use std::io::Read as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use clap::{Arg, Args, Command, Subcommand as _};
use serde_json::{Map, Value};

use super::Change;
use super::exit::usage;
use super::operation::{Operation, together};
use super::portable::Name;
use crate::git::Failure;
use crate::plan::nearest;
use crate::state::{check_nesting, plain};

/// The largest list of operations, in bytes.
const MOST_BYTES: u64 = 12 * 1024 * 1024;

/// Run a list of operations as one change: one commit, one push, all or nothing
///
/// The list is YAML, or JSON with one object on each line. An object names its `operation`, which is a command that changes something,
/// and has the options of that command as fields: `lock-id` or `lockId`; true for a flag; a list for what may be given several times;
/// `manifest` may map environments to files. What FILE names is looked up from the folder in which the command runs.
#[derive(Debug, Args)]
#[command(after_help = "Example of a list:
  - operation: lock
    environment: staging
    lockId: migration
    message: new database
  - operation: release-train
    target: prod")]
pub(super) struct ApplyArgs {
    /// The list; `-` reads stdin
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
}

impl ApplyArgs {
    /// The operations of the list as one. `parse` reads a command line.
    pub(super) fn operation(
        self,
        command: &Command,
        parse: impl Fn(Vec<OsString>) -> Result<Option<Operation>>,
    ) -> Result<Operation> {
        let shown = plain(&self.file.display().to_string());
        let mut stdin_is_read = self.file.as_os_str() == "-";
        let list = self.read().and_then(|text| list(&text));
        let list = list.map_err(|error| usage(format!("the list `{shown}`: {error:#}")))?;
        let mut operations = Vec::new();
        for (place, fields) in (1..).zip(&list) {
            let mut read = || -> Result<Operation> {
                let line = command_line(command, fields)?;
                let reads_stdin = |word: &OsString| {
                    let word = word.to_string_lossy();
                    let file = word.starts_with("--manifest") || word.starts_with("--config");
                    file && word.ends_with("=-")
                };
                for _ in line.iter().filter(|word| reads_stdin(word)) {
                    ensure!(
                        !std::mem::replace(&mut stdin_is_read, true),
                        "only one file can come from stdin, and the list counts too"
                    );
                }
                let name = plain(&name(fields)?);
                let operation = parse(line)?
                    .ok_or_else(|| anyhow!("`{name}` changes nothing that a list could"))?;
                ensure!(
                    operation.refs.tag.is_none(),
                    "a tag is for the commit of a single train, and a list makes one commit of all"
                );
                Ok(operation)
            };
            let operation = read().map_err(|error| {
                let place = format!("`{shown}`, operation {place}");
                if error.is::<Failure>() {
                    error.context(place)
                } else {
                    usage(format!("{place}: {error:#}"))
                }
            })?;
            operations.push(operation);
        }
        Ok(together(Name::Apply, operations))
    }

    fn read(&self) -> Result<String> {
        let input: Box<dyn std::io::Read> = if self.file.as_os_str() == "-" {
            Box::new(std::io::stdin().lock())
        } else {
            Box::new(std::fs::File::open(&self.file).context("it cannot be read")?)
        };
        let mut text = String::new();
        let read = input.take(MOST_BYTES + 1).read_to_string(&mut text);
        read.context("it cannot be read")?;
        ensure!(
            text.len() as u64 <= MOST_BYTES,
            "it has more than {MOST_BYTES} bytes"
        );
        Ok(text)
    }
}

/// The objects of a list.
pub(super) fn list(text: &str) -> Result<Vec<Map<String, Value>>> {
    // In this form no key may stand twice: which of the two counts would be anybody's guess.
    let values: Vec<serde_yaml::Value> = if text.trim_start().starts_with('{') {
        let values = serde_json::Deserializer::from_str(text).into_iter();
        values.collect::<Result<_, _>>()?
    } else {
        check_nesting(text.as_bytes())?;
        serde_yaml::from_str(text)?
    };
    ensure!(!values.is_empty(), "it holds no operation");
    let objects = (1..)
        .zip(values)
        .map(|(place, value)| match serde_json::to_value(value)? {
            Value::Object(fields) => Ok(fields),
            _ => bail!("operation {place} is no object"),
        });
    objects.collect()
}

fn name(fields: &Map<String, Value>) -> Result<String> {
    match fields.get("operation") {
        Some(Value::String(name)) => Ok(name.clone()),
        _ => bail!("it has no `operation`"),
    }
}

/// The command line that says the same.
pub(super) fn command_line(
    program: &Command,
    fields: &Map<String, Value>,
) -> Result<Vec<OsString>> {
    let (words, command) = find(program, &name(fields)?)?;
    let mut line = vec![OsString::from("trainyard")];
    line.extend(words.into_iter().map(OsString::from));
    let mut last = Vec::new();
    for (key, value) in fields {
        if key == "operation" {
            continue;
        }
        let argument = argument(command, key)?;
        let values = values(key, value)?;
        let name = argument.get_long().unwrap_or_default();
        match value {
            Value::Bool(on) if !argument.get_action().takes_values() => {
                line.extend(on.then(|| format!("--{name}").into()));
            }
            _ if !argument.get_action().takes_values() => bail!("`{key}` is true or false"),
            _ if argument.is_positional() => last.extend(values.into_iter().map(OsString::from)),
            _ => line.extend(
                values
                    .iter()
                    .map(|value| format!("--{name}={value}").into()),
            ),
        }
    }
    if !last.is_empty() {
        line.push("--".into());
        line.extend(last);
    }
    Ok(line)
}

/// The command of this name, and the words that lead to it: `app delete` may be written `app-delete`.
fn find<'a>(program: &'a Command, name: &str) -> Result<(Vec<String>, &'a Command)> {
    let wanted = name.replace(' ', "-");
    for command in program.get_subcommands() {
        if command.get_name() == wanted && !command.has_subcommands() {
            return Ok((vec![wanted], command));
        }
        for below in command.get_subcommands() {
            if format!("{}-{}", command.get_name(), below.get_name()) == wanted {
                let words = vec![command.get_name().to_owned(), below.get_name().to_owned()];
                return Ok((words, below));
            }
        }
    }
    let changes = |command: &&Command| {
        let name = command.get_name();
        Change::has_subcommand(name) || ["environment", "render"].contains(&name)
    };
    let names = program.get_subcommands().filter(changes);
    let names = names.flat_map(|command| {
        let own = command.get_name();
        let below = command.get_subcommands();
        let below: Vec<_> = below
            .map(|below| format!("{own}-{}", below.get_name()))
            .collect();
        if below.is_empty() {
            vec![own.to_owned()]
        } else {
            below
        }
    });
    bail!(
        "there is no operation `{}`{}",
        plain(name),
        meant(&wanted, names.collect())
    )
}

/// What could be meant, behind a name that does not exist.
fn meant(name: &str, known: Vec<String>) -> String {
    let near = nearest(name, known.into_iter());
    near.map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default()
}

/// The option or the value that a field stands for.
fn argument<'a>(command: &'a Command, key: &str) -> Result<&'a Arg> {
    let mut name = String::with_capacity(key.len());
    for letter in key.chars() {
        if letter.is_uppercase() {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    let named = |argument: &&Arg| {
        let positional = argument.is_positional() && argument.get_id().as_str() == name;
        positional || argument.get_long() == Some(&name)
    };
    command.get_arguments().find(named).ok_or_else(|| {
        let known = command.get_arguments().filter_map(Arg::get_long);
        let known: Vec<_> = known.filter(|name| *name != "help").collect();
        let names = known.iter().map(|name| (*name).to_owned());
        match meant(&name, names.collect()) {
            meant if meant.is_empty() => anyhow!(
                "there is no field `{}`; these exist: {}",
                plain(key),
                known.join(", ")
            ),
            meant => anyhow!("there is no field `{}`{meant}", plain(key)),
        }
    })
}

/// The texts that a value stands for.
fn values(key: &str, value: &Value) -> Result<Vec<String>> {
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Number(number) if number.is_f64() => bail!(
            "`{}` is a number with a point or an exponent: put it in quotes, or it would lose its spelling",
            plain(key)
        ),
        Value::Number(number) => Ok(vec![number.to_string()]),
        Value::Bool(on) => Ok(vec![on.to_string()]),
        Value::Array(list) => {
            let texts = list.iter().map(|value| match value {
                Value::Array(_) | Value::Object(_) | Value::Null => {
                    bail!("`{}` holds something that is no text", plain(key))
                }
                _ => values(key, value),
            });
            Ok(texts.collect::<Result<Vec<_>>>()?.concat())
        }
        Value::Object(pairs) => {
            let texts = pairs.iter().map(|(name, value)| match value {
                Value::String(text) => Ok(format!("{name}={text}")),
                _ => bail!("`{}` holds something that is no text", plain(key)),
            });
            texts.collect()
        }
        Value::Null => bail!("`{}` is empty", plain(key)),
    }
}
