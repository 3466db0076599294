//! Making an invitation reachable, and its end.

use std::time::{Duration, Instant};

use deskhand_protocol::{
    id::Route,
    invitation::Number,
    signal::{MAX_TTL_SECS, Refusal, ToNovice},
};

use super::{Hub, Output, Peer, Registration, SocketId, Standing, bucket::Bucket, claim::Pending};
use crate::{nodes::ClaimId, token::OwnerProof};

/// What a novice's agent asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) route: Route,
    pub(super) ttl_secs: u32,
    pub(super) file: bool,
    pub(super) number: Option<Number>,
}

impl Wanted {
    fn ttl(&self) -> Duration {
        Duration::from_secs(self.ttl_secs.into())
    }
}

impl Hub {
    /// A route that nobody holds goes to whoever asks: it is the hash of a random number that
    /// only its maker knows by then, and the server keeps nothing across a restart. A route
    /// that somebody holds moves only to a bearer of its owner token, once the owner has shown
    /// it: a connection that breaks before the token arrives must not lock the owner out.
    ///
    /// The route of a spoken number can be computed by anybody, so it goes only to the socket
    /// for which the number was reserved, or to a bearer of the token that it got then.
    ///
    /// Where there are other nodes, the directory has the last word: [`Hub::registered`] comes
    /// when it has agreed.
    pub(super) fn register(
        &mut self,
        from: SocketId,
        wanted: Wanted,
        proof: Option<OwnerProof>,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        if wanted.ttl_secs > MAX_TTL_SECS {
            return self.expel(from, Refusal::Protocol, out);
        }
        if let Err(reason) = self.may_register(from, wanted, proof, now) {
            return Self::decline(from, wanted.route, reason, out);
        }
        if !self.others.linked() {
            return self.registered(from, wanted, proof, None, now, out);
        }
        if self.others.registering(from) >= self.bounds.routes_per_socket {
            return self.expel(from, Refusal::TooMany, out);
        }
        let route = wanted.route;
        let proven = proof.is_some_and(|proof| proof.covers(&route));
        let confirmed = self.routes.get(&route).is_some_and(|held| held.confirmed);
        let standing = Standing::of(proven || confirmed);
        let pending = Pending::Registration {
            socket: from,
            wanted,
            proof,
        };
        let ttl = wanted.ttl();
        out.push(
            self.others
                .claim(pending, route, standing, proven, Duration::ZERO, ttl),
        );
    }

    /// What this node by itself has to say against it.
    fn may_register(
        &self,
        from: SocketId,
        wanted: Wanted,
        proof: Option<OwnerProof>,
        now: Instant,
    ) -> Result<(), Refusal> {
        let Wanted { route, number, .. } = wanted;
        let held = self.routes.get(&route);
        let proven = proof.is_some_and(|proof| proof.covers(&route));
        let previous = held.and_then(|held| held.owner);
        let confirmed = held.is_some_and(|held| held.confirmed);
        let again = previous == Some(from) && held.is_some_and(|held| held.number == number);
        let entitled = number.is_none_or(|number| {
            let shown = proof.is_some_and(|proof| proof.covers_number(number));
            number.route() == route && (shown || again || self.has_reserved(from, number, now))
        });
        if !entitled || (confirmed && previous != Some(from) && !proven) {
            Err(Refusal::NotOwner)
        } else if wanted.ttl_secs == 0 {
            Err(Refusal::Expired)
        } else if previous != Some(from) && !self.has_room(from, route) {
            Err(Refusal::TooMany)
        } else {
            Ok(())
        }
    }

    /// No other node has anything against it; here things may have changed meanwhile.
    pub(super) fn registered(
        &mut self,
        from: SocketId,
        wanted: Wanted,
        proof: Option<OwnerProof>,
        claim: Option<ClaimId>,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        let Wanted {
            route,
            file,
            number,
            ..
        } = wanted;
        // Always so if the socket is gone.
        if let Err(reason) = self.may_register(from, wanted, proof, now) {
            if self.peers.contains_key(&from) {
                Self::decline(from, route, reason, out);
            }
            return self.hand_back(route, claim, now, out);
        }
        let proven = proof.is_some_and(|proof| proof.covers(&route));
        let ttl = wanted.ttl();
        let ends_at = now + ttl;
        let held = self.routes.get(&route);
        let confirmed = held.is_some_and(|held| held.confirmed);
        let previous = held.and_then(|held| held.owner);
        if previous != Some(from) {
            self.make_room(route, out);
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
            since: now,
            claim,
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

    pub(super) fn decline(socket: SocketId, route: Route, reason: Refusal, out: &mut Vec<Output>) {
        out.push(Output::ToNovice {
            socket,
            message: ToNovice::Unregistered { route, reason },
        });
    }

    /// Whether `from` may hold one more route. Where all places are taken, a reservation whose
    /// owner is away makes room: its token is still good for coming back.
    fn has_room(&self, from: SocketId, route: Route) -> bool {
        let Some(Peer::Novice { routes, .. }) = self.peers.get(&from) else {
            return false;
        };
        routes.len() < self.bounds.routes_per_socket
            && (self.routes.len() < self.bounds.routes
                || self.routes.contains_key(&route)
                || self.first_away().is_some())
    }

    fn make_room(&mut self, route: Route, out: &mut Vec<Output>) {
        if self.routes.len() < self.bounds.routes || self.routes.contains_key(&route) {
            return;
        }
        if let Some(away) = self.first_away() {
            self.drop_route(away, out);
        }
    }

    fn first_away(&self) -> Option<Route> {
        let away = |route| {
            self.routes
                .get(route)
                .is_some_and(|held| held.owner.is_none())
        };
        let mut routes = self.ends.iter().map(|(_, route)| route);
        routes.find(|route| away(route)).copied()
    }

    /// A route that is not this socket's, or no longer, is none of its business: its message
    /// may have crossed the end of the registration.
    pub(super) fn unregister(&mut self, from: SocketId, route: Route, out: &mut Vec<Output>) {
        self.others.withdraw(from, route);
        let Some(Peer::Novice { routes, .. }) = self.peers.get_mut(&from) else {
            return;
        };
        if routes.remove(&route) {
            self.drop_route(route, out);
        }
    }

    /// Forgets a route, here and in the directory.
    fn drop_route(&mut self, route: Route, out: &mut Vec<Output>) {
        if let Some(held) = self.routes.remove(&route) {
            self.ends.remove(&(held.ends_at, route));
            self.release(route, held.claim, out);
        }
    }

    /// Another node holds the route now. Its socket here is an old one of the same owner.
    pub(super) fn lose(&mut self, route: Route, out: &mut Vec<Output>) {
        let Some(held) = self.routes.remove(&route) else {
            return;
        };
        self.ends.remove(&(held.ends_at, route));
        let Some(owner) = held.owner else { return };
        if let Some(Peer::Novice { routes, .. }) = self.peers.get_mut(&owner) {
            routes.remove(&route);
        }
        self.expel(owner, Refusal::Replaced, out);
    }

    /// Ends what has reached its end. Joins go on: a session may outlast its invitation. The
    /// directory forgets it by itself.
    pub(super) fn expire(&mut self, now: Instant, out: &mut Vec<Output>) {
        while let Some((ends_at, route)) = self.ends.first().copied().filter(|end| end.0 <= now) {
            self.ends.remove(&(ends_at, route));
            let owner = self.routes.remove(&route).and_then(|held| held.owner);
            let Some(socket) = owner else { continue };
            if let Some(Peer::Novice { routes, .. }) = self.peers.get_mut(&socket) {
                routes.remove(&route);
            }
            Self::decline(socket, route, Refusal::Expired, out);
        }
    }
}
