//! The direct connection to the novice's computer.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use deskhand_protocol::{
    envelope::Candidate,
    ice::IceServer,
    text::{CandidateText, Sdp},
};
use gloo_events::EventListener;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    RtcIceCandidateInit, RtcPeerConnection, RtcPeerConnectionIceEvent, RtcPeerConnectionState,
    RtcSdpType, RtcSessionDescriptionInit, RtcTrackEvent,
};
use yew::Callback;

use crate::{
    certificate::Certificate,
    channels::{self, Channels},
    picture::Picture,
    reach::Reach,
};

/// An agent that sends more candidates than this before its offer is applied is not honest.
const MAX_EARLY: usize = 64;

/// What the connection says.
#[derive(Debug)]
pub enum Heard {
    /// For the novice: our answer to the offer.
    Answer(Sdp),
    /// For the novice: one way to reach this page.
    Candidate(Candidate),
    /// What the network lets through, as far as is known now.
    Reach(Reach),
    /// The connection is good (true) or interrupted.
    Connected(bool),
    /// It is lost for good, or could not be made.
    Lost,
    /// From a data channel.
    Channel(channels::Heard),
}

/// The connection; closes when dropped, and is silent from then on.
#[derive(Debug)]
pub struct Peer {
    connection: RtcPeerConnection,
    channels: Rc<Channels>,
    early: Rc<RefCell<Early>>,
    _listeners: [EventListener; 3],
}

/// Candidates that came before the offer was applied.
#[derive(Debug)]
enum Early {
    Waiting(Vec<RtcIceCandidateInit>),
    Applied,
}

impl Peer {
    /// Answers the novice's offer. The browser lets the connection come up only with the
    /// certificate that the offer names, and the handshake has checked that name. `servers` help
    /// to reach the novice.
    ///
    /// # Errors
    /// The browser's own, if it cannot even start.
    pub fn answer(
        certificate: &Certificate,
        servers: &[IceServer],
        offer: &Sdp,
        picture: &Picture,
        on: &Callback<Heard>,
    ) -> Result<Self, JsValue> {
        let connection =
            RtcPeerConnection::new_with_configuration(&certificate.configuration(servers))?;
        let channels = Rc::new(Channels::new(&connection, &on.reform(Heard::Channel)));
        let listeners = [
            EventListener::new(&connection, "icecandidate", {
                let on = on.clone();
                let reach = Cell::new(Reach::new(servers));
                move |event| {
                    if let Some(candidate) = candidate(event) {
                        reach.set(reach.get().with(candidate.candidate.as_str()));
                        on.emit(Heard::Reach(reach.get()));
                        on.emit(Heard::Candidate(candidate));
                    }
                }
            }),
            EventListener::new(&connection, "track", {
                let (on, picture) = (on.clone(), picture.clone());
                let channels = Rc::downgrade(&channels);
                let say = Callback::from(move |feedback| {
                    if let Some(channels) = channels.upgrade() {
                        channels.feedback(&feedback);
                    }
                });
                // At once: the first packet must not get away.
                move |event| {
                    let event = event.unchecked_ref::<RtcTrackEvent>();
                    if picture.follow(&event.receiver(), say.clone()).is_err() {
                        on.emit(Heard::Lost);
                    }
                }
            }),
            EventListener::new(&connection, "connectionstatechange", {
                let (on, connection) = (on.clone(), connection.clone());
                move |_| match connection.connection_state() {
                    RtcPeerConnectionState::Connected => on.emit(Heard::Connected(true)),
                    RtcPeerConnectionState::Disconnected => on.emit(Heard::Connected(false)),
                    RtcPeerConnectionState::Failed | RtcPeerConnectionState::Closed => {
                        on.emit(Heard::Lost);
                    }
                    _ => {}
                }
            }),
        ];
        let early = Rc::new(RefCell::new(Early::Waiting(vec![])));
        spawn_local(describe(
            connection.clone(),
            offer_text(offer),
            early.clone(),
            on.clone(),
        ));
        Ok(Self {
            connection,
            channels,
            early,
            _listeners: listeners,
        })
    }

    /// Its data channels.
    pub fn channels(&self) -> &Rc<Channels> {
        &self.channels
    }

    /// The browser's own.
    pub fn connection(&self) -> &RtcPeerConnection {
        &self.connection
    }

    /// A way to reach the novice's computer.
    pub fn candidate(&self, candidate: &Candidate) {
        let init = RtcIceCandidateInit::new(candidate.candidate.as_str());
        init.set_sdp_mid(candidate.mid.as_ref().map(CandidateText::as_str));
        init.set_sdp_m_line_index(candidate.line);
        match &mut *self.early.borrow_mut() {
            Early::Waiting(early) if early.len() < MAX_EARLY => early.push(init),
            Early::Waiting(_) => {}
            Early::Applied => spawn_local(add(self.connection.clone(), init)),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.connection.close();
    }
}

/// Every line of a description ends in CRLF, the last one too; some browsers insist.
fn offer_text(offer: &Sdp) -> String {
    let mut text = offer.as_str().to_owned();
    if !text.ends_with('\n') {
        text.push_str("\r\n");
    }
    text
}

async fn describe(
    connection: RtcPeerConnection,
    offer: String,
    early: Rc<RefCell<Early>>,
    on: Callback<Heard>,
) {
    match negotiate(&connection, &offer, &early).await {
        Ok(answer) => on.emit(Heard::Answer(answer)),
        // Closed meanwhile: nobody waits for an answer.
        Err(_) if connection.connection_state() == RtcPeerConnectionState::Closed => {}
        Err(_) => on.emit(Heard::Lost),
    }
}

async fn negotiate(
    connection: &RtcPeerConnection,
    offer: &str,
    early: &RefCell<Early>,
) -> Result<Sdp, JsValue> {
    let remote = RtcSessionDescriptionInit::new(RtcSdpType::Offer);
    remote.set_sdp(offer);
    JsFuture::from(connection.set_remote_description(&remote)).await?;
    if let Early::Waiting(waiting) = early.replace(Early::Applied) {
        for init in waiting {
            spawn_local(add(connection.clone(), init));
        }
    }
    let answer = JsFuture::from(connection.create_answer()).await?;
    let answer: RtcSessionDescriptionInit = answer.unchecked_into();
    JsFuture::from(connection.set_local_description(&answer)).await?;
    answer
        .get_sdp()
        .and_then(Sdp::exact)
        .ok_or_else(|| JsValue::from_str("no answer"))
}

/// A candidate that the browser cannot use is one way less, not an end.
async fn add(connection: RtcPeerConnection, init: RtcIceCandidateInit) {
    let added = connection.add_ice_candidate_with_opt_rtc_ice_candidate_init(Some(&init));
    JsFuture::from(added).await.ok();
}

/// The browser's own candidate; without one the event means that there are no more.
fn candidate(event: &web_sys::Event) -> Option<Candidate> {
    let found = event.dyn_ref::<RtcPeerConnectionIceEvent>()?.candidate();
    Some(match found {
        Some(found) => Candidate {
            candidate: CandidateText::exact(found.candidate())?,
            mid: found.sdp_mid().and_then(CandidateText::exact),
            line: found.sdp_m_line_index(),
        },
        None => Candidate {
            candidate: CandidateText::default(),
            mid: None,
            line: None,
        },
    })
}
