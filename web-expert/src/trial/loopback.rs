//! A message from this page through a relay and back to it.

use std::{cell::RefCell, rc::Rc, time::Duration};

use deskhand_protocol::ice::IceServer;
use gloo_events::EventListener;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    RtcDataChannel, RtcDataChannelInit, RtcIceCandidateInit, RtcIceTransportPolicy,
    RtcPeerConnection, RtcPeerConnectionIceEvent, RtcPeerConnectionState,
    RtcSessionDescriptionInit,
};
use yew::Callback;

use crate::{certificate::ice_servers, js};

/// So many messages go there and back; the quickest counts.
const MESSAGES: usize = 5;

/// Two connections of this page, which see each other through a relay only. Dropped, they close.
#[derive(Debug)]
pub struct Loopback {
    ends: [RtcPeerConnection; 2],
    _listeners: Vec<EventListener>,
}

impl Loopback {
    /// Sends something through one of these relays; says how long the way to it and back is, or that
    /// nothing arrives.
    ///
    /// # Errors
    /// The browser's own, if it cannot even start.
    pub fn start(servers: &[&IceServer], on: &Callback<Option<Duration>>) -> Result<Self, JsValue> {
        let configuration = ice_servers(servers.iter().copied());
        configuration.set_ice_transport_policy(RtcIceTransportPolicy::Relay);
        let make = || RtcPeerConnection::new_with_configuration(&configuration);
        let ends = [make()?, make()?];
        let [asking, answering] = &ends;
        let mut listeners = vec![
            pass_candidates(asking, answering),
            pass_candidates(answering, asking),
        ];
        listeners.extend(echo(asking, answering, on));
        for end in &ends {
            let (on, watched) = (on.clone(), end.clone());
            listeners.push(EventListener::new(
                end,
                "connectionstatechange",
                move |_| {
                    if watched.connection_state() == RtcPeerConnectionState::Failed {
                        on.emit(None);
                    }
                },
            ));
        }
        let (asking, answering, on) = (asking.clone(), answering.clone(), on.clone());
        spawn_local(async move {
            if introduce(&asking, &answering).await.is_err() {
                on.emit(None);
            }
        });
        Ok(Self {
            ends,
            _listeners: listeners,
        })
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        for end in &self.ends {
            end.close();
        }
    }
}

fn pass_candidates(from: &RtcPeerConnection, to: &RtcPeerConnection) -> EventListener {
    let to = to.clone();
    EventListener::new(from, "icecandidate", move |event| {
        let found = event
            .dyn_ref::<RtcPeerConnectionIceEvent>()
            .and_then(RtcPeerConnectionIceEvent::candidate);
        let Some(found) = found else { return };
        let init = RtcIceCandidateInit::new(&found.candidate());
        init.set_sdp_mid(found.sdp_mid().as_deref());
        init.set_sdp_m_line_index(found.sdp_m_line_index());
        let added = to.add_ice_candidate_with_opt_rtc_ice_candidate_init(Some(&init));
        // One that cannot be used is one way less, not an end.
        spawn_local(async move {
            JsFuture::from(added).await.ok();
        });
    })
}

/// Each end hears of the other before it begins to look for ways, so that none comes too early.
async fn introduce(
    asking: &RtcPeerConnection,
    answering: &RtcPeerConnection,
) -> Result<(), JsValue> {
    let offer: RtcSessionDescriptionInit = JsFuture::from(asking.create_offer())
        .await?
        .unchecked_into();
    JsFuture::from(answering.set_remote_description(&offer)).await?;
    JsFuture::from(asking.set_local_description(&offer)).await?;
    let answer: RtcSessionDescriptionInit = JsFuture::from(answering.create_answer())
        .await?
        .unchecked_into();
    JsFuture::from(asking.set_remote_description(&answer)).await?;
    JsFuture::from(answering.set_local_description(&answer)).await?;
    Ok(())
}

/// What is under way.
#[derive(Default)]
struct Timing {
    sent: Duration,
    trips: Vec<Duration>,
}

/// One end sends, the other sends back.
fn echo(
    asking: &RtcPeerConnection,
    answering: &RtcPeerConnection,
    on: &Callback<Option<Duration>>,
) -> [EventListener; 3] {
    let (ask, answer) = (channel(asking), channel(answering));
    let timing = Rc::new(RefCell::new(Timing::default()));
    let send = {
        let (ask, timing) = (ask.clone(), Rc::clone(&timing));
        move || {
            timing.borrow_mut().sent = js::now();
            ask.send_with_str("there and back").ok();
        }
    };
    [
        EventListener::new(&answer, "message", {
            let answer = answer.clone();
            move |_| {
                answer.send_with_str("back").ok();
            }
        }),
        EventListener::new(&ask, "open", {
            let send = send.clone();
            move |_| send()
        }),
        EventListener::new(&ask, "message", {
            let on = on.clone();
            move |_| {
                let quickest = {
                    let mut timing = timing.borrow_mut();
                    // There to the relay and back to here, and the same again.
                    let trip = js::now().saturating_sub(timing.sent) / 2;
                    timing.trips.push(trip);
                    let enough = timing.trips.len() >= MESSAGES;
                    timing.trips.iter().min().copied().filter(|_| enough)
                };
                match quickest {
                    Some(trip) => on.emit(Some(trip)),
                    None => send(),
                }
            }
        }),
    ]
}

fn channel(connection: &RtcPeerConnection) -> RtcDataChannel {
    let init = RtcDataChannelInit::new();
    init.set_negotiated(true);
    init.set_id(0);
    connection.create_data_channel_with_data_channel_dict("trial", &init)
}
