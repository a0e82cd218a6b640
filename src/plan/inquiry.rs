//! What a client of kuberpult asks about a repository, answered by the rules of kuberpult.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{Ground, Refusal, change, known};
use crate::state::release::{self, Field, ReleaseKind};
use crate::state::{AppName, CommitId, EnvName, deployment};
use crate::tree::ReadTree;

/// Whether a source commit is on an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    Pending,
    Deployed,
}

/// Where a source commit is: for each app of which a release was built from it, on every environment.
///
/// As in kuberpult, a release with the same or a higher number has the commit, whatever is known of its history.
pub(crate) fn arrivals(
    tree: &dyn ReadTree,
    ground: &Ground,
    commit: &CommitId,
) -> Result<BTreeMap<AppName, BTreeMap<EnvName, Arrival>>> {
    let mut found = BTreeMap::new();
    for app in release::apps(tree)? {
        let mut first = None;
        for version in release::versions(tree, &app)? {
            if release::source_commit(tree, &app, version)?.as_ref() == Some(commit) {
                first = Some(version);
                break;
            }
        }
        let Some(first) = first else { continue };
        let mut arrivals = BTreeMap::new();
        for environment in ground.environments.iter() {
            let runs = deployment::current(tree, &environment.name, &app)?;
            let runs = runs.version().ok().flatten();
            let arrival = match runs.filter(|version| *version >= first) {
                Some(version) if release::kind(tree, &app, version)? != ReleaseKind::Undeploy => {
                    Arrival::Deployed
                }
                Some(_) | None => Arrival::Pending,
            };
            arrivals.insert(environment.name.clone(), arrival);
        }
        found.insert(app, arrivals);
    }
    if found.is_empty() {
        let commit = commit.as_ref().parse()?;
        return Err(Refusal::UnknownCommit { commit }.into());
    }
    Ok(found)
}

/// What is known of the source of the release that runs; nothing if none runs.
pub(crate) fn deployed_source(
    tree: &dyn ReadTree,
    environment: &EnvName,
    app: &AppName,
) -> Result<Option<BTreeMap<Field, String>>> {
    let Some(version) = deployment::current(tree, environment, app)?.version()? else {
        return Ok(None);
    };
    let mut facts = BTreeMap::new();
    for field in [
        Field::SourceAuthor,
        Field::SourceCommitId,
        Field::SourceMessage,
    ] {
        if let Some(text) = release::field(tree, app, version, field)? {
            facts.insert(field, text);
        }
    }
    Ok(Some(facts))
}

/// How manifests differ from those of the latest release, as unified diffs without the values of secrets; empty where they do not.
pub(crate) fn differences(
    tree: &dyn ReadTree,
    app: &AppName,
    manifests: &BTreeMap<EnvName, String>,
) -> Result<BTreeMap<EnvName, String>> {
    let Some(latest) = release::versions(tree, app)?.pop() else {
        return Err(known::no_app(tree, app)?);
    };
    let mut found = BTreeMap::new();
    for (environment, given) in manifests {
        let stored = match release::manifest(tree, app, latest, environment)? {
            Some(content) => String::from_utf8_lossy(&tree.bytes(&content)?).into_owned(),
            None => String::new(),
        };
        let difference = change::unified("manifest", &stored, given);
        found.insert(environment.clone(), difference);
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
