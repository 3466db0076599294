//! Getting a session back whose connection is lost: when to try, and when to give up.

use std::time::Duration;

use deskhand_protocol::{dial::TRY, handshake::resume::PATIENCE};

/// An interruption may be over by itself before.
const FIRST: Duration = Duration::from_secs(2);
/// The pause after a try that came to nothing; it doubles,
const PAUSE: Duration = Duration::from_secs(1);
/// up to this.
const LONGEST: Duration = Duration::from_secs(8);
/// The novice's computer has so long to answer.
const REACHING: Duration = Duration::from_secs(10);
/// A fresh connection has so long to come about: longer than the agent needs to find out that it
/// got stuck, and to offer another.
const CONNECTING: Duration = TRY.saturating_add(Duration::from_secs(6));

/// See the module. Times are the page's own clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Back {
    /// Since when it is lost.
    pub since: Duration,
    /// After that the novice's computer does not wait any more.
    until: Duration,
    tries: u32,
    step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It is too early.
    Waiting { until: Duration },
    /// The novice's computer is being reached through the server.
    Reaching { until: Duration },
    /// It has answered: a fresh connection is on its way.
    Connecting { until: Duration },
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Nothing.
    Nothing,
    /// Another try.
    Try,
    /// It took too long.
    GiveUp,
}

impl Back {
    /// Nothing is heard any more.
    pub fn lost(now: Duration) -> Self {
        Self {
            since: now,
            until: now + PATIENCE,
            tries: 0,
            step: Step::Waiting { until: now + FIRST },
        }
    }

    /// The page was loaded again, and tries at once; so much is `left` of the two minutes.
    pub fn reloaded(now: Duration, left: Duration) -> Self {
        Self {
            since: now,
            until: now + left.min(PATIENCE),
            tries: 1,
            step: Step::Reaching {
                until: now + REACHING,
            },
        }
    }

    /// The novice's computer makes another connection by itself; if it does not, this end tries.
    pub fn awaiting_another(now: Duration) -> Self {
        Self {
            step: Step::Connecting {
                until: now + CONNECTING,
            },
            ..Self::lost(now)
        }
    }

    /// Whether a try is on its way, and no further than to the novice's computer.
    pub fn is_reaching(&self) -> bool {
        matches!(self.step, Step::Reaching { .. })
    }

    /// Whether a fresh connection is on its way.
    pub fn is_connecting(&self) -> bool {
        matches!(self.step, Step::Connecting { .. })
    }

    /// Time has passed.
    pub fn look(&mut self, now: Duration) -> Due {
        match self.step {
            // Somebody who is being let in again is not sent away.
            Step::Connecting { until } if now < until => Due::Nothing,
            _ if self.until <= now => Due::GiveUp,
            Step::Waiting { until } if until <= now => {
                self.tries += 1;
                self.step = Step::Reaching {
                    until: now + REACHING,
                };
                Due::Try
            }
            Step::Reaching { until } | Step::Connecting { until } if until <= now => {
                self.failed(now);
                Due::Nothing
            }
            Step::Waiting { .. } | Step::Reaching { .. } | Step::Connecting { .. } => Due::Nothing,
        }
    }

    /// It will not be over by itself, or the fresh connection is lost as well.
    pub fn lost_for_good(&mut self, now: Duration) {
        match self.step {
            Step::Waiting { until } => {
                // What failed just now is not tried again at once.
                let soon = if self.tries == 0 { now } else { until };
                self.step = Step::Waiting { until: soon };
            }
            Step::Connecting { .. } => self.failed(now),
            Step::Reaching { .. } => {}
        }
    }

    /// The novice's computer has answered, or made another connection after one got stuck.
    pub fn answered(&mut self, now: Duration) {
        self.step = Step::Connecting {
            until: now + CONNECTING,
        };
    }

    /// That try came to nothing.
    pub fn failed(&mut self, now: Duration) {
        let doublings = self.tries.saturating_sub(1).min(8);
        let pause = (PAUSE * (1 << doublings)).min(LONGEST);
        self.step = Step::Waiting { until: now + pause };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    /// Fails every try at once, until it gives up; gives when it tried, in seconds.
    fn tries(mut back: Back) -> (Vec<u64>, u64) {
        let mut tried = vec![];
        for now in 0.. {
            match back.look(secs(now)) {
                Due::Nothing => {}
                Due::Try => {
                    tried.push(now);
                    back.failed(secs(now));
                }
                Due::GiveUp => return (tried, now),
            }
        }
        unreachable!("it gives up")
    }

    #[test]
    fn it_tries_less_and_less_often_for_two_minutes() {
        let (tried, over) = tries(Back::lost(secs(0)));
        assert_eq!(tried[..7], [2, 3, 5, 9, 17, 25, 33]);
        assert_eq!(over, 120);
    }

    #[test]
    fn a_reloaded_page_has_what_is_left() {
        let mut back = Back::reloaded(secs(0), secs(30));
        assert!(back.is_reaching(), "at once");
        back.failed(secs(0));
        assert_eq!(tries(back).1, 30);
        assert_eq!(tries(Back::reloaded(secs(0), secs(9_999))).1, 120);
    }

    #[test]
    fn a_try_that_hangs_is_given_up() {
        let mut back = Back::lost(secs(0));
        assert_eq!(back.look(secs(2)), Due::Try);
        assert_eq!(back.look(secs(11)), Due::Nothing);
        assert_eq!(back.look(secs(12)), Due::Nothing);
        assert!(!back.is_reaching());
        assert_eq!(back.look(secs(13)), Due::Try);
        back.answered(secs(13));
        assert_eq!(back.look(secs(32)), Due::Nothing);
        assert!(back.is_connecting());
        back.look(secs(33));
        assert!(!back.is_connecting());
    }

    #[test]
    fn a_connection_that_gets_stuck_again_and_again_has_time_for_each_try() {
        let mut back = Back::lost(secs(0));
        back.look(secs(2));
        let mut now = secs(2);
        for _ in 0..deskhand_protocol::dial::TRIES {
            back.answered(now);
            now += TRY;
            assert_eq!(back.look(now), Due::Nothing);
            assert!(back.is_connecting(), "the next offer may only come now");
        }
    }

    #[test]
    fn whoever_is_let_in_at_the_last_moment_has_time_to_connect() {
        let mut back = Back::lost(secs(0));
        back.look(secs(119));
        back.answered(secs(119));
        assert_eq!(back.look(secs(125)), Due::Nothing);
        assert_eq!(back.look(secs(139)), Due::GiveUp);
    }

    #[test]
    fn a_certain_loss_is_not_waited_out() {
        let mut back = Back::lost(secs(0));
        back.lost_for_good(secs(1));
        assert_eq!(back.look(secs(1)), Due::Try);
        back.lost_for_good(secs(1));
        assert!(back.is_reaching(), "it is on its way already");
        back.answered(secs(1));
        back.lost_for_good(secs(2));
        assert_eq!(back.look(secs(2)), Due::Nothing, "not at once");
        back.lost_for_good(secs(2));
        assert_eq!(back.look(secs(2)), Due::Nothing);
        assert_eq!(back.look(secs(3)), Due::Try);
    }
}
