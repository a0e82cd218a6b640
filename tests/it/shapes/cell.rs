//! One checkout of one shape, and everything that runs in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use walkdir::WalkDir;

use crate::world::{Answer, World};

/// A checkout, and what is around the programs that run in it.
pub(super) struct Cell {
    pub(super) world: World,
    /// Around trainyard and git.
    pub(super) variables: Vec<(String, String)>,
    /// Around trainyard alone.
    pub(super) ours: Vec<(String, String)>,
    /// Before every command.
    pub(super) flags: String,
}

/// What is in a folder, with everything that git keeps there.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

impl Cell {
    /// Puts these words before every command.
    pub(super) fn with_flags(self, flags: &str) -> Self {
        let flags = flags.to_owned();
        Self { flags, ..self }
    }

    /// Runs trainyard.
    pub(super) fn run(&self, line: &str) -> Answer {
        let variables = self.variables.iter().chain(&self.ours);
        let variables: Vec<_> = variables
            .map(|(name, value)| (name.as_str(), Some(value.as_str())))
            .collect();
        let scratch = self.world.room().join("scratch");
        let line = line.replace("../scratch", &scratch.display().to_string());
        self.world
            .run_with(&format!("{} {line}", self.flags), &variables)
    }

    /// Runs git; it has to end well.
    #[track_caller]
    pub(super) fn git(&self, arguments: &[&str]) -> String {
        let output = self.try_git(arguments);
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {words}");
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim_end().to_owned()
    }

    /// Runs git, however it ends.
    pub(super) fn try_git(&self, arguments: &[&str]) -> std::process::Output {
        let mut git = self.world.beside("git");
        let variables = self.variables.iter().map(|(name, value)| (name, value));
        git.envs(variables).args(arguments).output().unwrap()
    }

    /// Sets settings of this repository.
    pub(super) fn configure(&self, settings: &[(&str, &str)]) {
        for (key, value) in settings {
            self.git(&["config", key, value]);
        }
    }

    /// Where HEAD is, and what git finds changed.
    pub(super) fn standing(&self) -> [String; 2] {
        let status = ["status", "--porcelain"];
        [self.git(&["rev-parse", "HEAD"]), self.git(&status)]
    }

    pub(super) fn is_bare(&self) -> bool {
        self.git(&["rev-parse", "--is-bare-repository"]) == "true"
    }

    /// Whether the branch of the story is checked out.
    pub(super) fn is_on_branch(&self) -> bool {
        let output = self.try_git(&["symbolic-ref", "-q", "HEAD"]);
        output.stdout.starts_with(b"refs/heads/main\n")
    }

    /// Locks, journals and refs that a command should have taken away.
    pub(super) fn left_lying(&self) -> Vec<String> {
        let mut left = Vec::new();
        for which in ["--absolute-git-dir", "--git-common-dir"] {
            let folder = self.world.checkout().join(self.git(&["rev-parse", which]));
            for (folder, ours) in [(folder.join("trainyard"), true), (folder, false)] {
                for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                    let name = entry.file_name().to_string_lossy().into_owned();
                    let is_lock = Path::new(&name)
                        .extension()
                        .is_some_and(|end| end == "lock");
                    if is_lock || ours && name != "lock" {
                        left.push(name);
                    }
                }
            }
        }
        let ours = self.git(&["for-each-ref", "--format=%(refname)", "refs/trainyard"]);
        left.extend(ours.lines().map(str::to_owned));
        left
    }

    /// Every file of the checkout and of its remote, except our lock, which says nothing.
    pub(super) fn files(&self) -> Files {
        let remote = self.world.remote();
        let mut files = Files::new();
        for root in [self.world.checkout(), &remote] {
            for entry in WalkDir::new(root).into_iter().flatten() {
                let path = entry.path();
                let is_ours = path.ends_with("trainyard") || path.ends_with("trainyard/lock");
                if is_ours {
                    continue;
                }
                let bytes = match fs::read_link(path) {
                    Ok(target) => target.into_os_string().into_encoded_bytes(),
                    Err(_) => fs::read(path).unwrap_or_default(),
                };
                files.insert(path.display().to_string(), bytes);
            }
        }
        files
    }
}
