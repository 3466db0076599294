//! "The local hand wins": while the novice uses mouse or keyboard, the expert waits.

use std::time::{Duration, Instant};

/// How long after the novice's last movement or key the expert waits.
pub const PAUSE: Duration = Duration::from_millis(1500);

/// Whether the novice is at it right now.
#[derive(Debug, Default)]
pub struct LocalHand {
    last: Option<Instant>,
}

impl LocalHand {
    /// A physical event. True if this begins a pause rather than prolonging one.
    pub fn seen(&mut self, now: Instant) -> bool {
        let begins = !self.wins(now);
        self.last = Some(now);
        begins
    }

    /// Whether the expert has to wait.
    pub fn wins(&self, now: Instant) -> bool {
        self.until().is_some_and(|until| now < until)
    }

    /// When the present or last pause ends.
    pub fn until(&self) -> Option<Instant> {
        self.last.map(|last| last + PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_movement_prolongs_the_pause() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut hand = LocalHand::default();
        assert!(!hand.wins(at(0)));
        assert!(hand.seen(at(0)), "begins");
        assert!(!hand.seen(at(1000)), "goes on");
        assert!(hand.wins(at(2499)));
        assert!(!hand.wins(at(2500)));
        assert!(hand.seen(at(2500)), "begins again");
    }
}
