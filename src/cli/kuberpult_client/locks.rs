//! `create-env-lock` to `delete-group-lock`

use super::flags::{Flag, FlagSet, Misuse, Takes, flag};
use super::link::is_link;
use super::{Answer, Deed, Task, option};

/// What is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Environment,
    App,
    Team,
    Group,
}

impl Kind {
    /// The flags that name what is locked.
    fn place(self) -> &'static [Flag] {
        const ENVIRONMENT: Flag = flag("environment", Takes::Text, "the environment");
        const APP: Flag = flag("application", Takes::Text, "the app");
        const TEAM: Flag = flag("team", Takes::Text, "the team");
        const GROUP: Flag = flag("environment-group", Takes::Text, "the environment group");
        match self {
            Self::Environment => &[ENVIRONMENT],
            Self::App => &[ENVIRONMENT, APP],
            Self::Team => &[ENVIRONMENT, TEAM],
            Self::Group => &[GROUP],
        }
    }
}

const LOCK_ID: Flag = flag("lockID", Takes::Text, "the id of the lock");

/// What our locks do not have.
const IGNORED: [&str; 2] = ["ci_link", "suggested_lifetime"];

/// Reads the words behind `create-…-lock`.
pub(super) fn create(kind: Kind, words: &[String]) -> Result<Task, Misuse> {
    let during = match kind {
        Kind::Environment => "error while reading command line arguments for env locks, error: ",
        Kind::App => "error while reading command line arguments for creating an app lock, error: ",
        Kind::Team => "error while reading command line arguments for team lock, error: ",
        Kind::Group => {
            "error while reading command line arguments for environment group lock, error: "
        }
    };
    read_create(kind, words).map_err(|misuse| misuse.during(during))
}

fn read_create(kind: Kind, words: &[String]) -> Result<Task, Misuse> {
    let mut flags = vec![
        LOCK_ID,
        flag("message", Takes::Text, "why, and until when"),
        flag("ci_link", Takes::Text, "ignored: locks have no link here"),
        flag(
            "suggested_lifetime",
            Takes::Text,
            "ignored: locks have no lifetime here",
        ),
    ];
    flags.extend(kind.place());
    let name = "flag set";
    let parsed = FlagSet { name, flags }.parse_all(words)?;
    let mut line = vec!["lock".to_owned()];
    line.push(option("lock-id", parsed.exactly_once("lockID")?));
    for Flag { name, .. } in kind.place() {
        line.push(option(name, parsed.exactly_once(name)?));
    }
    let message = parsed.at_most_once("message")?;
    if let Some(link) = parsed.at_most_once("ci_link")?
        && !is_link(link)
    {
        return Err(format!("provided invalid --ci_link value '{link}'").into());
    }
    if let Some(lifetime) = parsed.at_most_once("suggested_lifetime")?
        && !is_lifetime(lifetime)
    {
        return Err(format!("provided invalid --suggested_lifetime value '{lifetime}'").into());
    }
    let message = match (kind, message) {
        (Kind::Team, None) => return Err("the --message arg is required for lock creation".into()),
        (Kind::Team, Some("")) => {
            return Err("the --message arg may not be empty for lock creation".into());
        }
        // Only for these did a server do without.
        (Kind::App, None | Some("")) => "no reason given",
        (_, message) => message.unwrap_or_default(),
    };
    line.push(option("message", message));
    Ok(task(kind, line, parsed.given(&IGNORED), Act::Create))
}

/// Reads the words behind `delete-…-lock`.
pub(super) fn delete(kind: Kind, words: &[String]) -> Result<Task, Misuse> {
    let during = match kind {
        Kind::Environment => {
            "error while reading command line arguments for deleting env locks, error: "
        }
        Kind::App => "error while reading command line arguments for deleting an app lock, error: ",
        Kind::Team => "error while reading command line arguments for team lock, error: ",
        Kind::Group => {
            "error while reading command line arguments for environment group lock, error: "
        }
    };
    read_delete(kind, words).map_err(|misuse| misuse.during(during))
}

fn read_delete(kind: Kind, words: &[String]) -> Result<Task, Misuse> {
    let mut flags = vec![LOCK_ID];
    flags.extend(kind.place());
    let name = "flag set";
    let parsed = FlagSet { name, flags }.parse_all(words)?;
    let mut line = vec!["unlock".to_owned()];
    line.push(option("lock-id", parsed.exactly_once("lockID")?));
    for Flag { name, .. } in kind.place() {
        line.push(option(name, parsed.exactly_once(name)?));
    }
    Ok(task(kind, line, Vec::new(), Act::Delete))
}

#[derive(Clone, Copy)]
enum Act {
    Create,
    Delete,
}

fn task(kind: Kind, line: Vec<String>, ignored: Vec<String>, act: Act) -> Task {
    let answer = match (kind, act) {
        (Kind::Group, Act::Create) => Answer::Created,
        _ => Answer::Ok,
    };
    Task {
        blame: "error creating lock",
        ignored,
        deed: Deed::Change(line, answer),
    }
}

/// `^[1-9][0-9]*(h|d|w)$`
fn is_lifetime(text: &str) -> bool {
    let number = text.strip_suffix(['h', 'd', 'w']).unwrap_or_default();
    !number.starts_with('0')
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_a_number_of_hours_days_or_weeks() {
        for text in ["1h", "20d", "3w"] {
            assert!(is_lifetime(text), "{text}");
        }
        for text in ["", "h", "0h", "01h", "1", "1m", "-1h", "1 h", "1hh"] {
            assert!(!is_lifetime(text), "{text}");
        }
    }
}
