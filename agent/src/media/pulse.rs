//! Whether the media thread gets anywhere. A display that hangs instead of dying keeps it inside
//! a request for as long as it likes, and whoever looks at the picture would wait without knowing.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Since when the thread has been at one round of its work. Asleep it waits for nobody.
#[derive(Debug, Default)]
pub struct Pulse(Mutex<Option<Instant>>);

impl Pulse {
    /// A round of work begins.
    pub fn works(&self, now: Instant) {
        self.set(Some(now));
    }

    /// Nothing is to be done.
    pub fn rests(&self) {
        self.set(None);
    }

    /// How long the present round has taken.
    pub fn waiting(&self, now: Instant) -> Duration {
        let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    fn set(&self, since: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}

/// No round of work takes so long unless the display keeps it waiting.
const STALLED: Duration = Duration::from_secs(3);

/// What has been said of it. Pure.
#[derive(Debug, Default)]
pub struct Stall {
    told: bool,
}

impl Stall {
    /// The present round has taken so long; what is new: it hangs, or it goes on.
    pub fn check(&mut self, waiting: Duration) -> Option<bool> {
        let stalled = waiting >= STALLED;
        (stalled != std::mem::replace(&mut self.told, stalled)).then_some(stalled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_that_takes_long_is_told_once_and_so_is_its_end() {
        let pulse = Pulse::default();
        let mut stall = Stall::default();
        let start = Instant::now();
        let mut told = Vec::new();
        for second in 0..20 {
            let now = start + Duration::from_secs(second);
            match second {
                // Short rounds, then one of ten seconds, then sleep.
                0..=3 | 13 => pulse.works(now),
                14.. => pulse.rests(),
                _ => {}
            }
            if let Some(stalled) = stall.check(pulse.waiting(now)) {
                told.push((second, stalled));
            }
        }
        assert_eq!(told, [(6, true), (13, false)]);
    }
}
