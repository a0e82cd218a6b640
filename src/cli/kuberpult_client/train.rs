//! `release-train`

use super::flags::{FlagSet, Misuse, Takes, flag};
use super::{Answer, Deed, Task, option};

/// What a train here does not need.
const IGNORED: [&str; 2] = ["ci_link", "use_dex_auth"];

/// Reads the words behind `release-train`.
pub(super) fn read(words: &[String]) -> Result<Task, Misuse> {
    read_train(words).map_err(|misuse| {
        misuse.during(
            "error while reading command line arguments for running a release train error: ",
        )
    })
}

fn read_train(words: &[String]) -> Result<Task, Misuse> {
    let set = FlagSet {
        name: "flag set",
        flags: vec![
            flag(
                "target-environment",
                Takes::Text,
                "the environment or the environment group (exactly once)",
            ),
            flag("team", Takes::Text, "only the apps of this team"),
            flag("ci_link", Takes::Text, "ignored: trains have no link here"),
            flag("use_dex_auth", Takes::Switch, "ignored: there is no server"),
            flag(
                "use_env_group_target",
                Takes::Switch,
                "the target is an environment group, and nothing else",
            ),
        ],
    };
    let parsed = set.parse_all(words)?;
    let target = parsed.exactly_once("target-environment")?;
    let mut line = vec![
        "release-train".to_owned(),
        option("target-environment", target),
    ];
    let team = parsed.at_most_once("team")?;
    line.extend(
        team.filter(|team| !team.is_empty())
            .map(|team| option("team", team)),
    );
    parsed.at_most_once("ci_link")?;
    if parsed.is_on("use_env_group_target") {
        line.push(option("target-type", "environment-group"));
    }
    Ok(Task {
        blame: "error on release train",
        ignored: parsed.given(&IGNORED),
        deed: Deed::Change(line, Answer::Ok),
    })
}
