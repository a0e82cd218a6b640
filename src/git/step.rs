//! One step of the checkout from a commit to a later one: what both ways of making it need to know.

use std::path::PathBuf;

use git2::Oid;

use super::{Checkout, guard};

/// A step of the checkout.
pub(super) struct Step<'a> {
    pub(super) checkout: &'a Checkout,
    pub(super) old: Oid,
    pub(super) new: Oid,
    /// Whether an earlier try may have written some of the files, the last one in part.
    pub(super) resumed: bool,
    /// The index of this work tree.
    pub(super) index: PathBuf,
    /// Where the new index is prepared.
    pub(super) next_index: PathBuf,
}

/// What is in the way of a move: paths, or git's own words.
pub(super) type InTheWay = String;

impl<'a> Step<'a> {
    /// The step of this work tree.
    pub(super) fn new(checkout: &'a Checkout, old: Oid, new: Oid, resumed: bool) -> Self {
        let folder = checkout.repository.path();
        Self {
            checkout,
            old,
            new,
            resumed,
            index: folder.join("index"),
            next_index: guard::folder(folder).join("index"),
        }
    }
}
