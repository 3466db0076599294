//! The novice's desktop, painted as it changes.
//!
//! Pieces of updates come straight out of the receiver, ahead of the browser's jitter buffer; the
//! updates are painted on one canvas in their order. What a video codec has drawn takes the browser
//! a moment to decode; whatever comes after it waits for it, since it may lie on top.

pub mod decoder;
mod frames;
mod ring;
mod surface;

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::{Rc, Weak},
};

use deskhand_protocol::picture::{Codec, Codecs, Missing, Order, Part, Pieces, Taken, Update};
use gloo_timers::callback::Timeout;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlCanvasElement, RtcRtpReceiver, Window};
use yew::Callback;

use crate::js;
use decoder::{Decoder, Frame};
use frames::Frames;
use surface::Surface;

/// What becomes of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// There is something to see of the display of this number, for the first time.
    Began(u16),
    /// Too much is missing, or cannot be read: all of it is needed anew.
    Lost,
    /// This browser decodes these videos.
    Decodes(Codecs),
}

/// The picture; cloning gives another handle to the same.
#[derive(Debug, Clone)]
pub struct Picture(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    canvas: HtmlCanvasElement,
    surface: RefCell<Surface>,
    on: Callback<Heard>,
    /// Once the browser has been asked; less those that turned out not to work.
    decodes: Cell<Option<Codecs>>,
    state: RefCell<State>,
}

#[derive(Debug, Default)]
struct State {
    pieces: Pieces,
    ask: Callback<Missing>,
    look_again: Option<Timeout>,
    order: Order<Vec<u8>>,
    /// In order, the first one waiting for the decoder.
    queue: VecDeque<Waiting>,
    decoder: Option<Decoder>,
    _frames: Option<Frames>,
}

/// An update that is to be painted once its video, if it has any, is decoded.
#[derive(Debug)]
struct Waiting {
    bytes: Vec<u8>,
    video: Video,
}

#[derive(Debug)]
enum Video {
    None,
    Decoding { seq: u32 },
    Decoded(Frame),
}

impl PartialEq for Picture {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Picture {
    /// An empty one, on a canvas of its own.
    ///
    /// # Errors
    /// The browser's own, if it cannot paint.
    pub fn new(on: Callback<Heard>) -> Result<Self, JsValue> {
        let document = web_sys::window()
            .and_then(|window| window.document())
            .ok_or("no document")?;
        let canvas: HtmlCanvasElement = document.create_element("canvas")?.unchecked_into();
        for (name, value) in [
            ("class", "screen"),
            ("role", "img"),
            ("tabindex", "0"),
            ("aria-label", "Novice's desktop"),
            ("aria-describedby", "keys-hint"),
        ] {
            canvas.set_attribute(name, value)?;
        }
        let surface = Surface::new(canvas.clone())?;
        Ok(Self(Rc::new(Inner {
            canvas,
            surface: RefCell::new(surface),
            on,
            decodes: Cell::default(),
            state: RefCell::default(),
        })))
    }

    /// What it is painted on.
    pub fn canvas(&self) -> &HtmlCanvasElement {
        &self.0.canvas
    }

    /// Says soon, and in any case, which videos can be decoded.
    pub fn ask_codecs(&self) {
        let inner = Rc::clone(&self.0);
        spawn_local(async move {
            let codecs = match inner.decodes.get() {
                Some(known) => known,
                None => decoder::supported().await,
            };
            inner.decodes.set(Some(codecs));
            inner.on.emit(Heard::Decodes(codecs));
        });
    }

    /// Takes nothing more, and becomes empty.
    pub fn forget(&self) {
        *self.0.state.borrow_mut() = State::default();
        self.0.surface.borrow_mut().forget();
    }

    /// Takes what this receiver gets from now on, and asks for what it does not.
    ///
    /// # Errors
    /// The browser's own, if it does not let its frames be taken.
    pub fn follow(&self, receiver: &RtcRtpReceiver, ask: Callback<Missing>) -> Result<(), JsValue> {
        let inner = Rc::downgrade(&self.0);
        let frames = Frames::take(receiver, move |packet, _| {
            if let Some(inner) = inner.upgrade() {
                inner.packet(&packet);
            }
        })?;
        *self.0.state.borrow_mut() = State {
            ask,
            _frames: Some(frames),
            ..State::default()
        };
        Ok(())
    }
}

/// Whether this browser can do all of it.
pub fn is_possible(window: &Window) -> bool {
    frames::is_possible(window) && decoder::is_possible(window)
}

impl Inner {
    /// One piece has come, in whatever order.
    fn packet(self: &Rc<Self>, packet: &[u8]) {
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

    /// Asks for what is missing, now and as long as it is.
    fn watch(self: &Rc<Self>) {
        let now = js::now();
        let Some(due) = self.state.borrow().pieces.due() else {
            self.state.borrow_mut().look_again = None;
            return;
        };
        if due <= now {
            let missing = self.state.borrow_mut().pieces.ask(now);
            match missing {
                Ok(Some(missing)) => {
                    let ask = self.state.borrow().ask.clone();
                    ask.emit(missing);
                }
                Ok(None) => {}
                Err(_) => self.lost(),
            }
        }
        let mut state = self.state.borrow_mut();
        let wait = state.pieces.due().map(|due| due.saturating_sub(now));
        state.look_again = wait.map(|wait| {
            let inner = Rc::downgrade(self);
            let millis = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
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
    fn update(self: &Rc<Self>, bytes: Vec<u8>) {
        let Ok(update) = Update::decode(&bytes) else {
            return self.lost();
        };
        let (seq, fresh, length) = (update.seq, update.fresh, bytes.len());
        let taken = (self.state.borrow_mut().order).take(seq, fresh, length, bytes);
        match taken {
            Taken::Lost => self.lost(),
            Taken::Paint(ready) => {
                for bytes in ready {
                    if self.queue(bytes).is_err() {
                        return self.lost();
                    }
                }
                self.paint();
            }
        }
    }

    fn lost(&self) {
        let mut state = self.state.borrow_mut();
        state.order.forget();
        state.queue.clear();
        state.decoder = None;
        drop(state);
        self.on.emit(Heard::Lost);
    }

    /// A decoder could not go on.
    fn failed(&self, codec: Codec) {
        self.do_without(codec);
        self.lost();
    }

    /// VP9 may work on another try, and has nothing to take its place.
    fn do_without(&self, codec: Codec) {
        if codec != Codec::Vp9
            && let Some(known) = self.decodes.get()
        {
            let rest = known.without(codec);
            self.decodes.set(Some(rest));
            self.on.emit(Heard::Decodes(rest));
        }
    }

    /// The next one in order: begins to decode what has to be.
    fn queue(self: &Rc<Self>, bytes: Vec<u8>) -> Result<(), JsValue> {
        let mut state = self.state.borrow_mut();
        let update = Update::decode(&bytes).map_err(|error| error.to_string())?;
        let mut video = Video::None;
        for part in &update.parts {
            match part {
                Part::Copy { .. } | Part::Tile { .. } => {}
                Part::Video {
                    codec, key, data, ..
                } => {
                    let codec = *codec;
                    if state.decoder.as_ref().is_none_or(|old| !old.decodes(codec)) {
                        let (on_frame, on_error) = (Rc::downgrade(self), Rc::downgrade(self));
                        state.decoder = Some(Decoder::new(
                            codec,
                            move |seq, frame| {
                                if let Some(inner) = on_frame.upgrade() {
                                    inner.decoded(seq, frame);
                                }
                            },
                            move || {
                                if let Some(inner) = on_error.upgrade() {
                                    inner.failed(codec);
                                }
                            },
                        )?);
                    }
                    if let Some(decoder) = &state.decoder {
                        if let Err(error) = decoder.decode(update.seq, *key, data) {
                            drop(state);
                            self.do_without(codec);
                            return Err(error);
                        }
                        video = Video::Decoding { seq: update.seq };
                    }
                }
            }
        }
        state.queue.push_back(Waiting { bytes, video });
        Ok(())
    }

    fn decoded(&self, seq: u32, frame: Frame) {
        {
            let mut state = self.state.borrow_mut();
            let waiting = state.queue.iter_mut().find(
                |waiting| matches!(waiting.video, Video::Decoding { seq: awaited } if awaited == seq),
            );
            if let Some(waiting) = waiting {
                waiting.video = Video::Decoded(frame);
            }
        }
        self.paint();
    }

    /// Paints whatever is ready.
    fn paint(&self) {
        loop {
            let waiting = {
                let mut state = self.state.borrow_mut();
                match state.queue.front() {
                    None
                    | Some(Waiting {
                        video: Video::Decoding { .. },
                        ..
                    }) => return,
                    Some(_) => state.queue.pop_front(),
                }
            };
            let Some(waiting) = waiting else { return };
            if self.show(&waiting).is_err() {
                return self.lost();
            }
        }
    }

    fn show(&self, waiting: &Waiting) -> Result<(), JsValue> {
        let update = Update::decode(&waiting.bytes).map_err(|error| error.to_string())?;
        let mut surface = self.surface.borrow_mut();
        let begins = surface.begin(update.epoch, update.size);
        for part in &update.parts {
            match part {
                Part::Copy { dx, dy, areas } => surface.copy(*dx, *dy, areas)?,
                Part::Tile { area, data } => surface.tile(*area, data)?,
                Part::Video { at, areas, .. } => {
                    if let Video::Decoded(frame) = &waiting.video {
                        surface.draw(frame, *at, areas)?;
                    }
                }
            }
        }
        surface.show()?;
        drop(surface);
        if begins {
            self.on.emit(Heard::Began(update.epoch));
        }
        Ok(())
    }
}
