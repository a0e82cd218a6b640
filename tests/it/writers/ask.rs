//! What an actor asks for, as data: the command line is made of it, and the checker holds the history against it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

/// The manifests of a release, by environment.
pub(super) type Manifests = BTreeMap<String, String>;

/// One operation.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    Release {
        app: String,
        version: Option<u64>,
        team: Option<String>,
        manifests: Manifests,
        source: Option<String>,
    },
    Undeploy {
        app: String,
    },
    /// `release --from`
    Folder(BTreeMap<String, Manifests>),
    Deploy {
        app: String,
        place: Place,
        version: u64,
        on_lock: String,
    },
    Lock {
        place: Place,
        what: What,
        id: String,
    },
    /// Without an id it is all locks in that place.
    Unlock {
        place: Place,
        what: What,
        id: Option<String>,
        keep_queue: bool,
    },
    Train {
        target: String,
        team: Option<String>,
        on_lock: String,
        tag: Option<String>,
    },
    CreateEnvironment {
        environment: String,
        upstream: String,
    },
    UpdateEnvironment {
        environment: String,
        annotation: String,
    },
    DeleteEnvironment {
        environment: String,
    },
    DeleteApp {
        app: String,
    },
    RemoveApp {
        app: String,
        environment: String,
    },
    Render,
    Batch(Vec<Ask>),
}

/// Where something happens.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Environment(String),
    Group(String),
}

/// What is locked there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    All,
    App(String),
    Team(String),
    Manifest(String),
}

impl Ask {
    /// Whether doing it twice differs from doing it once, as the docs have it.
    pub(super) fn counts(&self) -> bool {
        match self {
            Self::Release { version, .. } => version.is_none(),
            Self::Undeploy { .. } | Self::Folder(_) => true,
            Self::Train { tag, .. } => tag.is_some(),
            Self::Batch(asks) => asks.iter().any(Self::counts),
            Self::Deploy { .. }
            | Self::Lock { .. }
            | Self::Unlock { .. }
            | Self::CreateEnvironment { .. }
            | Self::UpdateEnvironment { .. }
            | Self::DeleteEnvironment { .. }
            | Self::DeleteApp { .. }
            | Self::RemoveApp { .. }
            | Self::Render => false,
        }
    }

    /// The same as the entry of a list; `folder` is where its files may lie. With it come the files to be written.
    fn entry(&self, folder: &Path) -> (Value, Files) {
        let mut files = Files::new();
        let mut store = |app: &str, manifests: &Manifests| -> Value {
            let paths = manifests.iter().map(|(environment, text)| {
                let path = folder.join(app).join(format!("{environment}.yaml"));
                let path = path.display().to_string();
                files.insert(path.clone(), text.clone());
                (environment.clone(), json!(path))
            });
            paths.collect()
        };
        let entry = match self {
            Self::Release {
                app,
                version,
                team,
                manifests,
                source,
            } => {
                json!({"operation": "release", "application": app, "version": version, "team": team, "source-commit-id": source, "manifest": store(app, manifests)})
            }
            Self::Undeploy { app } => {
                json!({"operation": "release", "application": app, "undeploy": true})
            }
            Self::Folder(apps) => {
                for (app, manifests) in apps {
                    store(app, manifests);
                }
                json!({"operation": "release", "from": folder.display().to_string()})
            }
            Self::Deploy {
                app,
                place,
                version,
                on_lock,
            } => {
                let mut entry = json!({"operation": "deploy", "application": app, "version": version, "on-lock": on_lock});
                place.enter(&mut entry);
                entry
            }
            Self::Lock { place, what, id } => {
                let mut entry =
                    json!({"operation": "lock", "lock-id": id, "message": format!("why {id}")});
                place.enter(&mut entry);
                what.enter(&mut entry);
                entry
            }
            Self::Unlock {
                place,
                what,
                id,
                keep_queue,
            } => {
                let mut entry = json!({"operation": "unlock", "lock-id": id, "all": id.is_none(), "keep-queue": keep_queue});
                place.enter(&mut entry);
                what.enter(&mut entry);
                entry
            }
            Self::Train {
                target,
                team,
                on_lock,
                tag,
            } => {
                json!({"operation": "release-train", "target-environment": target, "team": team, "on-lock": on_lock, "tag": tag})
            }
            Self::CreateEnvironment {
                environment,
                upstream,
            } => {
                json!({"operation": "environment create", "environment": environment, "upstream": upstream, "destination-name": "annex"})
            }
            Self::UpdateEnvironment {
                environment,
                annotation,
            } => {
                json!({"operation": "environment update", "environment": environment, "annotation": format!("yard.example/note={annotation}")})
            }
            Self::DeleteEnvironment { environment } => {
                json!({"operation": "environment delete", "environment": environment})
            }
            Self::DeleteApp { app } => json!({"operation": "app delete", "application": app}),
            Self::RemoveApp { app, environment } => {
                json!({"operation": "app remove-environment", "application": app, "environment": environment})
            }
            Self::Render => json!({"operation": "render", "all": true}),
            Self::Batch(asks) => {
                let mut lines = String::new();
                for (number, ask) in asks.iter().enumerate() {
                    let (mut entry, more) = ask.entry(&folder.join(number.to_string()));
                    prune(&mut entry);
                    lines.extend([entry.to_string(), "\n".to_owned()]);
                    files.extend(more);
                }
                let path = folder.join("list").display().to_string();
                files.insert(path.clone(), lines);
                json!({"operation": "apply", "file": path})
            }
        };
        (entry, files)
    }

    /// The words of the command line, and the files that it names.
    pub(super) fn words(&self, folder: &Path) -> (Vec<String>, Files) {
        let (mut entry, files) = self.entry(folder);
        prune(&mut entry);
        let mut words: Vec<String> = Vec::new();
        let mut flags = Vec::new();
        for (name, value) in entry.as_object().unwrap() {
            match (name.as_str(), value) {
                ("operation", value) => {
                    words.extend(value.as_str().unwrap().split(' ').map(str::to_owned));
                }
                (name, Value::Bool(_)) => flags.push(format!("--{name}")),
                (name, Value::Object(pairs)) => {
                    for (key, value) in pairs {
                        flags.push(format!("--{name}={key}={}", value.as_str().unwrap()));
                    }
                }
                (name, Value::String(text)) => flags.push(format!("--{name}={text}")),
                (name, other) => flags.push(format!("--{name}={other}")),
            }
        }
        words.extend(flags);
        (words, files)
    }
}

/// Files by path.
pub(super) type Files = BTreeMap<String, String>;

/// Takes out what is not asked for.
fn prune(entry: &mut Value) {
    let fields = entry.as_object_mut().unwrap();
    fields.retain(|_, value| !matches!(value, Value::Null | Value::Bool(false)));
}

impl Place {
    fn enter(&self, entry: &mut Value) {
        match self {
            Self::Environment(name) => entry["environment"] = json!(name),
            Self::Group(name) => entry["environment-group"] = json!(name),
        }
    }
}

impl What {
    fn enter(&self, entry: &mut Value) {
        match self {
            Self::All => {}
            Self::App(app) => entry["application"] = json!(app),
            Self::Team(team) => entry["team"] = json!(team),
            Self::Manifest(app) => {
                entry["application"] = json!(app);
                entry["kind"] = json!("manifest");
            }
        }
    }
}
