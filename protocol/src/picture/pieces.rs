//! Pieces become updates again, and those that got lost are asked for. Pure.
//!
//! Time is that since any moment.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{MAX_UPDATE, Piece};

/// A piece that is not there after so long will not come.
const PATIENCE: Duration = Duration::from_millis(600);

/// So many pieces may be missing at once.
const MOST_MISSING: u16 = 2048;

/// A round trip is taken to last so long until one was seen.
const FIRST_TRIP: Duration = Duration::from_millis(80);

/// What was asked for is asked for again after a round trip and so long.
const SLACK: Duration = Duration::from_millis(10);

/// Of channel `feedback`: these pieces did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Their numbers, the oldest first; at most [`Missing::MOST`].
    pub numbers: Vec<u16>,
}

impl Missing {
    /// A message names at most so many.
    pub const MOST: usize = 256;
}

/// Too much is missing, or for too long: everything is needed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a piece of the picture is lost")]
pub struct Lost;

/// Puts pieces together.
#[derive(Debug)]
pub struct Pieces {
    /// The number after the highest that came. Does not wrap around.
    next: u64,
    /// Pieces of updates that are not whole.
    held: BTreeMap<u64, Held>,
    bytes: usize,
    missing: BTreeMap<u64, Gap>,
    /// From asking to getting.
    trip: Duration,
}

#[derive(Debug)]
struct Held {
    begins: bool,
    ends: bool,
    data: Vec<u8>,
}

/// A piece that is missing.
#[derive(Debug, Clone, Copy)]
struct Gap {
    since: Duration,
    asked: Option<Duration>,
    times: u32,
}

impl Default for Pieces {
    fn default() -> Self {
        Self {
            next: 0,
            held: BTreeMap::new(),
            bytes: 0,
            missing: BTreeMap::new(),
            trip: FIRST_TRIP,
        }
    }
}

impl Pieces {
    /// A packet has come. Gives an update if it is whole now; updates may come out of order.
    ///
    /// What is no piece, or came before, is left out.
    ///
    /// # Errors
    /// If too much is missing; then all that is missing is given up.
    pub fn take(&mut self, packet: &[u8], now: Duration) -> Result<Option<Vec<u8>>, Lost> {
        let Some(piece) = Piece::decode(packet) else {
            return Ok(None);
        };
        let ahead = piece.number.wrapping_sub(low(self.next)).cast_signed();
        let Some(number) = self.next.checked_add_signed(ahead.into()) else {
            return Ok(None);
        };
        if number >= self.next {
            if number - self.next > MOST_MISSING.into() {
                // Before they are written down one by one.
                self.next = number + 1;
                self.give_up();
                return Err(Lost);
            }
            let gap = Gap {
                since: now,
                asked: None,
                times: 0,
            };
            self.missing
                .extend((self.next..number).map(|missing| (missing, gap)));
            self.next = number + 1;
        } else {
            match self.missing.remove(&number) {
                Some(Gap {
                    asked: Some(asked),
                    times: 1,
                    ..
                }) => self.trip = (self.trip * 3 + now.saturating_sub(asked)) / 4,
                Some(_) => {}
                None => return Ok(None),
            }
        }
        self.bytes += piece.data.len();
        let held = Held {
            begins: piece.begins,
            ends: piece.ends,
            data: piece.data.to_vec(),
        };
        self.held.insert(number, held);
        if self.missing.len() > MOST_MISSING.into() || self.bytes > MAX_UPDATE {
            self.give_up();
            return Err(Lost);
        }
        Ok(self.whole(number))
    }

    /// The update of which this piece is, if it is whole.
    fn whole(&mut self, number: u64) -> Option<Vec<u8>> {
        let (mut first, mut last) = (number, number);
        // Forwards first: most pieces come in order, and there is nothing yet after them.
        while !self.held.get(&last)?.ends {
            last += 1;
        }
        while !self.held.get(&first)?.begins {
            first = first.checked_sub(1)?;
        }
        let pieces = (first..=last).filter_map(|number| self.held.remove(&number));
        let update: Vec<u8> = pieces.flat_map(|piece| piece.data).collect();
        self.bytes -= update.len();
        Some(update)
    }

    /// When to look again whether something is to be asked for, or given up.
    pub fn due(&self) -> Option<Duration> {
        let dues = self.missing.values().map(|gap| {
            let ask = gap.asked.map_or(gap.since, |asked| asked + self.again());
            ask.min(gap.since + PATIENCE)
        });
        dues.min()
    }

    fn again(&self) -> Duration {
        self.trip * 5 / 4 + SLACK
    }

    /// What is to be asked for now.
    ///
    /// # Errors
    /// If something has been missing for too long; then all that is missing is given up.
    pub fn ask(&mut self, now: Duration) -> Result<Option<Missing>, Lost> {
        if (self.missing.values()).any(|gap| now.saturating_sub(gap.since) >= PATIENCE) {
            self.give_up();
            return Err(Lost);
        }
        let again = self.again();
        let mut numbers = Vec::new();
        for (&number, gap) in &mut self.missing {
            if gap.asked.is_none_or(|asked| now >= asked + again) && numbers.len() < Missing::MOST {
                gap.asked = Some(now);
                gap.times += 1;
                numbers.push(low(number));
            }
        }
        Ok((!numbers.is_empty()).then_some(Missing { numbers }))
    }

    /// What is missing will not come, and what was to be put together with it is of no use.
    fn give_up(&mut self) {
        self.missing.clear();
        self.held.clear();
        self.bytes = 0;
    }
}

/// As it is on the wire.
fn low(number: u64) -> u16 {
    #[expect(clippy::cast_possible_truncation, reason = "numbers wrap around")]
    let low = number as u16;
    low
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn packets(updates: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut number = 0;
        let mut packets = Vec::new();
        for update in updates {
            for piece in Piece::cut(update, number, 12) {
                packets.push(piece.encode());
                number = number.wrapping_add(1);
            }
        }
        packets
    }

    #[test]
    fn what_is_missing_is_asked_for_at_once_and_again_after_a_round_trip() {
        let packets = packets(&[vec![1; 20], vec![2; 3]]);
        let mut pieces = Pieces::default();
        assert_eq!(pieces.take(&packets[1], MS), Ok(None));
        assert_eq!(pieces.due(), Some(MS));
        let numbers = vec![0];
        assert_eq!(pieces.ask(MS), Ok(Some(Missing { numbers })));
        assert_eq!(pieces.ask(2 * MS), Ok(None), "the answer is on its way");
        let again = pieces.due().unwrap();
        assert_eq!(again, MS + FIRST_TRIP * 5 / 4 + SLACK);
        assert!(pieces.ask(again).unwrap().is_some());
        assert_eq!(pieces.take(&packets[3], 2 * MS), Ok(Some(vec![2; 3])));
        assert_eq!(pieces.take(&packets[0], 3 * MS), Ok(None));
        assert_eq!(pieces.take(&packets[2], 3 * MS), Ok(Some(vec![1; 20])));
        assert_eq!(pieces.take(&packets[0], 4 * MS), Ok(None), "a second time");
        assert_eq!(pieces.due(), None);
    }

    #[test]
    fn what_does_not_come_in_time_is_given_up() {
        let packets = packets(&[vec![1; 20], vec![2; 3]]);
        let mut pieces = Pieces::default();
        pieces.take(&packets[1], Duration::ZERO).unwrap();
        assert!(pieces.ask(590 * MS).unwrap().is_some());
        assert_eq!(pieces.due(), Some(PATIENCE));
        assert_eq!(pieces.ask(PATIENCE), Err(Lost));
        assert_eq!(pieces.due(), None);
        assert_eq!(pieces.take(&packets[3], PATIENCE), Ok(Some(vec![2; 3])));
    }

    #[test]
    fn a_sender_out_of_its_mind_costs_little() {
        let mut pieces = Pieces::default();
        let far = Piece {
            departure: 0,
            number: 30_000,
            begins: true,
            ends: true,
            data: &[1],
        };
        assert_eq!(pieces.take(&far.encode(), MS), Err(Lost));
        assert_eq!(pieces.due(), None);
    }

    proptest! {
        #[test]
        fn whatever_gets_lost_in_the_end_every_update_is_there_once(
            lengths in prop::collection::vec(1..60_usize, 1..30),
            fates in prop::collection::vec(0..4_u8, 200),
        ) {
            let updates: Vec<Vec<u8>> = (0..).zip(&lengths).map(|(n, &length)| vec![n; length]).collect();
            let packets = packets(&updates);
            let mut pieces = Pieces::default();
            let mut got = Vec::new();
            let mut late = Vec::new();
            for (packet, fate) in packets.iter().zip(&fates) {
                match fate {
                    0 => {}
                    1 => late.push(packet),
                    _ => got.extend(pieces.take(packet, MS).unwrap()),
                }
            }
            for packet in late {
                got.extend(pieces.take(packet, 2 * MS).unwrap());
            }
            // The last one always arrives, so that everything before it is missed.
            got.extend(pieces.take(packets.last().unwrap(), 3 * MS).unwrap());
            let mut now = 3 * MS;
            while let Some(due) = pieces.due() {
                now = now.max(due);
                if let Some(missing) = pieces.ask(now).unwrap() {
                    for number in missing.numbers {
                        got.extend(pieces.take(&packets[usize::from(number)], now + MS).unwrap());
                    }
                }
            }
            got.sort_unstable();
            prop_assert_eq!(got, updates);
        }

        #[test]
        fn nothing_that_arrives_does_harm(packets in prop::collection::vec(any::<Vec<u8>>(), 0..40)) {
            let mut pieces = Pieces::default();
            for packet in packets {
                let _ = pieces.take(&packet, MS);
                let _ = pieces.ask(MS);
            }
        }
    }
}
