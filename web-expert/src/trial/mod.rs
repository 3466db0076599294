//! Tries out which ways this network leaves to others, without any session: asks the server what
//! there is to try, looks for addresses, and sends something through the relay and back.
//!
//! The edge: [`verdict`] says what it means.

mod loopback;
pub mod verdict;

use std::time::Duration;

use deskhand_protocol::{
    VERSION,
    ice::{IceServer, MAX_SERVERS, Scheme, Transport},
    signal::{FromExpert, Refusal, ToExpert},
};
use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{RtcPeerConnection, RtcPeerConnectionIceEvent, RtcSessionDescriptionInit};
use yew::Callback;

use crate::{
    certificate::ice_servers,
    place::Place,
    server::{self, Server},
};
use loopback::Loopback;
use verdict::{Outcome, Relayed, Seen, relays};

/// What has not been seen by then is blocked: browsers try for nearly as long.
const PATIENCE_MILLIS: u32 = 10_000;

/// What a trial hears.
#[derive(Debug)]
pub enum Heard {
    /// From the server.
    Server(server::Heard),
    /// One of the browser's candidates.
    Candidate(String),
    /// There are no more.
    NoMore,
    /// What came of a message through the relay.
    Relayed(Transport, Option<Duration>),
    /// It took long enough.
    Enough,
}

/// A trial that goes on. Dropped, it ends.
#[derive(Debug)]
pub struct Trial {
    on: Callback<Heard>,
    server: Server,
    begun: Option<Begun>,
    _patience: Timeout,
}

#[derive(Debug)]
struct Begun {
    seen: Seen,
    searching: Option<Search>,
    datagrams: Option<Loopback>,
    streams: Option<Loopback>,
}

impl Trial {
    /// Begins one with the server that belongs to `place`.
    ///
    /// # Errors
    /// The browser's own, if it will not even try.
    pub fn start(place: &Place, on: &Callback<Heard>) -> Result<Self, JsValue> {
        Ok(Self {
            on: on.clone(),
            server: Server::open(place, &on.reform(Heard::Server))?,
            begun: None,
            _patience: Timeout::new(PATIENCE_MILLIS, {
                let on = on.clone();
                move || on.emit(Heard::Enough)
            }),
        })
    }

    /// Takes what was heard; gives how it ended, once it has.
    pub fn hear(&mut self, heard: Heard) -> Option<Outcome> {
        match (heard, &mut self.begun) {
            (Heard::Server(server::Heard::Open), _) => {
                self.server.send(&FromExpert::Hello { version: VERSION });
                self.server.send(&FromExpert::Try);
                None
            }
            (Heard::Server(server::Heard::Message(said)), None) => self.answered(said),
            (Heard::Server(server::Heard::Closed) | Heard::Enough, None) => Some(Outcome::NoServer),
            (Heard::Candidate(text), Some(begun)) => {
                begun.seen.note(&text);
                if begun.seen.has_all_addresses() {
                    begun.searching = None;
                }
                self.ended()
            }
            (Heard::NoMore, Some(begun)) => {
                begun.searching = None;
                self.ended()
            }
            (Heard::Relayed(transport, trip), Some(begun)) => {
                let (seen, running) = match transport {
                    Transport::Udp => (&mut begun.seen.datagrams, &mut begun.datagrams),
                    Transport::Tcp => (&mut begun.seen.streams, &mut begun.streams),
                };
                *seen = trip.map_or(Relayed::Silent, Relayed::Back);
                *running = None;
                self.ended()
            }
            (Heard::Enough, Some(begun)) => Some(Outcome::Seen(begun.seen.clone())),
            // The server has said what there was to say; the rest is of a trial that is over.
            (Heard::Server(_), Some(_))
            | (Heard::Candidate(_) | Heard::NoMore | Heard::Relayed(..), None) => None,
        }
    }

    fn answered(&mut self, said: ToExpert) -> Option<Outcome> {
        match said {
            ToExpert::Trial {
                mut servers,
                withheld,
            } => {
                servers.truncate(MAX_SERVERS);
                let through = |transport: Transport| {
                    let relays: Vec<_> = relays(&servers, transport).collect();
                    let on = self.on.reform(move |trip| Heard::Relayed(transport, trip));
                    let some = !relays.is_empty();
                    some.then(|| Loopback::start(&relays, &on).ok()).flatten()
                };
                self.begun = Some(Begun {
                    seen: Seen::new(&servers, withheld),
                    searching: Search::start(&servers, &self.on).ok(),
                    datagrams: through(Transport::Udp),
                    streams: through(Transport::Tcp),
                });
                self.ended()
            }
            ToExpert::Closing {
                reason: Refusal::TooMany,
            } => Some(Outcome::TooOften),
            ToExpert::Closing { .. } => Some(Outcome::NoServer),
            ToExpert::Joined
            | ToExpert::Relay { .. }
            | ToExpert::Left
            | ToExpert::IceServers { .. } => None,
        }
    }

    /// How it ended, if nothing is left to wait for.
    fn ended(&self) -> Option<Outcome> {
        let begun = self.begun.as_ref()?;
        let waits =
            begun.searching.is_some() || begun.datagrams.is_some() || begun.streams.is_some();
        (!waits).then(|| Outcome::Seen(begun.seen.clone()))
    }
}

/// The browser looks for its own addresses. Dropped, it stops.
#[derive(Debug)]
struct Search {
    connection: RtcPeerConnection,
    _listener: EventListener,
}

impl Search {
    fn start(servers: &[IceServer], on: &Callback<Heard>) -> Result<Self, JsValue> {
        let stun = servers.iter().filter(|one| one.url.scheme == Scheme::Stun);
        let connection = RtcPeerConnection::new_with_configuration(&ice_servers(stun))?;
        connection.create_data_channel("trial");
        let listener = EventListener::new(&connection, "icecandidate", {
            let on = on.clone();
            move |event| {
                let found = event
                    .dyn_ref::<RtcPeerConnectionIceEvent>()
                    .and_then(RtcPeerConnectionIceEvent::candidate);
                on.emit(match found.map(|found| found.candidate()) {
                    Some(text) if !text.is_empty() => Heard::Candidate(text),
                    // Some browsers say so twice, once in each way.
                    Some(_) | None => Heard::NoMore,
                });
            }
        });
        let (looking, on) = (connection.clone(), on.clone());
        spawn_local(async move {
            if look(&looking).await.is_err() {
                on.emit(Heard::NoMore);
            }
        });
        Ok(Self {
            connection,
            _listener: listener,
        })
    }
}

async fn look(connection: &RtcPeerConnection) -> Result<(), JsValue> {
    let offer: RtcSessionDescriptionInit = JsFuture::from(connection.create_offer())
        .await?
        .unchecked_into();
    JsFuture::from(connection.set_local_description(&offer)).await?;
    Ok(())
}

impl Drop for Search {
    fn drop(&mut self) {
        self.connection.close();
    }
}
