//! Every verb, every call, every fault, one at a time: a world for each, an accident, and a verdict.

use std::time::Instant;

use super::accident::Journey;
use super::fault::{Fault, Whose, strace};
use super::route::{Route, routes, verb};
use super::scene::Shape;
use super::tally::{at_once, conclude, happen};

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
