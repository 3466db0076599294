//! When packets arrived, from a page whose browser does not report it by itself. Pure.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::Piece;

/// When packets arrived, by [as what they left](Piece::departure). What lies between them did not,
/// or not yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrivals {
    /// The number after the highest that had arrived before.
    pub next: u16,
    /// When the first one below arrived, in [ticks](Self::TICK) of the page's own clock; wraps
    /// around.
    pub since: u32,
    /// In the order in which they arrived; at most [`Arrivals::MOST`].
    pub packets: Vec<Arrival>,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// Its number, less that of the one above; of the first one, less [`Arrivals::next`].
    pub step: i16,
    /// So many ticks after the one above.
    pub wait: u16,
}

impl Arrivals {
    /// How exactly time is told.
    pub const TICK: Duration = Duration::from_micros(250);

    /// A message names at most so many.
    pub const MOST: usize = 1024;

    /// The numbers of all packets that it says something about, in their order, each with when it
    /// arrived by a clock that begins again after 2^32 ticks; `None`: it did not.
    ///
    /// More than [`Arrivals::MOST`] that did not arrive are not believed.
    pub fn told(&self) -> Vec<(u16, Option<Duration>)> {
        let mut ahead = 0_i32;
        let mut tick = self.since;
        // By how far ahead of `next` they are.
        let mut told: BTreeMap<i32, Option<Duration>> = BTreeMap::new();
        for packet in self.packets.iter().take(Self::MOST) {
            ahead = ahead.saturating_add(packet.step.into());
            tick = tick.wrapping_add(packet.wait.into());
            told.entry(ahead).or_insert(Some(Self::TICK * tick));
        }
        let most = i32::try_from(Self::MOST).unwrap_or(i32::MAX);
        if let Some((&last, _)) = told.last_key_value()
            && last < 2 * most
        {
            for missing in 0..last {
                told.entry(missing).or_insert(None);
            }
        }
        let number = |ahead: i32| {
            #[expect(clippy::cast_possible_truncation, reason = "numbers wrap around")]
            let ahead = ahead as i16;
            self.next.wrapping_add_signed(ahead)
        };
        told.into_iter()
            .map(|(ahead, arrival)| (number(ahead), arrival))
            .collect()
    }
}

/// Notes what arrives until it is told.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The number after the highest that has arrived; none: nothing has.
    next: Option<u16>,
    arrived: Option<Arrivals>,
    /// The number and the time of the last one noted.
    last: (u16, u32),
}

impl Ledger {
    /// A packet has come. True: no more can be noted until [`Self::report`].
    pub fn note(&mut self, packet: &[u8], now: Duration) -> bool {
        let Some(Piece { departure, .. }) = Piece::decode(packet) else {
            return false;
        };
        let tick = tick(now);
        let next = *self.next.get_or_insert(departure);
        let noted = self.arrived.get_or_insert_with(|| {
            self.last = (next, tick);
            Arrivals {
                next,
                since: tick,
                packets: Vec::new(),
            }
        });
        if noted.packets.len() < Arrivals::MOST {
            // A page that slept for longer begins again at a wrong time, which is no harm.
            let wait = u16::try_from(tick.wrapping_sub(self.last.1)).unwrap_or(u16::MAX);
            noted.packets.push(Arrival {
                step: departure.wrapping_sub(self.last.0).cast_signed(),
                wait,
            });
            self.last = (departure, tick);
        }
        if departure.wrapping_sub(next).cast_signed() >= 0 {
            self.next = Some(departure.wrapping_add(1));
        }
        noted.packets.len() >= Arrivals::MOST
    }

    /// Whether anything has been noted that was not told.
    pub fn is_empty(&self) -> bool {
        self.arrived.is_none()
    }

    /// What has been noted since the last time.
    pub fn report(&mut self) -> Option<Arrivals> {
        self.arrived.take()
    }
}

fn tick(now: Duration) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "wraps around by design")]
    let tick = (now.as_micros() / Arrivals::TICK.as_micros()) as u32;
    tick
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn packet(departure: u16) -> Vec<u8> {
        Piece {
            departure,
            number: 7,
            begins: true,
            ends: true,
            data: b"x",
        }
        .encode()
    }

    #[test]
    fn what_did_not_arrive_is_told_by_what_did() {
        let mut ledger = Ledger::default();
        for (at, number) in [(1, u16::MAX), (3, 0), (4, 3), (5, 2)] {
            assert!(!ledger.note(&packet(number), at * MS));
        }
        let told = ledger.report().unwrap().told();
        let expected = [
            (u16::MAX, Some(MS)),
            (0, Some(3 * MS)),
            (1, None),
            (2, Some(5 * MS)),
            (3, Some(4 * MS)),
        ];
        assert_eq!(told, expected);
        assert!(ledger.is_empty() && ledger.report().is_none());

        // The one that was missing, and a new one.
        ledger.note(&packet(1), 60 * MS);
        ledger.note(&packet(4), 61 * MS);
        let told = ledger.report().unwrap().told();
        assert_eq!(told, [(1, Some(60 * MS)), (4, Some(61 * MS))]);
    }

    #[test]
    fn no_more_is_noted_than_one_message_may_hold() {
        let mut ledger = Ledger::default();
        let full = (0..2000).map(|number| ledger.note(&packet(number), MS));
        assert_eq!(full.filter(|full| *full).count(), 2000 - Arrivals::MOST + 1);
        let report = ledger.report().unwrap();
        assert!(crate::wire::encode(&report).len() < crate::wire::MAX_MESSAGE);
        assert_eq!(report.told().len(), Arrivals::MOST);
        // What was passed over is not said to be missing.
        ledger.note(&packet(2000), MS);
        assert_eq!(ledger.report().unwrap().told(), [(2000, Some(MS))]);
    }

    #[test]
    fn what_is_no_piece_is_not_noted() {
        let mut ledger = Ledger::default();
        ledger.note(b"nonsense", MS);
        assert!(ledger.is_empty());
    }

    proptest! {
        #[test]
        fn lies_are_bounded(
            next: u16,
            since: u32,
            steps in prop::collection::vec((any::<i16>(), any::<u16>()), 0..3000),
        ) {
            let packets = steps.into_iter().map(|(step, wait)| Arrival { step, wait }).collect();
            let told = Arrivals { next, since, packets }.told();
            prop_assert!(told.len() <= 3 * Arrivals::MOST);
        }
    }
}
