//! Virtual time, and what is measured in it.

use std::{
    collections::{BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use super::{
    link::{Link, Nature},
    page::{Page, Word},
    source::{Source, Work},
};
use crate::congestion::{Carrier, Outgoing, told, units};

const STEP: Duration = Duration::from_micros(500);
const PIECE: usize = 1200;

/// A packet of the simulation: of which update, and its number without jumps.
#[derive(Debug, Clone, Copy)]
struct Piece {
    update: usize,
    number: u64,
    size: usize,
}

/// What was seen of an update.
#[derive(Debug, Clone, Copy)]
pub struct Update {
    pub made: Instant,
    pub bytes: usize,
    /// When all of it had arrived.
    pub whole: Option<Instant>,
    left: usize,
}

/// One simulation.
pub struct Run {
    pub now: Instant,
    begun: Instant,
    pub link: Link,
    back: Link,
    carrier: Carrier<Piece>,
    source: Source,
    page: Page,
    pub updates: Vec<Update>,
    got: BTreeSet<u64>,
    number: u64,
    reported: u64,
    there: VecDeque<(Instant, u64, Piece)>,
    here: VecDeque<(Instant, Word)>,
    /// When, the queue on the link, and the estimate.
    pub log: Vec<(Duration, Duration, f64)>,
    pub repeated: usize,
    mute: bool,
}

impl Run {
    pub fn new(nature: Nature, work: Work, most_kbit: u32, seed: u64) -> Self {
        let now = Instant::now();
        let carrier = Carrier::new(most_kbit, now);
        Self {
            now,
            begun: now,
            link: Link::new(nature, seed, now),
            back: Link::new(
                Nature {
                    rate: 1e9,
                    ..nature
                },
                seed + 1,
                now,
            ),
            source: Source::new(work, carrier.flow(), now),
            carrier,
            page: Page::new(now),
            updates: Vec::new(),
            got: BTreeSet::new(),
            number: 0,
            reported: 0,
            there: VecDeque::new(),
            here: VecDeque::new(),
            log: Vec::new(),
            repeated: 0,
            mute: false,
        }
    }

    pub fn does(&mut self, work: Work) {
        self.source.does(work);
    }

    /// The page's browser reports nothing, and the page does it instead.
    pub fn page_reports_by_itself(&mut self) {
        self.carrier.expect_no_reports();
        self.page.reports_by_itself();
    }

    /// The page says nothing from now on.
    pub fn mute(&mut self) {
        self.mute = true;
    }

    pub fn at(&self) -> Duration {
        self.now - self.begun
    }

    pub fn estimate(&self) -> f64 {
        self.carrier.estimator().rate()
    }

    pub fn go(&mut self, time: Duration) -> &mut Self {
        let end = self.now + time;
        while self.now < end {
            self.now += STEP;
            self.step();
        }
        self
    }

    fn step(&mut self) {
        let now = self.now;
        while self.there.front().is_some_and(|(at, ..)| *at <= now) {
            let (at, report, piece) = self.there.pop_front().unwrap();
            self.page.arrives(report, piece.number, at);
            if self.got.insert(piece.number) {
                let update = &mut self.updates[piece.update];
                update.left -= 1;
                if update.left == 0 {
                    update.whole = Some(at);
                }
            }
        }
        for word in self.page.says(now) {
            if let Some(at) = self.back.carry(100, now)
                && !self.mute
            {
                self.here.push_back((at, word));
            }
        }
        let mut heard = false;
        while self.here.front().is_some_and(|(at, _)| *at <= now) {
            heard = true;
            match self.here.pop_front().unwrap().1 {
                Word::Reports(reports) => self.carrier.reported(&reports, now),
                Word::Arrived(arrivals) => self.carrier.reported(&told(&arrivals), now),
                Word::Asks(numbers) => self.carrier.asked(&numbers, now),
            }
        }
        let made = self.source.makes(now);
        if let Some(bytes) = made {
            self.put(bytes);
        }
        if heard || made.is_some() || self.carrier.wake().is_some_and(|wake| wake <= now) {
            self.depart();
        }
        if let Some(flow) = self.carrier.news(now) {
            self.source.told(flow, now);
        }
        self.log
            .push((self.at(), self.link.queue(now), self.estimate()));
    }

    fn put(&mut self, bytes: usize) {
        let pieces = bytes.div_ceil(PIECE);
        for n in 0..pieces {
            let size = PIECE.min(bytes - n * PIECE) + 50;
            let outgoing = Outgoing {
                #[expect(clippy::cast_possible_truncation, reason = "wraps around by design")]
                number: self.number as u16,
                size,
                ends: n + 1 == pieces,
                packet: Piece {
                    update: self.updates.len(),
                    number: self.number,
                    size,
                },
            };
            self.carrier.put(outgoing);
            self.number += 1;
        }
        self.updates.push(Update {
            made: self.now,
            bytes,
            whole: None,
            left: pieces,
        });
    }

    fn depart(&mut self) {
        let now = self.now;
        while let Some(departure) = self.carrier.next(now) {
            let piece = departure.packet;
            self.repeated += usize::from(departure.again);
            if let Some(at) = self.link.carry(piece.size, now) {
                self.there.push_back((at, self.reported, piece));
            }
            self.reported += 1;
        }
    }

    /// Of what was made after so long and not just before the end: what so many in a hundred took
    /// at most.
    pub fn delay(&self, from: Duration, share: usize) -> Duration {
        let end = self.at().saturating_sub(Duration::from_secs(2));
        percentile(&self.took(from, end), share)
    }

    /// How long updates took that were made between these times, sorted: those that never came
    /// take for ever.
    fn took(&self, from: Duration, until: Duration) -> Vec<Duration> {
        // An update can be shown when those before it can.
        let mut shown = Some(self.begun);
        let mut took = Vec::new();
        for update in &self.updates {
            shown = shown.zip(update.whole).map(|(a, b)| a.max(b));
            let made = update.made - self.begun;
            if (from..until).contains(&made) {
                took.push(shown.map_or(Duration::MAX, |at| at - update.made));
            }
        }
        took.sort_unstable();
        took
    }

    /// Bits a second of updates that arrived whole between these times.
    pub fn goodput(&self, from: Duration, until: Duration) -> f64 {
        let bytes: usize = self
            .updates
            .iter()
            .filter(|update| {
                update
                    .whole
                    .is_some_and(|at| (from..until).contains(&(at - self.begun)))
            })
            .map(|update| update.bytes)
            .sum();
        units::rate(bytes, until.saturating_sub(from))
    }

    /// The longest queue between these times.
    pub fn longest_queue(&self, from: Duration, until: Duration) -> Duration {
        let within = self
            .log
            .iter()
            .filter(|(at, ..)| (from..until).contains(at));
        within.map(|(_, queue, _)| *queue).max().unwrap()
    }
}

/// Of sorted times.
fn percentile(sorted: &[Duration], share: usize) -> Duration {
    sorted[(sorted.len() * share / 100).min(sorted.len() - 1)]
}
