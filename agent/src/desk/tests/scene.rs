//! The core and an expert who really does the handshake with it.

use deskhand_protocol::ice::IceServer;

use super::*;

/// The core, its present, and everything it has put out since it was last looked at.
pub struct Scene {
    pub desk: Desk<ChaCha20Rng>,
    pub now: Now,
    pub out: Vec<Output>,
    pub link: Link,
    pub route: Route,
    pub rng: ChaCha20Rng,
    pub durable: u8,
    /// The newest of each invitation that was written down.
    pub written: std::collections::BTreeMap<Serial, Kept>,
    pub disk: Disk,
    /// What the expert has instead of a link.
    pub number: Option<deskhand_protocol::invitation::Number>,
    /// Everything that was told.
    pub said: Vec<String>,
    pub done: Option<Outcome>,
}

/// Whether the store can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    Writable,
    Full,
}

/// An expert whose password was right.
pub struct Expert {
    pub join: JoinId,
    pub channel: Channel,
    pub words: Words,
    pub resume: deskhand_protocol::handshake::resume::ResumeKey,
}

impl Scene {
    pub fn new() -> Self {
        Self::on_a_computer(None)
    }

    /// `no_control`: why control cannot be given there.
    pub fn on_a_computer(no_control: Option<&str>) -> Self {
        let mut scene = Self::with(Setup {
            no_control: no_control.map(str::to_owned),
            until_idle: true,
            ..setup()
        });
        scene.invite(&order(front::Channel::Link));
        scene
    }

    /// Connected, with no invitation.
    pub fn with(setup: Setup) -> Self {
        Self::restarted(setup, vec![], Serial(1), Now::read())
    }

    /// Connected, with what was kept.
    pub fn restarted(setup: Setup, kept: Vec<Kept>, next: Serial, now: Now) -> Self {
        let link = Link {
            id: deskhand_protocol::id::InvitationId::from_bytes([0; 16]),
            secret: deskhand_protocol::id::LinkSecret::from_bytes([0; 16]),
            password: false,
        };
        let mut scene = Self {
            desk: Desk::new(setup, kept, next, now, ChaCha20Rng::seed_from_u64(8)),
            now,
            out: vec![],
            route: link.id.route(),
            link,
            rng: ChaCha20Rng::seed_from_u64(7),
            durable: 0,
            written: std::collections::BTreeMap::new(),
            disk: Disk::Writable,
            number: None,
            said: vec![],
            done: None,
        };
        scene.input(Input::Server(ServerEvent::Up));
        scene
    }

    /// Makes an invitation that the server takes; the expert has its link.
    pub fn invite(&mut self, order: &Order) -> Serial {
        self.novice(Intent::Invite(order.clone()));
        let made = self.desk.view().invitations.first().cloned().unwrap();
        if let Some(link) = made.link {
            self.link = Link::parse(link.split_once('#').unwrap().1).unwrap();
            self.route = self.link.id.route();
        }
        let (route, token) = (self.route, OwnerToken("t".into()));
        self.server(ToNovice::Registered { route, token });
        made.serial
    }

    /// What is on disk of the only invitation.
    pub fn kept(&self) -> &Kept {
        &self.written[&Serial(1)]
    }

    pub fn input(&mut self, input: Input) {
        let out = self.desk.handle(input, self.now);
        for output in out {
            let then = match &output {
                Output::Charge(serial) => {
                    self.durable += 1;
                    if let Some(kept) = self.written.get_mut(serial) {
                        kept.failed += 1;
                    }
                    let charged = Charged::written_down();
                    Some(Input::Charged(*serial, Ok(charged)))
                }
                Output::Keep(kept) => {
                    let written = match self.disk {
                        Disk::Writable => {
                            let mut new = (**kept).clone();
                            // Attempts are counted on their own.
                            new.failed = self.written.get(&kept.serial).map_or(0, |old| old.failed);
                            self.written.insert(kept.serial, new);
                            Ok(())
                        }
                        Disk::Full => Err("The disk is full.".to_owned()),
                    };
                    Some(Input::Kept(kept.serial, written))
                }
                Output::Clear(serial) => {
                    if let Some(kept) = self.written.get_mut(serial) {
                        kept.failed = 0;
                    }
                    None
                }
                Output::Tell(notice) => {
                    self.said.push(notice.sentence());
                    None
                }
                Output::Done(outcome) => {
                    self.done = Some(*outcome);
                    None
                }
                _ => None,
            };
            self.out.push(output);
            if let Some(then) = then {
                self.input(then);
            }
        }
    }

    pub fn server(&mut self, message: ToNovice) {
        self.input(Input::Server(ServerEvent::Message(message)));
    }

    pub fn novice(&mut self, intent: Intent) {
        self.input(Input::Novice(intent));
    }

    pub fn pass(&mut self, time: Duration) {
        self.now = self.now.after(time);
        self.input(Input::Tick);
    }

    pub fn relay_from_page(&mut self, join: JoinId, message: &ToAgent) {
        let payload = Payload::new(wire::encode(message)).unwrap();
        self.server(ToNovice::Relay { join, payload });
    }

    pub fn sealed(&mut self, expert: &mut Expert, message: &SealedToAgent) {
        let sealed = ToAgent::Sealed(expert.channel.seal(message));
        self.relay_from_page(expert.join, &sealed);
    }

    /// The last message to a page.
    pub fn to_page(&self, join: JoinId) -> Option<ToPage> {
        self.out.iter().rev().find_map(|output| match output {
            Output::Server(ToServer::Relay { join: to, payload }) if *to == join => {
                wire::decode(payload.as_bytes()).ok()
            }
            _ => None,
        })
    }

    pub fn dismissed(&self, join: JoinId) -> bool {
        self.out.iter().any(
            |output| matches!(output, Output::Server(ToServer::Dismiss { join: gone }) if *gone == join),
        )
    }

    pub fn join(&mut self, join: u64) -> JoinId {
        let (join, route) = (JoinId(join), self.route);
        self.server(ToNovice::Joined { join, route });
        join
    }

    /// As far as KE2.
    pub fn hello(&mut self, join: JoinId, password: &str) -> Option<handshake::expert::Waiting> {
        let Some(ToPage::Challenge(challenge)) = self.to_page(join) else {
            return None;
        };
        let joining = match self.number {
            Some(number) => Joining::spoken(number, password),
            None => Joining::new(self.link.clone(), password),
        };
        let (waiting, hello) = joining.hello(&challenge, FP_E, &mut self.rng).unwrap();
        self.relay_from_page(join, &ToAgent::Hello(hello));
        Some(waiting)
    }

    /// A whole attempt; `None` if the password was wrong.
    pub fn attempt(&mut self, number: u64, password: &str) -> Option<Expert> {
        let join = self.join(number);
        let waiting = self.hello(join, password)?;
        let Some(ToPage::Ke2(ke2)) = self.to_page(join) else {
            return None;
        };
        let Ok((established, ke3)) = waiting.finish(&ke2, &mut self.rng) else {
            self.server(ToNovice::Left { join });
            return None;
        };
        self.relay_from_page(join, &ToAgent::Ke3(ke3));
        Some(Expert {
            join,
            channel: established.channel,
            words: established.words,
            resume: established.resume,
        })
    }

    pub fn asking(&mut self) -> Expert {
        let mut expert = self.attempt(1, PASSWORD).unwrap();
        self.sealed(
            &mut expert,
            &SealedToAgent::Introduce {
                name: Name::new("Maria"),
            },
        );
        expert
    }

    pub fn answer(&mut self, answer: Answer) {
        let prompt = self.desk.view().prompt.unwrap().id;
        self.pass(PROMPT_DELAY);
        self.novice(Intent::Answer { prompt, answer });
    }

    pub fn connecting(&mut self) -> Expert {
        let expert = self.asking();
        self.answer(Answer::Allow);
        let (join, servers) = (expert.join, vec![]);
        self.server(ToNovice::IceServers { join, servers });
        expert
    }

    /// What helps, for each connection that was begun.
    pub fn starts(&self) -> Vec<Vec<IceServer>> {
        let starts = self.out.iter().filter_map(|output| match output {
            Output::Peer(PeerCommand::Start(servers)) => Some(servers.clone()),
            _ => None,
        });
        starts.collect()
    }

    pub fn viewing(&mut self) -> Expert {
        let expert = self.connecting();
        self.peer(PeerEvent::Connected(FP_E));
        self.input(Input::Media(MediaEvent::Display(Scope {
            display: Display {
                epoch: 1,
                width: 1280,
                height: 800,
            },
            left: 0,
            top: 0,
        })));
        self.input(Input::Hand(HandEvent::Ready));
        expert
    }

    pub fn peer(&mut self, event: PeerEvent) {
        self.input(Input::Peer(event));
    }

    pub fn controlling(&mut self) -> (Expert, GrantId) {
        let expert = self.viewing();
        let grant = self.grant();
        (expert, grant)
    }

    pub fn grant(&mut self) -> GrantId {
        self.peer(PeerEvent::Control(FromExpert::RequestControl));
        self.answer(Answer::Allow);
        let grant = self.hand().iter().rev().find_map(|command| match command {
            Command::Open(grant) => Some(*grant),
            _ => None,
        });
        let grant = grant.expect("the hand is told to open");
        self.input(Input::Hand(HandEvent::Opened(grant)));
        grant
    }

    pub fn hand(&self) -> Vec<Command> {
        let commands = self.out.iter().filter_map(|output| match output {
            Output::Hand(command) => Some(command.clone()),
            _ => None,
        });
        commands.collect()
    }

    pub fn controls(&self) -> Vec<FromNovice> {
        let messages = self.out.iter().filter_map(|output| match output {
            Output::Peer(PeerCommand::Control(message)) => Some(message.clone()),
            _ => None,
        });
        messages.collect()
    }

    pub fn started_media(&self) -> bool {
        self.out
            .iter()
            .any(|output| matches!(output, Output::Media(MediaCommand::Start(_))))
    }

    /// Everything that was told, once it is over.
    pub fn ended(&self) -> Option<String> {
        let over = matches!(self.desk.view().stage, Stage::Ended { .. });
        (over || self.done.is_some()).then(|| self.said.join("\n"))
    }

    pub fn key(&mut self, grant: GrantId) {
        self.act(grant, Action::Heartbeat);
    }

    pub fn act(&mut self, grant: GrantId, action: Action) {
        let event = InputEvent {
            grant,
            epoch: 1,
            at: Position::default(),
            action,
        };
        self.peer(PeerEvent::Input(event));
    }

    pub fn forwarded(&self) -> usize {
        self.hand()
            .iter()
            .filter(|c| matches!(c, Command::Input(_) | Command::Motion(_)))
            .count()
    }
}

pub fn setup() -> Setup {
    Setup {
        server: Some("https://h.example".into()),
        name: Name::new("Ada"),
        fingerprint: FP_N,
        no_control: None,
        rules: Rules::default(),
        first_use: false,
        until_idle: false,
    }
}

pub fn order(channel: front::Channel) -> Order {
    Order {
        channel,
        password: Some(PASSWORD.to_owned().into()),
        life: HOUR,
        keep_open: false,
        replaced: 0,
    }
}

/// The standing of an invitation as the novice sees it.
pub fn standing(scene: &Scene, serial: Serial) -> Option<Standing> {
    Some(scene.desk.view().invitation(serial)?.standing)
}

/// What the server was asked to register: route, whether for files, number.
pub fn registers(
    scene: &Scene,
) -> Vec<(Route, bool, Option<deskhand_protocol::invitation::Number>)> {
    let registers = scene.out.iter().filter_map(|output| match output {
        Output::Server(ToServer::Register {
            route,
            file,
            number,
            ..
        }) => Some((*route, *file, *number)),
        _ => None,
    });
    registers.collect()
}
