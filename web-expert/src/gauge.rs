//! How the picture travels, at the edge: asks the novice's computer and the browser while somebody
//! wants to know, and costs nothing otherwise.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    time::Duration,
};

use deskhand_protocol::picture::Feedback;
use gloo_render::{AnimationFrame, request_animation_frame};
use gloo_timers::callback::Interval;
use js_sys::{Map, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::RtcPeerConnection;
use yew::Callback;

use crate::{
    channels::Channels,
    js,
    meter::{Counted, Figures, Meter, Way},
    peer::Peer,
    picture::{Painted, Picture},
};

/// The clock is asked this often,
const ASK_MILLIS: u32 = 250;
/// and figures are given every so many times.
const GIVE: u32 = 4;
/// An answer that takes longer tells nothing.
const PATIENCE: Duration = Duration::from_secs(2);

/// Cloning gives another handle to the same.
#[derive(Debug, Clone, Default)]
pub struct Gauge(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    source: RefCell<Option<(RtcPeerConnection, Weak<Channels>)>>,
    reading: RefCell<Option<Reading>>,
    questions: Cell<u32>,
}

/// As long as somebody wants to know.
#[derive(Debug)]
struct Reading {
    meter: Meter,
    /// The last questions that were not answered, and when they were asked.
    asked: Vec<(u32, Duration)>,
    picture: Picture,
    on: Callback<Figures>,
    frame: Option<AnimationFrame>,
    _timer: Interval,
}

impl PartialEq for Gauge {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Gauge {
    /// From now on it is about this connection.
    pub fn connect(&self, peer: &Peer) {
        let source = (peer.connection().clone(), Rc::downgrade(peer.channels()));
        self.0.source.replace(Some(source));
    }

    /// Gives figures once a second until [`Self::close`].
    pub fn open(&self, picture: &Picture, on: Callback<Figures>) {
        let inner = Rc::downgrade(&self.0);
        let timer = Interval::new(ASK_MILLIS, move || {
            if let Some(inner) = inner.upgrade() {
                inner.tick();
            }
        });
        self.0.reading.replace(Some(Reading {
            meter: Meter::default(),
            asked: Vec::new(),
            picture: picture.clone(),
            on,
            frame: None,
            _timer: timer,
        }));
        let inner = Rc::downgrade(&self.0);
        picture.watch(Some(Callback::from(move |painted| {
            if let Some(inner) = inner.upgrade() {
                inner.painted(painted);
            }
        })));
        self.0.questions.set(0);
        self.0.tick();
    }

    /// Nobody wants to know any more.
    pub fn close(&self) {
        if let Some(reading) = self.0.reading.take() {
            reading.picture.watch(None);
        }
    }

    /// The agent's clock showed `micros` when it heard this question; the answer came at `at`.
    pub fn answered(&self, asked: u32, micros: u32, at: Duration) {
        if let Some(reading) = &mut *self.0.reading.borrow_mut()
            && let Some(index) = reading.asked.iter().position(|(one, _)| *one == asked)
        {
            let (_, since) = reading.asked.swap_remove(index);
            reading.meter.clock(since, at, micros);
        }
    }
}

impl Inner {
    fn tick(self: &Rc<Self>) {
        self.ask();
        let questions = self.questions.get();
        if questions.is_multiple_of(GIVE) {
            spawn_local(Rc::clone(self).give());
        }
    }

    fn ask(&self) {
        let question = self.questions.get().wrapping_add(1);
        self.questions.set(question);
        let now = js::now();
        let source = self.source.borrow();
        let channels = source.as_ref().and_then(|(_, channels)| channels.upgrade());
        if let (Some(reading), Some(channels)) = (&mut *self.reading.borrow_mut(), channels) {
            let asked = &mut reading.asked;
            asked.retain(|(_, at)| now.saturating_sub(*at) < PATIENCE);
            asked.push((question, now));
            channels.feedback(&Feedback::Clock(question));
        }
    }

    /// Counts, and gives figures.
    async fn give(self: Rc<Self>) {
        let connection = self.source.borrow().as_ref().map(|(one, _)| one.clone());
        let counted = match connection {
            Some(connection) => JsFuture::from(connection.get_stats()).await.ok(),
            None => None,
        };
        let now = js::now();
        let given = match &mut *self.reading.borrow_mut() {
            Some(reading) => {
                if let Some(report) = counted {
                    reading.meter.counted(count(&report), now);
                }
                Some((reading.on.clone(), reading.meter.figures(now)))
            }
            // Closed meanwhile.
            None => None,
        };
        if let Some((on, figures)) = given {
            on.emit(figures);
        }
    }

    fn painted(self: &Rc<Self>, painted: Painted) {
        let Some(reading) = &mut *self.reading.borrow_mut() else {
            return;
        };
        reading.meter.painted(painted);
        if reading.frame.is_some() {
            return;
        }
        // What was painted until then goes to the screen with that frame.
        let inner = Rc::downgrade(self);
        reading.frame = Some(request_animation_frame(move |_| {
            if let Some(inner) = inner.upgrade()
                && let Some(reading) = &mut *inner.reading.borrow_mut()
            {
                reading.meter.presented(js::now());
                reading.frame = None;
            }
        }));
    }
}

/// Reads what the browser reports
/// (<https://www.w3.org/TR/webrtc-stats/>); what it leaves out is 0.
fn count(report: &JsValue) -> Counted {
    let mut counted = Counted::default();
    let (mut pairs, mut candidates) = (Vec::new(), Vec::new());
    let mut selected = None;
    report
        .unchecked_ref::<Map>()
        .for_each(&mut |one, _| match text(&one, "type").as_deref() {
            Some("transport") => selected = text(&one, "selectedCandidatePairId"),
            Some("candidate-pair") => pairs.push(one),
            Some("local-candidate" | "remote-candidate") => candidates.push(one),
            Some("inbound-rtp") => {
                counted.packets += number(&one, "packetsReceived");
                counted.lost += number(&one, "packetsLost");
            }
            _ => {}
        });
    let is_used = |pair: &&JsValue| match &selected {
        Some(id) => text(pair, "id").as_ref() == Some(id),
        // Not every browser tells of transports.
        None => text(pair, "state").as_deref() == Some("succeeded") && is_true(pair, "nominated"),
    };
    if let Some(pair) = pairs.iter().find(is_used) {
        counted.bytes = number(pair, "bytesReceived");
        let ends = ["localCandidateId", "remoteCandidateId"].map(|end| text(pair, end));
        let relayed = candidates.iter().any(|candidate| {
            ends.contains(&text(candidate, "id"))
                && text(candidate, "candidateType").as_deref() == Some("relay")
        });
        counted.way = Some(if relayed { Way::Relayed } else { Way::Direct });
    }
    counted
}

fn member(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}

fn text(object: &JsValue, name: &str) -> Option<String> {
    member(object, name).as_string()
}

fn is_true(object: &JsValue, name: &str) -> bool {
    member(object, name).is_truthy()
}

fn number(object: &JsValue, name: &str) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count; saturates"
    )]
    let number = member(object, name).as_f64().unwrap_or_default() as u64;
    number
}
