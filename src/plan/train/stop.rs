//! One environment at which a train stops: the fate of each app there.

use anyhow::Result;

use super::{AppFate, AppPrognosis, AppSkip, Details, Held, OnLock, QueueMove};
use crate::state::deployment::{self, Linked};
use crate::state::{AppName, EnvName, Locks, PlacedLock, Upstream, Version, queue, release};
use crate::tree::ReadTree;

/// What a train would find upstream: what runs there, or the highest release.
pub(crate) fn version_upstream(
    tree: &dyn ReadTree,
    upstream: &Upstream,
    app: &AppName,
) -> Result<Linked> {
    match upstream {
        Upstream::Environment(name) => deployment::current(tree, name, app),
        Upstream::Latest => {
            let highest = release::versions(tree, app)?.last().copied();
            Ok(highest.map_or(Linked::Nothing, Linked::To))
        }
    }
}

/// One environment at which the train stops.
pub(super) struct Stop<'a> {
    pub(super) tree: &'a dyn ReadTree,
    /// An earlier state, if what ran upstream then is to be taken.
    pub(super) past: Option<&'a dyn ReadTree>,
    pub(super) environment: &'a EnvName,
    pub(super) upstream: &'a Upstream,
    pub(super) locks: &'a Locks,
    pub(super) on_lock: OnLock,
}

impl Stop<'_> {
    pub(super) fn prognose(&self, app: &AppName) -> Result<AppPrognosis> {
        if let Upstream::Environment(upstream) = self.upstream
            && let Some(version) = deployment::shared(
                [(self.then(), upstream), (self.tree, self.environment)],
                app,
            )?
        {
            return Ok(AppPrognosis {
                current: Some(version),
                fate: AppFate::Skipped(AppSkip::AlreadyThere(version)),
                details: Details::default(),
            });
        }
        let (current, broken) = match deployment::current(self.tree, self.environment, app)? {
            Linked::Nothing => (None, None),
            Linked::To(version) => (Some(version), None),
            Linked::Broken(broken) => (None, Some(broken)),
        };
        let fate = match broken {
            Some(broken) => AppFate::Skipped(AppSkip::Broken(broken)),
            None => self.fate(app, current)?,
        };
        Ok(AppPrognosis {
            current,
            fate,
            details: Details::default(),
        })
    }

    /// The first that holds, in the order of the rules.
    fn fate(&self, app: &AppName, current: Option<Version>) -> Result<AppFate> {
        let skipped = |skip| Ok(AppFate::Skipped(skip));
        let version = match version_upstream(self.then(), self.upstream, app)? {
            Linked::Nothing => return skipped(AppSkip::NothingUpstream),
            Linked::Broken(broken) => return skipped(AppSkip::Broken(broken)),
            Linked::To(version) => version,
        };
        if !self.is_still_the_same(app, version)? {
            return skipped(AppSkip::Gone(version));
        }
        if current == Some(version) {
            return skipped(AppSkip::AlreadyThere(version));
        }
        if version.has_revision() {
            return skipped(AppSkip::Revision(version));
        }
        let manifest = release::manifest(self.tree, app, version, self.environment)?;
        let app_locks = self.locks.on_app(self.tree, app)?;
        if !app_locks.is_empty() {
            let team_locks = self.locks.on_team_of(self.tree, app)?;
            let locks = [app_locks.as_slice(), team_locks].concat();
            let held = self.held(app, version, manifest.is_some(), locks)?;
            return skipped(AppSkip::AppLocked(held));
        }
        let Some(manifest) = manifest else {
            return skipped(AppSkip::NotInEnvironment(version));
        };
        let team_locks = self.locks.on_team_of(self.tree, app)?;
        if !team_locks.is_empty() {
            let held = self.held(app, version, true, team_locks.to_vec())?;
            return skipped(AppSkip::TeamLocked(held));
        }
        Ok(AppFate::Deploys {
            to: version,
            kind: release::kind(self.tree, app, version)?,
            manifest,
        })
    }

    /// Whether the release is the one of the earlier state: an app that was deleted and made again counts from one again.
    fn is_still_the_same(&self, app: &AppName, version: Version) -> Result<bool> {
        let Some(past) = self.past else {
            return Ok(true);
        };
        Ok(release::exists(self.tree, app, version)?
            && release::created_at(past, app, version)?
                == release::created_at(self.tree, app, version)?)
    }

    /// The state that tells what runs upstream.
    fn then(&self) -> &dyn ReadTree {
        self.past.unwrap_or(self.tree)
    }

    /// A version behind locks; it is queued if its release has a manifest here.
    fn held(
        &self,
        app: &AppName,
        version: Version,
        has_manifest: bool,
        locks: Vec<PlacedLock>,
    ) -> Result<Held> {
        let queue = match self.on_lock {
            OnLock::Queue if has_manifest => {
                match queue::waiting(self.tree, self.environment, app)?.version() {
                    Ok(Some(waits)) if waits == version => QueueMove::Waits,
                    waits => QueueMove::Put {
                        replaced: waits.ok().flatten(),
                    },
                }
            }
            OnLock::Queue | OnLock::Skip | OnLock::Fail => QueueMove::None,
        };
        Ok(Held {
            version,
            queue,
            locks,
        })
    }
}
