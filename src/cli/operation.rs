//! An operation that the command line asks for, before it is known whether it stands alone or in a batch.

use anyhow::Result;

use super::exit::Exit;
use super::portable::{Name, Portable};
use super::session::{Refs, Request, Session};
use crate::plan::batch::{Step, Verb, apply};
use crate::plan::{Ground, Outcome};
use crate::tree::Draft;

/// A request, and the verb that does it.
pub(super) struct Operation {
    pub(super) request: Request,
    pub(super) refs: Refs,
    pub(super) verb: Verb,
    /// Fails if what came of it is a failure after all.
    pub(super) verdict: fn(&Outcome) -> Result<()>,
    /// The same as data; `None` if it is for this command alone to do.
    pub(super) portable: Option<Portable>,
}

impl Operation {
    /// An operation that is done when its verb is.
    pub(super) fn new(
        request: Request,
        verb: impl Fn(&mut Draft, &Ground) -> Result<Outcome> + 'static,
    ) -> Self {
        Self::beginning(request, move |draft, ground| {
            ground.settled()?;
            verb(draft, ground)
        })
    }

    /// The same for one that works in a repository without environments, too.
    pub(super) fn beginning(
        request: Request,
        verb: impl Fn(&mut Draft, &Ground) -> Result<Outcome> + 'static,
    ) -> Self {
        Self {
            request,
            refs: Refs::default(),
            verb: Box::new(verb),
            verdict: |_| Ok(()),
            portable: None,
        }
    }

    /// The same operation, which somebody else can do as well.
    pub(super) fn portable(self, as_data: Portable) -> Self {
        Self {
            portable: Some(as_data),
            ..self
        }
    }

    /// Plans, publishes and tells it.
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let outcome = session.change(&self)?;
        (self.verdict)(&outcome)?;
        Ok(Exit::Done)
    }
}

/// Several operations as one.
pub(super) fn together(name: Name, operations: Vec<Operation>) -> Operation {
    let identities = operations.iter().map(|each| {
        let Request {
            operation,
            identity,
            ..
        } = &each.request;
        format!("{operation} {identity}")
    });
    let request = Request {
        operation: name.command(),
        inputs: Vec::new(),
        identity: identities.collect::<Vec<_>>().join("\n"),
        counts: operations.iter().any(|each| each.request.counts),
    };
    let refs = Refs {
        sources: operations
            .iter()
            .flat_map(|each| each.refs.sources.clone())
            .collect(),
        tag: None,
    };
    let portable: Option<Vec<_>> = operations
        .iter()
        .map(|each| each.portable.clone())
        .collect();
    let steps = operations.into_iter().map(|operation| Step {
        name: operation.request.operation.to_owned(),
        verb: operation.verb,
        verdict: operation.verdict,
    });
    let steps: Vec<_> = steps.collect();
    Operation {
        refs,
        portable: portable.map(|operations| Portable::Together { name, operations }),
        ..Operation::beginning(request, move |draft, ground| apply(draft, ground, &steps))
    }
}
