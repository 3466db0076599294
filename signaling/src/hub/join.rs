//! An expert pressed Connect.

use std::time::Instant;

use deskhand_protocol::{
    ice::IceServer,
    id::{JoinId, Route},
    invitation::Number,
    signal::{Refusal, ToExpert, ToNovice},
};

use super::{Hub, Join, Output, Page, Peer, SocketId};

impl Hub {
    /// Announces the expert to the owner of `route`. A route that is unknown, has ended, is not
    /// for this kind of page, is for joins by number, or whose owner is away gets one and the
    /// same answer.
    pub(super) fn join(
        &mut self,
        from: SocketId,
        route: Route,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        let Some(Peer::Expert { page, join: None }) = self.peers.get(&from) else {
            return self.expel(from, Refusal::Protocol, out); // once per socket
        };
        let owner = self
            .routes
            .get(&route)
            .filter(|held| held.number.is_none() && (held.file || *page == Page::Served))
            .and_then(|held| held.owner);
        match owner {
            Some(novice) => self.introduce(from, novice, route, now, out),
            None => self.expel(from, Refusal::Unavailable, out),
        }
    }

    /// The same for a spoken number. Whoever tries out numbers is let down for a while, and
    /// everybody else with them.
    pub(super) fn join_number(
        &mut self,
        from: SocketId,
        number: Number,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        // A page from a file carries its link and has no use for numbers.
        let Some(Peer::Expert {
            page: Page::Served,
            join: None,
        }) = self.peers.get(&from)
        else {
            return self.expel(from, Refusal::Protocol, out);
        };
        // An answer to those alone that exist would be the very thing that is searched for.
        if self.guesses.is_empty(now) {
            return self.expel(from, Refusal::TooMany, out);
        }
        let route = number.route();
        let owner = self
            .routes
            .get(&route)
            .filter(|held| held.number == Some(number))
            .and_then(|held| held.owner);
        if let Some(novice) = owner {
            self.introduce(from, novice, route, now, out);
        } else {
            self.guesses.take(now);
            self.expel(from, Refusal::Unavailable, out);
        }
    }

    fn introduce(
        &mut self,
        from: SocketId,
        novice: SocketId,
        route: Route,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        if !self.may_wait(novice, route) || !self.may_knock(route, now) {
            return self.expel(from, Refusal::TooMany, out);
        }
        let join = JoinId(self.next_join);
        self.next_join = self.next_join.wrapping_add(1);
        if let Some(Peer::Novice { joins, .. }) = self.peers.get_mut(&novice) {
            joins.insert(join);
        }
        if let Some(Peer::Expert { join: joined, .. }) = self.peers.get_mut(&from) {
            *joined = Some(join);
        }
        self.joins.insert(
            join,
            Join {
                novice,
                expert: from,
                route,
                approved: false,
                spoken: 0,
            },
        );
        out.push(Output::ToNovice {
            socket: novice,
            message: ToNovice::Joined { join, route },
        });
        out.push(Output::ToExpert {
            socket: from,
            message: ToExpert::Joined,
        });
    }

    /// Whether the route has not been joined too often lately; counts this time.
    fn may_knock(&mut self, route: Route, now: Instant) -> bool {
        let Some(held) = self.routes.get_mut(&route) else {
            return false;
        };
        let may = !held.knocks.is_empty(now);
        if may {
            held.knocks.take(now);
        }
        may
    }

    fn may_wait(&self, novice: SocketId, route: Route) -> bool {
        let Some(Peer::Novice { joins, .. }) = self.peers.get(&novice) else {
            return false;
        };
        let waiting = joins
            .iter()
            .filter_map(|join| self.joins.get(join))
            .filter(|join| join.route == route && !join.approved)
            .count();
        waiting < self.bounds.waiting_per_route && joins.len() < self.bounds.joins_per_socket
    }

    /// An approved expert waits no longer, which makes room for another one at the route. Both
    /// ends are lent what helps them to reach each other.
    pub(super) fn approved(&mut self, from: SocketId, join: JoinId, out: &mut Vec<Output>) {
        // Unless that expert left meanwhile.
        if let Some(held) = self.join_of_novice(from, join) {
            held.approved = true;
            out.push(Output::Lend { join });
        }
    }

    /// First the expert: what the novice then offers must find the page ready for it.
    pub(super) fn lent(&self, join: JoinId, servers: Vec<IceServer>, out: &mut Vec<Output>) {
        let Some(held) = self.joins.get(&join) else {
            return; // what was lent has been taken back already
        };
        out.push(Output::ToExpert {
            socket: held.expert,
            message: ToExpert::IceServers {
                servers: servers.clone(),
            },
        });
        out.push(Output::ToNovice {
            socket: held.novice,
            message: ToNovice::IceServers { join, servers },
        });
    }
}
