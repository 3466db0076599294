//! Everything of the agent's that touches the world, and what each output does to it.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use rand_core::{CryptoRng, RngCore};
use tokio::sync::watch;

use super::{
    Wires,
    errands::Errands,
    link::{self, Link},
    screen::{self, Screen},
};
use crate::{
    clock::Now,
    congestion::Flow,
    desk::Desk,
    front::{Channel, Notice, Rules, Serial},
    hand::{self, Hand},
    instance::Reply,
    io::{Input, MediaCommand, MediaEvent, Outcome, Output, PeerCommand, PeerEvent},
    media,
    peer::{Certificate, Peer},
    server::{Address, Trust},
    settings,
    store::{Keep, StoreError},
};

/// After so many looks around the time is noted down: every five minutes.
const NOTE_EVERY: u32 = 10;
/// The last words are on their way to the server; it is not worth a longer wait.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What the agent needs of this computer.
pub struct Place {
    /// Where the server is, if one is named.
    pub server: Option<Address>,
    /// Who is believed about it.
    pub trust: Trust,
    /// The X display to share.
    pub display: String,
    /// This program, to be started again as the hand.
    pub program: PathBuf,
    /// Bounds for the picture.
    pub settings: media::Settings,
    /// Shown by our connections.
    pub certificate: Certificate,
    /// What survives a restart.
    pub store: Box<dyn Keep>,
    /// Reads what the administrator decided.
    pub rules: Box<dyn Fn() -> Rules + Send>,
}

/// Everything that touches the world.
pub(super) struct Edges {
    place: Place,
    /// From here on the picture and the connection tell their times.
    begun: Instant,
    pub(super) errands: Errands,
    server: Option<Link>,
    rules: Rules,
    looks: u32,
    peer: Option<Peer>,
    flow: Option<watch::Receiver<Flow>>,
    screen: Screen,
    hand: Option<Hand>,
    farewell: Option<tokio::task::JoinHandle<()>>,
}

impl Edges {
    pub(super) fn new(place: Place, errands: Errands, rules: Rules) -> Self {
        Self {
            server: place
                .server
                .clone()
                .map(|address| Link::open(address, place.trust.clone())),
            place,
            begun: Instant::now(),
            errands,
            rules,
            looks: 0,
            peer: None,
            flow: None,
            screen: Screen::default(),
            hand: None,
            farewell: None,
        }
    }

    /// Waits for whatever happens next.
    pub(super) async fn next(&mut self) -> Event {
        // A stop comes first, whatever else is waiting.
        tokio::select! {
            biased;
            event = next_hand(&mut self.hand) => {
                if let hand::wire::Event::Fault(_) = event {
                    // The session starts another one when it is needed.
                    self.hand = None;
                }
                Event::Input(Input::Hand(event))
            }
            event = next_peer(&mut self.peer) => Event::Input(Input::Peer(event)),
            () = next_flow(&mut self.flow) => {
                self.follow();
                Event::Nothing
            }
            event = self.screen.next() => {
                let event = self.shown(event).map(Input::Media);
                event.map_or(Event::Nothing, Event::Input)
            }
            errand = self.errands.next() => Event::Errand(errand),
            // Last: a server that has always something to say must not keep anything waiting.
            event = link::next(&mut self.server) => Event::Input(Input::Server(event)),
        }
    }

    /// A server was tried out, and is the one from now on.
    pub(super) fn use_server(&mut self, address: Address) {
        if let Err(error) = self.place.store.set(settings::SERVER, &address.public()) {
            tracing::warn!(%error, "keeping the server's address");
        }
        self.server = Some(Link::open(address, self.place.trust.clone()));
    }

    /// Looks whether the administrator decided something new, and notes that time has passed.
    pub(super) fn look_around(&mut self) -> Option<Input> {
        self.looks += 1;
        if self.looks.is_multiple_of(NOTE_EVERY)
            && let Err(error) = self.place.store.seen(Now::read())
        {
            tracing::warn!(%error, "noting the time");
        }
        let rules = (self.place.rules)();
        if rules == self.rules {
            return None;
        }
        self.rules = rules.clone();
        Some(Input::Rules(rules))
    }

    /// Everything that is remembered.
    pub(super) fn settings(&self) -> Reply {
        let read = |name: &&str| {
            let value = self.place.store.setting(name).transpose()?;
            Some(value.map(|value| ((*name).to_owned(), value)))
        };
        match settings::ALL.iter().filter_map(read).collect() {
            Ok(settings) => Reply::Settings(settings),
            Err(error) => Reply::Refused(format!("{error}.")),
        }
    }

    /// Remembers something. It counts from the next start on.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Reply {
        if !settings::ALL.contains(&name) {
            return Reply::Refused(format!("There is no setting {name:?}."));
        }
        match self.place.store.set(name, value) {
            Ok(()) => Reply::Done,
            Err(error) => Reply::Refused(format!("{error}.")),
        }
    }

    /// Hands one input to the core, does what follows, and what follows from that.
    pub(super) fn feed<R: RngCore + CryptoRng>(
        &mut self,
        desk: &mut Desk<R>,
        input: Input,
        wires: &mut Wires,
    ) -> Fed {
        let mut inputs = std::collections::VecDeque::from([input]);
        let mut fed = Fed::default();
        while let Some(input) = inputs.pop_front() {
            for output in desk.handle(input, Now::read()) {
                match output {
                    Output::Done(done) => fed.done = Some(done),
                    Output::SaveFile(serial) => {
                        if let Some(one) = desk.view().invitation(serial) {
                            self.errands.save_file(one.clone());
                        }
                    }
                    Output::OpenMail(serial) => {
                        if let Some(one) = desk.view().invitation(serial) {
                            self.errands.open_mail(one.clone());
                        }
                    }
                    output => {
                        fed.listen(&output);
                        let then = self.apply(output, wires);
                        if let Some(Input::Kept(_, Err(why))) = &then {
                            fed.unsaved = Some(why.clone());
                        }
                        inputs.extend(then);
                    }
                }
            }
        }
        // Most inputs change nothing that is drawn, and a window that is drawn again is a
        // picture to send.
        let new = desk.view();
        wires.view.send_if_modified(|view| {
            let changed = *view != new;
            *view = new;
            changed
        });
        fed
    }

    /// Does one thing; gives back what is known at once.
    fn apply(&mut self, output: Output, wires: &mut Wires) -> Option<Input> {
        match output {
            Output::Server(message) => {
                if let Some(server) = &self.server {
                    // A full queue means a socket that is as good as gone; it will say so itself.
                    let _ = server.to_server.try_send(message);
                }
            }
            Output::Charge(serial) => {
                let charged = self.place.store.charge(serial);
                let charged = charged.map_err(|error| error.to_string());
                return Some(Input::Charged(serial, charged));
            }
            Output::Keep(kept) => {
                let written = self.place.store.put(&kept);
                let written = written.map_err(|error| format!("{error}."));
                return Some(Input::Kept(kept.serial, written));
            }
            Output::Clear(serial) => written(self.place.store.clear(serial)),
            Output::Forget(serial) => written(self.place.store.forget(serial)),
            Output::Warned => written(self.place.store.set(settings::WARNED, "yes")),
            Output::Peer(command) => return self.peer(command),
            Output::Media(command) => self.media(command),
            Output::StartHand => return self.start_hand(wires),
            Output::Hand(command) => {
                if let Some(hand) = &self.hand {
                    // One that is gone, or takes nothing any more, says so through `next_hand`.
                    let _ = hand.send(command);
                }
            }
            // One that was given up stays until all that it held is released.
            Output::StopHand => drop(self.hand.take_if(|hand| !hand.is_given_up())),
            Output::Tell(notice) => wires.tell(notice),
            Output::SaveFile(_) | Output::OpenMail(_) | Output::Done(_) => {}
        }
        None
    }

    fn peer(&mut self, command: PeerCommand) -> Option<Input> {
        match (command, &mut self.peer) {
            (PeerCommand::Start(servers), peer) => {
                let most = self.place.settings.max_bitrate_kbit;
                let certificate = self.place.certificate.clone();
                let trust = self.place.trust.clone();
                let started = Peer::start(certificate, servers, trust, most, self.begun);
                self.flow = Some(started.flow());
                *peer = Some(started);
                self.follow();
            }
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
                let display = self.place.display.clone();
                let source = move || media::capture::x11::open(&display);
                self.screen.start(source, self.place.settings, self.begun);
                self.follow();
            }
            MediaCommand::Stop => self.screen.stop(),
            command => self.screen.obey(&command),
        }
    }

    fn shown(&mut self, event: screen::Event) -> Option<MediaEvent> {
        use media::MediaEvent as Made;
        Some(match event {
            screen::Event::Stalled(stalled) => MediaEvent::Stalled(stalled),
            screen::Event::Media(Made::Packet(packet)) => {
                let sent = self.peer.as_ref().is_none_or(|peer| peer.update(packet));
                if !sent {
                    self.screen.obey(&MediaCommand::Refresh);
                }
                return None;
            }
            screen::Event::Media(Made::Display(scope)) => MediaEvent::Display(scope),
            screen::Event::Media(Made::Monitors(monitors)) => MediaEvent::Monitors(monitors),
            screen::Event::Media(Made::CursorShape(shape)) => MediaEvent::CursorShape(shape),
            screen::Event::Media(Made::CursorMoved(at)) => MediaEvent::CursorMoved(at),
            screen::Event::Media(Made::Failed(why)) => {
                self.screen.stop();
                MediaEvent::Failed(why)
            }
        })
    }

    /// Has the picture follow what the link carries.
    fn follow(&mut self) {
        if let Some(flow) = &mut self.flow {
            self.screen.follow(*flow.borrow_and_update());
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

    pub(super) fn own_windows(&self, windows: &mut watch::Receiver<Vec<u32>>) {
        let windows = windows.borrow_and_update().clone();
        if let Some(hand) = &self.hand {
            // A hand that is gone says so through `next_hand`.
            let _ = hand.send(hand::wire::Command::OwnWindows(windows));
        }
    }

    /// Ends everything, and lets the last words out.
    pub(super) async fn finish(mut self) {
        self.screen.stop();
        if let Some(mut hand) = self.hand.take()
            && hand.is_given_up()
        {
            hand.next().await;
        }
        if let Some(peer) = self.peer.take() {
            peer.close().await;
        }
        if let Some(farewell) = self.farewell.take() {
            let _ = farewell.await;
        }
        if let Some(Link {
            to_server, task, ..
        }) = self.server.take()
        {
            drop(to_server);
            let _ = tokio::time::timeout(LAST_WORDS, task).await;
        }
    }
}

/// What happens next.
pub(super) enum Event {
    /// To the core.
    Input(Input),
    /// An errand is done.
    Errand(super::errands::Done),
    /// It was dealt with.
    Nothing,
}

/// What came of an input, as far as somebody else waits for it.
#[derive(Debug, Default)]
pub(super) struct Fed {
    pub done: Option<Outcome>,
    /// Something could not be written down; a sentence says why.
    pub unsaved: Option<String>,
    /// An invitation was made, or not.
    pub invited: Option<(Channel, Result<Serial, String>)>,
}

impl Fed {
    fn listen(&mut self, output: &Output) {
        match output {
            Output::Tell(Notice::Invited(serial, channel)) => {
                self.invited = Some((*channel, Ok(*serial)));
            }
            Output::Tell(Notice::NotInvited(channel, why)) => {
                self.invited = Some((*channel, Err(why.clone())));
            }
            _ => {}
        }
    }
}

fn written(result: Result<(), StoreError>) {
    if let Err(error) = result {
        // Nothing that lets anybody in depends on it.
        tracing::warn!(%error, "writing to the store");
    }
}

async fn next_peer(peer: &mut Option<Peer>) -> PeerEvent {
    match peer {
        Some(peer) => peer.next().await,
        None => std::future::pending().await,
    }
}

/// Waits until something else is known of what the link carries.
async fn next_flow(flow: &mut Option<watch::Receiver<Flow>>) {
    if let Some(known) = flow
        && known.changed().await.is_ok()
    {
        return;
    }
    // The connection is over.
    *flow = None;
    std::future::pending::<()>().await;
}

async fn next_hand(hand: &mut Option<Hand>) -> hand::wire::Event {
    match hand {
        Some(hand) => hand.next().await,
        None => std::future::pending().await,
    }
}
