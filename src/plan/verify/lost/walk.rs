//! The walk back through history that finds what was lost.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::{Cause, Lost, Suspicion, runs_something};
use crate::plan::argocd;
use crate::plan::verify::deployment::Place;
use crate::state::deployment::{self, Linked};
use crate::state::release::MANIFEST;
use crate::state::{EnvName, Environment, EnvironmentGraph, Trace, lock, release};
use crate::tree::{Changed, CommitFacts, Entry, Kind, PathShape, ReadPast, ReadTree, RepoPath};

/// What history says of a cause.
pub(super) enum Finding {
    Lost(Lost),
    NotLost,
    /// It ends too early.
    Unknown,
}

/// What a commit says of a cause.
enum Sign {
    /// Before it, there was what is in use now.
    Before,
    /// Nothing of the kind was lost.
    Settled,
    /// What was before it is no help: further back there may be better.
    Further,
}

/// A cause that is not settled.
struct Open<'a> {
    cause: &'a Cause,
    /// Its place among the causes.
    place: usize,
    /// The latest commit before which there was what is in use.
    lost: Option<Lost>,
    /// What stood there at first, as far as is known.
    first: Option<Entry>,
}

/// Looks back for each of these causes, in one walk, no further than it must go.
pub(super) fn look(
    tree: &dyn ReadTree,
    past: &dyn ReadPast,
    causes: &[Cause],
) -> Result<Vec<Finding>> {
    let _doing = doing!("looking back", "for what was lost");
    let mut open: BTreeMap<&RepoPath, Vec<Open>> = BTreeMap::new();
    for (place, cause) in causes.iter().enumerate() {
        open.entry(&cause.path).or_default().push(Open {
            cause,
            place,
            lost: None,
            first: None,
        });
    }
    let shapes: Vec<_> = open.keys().copied().map(PathShape::from).collect();
    let mut settled = Vec::new();
    let mut is_whole = true;
    let mut steps = past.steps(&shapes);
    while !open.is_empty() {
        let Some(step) = steps.next().transpose()? else {
            break;
        };
        let Some(changed) = step.changed else {
            is_whole = false;
            break;
        };
        for path in &changed.paths {
            if let Some(here) = open.get_mut(path)
                && settles(tree, (&step.commit, &changed), here)?
            {
                settled.extend(open.remove(path).into_iter().flatten());
            }
        }
    }
    let mut findings: BTreeMap<usize, Finding> = BTreeMap::new();
    for each in settled {
        findings.insert(each.place, each.finding(tree, true)?);
    }
    for each in open.into_values().flatten() {
        findings.insert(each.place, each.finding(tree, is_whole)?);
    }
    Ok(findings.into_values().collect())
}

/// Whether a commit that changed a path settles everything that may have been lost there.
fn settles(
    tree: &dyn ReadTree,
    (commit, changed): (&CommitFacts, &Changed),
    here: &mut [Open],
) -> Result<bool> {
    let Some(path) = here.first().map(|open| &open.cause.path) else {
        return Ok(true);
    };
    let (before, after) = (changed.before.kind(path)?, changed.after.kind(path)?);
    let operation = Trace::read(&commit.message).map(|trace| trace.operation);
    if before.is_some() && after.is_none() && operation.as_deref().is_some_and(takes_away) {
        return Ok(true);
    }
    let mut signs = Vec::new();
    for open in here.iter_mut() {
        if before.is_none() {
            open.first = changed.after.entry(path)?;
        }
        let sign = open.cause.sign(tree, changed)?;
        if matches!(sign, Sign::Before) && open.lost.is_none() {
            let paths = taken(tree, changed, &open.cause.root())?;
            open.lost = Some(Lost::by_commit(commit, paths));
        }
        signs.push(sign);
    }
    let are_all_before = signs.iter().all(|sign| matches!(sign, Sign::Before));
    Ok(match here.first().map(|open| &open.cause.what) {
        // One commit brings back all that runs somewhere, or else each place has one that is good for that place.
        Some(Suspicion::Gone(..)) => {
            if are_all_before {
                for open in here {
                    let paths = vec![open.cause.path.clone()];
                    open.lost = Some(Lost::by_commit(commit, paths));
                }
            }
            are_all_before
        }
        // What it was at first tells whether it was changed at all, and a command of ours stores a release once.
        Some(Suspicion::Changed(_)) => before.is_none() && operation.as_deref() == Some("release"),
        _ => !signs.iter().any(|sign| matches!(sign, Sign::Further)),
    })
}

/// What a commit took away at this path that is still away: all of it, or what stood in its folder.
fn taken(tree: &dyn ReadTree, changed: &Changed, root: &RepoPath) -> Result<Vec<RepoPath>> {
    let mut paths = Vec::new();
    let is_folder = |kind| kind == Some(Kind::Directory);
    if is_folder(tree.kind(root)?) || is_folder(changed.after.kind(root)?) {
        for child in changed.before.children(root)? {
            let path = root.join(&child.name);
            let was = Some(child.kind);
            if changed.after.kind(&path)? != was && tree.kind(&path)? != was {
                paths.push(path);
            }
        }
    }
    if paths.is_empty() {
        paths.push(root.clone());
    }
    Ok(paths)
}

/// Whether a commit that took this away put another one beside it that has the same file at this place: then it has another name.
fn renames(changed: &Changed, root: &RepoPath, file: &[&str]) -> Result<bool> {
    let Some(folder) = root.parent() else {
        return Ok(false);
    };
    let file = |root: &RepoPath| file.iter().fold(root.clone(), |path, name| path.join(name));
    let was = changed.before.entry(&file(root))?;
    let before = changed.before.folders(&folder)?;
    for other in changed.after.folders(&folder)? {
        let is_new = !before.contains(&other);
        if is_new && was.is_some() && changed.after.entry(&file(&folder.join(&other)))? == was {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether somebody who asks for this operation means things to go. What others take away was of no use at the time: if it is in use now,
/// it is missed.
fn takes_away(operation: &str) -> bool {
    [
        "app-delete",
        "app-remove-environment",
        "apply",
        "environment-delete",
    ]
    .contains(&operation)
}

impl Open<'_> {
    /// What was found once its history is at an end, or settled before that.
    fn finding(self, tree: &dyn ReadTree, is_whole: bool) -> Result<Finding> {
        let is_changed = matches!(self.cause.what, Suspicion::Changed(_));
        Ok(match self.lost {
            _ if is_changed && !is_whole => Finding::Unknown,
            // It is what it was at first.
            Some(_) if is_changed && self.first == tree.entry(&self.cause.path)? => {
                Finding::NotLost
            }
            Some(lost) => Finding::Lost(lost),
            None if is_whole => Finding::NotLost,
            None => Finding::Unknown,
        })
    }
}

impl Cause {
    /// What a commit that changed its path says of it.
    fn sign(&self, tree: &dyn ReadTree, changed: &Changed) -> Result<Sign> {
        let earlier = changed.before.as_ref();
        let was = |was| if was { Sign::Before } else { Sign::Further };
        Ok(match &self.what {
            Suspicion::Changed(place) => was(is_applied(tree, place, earlier.entry(&self.path)?)?),
            Suspicion::Gone(place, version) => {
                let Place { environment, app } = place;
                let manifest = release::manifest(earlier, app, *version, environment)?;
                // What a lock keeps need not be what runs.
                let is_kept = !lock::on_manifest(tree, environment, app)?.is_empty();
                let is_there = manifest.is_some();
                was(is_kept && is_there || is_applied(tree, place, manifest.map(Entry::File))?)
            }
            Suspicion::Unapplied(Place { environment, app }, version) => {
                let wanted = release::manifest(tree, app, *version, environment)?;
                if deployment::current(earlier, environment, app)? != Linked::To(*version) {
                    // Another release is to be applied than was.
                    return Ok(Sign::Settled);
                }
                match earlier.entry(&self.path)? {
                    Some(file @ Entry::File(_))
                        if Some(&file) != wanted.map(deployment::applied).as_ref() =>
                    {
                        Sign::Before
                    }
                    Some(_) => Sign::Settled,
                    None => Sign::Further,
                }
            }
            Suspicion::Undeployed(Place { environment, app }) => {
                match deployment::current(earlier, environment, app)? {
                    Linked::To(_) if renames(changed, &self.root(), &["manifests", MANIFEST])? => {
                        Sign::Settled
                    }
                    Linked::To(_) => Sign::Before,
                    Linked::Broken(_) | Linked::Nothing => Sign::Further,
                }
            }
            Suspicion::Config(name) => config(tree, earlier, name, Use::ByDeployments)?,
            Suspicion::Environment(..) if renames(changed, &self.root(), &["config.json"])? => {
                Sign::Settled
            }
            Suspicion::Environment(name, file) => config(tree, earlier, name, Use::ByArgoCd(file))?,
        })
    }
}

/// Whether this manifest is the one that is applied in a place.
fn is_applied(tree: &dyn ReadTree, place: &Place, manifest: Option<Entry>) -> Result<bool> {
    let Some(Entry::File(manifest)) = manifest else {
        return Ok(false);
    };
    let applied = tree.entry(&deployment::manifest_path(&place.environment, &place.app))?;
    Ok(applied == Some(deployment::applied(manifest)))
}

/// By what an environment is in use.
#[derive(Clone, Copy)]
enum Use<'a> {
    /// Something runs there.
    ByDeployments,
    /// Argo CD has a project of it, in this file.
    ByArgoCd(&'a RepoPath),
}

/// What a commit says of a config that is gone. It is missed only if the environment is in use, and Argo CD is still told of all that the
/// config described: who took its files away, too, wanted to be rid of it.
fn config(tree: &dyn ReadTree, earlier: &dyn ReadTree, name: &EnvName, usage: Use) -> Result<Sign> {
    let environments = EnvironmentGraph::read(earlier)?;
    let config = environments.get(name);
    let Some(config) = config.filter(|config| config.readable().is_ok()) else {
        return Ok(Sign::Further);
    };
    if earlier.kind(&Environment::config_path(name))?.is_none() {
        return Ok(Sign::Further);
    }
    let mut told = BTreeSet::new();
    for target in &config.argocd {
        let file = argocd::file(&target.name);
        if earlier.kind(&file)?.is_some() && tree.kind(&file)?.is_none() {
            return Ok(Sign::Settled);
        }
        told.insert(file);
    }
    let is_in_use = match usage {
        Use::ByDeployments => runs_something(tree, name)?,
        Use::ByArgoCd(file) => told.contains(file),
    };
    Ok(if is_in_use {
        Sign::Before
    } else {
        Sign::Settled
    })
}
