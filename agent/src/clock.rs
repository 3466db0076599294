//! The clocks, read at the edge and passed inward as one value.

use std::time::{Duration, Instant, SystemTime};

use rustix::time::{ClockId, clock_gettime};

/// The present, by every clock that matters.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// For delays and deadlines; stands still while the computer sleeps.
    pub at: Instant,
    /// The wall clock; people and programs may set it.
    pub wall: SystemTime,
    /// Since boot, sleep included; nobody can set it.
    pub boot: Duration,
}

impl Now {
    /// Reads the clocks.
    pub fn read() -> Self {
        let boot = clock_gettime(ClockId::Boottime);
        Self {
            at: Instant::now(),
            wall: SystemTime::now(),
            boot: Duration::new(
                boot.tv_sec.try_into().unwrap_or(0),
                boot.tv_nsec.try_into().unwrap_or(0),
            ),
        }
    }

    /// This present, moved on by `by` on every clock.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        Self {
            at: self.at + by,
            wall: self.wall + by,
            boot: self.boot + by,
        }
    }
}

/// An end by the wall clock or by the boot-time clock, whichever is first: neither sleep nor a
/// changed clock can move it further away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    wall: SystemTime,
    boot: Duration,
}

impl Expiry {
    /// `life` from now.
    pub fn after(now: Now, life: Duration) -> Self {
        Self {
            wall: now.wall + life,
            boot: now.boot + life,
        }
    }

    /// An end that was written down as these two.
    pub fn at(wall: SystemTime, boot: Duration) -> Self {
        Self { wall, boot }
    }

    /// Whether it has come.
    pub fn is_over(&self, now: Now) -> bool {
        self.left(now).is_zero()
    }

    /// How long until then.
    pub fn left(&self, now: Now) -> Duration {
        let wall = self.wall.duration_since(now.wall).unwrap_or(Duration::ZERO);
        wall.min(self.boot.saturating_sub(now.boot))
    }

    /// The wall-clock time to show.
    pub fn wall(&self) -> SystemTime {
        self.wall
    }

    /// By the boot-time clock of this boot.
    pub fn boot(&self) -> Duration {
        self.boot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_set_back_does_not_extend_an_invitation() {
        let now = Now::read();
        let hour = Duration::from_secs(3600);
        let expiry = Expiry::after(now, hour);
        let set_back = Now {
            wall: now.wall - 24 * hour,
            ..now.after(hour)
        };
        assert!(expiry.is_over(set_back));
        let set_forward = Now {
            wall: now.wall + hour,
            ..now
        };
        assert!(expiry.is_over(set_forward));
        assert!(!expiry.is_over(now.after(Duration::from_secs(3599))));
    }
}
