//! What only history tells: that something was changed that never changes, or was taken away although it is in use.
//!
//! Seen without it, such damage looks like a fault of what follows from it, and the command that mends that would make production follow
//! the damage. A release does not change once it is stored (`docs/format.md`), and nothing that runs is cleaned up. History tells what
//! was, and not what somebody meant; so what it tells counts only if bringing that back changes nothing that is applied anywhere.

mod cause;
mod sign;
mod walk;

use std::collections::BTreeSet;

use anyhow::Result;

use super::app::AppFault;
use super::deployment::LinkFault;
use super::derived::{DerivedFault, Difference, may_be_of};
use super::environment::ConfigFault;
use super::fault::{Doubt, Fault, Mend, What, pathspec};
use super::misplaced::Misplaced;
use super::queue::QueueFault;
use super::release::ReleaseFault;
use super::{Verified, sort};
use crate::plan::argocd;
use crate::plan::environment::Fault as NotAnEnvironment;
use crate::state::deployment::BrokenLinkCause;
use crate::state::{quoted, release};
use crate::tree::{CommitFacts, Kind, ReadPast, ReadTree, RepoPath};

/// What was lost: what stood at these paths before a commit is what is to come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    by: String,
    paths: Vec<RepoPath>,
    /// What stands there now, a folder where there was none or the other way round.
    in_the_way: Option<(RepoPath, Kind)>,
    /// Whether nothing has changed there since.
    is_as_it_was_left: bool,
}

impl Lost {
    fn by_commit(
        commit: &CommitFacts,
        paths: Vec<RepoPath>,
        in_the_way: Option<(RepoPath, Kind)>,
    ) -> Self {
        let by = commit.id.chars().take(12).collect();
        Self {
            by,
            paths,
            in_the_way,
            is_as_it_was_left: true,
        }
    }

    /// Whether nothing has changed since then: else what came later would be undone, too.
    pub(super) fn is_as_it_was_left(&self) -> bool {
        self.is_as_it_was_left
    }

    /// The commit that changed it or took it away, by its first digits.
    pub(super) fn by(&self) -> &str {
        &self.by
    }

    /// Bringing back what stood there, and nothing of what came beside it since; once more, it changes nothing.
    pub(super) fn mend(&self) -> Mend {
        let paths = self.paths.iter().map(|path| pathspec(&path.to_string()));
        let paths = paths.collect::<Vec<_>>().join(" ");
        let source = quoted(&format!("{}^", self.by));
        // git commits nothing by a path where a folder and a file change places.
        let first = self.in_the_way.as_ref().map(|(path, kind)| {
            let path = path.to_string();
            // Run once more, neither finds anything.
            let remove = match kind {
                Kind::Directory => format!("git rm -rq -- {}", pathspec(&format!("{path}/"))),
                Kind::File | Kind::Symlink | Kind::Submodule => {
                    format!("git rm -q -- {}", pathspec(&path))
                }
            };
            let path = pathspec(&path);
            format!("{remove} && git commit -qm 'remove what is in the way' -- {path} && ")
        });
        Mend::ByHand(format!(
            "{}git restore --source={source} --staged --worktree -- {paths} && git commit -qm 'bring back what was lost' -- {paths} && git push",
            first.unwrap_or_default()
        ))
    }
}

impl Verified {
    /// Names what was lost in place of what follows from it. History is read only if a fault may come from that. Where it ends too
    /// early, as in a shallow clone, or cannot be read, such faults are in doubt, and nothing is named that would settle them.
    pub(crate) fn look_back(&mut self, tree: &dyn ReadTree, past: &dyn ReadPast) -> Result<()> {
        let mut suspects = Vec::new();
        let mut causes = Vec::new();
        for (place, fault) in self.faults.iter().enumerate() {
            for cause in cause::causes_of(tree, fault)? {
                suspects.push(place);
                causes.push(cause);
            }
        }
        if causes.is_empty() {
            return Ok(());
        }
        let looked = walk::look(tree, past, &causes);
        let findings = match looked {
            Ok(findings) => findings,
            Err(error) => {
                for place in suspects {
                    self.faults[place].doubt = Some(Doubt::Unread);
                }
                return Err(error);
            }
        };
        let (mut named, mut damaged) = (BTreeSet::new(), Vec::new());
        for ((place, cause), finding) in suspects.into_iter().zip(&causes).zip(findings) {
            match finding {
                walk::Finding::Lost(lost) => {
                    named.insert(place);
                    damaged.push(cause.fault(lost));
                }
                walk::Finding::NotLost => {}
                walk::Finding::Unknown => self.faults[place].doubt = Some(Doubt::Shallow),
            }
        }
        let mut places = 0..;
        self.faults
            .retain(|_| places.next().is_none_or(|place| !named.contains(&place)));
        self.faults.extend(damaged.iter().cloned());
        self.faults.retain(|fault| {
            let mut others = damaged.iter().filter(|lost| *lost != fault);
            !others.any(|lost| follows(fault, lost))
        });
        sort(&mut self.faults);
        Ok(())
    }
}

/// Whether this is the folder of an app, all of it, or that of all apps.
fn is_of_an_app(path: &str) -> bool {
    let path = RepoPath::parse(path);
    path.is_some_and(|path| path == release::root() || path.parent() == Some(release::root()))
}

/// Whether a fault only follows from what was lost, or says less of the same: its command would make it worse.
fn follows(fault: &Fault, damaged: &Fault) -> bool {
    let lost_environment = match &damaged.what {
        What::Config(
            ConfigFault::Lost(name, _)
            | ConfigFault::EnvironmentLost(name, _)
            | ConfigFault::DescriptionLost(name, _),
        ) => Some(name),
        _ => None,
    };
    // What is lost lies below this path, or all below it is lost.
    let is_around = |path: &str| {
        let is_below = |path: &str, folder: &str| {
            path.strip_prefix(folder)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        is_below(&damaged.path, path) || is_below(path, &damaged.path)
    };
    match &fault.what {
        What::Derived(DerivedFault::ArgoCdOrphan) => {
            let name = fault.path.rsplit('/').next().unwrap_or_default();
            let project = argocd::project_of(name);
            let is_its = |project| lost_environment.is_some_and(|name| may_be_of(project, name));
            project.is_some_and(is_its)
        }
        What::Derived(DerivedFault::ArgoCdDiffers(environment, Difference::Content)) => {
            match &damaged.what {
                // The team of an app that is gone stands there.
                What::Release(ReleaseFault::Gone(_)) => is_of_an_app(&damaged.path),
                What::Link(LinkFault::Lost(place, _)) => place.environment == *environment,
                _ => false,
            }
        }
        What::Release(ReleaseFault::UnknownEnvironment { environment, .. }) => {
            lost_environment == Some(environment)
        }
        What::Release(
            ReleaseFault::Unfit { .. } | ReleaseFault::EmptyManifest | ReleaseFault::NoManifests,
        )
        | What::App(AppFault::NoReleases(_))
        | What::Link(LinkFault::Remains(_) | LinkFault::Broken(_, BrokenLinkCause::NoFolder, _))
        | What::Misplaced(
            Misplaced::WrongKind { .. }
            | Misplaced::InPlaceOfFolder(..)
            | Misplaced::Stray
            | Misplaced::Leftover
            | Misplaced::Submodule,
        )
        | What::Config(ConfigFault::Found(NotAnEnvironment::NoFolder(_))) => is_around(&fault.path),
        What::Config(ConfigFault::Missing(name)) => lost_environment == Some(name),
        What::Derived(DerivedFault::ArgoCdMissing(..)) => {
            let is_folder = matches!(
                damaged.what,
                What::Misplaced(Misplaced::InPlaceOfFolder(..))
            );
            is_folder && is_around(&fault.path)
        }
        What::Link(
            LinkFault::Broken(place, BrokenLinkCause::Dangling(version), _)
            | LinkFault::NoManifest(place, version, _),
        )
        | What::Queue(
            QueueFault::Broken(place, BrokenLinkCause::Dangling(version), _)
            | QueueFault::NoManifest(place, version),
        ) => {
            let path = release::manifest_path(&place.app, *version, &place.environment);
            is_around(&path.to_string())
        }
        _ => false,
    }
}
