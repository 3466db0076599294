//! What cannot work is said in a sentence, and never by a crash.

use std::{net::TcpListener, process::Command};

use deskhand_tests::{
    browser::{Browser, Role},
    desktop::Desktop,
    novice::Novice,
    process::{Process, program},
    server::Server,
    wait::PATIENCE,
};

/// Runs the agent to its end and gives what it says.
async fn agent_says(prepare: impl FnOnce(&mut Command)) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut command = Process::command(program("deskhand"));
    command
        .args(["invite", "--server", "http://127.0.0.1:9", "--terminal"])
        .env("HOME", home.path())
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("XDG_SESSION_TYPE");
    prepare(&mut command);
    says(&mut Process::start("agent", &mut command)).await
}

async fn says(process: &mut Process) -> String {
    let status = process.end(PATIENCE).await;
    assert!(!status.success(), "{status}");
    let said = process
        .stderr
        .wait("a sentence", PATIENCE, 0, |text| {
            text.contains('\n').then(|| text.to_owned())
        })
        .await;
    assert!(!said.contains("panicked"), "{said}");
    said
}

#[tokio::test]
async fn no_display() {
    let said = agent_says(|_| {}).await;
    assert!(said.contains("no desktop to share"), "{said}");
}

#[tokio::test]
async fn a_display_that_is_gone() {
    let said = agent_says(|command| {
        command.env("DISPLAY", ":65432");
    })
    .await;
    assert!(said.contains(":65432 does not answer"), "{said}");
}

#[tokio::test]
async fn a_wayland_session_is_never_captured_through_its_x_server() {
    let desktop = Desktop::start().await;
    for (name, value) in [
        ("WAYLAND_DISPLAY", "wayland-0"),
        ("XDG_SESSION_TYPE", "wayland"),
    ] {
        let said = agent_says(|command| {
            command.env("DISPLAY", &desktop.display).env(name, value);
        })
        .await;
        assert!(said.contains("Wayland"), "{said}");
    }
}

#[tokio::test]
async fn an_address_that_is_no_servers() {
    let said = agent_says(|command| {
        command
            .env("DISPLAY", ":65432")
            .args(["--server", "ftp://help.example"]);
    })
    .await;
    assert!(!said.is_empty());
}

#[tokio::test]
async fn a_server_that_is_away_is_waited_for() {
    let desktop = Desktop::start().await;
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (mut process, _home) = Novice::start(&format!("http://{closed}"), &desktop, &[]);
    let away = process.stdout.said(PATIENCE, "cannot be reached");
    assert!(away.await, "nothing of the server that is away");
    assert!(process.ended().is_none(), "it keeps trying");
}

#[tokio::test]
async fn a_port_that_is_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let state = tempfile::tempdir().unwrap();
    let mut command = Process::command(program("deskhand-server"));
    command
        .args(["--listen", &address.to_string()])
        .env("DESKHAND_STATE_DIR", state.path());
    let said = says(&mut Process::start("server", &mut command)).await;
    let sentence = format!("Port {} is already in use", address.port());
    assert!(said.contains(&sentence), "{said}");
}

#[tokio::test]
async fn a_browser_without_webrtc() {
    let server = Server::start().await;
    let browser = Browser::start().await;
    browser.run_first("delete window.RTCPeerConnection").await;
    browser.goto(&server.url).await;
    browser.says(Role::Alert, "no WebRTC").await;
    browser.says(Role::Alert, "current Firefox, Chrome").await;
    browser.close().await;
}
