//! When a large change has been drawn to its end. Pure.

use std::time::{Duration, Instant};

/// A change that covers at least so many pixels is large.
const LARGE_AREA: u32 = 100_000;

/// Strokes of one change come within this time.
const SETTLE: Duration = Duration::from_micros(2_500);

/// So many large changes in a row that came in one stroke are taken to be a habit.
const HABIT: u32 = 4;

/// A large change may arrive in several strokes, and looks torn if it is shown before the last
/// one. It gets a moment to be completed, unless the last ones needed none: a film or a window
/// that is dragged is usually drawn in one stroke.
#[derive(Debug, Default)]
pub struct Settling {
    /// When the change was first heard of.
    since: Option<Instant>,
    /// So many large changes were shown since one came in several strokes.
    whole: u32,
    until: Option<Instant>,
}

impl Settling {
    /// The screen says that it changed.
    pub fn heard(&mut self, now: Instant) {
        match self.since {
            Some(since) if now.saturating_duration_since(since) < SETTLE => self.whole = 0,
            _ => self.since = Some(now),
        }
    }

    /// Whether a change of `area` pixels is to wait [until](Self::until) it is complete; the
    /// next time it is not.
    pub fn holds(&mut self, area: u32, now: Instant) -> bool {
        let waited = self.until.take().is_some();
        if area < LARGE_AREA {
            return false;
        }
        let complete = self.since.unwrap_or(now) + SETTLE;
        if waited || self.whole >= HABIT || complete <= now {
            self.whole = self.whole.saturating_add(1);
            return false;
        }
        self.until = Some(complete);
        true
    }

    /// When a change that is held will be complete.
    pub fn until(&self) -> Option<Instant> {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_large_change_gets_a_moment_to_be_completed_and_a_small_one_does_not() {
        let now = Instant::now();
        let mut settling = Settling::default();
        settling.heard(now);
        assert!(!settling.holds(LARGE_AREA - 1, now));
        assert!(settling.holds(LARGE_AREA, now + MS));
        assert_eq!(settling.until(), Some(now + SETTLE));
        assert!(!settling.holds(LARGE_AREA, now + SETTLE));
        assert_eq!(settling.until(), None);
        settling.heard(now + 20 * MS);
        assert!(
            !settling.holds(LARGE_AREA, now + 23 * MS),
            "it was held up by something else for long enough"
        );
    }

    #[test]
    fn what_is_drawn_in_one_stroke_again_and_again_is_soon_shown_at_once() {
        let begun = Instant::now();
        let mut settling = Settling::default();
        let mut held = 0;
        for n in 0..20 {
            let now = begun + n * 16 * MS;
            settling.heard(now);
            if settling.holds(LARGE_AREA, now) {
                held += 1;
                assert!(!settling.holds(LARGE_AREA, now + SETTLE));
            }
        }
        assert_eq!(held, HABIT);
        let now = begun + 400 * MS;
        settling.heard(now);
        assert!(!settling.holds(LARGE_AREA, now));
        settling.heard(now + MS);
        assert!(settling.holds(LARGE_AREA, now + MS), "a second stroke");
        assert!(!settling.holds(LARGE_AREA, now + SETTLE));
        for n in 1..20 {
            let now = now + n * 16 * MS;
            settling.heard(now);
            assert!(settling.holds(LARGE_AREA, now), "it needs the time");
            settling.heard(now + MS);
            assert!(!settling.holds(LARGE_AREA, now + SETTLE));
        }
    }
}
