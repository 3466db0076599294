//! Both ends over a real server and lines that delay, split and break: they come through, or the
//! expert reads a sentence; nobody waits for ever, and the next attempt succeeds.
#![allow(missing_docs, reason = "tests are named by what they show")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failure is a panic with a sentence"
)]

mod novice;
mod page;

use std::{net::SocketAddr, time::Duration};

use deskhand_signaling::{Config, config::Patience, serve, token::KeyRing};
use deskhand_tests::fault::{BadLine, Cut, Line, Log, Manner, Way};
use futures_util::future::join_all;
use novice::Novice;
use page::{Outcome, Page};
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};

/// Longer than the page itself waits for anything here.
const LONG: Duration = Duration::from_secs(60);
/// Messages of an agent that has registered, each way.
const REGISTERED: (usize, usize) = (3, 2);
/// In good order, at once.
const GOOD: Line = Line { up: WAY, down: WAY };
const WAY: Way = Way {
    delay: Duration::ZERO,
    most: None,
    cut: None,
};

/// Which of the four ways is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    ExpertUp,
    ExpertDown,
    NoviceUp,
    NoviceDown,
}

/// Both ends, the server, and what lies between them.
struct Scene {
    novice: Novice,
    page: Page,
    of_novice: BadLine,
    of_expert: BadLine,
    server: JoinHandle<()>,
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Scene {
    /// The lines of the first connection of each end are as said, and of later ones as `later`.
    async fn new(of_novice: Line, of_expert: Line, later: Line, password: Option<&str>) -> Self {
        let (address, server) = server().await;
        let of_novice = BadLine::before(address, of_novice, later).await;
        let of_expert = BadLine::before(address, of_expert, later).await;
        let novice = Novice::invites_at(of_novice.address, password);
        let page = Page::open(
            &novice.link,
            of_expert.address,
            format!("http://{address}"),
            password.unwrap_or_default(),
        );
        Self {
            novice,
            page,
            of_novice,
            of_expert,
            server,
        }
    }

    /// One of the four ways is cut there, once. The invitation is open, unless the cut keeps it
    /// from that.
    async fn with(which: Which, cut: Cut) -> Self {
        let way = Way {
            cut: Some(cut),
            ..WAY
        };
        let (mut novice, mut expert) = (GOOD, GOOD);
        match which {
            Which::ExpertUp => expert.up = way,
            Which::ExpertDown => expert.down = way,
            Which::NoviceUp => novice.up = way,
            Which::NoviceDown => novice.down = way,
        }
        let scene = Self::new(novice, expert, GOOD, None).await;
        scene.is_open().await;
        scene
    }

    /// The agent has registered, and shown that it has its token, or its line was cut before.
    async fn is_open(&self) {
        let open = |log: &Log| log.up >= REGISTERED.0 && log.down >= REGISTERED.1 || log.cut;
        timeout(LONG, self.of_novice.until(open)).await.unwrap();
    }

    fn was_cut(&self) -> bool {
        self.of_novice.log().cut || self.of_expert.log().cut
    }

    /// The expert tries until both ends have come as far as the question. Gives the sentences that
    /// were read on the way.
    async fn meets(&mut self) -> Vec<String> {
        let mut read = Vec::new();
        let meeting = async {
            loop {
                match self.page.connects().await {
                    Outcome::Asked(_) => {
                        self.novice.is_asked(true).await;
                        return;
                    }
                    Outcome::Over(text) => {
                        read.push(text);
                        // A person reads it before they press the button again.
                        tokio::time::sleep(Duration::from_millis(300)).await;
                    }
                }
            }
        };
        timeout(LONG, meeting).await.expect("they never meet");
        read
    }

    /// The novice says no, and the page says so: what came after the question comes through, too.
    async fn parts(&mut self) {
        self.novice.refuses().await;
        let answer = timeout(LONG, self.page.hears_the_answer()).await;
        let answer = answer.expect("the page never hears of it");
        let expected = "The novice decided not to show their screen.";
        assert_eq!(answer, Outcome::Over(expected.into()));
        self.novice.is_asked(false).await;
    }
}

/// A server that finds out within seconds that somebody is gone.
async fn server() -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = Config {
        patience: Patience {
            ping: Duration::from_secs(1),
            idle: Duration::from_secs(4),
            ..Patience::default()
        },
        ..Config::local(KeyRing::ephemeral().unwrap())
    };
    let task = tokio::spawn(async move {
        serve(config, listener, std::future::pending())
            .await
            .unwrap();
    });
    (address, task)
}

/// How many messages pass each way until the novice is asked.
async fn messages() -> [(Which, usize); 4] {
    let mut scene = Scene::new(GOOD, GOOD, GOOD, None).await;
    scene.is_open().await;
    assert_eq!(scene.meets().await, Vec::<String>::new());
    let (expert, novice) = (scene.of_expert.log(), scene.of_novice.log());
    [
        (Which::ExpertUp, expert.up),
        (Which::ExpertDown, expert.down),
        (Which::NoviceUp, novice.up),
        (Which::NoviceDown, novice.down),
    ]
}

/// Every place at which a line can be cut in this manner.
async fn every_cut(manner: Manner) -> Vec<(Which, Cut)> {
    let mut cuts = Vec::new();
    for (which, count) in messages().await {
        for message in 0..count {
            cuts.extend([false, true].map(|within| {
                let cut = Cut {
                    message,
                    within,
                    manner,
                };
                (which, cut)
            }));
        }
    }
    cuts
}

/// Tries that at once at every place at which such a line can be cut in this manner.
async fn at_every_cut(
    manner: Manner,
    such: impl Fn(Which) -> bool,
    attempt: impl AsyncFn(Which, Cut),
) {
    let cuts = every_cut(manner).await;
    let cuts = cuts.into_iter().filter(|(which, _)| such(*which));
    join_all(cuts.map(|(which, cut)| attempt(which, cut))).await;
}

async fn cut_and_meet(which: Which, cut: Cut) {
    let mut scene = Scene::with(which, cut).await;
    scene.meets().await;
    assert!(scene.was_cut(), "{which:?} {cut:?}");
    scene.parts().await;
}

#[tokio::test]
async fn the_handshake_has_the_messages_that_are_cut_here() {
    assert_eq!(
        messages().await,
        [
            // Hello, Join; Hello, Ke3 and Introduce for the other end.
            (Which::ExpertUp, 5),
            // Joined; Challenge, Ke2 and Accepted from the other end.
            (Which::ExpertDown, 4),
            // Hello, Register twice; Challenge, Ke2 and Accepted for the other end.
            (Which::NoviceUp, 6),
            // Registered twice, Joined; Hello, Ke3 and Introduce from the other end.
            (Which::NoviceDown, 6),
        ]
    );
}

#[tokio::test]
async fn a_line_that_is_closed_anywhere_in_the_handshake_is_got_over() {
    at_every_cut(Manner::Closed, |_| true, cut_and_meet).await;
}

#[tokio::test]
async fn a_line_that_breaks_anywhere_in_the_handshake_is_got_over() {
    at_every_cut(Manner::Reset, |_| true, cut_and_meet).await;
}

/// The page's own line. The server finds out first, and tells the novice's computer.
#[tokio::test]
async fn a_page_whose_line_falls_silent_says_so_and_gets_over_it() {
    let of_the_page = |which| matches!(which, Which::ExpertUp | Which::ExpertDown);
    at_every_cut(Manner::Silent, of_the_page, cut_and_meet).await;
}

/// The novice's computer takes a minute to notice; meanwhile the expert is told something.
#[tokio::test]
async fn while_the_novices_line_is_silent_the_expert_reads_a_sentence() {
    let of_the_novice = |which| matches!(which, Which::NoviceUp | Which::NoviceDown);
    let reads = async |which, cut| {
        let mut scene = Scene::with(which, cut).await;
        let outcome = timeout(LONG, scene.page.connects()).await;
        let outcome = outcome.map_err(|_| format!("{which:?} {cut:?}: the page waits for ever"));
        match outcome.unwrap() {
            Outcome::Over(text) => assert!(text.ends_with('.'), "{text}"),
            // Cut off after it had said all that was needed.
            Outcome::Asked(_) => {}
        }
        assert!(scene.was_cut(), "{which:?} {cut:?}");
    };
    at_every_cut(Manner::Silent, of_the_novice, reads).await;
}

#[tokio::test]
async fn lines_that_delay_and_split_everything_only_take_longer() {
    let slow = Way {
        delay: Duration::from_millis(150),
        ..WAY
    };
    let split = Way {
        most: Some(1),
        ..WAY
    };
    let both = Way {
        most: Some(100),
        ..slow
    };
    for way in [slow, split, both] {
        let line = Line { up: way, down: way };
        let mut scene = Scene::new(line, line, line, Some("seven blue lamps")).await;
        scene.is_open().await;
        assert_eq!(scene.meets().await, Vec::<String>::new());
        scene.parts().await;
    }
}
