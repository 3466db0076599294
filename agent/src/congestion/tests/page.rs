//! The other end, as a browser behaves: reports every 50 ms, asks for what it misses at once and
//! then every 100 ms.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use deskhand_protocol::picture::{Arrivals, Ledger, Piece};

use crate::congestion::Report;

const REPORTS: Duration = Duration::from_millis(50);
const ASKS: Duration = Duration::from_millis(100);
const PATIENCE: u32 = 10;

/// What the page says.
#[derive(Debug, Clone)]
pub enum Word {
    Reports(Vec<Report>),
    Arrived(Arrivals),
    Asks(Vec<u16>),
}

#[derive(Debug)]
pub struct Page {
    epoch: Instant,
    /// What arrived since the last report, by its number without jumps.
    arrived: BTreeMap<u64, Duration>,
    reported: u64,
    /// Where the browser reports nothing, the page's own.
    ledger: Option<Ledger>,
    report_at: Instant,
    /// What is missing: when it was asked for, and how often.
    missing: BTreeMap<u64, (Option<Instant>, u32)>,
    next: u64,
}

impl Page {
    pub fn new(now: Instant) -> Self {
        Self {
            epoch: now,
            arrived: BTreeMap::new(),
            reported: 0,
            ledger: None,
            report_at: now + REPORTS,
            missing: BTreeMap::new(),
            next: 0,
        }
    }

    /// Its browser reports nothing, so that the page does.
    pub fn reports_by_itself(&mut self) {
        self.ledger = Some(Ledger::default());
    }

    /// A packet arrives: as it was numbered to be reported, and among what is new.
    pub fn arrives(&mut self, report: u64, number: u64, now: Instant) {
        if let Some(ledger) = &mut self.ledger {
            let piece = Piece {
                departure: short(report),
                number: short(number),
                begins: true,
                ends: true,
                data: &[0],
            };
            ledger.note(&piece.encode(), now - self.epoch);
        } else {
            self.arrived.insert(report, now - self.epoch);
        }
        for missed in self.next..number {
            self.missing.insert(missed, (None, 0));
        }
        self.next = self.next.max(number + 1);
        self.missing.remove(&number);
    }

    /// What it says now.
    pub fn says(&mut self, now: Instant) -> Vec<Word> {
        let mut words = Vec::new();
        let mut asks = Vec::new();
        for (number, (asked, times)) in &mut self.missing {
            if *times < PATIENCE && asked.is_none_or(|asked| now >= asked + ASKS) {
                *asked = Some(now);
                *times += 1;
                asks.push(short(*number));
            }
        }
        if !asks.is_empty() {
            words.push(Word::Asks(asks));
        }
        if now >= self.report_at {
            self.report_at = now + REPORTS;
            let own = self.ledger.as_mut().and_then(Ledger::report);
            words.extend(own.map(Word::Arrived));
            if let Some((&last, _)) = self.arrived.last_key_value() {
                let first = self
                    .reported
                    .min(*self.arrived.first_key_value().unwrap().0);
                let reports = (first..=last)
                    .map(|number| Report {
                        number: short(number),
                        arrival: self.arrived.get(&number).copied(),
                    })
                    .collect();
                self.reported = self.reported.max(last + 1);
                self.arrived.clear();
                words.push(Word::Reports(reports));
            }
        }
        words
    }
}

fn short(number: u64) -> u16 {
    #[expect(clippy::cast_possible_truncation, reason = "wraps around by design")]
    let short = number as u16;
    short
}
