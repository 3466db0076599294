//! In one network without a way out: no Internet, no names, no certificates. The invitation is a file,
//! and the server is spoken to openly.

use deskhand_tests::{
    browser::{Browser, Role},
    desktop::Desktop,
    expert::Expert,
    home::Home,
    lan::{Lan, PRIVATE, SELF_MADE, UNIQUE_LOCAL},
    novice::Novice,
    probe::Probe,
    scene::Scene,
    server::Server,
};

const PORT: u16 = 8080;

/// A server there that everybody reaches at its address.
async fn server(lan: &Lan) -> Server {
    server_with(lan, &[]).await
}

/// The same, with these options.
async fn server_with(lan: &Lan, options: &[&str]) -> Server {
    let url = format!("http://{}:{PORT}", lan.address);
    let listen = format!("{}:{PORT}", lan.address);
    let options = [&["--public-url", &url], options].concat();
    Server::listen_at(&lan.server, &listen, &options).await
}

/// Somebody there who invites with a file, and where that is.
async fn novice(lan: &Lan, server: &Server, desktop: &Desktop) -> (Novice, String) {
    let args = ["--channel", "file"];
    let novice = Novice::invite_at(Home::at(&lan.novice), &server.url, desktop, &args).await;
    let path = novice.told("The invitation was saved as ").await;
    let path = url::Url::from_file_path(path.trim_end_matches('.')).unwrap();
    (novice, path.into())
}

async fn reads(browser: &Browser) -> String {
    let shown = browser.run("return document.body.innerText", vec![]).await;
    shown.as_str().unwrap_or_default().to_owned()
}

/// From the file to shared control, directly.
async fn is_helped_in(lan: Lan) {
    let server = server(&lan).await;
    is_helped_by(lan, server).await;
}

async fn is_helped_by(lan: Lan, server: Server) {
    let desktop = Desktop::start().await;
    let probe = Probe::open(&desktop).await;
    let (mut novice, file) = novice(&lan, &server, &desktop).await;
    novice.told("Your server has no certificate. ").await;

    let browser = Browser::start_at(&lan.expert).await;
    let expert = Expert::view_in(browser, &file, &mut novice).await;
    let mut scene = Scene {
        expert,
        novice,
        probe,
        desktop,
        server,
    };
    scene.expert_sees_changes().await;
    scene.shares_control().await;
    scene.types_through("hello").await;
    scene.expert.opens_connection().await;
    scene.expert.reads("Way", |said| said == "direct").await;
    scene.close().await;
}

#[tokio::test]
async fn one_who_has_a_private_address_is_helped_without_internet() {
    is_helped_in(Lan::new(&[PRIVATE]).await).await;
}

#[tokio::test]
async fn one_whose_computer_made_its_address_up_is_helped() {
    is_helped_in(Lan::new(&[SELF_MADE]).await).await;
}

/// Chromium finds an address of its own there only with somebody to ask for it.
#[tokio::test]
async fn one_whose_network_knows_only_ip_version_6_is_helped() {
    let lan = Lan::new(&[UNIQUE_LOCAL]).await;
    let own = lan.address.trim_matches(['[', ']']);
    let server = server_with(&lan, &["--turn-public-ip", own]).await;
    is_helped_by(lan, server).await;
}

#[tokio::test]
async fn one_whose_network_knows_both_kinds_of_addresses_is_helped() {
    is_helped_in(Lan::new(&[UNIQUE_LOCAL, PRIVATE]).await).await;
}

/// The browser hides its address behind a name. The novice's computer has to look that up and speak
/// first, since it lets in nobody whom it has not spoken to.
#[tokio::test]
async fn one_whose_computer_lets_nobody_in_finds_the_browser_by_its_name() {
    let lan = Lan::new(&[PRIVATE]).await;
    for node in [&lan.novice, &lan.expert] {
        node.has_a_router(&lan.address);
    }
    lan.novice.lets_nobody_in();
    is_helped_in(lan).await;
}

/// What others can see is said before anybody connects; the link leads to a page that says why it is
/// of no use, and what is.
#[tokio::test]
async fn the_file_says_what_is_seen_on_the_way_and_the_link_says_why_it_is_of_no_use() {
    let lan = Lan::new(&[PRIVATE]).await;
    let server = server(&lan).await;
    let desktop = Desktop::start().await;
    let (novice, file) = novice(&lan, &server, &desktop).await;

    let browser = Browser::start_at(&lan.expert).await;
    browser.goto(&file).await;
    browser.find(Role::Button, "Connect").await;
    let shown = reads(&browser).await;
    assert!(
        shown.contains("Others in this network can see that you help somebody here"),
        "{shown}"
    );
    assert!(!shown.contains("invitation link instead"), "{shown}");

    browser.goto(&novice.link).await;
    browser.says(Role::Alert, "has no certificate").await;
    browser.says(Role::Alert, "invitation as a file").await;
    browser.close().await;
}
