//! Packets become updates in their order; what is missing is asked for.

use std::{
    rc::{Rc, Weak},
    time::Duration,
};

use deskhand_protocol::picture::{Feedback, Ledger, Taken, Whole};
use gloo_timers::callback::Timeout;

use super::Inner;
use crate::js;

/// What arrives is reported this often, while anything does.
const REPORTS_MILLIS: u32 = 50;

impl Inner {
    /// Notes that a packet has come, if somebody wants to know, and says so soon.
    pub(super) fn arrived(self: &Rc<Self>, packet: &[u8], at: Duration) {
        let mut state = self.state.borrow_mut();
        let Some(ledger) = &mut state.ledger else {
            return;
        };
        let full = ledger.note(packet, at);
        let late = (state.report_at.as_ref()).is_some_and(|(due, _)| *due <= js::now());
        if full || late {
            // Timers of a page that nobody sees are late.
            drop(state);
            self.tell_arrivals();
        } else if state.report_at.is_none() {
            let inner = Rc::downgrade(self);
            let timer = Timeout::new(REPORTS_MILLIS, move || {
                if let Some(inner) = Weak::upgrade(&inner) {
                    inner.tell_arrivals();
                }
            });
            let due = js::now() + Duration::from_millis(REPORTS_MILLIS.into());
            state.report_at = Some((due, timer));
        }
    }

    pub(super) fn tell_arrivals(&self) {
        let mut state = self.state.borrow_mut();
        // One that runs is not to be cancelled, and one that does not will find nothing to tell.
        if let Some((_, timer)) = state.report_at.take() {
            timer.forget();
        }
        let report = state.ledger.as_mut().and_then(Ledger::report);
        let say = state.say.clone();
        drop(state);
        if let Some(arrivals) = report {
            say.emit(Feedback::Arrived(arrivals));
        }
    }

    /// One piece has come, in whatever order.
    pub(super) fn packet(self: &Rc<Self>, packet: &[u8]) {
        let whole = self.state.borrow_mut().pieces.take(packet, js::now());
        match whole {
            Ok(whole) => {
                if let Some(update) = whole {
                    self.update(update);
                }
                self.watch();
            }
            Err(_) => self.lost(),
        }
    }

    /// Asks for what is missing, be it a piece or all of it, now and as long as it is.
    pub(super) fn watch(self: &Rc<Self>) {
        let now = js::now();
        let is_due = |due: Option<Duration>| due.is_some_and(|due| due <= now);
        let (pieces, all) = {
            let state = self.state.borrow();
            (state.pieces.due(), state.order.due_again())
        };
        if is_due(pieces) {
            let missing = self.state.borrow_mut().pieces.ask(now);
            match missing {
                Ok(Some(missing)) => {
                    let say = self.state.borrow().say.clone();
                    say.emit(Feedback::Missing(missing));
                }
                Ok(None) => {}
                Err(_) => self.ask_anew(),
            }
        } else if is_due(all) {
            self.ask_anew();
        }
        let mut state = self.state.borrow_mut();
        let dues = [state.pieces.due(), state.order.due_again()];
        state.look_again = dues.into_iter().flatten().min().map(|due| {
            let inner = Rc::downgrade(self);
            let wait = due.saturating_sub(now).as_millis();
            let millis = u32::try_from(wait).unwrap_or(u32::MAX);
            Timeout::new(millis.saturating_add(1), move || {
                if let Some(inner) = Weak::upgrade(&inner) {
                    // What runs is not to be cancelled.
                    inner
                        .state
                        .borrow_mut()
                        .look_again
                        .take()
                        .map(Timeout::forget);
                    inner.watch();
                }
            })
        });
    }

    /// One update is whole, in whatever order.
    pub(super) fn update(self: &Rc<Self>, bytes: Vec<u8>) {
        let Ok(update) = Whole::read(bytes) else {
            return self.lost();
        };
        let (seq, fresh) = (update.update().seq, update.update().fresh);
        let length = update.length();
        let taken = (self.state.borrow_mut().order).take(seq, fresh, length, update);
        match taken {
            Taken::Lost => self.lost(),
            Taken::Paint(ready) => {
                for update in ready {
                    if self.queue(update).is_err() {
                        return self.lost();
                    }
                }
                self.advance();
            }
        }
    }
}
