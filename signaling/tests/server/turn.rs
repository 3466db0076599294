//! The relay inside, over real sockets, with what a session was lent.

mod client;
mod pair;

use std::time::Duration;

use deskhand_protocol::{
    ice::{Credential, IceServer, Scheme, Transport},
    signal::{FromExpert, FromNovice, ToExpert, ToNovice},
};
use deskhand_signaling::{
    Config,
    config::Turn,
    relay::{
        Bounds, Public,
        edge::{OverTls, Settings, TlsAt},
        stun::{Class, Message, Method, Writer, attribute},
    },
};
use tokio::{net::UdpSocket, time::timeout};

use self::{
    client::{Client, Line, QUIET, channel, talk},
    pair::{Pair, Proof},
};
use crate::{
    http::ask_over,
    support::{Server, config, soon, still_talk},
};

/// Shorter than a server waits for connections that do not end.
const AT_ONCE: Duration = Duration::from_secs(2);

/// A relay on this computer.
fn settings() -> Settings {
    Settings {
        listen: Some("127.0.0.1:0".parse().unwrap()),
        tls: None,
        public: Public {
            v4: Some([127, 0, 0, 1].into()),
            v6: None,
        },
        ports: 20_000..=29_999,
        bounds: Bounds::default(),
    }
}

fn with(settings: Settings) -> Config {
    Config {
        turn: Turn::Inside(settings),
        ..config()
    }
}

fn with_relay() -> Config {
    with(settings())
}

fn with_relay_over_tls(at: TlsAt) -> Config {
    let host = "127.0.0.1".into();
    with(Settings {
        tls: Some(OverTls { host, at }),
        ..settings()
    })
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
    let bounds = Bounds {
        allocations_per_session: 1,
        ..Bounds::default()
    };
    let server = Server::start(with(Settings {
        bounds,
        ..settings()
    }))
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
