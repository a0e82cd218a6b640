//! Laws of the planner: what holds for every repository and every operation, tried on many random ones.
//!
//! The cases are the same in every run. `PROPTEST_CASES` (256 is the normal measure) makes more of them, `PROPTEST_RNG_SEED`
//! makes others.

mod derived;
mod draft;
mod effects;
mod environment;
mod fate;
mod life;
mod locks;
mod model;
mod mutation;
mod operation;
mod picture;
mod repository;
mod sequence;
mod small;
mod sound;
mod train;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// Tries a law, which panics where it does not hold, on so many cases.
fn hold<S: Strategy>(cases: u32, strategy: &S, law: impl Fn(S::Value)) {
    let given = Config::default();
    let seed = match given.rng_seed {
        RngSeed::Random => 1846,
        RngSeed::Fixed(seed) => seed,
    };
    let config = Config {
        cases: cases * given.cases / 256,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..given
    };
    let result = TestRunner::new(config).run(strategy, |value| {
        law(value);
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}
