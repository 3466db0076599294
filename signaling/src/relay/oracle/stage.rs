//! A relay without a network, everybody who speaks to it, and what it promises.

use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    rc::{Rc, Weak},
    time::{Duration, Instant},
};

use deskhand_protocol::{ice::Credential, id::JoinId};

use super::{
    super::{
        Bounds, Client, LOWEST_PORT, Login, Public, Relay, Step, Wanted, Way,
        lease::Purpose,
        nonce::Nonces,
        reach::is_global,
        stun::{Class, Key, Message, Method, Writer, attribute},
    },
    script::{self, Attributes, What},
};

const REALM: &str = "deskhand";
const PUBLIC: Public = Public {
    v4: Some(Ipv4Addr::new(25, 64, 0, 1)),
    v6: Some(Ipv6Addr::new(0x2a00, 0, 0, 0, 0, 0, 0, 1)),
};
/// This computer's, besides.
const OWN: Ipv4Addr = Ipv4Addr::new(25, 64, 0, 2);
/// The first port that is opened.
const FIRST_PORT: u16 = 50_000;
/// Small, so that a few steps reach them.
const BOUNDS: Bounds = Bounds {
    allocations: 5,
    allocations_per_session: 3,
    peers: 4,
    trials: 1,
    bytes_per_second: 1_000,
};
/// A trial has a rate of its own.
const TRIAL_BYTES_PER_SECOND: u64 = 16_000;
/// The most by which an answer is longer than what it answers: an error, the realm and a nonce.
/// More would make the relay a lever for whoever forges addresses.
const CHALLENGE: usize = 76;
/// Then whatever was reclaimed, or tried out, is over.
const AFTERWARDS: Duration = Duration::from_hours(1);

/// Logins: of two sessions, of a trial, and one that nobody was lent.
const LOGINS: usize = 4;
const TRIAL: usize = 2;
const INVENTED: usize = 3;

/// What is said in good form.
const SAID: [(Class, Method); 5] = [
    (Class::Request, Method::Allocate),
    (Class::Request, Method::Refresh),
    (Class::Request, Method::CreatePermission),
    (Class::Request, Method::ChannelBind),
    (Class::Indication, Method::Send),
];
const KINDS: [u16; 8] = [
    attribute::REQUESTED_TRANSPORT,
    attribute::LIFETIME,
    attribute::XOR_PEER_ADDRESS,
    attribute::CHANNEL_NUMBER,
    attribute::DATA,
    attribute::REQUESTED_ADDRESS_FAMILY,
    0x0018, // EVEN-PORT, which is not understood here
    0x8022, // SOFTWARE, which nobody has to understand
];

/// What an allocation carries with.
#[derive(Debug)]
struct Port {
    client: Client,
    username: String,
    relayed: SocketAddr,
}

struct Lent {
    login: Login,
    key: Key,
}

impl Lent {
    fn new(login: Login) -> Self {
        let key = Key::new(&login.username, REALM, &login.password.0);
        Self { login, key }
    }
}

/// See the module.
pub struct Stage {
    relay: Relay<Rc<Port>>,
    start: Instant,
    now: Instant,
    next_port: u16,
    /// All that were opened; who drops one closes it.
    open: Vec<Weak<Port>>,
    /// What nobody has opened yet.
    wanted: VecDeque<Wanted>,
    /// All that was ever lent.
    lent: Vec<Lent>,
    /// Where in there the present login of each is.
    present: [usize; INVENTED],
    invented: Lent,
    /// Bytes under each name.
    passed: HashMap<String, u64>,
    served: bool,
}

impl Stage {
    /// Everybody has been lent something, and nobody has said anything.
    pub fn new() -> Self {
        let now = Instant::now();
        let nonces = Nonces::new([7; 32], now);
        let mut stage = Self {
            relay: Relay::new(BOUNDS, PUBLIC, REALM.to_owned(), nonces),
            start: now,
            now,
            next_port: FIRST_PORT,
            open: Vec::new(),
            wanted: VecDeque::new(),
            lent: Vec::new(),
            present: [0; INVENTED],
            invented: Lent::new(login("invented")),
            passed: HashMap::new(),
            served: false,
        };
        for which in 0..INVENTED {
            stage.lend(which);
        }
        stage
    }

    /// Has a step happen.
    pub fn play(&mut self, step: &script::Step<'_>) {
        let client = client(step.client);
        let login = usize::from(step.login) % LOGINS;
        match &step.what {
            What::Say(bytes) => self.say(client, bytes, false),
            What::Ask {
                method,
                attributes,
                later,
            } => {
                let bytes = self.asked(client, login, *method, attributes);
                self.say(client, &bytes, *later);
            }
            What::Peer { from, data } => self.hear(client, peer(*from), data),
            What::Pass(time) => {
                self.now += *time;
                self.relay.pass_time(self.now);
            }
            What::Lend => self.lend(login),
            What::Reclaim(rest) => self.reclaim(login, *rest),
            What::Gone => {
                self.relay.gone(client);
                assert!(!self.relay.serves(client));
            }
            What::Open { any } => {
                if let Some(wanted) = self.wanted.pop_front() {
                    self.open(wanted, *any);
                }
            }
        }
    }

    /// Nobody has more than they may, and nothing is kept for those who have nothing.
    pub fn look_around(&mut self) {
        self.open.retain(|port| port.strong_count() > 0);
        assert!(self.open.len() <= BOUNDS.allocations);
        assert_eq!(self.open.len(), self.relay.allocations.len());
        assert_eq!(self.open.len(), self.relay.relayed.len());
        let mut counted = 0;
        for (username, lease) in &self.relay.leases {
            let has = self.open_of(username);
            assert_eq!(has, lease.allocations);
            assert!(has <= lease.most_allocations);
            counted += has;
        }
        assert_eq!(counted, self.open.len(), "allocations of nobody");
    }

    /// Ends all sessions; after a while nothing may be left. Tells whether the relay did anything
    /// for anybody.
    pub fn close(mut self) -> bool {
        for which in 0..LOGINS {
            self.reclaim(which, Duration::ZERO);
        }
        while let Some(wanted) = self.wanted.pop_front() {
            self.open(wanted, true);
        }
        self.relay.pass_time(self.now + AFTERWARDS);
        self.look_around();
        assert_eq!(self.open.len(), 0);
        assert!(self.relay.leases.is_empty() && self.relay.usernames.is_empty());
        self.served
    }

    fn open_of(&self, username: &str) -> usize {
        let open = self.open.iter().filter_map(Weak::upgrade);
        open.filter(|port| port.username == username).count()
    }

    fn lend(&mut self, which: usize) {
        let fresh = login(&format!("{which}, {}", self.lent.len()));
        let lent = match session(which) {
            Some(join) => Some(self.relay.lend(join, fresh, self.now)),
            None if which == TRIAL => self.relay.lend_trial(fresh, self.now),
            None => None,
        };
        let (Some(lent), Some(present)) = (lent, self.present.get_mut(which)) else {
            return;
        };
        let known = self.lent.iter().position(|one| one.login == lent);
        *present = known.unwrap_or(self.lent.len());
        if known.is_none() {
            self.lent.push(Lent::new(lent));
        }
    }

    fn reclaim(&mut self, which: usize, rest: Duration) {
        let Some(join) = session(which) else {
            return;
        };
        let username = self.relay.usernames.get(&join).cloned();
        self.relay.reclaim(join, self.now + rest, self.now);
        if let Some(username) = username
            && rest.is_zero()
        {
            assert_eq!(self.open_of(&username), 0, "they end with their session");
        }
    }

    /// Something in good form.
    fn asked(
        &self,
        client: Client,
        which: usize,
        number: u8,
        attributes: &Attributes<'_>,
    ) -> Vec<u8> {
        let (class, method) = SAID[usize::from(number) % SAID.len()];
        let mut writer = Writer::new(class, method, &[number; 12]);
        for (kind, value) in attributes.clone() {
            let kind = KINDS[usize::from(kind) % KINDS.len()];
            writer = match value {
                [which] if kind == attribute::XOR_PEER_ADDRESS => {
                    writer.address(kind, peer(*which))
                }
                value => writer.attribute(kind, value),
            };
        }
        if class != Class::Request {
            return writer.finish();
        }
        let present = self.present.get(which);
        let Lent { login, key } = present.map_or(&self.invented, |nth| &self.lent[*nth]);
        let nonce = self.relay.nonces.make(client, self.now);
        writer
            .attribute(attribute::USERNAME, login.username.as_bytes())
            .attribute(attribute::REALM, REALM.as_bytes())
            .attribute(attribute::NONCE, nonce.as_bytes())
            .sign(key)
            .finish()
    }

    /// Whoever was lent what signed this.
    fn signer(&self, message: &Message<'_>) -> Option<&Lent> {
        self.lent.iter().find(|one| message.is_signed_by(&one.key))
    }

    fn say(&mut self, client: Client, bytes: &[u8], later: bool) {
        let own = |ip| ip == IpAddr::from(OWN);
        match self.relay.client_said(client, bytes, own, self.now) {
            Step::Nothing => {}
            Step::Answer(answer) => self.answered(bytes, &answer),
            Step::Open(wanted) => {
                let asked = parsed(bytes);
                let signer = self.signer(&asked).map(|one| &one.login.username);
                assert_eq!(signer, Some(&wanted.username));
                assert_eq!(wanted.client, client);
                if later {
                    self.wanted.push_back(wanted);
                } else {
                    self.open(wanted, true);
                }
            }
            Step::Send { through, to, data } => {
                assert_eq!(through.client, client);
                assert!(data.len() < bytes.len());
                assert!(to.port() >= LOWEST_PORT);
                self.passes(&through, to, data.len());
            }
            Step::Deliver { to, packet } => {
                let from = self.relay.allocations.get(&client);
                let from = from.map(|one| Rc::clone(&one.carrier));
                let Some(from) = from else {
                    panic!("from nobody");
                };
                assert_eq!(from.username, to.username);
                self.counts(&from, content(&to, &packet).len());
            }
        }
    }

    fn hear(&mut self, client: Client, from: SocketAddr, data: &[u8]) {
        let Some(relayed) = self.relay.allocations.get(&client).map(|one| one.relayed) else {
            return;
        };
        if let Some((port, packet)) = self.relay.peer_said(relayed, from, data, self.now) {
            assert_eq!(port.client, client);
            assert_eq!(content(&port, &packet), data);
            self.passes(&port, from, data.len());
        }
    }

    /// Something leaves, or comes from outside.
    fn passes(&mut self, port: &Port, peer: SocketAddr, bytes: usize) {
        let ip = peer.ip();
        assert!(is_global(ip) && ip != OWN && !PUBLIC.contains(ip), "{ip}");
        assert_eq!(ip.is_ipv4(), port.relayed.is_ipv4());
        let lease = self.relay.leases.get(&port.username);
        assert!(lease.is_some_and(|lease| lease.purpose == Purpose::Session));
        self.counts(port, bytes);
    }

    fn counts(&mut self, port: &Port, bytes: usize) {
        let lease = self.relay.leases.get(&port.username);
        assert!(lease.is_some_and(|lease| lease.stands(self.now)));
        let rate = match lease.map(|lease| lease.purpose) {
            Some(Purpose::Trial) => TRIAL_BYTES_PER_SECOND,
            Some(Purpose::Session) | None => BOUNDS.bytes_per_second,
        };
        let passed = self.passed.entry(port.username.clone()).or_default();
        *passed += bytes as u64;
        let time = self.now.saturating_duration_since(self.start).as_secs();
        assert!(*passed <= rate * (time + 1));
        self.served = true;
    }

    fn answered(&mut self, asked: &[u8], answer: &[u8]) {
        assert!(answer.len() <= asked.len() + CHALLENGE);
        let (asked, answer) = (parsed(asked), parsed(answer));
        assert_eq!(asked.class, Class::Request);
        assert_eq!(
            (answer.method, answer.transaction),
            (asked.method, asked.transaction)
        );
        match answer.class {
            Class::Error => {}
            Class::Success if answer.method == Method::Binding => self.served = true,
            Class::Success => {
                let signer = self.signer(&asked);
                assert!(signer.is_some_and(|one| answer.is_signed_by(&one.key)));
                self.served = true;
            }
            class => panic!("{class:?} is no answer"),
        }
    }

    fn open(&mut self, wanted: Wanted, any: bool) {
        if !any {
            let answer = Relay::<Rc<Port>>::not_opened(&wanted);
            assert_eq!(parsed(&answer).class, Class::Error);
            return;
        }
        let client = wanted.client;
        let relayed = SocketAddr::new(wanted.ip, self.next_port);
        self.next_port += 1;
        let port = Rc::new(Port {
            client,
            username: wanted.username.clone(),
            relayed,
        });
        let (held, key) = (Rc::downgrade(&port), wanted.key.clone());
        let answer = self.relay.opened(wanted, relayed.port(), port, self.now);
        let answer = parsed(&answer);
        assert!(answer.is_signed_by(&key));
        if answer.class == Class::Success {
            let told = answer.addresses(attribute::XOR_RELAYED_ADDRESS).next();
            assert_eq!(told, Some(Some(relayed)));
            assert!(self.relay.serves(client));
            self.served = true;
        } else {
            assert_eq!(held.strong_count(), 0, "a socket that nobody has");
        }
        self.open.push(held);
    }
}

fn login(name: &str) -> Login {
    Login {
        username: name.to_owned(),
        password: Credential(format!("password of {name}")),
    }
}

fn session(which: usize) -> Option<JoinId> {
    [JoinId(1), JoinId(2)].get(which).copied()
}

fn client(which: u8) -> Client {
    Client {
        address: (Ipv4Addr::new(25, 1, 0, which), 4_000).into(),
        way: if which.is_multiple_of(2) {
            Way::Udp
        } else {
            Way::Tcp
        },
    }
}

/// Hosts of the Internet, others, and what the relay itself has opened.
fn peer(which: u8) -> SocketAddr {
    let v4 = |a, b, c, d| IpAddr::from(Ipv4Addr::new(a, b, c, d));
    let v6 = |first| IpAddr::from(Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 2));
    let (ip, port) = match which {
        0 => (v4(25, 2, 0, 1), 5_000),
        1 => (v4(25, 2, 0, 2), 5_000),
        2 => (v4(25, 2, 0, 1), 5_001),
        3 => (v4(25, 2, 0, 1), 53),
        4 => (v6(0x2a00), 5_000),
        5 => (v4(10, 0, 0, 1), 5_000),
        6 => (v6(0xfd00), 5_000),
        7 => (IpAddr::from(OWN), 5_000),
        8 => (v4(25, 2, 0, 3), 5_000),
        9 => (v4(25, 2, 0, 4), 5_000),
        nth => (v4(25, 64, 0, 1), FIRST_PORT + u16::from(nth - 10)),
    };
    (ip, port).into()
}

fn parsed(bytes: &[u8]) -> Message<'_> {
    match Message::parse(bytes) {
        Ok(message) => message,
        Err(error) => panic!("{error}: {bytes:?}"),
    }
}

/// What a client reads in a packet.
fn content<'a>(port: &Port, packet: &'a [u8]) -> &'a [u8] {
    if port.client.way == Way::Tcp {
        assert!(packet.len().is_multiple_of(4), "streams are padded");
    }
    if let [high @ 0x40..=0x7f, _, a, b, data @ ..] = packet {
        let len = usize::from(u16::from_be_bytes([*a, *b]));
        assert!(data.len() - len < 4, "channel {high:#x}..");
        return &data[..len];
    }
    let message = parsed(packet);
    assert_eq!(
        (message.class, message.method),
        (Class::Indication, Method::Data)
    );
    message.get(attribute::DATA).unwrap_or(&[])
}
