//! Updates are decoded and painted, one after the other.

use std::rc::Rc;

use deskhand_protocol::picture::{Codec, Lost, Part, Update, Whole};
use wasm_bindgen::JsValue;

use super::{
    Heard, Inner, Painted, State, Video, Waiting,
    decoder::{Decoder, Fault, Frame},
};
use crate::js;

/// So many bytes of updates are kept while nobody looks: what was on its way when the page said
/// so. The agent makes none after that.
const MOST_HELD: usize = 4 << 20;

impl Inner {
    /// The next one in order.
    pub(super) fn queue(&self, update: Whole) -> Result<(), Lost> {
        let is_video = |part: &Part<_>| matches!(part, Part::Video { .. });
        let video = if update.update().parts.iter().any(is_video) {
            Video::Encoded
        } else {
            Video::None
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
    pub(super) fn advance(self: &Rc<Self>) {
        if self.hidden.get() {
            return;
        }
        if self.decode().is_err() {
            return self.lost();
        }
        self.paint();
    }

    /// Has everything decoded that waits for it.
    pub(super) fn decode(self: &Rc<Self>) -> Result<(), JsValue> {
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
    pub(super) fn decoder_for<'a>(
        self: &Rc<Self>,
        codec: Codec,
        decoder: &'a mut Option<Decoder>,
    ) -> Result<&'a Decoder, JsValue> {
        let old = decoder.take().filter(|old| old.decodes(codec));
        let now = if let Some(old) = old {
            old
        } else {
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
        };
        Ok(decoder.insert(now))
    }

    pub(super) fn decoded(self: &Rc<Self>, seq: u32, frame: Frame) {
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
    pub(super) fn paint(self: &Rc<Self>) {
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

    pub(super) fn show(&self, waiting: &Waiting) -> Result<(), JsValue> {
        let (whole, update) = (&waiting.update, waiting.update.update());
        let mut surface = self.surface.borrow_mut();
        let begins = surface.begin(update.epoch, update.size);
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
        if begins {
            self.on.emit(Heard::Began(update.epoch));
        }
        self.tell(update);
        Ok(())
    }

    /// Tells whoever wants to know what was painted.
    pub(super) fn tell<D>(&self, update: &Update<D>) {
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

    /// What was to come is of no use: from now on everything is asked for anew, until it comes.
    pub(super) fn lost(self: &Rc<Self>) {
        self.ask_anew();
        self.watch();
    }

    pub(super) fn ask_anew(&self) {
        let mut state = self.state.borrow_mut();
        state.order.lost(js::now());
        state.queue.clear();
        state.decoder = None;
        drop(state);
        self.on.emit(Heard::Lost);
    }

    /// A decoder could not go on.
    pub(super) fn failed(self: &Rc<Self>, codec: Codec, fault: Fault) {
        if fault == Fault::Broken {
            self.do_without(codec);
        }
        self.lost();
    }

    /// VP9 may work on another try, and has nothing to take its place.
    pub(super) fn do_without(&self, codec: Codec) {
        if codec != Codec::Vp9
            && let Some(known) = self.decodes.get()
        {
            let rest = known.without(codec);
            self.decodes.set(Some(rest));
            self.on.emit(Heard::Decodes(rest));
        }
    }
}
