//! Updates become whole out of order, since what got lost is sent again. Pure.
//!
//! Time is that since any moment.

use std::{collections::BTreeMap, time::Duration};

/// So many bytes wait for a missing update; then everything is asked for anew.
const MAX_WAITING: usize = 32 << 20;

/// What is asked for anew and has not come after so long got lost on the way. The novice's
/// computer makes it no more often.
const PATIENCE: Duration = Duration::from_secs(1);

/// Puts updates into the order of their numbers. `T` is an update in whatever form.
#[derive(Debug)]
pub struct Order<T> {
    /// The number that is due; `None`: only a fresh one can be.
    due: Option<u32>,
    /// What came too early, by how much.
    early: BTreeMap<u32, (T, usize)>,
    /// When everything was asked for anew, until it comes.
    asked: Option<Duration>,
}

/// What to do after an update has come.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken<T> {
    /// Paint these now, in this order. May be empty.
    Paint(Vec<T>),
    /// Too much is missing: ask for everything anew.
    Lost,
}

impl<T> Default for Order<T> {
    fn default() -> Self {
        Self {
            due: None,
            early: BTreeMap::new(),
            asked: None,
        }
    }
}

impl<T> Order<T> {
    /// An update of so many bytes has come.
    pub fn take(&mut self, seq: u32, fresh: bool, bytes: usize, update: T) -> Taken<T> {
        if fresh && self.due.is_none_or(|due| !is_before(seq, due)) {
            // It needs nothing of what came before it.
            self.due = Some(seq);
            self.asked = None;
            self.early.retain(|&early, _| !is_before(early, seq));
        }
        let Some(mut due) = self.due.filter(|&due| !is_before(seq, due)) else {
            // From before a break, or a second time.
            return Taken::Paint(vec![]);
        };
        self.early.insert(seq, (update, bytes));
        let mut ready = Vec::new();
        while let Some((update, _)) = self.early.remove(&due) {
            ready.push(update);
            due = due.wrapping_add(1);
        }
        self.due = Some(due);
        let waiting: usize = self.early.values().map(|(_, bytes)| bytes).sum();
        if waiting > MAX_WAITING {
            *self = Self::default();
            return Taken::Lost;
        }
        Taken::Paint(ready)
    }

    /// Only a fresh one counts from now on, and is asked for now.
    pub fn lost(&mut self, now: Duration) {
        *self = Self {
            asked: Some(now),
            ..Self::default()
        };
    }

    /// When to ask again for a fresh one; `None` once it has come.
    pub fn due_again(&self) -> Option<Duration> {
        Some(self.asked? + PATIENCE)
    }
}

/// Numbers wrap around: the nearer way decides.
fn is_before(a: u32, b: u32) -> bool {
    b.wrapping_sub(a).wrapping_sub(1) < u32::MAX / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn take(order: &mut Order<u32>, seq: u32, fresh: bool) -> Taken<u32> {
        order.take(seq, fresh, 100, seq)
    }

    #[test]
    fn what_came_too_early_waits_for_what_is_missing() {
        let mut order = Order::default();
        let nothing = Taken::Paint(vec![]);
        assert_eq!(take(&mut order, 7, false), nothing, "to build on");
        assert_eq!(take(&mut order, 8, true), Taken::Paint(vec![8]));
        assert_eq!(take(&mut order, 10, false), nothing);
        assert_eq!(take(&mut order, 9, false), Taken::Paint(vec![9, 10]));
        assert_eq!(take(&mut order, 9, false), nothing, "a second time");
    }

    #[test]
    fn once_something_is_lost_only_a_fresh_one_counts() {
        let mut order = Order::default();
        take(&mut order, 0, true);
        take(&mut order, 2, false);
        order.lost(Duration::ZERO);
        assert_eq!(take(&mut order, 1, false), Taken::Paint(vec![]));
        assert_eq!(take(&mut order, 9, true), Taken::Paint(vec![9]));
        let much = order.take(11, false, MAX_WAITING + 1, 11);
        assert_eq!(much, Taken::Lost);
    }

    #[test]
    fn a_fresh_one_is_asked_for_again_until_it_comes() {
        let mut order = Order::default();
        assert_eq!(order.due_again(), None, "nobody has asked");
        take(&mut order, 0, true);
        order.lost(Duration::from_secs(3));
        let again = Some(Duration::from_secs(3) + PATIENCE);
        assert_eq!(order.due_again(), again);
        take(&mut order, 1, false);
        assert_eq!(order.due_again(), again, "that is of no use alone");
        take(&mut order, 2, true);
        assert_eq!(order.due_again(), None);
    }

    #[test]
    fn a_fresh_one_makes_up_for_all_before_it() {
        let mut order = Order::default();
        take(&mut order, 0, true);
        take(&mut order, 2, false);
        take(&mut order, 5, false);
        assert_eq!(take(&mut order, 4, true), Taken::Paint(vec![4, 5]));
        assert_eq!(take(&mut order, 1, false), Taken::Paint(vec![]));
    }

    proptest! {
        #[test]
        fn every_order_of_arrival_gives_the_same_picture(
            start in prop_oneof![Just(0), Just(u32::MAX - 3), any::<u32>()],
            shuffled in Just((1..40_u32).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let mut order = Order::default();
            let mut painted = Vec::new();
            for n in std::iter::once(0).chain(shuffled) {
                let seq = start.wrapping_add(n);
                match order.take(seq, n == 0, 1, n) {
                    Taken::Paint(ready) => painted.extend(ready),
                    Taken::Lost => panic!("nothing was"),
                }
            }
            prop_assert_eq!(painted, (0..40).collect::<Vec<_>>());
        }
    }
}
