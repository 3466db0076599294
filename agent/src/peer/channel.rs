//! The data channels: opened on both sides under fixed numbers, read and written by one task
//! each.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ::rtc::data_channel::RTCDataChannelInit;
use bytes::BytesMut;
use deskhand_protocol::{
    input::{
        channel,
        redundancy::{Redundant, Taken},
    },
    picture::{Answer, Feedback, Missing},
    wire,
};
use tokio::sync::{mpsc, oneshot, watch};
use webrtc::{
    data_channel::{DataChannel, DataChannelEvent},
    peer_connection::PeerConnection,
};

use super::{PeerError, traffic::Word};
use crate::{clock::micros, congestion::told, io::PeerEvent};

/// So long until the page is asked once more for what it may not have heard.
const AGAIN: Duration = Duration::from_secs(1);

/// What is to be sent.
pub(super) enum Outgoing {
    /// Over `control`.
    Control(Vec<u8>),
    /// Over `cursor`.
    Cursor(Vec<u8>),
    /// Tell when everything before has left.
    Flush(oneshot::Sender<()>),
}

/// What is heard and said on `feedback`.
pub(super) struct Talk {
    /// What the page says about the picture.
    pub words: mpsc::Sender<Word>,
    /// Its browser does not say what arrives.
    pub deaf: watch::Receiver<bool>,
    /// Where the agent's clock begins.
    pub epoch: Instant,
}

/// All channels.
pub(super) struct Channels {
    control: Arc<dyn DataChannel>,
    input: Arc<dyn DataChannel>,
    redundant: Arc<dyn DataChannel>,
    pointer: Arc<dyn DataChannel>,
    cursor: Arc<dyn DataChannel>,
    feedback: Arc<dyn DataChannel>,
}

impl Channels {
    pub(super) async fn open(connection: &impl PeerConnection) -> Result<Self, PeerError> {
        let reliable = |id| RTCDataChannelInit {
            negotiated: Some(id),
            ..RTCDataChannelInit::default()
        };
        let lossy = |id| RTCDataChannelInit {
            ordered: false,
            max_retransmits: Some(0),
            negotiated: Some(id),
            ..RTCDataChannelInit::default()
        };
        let open = |label, init| connection.create_data_channel(label, Some(init));
        Ok(Self {
            control: open("control", reliable(channel::CONTROL)).await?,
            input: open("input", reliable(channel::INPUT)).await?,
            redundant: open("redundant", lossy(channel::REDUNDANT)).await?,
            pointer: open("pointer", lossy(channel::POINTER)).await?,
            cursor: open("cursor", lossy(channel::CURSOR)).await?,
            feedback: open("feedback", lossy(channel::FEEDBACK)).await?,
        })
    }

    /// Reads and writes until the connection ends. What it gives back tells when `control` is
    /// open.
    pub(super) fn run(
        self,
        queue: mpsc::Receiver<Outgoing>,
        events: mpsc::Sender<PeerEvent>,
        talk: Talk,
    ) -> oneshot::Receiver<()> {
        let (opened, is_open) = oneshot::channel();
        let (writable, may_write) = oneshot::channel();
        let both = move || {
            let _ = writable.send(());
            let _ = opened.send(());
        };
        let (control, cursor) = (Arc::clone(&self.control), Arc::clone(&self.cursor));
        tokio::spawn(write(control, cursor, may_write, queue));
        tokio::spawn(read(self.control, events.clone(), Some(both), |bytes| {
            wire::decode(bytes).map(PeerEvent::Control)
        }));
        tokio::spawn(take(self.input, self.redundant, events.clone()));
        tokio::spawn(read(self.pointer, events.clone(), None::<fn()>, |bytes| {
            wire::decode(bytes).map(PeerEvent::Motion)
        }));
        tokio::spawn(ask_for_reports(Arc::clone(&self.feedback), talk.deaf));
        tokio::spawn(hear(self.feedback, talk.words, talk.epoch));
        // Nothing is ever due from the page on `cursor`; it is read so that it cannot fill up.
        tokio::spawn(read(self.cursor, events, None::<fn()>, |_| {
            Err(wire::DecodeError::Malformed)
        }));
        is_open
    }
}

async fn write(
    control: Arc<dyn DataChannel>,
    cursor: Arc<dyn DataChannel>,
    may_write: oneshot::Receiver<()>,
    mut queue: mpsc::Receiver<Outgoing>,
) {
    if may_write.await.is_err() {
        return;
    }
    while let Some(next) = queue.recv().await {
        let sent = match next {
            Outgoing::Control(bytes) => control.send(BytesMut::from(&bytes[..])).await,
            Outgoing::Cursor(bytes) => cursor.send(BytesMut::from(&bytes[..])).await,
            Outgoing::Flush(done) => {
                flushed(&*control).await;
                let _ = done.send(());
                Ok(())
            }
        };
        if let Err(error) = sent {
            tracing::debug!(%error, "sending over a data channel");
        }
    }
}

/// Waits until the other end has acknowledged everything, at most as long as the caller does.
async fn flushed(control: &dyn DataChannel) {
    while control.outstanding_bytes().await.is_ok_and(|left| left > 0) {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// Passes on what the page says about the picture, and tells it the time. What cannot be read or
/// taken is as good as lost, and will be said again.
async fn hear(feedback: Arc<dyn DataChannel>, words: mpsc::Sender<Word>, epoch: Instant) {
    while let Some(event) = feedback.poll().await {
        let DataChannelEvent::OnMessage(message) = event else {
            continue;
        };
        match wire::decode(&message.data) {
            Ok(Feedback::Missing(Missing { numbers })) if numbers.len() <= Missing::MOST => {
                let _ = words.try_send(Word::Missing(numbers));
            }
            Ok(Feedback::Arrived(arrivals)) => {
                let _ = words.try_send(Word::Reports(told(&arrivals)));
            }
            Ok(Feedback::Clock(asked)) => {
                let micros = micros(epoch.elapsed());
                say(&*feedback, &Answer::Clock { asked, micros }).await;
            }
            Ok(Feedback::Missing(_)) | Err(_) => {}
        }
    }
}

/// Asks the page to report what arrives for as long as nobody else does.
async fn ask_for_reports(feedback: Arc<dyn DataChannel>, mut deaf: watch::Receiver<bool>) {
    loop {
        if deaf.wait_for(|deaf| *deaf).await.is_err() {
            return;
        }
        tracing::debug!("nobody reports what arrives: the page is asked to");
        say(&*feedback, &Answer::Report).await;
        tokio::time::sleep(AGAIN).await;
    }
}

async fn say(feedback: &dyn DataChannel, answer: &Answer) {
    let sent = feedback.send(BytesMut::from(&wire::encode(answer)[..]));
    if let Err(error) = sent.await {
        tracing::debug!(%error, "answering on a data channel");
    }
}

/// Reads `input`, and `redundant` for what is late on it: one task, so that their order stays.
async fn take(
    input: Arc<dyn DataChannel>,
    redundant: Arc<dyn DataChannel>,
    events: mpsc::Sender<PeerEvent>,
) {
    let mut taken = Taken::default();
    loop {
        let new = tokio::select! {
            Some(event) = input.poll() => match event {
                DataChannelEvent::OnMessage(message) => {
                    let event = wire::decode(&message.data).map(PeerEvent::Input);
                    let event = event.unwrap_or(PeerEvent::Malformed);
                    taken.ordered().then_some(event).into_iter().collect()
                }
                DataChannelEvent::OnClose => vec![PeerEvent::Closed],
                _ => continue,
            },
            Some(event) = redundant.poll() => match event {
                DataChannelEvent::OnMessage(message) => redundantly(&mut taken, &message.data),
                _ => continue,
            },
            else => return,
        };
        for event in new {
            if events.send(event).await.is_err() {
                return;
            }
        }
    }
}

/// What is new in a message of `redundant`.
fn redundantly(taken: &mut Taken, bytes: &[u8]) -> Vec<PeerEvent> {
    match wire::decode::<Redundant>(bytes) {
        Ok(message) => (taken.redundant(message).into_iter())
            .map(PeerEvent::Input)
            .collect(),
        Err(_) => vec![PeerEvent::Malformed],
    }
}

async fn read(
    channel: Arc<dyn DataChannel>,
    events: mpsc::Sender<PeerEvent>,
    mut opened: Option<impl FnOnce()>,
    decode: impl Fn(&[u8]) -> Result<PeerEvent, wire::DecodeError>,
) {
    while let Some(event) = channel.poll().await {
        let event = match event {
            DataChannelEvent::OnOpen => {
                if let Some(opened) = opened.take() {
                    opened();
                }
                continue;
            }
            DataChannelEvent::OnMessage(message) => {
                decode(&message.data).unwrap_or(PeerEvent::Malformed)
            }
            DataChannelEvent::OnClose => PeerEvent::Closed,
            _ => continue,
        };
        if events.send(event).await.is_err() {
            return;
        }
    }
}
