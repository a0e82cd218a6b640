//! A session as a test plays it.

use std::path::Path;

use anyhow::Result;
use git2::Oid;

use super::{Selection, Session, change, context};
use crate::git::Checkout;
use crate::plan::{Ground, Outcome};
use crate::report::Format;
use crate::state::Moment;
use crate::tree::{ChangeSet, Draft};

impl Session {
    /// A session in a bare clone, of somebody at a moment.
    pub(in crate::cli) fn played(folder: &Path, author: &str, now: Moment) -> Self {
        Self {
            selection: Selection {
                folder: folder.to_owned(),
                explicit: true,
                remote: None,
                branch: Some("main".to_owned()),
                push: true,
                settings_in_environment: false,
            },
            format: Format::Text,
            dry_run: false,
            quiet: true,
            author_name: Some(author.to_owned()),
            author_email: Some("actor@shop.example".to_owned()),
            notify_argocd: None,
            now,
            width: None,
        }
    }

    /// What a verb changes on a commit that is here.
    pub(in crate::cli) fn planned(
        &self,
        commit: Oid,
        url: &str,
        verb: impl Fn(&mut Draft, &Ground) -> Result<Outcome>,
    ) -> Result<ChangeSet> {
        let checkout = Checkout::open(&self.selection)?;
        let mut context = context(&checkout, self.actor(&checkout)?, self.now);
        context.repo_url = url.to_owned();
        let snapshot = checkout.past(&commit.to_string())?;
        let ground = Ground::begin(&snapshot, &context)?;
        Ok(change::plan(&snapshot, &ground, verb)?.changes)
    }
}
