//! The one loop that runs a session: waits for whatever happens next, hands it to the pure
//! [`Session`], and does what comes out. Nothing in here decides anything, and nothing in here
//! waits for network or disk except the ledger, whose delay is the point.

use std::path::PathBuf;

use rand_core::{CryptoRng, RngCore};
use tokio::sync::{mpsc, watch};

use crate::{
    clock::Now,
    front::{FrontEnd, Intent, Notice, View},
    hand::{self, Hand},
    ledger::Ledger,
    media::{self, Media},
    peer::{self, Certificate, Peer},
    server::{self, Address},
    session::{
        Input, MediaCommand, MediaEvent, Outcome, Output, PeerCommand, PeerEvent, ServerEvent,
        Session,
    },
};

/// So much may wait on the way to the server: a whole trickle of candidates and more.
const SERVER_QUEUE: usize = 128;
/// Notices that a front end has not shown yet.
const NOTICE_QUEUE: usize = 256;
/// Frames and pointer shapes between capture and connection.
const MEDIA_QUEUE: usize = 16;

/// What a session needs of this computer.
pub struct Place {
    /// Where the server is.
    pub server: Address,
    /// The X display to share.
    pub display: String,
    /// This program, to be started again as the hand.
    pub program: PathBuf,
    /// Bounds for the picture.
    pub settings: media::Settings,
    /// Shown by our connections.
    pub certificate: Certificate,
    /// Where attempts are written down.
    pub ledger: Box<dyn Ledger>,
}

/// The driver's end of the wires to a front end.
pub struct Wires {
    view: watch::Sender<View>,
    notices: mpsc::Sender<Notice>,
    intents: mpsc::Receiver<Intent>,
    own_windows: watch::Receiver<Vec<u32>>,
}

/// Wires for one front end, showing `view` at first.
pub fn wires(view: View) -> (Wires, FrontEnd) {
    let (view, view_end) = watch::channel(view);
    let (notices, notices_end) = mpsc::channel(NOTICE_QUEUE);
    let (intents_end, intents) = mpsc::channel(32);
    let (own_windows_end, own_windows) = watch::channel(Vec::new());
    let wires = Wires {
        view,
        notices,
        intents,
        own_windows,
    };
    let front = FrontEnd {
        view: view_end,
        notices: notices_end,
        intents: intents_end,
        own_windows: own_windows_end,
    };
    (wires, front)
}

/// Runs a session to its end.
pub async fn run<R: RngCore + CryptoRng>(
    mut session: Session<R>,
    place: Place,
    mut wires: Wires,
) -> Outcome {
    let (to_server, server_queue) = mpsc::channel(SERVER_QUEUE);
    let (server_events, mut from_server) = mpsc::channel(SERVER_QUEUE);
    let socket = tokio::spawn(server::run(
        place.server.clone(),
        server_queue,
        server_events,
    ));
    let mut edges = Edges {
        place,
        to_server,
        peer: None,
        media: None,
        hand: None,
        farewell: None,
    };

    loop {
        let wake = session.wake(Now::read());
        // A stop comes first, whatever else is waiting.
        let input = tokio::select! {
            biased;
            intent = wires.intents.recv() => Input::Novice(intent.unwrap_or(Intent::End)),
            event = next_hand(&mut edges.hand) => {
                if let hand::wire::Event::Fault(_) = event {
                    // The session starts another one when it is needed.
                    edges.hand = None;
                }
                Input::Hand(event)
            }
            event = from_server.recv() => Input::Server(event.unwrap_or(ServerEvent::Down)),
            event = next_peer(&mut edges.peer) => match event {
                peer::Event::Session(event) => Input::Peer(event),
                peer::Event::KeyFrame => {
                    edges.key_frame();
                    continue;
                }
            },
            Some(event) = next_media(&mut edges.media) => match edges.media_event(event) {
                Some(event) => Input::Media(event),
                None => continue,
            },
            Ok(()) = wires.own_windows.changed() => {
                edges.own_windows(&mut wires.own_windows);
                continue;
            }
            () = tokio::time::sleep_until(wake.into()) => Input::Tick,
        };
        if let Some(outcome) = edges.feed(&mut session, input, &mut wires) {
            edges.finish().await;
            drop(edges);
            // The last words are on their way to the server; it is not worth a long wait.
            let _ = tokio::time::timeout(std::time::Duration::from_secs(1), socket).await;
            return outcome;
        }
    }
}

/// Everything that touches the world.
struct Edges {
    place: Place,
    to_server: mpsc::Sender<deskhand_protocol::signal::FromNovice>,
    peer: Option<Peer>,
    media: Option<(Media, mpsc::Receiver<media::MediaEvent>)>,
    hand: Option<Hand>,
    farewell: Option<tokio::task::JoinHandle<()>>,
}

impl Edges {
    /// Hands one input to the session, does what follows, and what follows from that.
    fn feed<R: RngCore + CryptoRng>(
        &mut self,
        session: &mut Session<R>,
        input: Input,
        wires: &mut Wires,
    ) -> Option<Outcome> {
        let mut inputs = std::collections::VecDeque::from([input]);
        let mut outcome = None;
        while let Some(input) = inputs.pop_front() {
            for output in session.handle(input, Now::read()) {
                if let Output::Done(done) = output {
                    outcome = Some(done);
                } else {
                    inputs.extend(self.apply(output, wires));
                }
            }
        }
        // Most inputs change nothing that is drawn, and a window that is drawn again is a
        // picture to send.
        let new = session.view();
        wires.view.send_if_modified(|view| {
            let changed = *view != new;
            *view = new;
            changed
        });
        outcome
    }

    /// Does one thing; gives back what is known at once.
    fn apply(&mut self, output: Output, wires: &mut Wires) -> Option<Input> {
        match output {
            Output::Server(message) => {
                // A full queue means a socket that is as good as gone; it will say so itself.
                let _ = self.to_server.try_send(message);
            }
            Output::Charge => {
                let charged = self
                    .place
                    .ledger
                    .charge()
                    .map_err(|error| error.to_string());
                return Some(Input::Charged(charged));
            }
            Output::ClearAttempts => written(self.place.ledger.clear()),
            Output::LockInvitation => written(self.place.ledger.lock()),
            Output::Peer(command) => return self.peer(command),
            Output::Media(command) => self.media(command),
            Output::StartHand => return self.start_hand(wires),
            Output::Hand(command) => {
                if let Some(hand) = &self.hand
                    && hand.send(command).is_err()
                {
                    return Some(Input::Hand(self.hand_gone()));
                }
            }
            Output::StopHand => self.hand = None,
            Output::Tell(notice) => {
                if wires.notices.try_send(notice).is_err() {
                    tracing::warn!("the front end does not keep up with what there is to say");
                }
            }
            Output::Done(_) => {}
        }
        None
    }

    fn peer(&mut self, command: PeerCommand) -> Option<Input> {
        match (command, &mut self.peer) {
            (PeerCommand::Start, peer) => *peer = Some(Peer::start(self.place.certificate.clone())),
            (PeerCommand::Answer(sdp), Some(peer)) => peer.answer(sdp),
            (PeerCommand::Candidate(candidate), Some(peer)) => peer.candidate(candidate),
            (PeerCommand::Control(message), Some(peer)) => {
                if !peer.control(&message) {
                    return Some(Input::Peer(PeerEvent::Closed));
                }
            }
            (PeerCommand::Cursor(at), Some(peer)) => peer.cursor(at),
            (PeerCommand::Close, peer) => {
                if let Some(peer) = peer.take() {
                    self.farewell = Some(tokio::spawn(peer.close()));
                }
            }
            (_, None) => {}
        }
        None
    }

    fn media(&mut self, command: MediaCommand) {
        match command {
            MediaCommand::Start(_grant) => {
                let (sender, events) = mpsc::channel(MEDIA_QUEUE);
                let display = self.place.display.clone();
                let source = move || media::capture::x11::open(&display);
                self.media = Some((Media::start(source, self.place.settings, sender), events));
            }
            MediaCommand::Pause(paused) => {
                if let Some((media, _)) = &self.media {
                    media.pause(paused);
                }
            }
            MediaCommand::Stop => self.media = None,
        }
    }

    fn media_event(&mut self, event: media::MediaEvent) -> Option<MediaEvent> {
        Some(match event {
            media::MediaEvent::Packet(packet) => {
                let sent = self.peer.as_ref().is_none_or(|peer| peer.video(packet));
                if !sent {
                    self.key_frame();
                }
                return None;
            }
            media::MediaEvent::Display { width, height } => MediaEvent::Display { width, height },
            media::MediaEvent::CursorShape(shape) => MediaEvent::CursorShape(shape),
            media::MediaEvent::CursorMoved(at) => MediaEvent::CursorMoved(at),
            media::MediaEvent::Failed(why) => {
                self.media = None;
                MediaEvent::Failed(why)
            }
        })
    }

    fn key_frame(&self) {
        if let Some((media, _)) = &self.media {
            media.request_key_frame();
        }
    }

    fn start_hand(&mut self, wires: &mut Wires) -> Option<Input> {
        if self.hand.is_some() {
            return None;
        }
        match Hand::spawn(&self.place.program, &self.place.display) {
            Ok(hand) => {
                self.hand = Some(hand);
                self.own_windows(&mut wires.own_windows);
                None
            }
            Err(error) => Some(Input::Hand(hand::wire::Event::Fault(error.to_string()))),
        }
    }

    fn own_windows(&self, windows: &mut watch::Receiver<Vec<u32>>) {
        let windows = windows.borrow_and_update().clone();
        if let Some(hand) = &self.hand {
            // A hand that is gone says so through `next_hand`.
            let _ = hand.send(hand::wire::Command::OwnWindows(windows));
        }
    }

    /// The hand died: what it held is released over a connection of our own.
    fn hand_gone(&mut self) -> hand::wire::Event {
        self.hand = None;
        if let Err(error) = hand::release_xtest(&self.place.display) {
            tracing::warn!(%error, "releasing what the hand held");
        }
        hand::wire::Event::Fault(
            "the part of Deskhand that moves mouse and keyboard stopped.".into(),
        )
    }

    async fn finish(&mut self) {
        self.media = None;
        self.hand = None;
        if let Some(peer) = self.peer.take() {
            peer.close().await;
        }
        if let Some(farewell) = self.farewell.take() {
            let _ = farewell.await;
        }
    }
}

fn written(result: std::io::Result<()>) {
    if let Err(error) = result {
        // The count on disk then stays too high, which lets nobody in.
        tracing::warn!(%error, "writing down an attempt's end");
    }
}

async fn next_peer(peer: &mut Option<Peer>) -> peer::Event {
    match peer {
        Some(peer) => peer.next().await,
        None => std::future::pending().await,
    }
}

async fn next_media(
    media: &mut Option<(Media, mpsc::Receiver<media::MediaEvent>)>,
) -> Option<media::MediaEvent> {
    match media {
        Some((_, events)) => events.recv().await,
        None => std::future::pending().await,
    }
}

async fn next_hand(hand: &mut Option<Hand>) -> hand::wire::Event {
    match hand {
        Some(hand) => hand.next().await,
        None => std::future::pending().await,
    }
}
