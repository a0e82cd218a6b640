//! An app on an environment: where a release is put, or queued.

use anyhow::Result;

use super::record::{self, Route};
use super::{Ground, Refusal};
use crate::state::deployment::{self, Linked};
use crate::state::{AppName, EnvName, PlacedLock, Version, lock, queue, release};
use crate::tree::{Content, Draft, ReadTree};

/// An app on an environment.
pub(super) struct Place<'a> {
    pub(super) environment: &'a EnvName,
    pub(super) app: &'a AppName,
}

impl Place<'_> {
    /// The manifest of a release for this environment, or the refusal that it has none.
    pub(super) fn manifest(&self, tree: &dyn ReadTree, version: Version) -> Result<Content> {
        if version.has_revision() {
            let app = self.app.clone();
            return Err(Refusal::Revision { app, version }.into());
        }
        if let Some(manifest) = release::manifest(tree, self.app, version, self.environment)? {
            return Ok(manifest);
        }
        Err(Refusal::NoManifest {
            app: self.app.clone(),
            version,
            environment: self.environment.clone(),
            has: release::environments(tree, self.app, version)?,
        }
        .into())
    }

    /// Deploys a release here, or queues it behind `locks`. A broken link is replaced: this is how it is mended.
    pub(super) fn deploy(
        &self,
        draft: &mut Draft,
        ground: &Ground,
        (version, manifest): (Version, Content),
        locks: Vec<PlacedLock>,
    ) -> Result<Deployed> {
        let from = match deployment::current(draft, self.environment, self.app)? {
            Linked::To(current) if current == version => {
                return Ok(Deployed::AlreadyThere(version));
            }
            Linked::To(current) => Some(current),
            Linked::Nothing | Linked::Broken(_) => None,
        };
        if locks.is_empty() {
            self.point(draft, ground, (version, manifest), Route::Alone)?;
            return Ok(Deployed::Changed { from, to: version });
        }
        let replaced = self.enqueue(draft, ground, version, &locks)?;
        Ok(Deployed::Queued {
            version,
            replaced,
            behind: locks,
        })
    }

    /// Points this environment at a release and empties its queue; the manifest stays if it is locked. Decides nothing else.
    pub(super) fn point(
        &self,
        draft: &mut Draft,
        ground: &Ground,
        (version, manifest): (Version, Content),
        route: Route,
    ) -> Result<()> {
        let from = deployment::current(draft, self.environment, self.app)?;
        let from = from.version().ok().flatten();
        let by = (&ground.context.actor, ground.context.now);
        deployment::write(draft, (self.environment, self.app), version, by)?;
        if lock::on_manifest(draft, self.environment, self.app)?.is_empty() {
            deployment::apply(draft, self.environment, self.app, manifest)?;
        }
        queue::clear(draft, self.environment, self.app)?;
        record::deployed(draft, ground, self, (from, version), route)
    }

    /// Queues a version behind locks, and returns the one that waited before.
    pub(super) fn enqueue(
        &self,
        draft: &mut Draft,
        ground: &Ground,
        version: Version,
        behind: &[PlacedLock],
    ) -> Result<Option<Version>> {
        let waited = queue::waiting(draft, self.environment, self.app)?;
        let waited = waited.version().ok().flatten();
        queue::put(draft, self.environment, self.app, version)?;
        // What waits already was held back before.
        if waited != Some(version) {
            record::held_back(draft, ground, self, version, behind)?;
        }
        Ok(waited.filter(|waited| *waited != version))
    }
}

/// What became of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deployed {
    /// It runs now.
    Changed { from: Option<Version>, to: Version },
    /// It ran before.
    AlreadyThere(Version),
    /// It waits for locks to lift.
    Queued {
        version: Version,
        /// The version that waited before.
        replaced: Option<Version>,
        behind: Vec<PlacedLock>,
    },
}
