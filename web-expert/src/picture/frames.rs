//! Encoded frames, taken out of the receiver
//! (<https://www.w3.org/TR/webrtc-encoded-transform/>): of an audio track, where each packet is a
//! frame. Chromium hands on those of video only 64 times a second.

use std::time::Duration;

use gloo_events::EventListener;
use js_sys::{Array, ArrayBuffer, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};
use web_sys::{MessageEvent, RtcRtpReceiver, Window, Worker};

use crate::{js, own_worker::OwnWorker};

/// What `frames.js` is, for pages that cannot load it.
const SOURCE: &str = include_str!("../../../static/frames.js");

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = RTCRtpScriptTransform)]
    type ScriptTransform;
    #[wasm_bindgen(constructor, catch, js_class = "RTCRtpScriptTransform")]
    fn new(worker: &Worker) -> Result<ScriptTransform, JsValue>;
}

/// Whether this browser lets frames be taken.
pub fn is_possible(window: &Window) -> bool {
    js::has_function(window, "RTCRtpScriptTransform")
}

/// Frames on their way to the page; none come any more once it is dropped.
#[derive(Debug)]
pub struct Frames {
    _worker: OwnWorker,
    _listener: EventListener,
}

impl Frames {
    /// Passes what `receiver` gets from now on to `on`, as soon as a frame is complete and in
    /// whatever order, with when that was by a clock of its own. The browser itself shows nothing
    /// of it.
    ///
    /// # Errors
    /// The browser's own.
    pub fn take(
        receiver: &RtcRtpReceiver,
        on: impl Fn(Vec<u8>, Duration) + 'static,
    ) -> Result<Self, JsValue> {
        let worker = OwnWorker::start("frames.js", SOURCE)?;
        let listener = EventListener::new(worker.worker(), "message", move |event| {
            let message = event.unchecked_ref::<MessageEvent>().data();
            let Ok(message) = message.dyn_into::<Array>() else {
                return;
            };
            let millis = message.get(1).as_f64().unwrap_or_default();
            let at = Duration::try_from_secs_f64(millis / 1000.0).unwrap_or_default();
            if let Ok(buffer) = message.get(0).dyn_into::<ArrayBuffer>() {
                on(Uint8Array::new(&buffer).to_vec(), at);
            }
        });
        let transform = ScriptTransform::new(worker.worker())?;
        Reflect::set(receiver, &"transform".into(), &transform)?;
        Ok(Self {
            _worker: worker,
            _listener: listener,
        })
    }
}
