//! Encoded frames, taken out of the receiver
//! (<https://www.w3.org/TR/webrtc-encoded-transform/>): of an audio track, where each packet is a
//! frame. Chromium hands on those of video only 64 times a second.

use std::{cell::RefCell, rc::Rc, time::Duration};

use gloo_events::{EventListener, EventListenerOptions, EventListenerPhase};
use gloo_render::{AnimationFrame, request_animation_frame};
use js_sys::{Array, ArrayBuffer, Reflect, SharedArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};
use web_sys::{MessageEvent, RtcRtpReceiver, Window, Worker};

use super::ring::Ring;
use crate::{js, own_worker::OwnWorker};

/// What `frames.js` is, for pages that cannot load it.
const SOURCE: &str = include_str!("../../../static/frames.js");

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = RTCRtpScriptTransform)]
    type ScriptTransform;
    #[wasm_bindgen(constructor, catch, js_class = "RTCRtpScriptTransform")]
    fn new(
        worker: &Worker,
        options: Option<&SharedArrayBuffer>,
    ) -> Result<ScriptTransform, JsValue>;
}

/// Whether this browser lets frames be taken.
pub fn is_possible(window: &Window) -> bool {
    js::has_function(window, "RTCRtpScriptTransform")
}

/// What the browser answers with a picture of the page before it lets anything else happen there.
const DISCRETE: [&str; 4] = ["keydown", "keyup", "pointerdown", "pointerup"];

/// Frames on their way to the page; none come any more once it is dropped.
#[derive(Debug)]
pub struct Frames {
    _worker: OwnWorker,
    _listeners: Vec<EventListener>,
}

impl Frames {
    /// Passes what `receiver` gets from now on to `on`, as soon as a frame is complete and in
    /// whatever order, with when that was by a clock of its own. The browser itself shows nothing
    /// of it. Calls `on_failure` if none can come any more.
    ///
    /// # Errors
    /// The browser's own.
    pub fn take(
        receiver: &RtcRtpReceiver,
        on: impl Fn(Vec<u8>, Duration) + 'static,
        on_failure: impl Fn() + Clone + 'static,
    ) -> Result<Self, JsValue> {
        let worker = OwnWorker::start("frames.js", SOURCE)?;
        let ring = Ring::new();
        let memory = ring.as_ref().map(Ring::memory);
        let transform = ScriptTransform::new(worker.worker(), memory)?;
        let arrivals = Rc::new(Arrivals {
            ring,
            on: Box::new(on),
            frame: RefCell::default(),
        });
        let mut listeners = vec![EventListener::new(worker.worker(), "message", {
            let arrivals = Rc::clone(&arrivals);
            move |event| arrivals.told(&event.unchecked_ref::<MessageEvent>().data())
        })];
        listeners.extend(worker.on_failure(on_failure));
        if arrivals.ring.is_some() {
            listeners.extend(arrivals.listen()?);
        }
        Reflect::set(receiver, &"transform".into(), &transform)?;
        Ok(Self {
            _worker: worker,
            _listeners: listeners,
        })
    }
}

struct Arrivals {
    ring: Option<Ring>,
    on: Box<dyn Fn(Vec<u8>, Duration)>,
    frame: RefCell<Option<AnimationFrame>>,
}

impl Arrivals {
    /// A message of the worker's: a frame, or that there are some.
    fn told(&self, data: &JsValue) {
        if let Some(message) = data.dyn_ref::<Array>() {
            let millis = message.get(1).as_f64().unwrap_or_default();
            let at = Duration::try_from_secs_f64(millis / 1000.0).unwrap_or_default();
            if let Ok(buffer) = message.get(0).dyn_into::<ArrayBuffer>() {
                (self.on)(Uint8Array::new(&buffer).to_vec(), at);
            }
        }
        self.look();
    }

    fn look(&self) {
        let Some(ring) = &self.ring else { return };
        ring.looking();
        while let Some((frame, at)) = ring.take() {
            (self.on)(frame, at);
        }
    }

    /// After a click or a key Chromium holds messages back until the next picture of the page is
    /// out. What the expert has just caused is to be on that picture, so it is looked for by the
    /// last thing that happens before: the animation frame.
    fn listen(self: &Rc<Self>) -> Result<Vec<EventListener>, JsValue> {
        let window = web_sys::window().ok_or("no window")?;
        let options = EventListenerOptions {
            phase: EventListenerPhase::Capture,
            passive: true,
        };
        let listeners = DISCRETE.into_iter().map(|name| {
            let arrivals = Rc::clone(self);
            EventListener::new_with_options(&window, name, options, move |_| {
                let again = Rc::downgrade(&arrivals);
                let mut frame = arrivals.frame.borrow_mut();
                frame.get_or_insert_with(|| {
                    request_animation_frame(move |_| {
                        if let Some(arrivals) = again.upgrade() {
                            arrivals.frame.take();
                            arrivals.look();
                        }
                    })
                });
            })
        });
        Ok(listeners.collect())
    }
}
