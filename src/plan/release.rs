//! Release: store an immutable version of an app, and deploy it where the upstream is `latest`.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::cleanup::{clean_up, old_releases};
use super::outcome::{Deployed, Done, Outcome, QueueEnd, Released};
use super::place::Place;
use super::record::{self, Route};
use super::refusal::{Difference, Others};
use super::unlock::settle_one;
use super::{Ground, Refusal, change, known, manifest, minor};
use crate::state::deployment::{self, Linked};
use crate::state::release::{self, Field, Release, ReleaseKind};
use crate::state::{
    AppName, EnvName, Environment, InvalidName, LockScope, Locks, TeamName, Upstream, Version,
    lock, queue,
};
use crate::tree::{Content, Draft, ReadTree};

/// What a release is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum Purpose {
    /// To run, with the manifests that are given.
    Deploy,
    /// To take the app away from each environment that has it, with an empty manifest.
    Undeploy,
}

/// A release to store.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewRelease {
    pub(crate) purpose: Purpose,
    pub(crate) app: AppName,
    /// Its number; without one, the next.
    pub(crate) version: Option<Version>,
    /// The team that owns the app; without one, the team stays.
    pub(crate) team: Option<TeamName>,
    /// The facts that are known about it.
    pub(crate) fields: BTreeMap<Field, String>,
    /// The manifests, checked, by environment; none for one that undeploys.
    pub(crate) manifests: BTreeMap<EnvName, String>,
}

/// Stores a release. The same release again changes nothing; another one under its number is refused.
pub(crate) fn release(draft: &mut Draft, ground: &Ground, request: &NewRelease) -> Result<Outcome> {
    check_length(ground, &request.app)?;
    let app = &request.app;
    let mut versions = release::versions(draft, app)?;
    let highest = versions.last().copied();
    let version = match request.version {
        Some(version) => version,
        None => next(app, highest)?,
    };
    if let Some(stored) = versions
        .iter()
        .find(|each| each.number() == version.number())
    {
        check_same(draft, request, *stored)?;
        let kind = release::kind(draft, app, version)?;
        return Ok(outcome(request, (version, kind), None, Vec::new()));
    }
    let completed = completed(draft, ground, request, highest)?;
    let request = &completed;
    versions.push(version);
    versions.sort();
    let is_highest = highest < Some(version);
    let owner = release::team(draft, app)?;
    store(draft, ground, request, (version, is_highest))?;
    minor::mark(draft, ground, app, version)?;
    if !is_highest {
        check_age(draft, ground, request, version, &versions)?;
    }
    let warnings = strangers(ground, request);
    let highest = highest.filter(|_| !is_highest).unwrap_or(version);
    let kind = release::kind(draft, &request.app, version)?;
    let mut outcome = outcome(request, (version, kind), Some(highest), warnings);
    if is_highest {
        deploy_to_latest(draft, ground, request, version, &mut outcome)?;
    }
    if let Some(owner) = owner {
        leave_team(draft, ground, &owner, &mut outcome)?;
    }
    Ok(outcome)
}

/// An app that has changed its team leaves the locks on that team behind: what waited for them alone is deployed, as if they
/// were lifted.
fn leave_team(
    draft: &mut Draft,
    ground: &Ground,
    owner: &TeamName,
    outcome: &mut Outcome,
) -> Result<()> {
    let Done::Released(released) = &mut outcome.done else {
        return Ok(());
    };
    if release::team(draft, &released.app)?.as_ref() == Some(owner) {
        return Ok(());
    }
    for environment in ground.environments.iter() {
        let name = &environment.name;
        let left = LockScope::Team(name.clone(), owner.clone());
        if environment.readable().is_err() || lock::placed(draft, &left)?.is_empty() {
            continue;
        }
        let place = Place {
            environment: name,
            app: &released.app,
        };
        let locks = Locks::read(draft, name)?;
        match settle_one(draft, ground, false, &place, &locks)? {
            None | Some(QueueEnd::StillLocked { .. }) => {}
            Some(end) => {
                released.queue.insert(name.clone(), end);
            }
        }
    }
    let deployed = |end: &QueueEnd| matches!(end, QueueEnd::Deployed { .. });
    if released.queue.values().any(deployed) {
        released
            .removed
            .extend(clean_up(draft, ground, &released.app)?);
    }
    Ok(())
}

/// The number after the highest.
fn next(app: &AppName, highest: Option<Version>) -> Result<Version, Refusal> {
    let Some(highest) = highest else {
        return Ok(Version::new(1));
    };
    highest.next().ok_or_else(|| Refusal::NoNextVersion {
        app: app.clone(),
        highest,
    })
}

/// The request with its manifests: one that undeploys has an empty one for each environment that has the app.
fn completed(
    tree: &dyn ReadTree,
    ground: &Ground,
    request: &NewRelease,
    highest: Option<Version>,
) -> Result<NewRelease> {
    let mut completed = request.clone();
    match request.purpose {
        Purpose::Deploy => return Ok(completed),
        Purpose::Undeploy if highest.is_none() => return Err(known::no_app(tree, &request.app)?),
        Purpose::Undeploy => {}
    }
    for environment in ground.environments.iter() {
        let place = (&environment.name, &request.app);
        let runs = deployment::current(tree, place.0, place.1)?;
        let waits = queue::waiting(tree, place.0, place.1)?;
        if [runs, waits].iter().any(|link| *link != Linked::Nothing) {
            let manifests = &mut completed.manifests;
            manifests.insert(environment.name.clone(), manifest::EMPTY.to_owned());
        }
    }
    Ok(completed)
}

/// App names are short unless the repository says otherwise; only here do new ones come in.
fn check_length(ground: &Ground, app: &AppName) -> Result<(), InvalidName> {
    let (length, longest) = (app.as_ref().len(), AppName::MOST_BYTES);
    if ground.options.allow_long_app_names || length <= longest {
        return Ok(());
    }
    let rule = format!(
        "it has {length} bytes, and {longest} are allowed without `allowLongAppNames: true` in trainyard.yaml"
    );
    Err(InvalidName::new("app name", app.as_ref(), rule))
}

/// Fails with every difference if the stored release is another one. What is not given is not compared.
fn check_same(tree: &dyn ReadTree, request: &NewRelease, version: Version) -> Result<()> {
    let app = &request.app;
    let mut differences = Vec::new();
    let mut compare = |field: String, stored: Option<String>, given: &str, same: bool| {
        if !same {
            let diff = manifest::diff(&field, &stored.unwrap_or_default(), given);
            differences.push(Difference { field, diff });
        }
    };
    let undeploys = release::kind(tree, app, version)? == ReleaseKind::Undeploy;
    let asked = request.purpose == Purpose::Undeploy;
    let word = |undeploys| if undeploys { "undeploys" } else { "deploys" };
    compare(
        "purpose".to_owned(),
        Some(word(undeploys).to_owned()),
        word(asked),
        undeploys == asked,
    );
    for (field, given) in &request.fields {
        let stored = release::field(tree, app, version, *field)?;
        let same = stored.as_ref() == Some(given);
        compare(field.name().to_owned(), stored, given, same);
    }
    // The team is the app's: what a release below the highest said of it counts no longer.
    let is_highest = release::versions(tree, app)?.last() == Some(&version);
    if let Some(given) = request.team.as_ref().filter(|_| is_highest) {
        let stored = release::team(tree, app)?;
        let same = stored.as_ref() == Some(given);
        compare(
            "team".to_owned(),
            stored.map(|team| team.as_ref().to_owned()),
            given.as_ref(),
            same,
        );
    }
    for (environment, given) in &request.manifests {
        let stored = match release::manifest(tree, app, version, environment)? {
            Some(content) => Some(String::from_utf8_lossy(&tree.bytes(&content)?).into_owned()),
            None => None,
        };
        let same = stored
            .as_ref()
            .is_some_and(|stored| manifest::same(stored, given));
        if !same {
            let field = format!("manifest for {environment}");
            let diff = change::unified(&field, &stored.unwrap_or_default(), given);
            differences.push(Difference { field, diff });
        }
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(Refusal::DifferentRelease {
        app: app.clone(),
        version,
        differences,
    }
    .into())
}

/// Fails if the clean-up would remove the new version at once.
fn check_age(
    tree: &dyn ReadTree,
    ground: &Ground,
    request: &NewRelease,
    version: Version,
    versions: &[Version],
) -> Result<()> {
    let old = old_releases(tree, ground, &request.app, versions)?;
    if !old.contains(&version) {
        return Ok(());
    }
    Err(Refusal::TooOld {
        app: request.app.clone(),
        version,
        oldest: versions.get(old.len()).copied().unwrap_or(version),
    }
    .into())
}

fn store(
    draft: &mut Draft,
    ground: &Ground,
    request: &NewRelease,
    (version, is_highest): (Version, bool),
) -> Result<()> {
    let manifests = request.manifests.iter();
    let content = |text: &String| Content::new(text.as_bytes());
    let release = Release {
        kind: kind(request),
        fields: request.fields.clone(),
        manifests: manifests
            .map(|(name, text)| (name.clone(), content(text)))
            .collect(),
    };
    release::store(draft, &request.app, version, &release, ground.context.now)?;
    record::released(draft, ground, &request.app, &release)?;
    // The app belongs to whom its highest release says, not to whom it belonged once.
    match &request.team {
        Some(team) if is_highest => release::write_team(draft, &request.app, team),
        Some(_) | None => Ok(()),
    }
}

fn kind(request: &NewRelease) -> ReleaseKind {
    match request.purpose {
        Purpose::Deploy => ReleaseKind::Ordinary,
        Purpose::Undeploy => ReleaseKind::Undeploy,
    }
}

/// Warnings about manifests for environments that do not exist, and about a release that is for none.
fn strangers(ground: &Ground, request: &NewRelease) -> Vec<String> {
    if request.purpose == Purpose::Undeploy && request.manifests.is_empty() {
        let app = &request.app;
        return vec![format!(
            "no environment has `{app}`: `trainyard app delete -a {app}` removes what is left of it"
        )];
    }
    let unknown = request
        .manifests
        .keys()
        .filter(|name| ground.environments.get(name).is_none());
    let warning = |name: &EnvName| {
        let names = ground.environments.iter().map(|each| each.name.to_string());
        let meant = match known::others(name.as_ref(), names) {
            Others::Near(names) => format!(" (did you mean `{}`?)", names.join("` or `")),
            Others::Far(..) | Others::OtherKind(..) => String::new(),
        };
        format!("there is no environment `{name}` yet{meant}; its manifest is stored all the same")
    };
    unknown.map(warning).collect()
}

/// The outcome before anything is deployed; `highest` is the highest release, if this one was stored.
fn outcome(
    request: &NewRelease,
    (version, kind): (Version, ReleaseKind),
    highest: Option<Version>,
    warnings: Vec<String>,
) -> Outcome {
    let done = Done::Released(Released {
        app: request.app.clone(),
        version,
        kind,
        stored: highest.is_some(),
        highest: highest.filter(|highest| *highest != version),
        deployments: BTreeMap::new(),
        waiting: request.manifests.keys().cloned().collect(),
        queue: BTreeMap::new(),
        removed: Vec::new(),
    });
    Outcome { done, warnings }
}

fn deploy_to_latest(
    draft: &mut Draft,
    ground: &Ground,
    request: &NewRelease,
    version: Version,
    outcome: &mut Outcome,
) -> Result<()> {
    let Done::Released(released) = &mut outcome.done else {
        return Ok(());
    };
    let with_manifest = |each: &&Environment| request.manifests.contains_key(&each.name);
    for environment in ground.environments.iter().filter(with_manifest) {
        if let Err(broken) = environment.readable() {
            outcome.warnings.push(format!(
                "{broken}: nothing is deployed to `{}`",
                environment.name
            ));
        }
        if environment.upstream != Ok(Upstream::Latest) {
            continue;
        }
        let place = Place {
            environment: &environment.name,
            app: &request.app,
        };
        let manifest = place.manifest(draft, version)?;
        let locks = Locks::read(draft, place.environment)?.in_force(draft, place.app)?;
        let open = locks.is_empty();
        let mut deployed = place.deploy(draft, ground, (version, manifest.clone()), locks)?;
        if open && deployed == Deployed::AlreadyThere(version) {
            // A link that dangled until now: what it stood for is not this release.
            place.point(draft, ground, (version, manifest), Route::Alone)?;
            deployed = Deployed::Changed {
                from: None,
                to: version,
            };
        }
        released.waiting.retain(|name| *name != environment.name);
        released
            .deployments
            .insert(environment.name.clone(), deployed);
    }
    let changed = |deployed: &Deployed| matches!(deployed, Deployed::Changed { .. });
    if released.deployments.values().any(changed) {
        released.removed = clean_up(draft, ground, &request.app)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
