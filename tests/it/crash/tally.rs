//! Many accidents at once, and what came of them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::accident::{Accident, Reached};
use super::fault::Fault;

/// What came of many accidents.
#[derive(Default)]
pub(super) struct Tally {
    /// How many ended with each exit code, for each fault.
    ends: BTreeMap<(Fault, Reached), usize>,
    failures: Vec<String>,
}

/// Does the same with all of them, as many at once as this machine has cores.
pub(super) fn at_once<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
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
pub(super) fn happen(accidents: &[Accident]) -> Tally {
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
pub(super) fn conclude(what: &str, tally: &Tally, start: Instant) {
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
