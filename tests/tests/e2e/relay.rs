//! A session comes about wherever both sides reach the server, and goes directly wherever it can.

use deskhand_tests::{
    browser::Browser,
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
    _bridges: [Bridge; 2],
    _network: Network,
}

/// Up to the picture, with the help of the relay inside.
pub async fn meet_in(network: Network) -> Apart {
    meet_with(network, &["--turn-public-ip", PUBLIC]).await
}

/// Up to the picture, with a server that was started so.
async fn meet_with(network: Network, relay: &[&str]) -> Apart {
    let server = Server::start_at(&network.middle, relay).await;
    let bridges =
        [&network.novice, &network.expert].map(|side| side.reaches(&network.middle, server.port()));
    let desktop = Desktop::start().await;
    let probe = Probe::open(&desktop).await;
    let home = Home::at(&network.novice);
    let mut novice = Novice::invite_at(home, &server.url, &desktop, &[]).await;
    let browser = Browser::start_at(&network.expert).await;
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

const OPEN: &str = "lets UDP and TCP through";
/// Once there is a direct way a browser looks no further.
const UDP_ONLY: &str = "lets UDP through";
const BLOCKED: &str = "blocks UDP, so the relay is used over TCP";

/// Picture and control work, this is the way they take, and what the expert is told of their
/// network.
async fn all_works(apart: Apart, way: &str, network: &str) {
    let mut scene = apart.scene;
    scene.expert_sees_changes().await;
    scene.shares_control().await;
    scene.types_through("hello").await;
    scene.expert.opens_connection().await;
    scene.expert.reads("Way", |said| said == way).await;
    scene
        .expert
        .reads("This network", |said| {
            said == network || way == "direct" && said == UDP_ONLY
        })
        .await;
    scene.close().await;
}

#[tokio::test]
async fn a_direct_way_is_taken_where_there_is_one() {
    let network = Network::new(Middle::Routes).await;
    all_works(meet_in(network).await, "direct", OPEN).await;
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
