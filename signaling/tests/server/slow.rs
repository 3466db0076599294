//! Those who take their time, on the real program with its own patience. Each test waits for it,
//! all of them at once.

use std::time::{Duration, Instant};

use deskhand_protocol::signal::{Refusal, ToNovice};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::interval,
};

use crate::{
    process::Running,
    support::{Server, Site, config, route, soon, still_talk},
};

/// What the server waits for a head.
const HEAD: Duration = Duration::from_secs(10);

async fn start() -> (Running, tempfile::TempDir) {
    let state = tempfile::tempdir().unwrap();
    (Running::start(state.path(), &[]).await, state)
}

/// Says `first`, then a byte of `rest` every half second, until the server parts; how long that
/// took, and what it said.
async fn trickle(site: &Site, first: &str, rest: &[u8]) -> (Duration, String) {
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let began = Instant::now();
    stream.write_all(first.as_bytes()).await.unwrap();
    let (mut answers, mut requests) = stream.split();
    let mut answer = Vec::new();
    let drip = async {
        let mut beat = interval(Duration::from_millis(500));
        for byte in rest {
            beat.tick().await;
            if requests.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        read = soon(answers.read_to_end(&mut answer)) => drop(read),
        () = drip => {}
    }
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (began.elapsed(), answer)
}

fn assert_cut(what: &str, took: Duration) {
    let cut = HEAD.saturating_sub(Duration::from_secs(1))..HEAD + Duration::from_secs(5);
    assert!(cut.contains(&took), "{what}: {took:?}");
}

#[tokio::test]
async fn a_head_has_to_be_there_in_time_however_it_drips() {
    let (running, _state) = start().await;
    let (mut novice, _) = running.waiting_novice(route(1)).await;
    let (mut expert, join) = running.joined(&mut novice, route(1)).await;
    let drops = b"X-A: b\r\n".repeat(100);
    let table = [
        ("nothing at all", "", &b""[..]),
        (
            "a head in drops",
            "GET / HTTP/1.1\r\nHost: a\r\n",
            &drops[..],
        ),
        ("a line in drops", "GET /", &[b'a'; 100][..]),
        ("half a head", "GET / HTTP/1.1\r\nHost: a", &b""[..]),
        (
            "nothing after an answer",
            "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
            &b""[..],
        ),
        (
            "an upgrade in drops",
            "GET /ws/novice HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n",
            &drops[..],
        ),
    ];
    let cut = table.map(|(what, first, rest)| {
        let running = &running;
        async move { (what, trickle(running, first, rest).await) }
    });
    let cut = futures_util::future::join_all(cut).await;
    for (what, (took, answer)) in cut {
        assert_cut(what, took);
        let ok = answer.matches("HTTP/1.1 200").count();
        assert_eq!(ok, usize::from(what.ends_with("answer")), "{answer}");
    }
    still_talk(&mut novice, &mut expert, join).await;
}

#[tokio::test]
async fn a_socket_has_to_say_hello_in_time_however_it_drips() {
    let (running, _state) = start().await;
    let mut silent = running.connect("/ws/novice", &[]).await.unwrap();
    let mut dripping = running.connect("/ws/novice", &[]).await.unwrap();
    let began = Instant::now();
    let drip = async {
        // The head of a text frame of 120 bytes, and then a byte of it now and then.
        let stream = dripping.0.get_mut();
        stream
            .write_all(&[0x81, 0x80 | 0x78, 0, 0, 0, 0])
            .await
            .unwrap();
        let mut beat = interval(Duration::from_millis(500));
        for _ in 0..120 {
            beat.tick().await;
            // It may part at any time.
            if stream.write_all(b"x").await.is_err() {
                return;
            }
        }
        panic!("it was never parted from");
    };
    let reason = Refusal::Protocol;
    let told = async {
        assert_eq!(silent.next().await, Some(ToNovice::Closing { reason }));
        assert_eq!(silent.next::<ToNovice>().await, None);
    };
    tokio::join!(drip, told);
    assert!(began.elapsed() < Duration::from_secs(15), "{began:?}");
}

#[tokio::test]
async fn an_expert_has_to_say_in_time_whom_they_want() {
    let mut impatient = config();
    impatient.patience.join = Duration::from_millis(200);
    let server = Server::start(impatient).await;
    let (mut novice, _) = server.waiting_novice(route(1)).await;
    let (mut decided, join) = server.joined(&mut novice, route(1)).await;
    let mut undecided = server.expert().await;
    undecided.is_closed(Refusal::Slow).await;
    still_talk(&mut novice, &mut decided, join).await;
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_not_kept_for_ever() {
    let (running, _state) = start().await;
    let (mut novice, _) = running.waiting_novice(route(1)).await;
    let (mut expert, join) = running.joined(&mut novice, route(1)).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let requests = "GET /about HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100);
    let began = Instant::now();
    // All buffers in between are full before long; then writing waits, until it fails.
    let asked = async {
        let mut asked = 0;
        while stream.write_all(requests.as_bytes()).await.is_ok() {
            asked += 100;
        }
        asked
    };
    let asked: usize = tokio::time::timeout(HEAD * 3, asked).await.expect("kept");
    assert!(began.elapsed() > HEAD / 2, "after {asked} requests");
    still_talk(&mut novice, &mut expert, join).await;
}
