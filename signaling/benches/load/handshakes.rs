//! How long a message takes through the server while very many handshakes are under way.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use deskhand_protocol::signal::{FromNovice, ToExpert};
use rand_core::{OsRng, RngCore as _};
use serde_json::{Value, json};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, sleep_until},
};

use crate::{
    ends::{Novice, approve, expert},
    places,
    program::Server,
    script::Script,
    talk::{Lines, Talk},
    tally::{Tally, Window},
};

/// So long a novice takes to say yes, at least, in milliseconds; and at most, twice as long. People
/// take longer, and the load would be less.
const ANSWER: u64 = 4_000;
/// All have begun by then.
const WARM_UP: Duration = Duration::from_millis(2 * ANSWER);
/// How many may be about to connect at a time.
const AT_ONCE: usize = 64;

#[derive(clap::Args)]
pub struct Options {
    /// How many handshakes are under way at any time.
    #[arg(long, default_value_t = Self::default().count)]
    count: usize,
    /// How long is counted.
    #[arg(long, default_value_t = Self::default().seconds)]
    seconds: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            count: 1_000,
            seconds: 10,
        }
    }
}

/// So many novices, each with an expert in the middle of a handshake: whenever one has reached its
/// end, the next expert comes over a connection of their own.
pub async fn measure(options: &Options) -> anyhow::Result<Value> {
    places::make_room(2 * options.count)?;
    let server = Server::start(&[])?;
    let script = Arc::new(Script::played()?);
    let doors = Arc::new(Semaphore::new(AT_ONCE));
    let mut coming = JoinSet::new();
    for n in 0..options.count {
        let (address, doors) = (server.address, Arc::clone(&doors));
        coming.spawn(async move {
            let _door = doors.acquire().await?;
            anyhow::Ok((n, Novice::waits(address, n).await?))
        });
    }
    let mut waiting = Vec::with_capacity(options.count);
    while let Some(novice) = coming.join_next().await {
        waiting.push(novice??);
    }

    let from = Instant::now() + WARM_UP;
    let window = Window {
        from,
        until: from + Duration::from_secs(options.seconds),
    };
    let mut slots = JoinSet::new();
    for (n, novice) in waiting {
        let slot = Slot {
            server: server.address,
            n: options.count + n,
            script: Arc::clone(&script),
            window,
        };
        slots.spawn(slot.run(novice));
    }
    sleep_until(window.from.into()).await;
    let before = server.program.processor()?;
    sleep_until(window.until.into()).await;
    let processor = server.program.processor()?.saturating_sub(before);

    let mut tally = Tally::new(window);
    let mut ended = 0;
    while let Some(slot) = slots.join_next().await {
        let (of_one, handshakes) = slot??;
        tally.add(of_one);
        ended += handshakes;
    }
    ensure!(tally.len() > 0, "nothing was relayed");
    Ok(json!({
        "count": options.count,
        "seconds": options.seconds,
        "handshakes": ended,
        "messages": tally.len(),
        "processor": processor.as_secs_f64(),
        "ms": tally.quantiles(),
    }))
}

/// One after the other.
struct Slot {
    server: SocketAddr,
    /// Which socket of the load the experts have.
    n: usize,
    script: Arc<Script>,
    window: Window,
}

impl Slot {
    /// Gives what was counted, and how many handshakes reached their end within the window.
    async fn run(self, mut novice: Novice) -> anyhow::Result<(Tally, usize)> {
        let mut tally = Tally::new(self.window);
        let mut ended = 0;
        // They do not all begin at once.
        sleep(Duration::from_millis(OsRng.next_u64() % (2 * ANSWER))).await;
        while Instant::now() < self.window.until {
            novice = self.handshake(novice, &mut tally).await?;
            ended += usize::from(Instant::now() >= self.window.from);
        }
        Ok((tally, ended))
    }

    async fn handshake(&self, mut novice: Novice, tally: &mut Tally) -> anyhow::Result<Novice> {
        let expert = expert(self.server, novice.route, self.n).await?;
        let join = novice.is_joined().await?;
        let route = novice.route;
        let mut talk = Talk {
            novice: novice.socket,
            expert,
        };
        for turn in &self.script.proving {
            talk.goes(&Lines::relayed(turn, join), tally).await?;
        }
        sleep(Duration::from_millis(ANSWER + OsRng.next_u64() % ANSWER)).await;
        approve(&mut talk.novice, &mut talk.expert, join).await?;
        for turn in &self.script.connecting {
            talk.goes(&Lines::relayed(turn, join), tally).await?;
        }
        talk.novice.say(&FromNovice::Dismiss { join }).await?;
        let heard: ToExpert = talk.expert.hear().await?;
        ensure!(heard == ToExpert::Left, "not dismissed: {heard:?}");
        Ok(Novice {
            socket: talk.novice,
            route,
        })
    }
}
