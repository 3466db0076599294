//! Says again what the other end asks for.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{Outgoing, delay::Minimum, units};

/// After so long nobody needs it any more.
const FORGET: Duration = Duration::from_secs(3);
/// No more is kept.
const MOST: usize = 2048;
/// Repetitions may take so much of the link,
const SHARE: f64 = 0.5;
/// and save up for so long.
const SAVED: Duration = Duration::from_millis(300);
/// The fewest bytes that may be saved.
const FEW: usize = 8 * units::PACKET;

/// What left lately, and how much of it may be said again.
#[derive(Debug)]
pub struct Repeats<P> {
    /// In the order of their numbers.
    kept: VecDeque<Kept<P>>,
    budget: f64,
    at: Instant,
    /// How soon something was asked for after it had left.
    trip: Minimum,
}

#[derive(Debug)]
struct Kept<P> {
    packet: Outgoing<P>,
    /// When it left last.
    last: Instant,
    /// It has left more than once.
    again: bool,
}

impl<P: Clone> Repeats<P> {
    /// Nothing has left.
    pub fn new(now: Instant) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let budget = FEW as f64;
        Self {
            kept: VecDeque::new(),
            budget,
            at: now,
            trip: Minimum::new(Duration::from_secs(10)),
        }
    }

    /// Something new left.
    pub fn keep(&mut self, packet: Outgoing<P>, now: Instant) {
        self.forget(now);
        if self.kept.len() == MOST {
            self.kept.pop_front();
        }
        self.kept.push_back(Kept {
            packet,
            last: now,
            again: false,
        });
    }

    /// What is to be said again of what was asked for: no repetition that can still be on its way,
    /// and nothing beyond the budget. The oldest comes first, since updates build on each other;
    /// what is left out will be asked for again.
    ///
    /// Nobody asks for what has not been overtaken, so the first time shows how long a round trip
    /// is, too; `trip` says it as long as nothing has been asked for.
    pub fn asked(
        &mut self,
        numbers: &[u16],
        rate: f64,
        trip: Duration,
        now: Instant,
    ) -> Vec<Outgoing<P>> {
        self.forget(now);
        self.save(rate, now);
        let mut numbers = numbers.to_vec();
        numbers.sort_unstable();
        let quickest = self.trip.get().map(i64::unsigned_abs);
        let trip = quickest.map_or(trip, |quickest| trip.min(Duration::from_micros(quickest)));
        let mut again = Vec::new();
        for kept in &mut self.kept {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let size = kept.packet.size as f64;
            let passed = now.saturating_duration_since(kept.last);
            if numbers.binary_search(&kept.packet.number).is_err()
                || kept.again && passed < trip
                || size > self.budget
            {
                continue;
            }
            if !kept.again {
                let passed = i64::try_from(passed.as_micros()).unwrap_or(i64::MAX);
                self.trip.add(passed, now);
            }
            self.budget -= size;
            kept.last = now;
            kept.again = true;
            again.push(kept.packet.clone());
        }
        again
    }

    /// Something was said again without being asked for.
    pub fn repeated(&mut self, number: u16, now: Instant) {
        let mut newest = self.kept.iter_mut().rev();
        if let Some(kept) = newest.find(|kept| kept.packet.number == number) {
            kept.last = now;
            kept.again = true;
        }
    }

    fn save(&mut self, rate: f64, now: Instant) {
        let passed = now.saturating_duration_since(self.at);
        self.at = self.at.max(now);
        let most = units::bytes_in(rate * SHARE, SAVED).max(FEW);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let most = most as f64;
        self.budget = (self.budget + rate * SHARE * passed.as_secs_f64() / 8.0).min(most);
    }

    fn forget(&mut self, now: Instant) {
        while let Some(first) = self.kept.front()
            && now.saturating_duration_since(first.last) > FORGET
        {
            self.kept.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const NONE: [u16; 0] = [];

    fn kept(count: u16, now: Instant) -> Repeats<()> {
        let mut repeats = Repeats::new(now);
        for number in 0..count {
            let packet = Outgoing {
                number: number.wrapping_add(u16::MAX - 2),
                size: units::PACKET,
                ends: false,
                packet: (),
            };
            repeats.keep(packet, now);
        }
        repeats
    }

    fn numbers(again: &[Outgoing<()>]) -> Vec<u16> {
        again.iter().map(|packet| packet.number).collect()
    }

    #[test]
    fn a_packet_is_said_again_at_most_once_a_round_trip() {
        let now = Instant::now();
        let mut repeats = kept(6, now);
        let asked = [65534, 1];
        let mut ask = |at: u32| numbers(&repeats.asked(&asked, 1e6, 50 * MS, now + at * MS));
        assert_eq!(ask(45), [65534, 1], "who asks knows that it was overtaken");
        assert_eq!(ask(80), NONE, "the repetition is still on its way");
        assert_eq!(ask(91), [65534, 1], "a round trip was no longer than that");
        assert_eq!(ask(5000), NONE, "forgotten");
    }

    #[test]
    fn repetitions_keep_to_their_budget_and_the_oldest_comes_first() {
        let now = Instant::now();
        let mut repeats = kept(40, now);
        let all: Vec<u16> = (0..=u16::MAX).collect();
        let mut ask = |at: u32| numbers(&repeats.asked(&all, 1e6, 50 * MS, now + at * MS));
        let first = ask(100);
        assert_eq!(first[..3], [65533, 65534, 65535]);
        assert_eq!(
            first.len(),
            13,
            "eight at first, and 100 ms of half the link"
        );
        assert_eq!(ask(151).len(), 2);
    }

    #[test]
    fn what_was_said_twice_anyway_is_not_said_a_third_time_at_once() {
        let now = Instant::now();
        let mut repeats = kept(3, now);
        repeats.repeated(65533, now + 60 * MS);
        let again = repeats.asked(&[65533], 1e6, 50 * MS, now + 70 * MS);
        assert_eq!(numbers(&again), NONE);
    }
}
