//! Walks a history back along the first parents, and finds what each commit changed: folders whose ids are the same on both sides
//! are never opened.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use anyhow::{Context as _, Result};
use git2::Oid;

use super::Snapshot;
use super::id_text::whole_id;
use super::objects::{EMPTY_TREE, MODE_TREE, Tree, TreeEntry, raw};
use super::store::Store;
use super::touched::Side;
use crate::tree::{
    Changed, CommitFacts, PathShape, ReadPast, ReadTree as _, RepoPath, Shapes, Signer, Since, Step,
};

/// Where up to so many names are wanted, each is looked up; else all entries of both folders are compared.
const FEW: usize = 8;

/// A partial clone fetches what up to so many commits need at once: 1 at first, then twice as many each time.
const FARTHEST: usize = 256;

/// A walk: what is wanted, and the commit that is next.
struct Walk<'a> {
    store: Rc<Store<'a>>,
    shapes: Shapes,
    /// The commits at which a shallow clone ends.
    ends: BTreeSet<Oid>,
    next: Option<Commit>,
    /// In a partial clone: how many of the commits that come next have their folders here, and for how many they are fetched next.
    fetched: usize,
    reach: usize,
}

/// A commit, read.
pub(super) struct Commit {
    id: Oid,
    pub(super) root: [u8; 20],
    pub(super) parent: Option<Oid>,
    pub(super) facts: CommitFacts,
}

/// A commit beside the one before it.
struct Pair {
    facts: CommitFacts,
    id: Oid,
    root: [u8; 20],
    /// Root and id of the commit before; `None`: it is not here.
    before: Option<([u8; 20], Oid)>,
    paths: BTreeMap<RepoPath, (Side, Side)>,
}

impl ReadPast for Snapshot<'_> {
    fn steps<'a>(
        &'a self,
        shapes: &[PathShape],
    ) -> Box<dyn Iterator<Item = Result<Step<'a>>> + 'a> {
        let wanted = shapes.iter().collect();
        let mut walk = match Walk::from(self, wanted) {
            Ok(walk) => walk,
            Err(error) => return Box::new(std::iter::once(Err(error))),
        };
        let mut ahead = VecDeque::new();
        Box::new(std::iter::from_fn(move || {
            if ahead.is_empty() {
                ahead = self.pairs(&mut walk);
            }
            let pair = ahead.pop_front()?;
            Some(pair.map(|pair| self.step(pair)))
        }))
    }

    fn since(&self, paths: &BTreeSet<RepoPath>) -> Result<BTreeMap<RepoPath, Since>> {
        let mut left = BTreeSet::new();
        for path in paths {
            if self.kind(path)?.is_some() {
                left.insert(path.clone());
            }
        }
        let shapes: Vec<_> = left.iter().map(PathShape::from).collect();
        let mut found = BTreeMap::new();
        let mut walk = Walk::from(self, shapes.iter().collect())?;
        while !left.is_empty() {
            let pair = walk.pair()?;
            let pair = pair.context("what is there now was put there by some commit")?;
            if pair.before.is_none() {
                let since = |path| (path, Since::BeforeOrAt(pair.facts.clone()));
                found.extend(left.into_iter().map(since));
                break;
            }
            for path in pair.paths.into_keys() {
                walk.shapes.remove(&path);
                left.remove(&path);
                found.insert(path, Since::Commit(pair.facts.clone()));
            }
        }
        Ok(found)
    }
}

impl<'a> Snapshot<'a> {
    /// The next commit and what it changed; in a partial clone several of them, for which files are fetched at once.
    fn pairs(&self, walk: &mut Walk) -> VecDeque<Result<Pair>> {
        let mut pairs = VecDeque::new();
        loop {
            pairs.extend(walk.pair().transpose());
            // Without a fetch ahead there is none left after the first commit.
            if walk.fetched == 0 || pairs.back().is_none_or(Result::is_err) {
                break;
            }
        }
        let found = pairs.iter().flatten();
        let sides = found.flat_map(|pair| pair.paths.values().flat_map(|(old, new)| [old, new]));
        let files = sides.flatten().filter(|(mode, _)| *mode != MODE_TREE);
        match self.prefetch(files.map(|(_, id)| *id)) {
            Ok(()) => pairs,
            Err(error) => VecDeque::from([Err(error)]),
        }
    }

    fn step(&self, pair: Pair) -> Step<'a> {
        let changed = match pair.before {
            None => None,
            Some((root, commit)) => {
                let tree =
                    |commit, root| Box::new(Self::with_root(Rc::clone(self.store()), commit, root));
                Some(Changed {
                    before: tree(commit, root),
                    after: tree(pair.id, pair.root),
                    paths: pair.paths.into_keys().collect(),
                })
            }
        };
        let commit = pair.facts;
        Step { commit, changed }
    }
}

impl<'a> Walk<'a> {
    fn from(snapshot: &Snapshot<'a>, shapes: Shapes) -> Result<Self> {
        let store = Rc::clone(snapshot.store());
        Ok(Self {
            ends: store.shallow_ends()?,
            shapes,
            next: Some(Commit::read(&store, snapshot.commit())?),
            store,
            fetched: 0,
            reach: 1,
        })
    }

    /// In a partial clone, fetches the folders of the commits that come next, all that are not here at once.
    fn fetch_ahead(&mut self) -> Result<()> {
        if !self.store.is_partial() {
            return Ok(());
        }
        if self.fetched == 0 {
            let mut roots: Vec<_> = self.next.iter().map(|commit| commit.root).collect();
            let mut parent = self.next.as_ref().and_then(|commit| commit.parent);
            // The last one is compared with the one before it.
            while let Some(id) = parent.filter(|_| roots.len() <= self.reach) {
                if !self.store.holds(raw(id)) {
                    break;
                }
                let commit = Commit::read(&self.store, id)?;
                roots.push(commit.root);
                parent = commit.parent;
            }
            roots.retain(|root| *root != EMPTY_TREE);
            self.store.prefetch(roots.into_iter())?;
            self.fetched = self.reach;
            self.reach = (self.reach * 2).min(FARTHEST);
        }
        self.fetched -= 1;
        Ok(())
    }

    /// The next commit, and what it changed.
    fn pair(&mut self) -> Result<Option<Pair>> {
        self.fetch_ahead()?;
        let Some(commit) = self.next.take() else {
            return Ok(None);
        };
        let Commit { id, root, .. } = commit;
        let mut pair = Pair {
            facts: commit.facts,
            id,
            root,
            before: None,
            paths: BTreeMap::new(),
        };
        if self.ends.contains(&id) {
            return Ok(Some(pair));
        }
        let before = match commit.parent {
            Some(parent) => {
                let parent = Commit::read(&self.store, parent)?;
                let before = (parent.root, parent.id);
                self.next = Some(parent);
                before
            }
            None => (EMPTY_TREE, Oid::ZERO_SHA1),
        };
        pair.before = Some(before);
        let sides = (folder(before.0), folder(root));
        self.compare(&[&self.shapes], "", sides, &mut pair.paths)
            .with_context(|| format!("reading what the commit {id} changed"))?;
        Ok(Some(pair))
    }

    /// Collects what is wanted of an entry that differs.
    fn compare(
        &self,
        wanted: &[&Shapes],
        path: &str,
        (old, new): (Side, Side),
        found: &mut BTreeMap<RepoPath, (Side, Side)>,
    ) -> Result<()> {
        if old == new {
            return Ok(());
        }
        if wanted.iter().any(|shapes| shapes.is_wanted())
            && let Some(path) = RepoPath::parse(path)
        {
            found.insert(path, (old, new));
        }
        if wanted.iter().all(|shapes| shapes.ends_here()) {
            return Ok(());
        }
        let tree = |side: Side| match side {
            Some((MODE_TREE, id)) => self.store.kept_tree(id),
            _ => Ok(Rc::default()),
        };
        let (old, new) = (tree(old)?, tree(new)?);
        for (name, sides) in differing(&old, &new, few_names(wanted).as_deref()) {
            // What is no clean name has no path, and nobody can want it.
            let Some(name) = std::str::from_utf8(name)
                .ok()
                .filter(|name| RepoPath::is_component(name))
            else {
                continue;
            };
            let below: Vec<_> = wanted.iter().flat_map(|shapes| shapes.at(name)).collect();
            if below.is_empty() {
                continue;
            }
            let path = if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path}/{name}")
            };
            self.compare(&below, &path, sides, found)?;
        }
        Ok(())
    }
}

/// A folder; one without entries is none.
fn folder(id: [u8; 20]) -> Side {
    (id != EMPTY_TREE).then_some((MODE_TREE, id))
}

/// The only names that are wanted in a folder, if they are few.
fn few_names<'a>(wanted: &[&'a Shapes]) -> Option<Vec<&'a str>> {
    let mut names = Vec::new();
    for shapes in wanted {
        names.extend(shapes.names()?.take(FEW + 1));
    }
    names.sort_unstable();
    names.dedup();
    (names.len() <= FEW).then_some(names)
}

/// The entries that differ between two folders: of these names, or all.
fn differing<'a>(
    old: &'a Tree,
    new: &'a Tree,
    names: Option<&[&'a str]>,
) -> Vec<(&'a [u8], (Side, Side))> {
    let side = |entry: Option<TreeEntry>| {
        let entry = entry.filter(|entry| entry.mode != MODE_TREE || entry.is_folder());
        entry.map(|entry| (entry.mode, entry.id))
    };
    let pair = |name: &'a [u8]| (name, (side(old.get(name)), side(new.get(name))));
    let pairs: Vec<_> = match names {
        Some(names) => names.iter().map(|name| pair(name.as_bytes())).collect(),
        None => {
            let names: BTreeSet<_> = old.unlike(new).chain(new.unlike(old)).collect();
            names.into_iter().map(pair).collect()
        }
    };
    let differs = |(_, (old, new)): &(&[u8], (Side, Side))| old != new;
    pairs.into_iter().filter(differs).collect()
}

impl Commit {
    fn read(store: &Store, id: Oid) -> Result<Self> {
        let bytes = store.object(raw(id), || Ok(Vec::new()))?;
        Self::parse(id, &bytes).with_context(|| format!("{id} is no commit that can be read"))
    }

    /// Reads a commit object: a line for each header, an empty line, the message. What is no UTF-8 is replaced.
    pub(super) fn parse(id: Oid, bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (headers, message) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
        let value = |wanted: &str| {
            let mut lines = headers.lines();
            lines.find_map(|line| line.strip_prefix(wanted)?.strip_prefix(' '))
        };
        // Where git looks for them, and nowhere else.
        let mut lines = headers.lines();
        let tree = lines.next()?.strip_prefix("tree ")?;
        let parent = lines.next().and_then(|line| line.strip_prefix("parent "));
        let (author, _) = signature(value("author").unwrap_or_default());
        let (committer, seconds) = signature(value("committer").unwrap_or_default());
        let facts = CommitFacts {
            id: id.to_string(),
            author,
            committer,
            seconds,
            message: message.to_owned(),
        };
        Some(Self {
            id,
            root: raw(whole_id(tree).ok()?),
            parent: parent.map(whole_id).transpose().ok()?,
            facts,
        })
    }
}

/// A name, a mail address in angle brackets, seconds since 1970 and an offset. What is not there is empty, or 1970.
fn signature(text: &str) -> (Signer, i64) {
    let (name, rest) = text.split_once('<').unwrap_or((text, ""));
    let (email, time) = rest.rsplit_once('>').unwrap_or((rest, ""));
    let seconds = time
        .split_whitespace()
        .next()
        .and_then(|digits| digits.parse().ok());
    let signer = Signer {
        name: name.trim().to_owned(),
        email: email.trim().to_owned(),
    };
    (signer, seconds.unwrap_or_default())
}

#[cfg(test)]
mod tests;
