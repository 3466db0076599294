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

/// Time as the picture tells it to the page: microseconds, which begin again after 2^32.
pub fn micros(time: Duration) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "wraps around by design")]
    let micros = time.as_micros() as u32;
    micros
}

/// A moment that can be written down: what both clocks said when the program was last seen to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// By the wall clock.
    pub wall: SystemTime,
    /// By the boot-time clock of the boot it was in.
    pub boot: Duration,
}

impl From<Now> for Seen {
    fn from(now: Now) -> Self {
        Self {
            wall: now.wall,
            boot: now.boot,
        }
    }
}

/// The kernel's name for the present boot, if it tells. Boot times of one boot mean nothing in
/// another.
pub fn boot_id() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
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

    /// The same end for this run of the program, given when the last one was `seen` to run.
    ///
    /// Within one boot both clocks go on. Another boot has another boot-time clock; what is left
    /// is then what was left when last seen, by both clocks, less what has passed since by the
    /// wall clock: set back while the computer was off, it extends nothing.
    #[must_use]
    pub fn resumed(self, seen: Seen, same_boot: bool, now: Now) -> Self {
        if same_boot && seen.boot <= now.boot {
            return self;
        }
        let then = self.left_at(seen);
        let left = then.min(self.wall.duration_since(now.wall).unwrap_or_default());
        Self {
            wall: self.wall.min(now.wall + left),
            boot: now.boot + left,
        }
    }

    /// Whether it has come.
    pub fn is_over(&self, now: Now) -> bool {
        self.left(now).is_zero()
    }

    /// How long until then.
    pub fn left(&self, now: Now) -> Duration {
        self.left_at(now.into())
    }

    fn left_at(&self, at: Seen) -> Duration {
        let wall = self.wall.duration_since(at.wall).unwrap_or(Duration::ZERO);
        wall.min(self.boot.saturating_sub(at.boot))
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

    const MINUTE: Duration = Duration::from_secs(60);
    const HOUR: Duration = Duration::from_secs(3600);

    /// The computer was off for `off` and has just started again; its clock was moved as well.
    fn rebooted(seen: Now, off: Duration, back: Duration) -> Now {
        Now {
            wall: seen.wall + off - back,
            boot: MINUTE,
            ..seen.after(off)
        }
    }

    #[test]
    fn an_end_goes_on_unchanged_within_one_boot() {
        let made = Now::read();
        let expiry = Expiry::after(made, HOUR);
        let again = expiry.resumed(made.into(), true, made.after(10 * MINUTE));
        assert_eq!(again, expiry);
    }

    #[test]
    fn after_a_reboot_an_end_is_as_far_away_as_the_wall_clock_says() {
        let made = Now::read();
        let expiry = Expiry::after(made, HOUR);
        let seen = made.after(10 * MINUTE);
        let now = rebooted(seen, 20 * MINUTE, Duration::ZERO);
        let again = expiry.resumed(seen.into(), false, now);
        assert_eq!(again.left(now), 30 * MINUTE);
        assert_eq!(again.wall(), expiry.wall());
        // From here on it ends by the new boot's clock too, whatever happens to the wall clock.
        let set_back = Now {
            wall: now.wall - 24 * HOUR,
            ..now.after(30 * MINUTE)
        };
        assert!(again.is_over(set_back));
    }

    #[test]
    fn a_clock_set_back_while_the_computer_was_off_extends_nothing() {
        let made = Now::read();
        let expiry = Expiry::after(made, HOUR);
        let seen = made.after(40 * MINUTE);
        let now = rebooted(seen, MINUTE, 24 * HOUR);
        let again = expiry.resumed(seen.into(), false, now);
        assert_eq!(again.left(now), 20 * MINUTE);
        assert_eq!(again.wall(), now.wall + 20 * MINUTE);
    }

    #[test]
    fn a_clock_set_back_before_the_computer_was_switched_off_extends_nothing() {
        let made = Now::read();
        let expiry = Expiry::after(made, HOUR);
        let seen = Now {
            wall: made.wall - 24 * HOUR,
            ..made.after(50 * MINUTE)
        };
        let now = rebooted(seen, MINUTE, Duration::ZERO);
        let again = expiry.resumed(seen.into(), false, now);
        assert_eq!(again.left(now), 10 * MINUTE);
    }

    #[test]
    fn an_end_that_came_while_the_computer_was_off_is_over() {
        let made = Now::read();
        let expiry = Expiry::after(made, HOUR);
        let now = rebooted(made, HOUR, Duration::ZERO);
        let again = expiry.resumed(made.into(), false, now);
        assert!(again.is_over(now));
        assert_eq!(again.wall(), expiry.wall());
    }

    #[test]
    fn a_clock_that_was_wrong_for_a_while_shortens_no_later_invitation() {
        let right = Now::read();
        // The clock was a day ahead, was put right, and only then somebody was invited.
        let expiry = Expiry::after(right, HOUR);
        let now = rebooted(right, MINUTE, Duration::ZERO);
        let again = expiry.resumed(right.into(), false, now);
        assert_eq!(again.left(now), 59 * MINUTE);
    }

    #[test]
    fn a_boot_time_that_went_backwards_is_of_another_boot() {
        let made = Now {
            boot: HOUR,
            ..Now::read()
        };
        let expiry = Expiry::after(made, HOUR);
        let now = rebooted(made, MINUTE, Duration::ZERO);
        let again = expiry.resumed(made.into(), true, now);
        assert_eq!(again.left(now), 59 * MINUTE);
        assert!(again.boot() < expiry.boot());
    }

    #[test]
    fn this_boot_has_a_name_that_does_not_change() {
        assert!(boot_id().is_some());
        assert_eq!(boot_id(), boot_id());
    }
}
