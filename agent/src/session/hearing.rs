//! Whether the page can be heard, and for how long it is waited for when it cannot.
//!
//! What counts is the boot-time clock, which goes on while the computer sleeps.

use std::time::{Duration, Instant};

use deskhand_protocol::handshake::resume::PATIENCE;

use super::dialling::Dialling;
use crate::{clock::Now, peer::SILENCE};

/// A difference between the clocks that is no sleep.
const NO_SLEEP: Duration = Duration::from_secs(1);

/// The connection to the page.
pub(super) enum Line {
    /// Good, as far as is known.
    Up,
    /// Nothing is heard. It may come back by itself, or the page may come back on another way.
    Silent,
    /// There is none: the page has to come back.
    Away,
    /// The page came back: the next one is being made.
    Dialling(Dialling),
}

/// See the module.
pub(super) struct Hearing {
    pub line: Line,
    /// When the page was heard last, since boot.
    heard: Duration,
    /// Since when it is not, for the novice.
    lost: Option<Instant>,
    last: Now,
    /// The computer slept: until then it is not known whether the page is still there.
    doubt: Option<Instant>,
}

impl Hearing {
    pub fn new(now: Now) -> Self {
        Self {
            line: Line::Up,
            heard: now.boot,
            lost: None,
            last: now,
            doubt: None,
        }
    }

    /// Since when the page is not heard, if it is not.
    pub fn lost_since(&self) -> Option<Instant> {
        self.lost
    }

    /// When something follows from time alone.
    pub fn deadline(&self, now: Now) -> Option<Instant> {
        let left = (self.heard + PATIENCE).saturating_sub(now.boot);
        match &self.line {
            Line::Up => None,
            Line::Silent | Line::Away => Some(now.at + left),
            Line::Dialling(dialling) => Some(dialling.wake().min(now.at + left)),
        }
    }

    /// Whether the page was waited for long enough.
    pub fn is_over(&self, now: Now) -> bool {
        !matches!(self.line, Line::Up) && self.heard + PATIENCE <= now.boot
    }

    /// Time has passed. As long as the connection reports no silence the page counts as heard;
    /// but what is reported right after a sleep is of before.
    pub fn pass_time(&mut self, now: Now) {
        let awake = now.at.saturating_duration_since(self.last.at);
        let passed = now.boot.saturating_sub(self.last.boot);
        self.last = now;
        if passed.saturating_sub(awake) > NO_SLEEP {
            self.doubt = Some(now.at + SILENCE + NO_SLEEP);
        }
        if self.doubt.is_some_and(|until| until <= now.at) {
            self.doubt = None;
        }
        if matches!(self.line, Line::Up) && self.doubt.is_none() {
            self.heard = now.boot;
        }
    }

    /// The page said something. True if it had not been heard for a while.
    pub fn heard(&mut self, now: Now) -> bool {
        self.heard = now.boot;
        self.doubt = None;
        let again = matches!(self.line, Line::Silent);
        if again {
            self.line = Line::Up;
            self.lost = None;
        }
        again
    }

    /// Nothing was heard for [`SILENCE`]. True if that is news.
    pub fn silent(&mut self, now: Now) -> bool {
        if !matches!(self.line, Line::Up) {
            return false;
        }
        self.pass_time(now);
        self.line = Line::Silent;
        self.heard = self.heard.min(now.boot.saturating_sub(SILENCE));
        self.lost = Some(now.at.checked_sub(SILENCE).unwrap_or(now.at));
        true
    }

    /// There is no connection any more. True if the novice does not know that it is lost.
    pub fn gone(&mut self, now: Now) -> bool {
        self.pass_time(now);
        self.line = Line::Away;
        let news = self.lost.is_none();
        self.lost.get_or_insert(now.at);
        news
    }

    /// The page came back, which is as good as hearing it.
    pub fn dial(&mut self, dialling: Dialling, now: Now) {
        self.line = Line::Dialling(dialling);
        self.heard = now.boot;
        self.doubt = None;
        self.lost.get_or_insert(now.at);
    }

    /// The next connection is there.
    pub fn up(&mut self, now: Now) {
        self.line = Line::Up;
        self.heard = now.boot;
        self.lost = None;
        self.doubt = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asleep(now: Now, time: Duration) -> Now {
        Now {
            at: now.at,
            ..now.after(time)
        }
    }

    #[test]
    fn two_minutes_count_from_the_last_sign_of_life() {
        let begin = Now::read();
        let mut hearing = Hearing::new(begin);
        let later = begin.after(Duration::from_secs(600));
        hearing.pass_time(later);
        assert!(hearing.silent(later) && !hearing.silent(later));
        let left = PATIENCE.saturating_sub(SILENCE);
        assert_eq!(hearing.deadline(later), Some(later.at + left));
        assert!(!hearing.is_over(later.after(left.saturating_sub(Duration::from_millis(1)))));
        assert!(hearing.is_over(later.after(left)));
        assert!(hearing.heard(later), "it came back by itself");
        assert_eq!(hearing.deadline(later), None);
    }

    #[test]
    fn a_page_that_has_had_nothing_to_say_is_waited_for_as_long_as_any() {
        let begin = Now::read();
        // Where nothing happens nobody looks at the clock.
        let later = begin.after(Duration::from_secs(29));
        let mut hearing = Hearing::new(begin);
        assert!(hearing.silent(later));
        let left = PATIENCE.saturating_sub(SILENCE);
        assert_eq!(hearing.deadline(later), Some(later.at + left));

        let mut hearing = Hearing::new(begin);
        assert!(hearing.gone(later));
        assert_eq!(hearing.deadline(later), Some(later.at + PATIENCE));
    }

    #[test]
    fn a_sleeping_computer_waits_no_longer_than_one_that_is_awake() {
        let begin = Now::read();
        let mut hearing = Hearing::new(begin);
        let awake = asleep(begin, Duration::from_secs(600));
        hearing.pass_time(awake);
        // Nothing happens for a while, and only then the silence is told.
        let told = awake.after(SILENCE);
        hearing.pass_time(awake.after(Duration::from_secs(1)));
        hearing.pass_time(told);
        hearing.silent(told);
        assert!(hearing.is_over(told));
    }

    #[test]
    fn a_page_that_is_there_after_a_sleep_counts_as_heard() {
        let begin = Now::read();
        let mut hearing = Hearing::new(begin);
        let awake = asleep(begin, Duration::from_secs(600));
        hearing.pass_time(awake);
        hearing.heard(awake);
        let told = awake.after(SILENCE);
        hearing.silent(told);
        assert!(!hearing.is_over(told));

        // Also one that has nothing to say, if its connection stays good.
        let mut hearing = Hearing::new(begin);
        hearing.pass_time(awake);
        let later = awake.after(SILENCE + 2 * NO_SLEEP);
        hearing.pass_time(later);
        hearing.silent(later);
        assert!(!hearing.is_over(later));
    }
}
