//! Lets packets leave: a few at once, more as fast as is good for the link.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{Outgoing, units};

/// The fewest and the most that may leave at once,
const AT_ONCE: (usize, usize) = (2 * units::PACKET, 10 * units::PACKET);
/// as long as it would take no longer to let them go one by one: what is not video goes between.
const AT_ONCE_TIME: Duration = Duration::from_millis(16);
/// More often than this nothing happens; what would leave meanwhile leaves together.
const STEP: Duration = Duration::from_millis(2);
/// No more may wait.
const MOST: usize = 4096;

/// What waits, and when it may go. Repetitions go first.
#[derive(Debug)]
pub struct Pacer<P> {
    repeats: VecDeque<Outgoing<P>>,
    fresh: VecDeque<Outgoing<P>>,
    fresh_bytes: usize,
    /// What has left and should not have yet, in bytes, at a time.
    ahead: f64,
    at: Instant,
}

impl<P> Pacer<P> {
    /// Nothing waits.
    pub fn new(now: Instant) -> Self {
        Self {
            repeats: VecDeque::new(),
            fresh: VecDeque::new(),
            fresh_bytes: 0,
            ahead: 0.0,
            at: now,
        }
    }

    /// Something new is to leave. Gives it back if there is no room.
    pub fn put(&mut self, packet: Outgoing<P>) -> Result<(), Outgoing<P>> {
        if self.fresh.len() >= MOST {
            return Err(packet);
        }
        self.fresh_bytes += packet.size;
        self.fresh.push_back(packet);
        Ok(())
    }

    /// Something is to leave once more. If there is no room, it need not.
    pub fn repeat(&mut self, packet: Outgoing<P>) {
        if self.repeats.len() < MOST {
            self.repeats.push_back(packet);
        }
    }

    /// Bytes of what is new and waits.
    pub fn waiting(&self) -> usize {
        self.fresh_bytes
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.repeats.is_empty() && self.fresh.is_empty()
    }

    /// The next that may leave now, and whether it is a repetition. `pace`: bits a second;
    /// `open`: the link takes what is new.
    pub fn next(&mut self, pace: f64, open: bool, now: Instant) -> Option<(Outgoing<P>, bool)> {
        self.pass(pace, now);
        if self.ahead > 0.0 && self.excess(pace) > 0.0 {
            return None;
        }
        let (packet, again) = match self.repeats.pop_front() {
            Some(packet) => (packet, true),
            None if open => (self.fresh.pop_front()?, false),
            None => return None,
        };
        if !again {
            self.fresh_bytes -= packet.size;
        }
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let size = packet.size as f64;
        self.ahead += size;
        Some((packet, again))
    }

    /// When something may leave that may not now.
    pub fn wake(&self, pace: f64, open: bool) -> Option<Instant> {
        if self.repeats.is_empty() && (self.fresh.is_empty() || !open) {
            return None;
        }
        let excess = self.excess(pace).max(0.0);
        let wait = Duration::from_secs_f64(excess * 8.0 / pace);
        Some(self.at + wait.max(STEP))
    }

    /// By how much the next packet, if it is full, would exceed what may leave at once.
    fn excess(&self, pace: f64) -> f64 {
        let brief = units::bytes_in(pace, AT_ONCE_TIME).clamp(AT_ONCE.0, AT_ONCE.1);
        let at_once = brief.max(units::bytes_in(pace, 5 * STEP / 2));
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let room = (at_once - units::PACKET) as f64;
        self.ahead - room
    }

    fn pass(&mut self, pace: f64, now: Instant) {
        let passed = now.saturating_duration_since(self.at);
        self.at = self.at.max(now);
        self.ahead = (self.ahead - pace * passed.as_secs_f64() / 8.0).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn packet(number: u16) -> Outgoing<()> {
        Outgoing {
            number,
            size: units::PACKET,
            ends: false,
            packet: (),
        }
    }

    /// Runs until nothing waits: when each packet left, in milliseconds.
    fn run(pacer: &mut Pacer<()>, pace: f64, begun: Instant) -> Vec<(u16, u128)> {
        let mut now = begun;
        let mut left = Vec::new();
        loop {
            while let Some((packet, _)) = pacer.next(pace, true, now) {
                left.push((packet.number, (now - begun).as_millis()));
            }
            match pacer.wake(pace, true) {
                Some(wake) => now = wake,
                None => return left,
            }
        }
    }

    #[test]
    fn a_few_leave_at_once_and_the_rest_at_the_pace() {
        let now = Instant::now();
        let mut pacer = Pacer::new(now);
        for n in 0..60 {
            pacer.put(packet(n)).unwrap();
        }
        let left = run(&mut pacer, 10e6, now);
        assert_eq!(left.iter().filter(|(_, at)| *at == 0).count(), 10);
        // 50 packets of 10 kbit, at 10 Mbit/s.
        assert!((45..=55).contains(&left[59].1), "{left:?}");
        assert!(left.is_sorted());
        assert_eq!(pacer.waiting(), 0);
    }

    #[test]
    fn a_slow_link_is_not_filled_at_once() {
        let now = Instant::now();
        let mut pacer = Pacer::new(now);
        for n in 0..4 {
            pacer.put(packet(n)).unwrap();
        }
        let left = run(&mut pacer, 750_000.0, now);
        assert_eq!(left.iter().filter(|(_, at)| *at == 0).count(), 2);
    }

    #[test]
    fn repetitions_go_first_and_what_is_new_waits_for_the_link() {
        let now = Instant::now();
        let mut pacer = Pacer::new(now);
        pacer.put(packet(9)).unwrap();
        pacer.repeat(packet(3));
        assert_eq!(pacer.next(1e6, false, now), Some((packet(3), true)));
        assert_eq!(pacer.next(1e6, false, now), None);
        assert_eq!(pacer.wake(1e6, false), None);
        assert_eq!(pacer.next(1e6, true, now), Some((packet(9), false)));
    }

    proptest! {
        #[test]
        fn never_more_than_the_burst_and_the_pace(
            pace in 250_000_f64..125e6,
            puts in proptest::collection::vec((0..30_u64, 0..40_u16), 1..60)
        ) {
            let begun = Instant::now();
            let mut now = begun;
            let mut pacer = Pacer::new(now);
            let mut bytes = 0;
            for (pass, count) in puts {
                for n in 0..count {
                    pacer.put(packet(n)).unwrap();
                }
                for _ in 0..=pass {
                    while pacer.next(pace, true, now).is_some() {
                        bytes += units::PACKET;
                    }
                    now += MS;
                }
                let may = units::bytes_in(pace, now - begun + 5 * MS) + AT_ONCE.1;
                prop_assert!(bytes <= may + units::PACKET, "{bytes} > {may}");
            }
        }
    }
}
