//! The repository that a scenario is played on, and the program that plays on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use assert_cmd::Command;
use git2::{Index, IndexEntry, IndexTime, ObjectType, Oid, Repository, Signature, Time};
use serde_json::Value;
use tempfile::TempDir;

use super::Program;
use super::notation::Hand;
use super::scenario::{Shape, Step};
use crate::world::{BRANCH, Node, Tree, World, seclude, words};

/// No command of a scenario takes that long; one that does hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A repository, and a folder of inputs beside it.
pub(super) struct Stage {
    room: TempDir,
    /// The checkout, if there is one.
    world: Option<World>,
}

/// What a command answered.
pub(super) struct Answer {
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) code: i32,
}

/// The tip of the branch.
pub(super) struct Tip {
    pub(super) commit: Oid,
    pub(super) parents: Vec<Oid>,
    pub(super) message: String,
    pub(super) tree: Tree,
    /// Every annotated tag, with its commit.
    pub(super) tags: BTreeMap<String, Oid>,
}

impl Stage {
    /// A repository that holds these files.
    pub(super) fn set(shape: Shape, tree: &Tree) -> Result<Self> {
        let room = TempDir::new()?;
        fs::create_dir(room.path().join("home"))?;
        fs::create_dir(room.path().join("inputs"))?;
        let world = match shape {
            Shape::Bare => None,
            Shape::Checkout => Some(World::with_files(tree)),
        };
        let stage = Self { room, world };
        if stage.world.is_none() {
            plant(&stage.compared(), tree)?;
        }
        Ok(stage)
    }

    /// Puts a file where commands run.
    pub(super) fn input(&self, name: &str, content: &str) -> Result<()> {
        let path = self.room.path().join("inputs").join(name);
        fs::create_dir_all(path.parent().context("a name of an input")?)?;
        Ok(fs::write(path, content)?)
    }

    /// The program, for this repository.
    fn command(&self, program: &Program) -> Command {
        let mut command = Command::new(&program.path);
        seclude(&mut command, &self.room.path().join("home"))
            .current_dir(self.room.path().join("inputs"))
            .timeout(PATIENCE);
        match &self.world {
            Some(world) => command.env("TRAINYARD_REPO", world.checkout()),
            None => command
                .env("TRAINYARD_REPO", self.compared())
                .env("TRAINYARD_NO_PUSH", "true"),
        };
        command
    }

    /// The errors and warnings that `verify` finds, with their paths. Only our own program can tell.
    pub(super) fn wrong(&self, program: &Program) -> Result<BTreeSet<String>> {
        if !program.ours {
            return Ok(BTreeSet::new());
        }
        let output = self
            .command(program)
            .args(["verify", "-o", "json"])
            .output()?;
        let Ok(answer) = serde_json::from_slice::<Value>(&output.stdout) else {
            // What is no manifest repository is refused.
            return Ok(BTreeSet::new());
        };
        let faults = answer["faults"].as_array().context("`faults` is a list")?;
        // A group whose environments are not equally far may be asked for: the operation warns of it.
        let is_meant =
            |fault: &Value| fault["severity"] == "note" || fault["kind"] == "unequal-group";
        let faults = faults.iter().filter(|fault| !is_meant(fault));
        Ok(faults
            .map(|fault| format!("{} {}: {}", fault["path"], fault["kind"], fault["problem"]))
            .collect())
    }

    /// Runs one line.
    pub(super) fn run(&self, program: &Program, step: &Step, hand: &Hand) -> Result<Answer> {
        let mut command = self.command(program);
        command
            .env("TRAINYARD_AUTHOR_NAME", hand.name)
            .env("TRAINYARD_AUTHOR_EMAIL", hand.email)
            .env("TRAINYARD_NOW", hand.at)
            .args(words(&step.run))
            .write_stdin(step.stdin.clone());
        let output = command.output()?;
        Ok(Answer {
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
            code: output.status.code().context("the program was killed")?,
        })
    }

    /// The repository whose branch is compared.
    fn compared(&self) -> PathBuf {
        match &self.world {
            Some(world) => world.remote(),
            None => self.room.path().join("repository.git"),
        }
    }

    /// The checkout, if there is one, shows the tip of its remote, and nothing is left lying about.
    pub(super) fn assert_in_step(&self) {
        if let Some(world) = &self.world {
            world.assert_in_step();
        }
    }

    /// What the branch holds now.
    pub(super) fn tip(&self) -> Result<Tip> {
        let repository = Repository::open_bare(self.compared())?;
        let branch = repository.find_reference(&format!("refs/heads/{BRANCH}"))?;
        let commit = branch.peel_to_commit()?;
        let mut tree = Tree::new();
        read(&repository, &commit.tree()?, "", &mut tree)?;
        Ok(Tip {
            commit: commit.id(),
            parents: commit.parent_ids().collect(),
            message: String::from_utf8_lossy(commit.message_bytes()).into_owned(),
            tree,
            tags: tags(&repository)?,
        })
    }
}

/// Makes a bare repository with one commit.
fn plant(place: &Path, tree: &Tree) -> Result<()> {
    let mut options = git2::RepositoryInitOptions::new();
    options
        .bare(true)
        .initial_head(BRANCH)
        .external_template(false);
    let repository = Repository::init_opts(place, &options)?;
    let mut index = Index::new()?;
    for (path, node) in tree {
        let (mode, bytes) = match node {
            Node::File(bytes) => (0o100_644, bytes.as_slice()),
            Node::Link(target) => (0o120_000, target.as_bytes()),
        };
        let id = repository.blob(bytes)?;
        index.add(&entry(path, mode, id))?;
    }
    let tree = repository.find_tree(index.write_tree_to(&repository)?)?;
    let person = Signature::new("Grace Points", "grace@signals.example", &Time::new(0, 0))?;
    repository.commit(Some("HEAD"), &person, &person, "setup\n", &tree, &[])?;
    Ok(())
}

fn entry(path: &str, mode: u32, id: Oid) -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}

fn tags(repository: &Repository) -> Result<BTreeMap<String, Oid>> {
    let mut tags = BTreeMap::new();
    for reference in repository.references_glob("refs/tags/*")? {
        let reference = reference?;
        let name = reference.shorthand()?.to_owned();
        let tag = reference.peel_to_tag();
        let tag = tag.with_context(|| format!("the tag `{name}` is not annotated"))?;
        tags.insert(name, tag.target_id());
    }
    Ok(tags)
}

/// Reads a tree, which must hold nothing but files, links and folders that are not empty.
fn read(repository: &Repository, tree: &git2::Tree, path: &str, into: &mut Tree) -> Result<()> {
    ensure!(
        !tree.is_empty() || path.is_empty(),
        "`{path}` is an empty folder"
    );
    for entry in tree {
        let name = std::str::from_utf8(entry.name_bytes())?;
        let path = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}/{name}")
        };
        let blob = || Ok(repository.find_blob(entry.id())?.content().to_vec());
        match (entry.filemode(), entry.kind()) {
            (0o040_000, Some(ObjectType::Tree)) => {
                read(repository, &repository.find_tree(entry.id())?, &path, into)?;
            }
            (0o100_644, Some(ObjectType::Blob)) => {
                into.insert(path, Node::File(blob()?));
            }
            (0o120_000, Some(ObjectType::Blob)) => {
                let target: Result<_> = blob();
                into.insert(path, Node::Link(String::from_utf8(target?)?));
            }
            (mode, _) => anyhow::bail!("`{path}` has mode {mode:o}"),
        }
    }
    Ok(())
}
