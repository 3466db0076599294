//! What the relay is told: who speaks, where it is, how much it may give.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use deskhand_protocol::ice::Credential;

/// Whoever speaks to the relay: an address, and over what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Client {
    /// Whence.
    pub address: SocketAddr,
    /// Over what.
    pub way: Way,
}

/// Over what a client speaks to the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// Datagrams.
    Udp,
    /// A stream of its own.
    Tcp,
    /// The same over TLS.
    Tls,
}

impl Way {
    /// Whether messages follow one another without an end that could be seen from outside.
    pub(super) fn is_stream(self) -> bool {
        matches!(self, Self::Tcp | Self::Tls)
    }
}

/// What opens the relay for a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// A name that means nothing.
    pub username: String,
    /// The password that belongs to it.
    pub password: Credential,
}

/// How much of everything there may be.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Allocations all together.
    pub allocations: usize,
    /// Allocations of one session. A browser makes one for each of its networks and each way to
    /// the relay.
    pub allocations_per_session: usize,
    /// Peers, and channels, of one allocation.
    pub peers: usize,
    /// How many may try it out at a time.
    pub trials: usize,
    /// What passes for one session, both ways together.
    pub bytes_per_second: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            allocations: 4_096,
            allocations_per_session: 16,
            peers: 64,
            trials: 32,
            bytes_per_second: 20_000_000 / 8,
        }
    }
}

/// The addresses that the relay is known under from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Public {
    /// Of IP version 4.
    pub v4: Option<Ipv4Addr>,
    /// Of IP version 6.
    pub v6: Option<Ipv6Addr>,
}

impl Public {
    /// All of them.
    pub fn ips(&self) -> impl Iterator<Item = IpAddr> + use<> {
        let (v4, v6) = (self.v4.map(IpAddr::from), self.v6.map(IpAddr::from));
        v4.into_iter().chain(v6)
    }

    pub(super) fn contains(&self, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(ip) => self.v4 == Some(ip),
            IpAddr::V6(ip) => self.v6 == Some(ip),
        }
    }
}
