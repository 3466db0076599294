//! The other end: it answers, reports what arrives, asks for what does not, and notes when
//! updates are whole.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bytes::BytesMut;
use deskhand_protocol::{
    envelope::Candidate,
    input::channel,
    picture::{Feedback, Missing, Pieces},
    text::{CandidateText, Sdp},
    wire,
};
use rtc::{
    data_channel::RTCDataChannelInit,
    interceptor::Registry,
    peer_connection::{
        configuration::{
            interceptor_registry::register_default_interceptors,
            media_engine::{MIME_TYPE_OPUS, MediaEngine},
        },
        transport::RTCIceCandidateInit,
    },
    rtp_transceiver::rtp_sender::{RTCRtpCodec, RTCRtpCodecParameters, RtpCodecKind},
};
use tokio::sync::{mpsc, watch};
use webrtc::{
    data_channel::DataChannel,
    media_stream::track_remote::{TrackRemote, TrackRemoteEvent},
    peer_connection::{
        PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler,
        RTCPeerConnectionIceEvent, RTCSessionDescription,
    },
};

use super::{Seen, source::Update};

pub struct Page {
    connection: Arc<dyn PeerConnection>,
    _channels: Vec<Arc<dyn DataChannel>>,
    candidates: tokio::sync::Mutex<mpsc::UnboundedReceiver<Candidate>>,
    arrived: Arc<Mutex<Arrived>>,
}

/// What came, and when updates were whole.
struct Arrived {
    epoch: Instant,
    pieces: Pieces,
    whole: HashMap<u32, Instant>,
}

impl Arrived {
    /// A packet came; gives what is missed.
    fn take(&mut self, payload: &[u8]) -> Option<Missing> {
        let now = self.epoch.elapsed();
        if let Some(update) = self.pieces.take(payload, now).unwrap() {
            let index = u32::from_be_bytes(update[..4].try_into().unwrap());
            self.whole.entry(index).or_insert_with(Instant::now);
        }
        self.ask()
    }

    fn ask(&mut self) -> Option<Missing> {
        self.pieces.ask(self.epoch.elapsed()).unwrap()
    }

    fn due(&self) -> Option<Instant> {
        self.pieces.due().map(|due| self.epoch + due)
    }
}

impl Page {
    pub async fn start() -> Self {
        let mut engine = MediaEngine::default();
        let codec = RTCRtpCodecParameters {
            rtp_codec: RTCRtpCodec {
                mime_type: MIME_TYPE_OPUS.to_owned(),
                clock_rate: 48_000,
                channels: 2,
                sdp_fmtp_line: String::new(),
                rtcp_feedback: vec![],
            },
            payload_type: 111,
        };
        engine.register_codec(codec, RtpCodecKind::Audio).unwrap();
        let registry = register_default_interceptors(Registry::new(), &mut engine).unwrap();
        let (found, candidates) = mpsc::unbounded_channel();
        let arrived = Arc::new(Mutex::new(Arrived {
            epoch: Instant::now(),
            pieces: Pieces::default(),
            whole: HashMap::new(),
        }));
        let (feedback, asks) = watch::channel(None);
        let handler = Handler {
            found,
            arrived: Arc::clone(&arrived),
            feedback: asks,
        };
        let connection: Arc<dyn PeerConnection> = Arc::new(
            PeerConnectionBuilder::new()
                .with_media_engine(engine)
                .with_interceptor_registry(registry)
                .with_handler(Arc::new(handler))
                .with_udp_addrs(vec!["0.0.0.0:0"])
                .build()
                .await
                .unwrap(),
        );
        let mut channels = Vec::new();
        for id in [
            channel::CONTROL,
            channel::INPUT,
            channel::POINTER,
            channel::CURSOR,
            channel::FEEDBACK,
        ] {
            let init = RTCDataChannelInit {
                negotiated: Some(id),
                // `feedback`, made last, is as the page makes it.
                ordered: id != channel::FEEDBACK,
                max_retransmits: (id == channel::FEEDBACK).then_some(0),
                ..RTCDataChannelInit::default()
            };
            let label = id.to_string();
            let channel = connection.create_data_channel(&label, Some(init)).await;
            channels.push(channel.unwrap());
        }
        feedback.send_replace(channels.last().cloned());
        Self {
            connection,
            _channels: channels,
            candidates: tokio::sync::Mutex::new(candidates),
            arrived,
        }
    }

    pub async fn answer(&self, offer: Sdp) -> Sdp {
        let offer = RTCSessionDescription::offer(offer.as_str().to_owned()).unwrap();
        self.connection.set_remote_description(offer).await.unwrap();
        let answer = self.connection.create_answer(None).await.unwrap();
        let sdp = Sdp::exact(answer.sdp.clone()).unwrap();
        self.connection.set_local_description(answer).await.unwrap();
        sdp
    }

    pub async fn candidate(&self, candidate: Candidate) {
        let init = RTCIceCandidateInit {
            candidate: candidate.candidate.as_str().to_owned(),
            sdp_mid: candidate.mid.map(|mid| mid.as_str().to_owned()),
            sdp_mline_index: candidate.line,
            ..RTCIceCandidateInit::default()
        };
        self.connection.add_ice_candidate(init).await.unwrap();
    }

    pub async fn next_candidate(&self) -> Candidate {
        match self.candidates.lock().await.recv().await {
            Some(candidate) => candidate,
            None => std::future::pending().await,
        }
    }

    /// When updates could be shown that were made after `settle`.
    pub fn seen(&self, made: &[Update], settle: Duration) -> Seen {
        let arrived = self.arrived.lock().unwrap();
        let begun = made[0].made;
        let mut shown = begun;
        let mut seen = Seen {
            took: Vec::new(),
            bytes: 0,
        };
        for (index, update) in made.iter().enumerate() {
            // One builds on the other.
            let whole = arrived.whole.get(&u32::try_from(index).unwrap());
            shown = shown.max(*whole.unwrap_or_else(|| panic!("update {index} never came")));
            if update.made - begun >= settle {
                seen.took.push(shown - update.made);
                seen.bytes += update.bytes;
            }
        }
        seen.took.sort_unstable();
        seen
    }
}

struct Handler {
    found: mpsc::UnboundedSender<Candidate>,
    arrived: Arc<Mutex<Arrived>>,
    feedback: watch::Receiver<Option<Arc<dyn DataChannel>>>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        let init = event.candidate.to_json().unwrap();
        let _ = self.found.send(Candidate {
            candidate: CandidateText::exact(init.candidate).unwrap(),
            mid: init.sdp_mid.and_then(CandidateText::exact),
            line: init.sdp_mline_index,
        });
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let arrived = Arc::clone(&self.arrived);
        let feedback = self.feedback.borrow().clone().unwrap();
        tokio::spawn(async move {
            loop {
                let due = arrived.lock().unwrap().due();
                let wake = tokio::time::Instant::from_std(due.unwrap_or_else(Instant::now));
                let missing = tokio::select! {
                    event = track.poll() => match event {
                        Some(TrackRemoteEvent::OnRtpPacket(packet)) => {
                            arrived.lock().unwrap().take(&packet.payload)
                        }
                        Some(_) => None,
                        None => return,
                    },
                    () = tokio::time::sleep_until(wake), if due.is_some() => {
                        arrived.lock().unwrap().ask()
                    }
                };
                if let Some(missing) = missing {
                    let bytes = wire::encode(&Feedback::Missing(missing));
                    feedback.send(BytesMut::from(&bytes[..])).await.unwrap();
                }
            }
        });
    }
}
