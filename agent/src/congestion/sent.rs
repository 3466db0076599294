//! What was sent, and what the other end says about it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use deskhand_protocol::picture::Arrivals;

/// What is not reported after so long never will be.
const FORGET: Duration = Duration::from_secs(2);
/// No more is remembered, whatever is sent.
const MOST: usize = 8192;
/// Reports count time in so many microseconds, then begin again.
const CYCLE: i64 = 64_000 << 24;

/// What the other end says about one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Which one: as it was numbered when it left.
    pub number: u16,
    /// When it arrived, by a clock of the other end's; `None`: it did not.
    pub arrival: Option<Duration>,
}

/// What a page says by itself, since its browser does not.
pub fn told(arrivals: &Arrivals) -> Vec<Report> {
    let told = arrivals.told().into_iter();
    told.map(|(number, arrival)| Report { number, arrival })
        .collect()
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// When it left.
    pub sent: Instant,
    /// In bytes.
    pub size: usize,
    /// When it arrived: microseconds of the other end's clock, without jumps.
    pub arrival: Option<i64>,
    /// It was taken for lost before.
    pub late: bool,
}

/// Packets whose fate is not known yet, or was told lately.
#[derive(Debug, Default)]
pub struct History {
    packets: VecDeque<Sent>,
    /// The number of the first of them, without jumps.
    first: u64,
    /// Everything before this number has been reported, or never will be.
    reported: u64,
    in_flight: usize,
    last_arrival: Option<i64>,
}

#[derive(Debug)]
struct Sent {
    at: Instant,
    size: usize,
    fate: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Unknown,
    Lost,
    Arrived,
}

impl History {
    /// A packet leaves; gives its number.
    pub fn leave(&mut self, size: usize, now: Instant) -> u16 {
        self.forget(now);
        if self.packets.len() == MOST {
            self.drop_first();
        }
        self.packets.push_back(Sent {
            at: now,
            size,
            fate: Fate::Unknown,
        });
        self.in_flight += size;
        number(self.next() - 1)
    }

    /// What the reports say that was not known. What they say of packets that were never sent, or
    /// were long ago, is not believed.
    pub fn report(&mut self, reports: &[Report], now: Instant) -> Vec<Outcome> {
        self.forget(now);
        let next = self.next();
        let mut outcomes = Vec::with_capacity(reports.len());
        for report in reports {
            let back = u64::from(number(next).wrapping_sub(report.number));
            if back == 0 || back > self.packets.len() as u64 {
                continue;
            }
            let index = self.packets.len() - usize::try_from(back).unwrap_or(usize::MAX);
            let arrival = report.arrival.map(|arrival| self.straighten(arrival));
            let Some(sent) = self.packets.get_mut(index) else {
                continue;
            };
            let late = match (sent.fate, arrival) {
                (Fate::Arrived, _) | (Fate::Lost, None) => continue,
                (Fate::Lost, Some(_)) => true,
                (Fate::Unknown, _) => false,
            };
            sent.fate = if arrival.is_some() {
                Fate::Arrived
            } else {
                Fate::Lost
            };
            outcomes.push(Outcome {
                sent: sent.at,
                size: sent.size,
                arrival,
                late,
            });
            self.reported_until(next - back + 1);
        }
        outcomes
    }

    /// Bytes that left after everything that was reported.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// What is in flight will not be heard of.
    pub fn give_up(&mut self) {
        self.reported_until(self.next());
    }

    /// When the oldest of them left.
    pub fn waiting_since(&self) -> Option<Instant> {
        let index = usize::try_from(self.reported.saturating_sub(self.first)).ok()?;
        self.packets.get(index).map(|sent| sent.at)
    }

    /// Time without the jump when the count begins again.
    fn straighten(&mut self, arrival: Duration) -> i64 {
        let micros = i64::try_from(arrival.as_micros()).unwrap_or_default() % CYCLE;
        let last = self.last_arrival.unwrap_or(micros);
        let ahead = (micros - last).rem_euclid(CYCLE);
        let straight = if ahead < CYCLE / 2 {
            last + ahead
        } else {
            last + ahead - CYCLE
        };
        self.last_arrival = Some(last.max(straight));
        straight
    }

    fn next(&self) -> u64 {
        self.first + self.packets.len() as u64
    }

    fn reported_until(&mut self, end: u64) {
        while self.reported < end {
            let index = usize::try_from(self.reported - self.first).unwrap_or(usize::MAX);
            let size = self.packets.get(index).map_or(0, |sent| sent.size);
            self.in_flight = self.in_flight.saturating_sub(size);
            self.reported += 1;
        }
    }

    /// Forgets what is too old to be reported.
    pub fn forget(&mut self, now: Instant) {
        while let Some(first) = self.packets.front()
            && now.saturating_duration_since(first.at) > FORGET
        {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        self.reported_until(self.first + 1);
        self.packets.pop_front();
        self.first += 1;
    }
}

fn number(straight: u64) -> u16 {
    #[expect(clippy::cast_possible_truncation, reason = "wraps around by design")]
    let number = straight as u16;
    number
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn arrived(number: u16, at: Duration) -> Report {
        Report {
            number,
            arrival: Some(at),
        }
    }

    fn lost(number: u16) -> Report {
        Report {
            number,
            arrival: None,
        }
    }

    #[test]
    fn what_is_reported_is_no_longer_in_flight() {
        let now = Instant::now();
        let mut history = History::default();
        for n in 0..4 {
            assert_eq!(history.leave(100, now + n * MS), u16::try_from(n).unwrap());
        }
        assert_eq!(history.in_flight(), 400);
        let outcomes = history.report(&[arrived(0, MS), lost(1), arrived(2, 3 * MS)], now + 9 * MS);
        assert_eq!(outcomes.len(), 3);
        assert_eq!(outcomes[1].arrival, None);
        assert_eq!(history.in_flight(), 100);
        assert_eq!(history.waiting_since(), Some(now + 3 * MS));
        let again = history.report(&[arrived(0, MS), lost(1), lost(2)], now + 9 * MS);
        assert_eq!(again, [], "said before, or taken back");
        let late = history.report(&[arrived(1, 4 * MS)], now + 9 * MS);
        assert!(late[0].late);
    }

    #[test]
    fn what_was_never_sent_is_not_believed() {
        let now = Instant::now();
        let mut history = History::default();
        history.leave(100, now);
        let lies: Vec<_> = (1..=u16::MAX).map(|n| arrived(n, MS)).collect();
        assert_eq!(history.report(&lies, now), []);
        assert_eq!(history.in_flight(), 100);
    }

    #[test]
    fn what_is_never_reported_is_forgotten() {
        let now = Instant::now();
        let mut history = History::default();
        history.leave(100, now);
        history.leave(100, now + 3000 * MS);
        assert_eq!(history.in_flight(), 100);
        assert_eq!(history.report(&[lost(0)], now + 3000 * MS), []);
    }

    #[test]
    fn the_other_clock_may_begin_again() {
        let now = Instant::now();
        let mut history = History::default();
        for _ in 0..3 {
            history.leave(100, now);
        }
        let end = Duration::from_micros((64_000 << 24) - 1000);
        let reports = [arrived(0, end), arrived(1, MS), arrived(2, end)];
        let outcomes = history.report(&reports, now);
        let at: Vec<_> = outcomes.iter().map(|o| o.arrival.unwrap()).collect();
        assert_eq!((at[1] - at[0], at[2] - at[0]), (2000, 0));
    }

    proptest! {
        #[test]
        fn in_flight_is_what_was_not_reported(
            steps in proptest::collection::vec((any::<u16>(), 0..50_u64, any::<bool>()), 1..300)
        ) {
            let mut now = Instant::now();
            let mut history = History::default();
            for (number, pass, send) in steps {
                now += Duration::from_millis(pass);
                if send {
                    history.leave(usize::from(number), now);
                } else {
                    history.report(&[arrived(number % 300, MS)], now);
                }
                let index = usize::try_from(history.reported - history.first).unwrap();
                let sum: usize = history.packets.iter().skip(index).map(|sent| sent.size).sum();
                prop_assert_eq!(history.in_flight(), sum);
                prop_assert!(history.packets.len() <= MOST);
            }
        }
    }
}
