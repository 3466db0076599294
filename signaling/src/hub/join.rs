//! An expert pressed Connect.

use deskhand_protocol::{
    id::{JoinId, Route},
    signal::{Refusal, ToExpert, ToNovice},
};

use super::{Hub, Join, Output, Peer, SocketId};

impl Hub {
    /// Announces the expert to the owner of `route`. A route that is unknown, has ended, or
    /// whose owner is away gets one and the same answer.
    pub(super) fn join(&mut self, from: SocketId, route: Route, out: &mut Vec<Output>) {
        match self.peers.get(&from) {
            Some(Peer::Expert { join: None }) => {}
            _ => return self.expel(from, Refusal::Protocol, out), // once per socket
        }
        let owner = self.routes.get(&route).and_then(|held| held.owner);
        let Some(novice) = owner else {
            return self.expel(from, Refusal::Unavailable, out);
        };
        if !self.may_wait(novice, route) {
            return self.expel(from, Refusal::TooMany, out);
        }
        let join = JoinId(self.next_join);
        self.next_join = self.next_join.wrapping_add(1);
        if let Some(Peer::Novice { joins, .. }) = self.peers.get_mut(&novice) {
            joins.insert(join);
        }
        self.peers.insert(from, Peer::Expert { join: Some(join) });
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

    /// An approved expert waits no longer, which makes room for another one at the route.
    pub(super) fn approved(&mut self, from: SocketId, join: JoinId) {
        // Unless that expert left meanwhile.
        if let Some(join) = self.join_of_novice(from, join) {
            join.approved = true;
        }
    }
}
