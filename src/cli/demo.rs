//! `trainyard demo`: an example shop, made on the spot, and the whole story told on it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;

use super::exit::{Exit, usage};
use super::{Color, Global, output};
use crate::git::Git;

/// Make a remote and a checkout with an example shop, and run the whole story on them
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// A folder that does not exist yet or is empty [default: a new one for temporary files]
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

const ENVIRONMENTS: [(&str, &str); 4] = [
    ("development", r#""upstream": { "latest": true }"#),
    (
        "staging",
        r#""environmentGroup": "staging", "upstream": { "environment": "development" }"#,
    ),
    (
        "prod-ca",
        r#""environmentGroup": "prod", "upstream": { "environment": "staging" }"#,
    ),
    (
        "prod-de",
        r#""environmentGroup": "prod", "upstream": { "environment": "staging" }"#,
    ),
];

/// App and team.
const APPS: [(&str, &str); 4] = [
    ("cart", "shop"),
    ("catalogue", "shop"),
    ("frontend", "shop"),
    ("payments", "money"),
];

/// What is told, and the command that a person would type.
enum Scene {
    Say(&'static str),
    Run(&'static str),
    /// All apps at this version.
    ReleaseAll(u32),
}

const STORY: [Scene; 26] = [
    Scene::Say("Four services are released. Development takes the latest release at once."),
    Scene::ReleaseAll(1),
    Scene::Say(
        "A release train brings to staging what runs on development, a second one goes on to both prod environments.",
    ),
    Scene::Run("release-train staging"),
    Scene::Run("release-train prod"),
    Scene::Say("The next release of every service."),
    Scene::ReleaseAll(2),
    Scene::Say(
        "Somebody looks into a memory leak of the cart on staging, and the team money freezes its services on prod-de.",
    ),
    Scene::Run("lock -e staging -a cart --lock-id leak -m 'looking into a memory leak'"),
    Scene::Run("lock -e prod-de -t money --lock-id audit -m 'yearly audit until Friday'"),
    Scene::Say("The train to staging leaves on time. What is locked waits in the queue."),
    Scene::Run("release-train staging"),
    Scene::Say(
        "Prod-ca is frozen as a whole. What would a train to prod do now? The prognosis says it and changes nothing.",
    ),
    Scene::Run("lock -e prod-ca --lock-id freeze -m 'no changes during the sale'"),
    Scene::Run("prognosis prod"),
    Scene::Run("release-train prod"),
    Scene::Say("Where does everything stand, and why? The board tells."),
    Scene::Run("status"),
    Scene::Say(
        "The leak is understood. With its last lock gone, the cart is deployed to staging from the queue.",
    ),
    Scene::Run("unlock -e staging -a cart --lock-id leak"),
    Scene::Say("One service cannot wait for the train."),
    Scene::Run("deploy -a cart -e prod-de --version 2 --on-lock fail"),
    Scene::Say(
        "The sale and the audit are over. The queue is deployed, and the next train brings the rest.",
    ),
    Scene::Run("unlock -e prod-ca --lock-id freeze"),
    Scene::Run("unlock -e prod-de -t money --lock-id audit"),
    Scene::Run("release-train prod"),
];

impl DemoArgs {
    pub(super) fn run(self, global: &Global) -> Result<Exit> {
        let folder = make_folder(self.folder)?;
        let run = |command: &str| run(&folder, global, command);
        let checkout = folder.join("checkout");
        make_shop(&folder)?;
        say(&format!(
            "A shop in {}: a remote, a checkout of it, and manifests.\n",
            folder.display()
        ));
        show(&format!("cd {}", checkout.display()));
        for scene in STORY {
            match scene {
                Scene::Say(text) => say(&format!("\n# {text}")),
                Scene::Run(command) => run(command)?,
                Scene::ReleaseAll(version) => {
                    for (app, team) in APPS {
                        let manifests = format!("../manifests/{app}-v{version}");
                        let command = format!(
                            "release -a {app} --team {team} --display-version v{version}.0 --manifests {manifests}"
                        );
                        run(&command)?;
                    }
                }
            }
        }
        say("\n# Every step is one commit on the remote.");
        show("git log --oneline");
        let log = Git::new(&checkout, false).succeed(&["log", "--oneline", "--no-decorate"])?;
        say(log.text().trim_end());
        say(&format!(
            "\nThe shop stays in {} for playing on.",
            folder.display()
        ));
        Ok(Exit::Done)
    }
}

fn make_folder(asked: Option<PathBuf>) -> Result<PathBuf> {
    let Some(folder) = asked else {
        let folder = tempfile::Builder::new()
            .prefix("trainyard-demo-")
            .tempdir()?;
        return Ok(folder.keep());
    };
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("making the folder `{}`", folder.display()))?;
    if std::fs::read_dir(&folder)?.next().is_some() {
        return Err(usage(format!(
            "the folder `{}` is not empty",
            folder.display()
        )));
    }
    Ok(folder.canonicalize()?)
}

/// A bare remote, a checkout with the environments, and two versions of the manifests beside them.
fn make_shop(folder: &Path) -> Result<()> {
    let path = |name: &str| folder.join(name).display().to_string();
    let (remote, checkout) = (path("remote.git"), path("checkout"));
    let git = |place: &Path, arguments: &[&str]| Git::new(place, false).succeed(arguments);
    git(
        folder,
        &[
            "init",
            "--quiet",
            "--template=",
            "--bare",
            "--initial-branch=main",
            &remote,
        ],
    )?;
    let config = path("remote.git/config");
    git(
        folder,
        &["config", "--file", &config, "core.hooksPath", "/dev/null"],
    )?;
    git(
        folder,
        &[
            "-c",
            "init.defaultBranch=main",
            "clone",
            "--quiet",
            "--template=",
            "--origin=origin",
            &remote,
            &checkout,
        ],
    )?;
    let checkout = folder.join("checkout");
    git(&checkout, &["symbolic-ref", "HEAD", "refs/heads/main"])?;
    for (key, value) in [
        ("user.name", "Demo"),
        ("user.email", "demo@example.com"),
        ("commit.gpgSign", "false"),
        ("push.gpgSign", "false"),
        ("core.hooksPath", "/dev/null"),
    ] {
        git(&checkout, &["config", key, value])?;
    }
    for (name, fields) in ENVIRONMENTS {
        let config = format!(
            "{{\n  \"argocd\": {{ \"destination\": {{ \"server\": \"https://{name}.example.com\", \"namespace\": \"shop\" }} }},\n  {fields}\n}}\n"
        );
        write(
            &checkout.join(format!("environments/{name}/config.json")),
            &config,
        )?;
    }
    for version in [1, 2] {
        for (app, _) in APPS {
            for (environment, _) in ENVIRONMENTS {
                let file = folder.join(format!("manifests/{app}-v{version}/{environment}.yaml"));
                write(&file, &manifest(app, environment, version))?;
            }
        }
    }
    git(&checkout, &["add", "."])?;
    git(
        &checkout,
        &["commit", "--quiet", "-m", "environments of the shop"],
    )?;
    git(
        &checkout,
        &["push", "--quiet", "--set-upstream", "origin", "main"],
    )?;
    Ok(())
}

fn manifest(app: &str, environment: &str, version: u32) -> String {
    let replicas = if environment.starts_with("prod") {
        3
    } else {
        1
    };
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: {app}
spec:
  replicas: {replicas}
  selector:
    matchLabels: {{ app: {app} }}
  template:
    metadata:
      labels: {{ app: {app} }}
    spec:
      containers:
      - name: {app}
        image: registry.example.com/shop/{app}:v{version}.0
---
apiVersion: v1
kind: Service
metadata:
  name: {app}
spec:
  selector: {{ app: {app} }}
  ports:
  - port: 80
    targetPort: 8080
"
    )
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text).with_context(|| format!("writing `{}`", path.display()))
}

/// Shows a command as a person would type it, and runs it in the checkout. Variables that are set for the checkouts of that
/// person do not reach it.
fn run(folder: &Path, global: &Global, command: &str) -> Result<()> {
    show(&format!("trainyard {command}"));
    let checkout = folder.join("checkout").into_os_string();
    let mut arguments = vec![OsString::from("trainyard"), "-C".into(), checkout];
    arguments.extend(global.quiet.then(|| "--quiet".into()));
    arguments.extend(global.verbose.then(|| "--verbose".into()));
    arguments.push(match global.color {
        Color::Auto => "--color=auto".into(),
        Color::Always => "--color=always".into(),
        Color::Never => "--color=never".into(),
    });
    for word in words(command) {
        let in_folder = word
            .strip_prefix("../")
            .map(|rest| folder.join(rest).into_os_string());
        arguments.push(in_folder.unwrap_or_else(|| word.into()));
    }
    let exit = super::run_by_arguments_alone(arguments);
    anyhow::ensure!(
        exit == Exit::Done.into(),
        "the story stops: `trainyard {command}` failed"
    );
    Ok(())
}

/// The words of a command of the story, with single quotes around those that hold spaces.
fn words(command: &str) -> Vec<&str> {
    let parts = command.split('\'').enumerate();
    let words = parts.flat_map(|(number, part)| -> Vec<&str> {
        if number % 2 == 1 {
            vec![part]
        } else {
            part.split_whitespace().collect()
        }
    });
    words.collect()
}

fn show(command: &str) {
    let bold = anstyle::Style::new().bold();
    say(&format!("{bold}$ {command}{bold:#}"));
}

fn say(line: &str) {
    output::print(&format!("{line}\n"));
}
