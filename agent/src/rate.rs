//! A cap on how much the expert can do per second.

use std::time::{Duration, Instant};

/// Lets so many events a second through in the long run, and so many at once after a pause, as
/// after a hiccup of the network.
#[derive(Debug)]
pub struct Rate {
    interval: Duration,
    burst: Duration,
    /// When everything let through so far is paid for.
    paid_until: Option<Instant>,
}

impl Rate {
    /// At most `per_second`, in bursts of at most `at_once`.
    pub fn new(per_second: u32, at_once: u32) -> Self {
        let interval = Duration::from_secs(1) / per_second;
        Self {
            interval,
            burst: interval * at_once,
            paid_until: None,
        }
    }

    /// Whether one more event fits.
    pub fn admits(&mut self, now: Instant) -> bool {
        let from = self.paid_until.map_or(now, |until| until.max(now));
        let fits = from.duration_since(now) < self.burst;
        if fits {
            self.paid_until = Some(from + self.interval);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_to_a_thousand_a_second() {
        let start = Instant::now();
        let mut rate = Rate::new(1000, 200);
        // 10,000 a second for three seconds.
        let let_through = (0..30_000u64)
            .filter(|i| rate.admits(start + Duration::from_micros(i * 100)))
            .count();
        assert!((3_000..=3_200).contains(&let_through), "{let_through}");
    }
}
