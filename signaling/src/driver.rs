//! The one task that owns the [`Hub`]: takes in what the sockets say, carries out what the hub
//! wants.
//!
//! It never waits for a socket. Whoever does not take what is said to them is parted from.

use std::{
    collections::{HashMap, VecDeque},
    pin::pin,
    sync::Arc,
    time::{Instant, SystemTime},
};

use deskhand_protocol::{
    invitation::Number,
    signal::{Payload, Refusal, ToExpert, ToNovice, encode},
};
use rand_core::OsRng;
use tokio::{
    sync::{mpsc, watch},
    time::{interval, sleep_until},
};

use crate::{
    hub::{Errand, Hub, Input, News, Output, Role, SocketId},
    metrics::Metrics,
    outbox::Outbox,
    relay::lend::Lender,
    token::KeyRing,
    visitor::{FORGET_EVERY, Limits},
};

/// How many events may wait for the driver; a socket that has more to say waits itself.
pub(crate) const INBOX_LEN: usize = 256;

/// What sockets send to the driver, and the link to the other servers.
pub(crate) enum Event {
    /// A socket said a proper Hello.
    Arrived {
        socket: SocketId,
        role: Role,
        outbox: Outbox,
    },
    /// The other servers can be reached; they get what is sent there.
    Linked(mpsc::Sender<Errand>),
    /// Anything later.
    Input(Input),
}

pub(crate) struct Driver {
    hub: Hub,
    keys: KeyRing,
    limits: Arc<Limits>,
    lender: Arc<Lender>,
    outboxes: HashMap<SocketId, Outbox>,
    /// To the other servers, while they can be reached.
    link: Option<mpsc::Sender<Errand>>,
    /// Sockets whose task has not said goodbye yet.
    alive: HashMap<SocketId, Role>,
    metrics: Arc<Metrics>,
    /// How many joins there are, for those who wait until there are none.
    joins: watch::Sender<usize>,
}

impl Driver {
    pub(crate) fn new(
        hub: Hub,
        keys: KeyRing,
        limits: Arc<Limits>,
        lender: Arc<Lender>,
        metrics: Arc<Metrics>,
        joins: watch::Sender<usize>,
    ) -> Self {
        Self {
            hub,
            keys,
            limits,
            lender,
            outboxes: HashMap::new(),
            link: None,
            alive: HashMap::new(),
            metrics,
            joins,
        }
    }

    /// Runs until `shutdown` and every socket has been told.
    pub(crate) async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Event>,
        shutdown: impl Future<Output = ()>,
    ) {
        let mut shutdown = pin!(shutdown);
        let mut open = true;
        let mut housekeeping = interval(FORGET_EVERY);
        while open || !self.alive.is_empty() {
            let wake_at = self.hub.wake_at();
            let input = tokio::select! {
                event = inbox.recv() => match event {
                    Some(Event::Arrived { socket, role, outbox }) => {
                        self.alive.insert(socket, role);
                        self.metrics.arrived(role);
                        self.outboxes.insert(socket, outbox);
                        Input::Connected { socket, role }
                    }
                    Some(Event::Linked(link)) => {
                        self.link = Some(link);
                        Input::Others(News::Linked)
                    }
                    Some(Event::Input(input)) => input,
                    None => break,
                },
                () = async {
                    match wake_at {
                        Some(at) => sleep_until(at.into()).await,
                        None => std::future::pending().await,
                    }
                } => Input::Tick,
                () = &mut shutdown, if open => {
                    open = false;
                    Input::Shutdown
                }
                _ = housekeeping.tick() => {
                    self.limits.forget_idle();
                    continue;
                }
            };
            let late = match input {
                Input::Connected { socket, .. } if !open => Some(socket),
                _ => None,
            };
            self.feed(input);
            if let Some(socket) = late {
                self.feed(Input::Expel {
                    socket,
                    reason: Refusal::Restarting,
                });
            }
        }
    }

    /// Hands an input to the hub, and then whatever carrying out its wishes brings up.
    fn feed(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            if let Input::Gone { socket } = input {
                if let Some(role) = self.alive.remove(&socket) {
                    self.metrics.gone(role);
                }
                self.outboxes.remove(&socket);
            }
            if let Input::Others(News::Lost) = input {
                self.link = None;
            }
            for output in self.hub.handle(input, Instant::now()) {
                inputs.extend(self.apply(output));
            }
        }
        let (routes, joins) = self.hub.census();
        self.metrics
            .routes
            .set(routes.try_into().unwrap_or(i64::MAX));
        self.metrics.joins.set(joins.try_into().unwrap_or(i64::MAX));
        self.joins.send_if_modified(|before| {
            let changed = *before != joins;
            *before = joins;
            changed
        });
    }

    /// Carries out a wish; gives what the hub has to hear of that.
    fn apply(&mut self, output: Output) -> Option<Input> {
        match output {
            Output::ToNovice { socket, message } => {
                log_ends(socket, &message);
                match &message {
                    ToNovice::Joined { .. } => {
                        self.metrics.introductions.inc();
                    }
                    ToNovice::Relay { payload, .. } => self.relayed(payload),
                    ToNovice::Closing { reason } | ToNovice::Unregistered { reason, .. } => {
                        self.metrics.refused(*reason);
                    }
                    ToNovice::Registered { .. }
                    | ToNovice::Reserved { .. }
                    | ToNovice::IceServers { .. }
                    | ToNovice::Left { .. } => {}
                }
                self.say(socket, encode(&message))
            }
            Output::ToExpert { socket, message } => {
                match &message {
                    ToExpert::Relay { payload } => self.relayed(payload),
                    ToExpert::Closing { reason } => self.metrics.refused(*reason),
                    ToExpert::Joined
                    | ToExpert::Left
                    | ToExpert::IceServers { .. }
                    | ToExpert::Trial { .. } => {}
                }
                self.say(socket, encode(&message))
            }
            Output::Registered {
                socket,
                route,
                number,
                ttl,
            } => match self.keys.mint(route, number, ttl, SystemTime::now()) {
                Ok(token) => {
                    self.metrics.registrations.inc();
                    tracing::info!(socket = socket.0, ?route, ?ttl, "registered");
                    self.say(socket, encode(&ToNovice::Registered { route, token }))
                }
                Err(error) => {
                    tracing::error!(%error, "cannot sign an owner token");
                    None
                }
            },
            Output::Draw { socket } => {
                let number = Number::random(&mut OsRng);
                Some(Input::Drawn { socket, number })
            }
            Output::Lend { join } => {
                let servers = self.lender.lend(join, &mut OsRng);
                Some(Input::Lent { join, servers })
            }
            Output::Reclaim { join, over } => {
                self.lender.reclaim(join, over);
                None
            }
            Output::Others(errand) => {
                self.link.as_ref()?.try_send(errand).err()?;
                self.link = None; // the link ends with it, and says so
                Some(Input::Others(News::Lost))
            }
            Output::Close { socket } => {
                self.outboxes.remove(&socket);
                None
            }
        }
    }

    fn relayed(&self, payload: &Payload) {
        self.metrics.relayed.inc();
        let bytes = payload.as_bytes().len();
        self.metrics.relayed_bytes.inc_by(bytes as u64);
    }

    /// Whoever has no room for it is too slow, and has to go.
    fn say(&mut self, socket: SocketId, text: String) -> Option<Input> {
        // Without an outbox it was too slow a moment ago.
        if self.outboxes.get(&socket)?.push(text) {
            return None;
        }
        if let Some(outbox) = self.outboxes.remove(&socket) {
            outbox.abandon();
        }
        tracing::info!(socket = socket.0, "too slow");
        let reason = Refusal::Slow;
        Some(Input::Expel { socket, reason })
    }
}

fn log_ends(socket: SocketId, message: &ToNovice) {
    match message {
        ToNovice::Unregistered { route, reason } => {
            tracing::info!(socket = socket.0, ?route, ?reason, "unregistered");
        }
        ToNovice::Joined { join, route } => {
            tracing::info!(socket = socket.0, join = join.0, ?route, "joined");
        }
        ToNovice::Left { join } => tracing::info!(socket = socket.0, join = join.0, "left"),
        ToNovice::Closing { reason } => tracing::info!(socket = socket.0, ?reason, "closing"),
        ToNovice::Registered { .. }
        | ToNovice::Reserved { .. }
        | ToNovice::Relay { .. }
        | ToNovice::IceServers { .. } => {}
    }
}
