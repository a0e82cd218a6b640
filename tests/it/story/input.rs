//! What a story is told about: the environments, and the manifests of every app in every version.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::world::{Node, Tree, files_below, text};

/// Where Argo CD finds the repository; fixed, so that two tellings end in the same tree.
pub(super) const REPO_URL: &str = "https://git.shop.example/shop/manifests.git";

/// The input of a story.
pub(super) struct Input {
    /// `config.json` by environment.
    pub(super) configs: BTreeMap<String, Vec<u8>>,
    /// Release 1 comes first.
    pub(super) versions: Vec<Version>,
}

/// One version of all apps.
pub(super) struct Version {
    pub(super) name: String,
    pub(super) commit: String,
    pub(super) manifests: BTreeMap<String, Manifest>,
}

/// The manifest of an app.
pub(super) struct Manifest {
    pub(super) file: PathBuf,
    pub(super) bytes: Vec<u8>,
}

impl Input {
    /// Reads `ENVIRONMENT/config.json` in one folder, and `APP.yaml` and `COMMIT` in one folder per version.
    pub(super) fn read(environments: &Path, versions: &[PathBuf]) -> Self {
        let configs = files_below(environments).into_iter();
        let configs = configs.filter_map(|(path, node)| match node {
            Node::File(bytes) => Some((path.strip_suffix("/config.json")?.to_owned(), bytes)),
            Node::Link(_) => None,
        });
        Self {
            configs: configs.collect(),
            versions: versions
                .iter()
                .map(|folder| Version::read(folder))
                .collect(),
        }
    }

    /// The repository before the first command.
    pub(super) fn opening(&self) -> Tree {
        let options = format!("argocd:\n  repoUrl: {REPO_URL}\n");
        let configs = self.configs.iter().map(|(environment, bytes)| {
            let path = format!("environments/{environment}/config.json");
            (path, Node::File(bytes.clone()))
        });
        configs
            .chain([("trainyard.yaml".to_owned(), text(&options))])
            .collect()
    }

    pub(super) fn apps(&self) -> Vec<&str> {
        self.versions[0]
            .manifests
            .keys()
            .map(String::as_str)
            .collect()
    }

    /// Two teams share the apps, turn by turn.
    pub(super) fn team(&self, app: &str) -> &'static str {
        let turn = self.apps().iter().position(|candidate| *candidate == app);
        ["day-shift", "night-shift"][turn.expect("the app is part of the story") % 2]
    }
}

impl Version {
    fn read(folder: &Path) -> Self {
        let manifests = files_below(folder).into_iter().filter_map(|(path, node)| {
            let app = path.strip_suffix(".yaml")?.to_owned();
            let Node::File(bytes) = node else { return None };
            let file = folder.join(path);
            Some((app, Manifest { file, bytes }))
        });
        let commit = fs::read_to_string(folder.join("COMMIT")).unwrap();
        Self {
            name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            commit: commit.trim_end().to_owned(),
            manifests: manifests.collect(),
        }
    }
}
