//! How long somebody waits in line: before a look at it, and until it is to do what nobody before it does.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use git2::Oid;

/// How long we wait between two looks at the line, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(30), Duration::from_secs(2));

/// How much longer we wait for each one that stands in line.
const A_PLACE: Duration = Duration::from_millis(8);

/// As many places from its beginning are the front of the line: who stands there looks earlier, the nearer the earlier.
const FRONT: u32 = 8;

/// Up to so long a talk with the remote is quick: nobody keeps it busy.
const QUICK: Duration = Duration::from_millis(50);

/// How much later than the lowest id the highest one looks for the first time, at most.
const LATEST_START: Duration = Duration::from_secs(1);

/// How often whoever publishes what waits talks to the remote: it looks at the line, fetches, and pushes.
const TALKS: u32 = 3;

/// The shortest time that somebody is given to publish what waits.
const SHORTEST: Duration = Duration::from_millis(200);

/// How long we have waited, and for whom.
pub(super) struct Pace {
    /// About how long others take to publish what waits.
    round: Duration,
    /// How long it took to put the operation into the line.
    talk: Duration,
    joined: Instant,
    /// When somebody who stood before us was seen to have gone.
    went: Instant,
    /// The refs of those who stood before us when we looked.
    ahead: Vec<String>,
    pause: Duration,
}

impl Pace {
    /// That of somebody who comes into the line now, and for whom it took so long to come there: all in all, and the last talk with
    /// the remote alone.
    pub(super) fn of(coming: Duration, talk: Duration, now: Instant) -> Self {
        let talks = talk.saturating_mul(TALKS);
        Self {
            round: coming.max(talks).max(SHORTEST),
            talk,
            joined: now,
            went: now,
            ahead: Vec::new(),
            pause: PAUSE.0,
        }
    }

    /// How long to wait at most before the first look: others who have lost the same race come into the line meanwhile.
    pub(super) fn first_pause(&self) -> Duration {
        (self.round / 8).min(PAUSE.1)
    }

    /// How much longer the operation with this id waits before the first look where a crowd is to be expected: the lowest id leads, so
    /// the higher ours is, the later we look, and whoever leads has more of the remote meanwhile. A leader needs some talks with it.
    pub(super) fn late_start(&self, id: &str) -> Duration {
        let longest = self.talk.saturating_sub(QUICK).saturating_mul(TALKS + 1);
        let first = id
            .get(..4)
            .and_then(|first| u32::from_str_radix(first, 16).ok());
        longest.min(LATEST_START) * first.unwrap_or_default() / 0x10000
    }

    /// How long to wait at most before the next look, while so many wait: to publish them takes about a round, and whoever looks more
    /// often keeps the remote from that work. In the front of the line it is shorter: who stands there may be the next to lead.
    pub(super) fn next_pause(&mut self, waiting: usize) -> Duration {
        let ahead = u32::try_from(self.ahead.len()).unwrap_or(u32::MAX);
        let share = |whole: Duration| whole / FRONT * ahead.min(FRONT);
        let many = A_PLACE.saturating_mul(u32::try_from(waiting).unwrap_or(u32::MAX));
        let pause = self.pause.max(share(many.max(self.round))).min(PAUSE.1);
        self.pause = (self.pause * 3 / 2).min(PAUSE.1);
        pause
    }

    /// For how long the line stands still, as it is now: as long as somebody before us goes, nobody needs to step in. Those who go may
    /// wait for another branch, and more of them come: at least half of the time that we have been here counts.
    pub(super) fn stood(&mut self, waiting: &BTreeMap<String, Oid>, now: Instant) -> Duration {
        if self.ahead.iter().any(|each| !waiting.contains_key(each)) {
            self.went = now;
        }
        let still = now.saturating_duration_since(self.went);
        still.max(now.saturating_duration_since(self.joined) / 2)
    }

    /// Whether a line that stood still for so long does so for much longer than somebody needs to publish: to find out who does
    /// nothing in it is a fetch of all that waits, and in a crowd a round can be too short for that of a hundred.
    pub(super) fn is_over(&self, stood: Duration) -> bool {
        stood > self.round.saturating_mul(2)
    }

    /// Whether it is our turn behind these: at once behind nobody, else when each of them, and we, had a round.
    pub(super) fn is_our_turn(&mut self, ahead: Vec<String>, stood: Duration) -> bool {
        let rank = u32::try_from(ahead.len()).unwrap_or(u32::MAX - 1);
        self.ahead = ahead;
        rank == 0 || stood > self.round.saturating_mul(rank + 1)
    }
}

/// Half of this time at least, and for everybody another part of the rest.
pub(super) fn jittered(longest: Duration, seed: &str) -> Duration {
    let share = crc32fast::hash(seed.as_bytes()) % 1000;
    longest / 2 + longest * share / 2000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refs(names: &str) -> Vec<String> {
        names.chars().map(String::from).collect()
    }

    /// How many seconds the line stands still, `before` us and behind, after so many.
    fn stood(pace: &mut Pace, (joined, after): (Instant, u64), before: &str, behind: &str) -> u64 {
        let waiting = refs(&format!("{before}{behind}"));
        let waiting = waiting.into_iter().map(|name| (name, Oid::ZERO_SHA1));
        let stood = pace.stood(&waiting.collect(), joined + Duration::from_secs(after));
        pace.is_our_turn(refs(before), stood);
        stood.as_secs()
    }

    #[test]
    fn the_line_stands_still_until_somebody_before_us_goes() {
        let begin = Instant::now();
        let mut pace = Pace::of(Duration::ZERO, Duration::ZERO, begin);
        let mut stood = |after, before, behind| stood(&mut pace, (begin, after), before, behind);
        assert_eq!(stood(1, "bc", "xyz"), 1);
        // Others come, before us and behind, and one goes from behind us.
        assert_eq!(stood(3, "abc", "wxy"), 3);
        assert_eq!(stood(4, "ab", "wxy"), 2);
        assert_eq!(stood(12, "ab", "w"), 8);
        // All are gone, and others are there.
        assert_eq!(stood(14, "d", "w"), 7);
        assert_eq!(stood(18, "d", "w"), 9);
        assert_eq!(stood(30, "d", "w"), 16);
        // Whoever goes again and again does not keep us waiting for ever.
        assert_eq!(stood(40, "e", "w"), 20);
    }

    #[test]
    fn the_more_stand_before_us_the_later_is_our_turn() {
        let seconds = Duration::from_secs;
        let mut pace = Pace::of(seconds(3), seconds(1), Instant::now());
        for (ahead, end) in [("a", 6), ("ab", 9), ("abcd", 15)] {
            let mut ours = |stood| pace.is_our_turn(refs(ahead), seconds(stood));
            assert!(!ours(end) && ours(end + 1), "{ahead}");
        }
        assert!(pace.is_our_turn(Vec::new(), Duration::ZERO));
        assert!(!pace.is_over(seconds(6)) && pace.is_over(seconds(7)));
        // Whoever came with a single talk knows that others have more of them to do.
        let pace = Pace::of(seconds(3), seconds(2), Instant::now());
        assert!(!pace.is_over(seconds(12)) && pace.is_over(seconds(13)));
    }

    #[test]
    fn pauses_grow_with_the_round_and_with_those_who_wait_and_end_somewhere() {
        let now = Instant::now();
        let after = |coming, ahead: &str| {
            let mut pace = Pace::of(Duration::from_millis(coming), Duration::ZERO, now);
            pace.is_our_turn(refs(ahead), Duration::ZERO);
            pace
        };
        let mut swift = after(1, "abcdefgh");
        assert_eq!(swift.first_pause(), SHORTEST / 8);
        assert_eq!(swift.next_pause(9), SHORTEST);
        assert_eq!(swift.next_pause(100), A_PLACE * 100);
        let mut slow = after(800, "abcdefghi");
        assert_eq!(slow.first_pause(), Duration::from_millis(100));
        assert_eq!(slow.next_pause(10), Duration::from_millis(800));
        // Who is next looks soon, who is close to it a little later.
        let next = |ahead| after(800, ahead).next_pause(100);
        assert_eq!(next("a"), Duration::from_millis(100));
        assert_eq!(next("abcd"), Duration::from_millis(400));
        let mut stuck = after(60_000, "abcdefgh");
        assert_eq!(stuck.first_pause(), PAUSE.1);
        assert_eq!(stuck.next_pause(usize::MAX), PAUSE.1);
        // Whoever waits for long looks less and less often, also in the front.
        let mut swift = after(1, "a");
        let pauses: Vec<_> = (0..20).map(|_| swift.next_pause(1)).collect();
        assert!(
            pauses.is_sorted() && pauses.last() == Some(&PAUSE.1),
            "{pauses:?}"
        );
    }

    #[test]
    fn the_higher_the_id_the_later_is_the_first_look_where_talks_take_long() {
        let pace = |talk| Pace::of(Duration::ZERO, talk, Instant::now());
        let starts = |talk, id| pace(Duration::from_millis(talk)).late_start(id).as_millis();
        assert_eq!(starts(250, "0000aaaa"), 0);
        assert_eq!(starts(250, "4000aaaa"), 200);
        assert_eq!(starts(250, "8000aaaa"), 400);
        assert_eq!(starts(250, "ffffaaaa"), 799);
        // Where the remote answers at once nobody waits, and nobody waits for ever for a slow one.
        assert_eq!(starts(50, "ffffaaaa"), 0);
        assert_eq!(starts(60_000, "8000aaaa"), 500);
        assert_eq!(pace(Duration::MAX).late_start("8000aaaa").as_millis(), 500);
        // What is no id of ours has no place to tell.
        for id in ["", "one", "ähnlich"] {
            assert_eq!(starts(250, id), 0, "{id}");
        }
    }

    #[test]
    fn everybody_waits_for_another_part_of_the_second_half() {
        let second = Duration::from_secs(1);
        let seeds = (0..100).map(|seed: u32| jittered(second, &seed.to_string()));
        let parts: std::collections::BTreeSet<_> = seeds.collect();
        assert!(parts.len() > 80, "{parts:?}");
        let (first, last) = (*parts.first().unwrap(), *parts.last().unwrap());
        assert!(first >= second / 2 && first < second * 6 / 10, "{first:?}");
        assert!(last <= second && last > second * 9 / 10, "{last:?}");
    }
}
