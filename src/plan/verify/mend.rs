//! Mending: what is safe to mend, and how.

use anyhow::Result;

use super::commits::CommitFault;
use super::deployment::{LinkFault, Meant, Place};
use super::derived::DerivedFault;
use super::fault::{Fault, Mend, What};
use super::misplaced::Misplaced;
use super::queue::QueueFault;
use crate::plan::render::bring_in_step;
use crate::plan::{Ground, argocd};
use crate::state::deployment::{self, BrokenLinkCause};
use crate::state::queue;
use crate::tree::{Draft, RepoPath};

/// Mends a fault that is safe to mend; leaves any other alone.
pub(super) fn mend(draft: &mut Draft, ground: &Ground, fault: &Fault) -> Result<()> {
    let Some(path) = RepoPath::parse(&fault.path).filter(|_| fault.mend() == Mend::Safe) else {
        return Ok(());
    };
    match &fault.what {
        What::Misplaced(Misplaced::Executable | Misplaced::EmptyFolder) => draft.renew(path),
        What::Misplaced(Misplaced::Leftover)
        | What::Config(_)
        | What::Commit(CommitFault::Neighbour(_)) => draft.delete(path),
        What::Link(
            LinkFault::Broken(place, _, Meant::Sure(version))
            | LinkFault::NoLink(place, Meant::Sure(version)),
        ) => {
            let Place { environment, app } = place;
            let path = deployment::version_path(environment, app);
            deployment::relink(draft, (environment, app), path, *version)
        }
        What::Queue(fault) => queued(draft, fault),
        What::Derived(DerivedFault::ManifestMissing(Place { environment, app })) => {
            bring_in_step(draft, environment, app)?;
            Ok(())
        }
        What::Derived(DerivedFault::ArgoCdMissing(name, _)) => {
            let names = std::iter::once(name.clone()).collect();
            argocd::write(draft, ground, &ground.environments, &names)?;
            Ok(())
        }
        // A person decides, or it is not in the repository.
        What::Misplaced(
            Misplaced::BadName(_)
            | Misplaced::Submodule
            | Misplaced::SameButForCase(_)
            | Misplaced::WrongKind { .. }
            | Misplaced::InPlaceOfFolder(..)
            | Misplaced::Missing
            | Misplaced::BadText(_)
            | Misplaced::Stray
            | Misplaced::OfLaterKuberpult,
        )
        | What::Options(_)
        | What::App(_)
        | What::Release(_)
        | What::Link(_)
        | What::Lock(_)
        | What::Derived(_)
        | What::Commit(_)
        | What::Local(_) => Ok(()),
    }
}

fn queued(draft: &mut Draft, fault: &QueueFault) -> Result<()> {
    match fault {
        QueueFault::Broken(Place { environment, app }, BrokenLinkCause::NoLink, Some(version)) => {
            queue::put(draft, environment, app, *version)
        }
        QueueFault::Broken(Place { environment, app }, _, _)
        | QueueFault::Runs(Place { environment, app }, _)
        | QueueFault::NoManifest(Place { environment, app }, _) => {
            queue::clear(draft, environment, app)
        }
        QueueFault::Free(..) => Ok(()),
    }
}
