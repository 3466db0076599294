//! The connection to the expert's page: the `webrtc` crate behind one module of ours.
//!
//! Known faults of the crate (0.21.1) and how they are met here:
//! - it forgets the reliability of channels that the browser opens, so all of ours are
//!   *negotiated*, on both sides;
//! - it drops what is sent before a channel is open, so nothing is sent before;
//! - its DTLS client can hang under loss, so we offer and let the page take that role, and a
//!   watchdog reports a connection that does not come about (`PeerEvent::Stuck`), upon which
//!   the session makes a fresh one;
//! - its pacer queues for seconds, and its estimator collapses where packets get lost: [`traffic`]
//!   does that instead;
//! - its TURN client speaks datagrams only, and knows no literal address of IP version 6:
//!   [`ways`] carries it over a stream where that is the only way;
//! - it gives up all of the connection where it cannot ask the network for the names that browsers
//!   hide their addresses behind, and uses no link-local address: [`places`] does without the one
//!   and names it the other;
//! - what it keeps to send has no bound unless it is given one, so it is;
//! - an expert whom the novice has approved can still make it keep what it receives without
//!   bound, by beginning a message and never ending it. No setting prevents that.

mod channel;
mod own;
mod places;
mod shim;
mod track;
mod traffic;
mod ways;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ::rtc::peer_connection::{
    certificate::CertificateParams,
    configuration::{RTCConfigurationBuilder, media_engine::MediaEngine},
    transport::RTCIceCandidateInit,
};
use deskhand_protocol::{
    control::FromNovice,
    dial::{RELAYED, STAND},
    envelope::Candidate,
    ice::IceServer,
    id::Fingerprint,
    input::{CursorMoved, Position},
    text::{CandidateText, Sdp},
    wire,
};
use tokio::sync::{mpsc, watch};
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCCertificate,
    RTCIceGatheringState, RTCPeerConnectionIceEvent, RTCPeerConnectionState, RTCSessionDescription,
    SettingEngineBuilder, crypto,
};

use crate::{congestion::Flow, io::PeerEvent, media::Packet, server::Trust};
use channel::{Channels, Outgoing, Talk};
use track::Track;
use ways::Ways;

/// Between two rounds of connectivity checks
/// ([RFC 8445, 14.2](https://www.rfc-editor.org/rfc/rfc8445#section-14.2): 50 ms).
const CHECK_INTERVAL: Duration = Duration::from_millis(50);
/// So many rounds before a way is given up: more than the watchdog leaves time for, so that a
/// slow network is no reason.
const CHECKS: u16 = 200;
/// A direct way is taken after so long even if a better one may yet come. Browsers hide their
/// addresses behind names, so the novice's computer learns most of them only from the browser's
/// own checks.
const ACCEPTANCE: Duration = Duration::from_millis(200);

/// A page that lets nothing be heard for so long may be gone: a live one answers a check every
/// [`KEEPALIVE`].
pub const SILENCE: Duration = Duration::from_secs(5);
const KEEPALIVE: Duration = Duration::from_secs(2);
/// After so much more silence the connection is given up. A page whose network is back by then
/// goes on with it as if nothing had been.
const GIVE_UP: Duration = Duration::from_secs(25);

/// Why a connection cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// The crate below said no.
    #[error("connection failed: {0}")]
    Rtc(String),
    /// Our own description is longer than the protocol allows.
    #[error("connection description is too long")]
    TooLong,
}

impl From<webrtc::error::Error> for PeerError {
    fn from(error: webrtc::error::Error) -> Self {
        Self::Rtc(error.to_string())
    }
}

/// The certificate that the agent's connections show, bound by the handshake.
#[derive(Clone)]
pub struct Certificate {
    inner: RTCCertificate,
    fingerprint: Fingerprint,
}

impl Certificate {
    /// Makes a fresh one (ECDSA P-256, self-signed).
    ///
    /// # Errors
    /// If no randomness or key generation is to be had.
    pub fn generate() -> Result<Self, PeerError> {
        let provider = crypto::default_provider().map_err(|e| PeerError::Rtc(e.to_string()))?;
        let params = CertificateParams::new(vec!["deskhand".to_owned()])
            .map_err(|e| PeerError::Rtc(e.to_string()))?;
        let inner = RTCCertificate::generate(
            provider.crypto(),
            crypto::SignatureScheme::EcdsaP256Sha256,
            params,
        )?;
        let fingerprint = inner
            .get_fingerprints(provider.crypto())?
            .iter()
            .find_map(|f| Fingerprint::parse(&f.value).ok())
            .ok_or_else(|| PeerError::Rtc("certificate has no fingerprint".into()))?;
        Ok(Self { inner, fingerprint })
    }

    /// Its SHA-256 fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

/// So many updates may wait for the connection; then they are dropped and a fresh one follows.
const UPDATE_QUEUE: usize = 4;
/// So many messages may wait on `control` and `cursor`: far more than a live page ever leaves.
const MESSAGE_QUEUE: usize = 256;
/// Of these, so many bytes may be with the crate; then writing waits and the queue above fills.
const SEND_BUFFER: usize = 1 << 20;
/// So many candidates and answers may wait; the session bounds them too.
const STEP_QUEUE: usize = 64;
/// A page that is gone already acknowledges nothing: the farewell waits so long at most.
const FAREWELL: Duration = Duration::from_secs(1);

/// One connection. Nothing here waits: what takes time happens in tasks of its own, and what
/// comes of it is read with [`Peer::next`]. Dropping it closes it.
pub struct Peer {
    steps: mpsc::Sender<Step>,
    outgoing: mpsc::Sender<Outgoing>,
    updates: mpsc::Sender<Packet>,
    events: mpsc::Receiver<PeerEvent>,
    flow: watch::Receiver<Flow>,
    cursor_seq: u32,
}

enum Step {
    Answer(Sdp),
    Candidate(Candidate),
}

impl Peer {
    /// Makes a connection and its offer, with the help of `servers`, about whom `trust` is
    /// believed; the offer comes as an event. Its picture uses so much at most, and the clock that the page may ask for begins at
    /// `epoch`.
    pub fn start(
        certificate: Certificate,
        servers: Vec<IceServer>,
        trust: Trust,
        most_kbit: u32,
        epoch: Instant,
    ) -> Self {
        let (steps, steps_queue) = mpsc::channel(STEP_QUEUE);
        let (outgoing, outgoing_queue) = mpsc::channel(MESSAGE_QUEUE);
        let (updates, update_queue) = mpsc::channel(UPDATE_QUEUE);
        let (report, events) = mpsc::channel(MESSAGE_QUEUE);
        let (told, flow) = watch::channel(traffic::first_flow(most_kbit, Instant::now()));
        tokio::spawn(async move {
            let queues = Queues {
                steps: steps_queue,
                outgoing: outgoing_queue,
                updates: update_queue,
                flow: told,
                epoch,
            };
            let ways = Ways::find(&servers, &trust).await;
            let run = Box::pin(run(certificate, &ways, most_kbit, queues, report.clone()));
            if let Err(error) = run.await {
                tracing::warn!(%error, "the connection to the page");
            }
            let _ = report.send(PeerEvent::Closed).await;
        });
        Self {
            steps,
            outgoing,
            updates,
            events,
            flow,
            cursor_seq: 0,
        }
    }

    /// What happens next; never ends before [`PeerEvent::Closed`] was given.
    pub async fn next(&mut self) -> PeerEvent {
        self.events.recv().await.unwrap_or(PeerEvent::Closed)
    }

    /// Takes the page's answer and starts the watchdog.
    pub fn answer(&self, sdp: Sdp) {
        self.step(Step::Answer(sdp));
    }

    /// Takes one of the page's candidates; one that cannot be used is left out.
    pub fn candidate(&self, candidate: Candidate) {
        self.step(Step::Candidate(candidate));
    }

    fn step(&self, step: Step) {
        if self.steps.try_send(step).is_err() {
            tracing::debug!("too many candidates at once; this one is left out");
        }
    }

    /// Sends over channel `control`. Gives false if more is waiting than a live page would
    /// leave: the connection is of no use any more.
    #[must_use]
    pub fn control(&self, message: &FromNovice) -> bool {
        self.outgoing
            .try_send(Outgoing::Control(wire::encode(message)))
            .is_ok()
    }

    /// Sends over channel `cursor`; may be lost.
    pub fn cursor(&mut self, at: Position) {
        self.cursor_seq = self.cursor_seq.wrapping_add(1);
        let moved = CursorMoved {
            seq: self.cursor_seq,
            at,
        };
        let _ = self
            .outgoing
            .try_send(Outgoing::Cursor(wire::encode(&moved)));
    }

    /// Sends one update of the picture. Gives false if it was dropped: the next must be fresh.
    #[must_use]
    pub fn update(&self, packet: Packet) -> bool {
        self.updates.try_send(packet).is_ok()
    }

    /// What the link carries, and whether it is time for another update.
    pub fn flow(&self) -> watch::Receiver<Flow> {
        self.flow.clone()
    }

    /// Sends what is waiting, then closes.
    pub async fn close(self) {
        let (done, flushed) = tokio::sync::oneshot::channel();
        if self.outgoing.try_send(Outgoing::Flush(done)).is_ok() {
            let _ = tokio::time::timeout(FAREWELL, flushed).await;
        }
    }
}

struct Queues {
    steps: mpsc::Receiver<Step>,
    outgoing: mpsc::Receiver<Outgoing>,
    updates: mpsc::Receiver<Packet>,
    flow: watch::Sender<Flow>,
    epoch: Instant,
}

/// Lives as long as the [`Peer`]; gives back when it is dropped or the connection is over.
async fn run(
    certificate: Certificate,
    ways: &Ways,
    most_kbit: u32,
    queues: Queues,
    events: mpsc::Sender<PeerEvent>,
) -> Result<(), PeerError> {
    let Queues {
        mut steps,
        outgoing,
        updates,
        flow,
        epoch,
    } = queues;
    let mut media_engine = MediaEngine::default();
    let (registry, words, said) = traffic::configure(&mut media_engine)?;
    let (state, mut states) = mpsc::channel(16);
    let builder = PeerConnectionBuilder::new()
        .with_runtime(ways.runtime())
        .with_configuration(
            RTCConfigurationBuilder::new()
                .with_certificates(vec![certificate.inner])
                .with_ice_servers(ways.servers())
                .build(),
        )
        .with_media_engine(media_engine)
        .with_setting_engine(
            SettingEngineBuilder::new()
                .with_multicast_dns_mode(places::names())
                .with_ice_connection_attempts(Some(CHECK_INTERVAL), Some(CHECKS))
                .with_prflx_acceptance_min_wait(Some(ACCEPTANCE))
                .with_srflx_acceptance_min_wait(Some(ACCEPTANCE))
                .with_ice_timeouts(Some(SILENCE), Some(GIVE_UP), Some(KEEPALIVE))
                .build(),
        )
        .with_interceptor_registry(registry)
        .with_handler(Arc::new(Handler {
            events: events.clone(),
            state,
        }))
        .with_data_channel_send_buffer_limit(SEND_BUFFER)
        .with_udp_addrs(places::sockets());
    let connection = Box::pin(builder.build()).await?;
    let track = Track::add_to(&connection, Instant::now()).await?;
    let (told, deaf) = watch::channel(false);
    let talk = Talk { words, deaf, epoch };
    let mut opened = Channels::open(&connection)
        .await?
        .run(outgoing, events.clone(), talk);

    let offer = connection.create_offer(None).await?;
    let sdp = Sdp::exact(offer.sdp.clone()).ok_or(PeerError::TooLong)?;
    let _ = events.send(PeerEvent::Offer(sdp)).await;
    connection.set_local_description(offer).await?;

    // The picture has a task of its own: neither a stop nor a candidate ever waits behind it.
    let carrying = tokio::spawn(traffic::carry(track, most_kbit, updates, said, flow, told));

    let (mut connected, mut open, mut reported) = (false, false, false);
    let mut silent = false;
    let mut stuck_at = None;
    loop {
        tokio::select! {
            step = steps.recv() => match step {
                Some(Step::Answer(sdp)) => {
                    let answer = RTCSessionDescription::answer(sdp.as_str().to_owned())?;
                    connection.set_remote_description(answer).await?;
                    let patience = STAND + if ways.are_relayed() { RELAYED } else { Duration::ZERO };
                    stuck_at = Some(tokio::time::Instant::now() + patience);
                }
                Some(Step::Candidate(candidate)) => add_candidate(&connection, candidate).await,
                None => break,
            },
            state = states.recv() => match state {
                Some(RTCPeerConnectionState::Connected) => {
                    connected = true;
                    if std::mem::take(&mut silent) {
                        let _ = events.send(PeerEvent::Heard(true)).await;
                    }
                }
                Some(RTCPeerConnectionState::Disconnected) if reported => {
                    silent = true;
                    let _ = events.send(PeerEvent::Heard(false)).await;
                }
                Some(RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed) | None => break,
                Some(_) => {}
            },
            Ok(()) = &mut opened, if !open => open = true,
            () = tokio::time::sleep_until(stuck_at.unwrap_or_else(tokio::time::Instant::now)),
                if stuck_at.is_some() && !reported =>
            {
                stuck_at = None;
                let _ = events.send(PeerEvent::Stuck).await;
            }
        }
        if connected && open && !reported {
            let Some(fingerprint) = remote_certificate(&connection).await else {
                break;
            };
            reported = true;
            let _ = events.send(PeerEvent::Connected(fingerprint)).await;
        }
    }
    carrying.abort();
    connection.close().await?;
    Ok(())
}

async fn add_candidate(connection: &impl PeerConnection, candidate: Candidate) {
    let init = RTCIceCandidateInit {
        candidate: candidate.candidate.as_str().to_owned(),
        sdp_mid: candidate.mid.map(|mid| mid.as_str().to_owned()),
        sdp_mline_index: candidate.line,
        ..RTCIceCandidateInit::default()
    };
    if let Err(error) = connection.add_ice_candidate(init).await {
        tracing::debug!(%error, "a candidate of the page's cannot be used");
    }
}

/// The certificate that the other end really showed, once DTLS is done.
async fn remote_certificate(connection: &impl PeerConnection) -> Option<Fingerprint> {
    use sha2::Digest as _;
    let sctp = connection.sctp().await?;
    let chain = sctp.transport().get_remote_certificates().await.ok()?;
    let leaf = chain.first()?;
    Some(Fingerprint(sha2::Sha256::digest(leaf).into()))
}

struct Handler {
    events: mpsc::Sender<PeerEvent>,
    state: mpsc::Sender<RTCPeerConnectionState>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        let Ok(init) = event.candidate.to_json() else {
            return;
        };
        let Some(candidate) = CandidateText::exact(init.candidate) else {
            return;
        };
        let candidate = Candidate {
            candidate,
            mid: init.sdp_mid.and_then(CandidateText::exact),
            line: init.sdp_mline_index,
        };
        let _ = self.events.send(PeerEvent::Candidate(candidate)).await;
    }

    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        tracing::debug!(%state, "gathering");
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        tracing::debug!(%state, "connection");
        let _ = self.state.send(state).await;
    }
}
