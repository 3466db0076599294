//! Which pages may open which socket.

use deskhand_protocol::{
    VERSION,
    invitation::Number,
    signal::{FromExpert, FromNovice, Refusal, ToExpert, ToNovice},
};

use crate::support::{Expert, Server, config, route, still_talk};

/// The status of the answer to an upgrade; 101 for a socket.
async fn status(server: &Server, path: &str, origins: &[&str]) -> u16 {
    let headers: Vec<_> = origins.iter().map(|o| ("origin", *o)).collect();
    match server.connect(path, &headers).await {
        Ok(_) => 101,
        Err(answer) => answer.status().as_u16(),
    }
}

#[tokio::test]
async fn the_experts_socket_is_for_our_own_page_only() {
    let mut public = config();
    public.public_url = Some("https://help.example.org".parse().unwrap());
    let server = Server::start(public).await;
    let port = server.address.port();
    let own = [
        "https://help.example.org".to_owned(),
        format!("http://127.0.0.1:{port}"),
        format!("http://localhost:{port}"),
        format!("http://[::1]:{port}"),
    ];
    for origin in &own {
        assert_eq!(
            status(&server, "/ws/expert", &[origin]).await,
            101,
            "{origin}"
        );
    }
    let foreign = [
        "NULL".to_owned(),
        "null, null".to_owned(),
        String::new(),
        "https://example.org".to_owned(),
        "http://help.example.org".to_owned(),
        "https://help.example.org:8443".to_owned(),
        "https://help.example.org.evil.example".to_owned(),
        "https://evil-help.example.org".to_owned(),
        "https://help.example.org@evil.example".to_owned(),
        "https://help.example.org/".to_owned(),
        "https://help.example.org, https://evil.example".to_owned(),
        "https://HELP.example.org".to_owned(),
        "http://localhost".to_owned(),
        format!("https://localhost:{port}"),
        format!("http://localhost:{port}0"),
        format!("http://localhost.evil.example:{port}"),
        format!("http://127.0.0.1.evil.example:{port}"),
        format!("http://127.0.0.2:{port}"),
        format!("http://0.0.0.0:{port}"),
        format!("file://localhost:{port}"),
    ];
    for origin in &foreign {
        assert_eq!(
            status(&server, "/ws/expert", &[origin]).await,
            403,
            "{origin}"
        );
    }
    assert_eq!(status(&server, "/ws/expert", &[]).await, 403, "none");
    let twice = [own[0].as_str(), own[0].as_str()];
    assert_eq!(status(&server, "/ws/expert", &twice).await, 403, "two");
    for twice in [["null", "null"], ["null", &own[0]], [&own[0], "null"]] {
        assert_eq!(status(&server, "/ws/expert", &twice).await, 403, "two");
    }
}

#[tokio::test]
async fn pages_from_files_come_as_far_as_to_invitations_that_wait_for_one() {
    let server = Server::start(config()).await;
    let (mut novice, _) = server.waiting_novice(route(1)).await;
    let message = FromNovice::Register {
        route: route(2),
        ttl_secs: 60,
        token: None,
        file: true,
        number: None,
    };
    novice.0.send(&message).await;
    assert!(matches!(novice.hear().await, ToNovice::Registered { .. }));
    let from_file = async || {
        let null = [("origin", "null")];
        let mut socket = server.connect("/ws/expert", &null).await.unwrap();
        socket.send(&FromExpert::Hello { version: VERSION }).await;
        Expert(socket)
    };

    let mut expert = from_file().await;
    expert.0.send(&FromExpert::Join { route: route(1) }).await;
    expert.is_closed(Refusal::Unavailable).await;
    let mut expert = from_file().await;
    let number = Number::new(123_456_789).unwrap();
    expert.0.send(&FromExpert::JoinNumber { number }).await;
    expert.is_closed(Refusal::Protocol).await;

    let mut expert = from_file().await;
    expert.0.send(&FromExpert::Join { route: route(2) }).await;
    assert_eq!(expert.hear().await, ToExpert::Joined);
    let ToNovice::Joined { join, .. } = novice.hear().await else {
        panic!("somebody else was let in");
    };
    still_talk(&mut novice, &mut expert, join).await;
}

#[tokio::test]
async fn a_local_server_knows_no_public_origin() {
    let server = Server::start(config()).await;
    let origin = server.origin();
    assert_eq!(status(&server, "/ws/expert", &[&origin]).await, 101);
    assert_eq!(
        status(&server, "/ws/expert", &["https://help.example.org"]).await,
        403
    );
}

#[tokio::test]
async fn the_novices_socket_is_for_no_page_at_all() {
    let server = Server::start(config()).await;
    assert_eq!(status(&server, "/ws/novice", &[]).await, 101);
    for origin in [server.origin().as_str(), "null", "", "https://evil.example"] {
        assert_eq!(
            status(&server, "/ws/novice", &[origin]).await,
            403,
            "{origin}"
        );
    }
}
