//! `get-commit-deployments` and `get-deployment-commit`

use super::flags::{FlagSet, Misuse, Takes, flag};
use super::{Deed, Task};

/// What both of them say before what went wrong.
const BLAME: &str = "error on commit deployments";

/// Reads the words behind `get-commit-deployments`.
pub(super) fn commit_deployments(words: &[String]) -> Result<Task, Misuse> {
    let set = FlagSet {
        name: "flag set",
        flags: vec![
            flag("commit", Takes::LastText, "the source commit, 40 digits"),
            flag(
                "out",
                Takes::LastText,
                "a file for the answer, instead of stdout",
            ),
        ],
    };
    let parsed = set.parse_all(words)?;
    let given = |name| parsed.last(name).filter(|given| !given.is_empty());
    let Some(commit) = given("commit") else {
        return Err("the commit hash must be set with the --commit flag".into());
    };
    // That client takes a few more letters for digits, and its server then finds nothing.
    let is_digit = |byte: u8| byte.is_ascii_hexdigit();
    if commit.len() != 40 || !commit.bytes().all(is_digit) {
        return Err(format!("the commit hash: {commit} is invalid").into());
    }
    Ok(Task {
        blame: BLAME,
        ignored: Vec::new(),
        deed: Deed::CommitDeployments {
            commit: commit.to_ascii_lowercase(),
            out: given("out").map(Into::into),
        },
    })
}

/// Reads the words behind `get-deployment-commit`.
pub(super) fn deployment_commit(words: &[String]) -> Result<Task, Misuse> {
    let set = FlagSet {
        name: "flag set",
        flags: vec![
            flag("environment", Takes::LastText, "the environment"),
            flag("application", Takes::LastText, "the app"),
        ],
    };
    let parsed = set.parse_all(words)?;
    let given = |name| parsed.last(name).filter(|given| !given.is_empty());
    let Some(environment) = given("environment") else {
        return Err("the environment name must be set with the --environment flag".into());
    };
    let Some(app) = given("application") else {
        return Err("the application name must be set with the --application flag".into());
    };
    Ok(Task {
        blame: BLAME,
        ignored: Vec::new(),
        deed: Deed::DeploymentCommit {
            environment: environment.to_owned(),
            app: app.to_owned(),
        },
    })
}
