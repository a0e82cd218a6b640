//! Which paths an operation may touch at all.

use super::super::ask::{Ask, Place, What};
use super::state::State;

/// Whether an operation may change a file; with `gone` it is taken away.
pub(super) fn may_touch(ask: &Ask, (path, gone): (&str, bool), before: &State) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let derived = |environments: &[String]| match parts.as_slice() {
        ["argocd", "v1alpha1", file] => environments
            .iter()
            .any(|name| *file == format!("{name}.yaml")),
        ["commits", ..] => true,
        _ => false,
    };
    let everywhere: Vec<String> = before.environments.keys().cloned().collect();
    // What a deployment changes, and a queue; locks are none of it.
    let spot = |environments: &[String], wanted: &str| match parts.as_slice() {
        ["environments", name, "applications", app, rest @ ..] => {
            environments.iter().any(|each| each == name)
                && (wanted == *app || wanted == ANY)
                && !matches!(rest, ["locks" | "manifest_locks", ..])
        }
        _ => false,
    };
    let cleaned = |wanted: &str| match parts.as_slice() {
        ["applications", app, "releases", ..] => gone && (wanted == *app || wanted == ANY),
        _ => false,
    };
    let released = |wanted: &str| match parts.as_slice() {
        ["applications", app, ..] => wanted == *app,
        _ => false,
    };
    match ask {
        Ask::Release { app, .. } | Ask::Undeploy { app } => {
            released(app) || spot(&everywhere, app) || derived(&everywhere)
        }
        Ask::Folder(apps) => apps
            .keys()
            .any(|app| released(app) || spot(&everywhere, app) || derived(&everywhere)),
        Ask::Deploy { app, place, .. } => {
            let places = places(before, place);
            spot(&places, app) || cleaned(app) || derived(&places)
        }
        Ask::Lock { place, what, id } => {
            !gone && is_lock(&parts, (&places(before, place), what), Some(id))
        }
        Ask::Unlock {
            place, what, id, ..
        } => {
            let places = places(before, place);
            let of = match what {
                What::All | What::Team(_) => ANY,
                What::App(app) | What::Manifest(app) => app,
            };
            gone && is_lock(&parts, (&places, what), id.as_ref())
                || spot(&places, of)
                || cleaned(of)
                || derived(&places)
        }
        Ask::Train { target, .. } => {
            let mut stations = before.members(target);
            stations.push(target.clone());
            spot(&stations, ANY) || cleaned(ANY) || derived(&stations)
        }
        Ask::CreateEnvironment { environment, .. } | Ask::UpdateEnvironment { environment, .. } => {
            parts == ["environments", environment, "config.json"]
                || parts[0] == "argocd" && derived(std::slice::from_ref(environment))
        }
        Ask::DeleteEnvironment { environment } => {
            gone && (parts.starts_with(&["environments", environment])
                || parts[0] == "argocd" && derived(std::slice::from_ref(environment)))
        }
        Ask::DeleteApp { app } => {
            let folder = matches!(parts.as_slice(), ["environments", _, "applications", name, ..] if name == app);
            gone && (released(app) || folder) || derived(&everywhere)
        }
        Ask::RemoveApp { app, environment } => {
            let manifest = matches!(parts.as_slice(), ["applications", name, "releases", _, "environments", place, ..] if name == app && place == environment);
            let folder = parts.starts_with(&["environments", environment, "applications", app]);
            gone && (manifest || folder) || derived(std::slice::from_ref(environment))
        }
        Ask::Render => parts[0] == "argocd" || path.ends_with("/manifests/manifests.yaml"),
        Ask::Batch(asks) => {
            // What the ones before it created is not there before the batch.
            let mut before = before.clone();
            asks.iter().any(|ask| {
                let may = may_touch(ask, (path, gone), &before);
                before = super::model::after(&before, ask).unwrap_or_else(|_| before.clone());
                may
            })
        }
    }
}

/// Any app.
const ANY: &str = "*";

fn places(state: &State, place: &Place) -> Vec<String> {
    match place {
        Place::Environment(name) => vec![name.clone()],
        Place::Group(name) => state.members(name),
    }
}

fn is_lock(parts: &[&str], (places, what): (&[String], &What), id: Option<&String>) -> bool {
    let ["environments", environment, rest @ ..] = parts else {
        return false;
    };
    let found = match (what, rest) {
        (What::All, ["locks", found, _]) => Some(*found),
        (What::Team(team), ["teams", name, "locks", found, _]) if name == team => Some(*found),
        (What::App(app), ["applications", name, "locks", found, _]) if name == app => Some(*found),
        (What::Manifest(app), ["applications", name, "manifest_locks", found, _])
            if name == app =>
        {
            Some(*found)
        }
        _ => None,
    };
    let there = places.iter().any(|name| name == environment);
    there && found.is_some_and(|found| id.is_none_or(|id| id == found))
}
