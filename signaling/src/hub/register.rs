//! Making an invitation reachable, and its end.

use std::time::{Duration, Instant};

use deskhand_protocol::{
    id::Route,
    invitation::Number,
    signal::{MAX_TTL_SECS, Refusal, ToNovice},
};

use super::{Hub, Output, Peer, Registration, SocketId, bucket::Bucket};
use crate::token::OwnerProof;

/// What a novice's agent asks for.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) route: Route,
    pub(super) ttl_secs: u32,
    pub(super) file: bool,
    pub(super) number: Option<Number>,
}

impl Hub {
    /// A route that nobody holds goes to whoever asks: it is the hash of a random number that
    /// only its maker knows by then, and the server keeps nothing across a restart. A route
    /// that somebody holds moves only to a bearer of its owner token, once the owner has shown
    /// it: a connection that breaks before the token arrives must not lock the owner out.
    ///
    /// The route of a spoken number can be computed by anybody, so it goes only to the socket
    /// for which the number was reserved, or to a bearer of the token that it got then.
    pub(super) fn register(
        &mut self,
        from: SocketId,
        wanted: Wanted,
        proof: Option<OwnerProof>,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        let Wanted {
            route,
            ttl_secs,
            file,
            number,
        } = wanted;
        let ttl = Duration::from_secs(ttl_secs.into());
        let Some(ends_at) = now.checked_add(ttl).filter(|_| ttl_secs <= MAX_TTL_SECS) else {
            return self.expel(from, Refusal::Protocol, out);
        };
        let held = self.routes.get(&route);
        let proven = proof.is_some_and(|proof| proof.covers(&route));
        let previous = held.and_then(|held| held.owner);
        let confirmed = held.is_some_and(|held| held.confirmed);
        let again = previous == Some(from) && held.is_some_and(|held| held.number == number);
        let entitled = number.is_none_or(|number| {
            let shown = proof.is_some_and(|proof| proof.covers_number(number));
            number.route() == route && (shown || again || self.has_reserved(from, number, now))
        });
        let refusal = if !entitled || (confirmed && previous != Some(from) && !proven) {
            Some(Refusal::NotOwner)
        } else if ttl.is_zero() {
            Some(Refusal::Expired)
        } else if previous != Some(from) && !self.has_room(from, route) {
            Some(Refusal::TooMany)
        } else {
            None
        };
        if let Some(reason) = refusal {
            out.push(Output::ToNovice {
                socket: from,
                message: ToNovice::Unregistered { route, reason },
            });
            return;
        }
        if let Some(old) = previous.filter(|old| *old != from) {
            self.expel(old, Refusal::Replaced, out);
        }
        // Whoever registers anew in between gains nothing for those who knock.
        let knocks = self.routes.remove(&route).map_or_else(
            || Bucket::per_minute(self.bounds.joins_per_route_per_minute),
            |earlier| {
                self.ends.remove(&(earlier.ends_at, route));
                earlier.knocks
            },
        );
        let registration = Registration {
            ends_at,
            owner: Some(from),
            confirmed: confirmed || proven,
            file,
            number,
            knocks,
        };
        if let Some(number) = number {
            self.redeem(from, number);
        }
        self.routes.insert(route, registration);
        self.ends.insert((ends_at, route));
        if let Some(Peer::Novice { routes, .. }) = self.peers.get_mut(&from) {
            routes.insert(route);
        }
        out.push(Output::Registered {
            socket: from,
            route,
            number,
            ttl,
        });
    }

    /// Whether `from` may hold one more route. Where all places are taken, a reservation whose
    /// owner is away makes room: its token is still good for coming back.
    fn has_room(&mut self, from: SocketId, route: Route) -> bool {
        let Some(Peer::Novice { routes, .. }) = self.peers.get(&from) else {
            return false;
        };
        if routes.len() >= self.bounds.routes_per_socket {
            return false;
        }
        if self.routes.len() < self.bounds.routes || self.routes.contains_key(&route) {
            return true;
        }
        let away = self.ends.iter().copied().find(|(_, route)| {
            self.routes
                .get(route)
                .is_some_and(|held| held.owner.is_none())
        });
        match away {
            Some((ends_at, route)) => {
                self.ends.remove(&(ends_at, route));
                self.routes.remove(&route);
                true
            }
            None => false,
        }
    }

    /// A route that is not this socket's, or no longer, is none of its business: its message
    /// may have crossed the end of the registration.
    pub(super) fn unregister(&mut self, from: SocketId, route: Route) {
        let Some(Peer::Novice { routes, .. }) = self.peers.get_mut(&from) else {
            return;
        };
        if routes.remove(&route)
            && let Some(held) = self.routes.remove(&route)
        {
            self.ends.remove(&(held.ends_at, route));
        }
    }

    /// Ends what has reached its end. Joins go on: a session may outlast its invitation.
    pub(super) fn expire(&mut self, now: Instant, out: &mut Vec<Output>) {
        while let Some((ends_at, route)) = self.ends.first().copied().filter(|end| end.0 <= now) {
            self.ends.remove(&(ends_at, route));
            let owner = self.routes.remove(&route).and_then(|held| held.owner);
            let Some(socket) = owner else { continue };
            if let Some(Peer::Novice { routes, .. }) = self.peers.get_mut(&socket) {
                routes.remove(&route);
            }
            out.push(Output::ToNovice {
                socket,
                message: ToNovice::Unregistered {
                    route,
                    reason: Refusal::Expired,
                },
            });
        }
    }
}
