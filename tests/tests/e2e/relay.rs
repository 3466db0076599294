//! A session comes about wherever both sides reach the server, and goes directly wherever it can.

use deskhand_tests::{
    authority::Authority,
    browser::Browser,
    coturn::Coturn,
    desktop::Desktop,
    expert::Expert,
    home::Home,
    network::{Bridge, Middle, Network, PUBLIC, Side},
    novice::Novice,
    probe::Probe,
    scene::Scene,
    server::Server,
};

/// Everybody, in a network of their own.
pub struct Apart {
    pub scene: Scene,
    _bridges: Vec<Bridge>,
    _network: Network,
}

/// Up to the picture, with the help of the relay inside.
pub async fn meet_in(network: Network) -> Apart {
    meet_with(network, &["--turn-public-ip", PUBLIC]).await
}

/// Up to the picture, with a server that was started so.
async fn meet_with(network: Network, relay: &[&str]) -> Apart {
    let server = Server::start_at(&network.middle, relay).await;
    let bridges = [&network.novice, &network.expert]
        .map(|side| side.reaches(&network.middle, server.port()))
        .into();
    let browser = Browser::start_at(&network.expert).await;
    meet_by(network, server, bridges, browser, &[]).await
}

/// Up to the picture, by that server, which the novice's program is told with these words more.
async fn meet_by(
    network: Network,
    server: Server,
    bridges: Vec<Bridge>,
    browser: Browser,
    args: &[&str],
) -> Apart {
    let desktop = Desktop::start().await;
    let probe = Probe::open(&desktop).await;
    let home = Home::at(&network.novice);
    let mut novice = Novice::invite_at(home, &server.url, &desktop, args).await;
    let link = novice.link.clone();
    let expert = Expert::view_in(browser, &link, &mut novice).await;
    Apart {
        scene: Scene {
            expert,
            novice,
            probe,
            desktop,
            server,
        },
        _bridges: bridges,
        _network: network,
    }
}

const OPEN: &[&str] = &["lets UDP and TCP through"];
/// Once there is a way a browser looks no further.
const NOT_BLOCKED: &[&str] = &["lets UDP and TCP through", "lets UDP through"];
const BLOCKED: &[&str] = &["blocks UDP, so the relay is used over TCP"];

/// Picture and control work, this is the way they take, and what the expert is told of their
/// network.
async fn all_works(apart: Apart, way: &str, network: &[&str]) {
    let mut scene = apart.scene;
    scene.expert_sees_changes().await;
    scene.shares_control().await;
    scene.types_through("hello").await;
    scene.expert.opens_connection().await;
    scene.expert.reads("Way", |said| said == way).await;
    scene
        .expert
        .reads("This network", |said| network.contains(&said))
        .await;
    scene.close().await;
}

#[tokio::test]
async fn a_direct_way_is_taken_where_there_is_one() {
    let network = Network::new(Middle::Routes).await;
    all_works(meet_in(network).await, "direct", NOT_BLOCKED).await;
}

#[tokio::test]
async fn without_a_direct_way_the_session_goes_through_the_relay() {
    let network = Network::new(Middle::Separates).await;
    all_works(meet_in(network).await, "through a relay", OPEN).await;
}

#[tokio::test]
async fn a_novice_whose_network_blocks_datagrams_is_helped_over_a_stream() {
    let network = Network::new(Middle::Separates).await;
    network.blocks_datagrams_of(Side::Novice);
    all_works(meet_in(network).await, "through a relay", OPEN).await;
}

#[tokio::test]
async fn an_expert_whose_network_blocks_datagrams_helps_over_a_stream() {
    let network = Network::new(Middle::Separates).await;
    network.blocks_datagrams_of(Side::Expert);
    all_works(meet_in(network).await, "through a relay", BLOCKED).await;
}

#[tokio::test]
async fn where_nobody_may_send_datagrams_both_are_helped_over_streams() {
    let network = Network::new(Middle::Routes).await;
    network.blocks_datagrams_of(Side::Novice);
    network.blocks_datagrams_of(Side::Expert);
    all_works(meet_in(network).await, "through a relay", BLOCKED).await;
}

/// The strictest network on both sides, and one port for everything: page, signalling and relay.
#[tokio::test]
async fn where_nothing_but_https_gets_through_both_are_helped_over_tls() {
    const HTTPS: u16 = 443;
    let network = Network::new(Middle::Separates).await;
    for side in [Side::Novice, Side::Expert] {
        network.lets_through_only(side, HTTPS);
    }
    let authority = Authority::new();
    let [cert, key] = authority.files_for(PUBLIC);
    let [cert, key, ca] = [cert, key, authority.file()].map(|file| file.display().to_string());
    let listen = format!("{PUBLIC}:{HTTPS}");
    let options = format!(
        "--public-url https://{PUBLIC} --tls-cert {cert} --tls-key {key} \
         --turn-public-ip {PUBLIC} --turn-tls-listen {listen}"
    );
    let options: Vec<&str> = options.split_whitespace().collect();
    let server = Server::listen_at(&network.middle, &listen, &options).await;
    let browser = Browser::start_believing(&authority, &network.expert).await;
    let apart = meet_by(network, server, Vec::new(), browser, &["--ca", &ca]).await;

    let log = apart.scene.server.process.stderr.text();
    let allocations = |way: &str| log.matches(&format!("relay allocation way={way} ")).count();
    assert!(allocations("Tls") >= 2, "{log}");
    assert_eq!(allocations("Udp") + allocations("Tcp"), 0, "{log}");
    all_works(apart, "through a relay", BLOCKED).await;
}

#[tokio::test]
async fn coturn_takes_what_the_server_lends() {
    let network = Network::new(Middle::Separates).await;
    let coturn = Coturn::start_in(&network).await;
    let url = format!("turn:{PUBLIC}:3478?transport=udp,turn:{PUBLIC}:3478?transport=tcp");
    let secret = coturn.secret();
    let secret = secret.to_str().unwrap();
    let relay = ["--turn-url", &url, "--turn-secret-file", secret];
    let apart = meet_with(network, &relay).await;
    all_works(apart, "through a relay", NOT_BLOCKED).await;
}
