//! The relay inside, over real sockets, with what a session was lent.

use std::{fs, net::SocketAddr, os::unix::fs::PermissionsExt as _, sync::Arc, time::Duration};

use deskhand_protocol::{
    ice::{Credential, IceServer, Scheme, Transport, framed},
    id::JoinId,
    signal::{FromExpert, FromNovice, ToExpert, ToNovice},
};
use deskhand_signaling::{
    Config,
    config::Turn,
    relay::{
        Bounds, Public,
        edge::{OverTls, Settings, TlsAt},
        stun::{Class, Key, Message, Method, Writer, attribute},
    },
    tls::Certificates,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UdpSocket},
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

use crate::{
    http::ask_over,
    support::{Expert, Novice, Server, config, route, soon, still_talk},
};

/// Long enough for a datagram to cross this computer many times.
const QUIET: Duration = Duration::from_millis(300);
/// Shorter than a server waits for connections that do not end.
const AT_ONCE: Duration = Duration::from_secs(2);

fn with_relay() -> Config {
    Config {
        turn: Turn::Inside(Settings {
            listen: Some("127.0.0.1:0".parse().unwrap()),
            tls: None,
            public: Public {
                v4: Some([127, 0, 0, 1].into()),
                v6: None,
            },
            ports: 20_000..=29_999,
            bounds: Bounds::default(),
        }),
        ..config()
    }
}

fn with_relay_over_tls(at: TlsAt) -> Config {
    match with_relay().turn {
        Turn::Inside(settings) => Config {
            turn: Turn::Inside(Settings {
                tls: Some(OverTls {
                    host: "127.0.0.1".into(),
                    at,
                }),
                ..settings
            }),
            ..config()
        },
        other => panic!("{other:?}"),
    }
}

/// A certificate for 127.0.0.1, and somebody who believes it.
struct Proof {
    certificates: Certificates,
    believes: TlsConnector,
    _files: tempfile::TempDir,
}

impl Proof {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let files = tempfile::tempdir().unwrap();
        let [cert, key] = ["cert.pem", "key.pem"].map(|name| files.path().join(name));
        fs::write(&cert, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let believes = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            certificates: Certificates::open(cert, key).unwrap(),
            believes: Arc::new(believes).into(),
            _files: files,
        }
    }

    async fn connect(&self, address: SocketAddr) -> TlsStream<TcpStream> {
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        soon(self.believes.connect(name, stream)).await.unwrap()
    }
}

/// Two ends whom the novice has brought together, and what each was told of the relay.
struct Pair {
    novice: Novice,
    expert: Expert,
    join: JoinId,
    servers: Vec<IceServer>,
}

impl Pair {
    async fn new(server: &Server, byte: u8) -> Self {
        let (mut novice, _) = server.waiting_novice(route(byte)).await;
        let (mut expert, join) = server.joined(&mut novice, route(byte)).await;
        novice.0.send(&FromNovice::Approved { join }).await;
        let ToExpert::IceServers { servers } = expert.hear().await else {
            panic!("the expert is told nothing");
        };
        let told = ToNovice::IceServers {
            join,
            servers: servers.clone(),
        };
        assert_eq!(novice.hear().await, told, "both are told the same");
        Self {
            novice,
            expert,
            join,
            servers,
        }
    }

    fn server(&self, transport: Transport) -> &IceServer {
        let fits = |s: &&IceServer| s.url.scheme == Scheme::Turn && s.url.transport == transport;
        self.servers.iter().find(fits).expect("it is named")
    }

    /// One that speaks TLS.
    async fn sealed_client(&self, proof: &Proof) -> Client {
        let fits = |s: &&IceServer| s.url.scheme == Scheme::Turns;
        let login = self.servers.iter().find(fits).expect("it is named");
        let address = login.url.authority().parse().unwrap();
        let line = Line::Stream(Box::new(proof.connect(address).await));
        Client::on(line, login).await
    }

    async fn client(&self, transport: Transport) -> Client {
        Client::new(self.server(transport)).await
    }
}

enum Line {
    Udp(UdpSocket),
    Stream(Box<dyn Stream>),
}

trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

/// Somebody who speaks TURN.
struct Client {
    line: Line,
    login: IceServer,
    realm: String,
    nonce: String,
}

impl Client {
    async fn new(login: &IceServer) -> Self {
        let address: SocketAddr = login.url.authority().parse().unwrap();
        let line = match login.url.transport {
            Transport::Udp => {
                let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                socket.connect(address).await.unwrap();
                Line::Udp(socket)
            }
            Transport::Tcp => Line::Stream(Box::new(TcpStream::connect(address).await.unwrap())),
        };
        Self::on(line, login).await
    }

    async fn on(line: Line, login: &IceServer) -> Self {
        let mut client = Self {
            line,
            login: login.clone(),
            realm: String::new(),
            nonce: String::new(),
        };
        let bare = Writer::new(Class::Request, Method::Allocate, &[1; 12]);
        client.send(&bare.finish()).await;
        let answer = client.hear().await;
        let answer = Message::parse(&answer).unwrap();
        assert_eq!(answer.class, Class::Error);
        answer
            .text(attribute::REALM)
            .unwrap()
            .clone_into(&mut client.realm);
        answer
            .text(attribute::NONCE)
            .unwrap()
            .clone_into(&mut client.nonce);
        client
    }

    async fn send(&mut self, bytes: &[u8]) {
        match &mut self.line {
            Line::Udp(socket) => {
                socket.send(bytes).await.unwrap();
            }
            Line::Stream(stream) => {
                let mut bytes = bytes.to_vec();
                bytes.resize(bytes.len().next_multiple_of(4), 0);
                stream.write_all(&bytes).await.unwrap();
                stream.flush().await.unwrap();
            }
        }
    }

    /// The next message, without what pads it.
    async fn hear(&mut self) -> Vec<u8> {
        soon(self.next()).await.expect("the stream ended")
    }

    async fn next(&mut self) -> Option<Vec<u8>> {
        match &mut self.line {
            Line::Udp(socket) => {
                let mut bytes = vec![0; 2_000];
                let len = socket.recv(&mut bytes).await.unwrap();
                bytes.truncate(len);
                Some(bytes)
            }
            Line::Stream(stream) => {
                let mut head = [0; 4];
                stream.read_exact(&mut head).await.ok()?;
                let framed = framed(head).unwrap();
                let mut bytes = head.to_vec();
                bytes.resize(framed.padded, 0);
                stream.read_exact(&mut bytes[4..]).await.ok()?;
                bytes.truncate(framed.len);
                Some(bytes)
            }
        }
    }

    async fn hears_nothing(&mut self) {
        let heard = timeout(QUIET, self.next()).await;
        assert!(heard.is_err(), "{heard:?}");
    }

    fn request(&self, method: Method, fill: impl FnOnce(Writer) -> Writer) -> Vec<u8> {
        let (username, password) = (&self.login.username, &self.login.credential.0);
        fill(Writer::new(Class::Request, method, &[2; 12]))
            .attribute(attribute::USERNAME, username.as_bytes())
            .attribute(attribute::REALM, self.realm.as_bytes())
            .attribute(attribute::NONCE, self.nonce.as_bytes())
            .sign(&Key::new(username, &self.realm, password))
            .finish()
    }

    /// Asks, and gives the code of the refusal, or nothing and the answer.
    async fn ask(&mut self, request: &[u8]) -> (u16, Vec<u8>) {
        self.send(request).await;
        let answer = self.hear().await;
        let message = Message::parse(&answer).unwrap();
        let code = match message.get(attribute::ERROR_CODE) {
            Some(&[_, _, class, number, ..]) => u16::from(class) * 100 + u16::from(number),
            _ => 0,
        };
        (code, answer)
    }

    async fn allocate(&mut self) -> Result<SocketAddr, u16> {
        let request = self.request(Method::Allocate, |writer| {
            writer.attribute(attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0])
        });
        let (code, answer) = self.ask(&request).await;
        if code != 0 {
            return Err(code);
        }
        let message = Message::parse(&answer).unwrap();
        let relayed = message.addresses(attribute::XOR_RELAYED_ADDRESS).next();
        Ok(relayed.unwrap().unwrap())
    }

    async fn bind(&mut self, number: u16, peer: SocketAddr) -> u16 {
        let request = self.request(Method::ChannelBind, |writer| {
            let [high, low] = number.to_be_bytes();
            writer
                .attribute(attribute::CHANNEL_NUMBER, &[high, low, 0, 0])
                .address(attribute::XOR_PEER_ADDRESS, peer)
        });
        self.ask(&request).await.0
    }
}

fn channel(number: u16, data: &[u8]) -> Vec<u8> {
    let len = u16::try_from(data.len()).unwrap();
    [&number.to_be_bytes()[..], &len.to_be_bytes(), data].concat()
}

/// Two ends, one over each way, exchange what neither could send the other directly.
async fn talk(a: &mut Client, b: &mut Client) {
    let (at_a, at_b) = (a.allocate().await.unwrap(), b.allocate().await.unwrap());
    assert_eq!(a.bind(0x4000, at_b).await, 0);
    assert_eq!(b.bind(0x4001, at_a).await, 0);
    for len in [0, 1, 2, 3, 4, 1_200] {
        let data = vec![0x5a; len];
        a.send(&channel(0x4000, &data)).await;
        assert_eq!(b.hear().await, channel(0x4001, &data));
        b.send(&channel(0x4001, &data)).await;
        assert_eq!(a.hear().await, channel(0x4000, &data));
    }
}

#[tokio::test]
async fn both_ends_are_relayed_over_datagrams_and_streams() {
    let server = Server::start(with_relay()).await;
    let pair = Pair::new(&server, 1).await;
    let ways = [Transport::Udp, Transport::Tcp];
    for (a, b) in [(0, 0), (0, 1), (1, 1)] {
        let mut a = pair.client(ways[a]).await;
        let mut b = pair.client(ways[b]).await;
        talk(&mut a, &mut b).await;
    }
}

#[tokio::test]
async fn an_end_whose_network_lets_only_tls_through_is_relayed_too() {
    let proof = Proof::new();
    let own = TlsAt::Own("127.0.0.1:0".parse().unwrap(), proof.certificates.clone());
    let server = Server::start(with_relay_over_tls(own)).await;
    let pair = Pair::new(&server, 1).await;
    let mut sealed = pair.sealed_client(&proof).await;
    let mut other = pair.sealed_client(&proof).await;
    talk(&mut sealed, &mut other).await;
    let mut plain = pair.client(Transport::Udp).await;
    let mut sealed = pair.sealed_client(&proof).await;
    talk(&mut plain, &mut sealed).await;
}

/// What a client says first tells whom it wants.
#[tokio::test]
async fn relay_and_web_can_share_a_port() {
    let proof = Proof::new();
    let server = Server::start(Config {
        tls: Some(proof.certificates.clone()),
        ..with_relay_over_tls(TlsAt::Web(443))
    })
    .await;
    let login = IceServer {
        url: "turns:127.0.0.1:443".parse().unwrap(),
        username: "nobody".into(),
        credential: Credential("nothing".into()),
    };
    let line = Line::Stream(Box::new(proof.connect(server.address).await));
    let mut stranger = Client::on(line, &login).await;
    assert_eq!(stranger.allocate().await, Err(401));

    let web = proof.connect(server.address).await;
    let (head, _) = ask_over(web, "GET /").await;
    assert!(head.starts_with("http/1.1 200 "), "{head}");

    // Neither who has said nothing yet nor who speaks TURN keeps the server from ending.
    let _mute = proof.connect(server.address).await;
    timeout(AT_ONCE, server.stop()).await.unwrap();
    assert_eq!(soon(stranger.next()).await, None);
}

#[tokio::test]
async fn without_a_relay_there_is_nothing_to_lend() {
    let server = Server::start(config()).await;
    let pair = Pair::new(&server, 1).await;
    assert_eq!(pair.servers, []);
}

#[tokio::test]
async fn anybody_learns_their_own_address() {
    let server = Server::start(with_relay()).await;
    let pair = Pair::new(&server, 1).await;
    let stun = &pair.servers[0];
    assert_eq!(
        (stun.url.scheme, stun.username.as_str()),
        (Scheme::Stun, "")
    );
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let request = Writer::new(Class::Request, Method::Binding, &[9; 12]).finish();
    socket
        .send_to(&request, stun.url.authority())
        .await
        .unwrap();
    let mut bytes = [0; 200];
    let len = soon(socket.recv(&mut bytes)).await.unwrap();
    let answer = Message::parse(&bytes[..len]).unwrap();
    let mapped = answer.addresses(attribute::XOR_MAPPED_ADDRESS).next();
    assert_eq!(mapped, Some(Some(socket.local_addr().unwrap())));
}

#[tokio::test]
async fn what_was_lent_ends_with_the_session() {
    let server = Server::start(with_relay()).await;
    let mut pair = Pair::new(&server, 1).await;
    let other = Pair::new(&server, 2).await;
    let mut client = pair.client(Transport::Udp).await;
    client.allocate().await.unwrap();
    let mut stream = pair.client(Transport::Tcp).await;
    stream.allocate().await.unwrap();

    let join = pair.join;
    pair.novice.0.send(&FromNovice::Dismiss { join }).await;
    assert_eq!(pair.expert.hear().await, ToExpert::Left);
    for client in [&mut client, &mut stream] {
        let refresh = client.request(Method::Refresh, |w| w);
        assert_eq!(client.ask(&refresh).await.0, 401);
        assert_eq!(client.allocate().await, Err(401));
    }
    let mut late = pair.client(Transport::Udp).await;
    assert_eq!(late.allocate().await, Err(401));
    let mut other = other.client(Transport::Udp).await;
    other.allocate().await.unwrap();
}

#[tokio::test]
async fn a_session_that_lost_its_way_through_the_server_gets_nothing_new() {
    let server = Server::start(with_relay()).await;
    let Pair {
        mut novice,
        expert,
        join,
        servers,
    } = Pair::new(&server, 1).await;
    let mut standing = Client::new(&servers[1]).await;
    standing.allocate().await.unwrap();
    drop(expert);
    assert_eq!(novice.hear().await, ToNovice::Left { join });
    let mut late = Client::new(&servers[1]).await;
    assert_eq!(late.allocate().await, Err(401));
    let refresh = standing.request(Method::Refresh, |w| w);
    assert_eq!(standing.ask(&refresh).await.0, 0, "for a moment");
}

#[tokio::test]
async fn approved_again_it_is_the_same_for_longer() {
    let server = Server::start(with_relay()).await;
    let mut pair = Pair::new(&server, 1).await;
    let join = pair.join;
    pair.novice.0.send(&FromNovice::Approved { join }).await;
    let servers = pair.servers.clone();
    assert_eq!(pair.expert.hear().await, ToExpert::IceServers { servers });
    let servers = pair.servers.clone();
    assert_eq!(
        pair.novice.hear().await,
        ToNovice::IceServers { join, servers }
    );
}

/// The relay is at this computer's own address, under which nothing but allocations is found.
#[tokio::test]
async fn nothing_on_this_computer_is_reached() {
    let server = Server::start(with_relay()).await;
    let pair = Pair::new(&server, 1).await;
    let mut client = pair.client(Transport::Udp).await;
    let relayed = client.allocate().await.unwrap();
    let hidden = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = hidden.local_addr().unwrap();
    assert_eq!(
        client.bind(0x4000, address).await,
        0,
        "it might be the other end"
    );
    client.send(&channel(0x4000, b"let me in")).await;
    hidden.send_to(b"come in", relayed).await.unwrap();
    client.hears_nothing().await;
    let mut bytes = [0; 100];
    assert!(timeout(QUIET, hidden.recv_from(&mut bytes)).await.is_err());
    for peer in ["127.0.0.2:5000", "10.0.0.1:5000", "169.254.169.254:5000"] {
        assert_eq!(
            client.bind(0x4001, peer.parse().unwrap()).await,
            403,
            "{peer}"
        );
    }
}

/// Eight ways to be no message, and one to be an unfinished one.
fn malformed() -> Vec<(&'static str, Vec<u8>)> {
    let good = Writer::new(Class::Request, Method::Binding, &[9; 12])
        .attribute(attribute::LIFETIME, &[0; 4])
        .finish();
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        bytes
    };
    vec![
        ("nothing at all", vec![]),
        ("half a header", good[..10].to_vec()),
        ("another cookie", changed(&|b| b[4] ^= 1)),
        ("longer than it says", changed(&|b| b.extend([0; 4]))),
        ("shorter than it says", changed(&|b| b[3] += 4)),
        ("an odd length", changed(&|b| b[3] -= 1)),
        ("an attribute past the end", changed(&|b| b[23] = 200)),
        ("a wrong fingerprint", {
            Writer::new(Class::Request, Method::Binding, &[9; 12])
                .attribute(attribute::FINGERPRINT, &[0; 4])
                .finish()
        }),
        ("half a signature", {
            Writer::new(Class::Request, Method::Allocate, &[9; 12])
                .attribute(attribute::MESSAGE_INTEGRITY, &[0; 8])
                .finish()
        }),
        ("a channel without an end", vec![0x40, 0, 0xff, 0xff, 1]),
        ("no message of any kind", vec![0xff; 200]),
    ]
}

#[tokio::test]
async fn malformed_messages_do_no_harm() {
    let server = Server::start(with_relay()).await;
    let mut pair = Pair::new(&server, 1).await;
    let (mut a, mut b) = (
        pair.client(Transport::Udp).await,
        pair.client(Transport::Tcp).await,
    );
    talk(&mut a, &mut b).await;
    for (what, bytes) in malformed() {
        // From a stranger, and from the very client that has an allocation.
        let mut stranger = pair.client(Transport::Udp).await;
        stranger.send(&bytes).await;
        a.send(&bytes).await;
        let mut stream = pair.client(Transport::Tcp).await;
        stream.send(&bytes).await;
        a.send(&channel(0x4000, what.as_bytes())).await;
        assert_eq!(b.hear().await, channel(0x4001, what.as_bytes()), "{what}");
        b.send(&channel(0x4001, what.as_bytes())).await;
        assert_eq!(a.hear().await, channel(0x4000, what.as_bytes()), "{what}");
        stranger.hears_nothing().await;
    }
    let join = pair.join;
    still_talk(&mut pair.novice, &mut pair.expert, join).await;
}

/// Someone who talks rubbish over a stream, or says nothing, is parted from.
#[tokio::test]
async fn a_stream_without_an_end_in_sight_is_closed() {
    let server = Server::start(with_relay()).await;
    let pair = Pair::new(&server, 1).await;
    let mut client = pair.client(Transport::Tcp).await;
    client.send(&[0xff; 64]).await;
    assert_eq!(soon(client.next()).await, None);
}

#[tokio::test]
async fn a_closed_stream_frees_what_it_had() {
    let server = Server::start(Config {
        turn: match with_relay().turn {
            Turn::Inside(settings) => Turn::Inside(Settings {
                bounds: Bounds {
                    allocations_per_session: 1,
                    ..Bounds::default()
                },
                ..settings
            }),
            other => other,
        },
        ..config()
    })
    .await;
    let pair = Pair::new(&server, 1).await;
    let mut first = pair.client(Transport::Tcp).await;
    first.allocate().await.unwrap();
    let mut second = pair.client(Transport::Tcp).await;
    assert_eq!(second.allocate().await, Err(486));
    drop(first);
    // The server learns of it from the network.
    soon(async { while second.allocate().await.is_err() {} }).await;
}

/// What a page is lent that has joined nobody.
async fn trial(server: &Server) -> (Vec<IceServer>, bool) {
    let mut expert = server.expert().await;
    expert.0.send(&FromExpert::Try).await;
    match expert.hear().await {
        ToExpert::Trial { servers, withheld } => (servers, withheld),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn whoever_tries_the_relay_out_reaches_only_themselves() {
    let server = Server::start(with_relay()).await;
    let (servers, withheld) = trial(&server).await;
    assert!(!withheld);
    for transport in [Transport::Udp, Transport::Tcp] {
        let fits = |s: &&IceServer| s.url.scheme == Scheme::Turn && s.url.transport == transport;
        let lent = servers.iter().find(fits).unwrap();
        let (mut a, mut b) = (Client::new(lent).await, Client::new(lent).await);
        talk(&mut a, &mut b).await;
        assert_eq!(a.bind(0x4002, "1.1.1.1:5000".parse().unwrap()).await, 403);
    }
    let (nothing, withheld) = trial(&Server::start(config()).await).await;
    assert_eq!((nothing, withheld), (vec![], false));
}
