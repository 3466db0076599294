//! Tricks that attackers try, each on the real program.

use deskhand_protocol::{
    VERSION,
    signal::{FromExpert, FromNovice, MAX_SIGNAL, Refusal, ToExpert, ToNovice, encode},
};
use expect_test::expect;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    http::ask,
    process::Running,
    support::{Expert, Site, approve, route, soon, still_talk},
};

async fn public() -> (Running, tempfile::TempDir) {
    let state = tempfile::tempdir().unwrap();
    let args = [
        "--public-url=https://help.example.org",
        "--trusted-proxy=127.0.0.1",
    ];
    (Running::start(state.path(), &args).await, state)
}

/// Everything that comes back for these bytes, to the end of the connection.
async fn send(site: &Site, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let (mut answers, mut requests) = stream.split();
    let mut answer = Vec::new();
    // The server may part before it has heard all of it.
    let ((), ()) = tokio::join!(
        async {
            let _ = requests.write_all(bytes).await;
            let _ = requests.flush().await;
        },
        async {
            let _ = soon(answers.read_to_end(&mut answer)).await;
        }
    );
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn the_whole_list_of_headers_is_on_every_answer() {
    let (running, _state) = public().await;
    let port = running.address.port().to_string();
    let headers = async |request: &str| {
        let (head, _) = ask(&running, request).await;
        let mut lines: Vec<String> = head
            .lines()
            .skip(1)
            .filter(|line| {
                // What differs from answer to answer.
                let (name, _) = line.split_once(':').unwrap();
                ![
                    "date",
                    "content-length",
                    "content-type",
                    "content-encoding",
                    "etag",
                    "allow",
                    "connection",
                    "vary",
                    "cache-control",
                    "accept-ranges",
                ]
                .contains(&name)
            })
            .map(|line| line.replace(&port, "PORT"))
            .collect();
        lines.sort();
        lines.join("\n") + "\n"
    };
    let about = headers("GET /about").await;
    expect![[r"
        content-security-policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self' wss://help.example.org ws://localhost:PORT ws://127.0.0.1:PORT; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
        cross-origin-embedder-policy: require-corp
        cross-origin-opener-policy: same-origin
        cross-origin-resource-policy: same-origin
        origin-agent-cluster: ?1
        permissions-policy: accelerometer=(), autoplay=(self), camera=(), clipboard-read=(self), clipboard-write=(self), display-capture=(), fullscreen=(self), geolocation=(), gyroscope=(), hid=(), idle-detection=(), keyboard-map=(self), magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()
        referrer-policy: no-referrer
        strict-transport-security: max-age=31536000
        x-content-type-options: nosniff
        x-dns-prefetch-control: off
        x-frame-options: deny
        x-permitted-cross-domain-policies: none
    "]]
    .assert_eq(&about);
    for request in [
        "GET /",
        "HEAD /",
        "GET /pages.css",
        "GET /healthz",
        "GET /missing",
        "GET /metrics",
        "GET /readyz",
        "GET /ws/novice",
        "GET /ws/expert",
        "POST /",
        "DELETE /about",
        "OPTIONS /",
        "TRACE /",
        "GET /%2e%2e/%2e%2e/etc/passwd",
        "GET //etc/passwd",
        "GET /index.html%00.css",
    ] {
        let head = headers(request).await;
        assert_eq!(head, about, "{request}");
    }
}

#[tokio::test]
async fn no_origin_but_our_own_opens_the_experts_socket() {
    let (running, _state) = public().await;
    let port = running.address.port();
    let at = async |origin: &str| running.upgrade("/ws/expert", &[("origin", origin)]).await;
    for own in [
        "https://help.example.org".to_owned(),
        format!("http://127.0.0.1:{port}"),
        format!("http://localhost:{port}"),
        "null".to_owned(),
    ] {
        assert_eq!(at(&own).await, 101, "{own}");
    }
    for foreign in [
        // Suffixes, prefixes and look-alikes.
        "https://help.example.org.evil.example",
        "https://evilhelp.example.org",
        "https://help.example.org@evil.example",
        "https://help.example.org:443",
        "https://help.example.org/",
        "https://help.example.org#",
        "https://help.example.org?",
        "https://help.example.org,null",
        "https://help.example.org https://evil.example",
        "https://help.example.orgx",
        "https://HELP.EXAMPLE.ORG",
        "https://example.org",
        "http://help.example.org",
        "wss://help.example.org",
        "https://xn--help-example-org",
        // Not quite null, and not quite this computer.
        "Null",
        "null:",
        "\"null\"",
        "http://localhost",
        "http://127.0.0.1",
        "http://2130706433",
        "http://0.0.0.0",
        "http://[::]",
        "file://",
        "data:",
        "about:blank",
        "chrome-extension://help.example.org",
    ] {
        assert_eq!(at(foreign).await, 403, "{foreign}");
    }
    assert_eq!(running.upgrade("/ws/expert", &[]).await, 403, "missing");
    for twice in [["null", "null"], ["https://help.example.org", "null"]] {
        let headers = twice.map(|origin| ("origin", origin));
        let status = running.upgrade("/ws/expert", &headers).await;
        assert_eq!(status, 403, "{twice:?}");
    }
    for origin in ["null", "https://help.example.org", ""] {
        let status = running.upgrade("/ws/novice", &[("origin", origin)]).await;
        assert_eq!(status, 403, "{origin}");
    }
}

#[tokio::test]
async fn a_page_without_an_origin_gets_only_where_one_is_expected() {
    let (running, _state) = public().await;
    let (mut novice, _) = running.waiting_novice(route(1)).await;
    let register = FromNovice::Register {
        route: route(2),
        ttl_secs: 60,
        token: None,
        file: true,
        number: None,
    };
    novice.0.send(&register).await;
    assert!(matches!(novice.hear().await, ToNovice::Registered { .. }));
    let null = async || {
        let headers = [("origin", "null")];
        let mut socket = running.connect("/ws/expert", &headers).await.unwrap();
        socket.send(&FromExpert::Hello { version: VERSION }).await;
        Expert(socket)
    };
    let mut expert = null().await;
    expert.0.send(&FromExpert::Join { route: route(1) }).await;
    expert.is_closed(Refusal::Unavailable).await;
    let mut expert = null().await;
    let join = novice.joined_by(&mut expert, route(2)).await;
    still_talk(&mut novice, &mut expert, join).await;
}

#[tokio::test]
async fn requests_that_are_too_large_or_ambiguous_get_nowhere() {
    let (running, _state) = public().await;
    let (mut novice, _) = running.waiting_novice(route(1)).await;
    let (mut expert, join) = running.joined(&mut novice, route(1)).await;
    let long = "x".repeat(64 * 1024);
    let many = "a: b\r\n".repeat(1000);
    let table: &[(&str, String)] = &[
        ("a long path", format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n")),
        ("a long header", format!("GET / HTTP/1.1\r\nHost: a\r\nA: {long}\r\n\r\n")),
        ("many headers", format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n")),
        ("no HTTP", format!("{long}\r\n\r\n")),
        ("TLS in the clear", "\x16\x03\x01\x02\0\x01\0\x01\u{7f}\r\n\r\n".to_owned()),
        (
            "two lengths",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde".to_owned(),
        ),
        (
            "a negative length",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n".to_owned(),
        ),
        (
            "an unknown coding",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nGET /about HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        ),
        (
            "a space before the colon",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n".to_owned(),
        ),
        (
            "a control character",
            "GET / HTTP/1.1\r\nHost: a\r\nA: b\u{1}\r\n\r\n".to_owned(),
        ),
    ];
    for (what, request) in table {
        let answer = send(&running, request.as_bytes()).await;
        let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
        assert!(refused, "{what}: {answer}");
        assert!(answer.matches("HTTP/1.1 ").count() <= 1, "{what}: {answer}");
    }
    // A body that nobody asked for is not waited for, however long it says it is.
    for length in ["Content-Length: 99999999999", "Transfer-Encoding: chunked"] {
        let request = format!("POST /about HTTP/1.1\r\nHost: a\r\n{length}\r\n\r\n5\r\nabcde\r\n");
        let answer = send(&running, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    }
    still_talk(&mut novice, &mut expert, join).await;
}

/// A client's frame; its mask is zeros.
/// See [RFC 6455 §5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2).
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..126 => frame.push(0x80 | u8::try_from(short).unwrap()),
        len => {
            frame.push(0x80 | 0x7e);
            frame.extend(u16::try_from(len).unwrap().to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

#[tokio::test]
async fn frames_against_the_rules_part_their_sender_from_nobody_else() {
    let (running, _state) = public().await;
    let (mut novice, _) = running.waiting_novice(route(1)).await;
    let (mut expert, join) = running.joined(&mut novice, route(1)).await;
    approve(&mut novice, &mut expert, join).await;
    let long = "x".repeat(MAX_SIGNAL / 2);
    let endless: Vec<u8> = std::iter::once(frame(0x01, long.as_bytes()))
        .chain((0..3).map(|_| frame(0x00, long.as_bytes())))
        .flatten()
        .collect();
    let table: &[(&str, Vec<u8>)] = &[
        ("a reserved bit", frame(0xC1, b"{}")),
        ("a reserved opcode", frame(0x83, b"{}")),
        ("a continuation of nothing", frame(0x80, b"{}")),
        ("a long ping", frame(0x89, &[0; 126])),
        ("a ping in pieces", frame(0x09, b"a")),
        ("no text", frame(0x81, &[0xff, 0xfe])),
        ("not masked", vec![0x81, 2, b'{', b'}']),
        ("pieces without end", endless),
        (
            "2^63 bytes",
            vec![0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ),
    ];
    for (what, bytes) in table {
        let mut other = running.expert().await;
        // It may part before all of it is written.
        let _ = other.0.0.get_mut().write_all(bytes).await;
        let said: Option<ToExpert> = other.0.next().await;
        if let Some(said) = said {
            let reason = Refusal::Protocol;
            assert_eq!(said, ToExpert::Closing { reason }, "{what}");
        }
        assert_eq!(other.0.next::<ToExpert>().await, None, "{what}");
        still_talk(&mut novice, &mut expert, join).await;
    }
}

#[tokio::test]
async fn compression_is_not_to_be_had() {
    let (running, _state) = public().await;
    let origin = running.origin();
    let headers = [
        ("origin", origin.as_str()),
        ("sec-websocket-extensions", "permessage-deflate"),
    ];
    let request = encode(&FromExpert::Hello { version: VERSION });
    let mut socket = running.connect("/ws/expert", &headers).await.unwrap();
    // Compressed, as the reserved bit says; we did not agree to that.
    let bytes = frame(0xC1, request.as_bytes());
    socket.0.get_mut().write_all(&bytes).await.unwrap();
    let reason = Refusal::Protocol;
    let said: Option<ToExpert> = socket.next().await;
    assert!(said.is_none_or(|said| said == ToExpert::Closing { reason }));
}

#[tokio::test]
async fn one_visitor_asks_so_often_a_minute_and_others_are_not_disturbed() {
    let (running, _state) = public().await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let from = |visitor: &str, last: bool| {
        let connection = if last { "close" } else { "keep-alive" };
        format!(
            "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {visitor}\r\nConnection: {connection}\r\n\r\n"
        )
    };
    let flood = from("203.0.113.1", false).repeat(700) + &from("203.0.113.2", true);
    let (mut answers, mut requests) = stream.split();
    let mut heard = String::new();
    let (sent, read) = tokio::join!(
        requests.write_all(flood.as_bytes()),
        soon(answers.read_to_string(&mut heard)),
    );
    sent.unwrap();
    read.unwrap();
    let ok = heard.matches("HTTP/1.1 200 OK").count();
    let refused = heard.matches("HTTP/1.1 429 ").count();
    assert_eq!(ok + refused, 701, "all are answered");
    // Ten more may become free each second.
    assert!((601..660).contains(&ok), "{ok}");
    assert_eq!(heard.matches("retry-after: 5").count(), refused);
    assert!(heard.ends_with("ok\n"), "the other visitor's");
}

#[tokio::test]
async fn one_invitation_is_knocked_at_so_often_a_minute() {
    let (running, _state) = public().await;
    let (mut novice, _) = running.waiting_novice(route(1)).await;
    let mut joined = 0;
    // From everywhere, so that no limit on visitors is in the way.
    for visitor in 0..80 {
        let mut expert = running.expert_from(&format!("203.0.113.{visitor}")).await;
        expert.0.send(&FromExpert::Join { route: route(1) }).await;
        match expert.hear().await {
            ToExpert::Joined => joined += 1,
            said => {
                let reason = Refusal::TooMany;
                assert_eq!(said, ToExpert::Closing { reason });
                continue;
            }
        }
        let ToNovice::Joined { join, .. } = novice.hear().await else {
            panic!("nobody was announced");
        };
        novice.0.send(&FromNovice::Dismiss { join }).await;
        assert_eq!(expert.hear().await, ToExpert::Left);
    }
    assert!((60..75).contains(&joined), "{joined}");
    // Another invitation of the same novice is still open to all.
    assert!(novice.register(route(2), None).await.is_ok());
    let (mut expert, join) = running.joined(&mut novice, route(2)).await;
    still_talk(&mut novice, &mut expert, join).await;
}
