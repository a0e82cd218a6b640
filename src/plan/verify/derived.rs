//! Derived files: the manifests that are applied and the files for Argo CD, held against what they shall be.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::Result;
use serde_yaml::Value;

use super::deployment::Place;
use super::fault::{Mend, Severity, Told, What, removing};
use super::look::Look;
use super::lost::Lost;
use super::manifest::Unfit;
use crate::plan::{argocd, manifest};
use crate::state::EnvName;
use crate::tree::{Content, Entry, Kind, RepoPath};

/// What is wrong with a derived file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DerivedFault {
    /// A release runs whose manifest is not applied.
    ManifestMissing(Place),
    /// The same, and what was applied at last was another manifest.
    ManifestLost(Place, Lost),
    /// Another manifest is applied than that of the release that runs.
    ManifestDiffers { place: Place, release: RepoPath },
    /// The manifest that is applied cannot be.
    ManifestUnfit { environment: EnvName, why: Unfit },
    /// Argo CD is not told of an environment.
    ArgoCdMissing(EnvName, AtWork),
    /// Argo CD is told something else than what is so.
    ArgoCdDiffers(EnvName, Difference),
    /// No config describes that project.
    ArgoCdOrphan,
}

/// Whether an environment runs something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtWork {
    Yes,
    /// Its file comes with its first deployment, unless a command has written its config.
    NotYet,
}

/// In what a file for Argo CD differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    /// In the URL of the repository alone, which is that of the remote by which whoever wrote it reaches it.
    Url,
    Content,
}

impl Look<'_> {
    /// The files for Argo CD.
    pub(super) fn derived_files(&mut self) -> Result<()> {
        let (root, folder) = (argocd::root(), argocd::folder());
        for child in self.children(&root)? {
            let path = root.join(&child.name);
            if path != folder {
                self.stray(&path, child.kind);
            } else if self.is_of(&path, child.kind, Kind::Directory) {
                // Its files are looked at below.
            }
        }
        let mut described = BTreeSet::new();
        let mut unread = Vec::new();
        let ground = self.ground;
        for environment in ground.environments.iter() {
            if environment.readable().is_err() {
                unread.push(&environment.name);
                continue;
            }
            for (path, text) in argocd::files(self.tree, ground, environment)? {
                self.argocd_file(&environment.name, &path, &text)?;
                described.insert(path);
            }
        }
        for child in self.children(&folder)? {
            let path = folder.join(&child.name);
            match argocd::project_of(&child.name) {
                _ if described.contains(&path) => {}
                // It may belong to a config that nobody can read.
                Some(project) if unread.iter().any(|name| may_be_of(project, name)) => {}
                Some(_) if child.kind == Kind::File => {
                    self.found(&path, What::Derived(DerivedFault::ArgoCdOrphan));
                }
                None | Some(_) => self.stray(&path, child.kind),
            }
        }
        Ok(())
    }

    fn argocd_file(&mut self, environment: &EnvName, path: &RepoPath, text: &str) -> Result<()> {
        if !self.is(path, Kind::File)? {
            if self.tree.kind(path)?.is_none() {
                let at_work = if self.at_work.contains(environment) {
                    AtWork::Yes
                } else {
                    AtWork::NotYet
                };
                let fault = DerivedFault::ArgoCdMissing(environment.clone(), at_work);
                self.found(path, What::Derived(fault));
            }
            return Ok(());
        }
        let Some(Entry::File(content)) = self.tree.entry(path)? else {
            return Ok(());
        };
        if content == Content::new(text.as_bytes()) {
            return Ok(());
        }
        let bytes = self.tree.bytes(&content)?;
        if let Some(difference) = difference(text, &String::from_utf8_lossy(&bytes)) {
            let fault = DerivedFault::ArgoCdDiffers(environment.clone(), difference);
            self.found(path, What::Derived(fault));
        }
        Ok(())
    }
}

/// Whether a project may be one of this environment.
pub(super) fn may_be_of(project: &str, name: &EnvName) -> bool {
    project == name.as_ref() || project.contains(&format!("-{name}-"))
}

/// In what a file differs from what it shall be; `None` if it says the same in another layout.
fn difference(wanted: &str, found: &str) -> Option<Difference> {
    let documents = |text| {
        let documents = manifest::documents(text).ok()?;
        Some(documents.into_iter().filter(|document| !document.is_null()))
    };
    let (Some(wanted), Some(found)) = (documents(wanted), documents(found)) else {
        return Some(Difference::Content);
    };
    let (mut wanted, mut found): (Vec<_>, Vec<_>) = (wanted.collect(), found.collect());
    if wanted == found {
        return None;
    }
    for document in wanted.iter_mut().chain(&mut found) {
        let url = document
            .get_mut("spec")
            .and_then(|spec| spec.get_mut("source"))
            .and_then(|source| source.get_mut("repoURL"));
        if let Some(url) = url {
            *url = Value::Null;
        }
    }
    Some(if wanted == found {
        Difference::Url
    } else {
        Difference::Content
    })
}

impl fmt::Display for DerivedFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ManifestMissing(Place { environment, app }) => write!(
                formatter,
                "is missing: nothing is applied of what `{app}` runs on `{environment}`"
            ),
            Self::ManifestLost(Place { environment, app }, lost) => write!(
                formatter,
                "was taken away by commit {}: nothing is applied of what `{app}` runs on `{environment}`, and it was another manifest than that of its release",
                lost.by()
            ),
            Self::ManifestDiffers { release, .. } => {
                write!(formatter, "differs from what runs there (`{release}`)")
            }
            Self::ManifestUnfit { why, .. } => write!(formatter, "cannot be applied: {why}"),
            Self::ArgoCdMissing(name, AtWork::Yes) => {
                write!(formatter, "is missing: Argo CD is not told of `{name}`")
            }
            Self::ArgoCdMissing(name, AtWork::NotYet) => write!(
                formatter,
                "is missing: Argo CD is not told of `{name}`, where nothing runs yet"
            ),
            Self::ArgoCdDiffers(name, Difference::Content) => {
                write!(formatter, "differs from what `{name}` runs, or is configured to be")
            }
            Self::ArgoCdDiffers(_, Difference::Url) => formatter.write_str(
                "names another URL of this repository; `argocd.repoUrl` in trainyard.yaml settles which one it shall be",
            ),
            Self::ArgoCdOrphan => {
                formatter.write_str("is for an Argo CD project that no config describes")
            }
        }
    }
}

impl Told for DerivedFault {
    fn kind(&self) -> &'static str {
        match self {
            Self::ManifestMissing(_) | Self::ManifestLost(..) => "applied-manifest-missing",
            Self::ManifestDiffers { .. } => "applied-manifest-differs",
            Self::ManifestUnfit { .. } => "applied-manifest-unfit",
            Self::ArgoCdMissing(..) => "argocd-missing",
            Self::ArgoCdDiffers(_, Difference::Content) => "argocd-differs",
            Self::ArgoCdDiffers(_, Difference::Url) => "argocd-url",
            Self::ArgoCdOrphan => "argocd-orphan",
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Self::ManifestMissing(_) | Self::ManifestLost(..) | Self::ManifestUnfit { .. } => {
                Severity::Error
            }
            Self::ManifestDiffers { .. }
            | Self::ArgoCdMissing(_, AtWork::Yes)
            | Self::ArgoCdDiffers(_, Difference::Content)
            | Self::ArgoCdOrphan => Severity::Warning,
            Self::ArgoCdMissing(_, AtWork::NotYet) | Self::ArgoCdDiffers(_, Difference::Url) => {
                Severity::Note
            }
        }
    }

    fn mend(&self, path: &str) -> Mend {
        let rendering = |name: &EnvName| Mend::ByHand(format!("trainyard render -e {name}"));
        match self {
            Self::ManifestMissing(_) | Self::ArgoCdMissing(..) => Mend::Safe,
            Self::ManifestLost(_, lost) => lost.mend(),
            // What stands there was changed by hand, and may be meant: nobody but a person can tell.
            Self::ManifestDiffers { place, .. } => rendering(&place.environment),
            Self::ManifestUnfit { environment, .. } => rendering(environment),
            Self::ArgoCdDiffers(name, _) => rendering(name),
            // Argo CD would take away what the file is for.
            Self::ArgoCdOrphan => removing(path),
        }
    }
}
