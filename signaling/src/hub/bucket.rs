//! How often something may be tried, by everybody together.

use std::time::{Duration, Instant};

/// So long it takes at most until a bucket is full again, whatever other nodes report.
const LONGEST: Duration = Duration::from_mins(5);

/// A bucket that tries empty and time fills again. One that all nodes share is one at each of
/// them, which takes out what the others report as well: in the long run all together allow no
/// more than one would alone. Only what is tried at several of them in the very same moment comes
/// on top, and is made up for by waiting longer.
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
        self.full_at = Some(now + (self.owed(now) + self.one()).min(LONGEST));
    }

    /// Puts back what was taken for a number that somebody turned out to have.
    pub(super) fn give_back(&mut self, now: Instant) {
        self.full_at = Some(now + self.owed(now).saturating_sub(self.one()));
    }

    fn owed(&self, now: Instant) -> Duration {
        self.full_at
            .map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
    }

    fn one(&self) -> Duration {
        Duration::from_mins(1) / self.per_minute
    }
}
