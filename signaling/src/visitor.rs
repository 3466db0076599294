//! Who comes from where, and how much of the server they may take.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::{NonZeroU32, NonZeroUsize},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::http::HeaderMap;
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::proxy::Proxy;

/// One source of connections: an IPv4 address, or an IPv6 network of 64 bits, which is what one
/// subscriber has.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Visitor(IpAddr);

impl From<IpAddr> for Visitor {
    fn from(ip: IpAddr) -> Self {
        Self(match ip.to_canonical() {
            IpAddr::V6(v6) if !v6.is_loopback() => {
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (!0 << 64)))
            }
            other => other,
        })
    }
}

impl Visitor {
    /// Who sent a request with these headers over a connection from `peer`. `X-Forwarded-For`
    /// counts if the peer is one of our own `proxies`, which wrote its last entry; and if that is
    /// another one of them, the entry before it, and so on.
    pub(crate) fn of(peer: IpAddr, headers: &HeaderMap, proxies: &[Proxy]) -> Self {
        let ours = |ip: IpAddr| proxies.iter().any(|proxy| proxy.is(ip));
        let mut known = peer.to_canonical();
        let said = headers.get_all("x-forwarded-for").iter().rev();
        let mut entries = said
            .map(|value| value.to_str().unwrap_or_default())
            .flat_map(|value| value.rsplit(','));
        while ours(known) {
            match entries.next().and_then(|entry| entry.trim().parse().ok()) {
                Some(before) => known = IpAddr::to_canonical(&before),
                None => break,
            }
        }
        known.into()
    }

    fn is_loopback(self) -> bool {
        self.0.is_loopback()
    }
}

/// For logs: too little to find a person by.
impl fmt::Display for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ip if ip.is_loopback() => f.write_str("loopback"),
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                write!(f, "{a}.{b}.{c}.0/24")
            }
            IpAddr::V6(v6) => {
                let cut = Ipv6Addr::from_bits(v6.to_bits() & (!0 << 80));
                write!(f, "{cut}/48")
            }
        }
    }
}

impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Visitor({self})")
    }
}

/// A number of places, of which each visitor gets a few.
#[derive(Debug)]
pub(crate) struct Seats {
    each: usize,
    /// For many behind one address: this very computer, and our own proxies.
    shared: usize,
    proxies: Vec<Proxy>,
    total: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by: HashMap<Visitor, usize>,
}

/// A place that is taken until this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Arc<Seats>,
    visitor: Visitor,
}

impl Seats {
    pub(crate) fn new(each: usize, shared: usize, total: usize, proxies: &[Proxy]) -> Arc<Self> {
        Arc::new(Self {
            each,
            shared,
            total,
            proxies: proxies.to_vec(),
            taken: Mutex::default(),
        })
    }

    pub(crate) fn take(self: &Arc<Self>, visitor: Visitor) -> Option<Seat> {
        let proxied = || self.proxies.iter().any(|proxy| proxy.may_be(visitor.0));
        let most = if visitor.is_loopback() || proxied() {
            self.shared
        } else {
            self.each
        };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.by.get(&visitor).copied().unwrap_or(0);
        if own >= most || taken.total >= self.total {
            return None;
        }
        taken.by.insert(visitor, own + 1);
        taken.total += 1;
        Some(Seat {
            seats: Arc::clone(self),
            visitor,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self
            .seats
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        taken.total -= 1;
        if let Some(own) = taken.by.get_mut(&self.visitor) {
            *own -= 1;
            if *own == 0 {
                taken.by.remove(&self.visitor);
            }
        }
    }
}

/// How often each visitor may do something.
#[derive(Debug)]
pub(crate) struct Rate {
    each: DefaultKeyedRateLimiter<Visitor>,
    loopback: DefaultDirectRateLimiter,
}

/// Loopback may do everything so much more often: it is tests, or a proxy that names nobody.
const LOOPBACK_FACTOR: NonZeroU32 = NonZeroU32::new(50).unwrap();

impl Rate {
    /// So many a minute, and as many at once.
    pub(crate) fn per_minute(count: NonZeroU32) -> Self {
        Self {
            each: RateLimiter::keyed(Quota::per_minute(count)),
            loopback: RateLimiter::direct(Quota::per_minute(count.saturating_mul(LOOPBACK_FACTOR))),
        }
    }

    pub(crate) fn allows(&self, visitor: Visitor) -> bool {
        if visitor.is_loopback() {
            self.loopback.check().is_ok()
        } else {
            self.each.check_key(&visitor).is_ok()
        }
    }
}

/// Every limit on visitors.
#[derive(Debug)]
pub(crate) struct Limits {
    /// Connections that have not become sockets.
    pub(crate) connections: Arc<Seats>,
    pub(crate) sockets: Arc<Seats>,
    /// Requests of any kind.
    pub(crate) requests: Rate,
    pub(crate) joins: Rate,
    /// Joins by a spoken number, which is short enough to be searched for.
    pub(crate) numbers: Rate,
    pub(crate) registrations: Rate,
    /// Trials of the relay.
    pub(crate) trials: Rate,
}

/// How often [`Limits::forget_idle`] wants to be called.
pub(crate) const FORGET_EVERY: Duration = Duration::from_mins(1);

impl Limits {
    pub(crate) fn new(sockets_per_visitor: Option<NonZeroUsize>, proxies: &[Proxy]) -> Self {
        let sockets = |default| sockets_per_visitor.map_or(default, NonZeroUsize::get);
        Self {
            connections: Seats::new(100, 2_000, 4_000, proxies),
            // Ten thousand who wait, and as many who come for them.
            sockets: Seats::new(sockets(20), sockets(1_000), 20_000, proxies),
            requests: Rate::per_minute(const { NonZeroU32::new(600).unwrap() }),
            joins: Rate::per_minute(const { NonZeroU32::new(60).unwrap() }),
            numbers: Rate::per_minute(const { NonZeroU32::new(10).unwrap() }),
            registrations: Rate::per_minute(const { NonZeroU32::new(240).unwrap() }),
            trials: Rate::per_minute(const { NonZeroU32::new(6).unwrap() }),
        }
    }

    /// Lets go of visitors who have done nothing for a while.
    pub(crate) fn forget_idle(&self) {
        let rates = [
            &self.requests,
            &self.joins,
            &self.numbers,
            &self.registrations,
            &self.trials,
        ];
        for rate in rates {
            rate.each.retain_recent();
            rate.each.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn visitor(text: &str) -> Visitor {
        ip(text).into()
    }

    #[test]
    fn addresses_of_one_subscriber_are_one_visitor() {
        assert_eq!(visitor("2001:db8:1:2::7"), visitor("2001:db8:1:2:9::8"));
        assert_ne!(visitor("2001:db8:1:2::7"), visitor("2001:db8:1:3::7"));
        assert_eq!(visitor("::ffff:192.0.2.7"), visitor("192.0.2.7"));
        assert_ne!(visitor("192.0.2.7"), visitor("192.0.2.8"));
    }

    #[test]
    fn logs_show_networks_only() {
        assert_eq!(visitor("192.0.2.7").to_string(), "192.0.2.0/24");
        assert_eq!(visitor("2001:db8:1:2::7").to_string(), "2001:db8:1::/48");
        assert_eq!(visitor("::1").to_string(), "loopback");
    }

    #[test]
    fn only_our_own_proxies_are_believed() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("203.0.113.1"));
        headers.append(
            "x-forwarded-for",
            HeaderValue::from_static("203.0.113.2, 203.0.113.3"),
        );
        let proxies = ["192.0.2.1".parse().unwrap()];
        let of = |peer, headers| Visitor::of(ip(peer), headers, &proxies);
        assert_eq!(of("192.0.2.1", &headers), visitor("203.0.113.3"));
        assert_eq!(of("::ffff:192.0.2.1", &headers), visitor("203.0.113.3"));
        assert_eq!(of("192.0.2.9", &headers), visitor("192.0.2.9"));
        assert_eq!(of("192.0.2.1", &HeaderMap::new()), visitor("192.0.2.1"));
    }

    #[test]
    fn proxies_behind_proxies_are_looked_through_and_no_further() {
        let proxies = ["192.0.2.1".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        let of = |said: &'static str| {
            let mut headers = HeaderMap::new();
            headers.append("x-forwarded-for", HeaderValue::from_static(said));
            Visitor::of(ip("192.0.2.1"), &headers, &proxies)
        };
        let seen = "203.0.113.2";
        assert_eq!(of("203.0.113.1, 203.0.113.2, 10.1.2.3"), visitor(seen));
        assert_eq!(of("10.9.9.9, 203.0.113.2"), visitor(seen), "it may lie");
        assert_eq!(of("203.0.113.2, nonsense"), visitor("192.0.2.1"));
        assert_eq!(of("203.0.113.2, nonsense, 10.1.2.3"), visitor("10.1.2.3"));
        assert_eq!(of("::ffff:10.1.2.3"), visitor("10.1.2.3"));
    }

    #[test]
    fn seats_are_bounded_each_and_in_total_and_come_back() {
        let seats = Seats::new(2, 3, 4, &[]);
        let (a, b) = (visitor("192.0.2.1"), visitor("192.0.2.2"));
        let held: Vec<_> = (0..3).filter_map(|_| seats.take(a)).collect();
        assert_eq!(held.len(), 2);
        let more: Vec<_> = (0..3)
            .filter_map(|_| seats.take(visitor("127.0.0.1")))
            .collect();
        assert_eq!(more.len(), 2, "the total is reached");
        assert!(seats.take(b).is_none());
        drop(held);
        assert!(seats.take(b).is_some());
        drop(more);
        assert!(seats.taken.lock().unwrap().by.is_empty(), "nothing is kept");
    }

    #[test]
    fn many_come_through_our_own_proxy() {
        let seats = Seats::new(1, 3, 4, &["192.0.2.1".parse().unwrap()]);
        let taken = |from| {
            let held: Vec<_> = (0..9).map_while(|_| seats.take(visitor(from))).collect();
            held.len()
        };
        assert_eq!(taken("192.0.2.1"), 3);
        assert_eq!(taken("192.0.2.2"), 1);
    }

    #[test]
    fn a_rate_holds_for_each_visitor_alone() {
        let rate = Rate::per_minute(const { NonZeroU32::new(5).unwrap() });
        let (a, b) = (visitor("192.0.2.1"), visitor("192.0.2.2"));
        assert_eq!((0..20).filter(|_| rate.allows(a)).count(), 5);
        assert!(rate.allows(b));
        let local = visitor("127.0.0.1");
        assert_eq!((0..20).filter(|_| rate.allows(local)).count(), 20);
    }
}
