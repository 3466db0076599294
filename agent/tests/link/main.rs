//! The connection over impaired links, in real time: our end and a page made of the same crate,
//! with a relay between them that delays, loses and holds back. The bars are loose, since the
//! machine is shared; the simulation in `congestion` has the tight ones.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::large_futures,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::unchecked_time_subtraction,
    reason = "helpers of tests fail tests"
)]

mod page;
mod relay;
mod source;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use deskhand_agent::{
    io::PeerEvent,
    peer::{Certificate, Peer},
    server::Trust,
};

use page::Page;
use relay::{Nature, Relay};
use source::Work;

const MS: Duration = Duration::from_millis(1);
const MOST: u32 = 20_000;

/// What came of a run.
struct Seen {
    /// From making to being shown, sorted.
    took: Vec<Duration>,
    bytes: usize,
}

impl Seen {
    fn percentile(&self, share: usize) -> Duration {
        self.took[(self.took.len() * share / 100).min(self.took.len() - 1)]
    }
}

/// Connects over a relay, and sends for `time` once `settle` has passed.
async fn run(nature: Nature, work: Work, settle: Duration, time: Duration) -> Seen {
    let relay = Relay::start(nature).await;
    let certificate = Certificate::generate().unwrap();
    let trust = Trust::new([]).unwrap();
    let mut peer = Peer::start(certificate, Vec::new(), trust, MOST, Instant::now());
    let page = Arc::new(Page::start().await);
    let connected = async {
        loop {
            tokio::select! {
                event = peer.next() => match event {
                    PeerEvent::Offer(offer) => peer.answer(page.answer(offer).await),
                    PeerEvent::Candidate(candidate) => {
                        if let Some(candidate) = relay.agent_is_at(&candidate) {
                            page.candidate(candidate).await;
                        }
                    }
                    PeerEvent::Connected(_) => return,
                    PeerEvent::Stuck | PeerEvent::Closed => panic!("no connection"),
                    _ => {}
                },
                candidate = page.next_candidate() => {
                    if let Some(candidate) = relay.page_is_at(&candidate) {
                        peer.candidate(candidate);
                    }
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), connected)
        .await
        .expect("a connection in time");
    relay.impair();
    let made = source::run(&peer, work, settle + time).await;
    // What is under way may arrive.
    tokio::time::sleep(1500 * MS).await;
    page.seen(&made, settle)
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_arrive_soon_over_a_link_that_loses_one_in_twenty() {
    let nature = Nature {
        delay: 25 * MS,
        loss: 0.05,
        ..Nature::clean()
    };
    let letters = Work::Every(300, 100 * MS);
    let seen = run(nature, letters, 2000 * MS, 8000 * MS).await;
    assert!(seen.percentile(50) < 60 * MS, "{:?}", seen.percentile(50));
    assert!(seen.percentile(95) < 200 * MS, "{:?}", seen.percentile(95));
    assert!(
        seen.percentile(100) < 1000 * MS,
        "{:?}",
        seen.percentile(100)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrow_link_is_used_and_not_flooded() {
    let nature = Nature {
        rate: 3e6,
        delay: 20 * MS,
        ..Nature::clean()
    };
    let seen = run(nature, Work::Flood, 2000 * MS, 6000 * MS).await;
    let goodput = seen.bytes as f64 * 8.0 / 6.0;
    assert!(goodput > 2e6, "{goodput}");
    assert!(seen.percentile(95) < 400 * MS, "{:?}", seen.percentile(95));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wide_link_with_some_loss_is_used() {
    let nature = Nature {
        rate: 10e6,
        delay: 20 * MS,
        loss: 0.01,
        ..Nature::clean()
    };
    let seen = run(nature, Work::Flood, 2000 * MS, 6000 * MS).await;
    let goodput = seen.bytes as f64 * 8.0 / 6.0;
    assert!(goodput > 5e6, "{goodput}");
    assert!(seen.percentile(95) < 500 * MS, "{:?}", seen.percentile(95));
}
