//! A batch: several operations as one change, all or none.

use anyhow::{Context as _, Result};

use super::Ground;
use super::outcome::{Batch, Done, Outcome};
use crate::tree::Draft;

/// An operation as the planner sees it.
pub(crate) type Verb = Box<dyn Fn(&mut Draft, &Ground) -> Result<Outcome>>;

/// An operation of a batch.
pub(crate) struct Step {
    /// Its name on the command line, such as `release-train`.
    pub(crate) name: String,
    pub(crate) verb: Verb,
    /// Fails if what came of it is a failure after all.
    pub(crate) verdict: fn(&Outcome) -> Result<()>,
}

/// Runs the operations one after the other; each finds the state that the ones before it left. The first that fails ends all,
/// and the error says which one it was.
pub(crate) fn apply(draft: &mut Draft, ground: &Ground, steps: &[Step]) -> Result<Outcome> {
    let mut outcomes = Vec::new();
    let mut warnings = Vec::new();
    for (place, step) in (1..).zip(steps) {
        let mut run = || -> Result<Outcome> {
            // Anew for each: an operation before may have changed an environment or the options.
            let ground = Ground::begin(draft, ground.context)?.after(ground);
            let outcome = (step.verb)(draft, &ground)?;
            (step.verdict)(&outcome)?;
            Ok(outcome)
        };
        let outcome = run().with_context(|| format!("operation {place} (`{}`)", step.name))?;
        let told = outcome.warnings.iter();
        warnings.extend(told.map(|warning| format!("operation {place}: {warning}")));
        outcomes.push((step.name.clone(), outcome));
    }
    Ok(Outcome {
        done: Done::Batch(Batch { outcomes }),
        warnings,
    })
}
