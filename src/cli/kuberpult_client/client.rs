//! What that client is told before the command: for whom, and what matters to a server only.

use super::flags::{FlagSet, Misuse, Parsed, Takes, flag};

/// What stands before the command, and the command with its words.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) author_name: Option<String>,
    pub(super) author_email: Option<String>,
    /// What was given and means nothing without a server.
    pub(super) ignored: Vec<String>,
    pub(super) command: String,
    pub(super) words: Vec<String>,
}

/// For a server only.
const IGNORED: [&str; 4] = ["url", "client_uuid", "retries", "timeout"];

fn flags() -> FlagSet {
    FlagSet {
        name: "top level",
        flags: vec![
            flag(
                "url",
                Takes::Text,
                "ignored: there is no server (may be left out)",
            ),
            flag("author_name", Takes::Text, "the author of the commit"),
            flag(
                "author_email",
                Takes::Text,
                "the mail address of the author",
            ),
            flag("client_uuid", Takes::Text, "ignored: there is no server"),
            flag("retries", Takes::Integer, "ignored: there is no server"),
            flag("timeout", Takes::Integer, "ignored: there is no server"),
        ],
    }
}

impl Client {
    /// Reads a whole command line, without the name of the program.
    pub(super) fn read(words: &[String]) -> Result<Self, Misuse> {
        let read = || -> Result<Parsed, Misuse> {
            let parsed = flags().parse(words);
            let parsed = parsed.map_err(|misuse| {
                misuse.during("error while parsing command line arguments, error: error while reading command line arguments, error: ")
            })?;
            check(&parsed).map_err(|misuse| {
                misuse.during("error while creating kuberpult client parameters, error: ")
            })?;
            Ok(parsed)
        };
        let parsed = read().map_err(|misuse| {
            misuse.during("error while parsing command line arguments, error: ")
        })?;
        let Some((command, rest)) = parsed.rest.split_first() else {
            return Err("a subcommand must be specified".into());
        };
        let author = |name: &str| {
            let given = parsed.last(name).filter(|given| !given.is_empty());
            given.map(str::to_owned)
        };
        Ok(Self {
            author_name: author("author_name"),
            author_email: author("author_email"),
            ignored: parsed.given(&IGNORED),
            command: command.clone(),
            words: rest.to_vec(),
        })
    }
}

fn check(parsed: &Parsed) -> Result<(), Misuse> {
    // That client needs the URL of a server. One that is not there is as good as one that is ignored.
    if parsed.all("url").len() > 1 {
        parsed.exactly_once("url")?;
    }
    for name in [
        "author_name",
        "author_email",
        "client_uuid",
        "retries",
        "timeout",
    ] {
        parsed.at_most_once(name)?;
    }
    for name in ["retries", "timeout"] {
        if !parsed.is_positive(name) {
            return Err(format!("--{name} arg value must be positive").into());
        }
    }
    Ok(())
}
