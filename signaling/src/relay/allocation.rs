//! An address of the relay's that is one client's for a while, and whom it may speak to from
//! there.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use super::stun::Transaction;

/// [RFC 8656 §9](https://www.rfc-editor.org/rfc/rfc8656#section-9).
const PERMISSION: Duration = Duration::from_mins(5);
/// [RFC 8656 §12](https://www.rfc-editor.org/rfc/rfc8656#section-12).
const CHANNEL: Duration = Duration::from_mins(10);

/// See the module. `S` carries what passes.
#[derive(Debug)]
pub struct Allocation<S> {
    /// The relay's address.
    pub relayed: SocketAddr,
    /// Whose it is.
    pub username: String,
    /// Of the request that made it: the same again is a repetition.
    pub transaction: Transaction,
    /// When it ends.
    pub expires: Instant,
    /// Dropped with it.
    pub carrier: S,
    permissions: HashMap<IpAddr, Instant>,
    channels: HashMap<u16, Channel>,
    numbers: HashMap<SocketAddr, u16>,
}

#[derive(Debug)]
struct Channel {
    peer: SocketAddr,
    expires: Instant,
}

/// Why a channel cannot be bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unbound {
    /// The number, or the peer, is bound otherwise.
    Taken,
    /// There are too many.
    Full,
}

impl<S> Allocation<S> {
    /// A fresh one that reaches nobody.
    pub fn new(
        relayed: SocketAddr,
        username: String,
        transaction: Transaction,
        expires: Instant,
        carrier: S,
    ) -> Self {
        Self {
            relayed,
            username,
            transaction,
            expires,
            carrier,
            permissions: HashMap::new(),
            channels: HashMap::new(),
            numbers: HashMap::new(),
        }
    }

    /// Whether this host may be spoken to, and heard.
    pub fn permits(&self, ip: IpAddr, now: Instant) -> bool {
        self.permissions.get(&ip).is_some_and(|until| now < *until)
    }

    /// Permits all of these hosts for a while, or none if they would be more than `most`.
    pub fn permit(&mut self, ips: &[IpAddr], most: usize, now: Instant) -> bool {
        self.forget_past(now);
        let mut fresh: Vec<_> = ips
            .iter()
            .filter(|ip| !self.permissions.contains_key(ip))
            .collect();
        fresh.sort_unstable();
        fresh.dedup();
        if self.permissions.len() + fresh.len() > most {
            return false;
        }
        self.permissions
            .extend(ips.iter().map(|ip| (*ip, now + PERMISSION)));
        true
    }

    /// Has a number stand for a peer, who is permitted by it.
    ///
    /// # Errors
    /// [`Unbound`]; nothing has changed then.
    pub fn bind(
        &mut self,
        number: u16,
        peer: SocketAddr,
        most: usize,
        now: Instant,
    ) -> Result<(), Unbound> {
        self.forget_past(now);
        match (self.channels.get(&number), self.numbers.get(&peer)) {
            (Some(channel), _) if channel.peer != peer => return Err(Unbound::Taken),
            (_, Some(known)) if *known != number => return Err(Unbound::Taken),
            (None, None) if self.channels.len() >= most => return Err(Unbound::Full),
            _ => {}
        }
        if !self.permit(&[peer.ip()], most, now) {
            return Err(Unbound::Full);
        }
        let expires = now + CHANNEL;
        self.channels.insert(number, Channel { peer, expires });
        self.numbers.insert(peer, number);
        Ok(())
    }

    /// The peer that a number stands for.
    pub fn peer(&self, number: u16, now: Instant) -> Option<SocketAddr> {
        let channel = self.channels.get(&number)?;
        (now < channel.expires).then_some(channel.peer)
    }

    /// The number that stands for a peer.
    pub fn number(&self, peer: SocketAddr, now: Instant) -> Option<u16> {
        let number = *self.numbers.get(&peer)?;
        self.peer(number, now).map(|_| number)
    }

    fn forget_past(&mut self, now: Instant) {
        self.permissions.retain(|_, until| now < *until);
        self.channels.retain(|_, channel| now < channel.expires);
        self.numbers
            .retain(|_, number| self.channels.contains_key(number));
    }
}
