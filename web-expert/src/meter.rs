//! How the picture travels, as far as a page can tell. Pure.
//!
//! Times are the page's own clock, but for when an update was taken from the screen: that is told
//! by the agent's clock, in microseconds that wrap around.

use std::{collections::VecDeque, time::Duration};

use deskhand_protocol::picture::Codec;

use crate::picture::Painted;

/// Figures are of so long.
const WINDOW: Duration = Duration::from_secs(10);
/// Rates are of so long: a person sees them change at once.
const BRIEF: Duration = Duration::from_secs(2);
/// No more pictures are remembered: twice as many as a browser shows.
const MOST: usize = 1200;
/// Clocks drift apart by less than half a millisecond in so long.
const TRUSTED: Duration = Duration::from_secs(10);

/// What can be said about the connection.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    /// Which way packets take.
    pub way: Option<Way>,
    /// To the novice's computer and back.
    pub trip: Option<Duration>,
    /// From the novice's screen to the page.
    pub painted: Option<Spread>,
    /// From the novice's screen to the expert's, but for the screen itself.
    pub presented: Option<Spread>,
    /// Pictures a second.
    pub rate: f64,
    /// Kilobits a second that arrive, all told.
    pub kbit: Option<f64>,
    /// The share of packets that got lost, from 0 to 1.
    pub loss: Option<f64>,
    /// What drew the last film.
    pub codec: Option<Codec>,
}

/// Which way packets take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From computer to computer.
    Direct,
    /// Through a relay.
    Relayed,
}

/// How long something takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// Half of the time no longer than this.
    pub median: Duration,
    /// Nineteen times out of twenty no longer than this.
    pub p95: Duration,
}

impl Spread {
    fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort_unstable();
        let last = times.len().checked_sub(1)?;
        Some(Self {
            median: times[last / 2],
            p95: times[last * 19 / 20],
        })
    }
}

/// What the browser has counted since the connection began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Which way packets take now.
    pub way: Option<Way>,
    /// Bytes of everything that came.
    pub bytes: u64,
    /// Packets of the picture that came.
    pub packets: u64,
    /// Packets of the picture that did not.
    pub lost: u64,
}

/// Watches.
#[derive(Debug, Default)]
pub struct Meter {
    clock: Clock,
    shown: VecDeque<Shown>,
    codec: Option<Codec>,
    counted: VecDeque<(Duration, Counted)>,
}

#[derive(Debug)]
struct Shown {
    taken: u32,
    painted: Duration,
    presented: Option<Duration>,
}

impl Meter {
    /// The agent's clock showed `theirs` when it was asked, between these two times.
    pub fn clock(&mut self, asked: Duration, answered: Duration, theirs: u32) {
        self.clock.answered(asked, answered, theirs);
    }

    /// An update was painted.
    pub fn painted(&mut self, painted: Painted) {
        if self.shown.len() == MOST {
            self.shown.pop_front();
        }
        self.shown.push_back(Shown {
            taken: painted.taken,
            painted: painted.at,
            presented: None,
        });
        self.codec = painted.codec.or(self.codec);
    }

    /// What has been painted so far goes to the expert's screen now.
    pub fn presented(&mut self, now: Duration) {
        let waiting = self.shown.iter_mut().rev();
        for shown in waiting.take_while(|shown| shown.presented.is_none()) {
            shown.presented = Some(now);
        }
    }

    /// The browser counted.
    pub fn counted(&mut self, counted: Counted, now: Duration) {
        self.counted.push_back((now, counted));
        while (self.counted.front()).is_some_and(|(at, _)| now.saturating_sub(*at) > WINDOW) {
            self.counted.pop_front();
        }
    }

    /// What can be said now.
    pub fn figures(&mut self, now: Duration) -> Figures {
        let old = |shown: &Shown| now.saturating_sub(shown.painted) > WINDOW;
        while self.shown.front().is_some_and(old) {
            self.shown.pop_front();
        }
        let clock = &self.clock;
        let delays = |at: fn(&Shown) -> Option<Duration>| {
            let delays = self.shown.iter().filter_map(|shown| {
                let at = at(shown)?;
                clock.since(shown.taken, at)
            });
            Spread::of(delays.collect())
        };
        let brief = |at: Duration| now.saturating_sub(at) <= BRIEF;
        let lately = self.shown.iter().filter(|shown| brief(shown.painted));
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let rate = lately.count() as f64 / BRIEF.as_secs_f64();
        Figures {
            way: self.counted.back().and_then(|(_, last)| last.way),
            trip: clock.trip(),
            painted: delays(|shown| Some(shown.painted)),
            presented: delays(|shown| shown.presented),
            rate,
            kbit: self.kbit(now),
            loss: self.loss(),
            codec: self.codec,
        }
    }

    fn kbit(&self, now: Duration) -> Option<f64> {
        let (last_at, last) = self.counted.back()?;
        let mut before = self.counted.iter();
        let (first_at, first) = before.find(|(at, _)| now.saturating_sub(*at) <= BRIEF)?;
        let time = last_at.checked_sub(*first_at).filter(|t| !t.is_zero())?;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let bits = last.bytes.saturating_sub(first.bytes) as f64 * 8.0;
        Some(bits / time.as_secs_f64() / 1000.0)
    }

    fn loss(&self) -> Option<f64> {
        let (_, first) = self.counted.front()?;
        let (_, last) = self.counted.back()?;
        let missed = last.lost.saturating_sub(first.lost);
        let all = last.packets.saturating_sub(first.packets) + missed;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let share = missed as f64 / all as f64;
        (all > 0).then_some(share)
    }
}

/// The agent's clock, as seen from here.
///
/// An answer tells what it showed at some moment between question and answer; taken to be the
/// middle, that is wrong by half of the round trip at most. So of many answers the quickest counts.
#[derive(Debug, Default)]
struct Clock {
    answers: VecDeque<Answered>,
}

#[derive(Debug, Clone, Copy)]
struct Answered {
    at: Duration,
    trip: Duration,
    theirs: u32,
}

impl Clock {
    fn answered(&mut self, asked: Duration, answered: Duration, theirs: u32) {
        let trip = answered.saturating_sub(asked);
        self.answers.push_back(Answered {
            at: asked + trip / 2,
            trip,
            theirs,
        });
        while (self.answers.front()).is_some_and(|one| answered.saturating_sub(one.at) > TRUSTED) {
            self.answers.pop_front();
        }
    }

    /// The usual round trip.
    fn trip(&self) -> Option<Duration> {
        let trips = self.answers.iter().map(|one| one.trip);
        Spread::of(trips.collect()).map(|spread| spread.median)
    }

    /// How long before `at` their clock showed `taken`.
    fn since(&self, taken: u32, at: Duration) -> Option<Duration> {
        let quickest = self.answers.iter().min_by_key(|one| one.trip)?;
        let (later, ahead) = match at.checked_sub(quickest.at) {
            Some(ahead) => (true, ahead),
            None => (false, quickest.at.saturating_sub(at)),
        };
        #[expect(clippy::cast_possible_truncation, reason = "wraps around by design")]
        let ahead = ahead.as_micros() as u32;
        let then = if later {
            quickest.theirs.wrapping_add(ahead)
        } else {
            quickest.theirs.wrapping_sub(ahead)
        };
        // Nothing is shown before it was taken; what seems so was shown at once.
        let micros = then.wrapping_sub(taken).cast_signed().max(0);
        Some(Duration::from_micros(u64::from(micros.unsigned_abs())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn painted(taken: u32, at: Duration) -> Painted {
        Painted {
            taken,
            at,
            codec: None,
        }
    }

    #[test]
    fn nothing_is_said_of_which_nothing_is_known() {
        let mut meter = Meter::default();
        assert_eq!(meter.figures(MS), Figures::default());
        meter.painted(painted(7, 2 * MS));
        assert_eq!(meter.figures(3 * MS).painted, None, "by which clock?");
    }

    #[test]
    fn delays_are_told_by_the_quickest_answer_and_across_the_end_of_the_other_clock() {
        let mut meter = Meter::default();
        // Their clock is 1 ms before its end when ours shows 105.
        let end = u32::MAX - 999;
        meter.clock(100 * MS, 110 * MS, end);
        // A slow one that is misleading, since the way back was the long one.
        meter.clock(200 * MS, 300 * MS, end.wrapping_add(97_000));
        for n in 0..20 {
            let at = (150 + n) * MS;
            // Taken when theirs showed what ours would have shown as 120 + n.
            meter.painted(painted(end.wrapping_add((15 + n) * 1000), at));
            meter.presented(at + (8 + n) * MS);
        }
        let figures = meter.figures(200 * MS);
        let spread = |median, p95| Some(Spread { median, p95 });
        assert_eq!(figures.painted, spread(30 * MS, 30 * MS));
        assert_eq!(figures.presented, spread(47 * MS, 56 * MS));
        assert_eq!(figures.trip, Some(10 * MS));
        assert!((figures.rate - 10.0).abs() < 0.1, "{}", figures.rate);
    }

    #[test]
    fn what_was_long_ago_does_not_count() {
        let mut meter = Meter::default();
        meter.clock(Duration::ZERO, 2 * MS, 0);
        for n in 0..5000_u32 {
            let at = n * 10 * MS;
            meter.painted(painted(at.subsec_micros(), at));
        }
        assert_eq!(meter.shown.len(), MOST);
        let later = meter.figures(Duration::from_secs(70));
        assert_eq!((later.painted, later.rate), (None, 0.0));
    }

    #[test]
    fn rates_and_losses_are_of_what_was_counted_lately() {
        let mut meter = Meter::default();
        let counted = |seconds: u64| Counted {
            way: Some(Way::Relayed),
            bytes: 1_000_000 + seconds * 25_000,
            packets: 500 + seconds * 99,
            lost: 40 + seconds,
        };
        for seconds in 0..30 {
            meter.counted(counted(seconds), Duration::from_secs(seconds));
        }
        let figures = meter.figures(Duration::from_secs(29));
        assert_eq!(figures.way, Some(Way::Relayed));
        assert!((figures.kbit.unwrap() - 200.0).abs() < 1e-6);
        assert!((figures.loss.unwrap() - 0.01).abs() < 1e-9);
        assert_eq!(Meter::default().figures(MS).loss, None);
    }

    #[test]
    fn the_codec_is_the_last_one_that_drew_something() {
        let mut meter = Meter::default();
        let codec = Some(Codec::Av1);
        meter.painted(Painted {
            codec,
            ..painted(0, MS)
        });
        meter.painted(painted(0, 2 * MS));
        assert_eq!(meter.figures(3 * MS).codec, codec);
    }
}
