//! The relay: TURN ([RFC 8656](https://www.rfc-editor.org/rfc/rfc8656)), and STUN with it, for
//! those whose networks let them reach each other no other way.
//!
//! [`Relay`] is pure: it takes what clients and peers send, and says what to do about it.
//! [`edge`] owns sockets, clock and randomness. Built here rather than taken from elsewhere,
//! because whom a relay speaks to, how much and for how long is what this server answers for, and
//! no server that can be built in lets its host decide that (`ARCHITECTURE.md`).
//!
//! INVARIANTS
//! - Nothing is kept for a client that has not proved to be in a session, but for a second how much
//!   its address was told; that is little ([`strangers`]).
//! - What a session has ends with it.
//! - Nobody is reached but hosts of the open Internet ([`reach`]), never this server itself; but
//!   two allocations of one session always reach each other, inside, without any network.
//! - Every map is bounded by [`Bounds`].

mod allocation;
pub mod budget;
pub mod edge;
mod lease;
pub mod lend;
pub mod nonce;
pub(crate) mod oracle;
pub mod reach;
mod request;
mod strangers;
pub mod stun;
mod terms;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use deskhand_protocol::{ice::framed, id::JoinId};

pub use terms::{Bounds, Client, Login, Public, Way};

use allocation::Allocation;
use lease::{Lease, Purpose};
use nonce::Nonces;
use strangers::Strangers;
use stun::{Class, Key, Message, Method, Transaction, Writer, attribute};

/// What to do about something that a client sent.
#[derive(Debug)]
pub enum Step<'a, S> {
    /// Nothing.
    Nothing,
    /// Tell the client.
    Answer(Vec<u8>),
    /// Open a socket, then call [`Relay::opened`] or [`Relay::not_opened`].
    Open(Wanted),
    /// Send it on to a peer.
    Send {
        /// What the client's allocation carries with.
        through: S,
        /// To whom.
        to: SocketAddr,
        /// What.
        data: &'a [u8],
    },
    /// It was for another allocation: hand it to that one's client.
    Deliver {
        /// What that allocation carries with.
        to: S,
        /// What.
        packet: Vec<u8>,
    },
}

/// An allocation that may be made.
#[derive(Debug)]
pub struct Wanted {
    /// For whom.
    pub client: Client,
    /// The address that it is to be at.
    pub ip: IpAddr,
    username: String,
    key: Key,
    transaction: Transaction,
    lifetime: Duration,
}

/// See the module. `S` is what an allocation carries with; it is dropped with the allocation.
#[derive(Debug)]
pub struct Relay<S> {
    bounds: Bounds,
    public: Public,
    realm: String,
    nonces: Nonces,
    strangers: Strangers,
    leases: HashMap<String, Lease>,
    usernames: HashMap<JoinId, String>,
    allocations: HashMap<Client, Allocation<S>>,
    relayed: HashMap<SocketAddr, Client>,
    /// Numbers the indications.
    said: u64,
}

/// How many bytes stand before the data of a channel.
const CHANNEL_HEAD: usize = 4;
/// What the headers of IP and UDP add to each datagram, at the least.
const HEADERS: usize = 28;
/// Below are services that no session has anything to do with.
const LOWEST_PORT: u16 = 1024;

impl<S: Clone> Relay<S> {
    /// A relay that nobody may use yet.
    pub fn new(bounds: Bounds, public: Public, realm: String, nonces: Nonces) -> Self {
        Self {
            bounds,
            public,
            realm,
            nonces,
            strangers: Strangers::default(),
            leases: HashMap::new(),
            usernames: HashMap::new(),
            allocations: HashMap::new(),
            relayed: HashMap::new(),
            said: 0,
        }
    }

    /// Lets a session use it, under this random name and password; if it may already, for longer
    /// under those that it has. Gives those that count.
    pub fn lend(&mut self, join: JoinId, fresh: Login, now: Instant) -> Login {
        if let Some(known) = self.usernames.get(&join)
            && let Some(lease) = self.leases.get_mut(known)
        {
            lease.extend(now);
            return lease.login.clone();
        }
        let lease = Lease::new(fresh.clone(), &self.realm, &self.bounds, now);
        self.usernames.insert(join, fresh.username.clone());
        self.leases.insert(fresh.username.clone(), lease);
        fresh
    }

    /// Lets somebody try it out for half a minute, under this random name and password. They reach
    /// nobody but themselves. `None`: too many do.
    pub fn lend_trial(&mut self, fresh: Login, now: Instant) -> Option<Login> {
        let trying = |lease: &&Lease| lease.purpose == Purpose::Trial && lease.stands(now);
        if self.leases.values().filter(trying).count() >= self.bounds.trials {
            return None;
        }
        let lease = Lease::trial(fresh.clone(), &self.realm, now);
        self.leases.insert(fresh.username.clone(), lease);
        Some(fresh)
    }

    /// The session is gone. What it has is gone at `end`; it gets no new allocation.
    pub fn reclaim(&mut self, join: JoinId, end: Instant, now: Instant) {
        if let Some(username) = self.usernames.remove(&join)
            && let Some(lease) = self.leases.get_mut(&username)
        {
            lease.end(end);
        }
        self.pass_time(now);
    }

    /// Lets go of whatever has ended.
    pub fn pass_time(&mut self, now: Instant) {
        let leases = &self.leases;
        let stands = |one: &Allocation<S>| {
            let lease = leases.get(&one.username);
            now < one.expires && lease.is_some_and(|lease| lease.stands(now))
        };
        let over: Vec<Client> = self
            .allocations
            .iter()
            .filter(|(_, one)| !stands(one))
            .map(|(client, _)| *client)
            .collect();
        for client in over {
            self.gone(client);
        }
        self.leases.retain(|_, lease| lease.stands(now));
        self.strangers.pass_time(now);
    }

    /// A client is gone, and its allocation with it.
    pub fn gone(&mut self, client: Client) {
        if let Some(over) = self.allocations.remove(&client) {
            self.relayed.remove(&over.relayed);
            if let Some(lease) = self.leases.get_mut(&over.username) {
                lease.allocations = lease.allocations.saturating_sub(1);
            }
        }
    }

    /// Whether a client has an allocation.
    pub fn serves(&self, client: Client) -> bool {
        self.allocations.contains_key(&client)
    }

    /// Takes one message of a client's. `own` tells this computer's addresses.
    pub fn client_said<'a>(
        &mut self,
        client: Client,
        bytes: &'a [u8],
        own: impl Fn(IpAddr) -> bool,
        now: Instant,
    ) -> Step<'a, S> {
        match bytes.first().map(|first| first >> 6) {
            Some(0) => match Message::parse(bytes) {
                Ok(message) => self.message(client, &message, own, now),
                Err(_) => Step::Nothing,
            },
            Some(1) => self.channel_data(client, bytes, now),
            _ => Step::Nothing,
        }
    }

    fn message<'a>(
        &mut self,
        client: Client,
        message: &Message<'a>,
        own: impl Fn(IpAddr) -> bool,
        now: Instant,
    ) -> Step<'a, S> {
        match (message.class, message.method) {
            (Class::Request, Method::Binding) => self.unproven(client, bound(client, message), now),
            (Class::Request, _) => self.request(client, message, own, now),
            (Class::Indication, Method::Send) => {
                let peer = message.addresses(attribute::XOR_PEER_ADDRESS).next();
                let (Some(Some(peer)), Some(data)) = (peer, message.get(attribute::DATA)) else {
                    return Step::Nothing;
                };
                let permitted = |one: &Allocation<S>| one.permits(peer.ip(), now);
                if !message.unknown().is_empty()
                    || !self.allocations.get(&client).is_some_and(permitted)
                {
                    return Step::Nothing;
                }
                self.carry(client, peer, data, now)
            }
            (Class::Indication | Class::Success | Class::Error, _) => Step::Nothing,
        }
    }

    /// Answers somebody who has proved nothing, unless that address was answered too often.
    fn unproven<'a>(&mut self, client: Client, answer: Vec<u8>, now: Instant) -> Step<'a, S> {
        let ip = client.address.ip();
        if self.strangers.may_hear(ip, answer.len(), now) {
            Step::Answer(answer)
        } else {
            Step::Nothing
        }
    }

    fn channel_data<'a>(&mut self, client: Client, bytes: &'a [u8], now: Instant) -> Step<'a, S> {
        let read = || {
            let head: [u8; CHANNEL_HEAD] = bytes.get(..CHANNEL_HEAD)?.try_into().ok()?;
            let data = bytes.get(CHANNEL_HEAD..framed(head)?.len)?;
            Some((u16::from_be_bytes([head[0], head[1]]), data))
        };
        let Some((number, data)) = read() else {
            return Step::Nothing;
        };
        let peer = self
            .allocations
            .get(&client)
            .and_then(|one| one.peer(number, now));
        match peer {
            Some(peer) => self.carry(client, peer, data, now),
            None => Step::Nothing,
        }
    }

    /// From a client that may speak to that peer.
    fn carry<'a>(
        &mut self,
        client: Client,
        peer: SocketAddr,
        data: &'a [u8],
        now: Instant,
    ) -> Step<'a, S> {
        if peer.port() < LOWEST_PORT || !self.spend(client, data.len(), now) {
            return Step::Nothing;
        }
        let Some(from) = self.allocations.get(&client) else {
            return Step::Nothing;
        };
        if !self.public.contains(peer.ip()) {
            return Step::Send {
                through: from.carrier.clone(),
                to: peer,
                data,
            };
        }
        let (relayed, username) = (from.relayed, &from.username);
        let other = self.relayed.get(&peer).copied();
        let same = other
            .and_then(|other| self.allocations.get(&other))
            .is_some_and(|other| other.username == *username);
        match other.filter(|_| same) {
            Some(other) => match self.wrapped(other, relayed, data, now) {
                Some((to, packet)) => Step::Deliver { to, packet },
                None => Step::Nothing,
            },
            None => Step::Nothing,
        }
    }

    /// Takes what somebody sent to an address of the relay's; gives what the client is to have of
    /// it.
    pub fn peer_said(
        &mut self,
        relayed: SocketAddr,
        from: SocketAddr,
        data: &[u8],
        now: Instant,
    ) -> Option<(S, Vec<u8>)> {
        // What comes from here does not come over a network.
        if self.public.contains(from.ip()) {
            return None;
        }
        let client = *self.relayed.get(&relayed)?;
        let allocation = self.allocations.get(&client)?;
        if !allocation.permits(from.ip(), now) || !self.spend(client, data.len(), now) {
            return None;
        }
        self.wrapped(client, from, data, now)
    }

    fn spend(&mut self, client: Client, bytes: usize, now: Instant) -> bool {
        let Some(allocation) = self.allocations.get(&client) else {
            return false;
        };
        let lease = self.leases.get_mut(&allocation.username);
        now < allocation.expires
            && lease.is_some_and(|one| one.stands(now) && one.budget.take(bytes + HEADERS, now))
    }

    /// Data of a peer's as its client reads it, if that wants to hear the peer.
    fn wrapped(
        &mut self,
        client: Client,
        from: SocketAddr,
        data: &[u8],
        now: Instant,
    ) -> Option<(S, Vec<u8>)> {
        let allocation = self.allocations.get(&client)?;
        if !allocation.permits(from.ip(), now) {
            return None;
        }
        let packet = if let Some(number) = allocation.number(from, now) {
            let len = u16::try_from(data.len()).ok()?;
            let mut packet = Vec::with_capacity(CHANNEL_HEAD + data.len() + 3);
            packet.extend(number.to_be_bytes());
            packet.extend(len.to_be_bytes());
            packet.extend(data);
            if client.way.is_stream() {
                packet.resize(packet.len().next_multiple_of(4), 0);
            }
            packet
        } else {
            self.said = self.said.wrapping_add(1);
            let mut transaction = [0; 12];
            transaction[4..].copy_from_slice(&self.said.to_be_bytes());
            Writer::new(Class::Indication, Method::Data, &transaction)
                .address(attribute::XOR_PEER_ADDRESS, from)
                .attribute(attribute::DATA, data)
                .finish()
        };
        Some((allocation.carrier.clone(), packet))
    }
}

/// Tells a client how its address looks from here; anybody may ask.
fn bound(client: Client, message: &Message<'_>) -> Vec<u8> {
    let unknown = message.unknown();
    if !unknown.is_empty() {
        return request::not_understood(message, &unknown).finish();
    }
    Writer::new(Class::Success, Method::Binding, &message.transaction)
        .address(attribute::XOR_MAPPED_ADDRESS, client.address)
        .finish()
}
