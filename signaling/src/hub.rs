//! The hub: who is connected, who waits where, and who is in a join with whom.
//!
//! INVARIANT: pure. It never awaits, spawns or reads a clock; [`crate::driver`] feeds it and
//! carries out what it says. After [`Output::Close`] a socket is forgotten: nothing more is
//! ever said to it. Every map is bounded by [`Bounds`].

mod approve;
mod bucket;
mod claim;
mod errand;
mod join;
mod leave;
mod others;
mod register;
mod relay;
mod reserve;
mod seek;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{Duration, Instant},
};

use deskhand_protocol::{
    ice::IceServer,
    id::{JoinId, Route},
    invitation::Number,
    signal::{FromExpert, FromNovice, Refusal, ToExpert, ToNovice},
};

use crate::{nodes::ClaimId, token::OwnerProof};
use bucket::Bucket;
pub use errand::{Claim, Errand, News, Outcome, Standing};
use join::{Ends, Join};
use others::Others;
use register::Wanted;
use reserve::Reservation;
use seek::Sought;

/// Names a connected socket; never reused while the server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u64);

/// Which end a socket is; fixed by the address it connected to, and by the origin it named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The agent of somebody who wants help.
    Novice,
    /// The page of somebody who gives it.
    Expert(Page),
}

/// Where an expert's page came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// From this server.
    Served,
    /// Out of a file, so that the browser vouches for nothing. Any web page can look like one:
    /// it gets no further than to invitations that wait for a file.
    File,
}

/// What happens to the hub.
#[derive(Debug, Clone)]
pub enum Input {
    /// A socket said a proper Hello.
    Connected {
        /// Its name from now on.
        socket: SocketId,
        /// Which end it is.
        role: Role,
    },
    /// A novice's agent said something.
    Novice {
        /// Who.
        socket: SocketId,
        /// What.
        message: FromNovice,
        /// What the token in the message proves, if it carries one and it is good.
        proof: Option<OwnerProof>,
    },
    /// An expert's page said something.
    Expert {
        /// Who.
        socket: SocketId,
        /// What.
        message: FromExpert,
    },
    /// The number that [`Output::Draw`] asked for.
    Drawn {
        /// For whom.
        socket: SocketId,
        /// A random one.
        number: Number,
    },
    /// What [`Output::Lend`] asked for.
    Lent {
        /// For which session.
        join: JoinId,
        /// What it may use.
        servers: Vec<IceServer>,
    },
    /// An edge found a reason to part with a socket: garbled, too fast, too slow.
    Expel {
        /// With whom.
        socket: SocketId,
        /// The reason.
        reason: Refusal,
    },
    /// A socket is gone by itself.
    Gone {
        /// Which.
        socket: SocketId,
    },
    /// Something about the other nodes. Never anything, if this one is alone.
    Others(News),
    /// Time has passed; see [`Hub::wake_at`].
    Tick,
    /// The server goes down.
    Shutdown,
}

/// What the hub wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Tell a novice's agent.
    ToNovice {
        /// Whom.
        socket: SocketId,
        /// What.
        message: ToNovice,
    },
    /// Tell an expert's page.
    ToExpert {
        /// Whom.
        socket: SocketId,
        /// What.
        message: ToExpert,
    },
    /// Tell a novice's agent that `route` stands, with an owner token made for it.
    Registered {
        /// Whom.
        socket: SocketId,
        /// What stands.
        route: Route,
        /// The spoken number that it comes from.
        number: Option<Number>,
        /// How long it stands.
        ttl: Duration,
    },
    /// Draw a random number for a novice's agent; [`Input::Drawn`] brings it.
    Draw {
        /// For whom.
        socket: SocketId,
    },
    /// Lend a session what helps its ends to reach each other; [`Input::Lent`] brings it. Asked
    /// again, lend it for longer.
    Lend {
        /// Which.
        join: JoinId,
    },
    /// Take back what was lent.
    Reclaim {
        /// To which session.
        join: JoinId,
        /// The novice has ended it. Otherwise an end has lost its way through the server, and may
        /// still be connected to the other.
        over: bool,
    },
    /// Close a socket once everything said to it is on its way.
    Close {
        /// Which.
        socket: SocketId,
    },
    /// Something about the other nodes. Nothing, unless they can be reached.
    Others(Errand),
}

/// How much of everything there may be.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Routes all together, reachable or reserved.
    pub routes: usize,
    /// Routes of one socket.
    pub routes_per_socket: usize,
    /// Experts who wait at one route without having been approved.
    pub waiting_per_route: usize,
    /// Joins of one route in a minute, by everybody together.
    pub joins_per_route_per_minute: u32,
    /// Joins of one novice's socket, approved ones included.
    pub joins_per_socket: usize,
    /// Numbers kept for one socket until it registers them.
    pub reserved_per_socket: usize,
    /// Numbers that nobody has which may be asked for in a minute, by everybody together.
    /// Without an answer for whoever tries them all, the nine digits are enough.
    pub unknown_numbers_per_minute: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            routes: 100_000,
            routes_per_socket: 64,
            waiting_per_route: 8,
            joins_per_route_per_minute: 60,
            joins_per_socket: 64,
            reserved_per_socket: 4,
            unknown_numbers_per_minute: 120,
        }
    }
}

/// A connected socket.
#[derive(Debug)]
enum Peer {
    Novice {
        routes: BTreeSet<Route>,
        joins: BTreeSet<JoinId>,
        reserved: BTreeSet<Number>,
    },
    Expert {
        page: Page,
        stage: Stage,
    },
}

/// How far an expert has got.
#[derive(Debug, Clone, Copy)]
enum Stage {
    /// Has not asked for anybody.
    New,
    /// Has asked for somebody who is perhaps at another node.
    Seeking(Sought),
    /// Was introduced, here or at another node.
    In(JoinId),
}

/// An invitation the server knows of.
#[derive(Debug)]
struct Registration {
    ends_at: Instant,
    /// Whose it is; `None` while the owner is away.
    owner: Option<SocketId>,
    /// The owner has shown the token, so it arrived: from then on the route is reserved for its
    /// bearer until it ends.
    confirmed: bool,
    /// Pages from a file may join.
    file: bool,
    /// It is joined by this number and not by its route.
    number: Option<Number>,
    /// Joins that are left for this minute. They are counted here, wherever the expert is.
    knocks: Bucket,
    /// When its owner last registered it.
    since: Instant,
    /// The claim by which the other nodes know that it is here; `None`: they do not know.
    claim: Option<ClaimId>,
}

/// See the module.
#[derive(Debug)]
pub struct Hub {
    bounds: Bounds,
    peers: BTreeMap<SocketId, Peer>,
    routes: HashMap<Route, Registration>,
    /// The same routes, by their end.
    ends: BTreeSet<(Instant, Route)>,
    reserved: HashMap<Number, Reservation>,
    /// Numbers that nobody has, asked for by everybody together, at all nodes. Those that somebody
    /// has take nothing from it: however many are helped at once, it stays full.
    guesses: Bucket,
    joins: HashMap<JoinId, Join>,
    next_join: u64,
    others: Others,
}

impl Hub {
    /// An empty hub. Joins are numbered from `first_join` on; a random one keeps what an agent
    /// remembers from before a restart from meaning somebody else after it.
    pub fn new(bounds: Bounds, first_join: u64) -> Self {
        Self {
            bounds,
            peers: BTreeMap::new(),
            routes: HashMap::new(),
            ends: BTreeSet::new(),
            reserved: HashMap::new(),
            guesses: Bucket::per_minute(bounds.unknown_numbers_per_minute),
            joins: HashMap::new(),
            next_join: first_join,
            others: Others::default(),
        }
    }

    /// Takes in what happened and says what to do about it, in order.
    pub fn handle(&mut self, input: Input, now: Instant) -> Vec<Output> {
        let mut out = Vec::new();
        if let Input::Gone { socket } = input {
            self.forget(socket, &mut out); // first: nothing is said to it any more
        }
        self.expire(now, &mut out);
        match input {
            Input::Connected { socket, role } => self.connected(socket, role),
            Input::Novice {
                socket,
                message,
                proof,
            } => match self.peers.get(&socket) {
                Some(Peer::Novice { .. }) => self.novice(socket, message, proof, now, &mut out),
                Some(Peer::Expert { .. }) => self.expel(socket, Refusal::Protocol, &mut out),
                None => {} // said before it learnt that it was closed
            },
            Input::Expert { socket, message } => match self.peers.get(&socket) {
                Some(Peer::Expert { .. }) => self.expert(socket, message, now, &mut out),
                Some(Peer::Novice { .. }) => self.expel(socket, Refusal::Protocol, &mut out),
                None => {}
            },
            Input::Drawn { socket, number } => self.drawn(socket, number, now, &mut out),
            Input::Lent { join, servers } => self.lent(join, servers, &mut out),
            Input::Expel { socket, reason } => self.expel(socket, reason, &mut out),
            Input::Others(news) => self.hear(news, now, &mut out),
            Input::Gone { .. } | Input::Tick => {}
            Input::Shutdown => self.shut_down(&mut out),
        }
        out
    }

    /// When the hub next wants an [`Input::Tick`].
    pub fn wake_at(&self) -> Option<Instant> {
        self.ends.first().map(|(ends_at, _)| *ends_at)
    }

    /// How many routes there are, reachable or reserved, and how many joins.
    pub fn census(&self) -> (usize, usize) {
        (self.routes.len(), self.joins.len())
    }

    fn connected(&mut self, socket: SocketId, role: Role) {
        let peer = match role {
            Role::Novice => Peer::Novice {
                routes: BTreeSet::new(),
                joins: BTreeSet::new(),
                reserved: BTreeSet::new(),
            },
            Role::Expert(page) => Peer::Expert {
                page,
                stage: Stage::New,
            },
        };
        self.peers.insert(socket, peer);
    }

    fn novice(
        &mut self,
        from: SocketId,
        message: FromNovice,
        proof: Option<OwnerProof>,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        match message {
            // The edge took the first one; there is no second.
            FromNovice::Hello { .. } => self.expel(from, Refusal::Protocol, out),
            FromNovice::Register {
                route,
                ttl_secs,
                token: _, // the edge has checked it: `proof`
                file,
                number,
            } => {
                let wanted = Wanted {
                    route,
                    ttl_secs,
                    file,
                    number,
                };
                self.register(from, wanted, proof, now, out);
            }
            FromNovice::Reserve => self.reserve(from, now, out),
            FromNovice::Unregister { route } => self.unregister(from, route, out),
            FromNovice::Relay { join, payload } => self.relay_to_expert(from, join, payload, out),
            FromNovice::Approved { join } => self.approved(from, join, out),
            FromNovice::Dismiss { join } => self.dismiss(from, join, out),
        }
    }

    fn expert(&mut self, from: SocketId, message: FromExpert, now: Instant, out: &mut Vec<Output>) {
        match message {
            // The socket itself answers who only tries things out.
            FromExpert::Hello { .. } | FromExpert::Try => {
                self.expel(from, Refusal::Protocol, out);
            }
            FromExpert::Join { route } => self.join(from, route, now, out),
            FromExpert::JoinNumber { number } => self.join_number(from, number, now, out),
            FromExpert::Relay { payload } => self.relay_to_novice(from, payload, out),
        }
    }

    fn new_join(&mut self) -> JoinId {
        let join = JoinId(self.next_join);
        self.next_join = self.next_join.wrapping_add(1);
        join
    }

    /// The join, if it is one of this novice's. Others do not exist for it.
    fn join_of_novice(&mut self, novice: SocketId, join: JoinId) -> Option<&mut Join> {
        (self.joins.get_mut(&join)).filter(|join| join.ends.novice() == Some(novice))
    }

    /// The closing word to a socket, and its end. Does not touch the maps.
    fn say_closing(socket: SocketId, peer: &Peer, reason: Refusal, out: &mut Vec<Output>) {
        out.push(match peer {
            Peer::Novice { .. } => Output::ToNovice {
                socket,
                message: ToNovice::Closing { reason },
            },
            Peer::Expert { .. } => Output::ToExpert {
                socket,
                message: ToExpert::Closing { reason },
            },
        });
        out.push(Output::Close { socket });
    }
}
