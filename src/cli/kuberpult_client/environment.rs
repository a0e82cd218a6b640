//! `delete-environment`

use super::flags::{FlagSet, Misuse, Takes, flag};
use super::{Answer, Deed, Task, option};

/// Reads the words behind `delete-environment`.
pub(super) fn delete(words: &[String]) -> Result<Task, Misuse> {
    let read = || -> Result<Vec<String>, Misuse> {
        let set = FlagSet {
            name: "flag set",
            flags: vec![flag("environment", Takes::Text, "the environment")],
        };
        let parsed = set.parse_all(words)?;
        let name = parsed.exactly_once("environment")?;
        let line = ["environment".to_owned(), "delete".to_owned()];
        Ok(line
            .into_iter()
            .chain([option("environment", name)])
            .collect())
    };
    let line = read().map_err(|misuse| {
        misuse.during(
            "error while reading command line arguments for deleting an environment, error: ",
        )
    })?;
    Ok(Task {
        blame: "error on delete environment",
        ignored: Vec::new(),
        deed: Deed::Change(line, Answer::Ok),
    })
}
