//! Real input, end to end: a repository from its first release to its last train.
//!
//! The story is told twice, once in a checkout that stays and once with a fresh clone for every step, as a pipeline does
//! it. After every step the whole repository has to be what the [`model`] says, byte for byte.

mod input;
mod model;
mod prognosis;
mod steps;

use std::path::Path;

use assert_cmd::Command;

use crate::argocd::rendering::{Cluster, assert_renders};
use crate::world::{Answer, BRANCH, Node, Tree, World, differences, fixtures, test_data};
use input::{Input, REPO_URL};
use model::{Model, Release};
use prognosis::{assert_came_true, assert_foretells};
use steps::{Deed, Hold, Step, steps};

#[test]
fn the_shop_goes_through_three_versions() {
    let stories = fixtures().join("story");
    let versions = ["v1", "v2", "v3"].map(|name| stories.join(name));
    let environments = fixtures().join("repos/shop/environments");
    tell(&Input::read(&environments, &versions));
}

#[test]
fn the_online_boutique_goes_through_six_versions_on_kuberpults_environments() {
    let Some(data) = test_data() else { return };
    let versions = ["v0.2.0", "v0.3.0", "v0.4.0", "v0.5.0", "v0.6.0", "v0.8.0"];
    let versions = versions.map(|name| data.join("online-boutique").join(name));
    tell(&Input::read(
        &data.join("kuberpult-environments"),
        &versions,
    ));
}

#[test]
fn the_same_story_can_be_told_in_plain_shell() {
    let Some(data) = test_data() else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/story.sh");
    let output = Command::new("sh")
        .arg(script)
        .arg(env!("CARGO_BIN_EXE_trainyard"))
        .arg(data)
        .output()
        .unwrap();
    let (stdout, stderr) = (&output.stdout, &output.stderr);
    let said = String::from_utf8_lossy(stdout) + String::from_utf8_lossy(stderr);
    assert!(output.status.success(), "{said}");
}

/// How a story gets at its checkout.
#[derive(Clone, Copy)]
enum Checkout {
    Stays,
    ClonedForEveryStep,
}

fn tell(input: &Input) {
    let staying = tell_on(input, Checkout::Stays);
    let cloned = tell_on(input, Checkout::ClonedForEveryStep);
    assert_eq!(staying, cloned, "the commits of both tellings");
}

/// Tells the story, and returns the commit at the end of each step.
fn tell_on(input: &Input, checkout: Checkout) -> Vec<(String, String)> {
    let world = World::with_files(&input.opening());
    let mut story = Story::new(input);
    let mut heads = Vec::new();
    for (number, step) in steps(input).into_iter().enumerate() {
        match checkout {
            Checkout::Stays => story.perform(&world, &step),
            Checkout::ClonedForEveryStep => {
                let clone = world.clone_to(&format!("step-{number}"));
                story.perform(&clone, &step);
                std::fs::remove_dir_all(clone.checkout()).unwrap();
            }
        }
        heads.push((step.title, world.head()));
    }
    world.remote_git(&["fsck", "--strict"]);
    let modes: Vec<String> = world.modes().into_iter().collect();
    assert_eq!(modes, ["040000", "100644", "120000"]);
    heads
}

/// A story, and what the repository has to be by now.
struct Story<'input> {
    input: &'input Input,
    model: Model,
}

impl<'input> Story<'input> {
    fn new(input: &'input Input) -> Self {
        let model = Model::new(&input.configs);
        Self { input, model }
    }

    fn perform(&mut self, world: &World, step: &Step) {
        for deed in &step.deeds {
            let (head, files) = (world.head(), self.model.files());
            match deed {
                Deed::Release { app, number } => self.release(world, app, *number),
                Deed::Lock { on, id, message } => self.lock(world, on, (id, message)),
                Deed::Unlock { on, id } => self.unlock(world, on, id),
                Deed::Train { target } => self.travel(world, target),
            }
            let expected = usize::from(self.model.files() != files);
            let since = format!("{head}..{BRANCH}");
            let commits = world.remote_git(&["rev-list", &since]);
            let commits = commits.lines().count();
            assert_eq!(commits, expected, "commits of a command in {}", step.title);
        }
        self.assert_in_step(world, &step.title);
        world.assert_sound();
    }

    fn release(&mut self, world: &World, app: &str, number: u64) {
        let version = &self.input.versions[usize::try_from(number).unwrap() - 1];
        let manifest = &version.manifests[app];
        let file = manifest.file.to_str().unwrap();
        let team = self.input.team(app);
        let source_message = format!("{app}: {}\n\nReviewed-by: \"Ada\"", version.name);
        let number_word = number.to_string();
        let mut words = vec!["release", "-a", app, "--version", &number_word];
        for environment in self.input.configs.keys() {
            words.extend(["--environment", environment, "--manifest", file]);
        }
        words.extend(["--team", team, "--source-commit-id", &version.commit]);
        words.extend(["--source-message", &source_message]);
        words.extend(["--display-version", &version.name]);
        let at = done(world, &words).at;
        let release = Release {
            team: team.to_owned(),
            source_commit: version.commit.to_lowercase(),
            source_message,
            display_version: version.name.clone(),
            manifest: manifest.bytes.clone(),
            at,
        };
        self.model.release(app, number, release);
    }

    fn lock(&mut self, world: &World, on: &Hold, (id, message): (&str, &str)) {
        let mut words = vec!["lock"];
        words.extend(on.flags());
        words.extend(["--lock-id", id, "-m", message]);
        let at = done(world, &words).at;
        for scope in on.scopes(&self.model) {
            self.model.place(&scope, id, message, at);
        }
    }

    fn unlock(&mut self, world: &World, on: &Hold, id: &str) {
        let mut words = vec!["unlock"];
        words.extend(on.flags());
        words.extend(["--lock-id", id]);
        let at = done(world, &words).at;
        for scope in on.scopes(&self.model) {
            self.model.lift(&scope, id, at);
        }
    }

    /// Asks for the prognosis, runs the train, and compares both with the model and with each other.
    fn travel(&mut self, world: &World, target: &str) {
        let before = world.snapshot();
        let answer = done(world, &["prognosis", target, "-o", "json"]).json();
        world.assert_untouched(&before);
        assert_foretells(&answer, &self.model.forecast(target));

        let before = world.tree();
        let at = done(world, &["release-train", target]).at;
        self.model.depart(target, at);
        assert_came_true(&answer, &before, &world.tree());
    }
}

#[track_caller]
fn done(world: &World, words: &[&str]) -> Answer {
    let answer = world.run_words(words);
    assert_eq!(answer.code, 0, "trainyard {}\n{answer}", words.join(" "));
    answer
}

impl Story<'_> {
    /// The remote holds what the model says, and the checkout what the remote holds.
    fn assert_in_step(&self, world: &World, title: &str) {
        let (argocd, rest): (Tree, Tree) = world
            .tree()
            .into_iter()
            .partition(|(path, _)| path.starts_with("argocd/"));
        let mut expected = self.model.files();
        expected.extend(self.input.opening().remove_entry("trainyard.yaml"));
        let differences = differences(&expected, &rest);
        assert!(differences.is_empty(), "after {title}:\n{differences}");
        self.assert_argo_cd_follows(argocd, title);

        let head = world.git(&["rev-parse", "HEAD"]);
        assert_eq!(head, world.head(), "the checkout after {title}");
        let status = world.git(&["status", "--porcelain"]);
        assert_eq!(status, "", "the checkout after {title}");
    }

    /// Every environment with a config for Argo CD has a file that says what runs there, and nothing else has one.
    fn assert_argo_cd_follows(&self, mut files: Tree, title: &str) {
        for (name, environment) in &self.model.environments {
            let apps = self.model.running_on(name);
            let file = files.remove(&format!("argocd/v1alpha1/{name}.yaml"));
            match (environment.parsed.get("argocd"), file) {
                (Some(argocd), Some(Node::File(file))) => {
                    let cluster = Cluster {
                        name,
                        environment: name,
                        argocd,
                    };
                    assert_renders(&file, &cluster, &apps, REPO_URL);
                }
                // Whether the file is there before the first app is not for this story to say.
                (Some(_), None) if apps.is_empty() => {}
                (None, None) => {}
                (_, file) => panic!("{name} after {title}: {file:?}"),
            }
        }
        assert_eq!(files, Tree::new(), "one too many after {title}");
    }
}
