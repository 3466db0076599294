//! The pieces together: packets and reports in, packets and what the link carries out.

use std::time::{Duration, Instant};

use super::{
    estimate::Estimator,
    meter::Meter,
    pacer::Pacer,
    probe::Probe,
    repeats::Repeats,
    sent::{History, Report},
    tail::Tail,
    units,
};

/// Of what left, so much may be unreported, besides what a round trip holds: reports are put
/// together for a while, and a burst waits on the link.
const UNREPORTED: Duration = Duration::from_millis(200);
/// So much may always be unreported.
const FEW: usize = 3 * units::PACKET;
/// What waits longer than this keeps the next update from being made,
const BACKED_UP: Duration = Duration::from_millis(40);
/// until no more than this waits.
const CLEAR: Duration = Duration::from_millis(10);
/// Repetitions leave at least so much of the link to what is new.
const FRESH: f64 = 0.5;
/// Unasked, nothing is said twice when so much of the link is used.
const SPARE: f64 = 0.6;
/// Unasked, an update is said twice as a whole if the link needs no longer for it.
const SMALL: Duration = Duration::from_millis(10);
/// As long as nothing is known of the link, no more is under way.
const UNHEARD: usize = 16 * units::PACKET;
/// So much of what is sent is the update itself, and not its envelope.
const PAYLOAD: f64 = 0.95;
/// Changes of the rate that are smaller are not worth telling.
const SAME: f64 = 0.03;

/// A packet that is to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing<P> {
    /// By which the other end asks for it again. Consecutive.
    pub number: u16,
    /// In bytes.
    pub size: usize,
    /// It is the last of its update.
    pub ends: bool,
    /// Whatever the caller sends.
    pub packet: P,
}

/// A packet that leaves now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure<P> {
    /// By which the other end reports it: each repetition has its own.
    pub number: u16,
    /// It has left before.
    pub again: bool,
    /// What the caller sends.
    pub packet: P,
}

/// What the maker of updates should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// What the link carries of what is new.
    pub kbit: u32,
    /// So much waits to be sent that no update should be made.
    pub backed_up: bool,
    /// So many packets found no room, ever: the updates they were of are lost.
    pub refused: u32,
}

/// Carries packets to the other end.
#[derive(Debug)]
pub struct Carrier<P> {
    estimator: Estimator,
    history: History,
    pacer: Pacer<P>,
    repeats: Repeats<P>,
    tail: Tail<P>,
    probe: Probe<P>,
    refused: u32,
    /// When the link was looked at last, and whether it took what is new.
    looked: Instant,
    open: bool,
    departed: Meter,
    repeated: Meter,
    flow: Flow,
}

impl<P: Clone> Carrier<P> {
    /// Carries at most so much.
    pub fn new(most_kbit: u32, now: Instant) -> Self {
        let estimator = Estimator::new(f64::from(most_kbit) * 1000.0, now);
        Self {
            flow: Flow {
                kbit: kbit(estimator.rate() * PAYLOAD),
                backed_up: false,
                refused: 0,
            },
            estimator,
            history: History::default(),
            pacer: Pacer::new(now),
            repeats: Repeats::new(now),
            tail: Tail::default(),
            probe: Probe::default(),
            refused: 0,
            looked: now,
            open: true,
            departed: Meter::new(now),
            repeated: Meter::new(now),
        }
    }

    /// Nobody will report anything: nothing can be learnt, and nothing is waited for.
    pub fn expect_no_reports(&mut self) {
        self.estimator.give_up();
    }

    /// A packet is to leave.
    pub fn put(&mut self, packet: Outgoing<P>) {
        if self.pacer.put(packet).is_err() {
            self.refused = self.refused.wrapping_add(1);
        }
    }

    /// The next packet that leaves now. To be called until there is none, after every other call
    /// and at [`Self::wake`].
    pub fn next(&mut self, now: Instant) -> Option<Departure<P>> {
        self.attend(now);
        self.looked = now;
        self.open = self.is_open(now);
        let pace = self.estimator.pace(now);
        let (packet, again) = self.pacer.next(pace, self.open, now)?;
        let number = self.history.leave(packet.size, now);
        self.departed.add(packet.size, now);
        if again {
            self.repeated.add(packet.size, now);
            self.probe.left_again(&packet, number);
        } else {
            self.repeats.keep(packet.clone(), now);
            self.tail.left(&packet, now);
            let trip = self.estimator.late_trip();
            self.probe.left(&packet, number, trip, now);
        }
        Some(Departure {
            number,
            again,
            packet: packet.packet,
        })
    }

    /// When [`Self::next`] or [`Self::news`] may have something, if nothing else happens.
    pub fn wake(&self) -> Option<Instant> {
        let pace = self.pacer.wake(self.estimator.pace(self.looked), self.open);
        let dry = self.estimator.dry_at().filter(|dry| *dry > self.looked);
        let tail = self.tail.due();
        let tail = tail.filter(|_| self.pacer.is_empty() && self.estimator.lossy());
        let probe = self.probe.due().filter(|_| self.pacer.is_empty());
        let silence = self
            .unreported_since()
            .map(|since| self.estimator.silent_at(since));
        // A silence stays one until somebody speaks: it must not keep anybody awake.
        let silence = silence.filter(|_| !self.pacer.is_empty());
        [pace, tail, probe, silence, dry]
            .into_iter()
            .flatten()
            .min()
    }

    /// The other end says what became of packets.
    pub fn reported(&mut self, reports: &[Report], now: Instant) {
        for report in reports.iter().filter(|report| report.arrival.is_some()) {
            self.probe.reported(report.number);
        }
        let outcomes = self.history.report(reports, now);
        if !outcomes.is_empty() {
            self.estimator.learn(&outcomes, now);
        }
    }

    /// The other end misses packets.
    pub fn asked(&mut self, numbers: &[u16], now: Instant) {
        // Measured, it includes how long reports are put together: better early than late.
        let trip = self.estimator.trip() * 4 / 5;
        let rate = self.estimator.rate();
        let again = self.repeats.asked(numbers, rate, trip, now);
        // A repetition that gets lost is missed only after some time, so none should.
        let times = if self.estimator.lossy() { 2 } else { 1 };
        for packet in std::iter::repeat_n(again, times).flatten() {
            self.pacer.repeat(packet);
        }
    }

    /// What the maker of updates should know, if it is something new.
    pub fn news(&mut self, now: Instant) -> Option<Flow> {
        let rate = self.estimator.bearable(now);
        let repeated = self.repeated.rate(now);
        let fresh = (rate - repeated).max(rate * FRESH);
        let limit = if self.flow.backed_up {
            CLEAR
        } else {
            BACKED_UP
        };
        let limit = units::bytes_in(rate, limit).max(units::PACKET);
        let before = self.flow;
        let kbit = kbit(fresh * PAYLOAD);
        let change = f64::from(kbit.abs_diff(before.kbit)) / f64::from(before.kbit);
        self.flow = Flow {
            kbit: if change < SAME { before.kbit } else { kbit },
            backed_up: self.pacer.waiting() > limit,
            refused: self.refused,
        };
        (self.flow != before).then_some(self.flow)
    }

    /// What the maker of updates was told last.
    pub fn flow(&self) -> Flow {
        self.flow
    }

    /// Nobody reports anything, and much has left.
    pub fn is_deaf(&self) -> bool {
        self.estimator.is_deaf()
    }

    /// What is known of the link.
    pub fn estimator(&self) -> &Estimator {
        &self.estimator
    }

    fn attend(&mut self, now: Instant) {
        self.history.forget(now);
        if let Some(since) = self.unreported_since()
            && self.estimator.silence(since, now)
        {
            self.history.give_up();
        }
        if !self.pacer.is_empty() {
            return;
        }
        let rate = self.estimator.rate();
        let mut again = self.tail.take(units::bytes_in(rate, SMALL), now);
        if !self.estimator.lossy() || self.departed.rate(now) >= rate * SPARE {
            again.clear();
        }
        again.extend(self.probe.take(self.estimator.is_deaf(), now));
        for packet in again {
            self.repeats.repeated(packet.number, now);
            self.pacer.repeat(packet);
        }
    }

    /// Whether the link takes what is new.
    fn is_open(&self, now: Instant) -> bool {
        let estimator = &self.estimator;
        let most = if estimator.is_deaf() {
            return true;
        } else if estimator.is_known() {
            units::bytes_in(estimator.bearable(now), estimator.trip() + UNREPORTED) + FEW
        } else {
            UNHEARD
        };
        self.history.in_flight() < most
    }

    /// Since when much is under way without a word about it.
    fn unreported_since(&self) -> Option<Instant> {
        let much = self.history.in_flight() > FEW && !self.estimator.is_deaf();
        self.history.waiting_since().filter(|_| much)
    }
}

fn kbit(rate: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "never negative; saturates"
    )]
    let kbit = (rate / 1000.0) as u32;
    kbit.max(1)
}
