//! The shape of a command that looks at everything, this clone included.

use anyhow::Result;

use super::{Session, context, reading};
use crate::cli::operation::Operation;
use crate::git::{Checkout, Litter, Whither, clean};
use crate::plan::verify::{Elsewhere, Fault, LocalFault, Verified, verify};
use crate::plan::{Done, Outcome};
use crate::state::{Actor, quoted};

impl Session {
    /// Looks at everything, and tells what is wrong.
    pub(in crate::cli) fn examine(&self) -> Result<Outcome> {
        let checkout = Checkout::open(&self.selection)?;
        let context = context(&checkout, Actor::default(), self.now);
        let (mut verified, warning, tip) = checkout.look(|snapshot| {
            let _doing = reading(snapshot);
            let mut verified = verify(snapshot, &context)?;
            let warning = not_looked_back(verified.look_back(snapshot, snapshot));
            Ok((verified, warning, snapshot.commit().to_string()))
        })?;
        verified.add(litter(&checkout, Some(&tip))?);
        let way = way(&verified, &checkout, &tip);
        let outcome = Outcome {
            done: Done::Verified(verified),
            warnings: Vec::from_iter(warning),
        };
        self.answer(&outcome, &self.fate(false, None))?;
        if let Some(way) = way {
            self.say(&way);
        }
        Ok(outcome)
    }

    /// Mends what is safe to mend, and tells what is left.
    pub(in crate::cli) fn mend(&self, operation: &Operation) -> Result<Outcome> {
        let checkout = Checkout::open(&self.selection)?;
        // If the remote cannot be asked, what comes now says what that means.
        let before = litter(&checkout, None).unwrap_or_default();
        let (mut outcome, fate) = self.publish(operation)?;
        // It may have landed: nothing that fails from here on is a failure of it.
        match self.after_mending(&checkout) {
            Ok(left) => {
                if let Done::Verified(verified) = &mut outcome.done {
                    let is_left = |fault: &Fault| left.iter().any(|left| left.path == fault.path);
                    let gone = before.into_iter().filter(|fault| !is_left(fault));
                    verified.mended.get_or_insert_default().extend(gone);
                    verified.add(left);
                }
            }
            Err(error) => outcome.warnings.push(clean(&format!(
                "what killed commands left in this clone was not looked at again: {error:#}"
            ))),
        }
        self.answer(&outcome, &fate)?;
        Ok(outcome)
    }

    /// What killed commands left that is still there.
    fn after_mending(&self, checkout: &Checkout) -> Result<Vec<Fault>> {
        if !self.dry_run {
            let _guard = checkout.guard()?;
            checkout.sweep_drafts()?;
        }
        litter(checkout, checkout.heard_of().as_deref())
    }
}

/// What to say where the commands that mend something would not do so as they stand there.
fn way(verified: &Verified, checkout: &Checkout, tip: &str) -> Option<String> {
    let faults = verified.faults.iter();
    let mut faults = faults.filter(|fault| fault.is_in_repository());
    let is_of_git = |fault: &Fault| fault.mend().command().contains("git commit");
    let branch = &checkout.branch;
    let standing = checkout.standing(tip);
    let Some(root) = standing.root else {
        return faults.any(is_of_git).then(|| {
            format!("hint: the commands of git are for a clone with `{branch}` checked out")
        });
    };
    let mut steps = Vec::new();
    let here = std::env::current_dir().and_then(|folder| folder.canonicalize());
    if here.ok().as_deref() != Some(&root) {
        steps.push(format!("cd {}", quoted(&root.display().to_string())));
    }
    if !standing.is_checked_out {
        steps.push(format!("git switch {}", quoted(branch)));
    }
    let is_elsewhere = !steps.is_empty();
    if !standing.is_current {
        let from = checkout
            .remote
            .as_ref()
            .map(|remote| format!(" {} {}", quoted(&remote.name), quoted(branch)));
        steps.push(format!("git pull --ff-only{}", from.unwrap_or_default()));
    }
    let line = steps.join(" && ");
    if is_elsewhere && faults.next().is_some() {
        Some(format!(
            "hint: the commands are for a checkout of `{branch}`: `{line}` comes first"
        ))
    } else if !line.is_empty() && faults.any(is_of_git) {
        Some(format!(
            "hint: the commands of git are for `{branch}` as it is now: `{line}` comes first"
        ))
    } else {
        None
    }
}

/// What to say where history could not be read.
fn not_looked_back(looked: Result<()>) -> Option<String> {
    let error = looked.err()?;
    let message = format!(
        "what was found is not held against history, so look before you mend it: {error:#}"
    );
    Some(clean(&message))
}

/// What killed commands left in this clone, while the branch stands at `tip`.
fn litter(checkout: &Checkout, tip: Option<&str>) -> Result<Vec<Fault>> {
    let litter = checkout.litter(tip).into_iter();
    let faults = litter.map(|(path, litter)| {
        let fault = match litter {
            Litter::Push => LocalFault::Push,
            Litter::OpenPush => LocalFault::OpenPush,
            Litter::OtherPush(whither) => LocalFault::OtherPush(whither.map(elsewhere)),
            Litter::Move => LocalFault::Move,
            Litter::OtherMove(branch) => LocalFault::OtherMove(branch),
            Litter::Damaged => LocalFault::Damaged,
            Litter::Draft => LocalFault::Draft,
            Litter::Fetched => LocalFault::Ref,
            Litter::GitLock(minutes) => LocalFault::GitLock(minutes),
        };
        fault.at(path.display().to_string())
    });
    let mut faults: Vec<_> = faults.collect();
    if let Some(remote) = &checkout.remote {
        let waiting = checkout.waiting(remote)?.into_iter();
        faults.extend(waiting.map(|reference| {
            let remote = remote.name.clone();
            LocalFault::Waiting { remote }.at(reference)
        }));
    }
    Ok(faults)
}

fn elsewhere(Whither { remote, branch }: Whither) -> Elsewhere {
    Elsewhere { remote, branch }
}
