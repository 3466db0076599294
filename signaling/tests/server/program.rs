//! `deskhand-server` as an administrator meets it.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::{SocketAddr, TcpListener},
    process::{Child, ChildStderr, Command, Output, Stdio},
};

use deskhand_protocol::{
    VERSION,
    signal::{FromExpert, FromNovice, Refusal, ToNovice, encode},
};
use futures_util::{SinkExt as _, StreamExt as _};
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;
use tokio_tungstenite::{client_async, tungstenite::Message};

use crate::support::{payload, route, soon};

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deskhand-server"));
    for (name, _) in std::env::vars() {
        if name.starts_with("DESKHAND_") || name == "STATE_DIRECTORY" {
            command.env_remove(name);
        }
    }
    command
        .args(args)
        .stderr(Stdio::piped())
        .stdout(Stdio::null());
    command
}

fn sentence(output: &Output, code: i32) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// A running one; killed when dropped.
struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
    address: SocketAddr,
}

impl Running {
    fn start(state: &std::path::Path) -> Self {
        let state = state.to_str().unwrap();
        let mut child = program(&["--listen", "127.0.0.1:0", "--state-dir", state])
            .env("DESKHAND_LOG", "trace")
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended");
            if let Some(address) = line.trim_end().strip_prefix("Listening on http://") {
                break address.parse().unwrap();
            }
        };
        Self {
            child,
            stderr,
            address,
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_port_in_use_is_said_so() {
    let state = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let args = [
        "--listen",
        &listen,
        "--state-dir",
        state.path().to_str().unwrap(),
    ];
    let said = sentence(&program(&args).output().unwrap(), 1);
    assert!(
        said.contains("already in use") && said.contains("--listen"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn wrong_options_end_with_2_and_a_sentence() {
    let table: &[(&[&str], &str)] = &[
        (&["--public-url", "http://help.example.org"], "https://"),
        (&["--public-url", "help"], "complete web address"),
        (&["--listen", "here"], "an address and a port"),
        (&["--listen", "0.0.0.0:0"], "--public-url"),
    ];
    for (args, part) in table {
        let said = sentence(&program(args).output().unwrap(), 2);
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_state_directory_that_cannot_be_used_is_said_so() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let args = [
        "--listen",
        "127.0.0.1:0",
        "--state-dir",
        file.path().to_str().unwrap(),
    ];
    let said = sentence(&program(&args).output().unwrap(), 1);
    assert!(said.contains("state directory"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[tokio::test]
async fn signals_end_it_cleanly_and_its_log_tells_nothing() {
    for signal in [Signal::TERM, Signal::INT] {
        let state = tempfile::tempdir().unwrap();
        let mut running = Running::start(state.path());
        let stream = TcpStream::connect(running.address).await.unwrap();
        let url = format!("ws://{}/ws/novice", running.address);
        let (mut novice, _) = client_async(url, stream).await.unwrap();
        let secret = b"sealed and nobody's business";
        let messages = [
            encode(&FromNovice::Hello { version: VERSION }),
            encode(&FromNovice::Register {
                route: route(7),
                ttl_secs: 60,
                token: None,
                file: false,
                number: None,
            }),
        ];
        for message in messages {
            novice.send(Message::text(message)).await.unwrap();
        }
        let mut next = async || {
            let text = soon(novice.next()).await.unwrap().unwrap();
            serde_json::from_str::<ToNovice>(text.to_text().unwrap()).unwrap()
        };
        let ToNovice::Registered { token, .. } = next().await else {
            panic!("not registered");
        };

        let stream = TcpStream::connect(running.address).await.unwrap();
        let mut request = tokio_tungstenite::tungstenite::client::ClientRequestBuilder::new(
            format!("ws://{}/ws/expert", running.address)
                .parse()
                .unwrap(),
        );
        request = request.with_header("origin", format!("http://{}", running.address));
        let (mut expert, _) = client_async(request, stream).await.unwrap();
        for message in [
            encode(&FromExpert::Hello { version: VERSION }),
            encode(&FromExpert::Join { route: route(7) }),
            encode(&FromExpert::Relay {
                payload: payload(secret),
            }),
        ] {
            expert.send(Message::text(message)).await.unwrap();
        }
        assert!(matches!(next().await, ToNovice::Joined { .. }));
        assert!(matches!(next().await, ToNovice::Relay { .. }));

        running.signal(signal);
        let reason = Refusal::Restarting;
        assert_eq!(next().await, ToNovice::Closing { reason });
        drop((novice, expert));
        assert!(running.child.wait().unwrap().success());
        let mut log = String::new();
        running.stderr.read_to_string(&mut log).unwrap();
        assert!(
            log.contains("registered") && log.contains("joined"),
            "{log}"
        );
        let kept = std::fs::read_to_string(state.path().join("owner-token-key")).unwrap();
        let (_, key) = kept.trim_end().split_once(' ').unwrap();
        let relayed = serde_json::to_string(&payload(secret)).unwrap();
        for hidden in [
            &route(7).to_text(),
            &token.0,
            key,
            relayed.trim_matches('"'),
        ] {
            assert!(!log.contains(hidden), "{hidden} is in the log:\n{log}");
        }
    }
}
