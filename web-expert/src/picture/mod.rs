//! The novice's desktop, painted as it changes.
//!
//! Pieces of updates come straight out of the receiver, ahead of the browser's jitter buffer; the
//! updates are painted on one canvas in their order. What a video codec has drawn takes the browser
//! a moment to decode; whatever comes after it waits for it, since it may lie on top.

mod arriving;
pub mod decoder;
mod frames;
mod painting;
mod ring;
mod surface;

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
    time::Duration,
};

use deskhand_protocol::picture::{Codec, Codecs, Feedback, Ledger, Order, Pieces, Whole};
use gloo_timers::callback::Timeout;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlCanvasElement, RtcRtpReceiver, Window};
use yew::Callback;

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
    /// The worker that receives it could not be loaded, or failed: nothing more will come.
    Broken,
    /// This browser decodes these videos.
    Decodes(Codecs),
}

/// An update was painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Painted {
    /// When it was taken from the screen, by the agent's clock: see
    /// [`Update::taken`](deskhand_protocol::picture::Update::taken).
    pub taken: u32,
    /// When it was painted, by the page's own clock.
    pub at: Duration,
    /// What drew a part of it, if it was no lossless codec alone.
    pub codec: Option<Codec>,
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
    /// Nobody sees the page.
    hidden: Cell<bool>,
    watcher: RefCell<Option<Callback<Painted>>>,
    state: RefCell<State>,
}

#[derive(Debug, Default)]
struct State {
    pieces: Pieces,
    say: Callback<Feedback>,
    /// What arrived, if the browser itself does not report it.
    ledger: Option<Ledger>,
    report_at: Option<(Duration, Timeout)>,
    look_again: Option<Timeout>,
    order: Order<Whole>,
    /// In order, the first one waiting for the decoder.
    queue: VecDeque<Waiting>,
    decoder: Option<Decoder>,
    _frames: Option<Frames>,
}

/// An update that is to be painted once its video, if it has any, is decoded.
#[derive(Debug)]
struct Waiting {
    update: Whole,
    video: Video,
}

#[derive(Debug)]
enum Video {
    None,
    Encoded,
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
            hidden: Cell::default(),
            watcher: RefCell::default(),
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

    /// Decodes and paints nothing as long as nobody looks. What comes meanwhile is kept, so that
    /// the picture goes on from there.
    pub fn look(&self, looking: bool) {
        self.0.hidden.set(!looking);
        self.0.advance();
    }

    /// Tells `watcher` of every update that is painted, or nobody any more.
    pub fn watch(&self, watcher: Option<Callback<Painted>>) {
        *self.0.watcher.borrow_mut() = watcher;
    }

    /// Width and height in pixels; nothing before the first picture.
    pub fn size(&self) -> Option<(u32, u32)> {
        let size = (self.0.canvas.width(), self.0.canvas.height());
        (size != (0, 0)).then_some(size)
    }

    /// Takes nothing more, and becomes empty.
    pub fn forget(&self) {
        *self.0.state.borrow_mut() = State::default();
        self.0.surface.borrow_mut().forget();
    }

    /// Takes nothing more of what came so far; what is shown stays until something new begins.
    pub fn renew(&self) {
        *self.0.state.borrow_mut() = State::default();
        self.0.surface.borrow_mut().end();
    }

    /// Reports from now on what arrives.
    pub fn report(&self) {
        let mut state = self.0.state.borrow_mut();
        state.ledger.get_or_insert_default();
    }

    /// Takes what this receiver gets from now on, and says how it travels.
    ///
    /// # Errors
    /// The browser's own, if it does not let its frames be taken.
    pub fn follow(
        &self,
        receiver: &RtcRtpReceiver,
        say: Callback<Feedback>,
    ) -> Result<(), JsValue> {
        let inner = Rc::downgrade(&self.0);
        let on_packet = move |packet: Vec<u8>, at| {
            if let Some(inner) = inner.upgrade() {
                inner.arrived(&packet, at);
                inner.packet(&packet);
            }
        };
        let on = self.0.on.clone();
        let frames = Frames::take(receiver, on_packet, move || on.emit(Heard::Broken))?;
        *self.0.state.borrow_mut() = State {
            say,
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
