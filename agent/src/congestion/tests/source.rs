//! What makes updates, as the media thread does: as much as the link carries, or less.

use std::time::{Duration, Instant};

use crate::{congestion::Flow, media::pace};

/// See the media thread's constants of the same names.
const AHEAD: Duration = Duration::from_millis(20);
const AT_ONCE: Duration = Duration::from_millis(50);
const FRAME: Duration = Duration::from_millis(17);

/// What changes on the screen.
#[derive(Debug, Clone, Copy)]
pub enum Work {
    /// More than the link carries.
    Flood,
    /// So many bytes every so often.
    Every(usize, Duration),
}

#[derive(Debug)]
pub struct Source {
    work: Work,
    link: pace::Link,
    backed_up: bool,
    due: Instant,
    /// Bytes that changed and were not sent.
    changed: usize,
}

impl Source {
    pub fn new(work: Work, flow: Flow, now: Instant) -> Self {
        Self {
            work,
            link: pace::Link::new(flow.kbit, now),
            backed_up: false,
            due: now,
            changed: 0,
        }
    }

    pub fn told(&mut self, flow: Flow, now: Instant) {
        self.link.set_kbit(flow.kbit, now);
        self.backed_up = flow.backed_up;
    }

    pub fn does(&mut self, work: Work) {
        self.work = work;
    }

    /// An update of so many bytes, if one is made now.
    pub fn makes(&mut self, now: Instant) -> Option<usize> {
        if now >= self.due {
            match self.work {
                Work::Flood => {
                    self.changed = usize::MAX;
                    self.due = now + FRAME;
                }
                Work::Every(bytes, time) => {
                    self.changed = bytes;
                    self.due = now + time;
                }
            }
        }
        if self.changed == 0 || self.backed_up || now + AHEAD < self.link.free_at() {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive number of bytes"
        )]
        let budget = self.link.bytes_in(AT_ONCE) as usize;
        let update = self.changed.min(budget.max(200));
        self.changed -= update;
        self.link.sent(update, now);
        Some(update)
    }
}
