//! How long to wait before the server is tried again.

use std::time::Duration;

/// After the first loss.
const FIRST: Duration = Duration::from_millis(500);
/// However often it was tried.
const LONGEST: Duration = Duration::from_secs(30);

/// The longest that one wait can be. It doubles from one to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Backoff(Duration);

impl Backoff {
    /// The one after `previous`; `None`: there was a connection until now.
    pub(super) fn after(previous: Option<Self>) -> Self {
        Self(previous.map_or(FIRST, |Self(longest)| (longest * 2).min(LONGEST)))
    }

    /// Between half of it and all of it, as `random` has it: so that a server that comes back is
    /// not met by everybody at once.
    pub(super) fn wait(self, random: u32) -> Duration {
        let half = self.0 / 2;
        half + half.mul_f64(f64::from(random) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::iter::successors;

    use proptest::prelude::*;

    use super::*;

    /// One after the other, without an end.
    fn all() -> impl Iterator<Item = Backoff> {
        successors(Some(Backoff::after(None)), |one| {
            Some(Backoff::after(Some(*one)))
        })
    }

    #[test]
    fn it_doubles_from_half_a_second_to_half_a_minute() {
        let millis: Vec<_> = all().take(9).map(|one| one.0.as_millis()).collect();
        let expected = [
            500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
        ];
        assert_eq!(millis, expected);
    }

    #[test]
    fn chance_reaches_from_half_of_it_to_all_of_it() {
        for one in all().take(9) {
            assert_eq!(one.wait(0), one.0 / 2);
            assert_eq!(one.wait(u32::MAX), one.0);
        }
    }

    proptest! {
        #[test]
        fn no_wait_is_out_of_bounds(tries in 0_usize..50, random: u32) {
            let one = all().nth(tries).unwrap();
            let wait = one.wait(random);
            prop_assert!(one.0 / 2 <= wait && wait <= one.0);
            prop_assert!(FIRST / 2 <= wait && wait <= LONGEST);
        }
    }
}
