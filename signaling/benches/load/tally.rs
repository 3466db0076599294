//! What is counted.

use std::time::Instant;

use serde_json::{Value, json};

/// When counting begins and ends.
#[derive(Clone, Copy)]
pub struct Window {
    /// Before it, everything warms up.
    pub from: Instant,
    /// After it, everything comes to its end.
    pub until: Instant,
}

/// How long things took that ended within a window.
pub struct Tally {
    window: Window,
    micros: Vec<u32>,
}

impl Tally {
    /// An empty one.
    pub fn new(window: Window) -> Self {
        Self {
            window,
            micros: Vec::new(),
        }
    }

    /// Something that began then has ended now.
    pub fn count(&mut self, began: Instant) {
        let now = Instant::now();
        if self.window.from <= now && now < self.window.until {
            let micros = now.saturating_duration_since(began).as_micros();
            self.micros.push(u32::try_from(micros).unwrap_or(u32::MAX));
        }
    }

    /// Takes in another one.
    pub fn add(&mut self, other: Self) {
        self.micros.extend(other.micros);
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.micros.len()
    }

    /// Quantiles, in milliseconds.
    pub fn quantiles(mut self) -> Value {
        self.micros.sort_unstable();
        let at = |percent: usize| {
            let last = self.micros.len().checked_sub(1)?;
            Some(f64::from(self.micros[last * percent / 100]) / 1e3)
        };
        json!({ "p50": at(50), "p95": at(95), "p99": at(99) })
    }
}
