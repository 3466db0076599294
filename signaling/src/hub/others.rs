//! The other nodes: hubs like this one, which act as one with it.
//!
//! All of them share a *directory*: which route is held by which node. A node *claims* a route
//! before it tells the owner that it stands, and asks the directory for what it does not hold
//! itself. From then on the two nodes talk to each other, and the one that holds the route
//! decides: it has the owner's socket, so whatever holds for one owner at a time holds there.
//!
//! What was on its way when the others were lost may or may not have arrived. So a break ends
//! everything that was going on between two nodes: questions are decided by what this node knows,
//! joins across nodes end. When the others are back, all that is held here is claimed again.

use std::{
    collections::{BTreeMap, HashMap},
    time::Instant,
};

use deskhand_protocol::{
    id::{JoinId, Route},
    signal::{Refusal, ToExpert},
};

use super::{
    Ends, Errand, Hub, News, Output, Page, Peer, SocketId, Stage, claim::Pending, relay::TooOften,
    seek::Sought,
};
use crate::nodes::{ClaimId, NodeId, ToNode};

/// What is known of the other nodes.
#[derive(Debug, Default)]
pub(super) struct Others {
    linked: bool,
    pub(super) last_claim: ClaimId,
    pub(super) pending: BTreeMap<ClaimId, Pending>,
    /// What joins are called here whose experts are at other nodes.
    pub(super) visitors: HashMap<(NodeId, JoinId), JoinId>,
    /// What has still to be claimed again.
    pub(super) unclaimed: Vec<Route>,
}

impl Others {
    pub(super) fn linked(&self) -> bool {
        self.linked
    }

    pub(super) fn visit(&mut self, node: NodeId, theirs: JoinId, ours: JoinId) {
        self.visitors.insert((node, theirs), ours);
    }

    pub(super) fn visitor(&self, node: NodeId, theirs: JoinId) -> Option<JoinId> {
        self.visitors.get(&(node, theirs)).copied()
    }

    pub(super) fn visit_ends(&mut self, node: NodeId, theirs: JoinId) {
        self.visitors.remove(&(node, theirs));
    }

    pub(super) fn forget_all(&mut self) {
        self.pending.clear();
        self.visitors.clear();
        self.unclaimed.clear();
    }
}

impl Hub {
    /// Takes in what is new about the other nodes.
    pub(super) fn hear(&mut self, news: News, now: Instant, out: &mut Vec<Output>) {
        if !self.others.linked && news != News::Linked {
            return; // it was on its way when they were lost
        }
        match news {
            News::Linked => self.linked(now, out),
            News::Lost => self.lost(now, out),
            News::Claimed { claim, outcome } => self.claimed(claim, outcome, now, out),
            News::Found { socket, holder } => self.found(socket, holder, out),
            News::Told { from, message } => self.told(from, message, now, out),
            News::Gone { node } => self.sever(Some(node), out),
            News::Beat => {
                let mut nodes: Vec<NodeId> =
                    (self.joins.values().filter_map(|join| join.ends.node())).collect();
                nodes.sort_unstable();
                nodes.dedup();
                out.extend((nodes.into_iter()).map(|node| Output::Others(Errand::Visit { node })));
            }
        }
    }

    fn linked(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.others.linked {
            self.lost(now, out); // without a word in between
        }
        self.others.linked = true;
        for held in self.routes.values_mut() {
            held.claim = None;
        }
        self.others.unclaimed = self.routes.keys().copied().collect();
        self.others.unclaimed.sort_unstable();
        self.claim_again(now, out);
    }

    fn lost(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.others.linked = false; // first: nothing is said to them any more
        self.others.unclaimed.clear();
        // Before anything is decided: what ends by it then has no end elsewhere to be told.
        self.sever(None, out);
        for pending in std::mem::take(&mut self.others.pending).into_values() {
            match pending {
                Pending::Registration {
                    socket,
                    wanted,
                    proof,
                } => self.registered(socket, wanted, proof, None, now, out),
                Pending::Reservation { socket, number } => {
                    self.keep(socket, number, None, now, out);
                }
                Pending::Taken { socket, .. } => self.expel(socket, Refusal::Replaced, out),
                Pending::Again(_) | Pending::Withdrawn(_) => {}
            }
        }
        let seeking = |peer: &Peer| {
            matches!(
                peer,
                Peer::Expert {
                    stage: Stage::Seeking(_),
                    ..
                }
            )
        };
        let seekers: Vec<SocketId> = (self.peers.iter())
            .filter(|(_, peer)| seeking(peer))
            .map(|(socket, _)| *socket)
            .collect();
        for socket in seekers {
            self.expel(socket, Refusal::Unavailable, out);
        }
    }

    fn told(&mut self, node: NodeId, message: ToNode, now: Instant, out: &mut Vec<Output>) {
        match message {
            ToNode::Join {
                join,
                route,
                spoken,
                file,
            } => {
                let page = if file { Page::File } else { Page::Served };
                let sought = Sought { route, spoken };
                self.sought_by(node, join, sought, page, now, out);
            }
            ToNode::Joined { join } => self.welcomed(node, join, now, out),
            ToNode::Refused { join, reason } => self.turned_away(node, join, reason, now, out),
            ToNode::FromExpert { join, payload } => {
                let Some(ours) = self.others.visitor(node, join) else {
                    return; // the novice parted from them
                };
                if let Err(TooOften) = self.speak(ours, payload, out) {
                    // Their node should have stopped them.
                    self.expert_left(ours, out);
                    let message = ToNode::Left { join, over: false };
                    out.push(Output::Others(Errand::Tell { node, message }));
                }
            }
            ToNode::FromNovice { join, payload } => {
                if let Some(socket) = self.expert_of(node, join) {
                    let message = ToExpert::Relay { payload };
                    out.push(Output::ToExpert { socket, message });
                }
            }
            ToNode::Approved { join } => self.approved_there(node, join, out),
            ToNode::Left { join, over } => {
                if self.expert_of(node, join).is_some() {
                    self.part(join, over, out);
                }
            }
            ToNode::Gone { join } => {
                if let Some(ours) = self.others.visitor(node, join) {
                    self.expert_left(ours, out);
                }
            }
            ToNode::Taken { route, claim } => self.taken(route, claim, out),
            ToNode::Guessed {} => self.guesses.take(now),
        }
    }

    /// The expert of a join with a novice at `node`.
    pub(super) fn expert_of(&self, node: NodeId, join: JoinId) -> Option<SocketId> {
        match self.joins.get(&join)?.ends {
            Ends::NoviceThere {
                expert,
                node: asked,
                ..
            } if asked == node => Some(expert),
            _ => None,
        }
    }
}
