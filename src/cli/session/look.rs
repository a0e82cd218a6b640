//! The shape of a command that only looks: read, report.

use anyhow::Result;

use super::{Earlier, Refs, Session, context, reading};
use crate::git::Checkout;
use crate::plan::{Ground, Outcome};
use crate::report::{Tag, TagState};
use crate::state::Actor;
use crate::tree::{ReadPast, ReadTree};

impl Session {
    /// Reads the state as it is now, and tells what was found; `changed` says whether changes are pending.
    pub(in crate::cli) fn look(
        &self,
        read: impl Fn(&dyn ReadTree, &Ground) -> Result<Outcome>,
        changed: impl Fn(&Outcome) -> bool,
    ) -> Result<Outcome> {
        let read = |tree: &dyn ReadTree, ground: &Ground| {
            ground.settled()?;
            read(tree, ground)
        };
        self.look_anyway(read, changed)
    }

    /// The same in a repository that may have no environments.
    pub(in crate::cli) fn look_anyway(
        &self,
        read: impl Fn(&dyn ReadTree, &Ground) -> Result<Outcome>,
        changed: impl Fn(&Outcome) -> bool,
    ) -> Result<Outcome> {
        self.look_with(&Refs::default(), read, changed)
    }

    /// The same for a look that has to do with other refs.
    pub(in crate::cli) fn look_with(
        &self,
        refs: &Refs,
        read: impl Fn(&dyn ReadTree, &Ground) -> Result<Outcome>,
        changed: impl Fn(&Outcome) -> bool,
    ) -> Result<Outcome> {
        let read = |tree: &dyn ReadTree, ground: &Ground, _: &dyn ReadPast| read(tree, ground);
        self.look_back(refs, read, changed)
    }

    /// The same for a look at the state as it is now and at how it became so.
    pub(in crate::cli) fn look_back(
        &self,
        refs: &Refs,
        read: impl Fn(&dyn ReadTree, &Ground, &dyn ReadPast) -> Result<Outcome>,
        changed: impl Fn(&Outcome) -> bool,
    ) -> Result<Outcome> {
        let checkout = Checkout::open(&self.selection)?;
        let context = context(&checkout, Actor::default(), self.now);
        let past = Earlier::all(&checkout, refs)?;
        let pasts: Vec<_> = past.iter().map(Earlier::as_past).collect();
        let outcome = checkout.look(|snapshot| {
            let _doing = reading(snapshot);
            let ground = Ground::begin(snapshot, &context)?.with_pasts(&pasts);
            read(snapshot, &ground, snapshot)
        })?;
        let taken = match &refs.tag {
            Some(name) => checkout.tag_in_the_way(name.as_ref())?,
            None => None,
        };
        let state = match &taken {
            Some(taken) => TagState::Taken(taken.failure.message.clone()),
            None => TagState::Free,
        };
        let mut fate = self.fate(changed(&outcome), None);
        fate.tag = Tag::after(refs.tag.as_ref(), true, state);
        self.answer(&outcome, &fate)?;
        match taken {
            // It ends as the train would, after an answer that says what there is to say besides.
            Some(taken) => Err(taken.failure.into()),
            None => Ok(outcome),
        }
    }

    /// Reads the state as it is now.
    pub(in crate::cli) fn read<T>(
        &self,
        read: impl Fn(&dyn ReadTree, &Ground) -> Result<T>,
    ) -> Result<T> {
        let checkout = Checkout::open(&self.selection)?;
        let context = context(&checkout, Actor::default(), self.now);
        checkout.look(|snapshot| {
            let _doing = reading(snapshot);
            let ground = Ground::begin(snapshot, &context)?;
            ground.settled()?;
            read(snapshot, &ground)
        })
    }
}
