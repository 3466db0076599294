//! The edge: the one task that talks to Redis. It decides nothing, and nobody waits for it.
//!
//! There is one connection, for commands and for messages. Whatever goes wrong ends it, and with
//! it all that was under way; the next one is another life of this node ([`NodeId`]).

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use deskhand_protocol::id::Route;
use rand_core::{OsRng, RngCore as _};
use redis::{
    AsyncConnectionConfig, Client, FromRedisValue, Pipeline, PushInfo, PushKind, RedisError, Value,
    aio::{MultiplexedConnection, SendError},
};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::{MissedTickBehavior, interval, sleep},
};

use super::{ClaimId, NodeId, Reach, Settings, ToNode, message};
use crate::{
    driver::Event,
    hub::{Claim, Errand, Input, News, Outcome, Standing},
};

/// For any answer of Redis.
const PATIENCE: Duration = Duration::from_secs(2);
/// A node that gave no sign of life for so long is gone.
const LEASE: Duration = Duration::from_secs(10);
/// Between two signs of life.
const BEAT: Duration = Duration::from_secs(3);
/// The first wait before Redis is tried again.
const SHORTEST: Duration = Duration::from_millis(250);
/// However often it was tried.
const LONGEST: Duration = Duration::from_secs(5);
/// How many errands may wait, and how many messages of others. More: Redis or this program is too
/// slow to be of use to the other.
const QUEUE: usize = 1024;
/// How many errands go to Redis at a time.
const BATCH: usize = 64;

const CLAIM: &str = include_str!("claim.lua");
const RELEASE: &str = include_str!("release.lua");
/// A killed process listens no more; one on a computer that is gone gives no more signs of life.
const VISIT: &str =
    "return redis.call('EXISTS', KEYS[1]) * redis.call('PUBSUB', 'NUMSUB', ARGV[1])[2]";

/// Why the connection to Redis ended, or did not begin.
#[derive(Debug, thiserror::Error)]
enum LinkError {
    #[error("{0}")]
    Redis(#[from] RedisError),
    #[error("an answer of Redis is not understood: {0}")]
    Answer(#[from] redis::ParsingError),
    #[error("the connection to Redis broke")]
    Cut,
    #[error("the other servers say more than this one can take")]
    Overrun,
    #[error("Redis has forgotten this server, or it has stood still for too long")]
    Lapsed,
    #[error("Redis takes less than there is to say to it")]
    TooSlow,
}

/// See the module.
pub(crate) struct Link {
    client: Client,
    process: u64,
    driver: mpsc::Sender<Event>,
    reach: watch::Sender<Reach>,
}

/// A connection that works.
struct Open {
    redis: MultiplexedConnection,
    pushes: mpsc::Receiver<PushInfo>,
    overrun: Arc<Notify>,
}

impl Link {
    /// Nothing happens before [`Link::run`]; what is received tells how it stands.
    pub(crate) fn new(
        settings: Settings,
        driver: mpsc::Sender<Event>,
    ) -> (Self, watch::Receiver<Reach>) {
        let (reach, watched) = watch::channel(Reach::Apart);
        let link = Self {
            client: settings.redis,
            process: OsRng.next_u64(),
            driver,
            reach,
        };
        (link, watched)
    }

    /// Runs until the driver has ended.
    pub(crate) async fn run(self) {
        let mut wait = SHORTEST;
        let mut said = false;
        let mut node = NodeId {
            process: self.process,
            life: 0,
        };
        while !self.driver.is_closed() {
            node.life = node.life.wrapping_add(1);
            let began = Instant::now();
            let opened = tokio::select! {
                opened = self.open(node) => opened,
                () = self.driver.closed() => return,
            };
            let error = match opened {
                Ok(open) => {
                    tracing::info!("in touch with the other servers through Redis");
                    said = false;
                    self.live(node, open).await
                }
                Err(error) => error,
            };
            if self.driver.is_closed() {
                return;
            }
            if !std::mem::replace(&mut said, true) {
                tracing::warn!(
                    %error,
                    "out of touch with the other servers: who is connected to them cannot be reached from here until Redis is back"
                );
            }
            if began.elapsed() > LEASE {
                wait = SHORTEST;
            }
            // Not all servers at once.
            let share = f64::from(OsRng.next_u32()) / f64::from(u32::MAX);
            tokio::select! {
                () = sleep(wait / 2 + (wait / 2).mul_f64(share)) => {}
                () = self.driver.closed() => return,
            }
            wait = (wait * 2).min(LONGEST);
        }
    }

    /// Connects, listens, and then lets the others know; tries whether Redis does all that is
    /// asked of it.
    async fn open(&self, node: NodeId) -> Result<Open, LinkError> {
        let (sender, pushes) = mpsc::channel(QUEUE);
        let overrun = Arc::new(Notify::new());
        let full = Arc::clone(&overrun);
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_push_sender(move |push| {
                sender.try_send(push).map_err(|_| {
                    full.notify_one();
                    SendError
                })
            });
        let mut redis = (self.client)
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        redis.subscribe(self.channel(node)).await?;
        redis.subscribe(self.channel_of_all()).await?;
        redis::cmd("SET")
            .arg(presence(node))
            .arg("")
            .arg("PX")
            .arg(millis(LEASE))
            .exec_async(&mut redis)
            .await?;
        let (route, claim) = (Route::from_bytes([0; 32]), ClaimId(0)); // of no invitation
        let trial = [
            Errand::Claim(Claim {
                claim,
                route,
                standing: Standing::Registered,
                proven: false,
                age: Duration::ZERO,
                ttl: BEAT,
            }),
            Errand::Release { route, claim },
        ];
        let mut commands = redis::pipe();
        for errand in &trial {
            self.write(node, errand, &mut commands);
        }
        commands.exec_async(&mut redis).await?;
        Ok(Open {
            redis,
            pushes,
            overrun,
        })
    }

    /// Carries errands and news until something goes wrong, or the driver has ended and all is
    /// said.
    async fn live(&self, node: NodeId, open: Open) -> LinkError {
        let Open {
            mut redis,
            pushes,
            overrun,
        } = open;
        let (errands, waiting) = mpsc::channel(QUEUE);
        if self.driver.send(Event::Linked(errands)).await.is_ok() {
            self.reach.send_replace(Reach::Together);
        }
        let ended = tokio::try_join!(
            self.carry_out(node, waiting, redis.clone()),
            self.listen(node, pushes, &overrun),
            self.stay(node, redis.clone()),
        );
        let error = match ended {
            Ok((never, _, _)) => match never {},
            Err(error) => error,
        };
        self.reach.send_replace(Reach::Apart);
        // No driver: there is nobody left to tell.
        let _ = (self.driver.send(Event::Input(Input::Others(News::Lost)))).await;
        // If it can be, so that the others need not wait for the lease to end.
        let _ = redis::cmd("DEL")
            .arg(presence(node))
            .exec_async(&mut redis)
            .await;
        error
    }

    async fn carry_out(
        &self,
        node: NodeId,
        mut waiting: mpsc::Receiver<Errand>,
        mut redis: MultiplexedConnection,
    ) -> Result<Infallible, LinkError> {
        let mut batch = Vec::with_capacity(BATCH);
        while waiting.recv_many(&mut batch, BATCH).await > 0 {
            let mut commands = redis::pipe();
            for errand in &batch {
                self.write(node, errand, &mut commands);
            }
            let answers: Vec<Value> = commands.query_async(&mut redis).await?;
            for (errand, answer) in batch.drain(..).zip(answers) {
                if let Some(news) = read(&errand, answer)? {
                    self.tell(news).await;
                }
            }
        }
        Err(LinkError::TooSlow) // or the driver has ended
    }

    async fn listen(
        &self,
        node: NodeId,
        mut pushes: mpsc::Receiver<PushInfo>,
        overrun: &Notify,
    ) -> Result<Infallible, LinkError> {
        loop {
            let push = tokio::select! {
                push = pushes.recv() => push.ok_or(LinkError::Cut)?,
                () = overrun.notified() => return Err(LinkError::Overrun),
            };
            match (push.kind, push.data.as_slice()) {
                (PushKind::Disconnection, _) => return Err(LinkError::Cut),
                (PushKind::Message, [_channel, Value::BulkString(text)]) => {
                    match message::decode(text) {
                        Ok((from, ToNode::Guessed {})) if from == node => {}
                        Ok((from, message)) => self.tell(News::Told { from, message }).await,
                        Err(error) => tracing::debug!(%error, "from another server"),
                    }
                }
                _ => {}
            }
        }
    }

    async fn stay(
        &self,
        node: NodeId,
        mut redis: MultiplexedConnection,
    ) -> Result<Infallible, LinkError> {
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            let held: i64 = redis::cmd("PEXPIRE")
                .arg(presence(node))
                .arg(millis(LEASE))
                .query_async(&mut redis)
                .await?;
            if held == 0 {
                return Err(LinkError::Lapsed);
            }
            self.tell(News::Beat).await;
        }
    }

    async fn tell(&self, news: News) {
        let told = self.driver.send(Event::Input(Input::Others(news))).await;
        if told.is_err() {
            // The driver has ended. What it said last is still to be carried out.
            std::future::pending::<()>().await;
        }
    }

    /// Adds the one command that an errand is.
    fn write(&self, node: NodeId, errand: &Errand, commands: &mut Pipeline) {
        match errand {
            Errand::Claim(claim) => {
                let (before, after) = message::encode_taken(node, claim.route);
                commands
                    .cmd("EVAL")
                    .arg(CLAIM)
                    .arg(1)
                    .arg(entry(claim.route))
                    .arg(format!("{:016x}", node.process))
                    .arg(node.to_string())
                    .arg(claim.claim.0)
                    .arg(match claim.standing {
                        Standing::Reserved => 0,
                        Standing::Registered => 1,
                        Standing::Confirmed => 2,
                    })
                    .arg(u8::from(claim.proven))
                    .arg(u64::try_from(claim.age.as_micros()).unwrap_or(u64::MAX))
                    .arg(millis(claim.ttl))
                    .arg(self.channels())
                    .arg(before)
                    .arg(after)
            }
            Errand::Release { route, claim } => commands
                .cmd("EVAL")
                .arg(RELEASE)
                .arg(1)
                .arg(entry(*route))
                .arg(format!("{:016x}", node.process))
                .arg(claim.0),
            Errand::Find { route, .. } => commands.cmd("HGET").arg(entry(*route)).arg("node"),
            Errand::Tell { node: to, message } => commands
                .cmd("PUBLISH")
                .arg(self.channel(*to))
                .arg(message::encode(node, message)),
            Errand::TellAll { message } => commands
                .cmd("PUBLISH")
                .arg(self.channel_of_all())
                .arg(message::encode(node, message)),
            Errand::Visit { node } => commands
                .cmd("EVAL")
                .arg(VISIT)
                .arg(1)
                .arg(presence(*node))
                .arg(self.channel(*node)),
        };
    }

    /// Databases share their channels, so the number of ours is part of the name.
    fn channel(&self, node: NodeId) -> String {
        format!("{}{node}", self.channels())
    }

    fn channel_of_all(&self) -> String {
        format!("{}all", self.channels())
    }

    fn channels(&self) -> String {
        let database = self.client.get_connection_info().redis_settings().db();
        format!("deskhand:1:{database}:")
    }
}

/// What the answer to an errand's command means.
fn read(errand: &Errand, answer: Value) -> Result<Option<News>, LinkError> {
    Ok(match *errand {
        Errand::Claim(Claim { claim, .. }) => {
            let answer = Vec::<String>::from_redis_value(answer)?;
            let outcome = match answer.as_slice() {
                [granted] if granted == "granted" => Outcome::Granted,
                _ => Outcome::Refused,
            };
            Some(News::Claimed { claim, outcome })
        }
        Errand::Find { socket, .. } => {
            let node = Option::<String>::from_redis_value(answer)?;
            let holder = node.and_then(|node| node.parse().ok());
            Some(News::Found { socket, holder })
        }
        // So many have heard it, or listen.
        Errand::Tell { node, .. } | Errand::Visit { node } => {
            let nobody = i64::from_redis_value(answer)? == 0;
            nobody.then_some(News::Gone { node })
        }
        Errand::TellAll { .. } | Errand::Release { .. } => None,
    })
}

fn entry(route: Route) -> String {
    format!("deskhand:1:route:{}", route.to_text())
}

fn presence(node: NodeId) -> String {
    format!("deskhand:1:node:{node}")
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
#[path = "../../tests/server/redis.rs"]
#[allow(dead_code, reason = "the tests of the whole server use more of it")]
mod server;

#[cfg(test)]
mod tests;
