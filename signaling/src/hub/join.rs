//! An expert is introduced to a novice who is here.

use std::time::Instant;

use deskhand_protocol::{
    id::{JoinId, Route},
    signal::{Refusal, ToExpert, ToNovice},
};

use super::{Errand, Hub, Output, Peer, SocketId, Stage};
use crate::nodes::{NodeId, ToNode};

/// An expert and a novice who were introduced.
#[derive(Debug)]
pub(super) struct Join {
    pub(super) ends: Ends,
    pub(super) route: Route,
    pub(super) approved: bool,
    /// How often the expert has spoken.
    pub(super) spoken: u8,
}

impl Join {
    /// One that nobody has approved yet.
    pub(super) fn new(ends: Ends, route: Route) -> Self {
        Self {
            ends,
            route,
            approved: false,
            spoken: 0,
        }
    }
}

/// Where the two ends of a join are: one of them is always here.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ends {
    /// Both here.
    Here { novice: SocketId, expert: SocketId },
    /// The expert is at another node, which calls the join `theirs`.
    ExpertThere {
        novice: SocketId,
        node: NodeId,
        theirs: JoinId,
    },
    /// The novice is at another node.
    NoviceThere {
        expert: SocketId,
        node: NodeId,
        /// That node has told the novice.
        answered: bool,
        /// One of the guesses was taken for it, to be given back if it is none.
        guess: bool,
    },
}

impl Ends {
    /// The novice, if they are here.
    pub(super) fn novice(&self) -> Option<SocketId> {
        match self {
            Self::Here { novice, .. } | Self::ExpertThere { novice, .. } => Some(*novice),
            Self::NoviceThere { .. } => None,
        }
    }

    /// The expert, if they are here.
    pub(super) fn expert(&self) -> Option<SocketId> {
        match self {
            Self::Here { expert, .. } | Self::NoviceThere { expert, .. } => Some(*expert),
            Self::ExpertThere { .. } => None,
        }
    }

    /// The other node, if there is one.
    pub(super) fn node(&self) -> Option<NodeId> {
        match self {
            Self::Here { .. } => None,
            Self::ExpertThere { node, .. } | Self::NoviceThere { node, .. } => Some(*node),
        }
    }
}

/// Where an expert is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expert {
    /// Here.
    Here(SocketId),
    /// At another node, which calls the join so.
    There(NodeId, JoinId),
}

impl Hub {
    /// Announces the expert to the novice, and tells both.
    ///
    /// # Errors
    /// Says why the novice was not told.
    pub(super) fn introduce(
        &mut self,
        expert: Expert,
        novice: SocketId,
        route: Route,
        now: Instant,
        out: &mut Vec<Output>,
    ) -> Result<(), Refusal> {
        if !self.may_wait(novice, route) || !self.may_knock(route, now) {
            return Err(Refusal::TooMany);
        }
        let join = self.new_join();
        if let Some(Peer::Novice { joins, .. }) = self.peers.get_mut(&novice) {
            joins.insert(join);
        }
        out.push(Output::ToNovice {
            socket: novice,
            message: ToNovice::Joined { join, route },
        });
        let ends = match expert {
            Expert::Here(expert) => {
                if let Some(Peer::Expert { stage, .. }) = self.peers.get_mut(&expert) {
                    *stage = Stage::In(join);
                }
                out.push(Output::ToExpert {
                    socket: expert,
                    message: ToExpert::Joined,
                });
                Ends::Here { novice, expert }
            }
            Expert::There(node, theirs) => {
                self.others.visit(node, theirs, join);
                let message = ToNode::Joined { join: theirs };
                out.push(Output::Others(Errand::Tell { node, message }));
                Ends::ExpertThere {
                    novice,
                    node,
                    theirs,
                }
            }
        };
        self.joins.insert(join, Join::new(ends, route));
        Ok(())
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
}
