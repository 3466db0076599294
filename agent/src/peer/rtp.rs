//! Frames become RTP packets, stamped with the time they were captured
//! ([RFC 9628](https://www.rfc-editor.org/rfc/rfc9628) for VP9).

use std::{sync::Arc, time::Instant};

use ::rtc::{
    media_stream::MediaStreamTrack,
    rtp::packetizer::{Packetizer, new_packetizer},
    rtp::sequence::new_random_sequencer,
    rtp_transceiver::rtp_sender::{
        RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
    },
};
use rand_core::RngCore as _;
use webrtc::{
    media_stream::track_local::{TrackLocal, static_rtp::TrackLocalStaticRTP},
    peer_connection::PeerConnection,
};

use super::PeerError;
use crate::media::Packet;

/// Ticks a second of a video time stamp.
pub(super) const CLOCK: u32 = 90_000;
/// Bytes of one RTP packet: fits every path with room for SRTP, TURN and IPv6.
const MTU: usize = 1200;

/// The one video track.
pub(super) struct VideoSender {
    track: Arc<TrackLocalStaticRTP>,
    packetizer: Box<dyn Packetizer>,
    payload_type: u8,
    last: Instant,
}

impl VideoSender {
    pub(super) async fn add_to(
        connection: &impl PeerConnection,
        codec: RTCRtpCodecParameters,
        now: Instant,
    ) -> Result<Self, PeerError> {
        let ssrc = rand_core::OsRng.next_u32();
        let payload_type = codec.payload_type;
        let payloader = codec.rtp_codec.payloader()?;
        let sequencer = Box::new(new_random_sequencer());
        let packetizer = Box::new(new_packetizer(
            now,
            MTU,
            payload_type,
            ssrc,
            payloader,
            sequencer,
            CLOCK,
        ));
        let track = Arc::new(TrackLocalStaticRTP::new(MediaStreamTrack::new(
            "desktop".to_owned(),
            "desktop-video".to_owned(),
            "desktop".to_owned(),
            RtpCodecKind::Video,
            vec![RTCRtpEncodingParameters {
                rtp_coding_parameters: RTCRtpCodingParameters {
                    ssrc: Some(ssrc),
                    ..RTCRtpCodingParameters::default()
                },
                codec: codec.rtp_codec,
                ..RTCRtpEncodingParameters::default()
            }],
        )));
        connection
            .add_track(Arc::clone(&track) as Arc<dyn TrackLocal>)
            .await?;
        Ok(Self {
            track,
            packetizer,
            payload_type,
            last: now,
        })
    }

    pub(super) async fn send(&mut self, packet: &Packet) -> Result<(), PeerError> {
        let since = packet.captured.saturating_duration_since(self.last);
        self.last = self.last.max(packet.captured);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "time stamps wrap around by design"
        )]
        self.packetizer
            .skip_samples((since.as_micros() * u128::from(CLOCK) / 1_000_000) as u32);
        for mut rtp in self
            .packetizer
            .packetize(packet.captured, &packet.data, 0)?
        {
            rtp.header.payload_type = self.payload_type;
            self.track.write_rtp_with_extensions(rtp, &[]).await?;
        }
        Ok(())
    }
}
