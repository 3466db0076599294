//! A cap on how much the expert can do per second.

use std::time::{Duration, Instant};

/// One event per millisecond in the long run: far above any hand, far below what floods a
/// desktop.
const INTERVAL: Duration = Duration::from_millis(1);
/// How far ahead of that rate a burst may run, as after a hiccup of the network.
const BURST: Duration = Duration::from_millis(200);

/// Lets at most 1,000 events a second through, in bursts of at most 200.
#[derive(Debug, Default)]
pub struct Rate {
    /// When everything let through so far is paid for.
    paid_until: Option<Instant>,
}

impl Rate {
    /// Whether one more event fits.
    pub fn admits(&mut self, now: Instant) -> bool {
        let from = self.paid_until.map_or(now, |until| until.max(now));
        let fits = from.duration_since(now) < BURST;
        if fits {
            self.paid_until = Some(from + INTERVAL);
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
        let mut rate = Rate::default();
        // 10,000 a second for three seconds.
        let let_through = (0..30_000u64)
            .filter(|i| rate.admits(start + Duration::from_micros(i * 100)))
            .count();
        assert!((3_000..=3_200).contains(&let_through), "{let_through}");
    }
}
