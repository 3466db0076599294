//! Which server is used, and whether an address is a server's before anybody relies on it.

use std::fs;

use deskhand_agent::server::{Address, CheckError, Trust, check};
use deskhand_tests::{
    desktop::Desktop, home::Home, novice::Novice, process::Process, server::Server, tls::Tls,
    wait::PATIENCE,
};

/// The link of an invitation that is made without another word about the server than `args`.
async fn link(home: &Home, desktop: &Desktop, args: &[&str]) -> String {
    let mut command = home.deskhand(&["invite", "--terminal"]);
    let agent = Process::start("agent", desktop.dress(command.args(args)));
    let said = agent.stdout.wait("link", PATIENCE, 0, |text| {
        let (_, rest) = text.split_once("Link: ")?;
        Some(rest.split_once('\n')?.0.to_owned())
    });
    said.await
}

/// From the one who is asked last to the one who is asked first.
#[tokio::test]
async fn who_is_asked_first_names_the_server() {
    let desktop = Desktop::start().await;
    let (beside, settings, environment, flag) = tokio::join!(
        Server::start(),
        Server::start(),
        Server::start(),
        Server::start(),
    );
    let leads_to = async |home: &Home, server: &Server, args: &[&str]| {
        let link = link(home, &desktop, args).await;
        assert!(link.starts_with(&format!("{}/#", server.url)), "{link}");
    };
    let mut home = Home::new();

    let folder = home.has_its_own_program();
    let names = format!("server = {:?}\n", beside.url);
    fs::write(folder.join("deskhand.toml"), names).unwrap();
    leads_to(&home, &beside, &[]).await;

    let said = home.runs(&["settings", "--server", &settings.url]).await;
    said.success();
    leads_to(&home, &settings, &[]).await;

    home.set("DESKHAND_SERVER", &environment.url);
    leads_to(&home, &environment, &[]).await;

    leads_to(&home, &flag, &["--server", &flag.url]).await;
    // What was said for once is not kept.
    leads_to(&home, &environment, &[]).await;
}

#[tokio::test]
async fn a_server_is_known_by_its_greeting() {
    let server = Server::start().await;
    let address = Address::parse(&server.url).unwrap();
    let trust = Trust::new([]).unwrap();
    assert_eq!(check(&address, &trust).await, Ok(()));
    drop(server);
    assert_eq!(check(&address, &trust).await, Err(CheckError::Silent));
}

#[tokio::test]
async fn an_authority_of_ones_own_is_believed_where_it_was_named() {
    let server = Server::start().await;
    let tls = Tls::before(&server).await;
    let authority = tls.authority();
    let authority = authority.to_str().unwrap();
    let home = Home::new();
    let names = ["settings", "--server", &tls.url];
    let refused = "its certificate is not valid";
    assert!(home.runs(&names).await.refusal().contains(refused));
    let nowhere = home.runs(&["settings", "--ca", "/nowhere.pem"]).await;
    assert!(nowhere.refusal().contains("/nowhere.pem, cannot be read"));

    // Once named, it is kept, and forgotten again.
    home.runs(&[&names[..], &["--ca", authority]].concat())
        .await
        .success();
    home.runs(&names).await.success();
    home.runs(&["settings", "--ca", ""]).await.success();
    assert!(home.runs(&names).await.refusal().contains(refused));

    // For once.
    let desktop = Desktop::start().await;
    let args = ["--ca", authority];
    let novice = Novice::invite_at(home, &tls.url, &desktop, &args).await;
    assert!(novice.link.starts_with(&tls.url), "{}", novice.link);
}
