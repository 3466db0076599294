//! How much passes, in bits a second, smoothed.

use std::time::{Duration, Instant};

use super::units;

/// What is longer ago counts for little.
const MEMORY: Duration = Duration::from_millis(500);

/// Measures what passes.
#[derive(Debug)]
pub struct Meter {
    rate: f64,
    at: Instant,
}

impl Meter {
    /// Nothing has passed.
    pub fn new(now: Instant) -> Self {
        Self { rate: 0.0, at: now }
    }

    /// So many bytes pass.
    pub fn add(&mut self, bytes: usize, now: Instant) {
        self.rate = self.rate(now) + units::rate(bytes, MEMORY);
        self.at = self.at.max(now);
    }

    /// Bits a second.
    pub fn rate(&self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.at);
        self.rate * (-passed.as_secs_f64() / MEMORY.as_secs_f64()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_measured_and_forgotten() {
        let now = Instant::now();
        let ms = Duration::from_millis(1);
        let mut meter = Meter::new(now);
        for n in 0..400 {
            meter.add(1250, now + ms * 10 * n);
        }
        let rate = meter.rate(now + ms * 3995);
        assert!((rate - 1e6).abs() < 1e5, "{rate}");
        assert!(meter.rate(now + ms * 7000) < 3000.0);
    }
}
