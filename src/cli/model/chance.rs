//! Chance from a seed.

use std::time::Duration;

/// Numbers that look like chance, the same ones for the same seed.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap();
        usize::try_from(self.next() % end).unwrap()
    }

    /// Whether something happens that happens so often in a thousand times.
    pub(super) fn hits(&mut self, in_a_thousand: usize) -> bool {
        self.below(1000) < in_a_thousand
    }

    /// One of them.
    pub(super) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn between(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_micros(from + self.next() % (to - from))
    }

    /// How long something takes on the network: mostly a moment, now and then much longer.
    pub(super) fn latency(&mut self) -> Duration {
        match self.below(100) {
            0..70 => self.between(1_000, 30_000),
            70..92 => self.between(30_000, 300_000),
            92..99 => self.between(300_000, 4_000_000),
            _ => self.between(4_000_000, 70_000_000),
        }
    }

    /// How long a person or a machine waits before the next command.
    pub(super) fn rest(&mut self) -> Duration {
        match self.below(100) {
            0..60 => self.between(1_000, 2_000_000),
            60..95 => self.between(2_000_000, 60_000_000),
            _ => self.between(60_000_000, 1_500_000_000),
        }
    }
}
