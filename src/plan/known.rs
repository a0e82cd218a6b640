//! Names that must exist, and the nearest ones when they do not.

use std::collections::BTreeSet;

use anyhow::Result;

use super::refusal::Others;
use super::{Ground, Refusal};
use crate::state::{
    AppName, EnvName, Environment, EnvironmentGraph, GroupName, TeamName, Version, deployment,
    release,
};
use crate::tree::ReadTree;

/// The environment of this name.
pub(super) fn environment<'a>(ground: &'a Ground, name: &EnvName) -> Result<&'a Environment> {
    if let Some(found) = ground.environments.get(name) {
        return Ok(found);
    }
    let strays = &ground.environments.strays;
    if let Some(stray) = strays.iter().find(|stray| stray.name() == name.as_ref()) {
        return Err(Refusal::NoEnvironment(stray.clone()).into());
    }
    let names = ground.environments.iter().map(|each| each.name.to_string());
    let mut refusal = unknown("environment", name.as_ref(), names);
    if let Refusal::Unknown { others, .. } = &mut refusal
        && !ground
            .environments
            .group(&GroupName::found(name.as_ref()))
            .is_empty()
    {
        *others = Others::OtherKind("environment group");
    }
    Err(refusal.into())
}

/// The environments of a group; at least one.
pub(super) fn group<'a>(ground: &'a Ground, name: &GroupName) -> Result<Vec<&'a Environment>> {
    let members = ground.environments.group(name);
    if members.is_empty() {
        let groups = ground
            .environments
            .groups()
            .into_iter()
            .map(ToString::to_string);
        let mut refusal = unknown("environment group", name.as_ref(), groups);
        let environment = name.as_ref().parse().ok();
        if let Refusal::Unknown { others, .. } = &mut refusal
            && environment.is_some_and(|name| ground.environments.get(&name).is_some())
        {
            *others = Others::OtherKind("environment");
        }
        return Err(refusal.into());
    }
    Ok(members)
}

/// The environments of a group, for what must be done on all of them: while a config cannot be read, nobody knows whether its
/// environment is one of them.
pub(super) fn whole_group<'a>(
    ground: &'a Ground,
    name: &GroupName,
) -> Result<Vec<&'a Environment>> {
    for environment in ground.environments.iter() {
        environment.readable()?;
    }
    group(ground, name)
}

/// The environments of the group of that name, or else the environment of that name, as for trains; at least one. What does not exist
/// is refused as `asked`.
pub(super) fn members<'a>(
    graph: &'a EnvironmentGraph,
    name: &str,
    asked: &str,
) -> Result<Vec<&'a Environment>> {
    let mut members = graph.group(&GroupName::found(name));
    if members.is_empty() {
        members.extend(graph.iter().find(|each| each.name.as_ref() == name));
    }
    if members.is_empty() {
        return Err(no_target(graph, asked).into());
    }
    Ok(members)
}

/// The refusal of a name that is neither an environment nor a group.
pub(super) fn no_target(graph: &EnvironmentGraph, asked: &str) -> Refusal {
    let environments = graph.iter().map(|each| each.name.to_string());
    let groups = graph.groups().into_iter().map(ToString::to_string);
    let names: BTreeSet<_> = environments.chain(groups).collect();
    unknown("environment or environment group", asked, names.into_iter())
}

/// Fails unless the app has releases or a folder on some environment.
pub(super) fn app(tree: &dyn ReadTree, ground: &Ground, name: &AppName) -> Result<()> {
    if release::app_exists(tree, name)? {
        return Ok(());
    }
    for environment in ground.environments.iter() {
        if tree.has_folder(&deployment::directory(&environment.name, name))? {
            return Ok(());
        }
    }
    Err(no_app(tree, name)?)
}

/// The refusal of an app that does not exist.
pub(super) fn no_app(tree: &dyn ReadTree, name: &AppName) -> Result<anyhow::Error> {
    let apps = release::apps(tree)?.into_iter().map(|app| app.to_string());
    Ok(unknown("app", name.as_ref(), apps).into())
}

/// Fails unless some app belongs to the team.
pub(super) fn team(tree: &dyn ReadTree, name: &TeamName) -> Result<()> {
    let mut teams = BTreeSet::new();
    for app in release::apps(tree)? {
        teams.extend(release::team(tree, &app)?);
    }
    if teams.contains(name) {
        return Ok(());
    }
    let teams = teams.iter().map(ToString::to_string);
    Err(Refusal::TeamWithoutApps {
        team: name.clone(),
        others: others(name.as_ref(), teams),
    }
    .into())
}

/// Fails unless the app has this release.
pub(super) fn version(tree: &dyn ReadTree, app: &AppName, version: Version) -> Result<()> {
    if release::exists(tree, app, version)? {
        return Ok(());
    }
    let mut nearest = release::versions(tree, app)?;
    let revised = |each: &&Version| each.number() == version.number();
    if let Some(revised) = nearest.iter().find(revised) {
        return Err(Refusal::Revision {
            app: app.clone(),
            version: *revised,
        }
        .into());
    }
    nearest.sort_by_key(|each| each.number().abs_diff(version.number()));
    nearest.truncate(3);
    nearest.sort();
    Err(Refusal::UnknownVersion {
        app: app.clone(),
        version,
        nearest,
    }
    .into())
}

/// The refusal of an unknown name.
pub(super) fn unknown(
    what: &'static str,
    name: &str,
    known: impl Iterator<Item = String>,
) -> Refusal {
    Refusal::Unknown {
        what,
        name: name.to_owned(),
        others: others(name, known),
    }
}

/// What somebody could have meant who typed this in place of a name.
pub(crate) fn did_you_mean(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    others(name, known).hint()
}

/// The name that somebody most likely meant, if any comes close.
pub(crate) fn nearest(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    match others(name, known) {
        Others::Near(names) => names.into_iter().next(),
        Others::Far(..) | Others::OtherKind(_) => None,
    }
}

/// What a key could have meant that a reader of a file does not know: it tells the key, and then those that it expected.
pub(crate) fn key_meant(complaint: &str) -> Option<String> {
    let (_, names) = complaint.split_once("unknown field ")?;
    let mut names = names.split('`').skip(1).step_by(2);
    let key = names.next()?;
    let meant = nearest(key, names.map(str::to_owned))?;
    Some(format!("did you mean `{meant}`?"))
}

/// Up to three names that could be meant; if none is near, the first few that exist.
pub(super) fn others(name: &str, known: impl Iterator<Item = String>) -> Others {
    const MOST: usize = 6;
    let mut known: Vec<_> = known
        .map(|known| (strsim::damerau_levenshtein(name, &known), known))
        .collect();
    known.sort();
    let close = name.len().div_ceil(3).max(2);
    let near = known.iter().filter(|(distance, _)| *distance <= close);
    let near: Vec<_> = near.take(3).map(|(_, known)| known.clone()).collect();
    if !near.is_empty() {
        return Others::Near(near);
    }
    let mut known: Vec<_> = known.into_iter().map(|(_, known)| known).collect();
    known.sort();
    let rest = known.len().saturating_sub(MOST);
    known.truncate(MOST);
    Others::Far(known, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::world::{World, context};

    #[test]
    fn a_group_is_not_whole_while_some_config_cannot_be_read() {
        let world = World::of(&[("dev", "latest")])
            .group("prod", &[("prod-de", "dev"), ("prod-ca", "dev")]);
        let (context, group_name) = (context(), "prod".parse().unwrap());
        let members = |world: &World| -> Result<usize> {
            let ground = Ground::survey(&world.0, &context)?;
            Ok(whole_group(&ground, &group_name)?.len())
        };
        assert_eq!(members(&world).unwrap(), 2);
        let broken = world.config("prod-ca", "{");
        let error = members(&broken).unwrap_err().to_string();
        assert!(
            error.contains("environments/prod-ca/config.json"),
            "{error}"
        );
    }

    #[test]
    fn a_key_is_told_with_the_one_that_was_meant() {
        let complaint = |key: &str| {
            format!("argocd: unknown field `{key}`, expected `repoUrl` or `notifyUrl` at line 1")
        };
        let meant = key_meant(&complaint("repoURL")).unwrap();
        assert_eq!(meant, "did you mean `repoUrl`?");
        assert_eq!(key_meant(&complaint("somethingElse")), None);
        assert_eq!(key_meant("it is no file"), None);
    }

    #[test]
    fn a_team_that_owns_nothing_is_unknown() {
        let World(tree) = World::of(&[("dev", "latest")]).team("web", "red");
        team(&tree, &"red".parse().unwrap()).unwrap();
        let error = team(&tree, &"rad".parse().unwrap()).unwrap_err();
        let refusal: &Refusal = error.downcast_ref().unwrap();
        assert_eq!(refusal.hint().unwrap(), "did you mean `red`?");
    }
}
