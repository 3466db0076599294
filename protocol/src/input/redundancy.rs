//! Channel `redundant` (unordered, no retransmits): what was lately sent on `input`, once more.
//!
//! A packet that gets lost holds back everything after it on `input` until it is sent again, a
//! round trip and more later. Said redundantly a few milliseconds after, as RFC 2198 does with
//! speech, it is there before anybody misses it. Messages of `input` bear no numbers: on a
//! reliable and ordered channel both ends count the same.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::InputEvent;

/// So often each event is said redundantly.
const TIMES: u8 = 3;

/// One message of channel `redundant`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redundant {
    /// The number of the first of them, counted as they were sent on `input`, from 0.
    pub first: u32,
    /// Consecutive; at most [`Redundant::MOST`].
    pub events: Vec<InputEvent>,
}

impl Redundant {
    /// A message has no more events.
    pub const MOST: usize = 8;
}

/// What was lately sent on `input`.
#[derive(Debug, Default)]
pub struct Sent {
    count: u32,
    /// The last of them, and how often each is still to be said.
    last: VecDeque<(InputEvent, u8)>,
}

impl Sent {
    /// This was sent on `input`.
    pub fn note(&mut self, event: InputEvent) {
        if self.last.len() == Redundant::MOST {
            self.last.pop_front();
        }
        self.last.push_back((event, TIMES));
        self.count = self.count.wrapping_add(1);
    }

    /// What is to be said of it once more, if anything.
    pub fn again(&mut self) -> Option<Redundant> {
        let length = u32::try_from(self.last.len()).ok()?;
        let events: Vec<InputEvent> = (self.last.iter_mut())
            .map(|(event, left)| {
                *left -= 1;
                event.clone()
            })
            .collect();
        self.last.retain(|(_, left)| *left > 0);
        (!events.is_empty()).then_some(Redundant {
            first: self.count.wrapping_sub(length),
            events,
        })
    }
}

/// What has been taken of both channels: each event once, in the order of `input`.
#[derive(Debug, Default)]
pub struct Taken {
    count: u32,
    /// Of these came on `input`. Never ahead of `count`.
    ordered: u32,
}

impl Taken {
    /// The next message of `input` has come. Whether it is new.
    pub fn ordered(&mut self) -> bool {
        let new = self.ordered == self.count;
        self.ordered = self.ordered.wrapping_add(1);
        if new {
            self.count = self.ordered;
        }
        new
    }

    /// What is new in a message of `redundant`. Nothing if anything before it is still missing:
    /// then `input` brings both.
    pub fn redundant(&mut self, message: Redundant) -> Vec<InputEvent> {
        let mut new = message.events;
        new.truncate(Redundant::MOST);
        let known = self.count.wrapping_sub(message.first);
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        new.drain(..known.min(new.len()));
        let more = u32::try_from(new.len()).unwrap_or_default();
        self.count = self.count.wrapping_add(more);
        new
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        id::GrantId,
        input::{Action, Position},
    };

    /// One that differs from all others.
    fn event(n: u32) -> InputEvent {
        InputEvent {
            grant: GrantId(n),
            epoch: 1,
            at: Position::default(),
            action: Action::Heartbeat,
        }
    }

    #[test]
    fn what_is_late_on_the_ordered_channel_has_come_by_the_other() {
        let (mut sent, mut taken) = (Sent::default(), Taken::default());
        sent.note(event(0));
        assert!(taken.ordered());
        sent.note(event(1));
        sent.note(event(2));
        assert_eq!(taken.redundant(sent.again().unwrap()), [event(1), event(2)]);
        assert_eq!(taken.redundant(sent.again().unwrap()), []);
        assert!(!taken.ordered() && !taken.ordered());
        assert!(taken.ordered(), "this is a new one");
    }

    #[test]
    fn nothing_overtakes_what_is_missing() {
        let mut taken = Taken::default();
        let events = vec![event(1), event(2)];
        assert_eq!(taken.redundant(Redundant { first: 1, events }), []);
        assert!(taken.ordered() && taken.ordered() && taken.ordered());
    }

    #[test]
    fn each_is_said_a_few_times_and_then_no_more() {
        let mut sent = Sent::default();
        sent.note(event(0));
        let said = std::iter::from_fn(|| sent.again()).count();
        assert_eq!(said, usize::from(TIMES));
        (0..20).for_each(|n| sent.note(event(n)));
        assert_eq!(sent.again().unwrap().events.len(), Redundant::MOST);
    }

    proptest! {
        /// Whatever gets lost, is late or comes twice, from whatever count on.
        #[test]
        fn every_event_is_taken_once_and_in_order(
            begun in prop_oneof![Just(0), Just(u32::MAX - 20)],
            steps in prop::collection::vec((0..4_u8, any::<prop::sample::Index>()), 1..200),
        ) {
            let mut sent = Sent { count: begun, ..Sent::default() };
            let mut taken = Taken { count: begun, ordered: begun };
            let (mut all, mut ordered) = (0, VecDeque::new());
            let mut redundant = Vec::new();
            let mut got = Vec::new();
            for (step, which) in steps {
                match step {
                    0 => {
                        sent.note(event(all));
                        ordered.push_back(event(all));
                        all += 1;
                    }
                    1 => redundant.extend(sent.again()),
                    2 if !redundant.is_empty() => {
                        got.extend(taken.redundant(which.get(&redundant).clone()));
                    }
                    _ => {
                        let next = ordered.pop_front();
                        got.extend(next.filter(|_| taken.ordered()));
                    }
                }
            }
            got.extend(ordered.into_iter().filter(|_| taken.ordered()));
            prop_assert_eq!(got, (0..all).map(event).collect::<Vec<_>>());
        }
    }
}
