//! How often something may be tried, by everybody together.

use std::time::{Duration, Instant};

/// A bucket that tries empty and time fills again.
#[derive(Debug)]
pub(super) struct Bucket {
    per_minute: u32,
    /// When it will be full again.
    full_at: Option<Instant>,
}

impl Bucket {
    /// A full bucket of so many, which is full again after a minute.
    pub(super) fn per_minute(per_minute: u32) -> Self {
        Self {
            per_minute,
            full_at: None,
        }
    }

    /// Whether nothing is left of it.
    pub(super) fn is_empty(&self, now: Instant) -> bool {
        self.owed(now) + self.one() > Duration::from_mins(1)
    }

    /// Takes one out.
    pub(super) fn take(&mut self, now: Instant) {
        self.full_at = Some(now + self.owed(now) + self.one());
    }

    fn owed(&self, now: Instant) -> Duration {
        self.full_at
            .map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
    }

    fn one(&self) -> Duration {
        Duration::from_mins(1) / self.per_minute
    }
}
