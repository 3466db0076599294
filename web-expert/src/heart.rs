//! A beat that goes on in a hidden tab.

use std::{cell::Cell, rc::Rc, time::Duration};

use gloo_events::EventListener;
use gloo_timers::callback::Interval;

use crate::{js, own_worker::OwnWorker};

/// What `heart.js` is, for pages that cannot load it.
const SOURCE: &str = include_str!("../../static/heart.js");

/// Beats until it is dropped.
///
/// Browsers let the timers of a hidden page run once a second at best, too seldom to keep
/// control alive while the expert looks something up in another tab. The timers of a worker go
/// on; where there can be no worker, the page's own have to do.
#[derive(Debug)]
pub struct Heart {
    _worker: Option<(OwnWorker, EventListener)>,
    _interval: Interval,
}

impl Heart {
    /// Calls `beat` at once and then every `period`, give or take.
    pub fn start(period: Duration, beat: impl Fn() + 'static) -> Self {
        let last = Cell::new(None::<Duration>);
        let beat = Rc::new(move || {
            // Two clocks drive it; what comes too soon after the other is left out.
            let now = js::now();
            if last.get().is_none_or(|last| now >= last + period * 3 / 4) {
                last.set(Some(now));
                beat();
            }
        });
        beat();
        let worker = OwnWorker::start("heart.js", SOURCE).ok().map(|worker| {
            let beat = beat.clone();
            let listener = EventListener::new(worker.worker(), "message", move |_| beat());
            (worker, listener)
        });
        let millis = u32::try_from(period.as_millis()).unwrap_or(u32::MAX);
        Self {
            _worker: worker,
            _interval: Interval::new(millis, move || beat()),
        }
    }
}
