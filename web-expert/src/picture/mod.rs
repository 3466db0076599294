//! The novice's desktop, painted as it changes.
//!
//! Pieces of updates come straight out of the receiver, ahead of the browser's jitter buffer; the
//! updates are painted on one canvas in their order. What a video codec has drawn takes the browser
//! a moment to decode; whatever comes after it waits for it, since it may lie on top.

pub mod decoder;
mod frames;
mod surface;

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::{Rc, Weak},
    time::Duration,
};

use deskhand_protocol::picture::{
    Codec, Codecs, Lost, Missing, Order, Part, Pieces, Taken, Update, Whole,
};
use gloo_timers::callback::Timeout;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlCanvasElement, RtcRtpReceiver, Window};
use yew::Callback;

use crate::js;
use decoder::{Decoder, Fault, Frame};
use frames::Frames;
use surface::Surface;

/// So many bytes of updates are kept while nobody looks: what was on its way when the page said
/// so. The agent makes none after that.
const MOST_HELD: usize = 4 << 20;

/// What becomes of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// There is something to see, for the first time or in another size.
    Sized,
    /// Too much is missing, or cannot be read: all of it is needed anew.
    Lost,
    /// This browser decodes these videos.
    Decodes(Codecs),
}

/// An update was painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Painted {
    /// When it was taken from the screen, by the agent's clock: see [`Update::taken`].
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
    ask: Callback<Missing>,
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
        self.0.surface.borrow_mut().resize((0, 0));
    }

    /// Takes what this receiver gets from now on, and asks for what it does not.
    ///
    /// # Errors
    /// The browser's own, if it does not let its frames be taken.
    pub fn follow(&self, receiver: &RtcRtpReceiver, ask: Callback<Missing>) -> Result<(), JsValue> {
        let inner = Rc::downgrade(&self.0);
        let frames = Frames::take(receiver, move |packet| {
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

    fn lost(&self) {
        let mut state = self.state.borrow_mut();
        state.order.forget();
        state.queue.clear();
        state.decoder = None;
        drop(state);
        self.on.emit(Heard::Lost);
    }

    /// A decoder could not go on.
    fn failed(&self, codec: Codec, fault: Fault) {
        if fault == Fault::Broken {
            self.do_without(codec);
        }
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

    /// The next one in order.
    fn queue(&self, update: Whole) -> Result<(), Lost> {
        let is_video = |part: &Part<_>| matches!(part, Part::Video { .. });
        let video = match update.update().parts.iter().any(is_video) {
            true => Video::Encoded,
            false => Video::None,
        };
        let mut state = self.state.borrow_mut();
        state.queue.push_back(Waiting { update, video });
        let held = |waiting: &Waiting| waiting.update.length();
        if self.hidden.get() && state.queue.iter().map(held).sum::<usize>() > MOST_HELD {
            return Err(Lost);
        }
        Ok(())
    }

    /// Decodes and paints whatever can be, unless nobody would see it.
    fn advance(self: &Rc<Self>) {
        if self.hidden.get() {
            return;
        }
        if self.decode().is_err() {
            return self.lost();
        }
        self.paint();
    }

    /// Has everything decoded that waits for it.
    fn decode(self: &Rc<Self>) -> Result<(), JsValue> {
        let mut state = self.state.borrow_mut();
        let State { queue, decoder, .. } = &mut *state;
        for Waiting { update, video } in queue {
            if !matches!(video, Video::Encoded) {
                continue;
            }
            let seq = update.update().seq;
            for part in &update.update().parts {
                let Part::Video {
                    codec, key, data, ..
                } = part
                else {
                    continue;
                };
                let begun = self
                    .decoder_for(*codec, decoder)
                    .and_then(|decoder| decoder.decode(seq, *key, update.data(data)));
                if let Err(error) = begun {
                    let codec = *codec;
                    drop(state);
                    self.do_without(codec);
                    return Err(error);
                }
            }
            *video = Video::Decoding { seq };
        }
        Ok(())
    }

    /// The decoder that goes on with this codec, or begins with it.
    fn decoder_for<'a>(
        self: &Rc<Self>,
        codec: Codec,
        decoder: &'a mut Option<Decoder>,
    ) -> Result<&'a Decoder, JsValue> {
        let old = decoder.take().filter(|old| old.decodes(codec));
        let now = match old {
            Some(old) => old,
            None => {
                let (on_frame, on_error) = (Rc::downgrade(self), Rc::downgrade(self));
                Decoder::new(
                    codec,
                    move |seq, frame| {
                        if let Some(inner) = on_frame.upgrade() {
                            inner.decoded(seq, frame);
                        }
                    },
                    move |fault| {
                        if let Some(inner) = on_error.upgrade() {
                            inner.failed(codec, fault);
                        }
                    },
                )?
            }
        };
        Ok(decoder.insert(now))
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
        while !self.hidden.get() {
            let waiting = {
                let mut state = self.state.borrow_mut();
                match state.queue.front().map(|first| &first.video) {
                    None | Some(Video::Encoded | Video::Decoding { .. }) => return,
                    Some(Video::None | Video::Decoded(_)) => state.queue.pop_front(),
                }
            };
            let Some(waiting) = waiting else { return };
            if self.show(&waiting).is_err() {
                return self.lost();
            }
        }
    }

    fn show(&self, waiting: &Waiting) -> Result<(), JsValue> {
        let (whole, update) = (&waiting.update, waiting.update.update());
        let mut surface = self.surface.borrow_mut();
        let sized = surface.resize(update.size);
        for part in &update.parts {
            match part {
                Part::Copy { dx, dy, areas } => surface.copy(*dx, *dy, areas)?,
                Part::Tile { area, data } => surface.tile(*area, whole.data(data))?,
                Part::Video { at, areas, .. } => {
                    if let Video::Decoded(frame) = &waiting.video {
                        surface.draw(frame, *at, areas)?;
                    }
                }
            }
        }
        surface.show()?;
        drop(surface);
        if sized {
            self.on.emit(Heard::Sized);
        }
        self.tell(update);
        Ok(())
    }

    /// Tells whoever wants to know what was painted.
    fn tell<D>(&self, update: &Update<D>) {
        let watcher = self.watcher.borrow().clone();
        // One that says nothing shows nothing.
        if let Some(watcher) = watcher.filter(|_| !update.parts.is_empty()) {
            let codec = |part: &Part<D>| match part {
                Part::Video { codec, .. } => Some(*codec),
                Part::Copy { .. } | Part::Tile { .. } => None,
            };
            watcher.emit(Painted {
                taken: update.taken,
                at: js::now(),
                codec: update.parts.iter().find_map(codec),
            });
        }
    }
}
