//! The picture's way to the page, and what the page says about it: the edge around [`Carrier`],
//! instead of the crate's pacer and estimator.

use std::time::Instant;

use ::rtc::{
    interceptor::{Interceptor, Packet, Registry, Slot, StreamInfo, TaggedPacket, convert_twcc},
    peer_connection::configuration::{
        interceptor_registry::configure_rtcp_reports, media_engine::MediaEngine,
    },
    rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc,
    rtp_transceiver::rtp_sender::{RTCPFeedback, RTCRtpHeaderExtensionCapability},
    sansio::Protocol,
    sdp::extmap::TRANSPORT_CC_URI,
    shared::error::Error,
};
use bytes::Bytes;
use deskhand_protocol::picture::Piece;
use std::collections::VecDeque;
use tokio::sync::{mpsc, watch};

use super::{
    PeerError,
    track::{self, MTU, Track},
};
use crate::{
    congestion::{Carrier, Flow, Outgoing, Report},
    media,
};

/// What every packet weighs besides its payload: IP and UDP, RTP with the number for feedback,
/// and what seals it.
const ENVELOPE: usize = 28 + 20 + 10;
/// So much of what the page says may wait; it says some things ten times a second.
const WORDS: usize = 256;

/// What the page says about the picture's packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// When they arrived.
    Reports(Vec<Report>),
    /// Its browser will never say when.
    NoReports,
    /// These pieces did not.
    Missing(Vec<u16>),
}

/// The codec, and feedback about its packets. What is said about them comes through the queue;
/// more can be put in by its other end.
pub(super) fn configure(
    engine: &mut MediaEngine,
) -> Result<(Registry, mpsc::Sender<Word>, mpsc::Receiver<Word>), PeerError> {
    engine.register_codec(track::codec(), track::KIND)?;
    let feedback = RTCPFeedback {
        typ: "transport-cc".to_owned(),
        parameter: String::new(),
    };
    engine.register_feedback(feedback, track::KIND);
    let numbers = RTCRtpHeaderExtensionCapability {
        uri: TRANSPORT_CC_URI.to_owned(),
    };
    engine.register_header_extension(numbers, track::KIND, None)?;
    let (words, said) = mpsc::channel(WORDS);
    let listener = Listener {
        words: words.clone(),
        inbound: VecDeque::new(),
        outbound: VecDeque::new(),
    };
    let registry = configure_rtcp_reports(Registry::new()).with(Slot::Pacer, listener);
    Ok((registry, words, said))
}

/// What the maker of updates is told before there is a connection.
pub(super) fn first_flow(most_kbit: u32, now: Instant) -> Flow {
    Carrier::<()>::new(most_kbit, now).flow()
}

/// Carries updates until nobody makes any more. Tells their maker what the link carries, and
/// whether the page's browser reports nothing.
pub(super) async fn carry(
    mut track: Track,
    most_kbit: u32,
    mut updates: mpsc::Receiver<media::Packet>,
    mut said: mpsc::Receiver<Word>,
    flow: watch::Sender<Flow>,
    deaf: watch::Sender<bool>,
) {
    let mut carrier: Carrier<Bytes> = Carrier::new(most_kbit, Instant::now());
    let mut number = 0_u16;
    let mut lossy = false;
    loop {
        let wake = carrier.wake().map(tokio::time::Instant::from_std);
        tokio::select! {
            update = updates.recv() => {
                let Some(update) = update else { return };
                for piece in Piece::cut(&update.data, number, MTU) {
                    number = piece.number.wrapping_add(1);
                    let packet = Bytes::from(piece.encode());
                    carrier.put(Outgoing {
                        number: piece.number,
                        size: packet.len() + ENVELOPE,
                        ends: piece.ends,
                        packet,
                    });
                }
            }
            Some(word) = said.recv() => match word {
                Word::Reports(reports) => {
                    carrier.reported(&reports, Instant::now());
                    if carrier.estimator().lossy() != lossy {
                        lossy = !lossy;
                        tracing::debug!(lossy, "whether small things are said twice");
                    }
                }
                Word::NoReports => {
                    track.without_numbers();
                    carrier.expect_no_reports();
                }
                Word::Missing(numbers) => carrier.asked(&numbers, Instant::now()),
            },
            () = tokio::time::sleep_until(wake.unwrap_or_else(tokio::time::Instant::now)),
                if wake.is_some() => {}
        }
        let now = Instant::now();
        while let Some(departure) = carrier.next(now) {
            let packet = Piece::leaving(&departure.packet, departure.number);
            let sent = track.send(packet.into(), departure.number, now).await;
            if let Err(error) = sent {
                tracing::debug!(%error, "sending a piece of the picture");
            }
        }
        if let Some(news) = carrier.news(now) {
            flow.send_replace(news);
        }
        deaf.send_if_modified(|was| std::mem::replace(was, carrier.is_deaf()) != carrier.is_deaf());
    }
}

/// In the crate's chain: passes everything on, and hears what is said about our packets.
struct Listener {
    words: mpsc::Sender<Word>,
    /// Bounded: the chain empties both after every call.
    inbound: VecDeque<TaggedPacket>,
    outbound: VecDeque<TaggedPacket>,
}

impl Listener {
    fn say(&self, word: Word) {
        if self.words.try_send(word).is_err() {
            tracing::debug!("the page says more about its packets than anybody hears");
        }
    }
}

/// What feedback says, without what the crate reads from the padding of its last piece.
fn reports(feedback: &TransportLayerCc) -> Vec<Report> {
    convert_twcc(feedback)
        .into_iter()
        .take(usize::from(feedback.packet_status_count))
        .filter(|told| told.arrival.is_some() || !told.arrived)
        .map(|told| Report {
            number: told.sequence_number,
            arrival: told.arrival,
        })
        .collect()
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Listener {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, message: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(packets) = &message.message.packet {
            for packet in packets {
                if let Some(feedback) = packet.as_any().downcast_ref::<TransportLayerCc>() {
                    self.say(Word::Reports(reports(feedback)));
                }
            }
        }
        self.inbound.push_back(message);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.inbound.pop_front()
    }

    fn handle_write(&mut self, message: TaggedPacket) -> Result<(), Error> {
        self.outbound.push_back(message);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.outbound.pop_front()
    }
}

impl Interceptor for Listener {
    fn bind_local_stream(&mut self, info: &StreamInfo) {
        let extensions = &info.rtp_header_extensions;
        if !(extensions.iter()).any(|extension| extension.uri == TRANSPORT_CC_URI) {
            tracing::info!("the page's browser does not report what arrives");
            self.say(Word::NoReports);
        }
    }

    fn unbind_local_stream(&mut self, _: &StreamInfo) {}

    fn bind_remote_stream(&mut self, _: &StreamInfo) {}

    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}

#[cfg(test)]
mod tests;
