//! What every verb stands on: who acts and when, the options of the repository, its environments.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use anyhow::Result;
use thiserror::Error;

use crate::state::config::ConfigError;
use crate::state::{
    Actor, CommitId, EnvironmentGraph, Moment, Options, SourceRef, deployment, release,
};
use crate::tree::{Kind, ReadPast, ReadTree, RepoPath};

/// What comes from outside, once for a whole command.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// For whom.
    pub(crate) actor: Actor,
    /// When.
    pub(crate) now: Moment,
    /// The URL of the manifest repository without credentials; empty if it has no remote.
    pub(crate) repo_url: String,
    /// The branch of the manifest repository.
    pub(crate) branch: String,
}

/// A repository on which no verb can work.
#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum Unusable {
    /// There are no environments.
    #[error(
        "this is no manifest repository: the branch `{0}` has no folder `environments/` with an environment in it"
    )]
    NoEnvironments(String),
    /// kuberpult v13.50 or later exported it from its database.
    #[error(
        "this manifest repository was written by kuberpult v13.50 or later: it holds manifests, but neither releases nor `version` links (for example in `{0}`)"
    )]
    ExportOfLaterKuberpult(RepoPath),
}

impl Unusable {
    /// What can be done.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::NoEnvironments(_) => {
                "start one with a first environment: `trainyard environment create development --upstream latest`; or pass the right folder with `-C` and the right branch with `--branch`"
            }
            Self::ExportOfLaterKuberpult(_) => {
                "trainyard keeps releases, locks and queues in git; start in a fresh repository with these `environments/*/config.json` and release each app once"
            }
        }
    }
}

/// A point in the history of the manifest repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// As it was asked for.
    pub(crate) name: SourceRef,
    /// The commit that it stands for.
    pub(crate) commit: CommitId,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commit = self.commit.as_ref();
        if commit.starts_with(self.name.as_ref()) {
            return formatter.write_str(&commit[..10]);
        }
        write!(formatter, "{} ({})", self.name, &commit[..10])
    }
}

/// An earlier state of the manifest repository.
#[derive(Clone, Copy)]
pub(crate) struct Past<'a> {
    pub(crate) source: &'a Source,
    pub(crate) tree: &'a dyn ReadTree,
}

/// Options and environments of the tree that is planned on.
pub(crate) struct Ground<'a> {
    /// What comes from outside.
    pub(crate) context: &'a Context,
    /// The options of the repository.
    pub(crate) options: Options,
    /// Its environments.
    pub(crate) environments: EnvironmentGraph,
    /// Earlier states, from which trains take versions.
    pasts: &'a [Past<'a>],
    /// The history of the tree that is planned on.
    pub(super) history: Option<&'a dyn ReadPast>,
    /// How many events this command has recorded so far.
    events: Rc<Cell<u64>>,
}

impl<'a> Ground<'a> {
    /// Reads options and environments, of which there must be some.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn survey(tree: &dyn ReadTree, context: &'a Context) -> Result<Self> {
        let ground = Self::begin(tree, context)?;
        ground.settled()?;
        Ok(ground)
    }

    /// Fails if there are no environments.
    pub(crate) fn settled(&self) -> Result<(), Unusable> {
        match self.environments.iter().next() {
            Some(_) => Ok(()),
            None => Err(Unusable::NoEnvironments(self.context.branch.clone())),
        }
    }

    /// The same with the default options where `trainyard.yaml` cannot be understood; then the error comes with it.
    pub(super) fn of_what_is_readable(
        tree: &dyn ReadTree,
        context: &'a Context,
    ) -> Result<(Self, Option<ConfigError>)> {
        let (options, error) = match Options::read(tree) {
            Ok(options) => (options, None),
            Err(error) => (Options::default(), Some(error.downcast::<ConfigError>()?)),
        };
        Ok((Self::with_options(tree, context, options)?, error))
    }

    /// Fails if there is nothing at all where environments belong.
    pub(super) fn settled_or_stray(&self) -> Result<(), Unusable> {
        if self.environments.strays.is_empty() {
            self.settled()?;
        }
        Ok(())
    }

    /// Reads options and environments, of which there may be none yet. Fails with [`Unusable`] if this is no manifest repository.
    pub(crate) fn begin(tree: &dyn ReadTree, context: &'a Context) -> Result<Self> {
        let options = Options::read(tree)?;
        Self::with_options(tree, context, options)
    }

    fn with_options(tree: &dyn ReadTree, context: &'a Context, options: Options) -> Result<Self> {
        let environments = EnvironmentGraph::read(tree)?;
        if let Some(path) = export_of_later_kuberpult(tree, &environments)? {
            return Err(Unusable::ExportOfLaterKuberpult(path).into());
        }
        Ok(Self {
            context,
            options,
            environments,
            pasts: &[],
            history: None,
            events: Rc::default(),
        })
    }

    /// The same ground, with earlier states to take versions from.
    pub(crate) fn with_pasts(self, pasts: &'a [Past<'a>]) -> Self {
        Self { pasts, ..self }
    }

    /// The same ground, with the history of its tree.
    pub(crate) fn with_history(self, history: &'a dyn ReadPast) -> Self {
        Self {
            history: Some(history),
            ..self
        }
    }

    /// The same ground, for a later operation of the command that stands on the other one.
    pub(super) fn after(self, other: &Self) -> Self {
        Self {
            pasts: other.pasts,
            history: other.history,
            events: Rc::clone(&other.events),
            ..self
        }
    }

    /// The earlier state that was asked for by this name.
    pub(super) fn past(&self, name: &SourceRef) -> Option<Past<'a>> {
        let mut pasts = self.pasts.iter();
        pasts.find(|past| past.source.name == *name).copied()
    }

    /// The place of the next event among those of this command.
    pub(super) fn next_event(&self) -> u64 {
        self.events.replace(self.events.get() + 1)
    }
}

/// A deployed manifest without a `version` link, in a repository without any release.
fn export_of_later_kuberpult(
    tree: &dyn ReadTree,
    environments: &EnvironmentGraph,
) -> Result<Option<RepoPath>> {
    if release::any(tree)? {
        return Ok(None);
    }
    for environment in environments.iter() {
        for app in deployment::apps(tree, &environment.name)? {
            let manifests = deployment::directory(&environment.name, &app).join("manifests");
            let deployed = deployment::is_deployed(tree, &environment.name, &app)?;
            if !deployed && tree.kind(&manifests)? == Some(Kind::Directory) {
                return Ok(Some(manifests));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::world::context;
    use crate::tree::MemoryTree;

    fn survey(files: &[(&str, &str)]) -> Option<Unusable> {
        let error = Ground::survey(&MemoryTree::of(files), &context()).err()?;
        Some(error.downcast().unwrap())
    }

    #[test]
    fn what_is_no_manifest_repository_is_named() {
        let config = ("environments/dev/config.json", "{}");
        let manifest = (
            "environments/dev/applications/web/manifests/manifests.yaml",
            "a: 1",
        );
        assert_eq!(
            survey(&[("README.md", "x")]),
            Some(Unusable::NoEnvironments("main".into()))
        );
        assert_eq!(survey(&[config]), None);
        let path = RepoPath::parse("environments/dev/applications/web/manifests");
        assert_eq!(
            survey(&[config, manifest]),
            path.map(Unusable::ExportOfLaterKuberpult)
        );
        let release = ("applications/web/releases/1/created_at", "x");
        assert_eq!(survey(&[config, manifest, release]), None);
    }
}
