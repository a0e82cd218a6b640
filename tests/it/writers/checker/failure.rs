//! Failures against the history: what reported one is not there.

use std::collections::BTreeSet;

use super::super::evidence::{Attempt, Commit, Ending};
use super::history::trailer;

/// What is wrong with the attempts of one operation that failed, and its commits. What such an attempt began by itself has its instant. What
/// the attempt before it left, it knew of from the journal, unless somebody else in the same clone was there first.
pub(super) fn faults(attempts: &[&Attempt], commits: &[&Commit]) -> Vec<String> {
    let mut faults = Vec::new();
    for (place, attempt) in attempts.iter().enumerate() {
        let Ending::Exit(code @ (1 | 2 | 3 | 5 | 6 | 7)) = attempt.ending else {
            continue;
        };
        let before = place.checked_sub(1).map(|place| attempts[place]);
        let left = before.filter(|_| attempt.alone).into_iter();
        let left = left.flat_map(Attempt::kept_of_its_own);
        let left: BTreeSet<_> = left.map(|kept| kept.operation.as_str()).collect();
        for commit in commits {
            let id = trailer(commit, "Trainyard-Operation-Id");
            if commit.instant == attempt.instant {
                let id = &commit.id;
                faults.push(format!("ended with {code}, and commit {id} is of that run"));
            }
            if id.is_some_and(|id| left.contains(id)) {
                let id = &commit.id;
                faults.push(format!(
                    "ended with {code}, and commit {id} is of the run before it, of which it knew"
                ));
            }
        }
    }
    faults
}
