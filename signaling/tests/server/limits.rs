//! Those who take too much, too slowly, or nothing at all.

use std::{num::NonZeroUsize, time::Duration};

use deskhand_protocol::{
    VERSION,
    signal::{FromNovice, MAX_PAYLOAD, Refusal, ToExpert, ToNovice},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{Server, config, payload, route, soon, still_talk};

#[tokio::test]
async fn who_does_not_read_is_parted_from_and_nobody_waits_for_them() {
    let server = Server::start(config()).await;
    let (mut novice, _) = server.waiting_novice(route(1)).await;
    let (mut reader, reading) = server.joined(&mut novice, route(1)).await;
    let (mut sleeper, sleeping) = server.joined(&mut novice, route(1)).await;
    let long = payload(&vec![0; MAX_PAYLOAD]);
    // Enough to fill whatever the system buffers, and then the server's own queue.
    let mut sent = 0;
    let left = loop {
        assert!(sent < 10_000, "it was never parted from");
        for _ in 0..20 {
            let payload = long.clone();
            let join = sleeping;
            novice.0.send(&FromNovice::Relay { join, payload }).await;
            sent += 1;
        }
        // The other pair's talk is in between, and must come through each time.
        reader.relay(b"still here").await;
        match novice.hear().await {
            ToNovice::Relay { join, .. } if join == reading => {}
            other => break other,
        }
    };
    assert_eq!(left, ToNovice::Left { join: sleeping });
    let payload = payload(b"still here");
    let join = reading;
    assert_eq!(novice.hear().await, ToNovice::Relay { join, payload });
    still_talk(&mut novice, &mut reader, reading).await;
    // Once the sleeper reads, what was under way comes first, then perhaps the reason, then
    // the end.
    let mut got = 0;
    while let Some(message) = sleeper.0.next::<ToExpert>().await {
        match message {
            ToExpert::Relay { .. } => got += 1,
            other => assert_eq!(
                other,
                ToExpert::Closing {
                    reason: Refusal::Slow
                }
            ),
        }
    }
    assert!(got < sent, "all of it was kept for them");
}

#[tokio::test]
async fn who_says_nothing_at_first_is_not_waited_for() {
    let mut impatient = config();
    impatient.patience.hello = Duration::from_millis(100);
    let server = Server::start(impatient).await;
    let mut silent = server.connect("/ws/novice", &[]).await.unwrap();
    let reason = Refusal::Protocol;
    assert_eq!(silent.next().await, Some(ToNovice::Closing { reason }));
    assert_eq!(silent.next::<ToNovice>().await, None);
}

#[tokio::test]
async fn who_answers_no_ping_is_gone() {
    let mut impatient = config();
    impatient.patience.ping = Duration::from_millis(100);
    impatient.patience.idle = Duration::from_millis(500);
    let server = Server::start(impatient).await;
    let (mut novice, _) = server.waiting_novice(route(1)).await;
    // Nobody polls the expert's socket from here on, so it answers nothing; the novice's does.
    let (_expert, join) = server.joined(&mut novice, route(1)).await;
    assert_eq!(novice.hear().await, ToNovice::Left { join });
    assert!(novice.register(route(2), None).await.is_ok(), "still there");
}

#[tokio::test]
async fn one_address_gets_a_few_sockets_and_is_told() {
    let mut narrow = config();
    narrow.max_sockets_per_ip = NonZeroUsize::new(2);
    let server = Server::start(narrow).await;
    let (mut first, _) = server.waiting_novice(route(1)).await;
    let mut second = server.novice().await;
    assert!(second.register(route(2), None).await.is_ok());
    let mut third = server.connect("/ws/novice", &[]).await.unwrap();
    let reason = Refusal::TooMany;
    assert_eq!(third.next().await, Some(ToNovice::Closing { reason }));
    drop(third);
    assert!(first.register(route(1), None).await.is_ok(), "undisturbed");
}

#[tokio::test]
async fn forwarded_addresses_count_only_from_a_trusted_proxy() {
    for trusted in [false, true] {
        let mut behind = config();
        behind.max_sockets_per_ip = NonZeroUsize::new(1);
        if trusted {
            behind.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        }
        let server = Server::start(behind).await;
        let from = |ip: &'static str| [("x-forwarded-for", ip)];
        let _one = server
            .connect("/ws/novice", &from("192.0.2.1"))
            .await
            .unwrap();
        let mut two = server
            .connect("/ws/novice", &from("192.0.2.2"))
            .await
            .unwrap();
        two.send(&FromNovice::Hello { version: VERSION }).await;
        let ttl_secs = 60;
        two.send(&FromNovice::Register {
            route: route(1),
            ttl_secs,
            token: None,
            file: false,
            number: None,
        })
        .await;
        let said: ToNovice = two.next().await.unwrap();
        assert_eq!(
            matches!(said, ToNovice::Registered { .. }),
            trusted,
            "{said:?}"
        );
    }
}

#[tokio::test]
async fn a_request_that_never_comes_is_not_waited_for() {
    let mut impatient = config();
    impatient.patience.head = Duration::from_millis(100);
    let server = Server::start(impatient).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a")
        .await
        .unwrap();
    let mut answer = Vec::new();
    soon(stream.read_to_end(&mut answer)).await.unwrap();
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn a_message_that_announces_itself_as_too_long_is_not_waited_for() {
    let server = Server::start(config()).await;
    let mut expert = server.expert().await;
    // The head of a text frame of 1 MiB, masked with zeros
    // (https://www.rfc-editor.org/rfc/rfc6455#section-5.2), and nothing of what it announces.
    let head = [0x81, 0xFF, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0];
    expert.0.0.get_mut().write_all(&head).await.unwrap();
    expert.is_closed(Refusal::Protocol).await;
}
