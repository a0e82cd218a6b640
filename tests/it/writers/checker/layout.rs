//! Reads a tree by the table of `docs/format.md`. A path that is not in that table is a fault.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::evidence::{Node, Tree};
use super::state::{Environment, Lock, On, State, Upstream};

const LOCK: [&str; 4] = [
    "created_at",
    "created_by_email",
    "created_by_name",
    "message",
];
const DEPLOYED: [&str; 3] = ["deployed_at_utc", "deployed_by", "deployed_by_email"];
const APPLIED: &str = "manifests/manifests.yaml";

/// What a tree says, and what is wrong with its files.
pub(super) fn read(tree: &Tree) -> (State, Vec<String>) {
    let mut reader = Reader {
        tree,
        state: State::default(),
        faults: Vec::new(),
        sets: BTreeMap::new(),
    };
    for (path, node) in tree {
        reader.path(path, node);
    }
    reader.complete();
    (reader.state, reader.faults)
}

struct Reader<'a> {
    tree: &'a Tree,
    state: State,
    faults: Vec<String>,
    /// The names of the files in folders that must hold certain ones.
    sets: BTreeMap<(Set, String), Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Set {
    Release,
    Lock,
    Spot,
    Commit,
    Event,
}

impl Reader<'_> {
    fn path(&mut self, path: &str, node: &Node) {
        let wanted = match path.rsplit('/').next() {
            Some("version" | "queued_version") => "120000",
            _ => "100644",
        };
        if node.mode != wanted {
            self.faults
                .push(format!("`{path}` has the mode {}", node.mode));
        }
        let parts: Vec<&str> = path.split('/').collect();
        let text = || String::from_utf8_lossy(&node.bytes).into_owned();
        match parts.as_slice() {
            ["trainyard.yaml" | "README.md"] | ["argocd", "v1alpha1", _] => {}
            ["applications", app, "team"] => {
                let team = text();
                if team.is_empty() || team.contains('\n') {
                    self.faults.push(format!("`{path}` holds {team:?}"));
                }
                self.state.apps.entry((*app).to_owned()).or_default().team = Some(team);
            }
            ["applications", app, "releases", number, rest @ ..] => {
                self.release(path, (app, number), rest, &text());
            }
            ["environments", name, "config.json"] => self.config(path, name, &text()),
            ["environments", name, "locks", id, file] => self.lock(path, name, On::All, (id, file)),
            ["environments", name, "teams", team, "locks", id, file] => {
                self.lock(path, name, On::Team((*team).to_owned()), (id, file));
            }
            ["environments", name, "applications", app, "locks", id, file] => {
                self.lock(path, name, On::App((*app).to_owned()), (id, file));
            }
            [
                "environments",
                name,
                "applications",
                app,
                "manifest_locks",
                id,
                file,
            ] => {
                self.lock(path, name, On::Manifest((*app).to_owned()), (id, file));
            }
            ["environments", name, "applications", app, rest @ ..] => {
                self.spot(path, (name, app), &rest.join("/"), &text());
            }
            ["commits", two, rest, data @ ..] => self.commit(path, (two, rest), data),
            _ => self.faults.push(format!("`{path}` is unknown")),
        }
    }

    fn note(&mut self, set: Set, path: &str, name: &str) {
        let folder = path.strip_suffix(name).unwrap().trim_end_matches('/');
        let key = (set, folder.to_owned());
        self.sets.entry(key).or_default().push(name.to_owned());
    }

    fn release(&mut self, path: &str, (app, number): (&str, &str), rest: &[&str], text: &str) {
        let Some(version) = number
            .parse::<u64>()
            .ok()
            .filter(|each| each.to_string() == number)
        else {
            self.faults.push(format!("`{path}` is no release"));
            return;
        };
        let releases = &mut self.state.apps.entry(app.to_owned()).or_default().releases;
        let release = releases.entry(version).or_default();
        match rest {
            ["environments", environment, "manifests.yaml"] => {
                let manifest = (*environment).to_owned();
                release.manifests.insert(manifest, text.to_owned());
            }
            ["undeploy"] => release.undeploys = true,
            [
                "created_at" | "source_commit_id" | "source_author" | "source_message"
                | "display_version" | "previous_commit_id" | "ci_link" | "minor",
            ] => {}
            _ => self.faults.push(format!("`{path}` is unknown")),
        }
        if rest == ["created_at"] && !text.ends_with('Z') {
            self.faults.push(format!("`{path}` holds {text:?}"));
        }
        let names = rest.join("/");
        self.note(Set::Release, path, &names);
    }

    fn config(&mut self, path: &str, name: &str, text: &str) {
        let Ok(config) = serde_json::from_str::<Value>(text) else {
            self.faults.push(format!("`{path}` is no JSON"));
            return;
        };
        let upstream = &config["upstream"];
        let upstream = match (
            upstream["latest"].as_bool(),
            upstream["environment"].as_str(),
        ) {
            (Some(true), None) => Upstream::Latest,
            (_, Some(environment)) => Upstream::Environment(environment.to_owned()),
            _ => Upstream::None,
        };
        let environment = Environment {
            upstream,
            group: config["environmentGroup"].as_str().map(str::to_owned),
            has_project: config["argocd"].is_object(),
        };
        self.state.environments.insert(name.to_owned(), environment);
    }

    fn lock(&mut self, path: &str, environment: &str, on: On, (id, file): (&str, &str)) {
        self.note(Set::Lock, path, file);
        self.state.locks.insert(Lock {
            environment: environment.to_owned(),
            on,
            id: id.to_owned(),
        });
    }

    fn spot(&mut self, path: &str, (name, app): (&str, &str), rest: &str, text: &str) {
        self.note(Set::Spot, path, rest);
        let mut spot = self.state.spot(name, app);
        let place = match rest {
            "version" => &mut spot.runs,
            "queued_version" => &mut spot.waits,
            _ if rest == APPLIED || DEPLOYED.contains(&rest) => return,
            _ => {
                self.faults.push(format!("`{path}` is unknown"));
                return;
            }
        };
        let inside = format!("../../../../applications/{app}/releases/");
        *place = text
            .strip_prefix(&inside)
            .and_then(|number| number.parse().ok());
        if place.is_none() {
            self.faults.push(format!("`{path}` leads to {text:?}"));
        }
        self.state.set(name, app, spot);
    }

    fn commit(&mut self, path: &str, (two, rest): (&str, &str), data: &[&str]) {
        let digits = format!("{two}{rest}");
        if digits.len() != 40
            || two.len() != 2
            || !digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            self.faults
                .push(format!("`{path}` is no folder of a commit"));
        }
        match data {
            [".empty" | ".gitkeep" | "source_message" | "nextCommit" | "previousCommit"]
            | ["applications", _, ".gitkeep"] => {
                self.note(Set::Commit, path, &data.join("/"));
            }
            ["events", _, file @ ..] => self.note(Set::Event, path, &file.join("/")),
            _ => self.faults.push(format!("`{path}` is unknown")),
        }
    }

    /// Whether a lock keeps the manifest of a place, even if there was none when the lock was placed.
    fn is_kept(&self, folder: &str) -> bool {
        let locks = format!("{folder}/manifest_locks/");
        self.tree.keys().any(|path| path.starts_with(&locks))
    }

    /// What belongs together is there together.
    fn complete(&mut self) {
        for ((set, folder), names) in &self.sets {
            let has = |name: &str| names.iter().any(|each| each == name);
            let manifests = self.tree.keys();
            let whole = match set {
                Set::Release => has("created_at"),
                Set::Lock => *names == LOCK,
                Set::Spot => {
                    let all = DEPLOYED.iter().all(|name| has(name))
                        && (has(APPLIED) || self.is_kept(folder));
                    let none = !DEPLOYED.iter().any(|name| has(name)) && !has(APPLIED);
                    if has("version") {
                        all
                    } else {
                        none && has("queued_version")
                    }
                }
                Set::Commit => {
                    let apps = format!("{folder}/applications/");
                    has(".empty")
                        && has("source_message")
                        && manifests.into_iter().any(|path| path.starts_with(&apps))
                }
                Set::Event => has("eventType"),
            };
            if !whole {
                self.faults.push(format!("`{folder}` holds {names:?}"));
            }
        }
    }
}
