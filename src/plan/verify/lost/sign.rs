//! What a commit says of something that may have been lost.

use std::collections::BTreeSet;

use anyhow::Result;

use super::cause::{Cause, Suspicion, runs_something};
use crate::plan::argocd;
use crate::plan::verify::deployment::Place;
use crate::state::deployment::{self, Linked};
use crate::state::{AppName, EnvName, Environment, EnvironmentGraph, Version, lock, release};
use crate::tree::{Changed, Entry, Kind, ReadTree, RepoPath};

/// What a commit says of a cause.
pub(super) enum Sign {
    /// Before it, there was what is in use now.
    Before,
    /// Nothing of the kind was lost.
    Settled,
    /// What was before it is no help: further back there may be better.
    Further,
}

impl Cause {
    /// What a commit that changed its path says of it.
    pub(super) fn sign(&self, tree: &dyn ReadTree, changed: &Changed) -> Result<Sign> {
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
            Suspicion::Awaited(Place { environment, app }, version) => {
                was(release::manifest(earlier, app, *version, environment)?.is_some())
            }
            Suspicion::Unapplied(place, version) => unapplied(tree, earlier, place, *version)?,
            Suspicion::LedAway(place) => link(tree, changed, place)?,
            Suspicion::Undeployed(place, _) => match link(tree, changed, place)? {
                Sign::Before if renames_app(tree, changed, place)? => Sign::Settled,
                sign => sign,
            },
            Suspicion::Config(name) => config(tree, earlier, name, Use::ByDeployments)?,
            Suspicion::Folder(_) => match earlier.kind(&self.path)? {
                Some(Kind::Directory) => Sign::Before,
                Some(_) => Sign::Further,
                // What was in a folder before that, such as a lock, went for reasons of its own.
                None => Sign::Settled,
            },
            Suspicion::Undescribed(name, file) => described(earlier, name, file)?,
            Suspicion::Environment(name, _) if renames_environment(tree, changed, name)? => {
                Sign::Settled
            }
            Suspicion::Environment(name, file) => config(tree, earlier, name, Use::ByArgoCd(file))?,
        })
    }
}

/// What a commit that changed a link says of it.
fn link(
    tree: &dyn ReadTree,
    changed: &Changed,
    Place { environment, app }: &Place,
) -> Result<Sign> {
    let linked = |tree| deployment::current(tree, environment, app);
    let (earlier, later) = (
        linked(changed.before.as_ref())?,
        linked(changed.after.as_ref())?,
    );
    Ok(match (earlier, later) {
        // It came as it should be, and what is wrong with it came later.
        (_, Linked::To(_)) => Sign::Settled,
        // It says so still, or again: it is not the link that was lost.
        (earlier @ Linked::To(_), _) if deployment::named(tree, environment, app)? == earlier => {
            Sign::Settled
        }
        (Linked::To(_), _) => Sign::Before,
        (Linked::Broken(_) | Linked::Nothing, _) => Sign::Further,
    })
}

/// What an earlier state says of a manifest that is not applied any more, though this release of it runs.
fn unapplied(
    tree: &dyn ReadTree,
    earlier: &dyn ReadTree,
    Place { environment, app }: &Place,
    version: Version,
) -> Result<Sign> {
    let applied = match earlier.entry(&deployment::manifest_path(environment, app))? {
        Some(file @ Entry::File(_)) => file,
        Some(Entry::Symlink(_)) => return Ok(Sign::Settled),
        None => return Ok(Sign::Further),
    };
    let is_of = |version| -> Result<bool> {
        let manifest = release::manifest(tree, app, version, environment)?;
        Ok(manifest.map(deployment::applied).as_ref() == Some(&applied))
    };
    let is_of_another = match deployment::current(earlier, environment, app)? {
        Linked::To(earlier) => earlier != version,
        // Of which release it was, the manifest itself says, if it is that of one.
        Linked::Broken(_) | Linked::Nothing => {
            let mut is_of_one = false;
            for other in release::versions(tree, app)? {
                is_of_one = is_of_one || other != version && is_of(other)?;
            }
            is_of_one
        }
    };
    Ok(if is_of_another || is_of(version)? {
        Sign::Settled
    } else {
        Sign::Before
    })
}

/// Whether a config described a project, which none does now.
fn described(earlier: &dyn ReadTree, name: &EnvName, file: &RepoPath) -> Result<Sign> {
    let environments = EnvironmentGraph::read(earlier)?;
    let config = environments.get(name);
    let config = config.filter(|config| config.readable().is_ok() && !config.argocd.is_empty());
    let Some(config) = config else {
        return Ok(Sign::Further);
    };
    let mut files = config
        .argocd
        .iter()
        .map(|target| argocd::file(&target.name));
    Ok(if files.any(|each| each == *file) {
        Sign::Before
    } else {
        Sign::Settled
    })
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

/// Whether a commit that took an app away from an environment put it there under another name, under which it runs now.
fn renames_app(tree: &dyn ReadTree, changed: &Changed, place: &Place) -> Result<bool> {
    let Place { environment, app } = place;
    let (before, after) = (changed.before.as_ref(), changed.after.as_ref());
    let applied = |tree: &dyn ReadTree, app: &AppName| {
        tree.entry(&deployment::manifest_path(environment, app))
    };
    let was = applied(before, app)?;
    let there = deployment::apps(before, environment)?;
    for other in deployment::apps(after, environment)? {
        let is_new = was.is_some() && !there.contains(&other) && applied(after, &other)? == was;
        if is_new && lives(tree, environment, &other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a commit that took an environment away put it there under another name, under which everything runs now.
fn renames_environment(tree: &dyn ReadTree, changed: &Changed, name: &EnvName) -> Result<bool> {
    let (before, after) = (changed.before.as_ref(), changed.after.as_ref());
    let config = |tree: &dyn ReadTree, name: &EnvName| tree.entry(&Environment::config_path(name));
    let was = config(before, name)?;
    let there = before.folders(&Environment::root())?;
    'others: for other in after.folders(&Environment::root())? {
        let is_new = was.is_some() && !there.contains(&other);
        let Some(other) = other.parse::<EnvName>().ok().filter(|_| is_new) else {
            continue;
        };
        if config(after, &other)? != was {
            continue;
        }
        for app in deployment::apps(before, name)? {
            if runs(before, name, &app)?.is_some() && !lives(tree, &other, &app)? {
                continue 'others;
            }
        }
        return Ok(true);
    }
    Ok(false)
}

/// Whether something runs somewhere, or what is applied there says what is meant to.
fn lives(tree: &dyn ReadTree, environment: &EnvName, app: &AppName) -> Result<bool> {
    if runs(tree, environment, app)?.is_some() {
        return Ok(true);
    }
    let applied = tree.entry(&deployment::manifest_path(environment, app))?;
    for version in release::versions(tree, app)? {
        let manifest = release::manifest(tree, app, version, environment)?;
        if manifest.is_some() && manifest.map(deployment::applied) == applied {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The release that runs somewhere, if it has a manifest for that.
fn runs(tree: &dyn ReadTree, environment: &EnvName, app: &AppName) -> Result<Option<Version>> {
    let Linked::To(version) = deployment::current(tree, environment, app)? else {
        return Ok(None);
    };
    let manifest = release::manifest(tree, app, version, environment)?;
    Ok(manifest.map(|_| version))
}
