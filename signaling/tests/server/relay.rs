//! Two ends that talk, and a third one that misbehaves beside them.

use deskhand_protocol::signal::{
    FromExpert, FromNovice, MAX_PAYLOAD, MAX_SIGNAL, Refusal, ToExpert, ToNovice, encode,
};
use futures_util::SinkExt as _;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Server, approve, config, payload, route, still_talk};

#[tokio::test]
async fn two_ends_talk_both_ways_up_to_the_longest_payload() {
    let server = Server::start(config()).await;
    let (mut novice, _) = server.waiting_novice(route(1)).await;
    let (mut expert, join) = server.joined(&mut novice, route(1)).await;
    approve(&mut novice, &mut expert, join).await;
    let long = vec![0xA5; MAX_PAYLOAD];
    for _ in 0..20 {
        novice.relay(join, &long).await;
        let payload = payload(&long);
        assert_eq!(expert.hear().await, ToExpert::Relay { payload });
        still_talk(&mut novice, &mut expert, join).await;
    }
    novice.0.send(&FromNovice::Dismiss { join }).await;
    assert_eq!(expert.hear().await, ToExpert::Left);
    assert_eq!(expert.0.next::<ToExpert>().await, None);
}

#[tokio::test]
async fn each_end_learns_that_the_other_is_gone() {
    let server = Server::start(config()).await;
    let (mut novice, _) = server.waiting_novice(route(1)).await;
    let (expert, join) = server.joined(&mut novice, route(1)).await;
    drop(expert);
    assert_eq!(novice.hear().await, ToNovice::Left { join });
    let (mut expert, _) = server.joined(&mut novice, route(1)).await;
    drop(novice);
    assert_eq!(expert.hear().await, ToExpert::Left);
    let mut late = server.expert().await;
    late.0.send(&FromExpert::Join { route: route(1) }).await;
    late.is_closed(Refusal::Unavailable).await;
}

#[tokio::test]
async fn an_invitation_that_ends_is_said_to_have() {
    let server = Server::start(config()).await;
    let mut novice = server.novice().await;
    let route = route(1);
    novice
        .0
        .send(&FromNovice::Register {
            route,
            ttl_secs: 1,
            token: None,
            file: false,
            number: None,
        })
        .await;
    assert!(matches!(novice.hear().await, ToNovice::Registered { .. }));
    let reason = Refusal::Expired;
    assert_eq!(
        novice.hear().await,
        ToNovice::Unregistered { route, reason }
    );
    let mut expert = server.expert().await;
    expert.0.send(&FromExpert::Join { route }).await;
    expert.is_closed(Refusal::Unavailable).await;
}

#[tokio::test]
async fn bad_messages_close_their_sender_and_disturb_nobody_else() {
    let server = Server::start(config()).await;
    let (mut novice, _) = server.waiting_novice(route(1)).await;
    let (mut expert, join) = server.joined(&mut novice, route(1)).await;
    // Before that an expert has little to say.
    approve(&mut novice, &mut expert, join).await;

    let text = |text: &str| Message::text(text.to_owned());
    let out_of_place = encode(&FromExpert::Relay {
        payload: payload(b"before joining"),
    });
    let bad = [
        ("nothing", text("")),
        ("no JSON", text("{")),
        ("no such message", text(r#"{"type":"open_sesame"}"#)),
        (
            "the novice's message",
            text(r#"{"type":"dismiss","join":1}"#),
        ),
        ("a second Hello", text(r#"{"type":"hello","version":1}"#)),
        ("a short route", text(r#"{"type":"join","route":"AQEB"}"#)),
        ("out of order", text(&out_of_place)),
        ("binary", Message::binary(vec![1, 2, 3])),
        ("too long", text(&"x".repeat(MAX_SIGNAL + 1))),
        ("far too long", text(&"x".repeat(MAX_SIGNAL * 4))),
    ];
    for (what, message) in bad {
        println!("{what}");
        let mut other = server.expert().await;
        // The server may have closed before all of it is written.
        let _ = other.0.0.send(message).await;
        other.is_closed(Refusal::Protocol).await;
        still_talk(&mut novice, &mut expert, join).await;
    }
    let mut other = server.novice().await;
    other.0.send(&FromExpert::Join { route: route(1) }).await;
    other.is_closed(Refusal::Protocol).await;
    still_talk(&mut novice, &mut expert, join).await;
}

#[tokio::test]
async fn the_first_message_is_hello_of_the_same_version() {
    let server = Server::start(config()).await;
    let origin = server.origin();
    let table = [
        (r#"{"type":"hello","version":1}"#, Refusal::Version),
        (r#"{"type":"hello","version":0}"#, Refusal::Version),
        (r#"{"type":"hello"}"#, Refusal::Protocol),
        (r#"{"type":"hello","version":300}"#, Refusal::Protocol),
        ("hello", Refusal::Protocol),
    ];
    for (first, reason) in table {
        let mut socket = server.connect("/ws/novice", &[]).await.unwrap();
        socket.send_text(first.to_owned()).await;
        let said = socket.next::<ToNovice>().await;
        assert_eq!(said, Some(ToNovice::Closing { reason }), "{first}");
        let headers = [("origin", origin.as_str())];
        let mut socket = server.connect("/ws/expert", &headers).await.unwrap();
        socket.send_text(first.to_owned()).await;
        let said = socket.next::<ToExpert>().await;
        assert_eq!(said, Some(ToExpert::Closing { reason }), "{first}");
        assert_eq!(socket.next::<ToExpert>().await, None);
    }
    let mut hasty = server
        .connect("/ws/expert", &[("origin", &origin)])
        .await
        .unwrap();
    hasty.send(&FromExpert::Join { route: route(1) }).await;
    let reason = Refusal::Protocol;
    assert_eq!(hasty.next().await, Some(ToExpert::Closing { reason }));
}
