//! The track that carries the picture: one packet, one piece of an update.
//!
//! It is one of audio, and calls itself Opus. A browser puts frames of video together itself,
//! asks for what it misses, and hands them to a page when it is ready to: Chromium, 64 times a
//! second. A packet of audio it hands over as it is, the moment it arrives. Nothing is ever played.

use std::{sync::Arc, time::Instant};

use ::rtc::{
    media_stream::MediaStreamTrack,
    peer_connection::configuration::media_engine::MIME_TYPE_OPUS,
    rtp::{
        self,
        extension::{HeaderExtension, transport_cc_extension::TransportCcExtension},
    },
    rtp_transceiver::rtp_sender::{
        RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
        RtpCodecKind,
    },
};
use bytes::Bytes;
use rand_core::RngCore as _;
use webrtc::{
    media_stream::track_local::{TrackLocal, static_rtp::TrackLocalStaticRTP},
    peer_connection::PeerConnection,
};

use super::PeerError;

/// What its packets are of.
pub(super) const KIND: RtpCodecKind = RtpCodecKind::Audio;
/// Ticks a second of a time stamp.
const CLOCK: u32 = 48_000;
/// As browsers number it.
const PAYLOAD_TYPE: u8 = 111;
/// Bytes of what one packet carries: fits every path with room for SRTP, TURN and IPv6.
pub(super) const MTU: usize = 1200;

/// What the track says it carries.
pub(super) fn codec() -> RTCRtpCodecParameters {
    RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: MIME_TYPE_OPUS.to_owned(),
            clock_rate: CLOCK,
            channels: 2,
            sdp_fmtp_line: String::new(),
            rtcp_feedback: vec![],
        },
        payload_type: PAYLOAD_TYPE,
    }
}

/// The one track.
pub(super) struct Track {
    inner: Arc<TrackLocalStaticRTP>,
    ssrc: u32,
    sequence: u16,
    begun: Instant,
    /// The browser reports when packets arrive, by a number that each carries.
    numbered: bool,
}

impl Track {
    pub(super) async fn add_to(
        connection: &impl PeerConnection,
        now: Instant,
    ) -> Result<Self, PeerError> {
        let ssrc = rand_core::OsRng.next_u32();
        let inner = Arc::new(TrackLocalStaticRTP::new(MediaStreamTrack::new(
            "desktop".to_owned(),
            "picture".to_owned(),
            "desktop".to_owned(),
            KIND,
            vec![RTCRtpEncodingParameters {
                rtp_coding_parameters: RTCRtpCodingParameters {
                    ssrc: Some(ssrc),
                    ..RTCRtpCodingParameters::default()
                },
                codec: codec().rtp_codec,
                ..RTCRtpEncodingParameters::default()
            }],
        )));
        connection
            .add_track(Arc::clone(&inner) as Arc<dyn TrackLocal>)
            .await?;
        Ok(Self {
            inner,
            ssrc,
            sequence: 0,
            begun: now,
            numbered: true,
        })
    }

    /// Leaves the number out: a browser that did not ask for it does not report by it, and the
    /// crate would drop every packet that carries it.
    pub(super) fn without_numbers(&mut self) {
        self.numbered = false;
    }

    /// Sends one packet; the browser will report by this number when it arrived.
    pub(super) async fn send(
        &mut self,
        payload: Bytes,
        number: u16,
        now: Instant,
    ) -> Result<(), PeerError> {
        let since = now.saturating_duration_since(self.begun).as_micros();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "time stamps wrap around by design"
        )]
        let timestamp = (since * u128::from(CLOCK) / 1_000_000) as u32;
        let packet = rtp::Packet {
            header: rtp::Header {
                version: 2,
                payload_type: PAYLOAD_TYPE,
                sequence_number: self.sequence,
                timestamp,
                ssrc: self.ssrc,
                ..rtp::Header::default()
            },
            payload,
        };
        self.sequence = self.sequence.wrapping_add(1);
        if !self.numbered {
            return Ok(self.inner.write_rtp(packet).await?);
        }
        let extensions = [HeaderExtension::TransportCc(TransportCcExtension {
            transport_sequence: number,
        })];
        let sent = self.inner.write_rtp_with_extensions(packet, &extensions);
        Ok(sent.await?)
    }
}
