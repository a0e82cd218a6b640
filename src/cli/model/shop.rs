//! The shop of the model: a small manifest repository, clones of it, and the command lines that actors run.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, Oid, Repository, Signature, Time};

use super::chance::Chance;
use super::stage::MAIN;
use crate::git::double::set;
use crate::state::Combine;

/// The moment at which every history begins, in seconds since 1970.
pub(super) const BEGINNING: i64 = 1_721_642_400;

pub(super) const URL: &str = "https://git.shop.example/manifests.git";
const APPS: [&str; 3] = ["api", "mail", "web"];
const ENVIRONMENTS: [&str; 3] = ["development", "staging", "production"];

/// Where everything lies, and the state at which histories begin.
pub(super) struct Shop {
    room: tempfile::TempDir,
    /// That of each way to let operations go together.
    bases: [(Combine, Oid); 3],
}

/// A command that an actor runs.
#[derive(Clone, Debug)]
pub(super) struct Command {
    /// For whom; no other command has the same.
    pub(super) author: String,
    pub(super) words: Vec<String>,
    /// Whether doing it twice differs from doing it once.
    pub(super) counts: bool,
    pub(super) tag: Option<String>,
}

impl Shop {
    pub(super) fn new() -> Self {
        // In memory where that is a folder: a history makes hundreds of small files.
        let memory = Path::new("/dev/shm");
        let room = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let room = room.unwrap();
        let origin = room.path().join("origin");
        bare(&origin, None, "");
        for variant in 1..=3 {
            let text = format!("kind: ConfigMap\ndata:\n  variant: \"{variant}\"\n");
            fs::write(room.path().join(format!("{variant}.yaml")), text).unwrap();
        }
        let repository = Repository::open(&origin).unwrap();
        let bases = [
            (Combine::Never, "commitData: true\n"),
            (Combine::AfterALostRace, "publish: {combine: true}\n"),
            (Combine::Always, "publish: {combine: always}\n"),
        ];
        let base = |options| commit(&repository, None, &files(options), "shop", 0);
        let bases = bases.map(|(combine, options)| (combine, base(options)));
        Self { room, bases }
    }

    /// The first commit of a repository that lets operations go together in this way.
    pub(super) fn base(&self, combine: Combine) -> Oid {
        let mut bases = self.bases.iter();
        bases.find(|base| base.0 == combine).unwrap().1
    }

    /// A room of its own for a history.
    pub(super) fn room(&self, name: &str) -> PathBuf {
        let room = self.room.path().join(name);
        fs::create_dir(&room).unwrap();
        room
    }

    /// The repository of a remote in a room, which borrows the objects of the shop.
    pub(super) fn server(&self, room: &Path) -> PathBuf {
        let folder = room.join("server");
        bare(&folder, Some(&self.room.path().join("origin")), "");
        folder
    }

    /// A bare clone of it.
    pub(super) fn clone(room: &Path, name: &str, (base, tracks): (Oid, bool)) -> PathBuf {
        let folder = room.join(name);
        let fetch = if tracks {
            "\tfetch = +refs/heads/*:refs/remotes/origin/*\n"
        } else {
            ""
        };
        let config = format!(
            "[remote \"origin\"]\n\turl = {URL}\n{fetch}[user]\n\tname = ci\n\temail = ci@shop.example\n[commit]\n\tgpgsign = false\n[tag]\n\tgpgsign = false\n\tforcesignannotated = false\n"
        );
        bare(&folder, Some(&room.join("server")), &config);
        set(&folder, MAIN, base);
        if tracks {
            set(&folder, "refs/remotes/origin/main", base);
        }
        folder
    }

    /// A random command.
    pub(super) fn command(&self, chance: &mut Chance, author: String) -> Command {
        let app = *chance.one(&APPS);
        let environment = *chance.one(&ENVIRONMENTS);
        let lock = *chance.one(&["freeze", "holiday"]);
        let mut command = Command {
            words: Vec::new(),
            counts: false,
            tag: None,
            author,
        };
        let mut line = match chance.below(10) {
            0..3 => {
                let mut line = format!("release -a {app}");
                for environment in ENVIRONMENTS {
                    let variant = 1 + chance.below(3);
                    let file = self.room.path().join(format!("{variant}.yaml"));
                    let _ = write!(line, " --manifest {environment}={}", file.display());
                }
                command.counts = chance.hits(600);
                if !command.counts {
                    let _ = write!(line, " --version {}", 10 + chance.below(8));
                }
                line
            }
            3..5 => {
                let version = 1 + chance.below(2);
                let on_lock = chance.one(&["queue", "fail", "ignore"]);
                format!("deploy -a {app} -e {environment} --version {version} --on-lock {on_lock}")
            }
            5..7 => {
                let app = if chance.hits(500) {
                    format!(" -a {app}")
                } else {
                    String::new()
                };
                format!("lock -e {environment}{app} --lock-id {lock} -m why")
            }
            7 => format!("unlock -e {environment} --lock-id {lock}"),
            _ => {
                let target = chance.one(&["staging", "production"]);
                format!("release-train {target}")
            }
        };
        if line.starts_with("release-train") && chance.hits(250) {
            let tag = command.author.replace(' ', "-");
            let _ = write!(line, " --tag {tag}");
            command.tag = Some(tag);
        }
        command.words = line.split(' ').map(str::to_owned).collect();
        command
    }

    /// The last command in a clone, which always changes something.
    pub(super) fn last_command(author: String) -> Command {
        let id = author.replace(' ', "-");
        let line = format!("lock -e development --lock-id {id} -m last");
        Command {
            words: line.split(' ').map(str::to_owned).collect(),
            counts: false,
            tag: None,
            author,
        }
    }
}

/// A bare repository in as few files as can be.
fn bare(folder: &Path, lender: Option<&Path>, config: &str) {
    fs::create_dir_all(folder.join("objects/info")).unwrap();
    fs::create_dir_all(folder.join("refs/heads")).unwrap();
    fs::write(folder.join("HEAD"), "ref: refs/heads/main\n").unwrap();
    let core = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n";
    fs::write(folder.join("config"), format!("{core}{config}")).unwrap();
    if let Some(lender) = lender {
        let objects = format!("{}\n", lender.join("objects").display());
        fs::write(folder.join("objects/info/alternates"), objects).unwrap();
    }
}

/// Three environments, and three apps with two releases each, of which the first runs everywhere.
fn files(options: &str) -> Vec<(String, String)> {
    let mut files = vec![("trainyard.yaml".to_owned(), options.to_owned())];
    let mut file = |path: String, text: &str| files.push((path, text.to_owned()));
    for (place, environment) in ENVIRONMENTS.iter().enumerate() {
        let config = match place.checked_sub(1) {
            None => r#"{"upstream":{"latest":true}}"#.to_owned(),
            Some(before) => format!(
                r#"{{"upstream":{{"environment":"{}"}}}}"#,
                ENVIRONMENTS[before]
            ),
        };
        file(format!("environments/{environment}/config.json"), &config);
        for app in APPS {
            let folder = format!("environments/{environment}/applications/{app}");
            let link = format!("->../../../../applications/{app}/releases/1");
            file(format!("{folder}/version"), &link);
            file(
                format!("{folder}/manifests/manifests.yaml"),
                &format!("{app}: 1\n"),
            );
        }
    }
    for app in APPS {
        file(
            format!("applications/{app}/team"),
            if app == "web" { "front" } else { "back" },
        );
        for version in 1..=2 {
            let release = format!("applications/{app}/releases/{version}");
            file(format!("{release}/created_at"), "2024-07-01T00:00:00Z");
            for environment in ENVIRONMENTS {
                let path = format!("{release}/environments/{environment}/manifests.yaml");
                file(path, &format!("{app}: {version}\n"));
            }
        }
    }
    files
}

/// Writes a commit with these files besides those of its parent; a text that begins with `->` makes a link.
pub(super) fn commit(
    repository: &Repository,
    parent: Option<Oid>,
    files: &[(String, String)],
    message: &str,
    seconds: i64,
) -> Oid {
    let parent = parent.map(|id| repository.find_commit(id).unwrap());
    let tree = match &parent {
        Some(parent) => parent.tree().unwrap(),
        None => {
            let empty = repository.treebuilder(None).unwrap().write().unwrap();
            repository.find_tree(empty).unwrap()
        }
    };
    let mut update = TreeUpdateBuilder::new();
    for (path, text) in files {
        let (text, mode) = match text.strip_prefix("->") {
            Some(target) => (target, FileMode::Link),
            None => (text.as_str(), FileMode::Blob),
        };
        update.upsert(path, repository.blob(text.as_bytes()).unwrap(), mode);
    }
    let tree = update.create_updated(repository, &tree).unwrap();
    let tree = repository.find_tree(tree).unwrap();
    let time = Time::new(BEGINNING + seconds, 0);
    let who = Signature::new("somebody", "somebody@shop.example", &time).unwrap();
    let parents: Vec<_> = parent.iter().collect();
    repository
        .commit(None, &who, &who, message, &tree, &parents)
        .unwrap()
}
