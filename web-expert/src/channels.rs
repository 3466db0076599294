//! The data channels. Both ends make them under fixed numbers, so that none has to be
//! announced and each is exactly as reliable as it should be.

use std::{cell::RefCell, time::Duration};

use deskhand_protocol::{
    control::{FromExpert, FromNovice},
    input::{CursorMoved, channel, redundancy::Sent},
    picture::{Answer, Feedback},
    wire,
};
use gloo_events::EventListener;
use js_sys::{ArrayBuffer, Uint8Array};
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast as _;
use web_sys::{
    MessageEvent, RtcDataChannel, RtcDataChannelInit, RtcDataChannelState, RtcDataChannelType,
    RtcPeerConnection,
};
use yew::Callback;

use crate::{input::Packet, js};

/// More than this waiting to go out means that the network cannot keep up.
const BUSY: u32 = 64 * 1024;

/// What the channels say.
#[derive(Debug)]
pub enum Heard {
    /// Channel `control` is open: both ends can talk.
    Open,
    /// Channel `control` has closed.
    Closed,
    /// On channel `control`.
    Novice(FromNovice),
    /// On channel `cursor`.
    Cursor(CursorMoved),
    /// On channel `feedback`, and when, by the page's own clock.
    Answer(Answer, Duration),
    /// Something that is no message of this protocol.
    Garbled,
}

/// The channels of one connection; silent when dropped.
#[derive(Debug)]
pub struct Channels {
    control: RtcDataChannel,
    input: RtcDataChannel,
    redundant: RtcDataChannel,
    /// What went out on `input`.
    sent: RefCell<Sent>,
    pointer: RtcDataChannel,
    feedback: RtcDataChannel,
    _listeners: [EventListener; 5],
}

impl Channels {
    /// Adds them to a fresh connection.
    pub fn new(connection: &RtcPeerConnection, on: &Callback<Heard>) -> Self {
        let control = reliable(connection, "control", channel::CONTROL);
        let input = reliable(connection, "input", channel::INPUT);
        let redundant = lossy(connection, "redundant", channel::REDUNDANT);
        let pointer = lossy(connection, "pointer", channel::POINTER);
        let cursor = lossy(connection, "cursor", channel::CURSOR);
        let feedback = lossy(connection, "feedback", channel::FEEDBACK);
        let listeners = [
            EventListener::new(&control, "open", {
                let on = on.clone();
                move |_| on.emit(Heard::Open)
            }),
            EventListener::new(&control, "close", {
                let on = on.clone();
                move |_| on.emit(Heard::Closed)
            }),
            EventListener::new(&control, "message", {
                let on = on.clone();
                move |event| on.emit(read(event).map_or(Heard::Garbled, Heard::Novice))
            }),
            EventListener::new(&cursor, "message", {
                let on = on.clone();
                // A pointer that cannot be read is as good as a lost one.
                move |event| {
                    if let Some(moved) = read(event) {
                        on.emit(Heard::Cursor(moved));
                    }
                }
            }),
            EventListener::new(&feedback, "message", {
                let on = on.clone();
                // As with pointers.
                move |event| {
                    if let Some(answer) = read(event) {
                        on.emit(Heard::Answer(answer, js::now()));
                    }
                }
            }),
        ];
        Self {
            control,
            input,
            redundant,
            sent: RefCell::default(),
            pointer,
            feedback,
            _listeners: listeners,
        }
    }

    /// Whether both ends can talk.
    pub fn is_open(&self) -> bool {
        self.control.ready_state() == RtcDataChannelState::Open
    }

    /// Sends on channel `control`.
    pub fn control(&self, message: &FromExpert) {
        send(&self.control, &wire::encode(message));
    }

    /// Says how the picture travels.
    pub fn feedback(&self, feedback: &Feedback) {
        send(&self.feedback, &wire::encode(feedback));
    }

    /// Sends mouse or keyboard. What the network cannot keep up with and can be spared is left
    /// out, so that nothing old piles up and arrives later.
    pub fn packet(&self, packet: &Packet) {
        let (channel, bytes) = match packet {
            Packet::Event(event) => (&self.input, wire::encode(event)),
            Packet::Motion(motion) => (&self.pointer, wire::encode(motion)),
        };
        if channel.buffered_amount() > BUSY && packet.may_be_dropped() {
            return;
        }
        if send(channel, &bytes)
            && let Packet::Event(event) = packet
        {
            self.sent.borrow_mut().note(event.clone());
        }
    }

    /// Sends what was lately sent on channel `input` once more, in case it got lost.
    pub fn again(&self) {
        if self.redundant.buffered_amount() <= BUSY
            && let Some(message) = self.sent.borrow_mut().again()
        {
            send(&self.redundant, &wire::encode(&message));
        }
    }
}

fn reliable(connection: &RtcPeerConnection, label: &str, id: u16) -> RtcDataChannel {
    let init = RtcDataChannelInit::new();
    open(connection, label, id, &init)
}

fn lossy(connection: &RtcPeerConnection, label: &str, id: u16) -> RtcDataChannel {
    let init = RtcDataChannelInit::new();
    init.set_ordered(false);
    init.set_max_retransmits(0);
    open(connection, label, id, &init)
}

fn open(
    connection: &RtcPeerConnection,
    label: &str,
    id: u16,
    init: &RtcDataChannelInit,
) -> RtcDataChannel {
    init.set_negotiated(true);
    init.set_id(id);
    let channel = connection.create_data_channel_with_data_channel_dict(label, init);
    channel.set_binary_type(RtcDataChannelType::Arraybuffer);
    channel
}

/// Whether it went out. A channel that is not open any more is followed by its `close` event,
/// which is handled.
fn send(channel: &RtcDataChannel, bytes: &[u8]) -> bool {
    channel.ready_state() == RtcDataChannelState::Open && channel.send_with_u8_array(bytes).is_ok()
}

fn read<T: DeserializeOwned>(event: &web_sys::Event) -> Option<T> {
    let data = event.dyn_ref::<MessageEvent>()?.data();
    let buffer = data.dyn_into::<ArrayBuffer>().ok()?;
    if buffer.byte_length() as usize > wire::MAX_MESSAGE {
        return None;
    }
    wire::decode(&Uint8Array::new(&buffer).to_vec()).ok()
}
