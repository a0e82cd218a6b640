//! A look at a repository under way: what is read of it, and what was found so far.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Result;

use super::Counts;
use super::fault::{Fault, What, pattern};
use super::manifest::{Unfit, unfit};
use super::misplaced::{BadText, Misplaced, is_leftover};
use crate::plan::{Ground, manifest};
use crate::state::{AppName, CommitId, EnvName, TeamName, Version};
use crate::tree::{BlobId, Child, Content, Entry, Kind, Oddity, ReadTree, RepoPath};

/// What is looked at, and what was found.
pub(super) struct Look<'a> {
    pub(super) tree: &'a dyn ReadTree,
    pub(super) ground: &'a Ground<'a>,
    pub(super) faults: Vec<Fault>,
    pub(super) counts: Counts,
    /// The releases of each app.
    pub(super) releases: BTreeMap<AppName, Vec<Version>>,
    pub(super) teams: BTreeSet<TeamName>,
    /// The environments that run something, or are said to.
    pub(super) at_work: BTreeSet<EnvName>,
    /// The commits that releases were built from, if commit data is kept.
    pub(super) commits: BTreeSet<(CommitId, AppName)>,
    /// The environments that are none, for which releases have manifests: the first of these, and how many there are.
    pub(super) unknown: BTreeMap<EnvName, (RepoPath, usize)>,
    /// The manifest that deploys nothing.
    pub(super) blank: BlobId,
    /// The manifests that were read, each once.
    manifests: HashMap<BlobId, Option<Unfit>>,
}

impl<'a> Look<'a> {
    pub(super) fn at(tree: &'a dyn ReadTree, ground: &'a Ground<'a>) -> Self {
        Self {
            tree,
            ground,
            faults: Vec::new(),
            counts: Counts::default(),
            releases: BTreeMap::new(),
            teams: BTreeSet::new(),
            at_work: BTreeSet::new(),
            commits: BTreeSet::new(),
            unknown: BTreeMap::new(),
            blank: Content::new(manifest::EMPTY.as_bytes()).id(),
            manifests: HashMap::new(),
        }
    }

    pub(super) fn found(&mut self, path: &RepoPath, what: What) {
        self.faults.push(Fault::new(path, what));
    }

    pub(super) fn misplaced(&mut self, path: &RepoPath, what: Misplaced) {
        self.found(path, What::Misplaced(what));
    }

    /// The folder of the repository itself, where people may put what they like.
    pub(super) fn root(&mut self) -> Result<()> {
        let options = crate::state::Options::path();
        let folders = [
            crate::state::release::root(),
            crate::state::Environment::root(),
            crate::plan::argocd::root(),
            crate::state::commits::root(),
        ];
        for path in folders {
            self.is(&path, Kind::Directory)?;
        }
        for oddity in self.tree.oddities(&RepoPath::root())? {
            match oddity {
                Oddity::Executable(name) if name == options.name() => {
                    self.misplaced(&options, Misplaced::Executable);
                }
                Oddity::Executable(_) | Oddity::EmptyFolder(_) | Oddity::BadName(_) => {}
            }
        }
        Ok(())
    }

    /// Whether there is something of this kind; something else is a fault.
    pub(super) fn is(&mut self, path: &RepoPath, wanted: Kind) -> Result<bool> {
        match self.tree.kind(path)? {
            None => Ok(false),
            Some(found) => Ok(self.is_of(path, found, wanted)),
        }
    }

    /// Whether it is of this kind; else that is a fault.
    pub(super) fn is_of(&mut self, path: &RepoPath, found: Kind, wanted: Kind) -> bool {
        if found != wanted {
            let what = match found {
                Kind::Submodule => Misplaced::Submodule,
                Kind::File | Kind::Symlink | Kind::Directory => {
                    Misplaced::WrongKind { wanted, found }
                }
            };
            self.misplaced(path, what);
        }
        found == wanted
    }

    /// What a folder of ours holds. What is odd about it is a fault.
    pub(super) fn children(&mut self, folder: &RepoPath) -> Result<Vec<Child>> {
        let children = self.tree.children(folder)?;
        for oddity in self.tree.oddities(folder)? {
            match oddity {
                Oddity::Executable(name) => {
                    self.misplaced(&folder.join(name), Misplaced::Executable);
                }
                Oddity::EmptyFolder(name) => {
                    self.misplaced(&folder.join(name), Misplaced::EmptyFolder);
                }
                Oddity::BadName(name) => self.bad_name(folder, &name),
            }
        }
        let mut folded = BTreeMap::new();
        for Child { name, .. } in &children {
            if let Some(other) = folded.insert(name.to_lowercase(), name) {
                let what = Misplaced::SameButForCase(other.clone());
                self.misplaced(&folder.join(name), what);
            }
        }
        Ok(children)
    }

    fn bad_name(&mut self, folder: &RepoPath, name: &[u8]) {
        let pattern = format!(
            "{}/{}",
            pattern(folder.to_string().as_bytes()),
            pattern(name)
        );
        let what = Misplaced::BadName(pattern);
        let path = format!("{folder}/{}", String::from_utf8_lossy(name));
        self.faults.push(Fault::at(path, What::Misplaced(what)));
    }

    /// Something that nobody knows.
    pub(super) fn stray(&mut self, path: &RepoPath, kind: Kind) {
        let what = match kind {
            Kind::Submodule => Misplaced::Submodule,
            Kind::File if is_leftover(path.name()) => Misplaced::Leftover,
            Kind::File | Kind::Symlink | Kind::Directory => Misplaced::Stray,
        };
        self.misplaced(path, what);
    }

    /// The text of a small file, if it is one. What stands there instead, and what is no text, is a fault.
    pub(super) fn small(&mut self, path: &RepoPath, kind: Kind) -> Result<Option<String>> {
        if !self.is_of(path, kind, Kind::File) {
            return Ok(None);
        }
        let Some(Entry::File(content)) = self.tree.entry(path)? else {
            return Ok(None);
        };
        let bytes = self.tree.bytes(&content)?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(Some(text.to_owned())),
            Err(_) => {
                self.misplaced(path, Misplaced::BadText(BadText::NoUtf8));
                Ok(None)
            }
        }
    }

    /// Looks at the text of a small file.
    pub(super) fn text(
        &mut self,
        path: &RepoPath,
        kind: Kind,
        fault: impl FnOnce(&str) -> Option<BadText>,
    ) -> Result<()> {
        let bad = self.small(path, kind)?.and_then(|text| fault(&text));
        if let Some(bad) = bad {
            self.misplaced(path, Misplaced::BadText(bad));
        }
        Ok(())
    }

    /// Why a manifest cannot be applied.
    pub(super) fn unfit(&mut self, content: &Content) -> Result<Option<Unfit>> {
        if let Some(known) = self.manifests.get(&content.id()) {
            return Ok(known.clone());
        }
        let unfit = unfit(&self.tree.bytes(content)?);
        self.manifests.insert(content.id(), unfit.clone());
        Ok(unfit)
    }
}

/// A text that should be an instant.
pub(super) fn no_instant(found: Option<crate::state::Moment>) -> Option<BadText> {
    found.is_none().then_some(BadText::NoInstant)
}
