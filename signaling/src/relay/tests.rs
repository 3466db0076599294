//! The relay without a network: what it answers, whom it lets speak to whom, and for how long.

mod malformed;
mod passing;
mod sessions;
mod trials;

use deskhand_protocol::ice::Credential;

use super::*;

/// Where the relay is.
const PUBLIC: &str = "25.64.0.1";
const REALM: &str = "deskhand";
/// This computer's, besides.
const OWN: &str = "25.64.0.2";

fn bounds() -> Bounds {
    Bounds {
        allocations: 5,
        allocations_per_session: 3,
        peers: 4,
        trials: 2,
        bytes_per_second: 10_000,
    }
}

/// A relay, its present, and the ports that it has opened.
struct Stage {
    relay: Relay<u16>,
    now: Instant,
    port: u16,
}

/// One end of a session.
#[derive(Clone)]
struct End {
    client: Client,
    login: Login,
    nonce: String,
}

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn udp(text: &str) -> Client {
    Client {
        address: addr(text),
        way: Way::Udp,
    }
}

fn login(name: &str) -> Login {
    Login {
        username: name.to_owned(),
        password: Credential(format!("password of {name}")),
    }
}

/// The code of an error, 0 of a success.
fn code(answer: &[u8]) -> u16 {
    let message = Message::parse(answer).unwrap();
    match (message.class, message.get(attribute::ERROR_CODE)) {
        (Class::Success, None) => 0,
        (Class::Error, Some(&[0, 0, class, number, ..])) => {
            u16::from(class) * 100 + u16::from(number)
        }
        other => panic!("{other:?}"),
    }
}

fn is_own(ip: IpAddr) -> bool {
    ip == OWN.parse::<IpAddr>().unwrap()
}

impl Stage {
    fn new() -> Self {
        Self::at(Public {
            v4: Some(PUBLIC.parse().unwrap()),
            v6: Some("2a00::1".parse().unwrap()),
        })
    }

    fn at(public: Public) -> Self {
        let now = Instant::now();
        Self {
            relay: Relay::new(
                bounds(),
                public,
                REALM.to_owned(),
                Nonces::new([7; 32], now),
            ),
            now,
            port: 50_000,
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.relay.pass_time(self.now);
    }

    fn send<'a>(&mut self, client: Client, bytes: &'a [u8]) -> Step<'a, u16> {
        self.relay.client_said(client, bytes, is_own, self.now)
    }

    fn answer(&mut self, client: Client, bytes: &[u8]) -> Vec<u8> {
        match self.send(client, bytes) {
            Step::Answer(answer) => answer,
            other => panic!("{other:?}"),
        }
    }

    /// An end of session number `join`, which is lent the relay.
    fn end(&mut self, address: &str, join: u64) -> End {
        let login = login(&format!("session {join}"));
        let login = self.relay.lend(JoinId(join), login, self.now);
        self.stranger(udp(address), login)
    }

    /// Somebody who claims to be in a session.
    fn stranger(&mut self, client: Client, login: Login) -> End {
        let bare = Writer::new(Class::Request, Method::Allocate, &[1; 12]).finish();
        let answer = self.answer(client, &bare);
        assert_eq!(code(&answer), 401);
        let message = Message::parse(&answer).unwrap();
        assert_eq!(message.text(attribute::REALM), Some(REALM));
        let nonce = message.text(attribute::NONCE).unwrap().to_owned();
        End {
            client,
            login,
            nonce,
        }
    }

    fn ask(&mut self, end: &End, request: &[u8]) -> u16 {
        code(&self.answer(end.client, request))
    }

    /// Gives the relayed address, or the code of the refusal.
    fn allocate(&mut self, end: &End) -> Result<SocketAddr, u16> {
        self.allocate_with(end, &end.request(Method::Allocate, udp_wanted))
    }

    fn allocate_with(&mut self, end: &End, request: &[u8]) -> Result<SocketAddr, u16> {
        let answer = match self.send(end.client, request) {
            Step::Answer(answer) => answer,
            Step::Open(wanted) => {
                self.port += 1;
                let port = self.port;
                self.relay.opened(wanted, port, port, self.now)
            }
            other => panic!("{other:?}"),
        };
        match code(&answer) {
            0 => {
                let message = Message::parse(&answer).unwrap();
                assert!(message.is_signed_by(&end.key()));
                let mapped = message.addresses(attribute::XOR_MAPPED_ADDRESS).next();
                assert_eq!(mapped, Some(Some(end.client.address)));
                let relayed = message.addresses(attribute::XOR_RELAYED_ADDRESS).next();
                Ok(relayed.unwrap().unwrap())
            }
            code => Err(code),
        }
    }

    fn permit(&mut self, end: &End, peer: SocketAddr) -> u16 {
        let request = end.request(Method::CreatePermission, |writer| {
            writer.address(attribute::XOR_PEER_ADDRESS, peer)
        });
        self.ask(end, &request)
    }

    fn bind(&mut self, end: &End, number: u16, peer: SocketAddr) -> u16 {
        let request = end.request(Method::ChannelBind, |writer| {
            let [high, low] = number.to_be_bytes();
            writer
                .attribute(attribute::CHANNEL_NUMBER, &[high, low, 0, 0])
                .address(attribute::XOR_PEER_ADDRESS, peer)
        });
        self.ask(end, &request)
    }

    fn refresh(&mut self, end: &End, secs: u32) -> u16 {
        let request = end.request(Method::Refresh, |writer| {
            writer.attribute(attribute::LIFETIME, &secs.to_be_bytes())
        });
        self.ask(end, &request)
    }
}

impl End {
    fn key(&self) -> Key {
        Key::new(&self.login.username, REALM, &self.login.password.0)
    }

    fn request(&self, method: Method, fill: impl FnOnce(Writer) -> Writer) -> Vec<u8> {
        self.request_named(method, [2; 12], fill)
    }

    fn request_named(
        &self,
        method: Method,
        transaction: Transaction,
        fill: impl FnOnce(Writer) -> Writer,
    ) -> Vec<u8> {
        fill(Writer::new(Class::Request, method, &transaction))
            .attribute(attribute::USERNAME, self.login.username.as_bytes())
            .attribute(attribute::REALM, REALM.as_bytes())
            .attribute(attribute::NONCE, self.nonce.as_bytes())
            .sign(&self.key())
            .finish()
    }
}

fn udp_wanted(writer: Writer) -> Writer {
    writer.attribute(attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0])
}

fn send_to(peer: SocketAddr, data: &[u8]) -> Vec<u8> {
    Writer::new(Class::Indication, Method::Send, &[3; 12])
        .address(attribute::XOR_PEER_ADDRESS, peer)
        .attribute(attribute::DATA, data)
        .finish()
}

fn channel(number: u16, data: &[u8]) -> Vec<u8> {
    let len = u16::try_from(data.len()).unwrap();
    [&number.to_be_bytes()[..], &len.to_be_bytes(), data].concat()
}
