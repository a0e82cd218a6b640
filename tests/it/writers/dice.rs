//! Dice that fall the same for the same seed: SplitMix64.

/// A row of throws.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66_D1CE_4E5B)
    }

    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.throw() % end
    }

    /// Whether something happens that happens `of_hundred` times of a hundred.
    pub(super) fn chance(&mut self, of_hundred: u64) -> bool {
        self.below(100) < of_hundred
    }

    /// One of several.
    pub(super) fn of<'a, T: ?Sized>(&mut self, several: &[&'a T]) -> &'a T {
        let place = self.below(several.len() as u64);
        several[usize::try_from(place).unwrap()]
    }

    /// One of several, each as often as its weight says.
    pub(super) fn weighted<T: Copy>(&mut self, several: &[(u64, T)]) -> T {
        let mut place = self.below(several.iter().map(|(weight, _)| weight).sum());
        for (weight, each) in several {
            if place < *weight {
                return *each;
            }
            place -= weight;
        }
        unreachable!("the place is below the sum of the weights")
    }
}
