//! What one session may use of the relay.

use std::time::{Duration, Instant};

use super::{Bounds, Login, budget::Budget, stun::Key};

/// So long after it was lent, or lent again, a session may begin to use the relay.
const LOAN: Duration = Duration::from_hours(1);

/// A session's part in the relay. It ends with the session.
#[derive(Debug)]
pub struct Lease {
    /// What its clients were told.
    pub login: Login,
    /// Signs everything that is asked for in its name.
    pub key: Key,
    /// How many allocations it has.
    pub allocations: usize,
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
            allocations: 0,
            budget: Budget::new(bounds.bytes_per_second, now),
            lent_until: now + LOAN,
            ends_at: None,
        }
    }

    /// It was lent again.
    pub fn extend(&mut self, now: Instant) {
        self.lent_until = now + LOAN;
    }

    /// The session is gone: nothing new from now on, and nothing at all from then on.
    pub fn end(&mut self, at: Instant) {
        self.ends_at = Some(self.ends_at.map_or(at, |known| known.min(at)));
    }

    /// Whether what it has may be used.
    pub fn stands(&self, now: Instant) -> bool {
        self.ends_at.is_none_or(|at| now < at)
    }

    /// Whether it may have more.
    pub fn may_grow(&self, now: Instant) -> bool {
        self.ends_at.is_none() && now < self.lent_until
    }
}
