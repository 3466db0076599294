//! Routes that are claimed in the directory, and what becomes of each claim.

use std::time::{Duration, Instant};

use deskhand_protocol::{id::Route, invitation::Number, signal::Refusal};

use super::{
    Claim, Errand, Hub, Outcome, Output, SocketId, Standing, others::Others, register::Wanted,
};
use crate::{nodes::ClaimId, token::OwnerProof};

/// So many routes are claimed again at a time, after a break.
const AT_A_TIME: usize = 64;

/// What becomes of a claim once it is decided.
#[derive(Debug)]
pub(super) enum Pending {
    Registration {
        socket: SocketId,
        wanted: Wanted,
        proof: Option<OwnerProof>,
    },
    Reservation {
        socket: SocketId,
        number: Number,
    },
    /// After a break.
    Again(Route),
    /// A registration that is not wanted any more.
    Withdrawn(Route),
    /// A registration that another node has taken over, if it was granted.
    Taken {
        socket: SocketId,
        route: Route,
    },
}

impl Pending {
    fn route(&self) -> Route {
        match self {
            Self::Registration { wanted, .. } => wanted.route,
            Self::Reservation { number, .. } => number.route(),
            Self::Again(route) | Self::Withdrawn(route) | Self::Taken { route, .. } => *route,
        }
    }
}

impl Others {
    /// The errand to claim a route, after which `pending` is decided.
    pub(super) fn claim(
        &mut self,
        pending: Pending,
        route: Route,
        standing: Standing,
        proven: bool,
        age: Duration,
        ttl: Duration,
    ) -> Output {
        let claim = ClaimId(self.last_claim.0 + 1);
        self.last_claim = claim;
        self.pending.insert(claim, pending);
        Output::Others(Errand::Claim(Claim {
            claim,
            route,
            standing,
            proven,
            age,
            ttl,
        }))
    }

    /// How many registrations of a socket are not decided yet.
    pub(super) fn registering(&self, of: SocketId) -> usize {
        let undecided = self.pending.values().filter(
            |pending| matches!(pending, Pending::Registration { socket, .. } if *socket == of),
        );
        undecided.count()
    }

    /// How many reservations of a socket are not decided yet.
    pub(super) fn reserving(&self, of: SocketId) -> usize {
        let undecided = self.pending.values().filter(
            |pending| matches!(pending, Pending::Reservation { socket, .. } if *socket == of),
        );
        undecided.count()
    }

    /// A socket does not want a route any more whose registration may not be decided yet.
    pub(super) fn withdraw(&mut self, from: SocketId, route: Route) {
        for pending in self.pending.values_mut() {
            let whose = match pending {
                Pending::Registration { socket, .. } | Pending::Taken { socket, .. } => *socket,
                Pending::Reservation { .. } | Pending::Again(_) | Pending::Withdrawn(_) => continue,
            };
            if whose == from && pending.route() == route {
                *pending = Pending::Withdrawn(route);
            }
        }
    }
}

impl Hub {
    /// The directory has decided.
    pub(super) fn claimed(
        &mut self,
        claim: ClaimId,
        outcome: Outcome,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        if let Some(pending) = self.others.pending.remove(&claim) {
            self.decided(claim, pending, outcome == Outcome::Granted, now, out);
        }
        self.claim_again(now, out);
    }

    #[expect(clippy::needless_pass_by_value, reason = "it is decided, and over")]
    fn decided(
        &mut self,
        claim: ClaimId,
        pending: Pending,
        granted: bool,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        match pending {
            Pending::Registration {
                socket,
                wanted,
                proof,
            } => {
                if granted {
                    self.registered(socket, wanted, proof, Some(claim), now, out);
                } else if self.peers.contains_key(&socket) {
                    Self::decline(socket, wanted.route, Refusal::NotOwner, out);
                }
            }
            Pending::Reservation { socket, number } => {
                if granted {
                    self.keep(socket, number, Some(claim), now, out);
                } else if self.peers.contains_key(&socket) {
                    out.push(Output::Draw { socket });
                }
            }
            Pending::Again(route) if granted => match self.routes.get_mut(&route) {
                Some(held) => held.claim = held.claim.max(Some(claim)),
                None => self.release(route, Some(claim), out),
            },
            Pending::Again(route) => self.lose(route, out),
            Pending::Withdrawn(route) if granted => self.hand_back(route, Some(claim), now, out),
            Pending::Withdrawn(_) => {}
            Pending::Taken { socket, .. } if granted => self.expel(socket, Refusal::Replaced, out),
            Pending::Taken { socket, route } => {
                if self.peers.contains_key(&socket) {
                    Self::decline(socket, route, Refusal::NotOwner, out);
                }
            }
        }
    }

    /// Takes a route out of the directory, if it was entered.
    pub(super) fn release(&self, route: Route, claim: Option<ClaimId>, out: &mut Vec<Output>) {
        if let Some(claim) = claim.filter(|_| self.others.linked()) {
            out.push(Output::Others(Errand::Release { route, claim }));
        }
    }

    /// A claim was granted that is of no use any more. If the route is held here by an earlier
    /// one, the directory has to be told of that again.
    pub(super) fn hand_back(
        &mut self,
        route: Route,
        claim: Option<ClaimId>,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        match self.routes.get_mut(&route) {
            Some(held) if held.claim < claim => {
                held.claim = None;
                self.others.unclaimed.push(route);
                self.claim_again(now, out);
            }
            Some(_) => {}
            None => self.release(route, claim, out),
        }
    }

    /// Claims what is held here and the directory does not know of, some at a time.
    pub(super) fn claim_again(&mut self, now: Instant, out: &mut Vec<Output>) {
        let again = |pending: &&Pending| matches!(pending, Pending::Again(_));
        let mut under_way = self.others.pending.values().filter(again).count();
        while self.others.linked() && under_way < AT_A_TIME {
            let Some(route) = self.others.unclaimed.pop() else {
                return;
            };
            let Some(held) = self.routes.get(&route).filter(|held| held.claim.is_none()) else {
                continue;
            };
            let standing = Standing::of(held.confirmed);
            let proven = held.confirmed;
            let age = now.saturating_duration_since(held.since);
            let ttl = held.ends_at.saturating_duration_since(now);
            let pending = Pending::Again(route);
            out.push((self.others).claim(pending, route, standing, proven, age, ttl));
            under_way += 1;
        }
    }

    /// Another node holds a route that this one held by `claim`, and by none of those before it
    /// any more: claims are decided in order.
    pub(super) fn taken(&mut self, route: Route, claim: ClaimId, out: &mut Vec<Output>) {
        for (_, earlier) in self.others.pending.range_mut(..claim) {
            if let Pending::Registration { socket, wanted, .. } = earlier
                && wanted.route == route
            {
                let socket = *socket;
                *earlier = Pending::Taken { socket, route };
            }
        }
        let held = self.routes.get(&route).and_then(|held| held.claim);
        let lost = held.is_some_and(|held| held <= claim);
        // Granted and lost again before the answer to it came.
        let unanswered = (self.others.pending.get(&claim)).is_some_and(|one| one.route() == route);
        if unanswered
            && let Some(Pending::Registration { socket, .. }) = self.others.pending.remove(&claim)
        {
            self.expel(socket, Refusal::Replaced, out);
        }
        // Otherwise it is held by a later claim, or not any more.
        if lost || unanswered {
            self.lose(route, out);
        }
    }
}
