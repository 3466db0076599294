//! How much is said to those who have proved nothing: their addresses may be forged, and then the
//! answers go to somebody who never asked.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use super::budget::Budget;
use crate::visitor::Visitor;

/// Bytes of answers for each address: some hundred answers a second.
const BYTES_PER_SECOND: u64 = 32_000;
/// A budget that has rested so long is full, as a fresh one is.
const REST: Duration = Duration::from_secs(1);
/// So many addresses are known at most.
const MOST: usize = 65_536;

/// See the module.
#[derive(Debug, Default)]
pub struct Strangers {
    budgets: HashMap<Visitor, Known>,
}

#[derive(Debug)]
struct Known {
    budget: Budget,
    last: Instant,
}

impl Strangers {
    /// Whether an answer of so many bytes may go there.
    pub fn may_hear(&mut self, ip: IpAddr, bytes: usize, now: Instant) -> bool {
        let visitor = Visitor::from(ip);
        // So many at once are forged, and each of those gets little. Nobody is turned away for it.
        if self.budgets.len() >= MOST && !self.budgets.contains_key(&visitor) {
            self.budgets.clear();
        }
        let known = self.budgets.entry(visitor).or_insert_with(|| Known {
            budget: Budget::new(BYTES_PER_SECOND, now),
            last: now,
        });
        known.last = now;
        known.budget.take(bytes, now)
    }

    /// Forgets those who have rested.
    pub fn pass_time(&mut self, now: Instant) {
        self.budgets
            .retain(|_, known| now.saturating_duration_since(known.last) < REST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_never_too_many_and_nobody_is_turned_away() {
        let mut strangers = Strangers::default();
        let now = Instant::now();
        let ip = |n: usize| IpAddr::from(u32::try_from(n + 1).unwrap().to_be_bytes());
        for n in 0..=MOST {
            assert!(strangers.may_hear(ip(n), 100, now));
            assert!(strangers.budgets.len() <= MOST);
        }
        strangers.pass_time(now + REST / 2);
        assert_eq!(strangers.budgets.len(), 1);
        strangers.pass_time(now + REST);
        assert!(strangers.budgets.is_empty());
    }
}
