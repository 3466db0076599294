//! What one session, or one trial, may use of the relay.

use std::time::{Duration, Instant};

use super::{Bounds, Login, budget::Budget, stun::Key};

/// So long after it was lent, or lent again, a session may begin to use the relay.
const LOAN: Duration = Duration::from_hours(1);

/// So long a page may try the relay out.
const TRIAL: Duration = Duration::from_secs(30);
/// A browser makes one allocation for each of its networks and each way to the relay, twice over:
/// it talks to itself.
const TRIAL_ALLOCATIONS: usize = 16;
/// Enough for a few messages.
const TRIAL_BYTES_PER_SECOND: u64 = 16_000;

/// What for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A session that a novice has allowed.
    Session,
    /// To see whether the relay is reached. Anybody may, so nobody is reached through it: its
    /// allocations have only each other.
    Trial,
}

/// A session's part in the relay. It ends with the session.
#[derive(Debug)]
pub struct Lease {
    /// What its clients were told.
    pub login: Login,
    /// Signs everything that is asked for in its name.
    pub key: Key,
    /// What for.
    pub purpose: Purpose,
    /// How many allocations it has.
    pub allocations: usize,
    /// And may have.
    pub most_allocations: usize,
    /// How much may pass, both ways and over all its allocations.
    pub budget: Budget,
    lent_until: Instant,
    ends_at: Option<Instant>,
}

impl Lease {
    /// A fresh one.
    pub fn new(login: Login, realm: &str, bounds: &Bounds, now: Instant) -> Self {
        Self {
            key: Key::new(&login.username, realm, &login.password.0),
            login,
            purpose: Purpose::Session,
            allocations: 0,
            most_allocations: bounds.allocations_per_session,
            budget: Budget::new(bounds.bytes_per_second, now),
            lent_until: now + LOAN,
            ends_at: None,
        }
    }

    /// A fresh one to try the relay out with: it ends by itself.
    pub fn trial(login: Login, realm: &str, now: Instant) -> Self {
        Self {
            key: Key::new(&login.username, realm, &login.password.0),
            login,
            purpose: Purpose::Trial,
            allocations: 0,
            most_allocations: TRIAL_ALLOCATIONS,
            budget: Budget::new(TRIAL_BYTES_PER_SECOND, now),
            lent_until: now + TRIAL,
            ends_at: None,
        }
    }

    /// It was lent again.
    pub fn extend(&mut self, now: Instant) {
        self.lent_until = now + LOAN;
    }

    /// The session is gone: no new allocation from now on, and nothing at all from then on.
    pub fn end(&mut self, at: Instant) {
        self.ends_at = Some(self.ends_at.map_or(at, |known| known.min(at)));
    }

    /// Whether what it has may be used.
    pub fn stands(&self, now: Instant) -> bool {
        let over = match self.purpose {
            Purpose::Session => false,
            Purpose::Trial => self.lent_until <= now,
        };
        !over && self.ends_at.is_none_or(|at| now < at)
    }

    /// Whether it may have more.
    pub fn may_grow(&self, now: Instant) -> bool {
        self.ends_at.is_none() && now < self.lent_until
    }
}
