//! Where somebody stands who shall type a command of git that was named to them.

use std::path::PathBuf;

use git2::Oid;

use super::Checkout;

/// How this checkout is to the files of a commit of our branch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The top folder of the files, without links on the way; `None`: there are no files.
    pub(crate) root: Option<PathBuf>,
    /// Whether our branch is checked out.
    pub(crate) is_checked_out: bool,
    /// Whether our branch stands at that commit here, too.
    pub(crate) is_current: bool,
}

impl Checkout {
    /// How this checkout is to the files of a commit of our branch.
    pub(crate) fn standing(&self, commit: &str) -> Standing {
        let root = self.repository.workdir();
        Standing {
            root: root.map(|root| root.canonicalize().unwrap_or_else(|_| root.to_owned())),
            is_checked_out: self.is_checked_out(),
            is_current: self.local().ok().flatten() == Oid::from_str(commit).ok(),
        }
    }
}
