//! What comes with a move of an app from one release to another: the source commits that the new one has and the old one has not.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::Result;

use crate::state::release::{self, Field, ReleaseKind};
use crate::state::{AppName, CommitId, FreeText, Moment, Version, commits};
use crate::tree::{Entry, ReadTree};

/// What a move brings, or takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cargo {
    pub(crate) way: Way,
    /// The newest first.
    pub(crate) pieces: Vec<Piece>,
    /// Where releases may have been that are no longer kept.
    pub(crate) missing: Option<Missing>,
}

/// Which way a move goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Forth,
    /// To a lower number: what stands in the cargo is taken away.
    Back,
}

/// One source commit, or a release that names none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) commit: Option<CommitId>,
    pub(crate) author: Option<FreeText>,
    pub(crate) message: Option<FreeText>,
    /// The releases that were built from it, the newest first. None: no release of the app names the commit, but it lies in the
    /// history of one that does.
    pub(crate) releases: Vec<Built>,
    /// Whether a release below all of these was built from it, too.
    pub(crate) again: bool,
}

/// A release of the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Built {
    pub(crate) version: Version,
    pub(crate) kind: ReleaseKind,
    pub(crate) display_version: Option<FreeText>,
    pub(crate) ci_link: Option<FreeText>,
    pub(crate) created_at: Option<Moment>,
}

/// Numbers of which nobody knows whether they were releases: the clean-up takes the oldest ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    /// Above this one; `None`: from the beginning.
    pub(crate) above: Option<Version>,
    pub(crate) below: Version,
}

/// Where apps move: within one state, or from one to another.
pub(crate) struct Yard<'a> {
    /// The state of the old release, if it is another one.
    before: Option<&'a dyn ReadTree>,
    after: &'a dyn ReadTree,
    /// What all releases of all apps say about commits; read when a chain of commits leads out of an app.
    index: OnceCell<Index>,
}

/// Commits as the releases name them.
#[derive(Default)]
struct Index {
    /// The commits before each one.
    previous: BTreeMap<CommitId, BTreeSet<CommitId>>,
    /// A release that was built from it.
    built: BTreeMap<CommitId, (AppName, Version)>,
}

impl<'a> Yard<'a> {
    pub(crate) fn within(tree: &'a dyn ReadTree) -> Self {
        Self {
            before: None,
            after: tree,
            index: OnceCell::new(),
        }
    }

    pub(crate) fn between(before: &'a dyn ReadTree, after: &'a dyn ReadTree) -> Self {
        Self {
            before: Some(before),
            ..Self::within(after)
        }
    }

    /// The states, the later one first.
    fn states(&self) -> impl Iterator<Item = &'a dyn ReadTree> {
        [Some(self.after), self.before].into_iter().flatten()
    }

    /// What comes with a move of an app; from nothing: everything up to the release.
    pub(crate) fn cargo(&self, app: &AppName, from: Option<Version>, to: Version) -> Result<Cargo> {
        let (low, high, way) = match from {
            Some(from) if from > to => (Some(to), from, Way::Back),
            from => (from, to, Way::Forth),
        };
        let life = self.life(app)?;
        let mut load = Load {
            yard: self,
            life: &life,
            low,
            base: OnceCell::new(),
            pieces: Vec::new(),
        };
        let moved = life.releases.iter().rev();
        let moved = moved.filter(|(each, _)| Some(**each) > low && **each <= high);
        for (version, tree) in moved {
            load.release(app, *version, *tree)?;
        }
        Ok(Cargo {
            way,
            pieces: load.pieces,
            missing: life.missing(low, high),
        })
    }

    /// The releases of an app in both states.
    fn life(&self, app: &AppName) -> Result<Life<'a>> {
        let mut life = Life::default();
        let mut states = vec![(self.after, &mut life.later)];
        if let Some(before) = self.before
            && !self.is_remade(app)?
        {
            states.push((before, &mut life.earlier));
        }
        for (tree, ends) in states {
            let versions = release::versions(tree, app)?;
            *ends = versions.first().copied().zip(versions.last().copied());
            for version in versions {
                life.releases.entry(version).or_insert(tree);
            }
        }
        for (version, tree) in &life.releases {
            let Some(source) = release::source_commit(*tree, app, *version)? else {
                continue;
            };
            if let Some(previous) = previous(*tree, app, *version)? {
                let known = life.previous.entry(source.clone()).or_default();
                known.insert(previous);
            }
            life.first.entry(source).or_insert(*version);
        }
        Ok(life)
    }

    /// Whether the app was deleted and made again between the two states: its numbers begin again.
    pub(crate) fn is_remade(&self, app: &AppName) -> Result<bool> {
        let Some(before) = self.before else {
            return Ok(false);
        };
        for version in release::versions(before, app)? {
            let before = release::created_at(before, app, version)?;
            let after = release::created_at(self.after, app, version)?;
            if after.is_some() && before != after {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn index(&self) -> Result<&Index> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let mut index = Index::default();
        for tree in self.states() {
            for app in release::apps(tree)? {
                for version in release::versions(tree, &app)? {
                    let Some(source) = release::source_commit(tree, &app, version)? else {
                        continue;
                    };
                    if let Some(previous) = previous(tree, &app, version)? {
                        let known = index.previous.entry(source.clone()).or_default();
                        known.insert(previous);
                    }
                    let built = (app.clone(), version);
                    index.built.entry(source).or_insert(built);
                }
            }
        }
        Ok(self.index.get_or_init(|| index))
    }

    /// The commits before this one, as releases and commit data tell. What other apps tell is asked only of a commit that no
    /// release of this one names.
    fn previous(&self, life: &Life, commit: &CommitId) -> Result<BTreeSet<CommitId>> {
        let told = if life.first.contains_key(commit) {
            &life.previous
        } else {
            &self.index()?.previous
        };
        let mut found = told.get(commit).cloned().unwrap_or_default();
        for tree in self.states() {
            found.extend(commits::previous(tree, commit)?);
        }
        Ok(found)
    }

    /// A commit that no release of the app names, as far as others tell of it.
    fn unnamed(&self, commit: CommitId) -> Result<Piece> {
        let (mut author, mut message) = (None, None);
        for tree in self.states() {
            if let Some((app, version)) = self.index()?.built.get(&commit) {
                author = author.or(text(tree, app, *version, Field::SourceAuthor)?);
                message = message.or(text(tree, app, *version, Field::SourceMessage)?);
            }
            message = message.or(commits::message(tree, &commit)?.map(FreeText));
        }
        Ok(Piece {
            commit: Some(commit),
            author,
            message,
            releases: Vec::new(),
            again: false,
        })
    }
}

/// What is known of the releases of an app, from its first one to its last.
#[derive(Default)]
struct Life<'a> {
    /// Each release, and a state that holds it.
    releases: BTreeMap<Version, &'a dyn ReadTree>,
    /// The lowest and the highest release of each state.
    earlier: Option<(Version, Version)>,
    later: Option<(Version, Version)>,
    /// The commits that releases name, and the first release that does.
    first: BTreeMap<CommitId, Version>,
    /// What they name as the commit before.
    previous: BTreeMap<CommitId, BTreeSet<CommitId>>,
}

impl Life<'_> {
    /// The numbers between two that neither state can know of: above all that the earlier one had, below all that the later one
    /// has kept.
    fn missing(&self, low: Option<Version>, high: Version) -> Option<Missing> {
        let (below, _) = self.later?;
        let above = low.max(self.earlier.map(|(_, last)| last));
        let follows = match above {
            Some(above) => above >= below || above.next() == Some(below),
            None => below <= Version::new(1),
        };
        (below <= high && !follows).then_some(Missing { above, below })
    }
}

/// The cargo of one move, while it is loaded.
struct Load<'a, 'b> {
    yard: &'a Yard<'b>,
    life: &'a Life<'b>,
    /// The lower one of the two releases.
    low: Option<Version>,
    /// The commits that it has.
    base: OnceCell<BTreeSet<CommitId>>,
    pieces: Vec<Piece>,
}

impl Load<'_, '_> {
    /// Loads a release: to its commit, if another release brought it, or with the commits behind it.
    fn release(&mut self, app: &AppName, version: Version, tree: &dyn ReadTree) -> Result<()> {
        let text = |field| text(tree, app, version, field);
        let built = Built {
            version,
            kind: release::kind(tree, app, version)?,
            display_version: text(Field::DisplayVersion)?,
            ci_link: text(Field::CiLink)?,
            created_at: moment(tree, release::created_at(tree, app, version)?)?,
        };
        let commit = release::source_commit(tree, app, version)?;
        if commit.is_some()
            && let Some(piece) = self.pieces.iter_mut().find(|each| each.commit == commit)
        {
            piece.releases.push(built);
            return Ok(());
        }
        let is_older = |commit| self.life.first.get(commit).copied() <= self.low;
        let again = commit.as_ref().is_some_and(is_older);
        self.pieces.push(Piece {
            author: text(Field::SourceAuthor)?,
            message: text(Field::SourceMessage)?,
            releases: vec![built],
            again,
            commit: commit.clone(),
        });
        match commit {
            Some(commit) if !again => self.behind(&commit),
            Some(_) | None => Ok(()),
        }
    }

    /// Loads the commits between this one and those of other releases. Where the chain ends before it comes to one, nobody knows
    /// what of it the other release has already; from nothing, all of it is new.
    fn behind(&mut self, commit: &CommitId) -> Result<()> {
        let mut found = Vec::new();
        let mut following: BTreeMap<CommitId, Vec<CommitId>> = BTreeMap::new();
        let mut ends = Vec::new();
        let mut open = VecDeque::from([commit.clone()]);
        while let Some(next) = open.pop_front() {
            for previous in self.yard.previous(self.life, &next)? {
                let is_seen = following.contains_key(&previous);
                following
                    .entry(previous.clone())
                    .or_default()
                    .push(next.clone());
                if is_seen || previous == *commit {
                    continue;
                }
                if self.life.first.contains_key(&previous) {
                    ends.push(previous);
                } else {
                    found.push(previous.clone());
                    open.push_back(previous);
                }
            }
        }
        if self.low.is_some() {
            let closed = reached(ends, |each| {
                Ok(following.get(each).cloned().unwrap_or_default())
            })?;
            found.retain(|each| closed.contains(each));
        }
        for each in found {
            let is_loaded = |piece: &Piece| piece.commit.as_ref() == Some(&each);
            if !self.pieces.iter().any(is_loaded) && !self.base()?.contains(&each) {
                let piece = self.yard.unnamed(each)?;
                self.pieces.push(piece);
            }
        }
        Ok(())
    }

    /// The commits in the history of the lower release.
    fn base(&self) -> Result<&BTreeSet<CommitId>> {
        if let Some(base) = self.base.get() {
            return Ok(base);
        }
        let sources = self.life.first.iter();
        let sources = sources.filter(|(_, first)| Some(**first) <= self.low);
        let sources = sources.map(|(commit, _)| commit.clone()).collect();
        let base = reached(sources, |each| self.yard.previous(self.life, each))?;
        Ok(self.base.get_or_init(|| base))
    }
}

/// All commits that steps lead to, and those that they begin at.
fn reached<Steps: IntoIterator<Item = CommitId>>(
    mut open: Vec<CommitId>,
    steps: impl Fn(&CommitId) -> Result<Steps>,
) -> Result<BTreeSet<CommitId>> {
    let mut reached = BTreeSet::new();
    while let Some(next) = open.pop() {
        if !reached.contains(&next) {
            open.extend(steps(&next)?);
            reached.insert(next);
        }
    }
    Ok(reached)
}

/// The commit that a release names as the one before its own.
fn previous(tree: &dyn ReadTree, app: &AppName, version: Version) -> Result<Option<CommitId>> {
    let text = release::field(tree, app, version, Field::PreviousCommitId)?;
    Ok(text.and_then(|text| CommitId::found(&text)))
}

/// A fact about a release that is not empty.
fn text(
    tree: &dyn ReadTree,
    app: &AppName,
    version: Version,
    field: Field,
) -> Result<Option<FreeText>> {
    let text = release::field(tree, app, version, field)?;
    let text = text.map(|text| text.trim().to_owned());
    Ok(text.filter(|text| !text.is_empty()).map(FreeText))
}

fn moment(tree: &dyn ReadTree, entry: Option<Entry>) -> Result<Option<Moment>> {
    let Some(Entry::File(content)) = entry else {
        return Ok(None);
    };
    let bytes = tree.bytes(&content)?;
    Ok(Moment::parse(&String::from_utf8_lossy(&bytes)).ok())
}

#[cfg(test)]
mod tests;
