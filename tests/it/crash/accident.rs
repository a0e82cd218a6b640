//! One accident: what may come of it, and whether it did.

use std::fmt;

use super::fault::{Call, Fault, Whose, calls, run_at, with_fault};
use super::route::Route;
use super::scene::{LATER, OTHER, Shape, nobody_waits};
use super::verdict::{Before, Ends, check_tag, check_tidy, check_words, head, outcome};
use crate::world::Answer;

/// A command in a shape, and how it ends when nothing happens.
pub(super) struct Journey {
    name: &'static str,
    line: &'static str,
    shape: Shape,
    ends: Ends,
    calls: Vec<Call>,
}

impl Journey {
    pub(super) fn new(route: &Route) -> Self {
        let Route {
            shape,
            verb: (name, line),
            whose,
        } = *route;
        let end = |first: Option<i64>, alone: bool| {
            let world = shape.world();
            if alone {
                nobody_waits(&world);
            }
            for (line, minute) in first
                .map(|minute| (line, minute))
                .into_iter()
                .chain([(OTHER, 3)])
            {
                let answer = run_at(&world, shape, line, minute);
                assert_eq!(answer.code, 0, "{line}\n{answer}");
            }
            outcome(&world, shape)
        };
        // Who waits already may be taken along, or left until it is over.
        let company: &[bool] = if shape == Shape::Leads {
            &[false, true]
        } else {
            &[false]
        };
        let ends = company.iter().fold(Ends::default(), |ends, alone| {
            ends.with(end(Some(1), *alone), "done")
                .with(end(Some(2), *alone), "done again")
                .with(end(None, *alone), "not done")
        });
        Self {
            name,
            line,
            shape,
            calls: calls(&shape.world(), shape, line, whose),
            ends,
        }
    }

    /// Everything that can happen on it.
    pub(super) fn accidents(&self, faults: &[Fault]) -> Vec<Accident<'_>> {
        let each = |call| {
            faults.iter().map(move |fault| Accident {
                journey: self,
                call,
                fault: *fault,
            })
        };
        self.calls
            .iter()
            .flat_map(each)
            .filter(|accident| accident.fault.fits(accident.call))
            .collect()
    }
}

/// One fault in one call of one command.
pub(super) struct Accident<'a> {
    journey: &'a Journey,
    call: &'a Call,
    pub(super) fault: Fault,
}

impl fmt::Display for Accident<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            journey,
            call,
            fault,
        } = self;
        let (name, shape) = (journey.name, journey.shape);
        let Call {
            whose,
            name: syscall,
            number,
            told,
        } = call;
        write!(
            f,
            "{name}, {shape:?}, {fault:?} at {whose:?} {syscall} {number}: {told}"
        )
    }
}

/// What came of an accident: the exit code, or `None` if the call was not reached.
pub(super) type Reached = Option<i32>;

impl Accident<'_> {
    /// Whether the same command comes next, or another one.
    fn is_repeated(&self) -> bool {
        match self.fault {
            Fault::Kill => true,
            Fault::KillAll => false,
            Fault::Error(_) => self.call.number.is_multiple_of(2),
        }
    }

    /// Whether nothing but words and the end comes after the call.
    fn is_spoken(&self) -> bool {
        let mut left = self
            .journey
            .calls
            .iter()
            .skip_while(|call| *call != self.call);
        let words = ["write(1,", "write(2,", "flock("];
        left.all(|call| words.iter().any(|word| call.told.starts_with(word)))
    }

    pub(super) fn happen(&self) -> Result<Reached, String> {
        let Journey {
            line, shape, ends, ..
        } = self.journey;
        let shape = *shape;
        let world = shape.world();
        let (before, start) = (Before::of(&world), head(&world, shape));
        let (answer, reached) = with_fault(&world, shape, line, self.call, self.fault);
        check_words(&answer)?;
        let careless = answer.code == -1
            || self.call.name.starts_with("unlink")
            || self.call.whose != Whose::Ours;
        let mut allowed = match answer.code {
            0 => vec!["done"],
            1 | 3 | 5 | 6 | 7 => {
                before
                    .check(&world)
                    .map_err(|error| format!("{error}\n{answer}"))?;
                vec!["not done"]
            }
            4 | -1 => vec!["done", "not done"],
            code => return Err(format!("exit code {code}\n{answer}")),
        };
        // From its last words on a command is over: the same words are a new one.
        let over = answer.code == 0 || head(&world, shape) != start && self.is_spoken();
        if over {
            allowed.retain(|end| *end == "done");
        } else if self.is_repeated() {
            let again = run_at(&world, shape, line, 2);
            check_next(&again)?;
            allowed = vec!["done", "done again"];
        }
        let next = run_at(&world, shape, OTHER, 3);
        check_next(&next)?;
        let both = format!("{answer}{next}");
        ends.check(&outcome(&world, shape), &allowed)
            .map_err(|error| format!("{error}\n{both}"))?;
        check_tag(&world, shape).map_err(|error| format!("{error}\n{both}"))?;
        if shape.combines() {
            // What keeps a change out that the remote may still get stands there for a quarter of an hour.
            check_next(&run_at(&world, shape, LATER, 40))?;
        }
        check_tidy(&world, shape, careless).map_err(|error| format!("{error}\n{both}"))?;
        Ok(reached.then_some(answer.code))
    }
}

/// The next command ends well, and says nothing of a checkout that is not in step.
fn check_next(answer: &Answer) -> Result<(), String> {
    if answer.code != 0 || answer.leaves_behind() {
        return Err(format!("the next command is hindered\n{answer}"));
    }
    check_words(answer)
}
