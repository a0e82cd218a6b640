//! The scene of every accident: a small shop with something to do for each verb, and a user who has edits of their own.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use super::fault::run_at;
use crate::world::{Mould, Tree, World, text};

/// The commands that change something, each with work to do in the scene.
pub(super) const VERBS: [(&str, &str); 15] = [
    (
        "release",
        "release -a web --manifest dev=../scratch/next.yaml --manifest staging=../scratch/next.yaml",
    ),
    ("releases", "release --from ../scratch/apps"),
    ("deploy", "deploy -a api -e staging --version 1"),
    ("lock", "lock -e dev --lock-id mine -m mine"),
    ("unlock", "unlock -e staging -a web --lock-id held"),
    ("train", "release-train staging"),
    ("tagged", "release-train staging --tag v1"),
    ("create", "environment create prod --upstream staging"),
    (
        "update",
        "environment update staging --destination-server https://staging.example",
    ),
    ("delete", "environment delete staging"),
    ("app-delete", "app delete -a old"),
    ("app-remove", "app remove-environment -a web -e staging"),
    ("apply", "apply -f ../scratch/list.yaml"),
    ("render", "render --all"),
    ("verify", "verify --fix"),
];

/// The commands that only look, work elsewhere, or pass on to those.
const OTHERS: [&str; 18] = [
    "can-deploy",
    "changelog",
    "completions",
    "demo",
    "diff",
    "environment check",
    "environment list",
    "environment schema",
    "environment show",
    "help",
    "history",
    "kuberpult-client",
    "locks",
    "man",
    "prognosis",
    "queue",
    "status",
    "where",
];

/// The command after the accident.
pub(super) const OTHER: &str = "lock -e dev --lock-id other -m other";

/// A command of much later.
pub(super) const LATER: &str = "unlock -e dev --lock-id other";

/// Where and how a command works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shape {
    /// A plain checkout of a remote.
    Plain,
    /// The same, and the remote has moved on since it was fetched.
    Behind,
    /// A checkout that only git itself can bring along.
    LineEndings,
    /// Nothing is pushed.
    Local,
    /// A bare clone of the remote.
    Bare,
    /// A plain checkout of a remote where every operation waits in line.
    InLine,
    /// The same, and somebody waits there already.
    Leads,
}

impl Shape {
    pub(super) const ALL: [Self; 7] = [
        Self::Plain,
        Self::Behind,
        Self::LineEndings,
        Self::Local,
        Self::Bare,
        Self::InLine,
        Self::Leads,
    ];

    /// A line of arguments as it is typed in this shape.
    pub(super) fn line(self, line: &str) -> String {
        match self {
            Self::Plain | Self::Behind | Self::LineEndings | Self::InLine | Self::Leads => {
                line.to_owned()
            }
            Self::Local => format!("--no-push {line}"),
            Self::Bare => format!("-C ../bare.git {line}"),
        }
    }

    /// A fresh world of this shape.
    pub(super) fn world(self) -> World {
        static PLAIN: OnceLock<Mould> = OnceLock::new();
        static BEHIND: OnceLock<Mould> = OnceLock::new();
        static IN_LINE: OnceLock<Mould> = OnceLock::new();
        static LEADS: OnceLock<Mould> = OnceLock::new();
        let plain = || PLAIN.get_or_init(|| scene("").mould()).cast();
        let in_line = || {
            let mould = IN_LINE.get_or_init(|| scene("publish: {combine: always}\n").mould());
            mould.cast()
        };
        match self {
            Self::Plain | Self::Local | Self::Bare => plain(),
            Self::Behind => BEHIND
                .get_or_init(|| {
                    let world = plain();
                    world
                        .clone_to("rival")
                        .ok("lock -e staging -a old --lock-id rival -m rival");
                    world.mould()
                })
                .cast(),
            Self::InLine => in_line(),
            Self::Leads => LEADS
                .get_or_init(|| {
                    let world = in_line();
                    let rival = world.clone_to("rival");
                    kill_in_line(
                        &rival,
                        self,
                        "lock -e staging -a old --lock-id rival -m rival",
                        0,
                    );
                    world.mould()
                })
                .cast(),
            Self::LineEndings => {
                let world = plain();
                world.git(&["config", "core.autocrlf", "true"]);
                world
            }
        }
    }

    /// The git folder in which the command works.
    pub(super) fn git_folder(self, world: &World) -> PathBuf {
        match self {
            Self::Plain
            | Self::Behind
            | Self::LineEndings
            | Self::Local
            | Self::InLine
            | Self::Leads => git_folder(world),
            Self::Bare => world.room().join("bare.git"),
        }
    }

    /// The repository whose branch tells whether a change has landed.
    pub(super) fn judge(self, world: &World) -> PathBuf {
        match self {
            Self::Local => git_folder(world),
            Self::Plain
            | Self::Behind
            | Self::LineEndings
            | Self::Bare
            | Self::InLine
            | Self::Leads => world.remote(),
        }
    }

    /// Whether operations wait in line.
    pub(super) fn combines(self) -> bool {
        matches!(self, Self::InLine | Self::Leads)
    }
}

/// Takes out of the line who waits there.
pub(super) fn nobody_waits(world: &World) {
    world.remote_git(&[
        "update-ref",
        "-d",
        &world.remote_git(&["for-each-ref", "--format=%(refname)", "refs/trainyard"]),
    ]);
}

/// Runs a command at this minute, and kills it when it waits in line and is about to publish.
fn kill_in_line(world: &World, shape: Shape, line: &str, minute: i64) {
    let hook = world.hook(
        "pre-push",
        "if grep -q refs/heads/; then kill -9 $(ps -o ppid= -p $PPID); exit 1; fi",
    );
    let answer = run_at(world, shape, line, minute);
    assert_eq!(answer.code, -1, "{line}\n{answer}");
    fs::remove_file(hook).unwrap();
}

/// The git folder of the checkout, which may lie beside it.
pub(super) fn git_folder(world: &World) -> PathBuf {
    let inside = world.checkout().join(".git");
    if inside.is_file() {
        world.room().join("git")
    } else {
        inside
    }
}

/// What the user has begun in the checkout: a line of `git status` for each.
pub(super) const EDITS: &str = " M notes.txt\nA  staged.txt\n?? untracked.txt";

/// The scene with these options more.
fn scene(more: &str) -> World {
    let mut tree = Tree::new();
    let upstreams = [
        ("dev", r#"{"latest": true}"#),
        ("staging", r#"{"environment": "dev"}"#),
    ];
    for (name, upstream) in upstreams {
        let argocd = r#"{"destination": {"server": "https://k8s.example"}}"#;
        let config = format!("{{\"upstream\": {upstream}, \"argocd\": {argocd}}}\n");
        tree.insert(format!("environments/{name}/config.json"), text(&config));
    }
    let options = format!("argocd:\n  repoUrl: https://git.example/manifests.git\n{more}");
    tree.insert("trainyard.yaml".to_owned(), text(&options));
    tree.insert("notes.txt".to_owned(), text("notes\n"));
    let world = World::with_files(&tree);
    for name in [
        "web",
        "next",
        "api",
        "old",
        "apps/web/dev",
        "apps/api/dev",
        "apps/api/staging",
    ] {
        world.scratch(
            &format!("{name}.yaml"),
            format!(
                "kind: ConfigMap\nmetadata:\n  name: {}\n",
                name.replace('/', "-")
            ),
        );
    }
    world.scratch("list.yaml", "- operation: release\n  application: web\n  manifest:\n    dev: next.yaml\n- operation: lock\n  environment: dev\n  lockId: listed\n  message: listed\n- operation: release-train\n  target: staging\n".replace("next.yaml", "../scratch/next.yaml"));
    for line in [
        "release -a web --manifest dev=../scratch/web.yaml --manifest staging=../scratch/web.yaml",
        "release-train staging",
        "release -a web --manifest dev=../scratch/api.yaml --manifest staging=../scratch/api.yaml",
        "release -a api --manifest dev=../scratch/api.yaml --manifest staging=../scratch/api.yaml",
        "release -a old --manifest dev=../scratch/old.yaml",
        "release -a old --undeploy",
        "lock -e staging -a web --lock-id held -m held",
        "deploy -a web -e staging --version 2",
    ] {
        world.ok(line);
    }
    // Something for `render` to mend, and for `verify`.
    world.file("argocd/v1alpha1/staging.yaml", "damaged\n");
    world.file("environments/dev/.DS_Store", "\n");
    world.shell("git clone -q --bare ../remote.git ../bare.git && git -C ../bare.git config remote.origin.url ../remote.git && git -C ../bare.git config core.fsync none");
    world.edit("notes.txt", "notes of the user\n");
    world.edit("staged.txt", "staged by the user\n");
    world.edit("untracked.txt", "not yet known to git\n");
    world.git(&["add", "staged.txt"]);
    fs::remove_dir_all(world.checkout().join(".git/trainyard")).unwrap();
    world
}

#[test]
fn every_command_is_a_verb_or_known_not_to_change_anything() {
    let world = Shape::Plain.world();
    let mut commands = Vec::new();
    for group in ["", "environment", "app"] {
        let help = world.ok(&format!("{group} --help"));
        let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
        let lines = lines.take_while(|line| line.starts_with("  "));
        // What follows a name stands further to the right.
        let names = lines.filter(|line| !line.starts_with("   "));
        let names = names.filter_map(|line| line.split_whitespace().next());
        commands.extend(names.map(|name| format!("{group} {name}").trim().to_owned()));
    }
    commands.retain(|command| {
        !["environment", "app"].contains(&command.as_str()) && !command.ends_with(" help")
    });
    let known = |command: &String| {
        let begins = |line: &str| {
            line.strip_prefix(command.as_str())
                .is_some_and(|rest| rest.starts_with(' '))
        };
        VERBS.iter().any(|(_, line)| begins(line)) || OTHERS.contains(&command.as_str())
    };
    commands.retain(|command| !known(command));
    assert!(commands.is_empty(), "{commands:?}");
}
