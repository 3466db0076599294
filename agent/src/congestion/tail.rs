//! A packet that got lost is missed when a later one arrives. The last before quiet has none, so
//! where packets get lost it is said twice.

use std::time::{Duration, Instant};

use super::Outgoing;

/// Quiet, after an update.
const QUIET: Duration = Duration::from_millis(8);
/// An update of no more packets is repeated whole, if it is small enough besides; of a larger one,
/// the last packet is enough to have the others missed.
const FEW: usize = 10;

/// The end of the last update.
#[derive(Debug)]
pub struct Tail<P> {
    update: Vec<Outgoing<P>>,
    large: bool,
    ended: Option<Instant>,
}

impl<P> Default for Tail<P> {
    fn default() -> Self {
        Self {
            update: Vec::new(),
            large: false,
            ended: None,
        }
    }
}

impl<P: Clone> Tail<P> {
    /// Something new left.
    pub fn left(&mut self, packet: &Outgoing<P>, now: Instant) {
        if self.update.last().is_none_or(|last| last.ends) {
            self.update.clear();
            self.large = false;
        }
        if self.update.len() == FEW {
            self.large = true;
            self.update.remove(0);
        }
        self.update.push(packet.clone());
        self.ended = packet.ends.then_some(now);
    }

    /// When it has been quiet for long enough.
    pub fn due(&self) -> Option<Instant> {
        self.ended.map(|ended| ended + QUIET)
    }

    /// What is to be said once more, if it is time: once only. `small` bytes are.
    pub fn take(&mut self, small: usize, now: Instant) -> Vec<Outgoing<P>> {
        if self.due().is_none_or(|due| now < due) {
            return Vec::new();
        }
        self.ended = None;
        let bytes: usize = self.update.iter().map(|packet| packet.size).sum();
        let last = self.update.len().saturating_sub(1);
        let from = if self.large || bytes > small { last } else { 0 };
        self.update.get(from..).unwrap_or_default().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const NONE: [u16; 0] = [];

    fn update(tail: &mut Tail<()>, numbers: std::ops::Range<u16>, now: Instant) {
        for number in numbers.clone() {
            let packet = Outgoing {
                number,
                size: 100,
                ends: number + 1 == numbers.end,
                packet: (),
            };
            tail.left(&packet, now);
        }
    }

    fn taken(tail: &mut Tail<()>, now: Instant) -> Vec<u16> {
        tail.take(1000, now)
            .iter()
            .map(|packet| packet.number)
            .collect()
    }

    #[test]
    fn a_small_update_before_quiet_is_said_twice() {
        let now = Instant::now();
        let mut tail = Tail::default();
        update(&mut tail, 0..2, now);
        assert_eq!(taken(&mut tail, now + 7 * MS), NONE);
        update(&mut tail, 2..5, now + 7 * MS);
        assert_eq!(taken(&mut tail, now + 9 * MS), NONE, "something followed");
        assert_eq!(taken(&mut tail, now + 15 * MS), [2, 3, 4]);
        assert_eq!(taken(&mut tail, now + 30 * MS), NONE, "once is enough");
    }

    #[test]
    fn of_a_large_one_only_the_end() {
        let now = Instant::now();
        let mut tail = Tail::default();
        update(&mut tail, 0..40, now);
        assert_eq!(taken(&mut tail, now + 8 * MS), [39]);
        update(&mut tail, 40..44, now);
        let taken = tail.take(399, now + 8 * MS);
        assert_eq!(taken.len(), 1);
    }

    #[test]
    fn half_an_update_is_no_end() {
        let now = Instant::now();
        let mut tail = Tail::default();
        update(&mut tail, 0..2, now);
        let packet = Outgoing {
            number: 2,
            size: 100,
            ends: false,
            packet: (),
        };
        tail.left(&packet, now);
        assert_eq!(tail.due(), None);
    }
}
