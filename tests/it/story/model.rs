//! What the rules say must happen, on plain maps. Written from the rules alone; it shares nothing with the program.

mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use crate::world::{Node, PERSON, PERSON_EMAIL, Tree, text};

/// A manifest repository.
#[derive(Clone)]
pub(super) struct Model {
    pub(super) environments: BTreeMap<String, Environment>,
    teams: BTreeMap<String, String>,
    releases: BTreeMap<(String, u64), Release>,
    running: BTreeMap<Place, Running>,
    waiting: BTreeMap<Place, u64>,
    locks: BTreeMap<(Scope, String), Lock>,
}

/// An environment and an app on it.
type Place = (String, String);

#[derive(Clone)]
pub(super) struct Environment {
    config: Vec<u8>,
    pub(super) parsed: Value,
}

/// What `release` is told about one version of an app.
#[derive(Clone)]
pub(super) struct Release {
    pub(super) team: String,
    pub(super) source_commit: String,
    pub(super) source_message: String,
    pub(super) display_version: String,
    /// The same manifest for every environment.
    pub(super) manifest: Vec<u8>,
    pub(super) at: Timestamp,
}

#[derive(Clone)]
struct Running {
    version: u64,
    since: Timestamp,
}

/// What a lock covers; the environment comes first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    Environment(String),
    App(String, String),
    Team(String, String),
}

#[derive(Clone)]
struct Lock {
    message: String,
    at: Timestamp,
}

/// What a train will do on one environment.
pub(super) enum Forecast {
    Skipped(&'static str),
    Runs(BTreeMap<String, AppForecast>),
}

/// What a train will do to one app.
pub(super) struct AppForecast {
    pub(super) current: Option<u64>,
    pub(super) locks: BTreeSet<String>,
    pub(super) fate: Fate,
}

pub(super) enum Fate {
    Skipped(&'static str),
    Queued(&'static str, u64),
    Deployed(u64),
}

impl Environment {
    fn upstream(&self) -> Option<&str> {
        self.parsed["upstream"]["environment"].as_str()
    }

    pub(super) fn group(&self) -> Option<&str> {
        self.parsed["environmentGroup"].as_str()
    }
}

impl Scope {
    fn environment(&self) -> &str {
        match self {
            Self::Environment(environment)
            | Self::App(environment, _)
            | Self::Team(environment, _) => environment,
        }
    }

    fn folder(&self) -> String {
        match self {
            Self::Environment(environment) => format!("environments/{environment}"),
            Self::App(environment, app) => format!("environments/{environment}/applications/{app}"),
            Self::Team(environment, team) => format!("environments/{environment}/teams/{team}"),
        }
    }
}

/// The commands.
impl Model {
    pub(super) fn new(configs: &BTreeMap<String, Vec<u8>>) -> Self {
        let environment = |config: &Vec<u8>| Environment {
            config: config.clone(),
            parsed: serde_json::from_slice(config).unwrap(),
        };
        let environments = configs.iter();
        Self {
            environments: environments
                .map(|(name, config)| (name.clone(), environment(config)))
                .collect(),
            teams: BTreeMap::new(),
            releases: BTreeMap::new(),
            running: BTreeMap::new(),
            waiting: BTreeMap::new(),
            locks: BTreeMap::new(),
        }
    }

    pub(super) fn release(&mut self, app: &str, version: u64, release: Release) {
        let at = release.at;
        self.teams.insert(app.to_owned(), release.team.clone());
        self.releases.insert((app.to_owned(), version), release);
        let first_stops = self.environments.iter();
        let first_stops: Vec<String> = first_stops
            .filter(|(_, environment)| environment.upstream().is_none())
            .map(|(name, _)| name.clone())
            .collect();
        for environment in first_stops {
            if self.in_force(&environment, app).is_empty() {
                self.deploy(&environment, app, version, at);
            } else {
                self.waiting.insert((environment, app.to_owned()), version);
            }
        }
    }

    pub(super) fn place(&mut self, scope: &Scope, id: &str, message: &str, at: Timestamp) {
        let message = message.to_owned();
        let lock = Lock { message, at };
        self.locks.insert((scope.clone(), id.to_owned()), lock);
    }

    pub(super) fn lift(&mut self, scope: &Scope, id: &str, at: Timestamp) {
        let lifted = self.locks.remove(&(scope.clone(), id.to_owned()));
        assert!(
            lifted.is_some(),
            "the story lifts a lock that nobody placed"
        );
        for ((environment, app), version) in self.waiting.clone() {
            if environment == scope.environment() && self.in_force(&environment, &app).is_empty() {
                self.deploy(&environment, &app, version, at);
            }
        }
    }

    pub(super) fn depart(&mut self, target: &str, at: Timestamp) {
        for (environment, forecast) in self.forecast(target) {
            let Forecast::Runs(apps) = forecast else {
                continue;
            };
            for (app, forecast) in apps {
                match forecast.fate {
                    Fate::Skipped(_) => {}
                    Fate::Queued(_, version) => {
                        self.waiting.insert((environment.clone(), app), version);
                    }
                    Fate::Deployed(version) => self.deploy(&environment, &app, version, at),
                }
            }
        }
    }

    fn deploy(&mut self, environment: &str, app: &str, version: u64, since: Timestamp) {
        let place = (environment.to_owned(), app.to_owned());
        self.waiting.remove(&place);
        if self.running_version(environment, app) != Some(version) {
            self.running.insert(place, Running { version, since });
        }
    }
}

/// The questions.
impl Model {
    pub(super) fn forecast(&self, target: &str) -> BTreeMap<String, Forecast> {
        let in_group = self.members(target);
        let targets = if in_group.is_empty() {
            vec![target.to_owned()]
        } else {
            in_group
        };
        let forecasts = targets.into_iter().map(|environment| {
            let forecast = self.forecast_environment(&environment);
            (environment, forecast)
        });
        forecasts.collect()
    }

    fn forecast_environment(&self, environment: &str) -> Forecast {
        let lock = Scope::Environment(environment.to_owned());
        if self.locks.keys().any(|(scope, _)| *scope == lock) {
            return Forecast::Skipped("ENV_IS_LOCKED");
        }
        let upstream = self.environments[environment].upstream();
        let candidates = upstream.map_or_else(
            || self.teams.keys().cloned().collect(),
            |upstream| self.apps_known_on(upstream),
        );
        let forecasts = candidates.into_iter().map(|app| {
            let forecast = self.forecast_app(environment, upstream, &app);
            (app, forecast)
        });
        Forecast::Runs(forecasts.collect())
    }

    fn forecast_app(&self, environment: &str, upstream: Option<&str>, app: &str) -> AppForecast {
        let current = self.running_version(environment, app);
        let next = match upstream {
            Some(upstream) => self.running_version(upstream, app),
            None => self.newest(app),
        };
        let locks = self.in_force(environment, app);
        let held_by_app = locks
            .iter()
            .any(|(scope, _)| matches!(scope, Scope::App(..)));
        let fate = match next {
            None => Fate::Skipped("APP_HAS_NO_VERSION_IN_UPSTREAM_ENV"),
            Some(_) if next == current => Fate::Skipped("APP_ALREADY_IN_UPSTREAM_VERSION"),
            Some(next) if held_by_app => Fate::Queued("APP_IS_LOCKED", next),
            Some(next) if !locks.is_empty() => Fate::Queued("TEAM_IS_LOCKED", next),
            Some(next) => Fate::Deployed(next),
        };
        let locks = locks.into_iter().map(|(_, id)| id.clone()).collect();
        AppForecast {
            current,
            locks,
            fate,
        }
    }

    /// The environments of a group.
    pub(super) fn members(&self, group: &str) -> Vec<String> {
        let environments = self.environments.iter();
        environments
            .filter(|(_, environment)| environment.group() == Some(group))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// The apps that run on an environment, each with its team.
    pub(super) fn running_on(&self, environment: &str) -> BTreeMap<String, String> {
        let places = self.running.keys();
        places
            .filter(|(place, _)| place == environment)
            .map(|(_, app)| (app.clone(), self.teams[app].clone()))
            .collect()
    }

    /// The apps that have a folder on an environment, be it only for a lock.
    fn apps_known_on(&self, environment: &str) -> BTreeSet<String> {
        let places = self.running.keys().chain(self.waiting.keys());
        let locked = self.locks.keys().filter_map(|(scope, _)| match scope {
            Scope::App(place, app) if place == environment => Some(app.clone()),
            _ => None,
        });
        places
            .filter(|(place, _)| place == environment)
            .map(|(_, app)| app.clone())
            .chain(locked)
            .collect()
    }

    fn running_version(&self, environment: &str, app: &str) -> Option<u64> {
        let place = (environment.to_owned(), app.to_owned());
        self.running.get(&place).map(|running| running.version)
    }

    fn newest(&self, app: &str) -> Option<u64> {
        let releases = self.releases.keys();
        releases
            .filter(|(released, _)| released == app)
            .map(|(_, version)| *version)
            .max()
    }

    fn in_force(&self, environment: &str, app: &str) -> Vec<&(Scope, String)> {
        let team = self.teams.get(app);
        let covers = |scope: &Scope| match scope {
            Scope::Environment(place) => place == environment,
            Scope::App(place, locked) => place == environment && locked == app,
            Scope::Team(place, locked) => place == environment && Some(locked) == team,
        };
        let locks = self.locks.keys();
        locks.filter(|(scope, _)| covers(scope)).collect()
    }
}

/// The files.
impl Model {
    /// Every file and link of the repository, but for those of Argo CD.
    pub(super) fn files(&self) -> Tree {
        let mut tree = Tree::new();
        for (name, environment) in &self.environments {
            let path = format!("environments/{name}/config.json");
            tree.insert(path, Node::File(environment.config.clone()));
        }
        for (app, team) in &self.teams {
            tree.insert(format!("applications/{app}/team"), text(team));
        }
        for ((app, version), release) in &self.releases {
            let folder = format!("applications/{app}/releases/{version}");
            self.add_release(&mut tree, &folder, release);
        }
        for ((environment, app), running) in &self.running {
            let folder = format!("environments/{environment}/applications/{app}");
            self.add_running(&mut tree, &folder, app, running);
        }
        for ((environment, app), version) in &self.waiting {
            let path = format!("environments/{environment}/applications/{app}/queued_version");
            tree.insert(path, link_to(app, *version));
        }
        for ((scope, id), lock) in &self.locks {
            add_lock(&mut tree, &format!("{}/locks/{id}", scope.folder()), lock);
        }
        tree
    }

    fn add_release(&self, tree: &mut Tree, folder: &str, release: &Release) {
        let mut add = |name: &str, node| tree.insert(format!("{folder}/{name}"), node);
        add("created_at", text(&release.at.to_string()));
        add("source_commit_id", text(&release.source_commit));
        add("source_message", text(&release.source_message));
        add("display_version", text(&release.display_version));
        for environment in self.environments.keys() {
            let path = format!("environments/{environment}/manifests.yaml");
            add(&path, Node::File(release.manifest.clone()));
        }
    }

    fn add_running(&self, tree: &mut Tree, folder: &str, app: &str, running: &Running) {
        let release = &self.releases[&(app.to_owned(), running.version)];
        let since = running.since.strftime("%Y-%m-%d %H:%M:%S +0000 UTC");
        let mut add = |name: &str, node| tree.insert(format!("{folder}/{name}"), node);
        add("version", link_to(app, running.version));
        add(
            "manifests/manifests.yaml",
            Node::File(release.manifest.clone()),
        );
        add("deployed_by", text(PERSON));
        add("deployed_by_email", text(PERSON_EMAIL));
        add("deployed_at_utc", text(&since.to_string()));
    }
}

fn add_lock(tree: &mut Tree, folder: &str, lock: &Lock) {
    let mut add =
        |name: &str, content: &str| tree.insert(format!("{folder}/{name}"), text(content));
    add("message", &lock.message);
    add("created_at", &lock.at.to_string());
    add("created_by_name", PERSON);
    add("created_by_email", PERSON_EMAIL);
}

fn link_to(app: &str, version: u64) -> Node {
    Node::Link(format!("../../../../applications/{app}/releases/{version}"))
}
