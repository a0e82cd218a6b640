//! A picture of a repository in plain maps, read from its paths and from nothing else of the program.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::MemoryTree;

/// A release number and its revision; a plain number has revision 0.
pub(super) type Number = (u64, u64);

/// An environment and an app.
pub(super) type Place = (String, String);

/// What a lock covers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    Environment(String),
    App(String, String),
    Team(String, String),
    Manifest(String, String),
}

/// A `version` or `queued_version` link.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Link {
    /// It has the form of a link to this release of its app.
    To(Number),
    /// It has not.
    Elsewhere(String),
}

/// What a repository holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Picture {
    /// Teams by app.
    pub(super) teams: BTreeMap<String, String>,
    /// Manifests by app, number and environment.
    pub(super) releases: BTreeMap<String, BTreeMap<Number, BTreeMap<String, String>>>,
    /// The releases that take their app away.
    pub(super) undeploys: BTreeSet<(String, Number)>,
    /// The releases that take no place in the clean-up.
    pub(super) minor: BTreeSet<(String, Number)>,
    /// What runs.
    pub(super) runs: BTreeMap<Place, Link>,
    /// The manifests that are applied.
    pub(super) applied: BTreeMap<Place, String>,
    /// What waits.
    pub(super) queue: BTreeMap<Place, Link>,
    /// Which locks stand where.
    pub(super) locks: BTreeSet<(Scope, String)>,
}

impl Picture {
    /// Reads a tree.
    pub(super) fn of(tree: &MemoryTree) -> Self {
        Self::from_listing(&tree.listing())
    }

    /// Reads a listing of paths and texts.
    pub(super) fn from_listing(listing: &BTreeMap<String, String>) -> Self {
        let mut picture = Self::default();
        for (path, text) in listing {
            picture.take(&path.split('/').collect::<Vec<_>>(), text);
        }
        picture
    }

    fn take(&mut self, path: &[&str], text: &str) {
        let owned = |name: &&str| String::from(*name);
        let place = |name: &&str, app: &&str| (owned(name), owned(app));
        match path {
            ["applications", app, "team"] => {
                self.teams.insert(owned(app), text.to_owned());
            }
            ["applications", app, "releases", number, rest @ ..] => {
                let releases = self.releases.entry(owned(app)).or_default();
                let release = releases
                    .entry(parse(number).expect("a release"))
                    .or_default();
                if let ["environments", name, "manifests.yaml"] = rest {
                    release.insert(owned(name), text.to_owned());
                }
                let release = (owned(app), parse(number).expect("a release"));
                match rest {
                    ["undeploy"] => self.undeploys.insert(release),
                    ["minor"] => self.minor.insert(release),
                    _ => false,
                };
            }
            ["environments", name, "applications", app, "version"] => {
                self.runs.insert(place(name, app), link(app, text));
            }
            ["environments", name, "applications", app, "queued_version"] => {
                self.queue.insert(place(name, app), link(app, text));
            }
            ["environments", name, "applications", app, "manifests", _] => {
                self.applied.insert(place(name, app), text.to_owned());
            }
            ["environments", name, "locks", id, _] => {
                self.locks
                    .insert((Scope::Environment(owned(name)), owned(id)));
            }
            ["environments", name, "applications", app, "locks", id, _] => {
                self.locks
                    .insert((Scope::App(owned(name), owned(app)), owned(id)));
            }
            [
                "environments",
                name,
                "applications",
                app,
                "manifest_locks",
                id,
                _,
            ] => {
                self.locks
                    .insert((Scope::Manifest(owned(name), owned(app)), owned(id)));
            }
            ["environments", name, "teams", team, "locks", id, _] => {
                self.locks
                    .insert((Scope::Team(owned(name), owned(team)), owned(id)));
            }
            _ => {}
        }
    }

    /// The locks in force on an app on an environment.
    pub(super) fn in_force(&self, (name, app): &Place) -> Vec<&(Scope, String)> {
        let covers = |(scope, _): &&(Scope, String)| match scope {
            Scope::Environment(locked) => locked == name,
            Scope::App(locked, only) => locked == name && only == app,
            Scope::Team(locked, team) => locked == name && self.teams.get(app) == Some(team),
            Scope::Manifest(..) => false,
        };
        self.locks.iter().filter(covers).collect()
    }

    /// Whether a lock keeps the manifest of an app on an environment as it is.
    pub(super) fn keeps_manifest(&self, (name, app): &Place) -> bool {
        let keeps = Scope::Manifest(name.clone(), app.clone());
        self.locks.iter().any(|(scope, _)| *scope == keeps)
    }

    /// Whether a link leads to a release of the app that exists.
    pub(super) fn leads(&self, app: &str, link: &Link) -> Option<Number> {
        match link {
            Link::To(number) if self.releases.get(app)?.contains_key(number) => Some(*number),
            Link::To(_) | Link::Elsewhere(_) => None,
        }
    }

    /// The links that lead nowhere.
    pub(super) fn broken(&self) -> BTreeSet<(&'static str, &Place, &Link)> {
        let runs = self
            .runs
            .iter()
            .map(|(place, link)| ("version", place, link));
        let queue = self
            .queue
            .iter()
            .map(|(place, link)| ("queued_version", place, link));
        let links = runs.chain(queue);
        links
            .filter(|(_, place, link)| self.leads(&place.1, link).is_none())
            .collect()
    }

    /// The releases of an app that a clean-up removes. The rule: let *oldest* be the lowest release deployed or queued
    /// anywhere, or else the highest; it, all above it and `limit - 1` below it stay, of which minor ones are not counted.
    pub(super) fn outdated(&self, app: &str, limit: usize) -> Vec<Number> {
        let Some(releases) = self.releases.get(app) else {
            return Vec::new();
        };
        let links = self
            .runs
            .iter()
            .chain(&self.queue)
            .filter(|(place, _)| place.1 == app);
        let in_use = links.filter_map(|(_, link)| self.leads(app, link));
        let oldest = in_use.min().or(releases.keys().next_back().copied());
        let below = releases.keys().filter(|number| Some(**number) < oldest);
        let below: Vec<_> = below.copied().collect();
        let mut counted = below
            .iter()
            .rev()
            .filter(|number| !self.minor.contains(&(app.to_owned(), **number)));
        let lowest = counted.nth(limit - 2);
        below
            .iter()
            .copied()
            .filter(|number| Some(number) < lowest)
            .collect()
    }

    /// Removes the outdated releases of an app.
    pub(super) fn clean_up(&mut self, app: &str, limit: usize) {
        for number in self.outdated(app, limit) {
            self.releases
                .get_mut(app)
                .and_then(|releases| releases.remove(&number));
            self.undeploys.remove(&(app.to_owned(), number));
            self.minor.remove(&(app.to_owned(), number));
        }
    }
}

/// The name of a release folder.
pub(super) fn folder((number, revision): Number) -> String {
    match revision {
        0 => number.to_string(),
        _ => format!("{number}.{revision}"),
    }
}

fn parse(folder: &str) -> Option<Number> {
    let (number, revision) = folder.split_once('.').unwrap_or((folder, "0"));
    Some((number.parse().ok()?, revision.parse().ok()?))
}

fn link(app: &str, text: &str) -> Link {
    let target = text.strip_prefix(&format!("->../../../../applications/{app}/releases/"));
    match target.and_then(parse) {
        Some(number) => Link::To(number),
        None => Link::Elsewhere(text.to_owned()),
    }
}
