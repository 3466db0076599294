//! A novice's session, a server's hub and an expert's page, joined by links that delay and cut.
//! Nothing here waits: time is whatever the next event says.

mod expert;

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant, SystemTime},
};

use deskhand_agent::{
    clock::Now,
    desk::{Desk, Setup},
    front::{Answer, Channel, Intent, Order, PromptId, Rules, Serial, Stage, Standing},
    io::{Input, MediaCommand, Output, PeerCommand, PeerEvent, ServerEvent},
};
use deskhand_protocol::{
    handshake::{Words, novice::Charged, resume::ResumeKey},
    id::Fingerprint,
    invitation::{Link, Number},
    signal::{FromNovice, ToExpert, ToNovice},
    text::{Name, Sdp},
};
use deskhand_signaling::{
    hub::{self, Bounds, Hub, Page, Role, SocketId},
    token::KeyRing,
};
use deskhand_web_expert::{
    handshake::Handshake,
    state::{Event as PageEvent, Line, State},
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};

pub const PASSWORD: &str = "seven blue lamps";
const NOVICE: Fingerprint = Fingerprint([1; 32]);
const EXPERT: Fingerprint = Fingerprint([2; 32]);
/// Silence is noticed after so long.
const SILENCE: Duration = deskhand_agent::peer::SILENCE;
/// How long the novice reads a question.
const READING: Duration = Duration::from_secs(2);
/// How long either side waits before it connects again.
const AGAIN: Duration = Duration::from_secs(1);

/// What lies between either end and the server.
#[derive(Debug, Clone, Copy)]
pub struct Bad {
    /// Each message takes up to so long; none overtakes another.
    pub latency: Duration,
    /// So often each end loses its connection to the server, some time in the first 20 s.
    pub cuts: u32,
    /// Everything follows from it.
    pub seed: u64,
}

enum Event {
    ToHub(hub::Input),
    ToNovice(SocketId, ToNovice),
    ToExpert(SocketId, ToExpert),
    /// A socket is gone, as its end learns.
    Closed(SocketId),
    Cut(Role),
    NoviceConnects,
    ExpertActs,
    PageTicks,
    /// It has nothing to come back with.
    PageRefusesToTry,
    /// Of the direct connection of this number.
    ToPage(u32, PageEvent),
    /// Something passes again over that connection, if both ends still have it.
    Recovers(u32),
    NoviceAnswers(PromptId),
    /// From the novice's connection of this number.
    Peer(u32, PeerEvent),
}

/// Both ends and the server.
#[expect(clippy::struct_excessive_bools, reason = "what happened so far")]
pub struct Pair {
    pub now: Now,
    link: Bad,
    rng: ChaCha20Rng,
    queue: BTreeMap<(Instant, u64), Event>,
    queued: u64,
    sockets: u64,
    /// When the last message on the way from and to a socket arrives.
    last: HashMap<(SocketId, bool), Instant>,
    hub: Hub,
    keys: KeyRing,
    desk: Desk<ChaCha20Rng>,
    novice: Option<SocketId>,
    asked: Option<PromptId>,
    invitation: Link,
    typed: &'static str,
    begin: Instant,
    page: State,
    handshake: Option<Handshake>,
    expert: Option<SocketId>,
    /// What the page keeps, once it was approved.
    kept: Option<ResumeKey>,
    ticking: bool,
    acting: bool,
    /// Numbers the novice's connections; what an earlier one says is not heard.
    peer: u32,
    /// The one that the page has.
    page_peer: Option<u32>,
    server_away: bool,
    /// What the novice's computer wrote down.
    pub attempts: usize,
    /// Questions so far.
    pub questions: usize,
    /// The novice said yes.
    pub allowed: bool,
    /// The picture started.
    pub started: bool,
    /// So often.
    pub pictures: usize,
    /// A page that came back was sent away.
    pub locked_out: bool,
}

impl Pair {
    /// An open invitation, and an expert about to connect who types `typed`.
    pub fn new(link: Bad, typed: &'static str) -> Self {
        let rng = ChaCha20Rng::seed_from_u64(link.seed);
        let now = Now::read();
        let setup = Setup {
            server: Some("https://h.example".into()),
            name: Name::new("Ada"),
            fingerprint: NOVICE,
            no_control: None,
            rules: Rules::default(),
            first_use: false,
            until_idle: false,
        };
        let mut desk = Desk::new(
            setup,
            vec![],
            Serial(1),
            now,
            ChaCha20Rng::seed_from_u64(link.seed + 1),
        );
        let invite = Intent::Invite(Order {
            channel: Channel::Link,
            password: Some(PASSWORD.to_owned().into()),
            life: Duration::from_secs(3600),
            keep_open: false,
            replaced: 0,
        });
        for output in desk.handle(Input::Novice(invite), now) {
            if let Output::Keep(kept) = output {
                desk.handle(Input::Kept(kept.serial, Ok(())), now);
            }
        }
        let link_text = desk.view().invitations[0].link.clone().unwrap();
        let fragment = link_text.split_once('#').unwrap().1.to_owned();
        let invitation = Link::parse(&fragment).unwrap();
        let mut pair = Self {
            now,
            begin: now.at,
            page: expert::opened(&invitation),
            link,
            queue: BTreeMap::new(),
            queued: 0,
            sockets: 0,
            last: HashMap::new(),
            hub: Hub::new(Bounds::default(), 1),
            keys: KeyRing::ephemeral().unwrap(),
            desk,
            novice: None,
            asked: None,
            invitation,
            typed,
            handshake: None,
            expert: None,
            kept: None,
            ticking: false,
            acting: true,
            peer: 0,
            page_peer: None,
            server_away: false,
            attempts: 0,
            questions: 0,
            allowed: false,
            started: false,
            pictures: 0,
            locked_out: false,
            rng,
        };
        pair.after(Duration::ZERO, Event::NoviceConnects);
        pair.after(AGAIN, Event::ExpertActs);
        pair.cut_from_now_on();
        pair
    }

    /// Each end loses its connection to the server some time in the next 20 s, as often as the
    /// link has it.
    pub fn cut_from_now_on(&mut self) {
        for role in [Role::Novice, Role::Expert(Page::Served)] {
            for _ in 0..self.link.cuts {
                let at = self.up_to(Duration::from_secs(20));
                self.after(at, Event::Cut(role));
            }
        }
    }

    /// The direct connection is gone, as both ends learn.
    pub fn lose_line(&mut self) {
        self.after(Duration::ZERO, Event::Peer(self.peer, PeerEvent::Closed));
        self.after(Duration::ZERO, Event::ToPage(self.peer, PageEvent::Lost));
    }

    /// Nothing passes directly for so long, which is noticed after a while at either end. If the
    /// connection is still the same then, it is as good as before.
    pub fn black_out(&mut self, time: Duration) {
        let peer = self.peer;
        let interrupted = PageEvent::Line(Line::Interrupted);
        self.after(SILENCE, Event::Peer(peer, PeerEvent::Heard(false)));
        self.after(SILENCE, Event::ToPage(peer, interrupted));
        self.after(time, Event::Recovers(peer));
    }

    /// Whether both ends have one and the same connection, and know that it is good.
    pub fn both_see(&self) -> bool {
        let novice = matches!(self.stage(), Stage::Viewing { lost: None, .. });
        novice && self.page_sees() && self.page_peer == Some(self.peer)
    }

    /// The novice ends the session.
    pub fn end(&mut self) {
        self.tell_desk(Input::Novice(Intent::End));
    }

    /// What the novice sees.
    pub fn stage(&self) -> Stage {
        self.desk.view().stage
    }

    /// What has become of the invitation.
    pub fn standing(&self) -> Standing {
        self.desk.view().invitations[0].standing
    }

    /// What the novice should say to the expert on the phone, if they see words.
    pub fn words_of_novice(&self) -> Option<Words> {
        match self.stage() {
            Stage::Connecting { words, .. } | Stage::Viewing { words, .. } => Some(words),
            _ => None,
        }
    }

    /// Takes the novice's connection away right now.
    pub fn cut_novice(&mut self) {
        self.after(Duration::ZERO, Event::Cut(Role::Novice));
    }

    /// Nobody reaches the server any more.
    pub fn server_is_gone(&mut self) {
        self.server_away = true;
        for role in [Role::Novice, Role::Expert(Page::Served)] {
            self.after(Duration::ZERO, Event::Cut(role));
        }
    }

    /// Runs until `done`, or for so long; tells whether it was done.
    pub fn run_until(&mut self, done: impl Fn(&Self) -> bool, within: Duration) -> bool {
        let end = self.now.at + within;
        while !done(self) {
            let event = self.queue.first_key_value().map(|((at, _), _)| *at);
            let ticks = [Some(self.desk.wake(self.now)), self.hub.wake_at()];
            let tick = ticks.into_iter().flatten().min();
            let next = event.into_iter().chain(tick).min();
            let Some(next) = next.filter(|next| *next <= end) else {
                return false;
            };
            self.now = self.now.after(next.saturating_duration_since(self.now.at));
            if event == Some(next)
                && let Some((_, event)) = self.queue.pop_first()
            {
                self.dispatch(event);
            } else {
                self.serve(hub::Input::Tick);
                self.tell_desk(Input::Tick);
            }
        }
        true
    }

    /// Runs for so long.
    pub fn passes(&mut self, time: Duration) {
        self.run_until(|_| false, time);
    }

    fn up_to(&mut self, longest: Duration) -> Duration {
        longest.mul_f64(f64::from(self.rng.next_u32()) / f64::from(u32::MAX))
    }

    fn after(&mut self, wait: Duration, event: Event) {
        self.at(self.now.at + wait, event);
    }

    fn at(&mut self, at: Instant, event: Event) {
        self.queued += 1;
        self.queue.insert((at, self.queued), event);
    }

    /// Sends something over a socket: late, but never before what was sent earlier.
    fn send(&mut self, socket: SocketId, to_hub: bool, event: Event) {
        let arrives = self.now.at + self.up_to(self.link.latency);
        let last = self.last.entry((socket, to_hub)).or_insert(arrives);
        *last = arrives.max(*last);
        let at = *last;
        self.at(at, event);
    }

    fn socket(&mut self) -> SocketId {
        self.sockets += 1;
        SocketId(self.sockets)
    }

    fn dispatch(&mut self, event: Event) {
        match event {
            Event::ToHub(input) => self.serve(input),
            Event::ToNovice(socket, message) if self.novice == Some(socket) => {
                self.tell_desk(Input::Server(ServerEvent::Message(message)));
            }
            Event::ToExpert(socket, message) if self.expert == Some(socket) => {
                self.page_hears(&message);
            }
            Event::Closed(socket) => self.closed(socket),
            Event::Cut(role) => {
                let socket = match role {
                    Role::Novice => self.novice,
                    Role::Expert(_) => self.expert,
                };
                if let Some(socket) = socket {
                    self.serve(hub::Input::Gone { socket });
                    self.closed(socket);
                }
            }
            Event::NoviceConnects if self.server_away => self.after(AGAIN, Event::NoviceConnects),
            Event::NoviceConnects => {
                self.novice = Some(self.socket());
                self.tell_desk(Input::Server(ServerEvent::Up));
            }
            Event::ExpertActs => self.expert_acts(),
            Event::PageTicks => self.page_ticks(),
            Event::PageRefusesToTry => self.tell_page(PageEvent::SocketClosed),
            Event::ToPage(peer, event) => self.tell_page_of(peer, event),
            Event::Recovers(peer) => {
                if self.peer == peer && self.page_peer == Some(peer) {
                    self.tell_desk(Input::Peer(PeerEvent::Heard(true)));
                    self.tell_page(PageEvent::Line(Line::Up));
                }
            }
            Event::NoviceAnswers(prompt) => {
                // Said for the question that was read, whether or not it is still open.
                self.allowed = true;
                self.tell_desk(Input::Novice(Intent::Answer {
                    prompt,
                    answer: Answer::Allow,
                }));
            }
            Event::Peer(peer, event) if peer == self.peer => self.tell_desk(Input::Peer(event)),
            // For somebody who is gone.
            Event::ToNovice(..) | Event::ToExpert(..) | Event::Peer(..) => {}
        }
    }

    fn closed(&mut self, socket: SocketId) {
        if self.novice == Some(socket) {
            self.novice = None;
            self.tell_desk(Input::Server(ServerEvent::Down));
            self.after(AGAIN, Event::NoviceConnects);
        } else if self.expert == Some(socket) {
            self.page_socket_closed();
        }
    }

    fn serve(&mut self, input: hub::Input) {
        for output in self.hub.handle(input, self.now.at) {
            match output {
                hub::Output::ToNovice { socket, message } => {
                    self.send(socket, false, Event::ToNovice(socket, message));
                }
                hub::Output::ToExpert { socket, message } => {
                    self.send(socket, false, Event::ToExpert(socket, message));
                }
                hub::Output::Registered {
                    socket,
                    route,
                    number,
                    ttl,
                } => {
                    let minted = self.keys.mint(route, number, ttl, SystemTime::now());
                    let token = minted.unwrap();
                    let message = ToNovice::Registered { route, token };
                    self.send(socket, false, Event::ToNovice(socket, message));
                }
                hub::Output::Draw { socket } => {
                    let number = Number::random(&mut self.rng);
                    self.serve(hub::Input::Drawn { socket, number });
                }
                hub::Output::Lend { join } => {
                    let servers = vec![];
                    self.serve(hub::Input::Lent { join, servers });
                }
                hub::Output::Reclaim { .. } => {}
                hub::Output::Close { socket } => self.send(socket, false, Event::Closed(socket)),
                hub::Output::Others(errand) => panic!("nobody else is there: {errand:?}"),
            }
        }
    }

    fn tell_desk(&mut self, input: Input) {
        for output in self.desk.handle(input, self.now) {
            self.novice_does(output);
        }
        let prompt = self.desk.view().prompt.map(|prompt| prompt.id);
        if let Some(prompt) = prompt
            && self.asked != Some(prompt)
        {
            self.asked = Some(prompt);
            self.questions += 1;
            self.after(READING, Event::NoviceAnswers(prompt));
        }
    }

    fn novice_does(&mut self, output: Output) {
        match output {
            Output::Server(message) => self.novice_says(message),
            Output::Charge(serial) => {
                self.attempts += 1;
                let charged = Charged::written_down();
                self.tell_desk(Input::Charged(serial, Ok(charged)));
            }
            Output::Keep(kept) => self.tell_desk(Input::Kept(kept.serial, Ok(()))),
            Output::Peer(PeerCommand::Start(_)) => {
                self.close_peer();
                let offer = PeerEvent::Offer(description(NOVICE));
                self.after(Duration::from_millis(50), Event::Peer(self.peer, offer));
            }
            Output::Peer(PeerCommand::Close) => self.close_peer(),
            Output::Peer(PeerCommand::Answer(_)) => {
                let connected = PeerEvent::Connected(EXPERT);
                let both = Duration::from_millis(200);
                self.after(both, Event::Peer(self.peer, connected));
                self.after(both, Event::ToPage(self.peer, PageEvent::Line(Line::Up)));
            }
            Output::Media(MediaCommand::Start(_)) => {
                assert!(self.allowed, "a picture that nobody allowed");
                self.started = true;
                self.pictures += 1;
            }
            _ => {}
        }
    }

    /// The next connection of the novice's has another number.
    fn close_peer(&mut self) {
        self.after(
            Duration::from_millis(100),
            Event::ToPage(self.peer, PageEvent::Lost),
        );
        self.peer += 1;
    }

    fn novice_says(&mut self, message: FromNovice) {
        let Some(socket) = self.novice else { return };
        let input = match message {
            FromNovice::Hello { .. } => hub::Input::Connected {
                socket,
                role: Role::Novice,
            },
            message => {
                let token = match &message {
                    FromNovice::Register { token, .. } => token.as_ref(),
                    _ => None,
                };
                let proof = token.and_then(|token| self.keys.check(token));
                hub::Input::Novice {
                    socket,
                    message,
                    proof,
                }
            }
        };
        self.send(socket, true, Event::ToHub(input));
    }
}

fn description(fingerprint: Fingerprint) -> Sdp {
    let hex: Vec<_> = (fingerprint.0.iter())
        .map(|byte| format!("{byte:02X}"))
        .collect();
    Sdp::new(&format!(
        "v=0\r\na=fingerprint:sha-256 {}\r\n",
        hex.join(":")
    ))
}
