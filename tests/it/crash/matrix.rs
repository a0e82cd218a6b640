//! Every verb, every call, every fault, one at a time: a world for each, an accident, and a verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::fault::{Call, Fault, Whose, calls, run_at, strace, with_fault};
use super::scene::{LATER, OTHER, Shape, VERBS, nobody_waits};
use super::verdict::{Before, Ends, check_tag, check_tidy, check_words, head, outcome};
use crate::world::Answer;

/// A command in a shape, and how it ends when nothing happens.
struct Journey {
    name: &'static str,
    line: &'static str,
    shape: Shape,
    ends: Ends,
    calls: Vec<Call>,
}

impl Journey {
    fn new(route: &Route) -> Self {
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
    fn accidents(&self, faults: &[Fault]) -> Vec<Accident<'_>> {
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

/// A verb in a shape, and whose calls fail.
#[derive(Clone, Copy, Debug)]
struct Route {
    shape: Shape,
    verb: (&'static str, &'static str),
    whose: Whose,
}

impl Route {
    /// All there are: every verb in every shape, and the work of git where it has some of its own. Who takes others along does that
    /// in the same way for every verb.
    fn all() -> Vec<Self> {
        let ours = Shape::ALL.into_iter().flat_map(|shape| {
            let few = ["release", "lock", "tagged"];
            let verbs = VERBS.into_iter();
            let verbs = verbs.filter(move |(name, _)| shape != Shape::Leads || few.contains(name));
            verbs.map(move |verb| Self {
                shape,
                verb,
                whose: Whose::Ours,
            })
        });
        let gits = [
            (Shape::Plain, "release", "push"),
            (Shape::Plain, "tagged", "push"),
            (Shape::Bare, "release", "push"),
            (Shape::Behind, "release", "fetch"),
            (Shape::LineEndings, "release", "read-tree"),
            (Shape::LineEndings, "delete", "read-tree"),
            (Shape::InLine, "release", "push"),
            (Shape::InLine, "release", "ls-remote"),
            (Shape::Leads, "release", "fetch"),
            (Shape::Leads, "tagged", "push"),
        ];
        let gits = gits.into_iter().map(|(shape, name, word)| Self {
            shape,
            verb: verb(name),
            whose: Whose::Git(word),
        });
        ours.chain(gits).collect()
    }
}

fn verb(name: &str) -> (&'static str, &'static str) {
    VERBS.into_iter().find(|verb| verb.0 == name).unwrap()
}

/// One fault in one call of one command.
struct Accident<'a> {
    journey: &'a Journey,
    call: &'a Call,
    fault: Fault,
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
type Reached = Option<i32>;

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

    fn happen(&self) -> Result<Reached, String> {
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

/// What came of many accidents.
#[derive(Default)]
struct Tally {
    /// How many ended with each exit code, for each fault.
    ends: BTreeMap<(Fault, Reached), usize>,
    failures: Vec<String>,
}

/// Does the same with all of them, as many at once as this machine has cores.
fn at_once<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let worker = || {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::SeqCst)) {
            let result = work(item);
            done.lock().unwrap().push(result);
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        for worker in workers {
            worker.join().unwrap();
        }
    });
    done.into_inner().unwrap()
}

/// Lets accidents happen.
fn happen(accidents: &[Accident]) -> Tally {
    let ended = at_once(accidents, |accident| {
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| accident.happen()));
        let ended = ended.unwrap_or_else(|_| Err("git failed; see above".to_owned()));
        (
            accident.fault,
            ended.map_err(|error| format!("{accident}\n{error}")),
        )
    });
    let mut tally = Tally::default();
    for (fault, ended) in ended {
        match ended {
            Ok(outcome) => *tally.ends.entry((fault, outcome)).or_default() += 1,
            Err(failure) => tally.failures.push(failure),
        }
    }
    tally
}

/// Says on stderr what came of it, and fails if anything did not hold.
fn conclude(what: &str, tally: &Tally, start: Instant) {
    let total: usize = tally.ends.values().sum::<usize>() + tally.failures.len();
    let seconds = start.elapsed().as_secs();
    let mut lines = vec![format!("{what}: {total} accidents in {seconds} s")];
    for ((fault, outcome), count) in &tally.ends {
        let outcome = match outcome {
            None => "not reached".to_owned(),
            Some(-1) => "killed".to_owned(),
            Some(code) => format!("exit {code}"),
        };
        lines.push(format!("  {fault:?}, {outcome}: {count}"));
    }
    // What is not reached shows nothing: a process may take another way now and then.
    let of = |fault: &Fault, missed: bool| {
        let ends = tally
            .ends
            .iter()
            .filter(|((of, reached), _)| of == fault && reached.is_none() == missed);
        ends.map(|(_, count)| *count).sum::<usize>()
    };
    let faults: BTreeSet<_> = tally.ends.keys().map(|(fault, _)| fault).collect();
    let missed: Vec<_> = faults
        .iter()
        .filter(|fault| of(fault, true) > 3 + of(fault, false) / 10)
        .collect();
    // Not `eprintln!`, which the harness swallows.
    let _ = writeln!(std::io::stderr(), "{}", lines.join("\n"));
    assert!(missed.is_empty(), "too few are reached: {missed:?}");
    let failures = &tally.failures;
    assert!(
        failures.is_empty(),
        "{} failed:\n{}",
        failures.len(),
        failures.join("\n======\n")
    );
}

/// Numbers that look random, the same ones for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }

    /// So many of these, in no order.
    fn some<T>(&mut self, mut all: Vec<T>, count: usize) -> Vec<T> {
        (0..count.min(all.len()))
            .map(|_| all.swap_remove(self.below(all.len())))
            .collect()
    }
}

/// The routes that `TRAINYARD_CRASH_ROUTES` asks for: each of its words is the name of a verb, of a shape, or `git`.
fn routes() -> Vec<Route> {
    let wanted = std::env::var("TRAINYARD_CRASH_ROUTES").unwrap_or_default();
    let wanted: Vec<_> = wanted.split(',').filter(|word| !word.is_empty()).collect();
    let mut routes = Route::all();
    routes.retain(|route| {
        let whose = if route.whose == Whose::Ours {
            "ours"
        } else {
            "git"
        };
        let shape = format!("{:?}", route.shape);
        wanted.iter().all(|word| {
            word.split('+')
                .any(|word| [whose, &shape, route.verb.0].contains(&word))
        })
    });
    routes
}

#[test]
fn a_few_accidents_of_every_kind() {
    if !strace() {
        return;
    }
    let start = Instant::now();
    let journey = Journey::new(&Route {
        shape: Shape::Plain,
        verb: verb("deploy"),
        whose: Whose::Ours,
    });
    let mut dice = Dice(7);
    let each = Fault::ALL.map(|fault| dice.some(journey.accidents(&[fault]), 6));
    conclude(
        "a few accidents",
        &happen(&each.into_iter().flatten().collect::<Vec<_>>()),
        start,
    );
}

#[test]
#[ignore = "takes two minutes"]
fn every_kill_of_a_release_and_a_deployment() {
    if !strace() {
        return;
    }
    let start = Instant::now();
    let routes = ["release", "deploy"].map(|name| Route {
        shape: Shape::Plain,
        verb: verb(name),
        whose: Whose::Ours,
    });
    let journeys = at_once(&routes, Journey::new);
    let accidents: Vec<_> = journeys
        .iter()
        .flat_map(|journey| journey.accidents(&[Fault::Kill]))
        .collect();
    conclude(
        "kills of a release and a deployment",
        &happen(&accidents),
        start,
    );
}

#[test]
#[ignore = "takes half a minute"]
fn errors_that_are_rare() {
    if !strace() {
        return;
    }
    let start = Instant::now();
    let routes = [Shape::Plain, Shape::Local].map(|shape| Route {
        shape,
        verb: verb("release"),
        whose: Whose::Ours,
    });
    let journeys = at_once(&routes, Journey::new);
    let mut dice = Dice(11);
    let mut accidents = Vec::new();
    for journey in &journeys {
        for error in ["EMFILE", "EDQUOT", "EROFS", "EINTR"] {
            accidents.extend(dice.some(journey.accidents(&[Fault::Error(error)]), 20));
        }
    }
    conclude("errors that are rare", &happen(&accidents), start);
}

/// `TRAINYARD_CRASHES` is how many, or `all`; `TRAINYARD_CRASH_SEED` is where the choice begins.
#[test]
#[ignore = "takes two minutes"]
fn accidents_of_all_kinds() {
    /// What one run can do with.
    const ROUTES: usize = 12;
    if !strace() {
        return;
    }
    let start = Instant::now();
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    let all = std::env::var("TRAINYARD_CRASHES").is_ok_and(|count| count == "all");
    let seed = number("TRAINYARD_CRASH_SEED").unwrap_or(1);
    let count = number("TRAINYARD_CRASHES").map_or(500, |count| usize::try_from(count).unwrap());
    let mut dice = Dice(seed);
    let routes = if all {
        routes()
    } else {
        dice.some(routes(), ROUTES.max(count / 50))
    };
    let journeys = at_once(&routes, Journey::new);
    let accidents = journeys
        .iter()
        .flat_map(|journey| journey.accidents(&Fault::ALL))
        .collect();
    let accidents = if all {
        accidents
    } else {
        dice.some(accidents, count)
    };
    let what = if all {
        "all accidents".to_owned()
    } else {
        format!("accidents, TRAINYARD_CRASH_SEED={seed}")
    };
    conclude(
        &format!("{what} on {} routes", journeys.len()),
        &happen(&accidents),
        start,
    );
}
