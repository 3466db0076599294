//! What waiting invitations take of the server's memory.

use std::{sync::Arc, time::Instant};

use anyhow::{Context as _, ensure};
use deskhand_protocol::signal::{FromNovice, Payload, ToExpert};
use serde_json::{Value, json};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    ends::{Novice, expert},
    places,
    program::Server,
};

/// How many may be about to connect at a time.
const AT_ONCE: usize = 64;

#[derive(clap::Args)]
pub struct Options {
    /// How many invitations.
    #[arg(long, default_value_t = Self::default().count)]
    count: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { count: 10_000 }
    }
}

/// Every invitation is its own agent's, which has a socket to the server, as it would be. The
/// memory is taken when each of them has been pinged once, so that all that a socket ever needs
/// while it waits is there.
pub async fn measure(options: &Options) -> anyhow::Result<Value> {
    places::make_room(options.count)?;
    let server = Server::start(&[])?;
    let address = server.address;
    let before = server.program.resident_kib()?;

    let began = Instant::now();
    let doors = Arc::new(Semaphore::new(AT_ONCE));
    let mut coming = JoinSet::new();
    for n in 0..options.count {
        let doors = Arc::clone(&doors);
        coming.spawn(async move {
            let _door = doors.acquire().await?;
            Novice::waits(address, n).await
        });
    }
    let mut waiting = Vec::with_capacity(options.count);
    while let Some(novice) = coming.join_next().await {
        waiting.push(novice??);
    }
    let seconds = began.elapsed().as_secs_f64();

    let mut pinged = JoinSet::new();
    for mut novice in waiting {
        pinged.spawn(async move {
            novice.socket.is_pinged().await?;
            anyhow::Ok(novice)
        });
    }
    let mut waiting = Vec::with_capacity(options.count);
    while let Some(novice) = pinged.join_next().await {
        waiting.push(novice??);
    }
    let after = server.program.resident_kib()?;

    let novice = waiting.last_mut().context("nobody waits")?;
    is_still_reached(&server, novice, options.count).await?;
    let each = after.saturating_sub(before) as f64 / options.count as f64;
    Ok(json!({
        "count": options.count,
        "seconds": seconds,
        "before_kib": before,
        "after_kib": after,
        "each_kib": each,
    }))
}

/// While all of them wait, an expert comes and is answered.
async fn is_still_reached(server: &Server, novice: &mut Novice, n: usize) -> anyhow::Result<()> {
    let mut expert = expert(server.address, novice.route, n).await?;
    let join = novice.is_joined().await?;
    let payload = Payload::new(b"here".to_vec()).context("it is short")?;
    let relay = FromNovice::Relay {
        join,
        payload: payload.clone(),
    };
    novice.socket.say(&relay).await?;
    let heard: ToExpert = expert.hear().await?;
    ensure!(
        heard == ToExpert::Relay { payload },
        "not relayed: {heard:?}"
    );
    Ok(())
}
