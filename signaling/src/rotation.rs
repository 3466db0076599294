//! When the keys that sign owner tokens are renewed, and how long the old ones are kept. Pure.
//!
//! A key is in the file a while before it signs, so that every node that shares the file knows
//! it by then; and it stays there until the last token that it signed has ended.

use std::time::Duration;

use deskhand_protocol::signal::MAX_TTL_SECS;

use crate::token::{GRACE, LEEWAY, SigningKey};

/// A key signs for so long.
pub(crate) const SIGNS_FOR: Duration = Duration::from_hours(30 * 24);
/// So long before it signs, it is in the file.
pub(crate) const NOTICE: Duration = Duration::from_mins(10);
/// The longest that a token can be good.
const TOKEN: Duration = Duration::from_secs(MAX_TTL_SECS as u64)
    .saturating_add(GRACE)
    .saturating_add(LEEWAY);

/// When a key signs that is made now, beside others; `None`: none is due.
pub(crate) fn next_from(keys: &[SigningKey], now: u64) -> Option<u64> {
    match keys.iter().map(|key| key.from).max() {
        None => Some(now),
        // Also one that is to sign in the far future, of a clock that was wrong: it does not yet.
        Some(latest) if latest.saturating_add(SIGNS_FOR.as_secs()) <= now => {
            Some(now + NOTICE.as_secs())
        }
        Some(_) => None,
    }
}

/// Those keys that something may still be signed with or that something was.
pub(crate) fn still_needed(mut keys: Vec<SigningKey>, now: u64) -> Vec<SigningKey> {
    keys.sort_by_key(|key| key.from);
    // Whatever a key signed, it signed before the next one took over.
    let needless = keys
        .windows(2)
        .take_while(|pair| pair[1].from.saturating_add(TOKEN.as_secs()) < now)
        .count();
    keys.split_off(needless)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 3600;

    fn keys(from: &[u64]) -> Vec<SigningKey> {
        let key = |from: &u64| SigningKey {
            kid: from.to_string(),
            from: *from,
            secret: [0; 32],
        };
        from.iter().map(key).collect()
    }

    #[test]
    fn the_first_key_signs_at_once_and_its_successor_after_a_notice() {
        assert_eq!(next_from(&[], 7), Some(7));
        let table = [
            (0, None),
            (30 * DAY - 1, None),
            (30 * DAY, Some(30 * DAY + 600)),
        ];
        for (now, next) in table {
            assert_eq!(next_from(&keys(&[0]), now), next, "{now}");
        }
    }

    #[test]
    fn while_the_next_one_waits_no_other_is_made() {
        assert_eq!(next_from(&keys(&[0, 30 * DAY + 600]), 30 * DAY + 1), None);
        assert_eq!(next_from(&keys(&[99 * DAY]), 7), None, "a wrong clock");
    }

    #[test]
    fn a_key_stays_while_a_token_of_its_may_live() {
        let left = |from: &[u64], now| -> Vec<u64> {
            let needed = still_needed(keys(from), now);
            needed.iter().map(|key| key.from).collect()
        };
        let ends = 30 * DAY + TOKEN.as_secs();
        assert_eq!(left(&[0, 30 * DAY], ends), [0, 30 * DAY]);
        assert_eq!(left(&[0, 30 * DAY], ends + 1), [30 * DAY]);
        assert_eq!(left(&[30 * DAY, 0], ends + 1), [30 * DAY], "in any order");
        assert_eq!(left(&[0], 9999 * DAY), [0], "the last one stays");
    }
}
