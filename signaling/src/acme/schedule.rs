//! When an authority is asked. Pure.

use std::time::{Duration, SystemTime};

/// When a certificate with this life is to be renewed: while a third of it is left, so that there
/// is time for many tries.
pub(super) fn renewal(from: SystemTime, until: SystemTime) -> SystemTime {
    let life = until.duration_since(from).unwrap_or_default();
    until - life / 3
}

/// How long to leave an authority alone after so many failures in a row.
///
/// Let's Encrypt allows five of an hour for a name; the fifth of these comes after 51 minutes and
/// the sixth after 111.
pub(super) fn pause(failures: u32) -> Duration {
    Duration::from_mins(match failures {
        0 | 1 => 1,
        2 => 5,
        3 => 15,
        4 => 30,
        _ => 60,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn a_certificate_is_renewed_while_a_third_of_its_life_is_left() {
        let from = SystemTime::UNIX_EPOCH + 1000 * HOUR;
        assert_eq!(renewal(from, from + 90 * HOUR), from + 60 * HOUR);
        assert_eq!(renewal(from, from), from);
        assert_eq!(renewal(from, from - HOUR), from - HOUR, "at once");
    }

    #[test]
    fn no_hour_has_more_than_five_failures() {
        let mut at = Duration::ZERO;
        let tries: Vec<Duration> = (1..50)
            .map(|failures| {
                let this = at;
                at += pause(failures);
                this
            })
            .collect();
        for six in tries.windows(6) {
            assert!(six[5] > six[0] + HOUR, "{six:?}");
        }
    }
}
