//! What an operation makes of a yard, after `docs/rules.md`, in as few words as will do. An operation that the rules refuse makes an error.

use std::collections::BTreeSet;

use super::super::ask::{Ask, Manifests, Place, What};
use super::state::{Environment, Lock, On, Release, Spot, State, Upstream};

/// Whether the rules allow it, and if not, why.
type Done = Result<(), String>;

/// What an operation makes of a yard, but for releases that the clean-up takes.
pub(super) fn after(before: &State, ask: &Ask) -> Result<State, String> {
    let mut state = before.clone();
    run(&mut state, ask)?;
    Ok(state)
}

fn run(state: &mut State, ask: &Ask) -> Done {
    match ask {
        Ask::Release {
            app,
            version,
            team,
            manifests,
            source: _,
        } => release(state, app, *version, (team.as_ref(), manifests, false)),
        Ask::Undeploy { app } => {
            let spots = state.spots.keys().filter(|(_, name)| name == app);
            let manifests = spots.map(|(environment, _)| (environment.clone(), " ".to_owned()));
            let manifests = manifests.collect();
            release(state, app, None, (None, &manifests, true))
        }
        Ask::Folder(apps) => {
            for (app, manifests) in apps {
                release(state, app, None, (None, manifests, false))?;
            }
            Ok(())
        }
        Ask::Deploy {
            app,
            place,
            version,
            on_lock,
        } => deploy(state, app, (place, *version), on_lock),
        Ask::Lock { place, what, id } => {
            for environment in places(state, place)? {
                let (on, id) = (what.on(), id.clone());
                state.locks.insert(Lock {
                    environment,
                    on,
                    id,
                });
            }
            Ok(())
        }
        Ask::Unlock {
            place,
            what,
            id,
            keep_queue,
        } => unlock(state, (place, what), id.as_ref(), *keep_queue),
        Ask::Train {
            target,
            team,
            on_lock,
            tag: _,
        } => train(state, target, team.as_ref(), on_lock),
        Ask::CreateEnvironment {
            environment,
            upstream,
        } => {
            if state.environments.contains_key(environment) {
                return Err(format!("{environment} is there already"));
            }
            let upstream = match upstream.as_str() {
                "latest" => Upstream::Latest,
                name => Upstream::Environment(name.to_owned()),
            };
            let created = Environment {
                upstream,
                group: None,
                has_project: true,
            };
            state.environments.insert(environment.clone(), created);
            Ok(())
        }
        Ask::UpdateEnvironment { environment, .. } => exists(state, environment),
        Ask::DeleteEnvironment { environment } => {
            exists(state, environment)?;
            state.environments.remove(environment);
            state.spots.retain(|(name, _), _| name != environment);
            state.locks.retain(|lock| lock.environment != *environment);
            Ok(())
        }
        Ask::DeleteApp { app } => delete(state, app),
        Ask::RemoveApp { app, environment } => {
            exists(state, environment)?;
            let releases = &mut state.apps.get_mut(app).ok_or("no such app")?.releases;
            for release in releases.values_mut() {
                release.manifests.remove(environment);
            }
            state.set(environment, app, Spot::default());
            let gone = |lock: &Lock| lock.environment == *environment && lock.on.is_on(app);
            state.locks.retain(|lock| !gone(lock));
            Ok(())
        }
        Ask::Render => Ok(()),
        Ask::Batch(asks) => asks.iter().try_for_each(|ask| run(state, ask)),
    }
}

fn exists(state: &State, environment: &str) -> Done {
    let there = state.environments.contains_key(environment);
    there
        .then_some(())
        .ok_or_else(|| format!("no environment {environment}"))
}

fn places(state: &State, place: &Place) -> Result<Vec<String>, String> {
    match place {
        Place::Environment(name) => exists(state, name).map(|()| vec![name.clone()]),
        Place::Group(name) => Ok(state.members(name)),
    }
}

impl What {
    fn on(&self) -> On {
        match self {
            Self::All => On::All,
            Self::App(app) => On::App(app.clone()),
            Self::Team(team) => On::Team(team.clone()),
            Self::Manifest(app) => On::Manifest(app.clone()),
        }
    }
}

impl On {
    fn is_on(&self, app: &str) -> bool {
        match self {
            Self::App(name) | Self::Manifest(name) => name == app,
            Self::All | Self::Team(_) => false,
        }
    }
}

fn release(
    state: &mut State,
    app: &str,
    version: Option<u64>,
    (team, manifests, undeploys): (Option<&String>, &Manifests, bool),
) -> Done {
    let highest = state.highest(app);
    let version = version.unwrap_or(highest.unwrap_or(0) + 1);
    let new = Release {
        manifests: manifests.clone(),
        undeploys,
    };
    let known = state.apps.entry(app.to_owned()).or_default();
    if let Some(old) = known.releases.get(&version) {
        return if *old == new {
            Ok(())
        } else {
            Err(format!("{app} {version} is another release"))
        };
    }
    known.releases.insert(version, new);
    if highest.is_some_and(|highest| highest > version) {
        return Ok(());
    }
    if let Some(team) = team.filter(|team| known.team.as_ref() != Some(team)) {
        let locked: BTreeSet<_> = held(state, app);
        state.apps.get_mut(app).unwrap().team = Some(team.clone());
        for environment in locked {
            from_queue(state, &environment, app);
        }
    }
    let environments = state.environments.iter();
    let latest = environments
        .filter(|(name, each)| each.upstream == Upstream::Latest && manifests.contains_key(*name));
    let latest: Vec<_> = latest.map(|(name, _)| name.clone()).collect();
    for environment in latest {
        put(state, (&environment, app), version, false);
    }
    Ok(())
}

/// Where locks hold an app back.
fn held(state: &State, app: &str) -> BTreeSet<String> {
    let environments = state.environments.keys();
    environments
        .filter(|name| state.is_locked(name, app))
        .cloned()
        .collect()
}

/// Deploys, or queues where that is locked.
fn put(state: &mut State, (environment, app): (&str, &str), version: u64, ignore: bool) {
    let mut spot = state.spot(environment, app);
    if spot.runs == Some(version) {
        return;
    }
    if !ignore && state.is_locked(environment, app) {
        spot.waits = Some(version);
    } else {
        spot = Spot {
            runs: Some(version),
            waits: None,
        };
    }
    state.set(environment, app, spot);
}

/// What waits runs, if nothing holds it back any more.
fn from_queue(state: &mut State, environment: &str, app: &str) {
    let mut spot = state.spot(environment, app);
    let Some(version) = spot.waits else { return };
    if state.is_locked(environment, app) {
        return;
    }
    spot.waits = None;
    if state.has_manifest(app, version, environment) {
        spot.runs = Some(version);
    }
    state.set(environment, app, spot);
}

fn deploy(state: &mut State, app: &str, (place, version): (&Place, u64), on_lock: &str) -> Done {
    for environment in places(state, place)? {
        if !state.has_manifest(app, version, &environment) {
            return Err(format!("{app} {version} has no manifest for {environment}"));
        }
        let new = state.spot(&environment, app).runs != Some(version);
        if on_lock == "fail" && new && state.is_locked(&environment, app) {
            return Err(format!("{app} is locked on {environment}"));
        }
        put(state, (&environment, app), version, on_lock == "ignore");
    }
    Ok(())
}

fn unlock(
    state: &mut State,
    (place, what): (&Place, &What),
    id: Option<&String>,
    keep_queue: bool,
) -> Done {
    let (places, on) = (places(state, place)?, what.on());
    let gone = |lock: &Lock| {
        places.contains(&lock.environment) && lock.on == on && id.is_none_or(|id| *id == lock.id)
    };
    let (gone, left): (BTreeSet<Lock>, BTreeSet<Lock>) =
        state.locks.iter().cloned().partition(gone);
    if gone.is_empty() && id.is_some() {
        return Err("there is no such lock".to_owned());
    }
    state.locks = left;
    if keep_queue {
        return Ok(());
    }
    for lock in gone {
        let apps = state.apps.keys().filter(|app| match &lock.on {
            On::All => true,
            On::App(name) => name == *app,
            On::Team(team) => state.team(app) == Some(team),
            On::Manifest(_) => false,
        });
        for app in apps.cloned().collect::<Vec<_>>() {
            from_queue(state, &lock.environment, &app);
        }
    }
    Ok(())
}

/// Everything is decided on the state before the train.
fn train(state: &mut State, target: &str, team: Option<&String>, on_lock: &str) -> Done {
    let before = state.clone();
    let mut stations = before.members(target);
    if stations.is_empty() {
        exists(&before, target)?;
        stations.push(target.to_owned());
    }
    for environment in stations {
        let whole = |lock: &Lock| lock.environment == environment && lock.on == On::All;
        if before.locks.iter().any(whole) {
            continue;
        }
        for (app, each) in &before.apps {
            if team.is_some_and(|team| each.team.as_ref() != Some(team)) {
                continue;
            }
            let version = match &before.environments[&environment].upstream {
                Upstream::None => None,
                Upstream::Latest => before.highest(app),
                Upstream::Environment(upstream) => before.spot(upstream, app).runs,
            };
            let Some(version) = version else { continue };
            let new = before.spot(&environment, app).runs != Some(version);
            if !new || !before.has_manifest(app, version, &environment) {
                continue;
            }
            if before.is_locked(&environment, app) {
                match on_lock {
                    "fail" => return Err(format!("{app} is locked on {environment}")),
                    "skip" => continue,
                    _ => {}
                }
            }
            put(state, (&environment, app), version, false);
        }
    }
    Ok(())
}

fn delete(state: &mut State, app: &str) -> Done {
    let gone = state.apps.remove(app).ok_or("no such app")?;
    for ((environment, name), spot) in &state.spots {
        let runs = spot.runs.and_then(|version| gone.releases.get(&version));
        if name == app && runs.is_some_and(|release| !release.undeploys) {
            return Err(format!("{app} still runs on {environment}"));
        }
    }
    state.spots.retain(|(_, name), _| name != app);
    state.locks.retain(|lock| !lock.on.is_on(app));
    Ok(())
}

/// The releases that the clean-up takes with the next deployment.
pub(super) fn too_old(state: &State, app: &str, limit: usize) -> BTreeSet<u64> {
    let Some(each) = state.apps.get(app) else {
        return BTreeSet::new();
    };
    let spots = state.spots.iter().filter(|((_, name), _)| name == app);
    let used = spots
        .flat_map(|(_, spot)| [spot.runs, spot.waits])
        .flatten();
    let oldest = used
        .min()
        .or_else(|| each.releases.keys().next_back().copied());
    let below = each
        .releases
        .keys()
        .rev()
        .filter(|version| Some(**version) < oldest);
    below.skip(limit - 1).copied().collect()
}
