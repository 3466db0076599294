//! A line to the server that delays and splits everything.

use std::time::Duration;

use deskhand_tests::{
    browser::Role,
    desktop::Desktop,
    expert::Expert,
    fault::{BadLine, Line, Way},
    novice::Novice,
    server::Server,
};
use tokio::net::TcpListener;

/// Page, sockets and all come through it; picture and chat go past it.
#[tokio::test]
async fn a_session_begins_over_a_line_that_delays_and_splits() {
    let way = Way {
        delay: Duration::from_millis(100),
        most: Some(64),
        cut: None,
    };
    let line = Line { up: way, down: way };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Its page comes from there.
    let server = Server::start_with(&["--public-url", &url]).await;
    let bad = BadLine::on(listener, server.address().parse().unwrap(), line, line);

    let desktop = Desktop::start().await;
    let mut novice = Novice::invite_with(&url, &desktop, &[]).await;
    let expert = Expert::view(&mut novice).await;
    let log = bad.log();
    assert!(
        log.up > 10 && log.down > 10,
        "it went past the line: {log:?}"
    );
    novice.types("Can you see it?");
    expert.browser.says(Role::Log, "Can you see it?").await;
    expert.browser.close().await;
}
