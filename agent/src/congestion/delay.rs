//! How long packets wait on the way, from when they left and when they arrived.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// The quickest packet of so long had nothing before it. Two clocks drift apart by a millisecond
/// in this time at most.
const WINDOW: Duration = Duration::from_secs(10);
/// What packets that left within so long have in common is a queue that stands.
const LATELY: Duration = Duration::from_millis(120);

/// Measures the queue on the way.
#[derive(Debug)]
pub struct Delay {
    epoch: Instant,
    quickest: Minimum,
    floor: Minimum,
    last: Duration,
}

impl Delay {
    /// Nothing is known.
    pub fn new(now: Instant) -> Self {
        Self {
            epoch: now,
            quickest: Minimum::new(WINDOW),
            floor: Minimum::new(LATELY),
            last: Duration::ZERO,
        }
    }

    /// A packet arrived.
    pub fn seen(&mut self, sent: Instant, arrival: i64) {
        let left = sent.saturating_duration_since(self.epoch).as_micros();
        let took = arrival - i64::try_from(left).unwrap_or(i64::MAX);
        self.quickest.add(took, sent);
        let quickest = self.quickest.get().unwrap_or(took);
        let waited = took.saturating_sub(quickest).max(0);
        self.last = Duration::from_micros(waited.unsigned_abs());
        self.floor.add(waited, sent);
    }

    /// How long the last packet waited.
    pub fn last(&self) -> Duration {
        self.last
    }

    /// How long even the quickest of the last packets waited.
    pub fn floor(&self) -> Duration {
        let floor = self.floor.get().unwrap_or_default();
        Duration::from_micros(floor.unsigned_abs())
    }
}

/// The least of what came within a window.
#[derive(Debug)]
pub(super) struct Minimum {
    window: Duration,
    /// Ascending in both: what comes later and is less makes the rest superfluous.
    candidates: VecDeque<(Instant, i64)>,
}

/// A window is divided so; no more candidates are kept.
const GRAINS: u32 = 128;

impl Minimum {
    pub(super) fn new(window: Duration) -> Self {
        Self {
            window,
            candidates: VecDeque::new(),
        }
    }

    pub(super) fn add(&mut self, value: i64, at: Instant) {
        while let Some((_, last)) = self.candidates.back()
            && *last >= value
        {
            self.candidates.pop_back();
        }
        let grain = self.window / GRAINS;
        let crowded = self
            .candidates
            .back()
            .is_some_and(|(last, _)| at.saturating_duration_since(*last) < grain);
        if !crowded {
            self.candidates.push_back((at, value));
        }
        while let Some((first, _)) = self.candidates.front()
            && at.saturating_duration_since(*first) > self.window
            && self.candidates.len() > 1
        {
            self.candidates.pop_front();
        }
    }

    pub(super) fn get(&self) -> Option<i64> {
        self.candidates.front().map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_queue_is_what_a_packet_takes_longer_than_the_quickest() {
        let now = Instant::now();
        let mut delay = Delay::new(now);
        delay.seen(now, 77_000_000);
        assert_eq!(delay.last(), Duration::ZERO);
        delay.seen(now + 10 * MS, 77_040_000);
        assert_eq!((delay.last(), delay.floor()), (30 * MS, Duration::ZERO));
        delay.seen(now + 200 * MS, 77_220_000);
        assert_eq!((delay.last(), delay.floor()), (20 * MS, 20 * MS));
    }

    #[test]
    fn a_longer_way_is_no_queue_after_a_while_and_drift_is_none_at_all() {
        let now = Instant::now();
        let mut delay = Delay::new(now);
        for n in 0..2000_u32 {
            let longer = if n < 500 { 0 } else { 60_000 };
            // This clock gains 100 microseconds a second.
            delay.seen(now + 20 * MS * n, i64::from(n) * 20_002 + longer);
        }
        assert!(delay.floor() < 2 * MS, "{:?}", delay.floor());
    }

    proptest! {
        #[test]
        fn the_minimum_is_right_but_for_the_grain(
            steps in proptest::collection::vec((0..40_u64, -1000..1000_i64), 1..400)
        ) {
            let mut at = Instant::now();
            let mut minimum = Minimum::new(1000 * MS);
            let mut all = Vec::new();
            for (pass, value) in steps {
                at += Duration::from_millis(pass);
                minimum.add(value, at);
                all.push((at, value));
                let within = |window: Duration| {
                    let of = all.iter().filter(|(then, _)| at.duration_since(*then) <= window);
                    of.map(|(_, value)| *value).min().unwrap()
                };
                prop_assert!(minimum.get().unwrap() >= within(1000 * MS));
                prop_assert!(minimum.get().unwrap() <= within(980 * MS));
            }
        }
    }
}
