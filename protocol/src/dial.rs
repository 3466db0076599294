//! How long a direct connection may take to come about: one table for both ends, since each waits
//! for the other.
//!
//! The novice's computer begins as soon as the server has told what [`HELP`]s. Then come up to
//! [`TRIES`] tries, each a fresh connection: it finds its own [`WAYS`], the page [`ANSWERS`], and
//! the connection has to [`STAND`], or is stuck and makes room for the next try.

use std::time::Duration;

/// The server has so long to say what helps to reach the page; then it has to go without.
pub const HELP: Duration = Duration::from_secs(3);
/// So long the novice's computer asks a relay, before its offer, whether datagrams arrive there.
pub const WAYS: Duration = Duration::from_secs(3);
/// An answer is back so long after its offer went, by way of the server.
pub const ANSWERS: Duration = Duration::from_secs(2);
/// A connection that is not up so long after the answer came is stuck.
pub const STAND: Duration = Duration::from_secs(5);
/// And where there is a relay, so much later: both ends ask it for addresses first, and ways
/// through it are only taken when no other one was found.
pub const RELAYED: Duration = Duration::from_secs(4);

/// So many connections are tried when one gets stuck.
pub const TRIES: u32 = 3;

/// One try, at its longest: the page has the next offer so long after the last, or there is none.
pub const TRY: Duration = sum(&[WAYS, ANSWERS, STAND, RELAYED]);

/// A connection has so long to come about, over all its tries.
pub const CONNECTION: Duration = sum(&[HELP, TRY.saturating_mul(TRIES)]);

/// Without an iterator, which constants may not use.
const fn sum(parts: &[Duration]) -> Duration {
    match parts {
        [] => Duration::ZERO,
        [first, rest @ ..] => first.saturating_add(sum(rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::resume;

    #[test]
    fn all_tries_fit_into_the_time_of_a_connection_and_that_into_the_wait_for_a_lost_page() {
        let slowest = HELP + (WAYS + ANSWERS + STAND + RELAYED) * TRIES;
        assert!(slowest <= CONNECTION, "{slowest:?}");
        assert!(CONNECTION * 2 <= resume::PATIENCE, "one more can be made");
    }
}
