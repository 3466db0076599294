//! `deskhand-server` as an administrator meets it.

use std::{fs, net::TcpListener, process::Output};

use deskhand_protocol::signal::{FromNovice, Refusal, ToNovice};
use rustix::process::Signal;

use crate::{
    process::{Running, program},
    support::{payload, route},
};

fn sentence(output: &Output, code: i32) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

#[test]
fn a_port_in_use_is_said_so() {
    let state = tempfile::tempdir().unwrap();
    let listening = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listening.local_addr().unwrap().to_string();
    let state = state.path().to_str().unwrap();
    for option in ["--listen", "--admin-listen"] {
        let mut args = vec![option, &taken, "--state-dir", state];
        if option != "--listen" {
            args.extend(["--listen", "127.0.0.1:0"]);
        }
        let said = sentence(&program(&args).output().unwrap(), 1);
        assert!(said.contains("already in use"), "{said}");
        assert!(said.contains(&format!("with {option}.")), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn a_port_that_the_relay_cannot_have_is_said_so() {
    let state = tempfile::tempdir().unwrap();
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let args = [
        "--listen",
        "127.0.0.1:0",
        "--state-dir",
        state.path().to_str().unwrap(),
        "--turn-public-ip",
        "127.0.0.1",
        "--turn-listen",
        &taken.local_addr().unwrap().to_string(),
    ];
    let said = sentence(&program(&args).output().unwrap(), 1);
    assert!(said.contains("The relay cannot listen"), "{said}");
    assert!(said.contains("--turn-listen"), "{said}");
}

#[test]
fn wrong_options_end_with_2_and_a_sentence() {
    let table: &[(&[&str], &str)] = &[
        (&["--public-url", "http://help.example.org"], "https://"),
        (&["--public-url", "help"], "complete web address"),
        (&["--listen", "here"], "an address and a port"),
        (&["--listen", "0.0.0.0:0"], "--public-url"),
        (&["--listing", "0.0.0.0:0"], "unexpected argument"),
        (&["--turn-public-ip", "0.0.0.0"], "--turn-public-ip"),
        (&["--turn-listen", "127.0.0.1:3478"], "--turn-public-ip"),
        (
            &["--turn-url", "turn:turn.example.org"],
            "--turn-secret-file",
        ),
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

#[test]
fn check_says_all_that_is_wrong_and_its_exit_code_says_whether() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    let config = dir.path().join("server.toml");
    let check = |text: &str| {
        fs::write(&config, text).unwrap();
        program(&["check", "--config", config.to_str().unwrap()])
            .env("DESKHAND_STATE_DIR", &state)
            .output()
            .unwrap()
    };
    let wrong = "listen = \"0.0.0.0:80\"\ntls_key = \"key.pem\"\nlog_format = \"xml\"\nport = 1\n";
    let said = sentence(&check(wrong), 2);
    for part in [
        "--public-url",
        "--tls-cert is missing",
        "text, json",
        "port",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(said.lines().count(), 4, "{said}");
    let said = sentence(&check("tls_cert = \"/no/c\"\ntls_key = \"/no/k\"\n"), 1);
    assert_eq!(said.lines().count(), 2, "{said}");
    let said = sentence(&check("public_url = \"https://help.example.org\"\n"), 0);
    assert!(said.contains("--trusted-proxy"), "a note: {said}");
    assert!(said.contains("can start"), "{said}");
    assert!(!state.exists(), "checking makes nothing");
}

#[tokio::test]
async fn signals_end_it_cleanly_and_its_log_tells_nothing() {
    for (signal, format) in [(Signal::TERM, "text"), (Signal::INT, "json")] {
        let state = tempfile::tempdir().unwrap();
        let proxied = "--trusted-proxy=127.0.0.0/8";
        let args = ["--log", "trace", "--log-format", format, proxied];
        let running = Running::start(state.path(), &args).await;
        let mut novice = running.novice_from("203.0.113.77").await;
        let token = novice.register(route(7), None).await.unwrap();
        let mut expert = running.expert_from("2001:db8:aaaa:bbbb::77").await;
        let join = novice.joined_by(&mut expert, route(7)).await;
        let secret = b"sealed and nobody's business";
        expert.relay(secret).await;
        assert!(matches!(novice.hear().await, ToNovice::Relay { .. }));
        novice.0.send(&FromNovice::Dismiss { join }).await;
        // With nobody in a join there is nothing to wait for.
        running.signal(signal);
        novice.is_closed(Refusal::Restarting).await;
        drop((novice, expert));
        let log = running.end().await;
        assert!(
            log.contains("registered") && log.contains("joined"),
            "{log}"
        );
        assert!(log.contains("203.0.113.0/24"), "{log}");
        assert!(log.contains("2001:db8:aaaa::/48"), "{log}");
        if format == "json" {
            for line in log.lines() {
                let event: serde_json::Value = serde_json::from_str(line).unwrap();
                assert!(event["level"].is_string(), "{line}");
                assert!(event["message"].is_string(), "{line}");
            }
        }
        let kept = fs::read_to_string(state.path().join("owner-token-key")).unwrap();
        let key = kept.split(' ').nth(1).unwrap();
        let relayed = serde_json::to_string(&payload(secret)).unwrap();
        for hidden in [
            &route(7).to_text(),
            &token.0,
            key,
            relayed.trim_matches('"'),
            "203.0.113.77",
            "bbbb",
        ] {
            assert!(!log.contains(hidden), "{hidden} is in the log:\n{log}");
        }
    }
}

#[tokio::test]
async fn a_token_outlives_the_process_that_gave_it() {
    let state = tempfile::tempdir().unwrap();
    let running = Running::start(state.path(), &[]).await;
    let (novice, token) = running.waiting_novice(route(1)).await;
    drop((novice, running));
    let running = Running::start(state.path(), &[]).await;
    let (mut squatter, _) = running.waiting_novice(route(1)).await;
    let mut novice = running.novice().await;
    assert!(novice.register(route(1), Some(token)).await.is_ok());
    squatter.is_closed(Refusal::Replaced).await;
}

#[test]
fn keys_that_others_can_read_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("owner-token-key");
    fs::write(&key, "name AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA 0\n").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    for action in [&["check"][..], &[]] {
        let state = ["--state-dir", dir.path().to_str().unwrap()];
        let args = [action, &state].concat();
        let said = sentence(&program(&args).output().unwrap(), 1);
        assert!(said.contains("chmod 600"), "{said}");
        assert!(!said.contains("AAAA"), "{said}");
    }
}
