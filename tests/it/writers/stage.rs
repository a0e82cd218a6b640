//! The yard of a run: a bare remote, the clones, and a network that can be told to fail.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::{SignedDuration, Timestamp};

use super::ask::Files;
use super::script::{Befalls, Fate, Script, Shape};
use crate::world::{Tree, World, program_path, text};

/// When the first operation is: second 0 of a script.
const DAWN: &str = "2026-04-01T08:00:00Z";

/// The instant of this second of a script.
pub(super) fn instant(second: i64) -> Timestamp {
    let dawn: Timestamp = DAWN.parse().unwrap();
    dawn + SignedDuration::from_secs(second)
}

/// A remote and its clones.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) clones: Vec<Clone>,
    surroundings: Vec<(String, String)>,
    receive: String,
    upload: String,
}

/// A clone on the stage.
pub(super) struct Clone {
    pub(super) world: World,
    pub(super) shape: Shape,
    /// Where git keeps what is no file of the checkout.
    pub(super) git_folder: PathBuf,
}

impl Stage {
    pub(super) fn set(script: &Script) -> Self {
        let world = World::with_files(&files(script));
        for (name, value) in [("receive.autogc", "false"), ("gc.auto", "0")] {
            world.remote_git(&["config", name, value]);
        }
        let clones = script.clones.iter().enumerate();
        let clones = clones.map(|(number, shape)| open(&world, number, *shape));
        let clones = clones.collect();
        let mut stage = Self {
            receive: world.script("receive", &receive(&world)),
            upload: world.script("upload", UPLOAD),
            surroundings: world.surroundings(),
            clones,
            world,
        };
        stage.hook("before", "pre-receive", "kill -TERM $PPID; sleep 1; exit 1");
        let lost = "[ \"$1\" = committed ] || exit 0\nkill -TERM $PPID; sleep 1";
        stage.hook("lost", "reference-transaction", lost);
        stage.hook("refused", "pre-receive", "echo 'not today' >&2; exit 1");
        stage.hook("slow", "pre-receive", "sleep 0.1");
        stage.begin();
        stage
    }

    /// One release of each app, and a train that brings them to the next environment.
    fn begin(&mut self) {
        for (app, team) in [
            ("web", "red"),
            ("cart", "blue"),
            ("mail", "red"),
            ("toy", "blue"),
        ] {
            let environments: &[&str] = if app == "toy" {
                &["dev"]
            } else {
                &["dev", "staging", "prod-a", "prod-b"]
            };
            let mut line = format!("release -a {app} --team {team}");
            for environment in environments {
                let text = format!("kind: First\napp: {app}\nat: {environment}\n");
                let path = self
                    .world
                    .scratch(&format!("first/{app}/{environment}.yaml"), text);
                line.extend([" -f ", environment, "=", &path]);
            }
            self.world.ok(&line);
        }
        self.world.ok("release-train staging");
        // The files for Argo CD of the environments where nothing runs yet.
        self.world.ok("render --all");
    }

    fn hook(&self, fate: &str, name: &str, lines: &str) {
        self.world.script(&format!("fates/{fate}/{name}"), lines);
    }

    /// The program in a clone, with what is to befall it. `turn` tells this start of it from
    /// others of the same operation.
    pub(super) fn program(
        &self,
        clone: usize,
        (second, mark, turn): (i64, &str, u32),
        befalls: Befalls,
    ) -> Command {
        let mut program = Command::new(program_path());
        let environment = self.surroundings.iter().map(|(name, value)| (name, value));
        program
            .env_clear()
            .envs(environment)
            .env("TRAINYARD_NOW", instant(second).to_string())
            // It tells who published a commit, for whomever.
            .env("GIT_COMMITTER_EMAIL", mark)
            // A bare clone has to be named.
            .env("TRAINYARD_REPO", self.clones[clone].world.checkout())
            .current_dir(self.clones[clone].world.checkout());
        let (fate, push, dark) = match befalls {
            Befalls::Nothing => return program,
            Befalls::Killed { slow: true, .. } => ("slow", 0, false),
            Befalls::Killed { slow: false, .. } => ("none", 0, false),
            Befalls::Network { fate, push } => match fate {
                Fate::Cut => ("cut", 0, true),
                Fate::Before { dark } => ("before", push, dark),
                Fate::Lost { dark } => ("lost", push, dark),
                Fate::Refused => ("refused", push, false),
            },
        };
        let room = self
            .world
            .room()
            .join("befalls")
            .join(format!("{mark}.{turn}"));
        fs::create_dir_all(&room).unwrap();
        if fate == "cut" {
            fs::write(room.join("dark"), "").unwrap();
        }
        program
            .env("GIT_CONFIG_COUNT", "2")
            .env("GIT_CONFIG_KEY_0", "remote.origin.receivepack")
            .env("GIT_CONFIG_VALUE_0", &self.receive)
            .env("GIT_CONFIG_KEY_1", "remote.origin.uploadpack")
            .env("GIT_CONFIG_VALUE_1", &self.upload)
            .env("YARD_ROOM", room)
            .env("YARD_FATE", fate)
            .env("YARD_PUSH", push.to_string())
            .env("YARD_DARK", if dark { "yes" } else { "" });
        program
    }

    /// Waits until no server is at work any more.
    pub(super) fn wait_for_servers(&self) {
        let servers = self.world.room().join("servers");
        let mut flock = Command::new("flock");
        assert!(flock.arg(servers).arg("true").status().unwrap().success());
    }

    /// Where the files of an operation lie.
    pub(super) fn folder(&self, mark: &str) -> PathBuf {
        self.world.room().join("asks").join(mark)
    }

    /// Where the branch of the remote stands.
    pub(super) fn tip(&self) -> String {
        let path = self.world.remote().join("refs/heads/main");
        fs::read_to_string(path).unwrap().trim_end().to_owned()
    }
}

pub(super) fn put(files: &Files) {
    for (path, text) in files {
        fs::create_dir_all(Path::new(path).parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// The server of a push: apart from the process that is killed, as if it were on another machine.
fn receive(world: &World) -> String {
    let room = world.room().display();
    format!(
        "for file in 3 4 5 6 7 8 9; do eval \"exec $file>&-\"; done
exec 9>>{room}/servers; flock -s 9
number=$(ls \"$YARD_ROOM\" | grep -c push || true); mkdir \"$YARD_ROOM/push-$number-$$\"
if [ -e \"$YARD_ROOM/dark\" ]; then echo 'no route' >&2; exit 1; fi
hooks=none
if [ \"$number\" = \"$YARD_PUSH\" ]; then
  hooks=$YARD_FATE
  if [ -n \"$YARD_DARK\" ]; then : > \"$YARD_ROOM/dark\"; fi
fi
exec setsid git -c core.hooksPath={room}/scratch/fates/$hooks receive-pack \"$@\""
    )
}

/// The server of a fetch.
const UPLOAD: &str = "if [ -e \"$YARD_ROOM/dark\" ]; then echo 'no route' >&2; exit 1; fi
exec git upload-pack \"$@\"";

fn open(world: &World, number: usize, shape: Shape) -> Clone {
    let name = format!("clone-{number}");
    let (clone, git_folder) = match shape {
        Shape::Bare => {
            let clone = world.clone_with(&name, &["--bare"]);
            let folder = clone.checkout().to_owned();
            (clone, folder)
        }
        Shape::Plain | Shape::General => {
            let clone = world.clone_to(&name);
            let folder = clone.checkout().join(".git");
            (clone, folder)
        }
    };
    if shape == Shape::General {
        clone.git(&["config", "core.autocrlf", "input"]);
    }
    Clone {
        world: clone,
        shape,
        git_folder,
    }
}

/// The yard before anything happens: four environments in three steps.
fn files(script: &Script) -> Tree {
    let mut tree = Tree::new();
    let options = format!(
        "releaseVersionsLimit: 5\ncommitData: {}\npublish:\n  combine: {}\nargocd:\n  repoUrl: https://yard.example/manifests.git\n",
        script.commit_data, script.combine
    );
    tree.insert("trainyard.yaml".to_owned(), text(&options));
    tree.insert("README.md".to_owned(), text("A yard.\n"));
    let configs = [
        ("dev", r#""latest": true"#, "dev"),
        ("staging", r#""environment": "dev""#, "staging"),
        ("prod-a", r#""environment": "staging""#, "prod"),
        ("prod-b", r#""environment": "staging""#, "prod"),
    ];
    for (name, upstream, group) in configs {
        let config = format!(
            "{{\"upstream\": {{{upstream}}}, \"environmentGroup\": \"{group}\", \"argocd\": {{\"destination\": {{\"name\": \"{name}\"}}}}}}\n"
        );
        tree.insert(format!("environments/{name}/config.json"), text(&config));
    }
    tree
}

/// The words by which the program is told who asks.
pub(super) fn author(mark: &str) -> [OsString; 4] {
    ["--author-name", "Actor", "--author-email", mark].map(OsString::from)
}
