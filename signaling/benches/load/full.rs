//! How many messages pass in a second when everybody answers at once.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{bail, ensure};
use deskhand_protocol::id::JoinId;
use serde_json::{Value, json};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::sleep_until,
};

use crate::{
    ends::{Novice, approve, expert},
    places,
    program::{self, Server},
    script::Script,
    socket::Socket,
    talk::{Lines, Talk},
    tally::{Tally, Window},
};

const WARM_UP: Duration = Duration::from_secs(1);
/// How many may be about to connect at a time.
const AT_ONCE: usize = 64;

/// Who carries the messages.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Peer {
    /// Our server.
    Deskhand,
    /// A server that sends them back.
    Echo,
}

impl Peer {
    pub fn name(self) -> &'static str {
        match self {
            Self::Deskhand => "deskhand",
            Self::Echo => "echo",
        }
    }
}

#[derive(clap::Args)]
pub struct Options {
    /// Through whom.
    #[arg(long)]
    pub peer: Peer,
    /// How many handshakes at once.
    #[arg(long, default_value_t = Self::of(Peer::Deskhand).count)]
    count: usize,
    /// How long is counted.
    #[arg(long, default_value_t = Self::of(Peer::Deskhand).seconds)]
    seconds: u64,
}

impl Options {
    /// As it is measured, with that one.
    pub fn of(peer: Peer) -> Self {
        Self {
            peer,
            count: 1_000,
            seconds: 6,
        }
    }
}

/// So many pairs say the whole handshake over and over, each message as soon as the one before it
/// has arrived.
pub async fn measure(options: &Options) -> anyhow::Result<Value> {
    places::make_room(2 * options.count)?;
    let (program, address) = match options.peer {
        Peer::Deskhand => {
            let server = Server::start(&[])?;
            (server.program, server.address)
        }
        Peer::Echo => program::echo()?,
    };
    let script = Arc::new(Script::played()?);
    let doors = Arc::new(Semaphore::new(AT_ONCE));
    let (start, started) = watch::channel(None);
    let (ready, mut all_ready) = watch::channel(0);
    let ready = Arc::new(ready);
    let mut pairs = JoinSet::new();
    for n in 0..options.count {
        let (peer, doors, script) = (options.peer, Arc::clone(&doors), Arc::clone(&script));
        let (ready, started) = (Arc::clone(&ready), started.clone());
        pairs.spawn(async move {
            let door = doors.acquire().await?;
            let pair = Pair::meets(peer, address, 2 * n, &script).await?;
            drop(door);
            ready.send_modify(|count| *count += 1);
            pair.talks(started).await
        });
    }
    drop((ready, started));
    tokio::select! {
        all = all_ready.wait_for(|count| *count == options.count) => drop(all?),
        Some(early) = pairs.join_next() => {
            early??;
            bail!("a pair has ended before it began");
        }
    }

    let from = Instant::now() + WARM_UP;
    let window = Window {
        from,
        until: from + Duration::from_secs(options.seconds),
    };
    start.send_replace(Some(window));
    sleep_until(window.from.into()).await;
    let before = program.processor()?;
    sleep_until(window.until.into()).await;
    let processor = program.processor()?.saturating_sub(before).as_secs_f64();

    let mut tally = Tally::new(window);
    while let Some(pair) = pairs.join_next().await {
        tally.add(pair??);
    }
    let messages = tally.len();
    ensure!(messages > 0, "nothing arrived");
    Ok(json!({
        "count": options.count,
        "seconds": options.seconds,
        "messages": messages,
        "per_second": messages as f64 / options.seconds as f64,
        "processor": processor,
        "micros_each": processor * 1e6 / messages as f64,
        "ms": tally.quantiles(),
    }))
}

/// Two who have met.
struct Pair {
    talk: Talk,
    /// Where they have to be let talk first.
    join: Option<JoinId>,
    proving: Vec<Lines>,
    connecting: Vec<Lines>,
}

impl Pair {
    /// Their sockets are the `n`th of the load, and the next one.
    async fn meets(
        peer: Peer,
        server: SocketAddr,
        n: usize,
        script: &Script,
    ) -> anyhow::Result<Self> {
        let (talk, join) = match peer {
            Peer::Deskhand => {
                let mut novice = Novice::waits(server, n).await?;
                let expert = expert(server, novice.route, n + 1).await?;
                let join = novice.is_joined().await?;
                let novice = novice.socket;
                (Talk { novice, expert }, Some(join))
            }
            Peer::Echo => {
                let novice = Socket::connect(server, "/", None, places::of(n)).await?;
                let expert = Socket::connect(server, "/", None, places::of(n + 1)).await?;
                (Talk { novice, expert }, None)
            }
        };
        let lines = |turns: &[_]| {
            let one = |turn| match join {
                Some(join) => Lines::relayed(turn, join),
                None => Lines::echoed(turn),
            };
            turns.iter().map(one).collect()
        };
        Ok(Self {
            talk,
            join,
            proving: lines(&script.proving),
            connecting: lines(&script.connecting),
        })
    }

    /// From the word go to the end of the window that comes with it.
    async fn talks(
        mut self,
        mut started: watch::Receiver<Option<Window>>,
    ) -> anyhow::Result<Tally> {
        let window = started
            .wait_for(Option::is_some)
            .await
            .map(|window| *window)?;
        let window = window.ok_or_else(|| anyhow::anyhow!("it never began"))?;
        let mut tally = Tally::new(window);
        let mut asked = self.join;
        while Instant::now() < window.until {
            for turn in &self.proving {
                self.talk.goes(turn, &mut tally).await?;
            }
            if let Some(join) = asked.take() {
                approve(&mut self.talk.novice, &mut self.talk.expert, join).await?;
            }
            for turn in &self.connecting {
                self.talk.goes(turn, &mut tally).await?;
            }
        }
        Ok(tally)
    }
}
