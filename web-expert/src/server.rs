//! The socket to the server.

use deskhand_protocol::signal::{self, FromExpert, Refusal, ToExpert};
use gloo_events::EventListener;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{MessageEvent, WebSocket};
use yew::Callback;

use crate::place::Place;

/// What the socket says.
#[derive(Debug)]
pub enum Heard {
    /// It is open.
    Open,
    /// A message.
    Message(ToExpert),
    /// It could not be opened, or is gone.
    Closed,
}

/// An open or opening socket; closes when dropped, and is silent from then on.
#[derive(Debug)]
pub struct Server {
    socket: WebSocket,
    _listeners: [EventListener; 3],
}

impl Server {
    /// Opens the socket of the server that belongs to `place`.
    ///
    /// # Errors
    /// If the browser will not even try.
    pub fn open(place: &Place, on: &Callback<Heard>) -> Result<Self, JsValue> {
        let socket = WebSocket::new(&place.socket()?)?;
        let listeners = [
            EventListener::new(&socket, "open", {
                let on = on.clone();
                move |_| on.emit(Heard::Open)
            }),
            EventListener::new(&socket, "message", {
                let on = on.clone();
                move |event| on.emit(Heard::Message(read(event)))
            }),
            EventListener::new(&socket, "close", {
                let on = on.clone();
                move |_| on.emit(Heard::Closed)
            }),
        ];
        Ok(Self {
            socket,
            _listeners: listeners,
        })
    }

    /// Sends a message; one that can no longer be sent is followed by [`Heard::Closed`] anyway.
    pub fn send(&self, message: &FromExpert) {
        self.socket.send_with_str(&signal::encode(message)).ok();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.socket.close().ok();
    }
}

/// Anything but a message of the protocol counts as the server closing the line for that.
fn read(event: &web_sys::Event) -> ToExpert {
    event
        .dyn_ref::<MessageEvent>()
        .and_then(|event| event.data().as_string())
        .and_then(|text| signal::decode(&text).ok())
        .unwrap_or(ToExpert::Closing {
            reason: Refusal::Protocol,
        })
}
