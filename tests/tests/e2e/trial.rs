//! The expert tests the connection before there is any session, and is told what is blocked.

use deskhand_tests::{
    browser::{Browser, Role},
    network::{Bridge, Middle, Network, PUBLIC, Side},
    server::Server,
};

/// The page, with no invitation, on the expert's computer of a network.
struct Curious {
    browser: Browser,
    _server: Server,
    _bridge: Bridge,
    _network: Network,
}

impl Curious {
    async fn new(network: Network, options: &[&str]) -> Self {
        let server = Server::start_at(&network.middle, options).await;
        let bridge = network.expert.reaches(&network.middle, server.port());
        let browser = Browser::start_at(&network.expert).await;
        browser.goto(&server.url).await;
        Self {
            browser,
            _server: server,
            _bridge: bridge,
            _network: network,
        }
    }

    /// Presses the button; is told this in the end. Gives what the rows say, in order.
    async fn tests(&self, sentence: &str) -> Vec<String> {
        self.browser.press("Test the connection").await;
        self.browser.says(Role::Status, sentence).await;
        let rows = "return [...document.querySelectorAll('.trial dd')].map(d => d.innerText)";
        let rows = self.browser.run(rows, vec![]).await;
        let rows = rows.as_array().expect("there are rows");
        rows.iter()
            .map(|row| row.as_str().unwrap().to_owned())
            .collect()
    }
}

const RELAY: [&str; 2] = ["--turn-public-ip", PUBLIC];

#[tokio::test]
async fn where_nothing_is_blocked_every_way_works() {
    let curious = Curious::new(Network::new(Middle::Routes).await, &RELAY).await;
    let rows = curious.tests("Nothing is blocked here").await;
    assert_eq!(rows[..2], ["found", "seen, so UDP gets through"]);
    for row in &rows[2..] {
        assert!(
            row.starts_with("works, ") && row.ends_with(" ms there and back"),
            "{row}"
        );
    }
    // It can be done again, and nothing of it is a session.
    curious.browser.press("Test again").await;
    curious
        .browser
        .says(Role::Status, "Nothing is blocked here")
        .await;
    curious.browser.find(Role::Button, "Connect").await;
    curious.browser.close().await;
}

#[tokio::test]
async fn where_datagrams_are_blocked_it_says_so_and_whom_to_ask() {
    let network = Network::new(Middle::Routes).await;
    network.blocks_datagrams_of(Side::Expert);
    let curious = Curious::new(network, &RELAY).await;
    let rows = curious
        .tests("This network blocks UDP. Sessions work")
        .await;
    assert_eq!(rows[1..3], ["no answer", "blocked"]);
    assert!(rows[3].starts_with("works, "), "{rows:?}");
    let ask = format!("Ask whoever runs this network to let UDP through to {PUBLIC}:3478");
    curious.browser.says(Role::Status, &ask).await;
    curious.browser.close().await;
}

#[tokio::test]
async fn where_there_is_no_relay_it_says_so() {
    let curious = Curious::new(Network::new(Middle::Routes).await, &[]).await;
    let rows = curious.tests("This server has no relay").await;
    assert_eq!(
        rows,
        [
            "found",
            "nobody to ask",
            "the server has none",
            "the server has none"
        ]
    );
    curious.browser.close().await;
}
