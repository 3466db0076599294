//! Where decisions become acts: the one place that owns the socket, the handshake, the direct
//! connection and the hands.

use deskhand_protocol::{
    control::FromExpert,
    envelope::{Candidate, SealedToAgent},
    handshake::resume::ResumeKey,
    ice::IceServer,
    picture::Answer,
    signal::ToExpert,
    text::Sdp,
};
use gloo_timers::callback::{Interval, Timeout};
use rand_core::OsRng;
use wasm_bindgen_futures::spawn_local;
use yew::Callback;

use crate::{
    certificate::Certificate,
    channels,
    cursor::Cursor,
    gauge::Gauge,
    hands::Hands,
    handshake::{Handshake, Output},
    memory, peer,
    peer::Peer,
    picture::{self, Picture},
    place::Place,
    server,
    server::Server,
    state::{Credentials, Effect, Event, Line},
    trial::{self, Trial, verdict::Outcome},
};

/// After the last word the connection stays so long, unless the other side closes it before.
const PARTING_MILLIS: u32 = 1_000;
/// So often the page notes that the session stands.
const BEAT_MILLIS: u32 = 5_000;

/// Something from outside the page's own state.
#[derive(Debug)]
pub enum Heard {
    /// The certificate for attempt so-and-so is there.
    Certified(u32, Option<Certificate>),
    /// From the socket.
    Server(server::Heard),
    /// From the direct connection.
    Peer(peer::Heard),
    /// From the picture.
    Picture(picture::Heard),
    /// From the trial of the connection.
    Trial(trial::Heard),
    /// The parting connection has had its time.
    Parted,
    /// It is time to note that the session stands.
    Beat,
}

/// What a certificate is being made for.
#[derive(Debug)]
enum Purpose {
    /// A way in.
    Join(Credentials),
    /// A way back.
    Return(ResumeKey),
}

/// The edges of one page.
#[derive(Debug)]
pub struct Shell {
    place: Place,
    on: Callback<Heard>,
    /// Counts the attempts, so that a certificate that comes too late is told apart.
    attempt: u32,
    joining: Option<Purpose>,
    certificate: Option<Certificate>,
    handshake: Option<Handshake>,
    /// What helps to reach the novice; said just before their offer.
    ice_servers: Vec<IceServer>,
    server: Option<Server>,
    peer: Option<Peer>,
    parting: Option<(Peer, Timeout)>,
    /// What this page comes back with, and its beat.
    kept: Option<(ResumeKey, Interval)>,
    trial: Option<Trial>,
    /// The picture; `None` if this browser cannot paint.
    pub picture: Option<Picture>,
    /// Mouse and keyboard.
    pub hands: Hands,
    /// The novice's pointer.
    pub cursor: Cursor,
    /// How the picture travels.
    pub gauge: Gauge,
}

impl Shell {
    /// Edges of a page that came from `place`; they report to `on`.
    pub fn new(place: Place, hands: Hands, on: Callback<Heard>) -> Self {
        Self {
            picture: Picture::new(on.reform(Heard::Picture)).ok(),
            place,
            on,
            attempt: 0,
            joining: None,
            certificate: None,
            handshake: None,
            ice_servers: Vec::new(),
            server: None,
            peer: None,
            parting: None,
            kept: None,
            trial: None,
            hands,
            cursor: Cursor::default(),
            gauge: Gauge::default(),
        }
    }

    /// Does what was decided; returns what follows from it at once.
    pub fn apply(&mut self, effect: Effect) -> Vec<Event> {
        match effect {
            Effect::Join(credentials) => {
                self.hang_up();
                self.begin(Purpose::Join(credentials));
            }
            Effect::Rejoin => return self.rejoin(),
            Effect::StopRejoining => self.let_server_go(),
            Effect::Keep => self.keep(),
            Effect::Forget => {
                self.kept = None;
                memory::forget_session();
            }
            Effect::Leave => self.seal(&SealedToAgent::Leave),
            Effect::HangUp => self.hang_up(),
            Effect::Part => self.part(),
            Effect::Answer(offer) => return self.answer(&offer),
            Effect::Candidate(candidate) => {
                if let Some(peer) = &self.peer {
                    peer.candidate(&candidate);
                }
            }
            Effect::Send(message) => return self.control(&message),
            Effect::SayCodecs => {
                if let Some(picture) = &self.picture {
                    picture.ask_codecs();
                }
            }
            Effect::Grant(grant) => self.hands.grant(grant),
            Effect::Revoke => self.hands.revoke(),
            Effect::Cursor(shape) => self.cursor.shape(shape),
            Effect::Remember(name) => memory::remember_name(name.as_str()),
            Effect::RememberQuality(quality) => memory::remember_quality(quality),
            Effect::Try => return self.try_out(),
            Effect::Look(looking) => {
                if let Some(picture) = &self.picture {
                    picture.look(looking);
                }
            }
        }
        vec![]
    }

    /// Takes what an edge says; returns what it means for the state.
    pub fn hear(&mut self, heard: Heard) -> Vec<Event> {
        match heard {
            Heard::Certified(attempt, made) if attempt == self.attempt => self.certified(made),
            Heard::Certified(..) => vec![],
            Heard::Server(said) => self.server(said),
            Heard::Peer(said) => self.peer(said),
            Heard::Picture(picture::Heard::Began(epoch)) => {
                // What the expert does is aimed at what they see, and not at what is announced.
                self.hands.display(epoch);
                vec![Event::Frame]
            }
            Heard::Picture(picture::Heard::Lost) => self.control(&FromExpert::Refresh),
            Heard::Picture(picture::Heard::Broken) => vec![Event::PictureBroken],
            Heard::Picture(picture::Heard::Decodes(codecs)) => {
                self.control(&FromExpert::Decodes(codecs))
            }
            Heard::Trial(heard) => self.tried(heard),
            Heard::Parted => {
                self.parting = None;
                vec![]
            }
            Heard::Beat => vec![Event::Beat],
        }
    }

    fn try_out(&mut self) -> Vec<Event> {
        match Trial::start(&self.place, &self.on.reform(Heard::Trial)) {
            Ok(trial) => self.trial = Some(trial),
            Err(_) => return vec![Event::Tried(Outcome::NoServer)],
        }
        vec![]
    }

    fn tried(&mut self, heard: trial::Heard) -> Vec<Event> {
        let outcome = self.trial.as_mut().and_then(|trial| trial.hear(heard));
        if outcome.is_some() {
            self.trial = None;
        }
        outcome.map(Event::Tried).into_iter().collect()
    }

    fn control(&self, message: &FromExpert) -> Vec<Event> {
        if let Some(peer) = &self.peer {
            peer.channels().control(message);
        }
        vec![]
    }

    /// Can come back with this from now on.
    pub fn may_return(&mut self, key: ResumeKey) {
        let on = self.on.clone();
        let beat = Interval::new(BEAT_MILLIS, move || on.emit(Heard::Beat));
        self.kept = Some((key, beat));
    }

    /// Keeps what the handshake has led to, or what there is.
    fn keep(&mut self) {
        let next = self.handshake.as_ref().and_then(Handshake::resume_key);
        match (next.cloned(), &mut self.kept) {
            (Some(next), Some((key, _))) => *key = next,
            (Some(next), None) => self.may_return(next),
            (None, _) => {}
        }
        if let Some((key, _)) = &self.kept {
            memory::keep_session(key);
        }
    }

    fn rejoin(&mut self) -> Vec<Event> {
        let Some((key, _)) = &self.kept else {
            return vec![Event::SocketClosed];
        };
        let key = key.clone();
        self.begin(Purpose::Return(key));
        vec![]
    }

    fn begin(&mut self, purpose: Purpose) {
        self.let_server_go();
        self.parting = None;
        self.attempt += 1;
        self.joining = Some(purpose);
        let (attempt, on) = (self.attempt, self.on.clone());
        spawn_local(async move {
            let made = Certificate::make().await.ok();
            on.emit(Heard::Certified(attempt, made));
        });
    }

    fn certified(&mut self, made: Option<Certificate>) -> Vec<Event> {
        // Given up meanwhile.
        let Some(purpose) = self.joining.take() else {
            return vec![];
        };
        let Some(certificate) = made else {
            return vec![Event::NoCertificate];
        };
        let Ok(server) = Server::open(&self.place, &self.on.reform(Heard::Server)) else {
            return vec![Event::SocketClosed];
        };
        self.server = Some(server);
        let fingerprint = certificate.fingerprint;
        self.handshake = Some(match purpose {
            Purpose::Join(Credentials {
                key,
                name,
                password,
            }) => Handshake::new(key, &password.0, name, fingerprint),
            Purpose::Return(key) => Handshake::resume(key, fingerprint),
        });
        self.certificate = Some(certificate);
        vec![]
    }

    fn server(&mut self, said: server::Heard) -> Vec<Event> {
        let (Some(server), Some(handshake)) = (&self.server, &mut self.handshake) else {
            return vec![];
        };
        match said {
            server::Heard::Open => {
                for message in handshake.open() {
                    server.send(&message);
                }
                vec![]
            }
            server::Heard::Message(ToExpert::IceServers { servers }) => {
                self.ice_servers = servers;
                vec![]
            }
            server::Heard::Message(message) => handshake
                .handle(&message, &mut OsRng)
                .into_iter()
                .filter_map(|output| match output {
                    Output::Send(message) => {
                        server.send(&message);
                        None
                    }
                    Output::Tell(news) => Some(Event::News(news)),
                })
                .collect(),
            server::Heard::Closed => {
                self.server = None;
                vec![Event::SocketClosed]
            }
        }
    }

    fn answer(&mut self, offer: &Sdp) -> Vec<Event> {
        // It stays: where a connection gets stuck, another offer follows.
        let Some(certificate) = &self.certificate else {
            return vec![Event::Lost];
        };
        let Some(picture) = &self.picture else {
            return vec![Event::Lost];
        };
        self.peer = None; // an attempt that the novice's computer has given up
        let on = self.on.reform(Heard::Peer);
        picture.renew();
        self.cursor.renew();
        match Peer::answer(certificate, &self.ice_servers, offer, picture, &on) {
            Ok(peer) => {
                self.hands.connect(peer.channels());
                self.gauge.connect(&peer);
                self.peer = Some(peer);
                vec![]
            }
            Err(_) => vec![Event::Lost],
        }
    }

    fn peer(&mut self, said: peer::Heard) -> Vec<Event> {
        match said {
            peer::Heard::Answer(answer) => self.seal(&SealedToAgent::Answer(answer)),
            peer::Heard::Candidate(candidate) => self.trickle(candidate),
            peer::Heard::Reach(reach) => return vec![Event::Reach(reach)],
            // Connected once the channels are open; after that, again when it comes back.
            peer::Heard::Connected(true) => {
                let open = self.peer.as_ref().is_some_and(|p| p.channels().is_open());
                return if open {
                    vec![Event::Line(Line::Up)]
                } else {
                    vec![]
                };
            }
            peer::Heard::Connected(false) => return vec![Event::Line(Line::Interrupted)],
            peer::Heard::Channel(channels::Heard::Open) => return vec![Event::Line(Line::Up)],
            peer::Heard::Channel(channels::Heard::Novice(message)) => {
                return vec![Event::Novice(message)];
            }
            peer::Heard::Channel(channels::Heard::Cursor(moved)) => self.cursor.moved(moved),
            peer::Heard::Channel(channels::Heard::Answer(answer, at)) => match answer {
                Answer::Clock { asked, micros } => self.gauge.answered(asked, micros, at),
                Answer::Report => {
                    if let Some(picture) = &self.picture {
                        picture.report();
                    }
                }
            },
            peer::Heard::Lost
            | peer::Heard::Channel(channels::Heard::Closed | channels::Heard::Garbled) => {
                self.parting = None;
                return vec![Event::Lost];
            }
        }
        vec![]
    }

    fn trickle(&mut self, candidate: Candidate) {
        self.seal(&SealedToAgent::Candidate(candidate));
    }

    fn seal(&mut self, message: &SealedToAgent) {
        let sealed = self.handshake.as_mut().and_then(|h| h.seal(message));
        if let (Some(server), Some(sealed)) = (&self.server, sealed) {
            server.send(&sealed);
        }
    }

    fn let_server_go(&mut self) {
        self.joining = None;
        self.certificate = None;
        self.handshake = None;
        self.ice_servers.clear();
        self.server = None;
    }

    fn hang_up(&mut self) {
        self.let_server_go();
        self.peer = None;
        if let Some(picture) = &self.picture {
            picture.forget();
        }
        self.cursor.forget();
    }

    fn part(&mut self) {
        let peer = self.peer.take();
        self.hang_up();
        self.parting = peer.map(|peer| {
            let on = self.on.clone();
            (
                peer,
                Timeout::new(PARTING_MILLIS, move || on.emit(Heard::Parted)),
            )
        });
    }
}
