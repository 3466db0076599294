//! How much may pass.

use std::time::{Duration, Instant};

/// So long a burst may last, at the full rate, after a quiet moment.
const BURST: Duration = Duration::from_secs(1);

/// A bucket that fills with time: so many bytes a second, and a second's worth at once.
#[derive(Debug)]
pub struct Budget {
    per_second: u64,
    left: u64,
    /// Up to here the time is in `left`.
    filled: Instant,
}

impl Budget {
    /// A full one.
    pub fn new(per_second: u64, now: Instant) -> Self {
        Self {
            per_second,
            left: per_second * BURST.as_secs(),
            filled: now,
        }
    }

    /// Takes so many bytes, if there are as many.
    pub fn take(&mut self, bytes: usize, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.filled);
        let micros = u64::try_from(since.min(BURST).as_micros()).unwrap_or(0);
        let fresh = self.per_second.saturating_mul(micros) / 1_000_000;
        if fresh > 0 {
            self.filled = now;
            self.left = (self.left + fresh).min(self.per_second * BURST.as_secs());
        }
        let Some(left) = u64::try_from(bytes)
            .ok()
            .and_then(|n| self.left.checked_sub(n))
        else {
            return false;
        };
        self.left = left;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_its_rate_and_a_second_at_once() {
        let start = Instant::now();
        let mut budget = Budget::new(100_000, start);
        let mut given = 0;
        for millis in 0..10_000 {
            for _ in 0..4 {
                given += usize::from(budget.take(1_000, start + Duration::from_millis(millis)));
            }
        }
        assert!(
            (1_095..=1_100).contains(&given),
            "{given} kB in ten seconds"
        );
    }

    #[test]
    fn an_idle_hour_is_worth_a_second() {
        let start = Instant::now();
        let mut budget = Budget::new(1_000, start);
        let later = start + Duration::from_hours(1);
        assert!(budget.take(1_000, later));
        assert!(!budget.take(1, later));
    }
}
