//! What operators see, and how they end the server.

use std::time::{Duration, Instant};

use deskhand_protocol::signal::{FromExpert, Refusal, ToExpert, ToNovice};
use rustix::process::Signal;

use crate::{
    http::ask,
    process::Running,
    support::{approve, payload, route, still_talk},
};

async fn start(args: &[&str]) -> (Running, tempfile::TempDir) {
    let state = tempfile::tempdir().unwrap();
    (Running::with_admin(state.path(), args).await, state)
}

#[tokio::test]
async fn operators_ask_at_an_address_of_their_own() {
    let (running, _state) = start(&[]).await;
    let admin = running.admin.as_ref().unwrap();
    assert_eq!(ask(admin, "GET /healthz").await.1, "ok\n");
    assert_eq!(ask(admin, "GET /readyz").await.1, "ready\n");
    let (head, _) = ask(admin, "GET /metrics").await;
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0"));
    assert!(head.contains("x-content-type-options: nosniff"), "{head}");
    for path in ["/", "/about", "/ws/novice"] {
        let (head, _) = ask(admin, &format!("GET {path}")).await;
        assert!(head.starts_with("http/1.1 404"), "{path}: {head}");
    }
    for path in ["/metrics", "/readyz"] {
        let (head, _) = ask(&running, &format!("GET {path}")).await;
        assert!(head.starts_with("http/1.1 404"), "{path}: {head}");
    }
    assert_eq!(ask(&running, "GET /healthz").await.1, "ok\n");
}

#[tokio::test]
async fn metrics_count_what_happens_and_know_nobody() {
    let (running, _state) = start(&["--trusted-proxy", "127.0.0.1"]).await;
    let mut novice = running.novice_from("203.0.113.77").await;
    let token = novice.register(route(7), None).await.unwrap();
    let mut expert = running.expert_from("203.0.113.78").await;
    let join = novice.joined_by(&mut expert, route(7)).await;
    still_talk(&mut novice, &mut expert, join).await;
    let mut stray = running.expert_from("203.0.113.79").await;
    stray.0.send(&FromExpert::Join { route: route(9) }).await;
    stray.is_closed(Refusal::Unavailable).await;
    let (_, text) = ask(running.admin.as_ref().unwrap(), "GET /metrics").await;
    for line in [
        "deskhand_ready 1",
        "deskhand_routes 1",
        "deskhand_joins 1",
        "deskhand_introductions_total 1",
        "deskhand_registrations_total 1",
        "deskhand_relayed_messages_total 2",
        "deskhand_sockets{role=\"novice\"} 1",
        "deskhand_arrivals_total{role=\"expert\"} 2",
        "deskhand_refusals_total{reason=\"unavailable\"} 1",
        "deskhand_http_answers_total{status=\"1xx\"} 3",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
    }
    let said = serde_json::to_string(&payload(b"are you there?")).unwrap();
    for hidden in [
        &route(7).to_text(),
        &token.0,
        "203.0.113",
        "127.0.0.1",
        said.trim_matches('"'),
    ] {
        assert!(!text.contains(hidden), "{hidden}\n{text}");
    }
}

#[tokio::test]
async fn a_server_that_is_to_end_takes_no_new_sockets_and_lets_those_there_finish() {
    let (mut running, _state) = start(&["--drain-seconds", "60"]).await;
    let (mut novice, _) = running.waiting_novice(route(1)).await;
    let (mut expert, join) = running.joined(&mut novice, route(1)).await;
    running.signal(Signal::TERM);
    running.hears("stopping").await;
    let admin = running.admin.as_ref().unwrap();
    let (head, said) = ask(admin, "GET /readyz").await;
    assert!(head.starts_with("http/1.1 503"), "{head}");
    assert_eq!(said, "draining\n");
    assert_eq!(ask(admin, "GET /healthz").await.1, "ok\n");
    assert!(
        ask(admin, "GET /metrics")
            .await
            .1
            .contains("deskhand_ready 0")
    );
    let origin = running.origin();
    assert_eq!(running.upgrade("/ws/novice", &[]).await, 503);
    let page = [("origin", origin.as_str())];
    assert_eq!(running.upgrade("/ws/expert", &page).await, 503);
    still_talk(&mut novice, &mut expert, join).await;
    assert!(
        novice.register(route(1), None).await.is_ok(),
        "still served"
    );
    // The last one who was being introduced is done, and so is the server.
    drop(expert);
    assert_eq!(novice.hear().await, ToNovice::Left { join });
    novice.is_closed(Refusal::Restarting).await;
    drop(novice);
    running.end().await;
}

#[tokio::test]
async fn it_ends_in_time_whoever_is_still_there() {
    let (running, _state) = start(&["--drain-seconds", "1"]).await;
    let (mut novice, _) = running.waiting_novice(route(1)).await;
    let (mut expert, join) = running.joined(&mut novice, route(1)).await;
    approve(&mut novice, &mut expert, join).await;
    let began = Instant::now();
    running.signal(Signal::TERM);
    novice.is_closed(Refusal::Restarting).await;
    let reason = Refusal::Restarting;
    assert_eq!(expert.hear().await, ToExpert::Closing { reason });
    assert!(began.elapsed() >= Duration::from_millis(900));
    drop((novice, expert));
    running.end().await;
}

#[tokio::test]
async fn the_second_signal_ends_it_at_once() {
    let (mut running, _state) = start(&["--drain-seconds", "3600"]).await;
    let (mut novice, _) = running.waiting_novice(route(1)).await;
    let (_expert, _) = running.joined(&mut novice, route(1)).await;
    running.signal(Signal::TERM);
    running.hears("stopping").await;
    running.signal(Signal::INT);
    running.end().await;
}
