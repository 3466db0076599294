//! What packets that left close together tell about the link: one that carries less than they
//! were sent with draws them apart, and they arrive at just its rate.

use std::time::{Duration, Instant};

use super::units;

/// A train that took so long has told enough,
const LONG: Duration = Duration::from_millis(80);
/// unless it is shorter than this.
const SHORT: usize = 4;
/// Clocks and computers are no more exact than this.
const BLUR: Duration = Duration::from_millis(4);

/// What a train tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Passage {
    /// It came through as it was sent: the link carries so much at least.
    Free(f64),
    /// It was drawn apart: the link carries just so much.
    Stretched {
        /// So much.
        rate: f64,
        /// It was sent with so much.
        sent: f64,
        /// It took so long to arrive: the longer, the truer.
        took: Duration,
    },
}

/// Watches trains pass.
#[derive(Debug, Default)]
pub struct Trains {
    train: Option<Train>,
}

#[derive(Debug, Clone, Copy)]
struct Train {
    left: (Instant, Instant),
    arrived: (i64, i64),
    /// Without the first: it begins the measure.
    bytes: usize,
    packets: usize,
}

impl Trains {
    /// A packet arrived, in the order in which they left. Gives what the train before it, or with
    /// it, tells. A train ends where nothing left for longer than `gap`.
    pub fn arrived(
        &mut self,
        sent: Instant,
        arrival: i64,
        size: usize,
        gap: Duration,
    ) -> Option<Passage> {
        let Some(train) = &mut self.train else {
            self.train = Some(Train::begin(sent, arrival));
            return None;
        };
        if sent.saturating_duration_since(train.left.1) > gap || sent < train.left.1 {
            let told = train.tell();
            *train = Train::begin(sent, arrival);
            return told;
        }
        train.left.1 = sent;
        train.arrived.1 = train.arrived.1.max(arrival);
        train.bytes += size;
        train.packets += 1;
        if train.packets < SHORT || train.sending().max(train.arriving()) < LONG {
            return None;
        }
        let told = train.tell();
        *train = Train::begin(sent, arrival);
        told
    }

    /// No more is known for now: what the train tells so far, if it is long enough.
    pub fn paused(&mut self) -> Option<Passage> {
        let told = self.train?.tell()?;
        self.train = None;
        Some(told)
    }
}

impl Train {
    fn begin(sent: Instant, arrival: i64) -> Self {
        Self {
            left: (sent, sent),
            arrived: (arrival, arrival),
            bytes: 0,
            packets: 1,
        }
    }

    fn sending(&self) -> Duration {
        self.left.1.saturating_duration_since(self.left.0)
    }

    fn arriving(&self) -> Duration {
        let micros = self.arrived.1 - self.arrived.0;
        Duration::from_micros(u64::try_from(micros).unwrap_or_default())
    }

    fn tell(&self) -> Option<Passage> {
        if self.packets < SHORT {
            return None;
        }
        let (sending, arriving) = (self.sending(), self.arriving());
        Some(if arriving > sending * 6 / 5 + BLUR {
            Passage::Stretched {
                rate: units::rate(self.bytes, arriving),
                sent: units::rate(self.bytes, sending),
                took: arriving,
            }
        } else {
            Passage::Free(units::rate(self.bytes, arriving.max(sending).max(BLUR)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Packets of 1250 bytes (10 kbit), by when they leave and arrive, in milliseconds.
    fn watch(packets: &[(u32, i64)]) -> Vec<Passage> {
        let now = Instant::now();
        let mut trains = Trains::default();
        let mut told: Vec<_> = packets
            .iter()
            .filter_map(|(sent, arrival)| {
                trains.arrived(now + *sent * MS, arrival * 1000, 1250, 10 * MS)
            })
            .collect();
        told.extend(trains.paused());
        told
    }

    #[test]
    fn what_left_at_once_arrives_at_the_rate_of_the_link() {
        let seen = watch(&[(0, 90), (1, 95), (2, 100), (3, 105), (4, 110)]);
        let told = Passage::Stretched {
            rate: 2e6,
            sent: 1e7,
            took: 20 * MS,
        };
        assert_eq!(seen, [told]);
    }

    #[test]
    fn what_arrives_as_it_was_sent_could_have_been_more() {
        let seen = watch(&[(0, 90), (2, 92), (4, 94), (6, 97), (8, 98)]);
        assert_eq!(seen, [Passage::Free(5e6)]);
        let seen = watch(&[(0, 90), (0, 90), (0, 90), (0, 90), (0, 90)]);
        assert_eq!(seen, [Passage::Free(1e7)], "no clock is that exact");
    }

    #[test]
    fn few_packets_and_packets_far_apart_tell_nothing() {
        assert_eq!(watch(&[(0, 90), (0, 95), (0, 100)]), []);
        assert_eq!(watch(&[(0, 90), (20, 190), (40, 290), (60, 390)]), []);
    }

    #[test]
    fn an_endless_train_tells_again_and_again() {
        let packets: Vec<_> = (0..100).map(|n| (n * 2, i64::from(n) * 10)).collect();
        let seen = watch(&packets);
        assert!(seen.len() > 10);
        for passage in seen {
            let Passage::Stretched { rate, .. } = passage else {
                panic!("{passage:?}")
            };
            assert!((rate - 1e6).abs() < 1.0);
        }
    }
}
