//! What the link carries, told from how packets arrive.
//!
//! The sender is quiet for seconds and then has a burst to send. So the rate at which things
//! arrive says nothing about the link, but how a burst passes does: sent faster than the link
//! carries, it arrives at just the link's rate; coming through as it was sent, it proves that
//! there is more. Loss alone is no sign: radio links lose a tenth and carry the rest well.

use std::time::{Duration, Instant};

use super::{
    delay::{Delay, Minimum},
    loss::Loss,
    meter::Meter,
    sent::Outcome,
    train::{Passage, Trains},
    units,
};

/// So much faster than the link is believed to be packets leave: a burst tells what the link
/// carries only if it is faster, and most are short.
const PROBING: f64 = 2.5;
/// Where a burst has just told, this is enough to see a change, and leaves shorter queues to what
/// goes between.
const GENTLE: f64 = 1.5;
/// To begin with: little enough for most links, and soon doubled.
pub const START: f64 = 2_500_000.0;
/// The link carries this much, or there is no hope.
pub const LEAST: f64 = 100_000.0;

/// Of what was measured: the rest lets the queue run dry.
const SAFE: f64 = 0.95;
/// A burst tests the link if it was sent with so much of what the link is believed to carry.
const TRYING: f64 = 0.9;
/// A burst that took so long to arrive is believed alone.
const SURE: Duration = Duration::from_millis(50);
/// One that says less than is believed, and took less, is believed with another within so long.
const CONFIRMED: Duration = Duration::from_secs(1);
/// To less than this is a setback; to more, a correction.
const SLIGHT: f64 = 0.95;
/// After a setback growth is careful for so long.
const CAREFUL: Duration = Duration::from_secs(2);
/// A queue that never is shorter than this stands, if no more than this.
const STANDING: Duration = Duration::from_millis(40);
/// No growth while so much stands.
const UNEASY: Duration = Duration::from_millis(20);
/// A queue is to run dry in about so long.
const DRY: Duration = Duration::from_millis(400);
/// So soon the effect of a setback is not seen yet, besides the round trip.
const EFFECT: Duration = Duration::from_millis(150);
/// Reports are put together for a while, but not for so long.
const SILENCE: Duration = Duration::from_millis(500);
/// Loss is judged over so long.
const LOSS_WINDOW: Duration = Duration::from_secs(1);
/// Loss with a queue that stands is the link's when it is more than this,
const LOSS_WITH_QUEUE: f64 = 0.03;
/// and without one when it is more than this: a link that keeps no queue.
const LOSS_ALONE: f64 = 0.25;
/// Loss that makes it worth to say things twice.
const LOSSY: f64 = 0.005;
/// Packets that leave within so long belong together, on a slow link
const SHORTEST_GAP: Duration = Duration::from_millis(10);
/// within so long.
const LONGEST_GAP: Duration = Duration::from_millis(30);
/// Rounds are no shorter, whatever the link.
const SHORTEST_ROUND: Duration = Duration::from_millis(25);
/// Where no burst tells anything and no queue is seen, what is used well grows by so much,
const CREEP: f64 = 1.08;
/// so often.
const CREEP_EVERY: Duration = Duration::from_millis(200);
/// Used well is so much of it.
const USED: f64 = 0.6;
/// Before anything is known.
const SUPPOSED_TRIP: Duration = Duration::from_millis(100);

/// Follows what the link carries.
#[derive(Debug)]
pub struct Estimator {
    rate: f64,
    most: f64,
    /// When it was how much: growth is bound to it.
    round: (Instant, f64),
    /// The last burst that said less than is believed.
    doubt: Option<(Instant, f64)>,
    setback: Option<Instant>,
    /// When loss and standing queues were judged, and what queue stood then.
    judged: Option<(Instant, Duration)>,
    /// When somebody reported something last, or the rate was lowered because nobody did.
    heard: Option<Instant>,
    deaf: bool,
    known: bool,
    /// When the link was found to carry just so much.
    measured: Option<Instant>,
    /// When a burst, or growth without one, told something last.
    told: Instant,
    arrived: Meter,
    trains: Trains,
    delay: Delay,
    loss: Loss,
    trip: Minimum,
    late_trip: Minimum,
}

impl Estimator {
    /// Nothing is known of the link, but `most` bits a second are not to be exceeded.
    pub fn new(most: f64, now: Instant) -> Self {
        let most = most.max(LEAST);
        let rate = START.min(most);
        Self {
            rate,
            most,
            round: (now, rate),
            doubt: None,
            setback: None,
            judged: None,
            heard: None,
            deaf: false,
            known: false,
            measured: None,
            told: now,
            arrived: Meter::new(now),
            trains: Trains::default(),
            delay: Delay::new(now),
            loss: Loss::default(),
            trip: Minimum::new(Duration::from_secs(10)),
            late_trip: Minimum::new(Duration::from_secs(1)),
        }
    }

    /// Bits a second.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Whether a burst has told anything yet.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// What may be sent for now: less while a queue stands, so that it runs dry.
    pub fn bearable(&self, now: Instant) -> f64 {
        let queue = self.delay.floor();
        if queue < self.uneasy() || self.dry_at().is_some_and(|dry| dry <= now) {
            return self.rate;
        }
        let full = queue.as_secs_f64() / DRY.as_secs_f64();
        self.rate * (1.0 - full).clamp(0.2, 1.0)
    }

    /// When a queue that was seen has run dry for certain, if nothing more is reported.
    pub fn dry_at(&self) -> Option<Instant> {
        let queue = self.delay.floor();
        let heard = self.heard.filter(|_| queue >= self.uneasy());
        heard.map(|heard| heard + queue + DRY)
    }

    /// How fast packets should leave.
    pub fn pace(&self, now: Instant) -> f64 {
        let measured = self
            .measured
            .is_some_and(|at| now.saturating_duration_since(at) < CONFIRMED);
        self.rate * if measured { GENTLE } else { PROBING }
    }

    /// A round trip, with nothing in the way.
    pub fn trip(&self) -> Duration {
        read(&self.trip)
    }

    /// A round trip, lately.
    pub fn late_trip(&self) -> Duration {
        read(&self.late_trip)
    }

    /// Whether so much got lost lately, at random, that small things should be said twice.
    ///
    /// Not where a queue stands: what is lost there must be said less often, not more.
    pub fn lossy(&self) -> bool {
        self.loss.ever() > LOSSY && self.loss.is_random() && self.delay.floor() < self.standing()
    }

    /// How long the last packet waited on the way.
    pub fn queue(&self) -> Duration {
        self.delay.last()
    }

    /// Takes in what became of packets, in the order in which they left.
    pub fn learn(&mut self, outcomes: &[Outcome], now: Instant) {
        self.heard = Some(now);
        self.deaf = false;
        for outcome in outcomes {
            let Some(arrival) = outcome.arrival else {
                self.loss.told(false, outcome.sent);
                continue;
            };
            if outcome.late {
                self.loss.found();
                continue;
            }
            self.loss.told(true, outcome.sent);
            self.arrived.add(outcome.size, now);
            self.delay.seen(outcome.sent, arrival);
            // At the pace at which they leave.
            let apart = units::time_for(units::PACKET * 3 / 5, self.rate);
            let gap = apart.clamp(SHORTEST_GAP, LONGEST_GAP);
            let told = self
                .trains
                .arrived(outcome.sent, arrival, outcome.size, gap);
            self.passed(told, now);
        }
        let told = self.trains.paused();
        self.passed(told, now);
        if let Some(last) = outcomes.iter().rev().find(|o| o.arrival.is_some()) {
            let trip = now.saturating_duration_since(last.sent).as_micros();
            let trip = i64::try_from(trip).unwrap_or(i64::MAX);
            self.trip.add(trip, now);
            self.late_trip.add(trip, now);
        }
        self.creep(now);
        self.judge(now);
    }

    /// Much is under way since then. True: for so long that nobody will say a word about it.
    pub fn silence(&mut self, since: Instant, now: Instant) -> bool {
        if now < self.silent_at(since) {
            return false;
        }
        if self.heard.is_some() {
            self.heard = Some(now);
            self.set_back(self.rate / 2.0, now);
        } else {
            self.give_up();
        }
        true
    }

    /// Nobody reports anything: nothing can be learnt, and nothing is waited for.
    pub fn give_up(&mut self) {
        self.deaf = true;
    }

    /// When it is a silence that much is under way since then.
    pub fn silent_at(&self, since: Instant) -> Instant {
        let since = self.heard.map_or(since, |heard| heard.max(since));
        since + self.late_trip() + SILENCE
    }

    /// Nobody has ever reported anything, though there was something to report.
    pub fn is_deaf(&self) -> bool {
        self.deaf
    }

    fn passed(&mut self, told: Option<Passage>, now: Instant) {
        self.known |= told.is_some();
        match told {
            Some(Passage::Free(rate)) if self.delay.floor() < self.uneasy() => self.grow(rate, now),
            Some(Passage::Stretched { rate, sent, took }) => {
                // What was sent with less than the link is believed to carry says little of it.
                if sent > self.rate * TRYING || self.delay.floor() > self.uneasy() {
                    self.told = now;
                    self.measured = Some(now);
                    self.stretched(rate, took, now);
                }
            }
            Some(Passage::Free(_)) | None => {}
        }
    }

    fn stretched(&mut self, rate: f64, took: Duration, now: Instant) {
        if rate * SAFE >= self.rate {
            self.doubt = None;
            if self.delay.floor() < self.standing() {
                self.grow(rate * SAFE, now);
            }
            return;
        }
        let before = self.doubt.replace((now, rate));
        let before = before.filter(|(at, _)| now.saturating_duration_since(*at) < CONFIRMED);
        let weight = (took.as_secs_f64() / SURE.as_secs_f64()).min(1.0);
        let believed = match before {
            Some((_, before)) => rate.max(before),
            None if took >= SURE => rate,
            None => return,
        };
        let wanted = believed * SAFE;
        if wanted < self.rate {
            self.set_back(self.rate + (wanted - self.rate) * weight, now);
        }
    }

    /// There is evidence for so much: goes there, within what a round allows.
    fn grow(&mut self, wanted: f64, now: Instant) {
        let round = self.trip().max(SHORTEST_ROUND);
        let passed = now.saturating_duration_since(self.round.0);
        if passed >= round {
            self.round = (now, self.rate);
        }
        let rounds = (passed.as_secs_f64() / round.as_secs_f64()).clamp(1.0, 2.0);
        let careful = self
            .setback
            .is_some_and(|at| now.saturating_duration_since(at) < CAREFUL);
        let factor = if careful { 1.5 } else { 2_f64.powf(rounds) };
        let wanted = wanted.min(self.round.1 * factor).min(self.most);
        self.rate = self.rate.max(wanted);
    }

    fn creep(&mut self, now: Instant) {
        let quiet = now.saturating_duration_since(self.told);
        let used = self.arrived.rate(now) > self.rate * USED;
        if used && self.delay.floor() < self.uneasy() && quiet >= CREEP_EVERY.max(self.late_trip())
        {
            self.told = now;
            self.grow(self.rate * CREEP, now);
        }
    }

    /// Queues that stand, and loss, once in as long as it takes to see what the last judgement
    /// changed.
    fn judge(&mut self, now: Instant) {
        let effect = self.late_trip() + EFFECT;
        let (judged, before) = self.judged.unzip();
        if judged.is_some_and(|at| now.saturating_duration_since(at) < effect) {
            return;
        }
        // What was sent before the last setback is no reason for another.
        let since = self
            .setback
            .map_or(LOSS_WINDOW, |at| now.saturating_duration_since(at));
        if since < effect {
            return;
        }
        let queue = self.delay.floor();
        let stands = queue > self.standing();
        let shrinks = before.is_some_and(|before| queue < before * 9 / 10);
        let lately = since.min(LOSS_WINDOW + self.late_trip());
        let loss = self.loss.share(lately, now).unwrap_or_default();
        let bearable = if stands { LOSS_WITH_QUEUE } else { LOSS_ALONE };
        let mut factor = 1.0;
        if stands && !shrinks {
            factor *= 0.85;
        }
        if loss > bearable {
            factor *= 1.0 - loss / 2.0;
        }
        self.judged = stands.then_some((now, queue));
        if factor < 1.0 {
            self.judged = Some((now, queue));
            self.set_back(self.rate * factor, now);
        }
    }

    /// A queue that never is shorter than this stands: on a slow link, one packet is long.
    fn standing(&self) -> Duration {
        STANDING.max(2 * units::time_for(units::PACKET, self.rate))
    }

    /// No growth while a queue of so much stands.
    fn uneasy(&self) -> Duration {
        UNEASY.max(units::time_for(units::PACKET, self.rate))
    }

    fn set_back(&mut self, rate: f64, now: Instant) {
        let rate = rate.clamp(LEAST, self.most);
        if rate < self.rate * SLIGHT {
            self.setback = Some(now);
        }
        self.rate = rate;
        self.round = (now, rate);
    }
}

fn read(trip: &Minimum) -> Duration {
    match trip.get() {
        Some(micros) => Duration::from_micros(micros.unsigned_abs()),
        None => SUPPOSED_TRIP,
    }
}
